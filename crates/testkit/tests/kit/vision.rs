//! A model of pictures comes as an ONNX file, runs in the shadow, is promoted by a decision, and advises with what in the picture speaks for it;
//! what it cannot or may not look at leaves the case to people, and what is told of a picture is kept as the picture is. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Options,
    input::{CaseInput, EvidenceInput, HeatInput, ProposalInput},
    model::{VISION, job::Memory},
};
use countersign_core::id::{CaseId, PersonId};
use countersign_testkit::{Kit, caller, each_engine, raw};
use serde_json::{Map, Value, json};

const SIDE: &[u8] = include_bytes!("../../../vision/tests/fixtures/side.onnx");
const LEFT: &[u8] = include_bytes!("../../../vision/tests/fixtures/left.png");
const RIGHT: &[u8] = include_bytes!("../../../vision/tests/fixtures/right.jpg");
const GRACE: i64 = 11_000_000;
const PLAYBOOK: &str = r#"
name = "scans"
question = "Where is it light?"
answer = { kind = "choice", options = ["left", "right"] }

[fields]
title   = { type = "text", title = true }
scan    = { type = "image", personal = true, required = false }
patient = { type = "text", personal = true, subject = true, hidden = true }

[routing]
default = "assist"
"#;
const MAPPING: &str = r#"
picture = "scan"
width   = 16
height  = 8
colours = "grey"
mean    = [0.0]
spread  = [1.0]
classes = ["0", "1"]
answers = { "0" = "left", "1" = "right" }
"#;

async fn fields(kit: &Kit, n: u32, media_type: &str, bytes: &[u8]) -> Map<String, Value> {
    let file = kit.workspace.attachment_add(&caller(), media_type, bytes.to_vec()).await.unwrap().attachment;
    let fields = json!({ "title": format!("Scan {n}"), "scan": { "attachment": file }, "patient": format!("p-{n}") });
    fields.as_object().cloned().unwrap()
}

async fn open(kit: &Kit, n: u32, media_type: &str, bytes: &[u8]) -> CaseId {
    let fields = fields(kit, n, media_type, bytes).await;
    CaseId(kit.open(CaseInput { playbook: "scans".into(), fields, ..CaseInput::default() }).await.case)
}

/// A model of pictures that people promoted.
async fn promoted(kit: &Kit, ada: PersonId) {
    let (digest, _) = kit.workspace.model_import("scans", SIDE.to_vec(), MAPPING).await.unwrap();
    let asked = CaseId(kit.workspace.model_promote(&caller(), "scans", &digest).await.unwrap().case);
    kit.decide(asked, ada, "promote").await;
    kit.clock.advance(GRACE);
    assert_eq!(kit.workspace.models_run(&mut Memory::default()).await.unwrap().promoted, 1);
}

#[tokio::test]
async fn a_model_of_pictures_advises_with_what_speaks_for_it() {
    each_engine(151, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let (ada, w) = (kit.member("Ada", &[]).await, &kit.workspace);
        open(&kit, 0, "image/png", LEFT).await;
        let import = async |mapping: &str| w.model_import("scans", SIDE.to_vec(), mapping).await;
        for (from, to, says) in [
            ("\"scan\"", "\"title\"", "picture (title): the field is no image"),
            ("height  = 8", "height  = 9", "the picture would be 1 x 1 x 9 x 16"),
            ("\"right\"", "\"up\"", "the playbook's 2 options are left, right"),
        ] {
            let said = import(&MAPPING.replace(from, to)).await.unwrap_err().refusal().detail;
            assert!(said.contains(says), "{said:?} does not say {says:?}");
        }
        let (digest, known) = import(MAPPING).await.unwrap();
        assert_eq!((known.tried, known.no_advice, known.sees), (1, 0, Some((16, 8))));
        let model = w.model("scans", &digest).await.unwrap();
        assert!(model.kind == VISION && model.imported.is_some());

        let mut memory = Memory::default();
        w.model_shadow("scans", Some(&model.version)).await.unwrap();
        open(&kit, 1, "image/jpeg", RIGHT).await;
        open(&kit, 2, "image/png", b"\x89PNG\r\n\x1a\nno picture at all").await;
        assert_eq!(w.models_run(&mut memory).await.unwrap().said, 2);
        let looked = w.model("scans", &digest).await.unwrap();
        assert_eq!((looked.looked_at, looked.no_advice), (2, 1), "what is no picture has no advice");

        let asked = CaseId(w.model_promote(&caller(), "scans", &model.version).await.unwrap().case);
        kit.decide(asked, ada, "promote").await;
        kit.clock.advance(GRACE);
        assert_eq!(w.models_run(&mut memory).await.unwrap().promoted, 1);
        let right = w.case_get(open(&kit, 3, "image/jpeg", RIGHT).await, None).await.unwrap();
        let [proposal] = right.proposals.as_slice() else { panic!("{right:?}") };
        assert_eq!((proposal.proposer.as_str(), &proposal.answer), (VISION, &json!("right")));
        let heat = proposal.evidence[0].heat.as_ref().unwrap();
        assert!(heat.cells.iter().zip(0u32..).all(|(cell, at)| *cell <= 0 || at % heat.columns >= heat.columns / 2), "{heat:?}");
        let none = w.case_get(open(&kit, 4, "image/png", b"\x89PNG\r\n\x1a\nnor this").await, None).await.unwrap();
        assert!(none.proposals.is_empty() && none.route == "unaided", "the case is with people");
        let renamed = PLAYBOOK.replace("scan    =", "photo   =");
        let warnings = w.playbook_publish(&caller(), &renamed, Options::default()).await.unwrap().warnings;
        assert!(warnings.len() == 2 && warnings[0].contains("picture (scan): playbook \"scans\" has no such field"), "{warnings:?}");
        kit.app.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_model_may_not_look_at_never_reaches_it() {
    each_engine(152, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let (ada, w) = (kit.member("Ada", &[]).await, &kit.workspace);
        promoted(&kit, ada).await;
        let advised = async |n: u32| w.case_get(open(&kit, n, "image/png", LEFT).await, None).await.unwrap().proposals.len();
        assert_eq!(advised(0).await, 1);
        // A case without the picture is with people.
        let mut without = fields(&kit, 1, "image/png", LEFT).await;
        without.remove("scan");
        let bare = kit.open(CaseInput { playbook: "scans".into(), fields: without, ..CaseInput::default() }).await.case;
        let bare = w.case_get(CaseId(bare), None).await.unwrap();
        assert!(bare.proposals.is_empty() && bare.route == "unaided");
        for (n, hidden) in
            [(2, "type = \"image\", personal = true, share = \"never\""), (3, "type = \"image\", personal = true, audited = true")]
        {
            let source = PLAYBOOK.replace("type = \"image\", personal = true", hidden);
            let warnings = w.playbook_publish(&caller(), &source, Options::default()).await.unwrap().warnings;
            assert!(warnings.iter().any(|one| one.contains("picture (scan): no model sees this field")), "{warnings:?}");
            assert_eq!(advised(n).await, 0, "{hidden}");
            let said = w.model_import("scans", SIDE.to_vec(), MAPPING).await.unwrap_err().refusal().detail;
            assert!(said.contains("picture (scan): no model sees this field"), "{said}");
        }
        let mut hear = |_, told: Value| {
            let told = told.to_string();
            let looked = told.contains("\"answer\":\"left\"") && told.contains("\"cells\":[");
            assert!(looked || told.contains("\"no_advice\":\"the case has no scan"), "{told}");
        };
        let last = w.models_propose("scans", None, true, &mut hear).await.unwrap();
        assert_eq!((last.cases, last.no_advice, last.added), (4, 3, 0), "each by the version of the playbook that it came under");
        kit.app.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_told_of_a_picture_is_kept_as_the_picture_is() {
    each_engine(153, |kit| async move {
        kit.publish(&PLAYBOOK.replace("type = \"image\",", "type = \"image\", visible_to = [\"senior\"], share = \"local\",")).await;
        let (ada, sue, w) = (kit.member("Ada", &[]).await, kit.member("Sue", &["senior"]).await, &kit.workspace);
        promoted(&kit, ada).await;
        let case = open(&kit, 0, "image/png", LEFT).await;
        let heat = async |person: Option<PersonId>| {
            let read = w.clone().read_by(person);
            let view = read.case_get(case, person).await.unwrap();
            view.proposals[0].evidence.iter().find_map(|one| one.heat.clone())
        };
        let whole = heat(Some(sue)).await.unwrap();
        assert_eq!(whole.cells.len(), 12 * 6);
        assert_eq!(heat(Some(ada)).await, None, "who does not see the picture is shown no map of it");
        // What speaks for an answer in somebody's picture lies nowhere in the open, and goes with their key.
        let cells = serde_json::to_string(&whole.cells).unwrap();
        let bodies = raw::texts(kit.app.db(), &format!("select {} from events", raw::hex_of(kit.app.db(), "bytes", false))).await;
        let bodies: Vec<String> = bodies.iter().map(|hex| String::from_utf8(hex::decode(hex).unwrap()).unwrap()).collect();
        assert!(bodies.iter().any(|body| body.contains("\"heat\":")));
        assert!(bodies.iter().all(|body| !body.contains("cells") && !body.contains(&cells)), "no event holds it");
        let subject = w.subject_find("scans", "p-0").await.unwrap().unwrap();
        w.subject_erase(&caller(), subject, "article 17").await.unwrap();
        assert_eq!(heat(Some(sue)).await, None);
        kit.app.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_grid_that_cannot_be_is_refused_and_a_case_of_a_picture_alone_is_judged() {
    each_engine(154, |kit| async move {
        // Nothing to read but the picture.
        let source = PLAYBOOK.replace("title   = { type = \"text\", title = true }\n", "");
        kit.publish(
            &source
                .replace("scan    = { type = \"image\", personal = true, required = false }", "scan = { type = \"image\" }")
                .replace("patient = { type = \"text\", personal = true, subject = true, hidden = true }\n", ""),
        )
        .await;
        let (ada, w) = (kit.member("Ada", &[]).await, &kit.workspace);
        let bare = async |n: u32| {
            let mut fields = fields(&kit, n, "image/png", if n.is_multiple_of(2) { LEFT } else { RIGHT }).await;
            fields.retain(|name, _| name == "scan");
            CaseId(kit.open(CaseInput { playbook: "scans".into(), fields, ..CaseInput::default() }).await.case)
        };
        let first = bare(0).await;
        let sound = HeatInput { left: 0, top: 0, width: 10_000, height: 10_000, columns: 2, rows: 1, cells: vec![40, -3] };
        for (heat, says) in [
            (HeatInput { width: 0, ..sound.clone() }, "a grid has a width and a height"),
            (HeatInput { top: 10_000_001, ..sound.clone() }, "nothing of it beyond 10000000 ten-thousandths"),
            (HeatInput { columns: 3, ..sound.clone() }, "a grid of 3 columns and 1 rows has as many cells, 1 to 1024, and here are 2"),
            (HeatInput { columns: 40, rows: 40, ..sound.clone() }, "1 to 1024, and here are 2"),
            (HeatInput { columns: u32::MAX, rows: u32::MAX, ..sound.clone() }, "1 to 1024"),
            (HeatInput { cells: vec![101, 0], ..sound.clone() }, "a cell is from -100 to 100 tenths of a logit, and one is 101"),
        ] {
            let evidence = EvidenceInput { field: "scan".into(), start: None, end: None, quote: None, heat: Some(heat) };
            let input =
                ProposalInput { proposer: "m".into(), answer: Some("left".into()), evidence: vec![evidence], ..ProposalInput::default() };
            let refusal = w.case_propose(&caller(), first, input, Options::default()).await.unwrap_err().refusal();
            assert!(refusal.detail.contains(says) && format!("{refusal:?}").contains("/evidence/0/heat"), "{refusal:?} {says}");
        }

        let (digest, _) = w.model_import("scans", SIDE.to_vec(), MAPPING).await.unwrap();
        w.model_shadow("scans", Some(&digest)).await.unwrap();
        for n in 0..11 {
            let case = bare(n).await;
            kit.decide(case, ada, if n % 2 == 0 { "left" } else { "right" }).await;
        }
        w.models_run(&mut Memory::default()).await.unwrap();
        let since = w.model("scans", &digest).await.unwrap().since.unwrap();
        assert_eq!((since.value, since.n), (1.0, 11), "people's own answers are held against it, though there is nothing to read");
        kit.app.close().await;
    })
    .await;
}
