//! Rules at the desk: who may do what, a draft that is refused with its line, one that is kept with what it changes, a second lead who approves
//! it, and a person who is refused by name of the rule.

use countersign_app::{
    Caller,
    rules::{RulesAct, RulesInput},
};
use countersign_core::{
    event::{Actor, Source},
    id::{CaseId, EventId, PersonId},
};
use countersign_journeys::{Desk, Screen};
use countersign_testkit::{case, playbook};

const HIGH: &str = "@id(\"high\")\n@says(\"A score above 500 is for the role senior.\")\nforbid (principal, action in [Action::\"claim\", Action::\"answer\"], resource in Playbook::\"alerts\")\nwhen { resource.numbers.hasTag(\"score\") && resource.numbers.getTag(\"score\").greaterThan(decimal(\"500.0\")) }\nunless { principal in Role::\"senior\" };\n\n@id(\"export\")\n@says(\"Auditors take data out, and nobody else.\")\nforbid (principal, action == Action::\"export\", resource) unless { principal in Role::\"auditor\" };\n";
const EXPECTED: &str = "[[expect]]\ndeny = \"decide\"\nroles = []\nplaybook = \"alerts\"\nfields = { score = 501 }\nbecause = \"high\"\n";

fn own(person: PersonId) -> Caller {
    Caller { actor: Actor::Person(person), source: Source::Api }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_drafted_approved_and_refuse_by_name() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let kit = &desk.kit;
    kit.publish(&playbook("alerts", "assist", "")).await;
    kit.member("Sam Osei", &["senior"]).await;
    kit.member("Ira Novak", &["auditor"]).await;
    let mut opened = Vec::new();
    for (n, score) in [(1, 900), (2, 100), (3, 700)] {
        let mut alert = case("alerts", &format!("alert-{n}"), "an alert");
        alert.fields.insert("score".into(), score.into());
        opened.push(CaseId(kit.open(alert).await.case));
    }
    // What was done before: one of them will have been refused.
    kit.decide(opened[2], desk.ada, "benign").await;
    let page = &desk.browser;
    page.go("/desk/playbooks").await;
    page.click("a[href='/desk/rules']").await;
    page.until("location.pathname === '/desk/rules'").await;
    assert!(page.text("main").await.contains("goes by the defaults"));
    page.whole("rules-none").await;
    // What cannot be kept is given back with its line, and nothing that was written is lost.
    let fill = |rules: &str| {
        format!(
            "document.querySelector('textarea[name=rules]').value = {}; document.querySelector('textarea[name=expectations]').value = {}; document.querySelector('input[name=reason]').value = 'Large ones need experience'; return 1",
            serde_json::to_string(rules).unwrap(),
            serde_json::to_string(EXPECTED).unwrap()
        )
    };
    page.script(&fill(&HIGH.replace("numbers.getTag(\"score\")", "amount"))).await;
    page.click("#write button[type=submit]").await;
    page.until("document.querySelector('[role=alert]')").await;
    assert!(page.text("[role=alert]").await.contains("line 4"), "{}", page.text("[role=alert]").await);
    page.whole("rules-refused").await;
    page.script(&fill(HIGH)).await;
    page.click("#write button[type=submit]").await;
    page.until("location.pathname.startsWith('/desk/rules-drafts/')").await;
    let draft_at = page.path().await;
    page.click("form[action$=replay] button").await;
    page.until("document.querySelector('.measured table')").await;
    let told = page.text("main").await;
    assert!(told.contains("would have been refused"), "{told}");
    assert!(told.contains("a second person who leads has to approve it"), "{told}");
    assert_eq!(page.count("form[action$=approve]").await, 0, "its author never approves it");
    page.whole("rules-own-draft").await;
    // Another lead's draft, and she approves it.
    let eva = kit.member("Eva Lind", &["lead"]).await;
    kit.workspace
        .person_change(
            &countersign_testkit::caller(),
            desk.ada,
            countersign_app::input::PersonChange { roles: vec!["lead".into()], active: true, mail: None },
        )
        .await
        .unwrap();
    let id = EventId(draft_at.rsplit('/').next().unwrap().parse().unwrap());
    kit.workspace.rules_withdraw(&own(eva), id, RulesAct { person: Some(eva.0), reason: "Mine says more".into() }).await.unwrap();
    let input =
        RulesInput { rules: HIGH.into(), expectations: EXPECTED.into(), reason: "Large ones need experience".into(), person: Some(eva.0) };
    let draft = kit.workspace.rules_draft(&own(eva), input).await.unwrap();
    kit.workspace.rules_replay(&own(eva), EventId(draft.draft)).await.unwrap();
    page.go(&format!("/desk/rules-drafts/{}", draft.draft)).await;
    assert_eq!(page.count("form[action$=approve]").await, 1);
    page.whole("rules-draft").await;
    desk.browser.resize(Screen::PHONE).await;
    page.reload().await;
    page.whole("rules-draft").await;
    desk.browser.resize(Screen::LAPTOP).await;
    page.reload().await;
    page.click("form[action$=approve] button").await;
    page.until("document.querySelector('[data-standing=runs]')").await;
    page.go("/desk/rules?playbook=alerts").await;
    assert!(page.text("main").await.contains("depends on the case"));
    page.whole("rules").await;
    page.go("/desk/rules?playbook=").await;
    page.whole("rules-workspace").await;
    // The high one is not offered, and whoever asks for it is told why.
    page.go("/desk?in=alerts").await;
    page.whole("rules-queue").await;
    page.go(&format!("/desk/cases/{}", opened[0].0)).await;
    assert_eq!(page.count("form[action$='/take']").await, 0, "what may not be taken is not offered");
    assert!(page.text("main").await.contains("A score above 500 is for the role senior."));
    page.whole("rules-told").await;
    desk.close().await;
}
