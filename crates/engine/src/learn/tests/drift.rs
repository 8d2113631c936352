//! What has moved is named, and what was imported late is no news.

use super::*;
use crate::track::DriftOf;

/// A kind of case that becomes more common is named, and so is a proposer that becomes worse, where it does; a world that stays as it
/// is gives no warning.
#[test]
fn what_has_moved_is_named() {
    let mut steady = Stream::new();
    steady.month(1_200, 20);
    let record = steady.learner().publish(steady.now + 2 * DAY).unwrap();
    assert_eq!(record.drift, []);
    let mut stream = Stream::new();
    stream.month(900, 20);
    // Hard cases become the most common, and the AI is wrong in half of the easy ones.
    for n in 0..400 {
        let easy = n % 4 == 0;
        let wrong = easy && n % 8 == 0 || !easy && n % 2 == 0;
        stream.case(if easy { "easy" } else { "hard" }, (if wrong { "b" } else { "a" }, 90), "a", "a", None);
    }
    let record = stream.learner().publish(stream.now + 2 * DAY).unwrap();
    let field = record.drift.iter().find(|drift| drift.of == DriftOf::Field).unwrap();
    assert_eq!((field.name.as_str(), field.part.as_str()), ("region", "hard"), "{record:?}");
    assert!(field.before + 200_000_000 < field.after && field.index.unwrap() > 100_000_000, "{field:?}");
    let ai: Vec<_> = record.drift.iter().filter(|drift| drift.of == DriftOf::Ai).collect();
    assert!(ai.iter().all(|drift| drift.name == "m 1" && drift.after > drift.before) && !ai.is_empty(), "{ai:?}");
    assert!(record.drift.iter().all(|drift| drift.of != DriftOf::People), "{:?}", record.drift);
}

/// Old cases that are imported after younger ones hide nothing that has moved since, and are no news themselves.
#[test]
fn what_was_imported_late_came_early() {
    let imported = |stream: &mut Stream, wrong: u32| {
        let now = stream.now;
        stream.now -= 300 * DAY;
        stream.month(400, wrong);
        stream.now = now;
    };
    let fields = |record: &TrackRecord| record.drift.iter().filter(|drift| drift.of == DriftOf::Field).cloned().collect::<Vec<_>>();
    let moving = |late: bool| {
        let mut stream = Stream::new();
        if !late {
            imported(&mut stream, 20);
        }
        stream.month(900, 20);
        for n in 0..400 {
            stream.case(if n % 4 == 0 { "easy" } else { "hard" }, ("a", 90), "a", "a", None);
        }
        if late {
            imported(&mut stream, 20);
        }
        fields(&stream.learner().publish(stream.now + 2 * DAY).unwrap())
    };
    assert!(!moving(true).is_empty() && moving(true) == moving(false), "{:?}", moving(true));
    // Long ago the AI was wrong in half of the cases.
    let mut better = Stream::new();
    better.month(900, 20);
    imported(&mut better, 2);
    let record = better.learner().publish(better.now + 2 * DAY).unwrap();
    assert!(record.drift.iter().all(|drift| drift.of != DriftOf::Ai), "{:?}", record.drift);
}
