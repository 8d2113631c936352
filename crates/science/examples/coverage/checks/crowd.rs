//! Worlds for labels and skill out of many answers, for answers that are numbers, and for what is done with advice. Never one whose
//! truth is estimated.

use countersign_science::{
    Estimate, agreement,
    bootstrap::{self, Clusters, Columns, Options},
    error::Result,
    interval,
    random::Random,
    reliance::{self, Reliance},
    skill::{self, NumericAnswers, Settings},
    suggestion::{self, Grouping, Inflow},
};

use super::{Check, Claim, hit, intervals::holds, measures, normal, number};

const OPTIONS: Options = Options { level: 0.95, draws: 400, seed: 0 };

pub fn checks() -> Vec<Check> {
    [labels(), numbers(), advice()].into_iter().flatten().collect()
}

fn check(name: &'static str, world: &'static str, claim: Claim, run: fn(&mut Random) -> Option<bool>) -> Check {
    Check { name, world, claim, run }
}

fn labels() -> Vec<Check> {
    vec![
        check("Skill by Dawid and Skene, no truth", "7 people right in .6 to .9, 300 items, 2 classes", Claim::Covers(0.95, 0.03), |r| {
            modelled(r, 7, 300, 2)
        }),
        check("Skill by Dawid and Skene, no truth", "5 people, 150 items, 3 classes", Claim::Covers(0.95, 0.03), |r| {
            modelled(r, 5, 150, 3)
        }),
        check("Skill by Dawid and Skene, no truth", "40 people, 400 items, each answers a quarter", Claim::Covers(0.95, 0.03), sparse),
        check("Accuracy of votes", "three people right in .8, 200 items", Claim::Covers(0.95, 0.02), |r| {
            let (answers, truth) = asked(r, &[0.8; 3], 200, 2, 1.0);
            holds(skill::accuracy(&skill::majority(&answers).labels, &truth, 0.95), 0.896)
        }),
        check("Macro F1 of labels", "200 labels right in .8, 3 classes", Claim::Covers(0.95, 0.025), |r| {
            let truth: Vec<Option<u32>> = (0..200).map(|_| Some(r.below(3) as u32)).collect();
            let labels: Vec<Option<u32>> = truth.iter().map(|truth| Some(answer(r, truth.unwrap(), 0.8, 3))).collect();
            holds(skill::macro_f1(&labels, &truth, 3, 0.95, r.bits()), 0.8)
        }),
        check("Observed agreement", "three people, 100 items, true .68", Claim::Covers(0.95, 0.025), |r| {
            holds(agreement::observed(&measures::table(&measures::answered(r, 3, 100)), 0.95), 0.68)
        }),
        check(
            "Krippendorff's alpha, classes in order",
            "three people right in .7 of 150 items, true .3025",
            Claim::Covers(0.95, 0.025),
            |r| {
                let (answers, _) = asked(r, &[0.7; 3], 150, 3, 1.0);
                holds(agreement::alpha_ordinal(&answers, 0.95), 0.3025)
            },
        ),
    ]
}

fn numbers() -> Vec<Check> {
    vec![
        check("Krippendorff's alpha of numbers", "three people, 100 items, half of the variance theirs", Claim::Covers(0.95, 0.025), |r| {
            let (mut item, mut person, mut value) = (vec![], vec![], vec![]);
            for i in 0..100 {
                let truth = normal(r);
                for p in 0..3 {
                    item.push(i);
                    person.push(p);
                    value.push(truth + normal(r));
                }
            }
            holds(agreement::alpha_interval(&NumericAnswers::new(&item, &person, &value, (100, 3)).unwrap(), 0.95), 0.5)
        }),
        check("Mean distance to the truth", "100 items, normal errors", Claim::Covers(0.95, 0.02), |r| {
            // The mean of the absolute value of a standard normal variable is sqrt(2 / pi).
            off(r, skill::distance, 0.797_884_560_802_865)
        }),
        check("Root mean square distance", "the same", Claim::Covers(0.95, 0.025), |r| off(r, skill::root_mean_square, 1.0)),
    ]
}

fn advice() -> Vec<Check> {
    let near = Claim::Covers(0.95, 0.025);
    vec![
        check("Weight of advice", "40 people, 10 cases each, true .45", near, |r| Some(weight(r)?.0)),
        check("Answers beyond or away from the advice", "the same, true .1", near, |r| Some(weight(r)?.1)),
        check("Over-reliance", "400 cases, true .58", near, |r| measures::relied(r, of(|found| &found.over_reliance), 0.58)),
        check("Under-reliance", "400 cases, true .18", near, |r| measures::relied(r, of(|found| &found.under_reliance), 0.18)),
        check("Switch fraction", "400 cases, true .4", near, |r| measures::relied(r, of(|found| &found.switch_fraction), 0.4)),
        check("Share where people repeat", "40 people, 10 cases each", near, |r| clustered(r, 40)),
        check("Share where people repeat", "12 people, 10 cases each", Claim::Covers(0.95, 0.035), |r| clustered(r, 12)),
        check("Override rate of a person", "one of 20 people with 20 cases", Claim::Covers(0.95, 0.03), |r| {
            let found = overrides(r)?;
            let own = found.patterns.iter().find(|pattern| pattern.name == "0")?;
            holds(Ok(own.rate), 0.3)
        }),
        check("Overrides that differ by person, falsely", "the same, 20 tests", Claim::AtMost(0.05), |r| {
            Some(overrides(r)?.patterns.iter().any(|pattern| pattern.p_holm.is_some_and(|p| p <= 0.05)))
        }),
    ]
}

/// A class: the truth with this chance, else any other.
fn answer(random: &mut Random, truth: u32, right: f64, classes: usize) -> u32 {
    if hit(random, right) { truth } else { (truth + 1 + random.below(classes - 1) as u32) % classes as u32 }
}

/// Answers of people of these skills to items, each given with a chance, and the truth.
fn asked(random: &mut Random, skills: &[f64], items: usize, classes: usize, share: f64) -> (skill::Answers, Vec<Option<u32>>) {
    let (mut item, mut person, mut given, mut truths) = (vec![], vec![], vec![], vec![]);
    for i in 0..items {
        let truth = random.below(classes) as u32;
        truths.push(Some(truth));
        for (p, right) in (0u32..).zip(skills) {
            if share >= 1.0 || hit(random, share) {
                item.push(i as u32);
                person.push(p);
                given.push(answer(random, truth, *right, classes));
            }
        }
    }
    (skill::Answers::new(&item, &person, &given, (items, skills.len(), classes)).unwrap(), truths)
}

/// Whether the interval of one person, whose skill is drawn as all are, holds it.
fn modelled(random: &mut Random, people: usize, items: usize, classes: usize) -> Option<bool> {
    let skills: Vec<f64> = (0..people).map(|_| 0.6 + 0.3 * random.uniform()).collect();
    first_skill(&asked(random, &skills, items, classes, 1.0).0, &skills)
}

fn sparse(random: &mut Random) -> Option<bool> {
    let skills: Vec<f64> = (0..40).map(|_| 0.55 + 0.4 * random.uniform()).collect();
    first_skill(&asked(random, &skills, 400, 2, 0.25).0, &skills)
}

fn first_skill(answers: &skill::Answers, skills: &[f64]) -> Option<bool> {
    let fit = skill::dawid_skene(answers, Settings::default()).ok()?;
    holds(skill::modelled_shares(answers, &fit.posterior, 0.95).map(|shrunk| shrunk.people[0]), skills[0])
}

/// A distance of labels from the truth.
type Distance = fn(&[Option<f64>], &[Option<f64>], f64) -> Result<Estimate>;

fn off(random: &mut Random, figure: Distance, truth: f64) -> Option<bool> {
    let values: Vec<Option<f64>> = (0..100).map(|_| Some(normal(random))).collect();
    holds(figure(&values, &[Some(0.0); 100], 0.95), truth)
}

/// Each person has a weight of their own, uniform in 0 to 1; one case in ten moves away instead, which counts as a weight of 0. Whether
/// the intervals hold .9 times a half, and .1.
fn weight(random: &mut Random) -> Option<(bool, bool)> {
    let (mut first, mut advice, mut last, mut person) = (vec![], vec![], vec![], vec![]);
    for p in 0..40u32 {
        let weight = random.uniform();
        for _ in 0..10 {
            let (from, to) = (normal(random), normal(random));
            first.push(from);
            advice.push(to);
            last.push(from + (to - from) * if hit(random, 0.1) { -0.5 } else { weight });
            person.push(p);
        }
    }
    let options = Options { seed: random.bits(), ..OPTIONS };
    let found = reliance::weight_of_advice(&first, &advice, &last, Clusters::One(&person), &options).ok()?;
    Some((holds(Ok(found.mean), 0.45)?, holds(Ok(found.outside), 0.1)?))
}

fn of(figure: fn(&Reliance) -> &reliance::Figure) -> impl Fn(&Reliance) -> Option<Estimate> {
    move |found| figure(found).estimate()
}

/// People right in .5 to .9: the share of right answers, as everywhere that people or items repeat.
fn clustered(random: &mut Random, people: u32) -> Option<bool> {
    let (mut person, mut right) = (vec![], vec![]);
    for p in 0..people {
        let skill = 0.5 + 0.4 * random.uniform();
        for _ in 0..10 {
            person.push(p);
            right.push(number(hit(random, skill)));
        }
    }
    let columns = Columns::from_slices(&[&right, &vec![1.0; right.len()]]).unwrap();
    holds(bootstrap::draw(&columns, Clusters::One(&person), OPTIONS.draws, random.bits()).unwrap().share(0, 1, 0.95), 0.7)
}

/// Twenty people who all override three suggestions in ten.
fn overrides(random: &mut Random) -> Option<countersign_science::rehearsal::findings::SuggestionOnly> {
    let names: Vec<String> = (0..20).map(|person| person.to_string()).collect();
    let codes: Vec<u32> = (0..400).map(|row| row % 20).collect();
    let suggestion = vec![0; 400];
    let answer: Vec<u32> = (0..400).map(|_| u32::from(hit(random, 0.3))).collect();
    let inflow = Inflow { per_week: None, blind_share: 0.1, classes: 2 };
    let grouping = Grouping { by: "person", codes: &codes, names: &names };
    let options = Options { level: interval::LEVEL_DEFAULT, seed: random.bits(), ..OPTIONS };
    suggestion::analyse(&suggestion, &answer, &[grouping], Clusters::Rows, &inflow, &options).ok()
}
