//! Content that is as large as can be: it opens, scrolls and is decided; and what is too large is refused without a loss.

use countersign_app::Options;
use countersign_journeys::{Browser, Desk, Screen, cases};
use countersign_testkit::caller;
use serde_json::Value;

/// The slowest of forty frames while the page scrolls to its end, in milliseconds.
const SCROLL: &str = "
    const frames = []; let before = performance.now(); let n = 0;
    const step = () => {
        const now = performance.now(); frames.push(now - before); before = now;
        if (n++ === 40) { done(Math.max(...frames)); return; }
        scrollTo(0, document.documentElement.scrollHeight * n / 40); requestAnimationFrame(step);
    };
    requestAnimationFrame(step);";

/// From the request to the whole page, in milliseconds, and how many bytes it has.
const LOADED: &str = "const [page] = performance.getEntriesByType('navigation'); return [page.loadEventEnd, page.decodedBodySize];";

async fn measured(page: &Browser, name: &str) -> u64 {
    page.go(&page.path().await).await;
    page.until("performance.getEntriesByType('navigation')[0].loadEventEnd > 0").await;
    let loaded = page.script(LOADED).await;
    let slowest = page.script_later(SCROLL).await.as_f64().unwrap();
    let millis = loaded[0].as_f64().unwrap();
    println!("{name}: loaded in {millis:.0} ms, {} bytes, slowest of 40 frames while scrolling {slowest:.0} ms", loaded[1]);
    page.script("scrollTo(0, 0)").await;
    loaded[1].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_twenty_thousand_lines_is_read_and_decided() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let case = desk.take_in(cases::long_change()).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelectorAll('[data-patch] [data-file]').length === 50").await;
    assert!(page.text("[data-patch] > .aside").await.contains("50 files"));
    assert!(page.text("[data-patch] > .aside").await.replace('\u{202f}', "").contains("15000 lines added, 5000 removed"));
    page.shot("long-change", false).await;
    assert!(measured(page, "a change of 20,000 lines").await < 4_000_000);
    // The last file is there to its last line.
    page.script("const last = [...document.querySelectorAll('[data-file]')].pop(); last.open = true; last.scrollIntoView();").await;
    let last = page.text("[data-file]:last-of-type").await;
    assert!(last.contains("src/module_49/handlers.rs") && last.contains("let item_299 = queue.claim(49, lease)?;"), "{last}");
    page.shot("long-change-last-file", false).await;
    page.press('a').await;
    page.until("!document.querySelector('#answer')").await;
    assert_eq!(desk.stands(case).await.state, "decided");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_of_megabytes_are_shown_in_part_and_never_lost() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let case = desk.take_in(cases::long_letter()).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelector('textarea[data-edit]')").await;
    assert!(page.text("main").await.contains("more characters are not on this page"));
    page.look("long-text").await;
    assert!(measured(page, "a text of a megabyte").await < 200_000);

    // Ten megabytes are no case, and nothing of them is taken in.
    let mut huge = cases::letter();
    huge["external_id"] = "L-huge".into();
    huge["fields"]["thread"][0]["text"] = "long ".repeat(2_000_000).into();
    let refused = desk.kit.workspace.case_open(&caller(), serde_json::from_value(huge).unwrap(), Options::default()).await.unwrap_err();
    assert!(refused.to_string().contains("1048576 is the limit"), "{refused}");

    page.press('e').await;
    page.until("document.activeElement.matches('textarea[data-edit]')").await;
    // More than an answer may have: the page comes back with all of it.
    page.script("document.activeElement.value = 'long '.repeat(5_000)").await;
    page.click("[data-decide]").await;
    page.until("document.querySelector('.note.warns')?.textContent.includes('Not recorded yet')").await;
    assert_eq!(page.script("return document.querySelector('textarea[data-edit]').value.length").await, 25_000);
    page.look("too-long-an-answer").await;
    // More than a form may carry is not even sent, since the server would hang up.
    page.read().await;
    page.script(
        "const area = document.querySelector('textarea[data-edit]'); area.style.display = 'none'; area.value = 'long '.repeat(1_000_000);",
    )
    .await;
    page.click("[data-decide]").await;
    page.until("document.querySelector('.note.refused')").await;
    assert!(page.text(".note.refused").await.contains("more than the desk takes at once"));
    assert!(desk.stands(case).await.judgments.is_empty());
    page.script("const area = document.querySelector('textarea[data-edit]'); area.value = 'Short, then.'; area.style.display = '';").await;
    page.read().await;
    page.click("[data-decide]").await;
    page.until("!document.querySelector('#answer')").await;
    assert_eq!(desk.stands(case).await.judgments[0].answer, Value::from("Short, then."));
    desk.close().await;
}
