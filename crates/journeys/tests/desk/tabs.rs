//! Hands that do a thing twice: two tabs, the back button, a double click, a key that is held. Whatever they do, a case is decided
//! once, and none that nobody read.

use countersign_core::id::CaseId;
use countersign_journeys::{Desk, Screen, cases};
use std::time::Duration;

async fn tickets(desk: &Desk, n: usize) -> Vec<CaseId> {
    let mut opened = Vec::new();
    for n in 0..n {
        opened.push(desk.take_in(cases::ticket("tickets", n)).await);
    }
    opened
}

/// That this case is on the page, to be answered.
fn shows(case: CaseId) -> String {
    format!("document.querySelector('#answer') && document.querySelector('article.case').dataset.case === '{case}'")
}

async fn answers(desk: &Desk, case: CaseId) -> Vec<String> {
    desk.stands(case).await.judgments.iter().map(|judgment| judgment.answer.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_decide_a_case_once() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let cases = tickets(&desk, 3).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until(&shows(cases[0])).await;
    page.new_tab().await;
    page.go(&format!("/desk/cases/{}", cases[0])).await;
    page.until(&shows(cases[0])).await;

    page.to_tab(0).await;
    page.read().await;
    page.press('1').await;
    page.until(&shows(cases[1])).await;
    page.to_tab(1).await;
    page.read().await;
    page.press('2').await;
    page.until("document.querySelector('.note.warns strong')?.textContent === 'You have answered this already'").await;
    assert_eq!(page.count("#answer").await, 0, "there is nothing more to answer");
    page.look("second-tab").await;
    assert_eq!(answers(&desk, cases[0]).await, ["billing"]);

    // The second tab sees by itself that the case is over, and keeps what was written in it.
    page.go(&format!("/desk/cases/{}", cases[1])).await;
    page.until(&shows(cases[1])).await;
    page.script("document.querySelector('#answer [name=reason]').focus()").await;
    page.write("I had a reason.").await;
    page.to_tab(0).await;
    page.read().await;
    page.press('2').await;
    page.until(&shows(cases[2])).await;
    page.to_tab(1).await;
    page.until("document.querySelector('.offer')").await;
    page.look("second-tab-offers").await;
    page.click(".offer button").await;
    page.until("document.querySelector('.kept')").await;
    assert!(page.text(".kept").await.contains("I had a reason."));
    page.look("second-tab-kept").await;
    assert_eq!(answers(&desk, cases[1]).await, ["bug"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_back_button_shows_what_became_of_a_case_and_links_in_the_page_leave_it_alone() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let cases = tickets(&desk, 2).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until(&shows(cases[0])).await;
    page.script("window.__same = true").await;
    page.click(".evidence a").await;
    page.until("location.hash === '#field-talk'").await;
    page.read().await;
    assert_eq!(page.script("return window.__same === true && document.activeElement.id").await, "field-talk", "the page was loaded anew");
    page.press('1').await;
    page.until(&shows(cases[1])).await;
    page.back().await;
    page.until(&format!("document.querySelector('[data-overview=\"{}\"]')", cases[0])).await;
    assert_eq!(page.count("#answer").await, 0);
    assert_eq!(page.count("form[data-undo] button").await, 2, "it can be undone here and in the strip");
    page.look("back").await;
    assert_eq!(answers(&desk, cases[0]).await, ["billing"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_and_a_held_key_decide_one_case() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let cases = tickets(&desk, 4).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.double_click("[data-next]").await;
    page.until(&shows(cases[0])).await;
    page.read().await;
    page.double_click("[data-accept]").await;
    page.until(&shows(cases[1])).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    page.until(&shows(cases[1])).await;
    assert_eq!((desk.stands(cases[0]).await.state.as_str(), desk.stands(cases[1]).await.state.as_str()), ("decided", "open"));

    page.hold('2', 20).await;
    page.until(&shows(cases[2])).await;
    assert_eq!((answers(&desk, cases[1]).await, answers(&desk, cases[2]).await.len()), (vec!["bug".to_owned()], 0));

    // A key that was meant for the case before.
    page.read().await;
    page.press('3').await;
    page.until(&shows(cases[3])).await;
    page.press('3').await;
    page.until("document.querySelector('#said').textContent.includes('only just come up')").await;
    assert_eq!((answers(&desk, cases[2]).await, answers(&desk, cases[3]).await.len()), (vec!["account".to_owned()], 0));
    page.look("only-just-come-up").await;
    desk.close().await;
}
