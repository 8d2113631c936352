//! A lead adds somebody, invites them, gives them a role and takes them out again; makes a key for a program and revokes it; and somebody
//! sets a password and signs in by it. In both lights, and on a phone.

use countersign_app::{
    Caller,
    input::{PersonChange, PersonInput},
};
use countersign_core::{
    event::{Actor, Source},
    id::PersonId,
    time::format_rfc3339,
};
use countersign_journeys::{Desk, Screen};
use countersign_server::SignIn;
use countersign_testkit::caller;

async fn fill(page: &countersign_journeys::Browser, selector: &str, text: &str) {
    page.click(selector).await;
    page.write(text).await;
}

async fn a_team(screen: Screen) {
    let Some(desk) = Desk::signing_in(screen, |_| Some(SignIn { passwords: true, ..SignIn::default() })).await else { return };
    let page = &desk.browser;
    desk.kit.member("Jonas Weber", &["support"]).await;
    desk.sign_in().await;

    page.go("/desk/sign-in-methods").await;
    page.until("document.querySelector('input[name=password]')").await;
    fill(page, "input[name=password]", "seven quiet geese").await;
    page.click("form[action$='/password'] button").await;
    page.until("document.querySelector('[role=status].note')").await;
    page.whole("sign-in-methods-password").await;
    page.click("form[action$=sign-out] button").await;
    page.until("document.querySelector('form[action$=\"/sign-in/password\"]')").await;
    fill(page, "input[name=name]", "Ada Brandt").await;
    fill(page, "input[name=password]", "seven quiet geese").await;
    page.click("form[action$='/sign-in/password'] button").await;
    page.until("document.querySelector('[data-next], .empty')").await;

    page.go("/desk/playbooks").await;
    page.click("a[href='/desk/people']").await;
    page.until("document.querySelector('tr[data-person]')").await;
    fill(page, "input[name=name]", "Cleo Okonkwo-Lindström").await;
    fill(page, "input[name=roles]", "support, senior").await;
    fill(page, "input[name=mail]", "cleo@example.org").await;
    page.whole("people").await;
    page.click("main form button.primary").await;
    page.until("document.querySelector('form[action$=\"/invite\"]')").await;
    page.whole("person").await;
    page.click("form[action$='/invite'] button").await;
    page.until("document.querySelector('[data-secret]')").await;
    page.whole("person-link").await;

    // Some time later who is there is asked first.
    desk.kit.clock.advance(6 * 60 * 1_000_000);
    page.go("/desk/people").await;
    page.click("tr[data-person]:nth-child(2) a").await;
    page.until("document.querySelector('details.more')").await;
    page.click("details.more summary").await;
    page.click("form[action$='/leave'] button").await;
    page.until("document.querySelector('input[name=password_again]')").await;
    page.whole("confirm-by-password").await;
    fill(page, "input[name=password_again]", "seven quiet geese").await;
    page.click("main form button.primary").await;
    page.until("document.querySelector('form[action$=\"/return\"]')").await;
    assert!(page.text("main").await.contains("They no longer take part"));

    page.go("/desk/keys").await;
    fill(page, "input[name=name]", "intake from the shop").await;
    page.click("input[name=scope][value='cases:write']").await;
    page.click("input[name=scope][value='cases:read']").await;
    page.whole("keys-none").await;
    page.click("main form button.primary").await;
    page.until("document.querySelector('[data-secret]')").await;
    page.whole("key").await;
    page.click("main a.button.primary").await;
    page.until("document.querySelector('tr[data-key]')").await;
    page.whole("keys").await;
    let before = desk.kit.workspace.api_keys_list().await.unwrap();
    page.click("form[action$='/revoke'] button").await;
    page.until("document.querySelector('[role=status].note')").await;
    let after = desk.kit.workspace.api_keys_list().await.unwrap();
    let revoked = |keys: &[countersign_app::view::ApiKeyView]| keys.iter().filter(|key| key.revoked).count();
    assert_eq!(revoked(&after), revoked(&before) + 1);
    assert_eq!(page.complaints().await, Vec::<String>::new());
    desk.close().await;
}

/// A lead whom another one added counts as one with them, until somebody else has looked at how they sign in.
async fn a_second_lead(screen: Screen) {
    let Some(desk) = Desk::signing_in(screen, |_| Some(SignIn { passwords: true, ..SignIn::default() })).await else { return };
    let (page, kit) = (&desk.browser, &desk.kit);
    let ada = Caller { actor: Actor::Person(desk.ada), source: Source::Desk };
    let lead = |name: &str| PersonInput { name: name.into(), mail: None, roles: vec!["lead".into()], external: false };
    let roles = PersonChange { roles: vec!["support".into(), "lead".into()], active: true, mail: None };
    kit.workspace.person_change(&caller(), desk.ada, roles).await.unwrap();
    let eva = kit.member("Eva Lindgren", &["lead"]).await;
    let mona = PersonId(kit.workspace.person_add(&ada, lead("Mona Vidal")).await.unwrap().person);
    kit.clock.advance(3_600_000_000);
    let link = kit.workspace.desk_link(&ada, mona).await.unwrap();
    let session = kit.app.desk_sign_in(&link, None).await.unwrap().session;
    kit.workspace.password_set(&session, "nine quiet geese").await.unwrap();

    desk.sign_in().await;
    page.go("/desk/people").await;
    page.until("document.querySelector('tr[data-person]')").await;
    assert!(page.text("main").await.contains("counts as one with Ada Brandt"));
    page.whole("people-one-with").await;
    page.go(&format!("/desk/people/{mona}")).await;
    page.until("document.querySelector('[data-own]')").await;
    assert_eq!(page.count("form[action$='/vouch']").await, 0, "nobody vouches for whom they could be");
    page.whole("person-one-with").await;

    desk.sign_in_as(eva).await;
    page.go(&format!("/desk/people/{mona}")).await;
    page.until("document.querySelector('form[action$=\"/vouch\"]')").await;
    page.whole("person-vouch").await;
    page.click("form[action$='/vouch'] button").await;
    page.until("document.querySelector('[role=status].note')").await;
    assert!(page.text("main").await.contains("Vouched for by Eva Lindgren"));
    page.whole("person-vouched").await;
    assert_eq!(page.complaints().await, Vec::<String>::new());
    desk.close().await;
}

/// Somebody says on their own page that they are away, and comes back early; a colleague who leads sees it.
async fn away_and_back(screen: Screen) {
    let Some(desk) = Desk::open(screen).await else { return };
    let (page, kit) = (&desk.browser, &desk.kit);
    let ben = kit.member("Ben Okafor", &["support"]).await;
    page.go("/desk/work").await;
    page.until("document.querySelector('[data-away] input[name=until]')").await;
    page.whole("work-away").await;
    let day = |days: i64| format_rfc3339(kit.clock.now() + days * 86_400_000_000)[..10].to_owned();
    let pick = |name: &str, value: &str| format!("document.querySelector('[data-away] [name={name}]').value = '{value}'");
    page.script(&pick("from", &day(0))).await;
    page.script(&pick("until", &day(3))).await;
    page.script(&pick("stand_in", &ben.to_string())).await;
    page.click("[data-away] form[action$='/away'] button").await;
    page.until("document.querySelector('[data-away] form[action$=\"/back\"]')").await;
    assert!(page.text("[data-away]").await.contains("Ben Okafor stands in."));
    page.whole("work-away-said").await;
    page.go("/desk/people").await;
    page.until("document.querySelector('tr[data-person]')").await;
    assert!(page.text("main").await.contains("away until"));
    page.whole("people-away").await;
    page.go("/desk/work").await;
    page.click("[data-away] form[action$='/back'] button").await;
    page.until("document.querySelector('[data-away] input[name=until]')").await;
    assert_eq!(page.complaints().await, Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_away_and_comes_back() {
    away_and_back(Screen::LAPTOP).await;
    away_and_back(Screen::PHONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_lead_is_vouched_for() {
    a_second_lead(Screen::LAPTOP).await;
    a_second_lead(Screen::PHONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_looks_after_people_and_keys() {
    a_team(Screen::LAPTOP).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_a_phone() {
    a_team(Screen::PHONE).await;
}
