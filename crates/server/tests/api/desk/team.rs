//! Who takes part and which keys there are, at the desk: shown to whoever may say so by the rules, changed after a proof, and nothing taken
//! that the page does not ask for.

use super::{browser::Browser, passkeys::with_passkey};
use crate::world::{SECOND, World};
use axum::http::Method;
use countersign_core::id::PersonId;
use serde_json::json;
use uuid::Uuid;

/// Ada, who leads, and Ben, who does not.
async fn team() -> (World, Uuid, Uuid) {
    let (world, ada) = World::with_tickets().await;
    let ben = world.person("Ben").await;
    let change = json!({"roles": ["support", "lead"], "active": true});
    assert_eq!(world.send_as(&world.admin, Method::PUT, &format!("/v1/people/{ada}"), &change).await.status, 200);
    (world, ada, ben)
}

async fn person(world: &World, person: Uuid) -> countersign_app::view::PersonView {
    world.workspace.person_get(PersonId(person)).await.unwrap()
}

#[tokio::test]
async fn a_lead_adds_invites_changes_and_takes_out() {
    let (world, ada, _) = team().await;
    let mut browser = Browser::of(&world, ada).await;
    browser.get("/desk/playbooks").await;
    assert!(browser.page.has("href=\"/desk/people\"") && browser.page.has("href=\"/desk/keys\""));
    browser.get("/desk/people").await;
    for (name, roles, mail, why) in [
        ("Ben", "", "", "somebody of this name is here already"),
        ("  ", "", "", "1 to 120 characters"),
        ("Cleo", "", "nowhere", "an e-mail address has an @"),
        ("Cleo", "", "a b@example.org", "no spaces"),
        ("Cleo", &*"x".repeat(121), "", "at most 120 characters"),
    ] {
        browser.submit("/desk/people", &[("name", name), ("roles", roles), ("mail", mail)]).await;
        assert!(browser.page.plain().contains(why), "{why}: {}", browser.page.plain());
    }
    // What the page does not ask for is not taken.
    let typed =
        [("name", "Cleo"), ("roles", "support, senior,support"), ("mail", "cleo@example.org"), ("external", "true"), ("active", "false")];
    browser.submit("/desk/people", &typed).await;
    let text = browser.page.plain();
    assert!(text.contains("Added. Invite them") && text.contains("support, senior") && text.contains("links only"), "{text}");
    let cleo: Uuid = browser.page.path.strip_prefix("/desk/people/").unwrap()[..36].parse().unwrap();
    let known = person(&world, cleo).await;
    assert!(known.active && !known.external && known.roles == ["support", "senior"] && known.mail.as_deref() == Some("cleo@example.org"));

    browser.submit("/invite", &[]).await;
    let link = browser.page.text.split("data-secret>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let link = link.strip_prefix("http://localhost:7171").unwrap_or_else(|| panic!("{link}"));
    let mut theirs = Browser::new(&world);
    theirs.get(link).await;
    assert!(theirs.page.plain().contains("Sign in as Cleo"), "{}", theirs.page.plain());
    theirs.submit(link, &[]).await;
    assert_eq!((theirs.page.status.as_u16(), theirs.page.path.as_str()), (200, "/desk"));

    browser.get(&format!("/desk/people/{cleo}")).await;
    let before = browser.page.clone();
    browser.submit("/change", &[("roles", "support"), ("mail", "")]).await;
    assert!(browser.page.plain().contains("Saved."), "{}", browser.page.plain());
    let known = person(&world, cleo).await;
    assert_eq!((known.roles, known.mail), (vec!["support".to_owned()], None));
    // A page of before undoes nothing.
    browser.page = before;
    browser.submit("/change", &[("roles", "lead"), ("mail", "")]).await;
    assert_eq!(browser.page.status, 409, "{}", browser.page.plain());

    browser.get(&format!("/desk/people/{cleo}")).await;
    browser.submit("/leave", &[]).await;
    assert!(browser.page.plain().contains("They no longer take part"), "{}", browser.page.plain());
    assert_eq!(theirs.get("/desk").await.status, 401);
    browser.submit("/return", &[]).await;
    assert!(person(&world, cleo).await.active);
    assert_eq!(theirs.get("/desk").await.status, 401, "an old session does not come back with its person");
    // All of it stands in the ledger, with who did it.
    let events = world.get("/v1/events/export").await.text;
    assert!(events.contains(&format!("person:{ada}")), "{events}");
}

#[tokio::test]
async fn nobody_else_comes_in_and_nobody_raises_themselves() {
    let (world, _, ben) = team().await;
    let mut browser = Browser::of(&world, ben).await;
    browser.get("/desk/playbooks").await;
    assert!(!browser.page.has("href=\"/desk/people\""));
    let token = browser.page.form("/desk/sign-out").hidden;
    for path in ["/desk/people".to_owned(), format!("/desk/people/{ben}"), "/desk/keys".to_owned()] {
        browser.get(&path).await;
        assert_eq!(browser.page.status, 403, "{path}");
        assert!(browser.page.plain().contains("No rule allows it."), "{}", browser.page.plain());
    }
    for path in [
        "/desk/people".to_owned(),
        format!("/desk/people/{ben}/change"),
        format!("/desk/people/{ben}/invite"),
        format!("/desk/people/{ben}/leave"),
        format!("/desk/people/{ben}/return"),
        "/desk/keys".to_owned(),
        "/desk/keys/x/revoke".to_owned(),
    ] {
        let mut form = token.clone();
        for (name, value) in [("name", "Sock"), ("roles", "lead"), ("since", "true support "), ("scope", "people:write"), ("days", "30")] {
            form.push((name.to_owned(), value.to_owned()));
        }
        browser.post(&path, &form).await;
        assert_eq!(browser.page.status, 403, "{path}: {}", browser.page.plain());
    }
    // By a key of their own neither: the rule is asked wherever they come from.
    let key = world.key(&["people:write"], Some(ben)).await;
    let raise = json!({"roles": ["support", "lead"], "active": true});
    let answer = world.send_as(&key, Method::PUT, &format!("/v1/people/{ben}"), &raise).await;
    assert_eq!((answer.slug().as_str(), answer.json()["field"].as_str()), ("forbidden", Some("/person")), "{}", answer.text);
    assert_eq!(person(&world, ben).await.roles, ["support"]);
}

#[tokio::test]
async fn changes_are_forms_of_our_own_pages_and_ask_who_is_there() {
    let (world, ada, ben) = team().await;
    let mut stranger = Browser::of(&world, ada).await;
    for path in ["/desk/people".to_owned(), format!("/desk/people/{ben}/leave"), "/desk/keys".to_owned()] {
        stranger.post(&path, &[("name".to_owned(), "x".to_owned())]).await;
        assert_eq!(stranger.page.status, 403, "{path}: without the page's token");
    }
    let (mut browser, mut key) = with_passkey(&world, ada).await;
    world.pass(6 * 60 * SECOND);
    browser.get(&format!("/desk/people/{ben}")).await;
    browser.submit("/change", &[("roles", "support, lead"), ("mail", "")]).await;
    assert!(browser.page.plain().contains("Is it you?"), "{}", browser.page.plain());
    assert_eq!(person(&world, ben).await.roles, ["support"]);
    let asked = browser.asked();
    browser.answer("/change", &key.get(&asked), &[]).await;
    assert_eq!(person(&world, ben).await.roles, ["support", "lead"], "{}", browser.page.plain());
    // Whoever has a passkey is invited by nobody: a link would open their desk to whoever holds it.
    browser.get(&format!("/desk/people/{ada}")).await;
    assert!(browser.page.plain().contains("no colleague makes one in their name") && !browser.page.has("/invite\""));
    let form = browser.page.form("/change").hidden;
    browser.post(&format!("/desk/people/{ada}/invite"), &form).await;
    assert_eq!(browser.page.status, 403);
}

#[tokio::test]
async fn a_key_is_shown_once_ends_and_is_revoked() {
    let (world, ada, ben) = team().await;
    let mut browser = Browser::of(&world, ada).await;
    browser.get("/desk/keys").await;
    let typed = [("name", "shop"), ("scope", "cases:write"), ("scope", "cases:read"), ("days", "30")];
    browser.submit("/desk/keys", &typed).await;
    let key = browser.page.text.split("data-secret>").nth(1).unwrap_or_else(|| panic!("{}", browser.page.plain()));
    let key = key.split('<').next().unwrap().to_owned();
    assert_eq!(world.get_as(&key, "/v1/cases").await.status, 200);
    assert_eq!(world.get_as(&key, "/v1/keys").await.slug(), "forbidden");
    browser.get("/desk/keys").await;
    let text = browser.page.plain();
    assert!(!browser.page.has(&key) && text.contains("shop cases:write · cases:read") && text.contains("nobody"), "{text}");
    assert!(text.contains("2026-12-23 09:00 UTC") && text.contains("2026-11-23 09:00 UTC"), "its end, and when it was used last: {text}");
    // A page that is loaded again makes no second one.
    browser.submit("/desk/keys", &typed).await;
    assert!(browser.page.plain().contains("A key of this name is there"), "{}", browser.page.plain());

    for (name, typed, why) in [
        ("answers for nobody", vec![("scope", "judge"), ("days", "30")], "a key that answers or may do everything speaks for you"),
        ("everything for nobody", vec![("scope", "admin"), ("days", "30")], "speaks for you"),
        ("nothing", vec![("days", "30")], "scopes are some of"),
        ("no such scope", vec![("scope", "root"), ("days", "30")], "scopes are some of"),
        ("without end", vec![("scope", "control")], "after how many days"),
        ("for ever", vec![("scope", "control"), ("days", "36500")], "after how many days"),
    ] {
        browser.get("/desk/keys").await;
        let ben = ben.to_string();
        let mut form = vec![("name", name), ("person", &*ben), ("expires", "2099-01-01T00:00:00Z")];
        form.extend(typed);
        browser.submit("/desk/keys", &form).await;
        assert!(browser.page.plain().contains(why), "{name}: {}", browser.page.plain());
    }
    // In one's own name, and in nobody else's.
    browser.get("/desk/keys").await;
    browser
        .submit("/desk/keys", &[("name", "mine"), ("scope", "judge"), ("mine", "1"), ("person", &ben.to_string()), ("days", "90")])
        .await;
    let keys = world.workspace.api_keys_list().await.unwrap();
    assert_eq!(keys.iter().find(|key| key.name == "mine").unwrap().person, Some(ada));
    let own = browser.page.text.split("data-secret>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(world.get_as(&own, "/v1/claims").await.status, 200);

    browser.get("/desk/keys").await;
    let id = key.split('_').nth(1).unwrap();
    browser.submit(&format!("/desk/keys/{id}/revoke"), &[]).await;
    assert!(browser.page.plain().contains("The key is revoked"), "{}", browser.page.plain());
    world.pass(2 * SECOND);
    assert_eq!(world.get_as(&key, "/v1/cases").await.slug(), "unauthenticated");
    // Whoever no longer takes part has no voice by a key either.
    let gone = json!({"roles": ["support", "lead"], "active": false});
    assert_eq!(world.send_as(&world.admin, Method::PUT, &format!("/v1/people/{ada}"), &gone).await.status, 200);
    world.pass(2 * SECOND);
    assert_eq!(world.get_as(&own, "/v1/claims").await.slug(), "unauthenticated");
}

/// The same laws at the door of programs: a person's key gives nobody another one's voice.
#[tokio::test]
async fn a_persons_key_makes_none_for_others() {
    let (world, ada, ben) = team().await;
    let key = world.key(&["admin"], Some(ada)).await;
    for (body, field) in [
        (json!({"name": "k", "scopes": ["judge"], "person": ben}), "/person"),
        (json!({"name": "k", "scopes": ["judge"]}), "/scopes"),
        (json!({"name": "k", "scopes": ["cases:read", "admin"]}), "/scopes"),
    ] {
        let answer = world.send_as(&key, Method::POST, "/v1/keys", &body).await;
        assert_eq!((answer.slug().as_str(), answer.json()["field"].as_str()), ("forbidden", Some(field)), "{body}");
    }
    for body in [json!({"name": "k", "scopes": ["judge"], "person": ada}), json!({"name": "k", "scopes": ["cases:write"]})] {
        assert_eq!(world.send_as(&key, Method::POST, "/v1/keys", &body).await.status, 201, "{body}");
    }
    // Nothing comes along that the request does not have.
    let more = json!({"name": "k", "scopes": ["cases:write"], "key_id": "x", "workspace": Uuid::nil()});
    assert_eq!(world.post("/v1/keys", &more).await.status, 422);
}
