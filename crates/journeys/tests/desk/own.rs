//! What somebody keeps for themselves at the desk: a view of the queue that is narrowed, named, opened as a tab, renamed and deleted; and the time
//! that they have worked, with a pause that is suggested and taken. In both lights, and on a phone.

use countersign_core::id::CaseId;
use countersign_journeys::{Desk, Screen};
use countersign_testkit::{case, playbook};

const MINUTE: i64 = 60_000_000;

async fn views(screen: Screen) {
    let Some(desk) = Desk::empty(screen).await else { return };
    desk.kit.publish(&playbook("alerts", "assist", "")).await;
    desk.kit.publish(&playbook("notes", "blind", "")).await;
    for n in 0..6 {
        desk.kit.open(case(if n % 3 == 0 { "notes" } else { "alerts" }, &format!("c-{n}"), &format!("Odd login number {n}"))).await;
        desk.kit.clock.advance(50 * MINUTE);
    }
    desk.sign_in().await;
    let page = &desk.browser;
    let all = page.count("tr[data-row]").await;
    page.click("#narrow > summary").await;
    page.script("document.querySelector('#narrow [name=route]').value = 'blind'; document.querySelector('#narrow [name=older]').value = '1h'; return 1").await;
    page.whole("views-narrowing").await;
    page.click("#narrow button[type=submit]").await;
    page.until("location.search.includes('route=blind') && document.querySelector('.narrowed')").await;
    let narrowed = page.count("tr[data-row]").await;
    assert!(narrowed == 2 && narrowed < all, "{narrowed} of {all}");
    let address = page.path().await;
    page.click("#keep > summary").await;
    page.click("#keep [name=name]").await;
    page.write("Own answer first").await;
    page.click("#keep button[type=submit]").await;
    page.until("document.querySelector('nav.saved [aria-current]')").await;
    assert_eq!(
        (page.text("nav.saved a").await, page.path().await),
        ("Own answer first".to_owned(), "/desk?route=blind&older=1h".to_owned())
    );
    page.whole("views-kept").await;
    // Another list, and back by the tab.
    page.go("/desk").await;
    assert_eq!((page.count("tr[data-row]").await, page.count("nav.saved [aria-current]").await), (all, 0));
    page.click("nav.saved a").await;
    page.until("document.querySelector('nav.saved [aria-current]')").await;
    assert_eq!(page.count("tr[data-row]").await, 2);
    page.click("#manage > summary").await;
    page.script("const name = document.querySelector('#manage [name=name]'); name.value = ''; name.focus(); return 1").await;
    page.write("First answers").await;
    page.whole("views-manage").await;
    page.enter().await;
    page.until("document.querySelector('nav.saved a')?.textContent === 'First answers'").await;
    page.click("#manage > summary").await;
    page.click("#manage [formaction$=delete]").await;
    page.until("!document.querySelector('nav.saved')").await;
    // The address goes on working without a name.
    page.go(&address).await;
    assert_eq!(page.count("tr[data-row]").await, 2);
    page.go("/desk?route=panel").await;
    page.until("document.querySelector('.empty')").await;
    page.whole("views-none").await;
    desk.close().await;
}

async fn pause(screen: Screen) {
    let Some(desk) = Desk::empty(screen).await else { return };
    let kit = &desk.kit;
    kit.publish(&playbook("alerts", "assist", "")).await;
    kit.clock.advance(24 * 60 * MINUTE - kit.clock.now().rem_euclid(24 * 60 * MINUTE) + 8 * 60 * MINUTE);
    for n in 0..12 {
        let case = CaseId(kit.open(case("alerts", &format!("c-{n}"), "Odd login")).await.case);
        kit.clock.advance(9 * MINUTE);
        if n < 11 {
            kit.decide(case, desk.ada, "benign").await;
        }
    }
    desk.sign_in().await;
    let page = &desk.browser;
    page.until("document.querySelector('.note form[action=\"/desk/pause\"]')").await;
    assert!(page.text("main").await.contains("1 h 39 min"), "{}", page.text("main").await);
    page.whole("pause-queue").await;
    page.go("/desk/work").await;
    assert!(page.text("#time").await.contains("no way for anybody else to see it"));
    page.whole("pause-due").await;
    page.script("document.querySelector('#time [name=minutes]').value = '180'; return 1").await;
    page.click("#time form[action$=after] button").await;
    page.until("!document.querySelector('#time .note')").await;
    page.click("#time form[action='/desk/pause'] button").await;
    page.until("document.querySelector('main .note')?.textContent.includes('Nothing is held')").await;
    assert_eq!(page.text("[data-stretch]").await, "not at work");
    page.whole("pause-taken").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_of_the_queue_is_kept() {
    views(Screen::LAPTOP).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_of_the_queue_is_kept_on_a_phone() {
    views(Screen::PHONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_is_suggested_and_taken() {
    pause(Screen::LAPTOP).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_is_suggested_and_taken_on_a_phone() {
    pause(Screen::PHONE).await;
}
