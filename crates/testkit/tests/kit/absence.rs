//! Who is away is counted on by nobody: what only they could answer is held and says so, goes on when they are back, and nothing that was
//! answered is lost. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::input::{AwayInput, Moment};
use countersign_core::{
    id::{CaseId, PersonId},
    refusal::Code,
};
use countersign_testkit::{Kit, case, each_engine, own, playbook, refusal};

const DAY: i64 = 86_400_000_000;

fn days(kit: &Kit, from: i64, until: i64, stand_in: Option<PersonId>) -> AwayInput {
    let at = |days: i64| Moment::Micros(kit.clock.now() + days * DAY);
    AwayInput { from: Some(at(from)), until: at(until), stand_in: stand_in.map(|person| person.0) }
}

/// Where a case stands, and whether it waits for somebody who is away.
async fn stands(kit: &Kit, case: CaseId) -> (String, bool) {
    let state = kit.workspace.case_get(case, None).await.unwrap().state;
    let why = kit.workspace.case_explain(case, None).await.unwrap();
    assert!(why.matches, "{:?}", why.difference);
    (state, why.sentence.contains("because too many of those who may decide are away"))
}

fn is(found: &(String, bool), state: &str, reason: &str) {
    assert_eq!((found.0.as_str(), found.1), (state, reason == "away"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_that_cannot_be_filled_holds_and_goes_on_with_what_was_answered() {
    each_engine(181, |kit| async move {
        kit.publish(&playbook("moves", "panel", "panel = 2")).await;
        kit.publish(&playbook("notes", "assist", "")).await;
        let workspace = &kit.workspace;
        let (ada, bo) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await);
        workspace.person_away(&own(bo), bo, days(&kit, 1, 3, Some(ada))).await.unwrap();
        let before = CaseId(kit.open(case("moves", "m-1", "knight to f6")).await.case);
        is(&stands(&kit, before).await, "open", "default");
        kit.decide(before, ada, "attack").await;
        // The day comes: it is noticed once, on one node, and what Ada answered stands.
        kit.clock.advance(DAY + 1);
        let (app, other) = kit.second_node(182).await;
        let looked = [workspace.absences_look().await.unwrap(), other.absences_look().await.unwrap()];
        assert_eq!(looked.iter().filter(|looked| **looked).count(), 1);
        app.close().await;
        kit.rerouted().await;
        is(&stands(&kit, before).await, "held", "away");
        let during = CaseId(kit.open(case("moves", "m-2", "knight to g5")).await.case);
        is(&stands(&kit, during).await, "held", "away");
        assert!(kit.claim_next(ada).await.is_none());
        // One who is there decides what one decides.
        let note = CaseId(kit.open(case("notes", "n-1", "a note")).await.case);
        is(&stands(&kit, note).await, "open", "default");
        let away = workspace.person_get(bo).await.unwrap().away.unwrap();
        assert!(away.now && away.stand_in_name.as_deref() == Some("Ada"));

        kit.clock.advance(2 * DAY);
        assert!(workspace.absences_look().await.unwrap() && !workspace.absences_look().await.unwrap());
        kit.rerouted().await;
        is(&stands(&kit, before).await, "open", "default");
        is(&stands(&kit, during).await, "open", "default");
        assert!(workspace.person_get(bo).await.unwrap().away.is_none());
        assert!(kit.decide(before, bo, "attack").await.decision.is_some(), "two answered, one of them before");
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_everybody_is_away_cases_wait_and_whoever_is_back_early_says_so() {
    each_engine(183, |kit| async move {
        kit.publish(&playbook("notes", "assist", "")).await;
        let workspace = &kit.workspace;
        let (ada, bo) = (kit.member("Ada", &["lead"]).await, kit.member("Bo", &[]).await);
        let open = CaseId(kit.open(case("notes", "n-1", "a note")).await.case);
        for (who, by) in [(ada, ada), (bo, ada)] {
            workspace.person_away(&own(by), who, days(&kit, 0, 14, None)).await.unwrap();
        }
        kit.rerouted().await;
        is(&stands(&kit, open).await, "held", "away");
        assert_eq!(refusal(workspace.person_back(&own(bo), ada).await).code, Code::Forbidden, "Bo says nothing of others");
        workspace.person_back(&own(bo), bo).await.unwrap();
        kit.rerouted().await;
        is(&stands(&kit, open).await, "open", "default");
        kit.decide(open, bo, "benign").await;
        // What is said has to be possible.
        for (input, field) in [
            (days(&kit, 3, 2, None), "/until"),
            (days(&kit, -3, -2, None), "/until"),
            (days(&kit, 0, 400, None), "/until"),
            (days(&kit, 0, 1, Some(bo)), "/stand_in"),
            (days(&kit, 0, 1, Some(PersonId(uuid::Uuid::nil()))), "/stand_in"),
        ] {
            assert_eq!(refusal(workspace.person_away(&own(bo), bo, input).await).field.as_deref(), Some(field));
        }
        kit.assert_sound().await;
    })
    .await;
}
