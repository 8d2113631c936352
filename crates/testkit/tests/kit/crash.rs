//! A node that is killed at any moment loses nothing that it acknowledged, and leaves nothing half-written.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use countersign_app::view::Receipt;
use countersign_testkit::{Kit, dice::Dice, each_engine, playbook, raw, story};
use std::{
    collections::HashSet,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

const KILLS_MIN: usize = 50;
const KILLS_IN_FLIGHT_MIN: usize = 40;
/// Longest that a child writes before it is killed.
const LIFE_MILLIS_MAX: usize = 150;
/// Everything is verified after so many kills, and at the end; what was acknowledged, after each.
const KILLS_A_VERIFICATION: usize = 5;
/// Cases that the child takes in together or not at all.
const ATOMIC_CASES: i64 = 5;

/// What a child said before it died.
#[derive(Default)]
struct Said {
    sent: usize,
    answered: usize,
    receipts: Vec<Receipt>,
}

/// A child that does not outlive the scenario.
struct Running(Child);

impl Drop for Running {
    /// SIGKILL: nothing of the child runs any more.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Lets a child write for a while and kills it. What it said stays readable: the pipe outlives it.
fn killed(kit: &Kit, round: usize, life: Duration) -> Said {
    let child = Command::new(env!("CARGO_BIN_EXE_crash-child"))
        .args([kit.database.target.clone(), kit.workspace.id().to_string(), round.to_string()])
        .stdout(Stdio::piped())
        .spawn();
    let mut child = Running(child.unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().expect("the child starts").unwrap(), "ready");
    // Reading goes on meanwhile, or the child would wait for the pipe instead of writing.
    let reader = std::thread::spawn(move || {
        let mut said = Said::default();
        for line in lines.map_while(Result::ok) {
            if line == "s" {
                said.sent += 1;
            } else if let Some(Ok(receipts)) = line.strip_prefix("a ").map(serde_json::from_str::<Vec<Receipt>>) {
                // A last line that is cut off is no acknowledgement.
                said.answered += 1;
                said.receipts.extend(receipts);
            }
        }
        said
    });
    std::thread::sleep(life);
    assert!(child.0.try_wait().unwrap().is_none(), "the child ended by itself: a request of its was refused");
    drop(child);
    reader.join().unwrap()
}

/// Waits until PostgreSQL has noticed that the child is gone: until then a commit of it may still be under way.
async fn alone(app: &countersign_app::App) {
    if !raw::is_postgres(app.db()) {
        return;
    }
    // The node's own pool is named too; only what works right now counts.
    let others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'";
    while raw::number(app.db(), others).await > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn acknowledged_is_there(app: &countersign_app::App, acknowledged: &HashSet<String>) {
    let id = raw::hex_of(app.db(), "id", true);
    let there: HashSet<String> = raw::texts(app.db(), &format!("select {id} from events")).await.into_iter().collect();
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "{} acknowledged events are lost: {lost:?}", lost.len());
    let atomic = raw::number(
        app.db(),
        "select count(*) from cases c join playbooks p on p.playbook = c.playbook and p.version = 1 where p.name = 'scans'",
    )
    .await;
    assert_eq!(atomic % ATOMIC_CASES, 0, "an atomic intake was taken in by halves");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_every_kill() {
    each_engine(41, |kit| async move {
        for (name, route) in [("alerts", "assist"), ("scans", "blind")] {
            kit.publish(&playbook(name, route, "")).await;
        }
        kit.publish(story::LETTERS).await;
        for name in ["Ada", "Bo", "Cy"] {
            kit.member(name, &[]).await;
        }
        kit.integrate().await;
        // From now on every node that looks is a fresh one, which finds the files as the kill left them.
        kit.app.close().await;
        let mut dice = Dice::new(41);
        let (mut kills, mut in_flight) = (0, 0);
        let mut acknowledged = HashSet::new();
        while kills < KILLS_MIN || in_flight < KILLS_IN_FLIGHT_MIN {
            assert!(kills < 2 * KILLS_MIN, "only {in_flight} of {kills} kills came while something was being written");
            let life = Duration::from_millis(u64::try_from(dice.below(LIFE_MILLIS_MAX)).unwrap());
            let said = killed(&kit, kills, life);
            kills += 1;
            in_flight += usize::from(said.sent > said.answered);
            acknowledged.extend(said.receipts.iter().flat_map(|r| r.events.iter().map(|e| e.id.simple().to_string())));
            let (app, workspace) = kit.second_node(u64::try_from(kills).unwrap()).await;
            alone(&app).await;
            acknowledged_is_there(&app, &acknowledged).await;
            if kills.is_multiple_of(KILLS_A_VERIFICATION) {
                let wrongs = raw::wrongs(&app, &workspace).await;
                assert!(wrongs.is_empty(), "after {kills} kills: {wrongs:#?}");
            }
            app.close().await;
        }
        println!("{kills} kills, {in_flight} of them while something was being written, {} acknowledged events", acknowledged.len());
        assert!(acknowledged.len() > 500, "the children hardly wrote: {} events", acknowledged.len());

        // The log is integrated to its end, and everything holds.
        let (app, workspace) = kit.second_node(1_000).await;
        raw::execute(app.db(), "delete from integrators").await.unwrap();
        let size = workspace.integrate().await.unwrap();
        assert_eq!(i64::try_from(size).unwrap(), raw::number(app.db(), "select count(*) from events").await);
        let wrongs = raw::wrongs(&app, &workspace).await;
        assert!(wrongs.is_empty(), "{wrongs:#?}");
        app.close().await;
    })
    .await;
}
