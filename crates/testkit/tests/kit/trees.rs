//! Trees learn here from what people answered, are held against the text model on the same cases, run in the shadow, are promoted by a decision, and
//! advise with the fields that speak for it. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    input::CaseInput,
    model::{Model, TREES, Way, job::Memory},
};
use countersign_core::id::CaseId;
use countersign_testkit::{Kit, caller, each_engine};
use serde_json::{Value, json};

const GRACE: i64 = 11_000_000;
const PLAYBOOK: &str = r#"
name = "refunds"
question = "Is it paid back?"
answer = { kind = "choice", options = ["pay", "refuse"] }

[fields]
amount = { type = "number" }
plan   = { type = "category", options = ["solo", "team"] }
text   = { type = "text" }
secret = { type = "boolean", audited = true, required = false }

[routing]
default = "assist"
"#;

async fn open(kit: &Kit, n: usize, (amount, plan): (usize, &str)) -> CaseId {
    let text = ["hello there", "since monday", "please help", "thank you"][n % 4];
    let fields = json!({ "amount": amount, "plan": plan, "text": text, "secret": paid(amount, plan) });
    let fields = fields.as_object().cloned().unwrap();
    CaseId(kit.open(CaseInput { playbook: "refunds".into(), fields, ..CaseInput::default() }).await.case)
}

/// What people do: they pay between two bounds, which hang on the plan.
fn paid(amount: usize, plan: &str) -> bool {
    if plan == "team" { (40..160).contains(&amount) } else { (80..120).contains(&amount) }
}

#[tokio::test]
async fn trees_learn_what_hangs_on_numbers_and_advise_once_people_promoted_them() {
    each_engine(161, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let (ada, w) = (kit.member("Ada", &[]).await, &kit.workspace);
        for n in 0..160 {
            let (amount, plan) = (n * 67 % 200, ["solo", "team"][n % 2]);
            let case = open(&kit, n, (amount, plan)).await;
            kit.decide(case, ada, if paid(amount, plan) { "pay" } else { "refuse" }).await;
        }
        let trained = w.model_train("refunds", Way::Best, &mut |_| {}).await.unwrap();
        let beside = trained.report.beside.clone().unwrap();
        assert!(matches!(trained.model, Model::Trees(_)) && beside.kind == "text" && beside.difference.low > 0.0, "{beside:?}");
        assert_eq!(trained.report.fields, ["amount", "plan", "text"], "what no model may see is not learned from");
        let known = w.model("refunds", trained.version()).await.unwrap();
        assert!(known.kind == TREES && known.card.as_ref() == Some(&trained.report), "{known:?}");
        let again = w.model_train("refunds", Way::Trees, &mut |_| {}).await.unwrap();
        assert_eq!(again.version(), trained.version(), "the same cases give the same file");

        let mut memory = Memory::default();
        w.model_shadow("refunds", Some(trained.version())).await.unwrap();
        let unseen = open(&kit, 1, (100, "solo")).await;
        assert_eq!(w.models_run(&mut memory).await.unwrap().said, 1);
        assert!(w.case_get(unseen, None).await.unwrap().proposals.is_empty(), "nobody sees the shadow");
        let asked = CaseId(w.model_promote(&caller(), "refunds", trained.version()).await.unwrap().case);
        kit.decide(asked, ada, "promote").await;
        kit.clock.advance(GRACE);
        assert_eq!(w.models_run(&mut memory).await.unwrap().promoted, 1);
        for (amount, plan, answer) in [(100, "solo", "pay"), (60, "team", "pay"), (60, "solo", "refuse"), (190, "team", "refuse")] {
            let view = w.case_get(open(&kit, 2, (amount, plan)).await, None).await.unwrap();
            let [proposal] = view.proposals.as_slice() else { panic!("{view:?}") };
            assert_eq!((proposal.proposer.as_str(), &proposal.answer), (TREES, &Value::from(answer)), "{amount} {plan}");
            assert!(!proposal.evidence.is_empty() && proposal.evidence.iter().all(|one| one.field != "secret"), "{proposal:?}");
            assert!(proposal.evidence.iter().any(|one| one.quote.as_deref() == Some(&*amount.to_string())), "{proposal:?}");
        }
        // A version of the playbook that takes a field away says so.
        let renamed = PLAYBOOK.replace("amount =", "sum    =");
        let warnings = w.playbook_publish(&caller(), &renamed, countersign_app::Options::default()).await.unwrap().warnings;
        assert!(warnings.iter().any(|one| one.contains(TREES) && one.contains("\"amount\"")), "{warnings:?}");
        kit.app.close().await;
    })
    .await;
}
