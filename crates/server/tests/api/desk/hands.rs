//! The made-up second lead, over HTTP: a lead adds somebody, takes their link, signs in as them, and would approve what they wrote
//! themselves. Every door that this would need is tried; and the honest way, by which somebody else vouches.

use super::{
    browser::Browser,
    passkeys::{METHODS, with_passkey},
};
use crate::{
    authenticator::Authenticator,
    world::{SECOND, World},
};
use axum::http::Method;
use serde_json::json;
use uuid::Uuid;

const EXPORT: &str = "@id(\"export\") @says(\"Nobody takes data out.\") forbid (principal, action == Action::\"export\", resource);";

/// Ada and Eva, who lead, and whom whoever runs the server added.
async fn leads() -> (World, Uuid, Uuid) {
    let (world, ada) = World::with_tickets().await;
    let eva = world.person("Eva").await;
    for person in [ada, eva] {
        let lead = json!({"roles": ["support", "lead"], "active": true});
        assert_eq!(world.send_as(&world.admin, Method::PUT, &format!("/v1/people/{person}"), &lead).await.status, 200);
    }
    (world, ada, eva)
}

/// Adds a lead, takes their link, and sits at their desk.
async fn made_up<'w>(world: &'w World, lead: &mut Browser<'w>) -> (Uuid, Browser<'w>) {
    lead.get("/desk/people").await;
    lead.submit("/desk/people", &[("name", "Sock"), ("roles", "support, lead")]).await;
    let sock: Uuid = lead.page.path.strip_prefix("/desk/people/").unwrap()[..36].parse().unwrap();
    lead.submit("/invite", &[]).await;
    let link = lead.page.text.split("data-secret>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let link = link.strip_prefix("http://localhost:7171").unwrap().to_owned();
    let mut theirs = Browser::new(world);
    theirs.get(&link).await;
    theirs.submit(&link, &[]).await;
    assert_eq!(theirs.page.path, "/desk");
    (sock, theirs)
}

/// A draft of rules, replayed, in the name of whoever the key speaks for.
async fn draft(world: &World, key: &str, rules: &str) -> String {
    let input = json!({"rules": rules, "reason": "to try"});
    let draft = world.send_as(key, Method::POST, "/v1/rules-drafts", &input).await;
    assert_eq!(draft.status, 201, "{}", draft.text);
    let id = draft.id("draft").to_string();
    assert_eq!(world.send_as(key, Method::POST, &format!("/v1/rules-drafts/{id}/replay"), &json!({})).await.status, 200);
    id
}

#[tokio::test]
async fn a_made_up_second_lead_approves_nothing() {
    let (world, ada, eva) = leads().await;
    let mut browser = Browser::of(&world, ada).await;
    let (sock, mut theirs) = made_up(&world, &mut browser).await;
    let adas = world.key(&["control", "people:write"], Some(ada)).await;
    let id = draft(&world, &adas, EXPORT).await;
    // At the desk, by a key that Sock makes, and the other way round.
    theirs.get(&format!("/desk/rules-drafts/{id}")).await;
    theirs.submit("/approve", &[]).await;
    let text = theirs.page.plain();
    assert!(theirs.page.status != 200 || text.contains("do not count as two people"), "{text}");
    assert!(text.contains("Ada and Sock do not count as two people here: Ada made a sign-in link for Sock"), "{text}");
    theirs.get("/desk/keys").await;
    theirs.submit("/desk/keys", &[("name", "own"), ("scope", "control"), ("scope", "people:write"), ("mine", "1"), ("days", "30")]).await;
    let socks = theirs.page.text.split("data-secret>").nth(1).unwrap_or_else(|| panic!("{}", theirs.page.plain()));
    let socks = socks.split('<').next().unwrap().to_owned();
    let approve = async |key: &str, id: &str| world.send_as(key, Method::POST, &format!("/v1/rules-drafts/{id}/approve"), &json!({})).await;
    assert_eq!(approve(&socks, &id).await.slug(), "not-independent");
    let second = draft(&world, &socks, EXPORT).await;
    assert_eq!(approve(&adas, &second).await.slug(), "not-independent");
    assert_eq!(world.get("/v1/rules").await.json()["version"], 0);

    // Nobody of the two vouches for the other, nor does whom Sock adds, nor a program, nor anybody in Eva's name.
    let vouch = async |key: &str, person: Uuid, body: serde_json::Value| {
        world.send_as(key, Method::POST, &format!("/v1/people/{person}/vouch"), &body).await
    };
    let third = world.send_as(&socks, Method::POST, "/v1/people", &json!({"name": "Sock Two", "roles": ["lead"]})).await;
    assert_eq!(third.status, 201, "{}", third.text);
    let thirds = world.key(&["control", "people:write"], Some(third.id("person"))).await;
    for (key, body, slug) in [
        (&adas, json!({}), "not-independent"),
        (&socks, json!({}), "not-independent"),
        (&thirds, json!({}), "not-independent"),
        (&adas, json!({"by": eva}), "forbidden"),
        (&world.admin, json!({"by": eva}), "forbidden"),
        (&world.admin, json!({}), "invalid"),
    ] {
        let answer = vouch(key, sock, body.clone()).await;
        assert_eq!(answer.slug(), slug, "{body}: {}", answer.text);
    }
    assert_eq!(approve(&thirds, &id).await.slug(), "not-independent", "through whom a made-up one made up");
    assert_eq!(vouch(&adas, sock, json!({"person": eva})).await.status, 422, "nothing comes along that the request does not have");
    for lead in [&mut browser, &mut theirs] {
        lead.get(&format!("/desk/people/{sock}")).await;
        assert!(!lead.page.has("/vouch\"") && lead.page.plain().contains("A person of their own"), "{}", lead.page.plain());
        let mut form = lead.page.form("/change").hidden;
        form.retain(|(name, _)| name != "since");
        lead.post(&format!("/desk/people/{sock}/vouch"), &form).await;
        assert_eq!(lead.page.status, 409, "{}", lead.page.plain());
    }
    assert_eq!(world.get("/v1/rules").await.json()["version"], 0);
    let events = world.get("/v1/events/export").await.text;
    assert!(events.contains("person.sign_in_changed") && !events.contains("person.vouched"));
}

#[tokio::test]
async fn somebody_else_vouches_for_what_they_saw_and_it_ends_with_that() {
    let (world, ada, eva) = leads().await;
    let mut browser = Browser::of(&world, ada).await;
    let (sock, theirs) = made_up(&world, &mut browser).await;
    let page = format!("/desk/people/{sock}");
    let (mut evas, mut evas_key) = with_passkey(&world, eva).await;
    evas.get(&page).await;
    let text = evas.page.plain();
    assert!(text.contains("who made them a sign-in link") && text.contains("They sign in by one-time links only"), "{text}");
    assert!(!evas.page.has("/vouch\""));
    // Sock takes a passkey: now there is something to look at.
    let (mut own, mut socks_key) = (Browser::of(&world, sock).await, Authenticator::new(2));
    own.add_passkey(&socks_key, "phone").await;
    drop(theirs);
    evas.get(&page).await;
    assert!(evas.page.plain().contains("a passkey, since 2026-11-23 09:00 UTC"), "{}", evas.page.plain());
    // What comes after Eva looked is not vouched for.
    own.add_passkey(&Authenticator::new(7), "another").await;
    evas.submit("/vouch", &[]).await;
    let asked = evas.asked();
    evas.answer("/vouch", &evas_key.get(&asked), &[]).await;
    assert_eq!(evas.page.status, 409, "{}", evas.page.plain());
    // And she proves that it is her.
    world.pass(6 * 60 * SECOND);
    evas.get(&page).await;
    evas.submit("/vouch", &[]).await;
    assert!(evas.page.plain().contains("Is it you?"), "{}", evas.page.plain());
    let asked = evas.asked();
    evas.answer("/vouch", &evas_key.get(&asked), &[]).await;
    let text = evas.page.plain();
    assert!(text.contains("Vouched for. They are signed out") && text.contains("Vouched for by Eva"), "{text}");
    assert_eq!(own.get("/desk").await.status, 401, "whoever sat at their desk is signed out");
    own.sign_in_by(&mut socks_key).await;
    let adas = world.key(&["control"], Some(ada)).await;
    let id = draft(&world, &adas, EXPORT).await;
    own.get(&format!("/desk/rules-drafts/{id}")).await;
    own.submit("/approve", &[]).await;
    assert_eq!(world.get("/v1/rules").await.json()["version"], 1, "{}", own.page.plain());
    // A further passkey: nobody has vouched for that one.
    own.get(METHODS).await;
    own.add_passkey(&Authenticator::new(8), "a third").await;
    assert!(own.page.plain().contains("The passkey was added"), "{}", own.page.plain());
    let told = world.get("/v1/people").await.json();
    let told = told.as_array().unwrap().iter().find(|one| one["person"] == json!(sock)).unwrap().clone();
    assert!(told.get("vouched").is_none() && told["hands"][0]["name"] == "Ada", "{told}");
}
