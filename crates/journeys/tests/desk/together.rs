//! A desk that a team lives in: cases that are picked and answered together by keyboard, what is masked to one and whole to another, and
//! cases that are found by their words.

use countersign_journeys::{Desk, Screen, cases};
use countersign_testkit::caller;
use serde_json::json;

const PAY: &str = r#"name = "expenses"
question = "Pay this claim?"
answer = { kind = "choice", options = ["pay", "ask", "refuse"] }

[fields]
what    = { type = "text", title = true }
team    = { type = "category" }
receipt = { type = "boolean" }
amount  = { type = "number", visible_to = ["finance"] }
account = { type = "text", visible_to = ["finance"] }

[routing]
default = "assist"

[decide]
bulk = true
signatures = { default = 1, refuse = 2 }
"#;

const CLAIMS: [(&str, &str, bool, &str, f64); 6] = [
    ("Train to the fair in Hanover, second class", "sales", true, "pay", 0.96),
    ("Two screens for the new desks", "design", true, "pay", 0.91),
    ("Dinner with eleven guests", "sales", false, "ask", 0.71),
    ("A keyboard that makes less noise", "support", true, "pay", 0.94),
    ("Taxi from the airport at night", "support", true, "pay", 0.88),
    ("A drone", "design", false, "refuse", 0.63),
];

async fn claims(desk: &Desk) -> Vec<countersign_core::id::CaseId> {
    desk.kit.publish(PAY).await;
    let mut opened = Vec::new();
    for (n, (what, team, receipt, option, sure)) in CLAIMS.iter().enumerate() {
        let rest = (1.0 - sure) / 2.0;
        let all: serde_json::Map<_, _> =
            ["pay", "ask", "refuse"].iter().map(|one| ((*one).to_owned(), json!(if one == option { *sure } else { rest }))).collect();
        let case = json!({ "playbook": "expenses", "external_id": format!("E-{n}"),
            "fields": { "what": what, "team": team, "receipt": receipt, "amount": 4_811 + n, "account": "DE02 1203 0000 0000 2020 51" },
            "proposals": [{ "proposer": "policy-check", "version": "3", "probabilities": all, "explanation": "Within the travel policy." }] });
        opened.push(desk.take_in(case).await);
    }
    opened
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_are_picked_and_answered_together_by_keyboard() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let opened = claims(&desk).await;
    let page = &desk.browser;
    page.go("/desk?in=expenses").await;
    page.until("document.querySelectorAll('[data-pick]').length === 6").await;
    for _ in 0..6 {
        page.press('j').await;
        page.press('x').await;
    }
    page.until("document.querySelectorAll('[data-pick]:checked').length === 6").await;
    page.look("together-picked").await;
    page.press('b').await;
    page.until("document.querySelector('#bulk-answers')").await;
    assert_eq!(page.count("#bulk-answers tr[data-row]").await, 5, "the sixth takes two signatures");
    assert!(page.text("[data-refused]").await.contains("2 signatures"));
    assert!(!page.source().await.contains("DE02 1203"), "what is masked is not in the table either");
    page.look("together-table").await;
    page.resize(Screen::PHONE).await;
    page.look("together-table-phone").await;
    page.resize(Screen::LAPTOP).await;
    // The third is left for an undivided look.
    for _ in 0..3 {
        page.press('j').await;
    }
    page.read().await;
    page.press('x').await;
    page.until("document.querySelectorAll('#bulk-answers [data-pick]:checked').length === 4").await;
    page.script("document.activeElement.blur()").await;
    page.enter().await;
    page.until("document.querySelectorAll('.bulk form[data-undo]').length === 4").await;
    page.look("together-done").await;
    for (n, case) in opened.iter().enumerate() {
        let stands = desk.stands(*case).await;
        assert_eq!(stands.state, if n == 2 || n == 5 { "open" } else { "decided" }, "case {n}");
        assert!(stands.judgments.iter().all(|judgment| judgment.bulk && judgment.seconds.is_none()));
    }
    page.press('u').await;
    page.until("document.querySelector('article.case[data-case], tr[data-row]')").await;
    let mut open = 0;
    for case in &opened {
        open += usize::from(desk.stands(*case).await.state == "open");
    }
    assert_eq!(open, 3, "one of them is undone by itself");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_masked_is_not_on_the_page_and_words_find_what_is_read() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    claims(&desk).await;
    for n in 0..3 {
        desk.take_in(cases::ticket("tickets", n)).await;
    }
    desk.kit.workspace.search_update().await.unwrap();
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('/').await;
    page.until("document.activeElement.id === 'filter'").await;
    page.write("SCREENS new").await;
    page.enter().await;
    page.until("document.querySelector('h1')?.textContent.includes('Cases with')").await;
    assert_eq!(page.count("tr[data-row]").await, 1);
    page.look("search-found").await;
    page.press('j').await;
    page.enter().await;
    page.until("document.querySelector('article.case')").await;
    page.press('\u{E007}').await;
    page.until("document.querySelector('#answer')").await;
    assert_eq!(page.count("[data-masked]").await, 2);
    assert!(!page.source().await.contains("DE02 1203") && !page.source().await.contains("4812"));
    page.look("masked-case").await;
    page.resize(Screen::PHONE).await;
    page.look("masked-case-phone").await;
    page.resize(Screen::LAPTOP).await;
    // What is masked is not found either.
    page.go("/desk?find=1203").await;
    page.until("document.querySelector('.note.warns')").await;
    page.look("search-nothing").await;
    page.go("/desk/rules?playbook=expenses").await;
    page.whole("rules-masks").await;

    // Who has the role sees it, and finds it.
    let change = countersign_app::input::PersonChange {
        roles: [&cases::ROLES[..], &["finance"]].concat().into_iter().map(str::to_owned).collect(),
        active: true,
        mail: None,
    };
    desk.kit.workspace.person_change(&caller(), desk.ada, change).await.unwrap();
    page.go("/desk?find=1203+drone").await;
    page.until("document.querySelectorAll('tr[data-row]').length === 1").await;
    page.press('j').await;
    page.enter().await;
    page.until("document.querySelector('article.case')").await;
    assert!(page.text("article.case").await.contains("DE02 1203"));
    page.look("masked-whole").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_palette_goes_anywhere() {
    const OPEN: &str =
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true })); return 1";
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let case = desk.take_in(cases::ticket("tickets", 0)).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.script(OPEN).await;
    page.until("document.querySelector('#palette').open").await;
    page.look("palette").await;
    page.write("who may").await;
    page.until("document.querySelectorAll('#palette li:not([hidden])').length === 2").await;
    page.enter().await;
    page.until("location.pathname === '/desk/rules'").await;
    // A case by its id, and something to do on it.
    page.script(OPEN).await;
    page.until("document.querySelector('#palette').open").await;
    page.write(&case.to_string()).await;
    page.enter().await;
    page.until(&format!("location.pathname === '/desk/cases/{case}'")).await;
    page.script(OPEN).await;
    page.until("document.querySelector('#palette').open && document.querySelector('#palette li').textContent.includes('Take')").await;
    page.enter().await;
    page.until("document.querySelector('#answer')").await;
    page.script(OPEN).await;
    page.until("document.querySelector('#palette').open").await;
    page.write("skip").await;
    page.look("palette-on-a-case").await;
    page.enter().await;
    page.until("document.querySelector('details#skip').open && document.activeElement.closest('details#skip')").await;
    assert_eq!(desk.stands(case).await.state, "open", "the palette decides nothing");
    desk.close().await;
}
