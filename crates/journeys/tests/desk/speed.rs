//! How quick it feels: from the key to the next case painted, the weight of pages, and that nothing jumps. The figures are printed;
//! docs/benchmarks.md says what they were.

use countersign_journeys::{Desk, Screen, cases};

const DECISIONS: usize = 55;
/// Bytes of a page without images, styles and scripts counted in.
const PAGE_BYTES_MAX: u64 = 150_000;

/// Notes the time from a key to the frame after the next case stands there.
const MEASURE: &str = "
    window.__took = [];
    addEventListener('keydown', () => { window.__pressed = performance.now(); }, true);
    document.addEventListener('desk:swapped', () => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.__took.push(performance.now() - window.__pressed);
        channel.port2.postMessage(0);
    }));";

/// The sum of all shifts that no hand caused.
const SHIFT: &str =
    "let sum = 0; const observer = new PerformanceObserver(() => 0); observer.observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => { for (const one of observer.takeRecords()) if (!one.hadRecentInput) sum += one.value; done(sum); }, 300);";

/// The document and what it loads, without pictures.
const WEIGHT: &str = "const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    const own = all.filter((one) => /\\.(css|js|svg)$/.test(new URL(one.name).pathname) || one.entryType === 'navigation');
    return { page: all[0].decodedBodySize, all: own.reduce((sum, one) => sum + one.decodedBodySize, 0) };";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_case_is_there_at_once() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    for n in 0..=DECISIONS {
        let mut case = cases::ticket("tickets", n);
        case["external_id"] = format!("T-{n}").into();
        desk.take_in(case).await;
    }
    let page = &desk.browser;
    let decided = desk.take_in(cases::ticket("first-look", 3)).await;
    for _first_and_final in 0..2 {
        desk.kit.decide(decided, desk.ada, "abuse").await;
    }
    desk.kit.integrate().await;
    // By the desk's clock that took hours, in which the session ended by itself.
    desk.sign_in().await;
    let mut shifts = Vec::new();
    for (name, path) in [
        ("queue", "/desk".to_owned()),
        ("recent", "/desk/recent".to_owned()),
        ("pair", "/desk/pair".to_owned()),
        ("playbooks", "/desk/playbooks".to_owned()),
        ("playbook", "/desk/playbooks/tickets".to_owned()),
        ("ledger", "/desk/ledger".to_owned()),
        ("decided case", format!("/desk/cases/{decided}")),
        ("history", format!("/desk/cases/{decided}/history")),
    ] {
        page.go(&path).await;
        shifts.push((name, page.script_later(SHIFT).await.as_f64().unwrap()));
        weigh(page, name).await;
    }
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelector('article.case[data-case]')").await;
    page.go(&page.path().await).await;
    weigh(page, "case").await;
    shifts.push(("case", page.script_later(SHIFT).await.as_f64().unwrap()));
    page.script(MEASURE).await;
    for n in 0..DECISIONS {
        page.read().await;
        let digit = char::from_digit(u32::try_from(n % 4).unwrap() + 1, 10).unwrap();
        page.press(digit).await;
        page.until(&format!("window.__took.length > {n}")).await;
    }
    shifts.push(("case to case", page.script_later(SHIFT).await.as_f64().unwrap()));
    let took = page.script("return window.__took.toSorted((a, b) => a - b)").await;
    let took: Vec<f64> = took.as_array().unwrap().iter().filter_map(serde_json::Value::as_f64).collect();
    assert_eq!(took.len(), DECISIONS);
    println!(
        "decision to next case painted: median {:.0} ms, nine in ten within {:.0} ms, longest {:.0} ms, of {DECISIONS} (debug build)",
        took[DECISIONS / 2],
        took[DECISIONS * 9 / 10],
        took[DECISIONS - 1]
    );
    println!("layout shift: {shifts:?}");
    assert!(shifts.iter().all(|(_, shift)| *shift == 0.0), "{shifts:?}");
    desk.close().await;
}

async fn weigh(page: &countersign_journeys::Browser, name: &str) {
    let weight = page.script(WEIGHT).await;
    println!("weight of the {name}'s page: {} bytes, {} with styles and scripts", weight["page"], weight["all"]);
    assert!(weight["all"].as_u64().is_some_and(|bytes| bytes > 1_000 && bytes < PAGE_BYTES_MAX), "{name}: {weight}");
}
