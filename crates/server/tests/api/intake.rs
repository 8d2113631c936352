//! Cases by the line.

use super::world::World;
use axum::body::{Body, Bytes};
use futures_util::stream;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tower::ServiceExt;

fn line(nth: usize) -> String {
    json!({"playbook": "tickets", "external_id": format!("T-{nth}"), "fields": {"subject": format!("ticket {nth}"), "body": "b", "customer": "c"}}).to_string() + "\n"
}

fn brief(lines: &[Value]) -> Vec<String> {
    lines
        .iter()
        .map(|line| {
            format!(
                "{} {} {}{}",
                line["line"],
                line["status"].as_str().unwrap(),
                line["problem"]["type"].as_str().unwrap_or(""),
                line["problem"]["field"].as_str().unwrap_or("")
            )
            .trim_end()
            .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_bad_line_stops_no_other() {
    let (world, _) = World::with_tickets().await;
    let mut body = b"\xef\xbb\xbf".to_vec();
    body.extend_from_slice(line(1).as_bytes());
    body.extend_from_slice(b"{\"playbook\": \"tickets\", \"fields\": {\"subject\": 1}}\r\n");
    body.extend_from_slice(b"\n");
    body.extend_from_slice(b"\xff\xfe not text\n");
    body.extend_from_slice(line(2).as_bytes());
    body.extend_from_slice(line(1).as_bytes());
    body.extend_from_slice(line(2).replace("ticket 2", "another").as_bytes());
    body.extend_from_slice(format!("{{\"playbook\": \"{}\"}}\n", "x".repeat(1 << 20)).as_bytes());
    body.extend_from_slice(b"{\"playbook\": \"tickets\", \"fields\": {\"subject\": \"\\u0000\", \"body\": \"b\", \"customer\": \"c\"}}\n");
    body.extend_from_slice(b"[1, 2]\n");
    body.extend_from_slice(line(3).trim_end().as_bytes());
    let answer = world.ndjson("/v1/cases", body).await;
    assert_eq!((answer.status.as_u16(), answer.headers["content-type"].to_str().unwrap()), (200, "application/x-ndjson"));
    assert_eq!(
        brief(&answer.lines()),
        [
            "1 accepted",
            "2 refused /problems/invalid/fields/subject",
            "4 refused /problems/malformed",
            "5 accepted",
            "6 duplicate",
            "7 refused /problems/conflict/external_id",
            "8 refused /problems/too-large",
            "9 refused /problems/invalid/fields/subject",
            "10 refused /problems/invalid",
            "11 accepted",
        ],
        "{}",
        answer.text
    );
    let first = &answer.lines()[0];
    assert_eq!(world.get(&format!("/v1/cases/{}", first["case"].as_str().unwrap())).await.json()["external_id"], "T-1");
    assert_eq!(world.get("/v1/cases").await.json()["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn receipts_come_while_lines_are_still_sent() {
    let (world, _) = World::with_tickets().await;
    let (sender, receiver) = tokio::sync::mpsc::channel::<String>(1);
    let body = Body::from_stream(stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|line| (Ok::<_, std::io::Error>(line), receiver))
    }));
    let request = world.request(axum::http::Method::POST, "/v1/cases").header("content-type", "application/x-ndjson").body(body).unwrap();
    let mut answers = world.router.clone().oneshot(request).await.unwrap().into_body();
    for nth in 1..=5 {
        sender.send(line(nth)).await.unwrap();
        let frame = tokio::time::timeout(Duration::from_secs(10), answers.frame())
            .await
            .expect("the receipt does not wait for the next line")
            .unwrap()
            .unwrap();
        let receipt: Value = serde_json::from_slice(&frame.into_data().unwrap()).unwrap();
        assert_eq!((receipt["line"].as_u64(), receipt["status"].as_str()), (Some(nth as u64), Some("accepted")));
        let case = receipt["case"].as_str().unwrap();
        assert_eq!(world.get(&format!("/v1/cases/{case}")).await.status, 200, "a receipt comes after the commit");
    }
    drop(sender);
    assert!(answers.frame().await.is_none());
}

#[tokio::test]
async fn who_does_not_read_is_not_read_from() {
    const LINES: usize = 5_000;
    let (world, _) = World::with_tickets().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let body = Body::from_stream(stream::unfold(0, move |nth| {
        let sent = Arc::clone(&counted);
        async move {
            sent.fetch_add(1, Ordering::Relaxed);
            (nth < LINES).then(|| (Ok::<_, std::io::Error>(Bytes::from_static(b"no JSON\n")), nth + 1))
        }
    }));
    let request = world.request(axum::http::Method::POST, "/v1/cases").header("content-type", "application/x-ndjson").body(body).unwrap();
    let answers = world.router.clone().oneshot(request).await.unwrap().into_body();
    let mut before = usize::MAX;
    while sent.load(Ordering::Relaxed) != before {
        before = sent.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!((100..1_000).contains(&before), "{before} lines were read though nobody read a receipt");
    let text = answers.collect().await.unwrap().to_bytes();
    assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), LINES);
}

#[tokio::test]
async fn a_body_that_breaks_off_keeps_what_was_receipted() {
    let (world, _) = World::with_tickets().await;
    let chunks = vec![Ok(line(1)), Ok(line(2)), Ok("{\"playbook\": \"tick".to_owned()), Err(std::io::Error::other("gone"))];
    let answer = world.ndjson("/v1/cases", Body::from_stream(stream::iter(chunks))).await;
    assert_eq!(brief(&answer.lines()), ["1 accepted", "2 accepted", "3 refused /problems/malformed"]);
    assert_eq!(world.get("/v1/cases").await.json()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_atom_is_taken_whole_or_not_at_all() {
    let (world, _) = World::with_tickets().await;
    let good: String = (1..=3).map(line).collect();
    let bad = format!("{good}\n{}{{\"playbook\": \"tickets\", \"fields\": {{}}}}\n", line(4));
    let answer = world.ndjson("/v1/cases?atomic=true", bad).await;
    assert_eq!((answer.slug().as_str(), answer.json()["line"].as_u64()), ("invalid", Some(6)), "{}", answer.text);
    let unreadable = world.ndjson("/v1/cases?atomic=true", format!("{good}oops\n")).await;
    assert_eq!((unreadable.slug().as_str(), unreadable.json()["line"].as_u64()), ("malformed", Some(4)));
    assert_eq!(world.get("/v1/cases").await.json()["items"], json!([]), "nothing is half-written");
    let answer = world.ndjson("/v1/cases?atomic=true", good.clone()).await;
    assert_eq!(brief(&answer.lines()), ["1 accepted", "2 accepted", "3 accepted"]);
    let many = line(1).repeat(1_001);
    assert_eq!(world.ndjson("/v1/cases?atomic=true", many).await.slug(), "too-large");
}

#[tokio::test]
async fn decisions_are_exported_line_by_line() {
    let (world, _) = World::with_tickets().await;
    let body: String = (1..=3)
        .map(|nth| json!({"playbook": "tickets", "external_id": format!("H-{nth}"), "fields": {"subject": "s", "body": "b", "customer": "c"}, "history": {"decision": {"answer": "bug"}}}).to_string() + "\n")
        .collect();
    let answer = world.ndjson("/v1/cases", body).await;
    assert_eq!(brief(&answer.lines()), ["1 accepted", "2 accepted", "3 accepted"], "{}", answer.text);
    let export =
        |path: &str| world.request(axum::http::Method::GET, path).header("accept", "application/x-ndjson").body(Body::empty()).unwrap();
    let all = world.call(export("/v1/decisions")).await;
    assert_eq!(all.headers["content-type"], "application/x-ndjson");
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.get(&format!("/v1/decisions?limit=2{cursor}")).await.json();
        pages.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((pages.len(), &pages), (3, &all.lines()));
    assert_eq!(world.call(export("/v1/decisions?playbook=nothing")).await.slug(), "not-found", "a bad filter is no broken stream");
    assert_eq!(world.call(export("/v1/decisions?status=standing&cursor=abc")).await.status.as_u16() / 100, 4);
}
