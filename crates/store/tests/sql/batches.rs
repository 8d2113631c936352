//! Multi-row statements in all their sizes, on both engines: what goes in comes out, and what is taken already is a conflict.

use super::databases;
use countersign_store::{
    Conn, Error, Tx,
    batch::SIZES,
    case::{self, CaseRow},
    decision::{self, DecisionRow},
    event::{self, EventRow},
    external_id::{self, ExternalIdRow},
    ledger::{self, Log, TileRow},
    log_head,
    subject::{self, SubjectRow},
    vault::{self, VaultRow},
};
use uuid::Uuid;

/// Enough rows for one statement of each size.
const ROWS: usize = {
    let (mut sum, mut at) = (0, 0);
    while at < SIZES.len() {
        sum += SIZES[at];
        at += 1;
    }
    sum
};
const WORKSPACE: Uuid = Uuid::from_u128(7);

fn id(n: usize) -> Uuid {
    Uuid::from_u128(1_000 + n as u128)
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap()
}

fn bytes(n: usize) -> Vec<u8> {
    // All byte values, zero too, must come back as they went in.
    (0..=u8::try_from(n % 256).unwrap()).collect()
}

async fn events(tx: &mut Tx) {
    let rows: Vec<EventRow> = (0..ROWS)
        .map(|n| EventRow {
            position: number(n),
            stream: id(n / 3),
            stream_version: number(n % 3 + 1),
            id: id(n),
            type_name: format!("type é {n}"),
            recorded_at: i64::MAX - number(n),
            leaf: vec![u8::try_from(n % 256).unwrap(); 32],
            bytes: bytes(n),
        })
        .collect();
    event::append(tx.conn(), WORKSPACE, &rows).await.unwrap();
    assert_eq!(event::from_position(tx.conn(), WORKSPACE, 0, 1_000).await.unwrap(), rows);
    assert_eq!(event::by_stream(tx.conn(), WORKSPACE, (id(2), 1), 4).await.unwrap(), &rows[7..11]);
    let streams: Vec<Uuid> = (0..ROWS / 3).map(id).collect();
    assert_eq!(event::of_streams(tx.conn(), WORKSPACE, &streams).await.unwrap().len(), ROWS / 3 * 3);
    assert_eq!(event::leaves_from(tx.conn(), WORKSPACE, 3, 2).await.unwrap(), [rows[3].leaf.clone(), rows[4].leaf.clone()]);
}

async fn cases(tx: &mut Tx) {
    let row = |n: usize| CaseRow {
        case: id(n),
        version: 1,
        playbook: id(0),
        playbook_version: 1,
        status: "open".into(),
        route: "assist".into(),
        role: String::new(),
        seats_free: 1,
        opened_at: number(n),
        priority_at: number(ROWS - n),
        answer: n.is_multiple_of(2).then(|| "benign".into()),
        decided_at: None,
        deadline_at: n.is_multiple_of(3).then(|| number(n)),
        wake_at: None,
        excluded: vec![id(900), id(901 + n)],
        fresh: true,
    };
    let rows: Vec<CaseRow> = (0..ROWS).map(row).collect();
    case::upsert(tx.conn(), WORKSPACE, &rows, 0).await.unwrap();
    // A second writing takes the place of the first, and its exclusions too.
    let again: Vec<CaseRow> = (0..ROWS).map(|n| CaseRow { version: 2, excluded: vec![id(902)], fresh: false, ..row(n) }).collect();
    case::upsert(tx.conn(), WORKSPACE, &again, 0).await.unwrap();
    let ids: Vec<Uuid> = (0..ROWS).map(id).collect();
    let stored = case::of(tx.conn(), WORKSPACE, &ids).await.unwrap();
    assert_eq!(stored.len(), ROWS);
    assert!(stored.iter().all(|r| again.iter().any(|w| CaseRow { excluded: Vec::new(), ..w.clone() } == *r)));
    assert_eq!(case::exclusions(tx.conn(), WORKSPACE).await.unwrap(), ids.iter().map(|case| (*case, id(902))).collect::<Vec<_>>());
}

async fn the_rest(tx: &mut Tx) {
    let decisions: Vec<DecisionRow> = (0..ROWS)
        .map(|n| DecisionRow {
            decision: id(n),
            position: number(n),
            case: id(n),
            playbook: id(n % 2),
            playbook_version: 1,
            answer: "benign".into(),
            basis: "signatures".into(),
            status: "standing".into(),
            decided_at: 1,
            act_after: 2,
        })
        .collect();
    decision::insert(tx.conn(), WORKSPACE, &decisions).await.unwrap();
    assert_eq!(decision::list(tx.conn(), WORKSPACE, None, -1, 1_000).await.unwrap(), decisions);

    let subjects: Vec<SubjectRow> = (0..ROWS)
        .map(|n| SubjectRow { subject: id(n), token: Some(id(n).as_bytes().to_vec()), wrapped_key: Some(bytes(n)), erased_at: None })
        .collect();
    subject::insert(tx.conn(), WORKSPACE, &subjects).await.unwrap();
    assert_eq!(subject::get(tx.conn(), WORKSPACE, id(70)).await.unwrap(), Some(subjects[70].clone()));

    let values: Vec<VaultRow> = (0..ROWS)
        .map(|n| VaultRow {
            stream: id(n),
            version: 1,
            field: "fields/body".into(),
            subject: Some(id(n % 4)),
            salt: vec![1; 32],
            sealed: bytes(n),
        })
        .collect();
    vault::insert(tx.conn(), WORKSPACE, &values).await.unwrap();
    let streams: Vec<Uuid> = (0..ROWS).map(id).collect();
    assert_eq!(vault::of_streams(tx.conn(), WORKSPACE, &streams).await.unwrap(), values);
    assert_eq!(vault::erase(tx.conn(), WORKSPACE, id(3)).await.unwrap(), (0..ROWS).filter(|n| n % 4 == 3).count() as u64);

    let external: Vec<ExternalIdRow> = (0..ROWS)
        .map(|n| ExternalIdRow { token: id(n).as_bytes().to_vec(), content_token: bytes(n), case: id(n), playbook: id(0), subject: None })
        .collect();
    external_id::insert(tx.conn(), WORKSPACE, &external).await.unwrap();
    let tokens: Vec<Vec<u8>> = external.iter().map(|r| r.token.clone()).collect();
    let mut taken = external_id::taken(tx.conn(), WORKSPACE, id(0), &tokens).await.unwrap();
    taken.sort_unstable_by_key(|r| r.case);
    assert_eq!(taken, external);
    assert_eq!(external_id::taken(tx.conn(), WORKSPACE, id(1), &tokens).await.unwrap(), []);

    let log = Log { workspace: WORKSPACE, number: 0 };
    let tiles: Vec<TileRow> = (0..ROWS).map(|n| TileRow { level: 0, index: number(n), hashes: bytes(n) }).collect();
    ledger::tiles_put(tx.conn(), log, &tiles).await.unwrap();
    ledger::tiles_put(tx.conn(), log, &tiles).await.unwrap();
    assert_eq!(ledger::tiles_from(tx.conn(), log, 0, 0, 1_000).await.unwrap(), tiles);
}

#[tokio::test]
async fn rows_of_every_batch_size_come_back_as_they_went_in() {
    for (_fresh, db) in databases().await {
        let mut tx = db.begin().await.unwrap();
        events(&mut tx).await;
        cases(&mut tx).await;
        the_rest(&mut tx).await;
        tx.commit().await.unwrap();
    }
}

async fn conflicting(conn: Conn<'_>, position: i64, version: i64) -> Result<(), Error> {
    let row = EventRow {
        position,
        stream: id(1),
        stream_version: version,
        id: id(5),
        type_name: "t".into(),
        recorded_at: 0,
        leaf: vec![0; 32],
        bytes: vec![1],
    };
    event::append(conn, WORKSPACE, &[row]).await
}

#[tokio::test]
async fn what_is_taken_is_a_conflict_and_leaves_nothing() {
    for (_fresh, db) in databases().await {
        let mut tx = db.begin().await.unwrap();
        log_head::create(tx.conn(), WORKSPACE).await.unwrap();
        conflicting(tx.conn(), 0, 1).await.unwrap();
        tx.commit().await.unwrap();
        // The same place in the log, and the same version on the stream.
        for (position, version) in [(0, 2), (1, 1)] {
            let mut tx = db.begin().await.unwrap();
            assert_eq!(log_head::advance(tx.conn(), WORKSPACE, 1, 1).await.unwrap(), Some(1));
            let error = conflicting(tx.conn(), position, version).await.unwrap_err();
            assert!(error.is_conflict(), "{}: {error}", db.engine());
            drop(tx);
            let mut session = db.session().await.unwrap();
            assert_eq!(log_head::get(session.conn(), WORKSPACE).await.unwrap().unwrap().size, 0, "dropping undoes it");
        }
        // A head whose epoch has moved does not advance.
        let mut tx = db.begin().await.unwrap();
        assert_eq!(log_head::bump(tx.conn(), WORKSPACE, 1).await.unwrap(), 2);
        assert!(log_head::bump(tx.conn(), WORKSPACE, 1).await.unwrap_err().is_conflict());
        assert_eq!(log_head::advance(tx.conn(), WORKSPACE, 1, 1).await.unwrap(), None);
        tx.rollback().await.unwrap();
    }
}
