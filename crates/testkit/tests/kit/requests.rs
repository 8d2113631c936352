//! Requests that come twice, late, out of date or in a borrowed name.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{IdempotencyKey, Options, input::AmendInput};
use countersign_core::{content::Digest, id::CaseId, refusal::Code};
use countersign_testkit::{Kit, caller, case, code, each_engine, judgment, playbook, raw};
use serde_json::json;

const DAY: i64 = 86_400_000_000;

fn keyed(key: &str, request: &str) -> Options {
    Options {
        idempotency: Some(IdempotencyKey { route: "POST /v1/cases".into(), key: key.into(), request: Digest::of(request.as_bytes()).0 }),
        if_match: None,
    }
}

async fn kit_with_case(kit: &Kit) -> CaseId {
    kit.publish(&playbook("alerts", "assist", "")).await;
    CaseId(kit.open(case("alerts", "a-1", "odd login")).await.case)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gives_one_receipt_for_a_day() {
    each_engine(71, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let w = &kit.workspace;
        let input = |n: &str| countersign_app::input::CaseInput { external_id: None, ..case("alerts", n, n) };
        let first = w.case_open(&caller(), input("one"), keyed("k", "one")).await.unwrap();
        assert_eq!(w.case_open(&caller(), input("one"), keyed("k", "one")).await.unwrap(), first);
        assert_eq!(code(w.case_open(&caller(), input("two"), keyed("k", "two")).await), Code::IdempotencyMismatch);
        // Somebody else's key of the same name, and another route, are other keys.
        let other = countersign_app::Caller { actor: countersign_core::event::Actor::Key("other".into()), ..caller() };
        assert_ne!(w.case_open(&other, input("one"), keyed("k", "one")).await.unwrap().case, first.case);
        let mut route = keyed("k", "one");
        route.idempotency.as_mut().unwrap().route = "POST /v1/other".into();
        assert_ne!(w.case_open(&caller(), input("one"), route).await.unwrap().case, first.case);
        // A refused request keeps nothing: it may be sent again, put right, under the same key.
        assert_eq!(
            code(
                w.case_open(&caller(), countersign_app::input::CaseInput { fields: Default::default(), ..input("bad") }, keyed("r", "bad"))
                    .await
            ),
            Code::Invalid
        );
        assert_eq!(w.case_open(&caller(), input("good"), keyed("r", "good")).await.unwrap().status, "accepted");
        // Twins at the same time under one key make one case.
        let by = caller();
        let (a, b) = tokio::join!(w.case_open(&by, input("twin"), keyed("t", "twin")), w.case_open(&by, input("twin"), keyed("t", "twin")));
        assert_eq!(a.unwrap(), b.unwrap());
        // Atomic intakes are remembered as a whole.
        let many = || vec![input("x"), input("y")];
        let receipts = w.cases_open_atomic(&caller(), many(), keyed("m", "many")).await.unwrap();
        assert_eq!(w.cases_open_atomic(&caller(), many(), keyed("m", "many")).await.unwrap(), receipts);
        assert_eq!(
            code(w.cases_open_atomic(&caller(), vec![input("z")], keyed("m", "other")).await.map_err(|e| e.error)),
            Code::IdempotencyMismatch
        );

        kit.clock.advance(DAY - 60_000_000);
        assert_eq!(w.case_open(&caller(), input("one"), keyed("k", "one")).await.unwrap(), first);
        kit.clock.advance(120_000_000);
        let later = w.case_open(&caller(), input("two"), keyed("k", "two")).await.unwrap();
        assert_ne!(later.case, first.case);
        assert_eq!(w.case_open(&caller(), input("two"), keyed("k", "two")).await.unwrap(), later);
        kit.assert_sound().await;
    })
    .await;
}

/// Whoever never got the answer sends the same again, whatever was changed here meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_gives_its_receipt_also_under_a_new_playbook() {
    each_engine(75, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let w = &kit.workspace;
        let first = w.case_open(&caller(), case("alerts", "one", "one"), keyed("k", "one")).await.unwrap();
        let many = || vec![case("alerts", "x", "x"), case("alerts", "y", "y")];
        let receipts = w.cases_open_atomic(&caller(), many(), keyed("m", "many")).await.unwrap();
        kit.publish(&playbook("alerts", "assist", "").replace("[fields]", "[fields]\nhost = { type = \"text\" }")).await;
        assert_eq!(
            code(w.case_open(&caller(), case("alerts", "new", "new"), keyed("n", "new")).await),
            Code::Invalid,
            "a host is required now"
        );
        assert_eq!(w.case_open(&caller(), case("alerts", "one", "one"), keyed("k", "one")).await.unwrap(), first);
        assert_eq!(w.cases_open_atomic(&caller(), many(), keyed("m", "many")).await.unwrap(), receipts);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_version_is_refused() {
    each_engine(72, |kit| async move {
        let id = kit_with_case(&kit).await;
        let read = kit.workspace.case_get(id, None).await.unwrap().version;
        let by = caller();
        let amend = |text: &str, version| {
            let input = AmendInput { fields: json!({ "text": text }).as_object().cloned().unwrap() };
            kit.workspace.case_amend(&by, id, input, Options { if_match: Some(version), ..Options::default() })
        };
        let now = amend("first", read).await.unwrap().version;
        assert!(now > read);
        assert_eq!(code(amend("second", read).await), Code::StaleVersion);
        assert_eq!(code(amend("second", now + 1).await), Code::StaleVersion);
        // Of two at the same time under the same version one wins.
        let (a, b) = tokio::join!(amend("third", now), amend("fourth", now));
        assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1);
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_binds_to_lease_token_person_case_and_content() {
    each_engine(73, |kit| async move {
        let id = kit_with_case(&kit).await;
        let other = CaseId(kit.open(case("alerts", "a-2", "another")).await.case);
        let (ada, bo) = (kit.member("Ada", &[]).await, kit.member("Bo", &[]).await);
        let w = &kit.workspace;
        let by = caller();
        let judge = |case, input| w.case_judge(&by, case, input, Options::default());

        // Without a lease nothing is shown; while somebody is on it nobody else gets it.
        assert_eq!(code(w.case_show(&caller(), id, ada, Options::default()).await), Code::NotClaimed);
        w.claim(ada, id).await.unwrap();
        assert_eq!(code(w.claim(bo, id).await), Code::Claimed);
        let shown = kit.show(id, ada).await;

        // Every single altered character of the token is noticed.
        for at in (0..shown.token.len()).step_by(7) {
            let mut forged = judgment(&shown, ada, "attack");
            let old = forged.token.as_bytes()[at];
            forged.token.replace_range(at..=at, if old == b'A' { "B" } else { "A" });
            assert_eq!(code(judge(id, forged).await), Code::ShownTokenInvalid, "character {at}");
        }
        assert_eq!(
            code(judge(id, countersign_app::input::JudgmentInput { token: String::new(), ..judgment(&shown, ada, "attack") }).await),
            Code::ShownTokenInvalid
        );
        assert_eq!(code(judge(other, judgment(&shown, ada, "attack")).await), Code::ShownTokenInvalid);
        assert_eq!(code(judge(id, judgment(&shown, bo, "attack")).await), Code::ShownTokenInvalid);
        // A token of another workspace of the same database is another's.
        let elsewhere = kit.app.workspace_create("elsewhere").await.unwrap();
        assert_eq!(
            code(elsewhere.case_judge(&caller(), id, judgment(&shown, ada, "attack"), Options::default()).await),
            Code::ShownTokenInvalid
        );

        // An answer to old content is void; the case is still claimed, so it is shown again.
        let fields = json!({ "text": "odd login, again" }).as_object().cloned().unwrap();
        w.case_amend(&caller(), id, AmendInput { fields }, Options::default()).await.unwrap();
        assert_eq!(code(judge(id, judgment(&shown, ada, "attack")).await), Code::ShownTokenInvalid);

        // A lease that ran out: the next person gets the case, and the late answer is refused.
        let shown = kit.show(id, ada).await;
        kit.clock.advance(15 * 60_000_000 + 1);
        assert_eq!(code(w.case_show(&caller(), id, ada, Options::default()).await), Code::NotClaimed);
        w.claim(bo, id).await.unwrap();
        assert_eq!(code(w.claim(ada, id).await), Code::Claimed);
        assert_eq!(code(judge(id, judgment(&shown, ada, "attack")).await), Code::ShownTokenInvalid);

        // A token that is older than a day, though the lease was renewed.
        let shown = kit.show(id, bo).await;
        kit.clock.advance(DAY + 1);
        w.claim(bo, id).await.unwrap();
        assert_eq!(code(judge(id, judgment(&shown, bo, "attack")).await), Code::ShownTokenInvalid);

        // And the good one counts once.
        let shown = kit.show(id, bo).await;
        assert!(kit.answer(&shown, bo, "attack").await.unwrap().decision.is_some());
        assert!(matches!(code(kit.answer(&shown, bo, "attack").await), Code::ShownTokenInvalid | Code::WrongState));
        assert_eq!(raw::number(kit.app.db(), "select count(*) from decisions").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_atomic_intake_is_taken_in_whole_or_not_at_all() {
    each_engine(74, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let w = &kit.workspace;
        w.case_open(&caller(), case("alerts", "taken", "one thing"), Options::default()).await.unwrap();
        let size = w.info().await.unwrap().size;
        let many = |bad: countersign_app::input::CaseInput| {
            let mut many: Vec<_> = (0..9).map(|n| case("alerts", &format!("m-{n}"), "odd login")).collect();
            many.insert(6, bad);
            many
        };
        let bad = [
            (case("nothing", "b", "x"), Code::NotFound),
            (
                countersign_app::input::CaseInput {
                    fields: json!({ "text": 7 }).as_object().cloned().unwrap(),
                    ..case("alerts", "b", "x")
                },
                Code::Invalid,
            ),
            (case("alerts", "b", "nul \0"), Code::Invalid),
            // Found only in the database, after the others were decided.
            (case("alerts", "taken", "another thing"), Code::Conflict),
            (case("alerts", "m-2", "another thing"), Code::Conflict),
        ];
        for (input, wanted) in bad {
            let refused = w.cases_open_atomic(&caller(), many(input), Options::default()).await.unwrap_err();
            assert_eq!((refused.line, refused.error.refusal().code), (6, wanted));
            assert_eq!(w.info().await.unwrap().size, size, "nothing is half-written");
        }
        let duplicate = w.cases_open_atomic(&caller(), many(case("alerts", "taken", "one thing")), Options::default()).await.unwrap();
        assert_eq!(duplicate.iter().map(|r| r.status == "duplicate").collect::<Vec<_>>(), (0..10).map(|n| n == 6).collect::<Vec<_>>());
        assert_eq!(raw::number(kit.app.db(), "select count(*) from cases").await, 10);
        kit.assert_sound().await;
    })
    .await;
}
