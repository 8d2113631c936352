//! The published experiment where its data are there; a table small enough to count by hand; nothing out of empty cells.

use super::*;

/// Participant; truth, AI, first and final answers; the AI's confidence in bins.
type Study = (Vec<u32>, [Vec<u32>; 4], Vec<u32>);

/// One group of the human-alignment study.
fn study(group: &str) -> Option<Study> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/human_alignment_reliance/trials.csv");
    let Ok(mut reader) = csv::Reader::from_path(path) else {
        eprintln!("passed over: {path} is not there");
        return None;
    };
    let (mut who, mut answers, mut signal) = (Vec::new(), [const { Vec::new() }; 4], Vec::new());
    for row in reader.records() {
        let row = row.unwrap();
        // Negative games are attention checks.
        if &row[1] != group || row[2].starts_with('-') {
            continue;
        }
        who.push(row[0].parse().unwrap());
        let confidence: f64 = row[5].parse().unwrap();
        signal.push(((confidence - 50.0).abs() / 10.0) as u32);
        for (column, red) in answers.iter_mut().zip([&row[10] == "Red", confidence > 50.0, &row[8] == "Red", &row[9] == "Red"]) {
            column.push(u32::from(red));
        }
    }
    Some((who, answers, signal))
}

#[test]
fn figures_of_the_study_come_out() {
    // group, RAIR with n, RSR with n, follows a wrong AI, rejects a right one.
    for (group, rair, rsr, over, under) in [
        ("A", (0.3800, 521), (0.6622, 370), 0.6047, 0.1972),
        ("B", (0.5559, 376), (0.5275, 182), 0.8230, 0.1164),
        ("C", (0.5345, 348), (0.5401, 237), 0.7787, 0.1150),
        ("BP", (0.4961, 389), (0.6087, 207), 0.7997, 0.1208),
        ("B_calibration", (0.4894, 1136), (0.5625, 464), 0.8358, 0.1284),
    ] {
        let Some((who, [truth, ai, initial, last], signal)) = study(group) else { return };
        let answers = Answers { truth: &truth, ai: &ai, initial: &initial, last: &last };
        for clusters in [Clusters::Rows, Clusters::One(&who)] {
            let r = measure(&answers, clusters, &Options::default()).unwrap();
            for (figure, value, n) in [
                (&r.rair, rair.0, Some(rair.1)),
                (&r.rsr, rsr.0, Some(rsr.1)),
                (&r.over_reliance, over, None),
                (&r.under_reliance, under, None),
            ] {
                let e = figure.estimate().unwrap();
                assert_eq!(((e.value * 1e4).round() / 1e4, n.unwrap_or(e.n)), (value, e.n), "{group}");
                assert!(e.low < value && value < e.high && e.high - e.low < 0.25);
            }
        }
        let by_rows = measure(&answers, Clusters::Rows, &Options::default()).unwrap().rair.estimate().unwrap();
        let by_people = measure(&answers, Clusters::One(&who), &Options::default()).unwrap().rair.estimate().unwrap();
        assert!(by_people.high - by_people.low > 1.1 * (by_rows.high - by_rows.low), "people repeat: {by_people:?} {by_rows:?}");
        let loss = loss_split(&answers, &signal, Clusters::One(&who), &Options::default()).unwrap();
        assert!((loss.mis_reliance.value + loss.discrimination.value - loss.total.value).abs() < 1e-12);
        assert!(
            loss.total.low > 0.0 && loss.mis_reliance.value > 0.0 && loss.followed.value < loss.followed_best.value,
            "{group} {loss:?}"
        );
    }
}

/// `(truth, ai, first, final)`, each so many times.
fn table(rows: &[([u32; 4], usize)]) -> [Vec<u32>; 4] {
    let all: Vec<[u32; 4]> = rows.iter().flat_map(|(row, times)| std::iter::repeat_n(*row, *times)).collect();
    [0, 1, 2, 3].map(|c| all.iter().map(|row| row[c]).collect())
}

fn answers(columns: &[Vec<u32>; 4]) -> Answers<'_> {
    Answers { truth: &columns[0], ai: &columns[1], initial: &columns[2], last: &columns[3] }
}

#[test]
fn a_table_counted_by_hand() {
    let columns = table(&[
        ([1, 1, 0, 1], 6), // wrong, advised rightly, followed
        ([1, 1, 0, 0], 4), // the same, not followed
        ([1, 0, 1, 1], 3), // right, advised wrongly, kept
        ([1, 0, 1, 0], 1), // the same, followed
        ([1, 0, 1, 2], 1), // the same, neither
        ([1, 1, 1, 1], 9), // agreed rightly
        ([1, 0, 0, 0], 2), // agreed wrongly
        ([1, 0, 2, 1], 1), // both wrong and different, right at last
    ]);
    let r = measure(&answers(&columns), Clusters::Rows, &Options::default()).unwrap();
    let of = |f: &Figure| f.estimate().map(|e| ((e.value * e.n as f64).round() as u64, e.n)).unwrap();
    assert_eq!((of(&r.rair), of(&r.rsr)), ((6, 10), (3, 5)));
    assert_eq!((of(&r.over_reliance), of(&r.over_reliance_on_disagreement)), ((3, 8), (1, 6)));
    assert_eq!((of(&r.under_reliance), of(&r.switch_fraction)), ((4, 19), (7, 16)));
    assert_eq!(r.rair.estimate().unwrap(), interval::wilson(6, 10, 0.95).unwrap());
    let cells: Vec<[u64; 4]> = r.map.iter().map(|c| [c.followed, c.kept, c.neither, c.right]).collect();
    assert_eq!(cells, [[9, 0, 0, 9], [1, 3, 1, 3], [6, 4, 0, 6], [2, 0, 0, 0], [0, 0, 1, 1]]);
    let shown = rehearsal::findings::Reliance::from(&r);
    assert_eq!((shown.reason, shown.notes.len()), (None, 1));
    // One signal: following all 16 is right 10 times, keeping 5 times; people followed 7 of 16 and were right 6 + 3 + 1 = 10 times.
    let loss = loss_split(&answers(&columns), &[0; 27], Clusters::Rows, &Options::default()).unwrap();
    let constrained = 5.0 + 7.0 * 5.0 / 16.0;
    assert!((loss.mis_reliance.value - (10.0 - constrained) / 27.0).abs() < 1e-12);
    assert!((loss.discrimination.value - (constrained - 10.0) / 27.0).abs() < 1e-12, "people told cases apart better than the signal can");
    assert_eq!((loss.worth.value, loss.followed_best.value), (0.0, 1.0));
}

#[test]
fn empty_cells_are_undefined_with_a_reason() {
    let columns = table(&[([1, 1, 1, 1], 5)]);
    let r = measure(&answers(&columns), Clusters::Rows, &Options::default()).unwrap();
    assert_eq!((r.rair.estimate(), r.rsr.estimate(), r.switch_fraction.estimate()), (None, None, None));
    assert!(r.rair.reason().unwrap().contains("the person was wrong"));
    assert_eq!(r.under_reliance.estimate().unwrap().value, 0.0);
    assert!(serde_json::to_value(&r.rair).unwrap()["reason"].is_string());
    assert!(rehearsal::findings::Reliance::from(&r).reason.unwrap().contains("the AI was wrong"));
    assert!(matches!(loss_split(&answers(&columns), &[0; 5], Clusters::Rows, &Options::default()), Err(Error::CannotSay(_))));
    assert!(matches!(measure(&answers(&table(&[])), Clusters::Rows, &Options::default()), Err(Error::CannotSay(_))));
    assert!(loss_split(&answers(&columns), &[40; 5], Clusters::Rows, &Options::default()).unwrap_err().to_string().contains("bins"));
    let short = Answers { last: &[], ..answers(&columns) };
    assert!(matches!(measure(&short, Clusters::Rows, &Options::default()), Err(Error::Input { .. })));
    // A cell that one person of forty carries has no interval across people.
    let mut rows = vec![([1, 1, 1, 1], 39)];
    rows.push(([1, 1, 0, 1], 1));
    let who: Vec<u32> = (0..40).collect();
    let lone = measure(&answers(&table(&rows)), Clusters::One(&who), &Options::default()).unwrap();
    assert!(lone.rair.reason().unwrap().starts_with("Only 1 case"), "{:?}", lone.rair);
}

#[test]
fn weights_of_advice_by_hand() {
    let initial = [10.0, 10.0, 10.0, 10.0, 7.0];
    let advice = [20.0, 20.0, 20.0, 20.0, 7.0];
    let last = [10.0, 15.0, 20.0, 25.0, 9.0];
    let w = weight_of_advice(&initial, &advice, &last, Clusters::Rows, &Options::default()).unwrap();
    assert_eq!((w.mean.value, w.mean.n, w.outside.value, w.equal), (0.625, 4, 0.25, 1));
    assert!(w.mean.low >= 0.0 && w.mean.high <= 1.0);
    assert!(matches!(weight_of_advice(&[1.0; 3], &[1.0; 3], &[2.0; 3], Clusters::Rows, &Options::default()), Err(Error::CannotSay(_))));
    assert!(weight_of_advice(&[f64::NAN], &[1.0], &[2.0], Clusters::Rows, &Options::default()).is_err());
    assert!(weight_of_advice(&[1.0], &[], &[2.0], Clusters::Rows, &Options::default()).is_err());
}
