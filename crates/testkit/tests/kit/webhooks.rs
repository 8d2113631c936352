//! Webhooks from a stop to whoever is told of it: signed as Standard Webhooks has it, tried again where nobody answers, not lost by a
//! restart, and not let into the node's own network. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_app::{
    App, Caller, Error,
    input::{PersonInput, StopInput},
    webhook::WebhookInput,
};
use countersign_core::{
    event::{Actor, Source},
    id::PersonId,
    refusal::Code,
};
use countersign_testkit::{Kit, caller, each_engine, playbook};
use serde_json::Value;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

const DAY_MICROS: i64 = 86_400_000_000;

type Got = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// An address that answers with a status of choice and keeps what it gets.
async fn receiver() -> (String, Got, Arc<AtomicU16>) {
    let (got, status): (Got, _) = (Got::default(), Arc::new(AtomicU16::new(200)));
    async fn take(State((got, status)): State<(Got, Arc<AtomicU16>)>, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap) {
        got.lock().unwrap().push((headers, body));
        let mut answer = HeaderMap::new();
        answer.insert("location", "http://127.0.0.1:1/elsewhere".parse().unwrap());
        (StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap(), answer)
    }
    let router = Router::new().route("/hook", post(take)).with_state((Arc::clone(&got), Arc::clone(&status)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, got, status)
}

async fn stop(kit: &Kit, reason: &str) {
    let input = StopInput { playbook: Some("alerts".into()), proposer: None, person: None, reason: reason.into() };
    kit.workspace.automation_stop(&caller(), input).await.unwrap();
}

async fn resume(kit: &Kit, person: PersonId) {
    let own = Caller { actor: Actor::Person(person), source: Source::Api };
    let input = StopInput { playbook: Some("alerts".into()), proposer: None, person: Some(person.0), reason: "looked at it".into() };
    kit.workspace.automation_resume(&own, input).await.unwrap();
}

/// Waits until something is true, as long as a sender takes.
async fn until(what: impl AsyncFn() -> bool) {
    for _ in 0..200 {
        if what().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came");
}

async fn states(app: &App, kit: &Kit, webhook: uuid::Uuid) -> Vec<(String, u64, String)> {
    let views = app.workspace(kit.workspace.id()).webhook_deliveries(webhook).await.unwrap();
    views.into_iter().map(|view| (view.state, view.attempts, view.outcome)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_told_signed_and_tried_again() {
    each_engine(71, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "automate = { max_error = 0.05, certainty = 0.9, audit = 0.1 }")).await;
        let ada = kit.member("Ada", &["lead"]).await;
        // Whom Ada added is nobody who could confirm what she asks: she resumes alone.
        let new = PersonInput { name: "Ben".into(), mail: None, roles: Vec::new(), external: false };
        let own = Caller { actor: Actor::Person(ada), source: Source::Api };
        let ben = PersonId(kit.workspace.person_add(&own, new).await.unwrap().person);
        let (url, got, status) = receiver().await;
        let add = async |url: &str, types: &[&str]| {
            let types = types.iter().map(|name| (*name).to_owned()).collect();
            kit.workspace.webhook_add(WebhookInput { url: url.into(), types }).await
        };
        assert!(matches!(add("ftp://x", &[]).await, Err(Error::Refused(_))));
        assert!(matches!(add(&url, &["nothing"]).await, Err(Error::Refused(_))));
        stop(&kit, "before anybody was to be told").await;
        resume(&kit, ada).await;
        let all = add(&url, &[]).await.unwrap();
        let some = add(&url, &["experiment.stopped"]).await.unwrap();
        let secret = STANDARD.decode(all.secret.unwrap().strip_prefix("whsec_").unwrap()).unwrap();
        assert!(kit.workspace.webhooks_list().await.unwrap().iter().all(|view| view.secret.is_none()), "shown once");

        // By default nothing inside of a network is reached, whatever was typed.
        stop(&kit, "certificate 7 is broken").await;
        let guarded = countersign_server::webhook::spawn(&kit.app, false);
        until(async || states(&kit.app, &kit, all.webhook).await.first().is_some_and(|(_, attempts, _)| *attempts == 1)).await;
        guarded.abort();
        assert_eq!(states(&kit.app, &kit, all.webhook).await, [("due".to_owned(), 1, "only https is sent to".to_owned())]);
        assert!(got.lock().unwrap().is_empty());

        // A node that comes later finds what is due, and tries again where it is refused or sent elsewhere.
        let (later, _) = kit.second_node(72).await;
        status.store(302, Ordering::SeqCst);
        for (wait, answered, attempts) in [(6, 302, 2), (31, 500, 3), (121, 200, 4)] {
            status.store(answered, Ordering::SeqCst);
            kit.clock.advance(wait * 1_000_000);
            let sender = countersign_server::webhook::spawn(&kit.app, true);
            until(async || states(&later, &kit, all.webhook).await[0].1 == attempts).await;
            sender.abort();
        }
        assert_eq!(states(&kit.app, &kit, all.webhook).await, [("delivered".to_owned(), 4, "answered 200".to_owned())]);
        assert!(states(&kit.app, &kit, some.webhook).await.is_empty());
        let messages = got.lock().unwrap().clone();
        assert_eq!(messages.len(), 3, "no redirect was followed");
        let told: Value = serde_json::from_slice(&messages[2].1).unwrap();
        assert_eq!(
            (&told["specversion"], &told["type"], &told["subject"]),
            (&"1.0".into(), &"countersign.automation.stopped".into(), &"alerts".into())
        );
        assert!(told["data"]["detail"].as_str().unwrap().contains("certificate 7 is broken"), "{told}");
        for (headers, body) in &messages {
            let header = |name: &str| headers[name].to_str().unwrap();
            assert_eq!(header("webhook-id"), told["id"].as_str().unwrap(), "the same at every attempt");
            let again =
                countersign_privacy::webhook::signature(&secret, header("webhook-id"), header("webhook-timestamp").parse().unwrap(), body);
            assert_eq!(header("webhook-signature"), again);
            assert_eq!(header("content-type"), "application/cloudevents+json");
        }

        // The leads are asked to read it; others are not.
        assert_eq!(kit.workspace.notices(Some(ben)).await.unwrap().unread, 0);
        let notices = kit.workspace.notices(Some(ada)).await.unwrap();
        assert_eq!((notices.unread, notices.notices.len()), (3, 3));
        assert_eq!(notices.notices[0].type_name, "automation.stopped");
        // What came since the list was shown is not read with it.
        resume(&kit, ada).await;
        kit.workspace.notices_read(ada, notices.through).await.unwrap();
        let newer = kit.workspace.notices(Some(ada)).await.unwrap();
        assert_eq!(newer.unread, 1);
        kit.workspace.notices_read(ada, newer.through).await.unwrap();
        kit.workspace.notices_read(ada, notices.through).await.unwrap();
        assert_eq!(kit.workspace.notices(Some(ada)).await.unwrap().unread, 0);

        // Given up in the end, and gone with its address.
        status.store(503, Ordering::SeqCst);
        let sender = countersign_server::webhook::spawn(&kit.app, true);
        until(async || states(&kit.app, &kit, all.webhook).await.len() == 2).await;
        for attempt in 1..=10 {
            until(async || states(&kit.app, &kit, all.webhook).await[0].1 >= attempt).await;
            kit.clock.advance(25 * 3_600 * 1_000_000);
        }
        sender.abort();
        let last = states(&kit.app, &kit, all.webhook).await.remove(0);
        assert_eq!((last.0.as_str(), last.2.as_str()), ("given_up", "answered 503"));
        kit.workspace.webhook_remove(all.webhook).await.unwrap();
        assert!(kit.workspace.webhook_remove(all.webhook).await.is_err());
        later.close().await;
        kit.app.close().await;
    })
    .await;
}

/// An address that takes what it is sent and never answers keeps no other one waiting, not even for the next message.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_address_delays_no_other_one() {
    each_engine(73, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "automate = { max_error = 0.05, certainty = 0.9, audit = 0.1 }")).await;
        let ada = kit.member("Ada", &["lead"]).await;
        let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = format!("http://{}/hook", dead.local_addr().unwrap());
        let (url, got, _) = receiver().await;
        let add = async |url: &str| kit.workspace.webhook_add(WebhookInput { url: url.into(), types: Vec::new() }).await.unwrap().webhook;
        let (dead, alive) = (add(&silent).await, add(&url).await);
        let sender = countersign_server::webhook::spawn(&kit.app, true);
        for n in 0..3 {
            if n % 2 == 0 {
                stop(&kit, "looked at").await
            } else {
                resume(&kit, ada).await
            }
            let delivered = async || {
                let states = states(&kit.app, &kit, alive).await;
                states.len() == n + 1 && states.iter().all(|(state, ..)| state == "delivered")
            };
            until(delivered).await;
        }
        // All of that while the first attempt at the other one is still under way: no answer has come in time yet.
        assert!(states(&kit.app, &kit, dead).await.iter().all(|(state, attempts, _)| (state.as_str(), *attempts) == ("due", 0)));
        assert_eq!(got.lock().unwrap().len(), 3, "each once");
        sender.abort();
        kit.app.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_a_message_once_more_and_another_secret() {
    each_engine(74, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "automate = { max_error = 0.05, certainty = 0.9, audit = 0.1 }")).await;
        let (url, got, status) = receiver().await;
        let workspace = &kit.workspace;
        let only = WebhookInput { url, types: vec!["automation.stopped".into()] };
        let hook = workspace.webhook_add(only).await.unwrap();
        let key = |view: &countersign_app::webhook::WebhookView| {
            STANDARD.decode(view.secret.as_deref().unwrap().strip_prefix("whsec_").unwrap()).unwrap()
        };
        let first = key(&hook);
        let conflicts = |result: Result<_, Error>| matches!(result, Err(Error::Refused(refusal)) if refusal.code == Code::Conflict);
        // A test goes to whoever is told of other types only, is tried once, and says the same however often it is sent.
        status.store(500, Ordering::SeqCst);
        let test = workspace.webhook_test(hook.webhook).await.unwrap();
        assert_eq!((test.state.as_str(), test.attempts, test.type_name.as_str()), ("due", 0, "webhook.test"));
        assert!(conflicts(workspace.webhook_test(hook.webhook).await), "one is on its way");
        assert!(conflicts(workspace.webhook_resend(hook.webhook, test.event).await), "it is on its way");
        let sender = countersign_server::webhook::spawn(&kit.app, true);
        until(async || states(&kit.app, &kit, hook.webhook).await[0].1 == 1).await;
        assert_eq!(states(&kit.app, &kit, hook.webhook).await, [("given_up".to_owned(), 1, "answered 500".to_owned())]);
        status.store(204, Ordering::SeqCst);
        kit.clock.advance(5 * 1_000_000);
        let again = workspace.webhook_resend(hook.webhook, test.event).await.unwrap();
        assert_eq!((again.state.as_str(), again.attempts, again.event), ("due", 0, test.event));
        until(async || states(&kit.app, &kit, hook.webhook).await[0].0 == "delivered").await;
        {
            let messages = got.lock().unwrap();
            let told: Value = serde_json::from_slice(&messages[0].1).unwrap();
            assert_eq!((&told["type"], &told["data"]["type"]), (&"countersign.webhook.test".into(), &"webhook.test".into()));
            assert_eq!((messages.len(), &messages[0].1, &messages[0].0["webhook-id"]), (2, &messages[1].1, &messages[1].0["webhook-id"]));
        }

        // Another secret: for a day both sign, and then the new one alone. What is sent once more bears those of its time.
        let rotated = workspace.webhook_rotate(hook.webhook).await.unwrap();
        let second = key(&rotated);
        assert_ne!(first, second);
        let listed = workspace.webhook_get(hook.webhook).await.unwrap();
        assert!(listed.secret.is_none() && listed.rotated.is_some() && listed.signed_twice_until.is_some(), "shown once: {listed:?}");
        let signed = async |keys: &[&Vec<u8>]| {
            let before = got.lock().unwrap().len();
            workspace.webhook_resend(hook.webhook, test.event).await.unwrap();
            until(async || got.lock().unwrap().len() > before).await;
            until(async || states(&kit.app, &kit, hook.webhook).await[0].0 == "delivered").await;
            let (headers, body) = got.lock().unwrap()[before].clone();
            let header = |name: &str| headers[name].to_str().unwrap();
            let sign = |key: &&Vec<u8>| {
                countersign_privacy::webhook::signature(key, header("webhook-id"), header("webhook-timestamp").parse().unwrap(), &body)
            };
            let wanted: Vec<String> = keys.iter().map(sign).collect();
            assert_eq!(header("webhook-signature"), wanted.join(" "));
        };
        signed(&[&second, &first]).await;
        let third = key(&workspace.webhook_rotate(hook.webhook).await.unwrap());
        signed(&[&third, &second]).await;
        kit.clock.advance(DAY_MICROS);
        signed(&[&third]).await;
        assert!(workspace.webhook_get(hook.webhook).await.unwrap().signed_twice_until.is_none(), "that is over");
        sender.abort();

        // What is not there is said so.
        let nowhere = uuid::Uuid::nil();
        let missing = |error: Error| matches!(error, Error::Refused(refusal) if refusal.code == Code::NotFound);
        assert!(
            missing(workspace.webhook_test(nowhere).await.unwrap_err()) && missing(workspace.webhook_rotate(nowhere).await.unwrap_err())
        );
        assert!(missing(workspace.webhook_resend(hook.webhook, nowhere).await.unwrap_err()));
        // Another workspace's are not there either.
        let other = kit.app.workspace_create("other").await.unwrap();
        assert!(
            missing(other.webhook_test(hook.webhook).await.unwrap_err()) && missing(other.webhook_rotate(hook.webhook).await.unwrap_err())
        );
        assert!(missing(other.webhook_resend(hook.webhook, test.event).await.unwrap_err()));
        kit.app.close().await;
    })
    .await;
}
