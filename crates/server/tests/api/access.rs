//! Who may do what: the whole matrix, read off the running service and held against its description.

use super::{
    document::operations,
    world::{TICKETS, World},
};
use axum::{
    body::Body,
    http::{Method, Request},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::fmt::Write as _;
use tower::ServiceExt;
use uuid::Uuid;

const SCOPES: [&str; 9] =
    ["cases:write", "cases:read", "judge", "outcomes:write", "playbooks:write", "people:write", "control", "ledger:read", "admin"];

/// How the door answers: `+` let in, `-` no right, `k` no key, `p` not for a key that speaks for a person.
async fn door(world: &World, key: Option<&str>, method: &str, path: &str) -> char {
    let mut filled = path
        .replace("{name}", "x")
        .replace("{key}", "x")
        .replace("{slug}", "x")
        .replace("{level}", "0")
        .replace("{rest}", "000")
        .replace("{position}", "0")
        .replace("{digest}", "x");
    while let (Some(from), Some(to)) = (filled.find('{'), filled.find('}')) {
        filled.replace_range(from..=to, &Uuid::nil().to_string());
    }
    let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(filled).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let response = world.router.clone().oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap();
    match response.status().as_u16() {
        401 => 'k',
        403 => {
            let text = response.into_body().collect().await.unwrap().to_bytes();
            let problem: Value = serde_json::from_slice(&text).unwrap();
            match problem["detail"].as_str().unwrap() {
                detail if detail.starts_with("this key lacks the scope") => '-',
                detail if detail.starts_with("a key that speaks for a person") => 'p',
                detail => panic!("{method} {path}: {detail}"),
            }
        }
        status => {
            assert!(status < 500, "{method} {path}: {status}");
            '+'
        }
    }
}

#[tokio::test]
async fn the_matrix() {
    let (world, person) = World::with_tickets().await;
    let mut keys = Vec::new();
    for scope in SCOPES {
        keys.push(world.key(&[scope], None).await);
    }
    let own = world.key(&["admin"], Some(person)).await;
    let mut matrix = format!("{:72}", "+ let in   - no right   k no key   p not for a person's key");
    for scope in SCOPES {
        write!(matrix, " {scope}").unwrap();
    }
    matrix.push_str("   a person's key (admin)   no key\n");
    for (method, path, operation) in operations() {
        let ways = operation["security"].as_array().unwrap();
        let documented = ways.iter().find_map(|way| way["key"].as_array());
        write!(matrix, "{:72}", format!("{method} {path}")).unwrap();
        for (scope, key) in SCOPES.iter().zip(&keys) {
            let answer = door(&world, Some(key), &method, &path).await;
            let allowed = documented
                .is_none_or(|scopes| scopes.is_empty() || *scope == "admin" || scopes.iter().any(|documented| documented == scope));
            assert_eq!(answer, if allowed { '+' } else { '-' }, "{method} {path} with {scope}: the description says otherwise");
            write!(matrix, " {:^width$}", answer, width = scope.len()).unwrap();
        }
        let without = door(&world, None, &method, &path).await;
        assert_eq!(without == '+', documented.is_none(), "{method} {path} without a key: the description says otherwise");
        writeln!(matrix, "   {:^22}   {without}", door(&world, Some(&own), &method, &path).await).unwrap();
    }
    insta::assert_snapshot!(matrix);
}

#[tokio::test]
async fn a_key_is_whole_and_live_or_nothing() {
    let world = World::new().await;
    let key = world.key(&["cases:read"], None).await;
    assert_eq!(world.get_as(&key, "/v1/cases").await.status, 200);
    let flipped = format!("{}{}", &key[..key.len() - 1], if key.ends_with('A') { 'B' } else { 'A' });
    for bad in ["", "cs_", "cs_00000000_x", &key[1..], &key[..key.len() - 1], &flipped, "' or 1=1 --"] {
        let answer = world.get_as(bad, "/v1/cases").await;
        assert_eq!(answer.slug(), "unauthenticated", "{bad}");
        assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    }
    for header in ["Basic YTpi", "Bearer", "bearer", &key] {
        let request = Request::builder().uri("/v1/cases").header("authorization", header).body(Body::empty()).unwrap();
        assert_eq!(world.call(request).await.slug(), "unauthenticated", "{header}");
    }
    let id = key.split('_').nth(1).unwrap();
    let revoked = world.call(world.request(Method::DELETE, &format!("/v1/keys/{id}")).body(Body::empty()).unwrap()).await;
    assert_eq!(revoked.status, 204, "{}", revoked.text);
    assert_eq!(world.get_as(&key, "/v1/cases").await.slug(), "unauthenticated");
}

#[tokio::test]
async fn a_persons_key_acts_for_that_person_only() {
    let (world, ada) = World::with_tickets().await;
    let bob = world.person("Bob").await;
    let key = world.key(&["judge"], Some(ada)).await;
    let case =
        world.post("/v1/cases", &json!({"playbook": "tickets", "fields": {"subject": "s", "body": "b", "customer": "c"}})).await.id("case");
    for (path, body) in [
        ("/v1/claims".to_owned(), json!({"person": bob})),
        (format!("/v1/cases/{case}/show"), json!({"person": bob})),
        (format!("/v1/cases/{case}/comments"), json!({"person": bob, "text": "x"})),
        (format!("/v1/cases/{case}/judgments"), json!({"person": bob, "token": "x", "answer": "bug"})),
        (format!("/v1/cases/{case}/skip"), json!({"person": bob})),
        (format!("/v1/decisions/{case}/appeals"), json!({"person": bob, "reason": "x"})),
    ] {
        let answer = world.send_as(&key, Method::POST, &path, &body).await;
        assert_eq!((answer.slug().as_str(), answer.json()["field"].as_str()), ("forbidden", Some("/person")), "{path}");
    }
    assert_eq!(world.get_as(&key, &format!("/v1/claims?person={bob}")).await.slug(), "forbidden");
    assert_eq!(world.get_as(&key, "/v1/claims").await.text, "[]");
    assert_eq!(world.send_as(&key, Method::POST, "/v1/claims", &json!({"person": ada})).await.status, 200);
    let comment = world.send_as(&key, Method::POST, &format!("/v1/cases/{case}/comments"), &json!({"person": ada, "text": "mine"})).await;
    assert_eq!(comment.status, 200, "{}", comment.text);
    let history = world.get(&format!("/v1/cases/{case}/history")).await.json();
    let last = history.as_array().unwrap().last().unwrap()["event"].clone();
    assert_eq!((last["actor"].as_str(), last["source"].as_str()), (Some(format!("person:{ada}").as_str()), Some("api")));
}

/// A key that speaks for nobody may name anybody elsewhere; whose practice it is reads it, and nobody else.
#[tokio::test]
async fn practice_is_its_persons_alone() {
    let (world, ada) = World::with_tickets().await;
    let bob = world.person("Bob").await;
    let (own, bobs) = (world.key(&["judge"], Some(ada)).await, world.key(&["judge"], Some(bob)).await);
    let begun = world.send_as(&own, Method::POST, "/v1/playbooks/tickets/practice", &json!({"kind": "induction"})).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    let session = begun.json()["session"].as_str().unwrap().to_owned();
    for key in [world.key(&["judge"], None).await, world.key(&["admin"], None).await, bobs] {
        for path in ["/v1/practice".to_owned(), format!("/v1/practice/{session}")] {
            let answer = world.get_as(&key, &format!("{path}?person={ada}")).await;
            assert_eq!((answer.slug().as_str(), answer.json()["field"].as_str()), ("forbidden", Some("/person")), "{path}");
        }
        for (method, path, body) in [
            (Method::POST, "/v1/playbooks/tickets/practice".to_owned(), json!({"kind": "induction", "person": ada})),
            (Method::POST, format!("/v1/practice/{session}/steps"), json!({"step": 0, "answer": "bug", "person": ada})),
            (Method::DELETE, format!("/v1/practice/{session}?person={ada}"), json!(null)),
        ] {
            let answer = world.send_as(&key, method, &path, &body).await;
            assert_eq!((answer.slug().as_str(), answer.json()["field"].as_str()), ("forbidden", Some("/person")), "{path}");
        }
    }
    assert_eq!(world.get_as(&own, &format!("/v1/practice/{session}?person={ada}")).await.status, 200);
    assert_eq!(world.send_as(&own, Method::DELETE, &format!("/v1/practice/{session}"), &json!(null)).await.status, 204);
}

/// Law 4, at this door: nothing that a person's key can read tells what the AI said before their own first answer.
#[tokio::test]
async fn advice_is_withheld_until_the_first_answer() {
    let world = World::new().await;
    world.publish(&TICKETS.replace("default = \"assist\"", "default = \"blind\"")).await;
    let ada = world.person("Ada").await;
    let key = world.key(&["admin"], Some(ada)).await;
    let case = world
        .post("/v1/cases", &json!({"playbook": "tickets", "fields": {"subject": "s", "body": "b", "customer": "c"}, "proposals": [{"proposer": "oracle", "answer": "account", "explanation": "WHISPER"}]}))
        .await
        .id("case");
    assert_eq!(world.send_as(&key, Method::POST, "/v1/claims", &json!({"person": ada})).await.status, 200);
    let shown = world.send_as(&key, Method::POST, &format!("/v1/cases/{case}/show"), &json!({"person": ada})).await;
    assert_eq!(shown.json()["phase"], "first", "{}", shown.text);
    let mut told = vec![shown.text.clone()];
    for path in [
        format!("/v1/cases/{case}"),
        format!("/v1/cases/{case}/history"),
        format!("/v1/cases/{case}/explain"),
        "/v1/cases".into(),
        "/v1/cases?playbook=tickets&state=open".into(),
        "/v1/decisions".into(),
        "/v1/events".into(),
        "/v1/events/export".into(),
        format!("/v1/log/{}/tile/entries/000.p/9", world.workspace.id()),
        "/v1/queue".into(),
        "/v1/claims".into(),
        "/v1/workspace".into(),
    ] {
        let answer = world.get_as(&key, &path).await;
        assert_ne!(answer.status, 404, "{path}");
        told.push(answer.text);
    }
    for text in &told {
        assert!(!text.contains("WHISPER") && !text.contains("oracle"), "{text}");
    }
    let judgment = json!({"person": ada, "token": shown.json()["token"], "answer": "bug"});
    assert_eq!(world.send_as(&key, Method::POST, &format!("/v1/cases/{case}/judgments"), &judgment).await.status, 200);
    let shown = world.send_as(&key, Method::POST, &format!("/v1/cases/{case}/show"), &json!({"person": ada})).await;
    assert_eq!(shown.json()["phase"], "final", "{}", shown.text);
    assert!(shown.text.contains("WHISPER"), "after the first answer the advice is shown: {}", shown.text);
}
