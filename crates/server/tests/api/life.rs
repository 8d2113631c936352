//! The whole life of a case, as a client tells it.

use super::world::{SECOND, World};
use axum::http::Method;
use serde_json::json;

fn ticket() -> serde_json::Value {
    json!({
        "playbook": "tickets",
        "external_id": "T-1",
        "fields": {"subject": "Charged twice", "body": "You took the money two times.", "customer": "c-77"},
        "proposals": [{"proposer": "triage-model", "version": "3", "probabilities": {"billing": 0.9, "bug": 0.07, "account": 0.03}, "explanation": "two charges on one day"}],
    })
}

#[tokio::test]
async fn a_case_from_intake_to_outcome() {
    let (world, person) = World::with_tickets().await;
    world.name(person, "<Ada>");
    let opened = world.told(Method::POST, "/v1/cases", &[], Some(&ticket())).await;
    let case = opened.id("case");
    world.name(case, "<case>");
    world.told(Method::POST, "/v1/cases", &[], Some(&ticket())).await;
    world.told(Method::GET, "/v1/queue", &[], None).await;
    world.told(Method::POST, "/v1/claims", &[], Some(&json!({"person": person}))).await;
    let shown = world.told(Method::POST, &format!("/v1/cases/{case}/show"), &[], Some(&json!({"person": person}))).await;
    world.pass(12 * SECOND);
    let judgment = json!({"person": person, "token": shown.json()["token"], "answer": "billing", "confidence": 0.8, "seconds": 12});
    let judged = world
        .told(
            Method::POST,
            &format!("/v1/cases/{case}/judgments"),
            &[("if-match", opened.headers["etag"].to_str().unwrap())],
            Some(&judgment),
        )
        .await;
    assert_eq!(judged.status, 412, "the record of what was shown is a change of the case");
    let version = shown.json()["version"].as_u64().unwrap();
    let judged =
        world.told(Method::POST, &format!("/v1/cases/{case}/judgments"), &[("if-match", &format!("\"{version}\""))], Some(&judgment)).await;
    let decision = judged.id("decision");
    world.name(decision, "<decision>");
    world.told(Method::GET, &format!("/v1/cases/{case}"), &[], None).await;
    world.told(Method::GET, &format!("/v1/cases/{case}"), &[("if-none-match", judged.headers["etag"].to_str().unwrap())], None).await;
    world.told(Method::GET, &format!("/v1/decisions/{decision}"), &[], None).await;
    world.told(Method::GET, &format!("/v1/cases/{case}/explain"), &[], None).await;
    world
        .told(
            Method::POST,
            &format!("/v1/decisions/{decision}/withdraw"),
            &[],
            Some(&json!({"person": person, "reason": "pressed the wrong key"})),
        )
        .await;
    insta::assert_snapshot!("a_case_until_it_is_withdrawn", world.transcript());

    world
        .told(
            Method::PUT,
            &format!("/v1/cases/{case}/fields"),
            &[],
            Some(&json!({"fields": {"subject": "Charged three times", "body": "Now three.", "customer": "c-77"}})),
        )
        .await;
    world.told(Method::PUT, &format!("/v1/cases/{case}/claim"), &[], Some(&json!({"person": person}))).await;
    let shown = world.told(Method::POST, &format!("/v1/cases/{case}/show"), &[], Some(&json!({"person": person}))).await;
    let judgment = json!({"person": person, "token": shown.json()["token"], "answer": "billing", "reason": "plain"});
    let judged = world.told(Method::POST, &format!("/v1/cases/{case}/judgments"), &[], Some(&judgment)).await;
    let decision = judged.id("decision");
    world.name(decision, "<second decision>");
    world.pass(120 * SECOND);
    world.told(Method::POST, &format!("/v1/decisions/{decision}/acted"), &[], Some(&json!({"reference": "moved to billing"}))).await;
    world.told(Method::POST, &format!("/v1/decisions/{decision}/withdraw"), &[], Some(&json!({"person": person}))).await;
    let outcome = world
        .told(
            Method::POST,
            &format!("/v1/cases/{case}/outcomes"),
            &[],
            Some(&json!({"value": "bug"})),
        )
        .await
        .json()["events"][0]["id"]
        .clone();
    world
        .told(
            Method::POST,
            &format!("/v1/cases/{case}/outcomes/{}/correct", outcome.as_str().unwrap()),
            &[],
            Some(&json!({"value": "billing", "reason": "closed in the wrong queue"})),
        )
        .await;
    world.told(Method::POST, &format!("/v1/decisions/{decision}/appeals"), &[], Some(&json!({"reason": "the customer objects"}))).await;
    world.told(Method::GET, "/v1/decisions", &[], None).await;
    world.told(Method::GET, "/v1/cases?playbook=tickets&external_id=T-1", &[], None).await;
    insta::assert_snapshot!("a_case_until_it_is_appealed", world.transcript());
}

#[tokio::test]
async fn people_talk_about_a_case_and_pass_it_on() {
    let (world, person) = World::with_tickets().await;
    world.name(person, "<Ada>");
    let case = world.told(Method::POST, "/v1/cases", &[], Some(&ticket())).await.id("case");
    world.name(case, "<case>");
    let path = |verb: &str| format!("/v1/cases/{case}/{verb}");
    let proposal = json!({"proposer": "rules", "answer": "bug"});
    world.told(Method::POST, &path("proposals"), &[], Some(&proposal)).await;
    world
        .told(
            Method::POST,
            &path("observations"),
            &[],
            Some(&json!({"person": "someone@old-tool", "answer": "bug", "advice_seen": "yes", "tool": "old-desk"})),
        )
        .await;
    world.told(Method::PUT, &path("claim"), &[], Some(&json!({"person": person}))).await;
    world.told(Method::GET, &format!("/v1/claims?person={person}"), &[], None).await;
    let shown = world.told(Method::POST, &path("show"), &[], Some(&json!({"person": person}))).await;
    let both = json!({"person": person, "token": shown.json()["token"], "answer": "bug", "accept": shown.json()["proposals"][0]["id"]});
    world.told(Method::POST, &path("judgments"), &[], Some(&both)).await;
    world.told(Method::POST, &path("asks"), &[], Some(&json!({"person": person, "instruction": "look at the second charge"}))).await;
    world.told(Method::POST, &path("comments"), &[], Some(&json!({"person": person, "text": "waiting for the bank"}))).await;
    world.told(Method::POST, &path("snooze"), &[], Some(&json!({"person": person, "until": "2026-11-23T10:00:00Z"}))).await;
    world.told(Method::POST, &path("escalate"), &[], Some(&json!({"person": person, "role": "support", "reason": "large sum"}))).await;
    world.told(Method::POST, &path("reroute"), &[], None).await;
    world.told(Method::DELETE, &format!("{}?person={person}", path("claim")), &[], None).await;
    world.told(Method::POST, &path("skip"), &[], Some(&json!({"person": person, "reason": "I know the customer"}))).await;
    world.told(Method::POST, "/v1/claims", &[], Some(&json!({"person": person, "playbook": "tickets"}))).await;
    insta::assert_snapshot!(world.transcript());
}

#[tokio::test]
async fn the_workspace_around_it() {
    let (world, person) = World::with_tickets().await;
    world.name(person, "<Ada>");
    world.told(Method::GET, "/v1/workspace", &[], None).await;
    world.told(Method::GET, "/v1/playbooks", &[], None).await;
    world.told(Method::PUT, &format!("/v1/people/{person}"), &[], Some(&json!({"roles": ["lead"], "active": true}))).await;
    world.told(Method::GET, "/v1/people", &[], None).await;
    world.told(Method::POST, "/v1/stop", &[], Some(&json!({"playbook": "tickets", "reason": "odd answers"}))).await;
    world.told(Method::GET, "/v1/stops", &[], None).await;
    world.told(Method::POST, "/v1/resume", &[], Some(&json!({"playbook": "tickets", "reason": "nobody in particular"}))).await;
    world
        .told(Method::POST, "/v1/resume", &[], Some(&json!({"playbook": "tickets", "person": person, "reason": "a program says so"})))
        .await;
    let own = world.key(&["control"], Some(person)).await;
    assert_eq!(world.send_as(&own, Method::POST, "/v1/resume", &json!({"playbook": "tickets", "reason": "rolled back"})).await.text, "[]");
    world.told(Method::DELETE, &format!("/v1/people/{person}/name"), &[], None).await;
    world.told(Method::GET, "/v1/people", &[], None).await;
    insta::assert_snapshot!(world.transcript());
}

#[tokio::test]
async fn a_subject_is_found_exported_and_forgotten() {
    let (world, _) = World::with_tickets().await;
    let case = world.post("/v1/cases", &ticket()).await.id("case");
    let subject = world.get("/v1/subjects?playbook=tickets&value=c-77").await.id("subject");
    assert!(world.get(&format!("/v1/subjects/{subject}")).await.text.contains("You took the money two times."));
    let erased = world
        .call(
            world.request(Method::DELETE, &format!("/v1/subjects/{subject}?ground=their%20wish")).body(axum::body::Body::empty()).unwrap(),
        )
        .await;
    assert_eq!(erased.status, 200, "{}", erased.text);
    assert!(erased.json()["values_destroyed"].as_u64().unwrap() >= 2);
    let view = world.get(&format!("/v1/cases/{case}")).await;
    assert!(!view.text.contains("You took"), "{}", view.text);
    assert_eq!(view.json()["fields"].as_array().unwrap().iter().filter(|field| field["erased"] == true).count(), 2);
}

#[tokio::test]
async fn attachments_come_back_as_downloads() {
    let world = World::new().await;
    let request = world.request(Method::POST, "/v1/attachments").header("content-type", "text/html");
    let stored = world.call(request.body("<script>alert(1)</script>".into()).unwrap()).await;
    assert_eq!(stored.status, 201, "{}", stored.text);
    let digest = stored.json()["attachment"].as_str().unwrap().to_owned();
    let back = world.get(&format!("/v1/attachments/{digest}")).await;
    assert_eq!((back.status.as_u16(), back.text.as_str()), (200, "<script>alert(1)</script>"));
    assert_eq!(back.headers["content-disposition"], "attachment");
    assert_eq!(back.headers["x-content-type-options"], "nosniff");
    assert!(back.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert_eq!(world.get("/v1/attachments/nonsense").await.slug(), "malformed");
}

#[tokio::test]
async fn a_request_is_carried_out_once_under_its_key() {
    let (world, person) = World::with_tickets().await;
    let case = world.post("/v1/cases", &ticket()).await.id("case");
    let comment = |text: &str| {
        let request = world
            .request(Method::POST, &format!("/v1/cases/{case}/comments"))
            .header("content-type", "application/json")
            .header("idempotency-key", "once");
        request.body(axum::body::Body::from(json!({"person": person, "text": text}).to_string())).unwrap()
    };
    let first = world.call(comment("a")).await;
    let again = world.call(comment("a")).await;
    assert_eq!(first.status, 200, "{}", first.text);
    assert_eq!(first.json()["events"], again.json()["events"]);
    assert_eq!(world.call(comment("b")).await.slug(), "idempotency-mismatch");
    let told = world.get(&format!("/v1/cases/{case}/history")).await.json();
    assert_eq!(told.as_array().unwrap().iter().filter(|event| event["event"]["type"].as_str().unwrap().contains("comment")).count(), 1);
}
