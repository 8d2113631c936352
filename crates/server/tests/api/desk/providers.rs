//! Signing in through a provider: an account linked out of an invitation or by an address that is vouched for, signed in by, and asked
//! for again; and every answer that is not taken.

use super::{browser::Browser, passkeys::METHODS};
use crate::{
    provider::{Provider, Signed, query},
    world::{SECOND, World},
};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use countersign_core::id::PersonId;
use countersign_server::SignIn;
use serde_json::{Value, json};
use uuid::Uuid;

const SIGN_IN: &str = "/desk/sign-in/provider/ours";

impl Browser<'_> {
    /// Where the page sends the browser.
    fn sent_on(&self) -> String {
        assert_eq!(self.page.status, 200, "{}", self.page.plain());
        let refresh = self.page.headers.get("refresh").unwrap_or_else(|| panic!("not sent on: {}", self.page.plain()));
        refresh.to_str().unwrap().strip_prefix("0; url=").unwrap().to_owned()
    }

    /// Goes to the provider from the sign-in page, and comes back with what it says.
    async fn through(&mut self, provider: &Provider, claims: &Value, signed: Signed) {
        self.get("/desk/sign-in").await;
        self.submit(SIGN_IN, &[]).await;
        self.come_back(provider, claims, signed).await;
    }

    async fn come_back(&mut self, provider: &Provider, claims: &Value, signed: Signed) {
        let back = provider.grant(&self.sent_on(), self.world.now(), claims, signed);
        self.get(&back).await;
    }

    fn signed_in(&self) -> bool {
        self.page.status == 200 && self.page.path == "/desk" && self.cookie.is_some()
    }
}

async fn world_with(provider: &Provider) -> (World, Uuid) {
    let (world, ada) = World::with_tickets().await;
    let sign_in = SignIn { providers: vec![provider.settings("ours")], ..SignIn::default() };
    (world.signing_in(sign_in), ada)
}

/// Ada with an account, signed out.
async fn linked(world: &World, provider: &Provider, person: Uuid, subject: &str) {
    let link = world.workspace.desk_link(&countersign_app::workspace::system("setup"), PersonId(person)).await.unwrap();
    let mut browser = Browser::new(world);
    browser.get(&format!("/desk/sign-in/{link}")).await;
    assert!(browser.page.plain().contains("link your account at Our house"), "{}", browser.page.plain());
    browser.submit(&link, &[("with", "ours")]).await;
    assert!(browser.cookie.is_some() && browser.away.is_some());
    browser.come_back(provider, &json!({"sub": subject}), Signed::Well).await;
    assert!(browser.page.plain().contains("The account is linked"), "{}", browser.page.plain());
    assert_eq!(browser.away, None);
    browser.submit("/desk/sign-out", &[]).await;
}

#[tokio::test]
async fn an_account_is_linked_by_an_invitation_and_opens_sessions_from_then_on() {
    let provider = Provider::start().await;
    let (world, ada) = world_with(&provider).await;
    let mut browser = Browser::new(&world);
    browser.through(&provider, &json!({"sub": "ada"}), Signed::Well).await;
    assert_eq!(browser.page.status, 401);
    assert!(browser.page.plain().contains("opens nothing here yet") && browser.cookie.is_none(), "{}", browser.page.plain());

    linked(&world, &provider, ada, "ada").await;
    browser.through(&provider, &json!({"sub": "ada"}), Signed::Well).await;
    assert!(browser.signed_in(), "{}", browser.page.plain());
    browser.get(METHODS).await;
    let text = browser.page.plain();
    assert!(text.contains("by Our house") && text.contains("this one"), "{text}");
    assert!(!browser.page.has("Link an account at Our house"), "one of each provider: {text}");

    // A session's secret is never older than its sign-in.
    let before = browser.cookie.clone().unwrap();
    browser.through(&provider, &json!({"sub": "ada"}), Signed::Well).await;
    assert_ne!(browser.cookie.clone().unwrap(), before);
    let mut old = Browser::new(&world);
    old.cookie = Some(before);
    assert_eq!(old.get("/desk").await.status, 401);

    // The same account speaks for nobody else.
    let ben = world.person("Ben").await;
    let mut other = Browser::of(&world, ben).await;
    other.get(METHODS).await;
    other.submit("/provider/ours/link", &[]).await;
    other.come_back(&provider, &json!({"sub": "ada"}), Signed::Well).await;
    assert_eq!(other.page.status, StatusCode::CONFLICT, "{}", other.page.plain());
}

#[tokio::test]
async fn what_is_unlinked_opens_nothing_more() {
    let provider = Provider::start().await;
    let (world, ada) = world_with(&provider).await;
    linked(&world, &provider, ada, "ada").await;
    let mut browser = Browser::new(&world);
    browser.through(&provider, &json!({"sub": "ada"}), Signed::Well).await;
    let mut invited = Browser::of(&world, ada).await;
    invited.get(METHODS).await;
    invited.submit("/unlink", &[]).await;
    assert!(invited.page.plain().contains("The account is unlinked"), "a link just now is enough: {}", invited.page.plain());
    assert_eq!(browser.get("/desk").await.status, 401);
    browser.cookie = None;
    browser.through(&provider, &json!({"sub": "ada"}), Signed::Well).await;
    assert_eq!((browser.page.status.as_u16(), &browser.cookie), (401, &None));
}

#[tokio::test]
async fn what_a_provider_did_not_say_is_refused() {
    let provider = Provider::start().await;
    let (world, ada) = world_with(&provider).await;
    linked(&world, &provider, ada, "ada").await;
    let now = world.now() / SECOND;
    for (what, claims, signed) in [
        ("another nonce", json!({"nonce": "x"}), Signed::Well),
        ("no nonce", json!({"nonce": null}), Signed::Well),
        ("another audience", json!({"aud": "shop"}), Signed::Well),
        ("an audience beside us", json!({"aud": ["desk", "shop"]}), Signed::Well),
        ("no audience", json!({"aud": null}), Signed::Well),
        ("given to somebody else", json!({"azp": "shop"}), Signed::Well),
        ("expired", json!({"exp": now}), Signed::Well),
        ("no end", json!({"exp": null}), Signed::Well),
        ("issued in the future", json!({"iat": now + 120}), Signed::Well),
        ("another issuer", json!({"iss": "https://id.example.org"}), Signed::Well),
        ("the issuer but for a slash", json!({"iss": format!("{}/", provider.issuer())}), Signed::Well),
        ("no issuer", json!({"iss": null}), Signed::Well),
        ("nobody", json!({"sub": null}), Signed::Well),
        ("a foreign key", json!({}), Signed::Foreign),
        ("our own secret", json!({}), Signed::BySecret),
        ("no signature", json!({}), Signed::Not),
    ] {
        let mut browser = Browser::new(&world);
        let mut claims = claims;
        if claims.get("sub").is_none() {
            claims["sub"] = json!("ada");
        }
        browser.through(&provider, &claims, signed).await;
        assert_eq!((browser.page.status.as_u16(), &browser.cookie), (401, &None), "{what}: {}", browser.page.plain());
        assert!(browser.page.plain().contains("does not hold"), "{what}: {}", browser.page.plain());
    }
    // And what it did say is taken, also by a key that it did not name before.
    for signed in [Signed::Well, Signed::Later] {
        world.pass(61 * SECOND);
        let mut browser = Browser::new(&world);
        browser.through(&provider, &json!({"sub": "ada"}), signed).await;
        assert!(browser.signed_in(), "{}", browser.page.plain());
    }
    let asked = provider.keys_asked();
    for _ in 0..3 {
        Browser::new(&world).through(&provider, &json!({"sub": "ada"}), Signed::Foreign).await;
    }
    assert_eq!(provider.keys_asked(), asked, "whoever brings foreign tokens does not make us ask again and again");
}

#[tokio::test]
async fn an_answer_is_taken_once_in_the_browser_that_went_and_from_where_it_went() {
    let (provider, other) = (Provider::start().await, Provider::start().await);
    let (world, ada) = World::with_tickets().await;
    let providers = vec![provider.settings("ours"), other.settings("theirs")];
    let world = world.signing_in(SignIn { providers, ..SignIn::default() });
    linked(&world, &provider, ada, "ada").await;
    let ada = json!({"sub": "ada"});
    let went = async |browser: &mut Browser<'_>| {
        browser.get("/desk/sign-in").await;
        browser.submit(SIGN_IN, &[]).await;
        provider.grant(&browser.sent_on(), browser.world.now(), &ada, Signed::Well)
    };
    let refused = async |browser: &mut Browser<'_>, back: &str, what: &str| {
        browser.get(back).await;
        assert_eq!((browser.page.status.as_u16(), &browser.cookie), (401, &None), "{what}: {}", browser.page.plain());
    };

    let mut browser = Browser::new(&world);
    let back = went(&mut browser).await;
    let away = browser.away.clone();
    browser.get(&back).await;
    assert!(browser.signed_in());
    (browser.cookie, browser.away) = (None, away);
    refused(&mut browser, &back, "a second time").await;

    let back = went(&mut browser).await;
    refused(&mut Browser::new(&world), &back, "a browser that went nowhere").await;
    refused(&mut browser, &back, "after somebody else tried it").await;

    // Somebody who wants others to be signed in as them sends their own answer.
    let back = went(&mut browser).await;
    let mut victim = Browser::new(&world);
    went(&mut victim).await;
    refused(&mut victim, &back, "a browser that went by itself").await;

    let back = went(&mut browser).await;
    refused(&mut browser, &back.replace("/ours/", "/theirs/"), "another provider's address").await;

    let back = went(&mut browser).await;
    let iss: String = form_urlencoded::byte_serialize(provider.issuer().as_bytes()).collect();
    refused(&mut browser, &back.replace(&format!("&iss={iss}"), ""), "an answer that does not say from whom").await;
    let back = went(&mut browser).await;
    let theirs: String = form_urlencoded::byte_serialize(other.issuer().as_bytes()).collect();
    refused(&mut browser, &back.replace(&iss, &theirs), "an answer of another provider").await;

    let back = went(&mut browser).await;
    world.pass(10 * 60 * SECOND);
    refused(&mut browser, &back, "too late").await;

    let back = went(&mut browser).await;
    refused(&mut browser, &back.replace("code=", "kode="), "no code").await;
    let back = went(&mut browser).await;
    refused(&mut browser, &format!("{}0", back.replace("code=code", "code=other")), "a code that it never gave").await;
    refused(&mut browser, "/desk/sign-in/provider/ours/back?code=1&state=x", "no state of ours").await;
    assert_eq!(browser.get("/desk/sign-in/provider/nobody/back?code=1&state=x").await.status, 404);

    // What a provider says of a failure is not shown: an address is anybody's text.
    browser.get("/desk/sign-in").await;
    browser.submit(SIGN_IN, &[]).await;
    let state = query(&browser.sent_on())["state"].clone();
    browser.get(&format!("/desk/sign-in/provider/ours/back?error=access_denied&error_description=CALL+US&state={state}")).await;
    assert!(browser.page.plain().contains("turned back there") && !browser.page.has("CALL US"), "{}", browser.page.plain());
}

#[tokio::test]
async fn an_address_counts_where_the_provider_vouches_for_it_and_once() {
    let provider = Provider::start().await;
    let (world, _) = world_with(&provider).await;
    let body = json!({"name": "Cleo Lang", "mail": "Cleo@Example.org", "roles": ["support"]});
    let cleo = world.post("/v1/people", &body).await.id("person");
    let claims = |subject: &str, mail: &str, vouched: Value| json!({"sub": subject, "email": mail, "email_verified": vouched});
    let mut browser = Browser::new(&world);
    for (what, claims) in [
        ("not vouched for", claims("cleo", "cleo@example.org", json!(false))),
        ("nothing said", claims("cleo", "cleo@example.org", json!(null))),
        ("another address", claims("cleo", "cleo@example.com", json!(true))),
        ("no address", claims("cleo", "", json!(true))),
        ("a name", claims("cleo", "Cleo Lang", json!(true))),
    ] {
        browser.through(&provider, &claims, Signed::Well).await;
        assert_eq!((browser.page.status.as_u16(), &browser.cookie), (401, &None), "{what}: {}", browser.page.plain());
    }
    // Where the ID token says nothing, its user info does; about the same subject, or it is nothing.
    provider.knows(json!({"sub": "somebody", "email": "cleo@example.org", "email_verified": true}));
    browser.through(&provider, &json!({"sub": "cleo"}), Signed::Well).await;
    assert_eq!(browser.page.status, 401);
    provider.knows(json!({"sub": "cleo", "email": "cleo@example.org", "email_verified": "true"}));
    browser.through(&provider, &json!({"sub": "cleo"}), Signed::Well).await;
    assert_eq!(browser.page.status, 401, "vouched for is true, and no text");
    provider.knows(json!({"sub": "cleo", "email": "cleo@example.org", "email_verified": true}));
    browser.through(&provider, &json!({"sub": "cleo"}), Signed::Well).await;
    assert!(browser.signed_in(), "{}", browser.page.plain());
    // From then on the account counts, and not the address: it may be somebody else's by now.
    let mut heir = Browser::new(&world);
    heir.through(&provider, &claims("heir", "cleo@example.org", json!(true)), Signed::Well).await;
    assert_eq!((heir.page.status.as_u16(), &heir.cookie), (401, &None));
    browser.through(&provider, &json!({"sub": "cleo"}), Signed::Well).await;
    assert!(browser.signed_in());
    // Who no longer takes part comes in by nothing.
    let gone = json!({"roles": ["support"], "active": false});
    assert_eq!(world.send_as(&world.admin, Method::PUT, &format!("/v1/people/{cleo}"), &gone).await.status, 200);
    assert_eq!(browser.get("/desk").await.status, 401);
    browser.cookie = None;
    browser.through(&provider, &json!({"sub": "cleo"}), Signed::Well).await;
    assert_eq!((browser.page.status.as_u16(), &browser.cookie), (401, &None));
}

#[tokio::test]
async fn whoever_runs_the_server_may_leave_addresses_aside() {
    let provider = Provider::start().await;
    let (world, _) = World::with_tickets().await;
    let settings = countersign_server::ProviderSettings { by_mail: false, ..provider.settings("ours") };
    let world = world.signing_in(SignIn { providers: vec![settings], ..SignIn::default() });
    world.post("/v1/people", &json!({"name": "Cleo", "mail": "cleo@example.org"})).await.id("person");
    let mut browser = Browser::new(&world);
    browser.through(&provider, &json!({"email": "cleo@example.org", "email_verified": true}), Signed::Well).await;
    assert_eq!((browser.page.status.as_u16(), &browser.cookie), (401, &None));
}

#[tokio::test]
async fn whoever_signs_in_through_a_provider_proves_there_that_it_is_them() {
    let provider = Provider::start().await;
    let (world, ada) = world_with(&provider).await;
    linked(&world, &provider, ada, "ada").await;
    let ben = world.person("Ben").await;
    linked(&world, &provider, ben, "ben").await;
    let mut browser = Browser::new(&world);
    // The provider knew them since yesterday: nothing was proven just now.
    let seconds = |world: &World| world.now() / SECOND;
    browser.through(&provider, &json!({"sub": "ada", "auth_time": seconds(&world) - 86_400}), Signed::Well).await;
    let hook = [("url", "https://chat.example.org/hooks/7")];
    let hooks = async || world.workspace.webhooks_list().await.unwrap().len();
    browser.get("/desk/webhooks").await;
    browser.submit("/desk/webhooks", &hook).await;
    let page = browser.page.clone();
    assert!(page.plain().contains("Is it you?") && page.has("chat.example.org"), "{}", page.plain());
    assert_eq!(hooks().await, 0);

    for (what, claims, proves) in [
        ("no time", json!({"sub": "ada"}), false),
        ("an old time", json!({"sub": "ada", "auth_time": seconds(&world) - 120}), false),
        ("a time to come", json!({"sub": "ada", "auth_time": seconds(&world) + 120}), false),
        ("somebody else", json!({"sub": "ben", "auth_time": seconds(&world)}), false),
        ("them, just now", json!({"sub": "ada", "auth_time": seconds(&world)}), true),
    ] {
        browser.page = page.clone();
        browser.submit("/provider/ours/confirm", &[]).await;
        let asked = query(&browser.sent_on());
        assert_eq!((asked["prompt"].as_str(), asked["max_age"].as_str()), ("login", "0"));
        browser.come_back(&provider, &claims, Signed::Well).await;
        assert_eq!(browser.page.status.as_u16(), if proves { 200 } else { 403 }, "{what}: {}", browser.page.plain());
        browser.page = page.clone();
        browser.submit("/desk/webhooks", &[]).await;
        assert_eq!(hooks().await, usize::from(proves), "{what}");
    }
    // For five minutes nothing more is asked; a proof of one session is none of another.
    world.pass(5 * 60 * SECOND);
    browser.get("/desk/webhooks").await;
    browser.submit("/desk/webhooks", &[("url", "https://chat.example.org/hooks/8")]).await;
    assert!(browser.page.plain().contains("Is it you?"));
    browser.submit("/provider/ours/confirm", &[]).await;
    let back = provider.grant(&browser.sent_on(), world.now(), &json!({"sub": "ada", "auth_time": seconds(&world)}), Signed::Well);
    let mut second = Browser::new(&world);
    second.through(&provider, &json!({"sub": "ada"}), Signed::Well).await;
    second.away.clone_from(&browser.away);
    assert_eq!(second.get(&back).await.status, 401, "another session of the same person");
    assert_eq!(hooks().await, 1);
}

#[tokio::test]
async fn nothing_leads_elsewhere_and_nobody_else_begins_it() {
    let provider = Provider::start().await;
    let (world, ada) = world_with(&provider).await;
    linked(&world, &provider, ada, "ada").await;
    let mut browser = Browser::new(&world);
    let foreign = browser.request(Method::POST, SIGN_IN).header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(foreign.body(Body::empty()).unwrap()).await.status, 403);
    // Reading begins nothing.
    assert_eq!(browser.get(SIGN_IN).await.status, 405);
    browser.get("/desk/sign-in?next=https://evil.example").await;
    browser.submit(SIGN_IN, &[("next", "https://evil.example"), ("redirect_uri", "https://evil.example")]).await;
    let place = browser.sent_on();
    assert!(!place.contains("evil"), "{place}");
    let back = provider.grant(&place, world.now(), &json!({"sub": "ada"}), Signed::Well);
    let request = browser.request(Method::GET, &format!("{back}&next=https://evil.example")).body(Body::empty()).unwrap();
    let answer = browser.send(request).await;
    assert_eq!(answer.headers["location"], "/desk");
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    assert!(cookies.iter().all(|cookie| cookie.contains("HttpOnly; SameSite=Lax")), "{cookies:?}");

    // Linking and proving are forms of a session's own pages.
    let mut session = Browser::of(&world, ada).await;
    for action in ["provider/ours/link", "provider/ours/confirm", "accounts/00/unlink"] {
        session.post(&format!("{METHODS}/{action}"), &[]).await;
        assert_eq!(session.page.status, 403, "{action}: without the page's token");
    }
    // An account is linked right after a link, and not from a desk that was left alone.
    let ben = world.person("Ben").await;
    let mut left = Browser::of(&world, ben).await;
    world.pass(6 * 60 * SECOND);
    left.get(METHODS).await;
    left.submit("/provider/ours/link", &[]).await;
    assert_eq!(left.page.status, 403, "{}", left.page.plain());
}

#[tokio::test]
async fn a_provider_that_is_not_there_or_is_another_lets_nobody_in() {
    let provider = Provider::start().await;
    let (world, _) = world_with(&provider).await;
    let mut browser = Browser::new(&world);
    for (member, value) in [
        ("issuer", json!("https://id.example.org")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("authorization_endpoint", json!("http://id.example.org/authorize")),
        ("jwks_uri", json!("http://169.254.169.254/latest/meta-data")),
    ] {
        provider.says(member, value.clone());
        browser.get("/desk/sign-in").await;
        browser.submit(SIGN_IN, &[]).await;
        assert_eq!(browser.page.status, 503, "{member} {value}: {}", browser.page.plain());
        assert!(browser.page.plain().contains("Our house cannot be reached at present"), "{}", browser.page.plain());
        let place = format!("{}/{}", provider.issuer(), if member == "jwks_uri" { "keys" } else { "authorize" });
        provider.says(member, json!(if member == "issuer" { provider.issuer().to_owned() } else { place }));
    }
    browser.get("/desk/sign-in").await;
    browser.submit(SIGN_IN, &[]).await;
    let back = provider.grant(&browser.sent_on(), world.now(), &json!({}), Signed::Well);
    provider.stop();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    browser.get(&back).await;
    assert_eq!((browser.page.status.as_u16(), &browser.cookie), (503, &None), "{}", browser.page.plain());
}
