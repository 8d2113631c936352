//! Drafts at the desk: the server asks a model for three, a person takes one, adds a paragraph of another and words of their own, directs
//! the AI, and later sees what of the answer is whose. Then the model misbehaves, and the page says so calmly.

use countersign_app::asking::{self, Allowed};
use countersign_core::id::CaseId;
use countersign_journeys::{Desk, Screen};
use countersign_testkit::double::{Does, Double};
use serde_json::{Value, json};

const FIRST: &str = "Dear Mr Okafor,\n\nthank you for telling us. The two payments were one order that our shop sent twice.\n\n\
We send the second payment back today; your bank may need three days.\n\nKind regards";
const SECOND: &str = "Hello,\n\nsorry. You get 49 euros back today.\n\nRegards";
const THIRD: &str = "Good morning,\n\nyou are right, and we are sorry for the trouble.\n\n\
If the money is not there by Friday, write to okafor@example.org's account page or simply answer this mail.\n\nYours";
const SHORTER: &str = "Dear Mr Okafor,\n\nwe send the second payment back today.\n\nKind regards";

fn playbook(url: &str) -> String {
    format!(
        "name = \"replies\"\nquestion = \"What do we answer?\"\nanswer = {{ kind = \"text\", bytes_max = 4000 }}\n\n[fields]\n\
         subject  = {{ type = \"text\", title = true }}\nmail     = {{ type = \"text\", personal = true, share = \"masked\" }}\n\
         customer = {{ type = \"text\", personal = true, subject = true }}\n\n[routing]\ndefault = \"assist\"\n\n[decide]\nroles = [\"support\"]\n\n\
         [proposers.writer]\nendpoint = \"{url}\"\nmodel = \"house-llm\"\nattempts = 1\ntimeout = \"1s\"\nprice = {{ read = 0.1, written = 0.3 }}\n\
         instruction = \"Be brief and kind.\"\n"
    )
}

fn mail(n: u32) -> Value {
    json!({
        "playbook": "replies",
        "external_id": format!("R-{n}"),
        "fields": {
            "subject": "Charged twice",
            "mail": "Hello, I paid 49 euros twice on Monday. Please send one of them back. Write to okafor@example.org. Chidi Okafor",
            "customer": format!("customer {n}"),
        },
    })
}

/// Waits until the server has asked and something came of it.
async fn heard(desk: &Desk, case: CaseId) {
    for _ in 0..400 {
        let stands = desk.stands(case).await;
        if !stands.proposals.is_empty() || !stands.missed.is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("nothing came of asking");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_drafts_become_one_answer() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let masked = THIRD.replace("okafor@example.org", "[MAIL_1]");
    let double = Double::that([FIRST, SECOND, &masked, SHORTER].map(Does::write).into()).await;
    desk.kit.publish(&playbook(&double.url)).await;
    let asking = asking::spawn(&desk.kit.app, Allowed::new(&[], |_| None));
    let case = desk.take_in(mail(1)).await;
    heard(&desk, case).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelectorAll('.proposal').length === 3").await;
    assert_eq!(page.script("return document.querySelector('[data-edit]').value").await, FIRST, "the first is where one begins");
    assert!(page.text(".proposals").await.contains("okafor@example.org"), "what was masked is back in its place");
    page.look("drafts").await;
    page.shot("drafts-whole", true).await;

    page.click(".proposal:nth-child(2) [data-use]").await;
    assert_eq!(page.script("return document.querySelector('[data-edit]').value").await, SECOND);
    page.click(".proposal:nth-child(3) .piece:nth-child(3) [data-add]").await;
    page.script(
        "const text = document.querySelector('[data-edit]'); text.focus(); text.setSelectionRange(text.value.length, text.value.length)",
    )
    .await;
    page.write(" We have also told the shop about it, so that it does not happen again.").await;
    page.look("drafts-mixed").await;
    page.shot("drafts-mixed-whole", true).await;

    // One more is asked for; it stands beside the others, and what was written stays.
    page.script("document.querySelector('[data-edit]').blur()").await;
    page.press('i').await;
    page.until("document.activeElement.name === 'instruction'").await;
    page.write("Shorter, and by name.").await;
    page.control_enter().await;
    page.until("document.querySelector('.offer button, form.note.ai button')").await;
    page.click(".offer button, form.note.ai button").await;
    page.until("document.querySelectorAll('.proposal').length === 4").await;
    let text = page.script("return document.querySelector('[data-edit]').value").await;
    assert!(text.as_str().unwrap().ends_with("happen again."), "{text}");
    page.look("drafts-asked").await;
    page.read().await;
    page.click("[data-decide]").await;
    page.until("!document.querySelector('#answer')").await;

    let stands = desk.stands(case).await;
    let kept = stands.judgments[0].kept.clone().unwrap();
    let of = |share: &str| share.parse::<f64>().unwrap();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(kept[0].proposal, stands.proposals[2].id, "most of it is the third's paragraph");
    assert!(of(&kept[0].share) + of(&kept[1].share) < 0.85, "the rest is her own: {kept:?}");
    page.go(&format!("/desk/cases/{case}")).await;
    let told = page.text(".kept").await;
    assert!(told.contains("from Draft 3") && told.contains("from Draft 2") && told.contains("own words"), "{told}");
    page.look("drafts-decided").await;
    page.shot("drafts-decided-whole", true).await;

    // The model breaks: the case comes all the same, and says why it is alone.
    double.now(vec![Does::Hangs]);
    let case = desk.take_in(mail(2)).await;
    heard(&desk, case).await;
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelector('#answer')").await;
    assert!(page.text(".stage").await.contains("No advice: the model did not answer in time."));
    page.look("drafts-no-advice").await;
    asking.abort();
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_fit_on_a_phone_and_work_without_script() {
    for screen in [Screen::PHONE, Screen::NO_SCRIPT] {
        let Some(desk) = Desk::open(screen).await else { return };
        let double = Double::that([FIRST, SECOND, THIRD].map(Does::write).into()).await;
        desk.kit.publish(&playbook(&double.url)).await;
        let asking = asking::spawn(&desk.kit.app, Allowed::new(&[], |_| None));
        let case = desk.take_in(mail(1)).await;
        heard(&desk, case).await;
        let page = &desk.browser;
        page.go(&format!("/desk/cases/{case}")).await;
        page.click("[data-take]").await;
        page.until("document.querySelectorAll('.proposal').length === 3").await;
        let width = page.script("return [document.documentElement.scrollWidth, innerWidth]").await;
        assert!(width[0].as_i64() <= width[1].as_i64(), "{width}");
        page.click(".proposal:nth-child(2) [data-use]").await;
        page.until(&format!("document.querySelector('[data-edit]').value === {}", json!(SECOND))).await;
        page.click(".proposal:nth-child(3) .piece:nth-child(1) [data-add]").await;
        page.until(&format!("document.querySelector('[data-edit]').value === {}", json!(format!("{SECOND}\n\nGood morning,")))).await;
        page.shot(if screen.script { "phone-drafts" } else { "plain-drafts" }, true).await;
        asking.abort();
        desk.close().await;
    }
}
