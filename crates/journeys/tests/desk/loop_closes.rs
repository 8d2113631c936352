//! The loop at the desk: an experiment from its form to its report, a routing from its draft to its approval, and a stop that tripped.

use countersign_app::{
    Caller, Options,
    experiment::{ArmInput, ExperimentInput},
    input::{JudgmentInput, OutcomeInput, StopInput},
    learner::Memory,
    routing::{DraftInput, RehearseInput},
    workspace::system,
};
use countersign_core::{
    event::{Actor, Source},
    id::{CaseId, EventId, PersonId},
};
use countersign_journeys::{Desk, Screen};
use countersign_testkit::{caller, case, judgment, playbook, story::alerts_past};
use serde_json::json;

const DAY: i64 = 86_400_000_000;
/// Of the testkit's playbook.
const ROUTING: &str = "choose = [\"assist\", \"unaided\"]\nblind = 0.1\nautomate = { max_error = 0.02, certainty = 0.95, audit = 0.05 }";

fn own(person: PersonId) -> Caller {
    Caller { actor: Actor::Person(person), source: Source::Api }
}

/// Decides cases; with advice in view people are quicker, and as often right.
async fn work(desk: &Desk, cases: usize, seconds: (f64, f64), right: (f64, f64)) {
    let kit = &desk.kit;
    for n in 0..cases {
        let id = CaseId(kit.open(case("alerts", &format!("case-{n}-{}", kit.clock.now()), "an alert")).await.case);
        kit.workspace.claim(desk.ada, id).await.unwrap();
        loop {
            let shown = kit.show(id, desk.ada).await;
            let pick = |(without, with): (f64, f64)| if shown.advice_visible { with } else { without };
            let even = (n as f64 * 0.618_033_988_75).fract();
            let answer = if even < pick(right) { "benign" } else { "attack" };
            let given = JudgmentInput { seconds: Some(pick(seconds) * (0.6 + 0.8 * even)), ..judgment(&shown, desk.ada, answer) };
            kit.clock.advance(200_000_000);
            let receipt = kit.workspace.case_judge(&caller(), id, given, Options::default()).await.unwrap();
            if receipt.decision.is_some() {
                break;
            }
        }
        let outcome = OutcomeInput { value: json!("benign"), source: None, at: None };
        kit.workspace.case_outcome(&caller(), id, outcome, Options::default()).await.unwrap();
    }
    kit.clock.advance(4 * DAY);
    kit.workspace.learn(&mut Memory::default(), true).await.unwrap();
    // Days have gone by: the session is over.
    desk.sign_in().await;
}

/// The same on a phone.
async fn narrow(desk: &Desk, name: &str) {
    desk.browser.resize(Screen::PHONE).await;
    desk.browser.reload().await;
    desk.browser.whole(name).await;
    desk.browser.resize(Screen::LAPTOP).await;
    desk.browser.reload().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_experiment_from_its_form_to_its_report() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    desk.kit.publish(&playbook("alerts", "assist", ROUTING)).await;
    let page = &desk.browser;
    page.go("/desk/playbooks/alerts/experiments").await;
    page.whole("experiments-empty").await;
    page.click("input[name=question]").await;
    page.write("Does the AI make us faster?").await;
    page.click("form.form button[type=submit]").await;
    page.until("location.pathname.startsWith('/desk/experiments/')").await;
    page.whole("experiment-started").await;
    let at = page.path().await;
    work(&desk, 420, (60.0, 36.0), (0.8, 0.8)).await;
    page.go(&at).await;
    page.until("document.querySelector('.picture svg')").await;
    assert!(page.text("main").await.contains("less time"));
    assert!(page.text(".standing").await.contains("what it was started for is shown"));
    page.whole("experiment").await;
    narrow(&desk, "experiment").await;
    // The leads are told; reading it is a form.
    page.go("/desk").await;
    assert!(page.text("[role=status] a").await.contains("new to you"));
    page.click(".note a").await;
    page.until("location.pathname === '/desk/notices'").await;
    assert_eq!(page.count(&format!("main a[href='{at}']")).await, 1, "a notice leads to what it is about");
    page.whole("notices").await;
    page.click("main form button").await;
    page.until("!document.querySelector('main form')").await;
    page.go("/desk/playbooks/alerts/experiments").await;
    page.whole("experiments").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_experiment_that_harms_and_a_stop_that_tripped() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    desk.kit.publish(&playbook("alerts", "assist", ROUTING)).await;
    let arm = |route: &str| ArmInput { route: route.into(), ..ArmInput::default() };
    let input = ExperimentInput {
        question: Some("Does advice harm?".into()),
        arms: vec![arm("unaided"), arm("assist")],
        share: 1.0,
        measure: "accuracy".into(),
        certainty: None,
        harm: None,
        cases_max: 1_000,
        person: Some(desk.ada.0),
    };
    let started = desk.kit.workspace.experiment_start(&own(desk.ada), "alerts", input).await.unwrap();
    work(&desk, 160, (60.0, 58.0), (0.95, 0.5)).await;
    let page = &desk.browser;
    page.go(&format!("/desk/experiments/{}", started.experiment)).await;
    assert!(page.text(".standing").await.contains("harms"));
    page.whole("experiment-harm").await;
    let reason = "certificate 7 is broken after 46 audits: the evidence is that more was wrong than promised";
    let stop = StopInput { playbook: Some("alerts".into()), proposer: None, person: None, reason: reason.into() };
    desk.kit.workspace.automation_stop(&system("monitor"), stop).await.unwrap();
    page.go("/desk").await;
    assert!(page.text("main").await.contains("Automation is stopped"));
    page.whole("stop-queue").await;
    page.go("/desk/notices").await;
    assert!(page.text("main").await.contains("broken after 46 audits"));
    page.whole("stop-notices").await;
    narrow(&desk, "stop-notices").await;
    page.go("/desk/playbooks/alerts/track-record").await;
    page.whole("stop-tripped").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_routing_is_drafted_rehearsed_and_approved() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let kit = &desk.kit;
    kit.publish(&playbook("alerts", "assist", ROUTING)).await;
    let ben = kit.member("Ben Okafor", &[]).await;
    alerts_past(kit, 400).await;
    kit.clock.advance(4 * DAY);
    kit.workspace.learn(&mut Memory::default(), true).await.unwrap();
    desk.sign_in().await;
    let page = &desk.browser;
    page.go("/desk/playbooks/alerts/routing").await;
    page.whole("routing-today").await;
    // Ada's own draft: the text as it stands, changed.
    page.script(
        "const t = document.querySelector('textarea[name=routing]'); t.value = t.value.replace('blind = 0.1', 'blind = 0.3'); return 1",
    )
    .await;
    page.click("input[name=reason]").await;
    page.write("See more first answers").await;
    page.click("form.form button[type=submit]").await;
    page.until("location.pathname.startsWith('/desk/routing-drafts/')").await;
    assert!(page.text("main").await.contains("a second person has to approve it"));
    assert_eq!((page.count("tr.removed").await, page.count("tr.added").await), (1, 1));
    page.click("form[action$=rehearse] button").await;
    page.until("document.querySelector('.measured table')").await;
    assert_eq!(page.count("form[action$=approve]").await, 0, "its author never approves it");
    page.whole("routing-own-draft").await;
    // Another one's draft: rehearsed, and approved by her.
    let routing = "[routing]\ndefault = \"unaided\"\nchoose = [\"unaided\", \"assist\"]\n\n[[routing.rule]]\nname = \"high score\"\nwhen = { score = { at_least = 300 } }\nroute = \"panel\"";
    let input = DraftInput { routing: routing.into(), reason: "Advice slows us down".into(), person: Some(ben.0) };
    let draft = kit.workspace.routing_draft(&own(ben), "alerts", input).await.unwrap();
    kit.workspace.routing_rehearse(&own(ben), EventId(draft.draft), RehearseInput::default()).await.unwrap();
    page.go(&format!("/desk/routing-drafts/{}", draft.draft)).await;
    page.whole("routing-draft").await;
    narrow(&desk, "routing-draft").await;
    page.click("form[action$=approve] button").await;
    page.until("document.querySelector('[data-standing=runs]')").await;
    assert!(page.text(".standing").await.contains("Approved by Ada Brandt as version 2, in force"));
    page.whole("routing-approved").await;
    page.click("input[name=reason]").await;
    page.write("People were slower").await;
    page.click("form[action$=roll-back] button").await;
    page.until("document.querySelector('.standing').textContent.includes('rolled back')").await;
    // What was drafted before the playbook changed is withdrawn, and nothing else.
    page.go("/desk/playbooks/alerts/routing").await;
    page.whole("routing-drafts").await;
    let oldest = page.script("return [...document.querySelectorAll('h2.question a')].at(-1).getAttribute('href')").await;
    page.go(oldest.as_str().unwrap()).await;
    page.until("document.querySelector('form[action$=withdraw]')").await;
    assert!(page.text(".standing").await.contains("newer version"));
    assert_eq!(page.count("form[action$=rehearse], form[action$=approve]").await, 0);
    page.whole("routing-stale").await;
    desk.close().await;
}
