//! Whatever goes wrong before a use case is asked, as a client sees it.

use super::world::World;
use axum::{body::Body, http::Method};
use countersign_server::{ServerConfig, router};
use serde_json::json;

#[tokio::test]
async fn what_is_wrong_with_a_request_is_a_problem() {
    let (world, person) = World::with_tickets().await;
    let case =
        world.post("/v1/cases", &json!({"playbook": "tickets", "fields": {"subject": "s", "body": "b", "customer": "c"}})).await.id("case");
    world.name(case, "<case>");
    let mut told = String::new();
    let raw = |method: Method, path: &str, headers: &[(&str, &str)], body: &str| {
        let mut request = world.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body.to_owned())).unwrap()
    };
    let json_type = ("content-type", "application/json");
    let comments = format!("/v1/cases/{case}/comments");
    for (what, request) in [
        ("an unknown path", raw(Method::GET, "/v1/nothing", &[], "")),
        ("another method", raw(Method::DELETE, "/v1/cases", &[], "")),
        ("no content type", raw(Method::POST, "/v1/cases", &[], "{}")),
        ("another content type", raw(Method::POST, "/v1/people", &[("content-type", "text/csv")], "a,b")),
        ("a compressed body", raw(Method::POST, "/v1/cases", &[json_type, ("content-encoding", "gzip")], "{}")),
        ("no JSON", raw(Method::POST, "/v1/cases", &[json_type], "{\"playbook\": \"tickets\",\n \"fields\": oops}")),
        ("JSON that ends early", raw(Method::POST, "/v1/cases", &[json_type], "{\"playbook\":")),
        ("an unknown member", raw(Method::POST, "/v1/people", &[json_type], "{\"name\": \"x\", \"role\": \"support\"}")),
        ("a missing member", raw(Method::POST, "/v1/people", &[json_type], "{}")),
        ("another type", raw(Method::POST, "/v1/people", &[json_type], "{\"name\": \"x\", \"roles\": \"secret words\"}")),
        (
            "an unknown field",
            raw(Method::POST, "/v1/cases", &[json_type], "{\"playbook\": \"tickets\", \"fields\": {\"subjekt\": \"secret words\"}}"),
        ),
        ("an unknown playbook", raw(Method::POST, "/v1/cases", &[json_type], "{\"playbook\": \"ticket\", \"fields\": {}}")),
        ("an id that is no UUID", raw(Method::GET, "/v1/cases/17", &[], "")),
        ("an id that is not there", raw(Method::GET, "/v1/cases/018f0000-0000-7000-8000-000000000000", &[], "")),
        ("an unknown parameter", raw(Method::GET, "/v1/cases?color=red", &[], "")),
        ("a limit that is too high", raw(Method::GET, "/v1/cases?limit=1001", &[], "")),
        ("a limit that is no number", raw(Method::GET, "/v1/cases?limit=many", &[], "")),
        ("a cursor of one's own", raw(Method::GET, "/v1/decisions?cursor=abc", &[], "")),
        ("a bad If-Match", raw(Method::POST, &comments, &[json_type, ("if-match", "7")], "{}")),
        (
            "a stale If-Match",
            raw(Method::POST, &comments, &[json_type, ("if-match", "\"1\"")], &json!({"person": person, "text": "x"}).to_string()),
        ),
        ("an empty idempotency key", raw(Method::POST, &comments, &[json_type, ("idempotency-key", "")], "{}")),
        (
            "an idempotency key on a stream",
            raw(Method::POST, "/v1/cases", &[("content-type", "application/x-ndjson"), ("idempotency-key", "a")], "{}"),
        ),
        (
            "a playbook with problems",
            raw(Method::POST, "/v1/playbooks", &[("content-type", "application/toml")], "name = \"x\"\nquestion = 7\n"),
        ),
        (
            "a person who is unknown",
            raw(Method::POST, "/v1/claims", &[json_type], "{\"person\": \"018f0000-0000-4000-8000-000000000000\"}"),
        ),
    ] {
        let answer = world.call(request).await;
        let mut problem = answer.json();
        assert_eq!(problem["status"], answer.status.as_u16(), "{what}");
        assert!(problem["type"].as_str().unwrap().ends_with(&answer.slug()));
        assert_eq!(problem["instance"], answer.headers["x-request-id"].to_str().unwrap());
        assert!(!answer.text.contains("secret words"), "{what}: {}", answer.text);
        problem.as_object_mut().unwrap().remove("instance");
        let allow = answer.headers.get("allow").map_or(String::new(), |allow| format!("  allow: {}", allow.to_str().unwrap()));
        told.push_str(&format!("{what}{allow}\n{}\n\n", serde_json::to_string_pretty(&problem).unwrap()));
    }
    insta::assert_snapshot!(told.replace(&case.to_string(), "<case>"));
}

#[tokio::test]
async fn problems_have_pages() {
    let world = World::new().await;
    let page = world.get("/problems/stale-version").await;
    assert_eq!((page.status.as_u16(), page.headers["content-type"].to_str().unwrap()), (200, "text/markdown; charset=utf-8"));
    assert!(page.text.contains("## What to do"));
    assert_eq!(world.get("/problems/nothing").await.slug(), "not-found");
}

#[tokio::test]
async fn request_ids_are_taken_over_where_they_are_sane() {
    let world = World::new().await;
    for (sent, kept) in [("a-1.b_2", true), ("with spaces", false), ("", false), (&"x".repeat(65), false)] {
        let answer = world.call(world.request(Method::GET, "/healthz").header("x-request-id", sent).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.headers["x-request-id"] == sent, kept, "{sent:?}");
    }
}

#[tokio::test]
async fn every_response_has_the_headers_of_a_door_that_serves_data() {
    let world = World::new().await;
    for path in ["/healthz", "/v1/nothing", "/v1/workspace", "/v1/openapi.json"] {
        let answer = world.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        assert!(answer.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    }
}

#[tokio::test]
async fn metrics_count_what_was_answered() {
    let (world, _) = World::with_tickets().await;
    world.post("/v1/cases", &json!({"playbook": "tickets", "fields": {"subject": "s", "body": "b", "customer": "c"}})).await;
    world.get("/v1/cases/018f0000-0000-7000-8000-000000000000").await;
    world.get("/a/path/that/nobody/made").await;
    assert_eq!(world.get("/readyz").await.text, "ready\n");
    let text = world.get("/metrics").await.text;
    for line in [
        "countersign_cases_taken_in_total 1",
        "countersign_decisions_total 0",
        "countersign_http_requests_total{route=\"/v1/cases\",method=\"POST\",status=\"201\"} 1",
        "countersign_http_requests_total{route=\"/v1/cases/{case}\",method=\"GET\",status=\"404\"} 1",
        "countersign_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"404\"} 1",
        "countersign_writer_waiting 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn a_server_that_is_full_says_when_to_come_again() {
    let mut world = World::new().await;
    world.router = router(world.app.clone(), ServerConfig { requests_in_flight_max: 0, ..ServerConfig::default() });
    let answer = world.get("/v1/workspace").await;
    assert_eq!((answer.slug().as_str(), answer.status.as_u16()), ("busy", 503));
    assert_eq!(answer.headers["retry-after"], "1");
}
