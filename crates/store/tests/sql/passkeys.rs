//! Passkeys, their challenges and the sessions that they open, on both engines.

use super::databases;
use countersign_store::{
    desk_session::{self, SessionRow},
    passkey::{self, ChallengeRow, PasskeyRow},
};
use uuid::Uuid;

const WORKSPACE: Uuid = Uuid::from_u128(7);
const ADA: Uuid = Uuid::from_u128(1);

fn key(n: u8) -> PasskeyRow {
    PasskeyRow {
        credential: vec![n; 32],
        workspace: WORKSPACE,
        person: ADA,
        credential_id: vec![n, 0, 255],
        public_key: vec![0xa5, n],
        rp_id: "localhost".into(),
        counter: 0,
        name: format!("é {n}"),
        added_at: n.into(),
        used_at: None,
    }
}

fn session(n: u8, passkey: Option<u8>) -> SessionRow {
    SessionRow {
        hash: vec![n; 32],
        workspace: WORKSPACE,
        person: ADA,
        expires_at: 1_000 - i64::from(n),
        opened_at: Some(1),
        seen_at: Some(2),
        passkey: passkey.map(|n| vec![n; 32]),
        verified_at: None,
        way: None,
    }
}

#[tokio::test]
async fn a_passkey_is_kept_counted_and_removed() {
    for (_fresh, db) in databases().await {
        let mut tx = db.begin().await.unwrap();
        for n in [2, 1] {
            passkey::insert(tx.conn(), &key(n)).await.unwrap();
        }
        assert_eq!(passkey::of_person(tx.conn(), WORKSPACE, ADA).await.unwrap(), [key(1), key(2)], "the oldest first");
        assert_eq!(passkey::of_person(tx.conn(), WORKSPACE, WORKSPACE).await.unwrap(), []);
        // One that never counts is taken again and again; one that counts never goes back.
        for (counter, wanted) in [(0, true), (0, true), (5, true), (5, false), (4, false), (0, false), (6, true)] {
            assert_eq!(passkey::used(tx.conn(), &[1; 32], counter, 50).await.unwrap(), wanted, "{counter}");
        }
        let known = passkey::get(tx.conn(), &[1; 32]).await.unwrap().unwrap();
        assert_eq!((known.counter, known.used_at), (6, Some(50)));
        passkey::unname(tx.conn(), WORKSPACE, ADA).await.unwrap();
        assert_eq!(passkey::get(tx.conn(), &[2; 32]).await.unwrap(), Some(PasskeyRow { name: String::new(), ..key(2) }));
        passkey::delete(tx.conn(), &[2; 32]).await.unwrap();
        assert_eq!(passkey::get(tx.conn(), &[2; 32]).await.unwrap(), None);
        tx.commit().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert!(passkey::insert(tx.conn(), &key(1)).await.unwrap_err().is_conflict());
    }
}

#[tokio::test]
async fn a_challenge_is_answered_once() {
    for (_fresh, db) in databases().await {
        let mut tx = db.begin().await.unwrap();
        for (n, session) in [(1, None), (2, Some(vec![3; 32]))] {
            let row = ChallengeRow { purpose: "sign-in".into(), session, expires_at: i64::from(n) * 100 };
            passkey::challenge_insert(tx.conn(), &[n; 32], &row).await.unwrap();
        }
        assert_eq!(passkey::challenges_expire(tx.conn(), 99).await.unwrap(), 2);
        assert_eq!(passkey::challenges_expire(tx.conn(), 100).await.unwrap(), 1);
        assert_eq!(passkey::challenge_take(tx.conn(), &[1; 32]).await.unwrap(), None, "its time is over");
        let taken = passkey::challenge_take(tx.conn(), &[2; 32]).await.unwrap();
        assert_eq!(taken, Some(ChallengeRow { purpose: "sign-in".into(), session: Some(vec![3; 32]), expires_at: 200 }));
        assert_eq!(passkey::challenge_take(tx.conn(), &[2; 32]).await.unwrap(), None);
    }
}

#[tokio::test]
async fn strangers_crowd_out_strangers_and_nobody_else() {
    for (_fresh, db) in databases().await {
        let mut tx = db.begin().await.unwrap();
        for (n, session) in [(1, Some(vec![3; 32])), (2, None), (3, None), (4, None)] {
            let row = ChallengeRow { purpose: "sign-in".into(), session, expires_at: i64::from(n) * 100 };
            passkey::challenge_insert(tx.conn(), &[n; 32], &row).await.unwrap();
        }
        assert_eq!(passkey::challenges_crowd_out(tx.conn(), 2).await.unwrap(), 2);
        for (n, stays) in [(1, true), (2, false), (3, false), (4, true)] {
            assert_eq!(passkey::challenge_take(tx.conn(), &[n; 32]).await.unwrap().is_some(), stays, "{n}");
        }
        assert_eq!(passkey::challenges_crowd_out(tx.conn(), 2).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn sessions_end_one_by_one_and_by_what_opened_them() {
    for (_fresh, db) in databases().await {
        let mut tx = db.begin().await.unwrap();
        for row in [session(1, None), session(2, Some(9)), session(3, Some(9)), session(4, Some(8))] {
            desk_session::session_insert(tx.conn(), &row).await.unwrap();
        }
        desk_session::session_seen(tx.conn(), &[1; 32], 77).await.unwrap();
        desk_session::session_verified(tx.conn(), &[1; 32], 78).await.unwrap();
        let first = SessionRow { seen_at: Some(77), verified_at: Some(78), ..session(1, None) };
        assert_eq!(desk_session::session_get(tx.conn(), &[1; 32]).await.unwrap(), Some(first.clone()));
        desk_session::sessions_end_of_passkey(tx.conn(), &[9; 32]).await.unwrap();
        assert_eq!(desk_session::sessions_of(tx.conn(), WORKSPACE, ADA).await.unwrap(), [first.clone(), session(4, Some(8))]);
        assert!(!desk_session::session_end(tx.conn(), &[4; 32], WORKSPACE, WORKSPACE).await.unwrap(), "somebody else's");
        desk_session::sessions_end_others(tx.conn(), WORKSPACE, ADA, &[1; 32]).await.unwrap();
        assert_eq!(desk_session::sessions_of(tx.conn(), WORKSPACE, ADA).await.unwrap(), [first]);
        assert!(desk_session::session_end(tx.conn(), &[1; 32], WORKSPACE, ADA).await.unwrap());
    }
}
