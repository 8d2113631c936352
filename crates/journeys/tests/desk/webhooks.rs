//! A lead lets another program be told: an address is added, tried, answers badly and then well, gets another secret and goes away.
//! In both lights, and on a phone.

use countersign_app::input::StopInput;
use countersign_journeys::{Browser, Desk, Screen};
use countersign_testkit::caller;
use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// A program that answers whatever is sent to it with a status of choice.
async fn program() -> (String, Arc<AtomicU16>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/operations-chat", listener.local_addr().unwrap());
    let status = Arc::new(AtomicU16::new(200));
    let answered = Arc::clone(&status);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut read = vec![0; 16 << 10];
            // The whole message is small, and what is left unread is of no interest.
            let _taken = stream.read(&mut read).await;
            let answer = format!("HTTP/1.1 {} Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", answered.load(Ordering::SeqCst));
            let _sent = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, status)
}

/// Looks again until a message stands so.
async fn stands(page: &Browser, state: &str, count: usize) {
    for _ in 0..60 {
        page.reload().await;
        if page.count(&format!("tr[data-state='{state}']")).await == count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("no {count} messages are {state}: {}", page.text("main").await);
}

async fn a_program_is_told(screen: Screen) {
    let Some(desk) = Desk::open(screen).await else { return };
    let (page, workspace) = (&desk.browser, &desk.kit.workspace);
    let (url, status) = program().await;
    let sender = countersign_server::webhook::spawn(&desk.kit.app, true);
    page.go("/desk/notices").await;
    page.click("main a[href='/desk/webhooks']").await;
    page.until("location.pathname === '/desk/webhooks' && document.querySelector('.empty')").await;
    page.whole("webhooks-none").await;
    page.click("input[name=url]").await;
    page.write(&url).await;
    page.click("input[value='automation.stopped']").await;
    page.click("form.form button[type=submit]").await;
    page.until("document.querySelector('[data-secret]')").await;
    assert!(page.text("[data-secret]").await.starts_with("whsec_"));
    page.whole("webhook-secret").await;
    page.click("main .actions a").await;
    page.until("document.querySelector('form[action$=test]')").await;
    assert_eq!(page.count("[data-secret]").await, 0);

    // A test that is not answered well, and the same once more when it is.
    status.store(503, Ordering::SeqCst);
    page.click("form[action$=test] button").await;
    page.until("location.search === '?said=tested'").await;
    stands(page, "given_up", 1).await;
    assert!(page.text("tr[data-state]").await.contains("answered 503"));
    let reason = "certificate 7 is broken after 46 audits";
    let stop = StopInput { playbook: Some("tickets".into()), proposer: None, person: None, reason: reason.into() };
    workspace.automation_stop(&caller(), stop).await.unwrap();
    stands(page, "due", 1).await;
    page.until("document.querySelector('tr[data-state=due] td.number')?.textContent === '1'").await;
    page.whole("webhook-failing").await;
    status.store(200, Ordering::SeqCst);
    // Whoever mends the program need not wait for the next attempt.
    desk.kit.clock.advance(6 * 1_000_000);
    stands(page, "delivered", 1).await;
    page.click("tr[data-state=given_up] form button").await;
    page.until("location.search === '?said=again'").await;
    stands(page, "delivered", 2).await;
    page.whole("webhook").await;

    page.click("details:has(form[action$=rotate]) summary").await;
    page.click("form[action$=rotate] button").await;
    page.until("document.querySelector('[data-secret]')").await;
    page.click("main .actions a").await;
    page.until("document.querySelector('details form[action$=remove]')").await;
    page.script("document.querySelectorAll('details').forEach(part => { part.open = true; }); return 1").await;
    page.whole("webhook-rotated").await;
    page.go("/desk/webhooks").await;
    page.whole("webhooks").await;
    page.click("main h2 a").await;
    page.until("document.querySelector('details form[action$=remove]')").await;
    page.click("details:has(form[action$=remove]) summary").await;
    page.click("form[action$=remove] button").await;
    page.until("document.querySelector('.empty')").await;
    assert!(workspace.webhooks_list().await.unwrap().is_empty());
    sender.abort();
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_is_told() {
    a_program_is_told(Screen::LAPTOP).await;
    a_program_is_told(Screen::PHONE).await;
}
