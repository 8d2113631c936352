//! Decisions that people sign by their own passkeys: at the desk and over the API, and what is not taken for a signature.

use super::{browser::Browser, flow::of, passkeys::with_passkey};
use crate::{authenticator::Authenticator, world::World};
use countersign_app::bundle;
use countersign_core::id::{EventId, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

async fn publish(world: &World, name: &str, route: &str) {
    let source = crate::world::TICKETS.replace("\"tickets\"", &format!("\"{name}\"")).replace("\"assist\"", &format!("\"{route}\""));
    world.publish(&source.replace("roles = [\"support\"]", "roles = [\"support\"]\nsigned = true")).await;
}

async fn take(browser: &mut Browser<'_>, playbook: &str, case: Uuid) {
    browser.get(&format!("/desk?in={playbook}")).await;
    browser.submit("/desk/next", &[("in", playbook)]).await;
    assert_eq!(browser.page.case(), case);
}

async fn verdict(world: &World, decision: Uuid) -> bundle::Verdict {
    let bytes = world.workspace.bundle(EventId(decision), false, None).await.unwrap();
    bundle::verify(&bytes, None).unwrap()
}

#[tokio::test]
async fn deciding_at_the_desk_asks_for_a_signature_that_anybody_can_check() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "signed", "assist").await;
    let (mut browser, mut key) = with_passkey(&world, ada).await;
    let case = of(&world, "signed", 1).await;
    take(&mut browser, "signed", case).await;
    browser.judge(&[("answer", "bug"), ("reason", "seen before")]).await;
    assert!(browser.page.plain().contains("Sign your answer") && browser.page.plain().contains("bug"), "{}", browser.page.plain());
    let page = browser.page.clone();
    assert_eq!(world.workspace.case_get(case.into(), None).await.unwrap().judgments.len(), 0, "nothing was written yet");
    // Another answer under the same signature is refused, and the case is still there to be answered.
    let asked = browser.asked();
    let signed = key.get(&asked);
    let mut form = browser.page.form("/judge");
    for (name, value) in &mut form.hidden {
        if name == "answer" {
            *value = "billing".into();
        }
    }
    form.hidden.retain(|(name, _)| !signed.iter().any(|(given, _)| given == name));
    form.hidden.extend(signed.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    browser.post(&form.action, &form.hidden).await;
    assert!(browser.page.plain().contains("something else was signed"), "{}", browser.page.plain());
    assert_eq!(world.workspace.case_get(case.into(), None).await.unwrap().judgments.len(), 0);

    browser.page = page;
    browser.answer("/judge", &signed, &[]).await;
    let stands = world.workspace.case_get(case.into(), None).await.unwrap();
    let decision = stands.decision.unwrap_or_else(|| panic!("{}", browser.page.plain())).decision;
    let told = verdict(&world, decision).await.story.join("\n");
    assert!(told.contains("answered \"bug\", signed by passkey") && told.contains("took passkey"), "{told}");
    // Nobody corrects what somebody signed.
    let correction = json!({"person": ada, "answer": "billing", "reason": "x"});
    let answer = world.post(&format!("/v1/decisions/{decision}/correct"), &correction).await;
    assert_eq!(answer.slug(), "wrong-state", "{}", answer.text);
    // A passkey that is removed later takes nothing back.
    let caller =
        countersign_app::Caller { actor: countersign_core::Actor::Person(PersonId(ada)), source: countersign_core::event::Source::Desk };
    let credential = countersign_core::content::Digest::of(&key.credential);
    world.workspace.passkey_remove(&caller, PersonId(ada), credential).await.unwrap();
    verdict(&world, decision).await;
}

#[tokio::test]
async fn accepted_advice_is_signed_too_and_a_first_answer_is_not() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "blindly", "blind").await;
    let (mut browser, mut key) = with_passkey(&world, ada).await;
    let case = of(&world, "blindly", 1).await;
    take(&mut browser, "blindly", case).await;
    browser.judge(&[("answer", "bug")]).await;
    assert!(!browser.page.plain().contains("Sign your answer"), "{}", browser.page.plain());
    let proposal = world.workspace.case_get(case.into(), None).await.unwrap().proposals[0].id;
    browser.judge(&[("accept", &proposal.to_string())]).await;
    assert!(browser.page.plain().contains("Sign your answer") && browser.page.plain().contains("billing"), "{}", browser.page.plain());
    let asked = browser.asked();
    browser.answer("/judge", &key.get(&asked), &[]).await;
    let stands = world.workspace.case_get(case.into(), None).await.unwrap();
    assert_eq!(stands.judgments.len(), 2);
    let told = verdict(&world, stands.decision.unwrap().decision).await.story.join("\n");
    assert!(told.contains("accepted \"billing\", signed by passkey"), "{told}");
}

#[tokio::test]
async fn who_has_no_passkey_is_told_to_take_one_first() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "signed", "assist").await;
    let case = of(&world, "signed", 1).await;
    let mut browser = Browser::of(&world, ada).await;
    take(&mut browser, "signed", case).await;
    browser.judge(&[("answer", "bug")]).await;
    assert!(browser.page.plain().contains("you have none yet"), "{}", browser.page.plain());
    assert!(browser.page.has("href=\"/desk/sign-in-methods\""));
    assert_eq!(world.workspace.case_get(case.into(), None).await.unwrap().judgments.len(), 0);
}

#[tokio::test]
async fn over_the_api_a_judgment_carries_the_signature_or_is_refused() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "signed", "assist").await;
    let (_, mut key) = with_passkey(&world, ada).await;
    let bo = world.person("Bo").await;
    let mut other = Browser::of(&world, bo).await;
    let mut foreign = Authenticator::new(2);
    other.add_passkey(&foreign, "Bo's").await;
    let case = of(&world, "signed", 1).await;
    world.workspace.claim(PersonId(ada), case.into()).await.unwrap();
    let shown = world.post(&format!("/v1/cases/{case}/show"), &json!({"person": ada})).await.json();
    let judgment = |answer: &str| json!({"person": ada, "token": shown["token"], "answer": answer});
    let signing = format!("/v1/cases/{case}/signing");
    let judge = format!("/v1/cases/{case}/judgments");
    let signed = |judgment: &Value, parts: Vec<(&str, String)>| {
        let [(_, credential), (_, data), (_, client), (_, signature)] = <[_; 4]>::try_from(parts).unwrap();
        let mut judgment = judgment.clone();
        judgment["signature"] =
            json!({"credential": credential, "authenticator_data": data, "client_data": client, "signature": signature});
        judgment
    };
    assert_eq!(world.post(&judge, &judgment("bug")).await.slug(), "signature-required");
    let bug = world.post(&signing, &judgment("bug")).await.json();
    let billing = world.post(&signing, &judgment("billing")).await.json();
    assert_ne!(bug["challenge"], billing["challenge"]);
    assert_eq!(bug, world.post(&signing, &judgment("bug")).await.json(), "asking changes nothing");
    // The challenge is what the documentation says it is.
    let export = world.get("/v1/events/export").await.lines();
    let event = |name: &str| export.iter().map(|line| &line["event"]).find(|event| event["type"] == name).unwrap().clone();
    assert_eq!(event("case.shown")["id"], shown["shown"]);
    let forged = [
        signed(&judgment("bug"), key.get(&billing)),
        signed(&judgment("bug"), foreign.get(&bug)),
        {
            let mut parts = key.get(&bug);
            parts[3].1 = crate::authenticator::text([0; 70]);
            signed(&judgment("bug"), parts)
        },
        {
            let mut parts = key.get(&bug);
            parts[2].1 = "x".repeat(5_000);
            signed(&judgment("bug"), parts)
        },
        {
            let mut careless = Authenticator::new(1);
            std::mem::swap(&mut careless, &mut key);
            careless.flags = 0x01;
            let parts = careless.get(&bug);
            careless.flags = 0x05;
            key = careless;
            signed(&judgment("bug"), parts)
        },
    ];
    for judgment in forged {
        let answer = world.post(&judge, &judgment).await;
        assert_eq!((answer.status.as_u16(), answer.slug().as_str()), (403, "signature-invalid"), "{}", answer.text);
    }
    let good = signed(&judgment("bug"), key.get(&bug));
    let answer = world.post(&judge, &good).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    verdict(&world, answer.id("decision")).await;
    // Where nothing is to be signed, a signature has no place.
    let plain = of(&world, "tickets", 2).await;
    world.workspace.claim(PersonId(ada), plain.into()).await.unwrap();
    let shown = world.post(&format!("/v1/cases/{plain}/show"), &json!({"person": ada})).await.json();
    let judgment = json!({"person": ada, "token": shown["token"], "answer": "bug"});
    let asked = world.post(&format!("/v1/cases/{plain}/signing"), &judgment).await.json();
    let answer = world.post(&format!("/v1/cases/{plain}/judgments"), &signed(&judgment, key.get(&asked))).await;
    assert_eq!((answer.slug().as_str(), answer.json()["field"].as_str()), ("invalid", Some("/signature")), "{}", answer.text);
}
