//! Masks at every door: a person without the role reads all there is to read, in the browser and with a key that speaks for them, and
//! nowhere is a masked value.

use super::{
    desk::{browser::Browser, guard::pages},
    document::operations,
    world::{SECOND, World},
};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::json;
use uuid::Uuid;

const CLAIMS: &str = r#"name = "tickets"
question = "Pay it?"

[answer]
kind = "choice"
options = ["pay", "refuse"]

[fields]
what   = { type = "text", title = true }
amount = { type = "number", visible_to = ["senior"] }
scan   = { type = "image", visible_to = ["senior"] }
letter = { type = "text", visible_to = ["senior"] }

[outcome]
kind = "truth"
source = "the audit"

[routing]
default = "assist"

[decide]
roles = ["support"]
"#;

const SECRETS: [&str; 5] = ["8417350", "8\u{202f}417\u{202f}350", "rchard", "uspicious stamp", "pixels-of-the-scan"];

fn silent(text: &str, place: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{place} tells {secret}: {text}");
    }
}

struct Claims {
    world: World,
    ada: Uuid,
    sue: Uuid,
    digest: String,
    decided: Uuid,
    decision: Uuid,
    open: Uuid,
}

async fn claims() -> Claims {
    let world = World::new().await;
    world.publish(CLAIMS).await;
    let ada = world.person("Ada").await;
    let sue = world.post("/v1/people", &json!({"name": "Sue", "roles": ["support", "senior"]})).await.id("person");
    let upload = world.request(Method::POST, "/v1/attachments").header("content-type", "image/png");
    let scan = world.call(upload.body(Body::from("pixels-of-the-scan")).unwrap()).await;
    let digest = scan.json()["attachment"].as_str().unwrap().to_owned();
    let mut cases = Vec::new();
    for n in 0..2 {
        let case = json!({
            "playbook": "tickets",
            "external_id": format!("C-{n}"),
            "fields": {"what": format!("A broken window in the north wing, number {n}"), "amount": 8_417_350, "scan": {"attachment": digest}, "letter": "From Orchard Ltd"},
            "proposals": [{"proposer": "m1", "version": "1", "answer": "pay", "explanation": "8417350 is what from orchard ltd asks for",
                "evidence": [{"field": "letter", "start": 5, "end": 12, "quote": "Orchard"}, {"field": "scan", "quote": "a suspicious stamp"}]}],
        });
        let opened = world.post("/v1/cases", &case).await;
        assert_eq!(opened.status, 201, "{}", opened.text);
        cases.push(opened.id("case"));
        world.pass(SECOND);
    }
    let [decided, open] = cases[..] else { panic!() };
    for case in [decided, open] {
        let comment = json!({"person": sue, "text": "From Orchard Ltd wants 8417350 once more"});
        assert_eq!(world.post(&format!("/v1/cases/{case}/comments"), &comment).await.status, 200);
    }
    let key = world.key(&["judge"], Some(sue)).await;
    let send = |path: String, body: serde_json::Value| {
        let (world, key) = (&world, &key);
        async move { world.send_as(key, Method::POST, &path, &body).await }
    };
    assert_eq!(world.send_as(&key, Method::PUT, &format!("/v1/cases/{decided}/claim"), &json!({"person": sue})).await.status, 200);
    let shown = send(format!("/v1/cases/{decided}/show"), json!({"person": sue})).await;
    assert!(SECRETS[2..4].iter().all(|secret| shown.text.contains(secret)) && shown.text.contains(SECRETS[0]), "{}", shown.text);
    let answer = json!({"person": sue, "token": shown.json()["token"], "answer": "pay", "reason": "8417350 is covered"});
    let judged = send(format!("/v1/cases/{decided}/judgments"), answer).await;
    let decision = judged.id("decision");
    world.workspace.precedents_update().await.unwrap();
    Claims { world, ada, sue, digest, decided, decision, open }
}

#[tokio::test]
async fn no_route_of_the_api_tells_a_person_what_is_masked_to_them() {
    let Claims { world, ada, sue, digest, decided, decision, open } = claims().await;
    let key = world.key(&["admin"], Some(ada)).await;
    assert_eq!(world.send_as(&key, Method::PUT, &format!("/v1/cases/{open}/claim"), &json!({"person": ada})).await.status, 200);
    let shown = world.send_as(&key, Method::POST, &format!("/v1/cases/{open}/show"), &json!({"person": ada})).await;
    silent(&shown.text, "show");
    let fields = shown.json()["fields"].clone();
    assert_eq!(fields[1], json!({"name": "amount", "kind": "number", "value": null, "masked": true}));
    let mut read = 0;
    for case in [decided, open] {
        for (method, path, _) in operations() {
            if method != "GET" {
                continue;
            }
            let path = path
                .replace("{case}", &case.to_string())
                .replace("{decision}", &decision.to_string())
                .replace("{digest}", &digest)
                .replace("{name}", "tickets")
                .replace("{workspace}", &world.workspace.id().to_string())
                .replace("{log}", &world.workspace.id().to_string())
                .replace("{person}", &ada.to_string())
                .replace("{level}", "0")
                .replace("{rest}", "000")
                .replace("{position}", "0");
            let queries: &[&str] = if path.ends_with("/bundle") { &["", "?open_values=true"] } else { &[""] };
            for query in queries {
                let answer = world.get_as(&key, &format!("{path}{query}")).await;
                read += u32::from(answer.status.is_success());
                silent(&answer.text, &format!("GET {path}{query}"));
            }
        }
    }
    assert!(read > 40, "{read}");
    let mut every = 0;
    for position in 0..world.workspace.info().await.unwrap().size {
        let tile = format!("/v1/log/{}/tile/entries/000.p/{}", world.workspace.id(), position + 1);
        let answer = world.get(&tile).await;
        every += u32::from(answer.status.is_success());
        silent(&answer.text, &tile);
    }
    assert!(every > 0, "the log's entries were read");

    let refused = world.get_as(&key, &format!("/v1/attachments/{digest}")).await;
    assert_eq!((refused.status, refused.slug().as_str()), (StatusCode::FORBIDDEN, "forbidden"));
    let given = world.get_as(&world.key(&["judge"], Some(sue)).await, &format!("/v1/attachments/{digest}")).await;
    assert_eq!((given.status, given.text.as_str()), (StatusCode::OK, "pixels-of-the-scan"));

    let judged = json!({"person": ada, "token": shown.json()["token"], "answer": "pay"});
    let judged = world.send_as(&key, Method::POST, &format!("/v1/cases/{open}/judgments"), &judged).await;
    assert_eq!(judged.status, 200, "{}", judged.text);
    silent(&judged.text, "judgment");
    let matrix = world.get_as(&key, "/v1/rules/matrix?playbook=tickets").await.json();
    assert_eq!(matrix["masks"][0], json!({"field": "amount", "visible_to": ["senior"], "whole": ["Sue"], "masked": ["Ada"]}));
}

#[tokio::test]
async fn no_page_of_the_desk_tells_a_person_what_is_masked_to_them() {
    let Claims { world, ada, sue, digest, decided, open, .. } = claims().await;
    let mut browser = Browser::of(&world, ada).await;
    for path in [decided, open].iter().flat_map(pages).chain([format!("/desk/cases/{decided}/proof")]) {
        browser.get(&path).await;
        // Until the log's checkpoint covers a case, its proof is asked for again later.
        assert_ne!(browser.page.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        silent(&browser.page.text, &path);
    }
    browser.next().await;
    assert_eq!(browser.page.case(), open);
    silent(&browser.page.text, "the case");
    assert!(browser.page.plain().contains("amount Masked. Seen whole by: senior."), "{}", browser.page.plain());
    assert!(!browser.page.has(&digest), "the digest of what is masked is no address");
    browser.judge(&[("answer", "pay")]).await;
    browser.get(&format!("/desk/cases/{open}/history")).await;
    silent(&browser.page.text, "the history");
    assert!(browser.page.plain().contains("amount (masked)"), "{}", browser.page.plain());
    assert_eq!(browser.get(&format!("/desk/files/{digest}")).await.status, StatusCode::FORBIDDEN);
    browser.get("/desk/rules?playbook=tickets").await;
    assert!(
        browser.page.plain().contains("Who sees what whole") && browser.page.plain().contains("amount senior Sue Ada"),
        "{}",
        browser.page.plain()
    );

    let mut senior = Browser::of(&world, sue).await;
    senior.get(&format!("/desk/cases/{open}")).await;
    assert!(senior.page.has("8\u{202f}417\u{202f}350") && senior.page.has(&digest));
    assert_eq!(senior.get(&format!("/desk/files/{digest}")).await.status, StatusCode::OK);
}
