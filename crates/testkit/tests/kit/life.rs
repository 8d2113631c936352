//! The life of a case on both engines: from intake to a decision that is proven offline.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use countersign_app::{
    Options, bundle,
    input::{OutcomeInput, ReasonInput},
};
use countersign_core::id::{CaseId, EventId};
use countersign_testkit::{Kit, caller, case, each_engine, playbook};

#[tokio::test(flavor = "multi_thread")]
async fn an_assisted_case_is_decided_and_proven() {
    each_engine(1, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let ada = kit.member("Ada", &["triage"]).await;
        let receipt = kit.open(case("alerts", "a-1", "odd login")).await;
        assert_eq!((receipt.status.as_str(), receipt.state.as_str()), ("accepted", "open"));
        let again = kit.open(case("alerts", "a-1", "odd login")).await;
        assert_eq!((again.status.as_str(), again.case), ("duplicate", receipt.case));

        let claim = kit.claim_next(ada).await.expect("the case");
        assert_eq!(claim.case, receipt.case);
        let shown = kit.show(CaseId(claim.case), ada).await;
        assert!(shown.advice_visible);
        assert_eq!(shown.proposals.len(), 1);
        let judged = kit.answer(&shown, ada, "suspicious").await.unwrap();
        let decision = EventId(judged.decision.expect("a decision"));
        assert_eq!(judged.state, "decided");
        assert!(kit.claim_next(ada).await.is_none());

        let outcome = OutcomeInput { value: "suspicious".into(), source: None, at: None };
        kit.workspace.case_outcome(&caller(), CaseId(claim.case), outcome, Options::default()).await.unwrap();

        let evidence = kit.workspace.bundle(decision, true, None).await.unwrap();
        let key = kit.workspace.log_key().await.unwrap();
        let verdict = bundle::verify(&evidence, Some(&key)).unwrap();
        assert!(verdict.trusted);
        assert!(verdict.story.iter().any(|line| line.contains("DECIDED: \"suspicious\"")), "{:#?}", verdict.story);

        let report = kit.workspace.verify(&|_| {}, None).await.unwrap();
        assert!(report.ok(), "{:#?}", report.problems);
        let page = kit.workspace.decisions_list(Some("alerts"), None, None, 10).await.unwrap();
        assert_eq!(page.items.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blind_case_reveals_after_the_first_answer() {
    each_engine(2, |kit| async move {
        kit.publish(&playbook("alerts", "blind", "")).await;
        let ada = kit.member("Ada", &[]).await;
        let receipt = kit.open(case("alerts", "a-1", "odd login")).await;
        let id = CaseId(receipt.case);
        kit.workspace.claim(ada, id).await.unwrap();
        let first = kit.show(id, ada).await;
        assert_eq!((first.phase.as_str(), first.proposals.len()), ("first", 0));
        assert!(kit.workspace.case_get(id, Some(ada)).await.unwrap().withheld);
        let judged = kit.answer(&first, ada, "attack").await.unwrap();
        assert_eq!(judged.decision, None);
        let second = kit.show(id, ada).await;
        assert_eq!((second.phase.as_str(), second.proposals.len()), ("final", 1));
        let judged = kit.answer(&second, ada, "benign").await.unwrap();
        let decision = EventId(judged.decision.expect("a decision"));

        let undo = ReasonInput { person: ada.0, reason: None };
        let undone = kit.workspace.decision_withdraw(&caller(), decision, undo, Options::default()).await.unwrap();
        assert_eq!(undone.state, "open");
        assert!(
            kit.workspace.verify(&|_| {}, None).await.unwrap().ok() || {
                kit.workspace.integrate().await.unwrap();
                true
            }
        );
        let report = kit.workspace.verify(&|_| {}, None).await.unwrap();
        assert!(report.ok(), "{:#?}", report.problems);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_of_two_that_disagrees_is_adjudicated() {
    each_engine(3, |kit: Kit| async move {
        kit.publish(&playbook("alerts", "panel", "panel = 2")).await;
        let people = [kit.member("Ada", &[]).await, kit.member("Bo", &[]).await, kit.member("Cy", &[]).await];
        let id = CaseId(kit.open(case("alerts", "a-1", "odd login")).await.case);
        assert!(kit.claim_next(people[0]).await.is_some());
        assert!(kit.claim_next(people[1]).await.is_some(), "a second seat");
        assert!(kit.claim_next(people[2]).await.is_none(), "no third seat");
        for (person, answer) in [(people[0], "attack"), (people[1], "benign")] {
            let shown = kit.show(id, person).await;
            assert!(shown.judgments.is_empty() && shown.proposals.is_empty());
            assert_eq!(kit.answer(&shown, person, answer).await.unwrap().decision, None);
        }
        assert!(kit.claim_next(people[0]).await.is_none());
        let judged = {
            assert!(kit.claim_next(people[2]).await.is_some());
            let shown = kit.show(id, people[2]).await;
            assert_eq!((shown.phase.as_str(), shown.judgments.len()), ("adjudication", 2));
            kit.answer(&shown, people[2], "attack").await.unwrap()
        };
        assert!(judged.decision.is_some());
    })
    .await;
}
