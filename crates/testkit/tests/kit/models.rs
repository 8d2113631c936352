//! From no model to one that advises: people answer, a model learns, runs in the shadow, is promoted by a decision, advises, and is
//! rolled back. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Error, Options,
    input::{AmendInput, CaseInput, CorrectionInput, ProposalInput, ReasonInput},
    model::{
        BUILT_IN, Way,
        ask::{Client, Endpoint, Wire},
        file,
        job::Memory,
        promotion,
    },
};
use countersign_core::{
    id::{CaseId, EventId, PersonId},
    playbook::parse,
};
use countersign_testkit::{Kit, caller, each_engine, raw};
use serde_json::{Value, json};

const GRACE: i64 = 11_000_000;
const PLAYBOOK: &str = r#"
name = "tickets"
question = "Where should this ticket go?"
answer = { kind = "choice", options = ["billing", "bug", "account"] }

[fields]
subject = { type = "text", title = true }
plan    = { type = "category", required = false }
secret  = { type = "text", personal = true, share = "never", required = false }
group   = { type = "category", audited = true, required = false }

[outcome]
kind = "truth"
source = "the queue that closed it"

[routing]
default = "assist"
"#;

const OPTIONS: [&str; 3] = ["billing", "bug", "account"];
const TELLING: [[&str; 3]; 3] = [
    ["the invoice", "a refund", "charged twice"],
    ["it crashes", "an error message", "the page freezes"],
    ["my password", "locked out", "cannot sign in"],
];

fn input(n: usize) -> CaseInput {
    let class = n % 3;
    let text = format!("Hello, {} since {} days, please help", TELLING[class][n / 3 % 3], n % 9);
    let fields = json!({ "subject": text, "plan": "team", "secret": format!("only {} knows", OPTIONS[class]), "group": OPTIONS[class] });
    CaseInput {
        playbook: "tickets".into(),
        external_id: Some(format!("T-{n}")),
        fields: fields.as_object().cloned().unwrap(),
        ..CaseInput::default()
    }
}

async fn open(kit: &Kit, n: usize) -> CaseId {
    CaseId(kit.open(input(n)).await.case)
}

async fn answered(kit: &Kit, people: &[PersonId], range: std::ops::Range<usize>) {
    for n in range {
        let case = open(kit, n).await;
        kit.decide(case, people[n % people.len()], OPTIONS[n % 3]).await;
    }
}

async fn run(kit: &Kit, memory: &mut Memory) -> (u64, u64) {
    let round = kit.workspace.models_run(memory).await.unwrap();
    (round.promoted, round.said)
}

fn refused(error: Error) -> String {
    error.refusal().detail
}

#[tokio::test]
async fn a_model_is_trained_shadowed_promoted_and_rolled_back() {
    each_engine(41, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let people = [kit.member("Ada", &[]).await, kit.member("Ben", &[]).await, kit.member("Cy", &[]).await];
        let mut memory = Memory::default();
        let nothing = kit.workspace.model_train("tickets", Way::Text, &mut |_| {}).await.unwrap_err();
        assert!(refused(nothing).contains("0 examples teach nothing"));
        answered(&kit, &people, 0..90).await;
        assert_eq!(run(&kit, &mut memory).await, (0, 0));
        assert_eq!(raw::number(kit.app.db(), "select count(*) from model_runs").await, 0, "without a model nothing is written");

        let trained = kit.workspace.model_train("tickets", Way::Text, &mut |_| {}).await.unwrap();
        let version = trained.version().to_owned();
        assert_eq!((trained.report.examples, trained.report.people, trained.report.outcomes), (90, 3, 0));
        assert!(trained.report.accuracy.low > 0.8, "{:?}", trained.report);
        // Nobody promoted it: a new case comes in without advice, and nothing is in the shadow yet.
        let case = open(&kit, 90).await;
        assert!(kit.workspace.case_get(case, None).await.unwrap().proposals.is_empty());
        assert_eq!(run(&kit, &mut memory).await, (0, 0));
        idle(&kit, &mut memory).await;

        kit.workspace.model_shadow("tickets", Some(&version)).await.unwrap();
        answered(&kit, &people, 91..121).await;
        assert_eq!(run(&kit, &mut memory).await, (0, 30));
        let model = kit.workspace.model("tickets", &version).await.unwrap();
        let since = model.since.unwrap();
        assert_eq!((model.stage.as_deref(), model.looked_at, since.n), (Some("shadow"), 30, 30));
        assert!(since.value > 0.9, "{since:?}");
        // What it says is kept apart: no case has it.
        let page = kit.workspace.cases_list(Some("tickets"), None, None, 200).await.unwrap();
        for summary in &page.items {
            assert!(kit.workspace.case_get(CaseId(summary.case), None).await.unwrap().proposals.is_empty());
        }

        promoted(&kit, &mut memory, &people, &version).await;
        rolled_back(&kit, &mut memory, &people, &version).await;
        kit.app.close().await;
    })
    .await;
}

/// Rounds in which nothing happens write nothing, until the lease is half over.
async fn idle(kit: &Kit, memory: &mut Memory) {
    let until = || raw::number(kit.app.db(), "select until from model_runs");
    let before = until().await;
    for seconds in [1, 2, 3] {
        kit.clock.advance(seconds * 1_000_000);
        assert_eq!(run(kit, memory).await, (0, 0));
        assert_eq!(until().await, before);
    }
    kit.clock.advance(2_000_000);
    assert_eq!(run(kit, memory).await, (0, 0));
    assert!(until().await > before);
}

/// Promotion is a case: undone within its grace it does nothing, decided it lets the model advise.
async fn promoted(kit: &Kit, memory: &mut Memory, people: &[PersonId], version: &str) {
    let asked = kit.workspace.model_promote(&caller(), "tickets", version).await.unwrap();
    let case = CaseId(asked.case);
    let view = kit.workspace.case_get(case, None).await.unwrap();
    let field = |name: &str| view.fields.iter().find(|f| f.name == name).map(|f| f.value.clone()).unwrap_or_default();
    assert!(field("accuracy").as_str().unwrap().contains("held out") && field("shadow").as_str().unwrap().contains("n = 30"), "{view:?}");
    let decided = kit.decide(case, people[0], "promote").await;
    assert_eq!(run(kit, memory).await.0, 0);
    let reason: ReasonInput = serde_json::from_value(json!({ "person": people[0].0, "reason": "too early" })).unwrap();
    let decision = EventId(decided.decision.unwrap());
    kit.workspace.decision_withdraw(&caller(), decision, reason, Options::default()).await.unwrap();
    kit.clock.advance(GRACE);
    assert_eq!(run(kit, memory).await.0, 0);
    assert!(kit.workspace.models("tickets").await.unwrap().stages.iter().all(|stage| stage.stage != "champion"));

    kit.decide(case, people[1], "promote").await;
    kit.clock.advance(GRACE);
    assert_eq!(run(kit, memory).await.0, 1);
    let stages = kit.workspace.models("tickets").await.unwrap().stages;
    let champion = stages.iter().find(|stage| stage.stage == "champion").unwrap();
    assert!(champion.version == version && champion.decision.is_some());
    let again = kit.workspace.model_promote(&caller(), "tickets", version).await.unwrap_err();
    assert!(refused(again).contains("already"));

    let advised = kit.workspace.case_get(open(kit, 121).await, None).await.unwrap();
    assert_eq!(advised.route, "assist");
    let [proposal] = advised.proposals.as_slice() else { panic!("{advised:?}") };
    assert_eq!((proposal.proposer.as_str(), proposal.version.as_str(), &proposal.answer), (BUILT_IN, version, &Value::from("bug")));
    let marked = &proposal.evidence[0];
    let subject = advised.fields[0].value.as_str().unwrap();
    let (start, end) = (marked.start.unwrap() as usize, marked.end.unwrap() as usize);
    assert_eq!(subject.chars().skip(start).take(end - start).collect::<String>(), *marked.quote.as_ref().unwrap());
    // What no model may see is not what led there.
    assert!(proposal.evidence.iter().all(|one| one.field == "subject" || one.field == "plan"), "{:?}", proposal.evidence);
    // A case in which nothing was ever seen comes in without advice.
    let mut empty = input(122);
    empty.fields = json!({ "subject": "ЖЖЖЖ" }).as_object().cloned().unwrap();
    assert!(kit.workspace.case_get(CaseId(kit.open(empty).await.case), None).await.unwrap().proposals.is_empty());
    // What was proposed before an amendment was of other content: the case is proposed for again, once.
    let case = open(kit, 123).await;
    let amended = AmendInput { fields: input(124).fields };
    kit.workspace.case_amend(&caller(), case, amended, Options::default()).await.unwrap();
    let before = kit.workspace.case_get(case, None).await.unwrap().proposals.len();
    for _ in 0..2 {
        kit.workspace.models_propose("tickets", None, true, &mut |_, _| {}).await.unwrap();
        assert_eq!(kit.workspace.case_get(case, None).await.unwrap().proposals.len(), before + 1);
    }
}

/// What advises, since when, and by which decision.
async fn champion(kit: &Kit) -> Option<(String, String, Option<uuid::Uuid>)> {
    let stages = kit.workspace.models("tickets").await.unwrap().stages;
    stages.into_iter().find(|stage| stage.stage == "champion").map(|stage| (stage.version, stage.since, stage.decision))
}

/// A decision that is corrected or opened again says what it says then: what stood before it stands again.
async fn changed_later(kit: &Kit, memory: &mut Memory, people: &[PersonId], version: &str, none: CaseId) {
    let w = &kit.workspace;
    let correct = async |answer: &str| {
        let decision = w.case_get(none, None).await.unwrap().decision.unwrap().decision;
        let input = CorrectionInput { person: people[1].0, answer: json!(answer), reason: "looked again".into() };
        w.decision_correct(&caller(), EventId(decision), input, Options::default()).await.unwrap();
    };
    correct("keep").await;
    assert_eq!(run(kit, memory).await.0, 1);
    let (stands, since, decision) = champion(kit).await.unwrap();
    assert_eq!(stands, version);
    // Whoever takes over finds it as it is, and since when.
    kit.clock.advance(GRACE);
    assert_eq!(run(kit, &mut Memory::default()).await.0, 0);
    assert_eq!(champion(kit).await, Some((stands, since, decision)));

    let case = CaseId(w.decision_get(EventId(decision.unwrap())).await.unwrap().case);
    let reason: ReasonInput = serde_json::from_value(json!({ "person": people[0].0, "reason": "what of the new plans?" })).unwrap();
    w.case_reopen(&caller(), case, reason, Options::default()).await.unwrap();
    assert_eq!(run(kit, memory).await.0, 1);
    assert_eq!(champion(kit).await, None);
    kit.decide(case, people[0], "promote").await;
    kit.clock.advance(GRACE);
    assert_eq!(run(kit, &mut Memory::default()).await.0, 1);
    assert!(champion(kit).await.unwrap().2 != decision, "by the decision that was made anew");
    // What is corrected to promote says so from then on, after all that was said before.
    correct("promote").await;
    assert_eq!(run(kit, memory).await.0, 1);
    assert_eq!(champion(kit).await, None);
}

async fn rolled_back(kit: &Kit, memory: &mut Memory, people: &[PersonId], version: &str) {
    let case = CaseId(kit.workspace.model_promote(&caller(), "tickets", promotion::NONE).await.unwrap().case);
    kit.decide(case, people[2], "promote").await;
    kit.clock.advance(GRACE);
    assert_eq!(run(kit, memory).await.0, 1);
    let view = kit.workspace.case_get(open(kit, 130).await, None).await.unwrap();
    assert!(view.proposals.is_empty() && view.route == "unaided", "{view:?}");
    // A node that starts reads the same from the ledger, changes nothing and advises nobody for a moment.
    assert_eq!(run(kit, &mut Memory::default()).await.0, 0);
    assert_eq!(champion(kit).await, None);
    changed_later(kit, memory, people, version, case).await;
    let none = kit.workspace.model_promote(&caller(), "tickets", promotion::NONE).await.unwrap_err();
    assert!(refused(none).contains("no model advises"));
    let add = kit.workspace.models_propose("tickets", Some(version), true, &mut |_, _| {}).await.unwrap_err();
    assert!(refused(add).contains("promote it first"));
    let mut said = 0;
    let done = kit
        .workspace
        .models_propose("tickets", Some(version), false, &mut |_, what| said += usize::from(what["answer"].is_string()))
        .await
        .unwrap();
    assert!(done.cases as usize >= said && said > 0 && done.added == 0, "{done:?}");
}

#[tokio::test]
async fn answers_after_advice_teach_nothing() {
    each_engine(42, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let person = kit.member("Ada", &[]).await;
        for n in 0..60 {
            let mut with = input(n);
            with.proposals = vec![ProposalInput { proposer: "outside".into(), answer: Some(OPTIONS[n % 3].into()), ..Default::default() }];
            let case = CaseId(kit.open(with).await.case);
            kit.decide(case, person, OPTIONS[n % 3]).await;
        }
        let refusal = kit.workspace.model_train("tickets", Way::Text, &mut |_| {}).await.unwrap_err();
        assert!(refused(refusal).contains("0 examples teach nothing"));
        kit.app.close().await;
    })
    .await;
}

#[tokio::test]
async fn only_what_still_stands_and_was_one_s_own_teaches() {
    each_engine(44, |kit| async move {
        kit.publish(PLAYBOOK).await;
        let (ada, w) = (kit.member("Ada", &[]).await, &kit.workspace);
        let examples = async || {
            let refusal = w.model_train("tickets", Way::Text, &mut |_| {}).await.unwrap_err();
            refused(refusal).split(' ').next().unwrap().parse::<usize>().unwrap()
        };
        let amend = async |case: CaseId, fields: Value| {
            let input = AmendInput { fields: fields.as_object().cloned().unwrap() };
            w.case_amend(&caller(), case, input, Options::default()).await.unwrap();
        };
        let kept = open(&kit, 0).await;
        kit.decide(kept, ada, "billing").await;
        assert_eq!(examples().await, 1, "nothing below is proven otherwise");
        // Taken back.
        let withdrawn = open(&kit, 1).await;
        let decided = kit.decide(withdrawn, ada, "bug").await;
        let reason: ReasonInput = serde_json::from_value(json!({ "person": ada.0, "reason": "wrong key" })).unwrap();
        w.decision_withdraw(&caller(), EventId(decided.decision.unwrap()), reason, Options::default()).await.unwrap();
        assert_eq!(examples().await, 1);
        // Amended after the advice was seen: there is none any more, and she has seen it.
        let mut advised = input(2);
        advised.proposals = vec![ProposalInput { proposer: "outside".into(), answer: Some("account".into()), ..ProposalInput::default() }];
        let case = CaseId(kit.open(advised).await.case);
        w.claim(ada, case).await.unwrap();
        assert!(kit.show(case, ada).await.advice_visible);
        amend(case, json!({ "subject": "locked out again" })).await;
        let shown = kit.show(case, ada).await;
        assert!(!shown.advice_visible);
        kit.answer(&shown, ada, "account").await.unwrap();
        assert_eq!(examples().await, 1);
        kit.app.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_case_of_which_something_was_erased_teaches_nothing() {
    each_engine(45, |kit| async move {
        kit.publish(&PLAYBOOK.replace("group   =", "who = { type = \"text\", personal = true, subject = true }\ngroup   =")).await;
        let (ada, w) = (kit.member("Ada", &[]).await, &kit.workspace);
        for n in 0..2 {
            let mut of = input(n);
            of.fields.insert("who".into(), json!(format!("customer {n}")));
            kit.decide(CaseId(kit.open(of).await.case), ada, OPTIONS[n % 3]).await;
        }
        let examples = async || refused(w.model_train("tickets", Way::Text, &mut |_| {}).await.unwrap_err());
        assert!(examples().await.starts_with("2 examples"));
        let subject = w.subject_find("tickets", "customer 1").await.unwrap().unwrap();
        w.subject_erase(&caller(), subject, "request").await.unwrap();
        assert!(examples().await.starts_with("1 examples"));
        kit.app.close().await;
    })
    .await;
}

#[test]
fn files_teach_too_and_say_what_is_wrong_with_them() {
    let playbook = parse::parse(PLAYBOOK, "tickets.toml").unwrap();
    let columns = file::Columns { answer: "queue".into(), person: Some("who".into()), case: None };
    let csv = "subject,queue,who\nthe invoice is wrong,billing,ada\n\"it crashes, always\",bug,ben\n";
    let read = |bytes: &[u8]| file::rows(Box::new(std::io::Cursor::new(bytes.to_vec())));
    let rows = read(csv.as_bytes()).unwrap();
    let examples = file::examples(&playbook, &rows, &columns).unwrap();
    assert_eq!(examples.iter().map(|e| e.answer.as_str()).collect::<Vec<_>>(), ["billing", "bug"]);
    assert_eq!(examples[1].person.as_deref(), Some("ben"));
    let lines = "{\"subject\": \"the invoice\", \"queue\": \"billing\"}\n\n{\"subject\": \"x\", \"queue\": \"spam\"}\n";
    let rows = read(lines.as_bytes()).unwrap();
    let wrong = file::examples(&playbook, &rows, &columns).unwrap_err();
    assert!(refused(wrong).contains("row 2: \"spam\" is none of the playbook's options"));
    let spreadsheet = read("\u{feff}subject;queue\r\nthe invoice;billing\r\n".as_bytes()).unwrap();
    assert_eq!(spreadsheet[0]["queue"], "billing", "as `import` reads it: semicolons, and a byte order mark");
    let wrong = [(&b"{\"a\": 1}\n{oops"[..], "line 2"), (b"a,b\n1\n", "line 2: has 1 cells, and the header has 2"), (b"\xff\xfe", "UTF-8")];
    for (bytes, says) in wrong {
        let error = read(bytes).unwrap_err();
        assert!(refused(error).contains(says), "{says}");
    }
    assert!(refused(file::read(b"no model").unwrap_err()).contains("no Countersign model"));
}

/// An endpoint that gives the same reply to everything, and keeps what it was asked.
async fn double(reply: serde_json::Value) -> (String, std::sync::Arc<std::sync::Mutex<String>>) {
    double_that(vec!["200 OK"], reply).await
}

/// The same with a status for each request; the last one again and again.
async fn double_that(statuses: Vec<&'static str>, reply: serde_json::Value) -> (String, std::sync::Arc<std::sync::Mutex<String>>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let asked: std::sync::Arc<std::sync::Mutex<String>> = std::sync::Arc::default();
    let seen = std::sync::Arc::clone(&asked);
    tokio::spawn(async move {
        let mut n = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let status = statuses[n.min(statuses.len() - 1)];
            n += 1;
            let (mut bytes, mut request) = (vec![0; 1 << 16], String::new());
            while !request.ends_with('}') {
                let Ok(read @ 1..) = stream.read(&mut bytes).await else { break };
                request.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
            seen.lock().unwrap().push_str(&request);
            let body = reply.to_string();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, asked)
}

/// An endpoint that is asked once, and not for long.
fn endpoint(url: &str, price: (u64, u64)) -> Endpoint {
    Endpoint {
        url: url.into(),
        model: "local-llm".into(),
        key: None,
        timeout: std::time::Duration::from_millis(500),
        attempts_max: 1,
        samples: 1,
        price,
    }
}

#[tokio::test]
async fn an_endpoint_advises_or_the_case_stays_with_people() {
    each_engine(43, |kit| async move {
        kit.publish(PLAYBOOK).await;
        kit.member("Ada", &[]).await;
        let case = open(&kit, 0).await;
        let endpoint = |url: &str| endpoint(url, (1_000, 1_000));
        let client = Client::new(None);
        let mut heard = Vec::new();
        let down = kit
            .workspace
            .models_ask("tickets", (&endpoint("http://127.0.0.1:9/v1"), &client, &Wire::live()), true, &mut |_, what| heard.push(what))
            .await
            .unwrap();
        assert_eq!((down.cases, down.no_advice, down.added), (1, 1, 0));
        assert!(heard[0]["no_advice"].as_str().unwrap().contains("down"), "{heard:?}");
        let view = kit.workspace.case_get(case, None).await.unwrap();
        assert!(view.proposals.is_empty() && view.route == "unaided" && view.state == "open");

        let reply = json!({ "choices": [{ "message": { "content": "B" }, "logprobs": { "content": [{ "top_logprobs": [{ "token": "B", "logprob": -0.2 }, { "token": "A", "logprob": -2.0 }] }] } }], "usage": { "prompt_tokens": 100, "completion_tokens": 1 } });
        let (url, asked) = double(reply).await;
        let wire = Wire::live();
        let done = kit.workspace.models_ask("tickets", (&endpoint(&url), &client, &wire), true, &mut |_, _| {}).await.unwrap();
        assert_eq!((done.cases, done.no_advice, done.added, done.cost), (1, 0, 1, 101));
        let view = kit.workspace.case_get(case, None).await.unwrap();
        assert_eq!((view.proposals[0].proposer.as_str(), &view.proposals[0].answer), ("local-llm", &Value::from("bug")));
        // What may not go out did not.
        let sent = asked.lock().unwrap().clone();
        assert!(sent.contains("subject") && !sent.contains("knows") && !sent.contains("group"), "{sent}");
        // Amended, it is asked about again.
        let amended = AmendInput { fields: input(3).fields };
        kit.workspace.case_amend(&caller(), case, amended, Options::default()).await.unwrap();
        let done = kit.workspace.models_ask("tickets", (&endpoint(&url), &client, &wire), true, &mut |_, _| {}).await.unwrap();
        assert_eq!((done.cases, done.added), (1, 1));
        // Asked again, there is nothing left to ask.
        let again = kit.workspace.models_ask("tickets", (&endpoint(&url), &client, &wire), true, &mut |_, _| {}).await.unwrap();
        assert_eq!(again.cases, 0);
        kit.app.close().await;
    })
    .await;
}

#[tokio::test]
async fn one_case_that_an_endpoint_refuses_keeps_no_other_from_advice() {
    each_engine(46, |kit| async move {
        kit.publish(PLAYBOOK).await;
        kit.member("Ada", &[]).await;
        for n in 0..3 {
            open(&kit, n).await;
        }
        let endpoint = |url: &str| endpoint(url, (0, 0));
        let reply = json!({ "choices": [{ "message": { "content": "B" } }], "usage": { "prompt_tokens": 1, "completion_tokens": 1 } });
        let asked = async |statuses| {
            let (url, _) = double_that(statuses, reply.clone()).await;
            let (client, wire) = (Client::new(None), Wire::live());
            kit.workspace.models_ask("tickets", (&endpoint(&url), &client, &wire), true, &mut |_, _| {}).await.unwrap()
        };
        // A wrong key is wrong for all; a text that is too long is too long alone.
        let key = asked(vec!["401 Unauthorized"]).await;
        assert_eq!((key.cases, key.no_advice, key.added), (1, 1, 0));
        let long = asked(vec!["400 Bad Request", "200 OK"]).await;
        assert_eq!((long.cases, long.no_advice, long.added), (3, 1, 2));
        kit.app.close().await;
    })
    .await;
}
