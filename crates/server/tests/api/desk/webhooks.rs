//! Webhooks at the desk: forms alone, a secret that is shown once, and nobody but those who lead.

use super::browser::Browser;
use crate::world::World;
use serde_json::json;

const URL: &str = "/desk/webhooks";
const ADDRESS: &str = "https://chat.example.org/hooks/7";

async fn with_roles(world: &World, name: &str, roles: &[&str]) -> uuid::Uuid {
    let answer = world.post("/v1/people", &json!({"name": name, "roles": roles})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.id("person")
}

/// The secret that a page shows.
fn secret(browser: &Browser<'_>) -> Option<String> {
    let (_, rest) = browser.page.text.split_once("whsec_")?;
    rest.split('<').next().map(str::to_owned)
}

#[tokio::test]
async fn an_address_is_added_tried_changed_and_removed_by_forms_alone() {
    let (world, _) = World::with_tickets().await;
    let lead = with_roles(&world, "Lea", &["lead"]).await;
    let mut browser = Browser::of(&world, lead).await;
    browser.get("/desk/notices").await;
    assert!(browser.page.has("href=\"/desk/webhooks\""), "linked where a lead looks for it");
    browser.get(URL).await;
    assert!(browser.page.plain().contains("No address is told yet"));

    // What is wrong is said on the page, and what was typed stays.
    for (typed, said) in [("ftp://chat.example.org/\"><b>", "an address is https://"), (" ", "write the address")] {
        browser.submit(URL, &[("url", typed), ("type", "automation.stopped")]).await;
        assert!(browser.page.status == 200 && browser.page.plain().contains(said), "{}", browser.page.plain());
        assert!(browser.page.has("value=\"automation.stopped\" checked") && !browser.page.has("<b>") && secret(&browser).is_none());
    }
    browser.submit(URL, &[("url", ADDRESS), ("type", "nonsense")]).await;
    assert!(browser.page.plain().contains("one of automation.stopped"), "{}", browser.page.plain());
    assert!(world.workspace.webhooks_list().await.unwrap().is_empty());

    browser.submit(URL, &[("url", ADDRESS), ("type", "automation.stopped"), ("type", "drift.detected")]).await;
    let first = secret(&browser).expect("a secret");
    assert_eq!(browser.page.headers["cache-control"], "no-store");
    let hook = world.workspace.webhooks_list().await.unwrap().remove(0);
    assert_eq!(hook.types, ["automation.stopped", "drift.detected"]);
    let page = format!("{URL}/{}", hook.webhook);
    // Shown once: neither page shows it, and loading the answer again adds no second address.
    for path in [URL, page.as_str()] {
        browser.get(path).await;
        assert!(browser.page.has(ADDRESS) && secret(&browser).is_none(), "{path}");
    }
    browser.get(URL).await;
    browser.submit(URL, &[("url", ADDRESS), ("type", "automation.stopped"), ("type", "drift.detected")]).await;
    assert!(browser.page.plain().contains("told the same already") && secret(&browser).is_none());
    assert_eq!(world.workspace.webhooks_list().await.unwrap().len(), 1);

    // A test, of which one is on its way at a time; what became of it, and once more.
    browser.get(&page).await;
    browser.submit("/test", &[]).await;
    assert!(
        browser.page.plain().contains("A test is on its way") && browser.page.plain().contains("On its way"),
        "{}",
        browser.page.plain()
    );
    browser.submit("/test", &[]).await;
    assert!(browser.page.status == 409 && !browser.page.plain().contains("The case"), "{}", browser.page.plain());
    let message = world.workspace.webhook_messages(8, &[]).await.unwrap().remove(0);
    world.workspace.webhook_told(&message, Err("answered 503".into())).await.unwrap();
    browser.get(&page).await;
    assert!(browser.page.plain().contains("Given up") && browser.page.plain().contains("answered 503"), "{}", browser.page.plain());
    browser.submit("/resend", &[]).await;
    assert!(browser.page.plain().contains("once more"), "{}", browser.page.plain());
    let again = world.workspace.webhook_messages(8, &[]).await.unwrap().remove(0);
    assert_eq!((again.id, &again.body), (message.id, &message.body));
    world.workspace.webhook_told(&again, Ok("answered 200".into())).await.unwrap();
    browser.get(URL).await;
    assert!(browser.page.plain().contains("A test: Delivered (answered 200)"), "{}", browser.page.plain());

    // Another secret; the same form again is from a page that knows the old one.
    browser.get(&page).await;
    let form = browser.page.form("/rotate");
    browser.post(&form.action, &form.hidden).await;
    let second = secret(&browser).expect("another secret");
    assert_ne!(first, second);
    browser.post(&form.action, &form.hidden).await;
    assert!(browser.page.status == 409 && secret(&browser).is_none(), "{}", browser.page.plain());
    browser.get(&page).await;
    assert!(browser.page.plain().contains("the signature of the one before, too"), "{}", browser.page.plain());

    browser.submit("/remove", &[]).await;
    assert_eq!(browser.page.path, format!("{URL}?said=removed"));
    assert!(browser.page.plain().contains("The address is removed") && world.workspace.webhooks_list().await.unwrap().is_empty());
    assert_eq!(browser.get(&page).await.status, 404);
}

#[tokio::test]
async fn nobody_but_those_who_lead_sees_or_changes_webhooks() {
    let (world, ada) = World::with_tickets().await;
    // Where nobody has the role, everybody leads.
    let mut member = Browser::of(&world, ada).await;
    assert_eq!(member.get(URL).await.status, 200);
    let lead = with_roles(&world, "Lea", &["lead"]).await;
    let mut browser = Browser::of(&world, lead).await;
    browser.get(URL).await;
    browser.submit(URL, &[("url", ADDRESS)]).await;
    let hook = world.workspace.webhooks_list().await.unwrap().remove(0);
    let event = world.workspace.webhook_test(hook.webhook).await.unwrap().event;
    let page = format!("{URL}/{}", hook.webhook);

    let mut stranger = Browser::new(&world);
    let token = member.get("/desk").await.form("/sign-out").hidden;
    member.get("/desk/notices").await;
    assert!(!member.page.has(URL), "no way to what is not theirs");
    for path in [URL, page.as_str()] {
        assert_eq!(stranger.get(path).await.status, 401, "{path}");
        member.get(path).await;
        assert!(member.page.status == 403 && !member.page.has("chat.example.org"), "{path}: {}", member.page.plain());
        assert!(member.page.plain().contains("somebody with the role lead"), "{}", member.page.plain());
    }
    let verbs = ["/test", "/rotate", "/remove"].map(|verb| format!("{page}{verb}"));
    for path in verbs.into_iter().chain([URL.to_owned(), format!("{page}/messages/{event}/resend")]) {
        let typed: Vec<_> = token.iter().cloned().chain([("url".to_owned(), "https://elsewhere.example.org".to_owned())]).collect();
        assert_eq!(stranger.post(&path, &typed).await.status, 401, "{path}");
        member.post(&path, &typed).await;
        assert!(member.page.status == 403 && secret(&member).is_none(), "{path}: {}", member.page.plain());
        // Those who lead need their own page's token too.
        assert_eq!(browser.post(&path, &[]).await.status, 403, "{path}");
    }
    let left = world.workspace.webhooks_list().await.unwrap();
    assert_eq!((left.len(), &left[0]), (1, &hook));
    assert_eq!(world.workspace.webhook_deliveries(hook.webhook).await.unwrap().len(), 1);
}
