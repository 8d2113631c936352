//! Worlds for regions: columns of noise, and one column in which the AI is worse for a known range. Never one in which the true
//! difference of a region from elsewhere cannot be worked out from its conditions.

use countersign_science::{
    random::Random,
    region::{self, Column, Condition, Options, Region, Rows, Values},
};

use super::{Check, Claim, hit};

/// Values of the column that matters: 0 to 10, all alike.
const GRADES: usize = 11;

pub fn checks() -> Vec<Check> {
    let check = |name, world, claim, run| Check { name, world, claim, run };
    // Figures of regions are read where they were reported, so what is counted are false ones among those: one of a run, drawn at
    // random, is false with the expected share of false ones, and none is no false one.
    vec![
        check("Regions, any found", "nothing planted, 20 columns, 2,000 rows", Claim::AtMost(0.05), |r| {
            Some(!World { columns: 20, rows: 2_000, drop: 0.0 }.found(r).is_empty())
        }),
        check(
            "Regions, planted one found without noise",
            "25 points in 45 % of 3,000 rows, 50 columns of noise",
            Claim::AtLeast(0.95),
            |r| {
                let found = PLAIN.found(r);
                Some(found.iter().any(|region| region.text == "grade > 5") && found.iter().all(|region| !joined(region)))
            },
        ),
        check("Regions, share of false ones", "the same", Claim::AtMost(0.05), |r| {
            let found = PLAIN.found(r);
            drawn(r, &found).map(|region| {
                let (within, elsewhere) = PLAIN.truth(region);
                if region.better { within <= elsewhere } else { within >= elsewhere }
            })
        }),
        check("Regions, share of intervals that miss: difference", "the same", Claim::AtMost(0.05), |r| missed(r, PLAIN, true)),
        check("Regions, share of intervals that miss: difference", "8 points, barely to be found", Claim::AtMost(0.05), |r| {
            missed(r, FAINT, true)
        }),
        check("Regions, share of intervals that miss: accuracy", "the same", Claim::AtMost(0.05), |r| missed(r, FAINT, false)),
    ]
}

/// Columns of noise, rows, and by how much the AI is worse where the grade is above 5; it is right in 85 % elsewhere.
#[derive(Clone, Copy)]
struct World {
    columns: usize,
    rows: usize,
    drop: f64,
}

const PLAIN: World = World { columns: 50, rows: 3_000, drop: 0.25 };
const FAINT: World = World { columns: 20, rows: 3_000, drop: 0.08 };

impl World {
    fn found(self, random: &mut Random) -> Vec<Region> {
        let grade: Vec<f64> = (0..self.rows).map(|_| random.below(GRADES) as f64).collect();
        let noise: Vec<Vec<f64>> = (0..self.columns).map(|_| (0..self.rows).map(|_| random.uniform()).collect()).collect();
        let ai: Vec<u8> = grade.iter().map(|grade| u8::from(hit(random, self.accuracy(*grade)))).collect();
        let names: Vec<String> = (0..self.columns).map(|at| format!("noise {at}")).collect();
        let mut columns: Vec<Column<'_>> =
            names.iter().zip(&noise).map(|(name, values)| Column { name, values: Values::Numbers(values) }).collect();
        columns.push(Column { name: "grade", values: Values::Numbers(&grade) });
        let rows = Rows { columns: &columns, ai: &ai, people: &[], pair: &[], clusters: &[] };
        region::find(&rows, &Options { seed: random.bits(), ..Options::default() }).unwrap().regions
    }

    fn accuracy(self, grade: f64) -> f64 {
        0.85 - if grade > 5.0 { self.drop } else { 0.0 }
    }

    /// The accuracy within a region and elsewhere.
    fn truth(self, region: &Region) -> (f64, f64) {
        let all: Vec<f64> = (0..GRADES).map(|grade| grade as f64).collect();
        let holds = |grade: f64| {
            region.conditions.iter().all(|condition| match condition {
                Condition::Above { column, value } if column == "grade" => grade > *value,
                Condition::AtMost { column, value } if column == "grade" => grade <= *value,
                _ => true,
            })
        };
        let mean = |grades: &[f64]| grades.iter().map(|grade| self.accuracy(*grade)).sum::<f64>() / grades.len().max(1) as f64;
        let inside: Vec<f64> = all.iter().copied().filter(|grade| holds(*grade)).collect();
        let within = mean(&inside);
        let share = inside.len() as f64 / all.len() as f64 * noise_share(&region.conditions);
        (within, (mean(&all) - share * within) / (1.0 - share))
    }
}

/// The share of rows that conditions on noise leave: uniform numbers, each column with a lower and an upper bound.
fn noise_share(conditions: &[Condition]) -> f64 {
    let mut bounds: std::collections::BTreeMap<&str, (f64, f64)> = std::collections::BTreeMap::new();
    for condition in conditions {
        match condition {
            Condition::Above { column, value } if column != "grade" => {
                let own = bounds.entry(column).or_insert((0.0, 1.0));
                own.0 = own.0.max(*value);
            }
            Condition::AtMost { column, value } if column != "grade" => {
                let own = bounds.entry(column).or_insert((0.0, 1.0));
                own.1 = own.1.min(*value);
            }
            _ => {}
        }
    }
    bounds.values().map(|(low, high)| (high - low).max(0.0)).product()
}

/// Whether noise stands beside the column that matters.
fn joined(region: &Region) -> bool {
    region.text.contains("grade") && region.text.contains("noise")
}

fn drawn<'a>(random: &mut Random, found: &'a [Region]) -> Option<&'a Region> {
    if found.is_empty() { None } else { found.get(random.below(found.len())) }
}

fn missed(random: &mut Random, world: World, difference: bool) -> Option<bool> {
    let found = world.found(random);
    drawn(random, &found).and_then(|region| {
        let (within, elsewhere) = world.truth(region);
        let (estimate, truth) = if difference { (region.difference, within - elsewhere) } else { (region.ai?, within) };
        Some(!(estimate.low <= truth && truth <= estimate.high))
    })
}
