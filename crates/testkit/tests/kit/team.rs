//! Whose a case is, and who is mentioned, on both engines: an assigned case is served to one person and listed for them, is for all
//! again when that person can no longer answer, and both projections are what the events say.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Error, Options,
    input::{AssignInput, AwayInput, CommentInput, Moment, PersonChange},
    queue::View,
};
use countersign_core::{
    id::{CaseId, PersonId},
    refusal::Code,
};
use countersign_testkit::{Kit, caller, case, code, each_engine, playbook};
use uuid::Uuid;

async fn assign(kit: &Kit, case: Uuid, by: PersonId, to: Option<PersonId>) -> Result<(), Error> {
    let input = AssignInput { person: by.0, to: to.map(|p| p.0), reason: Some("you know this host".into()) };
    kit.workspace.case_assign(&caller(), CaseId(case), input, Options::default()).await.map(|_| ())
}

async fn waiting(kit: &Kit, person: PersonId) -> Vec<Uuid> {
    kit.workspace.queue_list(person, View::Waiting, None, None).await.unwrap().items.iter().map(|item| item.case).collect()
}

async fn theirs(kit: &Kit, person: PersonId) -> Vec<Uuid> {
    kit.workspace.for_you(person).await.unwrap().assigned.iter().map(|item| item.case).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assigned_case_is_served_to_one_person_only() {
    each_engine(811, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let (ada, ben) = (kit.member("Ada", &[]).await, kit.member("Ben", &[]).await);
        let mut cases = Vec::new();
        for n in 0..3 {
            cases.push(kit.open(case("alerts", &format!("a-{n}"), "odd login")).await.case);
            kit.clock.advance(1_000_000);
        }
        assign(&kit, cases[0], ada, Some(ben)).await.unwrap();
        assert_eq!(waiting(&kit, ada).await, cases[1..], "it waits for Ben alone");
        assert_eq!(waiting(&kit, ben).await, cases);
        assert_eq!((theirs(&kit, ben).await, theirs(&kit, ada).await), (vec![cases[0]], vec![]));
        assert_eq!(kit.workspace.queue_counts(ada).await.unwrap()[0].waiting.count, 2);
        assert_eq!(code(kit.workspace.claim(ada, CaseId(cases[0])).await.map(|_| ())), Code::Forbidden);
        assert_eq!(kit.claim_next(ada).await.unwrap().case, cases[1], "served past it");
        assert_eq!(kit.claim_next(ben).await.unwrap().case, cases[0]);
        // Whoever is on a case learns that it is somebody else's by now.
        assign(&kit, cases[0], ada, Some(ada)).await.unwrap();
        assert_eq!(code(kit.workspace.case_show(&caller(), CaseId(cases[0]), ben, Options::default()).await.map(|_| ())), Code::Forbidden);
        let around = kit.workspace.case_around(CaseId(cases[0]), ada).await.unwrap();
        assert_eq!((around.assignee, around.present), (Some(ada.0), vec![ben.0]));
        assert_eq!(around.assignable.len(), 2);
        assign(&kit, cases[0], ada, None).await.unwrap();
        assert_eq!(theirs(&kit, ada).await, Vec::<Uuid>::new());
        assert_eq!(code(assign(&kit, cases[0], ada, Some(PersonId(Uuid::nil()))).await), Code::NotFound);
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_had_who_left_is_for_all_again() {
    each_engine(812, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "\n[decide]\nroles = [\"support\"]")).await;
        let (ada, ben) = (kit.member("Ada", &["support"]).await, kit.member("Ben", &["support"]).await);
        let cleo = kit.member("Cleo", &["support"]).await;
        let mut cases = Vec::new();
        for n in 0..3 {
            cases.push(kit.open(case("alerts", &format!("a-{n}"), "odd login")).await.case);
        }
        assign(&kit, cases[0], ada, Some(ben)).await.unwrap();
        assign(&kit, cases[1], ada, Some(cleo)).await.unwrap();
        assign(&kit, cases[2], ada, Some(ada)).await.unwrap();
        assert_eq!(kit.workspace.assignments_check().await.unwrap(), 0, "all can answer");
        let change = |roles: &[&str], active| PersonChange { roles: roles.iter().map(ToString::to_string).collect(), active, mail: None };
        kit.workspace.person_change(&caller(), ben, change(&["support"], false)).await.unwrap();
        kit.workspace.person_change(&caller(), cleo, change(&["guest"], true)).await.unwrap();
        assert_eq!(kit.workspace.assignments_check().await.unwrap(), 2);
        assert_eq!(waiting(&kit, ada).await.len(), 3);
        assert_eq!(theirs(&kit, ada).await, [cases[2]], "what somebody has who is there stays theirs");
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stands_in_gets_what_somebody_has_who_is_away() {
    each_engine(814, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "\n[decide]\nroles = [\"support\"]")).await;
        let (ada, ben) = (kit.member("Ada", &["support"]).await, kit.member("Ben", &["support"]).await);
        let (cleo, guest) = (kit.member("Cleo", &["support"]).await, kit.member("Gus", &["guest"]).await);
        let mut cases = Vec::new();
        for n in 0..2 {
            cases.push(kit.open(case("alerts", &format!("a-{n}"), "odd login")).await.case);
        }
        assign(&kit, cases[0], ada, Some(ben)).await.unwrap();
        assign(&kit, cases[1], ada, Some(cleo)).await.unwrap();
        let away = |stand_in: PersonId| AwayInput {
            from: Some(Moment::Micros(kit.clock.now() + 3_600_000_000)),
            until: Moment::Micros(kit.clock.now() + 7_200_000_000),
            stand_in: Some(stand_in.0),
        };
        kit.workspace.person_away(&caller(), ben, away(ada)).await.unwrap();
        kit.workspace.person_away(&caller(), cleo, away(guest)).await.unwrap();
        assert_eq!(kit.workspace.assignments_check().await.unwrap(), 0, "they are there still");
        kit.clock.advance(3_700_000_000);
        assert_eq!(kit.workspace.assignments_check().await.unwrap(), 2);
        assert_eq!(theirs(&kit, ada).await, [cases[0]], "she may answer on it herself");
        assert_eq!(waiting(&kit, ada).await.len(), 2, "and the other one is for all: no role is lent");
        assert_eq!(code(assign(&kit, cases[1], ada, Some(ben)).await), Code::Forbidden, "he is away");
        kit.clock.advance(3_700_000_000);
        assign(&kit, cases[1], ada, Some(ben)).await.unwrap();
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_mentioned_finds_it() {
    each_engine(813, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let (ada, ben) = (kit.member("Ada", &[]).await, kit.member("Ben Okri", &[]).await);
        let open = kit.open(case("alerts", "a-1", "odd login")).await.case;
        let said = "@ben okri, was this you? ask @Nobody";
        let mentions: Vec<Uuid> = kit.workspace.mentioned_in(said).await.unwrap().iter().map(|p| p.0).collect();
        assert_eq!(mentions, [ben.0]);
        let input = CommentInput { person: ada.0, text: said.into(), mentions, anchor: None };
        kit.workspace.case_comment(&caller(), CaseId(open), input, Options::default()).await.unwrap();
        let found = kit.workspace.for_you(ben).await.unwrap().mentions;
        assert_eq!((found.len(), found[0].case, found[0].by, found[0].seen), (1, open, ada.0, false));
        assert_eq!(kit.workspace.for_you_count(ben).await.unwrap().unseen, 1);
        kit.clock.advance(1_000_000);
        kit.workspace.for_you_seen(ben).await.unwrap();
        assert_eq!(kit.workspace.for_you_count(ben).await.unwrap().unseen, 0);
        assert!(kit.workspace.for_you(ben).await.unwrap().mentions[0].seen);
        assert!(kit.workspace.for_you(ada).await.unwrap().mentions.is_empty());
        let stranger = CommentInput { person: ada.0, text: "?".into(), mentions: vec![Uuid::nil()], anchor: None };
        let refused = kit.workspace.case_comment(&caller(), CaseId(open), stranger, Options::default()).await.map(|_| ());
        assert_eq!(code(refused), Code::NotFound);
        kit.assert_sound().await;
        assert_eq!(kit.workspace.for_you(ben).await.unwrap().mentions.len(), 1, "made again from the events");
    })
    .await;
}
