//! A workspace with a past: several playbooks, all the usual events, personal values, a rotated key, several checkpoints. The same
//! kit gives the same past.

use crate::{Kit, caller, case, playbook};
use countersign_app::{
    Options,
    input::{AmendInput, AskInput, CaseInput, CommentInput, CorrectionInput, OutcomeInput, ProposalInput, ReasonInput, StopInput},
};
use countersign_core::{
    id::{CaseId, EventId, PersonId},
    time::format_rfc3339,
};
use serde_json::json;

/// A playbook whose answer is a text and whose fields are personal.
pub const LETTERS: &str = r#"
name = "letters"
question = "What do we answer?"

[answer]
kind = "text"
bytes_max = 2000

[fields]
subject = { type = "text", title = true, personal = true }
thread = { type = "text", personal = true }
customer = { type = "text", personal = true, subject = true }
channel = { type = "category", options = ["mail", "chat"] }

[outcome]
kind = "payoff"
source = "the survey"

[routing]
default = "assist"
"#;

/// A letter of a customer, with a drafted answer.
#[must_use]
pub fn letter(external_id: &str, customer: &str, words: &str) -> CaseInput {
    let fields =
        json!({ "subject": format!("about {words}"), "thread": format!("I write about {words}"), "customer": customer, "channel": "mail" });
    CaseInput {
        playbook: "letters".into(),
        external_id: Some(external_id.into()),
        fields: fields.as_object().cloned().expect("an object"),
        proposals: vec![ProposalInput {
            proposer: "drafter".into(),
            version: Some("7".into()),
            answer: Some(json!(format!("Thank you for {words}"))),
            explanation: Some(format!("because of {words}")),
            ..ProposalInput::default()
        }],
        ..CaseInput::default()
    }
}

/// A case that was decided elsewhere and turned out, on which somebody answered `alone` before, without advice.
#[must_use]
pub fn decided_elsewhere(kit: &Kit, case: CaseInput, alone: Option<&str>, decided: &str, truth: &str) -> CaseInput {
    let judged = alone.map(|answer| json!({ "person": "Eve", "answer": answer, "advice_seen": "no", "seconds": 60 }));
    let history = json!({
        "opened_at": format_rfc3339(kit.clock.now()),
        "judgments": judged.into_iter().collect::<Vec<_>>(),
        "decision": { "answer": decided },
        "outcome": { "value": truth },
    });
    CaseInput { history: Some(serde_json::from_value(history).expect("a history")), ..case }
}

/// Cases of [`playbook`] "alerts" that were decided elsewhere: the AI is right in nine of ten, people alone in three of four.
pub async fn alerts_past(kit: &Kit, cases: usize) {
    for n in 0..cases {
        let mut case = case("alerts", &format!("past-{n}"), "an alert");
        case.fields.insert("score".into(), json!(n));
        let truth = if n % 10 == 0 { "attack" } else { "benign" };
        let person = if n % 4 == 0 { "suspicious" } else { truth };
        kit.open(decided_elsewhere(kit, case, Some(person), person, truth)).await;
    }
}

/// People and playbooks, and so many rounds of everything that happens to cases: about 55 events a round.
pub async fn past(kit: &Kit, rounds: usize) -> [PersonId; 3] {
    for (name, route, more) in [("alerts", "assist", ""), ("scans", "blind", ""), ("moves", "panel", "panel = 2")] {
        kit.publish(&playbook(name, route, more)).await;
    }
    kit.publish(LETTERS).await;
    let people = [kit.member("Ada", &["triage"]).await, kit.member("Bo", &[]).await, kit.member("Cy", &[]).await];
    for round in 0..rounds {
        an_alert(kit, round, people).await;
        a_scan(kit, round, people[0]).await;
        a_move(kit, round, people).await;
        a_letter(kit, round, people[1]).await;
        if round == rounds / 2 {
            kit.clock.advance(61_000_000);
            kit.workspace.log_key_rotate(&caller()).await.expect("a rotated key");
            kit.publish(&playbook("alerts", "assist", "blind = 0.5")).await;
            let stop = StopInput { playbook: Some("alerts".into()), proposer: None, person: None, reason: "a look".into() };
            kit.workspace.automation_stop(&caller(), stop).await.expect("a stop");
        }
        kit.integrate().await;
    }
    people
}

async fn an_alert(kit: &Kit, round: usize, people: [PersonId; 3]) {
    let (w, by, any) = (&kit.workspace, caller(), Options::default);
    let case_id = CaseId(kit.open(case("alerts", &format!("a-{round}"), "odd login")).await.case);
    let amended = AmendInput { fields: json!({ "text": "odd login, twice", "score": 7 }).as_object().cloned().expect("an object") };
    w.case_amend(&by, case_id, amended, any()).await.expect("amended");
    w.case_comment(
        &by,
        case_id,
        CommentInput { person: people[1].0, text: "known host".into(), mentions: Vec::new(), anchor: None },
        any(),
    )
    .await
    .expect("a comment");
    w.claim(people[0], case_id).await.expect("claimed");
    if kit.show(case_id, people[0]).await.phase == "first" {
        // The drawn share that goes blind.
        kit.decide(case_id, people[0], "attack").await;
        kit.show(case_id, people[0]).await;
    }
    let ask = AskInput { person: people[0].0, instruction: "look at the second login".into(), about: None };
    w.case_ask(&by, case_id, ask, any()).await.expect("asked");
    let proposal = ProposalInput {
        proposer: "m2".into(),
        answer: Some(json!("attack")),
        explanation: Some("two countries".into()),
        ..ProposalInput::default()
    };
    w.case_propose(&by, case_id, proposal, any()).await.expect("proposed");
    let shown = kit.show(case_id, people[0]).await;
    let judged = kit.answer(&shown, people[0], "suspicious").await.expect("judged");
    let Some(decision) = judged.decision.map(EventId) else {
        return;
    };
    if round.is_multiple_of(3) {
        let undo = ReasonInput { person: people[0].0, reason: Some("too fast".into()) };
        w.decision_withdraw(&by, decision, undo, any()).await.expect("withdrawn");
        kit.decide(case_id, people[2], "attack").await;
    } else if round % 3 == 1 {
        let right = CorrectionInput { person: people[1].0, answer: json!("benign"), reason: "a test".into() };
        w.decision_correct(&by, decision, right, any()).await.expect("corrected");
    }
    let outcome = OutcomeInput { value: json!("benign"), source: None, at: None };
    w.case_outcome(&by, case_id, outcome, any()).await.expect("an outcome");
}

async fn a_scan(kit: &Kit, round: usize, person: PersonId) {
    let id = CaseId(kit.open(case("scans", &format!("s-{round}"), "left lung")).await.case);
    kit.decide(id, person, "attack").await;
    let second = kit.show(id, person).await;
    kit.answer(&second, person, "benign").await.expect("a final answer");
}

async fn a_move(kit: &Kit, round: usize, people: [PersonId; 3]) {
    let id = CaseId(kit.open(case("moves", &format!("m-{round}"), "knight to f6")).await.case);
    let skip = ReasonInput { person: people[2].0, reason: Some("not my opening".into()) };
    kit.workspace.claim(people[2], id).await.expect("claimed");
    kit.workspace.case_skip(&caller(), id, skip, Options::default()).await.expect("skipped");
    kit.decide(id, people[0], "attack").await;
    kit.decide(id, people[1], if round.is_multiple_of(2) { "attack" } else { "benign" }).await;
}

async fn a_letter(kit: &Kit, round: usize, person: PersonId) {
    let id = CaseId(kit.open(letter(&format!("l-{round}"), &format!("customer {}", round % 4), "the parcel")).await.case);
    kit.workspace.claim(person, id).await.expect("claimed");
    let shown = kit.show(id, person).await;
    kit.answer(&shown, person, &format!("Your parcel number {round} is on its way")).await.expect("answered");
}
