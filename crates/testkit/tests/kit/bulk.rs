//! Cases that are answered together, on both engines: each is shown in its line, judged and undone by itself; what is there for
//! somebody's own look is refused by name; and none of it counts as evidence of anybody.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Options,
    bulk::{BulkAnswer, BulkAnswers, BulkInput, BulkView},
    bundle,
    input::{CaseInput, ReasonInput},
};
use countersign_core::{
    event::{Body, Event},
    id::{CaseId, EventId, PersonId},
    limits::BULK_CASES_MAX,
};
use countersign_testkit::{Kit, caller, case, each_engine, playbook};
use uuid::Uuid;

/// A playbook that allows it, where an attack takes two signatures.
fn together(name: &str, route: &str, more: &str) -> String {
    format!("{}\n[decide]\nbulk = true\nsignatures = {{ default = 1, attack = 2 }}\n", playbook(name, route, more))
}

async fn look(kit: &Kit, person: PersonId, cases: &[Uuid], answer: Option<&str>) -> BulkView {
    let input = BulkInput { person: person.0, cases: cases.to_vec(), answer: answer.map(Into::into) };
    kit.workspace.bulk_show(&caller(), input).await.unwrap()
}

/// What the view would record, as it stands.
fn answers(person: PersonId, view: &BulkView) -> BulkAnswers {
    let lines = view.lines.iter().filter_map(|line| {
        let shown = line.shown.as_ref()?;
        Some(BulkAnswer { case: line.case, token: shown.token.clone(), answer: Some(shown.answer.clone()), accept: shown.accept })
    });
    BulkAnswers { person: person.0, judgments: lines.collect() }
}

fn why(view: &BulkView) -> Vec<String> {
    view.lines.iter().map(|line| line.refused.as_ref().map(|why| why.detail.clone()).unwrap_or_default()).collect()
}

async fn events(kit: &Kit, case: Uuid) -> Vec<Event> {
    let history = kit.workspace.case_history(CaseId(case), None).await.unwrap();
    history.iter().map(|view| Event::from_bytes(&serde_json::to_vec(&view.event).unwrap()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_are_answered_together_and_each_stands_by_itself() {
    each_engine(2_601, |kit| async move {
        kit.publish(&together("alerts", "assist", "")).await;
        let (ada, bo) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await);
        let mut cases = Vec::new();
        for n in 0..4 {
            cases.push(kit.open(case("alerts", &format!("a-{n}"), &format!("number {n}"))).await.case);
        }
        // One is another person's already, and one is decided.
        kit.workspace.claim(bo, CaseId(cases[2])).await.unwrap();
        kit.decide(CaseId(cases[3]), bo, "benign").await;
        let view = look(&kit, ada, &cases, None).await;
        let refused = why(&view);
        assert!(refused[0].is_empty() && refused[1].is_empty() && !refused[2].is_empty(), "{refused:?}");
        assert_eq!(refused[3], "the case is decided and waits for nobody's answer here");
        let line = view.lines[0].shown.as_ref().unwrap();
        assert_eq!((line.answer.as_str(), line.accept.is_some()), (Some("benign"), true));
        assert_eq!(line.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["text"]);

        // Shown in a line is not shown: opened by itself, a case is shown anew and whole.
        assert!(kit.workspace.case_sheet(CaseId(cases[0]), ada).await.unwrap().is_none());
        let given = answers(ada, &view);
        let done = kit.workspace.bulk_judge(&caller(), given.clone()).await.unwrap();
        assert!(done.lines.iter().all(|line| line.receipt.as_ref().is_some_and(|receipt| receipt.decision.is_some())), "{done:?}");
        // Sent again it is the same; another answer to the same showing is refused, and changes nothing.
        let again = kit.workspace.bulk_judge(&caller(), given.clone()).await.unwrap();
        assert_eq!(again.lines[0].receipt, done.lines[0].receipt);
        let mut other = given;
        other.judgments.iter_mut().for_each(|one| (one.answer, one.accept) = (Some("suspicious".into()), None));
        let other = kit.workspace.bulk_judge(&caller(), other).await.unwrap();
        assert_eq!(other.lines[0].refused.as_ref().unwrap().problem, "idempotency-mismatch");

        for (at, case) in cases[..2].iter().enumerate() {
            let events = events(&kit, *case).await;
            let shown = events.iter().find_map(|event| if let Body::CaseShown(body) = &event.body { Some(body) } else { None }).unwrap();
            assert!(shown.bulk && shown.unexplained && shown.advice_visible && shown.record.is_none() && shown.precedents.is_empty());
            let given =
                events.iter().find_map(|event| if let Body::JudgmentGiven(body) = &event.body { Some(body) } else { None }).unwrap();
            assert!(given.bulk && given.took.is_none() && given.accepts.is_some());
            // Each is undone by itself, within its grace.
            let decision = EventId(done.lines[at].receipt.as_ref().unwrap().decision.unwrap());
            let evidence = kit.workspace.bundle(decision, true, None).await.unwrap();
            assert!(bundle::verify(&evidence, None).unwrap().story.iter().any(|line| line.contains("DECIDED")));
            if at == 0 {
                let reason = ReasonInput { person: ada.0, reason: None };
                kit.workspace.decision_withdraw(&caller(), decision, reason, Options::default()).await.unwrap();
            }
        }
        assert_eq!(kit.workspace.case_get(CaseId(cases[0]), None).await.unwrap().state, "open");
        assert_eq!(kit.workspace.case_get(CaseId(cases[1]), None).await.unwrap().state, "decided");
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_for_an_own_look_is_refused_by_name() {
    each_engine(2_602, |kit| async move {
        for (name, route, more) in
            [("alerts", "assist", ""), ("blind", "blind", ""), ("alone", "unaided", ""), ("panel", "panel", "panel = 2")]
        {
            kit.publish(&together(name, route, more)).await;
        }
        kit.publish(&playbook("plain", "assist", "")).await;
        let ada = kit.member("Ada", &[]).await;
        let mut cases = Vec::new();
        for name in ["alerts", "blind", "alone", "panel", "plain"] {
            cases.push(kit.open(case(name, &format!("{name}-1"), "words")).await.case);
        }
        let silent = CaseInput { proposals: Vec::new(), ..case("alerts", "silent", "words") };
        cases.push(kit.open(silent).await.case);
        cases.push(Uuid::from_u128(7));
        let before = kit.workspace.info().await.unwrap().size;
        let refused = why(&look(&kit, ada, &cases[1..], None).await);
        let itself = "it goes by another playbook, or another version of it, than the first of these cases";
        assert_eq!(refused[0], "this case is to be looked at by itself");
        assert_eq!(refused[1], itself);
        assert_eq!(refused[5], "there is no such case");
        for (at, told) in [
            (2, "this case is to be looked at by itself"),
            (3, "this case is to be looked at by itself"),
            (4, "the playbook plain lets no cases be answered together"),
        ] {
            assert_eq!(why(&look(&kit, ada, &cases[at..=at], None).await), [told]);
        }
        assert_eq!(why(&look(&kit, ada, &cases[5..6], None).await).len(), 1);
        assert_eq!(
            why(&look(&kit, ada, &cases[..1], Some("attack")).await),
            ["“attack” takes 2 signatures, so this case is looked at by itself"]
        );
        assert_eq!(kit.workspace.info().await.unwrap().size, before, "what is refused writes nothing");
        assert!(kit.workspace.claims_of(ada).await.unwrap().is_empty(), "and holds nothing");

        // What was shown by itself is answered by itself.
        kit.workspace.claim(ada, CaseId(cases[0])).await.unwrap();
        let shown = kit.show(CaseId(cases[0]), ada).await;
        let judgments = vec![BulkAnswer { case: cases[0], token: shown.token, answer: Some("benign".into()), accept: None }];
        let done = kit.workspace.bulk_judge(&caller(), BulkAnswers { person: ada.0, judgments }).await.unwrap();
        assert_eq!(done.lines[0].refused.as_ref().unwrap().problem, "shown-token-invalid");
        // Two signatures are not given in a line, whatever was looked at.
        let view = look(&kit, ada, &cases[..1], None).await;
        let mut given = answers(ada, &view);
        (given.judgments[0].answer, given.judgments[0].accept) = (Some("attack".into()), None);
        let done = kit.workspace.bulk_judge(&caller(), given).await.unwrap();
        assert_eq!(done.lines[0].refused.as_ref().unwrap().problem, "wrong-state");

        for cases in [Vec::new(), vec![cases[0]; 2], vec![Uuid::nil(); BULK_CASES_MAX + 1]] {
            let input = BulkInput { person: ada.0, cases, answer: None };
            assert!(kit.workspace.bulk_show(&caller(), input).await.is_err());
        }
        kit.assert_sound().await;
    })
    .await;
}
