//! What helps people, as they meet it: precedents beside the advice, what disagreements came to, one's own page, a drill from its first
//! answer to its end, and an induction that comes before the first decision. In both lights, and on a phone.

use countersign_app::{input::OutcomeInput, learner::Memory};
use countersign_core::{event::PeopleMetrics, id::CaseId, time::format_rfc3339};
use countersign_journeys::{Browser, Desk, Screen};
use countersign_testkit::caller;
use serde_json::{Value, json};

const DAY: i64 = 86_400_000_000;

fn playbook(name: &str, route: &str, more: &str) -> String {
    format!(
        r#"
name = "{name}"
question = "Where should this ticket go?"
answer = {{ kind = "choice", options = ["billing", "bug"] }}
[fields]
subject = {{ type = "text", title = true }}
body = {{ type = "text", personal = true }}
customer = {{ type = "text", personal = true, subject = true }}
plan = {{ type = "category", options = ["free", "team"] }}
[outcome]
kind = "truth"
source = "the queue that closed the ticket"
after = "1d"
[routing]
default = "{route}"
[decide]
roles = ["support"]
{more}
"#
    )
}

const LETTERS: [(&str, &str); 6] = [
    ("Charged twice in November", "My card shows two payments of 49 euros on the same day. Please give one back."),
    ("Invoice is wrong again", "The invoice names two seats, and we have had one since June. Please send a new one."),
    ("Paid, but the plan is gone", "We paid on Monday and since then the workspace says that the plan has ended."),
    ("Refund for the second payment", "There are two payments of 49 euros in November. One of them was not ours."),
    ("Export stops at 99 %", "The export hangs at the very end, in every browser that we have here."),
    ("Button does nothing", "Since the last release the button below the invoice does nothing at all."),
];

fn ticket(desk: &Desk, playbook: &str, n: usize, plan: &str, ai: &str) -> Value {
    let (subject, body) = LETTERS[n % LETTERS.len()];
    let other = if ai == "bug" { "billing" } else { "bug" };
    json!({
        "playbook": playbook,
        "external_id": format!("{playbook}-{n}-{}", desk.kit.clock.now()),
        "fields": { "subject": subject, "body": body, "customer": format!("c{n}-{playbook}@example.org"), "plan": plan },
        "proposals": [{ "proposer": "triage-llm", "version": "2026-01", "probabilities": { ai: 0.9, other: 0.1 }, "explanation": "It names a payment." }],
    })
}

/// Cases that were decided elsewhere: the AI is right for teams, and wrong in every other case of those who pay nothing.
async fn history(desk: &Desk, playbook: &str, cases: usize) {
    for n in 0..cases {
        let plan = if n % 2 == 0 { "team" } else { "free" };
        let truth = if n % 6 < 4 { "billing" } else { "bug" };
        let other = if truth == "bug" { "billing" } else { "bug" };
        let ai = if plan == "free" && n % 4 == 1 { other } else { truth };
        let mut case = ticket(desk, playbook, n, plan, ai);
        case["history"] = json!({
            "opened_at": format_rfc3339(desk.kit.clock.now()), "decision": { "answer": truth }, "outcome": { "value": truth },
        });
        desk.take_in(case).await;
    }
}

/// Ada answers on blind cases: her own answer, and with the advice the AI's, which is wrong.
async fn answers(desk: &Desk, playbook: &str, cases: usize) {
    let (kit, ada) = (&desk.kit, desk.ada);
    for n in 0..cases {
        let case = desk.take_in(ticket(desk, playbook, n % 4, "free", "bug")).await;
        kit.decide(case, ada, "billing").await;
        let second = kit.show(case, ada).await;
        kit.answer(&second, ada, if n % 3 == 0 { "billing" } else { "bug" }).await.unwrap();
        let truth = OutcomeInput { value: json!("billing"), source: None, at: None };
        kit.workspace.case_outcome(&caller(), case, truth, countersign_app::Options::default()).await.unwrap();
    }
}

async fn learn(desk: &Desk) {
    desk.kit.clock.advance(3 * DAY);
    desk.kit.workspace.learn(&mut Memory::default(), true).await.unwrap();
    desk.kit.workspace.precedents_update().await.unwrap();
}

async fn precedents_and_own_work(screen: Screen) {
    let Some(desk) = Desk::empty(screen).await else { return };
    desk.kit.publish(&playbook("letters", "blind", "")).await;
    history(&desk, "letters", 24).await;
    answers(&desk, "letters", 24).await;
    learn(&desk).await;
    desk.sign_in().await;
    let page = &desk.browser;
    let case = desk.take_in(ticket(&desk, "letters", 0, "free", "bug")).await;
    page.go(&format!("/desk/cases/{case}")).await;
    page.click("[data-take]").await;
    page.until("document.querySelector('article.case[data-phase=first]')").await;
    assert!(!page.source().await.contains("Cases like this one"), "nothing stands beside a first answer");
    page.read().await;
    page.click("#answer .option:nth-child(1)").await;
    page.click("[data-decide]").await;
    page.until("document.querySelector('[data-phase=final] .precedents li')").await;
    let source = page.source().await;
    assert!(source.contains("You and the AI differ. Of 2") && source.contains("the person was right in 100.0 %"), "{source}");
    assert!(source.contains("two payments") && source.contains("Turned out"), "{source}");
    page.whole("precedents").await;
    page.read().await;
    page.click("[data-decide]").await;
    page.until("!document.querySelector('[data-phase=final]')").await;
    page.go(&format!("/desk/cases/{case}/history")).await;
    assert!(page.source().await.contains("Cases like this one"), "what was shown is told");

    page.go("/desk/work").await;
    page.until("document.querySelector('.own')").await;
    assert!(page.source().await.contains("over-reliance"));
    page.whole("work").await;
    // Somebody else's, where people are measured by name: reached from one's own, and never spoken to as oneself.
    let ben = desk.kit.member("Ben Okafor", &["support"]).await;
    assert_eq!(page.count("main a[href*='person=']").await, 0);
    desk.kit.workspace.people_metrics_set(&caller(), PeopleMetrics::Named, "agreed").await.unwrap();
    page.reload().await;
    page.click(&format!("main a[href$='person={ben}']")).await;
    page.until("document.querySelector('h1').textContent.includes('Ben Okafor')").await;
    desk.sign_in_as(ben).await;
    page.go(&format!("/desk/work?person={}", desk.ada)).await;
    let said = page.text("main").await;
    assert!(said.contains("How they take advice") && said.contains("that they went over to"), "{said}");
    assert!(!said.to_lowercase().contains("you"), "{said}");
    page.whole("work-other").await;
    desk.close().await;
}

/// Goes through a session: first the given option, then the advice's or the same again.
async fn session(page: &Browser, name: &str) {
    for n in 0..8 {
        page.until("document.querySelector('[data-stage=answer]')").await;
        let source = page.source().await;
        assert!(!source.contains("triage-llm") && !source.contains("It was "), "neither advice nor truth before an own answer");
        if n == 0 {
            page.whole(&format!("{name}-answer")).await;
        }
        page.click(".options .option:nth-child(1)").await;
        page.click("[data-on]").await;
        page.until("document.querySelector('[data-stage=advice] .proposal')").await;
        assert!(!page.source().await.contains("It was "));
        if n == 0 {
            page.whole(&format!("{name}-advice")).await;
        }
        page.click("[data-on]").await;
        page.until("document.querySelector('[data-stage=truth]')").await;
        assert!(page.source().await.contains("It was "));
        if n == 0 {
            page.whole(&format!("{name}-truth")).await;
        }
        page.click("[data-on]").await;
    }
    page.until("document.querySelector('[data-stage=finished]')").await;
    page.whole(&format!("{name}-done")).await;
}

async fn a_drill(screen: Screen) {
    let Some(desk) = Desk::empty(screen).await else { return };
    desk.kit.publish(&playbook("letters", "blind", "")).await;
    history(&desk, "letters", 24).await;
    answers(&desk, "letters", 24).await;
    learn(&desk).await;
    desk.sign_in().await;
    let page = &desk.browser;
    let before = desk.kit.workspace.events_from(0, 10_000).await.unwrap().len();
    page.go("/desk/work").await;
    page.click("[data-drill]").await;
    session(page, "drill").await;
    assert_eq!(desk.kit.workspace.events_from(0, 10_000).await.unwrap().len(), before, "a drill writes no event");
    page.go("/desk/work").await;
    assert!(page.source().await.contains("Practice so far"));
    desk.close().await;
}

async fn an_induction(screen: Screen) {
    let Some(desk) = Desk::empty(screen).await else { return };
    desk.kit.publish(&playbook("first-day", "assist", "induction = true")).await;
    history(&desk, "first-day", 60).await;
    learn(&desk).await;
    desk.sign_in().await;
    let page = &desk.browser;
    let case: CaseId = desk.take_in(ticket(&desk, "first-day", 0, "team", "billing")).await;
    page.go(&format!("/desk/cases/{case}")).await;
    page.click("[data-take]").await;
    page.until("document.querySelector('[data-stands]')").await;
    assert!(page.source().await.contains("Before your first decision here"));
    page.whole("induction").await;
    page.click("[data-go]").await;
    session(page, "induction").await;
    page.go(&format!("/desk/cases/{case}")).await;
    page.click("[data-take]").await;
    page.until("document.querySelector('#answer')").await;
    assert!(page.source().await.contains("Cases like this one"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn precedents_stand_beside_the_advice_and_ones_own_work_on_a_page() {
    precedents_and_own_work(Screen::LAPTOP).await;
    precedents_and_own_work(Screen::PHONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_goes_from_an_own_answer_to_the_truth() {
    a_drill(Screen::LAPTOP).await;
    a_drill(Screen::PHONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_induction_comes_before_the_first_decision() {
    an_induction(Screen::LAPTOP).await;
    an_induction(Screen::PHONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn practice_needs_no_script() {
    let Some(desk) = Desk::empty(Screen::NO_SCRIPT).await else { return };
    desk.kit.publish(&playbook("first-day", "assist", "induction = true")).await;
    history(&desk, "first-day", 12).await;
    learn(&desk).await;
    desk.sign_in().await;
    let page = &desk.browser;
    page.go("/desk/playbooks/first-day/induction").await;
    page.click("[data-go]").await;
    page.until("document.querySelector('.options .option')").await;
    page.click(".options .option:nth-child(1)").await;
    page.click("[data-on]").await;
    page.until("document.querySelector('[data-stage=advice]')").await;
    desk.close().await;
}
