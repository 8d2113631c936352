//! While a model is young, people get sooner what it learns from, a share by lot, and every figure rests on that share. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{input::CaseInput, model::Way, model::job::Memory, model::promotion, reroute::Rerouted};
use countersign_core::id::{CaseId, PersonId};
use countersign_testkit::{Kit, caller, each_engine, raw};
use serde_json::json;
use std::collections::BTreeMap;

const PLAYBOOK: &str = r#"
name = "tickets"
question = "Where should this ticket go?"
answer = { kind = "choice", options = ["billing", "bug"] }

[fields]
subject = { type = "text", title = true }
note    = { type = "text", personal = true, required = false }

[learning]
order = "uncertain"
lot   = 0.5
"#;

/// What the AI of nobody makes of these is told by a word: of `maybe` it knows nothing yet.
fn input(n: usize, words: &str) -> CaseInput {
    let fields =
        json!({ "subject": format!("please look at the {words} since {} days", n % 7), "note": format!("{words} of customer {n}") });
    CaseInput { playbook: "tickets".into(), fields: fields.as_object().cloned().unwrap(), ..CaseInput::default() }
}

const WORDS: [&str; 3] = ["invoice again", "crash again", "invoice crash again"];

async fn open(kit: &Kit, n: usize, kind: usize) -> CaseId {
    CaseId(kit.open(input(n, WORDS[kind])).await.case)
}

async fn decided(kit: &Kit, people: &[PersonId], range: std::ops::Range<usize>) {
    for n in range {
        let case = open(kit, n, n % 2).await;
        kit.decide(case, people[n % people.len()], ["billing", "bug"][n % 2]).await;
    }
}

/// Whether it says that the place is a young model's, or the lot's.
fn placed(said: &str) -> bool {
    said.contains("drawn by lot") || said.contains("sooner than it is due")
}

/// What the explanation of a route says of the place in the queue.
async fn place(kit: &Kit, case: CaseId) -> String {
    let told = kit.workspace.case_explain(case, None).await.unwrap();
    assert!(told.matches, "{told:?}");
    told.sentence
}

#[tokio::test]
async fn the_queue_is_ordered_by_what_a_young_model_learns_from_and_figures_rest_on_the_lot() {
    each_engine(71, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let people = [kit.member("Ada", &[]).await, kit.member("Ben", &[]).await, kit.member("Cy", &[]).await];
        decided(&kit, &people, 0..60).await;
        let mut waiting: BTreeMap<CaseId, usize> = BTreeMap::new();
        for n in 0..60 {
            // Of these the last are of the kind that the model is unsure of.
            let kind = if n < 36 { n % 2 } else { 2 };
            waiting.insert(open(&kit, 100 + n, kind).await, kind);
        }
        assert!(!placed(&place(&kit, *waiting.keys().next().unwrap()).await), "nothing has learned yet: as ever");
        kit.workspace.model_train("tickets", Way::Text, &mut |_| {}).await.unwrap();
        assert_eq!(kit.workspace.reroute_all().await.unwrap(), Rerouted { looked: 60, rerouted: 60 }, "what waits is looked at again");
        let again = kit.workspace.model_train("tickets", Way::Text, &mut |_| {}).await.unwrap();
        assert_eq!(kit.workspace.reroute_all().await.unwrap(), Rerouted { looked: 60, rerouted: 0 }, "the same model says the same");
        assert_eq!(again.report.sought, 0);

        let (mut sought, mut by_lot) = (Vec::new(), Vec::new());
        for (case, kind) in &waiting {
            let (said, view) = (place(&kit, *case).await, kit.workspace.case_get(*case, None).await.unwrap());
            assert!(view.proposals.is_empty() && view.route == "unaided", "it advises nobody");
            assert_eq!(view.sought, said.contains("sooner than it is due"), "{said}");
            assert!(view.sought || said.contains("drawn by lot"), "{said}");
            if view.sought { sought.push(*kind) } else { by_lot.push(*case) }
        }
        assert!((18..=42).contains(&by_lot.len()), "about half of them: {}", by_lot.len());
        // The first that are served for the model's sake are of the kind that it is unsure of, though these came last.
        let mut served = Vec::new();
        for n in 0..40 {
            let case = CaseId(kit.claim_next(people[n % 3]).await.unwrap().case);
            let kind = waiting[&case];
            served.push((kit.workspace.case_get(case, None).await.unwrap().sought, kind));
            let shown = kit.show(case, people[n % 3]).await;
            kit.answer(&shown, people[n % 3], ["billing", "bug", "bug"][kind]).await.unwrap();
        }
        let unsure = sought.iter().filter(|kind| **kind == 2).count();
        let first: Vec<usize> = served.iter().filter(|(sought, _)| *sought).map(|(_, kind)| *kind).take(unsure.div_ceil(2)).collect();
        assert!(unsure >= 2 && first.iter().all(|kind| *kind == 2), "{unsure} of {sought:?}: {served:?}");
        let lots = served.iter().filter(|(sought, _)| !sought).count();
        assert!(lots >= 10, "the lot is served as it goes on: {lots} of 40");

        let trained = kit.workspace.model_train("tickets", Way::Text, &mut |_| {}).await.unwrap();
        let report = &trained.report;
        assert_eq!((report.examples, report.sought, report.accuracy.n), (100, 40 - lots as u64, 60 + lots as u64));
        figures_of_others(&kit, &people, trained.version()).await;
        assert_eq!(kit.workspace.explain_all(&|_, _| {}).await.unwrap().different, 0);
        kit.app.close().await;
    })
    .await;
}

/// A shadow is judged by what was not sought; once a model advises, nothing is ordered by what it learns.
async fn figures_of_others(kit: &Kit, people: &[PersonId], version: &str) {
    kit.workspace.model_shadow("tickets", Some(version)).await.unwrap();
    let mut memory = Memory::default();
    let mut sought = 0;
    for n in 0..40 {
        let case = open(kit, 300 + n, n % 3).await;
        sought += u64::from(kit.workspace.case_get(case, None).await.unwrap().sought);
        kit.decide(case, people[n % 3], ["billing", "bug", "bug"][n % 3]).await;
    }
    assert_eq!(kit.workspace.models_run(&mut memory).await.unwrap().said, 40);
    let model = kit.workspace.model("tickets", version).await.unwrap();
    assert!((5..=35).contains(&sought) && model.since.unwrap().n == 40 - sought, "{sought} of 40 were sought");

    let case = CaseId(kit.workspace.model_promote(&caller(), "tickets", version).await.unwrap().case);
    kit.decide(case, people[0], "promote").await;
    kit.clock.advance(11_000_000);
    assert_eq!(kit.workspace.models_run(&mut memory).await.unwrap().promoted, 1);
    let advised = open(kit, 400, 2).await;
    assert!(!placed(&place(kit, advised).await) && !kit.workspace.case_get(advised, None).await.unwrap().sought);
    let none = CaseId(kit.workspace.model_promote(&caller(), "tickets", promotion::NONE).await.unwrap().case);
    kit.decide(none, people[1], "promote").await;
    kit.clock.advance(11_000_000);
    kit.workspace.models_run(&mut memory).await.unwrap();
    kit.clock.advance(1_000_000);
    assert!(placed(&place(kit, open(kit, 401, 2).await).await), "nobody is advised any more, and the model is young still");
    let (before, after) =
        (raw::number(kit.app.db(), "select cast(sum(priority_at) as bigint) from cases").await, kit.workspace.projections_rebuild().await);
    after.unwrap();
    assert_eq!(
        raw::number(kit.app.db(), "select cast(sum(priority_at) as bigint) from cases").await,
        before,
        "the order follows from the ledger"
    );
}
