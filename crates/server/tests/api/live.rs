//! Live updates, the export of events, and the log.

use super::world::{SECOND, World};
use axum::{
    body::Body,
    http::{Method, Request},
};
use countersign_server::{ServerConfig, serve};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

fn ticket(nth: u32) -> Value {
    json!({"playbook": "tickets", "fields": {"subject": format!("SECRET {nth}"), "body": "SECRET", "customer": "c"}})
}

/// Reads messages until there are so many.
async fn messages(body: &mut Body, count: usize) -> Vec<(u64, String, Value)> {
    let mut text = String::new();
    while text.matches("\n\n").count() < count {
        let frame = tokio::time::timeout(Duration::from_secs(10), body.frame()).await.expect("news come at once").unwrap().unwrap();
        text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
    assert!(!text.contains("SECRET"));
    text.split("\n\n")
        .filter(|message| !message.is_empty() && !message.starts_with(':'))
        .map(|message| {
            let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap().to_owned();
            (field("id").parse().unwrap(), field("event"), serde_json::from_str(&field("data")).unwrap())
        })
        .collect()
}

async fn listen(world: &World, last: Option<u64>) -> Body {
    let mut request = world.request(Method::GET, "/v1/events");
    if let Some(last) = last {
        request = request.header("last-event-id", last.to_string());
    }
    let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (200, "text/event-stream"));
    response.into_body()
}

#[tokio::test]
async fn a_client_that_was_cut_off_misses_nothing() {
    let (world, _) = World::with_tickets().await;
    let mut live = listen(&world, None).await;
    let case = world.post("/v1/cases", &ticket(1)).await.id("case");
    let first = messages(&mut live, 1).await;
    assert_eq!((first[0].1.as_str(), first[0].2["case"].as_str()), ("case.opened", Some(case.to_string().as_str())));
    assert_eq!(first[0].2["position"], first[0].0);
    drop(live);
    for nth in 2..=4 {
        world.post("/v1/cases", &ticket(nth)).await;
    }
    let size = world.get("/v1/workspace").await.json()["size"].as_u64().unwrap();
    let missed = usize::try_from(size - first[0].0 - 1).unwrap();
    let mut live = listen(&world, Some(first[0].0)).await;
    let again = messages(&mut live, missed).await;
    assert_eq!(again.iter().map(|message| message.0).collect::<Vec<_>>(), (first[0].0 + 1..size).collect::<Vec<_>>());
    world.post("/v1/cases", &ticket(5)).await;
    assert_eq!(messages(&mut live, 1).await[0].0, size, "and then it goes on");
    let bad = world.request(Method::GET, "/v1/events").header("last-event-id", "soon").body(Body::empty()).unwrap();
    assert_eq!(world.call(bad).await.slug(), "malformed");
}

#[tokio::test]
async fn events_are_exported_in_full_and_in_order() {
    let (world, _) = World::with_tickets().await;
    for nth in 1..=3 {
        world.post("/v1/cases", &ticket(nth)).await;
    }
    let key = world.key(&["ledger:read"], None).await;
    let all = world.get_as(&key, "/v1/events/export").await.lines();
    assert_eq!(all.iter().map(|event| event["position"].as_u64().unwrap()).collect::<Vec<_>>(), (0..all.len() as u64).collect::<Vec<_>>());
    assert_eq!(all.iter().filter(|event| event["event"]["type"] == "case.opened").count(), 3);
    assert!(all.iter().any(|event| event.to_string().contains("SECRET 2")));
    let tail = world.get_as(&key, &format!("/v1/events/export?from={}", all.len() - 2)).await.lines();
    assert_eq!(tail, all[all.len() - 2..]);
    assert_eq!(world.get_as(&key, "/v1/events/export?from=99999").await.text, "");
}

#[tokio::test]
async fn anyone_can_check_the_log_and_only_a_key_reads_it() {
    let (world, person) = World::with_tickets().await;
    let case = world.post("/v1/cases", &ticket(1)).await.id("case");
    let size = world.workspace.integrate().await.unwrap();
    let log = format!("/v1/log/{}", world.workspace.id());
    let open = |path: String| world.call(Request::builder().uri(path).body(Body::empty()).unwrap());
    let checkpoint = open(format!("{log}/checkpoint")).await;
    assert_eq!(checkpoint.text.lines().nth(1).unwrap(), size.to_string(), "{}", checkpoint.text);
    let tile = world
        .router
        .clone()
        .oneshot(Request::builder().uri(format!("{log}/tile/0/000.p/{size}")).body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert!(tile.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(tile.into_body().collect().await.unwrap().to_bytes().len() as u64, size * 32);
    for path in ["tile/0/0", "tile/0/000.p/256", "tile/64/000", "tile/0/x000/000", "tile/00/000", "tile/0/001"] {
        assert_eq!(open(format!("{log}/{path}")).await.slug(), "not-found", "{path}");
    }
    assert_eq!(open(format!("{log}/proof/{}", size - 1)).await.status, 200);
    assert_eq!(open(format!("{log}/proof/{size}")).await.status.as_u16() / 100, 4);
    let consistency = open(format!("{log}/consistency?from=1&to={size}")).await;
    assert!(!consistency.json()["hashes"].as_array().unwrap().is_empty(), "{}", consistency.text);
    assert_eq!(open(format!("{log}/consistency?from=9&to=2")).await.status.as_u16() / 100, 4);
    assert_eq!(open(format!("/v1/log/{}/checkpoint", uuid::Uuid::nil())).await.slug(), "not-found");

    let entries = format!("{log}/tile/entries/000.p/{size}");
    assert_eq!(open(entries.clone()).await.slug(), "unauthenticated");
    assert!(world.get(&entries).await.text.contains("case.opened"));
    assert_eq!(world.get(&format!("/v1/log/{}/tile/entries/000.p/{size}", uuid::Uuid::nil())).await.slug(), "not-found");

    world
        .call(
            world
                .request(Method::PUT, &format!("/v1/cases/{case}/claim"))
                .header("content-type", "application/json")
                .body(Body::from(json!({"person": person}).to_string()))
                .unwrap(),
        )
        .await;
    let shown = world.post(&format!("/v1/cases/{case}/show"), &json!({"person": person})).await.json();
    let decision = world
        .post(&format!("/v1/cases/{case}/judgments"), &json!({"person": person, "token": shown["token"], "answer": "bug"}))
        .await
        .id("decision");
    // Whoever integrated before holds the lease for a while.
    world.pass(60 * SECOND);
    let closed = world.get(&format!("/v1/decisions/{decision}/bundle")).await;
    assert_eq!(closed.status, 200, "{}", closed.text);
    assert!(!closed.text.contains("\"SECRET\""));
    let verdict = countersign_app::bundle::verify(closed.text.as_bytes(), None);
    assert!(verdict.is_ok(), "{:?}", verdict.err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_streams_end_when_the_server_does() {
    let (world, _) = World::with_tickets().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(world.app.clone(), listener, ServerConfig::default(), async {
        let _ = stopped.await;
    }));
    let request = format!("GET /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", world.admin);
    client.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 15];
    client.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    stop.send(()).unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), client.read_to_end(&mut rest)).await;
    ended.expect("the stream ends").unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "the stream ends in order");
    tokio::time::timeout(Duration::from_secs(5), server).await.expect("the server ends").unwrap();
}
