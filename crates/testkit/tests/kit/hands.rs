//! Two people are two only where nobody has a hand in both: rules, routings, second signatures and owners, the vouching that parts them,
//! and what makes it void. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Caller, Error, Options,
    input::{ApiKeyInput, PersonChange, PersonInput, StopInput},
    routing::{DraftAct, DraftInput, RehearseInput},
    rules::{RulesAct, RulesInput},
    session::DeskSession,
    workspace::system,
};
use countersign_core::{
    id::{CaseId, EventId, PersonId},
    refusal::Code,
};
use countersign_testkit::{Kit, caller, case, each_engine, own, playbook, refusal};

/// A lead whom another one made up, or did not.
async fn added_by(kit: &Kit, by: PersonId, name: &str) -> PersonId {
    let input = PersonInput { name: name.into(), mail: None, roles: vec!["lead".into()], external: false };
    PersonId(kit.workspace.person_add(&own(by), input).await.unwrap().person)
}

/// Something of their own to act by.
async fn key_of(kit: &Kit, person: PersonId) {
    let input = ApiKeyInput { name: "k".into(), scopes: vec!["judge".into()], person: Some(person.0), expires: None };
    kit.workspace.api_key_add(&system("operator"), input).await.unwrap();
}

async fn session(kit: &Kit, by: &Caller, person: PersonId) -> (String, DeskSession) {
    let link = kit.workspace.desk_link(by, person).await.unwrap();
    let opened = kit.app.desk_sign_in(&link, None).await.unwrap();
    (opened.secret, opened.session)
}

/// Rules that one drafts and another approves.
async fn rules(kit: &Kit, [drafts, approves]: [PersonId; 2], text: &str) -> Result<(), Error> {
    let input = RulesInput { rules: text.into(), expectations: String::new(), reason: "to try who may".into(), person: Some(drafts.0) };
    let draft = EventId(kit.workspace.rules_draft(&own(drafts), input).await?.draft);
    kit.workspace.rules_replay(&own(drafts), draft).await?;
    let act = RulesAct { person: Some(approves.0), reason: String::new() };
    let approved = kit.workspace.rules_approve(&own(approves), draft, act).await.map(|_| ());
    if approved.is_err() {
        let back = RulesAct { person: Some(drafts.0), reason: "refused".into() };
        kit.workspace.rules_withdraw(&own(drafts), draft, back).await?;
    }
    approved
}

const EXPORT: &str = "@id(\"export\") @says(\"Nobody takes data out.\") forbid (principal, action == Action::\"export\", resource);";

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_lead_changes_no_rules_until_somebody_else_vouches() {
    each_engine(171, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let (ada, eva) = (kit.member("Ada", &["lead"]).await, kit.member("Eva", &["lead"]).await);
        let sock = added_by(&kit, ada, "Sock").await;
        let workspace = &kit.workspace;
        let told = refusal(rules(&kit, [ada, sock], EXPORT).await);
        assert_eq!((told.code, told.field.as_deref()), (Code::NotIndependent, Some("/person")));
        assert!(told.detail.starts_with("Ada and Sock do not count as two people here: Ada added Sock. "), "{}", told.detail);
        assert!(told.detail.contains("vouches under People that Sock is a person of their own"), "{}", told.detail);
        let known = workspace.person_get(sock).await.unwrap();
        assert_eq!(known.hands.iter().map(|hand| (hand.name.as_deref(), hand.how.as_str())).collect::<Vec<_>>(), [(Some("Ada"), "added")]);

        // By links alone the next link would be another one's.
        let vouch = async |by: PersonId| workspace.person_vouch(&own(by), sock, Some(by)).await;
        assert_eq!(refusal(vouch(eva).await).code, Code::WrongState);
        let (secret, desk) = session(&kit, &own(ada), sock).await;
        kit.workspace.password_set(&desk, "a long enough sentence").await.unwrap();
        for by in [ada, sock] {
            assert_eq!(refusal(vouch(by).await).code, Code::NotIndependent);
        }
        let programs = workspace.person_vouch(&caller(), sock, Some(eva)).await;
        assert_eq!(refusal(programs).code, Code::Forbidden, "no program vouches in somebody's name");
        assert_eq!(refusal(workspace.person_vouch(&own(eva), sock, None).await).code, Code::Forbidden);
        let open = workspace.desk_link(&own(ada), sock).await.unwrap();
        let vouched = vouch(eva).await.unwrap();
        assert_eq!((vouched.hands.len(), vouched.vouched.unwrap().name.as_deref()), (0, Some("Eva")));
        // Whoever held a session of theirs, or a link, holds none any more.
        assert!(kit.app.desk_session(&secret).await.unwrap().is_none() && kit.app.desk_sign_in(&open, None).await.is_err());
        rules(&kit, [ada, sock], EXPORT).await.unwrap();

        // A new link, a new address: whoever vouched has not seen it.
        for round in 0..2 {
            match round {
                0 => drop(workspace.desk_link(&own(ada), sock).await.unwrap()),
                _ => {
                    let change = PersonChange { roles: vec!["lead".into()], active: true, mail: Some("sock@example.org".into()) };
                    workspace.person_change(&own(ada), sock, change).await.unwrap();
                }
            }
            let told = refusal(rules(&kit, [sock, ada], "").await);
            assert!(told.code == Code::NotIndependent && told.detail.starts_with("Sock and Ada do not count"), "{}", told.detail);
            assert!(workspace.person_get(sock).await.unwrap().vouched.is_none());
            vouch(eva).await.unwrap();
        }
        rules(&kit, [sock, ada], "").await.unwrap();
        // Another node goes by the same events.
        let (app, other) = kit.second_node(172).await;
        assert_eq!(other.person_get(sock).await.unwrap().vouched.unwrap().name.as_deref(), Some("Eva"));
        app.close().await;
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_invited_everybody_is_parted_by_whoever_runs_the_server() {
    each_engine(173, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let workspace = &kit.workspace;
        let ada = kit.member("Ada", &["lead"]).await;
        let (ben, cy) = (added_by(&kit, ada, "Ben").await, added_by(&kit, ada, "Cy").await);
        for person in [ben, cy] {
            key_of(&kit, person).await;
        }
        let decided = CaseId(kit.open(case("alerts", "a", "an alert")).await.case);
        kit.decide(decided, ada, "benign").await;
        let draft = async |drafts: PersonId, approves: PersonId| {
            let input = DraftInput {
                routing: "[routing]\ndefault = \"unaided\"\n".into(),
                reason: "to try who may".into(),
                person: Some(drafts.0),
            };
            let draft = EventId(workspace.routing_draft(&own(drafts), "alerts", input).await.unwrap().draft);
            workspace.routing_rehearse(&own(drafts), draft, RehearseInput::default()).await.unwrap();
            let act = DraftAct { person: Some(approves.0), reason: String::new() };
            workspace.routing_approve(&own(approves), draft, act).await
        };
        let told = refusal(draft(ben, cy).await);
        assert_eq!(told.code, Code::NotIndependent);
        assert!(told.detail.contains("Ada added Ben, and Ada added Cy"), "{}", told.detail);
        // Nobody of them could part them.
        for (by, person) in [(ada, ben), (ben, cy), (cy, ben)] {
            assert_eq!(refusal(workspace.person_vouch(&own(by), person, Some(by)).await).code, Code::NotIndependent);
        }
        workspace.person_vouch(&system("operator"), ben, None).await.unwrap();
        workspace.person_vouch(&own(ben), cy, Some(ben)).await.unwrap();
        assert_eq!(draft(ada, cy).await.unwrap().state, "approved");
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn second_signatures_and_reviews_of_ones_own_are_nobodys_who_may_be_oneself() {
    each_engine(174, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "\n[decide]\nsignatures = { default = 2 }")).await;
        kit.publish(&playbook("notes", "assist", "")).await;
        let workspace = &kit.workspace;
        let (ada, eva) = (kit.member("Ada", &["lead"]).await, kit.member("Eva", &[]).await);
        let sock = added_by(&kit, ada, "Sock").await;
        let first = CaseId(kit.open(case("alerts", "a", "an alert")).await.case);
        kit.clock.advance(1_000_000);
        let second = CaseId(kit.open(case("alerts", "b", "another")).await.case);
        // Sock is on it before Ada has answered, when either of them still may.
        workspace.claim(sock, first).await.unwrap();
        assert!(kit.decide(first, ada, "benign").await.decision.is_none());
        assert_eq!(refusal(workspace.case_show(&caller(), first, sock, Options::default()).await).code, Code::NotIndependent);
        workspace.release(sock, first).await.unwrap();
        let told = refusal(workspace.claim(sock, first).await);
        assert!(told.code == Code::NotIndependent && told.detail.contains("Ada added Sock"), "{}", told.detail);
        // The next case is the first that they may take, and then there is none.
        let next = kit.claim_next(sock).await.unwrap();
        assert_eq!(next.case, second.0);
        workspace.release(sock, second).await.unwrap();
        kit.decide(second, sock, "benign").await;
        assert!(kit.claim_next(sock).await.is_none());
        assert!(kit.decide(first, eva, "benign").await.decision.is_some(), "two are two");
        // What somebody owns is not reviewed under another name.
        let mut mine = case("notes", "n", "a note");
        mine.owner = Some(ada.0);
        let mine = CaseId(kit.open(mine).await.case);
        assert_eq!(refusal(workspace.claim(sock, mine).await).code, Code::NotIndependent);
        key_of(&kit, sock).await;
        workspace.person_vouch(&system("operator"), sock, None).await.unwrap();
        assert!(kit.decide(mine, sock, "benign").await.decision.is_some());
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_lifted_by_two_people_and_by_one_where_nobody_else_is() {
    each_engine(175, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "automate = { max_error = 0.02, certainty = 0.95, audit = 0.05 }")).await;
        let workspace = &kit.workspace;
        let ada = kit.member("Ada", &["lead"]).await;
        let sock = added_by(&kit, ada, "Sock").await;
        let about = |person: Option<PersonId>, reason: &str| StopInput {
            playbook: Some("alerts".into()),
            proposer: None,
            person: person.map(|person| person.0),
            reason: reason.into(),
        };
        let resume = async |person: PersonId| workspace.automation_resume(&own(person), about(Some(person), "looked at it")).await;
        let stop = async || workspace.automation_stop(&caller(), about(None, "odd")).await.unwrap();
        // Sock is no second person: Ada is alone, and the log says so.
        assert!(stop().await[0].alone);
        assert!(resume(ada).await.unwrap().is_empty());
        let eva = kit.member("Eva", &[]).await;
        stop().await;
        let asked = resume(ada).await.unwrap();
        let waits = asked[0].resume.clone().unwrap();
        assert_eq!((asked.len(), asked[0].alone, waits.name.as_deref(), waits.person), (1, false, Some("Ada"), ada.0));
        for (who, code) in [(ada, Code::NotIndependent), (sock, Code::NotIndependent)] {
            assert_eq!(refusal(resume(who).await).code, code);
        }
        let machine = workspace.automation_resume(&caller(), about(Some(eva), "a program says so")).await;
        assert_eq!(refusal(machine).code, Code::Forbidden, "no program confirms in somebody's name");
        assert!(refusal(resume(sock).await).detail.contains("Ada added Sock"));
        // Another node sees what waits, and a stop there takes it away.
        let (app, other) = kit.second_node(176).await;
        assert_eq!(other.stops().await.unwrap()[0].resume.as_ref(), Some(&waits));
        other.automation_stop(&caller(), about(None, "not yet")).await.unwrap();
        assert!(workspace.stops().await.unwrap()[0].resume.is_none());
        app.close().await;
        resume(eva).await.unwrap();
        assert!(resume(ada).await.unwrap().is_empty());
        let told: Vec<String> = workspace.notices(None).await.unwrap().notices.into_iter().map(|notice| notice.detail).collect();
        assert_eq!(told[0], "Automation was resumed by Ada, as Eva had asked: looked at it");
        assert!(told.iter().any(|detail| detail.contains("by Ada alone, since nobody else was there")), "{told:?}");
        assert!(told.iter().any(|detail| detail.starts_with("Eva asks to resume")), "{told:?}");
        assert_eq!(refusal(resume(eva).await).code, Code::WrongState);
        kit.assert_sound().await;
    })
    .await;
}
