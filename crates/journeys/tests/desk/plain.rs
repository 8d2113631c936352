//! A browser that runs no script: every action is a form.

use countersign_journeys::{Desk, Screen, cases};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_decided_and_undone_without_script() {
    let Some(desk) = Desk::open(Screen::NO_SCRIPT).await else { return };
    let case = desk.take_in(cases::ticket("tickets", 0)).await;
    let next = desk.take_in(cases::ticket("tickets", 1)).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.look("plain-queue").await;
    page.click("[data-next]").await;
    page.until("document.querySelector('#answer')").await;
    assert_eq!(page.case().await, case.to_string());
    // The script would have said how long it took.
    page.look("plain-case").await;
    page.click("#answer .option:nth-child(3)").await;
    page.click("[data-decide]").await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case === '{next}'")).await;
    let stands = desk.stands(case).await;
    assert_eq!(stands.decision.unwrap().answer, "account");
    assert_eq!(stands.judgments[0].seconds, None, "script ran after all");
    page.look("plain-undo").await;
    page.click("form[data-undo] button").await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case === '{case}'")).await;
    assert_eq!(desk.stands(case).await.state, "open");
    desk.close().await;
}
