//! Erasing a subject: the person is gone from every byte of the storage, the facts stay, and every proof still verifies.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use countersign_app::{
    Options, bundle,
    input::{
        ActInput, AmendInput, AppealInput, AskInput, CaseInput, CommentInput, CorrectionInput, EvidenceInput, HistoryInput, JudgmentInput,
        ObservedInput, OutcomeInput, PastDecision, ProposalInput, ReasonInput, SnoozeInput,
    },
};
use countersign_core::{
    content::Digest,
    id::{CaseId, EventId, PersonId},
    refusal::Code,
};
use countersign_testkit::{Kit, caller, code, each_engine, raw};
use serde_json::{Value, json};
use std::collections::HashMap;

const CLAIMS: &str = r#"
name = "claims"
question = "What do we answer?"

[answer]
kind = "text"
bytes_max = 2000

[fields]
thread = { type = "text", personal = true, title = true }
photo = { type = "image", personal = true, required = false }
customer = { type = "text", personal = true, subject = true }
channel = { type = "category", options = ["mail", "chat"] }

[outcome]
kind = "truth"
source = "the file"

[routing]
default = "assist"

[decide]
grace = "1s"
"#;

/// The stem of all words of a subject.
fn stem(whose: &str) -> String {
    format!("Qx7{whose}Wv9{whose}")
}

/// A text that no program would write by itself, with quotes and an umlaut that JSON or a codec may write in other ways.
fn marked(word: &str, whose: &str) -> String {
    format!("Zoë \"{}{word}\" \u{1F600}", stem(whose))
}

/// The bytes under which a text that holds `core` would be found: as it is (JSON escapes nothing of it), in hexadecimal digits and in
/// base64 at its three alignments.
fn forms(core: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![core.as_bytes().to_vec(), hex::encode(core).into_bytes(), hex::encode_upper(core).into_bytes()];
    for shift in 0..3 {
        let padded = [&vec![b'x'; shift], core.as_bytes()].concat();
        // The first and the last group also depend on neighbours.
        let text = STANDARD_NO_PAD.encode(&padded[..padded.len() - padded.len() % 3]);
        forms.push(text.as_bytes()[if shift == 0 { 0 } else { 4 }..].to_vec());
    }
    forms
}

/// Everything that is stored: files byte by byte, or every row of every table and the bytes of the tables' files.
async fn stored(kit: &Kit) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    if let Some(folder) = kit.database.folder() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            all.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
        assert!(all.iter().any(|(name, bytes)| name.ends_with(".db") && !bytes.is_empty()));
        return all;
    }
    let db = kit.app.db();
    for table in raw::texts(db, "select table_name::text from information_schema.tables where table_schema = 'public' order by 1").await {
        // PostgreSQL keeps deleted rows in its files until they are vacuumed, and in its write-ahead log until that is recycled; what it
        // keeps is encrypted under a key whose wrapped form lies in `subjects`, so operators vacuum that table after an erasure.
        raw::execute(db, &format!("vacuum full {table}")).await.unwrap();
        let rows = raw::texts(db, &format!("select row_to_json(t)::text from {table} t")).await;
        all.push((format!("rows of {table}"), rows.join("\n").into_bytes()));
    }
    raw::execute(db, "checkpoint").await.unwrap();
    for table in raw::texts(db, "select table_name::text from information_schema.tables where table_schema = 'public' order by 1").await {
        let pages = raw::texts(db, &format!("select encode(pg_read_binary_file(pg_relation_filepath('{table}')), 'hex')")).await;
        all.push((format!("file of {table}"), hex::decode(&pages[0]).unwrap()));
    }
    all
}

/// Where a needle of these is found, with what stands there.
fn found<'a>(stored: &[(String, Vec<u8>)], needles: impl Iterator<Item = &'a Vec<u8>>) -> Vec<String> {
    let mut by_start: HashMap<&[u8], Vec<&[u8]>> = HashMap::new();
    for needle in needles {
        by_start.entry(&needle[..START_BYTES]).or_default().push(needle);
    }
    let mut found = Vec::new();
    for (place, bytes) in stored {
        for (at, start) in bytes.windows(START_BYTES).enumerate() {
            let here = by_start.get(start).into_iter().flatten().any(|needle| bytes[at..].starts_with(needle));
            found.extend(here.then(|| format!("{} in {place}", String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 40)]))));
        }
    }
    found
}

/// No needle is shorter.
const START_BYTES: usize = 8;

/// All the words that a case brings in, by where they stand; the photo is a file of its own.
const WORDS: [&str; 18] = [
    "thread",
    "customer",
    "external",
    "quote",
    "explanation",
    "draft",
    "instruction",
    "comment",
    "answer",
    "reason",
    "observed",
    "reference",
    "amended",
    "correction",
    "snooze",
    "skip",
    "appeal",
    "outcome",
];

async fn photo(kit: &Kit, whose: &str) -> String {
    kit.workspace.attachment_add(&caller(), "image/png", marked("photo", whose).into_bytes()).await.unwrap().attachment
}

fn fields(thread: &str, whose: &str, photo: &str) -> serde_json::Map<String, Value> {
    let fields = json!({ "thread": thread, "customer": marked("customer", whose), "channel": "mail", "photo": { "attachment": photo } });
    fields.as_object().cloned().unwrap()
}

fn a_claim(whose: &str, photo: &str) -> CaseInput {
    CaseInput {
        playbook: "claims".into(),
        external_id: Some(marked("external", whose)),
        fields: fields(&marked("thread", whose), whose, photo),
        proposals: vec![ProposalInput {
            proposer: "drafter".into(),
            answer: Some(json!(marked("draft", whose))),
            explanation: Some(marked("explanation", whose)),
            evidence: vec![EvidenceInput {
                field: "thread".into(),
                start: Some(0),
                end: Some(3),
                quote: Some(marked("quote", whose)),
                heat: None,
            }],
            ..ProposalInput::default()
        }],
        ..CaseInput::default()
    }
}

/// A case to which everything happens in which a person can write something. Returns it with its decision.
async fn a_talkative_case(kit: &Kit, whose: &str, [ada, bo]: [PersonId; 2]) -> (CaseId, EventId) {
    let (w, by, m) = (&kit.workspace, caller(), |word: &str| marked(word, whose));
    let any = Options::default;
    let photo = photo(kit, whose).await;
    let id = CaseId(kit.open(a_claim(whose, &photo)).await.case);
    w.case_amend(&by, id, AmendInput { fields: fields(&m("amended"), whose, &photo) }, any()).await.unwrap();
    w.case_comment(&by, id, CommentInput { person: bo.0, text: m("comment"), mentions: Vec::new(), anchor: None }, any()).await.unwrap();
    let observed = ObservedInput {
        person: "Old tool".into(),
        answer: json!(m("observed")),
        phase: None,
        advice_seen: None,
        confidence: None,
        seconds: None,
        tool: None,
        at: None,
    };
    w.case_observe(&by, id, observed, any()).await.unwrap();
    w.claim(bo, id).await.unwrap();
    w.case_skip(&by, id, ReasonInput { person: bo.0, reason: Some(m("skip")) }, any()).await.unwrap();
    w.claim(ada, id).await.unwrap();
    let until = countersign_app::input::Moment::Micros(kit.clock.now() + 1_000_000);
    w.case_snooze(&by, id, SnoozeInput { person: ada.0, until, reason: Some(m("snooze")) }, any()).await.unwrap();
    kit.clock.advance(2_000_000);
    w.claim(ada, id).await.unwrap();
    kit.show(id, ada).await;
    w.case_ask(&by, id, AskInput { person: ada.0, instruction: m("instruction"), about: None }, any()).await.unwrap();
    let shown = kit.show(id, ada).await;
    let judgment = JudgmentInput { reason: Some(m("reason")), ..countersign_testkit::judgment(&shown, ada, &m("answer")) };
    let decision = EventId(w.case_judge(&by, id, judgment, any()).await.unwrap().decision.unwrap());
    w.decision_correct(&by, decision, CorrectionInput { person: bo.0, answer: json!(m("correction")), reason: m("reason") }, any())
        .await
        .unwrap();
    kit.clock.advance(2_000_000);
    w.decision_act(&by, decision, ActInput { reference: Some(m("reference")) }, any()).await.unwrap();
    w.case_outcome(&by, id, OutcomeInput { value: json!(m("outcome")), source: None, at: None }, any()).await.unwrap();
    w.decision_appeal(&by, decision, AppealInput { person: None, reason: m("appeal") }, any()).await.unwrap();
    (id, decision)
}

/// A case with a past that was written elsewhere.
async fn an_old_case(kit: &Kit, whose: &str) -> CaseId {
    let photo = photo(kit, whose).await;
    let judgment = ObservedInput {
        person: "Old tool".into(),
        answer: json!(marked("observed", whose)),
        phase: None,
        advice_seen: None,
        confidence: None,
        seconds: None,
        tool: None,
        at: None,
    };
    let history = HistoryInput {
        opened_at: None,
        judgments: vec![judgment],
        decision: Some(PastDecision { answer: json!(marked("answer", whose)), at: None, persons: vec!["Old tool".into()] }),
        outcome: Some(OutcomeInput { value: json!(marked("outcome", whose)), source: None, at: None }),
    };
    let external_id = Some(format!("{} again", marked("external", whose)));
    CaseId(kit.open(CaseInput { external_id, history: Some(history), ..a_claim(whose, &photo) }).await.case)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_subject_is_in_no_byte_and_every_proof_stands() {
    each_engine(31, |kit| async move {
        kit.publish(CLAIMS).await;
        let people = [kit.member("Ada", &[]).await, kit.member("Bo", &[]).await];
        let (case, decision) = a_talkative_case(&kit, "gone", people).await;
        let old = an_old_case(&kit, "gone").await;
        let (other, _) = a_talkative_case(&kit, "kept", people).await;
        kit.integrate().await;
        let (w, by) = (&kit.workspace, caller());
        w.precedents_update().await.unwrap();
        assert_eq!(w.precedents(other, None).await.unwrap().len(), 1, "what both old cases are like is known");
        let key = w.log_key().await.unwrap();
        let note = w.checkpoint().await.unwrap().unwrap();
        let opened = w.bundle(decision, true, None).await.unwrap();
        let told = bundle::verify(&opened, Some(&key)).unwrap();
        let needles = |whose: &str| forms(&stem(whose));

        // The forms are right, and what a case says is readable: otherwise an empty search would prove nothing.
        for (n, form) in needles("gone").iter().enumerate() {
            let text = [
                marked("thread", "gone"),
                hex::encode(marked("thread", "gone")),
                hex::encode_upper(marked("thread", "gone")),
                [0, 2, 1].map(|n| STANDARD_NO_PAD.encode(&marked("thread", "gone").as_bytes()[n..])).concat(),
            ];
            assert_eq!(found(&[("itself".into(), text[n.min(3)].clone().into_bytes())], [form].into_iter()).len(), 1);
        }
        let subject = w.subject_find("claims", &marked("customer", "gone")).await.unwrap().expect("a subject");
        let exported = w.subject_export(subject).await.unwrap().to_string();
        for word in WORDS {
            assert!(exported.contains(&format!("{}{word}", stem("gone"))), "{word} is not in the subject's export");
        }
        assert_eq!(
            found(&stored(&kit).await, needles("gone").iter().chain(&needles("kept"))),
            Vec::<String>::new(),
            "nothing personal is ever stored in the clear"
        );

        // The wrapped key and the sealed values are what must be destroyed.
        let hex_of = |column| raw::hex_of(kit.app.db(), column, false);
        let subject_is = format!("subject = (select subject from vault where stream = {})", literal(&kit, case));
        let sealed = [
            raw::texts(kit.app.db(), &format!("select {} from subjects where {subject_is}", hex_of("wrapped_key"))).await,
            raw::texts(kit.app.db(), &format!("select {} from subjects where {subject_is}", hex_of("token"))).await,
            raw::texts(kit.app.db(), &format!("select {} from vault where {subject_is}", hex_of("sealed"))).await,
            raw::texts(kit.app.db(), &format!("select {} from vault where {subject_is}", hex_of("salt"))).await,
            raw::texts(kit.app.db(), &format!("select {} from attachments where {subject_is}", hex_of("sealed"))).await,
            raw::texts(kit.app.db(), &format!("select {} from external_ids where {subject_is}", hex_of("token"))).await,
            raw::texts(kit.app.db(), &format!("select {} from precedents where {subject_is}", hex_of("sealed"))).await,
        ];
        let counts: Vec<usize> = sealed.iter().map(Vec::len).collect();
        assert!(counts[2] > 20 && counts[4] == 1 && counts[5] == 2 && counts[6] == 1, "{counts:?}");
        let sealed: Vec<Vec<u8>> = sealed.concat().iter().map(|text| hex::decode(text).unwrap()).collect();
        assert!(!found(&stored(&kit).await, sealed.iter()).is_empty());
        let other_before = serde_json::to_value(w.case_get(other, None).await.unwrap()).unwrap();

        let destroyed = w.subject_erase(&by, subject, "article 17").await.unwrap();
        assert_eq!(destroyed, u64::try_from(counts[2] + counts[4]).unwrap());
        assert_eq!(w.subject_erase(&by, subject, "article 17").await.unwrap(), 0, "a second time is no error");

        let stored_now = stored(&kit).await;
        assert_eq!(found(&stored_now, needles("gone").iter()), Vec::<String>::new());
        assert_eq!(found(&stored_now, sealed.iter()), Vec::<String>::new(), "keys, salts and sealed values are destroyed");

        // Nothing is like what was erased: neither at once nor after the index was brought up to date.
        assert_eq!(w.precedents(other, None).await.unwrap(), []);
        w.precedents_update().await.unwrap();
        assert_eq!(raw::number(kit.app.db(), "select count(*) from precedents").await, 0);

        // The facts and the proofs stay.
        kit.assert_sound().await;
        assert!(w.verify(&|_| {}, Some(&note)).await.unwrap().ok());
        assert!(bundle::verify(&opened, Some(&key)).unwrap().trusted, "an old bundle still verifies");
        let closed = w.bundle(decision, true, None).await.unwrap();
        let verdict = bundle::verify(&closed, Some(&key)).unwrap();
        assert_eq!((verdict.trusted, verdict.decision.as_str()), (true, told.decision.as_str()));
        assert_eq!(found(&[("the new bundle".into(), closed)], needles("gone").iter()), Vec::<String>::new());
        assert!(!verdict.story.concat().contains(&stem("gone")), "{:#?}", verdict.story);

        // What can still be read says that it was erased; nothing personal comes in any more, and deciding goes on.
        for id in [case, old] {
            let view = w.case_get(id, None).await.unwrap();
            assert!(view.fields.iter().all(|f| f.erased == (f.name != "channel")), "{:?}", view.fields);
            assert_eq!(view.external_id, None);
            assert!(!serde_json::to_string(&w.case_history(id, None).await.unwrap()).unwrap().contains(&stem("gone")));
        }
        assert_eq!(code(w.subject_export(subject).await), Code::Erased);
        assert_eq!(w.subject_find("claims", &marked("customer", "gone")).await.unwrap(), None);
        let comment = CommentInput { person: people[0].0, text: "Zoë called again".into(), mentions: Vec::new(), anchor: None };
        assert_eq!(code(w.case_comment(&by, case, comment, Options::default()).await), Code::Erased);
        let digest = Digest::of(marked("photo", "gone").as_bytes());
        assert_eq!(code(w.attachment_get(digest, None).await), Code::NotFound);

        // Others are untouched.
        assert_eq!(serde_json::to_value(w.case_get(other, None).await.unwrap()).unwrap(), other_before);
        let kept = w.subject_find("claims", &marked("customer", "kept")).await.unwrap().expect("the other subject");
        assert!(w.subject_export(kept).await.is_ok());
        assert!(w.attachment_get(Digest::of(marked("photo", "kept").as_bytes()), None).await.is_ok());

        // Nothing remembers the erased external id: the same again is a new case of a new subject.
        assert_eq!(w.case_find("claims", &marked("external", "gone")).await.unwrap(), None);
        let again = kit.open(a_claim("gone", &photo(&kit, "gone").await)).await;
        assert_eq!(again.status, "accepted");
        assert_ne!(again.case, case.0);
        assert_ne!(w.subject_find("claims", &marked("customer", "gone")).await.unwrap(), Some(subject));
        let twice = kit.open(a_claim("gone", &photo(&kit, "gone").await)).await;
        assert_eq!((twice.status.as_str(), twice.case), ("duplicate", again.case));
        kit.assert_sound().await;
    })
    .await;
}

fn literal(kit: &Kit, case: CaseId) -> String {
    let hex = case.0.simple();
    let value = if raw::is_postgres(kit.app.db()) { format!("'{hex}'::uuid") } else { format!("x'{hex}'") };
    format!("{value} and subject is not null limit 1")
}
