//! Rules of a workspace from their draft to their approval and one step back: read strictly, held against the last month, approved by a
//! second lead only; then nothing is offered, shown, decided or taken out that they forbid. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Caller, Options,
    input::{ApiKeyInput, PersonInput, ReasonInput},
    queue::View,
    rules::{RulesAct, RulesDraftView, RulesInput, RulesText},
};
use countersign_core::{
    event::Actor,
    id::{CaseId, EventId, PersonId},
    refusal::Code,
};
use countersign_testkit::{Kit, caller, case, code, each_engine, own, playbook, refusal};

const LARGE: &str = r#"@id("high")
@says("A score above 500 is for the role senior.")
forbid (principal, action in [Action::"claim", Action::"answer"], resource in Playbook::"alerts")
when { resource.numbers.hasTag("score") && resource.numbers.getTag("score").greaterThan(decimal("500.0")) }
unless { principal in Role::"senior" };

@id("attack")
@says("Only whoever leads calls it an attack.")
forbid (principal, action in Action::"answer", resource)
when { context has answer && context.answer == "attack" }
unless { principal in Role::"lead" };

@id("cy-elsewhere")
@says("Cy does not work on alerts.")
forbid (principal == Person::"Cy", action in [Action::"see", Action::"claim"], resource in Playbook::"alerts");

@id("default.export")
@says("Auditors take data out, and nobody else.")
permit (principal in Role::"auditor", action == Action::"export", resource);
"#;

const EXPECTED: &str = r#"
[[expect]]
deny = "decide"
person = "Ben"
playbook = "alerts"
fields = { score = 501 }
because = "high"

[[expect]]
allow = "decide"
person = "Ben"
playbook = "alerts"
fields = { score = 500 }
"#;

fn act(person: PersonId, reason: &str) -> RulesAct {
    RulesAct { person: Some(person.0), reason: reason.into() }
}

fn input(rules: &str, expectations: &str, person: PersonId) -> RulesInput {
    RulesInput {
        rules: rules.into(),
        expectations: expectations.into(),
        reason: "large ones need experience".into(),
        person: Some(person.0),
    }
}

/// Rules that hold: drafted by one lead, approved by another.
async fn rules(kit: &Kit, rules: &str, [ada, eva]: [PersonId; 2]) -> RulesDraftView {
    let draft = kit.workspace.rules_draft(&own(ada), input(rules, "", ada)).await.unwrap();
    let id = EventId(draft.draft);
    kit.workspace.rules_replay(&own(ada), id).await.unwrap();
    kit.workspace.rules_approve(&own(eva), id, act(eva, "")).await.unwrap()
}

async fn opened(kit: &Kit, id: &str, score: i64) -> CaseId {
    let mut case = case("alerts", id, "an alert");
    case.fields.insert("score".into(), score.into());
    CaseId(kit.open(case).await.case)
}

async fn world(kit: &Kit) -> [PersonId; 4] {
    kit.publish(&playbook("alerts", "assist", "")).await;
    let ada = kit.member("Ada", &["lead"]).await;
    let eva = kit.member("Eva", &["lead", "senior"]).await;
    let ben = kit.member("Ben", &[]).await;
    let cy = kit.member("Cy", &["auditor"]).await;
    [ada, eva, ben, cy]
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_drafted_replayed_approved_by_a_second_lead_and_rolled_back() {
    each_engine(81, |kit| async move {
        let [ada, eva, ben, _] = world(&kit).await;
        let workspace = &kit.workspace;
        let draft =
            async |caller: &Caller, rules: &str, expected: &str, by| workspace.rules_draft(caller, input(rules, expected, by)).await;
        // What was done before: Ben decided on one high score, and on a low one.
        for (id, score) in [("a", 900), ("b", 100)] {
            let case = opened(&kit, id, score).await;
            kit.decide(case, ben, "benign").await;
        }
        // Strictly read, with the line; in one's own name, by a lead.
        let wrong = refusal(draft(&own(ada), &LARGE.replace("numbers.getTag(\"score\")", "amount"), "", ada).await);
        assert_eq!((wrong.code, wrong.field.as_deref()), (Code::Invalid, Some("/rules")));
        assert!(wrong.detail.contains("line 4"), "{}", wrong.detail);
        let stranger = refusal(draft(&own(ada), &LARGE.replace("\"Cy\"", "\"Zoe\""), "", ada).await);
        assert!(stranger.detail.contains("line 13, column 1: cy-elsewhere: there is nobody called \"Zoe\" here"), "{}", stranger.detail);
        assert_eq!(code(draft(&own(ben), LARGE, "", ben).await), Code::Forbidden);
        assert_eq!(code(draft(&caller(), LARGE, "", ada).await), Code::Forbidden, "no program drafts");
        let unmet = refusal(draft(&own(ada), LARGE, &EXPECTED.replace("score = 500", "score = 700"), ada).await);
        assert_eq!(unmet.field.as_deref(), Some("/expectations"));
        assert!(
            unmet.detail.starts_with("line 9: decide was expected to be allowed, and is refused: A score above 500"),
            "{}",
            unmet.detail
        );
        let nobody = "@id(\"none\") @says(\"Nobody.\") forbid (principal, action == Action::\"decide\", resource);";
        assert!(refusal(draft(&own(ada), nobody, "", ada).await).detail.contains("in alerts nobody could decide any more"));

        let drafted = draft(&own(ada), LARGE, EXPECTED, ada).await.unwrap();
        let id = EventId(drafted.draft);
        assert_eq!((drafted.state.as_str(), drafted.rules.as_str(), drafted.expectations.as_str()), ("open", LARGE, EXPECTED));
        let new: Vec<(&str, &str)> = drafted.effects.rules.iter().map(|r| (r.id.as_str(), r.change.as_str())).collect();
        assert_eq!(new, [("high", "new"), ("attack", "new"), ("cy-elsewhere", "new"), ("default.export", "new")]);
        let lost: Vec<String> = drafted.effects.people.iter().map(|e| format!("{} {} {}", e.who.join("+"), e.allowed, e.action)).collect();
        assert!(lost.contains(&"Cy false see".to_owned()) && lost.contains(&"Cy false claim".to_owned()), "{lost:?}");
        assert!(lost.contains(&"Ada+Ben+Eva+programs+the server's command line false export".to_owned()), "{lost:?}");
        // It changes nothing yet, and is not approved by its author, nor before its effect was asked for.
        assert_eq!(workspace.rules_get().await.unwrap().version, 0);
        assert_eq!(code(workspace.rules_approve(&own(eva), id, act(eva, "")).await), Code::WrongState);
        let replayed = workspace.rules_replay(&own(ada), id).await.unwrap().replayed.unwrap();
        // Two cases were shown and decided, people were added, the playbook published: of all that, one showing and one answer.
        assert_eq!((replayed.refused, replayed.allowed), (2, 0), "{replayed:?}");
        assert!(replayed.acts >= 6 && replayed.examples.iter().all(|e| e.rule.as_deref() == Some("high")), "{replayed:?}");
        assert_eq!(code(workspace.rules_approve(&own(ada), id, act(ada, "")).await), Code::NotIndependent);
        assert_eq!(code(workspace.rules_approve(&own(ben), id, act(ben, "")).await), Code::Forbidden);
        let approved = workspace.rules_approve(&own(eva), id, act(eva, "")).await.unwrap();
        assert_eq!((approved.state.as_str(), approved.version, approved.in_force), ("approved", Some(1), true));
        assert_eq!(workspace.rules_get().await.unwrap().rules, LARGE);
        // The ledger keeps ids, so that a name can be forgotten.
        let events = workspace.events_from(0, 1_000).await.unwrap();
        let kept = events.iter().map(|e| e.event.to_string()).find(|e| e.contains("rules.drafted")).unwrap();
        assert!(!kept.contains("Cy\\\"") && kept.contains("cy-elsewhere"), "{kept}");

        let undone = workspace.rules_roll_back(&own(ada), act(ada, "too strict")).await.unwrap();
        assert_eq!((undone.state.as_str(), undone.in_force), ("rolled_back", false));
        let today = workspace.rules_get().await.unwrap();
        assert_eq!((today.version, today.rules.as_str()), (2, ""));
        assert_eq!(code(workspace.rules_roll_back(&own(ada), act(ada, "again")).await), Code::WrongState);
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_offered_shown_or_decided_that_a_rule_forbids() {
    each_engine(82, |kit| async move {
        let [ada, eva, ben, cy] = world(&kit).await;
        let workspace = &kit.workspace;
        let (high, low) = (opened(&kit, "a", 900).await, opened(&kit, "b", 100).await);
        // Ben is on the high one when the rules change.
        workspace.claim(ben, high).await.unwrap();
        let shown = kit.show(high, ben).await;
        rules(&kit, LARGE, [ada, eva]).await;
        let told = refusal(kit.answer(&shown, ben, "benign").await);
        assert_eq!((told.code, told.detail.as_str()), (Code::Forbidden, "A score above 500 is for the role senior. (rule high)"));
        assert_eq!(code(workspace.case_show(&caller(), high, ben, Options::default()).await), Code::Forbidden);
        workspace.release(ben, high).await.unwrap();
        assert_eq!(refusal(workspace.claim(ben, high).await).detail, "A score above 500 is for the role senior. (rule high)");
        // The queue offers the low one only, and so does the next claim, though the high one came first.
        let list = async |person| workspace.queue_list(person, View::Waiting, None, None).await.unwrap().items;
        assert_eq!(list(ben).await.iter().map(|item| item.case).collect::<Vec<_>>(), [low.0]);
        assert_eq!(list(eva).await.len(), 2);
        assert_eq!(workspace.queue_counts(ben).await.unwrap()[0].waiting.count, 1);
        assert_eq!(kit.claim_next(ben).await.unwrap().case, low.0);
        let shown = kit.show(low, ben).await;
        assert_eq!(refusal(kit.answer(&shown, ben, "attack").await).detail, "Only whoever leads calls it an attack. (rule attack)");
        kit.answer(&shown, ben, "benign").await.unwrap();
        // Nothing is left that Ben may take: that is no error.
        assert!(kit.claim_next(ben).await.is_none());
        // Cy sees nothing of alerts, and is offered nothing.
        let as_cy = workspace.clone().read_by(Some(cy));
        assert_eq!(refusal(as_cy.case_get(low, Some(cy)).await).detail, "Cy does not work on alerts. (rule cy-elsewhere)");
        assert_eq!(code(as_cy.case_history(low, Some(cy)).await), Code::Forbidden);
        assert!(list(cy).await.is_empty() && workspace.queue_counts(cy).await.unwrap().is_empty());
        assert!(as_cy.cases_list(None, None, None, 10).await.unwrap().items.is_empty());
        assert!(as_cy.decisions_list(None, None, None, 10).await.unwrap().items.is_empty());
        assert_eq!(code(workspace.claim_next(cy, Some("alerts")).await), Code::Forbidden);
        // What is taken out, by whom.
        assert!(as_cy.may_export().await.is_ok());
        for actor in [Actor::Key("testkit".into()), Actor::Person(eva), Actor::System("operator".into())] {
            assert_eq!(code(workspace.clone().asked_by(actor).may_export().await), Code::Forbidden);
        }
        // Whoever leads does both.
        kit.decide(high, eva, "attack").await;
        // The roles of the playbook stand beside the rules: none of them widens the engine.
        let outside = workspace
            .person_add(&caller(), PersonInput { name: "Out".into(), mail: None, roles: vec!["senior".into()], external: true })
            .await
            .unwrap();
        let last = opened(&kit, "c", 1).await;
        assert_eq!(code(workspace.claim(PersonId(outside.person), last).await), Code::Forbidden);
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_the_workspace_ask_the_rules_too() {
    each_engine(83, |kit| async move {
        let [ada, eva, ben, _] = world(&kit).await;
        let workspace = &kit.workspace;
        let text = r#"
@id("change") @says("Those who lead change playbooks.")
forbid (principal, action == Action::"change", resource) unless { principal in Role::"lead" };
@id("resume") @says("Those who lead resume.")
forbid (principal, action == Action::"resume", resource) unless { principal in Role::"lead" };
@id("people") @says("Programs say nothing of people.")
forbid (principal is Key, action == Action::"people", resource);
@id("reopen") @says("A decided case stays decided but for those who lead.")
forbid (principal, action in [Action::"reopen", Action::"correct"], resource) unless { principal in Role::"lead" };
"#;
        rules(&kit, text, [ada, eva]).await;
        let publish = async |caller: &Caller| {
            workspace.playbook_publish(caller, &playbook("alerts", "assist", "").replace("What", "Which"), Options::default()).await
        };
        assert_eq!(refusal(publish(&caller()).await).detail, "Those who lead change playbooks. (rule change)");
        assert_eq!(code(publish(&own(ben)).await), Code::Forbidden);
        publish(&own(ada)).await.unwrap();
        // Stopping is open to all, whatever is written; resuming is not.
        let stop =
            countersign_app::input::StopInput { playbook: Some("alerts".into()), proposer: None, person: None, reason: "odd".into() };
        workspace.automation_stop(&own(ben), stop.clone()).await.unwrap();
        let resume = |person: PersonId| countersign_app::input::StopInput { person: Some(person.0), ..stop.clone() };
        assert_eq!(refusal(workspace.automation_resume(&own(ben), resume(ben)).await).detail, "Those who lead resume. (rule resume)");
        // Of those whom the rules let, one asks and another confirms.
        let asked = workspace.automation_resume(&own(ada), resume(ada)).await.unwrap();
        assert_eq!((asked.len(), asked[0].alone, asked[0].resume.as_ref().unwrap().name.as_deref()), (1, false, Some("Ada")));
        assert_eq!(code(workspace.automation_resume(&own(ben), resume(ben)).await), Code::Forbidden);
        assert_eq!(code(workspace.automation_resume(&own(ada), resume(ada)).await), Code::NotIndependent);
        assert!(workspace.automation_resume(&own(eva), resume(eva)).await.unwrap().is_empty());
        let add = PersonInput { name: "New".into(), mail: None, roles: Vec::new(), external: false };
        assert_eq!(refusal(workspace.person_add(&caller(), add.clone()).await).detail, "Programs say nothing of people. (rule people)");
        let key = ApiKeyInput { name: "k".into(), scopes: vec!["judge".into()], person: None, expires: None };
        assert_eq!(code(workspace.api_key_add(&caller(), key).await), Code::Forbidden);
        workspace.person_add(&own(ada), add).await.unwrap();
        let case = opened(&kit, "a", 1).await;
        kit.decide(case, ben, "benign").await;
        let reason = |person: PersonId| ReasonInput { person: person.0, reason: Some("no".into()) };
        assert_eq!(code(workspace.case_reopen(&own(ben), case, reason(ben), Options::default()).await), Code::Forbidden);
        workspace.case_reopen(&own(ada), case, reason(ada), Options::default()).await.unwrap();
        // A workspace without rules of its own goes by the defaults again, at once.
        workspace.rules_roll_back(&own(eva), act(eva, "back")).await.unwrap();
        publish(&caller()).await.unwrap();
        let checked = workspace.rules_check(&RulesText { rules: "permit".into(), expectations: String::new() }).await.unwrap();
        assert_eq!(checked.problems.len(), 1, "{checked:?}");
        kit.assert_sound().await;
    })
    .await;
}
