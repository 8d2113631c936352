//! Several people on one case: a panel whose members never see one another and a third who decides between them, and a decision that takes
//! two signatures. Each signs in as themselves.

use countersign_core::id::CaseId;
use countersign_journeys::{Desk, Screen};
use countersign_testkit::{case, playbook};

/// What the page of a case says to whoever claims it, and all that the browser was sent.
async fn opened(desk: &Desk, case: CaseId) -> String {
    let page = &desk.browser;
    page.go(&format!("/desk/cases/{}", case.0)).await;
    page.click("[data-take]").await;
    page.until("document.querySelector('#answer')").await;
    page.source().await
}

async fn answered(desk: &Desk, key: char) {
    desk.browser.press(key).await;
    desk.browser.until("!document.querySelector('#answer')").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panel_of_two_is_adjudicated_by_a_third_who_sees_both() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let (kit, page) = (&desk.kit, &desk.browser);
    kit.publish(&playbook("moves", "panel", "panel = 2")).await;
    let (ben, cleo) = (kit.member("Ben Okafor", &[]).await, kit.member("Cleo Marsh", &[]).await);
    let moved = CaseId(kit.open(case("moves", "m-1", "Bishop takes on h7")).await.case);

    let seen = opened(&desk, moved).await;
    assert!(!seen.contains("data-accept"), "a panel has no advice");
    page.whole("panel-first").await;
    page.read().await;
    answered(&desk, '1').await;
    desk.sign_in_as(ben).await;
    let seen = opened(&desk, moved).await;
    assert!(!seen.contains("Ada Brandt"), "nobody on a panel sees who else is on it");
    page.whole("panel-second").await;
    page.read().await;
    answered(&desk, '3').await;
    assert!(desk.stands(moved).await.decision.is_none(), "they differ");

    desk.sign_in_as(cleo).await;
    opened(&desk, moved).await;
    let said = page.text("main").await;
    assert!(said.contains("benign") && said.contains("attack"), "{said}");
    assert_eq!(page.count("article.case[data-phase=adjudication]").await, 1);
    page.whole("panel-adjudicated").await;
    page.read().await;
    answered(&desk, '3').await;
    let stands = desk.stands(moved).await;
    let decision = stands.decision.unwrap();
    assert_eq!((decision.answer.as_str(), decision.basis.as_str(), stands.judgments.len()), ("attack", "adjudicated", 3));
    page.go(&format!("/desk/cases/{}", moved.0)).await;
    page.whole("panel-decided").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_person_countersigns_what_the_first_decided() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let (kit, page) = (&desk.kit, &desk.browser);
    kit.publish(&playbook("refunds", "assist", "\n[decide]\nsignatures = 2")).await;
    let ben = kit.member("Ben Okafor", &[]).await;
    let refund = CaseId(kit.open(case("refunds", "r-1", "Refund of 4,000 to a new account")).await.case);

    opened(&desk, refund).await;
    page.read().await;
    answered(&desk, 'a').await;
    assert!(desk.stands(refund).await.decision.is_none(), "one signature is not two");
    page.go(&format!("/desk/cases/{}", refund.0)).await;
    page.whole("countersign-waits").await;
    assert_eq!(page.count("[data-take]").await, 0, "nobody countersigns themselves");

    desk.sign_in_as(ben).await;
    opened(&desk, refund).await;
    page.whole("countersign").await;
    page.read().await;
    answered(&desk, 'a').await;
    let stands = desk.stands(refund).await;
    let decision = stands.decision.unwrap();
    assert_eq!((decision.answer.as_str(), decision.basis.as_str(), stands.judgments.len()), ("benign", "signatures", 2));
    page.go(&format!("/desk/cases/{}", refund.0)).await;
    page.whole("countersigned").await;
    desk.close().await;
}
