//! A server that is gone in the middle of a decision: what was entered survives, and when it is back the decision goes through once.

use countersign_journeys::{Carries, Desk, Line, Screen, cases};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_outlives_the_server_and_goes_through_once() {
    let Some(mut desk) = Desk::open(Screen::LAPTOP).await else { return };
    let line = Line::to(desk.base()).await;
    desk.browser.go_through(&line.base);
    let case = desk.take_in(cases::ticket("tickets", 0)).await;
    let next = desk.take_in(cases::ticket("tickets", 1)).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case === '{case}'")).await;
    page.click("#answer .option:nth-child(2)").await;
    page.script("document.querySelector('#answer [name=reason]').focus()").await;
    page.write("It is a defect.").await;
    page.read().await;
    let told =
        "document.querySelector('.note.refused')?.textContent.includes('cannot be reached') && !document.querySelector('[aria-busy]')";

    // Nobody is there, or something before the server says that it is not there.
    for carries in [Carries::Nothing, Carries::BadGateway] {
        line.carry(carries);
        page.script("document.querySelector('.note.refused')?.remove()").await;
        page.click("[data-decide]").await;
        page.until(told).await;
        assert!(desk.stands(case).await.judgments.is_empty());
    }
    page.look("unreachable").await;

    // Nor does it help to load the page; once it is there again, all of it is.
    line.carry(Carries::Nothing);
    page.script("setTimeout(() => location.reload(), 0)").await;
    page.read().await;
    line.carry(Carries::Everything);
    page.go(&format!("/desk/cases/{case}")).await;
    page.until("document.querySelector('#answer [name=reason]')?.value === 'It is a defect.'").await;
    page.until("document.querySelector('#answer .option:nth-child(2) input').checked").await;
    page.look("reachable-again").await;

    // The decision arrives, and the word of it does not.
    line.carry(Carries::NoAnswer);
    page.read().await;
    page.click("[data-decide]").await;
    page.until(told).await;
    assert_eq!(desk.stands(case).await.judgments.len(), 1, "the server took it");
    line.carry(Carries::Everything);
    page.click("[data-decide]").await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case === '{next}'")).await;
    let stands = desk.stands(case).await;
    assert_eq!((stands.judgments.len(), stands.decision.unwrap().answer.as_str()), (1, "bug"));
    assert_eq!(page.count(".note.warns").await, 0, "it went as it should");
    page.look("went-through-once").await;
    desk.close().await;
}
