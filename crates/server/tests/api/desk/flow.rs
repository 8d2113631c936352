//! Signing in, deciding, undoing, and everything else that a form does.

use super::browser::Browser;
use crate::world::{SECOND, World};
use serde_json::{Value, json};
use uuid::Uuid;

/// A case with a proposal; the words of the proposal are nowhere else.
pub fn ticket(n: u32) -> Value {
    json!({
        "playbook": "tickets",
        "external_id": format!("T-{n}"),
        "fields": {"subject": format!("Charged twice, number {n}"), "body": "Two payments of 49 euros.", "customer": format!("c{n}@example.org")},
        "proposals": [{"proposer": "triage-llm", "version": "7", "probabilities": {"billing": 0.91, "bug": 0.05, "account": 0.04},
            "explanation": "The customer was charged twice.", "evidence": [{"field": "body", "start": 0, "end": 12, "quote": "Two payments"}]}],
    })
}

pub async fn open(world: &World, case: &Value) -> Uuid {
    let answer = world.post("/v1/cases", case).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    // Cases that come at the same moment have no order of their own.
    world.pass(SECOND);
    answer.id("case")
}

/// The playbook with another route.
pub async fn publish(world: &World, name: &str, route: &str, more: &str) {
    let source =
        crate::world::TICKETS.replace("\"tickets\"", &format!("\"{name}\"")).replace("\"assist\"", &format!("\"{route}\"\n{more}"));
    world.publish(&source).await;
}

pub async fn of(world: &World, playbook: &str, n: u32) -> Uuid {
    let mut case = ticket(n);
    case["playbook"] = json!(playbook);
    open(world, &case).await
}

#[tokio::test]
async fn a_link_signs_in_once_and_looking_at_it_does_not_use_it_up() {
    let (world, ada) = World::with_tickets().await;
    let link = world.workspace.desk_link(&countersign_app::workspace::system("setup"), countersign_core::id::PersonId(ada)).await.unwrap();
    let path = format!("/desk/sign-in/{link}");
    let mut scanner = Browser::new(&world);
    for _ in 0..3 {
        scanner.get(&path).await;
        assert_eq!(scanner.page.status, 200);
        assert!(scanner.page.plain().contains("Sign in as Ada") && scanner.cookie.is_none());
    }
    let mut browser = Browser::new(&world);
    browser.get(&path).await;
    browser.submit(&path, &[]).await;
    assert_eq!(browser.page.path, "/desk");
    let first = browser.cookie.clone().unwrap();
    // A second click on the same button is no error for whoever is in already, and nothing for anybody else.
    browser.post(&path, &[]).await;
    assert_eq!((browser.page.status.as_u16(), browser.page.path.as_str()), (200, "/desk"));
    scanner.post(&path, &[]).await;
    assert_eq!(scanner.page.status, 410);
    assert!(scanner.page.plain().contains("no longer works") && scanner.cookie.is_none());

    // Signing in again gives another secret and ends the first.
    let again = world.workspace.desk_link(&countersign_app::workspace::system("setup"), countersign_core::id::PersonId(ada)).await.unwrap();
    browser.post(&format!("/desk/sign-in/{again}"), &[]).await;
    let second = browser.cookie.clone().unwrap();
    assert_ne!(first, second);
    let mut old = Browser::new(&world);
    old.cookie = Some(first);
    assert_eq!(old.get("/desk").await.status, 401);

    // Signing out ends it everywhere.
    browser.get("/desk").await;
    browser.submit("/desk/sign-out", &[]).await;
    assert!(browser.cookie.is_none() && browser.page.path == "/desk/sign-in");
    let mut copied = Browser::new(&world);
    copied.cookie = Some(second);
    assert_eq!(copied.get("/desk").await.status, 401);
}

#[tokio::test]
async fn links_and_sessions_end_by_themselves() {
    let (world, ada) = World::with_tickets().await;
    let link = world.workspace.desk_link(&countersign_app::workspace::system("setup"), countersign_core::id::PersonId(ada)).await.unwrap();
    let mut browser = Browser::of(&world, ada).await;
    world.pass(15 * 60 * SECOND);
    let mut late = Browser::new(&world);
    assert_eq!(late.get(&format!("/desk/sign-in/{link}")).await.status, 410);
    assert_eq!(late.post(&format!("/desk/sign-in/{link}"), &[]).await.status, 410);
    assert_eq!(browser.get("/desk").await.status, 200);
    world.pass(12 * 3_600 * SECOND);
    browser.get("/desk").await;
    assert_eq!(browser.page.status, 401);
    assert!(browser.page.plain().contains("You are signed out"));
}

#[tokio::test]
async fn deciding_goes_from_case_to_case_and_can_be_undone() {
    let (world, ada) = World::with_tickets().await;
    let cases = [open(&world, &ticket(1)).await, open(&world, &ticket(2)).await];
    let mut browser = Browser::of(&world, ada).await;
    assert!(browser.page.plain().contains("Charged twice, number 1"), "{}", browser.page.plain());
    browser.submit("/desk/next", &[]).await;
    assert_eq!(browser.page.case(), cases[0]);
    let text = browser.page.plain();
    for shown in [
        "Where should this ticket go?",
        "Charged twice, number 1",
        "Two payments of 49 euros.",
        "triage-llm",
        "91 %",
        "The customer was charged twice.",
    ] {
        assert!(text.contains(shown), "{shown} is missing in {text}");
    }
    browser.judge(&[("answer", "billing"), ("reason", "as it says"), ("confidence", "0.9")]).await;
    assert_eq!(browser.page.case(), cases[1], "the next case is there at once");
    assert!(browser.page.plain().contains("Undo 1 min"), "{}", browser.page.plain());
    world.pass(18 * SECOND);
    browser.get(&format!("/desk/cases/{}", cases[0])).await;
    assert!(browser.page.plain().contains("Undo 42 s"), "{}", browser.page.plain());
    browser.submit("/withdraw", &[]).await;
    assert_eq!(browser.page.case(), cases[0], "what was taken back is shown again");
    assert!(browser.page.plain().contains("Taken back"), "{}", browser.page.plain());
    let accept = browser.page.text.split("name=\"accept\" value=\"").nth(1).unwrap()[..36].to_owned();
    browser.judge(&[("accept", &accept)]).await;
    let view = world.workspace.case_get(cases[0].into(), None).await.unwrap();
    assert_eq!((view.state.as_str(), view.judgments.len()), ("decided", 2));
    assert_eq!(view.judgments[0].reason.as_deref(), Some("as it says"));
    assert_eq!(view.judgments[0].confidence.as_deref(), Some("0.9"));
    // The other case was held all the time and is resumed.
    assert_eq!(browser.page.case(), cases[1]);
    browser.judge(&[("answer", "bug")]).await;
    assert!(browser.page.plain().contains("Nothing waits for you"), "{}", browser.page.plain());
    world.pass(61 * SECOND);
    browser.get("/desk/recent").await;
    let text = browser.page.plain();
    assert!(text.contains("Charged twice, number 2 bug Correct or appeal"), "{text}");
}

#[tokio::test]
async fn a_blind_case_hides_the_advice_until_the_first_answer_is_safe() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "blind", "blind", "").await;
    let case = of(&world, "blind", 1).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    for hidden in ["triage-llm", "91 %", "was charged twice.", "0.91", "/accept", "name=\"accept\""] {
        assert!(!browser.page.has(hidden), "{hidden} is in the page");
    }
    assert!(browser.page.plain().contains("Your own answer first"));
    browser.judge(&[("answer", "bug")]).await;
    let text = browser.page.plain();
    assert_eq!(browser.page.case(), case);
    assert!(text.contains("Now with the advice You answered bug .") && text.contains("triage-llm") && text.contains("91 %"), "{text}");
    browser.judge(&[("answer", "billing")]).await;
    let view = world.workspace.case_get(case.into(), None).await.unwrap();
    let phases: Vec<_> = view.judgments.iter().map(|j| (j.phase.as_str(), j.answer.as_str().unwrap(), j.advice.as_str())).collect();
    assert_eq!(phases, [("first", "bug", "no"), ("final", "billing", "yes")]);
    assert_eq!(view.state, "decided");
}

#[tokio::test]
async fn two_who_differ_are_adjudicated_by_a_third_and_an_appeal_by_somebody_new() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "panel", "panel", "panel = 2").await;
    let case = of(&world, "panel", 1).await;
    let (bo, cy, di) = (world.person("Bo").await, world.person("Cy").await, world.person("Di").await);
    for (person, answer) in [(ada, "billing"), (bo, "bug")] {
        let mut browser = Browser::of(&world, person).await;
        browser.submit("/desk/next", &[]).await;
        assert!(browser.page.plain().contains("decided without advice") && !browser.page.has("triage-llm"));
        browser.judge(&[("answer", answer), ("reason", "because")]).await;
        assert!(browser.page.plain().contains("others still answer"), "{}", browser.page.plain());
    }
    let mut browser = Browser::of(&world, cy).await;
    browser.submit("/desk/next", &[]).await;
    let text = browser.page.plain();
    assert!(text.contains("Two answers differ") && text.contains("A colleague billing because") && !text.contains("Ada"), "{text}");
    browser.judge(&[("answer", "bug")]).await;
    browser.get(&format!("/desk/cases/{case}")).await;
    browser.submit("/appeal", &[("reason", "It was billing.")]).await;
    assert!(browser.page.plain().contains("Appealed."), "{}", browser.page.plain());
    let mut browser = Browser::of(&world, di).await;
    browser.submit("/desk/next", &[]).await;
    let text = browser.page.plain();
    assert!(text.contains("An objection was raised") && !text.contains("because"), "{text}");
    browser.judge(&[("answer", "billing")]).await;
    assert_eq!(world.workspace.case_get(case.into(), None).await.unwrap().state, "decided");
}

#[tokio::test]
async fn everything_around_a_case_is_a_form() {
    let (world, ada) = World::with_tickets().await;
    for n in 1..=4 {
        open(&world, &ticket(n)).await;
    }
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    let first = browser.page.case();
    browser.submit("/comment", &[("text", "seen before")]).await;
    assert!(browser.page.plain().contains("Your remark is on record."));
    browser.submit("/ask", &[("instruction", "Look at the second payment")]).await;
    let text = browser.page.plain();
    assert!(text.contains("Asked. The answer appears here") && text.contains("Look at the second payment no answer yet"), "{text}");

    // A second proposal comes in: the page that is open is told, and shows it when it is asked to.
    let view = world.workspace.case_get(first.into(), None).await.unwrap();
    let history = world.workspace.case_history(first.into(), None).await.unwrap();
    let ask = history.iter().find(|view| view.event["type"] == "ask.made").unwrap().event["id"].clone();
    let second = json!({"proposer": "triage-llm", "version": "7", "answer": "account", "explanation": "It is about the account after all.",
        "chained_from": view.proposals[0].id, "ask": ask});
    assert_eq!(world.post(&format!("/v1/cases/{first}/proposals"), &second).await.status, 200);
    browser.get(&format!("/desk/cases/{first}")).await;
    assert!(browser.page.plain().contains("There is new advice") && !browser.page.has("after all"));
    browser.submit("/show", &[]).await;
    let text = browser.page.plain();
    assert!(text.contains("It is about the account after all.") && text.contains("Look at the second payment answered"), "{text}");

    browser.submit("/skip", &[("reason", "not my field")]).await;
    assert!(browser.page.plain().contains("Passed on"));
    assert_ne!(browser.page.case(), first);
    browser.submit("/snooze", &[("until", "4h")]).await;
    assert!(browser.page.plain().contains("Put off."));
    browser.submit("/escalate", &[("role", "support"), ("reason", "look at this")]).await;
    assert!(browser.page.plain().contains("Handed to that role."), "{}", browser.page.plain());
    browser.submit("/release", &[]).await;
    assert_eq!(browser.page.path, "/desk?said=released");
    let views = ["waiting", "mine", "snoozed", "held", "decided"];
    let mut rows = Vec::new();
    for view in views {
        browser.get(&format!("/desk?view={view}")).await;
        rows.push(browser.page.text.matches("data-row").count());
    }
    assert_eq!(rows, [2, 0, 1, 0, 0], "the skipped one is for others, one sleeps");
}

#[tokio::test]
async fn a_decision_is_corrected_and_opened_again() {
    let (world, ada) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    browser.judge(&[("answer", "bug")]).await;
    world.pass(61 * SECOND);
    browser.get(&format!("/desk/cases/{case}")).await;
    assert!(!browser.page.has("/withdraw\""), "it is too late to undo");
    browser.submit("/correct", &[("answer", "account"), ("reason", "misread")]).await;
    assert!(browser.page.plain().contains("Corrected."));
    browser.submit("/reopen", &[("reason", "new facts")]).await;
    assert!(browser.page.plain().contains("Open again."), "{}", browser.page.plain());
    browser.submit("/take", &[]).await;
    browser.judge(&[("answer", "billing")]).await;
    browser.get(&format!("/desk/cases/{case}/history")).await;
    let text = browser.page.plain();
    for told in [
        "Opened",
        "triage-llm 7 proposed billing",
        "Shown to Ada advice in view",
        "Ada answered bug",
        "Ada corrected it to account misread",
        "Ada opened it again new facts",
        "Decided billing by Ada",
    ] {
        assert!(text.contains(told), "{told} is missing in {text}");
    }
}

#[tokio::test]
async fn cases_are_found_by_their_ids() {
    let (world, ada) = World::with_tickets().await;
    let case = open(&world, &ticket(7)).await;
    let mut browser = Browser::of(&world, ada).await;
    for id in ["T-7".to_owned(), case.to_string()] {
        browser.get(&format!("/desk?find={id}")).await;
        assert_eq!(browser.page.path, format!("/desk/cases/{case}"));
    }
    browser.get("/desk?find=%3Cb%3ET-8").await;
    assert!(
        browser.page.plain().contains("No case that you may read has this id, or all of these words: <b>T-8") && !browser.page.has("<b>")
    );
}
