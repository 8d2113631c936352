//! Worlds for scoring rates and for what watches a stream. Never one that drifts while it is said not to.

use countersign_science::{
    audit::{Audit, Batch, Collector, Names},
    drift::{self, Adwin},
    fairness::Options,
    interval,
    random::Random,
};

use super::{Check, Claim, hit, intervals::holds, normal, number};

pub fn checks() -> Vec<Check> {
    let check = |name, world, claim, run| Check { name, world, claim, run };
    vec![
        check(
            "Scoring rate, above the median as it is",
            "normal scores, one of 3 groups half a deviation up",
            Claim::Covers(0.95, 0.02),
            |r| {
                let scored = scored(r, 0.5);
                let scoring = scored.partitions[0].scoring.as_ref()?;
                holds(Ok(scoring.categories[0].scoring_rate?), above(0.5, scoring.median))
            },
        ),
        check("Impact ratio of scoring rates", "the same", Claim::AtLeast(0.95), |r| {
            let scored = scored(r, 0.5);
            let scoring = scored.partitions[0].scoring.as_ref()?;
            holds(Ok(scoring.categories[1].impact_ratio?), above(0.0, scoring.median) / above(0.5, scoring.median))
        }),
        check("Scoring rates differ by more than chance, falsely", "the same, no group differs", Claim::AtMost(0.05), |r| {
            Some(scored(r, 0.0).partitions[0].scoring.as_ref()?.chance?.p <= 0.05)
        }),
        check("Macro F1", "200 answers right in .8, 3 classes", Claim::Covers(0.95, 0.025), |r| {
            let truth: Vec<u32> = (0..200).map(|_| r.below(3) as u32).collect();
            let answers: Vec<u32> =
                truth.iter().map(|truth| if hit(r, 0.8) { *truth } else { (truth + 1 + r.below(2) as u32) % 3 }).collect();
            let options = countersign_science::bootstrap::Options { level: 0.95, draws: 400, seed: r.bits() };
            holds(countersign_science::score::macro_f1(&answers, &truth, 3, countersign_science::bootstrap::Clusters::Rows, &options), 0.8)
        }),
        check("ADWIN, cut at the last look, falsely", "delta .05, 1,000 values that are 1 in .1", Claim::AtMost(0.05), |r| {
            let mut window = Adwin::new(0.05).unwrap();
            (0..991).for_each(|_| {
                window.observe(number(hit(r, 0.1))).unwrap();
            });
            // It looks at every 16th value.
            Some(window.observe(number(hit(r, 0.1))).unwrap().is_some())
        }),
        check("ADWIN, cut at any look, falsely", "the same", Claim::AtMost(0.05), |r| {
            let mut window = Adwin::new(0.05).unwrap();
            Some((0..1_000).any(|_| window.observe(number(hit(r, 0.1))).unwrap().is_some()))
        }),
        check("PSI of numbers, null band", "10 bins out of 1,000 rows before, 400 after", Claim::Covers(0.95, 0.02), |r| {
            let mut draw = |n: usize| (0..n).map(|_| normal(r)).collect::<Vec<f64>>();
            let (before, after) = (draw(1_000), draw(400));
            let shift = drift::psi_numbers("x", &before, &after, 10, 0.95).ok()?;
            Some(shift.index <= shift.null_high)
        }),
        check("PSI of kinds, null band", "30 kinds, the rarest 1 in 120", Claim::Covers(0.95, 0.03), |r| {
            let names: Vec<String> = (0..30).map(|kind| kind.to_string()).collect();
            // Kind k comes k + 1 times as often as the rarest: 465 in all.
            let mut draw = |n: usize| {
                (0..n)
                    .map(|_| {
                        let at = r.below(465);
                        names[(0..30).find(|kind| at < (kind + 1) * (kind + 2) / 2).unwrap_or(29)].as_str()
                    })
                    .collect::<Vec<&str>>()
            };
            let (before, after) = (draw(2_000), draw(1_000));
            let shift = drift::psi_categories("x", before, after, 0.95).ok()?;
            Some(shift.index <= shift.null_high)
        }),
    ]
}

/// The share of a normal score with this mean that lies above a number.
fn above(mean: f64, number: f64) -> f64 {
    countersign_science::special::normal_survival(number - mean)
}

/// Three groups of 120, 150 and 230 scores; the first one's are higher.
fn scored(random: &mut Random, up: f64) -> Audit {
    let groups: Vec<u32> = (0..500).map(|row| if row < 120 { 0 } else { 1 + u32::from(row >= 270) }).collect();
    let scores: Vec<f64> = groups.iter().map(|group| normal(random) + if *group == 0 { up } else { 0.0 }).collect();
    let answers: Vec<u8> = scores.iter().map(|score| u8::from(*score > 1.0)).collect();
    let mut collector = Collector::new(1, 1, 0).unwrap();
    collector.add(&Batch { rows: 500, groups: &[&groups], labels: &[], answers: &[&answers], clusters: &[], scores: &scores }).unwrap();
    let names = Names { values: vec![["a", "b", "c"].map(str::to_owned).to_vec()], ..Names::default() };
    collector.finish(&names, &Options { seed: random.bits(), draws: 400, level: interval::LEVEL_DEFAULT, ..Options::default() }).unwrap()
}
