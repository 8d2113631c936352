//! Hands that stay on the keyboard: deciding, undoing, asking.

use countersign_journeys::{Desk, Screen, cases};
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_decisions_by_keyboard_alone() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let mut opened = Vec::new();
    for n in 0..11 {
        opened.push(desk.take_in(cases::ticket("tickets", n)).await);
    }
    let page = &desk.browser;
    page.go("/desk").await;
    page.until("document.querySelectorAll('tr[data-row]').length === 11").await;
    page.look("queue").await;
    page.press('?').await;
    page.until("document.querySelector('#keys').open").await;
    page.look("keys").await;
    page.enter().await;
    page.until("!document.querySelector('#keys').open").await;
    page.press('n').await;
    page.until("document.querySelector('article.case[data-case]')").await;
    page.look("case").await;

    let mut seen = BTreeSet::new();
    for n in 0..10 {
        let case = page.case().await;
        page.read().await;
        assert!(seen.insert(case.clone()), "the case {case} came twice");
        match n % 3 {
            // An option by its digit, the proposal as it is, and an option with a reason and Enter,
            // which must not accept the proposal.
            0 => page.press('2').await,
            1 => page.press('a').await,
            _ => {
                page.press('x').await;
                page.press(' ').await;
                page.script("document.querySelector('#answer [name=reason]').focus()").await;
                page.write("It is about money.").await;
                page.enter().await;
            }
        }
        page.until(&format!("document.querySelector('article.case')?.dataset.case !== '{case}'")).await;
    }
    page.look("case-after-ten").await;
    for (n, case) in opened.iter().take(10).enumerate() {
        let stands = desk.stands(*case).await;
        assert_eq!(stands.state, "decided", "case {n}");
        let wanted = [Some("bug"), None, Some("billing")][n % 3];
        if let Some(wanted) = wanted {
            assert_eq!(stands.decision.unwrap().answer, wanted, "case {n}");
        }
        assert!(stands.judgments[0].seconds.is_some(), "the time that it took is measured");
    }
    page.go("/desk/recent").await;
    page.look("recent").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_undone_within_its_grace_and_not_after() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let first = desk.take_in(cases::ticket("tickets", 0)).await;
    let second = desk.take_in(cases::ticket("tickets", 1)).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case === '{first}'")).await;
    page.read().await;
    page.press('3').await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case === '{second}'")).await;
    page.look("undo-offered").await;
    page.press('u').await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case === '{first}'")).await;
    assert_eq!(desk.stands(first).await.state, "open");
    page.look("undone").await;
    page.read().await;
    page.press('1').await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case === '{second}'")).await;
    assert_eq!(desk.stands(first).await.decision.unwrap().answer, "billing");

    desk.kit.clock.advance(61_000_000);
    page.go("/desk").await;
    page.until("!document.querySelector('form[data-undo]')").await;
    page.press('u').await;
    page.until("document.querySelector('#said').textContent.length > 0").await;
    assert_eq!(desk.stands(first).await.state, "decided");
    page.look("too-late-to-undo").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ai_is_asked_and_its_second_proposal_accepted() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let case = desk.take_in(cases::ticket("tickets", 2)).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelector('article.case[data-case]')").await;
    page.press('i').await;
    page.until("document.activeElement.name === 'instruction'").await;
    page.write("Is it the invite, or the clock of the link?").await;
    page.look("asking").await;
    page.control_enter().await;
    page.until("document.querySelector('.asks [data-open]')").await;
    page.look("asked").await;

    let sheet = desk.kit.workspace.case_sheet(case, desk.ada).await.unwrap().unwrap();
    let (ask, about) = (sheet.asks[0].id, sheet.shown.proposals[0].id);
    let second = json!({ "proposer": "triage-llm", "version": "2026-01", "probabilities": { "billing": 0.01, "bug": 0.9, "account": 0.08, "abuse": 0.01 },
        "explanation": "The link was made with a wrong clock: a minute is no expiry.", "chained_from": about, "ask": ask });
    desk.propose(case, second).await;
    page.until("document.querySelector('.offer button, form.note.ai button')").await;
    page.look("second-proposal-offered").await;
    page.click(".offer button, form.note.ai button").await;
    page.until("document.querySelector('.proposal')?.textContent.includes('wrong clock')").await;
    page.look("second-proposal").await;
    page.read().await;
    page.press('a').await;
    page.until("!document.querySelector('#answer')").await;
    let stands = desk.stands(case).await;
    assert_eq!(stands.decision.unwrap().answer, "bug", "the latest proposal is the one that a accepts");
    desk.close().await;
}
