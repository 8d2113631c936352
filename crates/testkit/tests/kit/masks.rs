//! Fields that some people do not see whole, on both engines: nothing that such a person is given holds the value, no event does, and
//! what was shown says that it was masked, so that the evidence stays true.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use countersign_app::{
    Options, bundle,
    input::{AmendInput, CaseInput, CommentInput, EvidenceInput, PersonChange, ProposalInput, ReasonInput},
};
use countersign_core::{
    content::Digest,
    event::{Body, Event},
    id::{CaseId, EventId, PersonId},
    refusal::Code,
};
use countersign_testkit::{Kit, caller, each_engine, judgment};
use serde_json::json;

const CLAIMS: &str = r#"name = "claims"
question = "Pay it?"
answer = { kind = "choice", options = ["pay", "refuse"] }

[fields]
what   = { type = "text" }
amount = { type = "number", visible_to = ["senior"] }
scan   = { type = "image", visible_to = ["senior", "auditor"], required = false }
letter = { type = "text", personal = true, visible_to = ["senior"], share = "local" }
who    = { type = "text", personal = true, subject = true }

[routing]
default = "assist"
"#;

/// Values, whole or by line, that nobody without the role is told.
const SECRETS: [&str; 4] = ["8417350", "Orchard Fenwick", "second line of it", "pixels"];

async fn claim(kit: &Kit, n: u32, scan: Digest) -> CaseId {
    let fields = json!({
        "what": format!("A broken window, number {n}"), "amount": 8_417_350, "scan": { "attachment": scan.to_string() },
        "letter": "Orchard Fenwick\nsecond line of it", "who": format!("c{n}"),
    });
    let proposal = ProposalInput {
        proposer: "m1".into(),
        answer: Some("pay".into()),
        explanation: Some("Paid before: 8417350 to orchard fenwick.".into()),
        evidence: vec![EvidenceInput { field: "letter".into(), start: Some(0), end: Some(7), quote: Some("Orchard".into()), heat: None }],
        ..ProposalInput::default()
    };
    let input = CaseInput {
        playbook: "claims".into(),
        fields: fields.as_object().cloned().unwrap(),
        proposals: vec![proposal],
        ..CaseInput::default()
    };
    CaseId(kit.open(input).await.case)
}

/// Everything that a person is given of a case.
async fn told(kit: &Kit, case: CaseId, person: PersonId) -> String {
    let w = kit.workspace.clone().read_by(Some(person));
    let mut all = format!("{:?}", w.case_get(case, Some(person)).await.unwrap());
    all += &serde_json::to_string(&w.case_history(case, Some(person)).await.unwrap()).unwrap();
    all += &format!("{:?}", w.recent(person, 10).await.unwrap());
    if let Ok(precedents) = w.precedents(case, Some(person)).await {
        all += &format!("{precedents:?}");
    }
    if let Ok(Some(sheet)) = w.case_sheet(case, person).await {
        all += &format!("{sheet:?}");
    }
    if let Ok(proof) = w.case_proof(case, Some(person)).await {
        all += &serde_json::to_string(&proof).unwrap();
    }
    all
}

fn tells(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    SECRETS.into_iter().chain(["Orchard"]).find(|secret| text.contains(&secret.to_lowercase()))
}

async fn people(kit: &Kit) -> (PersonId, PersonId) {
    kit.publish(CLAIMS).await;
    (kit.member("Ada", &["staff"]).await, kit.member("Sue", &["staff", "senior"]).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_the_role_is_told_no_masked_value_and_the_evidence_says_so() {
    each_engine(2_501, |kit| async move {
        let (ada, sue) = people(&kit).await;
        let scan = Digest::of(b"pixels");
        kit.workspace.attachment_add(&caller(), "image/png", b"pixels".to_vec()).await.unwrap();
        let (one, other) = (claim(&kit, 1, scan).await, claim(&kit, 2, scan).await);
        // Somebody who sees it all decides the one and talks about both; precedents come of it.
        for case in [one, other] {
            let text = "It is Orchard Fenwick again, over 8417350".to_owned();
            kit.workspace
                .case_comment(&caller(), case, CommentInput { person: sue.0, text, mentions: Vec::new(), anchor: None }, Options::default())
                .await
                .unwrap();
        }
        kit.workspace.claim(sue, one).await.unwrap();
        let whole = kit.show(one, sue).await;
        assert_eq!(tells(&format!("{whole:?}")), Some("8417350"));
        assert!(whole.fields.iter().all(|field| !field.masked) && whole.proposals[0].evidence.len() == 1);
        let mut reasoned = judgment(&whole, sue, "pay");
        reasoned.reason = Some("8417350 is right".into());
        kit.workspace.case_judge(&caller(), one, reasoned, Options::default()).await.unwrap();
        kit.workspace.precedents_update().await.unwrap();

        // Ada decides the other: she sees that there is something, and not what.
        kit.workspace.claim(ada, other).await.unwrap();
        let shown = kit.show(other, ada).await;
        assert_eq!(tells(&format!("{shown:?}")), None, "{shown:#?}");
        let masked: Vec<(&str, bool)> = shown.fields.iter().map(|field| (field.name.as_str(), field.masked)).collect();
        assert_eq!(masked, [("what", false), ("amount", true), ("scan", true), ("letter", true), ("who", false)]);
        assert!(shown.fields.iter().all(|field| !field.erased && field.masked == field.value.is_null()));
        assert!(shown.proposals[0].evidence.is_empty());
        assert_eq!(shown.proposals[0].explanation, None, "a model may have read the letter, so its reasons may tell it");
        for case in [one, other] {
            let text = told(&kit, case, ada).await;
            assert_eq!(tells(&text), None, "{text}");
            assert!(tells(&told(&kit, case, sue).await).is_some());
        }
        // She writes what she cannot know, and it is her own words.
        let amended = AmendInput {
            fields: json!({ "what": "A window", "amount": "8417350.5", "letter": "Orchard Fenwick", "who": "c2" })
                .as_object()
                .cloned()
                .unwrap(),
        };
        kit.workspace.case_amend(&caller(), other, amended, Options::default()).await.unwrap();
        let text = told(&kit, other, ada).await;
        assert_eq!(tells(&text), None, "what a case said before it was amended is masked, too: {text}");
        let shown = kit.show(other, ada).await;
        let judged = kit.answer(&shown, ada, "pay").await.unwrap();
        let decision = EventId(judged.decision.expect("a decision"));

        // No event of the log holds a value; the record of what was shown says what was masked.
        let mut records = Vec::new();
        for view in kit.workspace.case_history(other, None).await.unwrap() {
            let mut event = view.event.clone();
            strip(&mut event);
            let event = Event::from_bytes(&serde_json::to_vec(&event).unwrap()).unwrap();
            if let Body::CaseShown(body) = &event.body {
                records.push(body.fields.iter().filter(|field| field.masked).map(|field| field.name.clone()).collect::<Vec<_>>());
            }
            assert_eq!(tells(&serde_json::to_string(&event).unwrap()), None);
        }
        assert_eq!(records, [vec!["amount", "scan", "letter"], vec!["amount", "letter"]]);

        // Evidence for her has no opening of what is masked, and it still verifies; for whoever sees it whole it has.
        let key = kit.workspace.log_key().await.unwrap();
        for (viewer, tells_it) in [(Some(ada), false), (Some(sue), true), (None, true)] {
            let evidence = kit.workspace.bundle(decision, true, viewer).await.unwrap();
            let verdict = bundle::verify(&evidence, Some(&key)).unwrap();
            assert!(verdict.trusted);
            let text = String::from_utf8(evidence).unwrap();
            for opened in ["fields/amount", "fields/letter", "/evidence/0", "/explanation"] {
                assert_eq!(text.contains(opened), tells_it, "{opened}");
            }
            assert!(tells_it || tells(&format!("{verdict:?}")).is_none(), "{verdict:#?}");
        }
        kit.assert_sound().await;
    })
    .await;
}

/// What reading put in beside the commitments.
fn strip(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Object(members) => {
            members.remove("opened");
            members.values_mut().for_each(strip);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mask_follows_the_persons_roles_and_reaches_attachments() {
    each_engine(2_502, |kit| async move {
        let (ada, sue) = people(&kit).await;
        let (scan, open) = (Digest::of(b"pixels"), Digest::of(b"plain"));
        for bytes in [b"pixels".to_vec(), b"plain".to_vec()] {
            kit.workspace.attachment_add(&caller(), "image/png", bytes).await.unwrap();
        }
        let case = claim(&kit, 1, scan).await;
        let get = |digest, viewer| kit.workspace.attachment_get(digest, viewer);
        let refused = |error: countersign_app::Error| match error {
            countersign_app::Error::Refused(refusal) => (refusal.code, refusal.detail),
            other => panic!("{other}"),
        };
        let (code, detail) = refused(get(scan, Some(ada)).await.unwrap_err());
        assert_eq!((code, detail.as_str()), (Code::Forbidden, "this attachment is masked: it is given to the roles auditor, senior"));
        assert_eq!(get(scan, Some(sue)).await.unwrap().1, b"pixels");
        assert!(get(scan, None).await.is_ok() && get(open, Some(ada)).await.is_ok());

        // Who gets the role sees what she is shown next; a screen that was masked stays as its record says.
        kit.workspace.claim(ada, case).await.unwrap();
        kit.show(case, ada).await;
        let change =
            |roles: &[&str]| PersonChange { roles: roles.iter().map(|role| (*role).to_owned()).collect(), active: true, mail: None };
        kit.workspace.person_change(&caller(), ada, change(&["staff", "senior"])).await.unwrap();
        let sheet = kit.workspace.case_sheet(case, ada).await.unwrap().unwrap();
        assert_eq!(tells(&format!("{:?}", sheet.shown)), None);
        assert!(tells(&format!("{:?}", kit.show(case, ada).await)).is_some());
        assert!(get(scan, Some(ada)).await.is_ok());
        // Who loses it no longer sees what was whole on their screen.
        kit.workspace.person_change(&caller(), ada, change(&["staff"])).await.unwrap();
        let sheet = kit.workspace.case_sheet(case, ada).await.unwrap().unwrap();
        assert_eq!(tells(&format!("{:?}", sheet.shown)), None);
        let reason = ReasonInput { person: ada.0, reason: Some("not mine".into()) };
        kit.workspace.case_skip(&caller(), case, reason, Options::default()).await.unwrap();
        let matrix = kit.workspace.rules_matrix(Some("claims")).await.unwrap();
        let amount = matrix.masks.iter().find(|mask| mask.field == "amount").unwrap();
        assert_eq!((amount.whole.as_slice(), amount.masked.as_slice()), (&["Sue".to_owned()][..], &["Ada".to_owned()][..]));
        kit.assert_sound().await;
    })
    .await;
}
