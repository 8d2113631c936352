//! Passwords, where they are taken: set right after a link, signed in by, asked for again; and nobody learns which names there are.

use super::{browser::Browser, passkeys::METHODS};
use crate::world::{SECOND, World};
use axum::{body::Body, http::Method};
use countersign_server::SignIn;
use std::time::Instant;
use uuid::Uuid;

const SIGN_IN: &str = "/desk/sign-in/password";
const GOOD: &str = "seven quiet geese";

async fn world() -> (World, Uuid) {
    let (world, ada) = World::with_tickets().await;
    (world.signing_in(SignIn { passwords: true, ..SignIn::default() }), ada)
}

impl Browser<'_> {
    async fn sign_in_as(&mut self, name: &str, password: &str) -> u16 {
        self.get("/desk/sign-in").await;
        self.submit(SIGN_IN, &[("name", name), ("password", password)]).await;
        self.page.status.as_u16()
    }
}

/// Ada with a password, in the browser that set it.
async fn with_password(world: &World, ada: Uuid) -> Browser<'_> {
    let mut browser = Browser::of(world, ada).await;
    browser.get(METHODS).await;
    browser.submit("/password", &[("password", GOOD)]).await;
    assert!(browser.page.plain().contains("The password is set"), "{}", browser.page.plain());
    browser
}

#[tokio::test]
async fn a_password_is_set_after_a_link_and_opens_sessions() {
    let (world, ada) = world().await;
    let mut elsewhere = Browser::of(&world, ada).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.get(METHODS).await;
    for (typed, why) in [("elevenchars", "at least 12 characters"), ("", "at least 12 characters"), (&*"x".repeat(1_025), "1024 bytes")] {
        browser.submit("/password", &[("password", typed)]).await;
        assert!(browser.page.plain().contains(why), "{typed}: {}", browser.page.plain());
    }
    assert!(!world.workspace.has_password(ada.into()).await.unwrap());
    browser.submit("/password", &[("password", GOOD)]).await;
    assert!(browser.page.plain().contains("signed out everywhere else"), "{}", browser.page.plain());
    assert_eq!(elsewhere.get("/desk").await.status, 401);
    let before = browser.cookie.clone();
    assert_eq!(browser.sign_in_as("Ada", GOOD).await, 200);
    assert_ne!(browser.cookie, before);
    let mut old = Browser::new(&world);
    old.cookie = before;
    assert_eq!(old.get("/desk").await.status, 401, "a session's secret is never older than its sign-in");
    browser.get(METHODS).await;
    assert!(browser.page.plain().contains("by a password"), "{}", browser.page.plain());
    browser.submit("/password/remove", &[]).await;
    assert!(browser.page.plain().contains("The password is removed"), "{}", browser.page.plain());
    assert_eq!(Browser::new(&world).sign_in_as("Ada", GOOD).await, 401);
}

#[tokio::test]
async fn what_does_not_go_together_is_refused_in_the_same_words() {
    let (world, ada) = world().await;
    with_password(&world, ada).await;
    world.person("Ben").await;
    let mut told = std::collections::BTreeSet::new();
    for (name, password) in [("Ada", "seven quiet ducks"), ("Ben", GOOD), ("Nobody", GOOD), ("", GOOD), ("Ada", ""), ("' or 1=1 --", GOOD)]
    {
        let mut browser = Browser::new(&world);
        assert_eq!((browser.sign_in_as(name, password).await, &browser.cookie), (401, &None), "{name}");
        let text = browser.page.plain();
        told.insert(text.split("Request").next().unwrap().to_owned());
    }
    assert_eq!(told.len(), 1, "{told:?}");
}

/// An unknown name costs a hash as a known one does: without it the answer comes a hundred times sooner.
#[tokio::test]
async fn an_unknown_name_takes_as_long_as_a_known_one() {
    let (world, ada) = world().await;
    with_password(&world, ada).await;
    let mut least = [f64::INFINITY; 2];
    for round in 0..8 {
        for (at, name) in ["Ada", "Nobody"].into_iter().enumerate() {
            let mut browser = Browser::new(&world);
            browser.get("/desk/sign-in").await;
            #[expect(clippy::disallowed_methods, reason = "how long it takes is what is tried")]
            let began = Instant::now();
            browser.submit(SIGN_IN, &[("name", name), ("password", &format!("wrong and wrong {round}"))]).await;
            least[at] = least[at].min(began.elapsed().as_secs_f64());
            // Whoever is slowed down for earlier attempts is another matter.
            world.pass(11 * 60 * SECOND);
        }
    }
    let ratio = least[1] / least[0];
    assert!((0.2..5.0).contains(&ratio), "known {} s, unknown {} s", least[0], least[1]);
}

#[tokio::test]
async fn passwords_are_taken_only_where_an_operator_says_so() {
    let (world, ada) = world().await;
    with_password(&world, ada).await;
    let world = world.signing_in(SignIn::default());
    let mut browser = Browser::new(&world);
    browser.get("/desk/sign-in").await;
    assert!(!browser.page.has("type=\"password\""));
    let pairs = [("name", "Ada"), ("password", GOOD)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    browser.post(SIGN_IN, &pairs).await;
    assert_eq!((browser.page.status.as_u16(), &browser.cookie), (404, &None));
    let mut browser = Browser::of(&world, ada).await;
    browser.get(METHODS).await;
    assert!(!browser.page.has("type=\"password\""));
    let mut form = browser.page.form("/end-others").hidden;
    form.push(("password".to_owned(), "another good one".to_owned()));
    browser.post(&format!("{METHODS}/password"), &form).await;
    assert_eq!(browser.page.status, 404);
}

#[tokio::test]
async fn a_password_is_set_by_its_owner_who_just_arrived() {
    let (world, ada) = world().await;
    let mut browser = Browser::of(&world, ada).await;
    world.pass(6 * 60 * SECOND);
    browser.get(METHODS).await;
    browser.submit("/password", &[("password", GOOD)]).await;
    assert_eq!(browser.page.status, 403, "{}", browser.page.plain());
    assert!(!world.workspace.has_password(ada.into()).await.unwrap());
    // Another site, or a page without the session's token, sets none.
    for headers in [
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        [("origin", "http://desk.test"), ("sec-fetch-site", "same-origin")],
    ] {
        let mut request =
            browser.request(Method::POST, &format!("{METHODS}/password")).header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = browser.send(request.body(Body::from("password=another%20good%20one")).unwrap()).await;
        assert_eq!(answer.status, 403);
    }
}

#[tokio::test]
async fn whoever_has_a_password_gives_it_again_where_it_is_asked_who_they_are() {
    let (world, ada) = world().await;
    with_password(&world, ada).await;
    let mut browser = Browser::new(&world);
    assert_eq!(browser.sign_in_as("Ada", GOOD).await, 200);
    world.pass(6 * 60 * SECOND);
    let hooks = async || world.workspace.webhooks_list().await.unwrap().len();
    browser.get("/desk/webhooks").await;
    browser.submit("/desk/webhooks", &[("url", "https://chat.example.org/hooks/7")]).await;
    assert!(browser.page.plain().contains("Is it you?"), "{}", browser.page.plain());
    let page = browser.page.clone();
    browser.submit("/desk/webhooks", &[("password_again", "seven quiet ducks")]).await;
    assert_eq!((browser.page.status.as_u16(), hooks().await), (403, 0), "{}", browser.page.plain());
    browser.page = page;
    browser.submit("/desk/webhooks", &[("password_again", GOOD)]).await;
    assert_eq!((browser.page.status.as_u16(), hooks().await), (200, 1), "{}", browser.page.plain());
}
