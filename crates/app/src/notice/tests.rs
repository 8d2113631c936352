//! What of a record the leads are told: each thing once.

use super::*;
use countersign_core::{
    id::StreamId,
    playbook::{Condition, Test},
};
use countersign_engine::track::{Audited, FORMAT, LabelKind, Labels, Prices, Region, router_name};
use countersign_science::risk::{Context, Point, Promise, Risk, certify};

const NOW: Micros = 1_000;

fn playbook() -> PlaybookId {
    PlaybookId(StreamId::from_u128(7))
}

fn record() -> TrackRecord {
    TrackRecord {
        format: FORMAT,
        playbook: playbook(),
        playbook_version: 1,
        number: 1,
        through: 1,
        first_at: 0,
        made_at: 0,
        labels: Labels { kind: LabelKind::Always, decided: 0, matured: 0, overdue: 0, corrected: 0 },
        regions: Vec::new(),
        proposers: Vec::new(),
        arms: None,
        prices: Prices::default(),
        plan: None,
        attempts: 1,
        certificates: Vec::new(),
        note: String::new(),
        advice: Vec::new(),
        people: Vec::new(),
        drift: Vec::new(),
        experiments: Vec::new(),
    }
}

fn issued(id: &str, region: &str, version: &str, expires_at: Micros) -> Issued {
    let context = Context { proposer: format!("m {version}"), router: router_name(1), region: None, evidence: String::new(), expires_at };
    let points = [Point { threshold: 0.0, n: 400, errors: 0 }];
    let certificate = certify(Promise { alpha: 0.02, delta: 0.05 }, Risk::Error, &points, 0, 1, context).unwrap();
    let when = vec![Condition { field: "region".into(), test: Test::Is(vec![region.into()]) }];
    Issued {
        id: id.into(),
        region: Region { when, unless: Vec::new() },
        proposer: "m".into(),
        proposer_version: version.into(),
        threshold: 0,
        left: Vec::new(),
        except: Vec::new(),
        costlier: false,
        issued_at: 0,
        audits_expected: 0,
        detection_audits: None,
        certificate,
        audited: Audited::default(),
    }
}

#[test]
fn a_certificate_that_was_earned_again_is_not_told_to_have_ended() {
    let mut record = record();
    let told =
        |record: &TrackRecord| certificates_ended(playbook(), record, NOW).into_iter().map(|notice| notice.subject).collect::<Vec<_>>();
    record.certificates = vec![issued("old", "north", "1", NOW), issued("young", "north", "1", NOW + 1)];
    assert!(told(&record).is_empty(), "the young one covers the same");
    // Another kind of case, and another version, are something else.
    for other in [issued("young", "south", "1", NOW + 1), issued("young", "north", "2", NOW + 1)] {
        record.certificates[1] = other;
        assert_eq!(told(&record), ["old"]);
    }
    // Once the last one has ended it is told, and once.
    record.certificates = vec![issued("old", "north", "1", NOW - 5), issued("young", "north", "1", NOW)];
    assert_eq!(told(&record), ["young"]);
    record.certificates = vec![issued("one", "north", "1", NOW), issued("two", "north", "1", NOW)];
    assert_eq!(told(&record), ["two"]);
}

#[test]
fn what_drifted_is_told_once_whatever_number_of_warnings_there_is_of_it() {
    let drift = |of, name: &str, part: &str| Drift {
        of,
        name: name.into(),
        part: part.into(),
        before: 10_000_000,
        after: 50_000_000,
        cases: 200,
        index: None,
    };
    let mut record = record();
    record.drift = vec![
        drift(DriftOf::Field, "region", "south"),
        drift(DriftOf::Ai, "m 1", "all cases"),
        drift(DriftOf::Ai, "m 1", "region is south"),
        drift(DriftOf::Ai, "m 2", "all cases"),
        drift(DriftOf::Ai, "m 1", "answered b"),
        drift(DriftOf::People, "people without advice", "answered b"),
        drift(DriftOf::Ai, "m 2", "answered b"),
    ];
    let notices = drifted(&record);
    let subjects: Vec<&str> = notices.iter().map(|notice| notice.subject.as_str()).collect();
    assert_eq!(subjects, ["region", "m 1", "m 2", "people without advice"]);
    assert_eq!(
        notices[1].detail,
        "What comes in has changed; the errors of m 1 have become more (all cases): they were 1.0 % before and are 5.0 % now; \
         2 more warnings of it stand in the track record"
    );
    assert!(notices[2].detail.ends_with("5.0 % now; one more warning of it stands in the track record"));
    assert!(notices[0].detail.ends_with("of south there was 1.0 % before and is 5.0 % now"));
}
