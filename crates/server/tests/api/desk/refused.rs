//! What is refused on pages that are about no case says so in words that are about none.

use super::{
    browser::Browser,
    flow::{open, publish, ticket},
};
use crate::world::World;

fn neutral(browser: &Browser<'_>, status: u16, detail: &str) {
    let said = browser.page.plain();
    assert_eq!(browser.page.status.as_u16(), status, "{said}");
    assert!(said.contains(detail), "{said}");
    for of_cases in ["The case", "the next one", "Your answer"] {
        assert!(!said.contains(of_cases), "{said}");
    }
}

#[tokio::test]
async fn a_drill_a_draft_and_an_experiment_are_no_cases() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "chosen", "assist", "choose = [\"assist\", \"unaided\"]").await;
    let mut browser = Browser::of(&world, ada).await;
    // Nothing to practise on yet.
    browser.get("/desk/playbooks/tickets/induction").await;
    let mut form = browser.page.form("/desk/playbooks/tickets/practice");
    form.hidden.iter_mut().filter(|(name, _)| name == "kind").for_each(|(_, kind)| *kind = "drill".into());
    browser.post(&form.action, &form.hidden).await;
    neutral(&browser, 409, "past cases");
    // A draft: nothing to rehearse it over, not approved by its author, and stale once there is a newer version.
    let page = "/desk/playbooks/chosen/routing";
    browser.get(page).await;
    browser.submit(page, &[("routing", "[routing]\ndefault = \"nowhere\"\nblind = 7"), ("reason", "a try")]).await;
    assert!(browser.page.text.contains("line 2, column"), "{}", browser.page.plain());
    browser.get(page).await;
    browser.submit(page, &[("routing", "[routing]\ndefault = \"unaided\""), ("reason", "a try")]).await;
    let draft = browser.page.path.clone();
    browser.submit("/rehearse", &[]).await;
    neutral(&browser, 409, "nothing to rehearse it over");
    browser.get(&draft).await;
    let token = browser.page.form("/rehearse").hidden;
    browser.post(&format!("{draft}/approve"), &token).await;
    neutral(&browser, 403, "a second person has to");
    publish(&world, "chosen", "assist", "choose = [\"assist\", \"unaided\"]\nblind = 0.1").await;
    browser.post(&format!("{draft}/rehearse"), &token).await;
    neutral(&browser, 412, "draft it anew");
    browser.get(&draft).await;
    assert!(browser.page.plain().contains("newer version"), "{}", browser.page.plain());
    let offered: Vec<String> = browser.page.forms().into_iter().map(|form| form.action).collect();
    assert!(offered.iter().any(|action| action.ends_with("/withdraw")), "{offered:?}");
    assert!(!offered.iter().any(|action| action.ends_with("/rehearse") || action.ends_with("/approve")), "{offered:?}");
    // An experiment where one runs.
    let page = "/desk/playbooks/chosen/experiments";
    browser.get(page).await;
    let mut form = browser.page.form(page);
    let typed = [("first", "unaided"), ("second", "assist"), ("measure", "time"), ("share", "50"), ("cases", "2000"), ("harm", "0")];
    form.hidden.extend(typed.map(|(name, value)| (name.to_owned(), value.to_owned())));
    browser.post(page, &form.hidden).await;
    assert!(browser.page.path.starts_with("/desk/experiments/"), "{}", browser.page.plain());
    browser.post(page, &form.hidden).await;
    neutral(&browser, 409, "experiment");
}

#[tokio::test]
async fn what_is_about_a_case_still_says_so() {
    let (world, ada) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    let mut typed = browser.page.form("/sign-out").hidden;
    typed.push(("reason".into(), "another look".into()));
    browser.post(&format!("/desk/cases/{case}/reopen"), &typed).await;
    let said = browser.page.plain();
    assert!(browser.page.status == 409 && said.contains("The case is not where it was"), "{said}");
}
