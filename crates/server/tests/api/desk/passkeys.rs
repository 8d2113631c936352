//! Passkeys at the desk: made known after a link, signed in by, given up; and every answer that is not taken.

use super::{
    browser::Browser,
    flow::{of, publish},
};
use crate::{
    authenticator::Authenticator,
    world::{SECOND, World},
};
use countersign_core::{
    event::{Actor, PasskeyAdded, Source},
    id::PersonId,
};
use serde_json::{Value, json};
use uuid::Uuid;

pub const METHODS: &str = "/desk/sign-in-methods";
const SIGN_IN: &str = "/desk/sign-in/passkey";

impl Browser<'_> {
    /// Asks as our script does, without leaving the page.
    pub async fn ask(&mut self, path: &str) -> Value {
        let own: Vec<(String, String)> = self.page.forms().first().map(|form| form.hidden.clone()).unwrap_or_default();
        let before = self.page.clone();
        self.post(path, &own).await;
        assert_eq!(self.page.status, 200, "{}", self.page.text);
        let ask = serde_json::from_str(&self.page.text).unwrap();
        self.page = before;
        ask
    }

    /// What a page that came in answer to a form asks of an authenticator.
    pub fn asked(&self) -> Value {
        let text = self.page.text.split("data-asked=\"").nth(1).unwrap_or_else(|| panic!("nothing is asked: {}", self.page.plain()));
        serde_json::from_str(&text.split('"').next().unwrap().replace("&quot;", "\"")).unwrap()
    }

    /// Submits the page's form with an authenticator's answer in the place of its empty controls.
    pub async fn answer(&mut self, action: &str, answer: &[(&'static str, String)], typed: &[(&str, &str)]) {
        let mut form = self.page.form(action);
        form.hidden.retain(|(name, _)| !answer.iter().any(|(given, _)| given == name));
        form.hidden.extend(answer.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        form.hidden.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(&form.action, &form.hidden).await;
    }

    pub async fn add_passkey(&mut self, authenticator: &Authenticator, name: &str) {
        self.get(METHODS).await;
        let ask = self.ask(&format!("{METHODS}/passkeys/ask")).await;
        let made = authenticator.create(&ask);
        self.answer("/passkeys", &made, &[("name", name)]).await;
    }

    pub async fn sign_in_by(&mut self, authenticator: &mut Authenticator) {
        self.get("/desk/sign-in").await;
        let ask = self.ask("/desk/sign-in/passkey/ask").await;
        let signed = authenticator.get(&ask);
        self.answer(SIGN_IN, &signed, &[]).await;
    }
}

/// Somebody with a passkey, signed in by a link some time ago.
pub async fn with_passkey(world: &World, person: Uuid) -> (Browser<'_>, Authenticator) {
    let (mut browser, authenticator) = (Browser::of(world, person).await, Authenticator::new(1));
    browser.add_passkey(&authenticator, "laptop").await;
    assert!(browser.page.plain().contains("The passkey was added"), "{}", browser.page.plain());
    (browser, authenticator)
}

async fn events(world: &World, type_name: &str) -> Vec<Value> {
    let lines = world.get("/v1/events/export").await.lines();
    lines.into_iter().map(|line| line["event"].clone()).filter(|event| event["type"] == type_name).collect()
}

#[tokio::test]
async fn a_passkey_is_made_known_after_a_link_and_signs_in_from_then_on() {
    let (world, ada) = World::with_tickets().await;
    let (browser, mut key) = with_passkey(&world, ada).await;
    let listed = browser.page.plain();
    assert!(listed.contains("laptop") && listed.contains("never"), "{listed}");
    // The ledger has the public half, and not what it is called.
    let added = events(&world, "person.passkey_added").await;
    assert_eq!(added.len(), 1);
    let body: PasskeyAdded = serde_json::from_value(added[0]["body"].clone()).unwrap();
    assert_eq!((body.person, body.rp_id.as_str()), (PersonId(ada), "localhost"));
    assert_eq!(body.key, crate::authenticator::text(key.cose()));
    assert!(!added[0].to_string().contains("laptop"));

    let before = world.workspace.info().await.unwrap().size;
    let mut other = Browser::new(&world);
    other.sign_in_by(&mut key).await;
    assert_eq!((other.page.status.as_u16(), other.page.path.as_str()), (200, "/desk"), "{}", other.page.plain());
    other.get(METHODS).await;
    let seen = other.page.plain();
    assert!(!seen.contains("never") && seen.contains("by a passkey this one") && seen.contains("by a link"), "{seen}");
    // The session before ends: a browser has one.
    let first = other.cookie.clone();
    other.sign_in_by(&mut key).await;
    let mut stale = Browser::new(&world);
    stale.cookie = first;
    assert_eq!(stale.get("/desk").await.status, 401);
    assert_eq!(world.workspace.info().await.unwrap().size, before, "signing in is no event");
}

#[tokio::test]
async fn answers_that_are_forged_late_or_sent_again_sign_nobody_in() {
    let (world, ada) = World::with_tickets().await;
    let (_, mut key) = with_passkey(&world, ada).await;
    let mut browser = Browser::new(&world);
    type Spoil = fn(&mut Authenticator);
    let spoils: [(&str, Spoil); 5] = [
        ("another origin", |key| key.origin = "https://evil.example".into()),
        ("another port", |key| key.origin = "http://localhost:8080".into()),
        ("another site", |key| key.rp_id = "evil.example".into()),
        ("nobody made sure", |key| key.flags = 0x01),
        ("nobody there", |key| key.flags = 0x04),
    ];
    let whole = Authenticator::new(1);
    for (what, spoil) in spoils {
        spoil(&mut key);
        browser.sign_in_by(&mut key).await;
        assert_eq!(browser.page.status, 401, "{what}: {}", browser.page.plain());
        assert!(browser.page.plain().contains("this passkey is not known here") && browser.cookie.is_none(), "{what}");
        (key.origin, key.rp_id, key.flags) = (whole.origin.clone(), whole.rp_id.clone(), whole.flags);
    }
    // The same id, and another key behind it.
    let mut forged = Authenticator::new(1);
    forged.counter = 100;
    browser.sign_in_by(&mut forged).await;
    assert_eq!(browser.page.status, 401);
    browser.sign_in_by(&mut Authenticator::new(9)).await;
    assert_eq!(browser.page.status, 401, "an unknown passkey");

    // An answer that was taken once is taken never again, and a challenge dies with a bad answer as with a good one.
    browser.get("/desk/sign-in").await;
    let ask = browser.ask("/desk/sign-in/passkey/ask").await;
    let page = browser.page.clone();
    let mut spoilt = key.get(&ask);
    spoilt[3].1 = crate::authenticator::text([0; 70]);
    browser.answer(SIGN_IN, &spoilt, &[]).await;
    assert_eq!(browser.page.status, 401);
    browser.page = page.clone();
    let signed = key.get(&ask);
    browser.answer(SIGN_IN, &signed, &[]).await;
    assert_eq!(browser.page.status, 401, "one challenge, one answer");
    browser.page = page.clone();
    let ask = browser.ask("/desk/sign-in/passkey/ask").await;
    let signed = key.get(&ask);
    world.pass(5 * 60 * SECOND);
    browser.answer(SIGN_IN, &signed, &[]).await;
    assert_eq!(browser.page.status, 401, "after five minutes");
    browser.page = page.clone();
    let ask = browser.ask("/desk/sign-in/passkey/ask").await;
    let signed = key.get(&ask);
    browser.answer(SIGN_IN, &signed, &[]).await;
    assert_eq!(browser.page.status, 200);
    let mut thief = Browser::new(&world);
    thief.page = page.clone();
    thief.answer(SIGN_IN, &signed, &[]).await;
    assert_eq!(thief.page.status, 401, "sent again");
    // A copy of the passkey counts on from where it was copied.
    key.counter -= 1;
    thief.sign_in_by(&mut key).await;
    assert_eq!(thief.page.status, 401, "a copy");
    // Nothing but an answer of our own pages comes in at all.
    let request = thief.request(axum::http::Method::POST, SIGN_IN).header("origin", "https://evil.example");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body("passkey=x".into()).unwrap();
    assert_eq!(thief.send(request).await.status, 403);
}

#[tokio::test]
async fn a_new_passkey_answers_what_this_session_was_asked_and_nothing_else() {
    let (world, ada) = World::with_tickets().await;
    let (mut browser, key) = with_passkey(&world, ada).await;
    browser.add_passkey(&key, "again").await;
    assert!(browser.page.plain().contains("this passkey is known already"), "{}", browser.page.plain());
    let mut second = Authenticator::new(2);
    second.origin = "https://evil.example".into();
    browser.add_passkey(&second, "x").await;
    assert!(browser.page.plain().contains("this is no new passkey of this desk"), "{}", browser.page.plain());
    second.origin = "http://localhost:7171".into();
    browser.add_passkey(&second, "  ").await;
    assert!(browser.page.plain().contains("a passkey's name has"), "{}", browser.page.plain());
    // What one person was asked is not answered in the session of another.
    let bo = world.person("Bo").await;
    let mut other = Browser::of(&world, bo).await;
    browser.get(METHODS).await;
    let ask = browser.ask(&format!("{METHODS}/passkeys/ask")).await;
    other.get(METHODS).await;
    other.answer("/passkeys", &second.create(&ask), &[("name", "x")]).await;
    assert!(other.page.plain().contains("nothing like it was asked"), "{}", other.page.plain());
    assert_eq!(events(&world, "person.passkey_added").await.len(), 1);
    // Nor is a passkey taken in somebody else's name, whoever asks.
    let caller = countersign_app::Caller { actor: Actor::Person(PersonId(bo)), source: Source::Desk };
    let credential = countersign_core::content::Digest::of(&key.credential);
    let refused = world.workspace.passkey_remove(&caller, PersonId(ada), credential).await.unwrap_err().refusal();
    assert_eq!(refused.code, countersign_core::refusal::Code::Forbidden);
}

#[tokio::test]
async fn a_removed_passkey_opens_nothing_and_its_sessions_end() {
    let (world, ada) = World::with_tickets().await;
    let (mut browser, mut key) = with_passkey(&world, ada).await;
    let mut other = Browser::new(&world);
    other.sign_in_by(&mut key).await;
    assert_eq!(other.page.status, 200);
    browser.get(METHODS).await;
    browser.submit("/remove", &[]).await;
    assert!(browser.page.plain().contains("The passkey was removed") && browser.page.plain().contains("You have none yet"));
    assert_eq!(other.get("/desk").await.status, 401);
    let mut third = Browser::new(&world);
    third.sign_in_by(&mut key).await;
    assert_eq!(third.page.status, 401);
    assert_eq!(events(&world, "person.passkey_removed").await.len(), 1);
    // The same device may hold a new one; the old one's id is never used again.
    browser.add_passkey(&key, "laptop").await;
    assert!(browser.page.plain().contains("this passkey is known already"));
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_end_by_themselves() {
    let (world, ada) = World::with_tickets().await;
    let mut first = Browser::of(&world, ada).await;
    let mut second = Browser::of(&world, ada).await;
    let mut third = Browser::of(&world, ada).await;
    let bo = world.person("Bo").await;
    let mut stranger = Browser::of(&world, bo).await;
    first.get(METHODS).await;
    let ends = first.page.forms().into_iter().filter(|form| form.action.ends_with("/end")).collect::<Vec<_>>();
    assert_eq!(ends.len(), 2, "not the one that asks");
    // Somebody else's session is not theirs to end, even by its name.
    stranger.get(METHODS).await;
    let own = stranger.page.form("/sign-out").hidden;
    stranger.post(&ends[0].action, &own).await;
    assert_eq!(stranger.page.status, 404);
    first.submit("/end", &[]).await;
    assert!(first.page.plain().contains("That session is over."));
    let left = [second.get("/desk").await.status.as_u16(), third.get("/desk").await.status.as_u16()];
    assert_eq!(left.iter().filter(|status| **status == 200).count(), 1, "{left:?}");
    first.submit("/end-others", &[]).await;
    assert_eq!((second.get("/desk").await.status.as_u16(), third.get("/desk").await.status.as_u16()), (401, 401));
    assert_eq!((first.get("/desk").await.status.as_u16(), stranger.get("/desk").await.status.as_u16()), (200, 200));

    // Whoever works goes on, whoever leaves is out after two hours, and a page that looks for news is nobody who works.
    for _ in 0..4 {
        world.pass(3_600 * SECOND);
        assert_eq!(first.get("/desk").await.status, 200);
        stranger.get("/desk/pulse").await;
    }
    assert_eq!(stranger.page.status, 401);
    world.pass(2 * 3_600 * SECOND);
    assert_eq!(first.get("/desk").await.status, 401);
    let mut busy = Browser::of(&world, ada).await;
    for _ in 0..11 {
        world.pass(3_600 * SECOND);
        assert_eq!(busy.get("/desk").await.status, 200);
    }
    world.pass(3_600 * SECOND);
    assert_eq!(busy.get("/desk").await.status, 401, "and after twelve hours in any case");
}

/// What asks for a passkey first, as forms by their addresses: resuming, webhooks, rules.
#[tokio::test]
async fn what_reaches_far_is_confirmed_by_whoever_has_a_passkey() {
    let (world, _) = World::with_tickets().await;
    let answer = world.post("/v1/people", &json!({"name": "Lea", "roles": ["support", "lead"]})).await;
    let lea = answer.id("person");
    let stop = json!({"playbook": "tickets", "reason": "x"});
    world.post("/v1/stop", &stop).await;
    let resume = "/desk/playbooks/tickets/track-record/resume";
    let hook = [("url".to_owned(), "https://chat.example.org/hooks/7".to_owned())];
    let mut browser = Browser::of(&world, lea).await;
    let own = |browser: &Browser<'_>, more: &[(String, String)]| [browser.page.form("/sign-out").hidden, more.to_vec()].concat();

    // Whoever has no passkey goes on as before.
    let form = own(&browser, &[("reason".to_owned(), "checked".to_owned())]);
    browser.post(resume, &form).await;
    assert_eq!(browser.page.path, "/desk/playbooks/tickets/track-record");
    world.post("/v1/stop", &stop).await;

    let mut key = Authenticator::new(1);
    browser.add_passkey(&key, "laptop").await;
    // What she asks to resume waits for Ada, and is no stop that was left alone.
    let stopped = async || world.workspace.stops().await.unwrap().iter().filter(|stop| stop.resume.is_none()).count();
    let approve = format!("/desk/rules-drafts/{lea}/approve");
    let reaching = [(resume, &form[1..]), ("/desk/webhooks", &hook[..]), (&approve, &[][..]), ("/desk/rules/roll-back", &form[1..])];
    for (path, more) in reaching {
        let form = own(&browser, more);
        browser.post(path, &form).await;
        assert!(browser.page.plain().contains("Is it you?"), "{path}: {}", browser.page.plain());
        browser.get("/desk").await;
    }
    assert_eq!((stopped().await, world.workspace.webhooks_list().await.unwrap().len()), (1, 0));

    // Somebody else's passkey is no proof, nor is one's own that was asked for something else.
    let bo = world.person("Bo").await;
    let mut other = Browser::of(&world, bo).await;
    let mut foreign = Authenticator::new(2);
    other.add_passkey(&foreign, "Bo's").await;
    let form = own(&browser, &form[1..]);
    browser.post(resume, &form).await;
    let page = browser.page.clone();
    let asked = browser.asked();
    assert_eq!(asked["credentials"], json!([crate::authenticator::text([1; 16])]));
    browser.answer("/resume", &foreign.get(&asked), &[]).await;
    assert_eq!((browser.page.status.as_u16(), stopped().await), (403, 1));
    browser.page = page.clone();
    let sign_in = browser.ask("/desk/sign-in/passkey/ask").await;
    browser.answer("/resume", &key.get(&sign_in), &[]).await;
    assert_eq!((browser.page.status.as_u16(), stopped().await), (403, 1));
    // Nor is what another session of the same person was asked.
    let mut second = Browser::of(&world, lea).await;
    let theirs = own(&second, &form[1..]);
    second.post(resume, &theirs).await;
    browser.page = page.clone();
    browser.answer("/resume", &key.get(&second.asked()), &[]).await;
    assert_eq!((browser.page.status.as_u16(), stopped().await), (403, 1));

    // Asked and answered, what was sent first is done, with all that was in it.
    browser.get("/desk").await;
    let form = own(&browser, &form[1..]);
    browser.post(resume, &form).await;
    let asked = browser.asked();
    browser.answer("/resume", &key.get(&asked), &[]).await;
    assert_eq!((browser.page.path.as_str(), stopped().await), ("/desk/playbooks/tickets/track-record", 0));
    // For five minutes nothing more is asked, in this session only.
    let form = own(&browser, &hook);
    browser.post("/desk/webhooks", &form).await;
    assert_eq!(world.workspace.webhooks_list().await.unwrap().len(), 1);
    let theirs = own(&second, &hook);
    second.post("/desk/webhooks", &theirs).await;
    assert!(second.page.plain().contains("Is it you?"));
    world.pass(5 * 60 * SECOND);
    browser.get("/desk/webhooks").await;
    browser.get("/desk/webhooks").await;
    let hook = world.workspace.webhooks_list().await.unwrap()[0].webhook;
    browser.get(&format!("/desk/webhooks/{hook}")).await;
    browser.submit("/remove", &[]).await;
    assert!(browser.page.plain().contains("Is it you?"));
    assert_eq!(world.workspace.webhooks_list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_takes_two_signatures_asks_each_signer_who_it_is() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "twice", "assist", "").await;
    let source = crate::world::TICKETS
        .replace("\"tickets\"", "\"twice\"")
        .replace("roles = [\"support\"]", "roles = [\"support\"]\nsignatures = { default = 1, account = 2 }");
    world.publish(&source).await;
    let (mut browser, mut key) = with_passkey(&world, ada).await;
    // The link that opened the session proves nothing any more.
    world.pass(10 * 60 * SECOND);
    for (n, answer, asked) in [(1, "billing", false), (2, "account", true)] {
        let case = of(&world, "twice", n).await;
        browser.get("/desk?in=twice").await;
        browser.submit("/desk/next", &[("in", "twice")]).await;
        assert_eq!(browser.page.case(), case);
        browser.judge(&[("answer", answer), ("reason", "a & b")]).await;
        assert_eq!(browser.page.plain().contains("Is it you?"), asked, "{answer}: {}", browser.page.plain());
        if asked {
            assert_eq!(world.workspace.case_get(case.into(), None).await.unwrap().judgments.len(), 0);
            let asked = browser.asked();
            browser.answer("/judge", &key.get(&asked), &[]).await;
        }
        let judgments = world.workspace.case_get(case.into(), None).await.unwrap().judgments;
        assert_eq!(judgments.len(), 1, "{}", browser.page.plain());
        assert_eq!(judgments[0].reason.as_deref(), Some("a & b"));
    }
}

#[tokio::test]
async fn changing_how_one_signs_in_asks_for_a_passkey_or_a_link_just_now() {
    let (world, ada) = World::with_tickets().await;
    let (mut browser, mut key) = with_passkey(&world, ada).await;
    let second = Authenticator::new(2);
    world.pass(5 * 60 * SECOND);
    browser.add_passkey(&second, "phone").await;
    assert!(browser.page.plain().contains("Is it you?"), "{}", browser.page.plain());
    let asked = browser.asked();
    browser.answer("/passkeys", &key.get(&asked), &[]).await;
    assert!(browser.page.plain().contains("The passkey was added") && browser.page.plain().contains("phone"), "{}", browser.page.plain());
    // Whoever lost both comes by a new link, and takes them off.
    world.pass(5 * 60 * SECOND);
    let mut found = Browser::of(&world, ada).await;
    found.get(METHODS).await;
    found.submit("/remove", &[]).await;
    assert!(found.page.plain().contains("The passkey was removed"), "{}", found.page.plain());
}
