//! Pictures that are looked at closely: two of a case side by side and one over the other, in step; brightness and contrast by keys, which
//! nobody else sees and which nothing keeps. In both lights, and on a phone.

use countersign_journeys::{Browser, Desk, Screen, cases};
use countersign_testkit::caller;
use serde_json::json;

const FOLLOW_UPS: &str = r#"
name = "follow-ups"
question = "Has the marked region changed?"
answer = { kind = "choice", options = ["unchanged", "grown", "gone"] }

[fields]
study  = { type = "text", title = true }
before = { type = "image" }
now    = { type = "image" }
masked = { type = "image", visible_to = ["nobody"], required = false }

[routing]
default = "assist"

[decide]
roles = ["support"]
"#;

/// Presses a key that is no letter, where the focus is.
async fn arrow(page: &Browser, key: char, times: usize) {
    for _ in 0..times {
        page.press(key).await;
    }
}

const RIGHT: char = '\u{e014}';
const LEFT: char = '\u{e012}';

async fn compared(screen: Screen) {
    let Some(desk) = Desk::empty(screen).await else { return };
    desk.kit.publish(FOLLOW_UPS).await;
    let add = async |bytes: Vec<u8>| desk.kit.workspace.attachment_add(&caller(), "image/png", bytes).await.unwrap().attachment;
    let (before, now) = (add(cases::scan()).await, add(cases::scan_later()).await);
    // Of its own: a picture whose digest is masked is masked wherever that digest stands.
    let masked = add([cases::scan(), vec![0]].concat()).await;
    let fields = json!({
        "study": "Study 4471, six months apart", "before": { "attachment": before }, "masked": { "attachment": masked },
        "now": { "attachment": now, "boxes": [{ "x": 250, "y": 120, "width": 90, "height": 80, "label": "density" }] },
    });
    let case = desk.take_in(json!({ "playbook": "follow-ups", "external_id": "F-1", "fields": fields })).await;
    desk.sign_in().await;
    let page = &desk.browser;
    page.go(&format!("/desk/cases/{case}")).await;
    page.click("[data-take]").await;
    page.until("document.querySelector('#answer')").await;
    assert_eq!(page.count("[data-image]").await, 2, "what is masked is no picture");
    page.click("[data-compare] > summary").await;
    page.until("[...document.querySelectorAll('[data-compare] img')].every((img) => img.naturalWidth === 480)").await;
    assert_eq!(page.count("[data-compare] select option").await, 4, "and is not offered");
    let names = page.script("return [...document.querySelectorAll('[data-compare] .name')].map((name) => name.textContent)").await;
    assert_eq!(names, json!(["before", "now"]));
    page.whole("images-beside").await;
    // What is done on one is done on the other.
    page.script("document.querySelector('[data-compare] .stage').focus(); return 1").await;
    arrow(page, '+', 3).await;
    arrow(page, RIGHT, 2).await;
    let transforms = page.script("return [...document.querySelectorAll('[data-compare] img')].map((img) => img.style.transform)").await;
    assert!(transforms[0] == transforms[1] && transforms[0].as_str().unwrap().contains("scale(1.95"), "{transforms}");
    // Shades by keys, and the very map that a window of 50 % at 40 % is.
    page.click("[data-compare] .levels > summary").await;
    page.script("document.querySelector('[data-compare] [data-level=level]').focus(); return 1").await;
    arrow(page, LEFT, 10).await;
    page.script("document.querySelector('[data-compare] [data-level=window]').focus(); return 1").await;
    arrow(page, LEFT, 50).await;
    let map = page.script("const f = document.querySelector('[data-compare] feFuncG'); return [f.getAttribute('slope'), Number(f.getAttribute('intercept')).toFixed(3)]").await;
    assert_eq!(map, json!(["2", "-0.300"]));
    assert!(page.text("[data-compare] .levels").await.contains("Not shown as it is."));
    page.whole("images-levels").await;
    page.click("[data-compare] [value=swipe]").await;
    page.until("document.querySelector('.stages[data-how=swipe]')").await;
    page.script("document.querySelector('[data-swipe]').focus(); return 1").await;
    arrow(page, LEFT, 20).await;
    let clip = page.script("return document.querySelectorAll('[data-compare] .stage')[1].style.clipPath").await;
    assert!(clip.as_str().unwrap().ends_with("30%)"), "{clip}");
    page.whole("images-swipe").await;
    page.click("[data-compare] [data-invert]").await;
    page.click("[data-compare] [data-reset]").await;
    assert_eq!(page.script("return document.querySelector('[data-compare] img').style.filter").await, "");
    // Nothing of it is kept, and what is stored is what it was.
    page.reload().await;
    page.until("document.querySelector('[data-compare]:not([hidden])')").await;
    assert_eq!(page.count("[data-compare][open]").await, 0);
    assert!(page.complaints().await.is_empty(), "{:?}", page.complaints().await);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_pictures_are_compared() {
    compared(Screen::LAPTOP).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_pictures_are_compared_on_a_phone() {
    compared(Screen::PHONE).await;
}
