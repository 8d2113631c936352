//! What happens to a case while its page is open: amended, let go, taken, answered twice. Nothing is decided twice, nothing that was
//! entered is lost, and the page says so.

use super::{
    browser::{Browser, encoded},
    flow::{open, publish, ticket},
};
use crate::world::{SECOND, World};
use axum::{body::Body, http::Method};
use serde_json::json;
use uuid::Uuid;

async fn answers(world: &World, case: Uuid) -> Vec<String> {
    let view = world.workspace.case_get(case.into(), None).await.unwrap();
    view.judgments.iter().map(|judgment| judgment.answer.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_double_click_decides_once_and_a_second_tab_is_told() {
    let (world, ada) = World::with_tickets().await;
    let cases = [open(&world, &ticket(1)).await, open(&world, &ticket(2)).await, open(&world, &ticket(3)).await];
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    let mut tab = Browser { world: &world, cookie: browser.cookie.clone(), away: None, page: browser.page.clone() };
    browser.judge(&[("answer", "billing")]).await;
    assert_eq!(browser.page.case(), cases[1]);
    // The same answer again: the same case comes next, and not one more is taken.
    tab.judge(&[("answer", "billing")]).await;
    assert_eq!(tab.page.case(), cases[1]);
    // Another answer to the same page, as by the back button.
    let mut back = Browser { world: &world, cookie: browser.cookie.clone(), away: None, page: tab.page.clone() };
    back.get(&format!("/desk/cases/{}", cases[0])).await;
    assert!(!back.page.has("/judge\""), "a decided case has no form to answer");
    let held = world.workspace.claims_of(countersign_core::id::PersonId(ada)).await.unwrap();
    assert_eq!((answers(&world, cases[0]).await, held.len()), (vec!["billing".to_owned()], 1));
}

#[tokio::test]
async fn another_answer_to_what_was_answered_is_refused_kindly() {
    let (world, ada) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    let mut tab = Browser { world: &world, cookie: browser.cookie.clone(), away: None, page: browser.page.clone() };
    browser.judge(&[("answer", "billing")]).await;
    tab.judge(&[("answer", "bug")]).await;
    assert_eq!(tab.page.status, 200);
    assert!(tab.page.plain().contains("You have answered this already"), "{}", tab.page.plain());
    assert_eq!(answers(&world, case).await, ["billing"]);
}

#[tokio::test]
async fn a_case_that_was_amended_is_shown_anew_with_what_changed_and_what_was_entered() {
    let (world, ada) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    let fields = json!({"fields": {"subject": "Charged thrice", "body": "Two payments of 49 euros.", "customer": "c1@example.org"}});
    let amended = world.send_as(&world.admin, Method::PUT, &format!("/v1/cases/{case}/fields"), &fields).await;
    assert!(amended.status.is_success(), "{} {}", amended.status, amended.text);
    browser.judge(&[("answer", "bug"), ("reason", "my own words")]).await;
    let text = browser.page.plain();
    assert!(text.contains("This case moved on while it was open Changed since: subject.") && text.contains("Charged thrice"), "{text}");
    assert!(browser.page.has("value=\"my own words\"") && browser.page.has("value=\"bug\" required checked"), "{}", browser.page.text);
    assert!(answers(&world, case).await.is_empty());
    browser.judge(&[("answer", "bug")]).await;
    assert_eq!(answers(&world, case).await, ["bug"]);
}

#[tokio::test]
async fn a_lease_that_ran_out_costs_a_click_or_the_case_but_no_words() {
    let (world, ada) = World::with_tickets().await;
    let bo = world.person("Bo").await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    world.pass(16 * 60 * SECOND);
    browser.judge(&[("answer", "bug"), ("reason", "slow but sure")]).await;
    let text = browser.page.plain();
    assert!(text.contains("The time to answer had run out. The case is yours again"), "{text}");
    assert!(browser.page.has("value=\"slow but sure\""));
    world.pass(16 * 60 * SECOND);
    let mut other = Browser::of(&world, bo).await;
    other.submit("/desk/next", &[]).await;
    assert_eq!(other.page.case(), case);
    browser.judge(&[("answer", "bug"), ("reason", "slow but sure")]).await;
    let text = browser.page.plain();
    assert!(text.contains("Somebody else has this case now") && text.contains("What you had entered is kept: bug slow but sure"), "{text}");
    assert!(answers(&world, case).await.is_empty());
}

#[tokio::test]
async fn an_open_page_renews_and_is_told_what_changed() {
    let (world, ada) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    let hidden = browser.page.form("/judge").hidden;
    let shown = hidden.iter().find(|(name, _)| name == "shown").unwrap().1.clone();
    let pulse = browser.get(&format!("/desk/cases/{case}/pulse?shown={shown}")).await.text.clone();
    assert_eq!(pulse, r#"{"changed":false,"newer":false}"#);
    world.pass(14 * 60 * SECOND);
    browser.post(&format!("/desk/cases/{case}/renew"), &hidden).await;
    let told: serde_json::Value = serde_json::from_str(&browser.page.text).unwrap();
    assert_eq!((&told["changed"], &told["newer"]), (&json!(false), &json!(false)), "{told}");
    world.pass(14 * 60 * SECOND);
    // The old token's time is over, the new one's is not.
    let fresh: Vec<_> = hidden
        .iter()
        .map(|(name, value)| match name.as_str() {
            "token" | "shown" => (name.clone(), told[name.as_str()].as_str().unwrap().to_owned()),
            _ => (name.clone(), value.clone()),
        })
        .chain([("answer".to_owned(), "bug".to_owned())])
        .collect();
    browser.post(&format!("/desk/cases/{case}/judge"), &fresh).await;
    assert_eq!(answers(&world, case).await, ["bug"]);
    let pulse = browser.get(&format!("/desk/cases/{case}/pulse?shown={shown}")).await.text.clone();
    assert_eq!(pulse, r#"{"changed":true,"newer":false}"#);
}

#[tokio::test]
async fn what_cannot_be_read_comes_back_as_it_was_entered() {
    let (world, ada) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    browser.judge(&[("reason", "no option was chosen")]).await;
    assert!(browser.page.plain().contains("Not recorded yet:") && browser.page.has("value=\"no option was chosen\""));
    browser.judge(&[("answer", "nonsense"), ("reason", "no such option")]).await;
    assert!(browser.page.plain().contains("Not recorded yet:"), "{}", browser.page.plain());
    assert!(answers(&world, case).await.is_empty());
}

#[tokio::test]
async fn a_script_gets_the_next_case_in_the_answer_itself() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "blind", "blind", "").await;
    let cases = [open(&world, &ticket(1)).await, open(&world, &ticket(2)).await];
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    let form = browser.page.form("/judge");
    let mut pairs = form.hidden;
    pairs.push(("answer".into(), "bug".into()));
    let request = browser
        .request(Method::POST, &form.action)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-desk", "1")
        .body(Body::from(encoded(&pairs)))
        .unwrap();
    let page = browser.send(request).await;
    assert_eq!((page.status.as_u16(), page.headers["x-desk-url"].to_str().unwrap()), (200, format!("/desk/cases/{}", cases[1]).as_str()));
    assert!(page.plain().contains("Charged twice, number 2"));
}
