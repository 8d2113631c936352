//! Faults below the product: a full disk, connections that are cut, answers that never arrive, a clock that goes back. Each gives a
//! clear refusal or a retry that is safe, and nothing half-written.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{Error, IdempotencyKey, Options, view::Receipt};
use countersign_core::{id::CaseId, refusal::Code};
use countersign_store::Db;
use countersign_testkit::{Kit, caller, case, dice::Dice, each_engine, judgment, playbook, raw};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Options with an idempotency key, which stands for the request too.
fn keyed(key: &str) -> Options {
    let request = countersign_core::content::Digest::of(key.as_bytes()).0;
    Options { idempotency: Some(IdempotencyKey { route: "POST /v1/cases".into(), key: key.into(), request }), if_match: None }
}

fn detail(error: &Error) -> (Code, String) {
    let refusal = error.refusal();
    (refusal.code, refusal.detail)
}

async fn counts(kit: &Kit) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["events", "cases", "decisions", "vault", "subjects", "external_ids", "idempotency"] {
        counts.push(raw::number(kit.app.db(), &format!("select count(*) from {table}")).await);
    }
    counts
}

/// SQLite only: PostgreSQL's disk cannot be filled from a test. Its refusal (53100) is classified in the same place.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_named_and_leaves_nothing_half_written() {
    each_engine(61, |kit| async move {
        let Db::Sqlite { writer, .. } = kit.app.db().clone() else {
            return;
        };
        kit.publish(&playbook("alerts", "assist", "")).await;
        let ada = kit.member("Ada", &[]).await;
        let waiting = kit.open(case("alerts", "waiting", "odd login")).await;
        let id = CaseId(waiting.case);
        kit.workspace.claim(ada, id).await.unwrap();
        let shown = kit.show(id, ada).await;

        // From here on the file may not grow: what fits into its free pages still does, then the disk is full.
        sqlx::query("pragma max_page_count = 1").execute(&writer).await.unwrap();
        let mut accepted = Vec::new();
        let refused = loop {
            let n = accepted.len();
            assert!(n < 10_000, "the disk is never full");
            match kit
                .workspace
                .case_open(&caller(), case("alerts", &format!("a-{n}"), &"long words ".repeat(50)), keyed(&format!("k-{n}")))
                .await
            {
                Ok(receipt) => accepted.push(receipt),
                Err(error) => break error,
            }
        };
        let (code, words) = detail(&refused);
        assert_eq!(code, Code::Storage);
        assert!(words.contains("disk is full") && words.contains("nothing was written"), "{words}");
        let before = counts(&kit).await;
        for _ in 0..20 {
            let again =
                kit.workspace.case_open(&caller(), case("alerts", "more", &"long words ".repeat(50)), keyed("more")).await.unwrap_err();
            assert_eq!(detail(&again).1, words);
        }
        let many = (0..50).map(|n| case("alerts", &format!("m-{n}"), &"long words ".repeat(50))).collect();
        let atomic = kit.workspace.cases_open_atomic(&caller(), many, Options::default()).await.unwrap_err();
        assert_eq!(detail(&atomic.error), (Code::Storage, words));
        assert_eq!(counts(&kit).await, before, "nothing is half-written");
        // Reading goes on.
        assert_eq!(kit.workspace.case_get(id, None).await.unwrap().state, "open");

        // With room again everything works on, on the same node, and the same request is taken as if for the first time.
        sqlx::query("pragma max_page_count = 1000000").execute(&writer).await.unwrap();
        let n = accepted.len();
        let receipt = kit
            .workspace
            .case_open(&caller(), case("alerts", &format!("a-{n}"), &"long words ".repeat(50)), keyed(&format!("k-{n}")))
            .await
            .unwrap();
        assert_eq!(receipt.status, "accepted");
        assert!(kit.answer(&shown, ada, "attack").await.unwrap().decision.is_some());
        kit.assert_sound().await;
    })
    .await;
}

/// Sends until it is answered, as a careful client does: the same request under the same key.
async fn sent_until_answered(kit: &Kit, n: usize, retries: &mut usize) -> Receipt {
    loop {
        match kit.workspace.case_open(&caller(), case("alerts", &format!("a-{n}"), "odd login"), keyed(&format!("k-{n}"))).await {
            Ok(receipt) => return receipt,
            Err(error) => {
                let (code, words) = detail(&error);
                assert!(matches!(code, Code::Storage | Code::Busy), "{code:?}: {words}");
                // Whether the commit took place is unknown, so nothing may be claimed about what was written.
                assert!(words.contains("send"), "a retry must be named as safe: {words}");
                *retries += 1;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_connections_lose_and_double_nothing() {
    const CASES: usize = 300;
    const SENDERS: usize = 8;
    each_engine(62, |kit| async move {
        if !raw::is_postgres(kit.app.db()) {
            return;
        }
        kit.publish(&playbook("alerts", "assist", "")).await;
        let ada = kit.member("Ada", &[]).await;
        let kit = Arc::new(kit);
        let done = Arc::new(AtomicBool::new(false));
        let (scissors, target) = (Arc::clone(&done), kit.database.target.clone());
        let cutting = tokio::spawn(async move {
            let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(&target).await.unwrap();
            let mut cuts = 0_i64;
            while !scissors.load(Ordering::SeqCst) {
                let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
                cuts += sqlx::query_scalar::<_, i64>(cut).fetch_one(&pool).await.unwrap();
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
            cuts
        });
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let kit = Arc::clone(&kit);
                tokio::spawn(async move {
                    let (mut receipts, mut retries) = (Vec::new(), 0);
                    for n in (sender..CASES).step_by(SENDERS) {
                        receipts.push(sent_until_answered(&kit, n, &mut retries).await);
                    }
                    (receipts, retries)
                })
            })
            .collect();
        let (mut receipts, mut retries) = (Vec::new(), 0);
        for sender in senders {
            let (mine, again) = sender.await.unwrap();
            receipts.extend(mine);
            retries += again;
        }
        done.store(true, Ordering::SeqCst);
        let cuts = cutting.await.unwrap();
        println!("{cuts} connections cut, {retries} requests sent again");
        assert!(cuts > 20 && retries > 5, "{cuts} cuts and {retries} retries prove little");

        // The node works on by itself, nothing was lost, nothing was doubled.
        // The last cut may still be on its way to a connection that looks whole.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let opened = raw::number(kit.app.db(), "select count(*) from cases").await;
        assert_eq!(usize::try_from(opened).unwrap(), CASES);
        let id = raw::hex_of(kit.app.db(), "id", true);
        let events = raw::texts(kit.app.db(), &format!("select {id} from events")).await;
        for receipt in &receipts {
            assert_eq!(receipt.status, "accepted");
            assert!(receipt.events.iter().all(|e| events.contains(&e.id.simple().to_string())));
        }
        assert!(kit.claim_next(ada).await.is_some());
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_arrived_is_given_again() {
    each_engine(63, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let ada = kit.member("Ada", &[]).await;
        let mut dice = Dice::new(63);
        for n in 0..60 {
            let input = || case("alerts", &format!("a-{n}"), "odd login");
            let options = || {
                if n % 2 == 0 { keyed(&format!("k-{n}")) } else { Options::default() }
            };
            let patience = Duration::from_micros(u64::try_from(dice.below(1_500)).unwrap());
            // The caller goes away, at any moment of the way.
            let first = tokio::time::timeout(patience, kit.workspace.case_open(&caller(), input(), options())).await;
            let again = kit.workspace.case_open(&caller(), input(), options()).await.unwrap();
            let third = kit.workspace.case_open(&caller(), input(), options()).await.unwrap();
            assert_eq!(again.case, third.case);
            if n % 2 == 0 {
                assert_eq!(again, third, "the same key gives the same receipt");
                assert_eq!(again.status, "accepted");
            } else {
                assert_eq!(third.status, "duplicate");
            }
            if let Ok(first) = first {
                assert_eq!(first.unwrap().case, again.case);
            }

            // The same for an answer: it counts once.
            let id = CaseId(again.case);
            kit.workspace.claim(ada, id).await.unwrap();
            let shown = kit.show(id, ada).await;
            let (by, key) = (caller(), format!("j-{n}"));
            let answer = || {
                let input = judgment(&shown, ada, "attack");
                kit.workspace.case_judge(&by, id, input, keyed(&key))
            };
            let first = tokio::time::timeout(patience, answer()).await;
            let again = answer().await.unwrap();
            assert!(again.decision.is_some());
            if let Ok(first) = first {
                assert_eq!(first.unwrap(), again);
            }
        }
        assert_eq!(raw::number(kit.app.db(), "select count(*) from cases").await, 60);
        assert_eq!(raw::number(kit.app.db(), "select count(*) from decisions").await, 60);
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back_disorders_nothing() {
    const HOUR: i64 = 3_600_000_000;
    each_engine(64, |kit| async move {
        kit.publish(&playbook("alerts", "blind", "")).await;
        let ada = kit.member("Ada", &[]).await;
        let ids: Vec<CaseId> = {
            let mut ids = Vec::new();
            for n in 0..6 {
                ids.push(CaseId(kit.open(case("alerts", &format!("a-{n}"), "odd login")).await.case));
                kit.clock.advance(if n == 2 { -HOUR } else { 1_000 });
            }
            ids
        };
        kit.integrate().await;
        for (n, id) in ids.iter().enumerate() {
            kit.decide(*id, ada, "attack").await;
            kit.clock.advance(if n % 2 == 0 { -HOUR } else { HOUR / 12 });
            let second = kit.show(*id, ada).await;
            assert!(kit.answer(&second, ada, "benign").await.unwrap().decision.is_some());
        }
        // A checkpoint is signed as soon as anything is to sign, whatever the clock says.
        kit.clock.advance(-2 * HOUR);
        let events = raw::number(kit.app.db(), "select count(*) from events").await;
        assert_eq!(i64::try_from(kit.workspace.integrate().await.unwrap()).unwrap(), events);
        kit.assert_sound().await;

        // On each stream the times that were taken in never fall, though the clock did.
        let falls = "select count(*) from events a join events b on b.workspace = a.workspace and b.stream = a.stream and b.stream_version = a.stream_version + 1 where b.recorded_at < a.recorded_at";
        assert_eq!(raw::number(kit.app.db(), falls).await, 0);
    })
    .await;
}
