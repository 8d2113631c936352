//! Many cases routed anew after people changed: asked for at once, done beside everything else, gone on with where a node was killed.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    App, Config, Workspace,
    input::{PersonChange, PersonInput},
    reroute::Rerouted,
};
use countersign_core::id::PersonId;
use countersign_testkit::{Clock, Kit, caller, case, each_engine, environment, playbook, raw, root};
use std::time::Duration;

const CASES: usize = 1_300;
const LEASE_MICROS: i64 = 15_000_000;
/// A tenth of a second each: on a busy machine a commit may take longer than one of them.
const QUIET_LOOKS: usize = 10;

async fn held(kit: &Kit) {
    kit.publish(&playbook("alerts", "assist", "")).await;
    kit.publish(&playbook("kept", "hold", "")).await;
    let mut pending = Vec::new();
    for n in 0..CASES {
        pending.push(kit.workspace.case_submit_bulk(&caller(), case("alerts", &format!("a-{n}"), "odd login")).await.unwrap());
        if pending.len() == 400 {
            for receipt in pending.drain(..) {
                assert_eq!(receipt.await.unwrap().state, "held");
            }
        }
    }
    for receipt in pending {
        receipt.await.unwrap();
    }
    kit.open(case("kept", "k", "held by its playbook")).await;
    assert_eq!(states(kit, "held").await, counted(CASES + 1));
}

fn counted(n: usize) -> i64 {
    i64::try_from(n).unwrap()
}

async fn states(kit: &Kit, status: &str) -> i64 {
    raw::number(kit.app.db(), &format!("select count(*) from cases where status = '{status}'")).await
}

async fn routes(kit: &Kit) -> i64 {
    raw::number(kit.app.db(), "select count(*) from events where type = 'case.routed'").await
}

/// Adds a person as the API does, with nobody at work in the background.
async fn add(workspace: &Workspace, name: &str) -> PersonId {
    let input = PersonInput { name: name.into(), mail: None, roles: Vec::new(), external: false };
    PersonId(workspace.person_add(&caller(), input).await.unwrap().person)
}

/// A further node on the same database, with its clock.
async fn node(kit: &Kit, seed: u64) -> (App, Workspace, Clock) {
    let (env, clock) = environment(seed);
    clock.advance(kit.clock.now() - clock.now());
    let app = App::open(Config { database: kit.database.target.clone(), root: root(), env }).await.unwrap();
    let workspace = app.workspace(kit.workspace.id());
    (app, workspace, clock)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_person_is_there_at_once_and_what_was_held_comes_after() {
    each_engine(61, |kit| async move {
        held(&kit).await;
        let ada = add(&kit.workspace, "Ada").await;
        // The request is answered, and nothing but the person has changed; what is to be done is visible.
        assert_eq!(states(&kit, "open").await, 0);
        let mut asked: Vec<_> =
            kit.workspace.info().await.unwrap().rerouting.into_iter().map(|one| (one.playbook, one.state, one.looked)).collect();
        asked.sort();
        assert_eq!(asked, [("alerts".to_owned(), "held".to_owned(), 0), ("kept".to_owned(), "held".to_owned(), 0)]);

        let background = countersign_app::reroute::spawn(&kit.app);
        // Whoever works meanwhile does not wait for the rest.
        let mut decided = 0;
        while !kit.workspace.reroutes().await.unwrap().is_empty() {
            if let Some(claim) = kit.claim_next(ada).await {
                let shown = kit.show(claim.case.into(), ada).await;
                kit.answer(&shown, ada, "attack").await.unwrap();
                decided += 1;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        background.abort();
        assert_eq!(states(&kit, "open").await + decided, counted(CASES));
        assert_eq!(states(&kit, "held").await, 1, "a playbook's own hold stays");
        assert_eq!(routes(&kit).await, counted(2 * CASES + 1), "each once");
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_half_way_leaves_the_rest_to_another() {
    each_engine(62, |kit| async move {
        held(&kit).await;
        let (first, killed, _clock) = node(&kit, 63).await;
        add(&killed, "Ada").await;
        let work = {
            let killed = killed.clone();
            tokio::spawn(async move { killed.reroute_all().await })
        };
        while states(&kit, "open").await == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Killed wherever it is, mostly between what it wrote and writing down that it did.
        work.abort();
        let _ = work.await;
        drop((killed, first));
        // What it had handed in to be written is written all the same, a moment later.
        let (mut written, mut quiet) = (routes(&kit).await, 0);
        while quiet < QUIET_LOOKS {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = routes(&kit).await;
            quiet = if now == written { quiet + 1 } else { 0 };
            written = now;
        }

        // As long as its lease lasts nobody else is at it; then another node goes on, and nothing is routed twice.
        let (app, second, clock) = node(&kit, 64).await;
        if second.reroutes().await.unwrap().iter().any(|one| one.playbook == "alerts") {
            let before = states(&kit, "open").await;
            second.reroute_all().await.unwrap();
            assert_eq!(states(&kit, "open").await, before, "under another node's lease");
            clock.advance(LEASE_MICROS + 1_000_000);
            second.reroute_all().await.unwrap();
        }
        assert!(second.reroutes().await.unwrap().is_empty());
        assert_eq!((states(&kit, "open").await, states(&kit, "held").await), (counted(CASES), 1));
        assert_eq!(routes(&kit).await, counted(2 * CASES + 1), "each once");
        app.close().await;
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_for_again_half_way_it_begins_again_and_a_stranger_asks_for_nothing() {
    each_engine(65, |kit| async move {
        kit.publish(
            &playbook("alerts", "assist", "").replace("[decide]", "").replace("[routing]", "[decide]\nroles = [\"soc\"]\n[routing]"),
        )
        .await;
        for n in 0..3 {
            kit.open(case("alerts", &format!("a-{n}"), "odd login")).await;
        }
        let external = PersonInput { name: "Eve".into(), mail: None, roles: Vec::new(), external: true };
        kit.workspace.person_add(&caller(), external).await.unwrap();
        assert!(kit.workspace.reroutes().await.unwrap().is_empty(), "whoever never decides changes no route");

        let ada = add(&kit.workspace, "Ada").await;
        assert_eq!(kit.workspace.reroute_all().await.unwrap(), Rerouted { looked: 3, rerouted: 0 }, "she has not the role");
        let change = |roles: &[&str]| PersonChange { roles: roles.iter().map(|r| (*r).to_owned()).collect(), active: true, mail: None };
        kit.workspace.person_change(&caller(), ada, change(&["other"])).await.unwrap();
        kit.workspace.person_change(&caller(), ada, change(&["soc"])).await.unwrap();
        assert_eq!(kit.workspace.reroutes().await.unwrap().len(), 1, "asked for twice, done once");
        assert_eq!(kit.workspace.reroute_all().await.unwrap(), Rerouted { looked: 3, rerouted: 3 });
        assert_eq!(kit.workspace.reroute_all().await.unwrap(), Rerouted::default());
        kit.assert_sound().await;
    })
    .await;
}
