//! What helps people: precedents, disagreements, one's own work, drills and inductions. On both engines; and none of it is ever a
//! decision, a label, or anything that is learned from.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Caller, Options,
    input::{AmendInput, CaseInput, HistoryInput, OutcomeInput, PastDecision, ProposalInput},
    learner::Memory,
    practice::{Kind, PracticeView, StepInput},
};
use countersign_core::{
    event::{Actor, PeopleMetrics, Source},
    id::{CaseId, PersonId},
    refusal::Code,
    time::format_rfc3339,
};
use countersign_testkit::{Kit, caller, code, each_engine, raw};
use serde_json::json;

const DAY: i64 = 86_400_000_000;

fn playbook(route: &str, more: &str) -> String {
    format!(
        r#"
name = "tickets"
question = "Where should this ticket go?"
[answer]
kind = "choice"
options = ["billing", "bug"]
[fields]
subject = {{ type = "text", title = true, personal = true }}
customer = {{ type = "text", personal = true, subject = true }}
secret = {{ type = "text", personal = true, share = "never", required = false }}
group = {{ type = "category", audited = true, hidden = true, required = false }}
plan = {{ type = "category" }}
[outcome]
kind = "truth"
source = "the queue that closed it"
after = "1d"
[routing]
default = "{route}"
[decide]
grace = "1s"
{more}
"#
    )
}

fn ticket(kit: &Kit, customer: &str, subject: &str, plan: &str, ai: &str) -> CaseInput {
    let other = if ai == "bug" { "billing" } else { "bug" };
    CaseInput {
        playbook: "tickets".into(),
        external_id: Some(format!("t-{}", kit.clock.now())),
        fields: json!({ "subject": subject, "customer": customer, "plan": plan, "secret": "whispering zebras", "group": "north" })
            .as_object()
            .cloned()
            .unwrap(),
        proposals: vec![ProposalInput {
            proposer: "m".into(),
            version: Some("1".into()),
            probabilities: json!({ ai: 0.9, other: 0.1 }).as_object().cloned(),
            explanation: Some("the AI has its reasons".into()),
            ..ProposalInput::default()
        }],
        ..CaseInput::default()
    }
}

/// A case that was decided elsewhere, with its outcome.
async fn past(kit: &Kit, subject: &str, plan: &str, (ai, truth): (&str, &str)) -> CaseId {
    let mut case = ticket(kit, &format!("customer {}", kit.clock.now()), subject, plan, ai);
    let now = format_rfc3339(kit.clock.now());
    case.history = Some(HistoryInput {
        opened_at: Some(serde_json::from_value(json!(now)).unwrap()),
        decision: Some(PastDecision { answer: json!(truth), persons: Vec::new(), at: None }),
        outcome: Some(OutcomeInput { value: json!(truth), source: None, at: None }),
        ..HistoryInput::default()
    });
    CaseId(kit.open(case).await.case)
}

async fn outcome(kit: &Kit, case: CaseId, truth: &str) {
    let input = OutcomeInput { value: json!(truth), source: None, at: None };
    kit.workspace.case_outcome(&caller(), case, input, Options::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn precedents_stand_beside_the_advice_and_are_on_record() {
    each_engine(61, |kit| async move {
        kit.publish(&playbook("assist", "")).await;
        let (ada, w) = (kit.member("Ada", &[]).await, &kit.workspace);
        let like = past(&kit, "charged twice in november, a refund please", "team", ("bug", "billing")).await;
        past(&kit, "the export hangs at the very end", "free", ("bug", "bug")).await;
        // Decided here, with no outcome yet.
        let open = CaseId(kit.open(ticket(&kit, "erin", "charged twice again and again", "team", "billing")).await.case);
        w.precedents_update().await.unwrap();
        kit.decide(open, ada, "billing").await;
        w.precedents_update().await.unwrap();
        let case = CaseId(kit.open(ticket(&kit, "fay", "i was charged twice, refund me", "team", "billing")).await.case);
        w.claim(ada, case).await.unwrap();
        let shown = kit.show(case, ada).await;
        let ids: Vec<_> = shown.precedents.iter().map(|one| CaseId(one.case)).collect();
        assert_eq!(ids, [like, open], "{:?}", shown.precedents);
        let first = &shown.precedents[0];
        assert_eq!((first.answer.clone(), first.outcome.clone()), (json!("billing"), Some(json!("billing"))));
        assert_eq!(first.title.as_deref(), Some("charged twice in november, a refund please"));
        assert!(first.shared.contains(&"charged twice".to_owned()) && first.shared.contains(&"plan: team".to_owned()), "{first:?}");
        let told = serde_json::to_string(&shown.precedents).unwrap();
        for kept in ["zebra", "north", "customer", "the AI has its reasons"] {
            assert!(!told.contains(kept), "{kept} is told: {told}");
        }
        // What was shown is what is recorded, without a word of anybody; shown again it is the same, whatever was decided since.
        let record = |events: Vec<countersign_app::view::EventView>| {
            let last = events.into_iter().rev().find(|event| event.event["type"] == "case.shown").unwrap();
            last.event["body"]["precedents"].clone()
        };
        let recorded = record(w.case_history(case, None).await.unwrap());
        assert_eq!(recorded[0]["case"], json!(like.0));
        assert_eq!((&recorded[0]["answer"], &recorded[0]["outcome"]), (&json!("billing"), &json!("billing")));
        assert!(recorded[1]["outcome"].is_null() && !recorded.to_string().contains("charged"), "{recorded}");
        outcome(&kit, open, "bug").await;
        past(&kit, "i was charged twice, refund me", "team", ("bug", "bug")).await;
        w.precedents_update().await.unwrap();
        kit.show(case, ada).await;
        assert_eq!(record(w.case_history(case, None).await.unwrap()), recorded);
        assert_eq!(w.precedents(case, Some(ada)).await.unwrap().len(), 3, "asked anew there is more");
        // Another content is another question, and one without advice: what is answered then is learned as one's own, so that nothing
        // stands beside it.
        let mut fields = ticket(&kit, "fay", "the export hangs", "free", "bug").fields;
        fields.remove("group");
        w.case_amend(&caller(), case, AmendInput { fields }, Options::default()).await.unwrap();
        let alone = kit.show(case, ada).await;
        assert!(!alone.advice_visible && alone.precedents.is_empty(), "{:?}", alone.precedents);
        assert_eq!(code(w.precedents(case, Some(ada)).await), Code::NotIndependent);
        assert_eq!(w.precedents(case, None).await.unwrap()[0].title.as_deref(), Some("the export hangs at the very end"));
        // With new advice they are there again.
        let advice = ticket(&kit, "fay", "", "free", "bug").proposals.remove(0);
        w.case_propose(&caller(), case, advice, Options::default()).await.unwrap();
        assert_eq!(kit.show(case, ada).await.precedents[0].title.as_deref(), Some("the export hangs at the very end"));

        // A node that starts reads what is stored; where it was dropped it is made again.
        let (_other, second) = kit.second_node(62).await;
        second.precedents_update().await.unwrap();
        let before = second.precedents(case, None).await.unwrap();
        assert_eq!(before.len(), 1, "{before:?}");
        w.projections_rebuild().await.unwrap();
        assert_eq!(raw::number(kit.app.db(), "select count(*) from precedents").await, 0);
        second.precedents_update().await.unwrap();
        assert_eq!(second.precedents(case, None).await.unwrap(), before);
        assert_eq!(raw::number(kit.app.db(), "select count(*) from precedents").await, 4);

        // An erased subject's case is no precedent, although its row of the record names it.
        let erin = w.subject_find("tickets", "erin").await.unwrap().unwrap();
        w.subject_erase(&caller(), erin, "request").await.unwrap();
        assert_eq!(raw::number(kit.app.db(), "select count(*) from precedents").await, 3);
        kit.integrate().await;
        let report = w.verify(&|_| {}, None).await.unwrap();
        assert!(report.ok(), "{:?}", report.problems);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stands_beside_a_first_answer_and_what_differing_came_to_stands_after_it() {
    each_engine(63, |kit| async move {
        kit.publish(&playbook("blind", "")).await;
        let (ada, bo, w) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await, &kit.workspace);
        // Thirty blind cases: the AI says bug, Ada billing; she is right in twenty and goes over in fifteen, right ones first.
        for n in 0..30 {
            let case = CaseId(kit.open(ticket(&kit, &format!("c{n}"), "charged twice, refund", "team", "bug")).await.case);
            kit.decide(case, ada, "billing").await;
            let second = kit.show(case, ada).await;
            assert_eq!(second.disagreement.as_ref().map(|d| (d.n, d.person)), Some((0, None)), "not enough yet");
            kit.answer(&second, ada, if n < 15 { "bug" } else { "billing" }).await.unwrap();
            outcome(&kit, case, if n < 20 { "billing" } else { "bug" }).await;
        }
        kit.clock.advance(3 * DAY);
        let mut memory = Memory::default();
        w.learn(&mut memory, true).await.unwrap();
        w.precedents_update().await.unwrap();
        let case = CaseId(kit.open(ticket(&kit, "new", "charged twice, refund", "team", "bug")).await.case);
        w.claim(ada, case).await.unwrap();
        let first = kit.show(case, ada).await;
        assert!(first.precedents.is_empty() && first.disagreement.is_none() && first.proposals.is_empty());
        assert_eq!(code(w.precedents(case, Some(ada)).await), Code::NotIndependent);
        assert_eq!(code(w.precedents(case, Some(bo)).await), Code::NotIndependent);
        kit.answer(&first, ada, "billing").await.unwrap();
        let second = kit.show(case, ada).await;
        let differs = second.disagreement.clone().unwrap();
        let person = differs.person.unwrap();
        assert_eq!((differs.n, person.n), (30, 30));
        assert!((person.value - 2.0 / 3.0).abs() < 1e-9 && person.low < 0.6 && person.high > 0.75, "{person:?}");
        assert!(!second.precedents.is_empty());
        // Whoever agrees is told nothing of it.
        let other = CaseId(kit.open(ticket(&kit, "newer", "charged twice", "team", "bug")).await.case);
        kit.decide(other, ada, "bug").await;
        assert!(kit.show(other, ada).await.disagreement.is_none());

        // Her own page: hers alone, unless people are measured by name.
        let own = w.work_of(ada, Some(ada)).await.unwrap();
        let [own] = own.as_slice() else { panic!("{own:?}") };
        let kind = &own.kinds[0];
        assert_eq!((kind.answered.n, kind.ai_on_the_same.n), (30, 30));
        assert_eq!((own.reliance.over.n, own.reliance.under.n, own.reliance.switched.n), (20, 10, 30));
        assert!((own.reliance.over.figure.unwrap().value - 0.75).abs() < 1e-9 && own.reliance.under.figure.is_none(), "{own:?}");
        for viewer in [Some(bo), None] {
            assert_eq!(code(w.work_of(ada, viewer).await), Code::Forbidden);
        }
        w.people_metrics_set(&caller(), PeopleMetrics::Named, "agreed").await.unwrap();
        assert_eq!(w.work_of(ada, Some(bo)).await.unwrap().len(), 1);
        w.people_metrics_set(&caller(), PeopleMetrics::Off, "asked for").await.unwrap();
        kit.clock.advance(DAY);
        w.learn(&mut memory, true).await.unwrap();
        assert!(w.work_of(ada, Some(ada)).await.unwrap().is_empty(), "what is off is not kept");
    })
    .await;
}

/// Answers a whole session: at first `first`, with the advice what the AI says where `follow`.
async fn practise(kit: &Kit, person: PersonId, mut view: PracticeView, follow: bool) -> PracticeView {
    let by = Caller { actor: Actor::Person(person), source: Source::Api };
    let mut seen = Vec::new();
    while view.stage != "finished" {
        let case = view.case.clone().unwrap();
        assert_eq!(case.advice.is_some(), view.stage != "answer", "advice only after an own answer");
        assert_eq!(case.truth.is_some(), view.stage == "truth", "the truth only at the end");
        assert_eq!(case.case.is_some(), view.stage == "truth");
        assert!(case.fields.iter().all(|field| field.name != "group"), "a hidden field");
        let said = case.advice.as_ref().map(|advice| advice.answer.as_str().unwrap().to_owned());
        let answer = match view.stage.as_str() {
            "answer" => Some("billing".to_owned()),
            "advice" => said.filter(|_| follow).or(Some("billing".to_owned())),
            _ => {
                seen.extend(case.case);
                None
            }
        };
        let input = StepInput { person: None, step: view.step, answer };
        view = kit.workspace.practice_step(&by, person, view.session, input.clone()).await.unwrap();
        // Sent twice it is taken once.
        assert_eq!(kit.workspace.practice_step(&by, person, view.session, input).await.unwrap(), view);
    }
    seen.sort_unstable();
    let all = seen.len();
    seen.dedup();
    assert_eq!(seen.len(), all, "no case comes twice");
    view
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_is_measured_and_is_no_decision_no_label_and_teaches_nothing() {
    each_engine(65, |kit| async move {
        kit.publish(&playbook("blind", "")).await;
        let (ada, bo, w) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await, &kit.workspace);
        let by = caller();
        assert_eq!(code(w.practice_start(&by, "tickets", ada, Kind::Drill).await), Code::WrongState);
        let mut known = Vec::new();
        for n in 0..24 {
            known.push(past(&kit, &format!("charged {n} times"), "team", (if n % 3 == 0 { "bug" } else { "billing" }, "billing")).await);
        }
        // Ten of her own: she follows wrong advice.
        for n in 0..10 {
            let case = CaseId(kit.open(ticket(&kit, &format!("c{n}"), "charged twice", "team", "bug")).await.case);
            kit.decide(case, ada, "billing").await;
            let second = kit.show(case, ada).await;
            kit.answer(&second, ada, "bug").await.unwrap();
            outcome(&kit, case, "billing").await;
            known.push(case);
        }
        kit.clock.advance(3 * DAY);
        let mut memory = Memory::default();
        w.learn(&mut memory, true).await.unwrap();
        w.precedents_update().await.unwrap();
        let leaves = raw::number(kit.app.db(), "select count(*) from events").await;
        let learned = w.record("tickets").await.unwrap().unwrap().0.record.clone();

        let begun = w.practice_start(&by, "tickets", ada, Kind::Drill).await.unwrap();
        assert_eq!((begun.cases, begun.at, begun.stage.as_str()), (8, 1, "answer"));
        let again = w.practice_start(&by, "tickets", ada, Kind::Drill).await.unwrap();
        assert_eq!(again, begun, "what was begun is gone on with");
        assert_eq!(code(w.practice_get(bo, begun.session).await), Code::NotFound, "nobody else's");
        let wrong = StepInput { person: None, step: begun.step, answer: Some("unheard of".into()) };
        assert_eq!(code(w.practice_step(&by, ada, begun.session, wrong).await), Code::Invalid);
        // A case that is erased while one practises is passed by.
        let rows = raw::texts(kit.app.db(), "select content from practice").await;
        let content: serde_json::Value = serde_json::from_str(&rows[0]).unwrap();
        let second: uuid::Uuid = serde_json::from_value(content["items"][1]["case"].clone()).unwrap();
        assert!(known.contains(&CaseId(second)));
        let erased = w.case_get(CaseId(second), None).await.unwrap();
        let customer = erased.fields.iter().find(|field| field.name == "customer").unwrap().value.as_str().unwrap().to_owned();
        let subject = w.subject_find("tickets", &customer).await.unwrap().unwrap();
        w.subject_erase(&by, subject, "request").await.unwrap();
        // One that is erased while it is at hand, between the two answers, is passed by as well: nobody answered on what nobody sees.
        let first: uuid::Uuid = serde_json::from_value(content["items"][0]["case"].clone()).unwrap();
        let answer = |view: &PracticeView| StepInput { person: None, step: view.step, answer: Some("billing".into()) };
        let halfway = w.practice_step(&by, ada, begun.session, answer(&begun)).await.unwrap();
        assert_eq!((halfway.at, halfway.stage.as_str()), (1, "advice"));
        let erased = w.case_get(CaseId(first), None).await.unwrap();
        let customer = erased.fields.iter().find(|field| field.name == "customer").unwrap().value.as_str().unwrap().to_owned();
        let subject = w.subject_find("tickets", &customer).await.unwrap().unwrap();
        w.subject_erase(&by, subject, "request").await.unwrap();
        let begun = w.practice_step(&by, ada, halfway.session, answer(&halfway)).await.unwrap();
        assert_eq!((begun.at, begun.stage.as_str()), (3, "answer"));
        let leaves = leaves + 2;
        let done = practise(&kit, ada, begun, true).await.done.unwrap();
        assert_eq!((done.cases, done.first_right), (6, 6), "the truth is billing throughout");
        assert_eq!(done.last_right, done.ai_right, "she followed it");
        assert!((3..=5).contains(&(6 - done.ai_right)), "the AI is wrong in about half: {done:?}");
        assert_eq!((done.before.over.n, done.since.over.n, done.during.over.n), (10, 0, 6 - done.ai_right));
        let listed = w.practice_list(ada).await.unwrap();
        assert_eq!((listed.len(), listed[0].cases, w.practice_list(bo).await.unwrap().len()), (1, 6, 0));

        // No event was written, and what is learned is the same to the last bit.
        assert_eq!(raw::number(kit.app.db(), "select count(*) from events").await, leaves);
        kit.clock.advance(DAY);
        w.learn(&mut Memory::default(), true).await.unwrap();
        let mut after = w.record("tickets").await.unwrap().unwrap().0.record.clone();
        assert!(after.number > learned.number);
        (after.number, after.through, after.made_at) = (learned.number, learned.through, learned.made_at);
        assert_eq!(after, learned);

        // Since: two real answers in which she keeps her own.
        for n in 0..2 {
            let case = CaseId(kit.open(ticket(&kit, &format!("d{n}"), "charged twice", "team", "bug")).await.case);
            kit.decide(case, ada, "billing").await;
            let second = kit.show(case, ada).await;
            kit.answer(&second, ada, "billing").await.unwrap();
            outcome(&kit, case, "billing").await;
        }
        let since = w.practice_get(ada, listed[0].session).await.unwrap().done.unwrap().since;
        assert_eq!((since.over.n, since.over.figure), (2, None), "told with its n, and not enough yet");
        // The same answers, had they been given in earnest, would have been learned: otherwise nothing is proven above.
        kit.clock.advance(3 * DAY);
        w.learn(&mut Memory::default(), true).await.unwrap();
        let earnest = w.record("tickets").await.unwrap().unwrap().0.record.clone();
        assert!(earnest.people != learned.people && earnest.advice != learned.advice, "{earnest:?}");
        w.practice_delete(ada, listed[0].session).await.unwrap();
        assert_eq!(code(w.practice_get(ada, listed[0].session).await), Code::NotFound);
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_induction_comes_before_the_first_decision_where_it_is_wanted() {
    each_engine(67, |kit| async move {
        kit.publish(&playbook("assist", "induction = true")).await;
        let (ada, bo, w) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await, &kit.workspace);
        let by = caller();
        // Nothing has happened yet: it is read, and that is all.
        let view = w.induction("tickets", bo).await.unwrap();
        assert!(view.required && !view.done && view.regions.is_empty() && view.cases == 0);
        let done = w.practice_start(&by, "tickets", bo, Kind::Induction).await.unwrap();
        assert_eq!((done.stage.as_str(), done.cases), ("finished", 0));
        assert!(w.induction("tickets", bo).await.unwrap().done);

        for n in 0..60 {
            let (plan, ai) = if n % 2 == 0 { ("team", "billing") } else { ("free", if n % 4 == 1 { "bug" } else { "billing" }) };
            past(&kit, &format!("charged {n} times"), plan, (ai, "billing")).await;
        }
        kit.clock.advance(3 * DAY);
        w.learn(&mut Memory::default(), true).await.unwrap();
        w.precedents_update().await.unwrap();
        let case = CaseId(kit.open(ticket(&kit, "zoe", "charged", "team", "billing")).await.case);
        assert_eq!(code(w.claim(ada, case).await), Code::InductionRequired);
        assert_eq!(code(w.claim_next(ada, Some("tickets")).await), Code::InductionRequired);
        assert_eq!(code(w.claim_next(ada, None).await), Code::InductionRequired);
        assert_eq!(w.induction_due(ada, None).await.unwrap().as_deref(), Some("tickets"));
        assert_eq!(w.induction_due(bo, None).await.unwrap(), None);

        let view = w.induction("tickets", ada).await.unwrap();
        assert!(!view.done && view.cases == 8 && !view.regions.is_empty());
        let examples: Vec<bool> = view.regions.iter().flat_map(|region| &region.examples).map(|example| example.right).collect();
        assert!(examples.contains(&true) && examples.contains(&false), "{view:?}");
        let begun = w.practice_start(&by, "tickets", ada, Kind::Induction).await.unwrap();
        assert_eq!(code(w.claim(ada, case).await), Code::InductionRequired, "begun is not done");
        practise(&kit, ada, begun, false).await;
        assert!(w.induction("tickets", ada).await.unwrap().done);
        kit.decide(case, ada, "billing").await;
        let completed = w.events_from(0, 10_000).await.unwrap();
        let completed: Vec<_> = completed.iter().filter(|event| event.event["type"] == "induction.completed").collect();
        assert_eq!(completed.len(), 2);
        assert_eq!((&completed[1].event["body"]["person"], &completed[1].event["body"]["cases"]), (&json!(ada.0), &json!(8)));
        // Again it is practice, and no second event.
        let begun = w.practice_start(&by, "tickets", ada, Kind::Induction).await.unwrap();
        practise(&kit, ada, begun, true).await;
        let events = w.events_from(0, 10_000).await.unwrap();
        assert_eq!(events.iter().filter(|event| event.event["type"] == "induction.completed").count(), 2);
        kit.assert_sound().await;
    })
    .await;
}
