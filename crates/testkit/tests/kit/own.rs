//! What a person keeps for themselves, on both engines: views of the queue that narrow it as their address says, and how long they have worked,
//! which nobody else is told and a pause ends.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{
    Error,
    pause::PAUSE_AFTER_MINUTES,
    queue::{Narrowed, QueueItem, View},
    saved_view::{Filter, VIEWS_MAX},
    workspace::system,
};
use countersign_core::{
    event::PeopleMetrics,
    id::{CaseId, PersonId},
    refusal::Code,
};
use countersign_testkit::{Kit, case, each_engine, playbook};

const MINUTE: i64 = 60_000_000;

fn code<T>(result: Result<T, Error>) -> Code {
    match result {
        Err(Error::Refused(refusal)) => refusal.code,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

async fn narrowed(kit: &Kit, person: PersonId, pairs: &[(&str, &str)]) -> Vec<uuid::Uuid> {
    let filter = Filter::of(pairs.iter().copied()).unwrap();
    let (mut cursor, mut all): (Option<String>, Vec<QueueItem>) = (None, Vec::new());
    loop {
        let of = (filter.playbook.as_deref(), filter.narrowed);
        let page = kit.workspace.queue_narrowed(person, filter.view, of, cursor.as_deref()).await.unwrap();
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return all.into_iter().map(|item| item.case).collect();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_narrowed_and_the_narrowing_kept_by_its_person() {
    each_engine(241, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "deadline = \"2d\"")).await;
        kit.publish(&playbook("notes", "blind", "")).await;
        let (ada, ben) = (kit.member("Ada", &[]).await, kit.member("Ben", &[]).await);
        let mut opened = Vec::new();
        // More than one page of them, so that a narrowed list goes on where it stopped.
        for n in 0..130 {
            let name = if n % 10 == 0 { "notes" } else { "alerts" };
            opened.push((name, kit.open(case(name, &format!("{name}-{n}"), "odd login")).await.case));
            kit.clock.advance(20 * MINUTE);
        }
        let of = |wanted: &str| opened.iter().filter(|(name, _)| *name == wanted).map(|(_, case)| *case).collect::<Vec<_>>();
        let sorted = |mut cases: Vec<uuid::Uuid>| {
            cases.sort_unstable();
            cases
        };
        assert_eq!(sorted(narrowed(&kit, ada, &[("route", "blind")]).await), sorted(of("notes")));
        assert_eq!(sorted(narrowed(&kit, ada, &[("route", "assist")]).await), sorted(of("alerts")), "over several pages, each once");
        assert!(narrowed(&kit, ada, &[("route", "panel")]).await.is_empty());
        // 43 hours have passed: the first ones wait for more than a day.
        assert_eq!(narrowed(&kit, ada, &[("older", "1d"), ("in", "notes")]).await.len(), 6);
        let late = narrowed(&kit, ada, &[("late", "yes")]).await;
        assert!(!late.is_empty() && late.iter().all(|case| of("alerts").contains(case)) && late.len() < 60, "{}", late.len());
        let one = CaseId(opened[3].1);
        let input = countersign_app::input::AssignInput { person: ben.0, to: Some(ada.0), reason: None };
        kit.workspace.case_assign(&countersign_testkit::caller(), one, input, Default::default()).await.unwrap();
        assert_eq!(narrowed(&kit, ada, &[("assigned", "me")]).await, [one.0]);
        assert!(narrowed(&kit, ben, &[("assigned", "me")]).await.is_empty());
        kit.workspace.claim(ada, one).await.unwrap();
        assert_eq!(narrowed(&kit, ada, &[("view", "mine"), ("older", "1d")]).await, [one.0]);
        assert!(narrowed(&kit, ada, &[("view", "mine"), ("route", "blind")]).await.is_empty());
        let all = kit.workspace.queue_narrowed(ada, View::Waiting, (None, Narrowed::default()), None).await.unwrap();
        assert_eq!(all.items, kit.workspace.queue_list(ada, View::Waiting, None, None).await.unwrap().items);

        // Kept by name, for its person alone.
        let workspace = &kit.workspace;
        workspace.view_save(ada, " Blind ones ", "route=blind".into()).await.unwrap();
        assert_eq!(code(workspace.view_save(ada, "Blind ones", "late=yes".into()).await), Code::Conflict);
        assert_eq!(code(workspace.view_save(ada, "", "late=yes".into()).await), Code::Invalid);
        let kept = workspace.views_of(ada).await.unwrap().remove(0);
        assert_eq!((kept.name.as_str(), kept.query.as_str()), ("Blind ones", "route=blind"));
        assert!(workspace.views_of(ben).await.unwrap().is_empty());
        assert_eq!(code(workspace.view_rename(ben, kept.id, "Mine now").await), Code::NotFound);
        assert_eq!(code(workspace.view_delete(ben, kept.id).await), Code::NotFound);
        workspace.view_rename(ada, kept.id, "First answers").await.unwrap();
        for n in 1..VIEWS_MAX {
            workspace.view_save(ada, &format!("View {n}"), "late=yes".into()).await.unwrap();
        }
        assert_eq!(code(workspace.view_save(ada, "One more", "late=yes".into()).await), Code::TooLarge);
        workspace.view_delete(ada, kept.id).await.unwrap();
        assert_eq!(workspace.views_of(ada).await.unwrap().len(), VIEWS_MAX - 1);
        // Whoever is forgotten leaves none behind.
        workspace.person_forget(&system("operator"), ada).await.unwrap();
        assert!(workspace.views_of(ada).await.unwrap().is_empty());
        kit.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_somebody_works_is_derived_for_them_and_a_pause_lets_go() {
    each_engine(242, |kit| async move {
        kit.publish(&playbook("alerts", "assist", "")).await;
        let (ada, ben) = (kit.member("Ada", &[]).await, kit.member("Ben", &[]).await);
        let workspace = &kit.workspace;
        // At eight in the morning of some day.
        kit.clock.advance(24 * 60 * MINUTE - kit.clock.now().rem_euclid(24 * 60 * MINUTE) + 8 * 60 * MINUTE);
        let mut cases = Vec::new();
        for n in 0..12 {
            cases.push(CaseId(kit.open(case("alerts", &format!("a-{n}"), "odd login")).await.case));
        }
        let view = async |person: PersonId| workspace.pause_of(person).await.unwrap();
        assert_eq!(view(ada).await.worked.unwrap().stretch, 0);
        for case in &cases[..11] {
            workspace.claim(ada, *case).await.unwrap();
            let shown = kit.show(*case, ada).await;
            kit.clock.advance(9 * MINUTE);
            kit.answer(&shown, ada, "benign").await.unwrap();
        }
        let told = view(ada).await;
        let worked = told.worked.unwrap();
        assert_eq!(
            (worked.stretch / MINUTE, worked.today / MINUTE, worked.answered),
            (99, 99, 11),
            "with the first case, from when it was shown"
        );
        assert!(told.due && told.after_minutes == PAUSE_AFTER_MINUTES);
        // Nobody else's: Ben has his own, and there is nothing to ask about Ada.
        assert_eq!(view(ben).await.worked.unwrap().today, 0);
        workspace.pause_after(ada, 120).await.unwrap();
        assert!(!view(ada).await.due);
        assert_eq!(code(workspace.pause_after(ada, 481).await), Code::Invalid);
        workspace.pause_after(ada, 0).await.unwrap();
        kit.clock.advance(10 * MINUTE);
        assert!(!view(ada).await.due, "never is never");

        // A pause lets go of what they hold, and ends the stretch.
        workspace.claim(ada, cases[11]).await.unwrap();
        assert_eq!(workspace.pause_begin(ada).await.unwrap(), 1);
        assert!(workspace.claims_of(ada).await.unwrap().is_empty());
        let worked = view(ada).await.worked.unwrap();
        assert_eq!((worked.stretch, worked.today / MINUTE), (0, 99));
        kit.clock.advance(MINUTE);
        kit.decide(cases[11], ada, "benign").await;
        kit.clock.advance(2 * MINUTE);
        assert_eq!(view(ada).await.worked.unwrap().stretch / MINUTE, 2, "what follows is another one");
        // Where nothing of people is measured, this is not either; one can still pause.
        workspace.people_metrics_set(&system("operator"), PeopleMetrics::Off, "we do not").await.unwrap();
        let off = view(ada).await;
        assert!(off.worked.is_none() && !off.due);
        assert_eq!(workspace.pause_begin(ada).await.unwrap(), 0);
        kit.assert_sound().await;
    })
    .await;
}
