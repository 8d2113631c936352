//! Script and markup in every text that anybody can write: it shows as text, nothing of it runs, and the browser has no complaint.

use countersign_core::id::CaseId;
use countersign_journeys::{Browser, Desk, Screen, cases};
use countersign_testkit::caller;

/// What no page of ours has, wherever it stands; pictures of attachments are ours.
const FOREIGN: &str = "main script, main img:not(.image img), main svg[onload], main svg script, main iframe, main object, main embed, main style, main link, [onerror], [onload], [style*=expression], a[href^='javascript:']";

/// That the page shows what was written, and that nothing of it became a part of the page.
async fn harmless(page: &Browser, name: &str) {
    // Form controls hold text, too.
    let words = "return document.querySelector('main').textContent + [...document.querySelectorAll('main input, main textarea')].map((one) => one.value).join()";
    let words = page.script(words).await;
    let shown = words.as_str().unwrap().contains("<script>window.__hacked=1</script><img src=x");
    assert!(shown, "{name}: it is shown as it was written");
    assert_eq!(page.count(FOREIGN).await, 0, "{name}: elements that no page of ours has");
    assert_eq!(page.script("return typeof window.__hacked").await, "undefined", "{name}: something ran");
    let complaints = page.complaints().await;
    assert!(complaints.is_empty(), "{name}: {complaints:?}");
    page.look(&format!("hostile-{name}")).await;
    // The tool that looks for faults brings a style of its own, which the policy keeps out.
    page.complaints().await;
}

/// Opens a case to answer it.
async fn opened(page: &Browser, name: &str, case: CaseId) {
    page.go(&format!("/desk/cases/{case}")).await;
    if page.count("[data-take]").await == 1 {
        harmless(page, &format!("{name}-open")).await;
        page.click("[data-take]").await;
    }
    page.until("document.querySelector('#answer')").await;
    harmless(page, name).await;
}

/// Accepts what is proposed, for a hostile reason, and looks at what became of it.
async fn accepted(desk: &Desk, name: &str, case: CaseId) {
    let page = &desk.browser;
    page.script("document.querySelector('#answer [name=reason]').focus()").await;
    page.write(cases::HOSTILE).await;
    page.script("document.activeElement.blur()").await;
    page.read().await;
    page.press('a').await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case !== '{case}'")).await;
    let stands = desk.stands(case).await;
    assert_eq!(stands.judgments.len(), 1, "{name}");
    page.go(&format!("/desk/cases/{case}")).await;
    harmless(page, &format!("{name}-decided")).await;
    page.go(&format!("/desk/cases/{case}/history")).await;
    if stands.state == "decided" {
        page.until("document.body.textContent.includes('checked by your browser')").await;
    }
    harmless(page, &format!("{name}-history")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_shows_as_text_and_runs_nothing() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let ticket = desk.take_in(cases::hostile_ticket()).await;
    let change = desk.take_in(cases::hostile_change()).await;
    let page = &desk.browser;
    page.go("/desk").await;
    harmless(page, "queue").await;
    for (name, case) in [("ticket", ticket), ("change", change)] {
        opened(page, name, case).await;
        page.press('i').await;
        page.until("document.activeElement.name === 'instruction'").await;
        page.write(cases::HOSTILE).await;
        page.control_enter().await;
        page.until("document.querySelector('.asks')").await;
        harmless(page, &format!("{name}-asked")).await;
        accepted(&desk, name, case).await;
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_letters_actions_repairs_and_pictures_run_nothing() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let picture = desk.kit.workspace.attachment_add(&caller(), "image/png", cases::scan()).await.unwrap().attachment;
    for (name, case) in ["letter", "action", "repair", "study"].into_iter().zip(cases::hostile_others(&picture)) {
        let case = desk.take_in(case).await;
        opened(&desk.browser, name, case).await;
        accepted(&desk, name, case).await;
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_playbooks_names_remarks_and_addresses_run_nothing() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    desk.kit.publish(&cases::hostile_playbook()).await;
    let mallory = desk.kit.member(cases::HOSTILE, &cases::ROLES).await;
    let case = desk.take_in(cases::hostile_choice()).await;
    let page = &desk.browser;
    opened(page, "choice", case).await;
    page.script("document.querySelector('#comment').open = true; document.querySelector('#comment textarea').focus()").await;
    page.write(cases::HOSTILE).await;
    page.control_enter().await;
    page.until("document.querySelector('.note')?.textContent.includes('on record')").await;
    page.press('s').await;
    page.write(cases::HOSTILE).await;
    page.enter().await;
    page.until("document.querySelector('.note')?.textContent.includes('Passed on')").await;
    desk.kit.decide(case, mallory, cases::HOSTILE).await;
    for (name, path) in [("case-of-mallory", format!("/desk/cases/{case}")), ("history-of-mallory", format!("/desk/cases/{case}/history"))]
    {
        page.go(&path).await;
        harmless(page, name).await;
    }
    page.go("/desk/playbooks").await;
    harmless(page, "playbooks").await;
    page.go("/desk/playbooks/hostile").await;
    harmless(page, "playbook").await;
    page.go("/desk?view=decided").await;
    harmless(page, "decided-list").await;
    let evil: String = url::form_urlencoded::byte_serialize(cases::HOSTILE.as_bytes()).collect();
    page.go(&format!("/desk?find={evil}")).await;
    assert!(page.path().await.contains(&format!("/desk/cases/{case}")), "a case is found by what it is called outside");
    page.go(&format!("/desk?find={evil}none")).await;
    harmless(page, "not-found").await;
    for path in [
        format!("/desk?in={evil}&said={evil}&view={evil}"),
        format!("/desk/cases/{evil}"),
        format!("/desk/{evil}"),
        format!("/desk/files/{evil}"),
    ] {
        page.go(&path).await;
        assert_eq!(page.count(FOREIGN).await, 0, "{path}");
        assert_eq!(page.script("return typeof window.__hacked").await, "undefined", "{path}");
    }

    // That all this would be seen: a script put into the page is kept from running, and the browser complains.
    page.go("/desk").await;
    page.complaints().await;
    page.script("const evil = document.createElement('script'); evil.textContent = 'window.__hacked = 1'; document.querySelector('main').append(evil);").await;
    assert_eq!(page.script("return typeof window.__hacked").await, "undefined");
    let complaints = page.complaints().await;
    assert!(complaints.iter().any(|one| one.contains("Content Security Policy")), "{complaints:?}");
    desk.close().await;
}
