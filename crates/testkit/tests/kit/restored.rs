//! After a restore the evidence for every decision is there still: what lies in the log from before is vouched for by the new log.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use countersign_app::{Workspace, bundle};
use countersign_core::id::{CaseId, EventId, PersonId};
use countersign_ledger::bundle::Bundle;
use countersign_testkit::{Kit, case, each_engine, playbook, raw};

/// Takes a case in.
async fn open(kit: &Kit, id: &str) -> CaseId {
    CaseId(kit.open(case("alerts", id, "odd login")).await.case)
}

/// Decides a case by one person; the decision.
async fn decide(kit: &Kit, case: CaseId, by: PersonId) -> EventId {
    EventId(kit.decide(case, by, "attack").await.decision.expect("a decision"))
}

/// What `restore` does once the copy is in its place.
async fn restore(kit: &Kit) {
    raw::execute(kit.app.db(), "delete from integrators").await.unwrap();
    kit.app.restore_finish(&[]).await.unwrap();
}

async fn problems(workspace: &Workspace) -> String {
    let report = workspace.verify(&|_| {}, None).await.unwrap();
    report.problems.iter().map(|p| format!("{} {}: {}\n", p.what, p.place, p.detail)).collect()
}

/// The bundle, which holds under the present log's key; how many logs came before.
async fn proven(kit: &Kit, decision: EventId) -> (Vec<u8>, usize) {
    let bytes = kit.workspace.bundle(decision, true, None).await.unwrap();
    let key = kit.workspace.log_key().await.unwrap();
    let verdict = bundle::verify(&bytes, Some(&key)).unwrap();
    assert!(verdict.trusted && verdict.decision == decision.to_string());
    assert!(verdict.story.iter().any(|line| line.contains("DECIDED")), "{:?}", verdict.story);
    (bytes, verdict.earlier_logs.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_proven_across_restores() {
    each_engine(77, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let ada = kit.member("Ada", &[]).await;
        let before = decide(&kit, open(&kit, "before").await, ada).await;
        let across = open(&kit, "across").await;
        let old_key = kit.workspace.log_key().await.unwrap();
        let (old, logs) = proven(&kit, before).await;
        assert_eq!(logs, 0);
        // What was committed last is in no checkpoint of the old log, as in a dump that was made between two rounds.
        let late = open(&kit, "late").await;

        restore(&kit).await;
        assert_eq!(proven(&kit, before).await.1, 1);
        let across = decide(&kit, across, ada).await;
        let late = decide(&kit, late, ada).await;
        let after = decide(&kit, open(&kit, "after").await, ada).await;
        restore(&kit).await;
        let latest = decide(&kit, open(&kit, "latest").await, ada).await;
        for decision in [before, across, late, after, latest] {
            assert_eq!(proven(&kit, decision).await.1, 2);
        }
        assert_eq!(problems(&kit.workspace).await, "");

        // Bundles from before stay valid under the old log's key, which says nothing of the new log.
        assert!(bundle::verify(&old, Some(&old_key)).unwrap().trusted);
        let bytes = proven(&kit, across).await.0;
        let error = bundle::verify(&bytes, Some(&old_key)).unwrap_err().to_string();
        assert!(error.contains("opens a new log with a key of its own"), "{error}");
        tampered(&bytes);
    })
    .await;
}

/// Each of these is refused, by a text that says which log or event does not hold.
fn tampered(bytes: &[u8]) {
    let refused = |spoil: &dyn Fn(&mut Bundle), why: &str| {
        let mut bundle = Bundle::from_bytes(bytes).unwrap();
        spoil(&mut bundle);
        let error = bundle::verify(&bundle.to_bytes().unwrap(), None).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    refused(&|b| b.entries.clear(), "no entries");
    refused(&|b| b.earlier[1].checkpoint.push('\n'), "earlier log 1: the first leaf of the log after it does not hold its checkpoint");
    refused(&|b| drop(b.earlier.remove(0)), "the playbook's version is not in the bundle");
    refused(&|b| drop(b.earlier.remove(1)), "earlier log 0: the first leaf of the log after it does not hold its checkpoint");
    refused(&|b| drop(b.earlier[0].entries.pop()), "is left out of the bundle");
    refused(&|b| b.earlier[0].entries[0].event[10] ^= 1, "earlier log 0: entry 0 is not proven");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_states_another_end_of_the_old_log_is_found() {
    each_engine(78, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        open(&kit, "one").await;
        restore(&kit).await;
        assert_eq!(problems(&kit.workspace).await, "");
        // An event of the old log is moved into the new one's place by whoever holds the database: the end is another then.
        let sql = "update events set bytes = (select bytes from events e where e.position = 0), leaf = (select leaf from events e where e.position = 0) where position = 1";
        raw::execute(kit.app.db(), sql).await.unwrap();
        let told = problems(&kit.workspace).await;
        assert!(told.contains("the restore that ended this log states another end of it than its events give"), "{told}");
    })
    .await;
}
