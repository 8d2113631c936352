//! What the desk reads, on both engines: the queue is listed in the order in which it is served and counted no further than it says,
//! what was shown is shown again as it was, what a person decided stays at hand, and sessions open once and end.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Options,
    input::{CaseInput, EscalateInput, Moment, ProposalInput, ReasonInput, SnoozeInput},
    queue::{Due, View},
    recent::Afterwards,
    session::{LINK_MICROS, SESSION_MICROS},
};
use countersign_core::{
    event::Actor,
    id::{CaseId, EventId, PersonId},
};
use countersign_testkit::{Kit, caller, case, each_engine, playbook, raw};
use uuid::Uuid;

const SECOND: i64 = 1_000_000;

/// Three queues whose cases come by turns.
async fn filled(kit: &Kit) -> Vec<Uuid> {
    for (name, route, more) in [("scans", "assist", ""), ("notes", "blind", ""), ("moves", "panel", "panel = 2")] {
        kit.publish(&playbook(name, route, more)).await;
    }
    let mut cases = Vec::new();
    for n in 0..9 {
        let name = ["scans", "notes", "moves"][n % 3];
        cases.push(kit.open(case(name, &format!("{name}-{n}"), &format!("number {n}"))).await.case);
        kit.clock.advance(SECOND);
    }
    cases
}

async fn listed(kit: &Kit, person: PersonId, view: View) -> Vec<Uuid> {
    kit.workspace.queue_list(person, view, None, None).await.unwrap().items.iter().map(|item| item.case).collect()
}

fn by(person: PersonId) -> countersign_app::Caller {
    countersign_app::Caller { actor: Actor::Person(person), ..caller() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_listed_as_it_is_served() {
    each_engine(301, |kit| async move {
        let ada = kit.member("Ada", &["chief"]).await;
        let cases = filled(&kit).await;
        assert_eq!(listed(&kit, ada, View::Waiting).await, cases, "of all playbooks, in the order in which they came");
        let page = kit.workspace.queue_list(ada, View::Waiting, Some("notes"), None).await.unwrap();
        assert_eq!(page.items.iter().map(|item| item.case).collect::<Vec<_>>(), [cases[1], cases[4], cases[7]]);
        assert_eq!(page.items[0].title.as_deref(), Some("number 1"));
        let counts = kit.workspace.queue_counts(ada).await.unwrap();
        assert!(counts.iter().all(|count| count.waiting.count == 3 && !count.waiting.more), "{counts:?}");

        // Passed on, put off, handed to a role that this person has: the list and the next claim always agree.
        let mut served = Vec::new();
        for n in 0..6 {
            let first = listed(&kit, ada, View::Waiting).await[0];
            let claim = kit.claim_next(ada).await.unwrap();
            assert_eq!(claim.case, first);
            let (id, reason) = (CaseId(claim.case), Some("because".to_owned()));
            match n % 3 {
                0 => {
                    kit.workspace.case_skip(&by(ada), id, ReasonInput { person: ada.0, reason }, Options::default()).await.unwrap();
                }
                1 => {
                    let until = Moment::Micros(kit.clock.now() + 60 * SECOND);
                    let input = SnoozeInput { person: ada.0, until, reason };
                    kit.workspace.case_snooze(&by(ada), id, input, Options::default()).await.unwrap();
                }
                _ => {
                    let input = EscalateInput { person: ada.0, role: "chief".into(), reason: "because".into() };
                    kit.workspace.case_escalate(&by(ada), id, input, Options::default()).await.unwrap();
                    // Escalated or not, it keeps its place.
                    let again = kit.claim_next(ada).await.unwrap();
                    assert_eq!(again.case, claim.case);
                }
            }
            served.push(claim.case);
        }
        let slept = listed(&kit, ada, View::Snoozed).await;
        assert_eq!(slept, [served[1], served[4]]);
        let before = listed(&kit, ada, View::Waiting).await;
        kit.clock.advance(61 * SECOND);
        // What woke up is listed although nobody has claimed since.
        assert!(listed(&kit, ada, View::Snoozed).await.is_empty());
        let after = listed(&kit, ada, View::Waiting).await;
        assert_eq!(after.len(), before.len() + 2);
        let counted: u64 = kit.workspace.queue_counts(ada).await.unwrap().iter().map(|count| count.waiting.count).sum();
        assert_eq!(counted, after.len() as u64, "what is counted is what is listed");
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_come_first_warn_and_are_counted_when_they_have_passed() {
    const HOUR: i64 = 3_600 * SECOND;
    each_engine(306, |kit| async move {
        let (ada, bo) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await);
        kit.publish(&playbook("scans", "assist", "")).await;
        let began = kit.clock.now();
        let mut cases = Vec::new();
        for (n, hours) in [None, Some(8), Some(2)].into_iter().enumerate() {
            let deadline = hours.map(|hours| Moment::Micros(began + hours * HOUR));
            cases.push(kit.open(CaseInput { deadline, ..case("scans", &format!("c-{n}"), "words") }).await.case);
        }
        assert_eq!(
            listed(&kit, ada, View::Waiting).await,
            [cases[2], cases[1], cases[0]],
            "what has no deadline is due a day after it came"
        );
        let due = || async {
            let items = kit.workspace.queue_list(ada, View::Waiting, None, None).await.unwrap().items;
            let overdue = kit.workspace.queue_counts(ada).await.unwrap()[0].overdue.count;
            (items.iter().map(|item| item.due).collect::<Vec<_>>(), overdue)
        };
        assert_eq!(due().await, (vec![Due::Later, Due::Later, Due::Later], 0));
        kit.clock.advance(HOUR + HOUR * 3 / 4);
        assert_eq!(due().await, (vec![Due::Soon, Due::Later, Due::Later], 0), "the last quarter of its time");
        kit.clock.advance(HOUR / 2);
        assert_eq!(due().await, (vec![Due::Over, Due::Later, Due::Later], 1));
        let items = kit.workspace.queue_list(ada, View::Waiting, None, None).await.unwrap().items;
        assert_eq!(items.iter().map(|item| item.until.is_some()).collect::<Vec<_>>(), [true, true, false]);

        // However many come in later with little time: nothing that was opened after it was due goes before a case.
        kit.clock.advance(24 * HOUR);
        let late = CaseInput { deadline: Some(Moment::Micros(kit.clock.now() + SECOND)), ..case("scans", "late", "words") };
        let late = kit.open(late).await.case;
        assert_eq!(listed(&kit, ada, View::Waiting).await, [cases[2], cases[1], cases[0], late]);
        assert_eq!(kit.workspace.queue_counts(ada).await.unwrap()[0].overdue.count, 2);
        assert_eq!(kit.claim_next(bo).await.unwrap().case, cases[2]);
        assert_eq!(kit.workspace.queue_counts(ada).await.unwrap()[0].overdue.count, 1, "somebody is on it");
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_queue_miss_nothing_and_repeat_nothing() {
    each_engine(302, |kit| async move {
        let ada = kit.member("Ada", &[]).await;
        kit.publish(&playbook("scans", "assist", "")).await;
        kit.publish(&playbook("notes", "assist", "")).await;
        let mut cases = Vec::new();
        for n in 0..130 {
            let name = if n % 4 == 0 { "scans" } else { "notes" };
            cases.push(kit.open(case(name, &format!("c-{n}"), "words")).await.case);
            // Some come at the same moment.
            kit.clock.advance(if n % 3 == 0 { 0 } else { SECOND });
        }
        for view in [View::Waiting, View::Decided] {
            if view == View::Decided {
                for case in &cases {
                    kit.decide(CaseId(*case), ada, "benign").await;
                }
                cases.reverse();
            }
            let (mut seen, mut cursor) = (Vec::new(), None);
            loop {
                let page = kit.workspace.queue_list(ada, view, None, cursor.as_deref()).await.unwrap();
                seen.extend(page.items.iter().map(|item| item.case));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            let sorted = |mut ids: Vec<Uuid>| {
                ids.sort_unstable();
                ids
            };
            assert_eq!(seen.len(), 130);
            assert_eq!(sorted(seen), sorted(cases.clone()));
        }
        assert!(kit.workspace.queue_list(ada, View::Waiting, None, Some("forged")).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_shown_is_shown_again_as_it_was() {
    each_engine(303, |kit| async move {
        let (ada, bo) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await);
        kit.publish(&playbook("scans", "assist", "")).await;
        let id = CaseId(kit.open(case("scans", "c-1", "words")).await.case);
        assert!(kit.workspace.case_sheet(id, ada).await.unwrap().is_none(), "nothing was shown yet");
        kit.workspace.claim(ada, id).await.unwrap();
        let shown = kit.show(id, ada).await;
        let size = kit.workspace.info().await.unwrap().size;
        let sheet = kit.workspace.case_sheet(id, ada).await.unwrap().unwrap();
        assert_eq!((&sheet.shown.token, sheet.shown.shown), (&shown.token, shown.shown));
        assert_eq!(sheet.shown.proposals, shown.proposals);
        assert_eq!(kit.workspace.info().await.unwrap().size, size, "reading records nothing");
        assert!(kit.workspace.case_sheet(id, bo).await.unwrap().is_none(), "it was shown to somebody else");
        kit.answer(&sheet.shown, ada, "benign").await.unwrap();
        assert!(kit.workspace.case_sheet(id, ada).await.unwrap().is_none(), "it was answered");
    })
    .await;
}

/// An open page asks again and again whether it still holds: what answers it opens no value.
#[tokio::test(flavor = "multi_thread")]
async fn a_pulse_says_what_the_sheet_says_and_reads_nothing_for_it() {
    each_engine(306, |kit| async move {
        let (ada, bo, w) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await, &kit.workspace);
        kit.publish(&playbook("scans", "assist", "").replace("title = true", "title = true, personal = true")).await;
        let id = CaseId(kit.open(case("scans", "c-1", "words")).await.case);
        assert_eq!(w.case_pulse(id, ada).await.unwrap(), None, "nobody has it");
        w.claim(ada, id).await.unwrap();
        assert_eq!(w.case_pulse(id, ada).await.unwrap(), None, "nothing was shown yet");
        let shown = kit.show(id, ada).await;
        assert_eq!(w.case_pulse(id, ada).await.unwrap(), Some((EventId(shown.shown), false)));
        assert_eq!(w.case_pulse(id, bo).await.unwrap(), None, "it was shown to somebody else");
        let advice = ProposalInput { proposer: "another".into(), answer: Some("benign".into()), ..ProposalInput::default() };
        w.case_propose(&caller(), id, advice, Options::default()).await.unwrap();
        assert!(w.case_sheet(id, ada).await.unwrap().unwrap().newer);
        raw::execute(kit.app.db(), "update vault set sealed = salt").await.unwrap();
        assert!(w.case_sheet(id, ada).await.is_err(), "no value can be opened any more");
        assert_eq!(w.case_pulse(id, ada).await.unwrap(), Some((EventId(shown.shown), true)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_decisions_stay_at_hand_with_what_can_be_done() {
    each_engine(304, |kit| async move {
        let (ada, bo) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await);
        kit.publish(&playbook("scans", "assist", "")).await;
        kit.publish(&playbook("moves", "panel", "panel = 2")).await;
        let mut ids = Vec::new();
        for (n, name) in ["scans", "scans", "moves"].into_iter().enumerate() {
            ids.push(CaseId(kit.open(case(name, &format!("c-{n}"), &format!("number {n}"))).await.case));
        }
        let first = kit.decide(ids[0], ada, "benign").await.decision.unwrap();
        kit.clock.advance(30 * SECOND);
        kit.decide(ids[1], ada, "attack").await;
        kit.decide(ids[2], ada, "attack").await;
        kit.clock.advance(40 * SECOND);
        let recent = kit.workspace.recent(ada, 10).await.unwrap();
        let told: Vec<(Option<&str>, &str)> = recent.iter().map(|item| (item.title.as_deref(), item.answer.as_str())).collect();
        assert_eq!(told.len(), 3);
        assert_eq!(told[2], (Some("number 0"), "benign"));
        assert!(matches!(&recent[2].afterwards, Afterwards::Stands { decision, .. } if *decision == EventId(first)));
        assert_eq!(recent.iter().filter(|item| matches!(item.afterwards, Afterwards::Undo { .. })).count(), 1);
        assert_eq!(recent.iter().filter(|item| item.afterwards == Afterwards::Waits).count(), 1);
        assert!(kit.workspace.recent(bo, 10).await.unwrap().is_empty());
        kit.workspace.projections_rebuild().await.unwrap();
        assert_eq!(kit.workspace.recent(ada, 10).await.unwrap(), recent);
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_one_session_however_many_try_at_once() {
    each_engine(305, |kit| async move {
        let ada = kit.member("Ada", &[]).await;
        let link = kit.workspace.desk_link(&caller(), ada).await.unwrap();
        assert_eq!(kit.app.desk_link_owner(&link).await.unwrap().unwrap().person, ada);
        let (one, other) = tokio::join!(kit.app.desk_sign_in(&link, None), kit.app.desk_sign_in(&link, None));
        let opened: Vec<_> = [one, other].into_iter().filter_map(Result::ok).collect();
        assert_eq!(opened.len(), 1, "one and only one of two");
        let secret = &opened[0].secret;
        assert_eq!(kit.app.desk_session(secret).await.unwrap().unwrap().person, ada);
        assert!(kit.app.desk_session(&link).await.unwrap().is_none(), "a link is no session");
        assert!(kit.app.desk_link_owner(secret).await.unwrap().is_none(), "a session is no link");
        kit.workspace.desk_sessions_end(ada).await.unwrap();
        assert!(kit.app.desk_session(secret).await.unwrap().is_none());

        let late = kit.workspace.desk_link(&caller(), ada).await.unwrap();
        kit.clock.advance(LINK_MICROS);
        assert!(kit.app.desk_sign_in(&late, None).await.is_err());
        let link = kit.workspace.desk_link(&caller(), ada).await.unwrap();
        let opened = kit.app.desk_sign_in(&link, None).await.unwrap();
        kit.clock.advance(SESSION_MICROS);
        assert!(kit.app.desk_session(&opened.secret).await.unwrap().is_none());
        assert!(kit.workspace.desk_link(&caller(), PersonId(Uuid::nil())).await.is_err(), "nobody");
    })
    .await;
}
