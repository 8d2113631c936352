//! The models of a playbook at the desk: none, several versions of which each can be promoted, and one in the shadow. In both lights, and
//! on a phone.

use countersign_app::model::Way;
use countersign_core::time::format_rfc3339;
use countersign_journeys::{Desk, Screen};
use serde_json::json;

const VERSIONS: usize = 4;

/// Cases that people answered before they saw any advice, and that turned out so.
async fn answered(desk: &Desk, range: std::ops::Range<usize>) {
    for n in range {
        let (truth, words) = [("billing", "the invoice was charged twice"), ("bug", "it crashes with an error message")][n % 2];
        let case = json!({
            "playbook": "tickets",
            "external_id": format!("learned-{n}"),
            "fields": {
                "subject": format!("{words}, number {}", n % 7), "talk": [{ "role": "customer", "text": format!("Hello, {words}") }],
                "customer": format!("c{n}@example.org"), "plan": "free",
            },
            "history": { "opened_at": format_rfc3339(desk.kit.clock.now()), "decision": { "answer": truth }, "outcome": { "value": truth } },
        });
        desk.take_in(case).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_version_of_a_model_can_be_promoted() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let page = &desk.browser;
    page.go("/desk/playbooks/tickets/models").await;
    page.whole("model-versions-none").await;
    assert_eq!(page.count("form[action$='/train'] button").await, 2, "on words alone, or on numbers as well");
    for version in 0..VERSIONS {
        answered(&desk, version * 60..(version + 1) * 60).await;
        // The newest is of trees.
        let way = [Way::Text, Way::Text, Way::Text, Way::Trees][version];
        desk.kit.workspace.model_train("tickets", way, &mut |_| {}).await.unwrap();
    }
    let listed = desk.kit.workspace.models("tickets").await.unwrap().models;
    assert_eq!(listed.len(), VERSIONS);
    desk.kit.workspace.model_shadow("tickets", Some(&listed[1].version)).await.unwrap();
    desk.sign_in().await;
    page.go("/desk/playbooks/tickets/models").await;
    for model in &listed {
        assert_eq!(page.count(&format!("tr[data-model='{0}'] [data-do='promote-{0}']", model.version)).await, 1, "{}", model.version);
    }
    page.whole("model-versions").await;
    page.resize(Screen::PHONE).await;
    page.reload().await;
    page.whole("model-versions").await;
    page.resize(Screen::LAPTOP).await;
    page.reload().await;
    page.click("form[action$='/train'] button[value=best]").await;
    // The card tells of the other one.
    page.until("document.querySelector('main')?.textContent.includes('on the same cases')").await;
    page.whole("model-versions-best").await;
    let oldest = &listed[VERSIONS - 1].version;
    page.click(&format!("[data-do='promote-{oldest}'] button")).await;
    page.until("document.querySelector('article.case')").await;
    page.whole("model-versions-promotion").await;
    desk.close().await;
}
