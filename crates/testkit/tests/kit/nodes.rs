//! Two nodes on one database, doing the same things at the same time.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use countersign_app::{
    Caller, Error, Options, Workspace,
    input::{AmendInput, StopInput},
    view::Receipt,
};
use countersign_core::{
    event::Actor,
    id::{CaseId, PersonId},
    refusal::Code,
};
use countersign_testkit::{Kit, caller, case, each_engine, judgment, playbook, raw};
use serde_json::json;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};
use uuid::Uuid;

const WORKERS_A_NODE: usize = 8;

fn code(error: &Error) -> Code {
    error.refusal().code
}

async fn people(kit: &Kit, count: usize) -> Vec<PersonId> {
    let mut people = Vec::new();
    for n in 0..count {
        people.push(kit.member(&format!("P{n}"), &[]).await);
    }
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_case_written_by_two_nodes_keeps_one_history() {
    each_engine(51, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        kit.publish(&playbook("moves", "panel", "panel = 2")).await;
        let people = people(&kit, 2).await;
        let (app, second) = kit.second_node(52).await;
        let nodes = [kit.workspace.clone(), second];
        for round in 0..20 {
            // The same external id from both at once: one case, one duplicate.
            let twins = [0, 1].map(|n| {
                let node = nodes[n].clone();
                tokio::spawn(async move {
                    node.case_open(&caller(), case("moves", &format!("m-{round}"), "e4"), Options::default()).await.unwrap()
                })
            });
            let [a, b] = twins;
            let (a, b) = (a.await.unwrap(), b.await.unwrap());
            assert_eq!(a.case, b.case);
            let words: HashSet<&str> = [a.status.as_str(), b.status.as_str()].into();
            assert_eq!(words, HashSet::from(["accepted", "duplicate"]));
            let id = CaseId(a.case);

            // Both panel members answer at once, each on their own node.
            let answers = [0, 1].map(|n| {
                let (node, person) = (nodes[n].clone(), people[n]);
                tokio::spawn(async move {
                    node.claim(person, id).await.unwrap();
                    let shown = node.case_show(&caller(), id, person, Options::default()).await.unwrap();
                    node.case_judge(&caller(), id, judgment(&shown, person, "attack"), Options::default()).await.unwrap()
                })
            });
            let [a, b] = answers;
            let decisions: Vec<Uuid> = [a.await.unwrap(), b.await.unwrap()].into_iter().filter_map(|r: Receipt| r.decision).collect();
            assert_eq!(decisions.len(), 1, "the second answer settles the case, and only it");

            // Content is amended on one node while it is answered on the other: the answer is for the old content or refused.
            let id = CaseId(kit.open(case("alerts", &format!("a-{round}"), "odd login")).await.case);
            nodes[1].claim(people[0], id).await.unwrap();
            let shown = nodes[1].case_show(&caller(), id, people[0], Options::default()).await.unwrap();
            let (amending, answering) = (nodes[0].clone(), nodes[1].clone());
            let fields = json!({ "text": "odd login, again" }).as_object().cloned().unwrap();
            let amend = tokio::spawn(async move { amending.case_amend(&caller(), id, AmendInput { fields }, Options::default()).await });
            let person = people[0];
            let answer =
                tokio::spawn(
                    async move { answering.case_judge(&caller(), id, judgment(&shown, person, "attack"), Options::default()).await },
                );
            match (amend.await.unwrap(), answer.await.unwrap()) {
                (Ok(_), Err(void)) => assert_eq!(code(&void), Code::ShownTokenInvalid),
                (Err(late), Ok(_)) => assert_eq!(code(&late), Code::WrongState),
                (amended, answered) => {
                    panic!("an answer binds to content: {amended:?} {answered:?}")
                }
            }
        }
        kit.assert_sound().await;
        app.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_on_one_node_is_heeded_by_the_other() {
    each_engine(53, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "automate = { max_error = 0.02, certainty = 0.95, audit = 0.05 }")).await;
        let two = people(&kit, 2).await;
        let (app, second) = kit.second_node(54).await;
        // The second node has its view of what is stopped and goes on writing while the first one presses stop and resume.
        let writing = tokio::spawn(async move {
            for n in 0..200 {
                second.case_open(&caller(), case("alerts", &format!("w-{n}"), "odd login"), Options::default()).await.unwrap();
            }
        });
        let press = |person| StopInput { playbook: None, proposer: None, person, reason: "a drill".into() };
        for _ in 0..5 {
            kit.workspace.automation_stop(&caller(), press(None)).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            for person in &two {
                let in_person = Caller { actor: Actor::Person(*person), ..caller() };
                kit.workspace.automation_resume(&in_person, press(Some(person.0))).await.unwrap();
            }
        }
        writing.await.unwrap();
        kit.assert_sound().await;

        // Every route says what was stopped at its own place in the log, whichever node wrote it.
        let (mut stopped, mut routes) = (false, [0, 0]);
        for event in kit.workspace.events_from(0, 10_000).await.unwrap() {
            match event.event["type"].as_str().unwrap() {
                "automation.stopped" => stopped = true,
                "automation.resumed" => stopped = false,
                "case.routed" => {
                    let said = event.event["body"]["would_automate"]["refused"].as_str().expect("automation is allowed by the playbook");
                    assert_eq!(said == "stopped", stopped, "position {}: {said}", event.position);
                    routes[usize::from(stopped)] += 1;
                }
                _ => {}
            }
        }
        assert_eq!(routes[0] + routes[1], 200);
        app.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn integrating_from_everywhere_at_once_gives_one_log() {
    each_engine(57, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let (app, second) = kit.second_node(58).await;
        let writing = {
            let node = second.clone();
            tokio::spawn(async move {
                for n in 0..300 {
                    node.case_open(&caller(), case("alerts", &format!("i-{n}"), "odd login"), Options::default()).await.unwrap();
                }
            })
        };
        // The background's turn, a bundle's and an operator's may come together on each node.
        let integrating: Vec<_> = (0..6)
            .map(|n| {
                let (node, clock) = ([kit.workspace.clone(), second.clone()][n % 2].clone(), kit.clock.clone());
                tokio::spawn(async move {
                    for _ in 0..40 {
                        clock.advance(4_000_000);
                        node.integrate().await.unwrap();
                        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                    }
                })
            })
            .collect();
        writing.await.unwrap();
        for task in integrating {
            task.await.unwrap();
        }
        kit.assert_sound().await;
        app.close().await;
    })
    .await;
}

/// Who is on which case right now, as the workers know it.
type Holders = Arc<Mutex<HashMap<Uuid, HashSet<Uuid>>>>;

/// Claims and lets go, again and again, and says how often something was claimed.
async fn claim_and_release(node: Workspace, person: PersonId, turns: usize, holders: Holders, seats: Arc<HashMap<Uuid, usize>>) -> usize {
    let mut claims = 0;
    for _ in 0..turns {
        let Some(claim) = node.claim_next(person, None).await.unwrap() else {
            continue;
        };
        claims += 1;
        {
            let mut holders = holders.lock().unwrap();
            let on_it = holders.entry(claim.case).or_default();
            assert!(on_it.insert(person.0), "served twice to the same person");
            assert!(on_it.len() <= seats[&claim.case], "case {} is served to {on_it:?} and has {} seats", claim.case, seats[&claim.case]);
        }
        tokio::task::yield_now().await;
        // It is given up before the database knows, so that nobody is blamed for what they may already do.
        holders.lock().unwrap().get_mut(&claim.case).unwrap().remove(&person.0);
        node.release(person, CaseId(claim.case)).await.unwrap();
    }
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn no_case_is_served_to_two_who_should_not_share() {
    const CASES: usize = 24;
    const TURNS: usize = 150;
    each_engine(55, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        kit.publish(&playbook("moves", "panel", "panel = 3")).await;
        let people = people(&kit, 2 * WORKERS_A_NODE).await;
        let (app, second) = kit.second_node(56).await;
        let nodes = [kit.workspace.clone(), second];
        let mut seats = HashMap::new();
        for n in 0..CASES {
            seats.insert(kit.open(case("alerts", &format!("a-{n}"), "odd login")).await.case, 1);
            if n % 4 == 0 {
                seats.insert(kit.open(case("moves", &format!("m-{n}"), "e4")).await.case, 3);
            }
        }
        let (seats, holders) = (Arc::new(seats), Holders::default());

        // First with giving back, a few thousand times.
        let workers: Vec<_> = people
            .iter()
            .enumerate()
            .map(|(n, person)| tokio::spawn(claim_and_release(nodes[n % 2].clone(), *person, TURNS, holders.clone(), seats.clone())))
            .collect();
        let mut claims = 0;
        for worker in workers {
            claims += worker.await.unwrap();
        }
        assert!(claims > 2_000, "only {claims} claims");

        // Then until nothing is left: every seat is taken, and no more.
        let taken: Vec<_> = people
            .iter()
            .enumerate()
            .map(|(n, person)| {
                let (node, person) = (nodes[n % 2].clone(), *person);
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    while let Some(claim) = node.claim_next(person, None).await.unwrap() {
                        mine.push((claim.case, person.0));
                    }
                    mine
                })
            })
            .collect();
        let mut served: HashMap<Uuid, HashSet<Uuid>> = HashMap::new();
        for worker in taken {
            for (case, person) in worker.await.unwrap() {
                assert!(served.entry(case).or_default().insert(person));
            }
        }
        for (case, seats) in seats.iter() {
            assert_eq!(served.get(case).map(HashSet::len), Some(*seats), "case {case}");
        }

        // Everybody answers at once what they hold; panels settle with exactly three.
        let answers: Vec<_> = served
            .iter()
            .flat_map(|(case, on_it)| on_it.iter().map(move |person| (CaseId(*case), PersonId(*person))))
            .enumerate()
            .map(|(n, (case, person))| {
                let node = nodes[n % 2].clone();
                tokio::spawn(async move {
                    let shown = node.case_show(&caller(), case, person, Options::default()).await.unwrap();
                    node.case_judge(&caller(), case, judgment(&shown, person, "attack"), Options::default()).await.unwrap()
                })
            })
            .collect();
        let mut decisions = 0;
        for answer in answers {
            decisions += usize::from(answer.await.unwrap().decision.is_some());
        }
        assert_eq!(decisions, seats.len());
        assert_eq!(raw::number(kit.app.db(), "select count(*) from cases where status <> 'decided'").await, 0);
        kit.assert_sound().await;
        app.close().await;
    })
    .await;
}
