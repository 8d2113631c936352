//! Answers that are numbers on a scale.

use super::{
    Agreement, Coefficients, Error, Kind, LEVEL, Method, NumberMethod, Skill,
    classes::cannot_say,
    figure, joined,
    read::{Cells, Sheet},
};
use countersign_science::{
    agreement, interval,
    skill::{self, NumericAnswers},
};

pub(super) fn agreement(sheet: Sheet) -> Result<Agreement, Error> {
    let Sheet { source, columns, left_out, item, person, items, people, answers, truth, truths_elsewhere, .. } = sheet;
    let Cells::Numbers(values) = answers else { return Err(Error::Answers { file: source, why: "the answers are no numbers".to_owned() }) };
    let n = values.len() as u64;
    let answers = NumericAnswers::new(&item, &person, &values, (items, people.len()))
        .map_err(|error| Error::Answers { file: source.clone(), why: error.to_string() })?;
    let truth: Option<Vec<Option<f64>>> = match truth {
        Some(Cells::Numbers(values)) => Some(values.into_iter().map(|value| Some(value).filter(|value| !value.is_nan())).collect()),
        _ => None,
    };
    let cannot_say = cannot_say(truth.is_some(), truths_elsewhere);
    let labels = skill::numeric_labels(&answers);
    let score = |labels: &[Option<f64>]| {
        let Some(truth) = &truth else {
            return NumberMethod { reason: Some("no truth is given; --truth FILE names one".to_owned()), ..NumberMethod::default() };
        };
        let mut reasons = Vec::new();
        NumberMethod {
            mae: figure(skill::distance(labels, truth, LEVEL), &mut reasons),
            rmse: figure(skill::root_mean_square(labels, truth, LEVEL), &mut reasons),
            reason: joined(reasons),
        }
    };
    let distances = answers.distances(truth.as_deref());
    let mut counts = vec![0u64; people.len()];
    for person in &person {
        if let Some(count) = counts.get_mut(*person as usize) {
            *count += 1;
        }
    }
    let of_person = |((person, distances), answers): ((String, Vec<f64>), u64)| {
        let distance = interval::mean_t(&distances, LEVEL).ok();
        Skill { person, answers, right: None, dawid_skene: None, distance }
    };
    let mut skill: Vec<Skill> = people.into_iter().zip(distances).zip(counts).map(of_person).collect();
    let key = |skill: &Skill| skill.distance.map_or(f64::INFINITY, |estimate| estimate.value);
    skill.sort_by(|a, b| key(a).total_cmp(&key(b)));
    let mut reasons = vec!["kappas are for classes, and these answers are numbers".to_owned()];
    let no_classes = || Method::none("the answers are numbers, and this needs classes; see mean and median, or --kind classes");
    Ok(Agreement {
        source,
        columns,
        kind: Kind::Numbers,
        n,
        left_out,
        items: items as u64,
        people: skill.len() as u64,
        classes: Vec::new(),
        truths: truth.as_ref().map_or(0, |truth| truth.iter().flatten().count() as u64),
        agreement: Coefficients {
            krippendorff_alpha: figure(agreement::alpha_interval(&answers, LEVEL), &mut reasons),
            reason: joined(reasons),
            ..Coefficients::default()
        },
        majority: no_classes(),
        dawid_skene: no_classes(),
        one_coin: no_classes(),
        glad: no_classes(),
        mean: Some(score(&labels.mean)),
        median: Some(score(&labels.median)),
        skill,
        cannot_say,
    })
}
