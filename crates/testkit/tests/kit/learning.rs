//! The loop closes: outcomes come in, a test is planned and passed, cases are automated and audited, a promise breaks and stops, a
//! person resumes. On both engines, with a learner that starts again half way.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Caller, Options,
    input::{CaseInput, OutcomeInput, StopInput},
    learner::Memory,
    queue::View,
    view::Receipt,
};
use countersign_core::{
    event::{Actor, Source},
    id::{CaseId, PersonId},
};
use countersign_testkit::{Kit, caller, each_engine, raw, story::decided_elsewhere};
use serde_json::json;

const DAY: i64 = 86_400_000_000;
const PLAYBOOK: &str = r#"
name = "alerts"
question = "What is it?"

[answer]
kind = "choice"
options = ["benign", "attack"]

[fields]
text = { type = "text", title = true }
kind = { type = "category" }

[outcome]
kind = "truth"
source = "the investigation"
observed = "always"
after = "1d"

[costs]
error = { default = 1.0 }
minute = 0.1

[routing]
default = "assist"
choose = ["assist", "unaided"]
automate = { max_error = 0.05, certainty = 0.9, audit = 0.4, valid = "60d" }
"#;

fn input(kit: &Kit, n: usize, kind: &str, ai: &str) -> CaseInput {
    let mut case = countersign_testkit::case("alerts", &format!("{kind}-{n}-{}", kit.clock.now()), "an alert");
    case.fields = json!({ "text": format!("alert {n}"), "kind": kind }).as_object().cloned().unwrap();
    let (sure, rest) = if kind == "routine" { (0.95, 0.05) } else { (0.6, 0.4) };
    let other = if ai == "benign" { "attack" } else { "benign" };
    case.proposals[0].probabilities = json!({ ai: sure, other: rest }).as_object().cloned();
    case
}

/// Cases that were decided elsewhere: the AI is right in all routine ones and in half of the others.
async fn history(kit: &Kit, cases: usize) {
    for n in 0..cases {
        let kind = if n % 3 == 0 { "odd" } else { "routine" };
        let ai = if kind == "odd" && n % 2 == 0 { "attack" } else { "benign" };
        let case = decided_elsewhere(kit, input(kit, n, kind, ai), None, "benign", "benign");
        kit.open(case).await;
    }
}

async fn outcome(kit: &Kit, case: &Receipt, truth: &str) {
    let input = OutcomeInput { value: json!(truth), source: None, at: None };
    kit.workspace.case_outcome(&caller(), CaseId(case.case), input, Options::default()).await.unwrap();
}

async fn live(kit: &Kit, cases: usize) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    for n in 0..cases {
        receipts.push(kit.open(input(kit, n, "routine", "benign")).await);
    }
    receipts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_earned_kept_broken_and_resumed_by_a_person() {
    each_engine(91, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let ada = kit.member("Ada", &[]).await;
        assert!(kit.workspace.track("alerts").await.unwrap().is_none());
        history(&kit, 400).await;
        // What waits when the certificate comes is decided by it, unless somebody has looked at it.
        kit.clock.advance(3 * DAY);
        let mut memory = Memory::default();
        let round = kit.workspace.learn(&mut memory, false).await.unwrap();
        assert_eq!(round.published.len(), 1);
        let track = kit.workspace.track("alerts").await.unwrap().unwrap();
        assert!(track.certificates.is_empty() && track.test.is_some() && track.regions.len() > 1, "{track:?}");
        history(&kit, 700).await;
        let waiting = live(&kit, 3).await;
        // A look is worth more where the AI errs more, whatever it proposes: such a case goes before what came earlier.
        let odd = kit.open(input(&kit, 999, "odd", "benign")).await;
        let listed = kit.workspace.queue_list(ada, View::Waiting, None, None).await.unwrap().items;
        assert_eq!(listed.iter().map(|item| item.case).next(), Some(odd.case), "{listed:?}");
        assert_eq!(listed.len(), 4);
        assert!(waiting.iter().all(|receipt| receipt.state == "open"), "no certificate yet");
        kit.workspace.claim(ada, CaseId(waiting[0].case)).await.unwrap();
        kit.show(CaseId(waiting[0].case), ada).await;
        kit.clock.advance(10 * DAY);

        // The learner was killed meanwhile: another one starts from the events and the last record.
        let mut memory = Memory::default();
        let round = kit.workspace.learn(&mut memory, false).await.unwrap();
        assert_eq!(round.published.len(), 1);
        let track = kit.workspace.track("alerts").await.unwrap().unwrap();
        let [certificate] = track.certificates.as_slice() else { panic!("{track:?}") };
        assert!(certificate.in_force && certificate.region.contains("kind is"), "{certificate:?}");
        assert_eq!(round.again.len(), 1, "what waits is to be looked at again");
        assert!(kit.workspace.reroute_all().await.unwrap().rerouted >= 1, "what nobody had looked at");
        assert_eq!(kit.workspace.case_get(CaseId(waiting[0].case), None).await.unwrap().state, "open", "somebody looks at it");

        let cases = live(&kit, 40).await;
        let automated = cases.iter().filter(|receipt| receipt.decision.is_some()).count();
        assert!((10..40).contains(&automated), "{automated}");
        let odd = kit.open(input(&kit, 0, "odd", "benign")).await;
        assert_eq!(odd.state, "open");
        for receipt in &cases {
            let why = kit.workspace.case_explain(CaseId(receipt.case), None).await.unwrap();
            assert!(why.matches, "{why:?}");
            let words = if receipt.decision.is_some() { "The AI decided this case, because a certificate" } else { "blind audit" };
            assert!(why.sentence.contains(words), "{}", why.sentence);
        }
        let explained = kit.workspace.explain_all(&|_, _| {}).await.unwrap();
        assert_eq!((explained.different, explained.routes > 40, explained.measured > 40), (0, true, true));
        // An auditor before the first answer learns nothing of why.
        let audited = cases.iter().find(|receipt| receipt.decision.is_none()).unwrap();
        assert!(kit.workspace.case_explain(CaseId(audited.case), Some(ada)).await.is_err());

        breaks(&kit, &mut memory, ada).await;
    })
    .await;
}

/// The world turns: the AI is wrong from now on. Its audits say so, automation stops, and only a person resumes.
async fn breaks(kit: &Kit, memory: &mut Memory, ada: PersonId) {
    let cases = live(kit, 60).await;
    for case in &cases {
        outcome(kit, case, "attack").await;
    }
    kit.clock.advance(DAY);
    let round = kit.workspace.learn(memory, false).await.unwrap();
    // Audits from before, whose outcomes never came, are waited for in order; they count as errors once they are overdue.
    let round = if round.broken.is_empty() {
        kit.clock.advance(30 * DAY);
        kit.workspace.learn(memory, false).await.unwrap()
    } else {
        round
    };
    assert_eq!(round.broken.len(), 1, "{round:?}");
    let stops = kit.workspace.stops().await.unwrap();
    assert_eq!((stops[0].scope.as_str(), stops[0].name.as_deref()), ("playbook", Some("alerts")));
    assert!(live(kit, 5).await.iter().all(|receipt| receipt.state == "open"));
    // The same break stops once.
    assert!(kit.workspace.learn(memory, false).await.unwrap().broken.is_empty());
    let input = StopInput { playbook: Some("alerts".into()), proposer: None, person: Some(ada.0), reason: "looked at".into() };
    let machine = Caller { actor: Actor::System("router".into()), source: Source::System };
    assert!(kit.workspace.automation_resume(&machine, input.clone()).await.is_err());
    let own = Caller { actor: Actor::Person(ada), source: Source::Desk };
    kit.workspace.automation_resume(&own, input).await.unwrap();
    // Resumed, but the certificate is gone: it has to be earned anew.
    kit.clock.advance(DAY);
    kit.workspace.learn(memory, true).await.unwrap();
    assert!(kit.workspace.track("alerts").await.unwrap().unwrap().certificates.is_empty());
    assert!(live(kit, 5).await.iter().all(|receipt| receipt.state == "open"));
    pinned(kit, memory, &own, ada).await;
    kit.workspace.integrate().await.unwrap();
    let report = kit.workspace.verify(&|_| {}, None).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    // One changed part of what was learned is found, and the record is no longer read.
    let bytes = if raw::is_postgres(kit.app.db()) { "'\\x5b5d'" } else { "x'5b5d'" };
    raw::execute(kit.app.db(), &format!("update track_parts set bytes = {bytes}")).await.unwrap();
    let report = kit.workspace.verify(&|_| {}, None).await.unwrap();
    assert!(report.problems.iter().any(|problem| problem.what == "track record"), "{:?}", report.problems);
}

/// A person goes back to an older version: routing reads it, no certificate comes back with it, and learning goes on beside it.
async fn pinned(kit: &Kit, memory: &mut Memory, own: &Caller, ada: PersonId) {
    let versions = kit.workspace.record_versions("alerts").await.unwrap();
    assert!(versions.len() >= 3);
    kit.workspace.record_pin(own, "alerts", 2, ada).await.unwrap();
    let track = kit.workspace.track("alerts").await.unwrap().unwrap();
    assert!(track.pinned && track.number == 2 && track.certificates.iter().all(|certificate| !certificate.in_force));
    assert!(live(kit, 5).await.iter().all(|receipt| receipt.state == "open"));
    kit.clock.advance(DAY);
    assert!(kit.workspace.learn(memory, true).await.unwrap().published.is_empty());
    kit.workspace.record_release(own, "alerts", ada).await.unwrap();
    kit.clock.advance(DAY);
    live(kit, 1).await;
    let published = kit.workspace.learn(memory, true).await.unwrap().published;
    assert_eq!(published.len(), 1);
    assert!(kit.workspace.record_pin(own, "alerts", 99, ada).await.is_err());
}
