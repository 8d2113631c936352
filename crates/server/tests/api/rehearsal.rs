//! A rehearsal over the API from the first row to the report: past decisions in, a job, its progress, what it found, its page.

use super::world::World;
use axum::{body::Body, http::Method};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{fmt::Write as _, time::Duration};
use tower::ServiceExt;

const CLAIMS: &str = r#"name = "claims"
question = "Should this claim be paid?"

[answer]
kind = "choice"
options = ["deny", "pay"]

[fields]
amount = { type = "number" }
region = { type = "category", audited = true }

[outcome]
kind = "truth"
source = "the appeal"

[routing]
default = "blind"

[decide]
roles = ["support"]
"#;

/// Past decisions of our own: what the AI said, what people answered before and after they saw it, and what was right.
fn past() -> String {
    let mut csv = "claim,region,amount,ai_pay,first,last,truth,person\n".to_owned();
    let word = |pay: bool| if pay { "pay" } else { "deny" };
    for row in 0..240 {
        let truth = row % 2 == 0;
        let (ai_right, human_right) = (row % 5 != 0, row % 4 != 1);
        let p = if ai_right == truth { 0.55 + 0.4 * f64::from(row % 7) / 7.0 } else { 0.45 - 0.4 * f64::from(row % 7) / 7.0 };
        let first = if human_right { truth } else { !truth };
        let ai = p > 0.5;
        // Who disagrees follows the AI every third time.
        let last = if first != ai && row % 3 == 0 { ai } else { first };
        let region = if row % 3 == 0 { "north" } else { "south" };
        writeln!(csv, "C-{row},{region},{},{p:.4},{},{},{},p{}", 100 + row, word(first), word(last), word(truth), row % 12).unwrap();
    }
    csv
}

/// A row as the API takes it.
fn line(row: &str) -> String {
    let cells: Vec<&str> = row.split(',').collect();
    let [claim, region, amount, pay, first, last, truth, person] = cells.as_slice() else { panic!("{row}") };
    let pay: f64 = pay.parse().unwrap();
    let judgment = |phase: &str, answer: &str, seen: &str| json!({"person": person, "answer": answer, "phase": phase, "advice_seen": seen, "seconds": 30.0});
    let case = json!({
        "playbook": "claims",
        "external_id": claim,
        "fields": {"amount": amount, "region": region},
        "proposals": [{"proposer": "model", "version": "1", "probabilities": {"pay": format!("{pay:.4}"), "deny": format!("{:.4}", 1.0 - pay)}}],
        "history": {
            "judgments": [judgment("first", first, "no"), judgment("final", last, "yes")],
            "decision": {"answer": last},
            "outcome": {"value": truth},
        },
    });
    case.to_string() + "\n"
}

/// All messages of a job, until its stream ends by itself.
async fn watched(world: &World, path: &str) -> Vec<(String, Value)> {
    let request = world.request(Method::GET, path).body(Body::empty()).unwrap();
    let response = world.router.clone().oneshot(request).await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (200, "text/event-stream"));
    let whole = tokio::time::timeout(Duration::from_secs(60), response.into_body().collect()).await.expect("it ends").unwrap();
    let text = String::from_utf8(whole.to_bytes().to_vec()).unwrap();
    text.split("\n\n")
        .filter(|message| !message.is_empty() && !message.starts_with(':'))
        .map(|message| {
            let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap().to_owned();
            (field("event"), serde_json::from_str(&field("data")).unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_decisions_are_rehearsed_as_a_job_with_progress_and_a_report() {
    let world = World::new().await;
    world.publish(CLAIMS).await;
    let csv = past();
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    let taken = world.ndjson("/v1/cases", rows.iter().map(|row| line(row)).collect::<String>()).await;
    assert!(taken.lines().iter().all(|receipt| receipt["status"] == "accepted" || receipt["case"].is_string()), "{}", taken.text);

    let begun = world.post("/v1/rehearsals", &json!({"playbook": "claims", "question": {"alpha": [0.05, 0.1], "minute_cost": 0.1}})).await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    let id = begun.id("rehearsal");
    let messages = watched(&world, &format!("/v1/rehearsals/{id}/events")).await;
    let (last, before) = messages.split_last().unwrap();
    assert_eq!((last.0.as_str(), &last.1["state"], &last.1["progress"]), ("done", &json!("done"), &json!(1.0)), "{messages:?}");
    assert!(before.iter().all(|(event, view)| event == "running" && view["note"].is_string()), "{messages:?}");
    let shares: Vec<f64> = messages.iter().map(|(_, view)| view["progress"].as_f64().unwrap()).collect();
    assert!(shares.is_sorted() && messages.iter().all(|(_, view)| view.get("findings").is_none()), "{messages:?}");

    let done = world.get(&format!("/v1/rehearsals/{id}")).await.json();
    let found = &done["findings"];
    assert_eq!((&done["state"], &found["n"]), (&json!("done"), &json!(240)), "{done}");
    let cell = |row: &&str, at: usize| row.split(',').nth(at).unwrap().to_owned();
    let right = |of: &dyn Fn(&&str) -> String| rows.iter().filter(|row| of(row) == cell(row, 6)).count() as f64 / 240.0;
    let ai = |row: &&str| if cell(row, 3).parse::<f64>().unwrap() > 0.5 { "pay" } else { "deny" }.to_owned();
    for (member, share) in [("human", right(&|row| cell(row, 4))), ("ai", right(&ai)), ("observed_pair", right(&|row| cell(row, 5)))] {
        let value = found[member]["accuracy"]["value"].as_f64().unwrap();
        assert!((value - share).abs() < 1e-9, "{member}: {value} where the rows say {share}");
    }
    assert!(found["achievable_pair"]["method"].is_string() && found["reliance"]["rair"]["value"].is_number());
    assert_eq!(found["automation"].as_array().unwrap().len(), 2);
    assert!(found["policies"].as_array().unwrap().iter().any(|policy| policy["minutes"]["value"].is_number()));
    assert_eq!(found["fairness"]["groupings"][0]["by"], "region", "the audited field");

    let report = world.get(&format!("/v1/rehearsals/{id}/report")).await;
    assert_eq!(report.headers["content-type"], "text/html; charset=utf-8");
    assert!(report.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    assert!(report.text.starts_with("<!DOCTYPE html>") && report.text.contains("<svg") && !report.text.contains("<script"));
    let listed = world.get("/v1/rehearsals").await.json();
    assert!(listed[0]["rehearsal"] == json!(id.to_string()) && listed[0].get("findings").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_that_says_nothing_fails_with_a_sentence() {
    let world = World::new().await;
    world.publish(CLAIMS).await;
    let begun = world.post("/v1/rehearsals", &json!({"playbook": "claims"})).await;
    let id = begun.id("rehearsal");
    let messages = watched(&world, &format!("/v1/rehearsals/{id}/events")).await;
    let (event, view) = messages.last().unwrap();
    assert!(event == "failed" && view["note"].as_str().unwrap().contains("no rows"), "{messages:?}");
    assert_eq!(world.get(&format!("/v1/rehearsals/{id}/report")).await.slug(), "not-found");
    assert_eq!(world.post("/v1/rehearsals", &json!({"playbook": "none"})).await.slug(), "not-found");
    let named = world.post("/v1/rehearsals", &json!({"playbook": "claims", "question": {"named": true}})).await;
    assert_eq!(named.slug(), "forbidden");
}
