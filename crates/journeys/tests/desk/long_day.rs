//! A long day: as many decisions in one session as COUNTERSIGN_TEST_DECISIONS says (200 where it says nothing), by keyboard alone, without
//! the page growing or slowing down. The figures are printed; docs/benchmarks.md says what they were.

use countersign_journeys::{Desk, Screen, cases};

const DECISIONS: usize = 200;
/// Decisions at the beginning that warm the browser and the server up, and whose growth is theirs.
const WARM: usize = 40;
/// How much more memory the page may hold at the end than after it was warm, in bytes a decision: nothing is kept of a case that is gone,
/// and what the collector leaves lying is far below this.
const GROWTH_BYTES_MAX: f64 = 8_192.0;

/// Notes the time from a key to the frame after the next case stands there.
const MEASURE: &str = "
    window.__took = [];
    addEventListener('keydown', () => { window.__pressed = performance.now(); }, true);
    document.addEventListener('desk:swapped', () => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.__took.push(performance.now() - window.__pressed);
        channel.port2.postMessage(0);
    }));";

/// Nodes and listeners that the page holds, and its heap, after a collection.
async fn held(page: &countersign_journeys::Browser) -> [f64; 3] {
    let counted = page.memory().await;
    ["Nodes", "JSEventListeners", "JSHeapUsedSize"].map(|name| counted.get(name).copied().unwrap_or(0.0))
}

fn median(took: &[f64]) -> f64 {
    let mut sorted = took.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_day_neither_grows_nor_slows() {
    let decisions = std::env::var("COUNTERSIGN_TEST_DECISIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(DECISIONS);
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    for n in 0..=decisions {
        let mut case = cases::ticket("tickets", n);
        case["external_id"] = format!("T-{n}").into();
        desk.take_in_at_once(case).await;
    }
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelector('article.case[data-case]')").await;
    page.script(MEASURE).await;
    let mut warm = [0.0; 3];
    for n in 0..decisions {
        page.read().await;
        let digit = char::from_digit(u32::try_from(n % 4).unwrap() + 1, 10).unwrap();
        page.press(digit).await;
        page.until(&format!("window.__took.length > {n}")).await;
        if n + 1 == WARM {
            warm = held(page).await;
        }
    }
    let end = held(page).await;
    let took = page.script("return window.__took").await;
    let took: Vec<f64> = took.as_array().unwrap().iter().filter_map(serde_json::Value::as_f64).collect();
    assert_eq!(took.len(), decisions);
    let (early, late) = (median(&took[WARM..WARM * 2]), median(&took[decisions - WARM..]));
    #[expect(clippy::cast_precision_loss, reason = "a count of decisions")]
    let growth = (end[2] - warm[2]) / (decisions - WARM) as f64;
    println!("{decisions} decisions in one session (debug build): median {early:.0} ms early, {late:.0} ms late");
    println!(
        "held when warm and at the end: nodes {:.0} and {:.0}, listeners {:.0} and {:.0}, heap {:.0} and {:.0} bytes, {growth:.0} a decision",
        warm[0], end[0], warm[1], end[1], warm[2], end[2]
    );
    assert!(end[0] < warm[0] * 1.5 + 500.0 && end[1] < warm[1] * 1.5 + 100.0, "nodes or listeners are kept of cases that are gone");
    assert!(growth < GROWTH_BYTES_MAX, "{growth} bytes a decision");
    assert!(late < early * 2.0 + 50.0, "from {early} ms to {late} ms");
    desk.close().await;
}
