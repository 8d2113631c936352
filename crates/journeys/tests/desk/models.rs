//! From no model to one that advises, as a person does it at the desk: cases are answered, a first model is trained, runs in the shadow,
//! is promoted by a decision in the queue, and its advice stands beside a case with the words that led to it marked.

use countersign_app::model::job::Memory;
use countersign_core::id::CaseId;
use countersign_journeys::{Desk, Screen};
use serde_json::{Value, json};

const PLAYBOOK: &str = r#"name = "mail"
question = "Where should this mail go?"
answer = { kind = "choice", options = ["billing", "bug", "account", "abuse"] }

[fields]
subject = { type = "text", title = true }
body    = { type = "text" }
plan    = { type = "category", options = ["free", "team", "enterprise"] }

[outcome]
kind = "truth"
source = "the queue that closed it"

[routing]
default = "assist"

[decide]
roles = ["support"]
"#;

const OPTIONS: [&str; 4] = ["billing", "bug", "account", "abuse"];
const MAILS: [[&str; 3]; 4] = [
    [
        "I was charged twice on the invoice of November.",
        "Please refund the second payment, my card was debited again.",
        "The invoice has the wrong VAT number on it.",
    ],
    [
        "The export crashes with an error message at page 12.",
        "Since the update the calendar freezes when I scroll.",
        "Search returns an error for every word with an umlaut.",
    ],
    [
        "I am locked out after I changed my password.",
        "The reset link for my password has expired already.",
        "My colleague left, and I cannot sign in to her account.",
    ],
    [
        "Somebody sends threats to our staff through your forms.",
        "This page imitates our bank and collects passwords from victims.",
        "We receive spam from a hundred of your accounts.",
    ],
];
const PLANS: [&str; 3] = ["free", "team", "enterprise"];
const BEFORE: [&str; 4] = ["Hello,", "Good morning.", "Hi there, we have used this for years.", "Dear team,"];
const AFTER: [&str; 4] =
    ["Can you look at it today? Thank you.", "It is urgent for us.", "Kind regards from the office.", "Tell me if you need more."];

fn mail(n: usize) -> Value {
    let (class, which) = (n % 4, n / 4 % 3);
    json!({
        "playbook": "mail",
        "external_id": format!("M-{n}"),
        "fields": {
            "subject": format!("Message {}", 1_000 + n),
            "body": format!("{} {} {}", BEFORE[n / 5 % 4], MAILS[class][which], AFTER[n / 7 % 4]),
            "plan": PLANS[n % 3],
        },
    })
}

async fn decided(desk: &Desk, cases: std::ops::Range<usize>) {
    for n in cases {
        let case = desk.take_in(mail(n)).await;
        desk.kit.decide(case, desk.ada, OPTIONS[n % 4]).await;
    }
    // A day has passed meanwhile, and with it the session.
    desk.sign_in().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_model_is_trained_promoted_and_advises() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    desk.kit.publish(PLAYBOOK).await;
    let page = &desk.browser;
    let mut memory = Memory::default();
    page.go("/desk/playbooks/mail/models").await;
    assert!(page.text("[data-champion]").await.starts_with("No model."));
    page.look("models-none").await;
    // Nothing to learn from: the page says how much is missing, and stays.
    page.click("main section form button").await;
    page.until("document.querySelector('.note')?.textContent.includes('0 examples teach nothing')").await;

    decided(&desk, 0..200).await;
    page.go("/desk/playbooks/mail/models").await;
    page.click("main section form button").await;
    page.until("document.querySelector('tr[data-model]')").await;
    let card = page.text("section.card").await;
    assert!(card.contains("200 examples of 200 cases") && card.contains("n = 200"), "{card}");
    page.look("models-trained").await;
    page.shot("models-trained-whole", true).await;

    page.click("[data-do^='shadow-'] button").await;
    page.until("document.querySelector('[data-shadow] .ai')").await;
    desk.kit.workspace.models_run(&mut memory).await.unwrap();
    decided(&desk, 200..230).await;
    assert_eq!(desk.kit.workspace.models_run(&mut memory).await.unwrap().said, 30);
    page.go("/desk/playbooks/mail/models").await;
    assert!(page.text("section.card").await.contains("n = 30"));
    page.look("models-shadow").await;

    // Asking for a promotion opens a case; a person decides it like any other.
    page.click("[data-do^='promote-']:not([data-do='promote-none']) button").await;
    page.until("document.querySelector('[data-take]')").await;
    page.click("[data-take]").await;
    page.until("document.querySelector('#answer')").await;
    assert!(page.text("article.case").await.contains("on cases that were held out"));
    page.look("models-promotion").await;
    page.shot("models-promotion-whole", true).await;
    page.click("#answer .option:nth-child(1)").await;
    page.read().await;
    page.click("[data-decide]").await;
    page.until("!document.querySelector('#answer')").await;
    desk.kit.clock.advance(11_000_000);
    assert_eq!(desk.kit.workspace.models_run(&mut memory).await.unwrap().promoted, 1);
    page.go("/desk/playbooks/mail/models").await;
    assert!(page.text("[data-champion]").await.contains("since"));
    page.look("models-champion").await;

    // The next case comes with its advice, and the words that led to it are marked.
    let case = desk.take_in(mail(230)).await;
    advised(&desk, case).await;
    desk.close().await;
}

async fn advised(desk: &Desk, case: CaseId) {
    let page = &desk.browser;
    page.go(&format!("/desk/cases/{case}")).await;
    page.click("[data-take]").await;
    page.until("document.querySelector('.proposal') && document.querySelector('mark.evidence')").await;
    assert!(page.text(".proposal").await.contains("built-in-text"));
    let marked = page.text("mark.evidence").await;
    let body = desk.stands(case).await.fields.iter().find(|f| f.name == "body").and_then(|f| f.value.as_str().map(str::to_owned)).unwrap();
    assert!(!marked.is_empty() && body.contains(&marked), "{marked:?} in {body:?}");
    page.look("models-advice").await;
    page.shot("models-advice-whole", true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_fit_on_a_phone() {
    let Some(desk) = Desk::open(Screen::PHONE).await else { return };
    desk.kit.publish(PLAYBOOK).await;
    decided(&desk, 0..120).await;
    let page = &desk.browser;
    page.go("/desk/playbooks/mail/models").await;
    page.click("main section form button").await;
    page.until("document.querySelector('tr[data-model]')").await;
    page.look("phone-models").await;
    let width = page.script("return [document.documentElement.scrollWidth, innerWidth]").await;
    assert!(width[0].as_i64() <= width[1].as_i64(), "{width}");
    page.shot("phone-models-whole", true).await;
    desk.close().await;
}
