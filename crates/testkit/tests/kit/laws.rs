//! Two laws from end to end. A person who has yet to answer independently reads the same bytes whatever the AI, or another reviewer,
//! said; and whatever is called in whatever order, nothing is decided by a certificate that nobody earned.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use countersign_app::{
    Caller, Options,
    input::{
        AmendInput, AppealInput, CaseInput, CommentInput, CorrectionInput, EscalateInput, OutcomeInput, ProposalInput, ReasonInput,
        StopInput,
    },
    queue::View,
};
use countersign_core::{
    event::Actor,
    id::{CaseId, EventId, PersonId},
};
use countersign_testkit::{Database, Kit, caller, case, dice::Dice, each_engine, playbook, raw, story};
use serde_json::{Value, json};

/// What differs between two worlds: all that the AI and another reviewer say.
struct Said {
    probabilities: Value,
    words: &'static str,
    draft: &'static str,
    colleague: &'static str,
}

const WORLDS: [fn() -> Said; 2] = [
    || Said {
        probabilities: json!({ "benign": 0.98, "suspicious": 0.01, "attack": 0.01 }),
        words: "harmless",
        draft: "All is well",
        colleague: "benign",
    },
    || Said {
        probabilities: json!({ "benign": 0.01, "suspicious": 0.02, "attack": 0.97 }),
        words: "an attack",
        draft: "Call the police",
        colleague: "attack",
    },
];

fn told<T: serde::Serialize>(what: &str, answer: Result<T, countersign_app::Error>) -> String {
    match answer {
        Ok(value) => format!("{what}: {}", serde_json::to_string(&value).unwrap()),
        Err(error) => format!("{what}: refused: {:?}", error.refusal()),
    }
}

/// All that can be read in a person's name.
async fn read_by(kit: &Kit, person: PersonId, cases: &[CaseId]) -> Vec<String> {
    let w = kit.workspace.clone().read_by(Some(person));
    let mut all = vec![
        told("list", w.cases_list(None, None, None, 100).await),
        told("counts", w.case_counts().await),
        told("decisions", w.decisions_list(None, None, None, 100).await),
        told("notices", w.notices_from(0, 1_000).await),
        told("claims", w.claims_of(person).await),
    ];
    for name in ["scans", "notes", "moves", "letters"] {
        all.push(told("open", w.cases_list(Some(name), Some("open"), None, 100).await));
    }
    for view in View::ALL {
        all.push(format!("queue: {:?}", w.queue_list(person, view, None, None).await.map(|page| (page.items, page.next))));
    }
    all.push(format!("waiting: {:?}", w.queue_counts(person).await));
    all.push(format!("recent: {:?}", w.recent(person, 10).await));
    all.push(told("work", w.work_of(person, Some(person)).await));
    all.push(told("practice", w.practice_list(person).await));
    for case in cases {
        let sheet = w.case_sheet(*case, person).await.map(|sheet| sheet.map(|s| (s.shown.token, s.may_ask, s.newer, s.first, s.asks)));
        all.push(format!("sheet: {sheet:?}"));
        all.push(format!("proof: {:?}", w.case_proof(*case, Some(person)).await.map(|proof| proof.checkpoint)));
        all.push(told("case", w.case_get(*case, Some(person)).await));
        all.push(told("history", w.case_history(*case, Some(person)).await));
        all.push(told("explain", w.case_explain(*case, Some(person)).await));
        all.push(told("precedents", w.precedents(*case, Some(person)).await));
    }
    all
}

/// One world up to the moment before the person's first answers: everything they could read on the way, and what was to be hidden.
async fn readings(database: Database, said: Said) -> (Vec<String>, Vec<String>) {
    let kit = Kit::on(database, 91).await;
    for (name, route, more) in [
        ("scans", "blind", "automate = { max_error = 0.02, certainty = 0.95, audit = 0.05 }"),
        ("notes", "unaided", ""),
        ("moves", "panel", "panel = 2"),
    ] {
        kit.publish(&playbook(name, route, more)).await;
    }
    kit.publish(&story::LETTERS.replace("default = \"assist\"", "default = \"blind\"")).await;
    let (ada, bo) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await);
    let proposal = |version: &str| ProposalInput {
        proposer: "m1".into(),
        version: Some(version.into()),
        probabilities: said.probabilities.as_object().cloned(),
        explanation: Some(said.words.into()),
        ..ProposalInput::default()
    };
    let mut cases = Vec::new();
    for name in ["scans", "notes", "moves", "scans"] {
        let input = CaseInput { proposals: vec![proposal("1")], ..case(name, &format!("{name}-{}", cases.len()), "the same for all") };
        cases.push(CaseId(kit.open(input).await.case));
    }
    let mut letter = story::letter("l-1", "the same customer", "the same words");
    letter.proposals[0].answer = Some(json!(said.draft));
    letter.proposals[0].explanation = Some(said.words.into());
    cases.push(CaseId(kit.open(letter).await.case));
    let mut all = read_by(&kit, ada, &cases).await;

    // A later proposal, a remark and a colleague's answer tell nothing either.
    kit.workspace.case_propose(&caller(), cases[0], proposal("2"), Options::default()).await.unwrap();
    kit.workspace
        .case_comment(
            &caller(),
            cases[2],
            CommentInput { person: bo.0, text: said.words.into(), mentions: Vec::new(), anchor: None },
            Options::default(),
        )
        .await
        .unwrap();
    kit.decide(cases[2], bo, said.colleague).await;
    // The colleague finishes a blind case: a case that this person will never have to answer.
    kit.decide(cases[3], bo, "benign").await;
    let second = kit.show(cases[3], bo).await;
    kit.answer(&second, bo, "benign").await.unwrap();
    let reachable = [&cases[..3], &cases[4..]].concat();
    all.extend(read_by(&kit, ada, &reachable).await);

    // What is served and shown, with tokens and orders.
    for _ in 0..reachable.len() {
        let claim = kit.workspace.claim_next(ada, None).await;
        let case = claim.as_ref().ok().and_then(Option::as_ref).map(|c| CaseId(c.case)).expect("a case");
        all.push(told("claim", claim));
        all.push(told("show", kit.workspace.case_show(&caller(), case, ada, Options::default()).await));
        all.extend(read_by(&kit, ada, &reachable).await);
    }
    assert!(kit.claim_next(ada).await.is_none());
    let full = kit.workspace.events_from(0, 10_000).await.unwrap();
    (all, full.iter().map(|event| serde_json::to_string(event).unwrap()).collect())
}

async fn indistinguishable(databases: [Database; 2]) {
    let [one, other] = databases;
    let (one, full_one) = readings(one, WORLDS[0]()).await;
    let (other, full_other) = readings(other, WORLDS[1]()).await;
    assert_ne!(full_one, full_other, "the worlds differ");
    assert_eq!(one.len(), other.len());
    for (n, (one, other)) in one.iter().zip(&other).enumerate() {
        assert_eq!(one, other, "reading {n} tells what was said");
    }
    for words in ["harmless", "an attack", "All is well", "Call the police", "0.97", "0.98"] {
        assert!(!one.iter().chain(&other).any(|text| text.contains(words)), "{words} was told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_before_the_first_answer_is_the_same_whatever_was_said() {
    indistinguishable([Database::sqlite(), Database::sqlite()]).await;
    match (Database::postgres().await, Database::postgres().await) {
        (Some(one), Some(other)) => indistinguishable([one, other]).await,
        _ => assert!(std::env::var("CI").as_deref() != Ok("true"), "no PostgreSQL"),
    }
}

/// One call chosen by dice, in whatever state the case is; most are refused, and that is fine.
async fn any_call(kit: &Kit, dice: &mut Dice, cases: &mut Vec<CaseId>, people: &[PersonId]) {
    let (w, by, any) = (&kit.workspace, caller(), Options::default);
    let sure = json!({ "benign": 0.999, "suspicious": 0.001, "attack": 0 });
    let answer = *dice.one_of(&["benign", "suspicious", "attack"]);
    let person = *dice.one_of(people);
    if cases.is_empty() || dice.below(5) == 0 {
        let mut input = case(["sure", "blindly", "together"][dice.below(3)], &format!("c-{}", cases.len()), "odd login");
        input.proposals[0].probabilities = sure.as_object().cloned();
        cases.push(CaseId(kit.open(input).await.case));
    }
    let id = *dice.one_of(cases);
    let decision = w.case_get(id, None).await.unwrap().decision.map_or(EventId(id.0), |d| EventId(d.decision));
    let why = || ReasonInput { person: person.0, reason: Some("because".into()) };
    let press = |scope: usize| StopInput {
        playbook: (scope == 1).then(|| "sure".into()),
        proposer: (scope == 2).then(|| "m1".into()),
        person: Some(person.0),
        reason: "a drill".into(),
    };
    // Refusals are half of the point: nothing they leave behind may decide.
    match dice.below(16) {
        0..=4 => {
            let _ = w.claim(person, id).await;
            if let Ok(shown) = w.case_show(&by, id, person, any()).await {
                let _ = kit.answer(&shown, person, answer).await;
            }
        }
        5 => drop(
            w.case_propose(
                &by,
                id,
                ProposalInput { proposer: "m1".into(), probabilities: sure.as_object().cloned(), ..ProposalInput::default() },
                any(),
            )
            .await,
        ),
        6 => drop(w.case_reroute(&by, id, any()).await),
        7 => drop(w.decision_withdraw(&by, decision, why(), any()).await),
        8 => drop(
            w.decision_correct(&by, decision, CorrectionInput { person: person.0, answer: json!(answer), reason: "because".into() }, any())
                .await,
        ),
        9 => drop(w.case_reopen(&by, id, why(), any()).await),
        10 => drop(w.decision_appeal(&by, decision, AppealInput { person: None, reason: "because".into() }, any()).await),
        11 => drop(w.case_outcome(&by, id, OutcomeInput { value: json!("benign"), source: None, at: None }, any()).await),
        12 => drop(w.case_amend(&by, id, AmendInput { fields: json!({ "text": "changed" }).as_object().cloned().unwrap() }, any()).await),
        13 => {
            drop(w.case_escalate(&by, id, EscalateInput { person: person.0, role: "chief".into(), reason: "because".into() }, any()).await)
        }
        14 => drop(w.automation_stop(&by, press(dice.below(3))).await),
        _ => drop(w.automation_resume(&Caller { actor: Actor::Person(person), ..caller() }, press(dice.below(3))).await),
    }
    kit.clock.advance(i64::try_from(dice.below(90_000_000)).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sequence_of_calls_automates_anything() {
    each_engine(92, |kit| async move {
        let automate = "automate = { max_error = 0.5, certainty = 0.5, audit = 0.01 }";
        for (name, route) in [("sure", "assist"), ("blindly", "blind"), ("together", "panel")] {
            let more = if route == "panel" { format!("{automate}\npanel = 2") } else { automate.to_owned() };
            kit.publish(&playbook(name, route, &more)).await;
        }
        let people = [kit.member("Ada", &["chief"]).await, kit.member("Bo", &[]).await, kit.member("Cy", &["chief"]).await];
        let (mut dice, mut cases) = (Dice::new(92), Vec::new());
        for _ in 0..400 {
            any_call(&kit, &mut dice, &mut cases, &people).await;
        }
        let mut decisions = 0;
        let mut would = 0;
        let mut judged = std::collections::HashSet::new();
        for event in kit.workspace.events_from(0, 100_000).await.unwrap() {
            let body = &event.event["body"];
            match event.event["type"].as_str().unwrap() {
                "judgment.given" => {
                    assert!(judged.insert(event.event["id"].as_str().unwrap().to_owned()))
                }
                "case.routed" => {
                    assert_ne!(body["route"], "automate");
                    would += usize::from(!body["would_automate"].is_null());
                }
                "decision.made" => {
                    decisions += 1;
                    let basis = &body["basis"];
                    assert!(!basis.to_string().contains("certificate"), "position {}: {basis}", event.position);
                    let judgments = body["judgments"].as_array().unwrap();
                    assert!(!judgments.is_empty() && !body["persons"].as_array().unwrap().is_empty(), "a decision by nobody: {body}");
                    // A decision never rests on silence: each of its judgments was given by a person before.
                    assert!(judgments.iter().all(|j| judged.contains(j.as_str().unwrap())));
                }
                _ => {}
            }
        }
        assert!(decisions > 20 && would > 20, "{decisions} decisions and {would} recorded wishes prove little");
        assert_eq!(raw::number(kit.app.db(), "select count(*) from decisions where basis = 'certificate'").await, 0);
        kit.assert_sound().await;
    })
    .await;
}
