//! A case that changes under somebody's hands: amended, out of time, taken by a colleague. An answer to what was on the screen is void
//! then, the page says so and shows what there is now, and what was entered is kept.

use countersign_core::id::CaseId;
use countersign_journeys::{Desk, Screen, cases};
use serde_json::Value;

const MINUTE_MICROS: i64 = 60_000_000;

/// The fields of a ticket, with another subject.
fn amended(n: usize) -> Value {
    let mut fields = cases::ticket("tickets", n)["fields"].take();
    fields["subject"] = "Charged three times in November".into();
    fields
}

/// Opens the next case, chooses its second option and gives a reason.
async fn entered(desk: &Desk, case: CaseId) {
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case === '{case}' && document.querySelector('#answer')")).await;
    page.click("#answer .option:nth-child(2)").await;
    page.script("document.querySelector('#answer [name=reason]').focus()").await;
    page.write("My own words.").await;
    page.read().await;
}

const KEPT: &str = "document.querySelector('#answer [name=reason]')?.value === 'My own words.' && document.querySelector('#answer .option:nth-child(2) input').checked";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_content_that_was_amended_is_void_and_kept() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let page = &desk.browser;
    let case = desk.take_in(cases::ticket("tickets", 0)).await;
    entered(&desk, case).await;
    desk.amend(case, &amended(0)).await;
    page.click("[data-decide]").await;
    page.until("document.querySelector('.note.warns')").await;
    let note = page.text(".note.warns").await;
    assert!(note.contains("moved on while it was open") && note.contains("Changed since: subject."), "{note}");
    assert_eq!(page.text("h1").await, "Charged three times in November");
    page.until(KEPT).await;
    assert!(desk.stands(case).await.judgments.is_empty());
    page.look("amended").await;
    page.read().await;
    page.click("[data-decide]").await;
    page.until("!document.querySelector('#answer')").await;
    assert_eq!(desk.stands(case).await.decision.unwrap().answer, "bug");

    // An open page sees it by itself.
    let case = desk.take_in(cases::ticket("tickets", 1)).await;
    entered(&desk, case).await;
    desk.amend(case, &amended(1)).await;
    page.until("document.querySelector('.offer.warns')").await;
    page.look("amended-offer").await;
    page.click(".offer button").await;
    page.until("document.querySelector('.note.warns:not(.offer)')?.textContent.includes('Changed since: subject.')").await;
    page.until(KEPT).await;
    page.look("amended-shown").await;
    // Loading the page keeps it, too.
    page.reload().await;
    page.until(KEPT).await;
    assert!(desk.stands(case).await.judgments.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_ran_out_costs_no_words() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let ben = desk.kit.member("Ben Okafor", &cases::ROLES).await;
    let page = &desk.browser;
    let case = desk.take_in(cases::ticket("tickets", 0)).await;
    entered(&desk, case).await;
    desk.kit.clock.advance(16 * MINUTE_MICROS);
    page.click("[data-decide]").await;
    page.until("document.querySelector('.note.warns')").await;
    assert!(page.text(".note.warns").await.contains("The time to answer had run out. The case is yours again"));
    page.until(KEPT).await;
    page.look("out-of-time").await;

    // Once more, and now a colleague has it.
    desk.kit.clock.advance(16 * MINUTE_MICROS);
    desk.kit.workspace.claim(ben, case).await.unwrap();
    page.click("[data-decide]").await;
    page.until("document.querySelector('.kept')").await;
    assert!(page.text(".note.warns").await.contains("Somebody else has this case now"));
    assert!(page.text(".kept").await.contains("My own words."));
    page.look("taken").await;
    assert!(desk.stands(case).await.judgments.is_empty());

    // Or has decided it.
    desk.kit.workspace.release(ben, case).await.unwrap();
    entered(&desk, case).await;
    desk.kit.clock.advance(16 * MINUTE_MICROS);
    desk.kit.decide(case, ben, "abuse").await;
    page.click("[data-decide]").await;
    page.until("document.querySelector('.kept')").await;
    assert!(page.text(".note.warns").await.contains("decided while it was open here"));
    page.look("decided-meanwhile").await;
    let stands = desk.stands(case).await;
    assert_eq!((stands.judgments.len(), stands.decision.unwrap().answer.as_str()), (1, "abuse"));
    desk.close().await;
}
