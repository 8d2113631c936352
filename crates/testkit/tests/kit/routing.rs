//! A routing from its draft to its approval and one step back: rehearsed over past cases with the same router, approved by a second person
//! only, live at once, and all of it in the ledger. On both engines.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Error, Options,
    learner::Memory,
    routing::{DraftAct, DraftInput, DraftView, RehearseInput},
};
use countersign_core::{
    id::{CaseId, EventId, PersonId},
    refusal::Code,
};
use countersign_testkit::{Kit, caller, each_engine, own, playbook, story::alerts_past};

const DAY: i64 = 86_400_000_000;

fn act(person: PersonId, reason: &str) -> DraftAct {
    DraftAct { person: Some(person.0), reason: reason.into() }
}

async fn went(kit: &Kit, case: uuid::Uuid) -> String {
    kit.workspace.case_explain(CaseId(case), None).await.unwrap().route
}

fn refused(result: Result<DraftView, Error>) -> Code {
    match result {
        Err(Error::Refused(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    }
}

/// Whoever publishes cannot get round the second person, once there is one and the playbook is in use.
#[tokio::test(flavor = "multi_thread")]
async fn where_two_lead_nobody_changes_the_routing_of_a_playbook_in_use_alone() {
    each_engine(62, |kit| async move {
        let version = |route: &str| playbook("alerts", route, "");
        let publish = async |source: String| kit.workspace.playbook_publish(&caller(), &source, Options::default()).await;
        publish(version("assist")).await.unwrap();
        kit.member("Ada", &["lead"]).await;
        publish(version("blind")).await.unwrap();
        kit.member("Ben", &["lead"]).await;
        // Nothing was decided yet, so that there is nothing to rehearse a draft over.
        publish(version("unaided")).await.unwrap();
        alerts_past(&kit, 2).await;
        match publish(version("assist")).await {
            Err(Error::Refused(refusal)) => {
                assert_eq!((refusal.code, refusal.field.as_deref()), (Code::Forbidden, Some("/source")));
                assert!(refusal.detail.contains("countersign routing draft alerts"), "{}", refusal.detail);
            }
            other => panic!("{other:?}"),
        }
        // What is not the routing is published as ever.
        let same = version("unaided").replace("What is it?", "What may it be?");
        assert_eq!(publish(same).await.unwrap().version, 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_routing_is_drafted_rehearsed_approved_by_a_second_person_and_rolled_back() {
    each_engine(61, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "choose = [\"assist\", \"unaided\"]")).await;
        let (ada, ben) = (kit.member("Ada", &[]).await, kit.member("Ben", &[]).await);
        let workspace = &kit.workspace;
        let today = workspace.routing_today("alerts").await.unwrap();
        assert_eq!(today, "[routing]\ndefault = \"assist\"\nchoose = [\"assist\", \"unaided\"]");
        let text = "[routing]\ndefault = \"unaided\"\n\n[[routing.rule]]\nname = \"high\"\nwhen = { score = { at_least = 300 } }\nroute = \"panel\"";
        let input = |routing: &str| DraftInput { routing: routing.into(), reason: "advice slows us down".into(), person: Some(ada.0) };
        let draft = async |routing: &str| workspace.routing_draft(&own(ada), "alerts", input(routing)).await;
        // Only the routing, and something else than today's; in one's own name.
        for wrong in ["[routing]\ndefault = \"nowhere\"", today.as_str(), "[costs]\nminute = 9.0"] {
            assert_eq!(refused(draft(wrong).await), Code::Invalid, "{wrong}");
        }
        // What does not parse is told by its lines in the draft, each in a line of its own.
        let wrong = "[routing]\ndefault = \"nowhere\"\nblind = 7";
        let Err(countersign_app::Error::Refused(refusal)) = draft(wrong).await else { panic!("{wrong} was taken") };
        let lines: Vec<&str> = refusal.detail.lines().collect();
        assert!(matches!(lines[..], [a, b] if a.starts_with("line 2, ") && b.starts_with("line 3, ")), "{}", refusal.detail);
        assert_eq!(refused(workspace.routing_draft(&caller(), "alerts", input(text)).await), Code::Forbidden);
        let drafted = draft(text).await.unwrap();
        let id = EventId(drafted.draft);
        assert_eq!((drafted.state.as_str(), drafted.routing.as_str(), drafted.person.as_deref()), ("open", text, Some("Ada")));
        // There is nothing to rehearse it over yet, and nothing is approved unrehearsed.
        assert_eq!(refused(workspace.routing_rehearse(&own(ada), id, RehearseInput::default()).await), Code::WrongState);
        assert_eq!(refused(workspace.routing_approve(&own(ben), id, act(ben, "")).await), Code::WrongState);
        alerts_past(&kit, 400).await;
        kit.clock.advance(5 * DAY);
        workspace.learn(&mut Memory::default(), true).await.unwrap();
        let rehearsed = workspace.routing_rehearse(&own(ada), id, RehearseInput { cases: Some(300) }).await.unwrap().rehearsed.unwrap();
        let shares = |view: &countersign_app::routing::PolicyView| {
            view.routes.iter().map(|of| (of.route.clone(), of.cases)).collect::<Vec<_>>()
        };
        assert_eq!((rehearsed.cases, rehearsed.moved), (300, 300));
        assert_eq!(shares(&rehearsed.today), [("assist".to_owned(), 300)]);
        assert_eq!(shares(&rehearsed.draft), [("unaided".to_owned(), 200), ("panel".to_owned(), 100)]);
        let error = rehearsed.draft.error.unwrap();
        assert!(error.low < 0.25 && 0.25 < error.high && error.low > 0.1, "{error:?}");
        assert!(rehearsed.today.error.is_none() && rehearsed.today.unmeasured == 300, "nobody was ever advised: {:?}", rehearsed.today);
        assert_eq!(rehearsed.draft.unmeasured, 100, "no panel ever decided");
        // Its author never approves it, nor does whoever speaks in another's name.
        assert_eq!(refused(workspace.routing_approve(&own(ada), id, act(ada, "")).await), Code::NotIndependent);
        assert_eq!(refused(workspace.routing_approve(&own(ada), id, act(ben, "")).await), Code::Forbidden);
        let approved = workspace.routing_approve(&own(ben), id, act(ben, "")).await.unwrap();
        assert_eq!((approved.state.as_str(), approved.version, approved.approved_by.as_deref()), ("approved", Some(2), Some("Ben")));
        assert!(approved.in_force);
        // Live at once: for what comes in.
        let receipt = kit.open(countersign_testkit::case("alerts", "next", "an alert")).await;
        assert_eq!(went(&kit, receipt.case).await, "unaided");
        assert_eq!(workspace.routing_today("alerts").await.unwrap(), text);
        assert_eq!(refused(workspace.routing_approve(&own(ben), id, act(ben, "")).await), Code::WrongState);
        // One step back, by one person; then there is no further one.
        let undone = workspace.routing_roll_back(&own(ada), "alerts", act(ada, "people were slower")).await.unwrap();
        assert_eq!((undone.state.as_str(), undone.in_force), ("rolled_back", false));
        assert_eq!(workspace.routing_today("alerts").await.unwrap(), today);
        let receipt = kit.open(countersign_testkit::case("alerts", "after", "an alert")).await;
        assert_eq!(went(&kit, receipt.case).await, "assist");
        assert_eq!(refused(workspace.routing_roll_back(&own(ada), "alerts", act(ada, "again")).await), Code::WrongState);
        // A draft of an older version is no longer approved, and can be withdrawn.
        let older = draft(text).await.unwrap();
        kit.publish(&playbook("alerts", "assist", "choose = [\"assist\", \"unaided\"]\nblind = 0.1")).await;
        let older = EventId(older.draft);
        let seen = workspace.routing_get(older).await.unwrap();
        assert_eq!((seen.state.as_str(), seen.stale, approved.stale), ("open", true, false));
        assert_eq!(refused(workspace.routing_rehearse(&own(ada), older, RehearseInput::default()).await), Code::StaleVersion);
        let withdrawn = workspace.routing_withdraw(&own(ben), older, act(ben, "overtaken")).await.unwrap();
        assert_eq!((withdrawn.state.as_str(), withdrawn.stale), ("withdrawn", false));
        let states: Vec<String> = workspace.routings_list("alerts").await.unwrap().into_iter().map(|view| view.state).collect();
        assert_eq!(states, ["withdrawn", "rolled_back"]);
        kit.app.close().await;
    })
    .await;
}
