//! Remarks on lines of a diff, on both engines: found in the text that is there, refused by the name of what is wrong, outdated once the case
//! was amended, told to nobody before their own answer, and never on what is masked.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Error, Options,
    input::{AmendInput, AnchorInput, CaseInput, CommentInput, ProposalInput},
    view::CommentView,
};
use countersign_core::{
    id::{CaseId, PersonId},
    refusal::{Code, Refusal},
};
use countersign_testkit::{Kit, caller, each_engine};
use serde_json::json;

fn changes(route: &str) -> String {
    format!(
        r#"name = "changes-{route}"
question = "May this be merged?"
answer = {{ kind = "choice", options = ["merge", "refuse"] }}

[fields]
what = {{ type = "text", title = true }}
change = {{ type = "patch" }}
secret = {{ type = "patch", visible_to = ["senior"] }}
unseen = {{ type = "patch", hidden = true }}

[routing]
default = "{route}"
"#
    )
}

const CHANGE: &str = "--- a/src/a.rs\n+++ b/src/a.rs\n@@ -3,3 +3,4 @@\n one\n-two\n+zwei\n+drei\n four\n--- a/src/b.rs\n+++ b/src/b.rs\n@@ -1 +1 @@\n-old\n+new\n";
const SECRET: &str = "--- a/secret-name.rs\n+++ b/secret-name.rs\n@@ -1 +1 @@\n-old\n+new\n";

async fn opened(kit: &Kit, route: &str, change: &str) -> CaseId {
    let fields = json!({ "what": "a change", "change": change, "secret": SECRET, "unseen": SECRET });
    let proposal = ProposalInput { proposer: "m1".into(), answer: Some("merge".into()), ..ProposalInput::default() };
    let input = CaseInput {
        playbook: format!("changes-{route}"),
        fields: fields.as_object().cloned().unwrap(),
        proposals: vec![proposal],
        ..CaseInput::default()
    };
    CaseId(kit.open(input).await.case)
}

fn anchor(field: &str, file: Option<&str>, side: &str, line: u64) -> AnchorInput {
    AnchorInput { field: field.into(), file: file.map(str::to_owned), number: None, side: Some(side.into()), line, content: None }
}

async fn say(kit: &Kit, case: CaseId, person: PersonId, anchor: AnchorInput) -> Result<(), Error> {
    let input = CommentInput { person: person.0, text: "why three of them?".into(), mentions: Vec::new(), anchor: Some(anchor) };
    kit.workspace.case_comment(&caller(), case, input, Options::default()).await.map(|_| ())
}

fn refusal(result: Result<(), Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn told(kit: &Kit, case: CaseId, person: PersonId) -> Vec<CommentView> {
    kit.workspace.case_get(case, Some(person)).await.unwrap().comments
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remark_stands_on_a_line_that_is_there() {
    each_engine(231, |kit| async move {
        kit.publish(&changes("assist")).await;
        let (ada, sue) = (kit.member("Ada", &[]).await, kit.member("Sue", &["senior"]).await);
        let case = opened(&kit, "assist", CHANGE).await;
        for (anchor, code, field, says) in [
            (anchor("nowhere", None, "new", 1), Code::Invalid, "/anchor/field", "nowhere: the case has no such field"),
            (anchor("unseen", None, "new", 1), Code::Invalid, "/anchor/field", "unseen: the case has no such field"),
            (anchor("what", None, "new", 1), Code::Invalid, "/anchor/field", "what: remarks stand on lines of a diff"),
            (anchor("secret", None, "new", 1), Code::Forbidden, "/anchor/field", "secret: this field is masked to you"),
            (anchor("secret", None, "new", 7), Code::Forbidden, "/anchor/field", "secret: this field is masked to you"),
            (anchor("change", None, "new", 4), Code::Invalid, "/anchor/file", "change: the diff has 2 files"),
            (anchor("change", Some("src/c.rs"), "new", 4), Code::Invalid, "/anchor/file", "change: the diff has no such file"),
            (anchor("change", Some("src/a.rs"), "new", 7), Code::Invalid, "/anchor/line", "change: the new text of src/a.rs has no line 7"),
            (anchor("change", Some("src/a.rs"), "old", 6), Code::Invalid, "/anchor/line", "change: the old text of src/a.rs has no line 6"),
            (anchor("change", Some("src/a.rs"), "both", 4), Code::Invalid, "/anchor/side", "old, for the text before"),
        ] {
            let refused = refusal(say(&kit, case, ada, anchor.clone()).await);
            assert_eq!((refused.code, refused.field.as_deref()), (code, Some(field)), "{anchor:?}: {}", refused.detail);
            assert!(refused.detail.starts_with(says) && !refused.detail.contains("secret-name"), "{}", refused.detail);
        }
        say(&kit, case, ada, anchor("change", Some("src/a.rs"), "new", 5)).await.unwrap();
        say(&kit, case, sue, AnchorInput { number: Some(2), ..anchor("change", None, "old", 1) }).await.unwrap();
        say(&kit, case, sue, anchor("secret", None, "new", 1)).await.unwrap();
        let read = told(&kit, case, ada).await;
        let places: Vec<_> =
            read.iter().map(|one| one.anchor.as_ref().unwrap()).map(|a| (a.file.as_deref(), a.side.as_str(), a.line)).collect();
        // Of the masked field Ada learns that something was said, and not even the name of the file.
        assert_eq!(places, [(Some("src/a.rs"), "new", 5), (Some("src/b.rs"), "old", 1), (None, "new", 1)]);
        assert_eq!(told(&kit, case, sue).await[2].anchor.as_ref().unwrap().file.as_deref(), Some("secret-name.rs"));
        // What was shown says which remarks stood beside it.
        kit.workspace.claim(ada, case).await.unwrap();
        assert_eq!(kit.show(case, ada).await.comments, read);
        let events = kit.workspace.events_from(0, 1_000).await.unwrap();
        let shown = &events.iter().rev().find(|event| event.event["type"] == "case.shown").unwrap().event["body"];
        assert_eq!(shown["comments"].as_array().unwrap().len(), 3);
        kit.workspace.release(ada, case).await.unwrap();

        // Once the case is amended they are of an earlier version, and whoever still sees that one says nothing of the new one's lines.
        let seen = kit.workspace.case_get(case, Some(ada)).await.unwrap().content;
        let fields = json!({ "what": "a change", "change": CHANGE.replace("drei", "three"), "secret": SECRET, "unseen": SECRET });
        let amended = AmendInput { fields: fields.as_object().cloned().unwrap() };
        kit.workspace.case_amend(&caller(), case, amended, Options::default()).await.unwrap();
        assert!(told(&kit, case, ada).await.iter().all(|one| one.anchor.as_ref().is_some_and(|a| a.outdated && a.file.is_none())));
        let late = AnchorInput { content: Some(seen), ..anchor("change", Some("src/a.rs"), "new", 5) };
        let refused = refusal(say(&kit, case, ada, late).await);
        assert_eq!((refused.code, refused.field.as_deref()), (Code::StaleVersion, Some("/anchor/content")));
        let odd = AnchorInput { content: Some("ab".into()), ..anchor("change", Some("src/a.rs"), "new", 5) };
        assert_eq!(refusal(say(&kit, case, ada, odd).await).field.as_deref(), Some("/anchor/content"));
        say(&kit, case, ada, anchor("change", Some("src/a.rs"), "new", 5)).await.unwrap();
        assert!(!told(&kit, case, ada).await[3].anchor.as_ref().unwrap().outdated);
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_their_own_answer_nobody_reads_what_others_remark() {
    each_engine(232, |kit| async move {
        kit.publish(&changes("blind")).await;
        let (ada, sue) = (kit.member("Ada", &["senior"]).await, kit.member("Sue", &["senior"]).await);
        let case = opened(&kit, "blind", CHANGE).await;
        say(&kit, case, sue, anchor("change", Some("src/a.rs"), "new", 5)).await.unwrap();
        say(&kit, case, ada, anchor("change", Some("src/a.rs"), "new", 4)).await.unwrap();
        kit.workspace.claim(ada, case).await.unwrap();
        let first = kit.show(case, ada).await;
        let mine = |comments: &[CommentView]| comments.iter().all(|one| one.person == ada.0) && comments.len() == 1;
        assert!(first.phase == "first" && mine(&first.comments) && mine(&told(&kit, case, ada).await), "{:?}", first.comments);
        kit.answer(&first, ada, "merge").await.unwrap();
        assert_eq!(kit.show(case, ada).await.comments.len(), 2);
        kit.assert_sound().await;
    })
    .await;
}
