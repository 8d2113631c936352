//! Rules over the API: drafted and approved by keys that speak for two leads, and named to whoever is refused.

use crate::world::World;
use axum::http::Method;
use serde_json::json;

const NO_KEYS: &str = "@id(\"no-keys\") @says(\"Tickets are read by people.\") forbid (principal is Key, action == Action::\"see\", resource in \
                       Playbook::\"tickets\");\n@id(\"export\") @says(\"Nobody takes data out.\") forbid (principal, action == Action::\"export\", resource);";

#[tokio::test]
async fn rules_are_drafted_approved_and_refuse_by_name() {
    let (world, _) = World::with_tickets().await;
    let mut keys = Vec::new();
    for name in ["Lea", "Eva"] {
        let person = world.post("/v1/people", &json!({"name": name, "roles": ["lead"]})).await.id("person");
        keys.push(world.key(&["control"], Some(person)).await);
    }
    let case = world.post("/v1/cases", &json!({"playbook": "tickets", "external_id": "T-1", "fields": {"subject": "Charged twice", "body": "You took the money two times.", "customer": "c-77"}})).await.id("case");
    let input = json!({"rules": NO_KEYS, "reason": "readers should be people"});
    // A key that speaks for nobody drafts nothing, and what is wrong is told with its line.
    assert_eq!(world.post("/v1/rules-drafts", &input).await.slug(), "invalid");
    let wrong = world.send_as(&keys[0], Method::POST, "/v1/rules-drafts", &json!({"rules": "permit (", "reason": "x"})).await;
    assert!(wrong.slug() == "invalid" && wrong.text.contains("line 1"), "{}", wrong.text);
    let checked = world.post("/v1/rules/check", &json!({"rules": "permit ("})).await.json();
    assert_eq!(checked["problems"].as_array().unwrap().len(), 1, "{checked}");
    let draft = world.send_as(&keys[0], Method::POST, "/v1/rules-drafts", &input).await;
    assert_eq!(draft.status, 201, "{}", draft.text);
    let at = format!("/v1/rules-drafts/{}", draft.id("draft"));
    let post = async |key: &str, path: String| world.send_as(key, Method::POST, &path, &json!({})).await;
    assert_eq!(post(&keys[1], format!("{at}/approve")).await.slug(), "wrong-state");
    assert_eq!(post(&keys[0], format!("{at}/replay")).await.status, 200);
    assert_eq!(post(&keys[0], format!("{at}/approve")).await.slug(), "not-independent");
    let approved = post(&keys[1], format!("{at}/approve")).await;
    assert!(approved.status == 200 && approved.json()["in_force"] == true, "{}", approved.text);
    // The trusted program no longer reads tickets, neither one by one nor in lists, and takes nothing out.
    let refused = world.get(&format!("/v1/cases/{case}")).await;
    assert_eq!(refused.slug(), "forbidden");
    assert!(refused.text.contains("Tickets are read by people. (rule no-keys)"), "{}", refused.text);
    assert_eq!(world.get("/v1/cases").await.json()["items"], json!([]));
    assert_eq!(world.get("/v1/events/export").await.slug(), "forbidden");
    let matrix = world.get("/v1/rules/matrix?playbook=tickets").await.json();
    let programs = matrix["rows"].as_array().unwrap().iter().find(|row| row["who"] == "programs").unwrap().clone();
    assert_eq!(programs["may"][0]["rules"], json!(["no-keys"]), "{programs}");
    assert_eq!(world.get("/v1/rules").await.json()["version"], 1);
    let undone = world.send_as(&keys[0], Method::POST, "/v1/rules/roll-back", &json!({"reason": "too strict"})).await;
    assert_eq!(undone.status, 200, "{}", undone.text);
    assert_eq!(world.get(&format!("/v1/cases/{case}")).await.status, 200);
}
