//! One's own answer first: the advice is nowhere before it, and there after.

use countersign_journeys::{Desk, Screen, cases};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blind_case_hides_the_advice_until_the_first_answer() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let case = desk.take_in(cases::ticket("first-look", 0)).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelector('article.case[data-phase=first]')").await;
    let as_sent = page
        .script(
            "const request = new XMLHttpRequest(); request.open('GET', location.href, false); request.send(); return request.responseText;",
        )
        .await;
    for source in [page.source().await, as_sent.as_str().unwrap().to_owned()] {
        assert!(source.contains("Charged twice"), "the case is shown");
        for advice in ["triage-llm", "94 %", "0.94", "one is asked back.", "data-accept"] {
            assert!(!source.contains(advice), "{advice} is in the page before the first answer");
        }
    }
    page.look("blind").await;
    page.read().await;
    page.press('2').await;
    page.until("document.querySelector('[data-phase=final]')").await;
    let source = page.source().await;
    for advice in ["triage-llm", "94 %", "one is asked back.", "data-accept"] {
        assert!(source.contains(advice), "{advice} is missing after the first answer");
    }
    page.look("reveal").await;
    page.read().await;
    page.press('a').await;
    page.until("!document.querySelector('#answer')").await;
    let stands = desk.stands(case).await;
    let phases: Vec<_> =
        stands.judgments.iter().map(|one| (one.phase.as_str(), one.answer.as_str().unwrap(), one.advice.as_str())).collect();
    assert_eq!(phases, [("first", "bug", "no"), ("final", "billing", "yes")]);

    page.go(&format!("/desk/cases/{case}")).await;
    page.look("decided").await;
    desk.kit.clock.advance(61_000_000);
    page.go(&format!("/desk/cases/{case}/history")).await;
    page.until("document.body.textContent.includes('checked by your browser')").await;
    page.look("history").await;
    page.shot("history-whole", true).await;
    desk.close().await;
}
