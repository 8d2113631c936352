//! Input that means harm.

use super::world::World;
use axum::{body::Body, http::Method};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;

fn case(subject: &str) -> String {
    json!({"playbook": "tickets", "fields": {"subject": subject, "body": "b", "customer": "c"}}).to_string()
}

#[tokio::test]
async fn harmful_text_is_refused_or_kept_as_text() {
    let (world, _) = World::with_tickets().await;
    let post = |body: Vec<u8>| {
        world.call(world.request(Method::POST, "/v1/cases").header("content-type", "application/json").body(Body::from(body)).unwrap())
    };
    let nested =
        |depth: usize| format!("{{\"playbook\":\"tickets\",\"fields\":{{\"subject\":{}{}}}}}", "[".repeat(depth), "]".repeat(depth));
    for (what, body, slug) in [
        ("invalid UTF-8", b"{\"playbook\":\"tickets\",\"fields\":{\"subject\":\"\xc3\x28\"}}".to_vec(), "malformed"),
        ("a lone surrogate", b"{\"playbook\":\"\\ud800\"}".to_vec(), "malformed"),
        ("U+0000", case("a\0b").into_bytes(), "invalid"),
        ("NaN", b"{\"playbook\":\"tickets\",\"proposals\":[{\"proposer\":\"m\",\"probabilities\":{\"bug\":NaN}}]}".to_vec(), "malformed"),
        ("infinity", b"{\"playbook\":\"tickets\",\"fields\":{\"subject\":1e999}}".to_vec(), "malformed"),
        ("a deep nest", nested(100_000).into_bytes(), "malformed"),
        ("a nest as deep as JSON is read", nested(100).into_bytes(), "invalid"),
        ("a member twice", b"{\"playbook\":\"tickets\",\"playbook\":\"tickets\",\"fields\":{}}".to_vec(), "invalid"),
        ("probabilities that are none", json!({"playbook": "tickets", "fields": {"subject": "s", "body": "b", "customer": "c"}, "proposals": [{"proposer": "m", "probabilities": {"bug": -1e300, "billing": 1e300}}]}).to_string().into_bytes(), "invalid"),
        ("a body over the limit", case(&"x".repeat(1 << 20)).into_bytes(), "too-large"),
        ("an empty body", Vec::new(), "invalid"),
        ("null", b"null".to_vec(), "invalid"),
    ] {
        let answer = post(body).await;
        assert_eq!(answer.slug(), slug, "{what}: {}", answer.text);
    }
    let announced = world
        .request(Method::POST, "/v1/cases")
        .header("content-type", "application/json")
        .header("content-length", "99999999999")
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(world.call(announced).await.slug(), "too-large");
    for text in ["'; drop table event; --", "<script>alert(1)</script>", "\u{202e}gnp.exe", "%00%0a", "{{7*7}}", "𝕳𝖊𝖑𝖑𝖔 \u{fdd0}"]
    {
        let opened = post(case(text).into_bytes()).await;
        assert_eq!(opened.status, 201, "{}", opened.text);
        let view = world.get(&format!("/v1/cases/{}", opened.id("case"))).await;
        assert_eq!(view.json()["fields"][0]["value"], text);
        assert_eq!(view.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn harmful_paths_find_nothing() {
    let world = World::new().await;
    for path in [
        "/v1/playbooks/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/v1/playbooks/';drop%20table%20playbook;--",
        "/v1/playbooks/%00",
        "/v1/playbooks/%ff",
        "/v1/cases/%00",
        "/v1/cases/..%2f..",
        "/v1/attachments/../../etc/passwd",
        "/problems/..%2f..%2fCargo.toml",
        "/v1/log/x/checkpoint",
        "/v1/playbooks/x?version=-1",
        "/v1/playbooks/x?version=99999999999999999999",
        "/v1/events/export?from=-1",
        "/v1/decisions?cursor=%00",
        "/v1/decisions?cursor=AAAA&limit=0",
        "/v1/cases?state=x%27",
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status.as_u16() / 100, 4, "{path}: {} {}", answer.status, answer.text);
        answer.slug();
    }
}

#[test]
fn no_body_is_a_fault_of_ours() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (world, person) = runtime.block_on(World::with_tickets());
    let paths = ["/v1/cases", "/v1/people", "/v1/claims", "/v1/keys", "/v1/stop", "/v1/playbooks"];
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "[\\[\\]{}:,\"0-9a-zA-Z .-]{0,80}".prop_map(String::into_bytes),
        ("[a-z_]{1,8}", "\\PC{0,20}", -9e99..9e99_f64).prop_map(move |(name, text, number)| {
            json!({"playbook": "tickets", "person": person, "name": text, &name: text, "fields": {&name: number}}).to_string().into_bytes()
        }),
    ];
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) });
    runner
        .run(&(0..paths.len(), bytes, any::<bool>()), |(path, bytes, lines)| {
            let media_type = match (lines, paths[path]) {
                (_, "/v1/playbooks") => "application/toml",
                (true, "/v1/cases") => "application/x-ndjson",
                _ => "application/json",
            };
            let request = world.request(Method::POST, paths[path]).header("content-type", media_type).body(Body::from(bytes)).unwrap();
            let answer = runtime.block_on(world.call(request));
            prop_assert!(answer.status.as_u16() < 500, "{} {}", answer.status, answer.text);
            prop_assert!(!answer.text.contains("/problems/internal") && !answer.text.contains("/problems/storage"), "{}", answer.text);
            Ok(())
        })
        .unwrap();
}
