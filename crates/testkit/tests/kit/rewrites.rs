//! Somebody who holds the database, and even the keys, rewrites what happened: a checkpoint from before tells. Whoever alters
//! what lists and queue read is told by a replay, and a rebuild puts it right.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use countersign_app::{App, Workspace};
use countersign_testkit::{Kit, case, each_engine, playbook, raw, story};

/// What is wrong, in one text; empty where nothing is.
async fn verdict(workspace: &Workspace, older: Option<&str>) -> String {
    let report = workspace.verify(&|_| {}, older).await.unwrap();
    report.problems.iter().map(|p| format!("{} {}: {}\n", p.what, p.place, p.detail)).collect()
}

/// Cuts the log back to a size and hides all traces, with the keys in hand.
async fn cut_off(kit: &Kit, size: u64) -> (App, Workspace) {
    let db = kit.app.db();
    for sql in [
        format!("delete from events where position >= {size}"),
        format!("update log_heads set size = {size}, control_epoch = control_epoch + 1"),
        "delete from tiles".into(),
        "delete from checkpoints".into(),
        "delete from integrators".into(),
    ] {
        raw::execute(db, &sql).await.unwrap();
    }
    let (app, workspace) = kit.second_node(size).await;
    workspace.projections_rebuild().await.unwrap();
    assert_eq!(workspace.integrate().await.unwrap(), size);
    (app, workspace)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_checkpoint_tells_whether_history_was_rewritten() {
    each_engine(21, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let ada = kit.member("Ada", &[]).await;
        for n in 0..20 {
            kit.open(case("alerts", &format!("a-{n}"), "odd login")).await;
        }
        let small = kit.integrate().await;
        let early = kit.workspace.checkpoint().await.unwrap().expect("a checkpoint");
        for n in 0..10 {
            let opened = kit.open(case("alerts", &format!("b-{n}"), "odd login")).await;
            kit.decide(countersign_core::id::CaseId(opened.case), ada, "attack").await;
        }
        let large = kit.integrate().await;
        let late = kit.workspace.checkpoint().await.unwrap().expect("a checkpoint");
        assert!(small < large);
        for older in [&early, &late] {
            assert_eq!(verdict(&kit.workspace, Some(older)).await, "");
        }
        let stranger = late.replacen("countersign/", "countersigm/", 1);
        assert!(verdict(&kit.workspace, Some(&stranger)).await.contains("is of a log that this workspace never had"));
        assert!(verdict(&kit.workspace, Some("no note")).await.contains("checkpoint given: cannot be read"));

        // A log that was cut off verifies by itself; only who kept a checkpoint can tell.
        let (app, workspace) = cut_off(&kit, small).await;
        assert_eq!(verdict(&workspace, None).await, "");
        assert_eq!(verdict(&workspace, Some(&early)).await, "");
        assert!(verdict(&workspace, Some(&late)).await.contains("history was cut off"), "{}", verdict(&workspace, Some(&late)).await);

        // The same with another history in its place.
        let by = countersign_testkit::caller();
        let mut n = 0;
        while workspace.info().await.unwrap().size <= large {
            workspace.case_open(&by, case("alerts", &format!("c-{n}"), "all is well"), countersign_app::Options::default()).await.unwrap();
            n += 1;
        }
        raw::execute(app.db(), "delete from integrators").await.unwrap();
        workspace.integrate().await.unwrap();
        assert_eq!(verdict(&workspace, Some(&early)).await, "");
        assert!(verdict(&workspace, Some(&late)).await.contains("history was rewritten"), "{}", verdict(&workspace, Some(&late)).await);
        app.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_projections_are_found_and_rebuilt() {
    const MEDDLING: [&str; 26] = [
        "update cases set status = 'decided' where status = 'open'",
        "update cases set answer = 'attack' where answer = 'benign'",
        "update cases set version = version + 1 where route = 'blind'",
        "update cases set route = 'assist' where route = 'panel'",
        "update cases set seats_free = 7 where status = 'open'",
        "update cases set role = 'boss' where role = ''",
        "update cases set priority_at = priority_at - 1 where status = 'open'",
        "update cases set deadline_at = opened_at + 5 where status = 'open'",
        "update case_counts set cases = cases + 1 where status = 'open'",
        "delete from case_counts where status = 'decided'",
        "update cases set opened_at = opened_at + 1 where status = 'decided'",
        "update cases set decided_at = null where status = 'decided'",
        "update cases set playbook_version = 9 where playbook_version = 1",
        "delete from cases where case_id in (select min(case_id) from cases)",
        "insert into cases select workspace, stream, 1, workspace, 1, 'open', 'assist', '', 1, 0, 0, null, null, true, null, null from events where stream = workspace and position = 0",
        "update decisions set answer = 'attack' where answer <> 'attack'",
        "update decisions set status = 'standing' where status <> 'standing'",
        "update decisions set basis = 'certificate' where status = 'standing'",
        "update decisions set position = position + 1000",
        "update decisions set act_after = 0 where status = 'standing'",
        "delete from decisions where status = 'withdrawn'",
        "insert into decisions select workspace, workspace, 0, workspace, workspace, 1, 'benign', 'signatures', 'standing', 0, 0 from log_heads",
        "delete from case_exclusions",
        "insert into case_exclusions select c.workspace, c.case_id, c.workspace from cases c",
        "update playbooks set name = 'other' where name = 'scans'",
        "delete from playbooks where name = 'alerts' and version = 2",
    ];
    each_engine(22, |kit| async move {
        let people = story::past(&kit, 3).await;
        // Cases that wait, one of them half-answered, so that the queue has something to lose.
        for n in 0..3 {
            kit.open(case("alerts", &format!("w-{n}"), "waiting")).await;
        }
        let waiting = kit.open(case("moves", "w-9", "waiting")).await;
        kit.decide(countersign_core::id::CaseId(waiting.case), people[0], "attack").await;
        kit.assert_sound().await;
        let (db, before) = (kit.app.db(), raw::projections(kit.app.db()).await);
        for sql in MEDDLING {
            // PostgreSQL has no smallest UUID; any will do.
            let sql = if raw::is_postgres(db) {
                sql.replace("select min(case_id) from cases", "select case_id from cases order by case_id limit 1")
            } else {
                sql.into()
            };
            assert!(raw::execute(db, &sql).await.unwrap() > 0, "{sql} alters nothing");
            let (_node, fresh) = kit.second_node(1).await;
            let found = verdict(&fresh, None).await;
            assert!(found.contains("projection "), "{sql} is not found: {found:?}");
            fresh.projections_rebuild().await.unwrap();
            assert_eq!(raw::projections(db).await, before, "{sql} is not put right");
            assert_eq!(verdict(&fresh, None).await, "", "after {sql}");
        }
        // The rebuilt queue serves what waited.
        assert!(kit.claim_next(people[1]).await.is_some());
    })
    .await;
}
