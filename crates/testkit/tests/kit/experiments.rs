//! Experiments from their start to their end: cases enter by committed draws, every route is derived again, advice is shown as assigned,
//! what came of it is learned, stop rules stop, and only people start and stop by hand. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Caller, Error, Options,
    experiment::{ArmInput, ExperimentInput, ExperimentStopInput, ExperimentView},
    input::{OutcomeInput, ProposalInput},
    learner::Memory,
};
use countersign_core::{
    id::{CaseId, EventId, PersonId},
    refusal::Code,
};
use countersign_testkit::{Kit, caller, each_engine, judgment, own, playbook};
use serde_json::json;

const DAY: i64 = 86_400_000_000;
/// Of the testkit's playbook.
const CHOOSE: &str = "choose = [\"assist\", \"unaided\"]";

fn arm(route: &str) -> ArmInput {
    ArmInput { route: route.into(), ..ArmInput::default() }
}

fn input(person: PersonId, arms: Vec<ArmInput>, measure: &str, cases_max: u64) -> ExperimentInput {
    ExperimentInput {
        question: None,
        arms,
        share: 0.8,
        measure: measure.into(),
        certainty: None,
        harm: None,
        cases_max,
        person: Some(person.0),
    }
}

fn refused(result: Result<ExperimentView, Error>) -> Code {
    match result {
        Err(Error::Refused(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    }
}

/// Decides cases: how long each takes and whether it is right depends on whether advice was in view.
async fn work(kit: &Kit, person: PersonId, cases: usize, seconds: (f64, f64), right: (f64, f64)) -> usize {
    let mut entered = 0;
    for n in 0..cases {
        let mut case = countersign_testkit::case("alerts", &format!("case-{n}-{}", kit.clock.now()), "an alert");
        case.proposals[0].explanation = Some("because of the header".into());
        let receipt = kit.open(case).await;
        let id = CaseId(receipt.case);
        kit.workspace.claim(person, id).await.unwrap();
        let shown = kit.show(id, person).await;
        let pick = |(without, with): (f64, f64)| if shown.advice_visible { with } else { without };
        // The golden ratio spreads evenly, whatever the order.
        let even = (n as f64 * 0.618_033_988_75).fract();
        let spread = 0.6 + 0.8 * even;
        let answer = if even < pick(right) { "benign" } else { "attack" };
        let given = countersign_app::input::JudgmentInput { seconds: Some(pick(seconds) * spread), ..judgment(&shown, person, answer) };
        kit.clock.advance(400_000_000);
        kit.workspace.case_judge(&caller(), id, given, Options::default()).await.unwrap();
        let explained = kit.workspace.case_explain(id, None).await.unwrap();
        assert!(explained.matches, "{explained:?}");
        entered += usize::from(explained.sentence.contains("enters an experiment"));
        let outcome = OutcomeInput { value: json!("benign"), source: None, at: None };
        kit.workspace.case_outcome(&caller(), id, outcome, Options::default()).await.unwrap();
    }
    entered
}

#[tokio::test(flavor = "multi_thread")]
async fn advice_that_makes_people_quicker_is_shown_to_and_the_experiment_ends() {
    each_engine(41, |kit| async move {
        kit.publish(&playbook("alerts", "assist", CHOOSE)).await;
        let ada = kit.member("Ada", &[]).await;
        let arms = vec![arm("unaided"), arm("assist")];
        // Only a person starts, in their own name, what the playbook allows, one at a time.
        let start = async |who: Caller, input| kit.workspace.experiment_start(&who, "alerts", input).await;
        assert_eq!(refused(start(caller(), input(ada, arms.clone(), "time", 400)).await), Code::Forbidden);
        assert_eq!(refused(start(own(ada), input(ada, vec![arm("assist"), arm("panel")], "time", 400)).await), Code::Invalid);
        assert_eq!(refused(start(own(ada), input(ada, vec![arm("assist"), arm("assist")], "time", 400)).await), Code::Invalid);
        let started = start(own(ada), input(ada, arms.clone(), "time", 400)).await.unwrap();
        assert_eq!(refused(start(own(ada), input(ada, arms, "time", 400)).await), Code::Conflict);
        assert_eq!((started.arms[0].name.as_str(), started.arms[1].name.as_str()), ("without advice", "with advice"));

        let entered = work(&kit, ada, 60, (60.0, 36.0), (0.8, 0.8)).await;
        assert!((36..60).contains(&entered), "{entered} of 60 at a share of 0.8");
        kit.clock.advance(4 * DAY);
        let mut memory = Memory::default();
        let round = kit.workspace.learn(&mut memory, false).await.unwrap();
        assert!(round.ended.is_empty(), "{:?}", round.ended);
        let view = kit.workspace.experiment(EventId(started.experiment)).await.unwrap();
        assert_eq!(view.arms.iter().map(|arm| arm.assigned).sum::<u64>(), entered as u64);

        let entered = entered + work(&kit, ada, 200, (60.0, 36.0), (0.8, 0.8)).await;
        kit.clock.advance(4 * DAY);
        let round = kit.workspace.learn(&mut memory, true).await.unwrap();
        assert_eq!(round.ended.len(), 1, "{round:?}");
        let view = kit.workspace.experiment(EventId(started.experiment)).await.unwrap();
        let stopped = view.stopped.as_ref().unwrap();
        assert_eq!((stopped.cause.as_str(), &stopped.person), ("enough", &None));
        let pace = view.differences.iter().find(|d| d.measure == "pace").unwrap();
        assert!(pace.shown && pace.low < 0.6 && 0.6 < pace.high, "{pace:?}");
        let [said, why] = [&view.answer[0], &stopped.reason];
        assert!(said.contains("less time") && said.matches(", n = ").count() == 2, "each figure with its n: {said}");
        assert!(
            why.contains("with advice differs from without advice by -") && why.contains(" minutes a case [-") && why.contains(", n = "),
            "{why}"
        );
        assert!(!view.trail.is_empty() && view.arms.iter().map(|arm| arm.assigned).sum::<u64>() == entered as u64);
        // It has ended: nothing more enters, nobody can stop it again, every route is derived again, and another one may start.
        assert_eq!(work(&kit, ada, 5, (60.0, 36.0), (0.8, 0.8)).await, 0);
        let stop = ExperimentStopInput { reason: "enough".into(), person: Some(ada.0) };
        assert_eq!(refused(kit.workspace.experiment_stop(&own(ada), EventId(started.experiment), stop).await), Code::WrongState);
        let all = kit.workspace.explain_all(&|_, _| {}).await.unwrap();
        assert_eq!((all.routes, all.different), (265, 0), "{:?}", all.differences);
        // A learner that starts again finds the same, and says nothing twice.
        let round = kit.workspace.learn(&mut Memory::default(), true).await.unwrap();
        assert!(round.ended.is_empty());
        let again = kit.workspace.experiment(EventId(started.experiment)).await.unwrap();
        assert_eq!((again.differences, again.arms), (view.differences, view.arms));
        start(own(ada), input(ada, vec![arm("unaided"), arm("assist")], "accuracy", 100)).await.unwrap();
        kit.app.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn advice_that_harms_stops_its_experiment() {
    each_engine(42, |kit| async move {
        kit.publish(&playbook("alerts", "assist", CHOOSE)).await;
        let ada = kit.member("Ada", &[]).await;
        let input = input(ada, vec![arm("unaided"), arm("assist")], "time", 2_000);
        let started = kit.workspace.experiment_start(&own(ada), "alerts", input).await.unwrap();
        work(&kit, ada, 200, (60.0, 60.0), (0.95, 0.5)).await;
        kit.clock.advance(4 * DAY);
        let round = kit.workspace.learn(&mut Memory::default(), true).await.unwrap();
        assert_eq!(round.ended.len(), 1, "{round:?}");
        let view = kit.workspace.experiment(EventId(started.experiment)).await.unwrap();
        let stopped = view.stopped.unwrap();
        assert_eq!(stopped.cause, "harm");
        assert!(stopped.reason.starts_with("with advice is right less often than without advice: by "), "{}", stopped.reason);
        kit.app.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn advice_is_shown_as_its_way_wants_it() {
    each_engine(43, |kit| async move {
        kit.publish(&playbook("alerts", "assist", CHOOSE)).await;
        let ada = kit.member("Ada", &[]).await;
        let bare = ArmInput { proposer: Some("m2".into()), explanation: Some(false), ..arm("assist") };
        let mut asked = input(ada, vec![arm("assist"), bare], "accuracy", 100);
        asked.share = 1.0;
        let started = kit.workspace.experiment_start(&own(ada), "alerts", asked).await.unwrap();
        assert_eq!(started.arms[1].name, "with advice of m2, unexplained");
        let (mut whole, mut some) = (0, 0);
        for n in 0..20 {
            let mut case = countersign_testkit::case("alerts", &format!("case-{n}"), "an alert");
            case.proposals[0].explanation = Some("because of the header".into());
            // Without a word of m2 a case does not enter: it would not be shown what its way wants.
            if n > 3 {
                let more = ProposalInput { proposer: "m2".into(), explanation: Some("the sender".into()), ..case.proposals[0].clone() };
                case.proposals.push(more);
            }
            let id = CaseId(kit.open(case).await.case);
            kit.workspace.claim(ada, id).await.unwrap();
            let shown = kit.show(id, ada).await;
            let told: Vec<(&str, bool)> = shown.proposals.iter().map(|p| (p.proposer.as_str(), p.explanation.is_some())).collect();
            match told.as_slice() {
                [("m1", true)] => assert!(n <= 3),
                [("m1", true), ("m2", true)] => whole += 1,
                [("m2", false)] => some += 1,
                other => panic!("{other:?}"),
            }
            kit.answer(&shown, ada, "benign").await.unwrap();
            assert!(kit.workspace.case_explain(id, None).await.unwrap().matches);
        }
        assert!(whole > 0 && some > 0 && whole + some == 16, "{whole} {some}");
        let stop = ExperimentStopInput { reason: "seen enough".into(), person: Some(ada.0) };
        let view = kit.workspace.experiment_stop(&own(ada), EventId(started.experiment), stop).await.unwrap();
        let stopped = view.stopped.unwrap();
        assert_eq!((stopped.cause.as_str(), stopped.person.as_deref()), ("person", Some("Ada")));
        kit.app.close().await;
    })
    .await;
}
