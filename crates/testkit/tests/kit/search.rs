//! Search over keyed tokens, on both engines: what is typed is found by whoever may read it and by nobody else, an amended case by what it
//! says now, and an erased one by nothing; no row holds a word.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Options,
    input::{AmendInput, CaseInput},
    search::SearchFilter,
};
use countersign_core::id::{CaseId, PersonId};
use countersign_testkit::{Kit, caller, case, each_engine, playbook, raw};
use serde_json::{Value, json};
use uuid::Uuid;

const CLAIMS: &str = r#"name = "claims"
question = "Pay it?"
answer = { kind = "choice", options = ["pay", "refuse"] }

[fields]
what   = { type = "text", title = true }
amount = { type = "number", visible_to = ["senior"], required = false }
letter = { type = "text", visible_to = ["senior", "auditor"], required = false }
notes  = { type = "text", hidden = true, required = false }
who    = { type = "text", personal = true, subject = true }

[decide]
roles = ["staff"]
"#;

async fn claim(kit: &Kit, fields: Value) -> Uuid {
    let input = CaseInput { playbook: "claims".into(), fields: fields.as_object().cloned().unwrap(), ..CaseInput::default() };
    let case = kit.open(input).await.case;
    // Cases that come at the same moment have no order of their own.
    kit.clock.advance(1_000_000);
    case
}

async fn found(kit: &Kit, person: Option<PersonId>, query: &str) -> Vec<Uuid> {
    kit.workspace.search(query, person, SearchFilter::default(), (None, 100)).await.unwrap().items
}

#[tokio::test(flavor = "multi_thread")]
async fn words_find_what_may_be_read_and_nothing_else() {
    each_engine(2_701, |kit| async move {
        kit.publish(CLAIMS).await;
        kit.publish(&playbook("alerts", "assist", "")).await;
        let (ada, sue) = (kit.member("Ada", &["staff"]).await, kit.member("Sue", &["staff", "senior"]).await);
        let guest = kit.member("Guest", &["visitor"]).await;
        let window = claim(
            &kit,
            json!({ "what": "A broken Window, upstairs", "amount": 8_417_350, "letter": "from Orchard Ltd", "notes": "quince", "who": "c1" }),
        )
        .await;
        let door = claim(&kit, json!({ "what": "A broken door", "letter": "from the window maker", "who": "c2" })).await;
        let alert = kit.open(case("alerts", "a-1", "odd window login")).await.case;
        assert!(found(&kit, None, "window").await.is_empty(), "nothing is found before it was made");
        assert_eq!(kit.workspace.search_update().await.unwrap(), 3);
        assert_eq!(kit.workspace.search_update().await.unwrap(), 0);

        // In whatever case and order, all words, the latest first.
        assert_eq!(found(&kit, Some(ada), "upstairs WINDOW").await, [window]);
        assert_eq!(found(&kit, Some(ada), "broken").await, [door, window]);
        assert!(found(&kit, Some(ada), "broken moon").await.is_empty() && found(&kit, Some(ada), "brok").await.is_empty());
        // What is masked is found by the roles that see it, and by programs; what is hidden by nobody.
        for (query, person, expected) in [
            ("window", Some(ada), vec![alert, window]),
            ("window", Some(sue), vec![alert, door, window]),
            ("window", None, vec![alert, door, window]),
            ("8417350", Some(ada), vec![]),
            ("8417350", Some(sue), vec![window]),
            ("orchard broken", Some(ada), vec![]),
            ("orchard broken", Some(sue), vec![window]),
            ("quince", None, vec![]),
            ("window", Some(guest), vec![alert]),
        ] {
            assert_eq!(found(&kit, person, query).await, expected, "{query} {person:?}");
        }
        let filter = SearchFilter { playbook: Some("claims"), state: Some("open") };
        assert_eq!(kit.workspace.search("window", None, filter, (None, 10)).await.unwrap().items, [door, window]);
        let first = kit.workspace.search("window", None, SearchFilter::default(), (None, 1)).await.unwrap();
        let next = kit.workspace.search("window", None, SearchFilter::default(), (first.next.as_deref(), 5)).await.unwrap();
        assert_eq!((first.items, next.items), (vec![alert], vec![door, window]));
        for bad in ["", " ?! ", &"x".repeat(201)] {
            assert!(kit.workspace.search(bad, None, SearchFilter::default(), (None, 1)).await.is_err(), "{bad}");
        }

        // An amended case is found by what it says now.
        let fields = json!({ "what": "A torn curtain", "who": "c1" }).as_object().cloned().unwrap();
        kit.workspace.case_amend(&caller(), CaseId(window), AmendInput { fields }, Options::default()).await.unwrap();
        kit.workspace.search_update().await.unwrap();
        assert_eq!(found(&kit, Some(sue), "curtain").await, [window]);
        assert_eq!(found(&kit, Some(sue), "window").await, [alert, door]);
        assert!(found(&kit, Some(sue), "orchard").await.is_empty());
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_subject_is_found_by_nothing_and_no_token_of_theirs_stays() {
    each_engine(2_702, |kit| async move {
        kit.publish(CLAIMS).await;
        let sue = kit.member("Sue", &["staff", "senior"]).await;
        let gone = claim(&kit, json!({ "what": "A broken window", "letter": "Orchard", "who": "c1" })).await;
        let late = claim(&kit, json!({ "what": "A broken lamp", "who": "c1" })).await;
        let stays = claim(&kit, json!({ "what": "A broken door", "who": "c2" })).await;
        kit.workspace.search_update().await.unwrap();
        let db = kit.app.db();
        let rows = |table: &str| {
            let sql = format!("select count(*) from {table}");
            async move { raw::number(db, &sql).await }
        };
        let before = rows("search_words").await;
        assert!(before > 9, "{before}");
        let subject = kit.workspace.subject_find("claims", "c1").await.unwrap().unwrap();
        kit.workspace.subject_erase(&caller(), subject, "asked for it").await.unwrap();
        assert_eq!(rows("search_cases").await, 1, "with the key go the tokens");
        assert!(rows("search_words").await <= 4);
        kit.workspace.search_update().await.unwrap();
        assert_eq!(found(&kit, Some(sue), "broken").await, [stays]);
        assert_eq!(rows("search_cases").await, 1);
        // A rebuild makes the same again, without them.
        kit.workspace.projections_rebuild().await.unwrap();
        assert!(found(&kit, Some(sue), "broken").await.is_empty());
        kit.workspace.search_update().await.unwrap();
        assert_eq!(found(&kit, Some(sue), "broken").await, [stays]);
        for case in [gone, late] {
            assert!(!found(&kit, None, "window lamp orchard broken").await.contains(&case));
        }
        kit.assert_sound().await;
    })
    .await;
}
