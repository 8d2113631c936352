//! A node for the crash scenario: writes as fast as it can from several tasks until it is killed, and says on standard output what
//! it sends and what was acknowledged. `crash-child DATABASE WORKSPACE ROUND`; for tests only.
//!
//! A line is `s` for a request that is handed in, or `a` with its receipts once it was answered.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "test support: a setup that fails should panic and say where")]

use countersign_app::{App, Config, Env, Error, Options, Workspace, view::Receipt};
use countersign_core::id::{CaseId, PersonId, WorkspaceId};
use countersign_testkit::{caller, case, judgment, root, story};
use std::{io::Write as _, time::SystemTime};

const TASKS: usize = 6;
/// Cases of one atomic intake.
const ATOMIC_CASES: usize = 5;

/// The real clock and the real randomness, as the product has them.
fn environment() -> Env {
    #[expect(clippy::disallowed_methods, reason = "this stands for the binary, where the clock is read")]
    let now = || {
        i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970").as_micros())
            .expect("a clock before 292,277")
    };
    #[expect(clippy::disallowed_methods, reason = "this stands for the binary, where randomness is drawn")]
    let random = |bytes: &mut [u8]| getrandom::fill(bytes).expect("randomness");
    Env::new(now, random)
}

/// Says something in one piece; tasks do not cut into each other's lines.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
        // Nobody listens any more: the scenario ended without killing this child.
        std::process::exit(1);
    }
}

/// Sends a request and says what became of it.
async fn sent(receipts: impl Future<Output = Result<Vec<Receipt>, Error>>) -> Vec<Receipt> {
    say("s\n");
    // A request that fails for any reason but the kill fails the scenario.
    let receipts = receipts.await.expect("an accepted request");
    say(&format!("a {}\n", serde_json::to_string(&receipts).expect("receipts are JSON")));
    receipts
}

async fn one(receipt: impl Future<Output = Result<Receipt, Error>>) -> Receipt {
    sent(async { receipt.await.map(|r| vec![r]) }).await.remove(0)
}

async fn work(workspace: Workspace, person: PersonId, name: String) {
    let (by, any) = (caller(), Options::default);
    for n in 0.. {
        let external_id = format!("{name}-{n}");
        if n % 7 == 0 {
            let cases = (0..ATOMIC_CASES).map(|k| case("scans", &format!("{external_id}-{k}"), "left lung")).collect();
            sent(async { workspace.cases_open_atomic(&by, cases, any()).await.map_err(|e| e.error) }).await;
            continue;
        }
        let letter = n % 3 == 0;
        let input = if letter {
            story::letter(&external_id, &format!("customer {}", n % 10), "the parcel")
        } else {
            case("alerts", &external_id, "odd login")
        };
        let id = CaseId(one(workspace.case_open(&by, input, any())).await.case);
        workspace.claim(person, id).await.expect("a claim");
        let shown = workspace.case_show(&by, id, person, any()).await.expect("a shown case");
        let answer = if letter { "We are sorry about the parcel" } else { "attack" };
        one(workspace.case_judge(&by, id, judgment(&shown, person, answer), any())).await;
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, database, workspace, round] = arguments.as_slice() else { panic!("crash-child DATABASE WORKSPACE ROUND") };
    let app = App::open(Config { database: database.clone(), root: root(), env: environment() }).await.expect("a node");
    let workspace = app.workspace(WorkspaceId(workspace.parse().expect("a workspace's id")));
    let people = workspace.people_list().await.expect("people");
    let _integrator = countersign_app::integrator::spawn(&app);
    say("ready\n");
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let person = PersonId(people[task % people.len()].person);
            tokio::spawn(work(workspace.clone(), person, format!("{round}-{task}")))
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}
