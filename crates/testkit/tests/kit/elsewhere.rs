//! A model that was trained elsewhere comes as an ONNX file, is tried, runs in the shadow, is promoted by a decision, and advises; and the card
//! of one that learned here says how it does by group. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Error, Options,
    input::CaseInput,
    model::{ONNX, Way, job::Memory},
};
use countersign_core::id::CaseId;
use countersign_testkit::{Kit, caller, each_engine};
use serde_json::{Value, json};

const FOREST: &[u8] = include_bytes!("../../../onnx/tests/fixtures/forest.onnx");
const GRACE: i64 = 11_000_000;
const PLAYBOOK: &str = r#"
name = "refunds"
question = "What is to be done?"
answer = { kind = "choice", options = ["refund", "explain", "forward"] }

[fields]
amount = { type = "number", required = false }
age    = { type = "number", required = false }
urgent = { type = "boolean" }
plan   = { type = "category", options = ["team", "free"] }
text   = { type = "text", required = false }
region = { type = "category", audited = true, required = false }

[routing]
default = "assist"
"#;
const MAPPING: &str = r#"
[[columns]]
field = "amount"
neutral = 107.9
[[columns]]
field = "age"
neutral = 53.3
missing = 53.3
[[columns]]
field = "urgent"
neutral = 0.5
[[columns]]
field = "plan"
equals = "team"
neutral = 0.5
"#;

async fn open(kit: &Kit, fields: Value) -> CaseId {
    let fields = fields.as_object().cloned().unwrap();
    CaseId(kit.open(CaseInput { playbook: "refunds".into(), fields, ..CaseInput::default() }).await.case)
}

fn refused(error: Error) -> String {
    error.refusal().detail
}

#[tokio::test]
async fn a_model_from_elsewhere_is_tried_shadowed_promoted_and_advises() {
    each_engine(141, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let (ada, w) = (kit.member("Ada", &[]).await, &kit.workspace);
        open(&kit, json!({ "urgent": true, "plan": "free" })).await;
        let import = async |onnx: &[u8], mapping: &str| w.model_import("refunds", onnx.to_vec(), mapping).await;
        for (onnx, mapping, says) in [
            (&b"no model"[..], MAPPING.to_owned(), "this model cannot be read: its bytes are no ONNX model"),
            (FOREST, MAPPING.replace("\"age\"", "\"region\""), "column 2 (region): no model sees this field: it is audited"),
            (
                FOREST,
                MAPPING.replacen("[[columns]]\nfield = \"amount\"\nneutral = 107.9\n", "", 1),
                "it names 3 columns, and the model has 4",
            ),
            (FOREST, "columns = 1".to_owned(), "the mapping does not fit"),
            (FOREST, MAPPING.to_owned(), "was tried on 1 cases and had an answer on none: the case has no amount, which this model needs"),
        ] {
            let said = refused(import(onnx, &mapping).await.unwrap_err());
            assert!(said.contains(says), "{said:?} does not say {says:?}");
        }
        assert!(w.models("refunds").await.unwrap().models.is_empty(), "nothing of that was kept");

        let whole = json!({ "amount": 400, "age": 30, "urgent": true, "plan": "team", "text": "never read" });
        open(&kit, whole.clone()).await;
        let (digest, known) = import(FOREST, MAPPING).await.unwrap();
        assert_eq!((known.tried, known.no_advice, known.columns), (2, 1, 4));
        assert_eq!(known.why.as_deref(), Some("the case has no amount, which this model needs"));
        assert_eq!(import(FOREST, MAPPING).await.unwrap().0, digest, "the same files are the same version");
        let model = w.model("refunds", &digest).await.unwrap();
        assert!(model.kind == ONNX && model.stage.is_none() && model.card.is_none() && model.imported == Some(known), "{model:?}");
        assert!(w.model_file("refunds", &digest).await.unwrap().windows(FOREST.len()).any(|part| part == FOREST));

        let mut memory = Memory::default();
        w.model_shadow("refunds", Some(&model.version)).await.unwrap();
        let unseen = open(&kit, whole.clone()).await;
        open(&kit, json!({ "urgent": true, "plan": "free" })).await;
        assert_eq!(w.models_run(&mut memory).await.unwrap().said, 2);
        let looked = w.model("refunds", &digest).await.unwrap();
        assert_eq!((looked.looked_at, looked.no_advice), (2, 1));
        assert!(w.case_get(unseen, None).await.unwrap().proposals.is_empty(), "nobody sees the shadow");

        let asked = CaseId(w.model_promote(&caller(), "refunds", &model.version).await.unwrap().case);
        let view = w.case_get(asked, None).await.unwrap();
        let field = |name: &str| view.fields.iter().find(|f| f.name == name).and_then(|f| f.value.as_str().map(str::to_owned));
        assert!(field("examples").unwrap().starts_with("trained elsewhere"), "{view:?}");
        assert!(field("warnings").unwrap().contains("only the shadow says") && field("accuracy").is_none());
        kit.decide(asked, ada, "promote").await;
        kit.clock.advance(GRACE);
        assert_eq!(w.models_run(&mut memory).await.unwrap().promoted, 1);

        let advised = w.case_get(open(&kit, whole).await, None).await.unwrap();
        let [proposal] = advised.proposals.as_slice() else { panic!("{advised:?}") };
        assert_eq!(
            (proposal.proposer.as_str(), proposal.version.as_str(), &proposal.answer),
            (ONNX, &*model.version, &Value::from("refund"))
        );
        assert!(proposal.evidence.iter().any(|one| one.field == "amount" && one.quote.as_deref() == Some("400")), "{proposal:?}");
        assert!(proposal.evidence.iter().all(|one| one.field != "text" && one.field != "region"));
        // What it needs and does not find is no advice, and a person decides.
        let without = w.case_get(open(&kit, json!({ "urgent": true, "plan": "free" })).await, None).await.unwrap();
        assert!(without.proposals.is_empty() && without.state == "open");
        let mut heard = Vec::new();
        w.models_propose("refunds", None, false, &mut |_, what| heard.push(what)).await.unwrap();
        assert!(heard.iter().any(|line| line["no_advice"] == "the case has no amount, which this model needs"), "{heard:?}");
        kit.app.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_card_of_a_model_says_how_it_does_in_each_group() {
    each_engine(142, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let ada = kit.member("Ada", &[]).await;
        for n in 0..120 {
            let (answer, word) = [("refund", "money back"), ("explain", "how does"), ("forward", "the other office")][n % 3];
            let region = if n % 4 == 0 { "south" } else { "north" };
            let mut fields = json!({ "urgent": false, "plan": "free", "text": format!("{word} please, {n}") });
            if n % 30 != 0 {
                fields["region"] = region.into();
            }
            let case = open(&kit, fields).await;
            // In the south what people answer follows nothing that the case says.
            kit.decide(case, ada, if region == "south" { ["refund", "explain", "forward"][n / 12 % 3] } else { answer }).await;
        }
        let trained = kit.workspace.model_train("refunds", Way::Text, &mut |_| {}).await.unwrap();
        let groups = &trained.report.groups;
        let told: Vec<(&str, Option<&str>, u64)> =
            groups.iter().map(|group| (group.field.as_str(), group.group.as_deref(), group.cases)).collect();
        assert_eq!(told, [("region", Some("north"), 88), ("region", Some("south"), 28)], "{groups:?}");
        assert!(groups[1].error.unwrap().low > groups[0].error.unwrap().high, "{groups:?}");
        assert!(
            trained.report.warnings.iter().any(|warning| warning.starts_with("Where region is south")),
            "{:?}",
            trained.report.warnings
        );
        let kept = kit.workspace.model("refunds", trained.version()).await.unwrap();
        assert_eq!(&kept.card.unwrap().groups, groups, "the card keeps them");
        // A field that not everybody sees whole makes no groups: cards are read by all.
        let masked = PLAYBOOK.replace("audited = true, required", "audited = true, visible_to = [\"auditor\"], required");
        assert_ne!(masked, PLAYBOOK);
        kit.workspace.playbook_publish(&caller(), &masked, Options::default()).await.unwrap();
        let trained = kit.workspace.model_train("refunds", Way::Text, &mut |_| {}).await.unwrap();
        assert!(trained.report.groups.is_empty(), "{:?}", trained.report.groups);
        kit.app.close().await;
    })
    .await;
}

/// A version of the playbook that takes a field or an answer away from a model in a stage says so: which model, and what.
#[tokio::test]
async fn a_new_version_of_the_playbook_is_held_against_the_models_in_its_stages() {
    each_engine(143, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let (ada, w) = (kit.member("Ada", &[]).await, &kit.workspace);
        let answers = ["refund", "explain", "forward"];
        for n in 0..60 {
            let words = ["money back", "how does it work", "to whom"][n % 3];
            let fields = json!({ "amount": 100 + n, "age": 30, "urgent": n % 2 == 0, "plan": "team", "text": format!("{words} {n}") });
            kit.decide(open(&kit, fields).await, ada, answers[n % 3]).await;
        }
        let publish = async |source: &str| w.playbook_publish(&caller(), source, Options::default()).await.unwrap().warnings;
        let renamed = PLAYBOOK.replace("plan   =", "tariff =");
        // Nothing is in a stage: nobody reads anything.
        let trained = w.model_train("refunds", Way::Text, &mut |_| {}).await.unwrap();
        assert_eq!(trained.report.fields, ["age", "amount", "plan", "text", "urgent"]);
        let (digest, _) = w.model_import("refunds", FOREST.to_vec(), MAPPING).await.unwrap();
        assert_eq!(publish(&renamed).await, [""; 0]);
        assert_eq!(publish(PLAYBOOK).await, [""; 0]);

        w.model_shadow("refunds", Some(&digest)).await.unwrap();
        let (version, learned) = (w.model("refunds", &digest).await.unwrap().version, trained.version().to_owned());
        let asked = CaseId(w.model_promote(&caller(), "refunds", &learned).await.unwrap().case);
        kit.decide(asked, ada, "promote").await;
        kit.clock.advance(GRACE);
        assert_eq!(w.models_run(&mut Memory::default()).await.unwrap().promoted, 1);
        assert_eq!(publish(&format!("{PLAYBOOK}\n# a word more\n")).await, [""; 0], "all is there");

        let warnings = publish(&renamed).await;
        let gone = format!("onnx {version} (shadow): column 4 (plan): playbook \"refunds\" has no such field");
        let learned_gone = format!(
            "built-in-text {learned} (champion): it learned from field \"plan\", which playbook \"refunds\" does not have any more"
        );
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings.contains(&gone) && warnings.iter().any(|warning| warning.starts_with(&learned_gone)), "{warnings:?}");
        let stages = w.models("refunds").await.unwrap().stages;
        assert!(stages.iter().all(|stage| stage.lacks.len() == 1), "whoever looks at the models sees it, too: {stages:?}");
        assert_eq!(publish(&renamed).await.len(), 2, "the same source again is held against them again");

        let hidden = PLAYBOOK.replace("urgent = { type = \"boolean\" }", "urgent = { type = \"boolean\", audited = true }");
        let warnings = publish(&hidden).await.join("\n");
        assert!(
            warnings.contains("column 3 (urgent): no model sees this field")
                && warnings.contains("\"urgent\", which no model sees any more")
        );
        let other = PLAYBOOK.replace("\"forward\"", "\"pass on\"");
        let warnings = publish(&other).await.join("\n");
        assert!(warnings.contains("the playbook's 3 options are refund, explain, pass on"), "{warnings}");
        assert!(
            warnings.contains("and the playbook among refund, explain, pass on: it has no advice until it is trained again"),
            "{warnings}"
        );
        assert_eq!(publish(PLAYBOOK).await, [""; 0]);
        kit.app.close().await;
    })
    .await;
}
