//! Somebody is invited by a link, takes a passkey, signs in by it, and signs a decision with it, in a browser with an authenticator of its
//! own; what comes of it is verified with nothing but the file. In both lights, and on a phone.

use countersign_core::id::EventId;
use countersign_journeys::{Browser, Desk, Screen};
use serde_json::json;

const PAYMENTS: &str = r#"
name = "payments"
question = "May this payment go out?"

[answer]
kind = "choice"
options = ["pay", "hold"]

[fields]
payee = { type = "text", title = true }
sum = { type = "number" }

[routing]
default = "unaided"

[decide]
roles = ["support"]
signed = true
"#;

async fn take_passkey(page: &Browser) {
    page.go("/desk/work").await;
    page.click("main a[href='/desk/sign-in-methods']").await;
    page.until("location.pathname === '/desk/sign-in-methods'").await;
    page.whole("sign-in-methods-none").await;
    page.click("input[name=name]").await;
    page.write("Laptop in the office").await;
    page.click("form[data-passkey=create] button").await;
    page.until("document.querySelector('tr[data-passkey]')").await;
    assert!(page.text("main").await.contains("The passkey was added"));
    page.whole("sign-in-methods").await;
}

async fn sign_out_and_in(page: &Browser) {
    page.click("form[action$=sign-out] button").await;
    page.until("document.querySelector('form[action=\"/desk/sign-in/passkey\"]')").await;
    page.whole("sign-in").await;
    page.click("form[action='/desk/sign-in/passkey'] button").await;
    page.until("document.querySelector('[data-next], .empty')").await;
    assert_eq!(page.path().await, "/desk");
}

async fn a_person_signs(screen: Screen) {
    let Some(mut desk) = Desk::empty(screen).await else { return };
    desk.go_by_name();
    desk.kit.publish(PAYMENTS).await;
    desk.browser.authenticator().await;
    desk.sign_in().await;
    let page = &desk.browser;
    take_passkey(page).await;
    sign_out_and_in(page).await;

    let case = json!({ "playbook": "payments", "external_id": "P-1", "fields": { "payee": "Nordwind Logistik", "sum": "48200.50" } });
    let case = desk.take_in(case).await;
    page.go("/desk?in=payments").await;
    page.click("[data-next]").await;
    page.until("document.querySelector('article.case')").await;
    page.read().await;
    page.press('2').await;
    // The authenticator answers at once here; where it is slow, the page that asks stands.
    page.until("!document.querySelector('article.case[data-expires]') && !document.querySelector('form[data-asked]')").await;
    let stands = desk.stands(case).await;
    let decision = stands.decision.unwrap().decision;
    assert_eq!(stands.judgments.len(), 1);

    // What was decided is evidence without this desk.
    let bundle = desk.kit.workspace.bundle(EventId(decision), false, None).await.unwrap();
    let verdict = countersign_app::bundle::verify(&bundle, None).unwrap();
    let told = verdict.story.join("\n");
    assert!(told.contains("answered \"hold\", signed by passkey") && told.contains("took passkey"), "{told}");

    // Where the authenticator does not answer, nothing is decided and the page says so.
    let case = json!({ "playbook": "payments", "external_id": "P-2", "fields": { "payee": "Ostwind", "sum": "12" } });
    let case = desk.take_in(case).await;
    page.go("/desk?in=payments").await;
    page.click("[data-next]").await;
    page.until("document.querySelector('article.case')").await;
    page.script("navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError')); return 1").await;
    page.read().await;
    page.press('1').await;
    page.until("document.querySelector('[data-said]:not([hidden])')").await;
    assert!(page.text("main").await.contains("No passkey was used"));
    page.whole("sign-answer").await;
    assert!(desk.stands(case).await.judgments.is_empty());
    assert_eq!(page.complaints().await, Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_and_signs_by_their_own_passkey() {
    a_person_signs(Screen::LAPTOP).await;
    a_person_signs(Screen::PHONE).await;
}
