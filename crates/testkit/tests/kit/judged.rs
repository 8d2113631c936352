//! A queue whose truth nobody ever learns: a promise about what people answer without advice is planned on their answers, earned on
//! later ones, and watched by its blind audits. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{learner::Memory, view::Receipt};
use countersign_core::id::{CaseId, PersonId};
use countersign_testkit::{Kit, each_engine};
use serde_json::json;

const DAY: i64 = 86_400_000_000;
const PLAYBOOK: &str = r#"
name = "drafts"
question = "Is it fit to be sent?"

[answer]
kind = "choice"
options = ["benign", "attack"]

[fields]
text = { type = "text", title = true }

[costs]
error = { default = 1.0 }
minute = 0.1

[routing]
default = "unaided"
automate = { max_error = 0.2, certainty = 0.8, audit = 0.5, against = "judgments" }
"#;

async fn opened(kit: &Kit, cases: usize) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    for n in 0..cases {
        let mut case = countersign_testkit::case("drafts", &format!("{n}-{}", kit.clock.now()), "a draft");
        case.fields = json!({ "text": format!("draft {n}") }).as_object().cloned().unwrap();
        case.proposals[0].probabilities = json!({ "benign": 0.95, "attack": 0.05 }).as_object().cloned();
        receipts.push(kit.open(case).await);
    }
    receipts
}

async fn answered(kit: &Kit, cases: usize, by: PersonId, differs: usize) {
    for (n, receipt) in opened(kit, cases).await.iter().enumerate() {
        let answer = if n % differs == 1 { "attack" } else { "benign" };
        let done = kit.decide(CaseId(receipt.case), by, answer).await;
        assert_eq!(done.state, "decided");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_about_agreement_is_earned_and_watched_without_any_outcome() {
    each_engine(93, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let ada = kit.member("Ada", &[]).await;
        let before = kit.workspace.promise("drafts").await.unwrap().unwrap();
        assert_eq!(before.against, "judgments");
        answered(&kit, 205, ada, 50).await;
        kit.clock.advance(DAY);
        let mut memory = Memory::default();
        kit.workspace.learn(&mut memory, false).await.unwrap();
        let track = kit.workspace.track("drafts").await.unwrap().unwrap();
        assert_eq!((track.labels.as_str(), track.matured, track.overdue), ("judgments", 205, 0), "{track:?}");
        let test = track.test.unwrap();
        assert!(test.regions.len() == 1 && (10..80).contains(&test.regions[0].1), "{test:?}");
        assert!(track.regions[0].people.is_none(), "who of them is right is not known");

        kit.clock.advance(DAY);
        answered(&kit, 80, ada, 50).await;
        kit.clock.advance(DAY);
        kit.workspace.learn(&mut memory, false).await.unwrap();
        let track = kit.workspace.track("drafts").await.unwrap().unwrap();
        let [certificate] = track.certificates.as_slice() else { panic!("{track:?}") };
        assert!(certificate.in_force && certificate.against == "judgments", "{certificate:?}");
        let cases = opened(&kit, 30).await;
        let automated: Vec<&Receipt> = cases.iter().filter(|receipt| receipt.decision.is_some()).collect();
        assert!((5..26).contains(&automated.len()), "{}", automated.len());
        let why = kit.workspace.case_explain(CaseId(automated[0].case), None).await.unwrap();
        assert!(why.matches && why.sentence.contains("other answers of people without advice"), "{}", why.sentence);

        // People answer the audits otherwise: automation stops, although not one outcome was ever seen.
        for receipt in opened(&kit, 60).await.iter().filter(|receipt| receipt.decision.is_none()) {
            let case = CaseId(receipt.case);
            kit.workspace.claim(ada, case).await.unwrap();
            let shown = kit.show(case, ada).await;
            kit.answer(&shown, ada, "attack").await.unwrap();
        }
        for receipt in cases.iter().filter(|receipt| receipt.decision.is_none()) {
            let case = CaseId(receipt.case);
            kit.workspace.claim(ada, case).await.unwrap();
            let shown = kit.show(case, ada).await;
            kit.answer(&shown, ada, "attack").await.unwrap();
        }
        kit.clock.advance(DAY);
        let round = kit.workspace.learn(&mut memory, false).await.unwrap();
        assert_eq!(round.broken.len(), 1, "{round:?}");
        assert!(opened(&kit, 3).await.iter().all(|receipt| receipt.state == "open"));
        let explained = kit.workspace.explain_all(&|_, _| {}).await.unwrap();
        assert_eq!(explained.different, 0);
    })
    .await;
}
