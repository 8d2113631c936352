//! Answers that are classes.

use super::{
    Agreement, Coefficients, Error, Kind, LEVEL, Method, Skill, figure, joined,
    read::{Cells, Sheet},
};
use countersign_columns::MISSING;
use countersign_science::{
    Estimate, agreement,
    error::Result,
    skill::{self, Answers, Posterior, Settings},
};

/// What scoring needs.
struct Truth {
    by_item: Option<Vec<Option<u32>>>,
    classes: usize,
    seed: u64,
}

pub(super) fn agreement(sheet: Sheet, seed: u64) -> std::result::Result<Agreement, Error> {
    let Sheet { source, columns, left_out, item, person, items, people, answers, truth, truths_elsewhere, .. } = sheet;
    let Cells::Classes { codes, classes } = answers else {
        return Err(Error::Answers { file: source, why: "the answers are no classes".to_owned() });
    };
    let answers = Answers::new(&item, &person, &codes, (items, people.len(), classes.len()))
        .map_err(|error| Error::Answers { file: source.clone(), why: error.to_string() })?;
    let mut cannot_say = cannot_say(truth.is_some(), truths_elsewhere);
    let truth = match truth {
        Some(Cells::Classes { codes, classes }) => Truth {
            by_item: Some(codes.iter().map(|code| Some(*code).filter(|code| *code != MISSING)).collect()),
            classes: classes.len(),
            seed,
        },
        _ => Truth { by_item: None, classes: classes.len(), seed },
    };
    let unmet = truth.classes - classes.len();
    if unmet > 0 {
        cannot_say.push(format!("True classes that nobody ever answered, of which there are {unmet}: no method can be right about them."));
    }
    let votes = skill::majority(&answers);
    let dawid_skene = skill::dawid_skene(&answers, Settings::default());
    let rights = rights(&answers, &truth);
    let modelled = dawid_skene.as_ref().ok().and_then(|fit| skill::modelled_shares(&answers, &fit.posterior, LEVEL).ok());
    let mut skill: Vec<Skill> = people
        .into_iter()
        .enumerate()
        .map(|(p, person)| Skill {
            person,
            answers: answers.of_person(p).len() as u64,
            right: rights.as_ref().and_then(|rights| rights.get(p).copied()),
            dawid_skene: modelled.as_ref().and_then(|shares| shares.people.get(p).copied()),
            distance: None,
        })
        .collect();
    let key = |skill: &Skill| skill.right.or(skill.dawid_skene).map_or(0.0, |estimate| estimate.value);
    skill.sort_by(|a, b| key(b).total_cmp(&key(a)));
    Ok(Agreement {
        source,
        columns,
        kind: Kind::Classes,
        n: answers.len() as u64,
        left_out,
        items: items as u64,
        people: skill.len() as u64,
        agreement: coefficients(&answers, &classes),
        majority: Method {
            ties: Some(votes.ties),
            accuracy_by_chance: truth.by_item.as_ref().and_then(|truth| skill::expected_accuracy(&votes.shares, truth, LEVEL).ok()),
            ..truth.score(&votes.labels)
        },
        dawid_skene: truth.fitted(dawid_skene.map(|fit| (fit.posterior, fit.iterations))),
        one_coin: truth.fitted(skill::one_coin(&answers, Settings::default()).map(|fit| (fit.posterior, fit.iterations))),
        glad: truth.fitted(skill::glad(&answers).map(|fit| (fit.posterior, fit.iterations))),
        mean: None,
        median: None,
        truths: truth.by_item.as_ref().map_or(0, |truth| truth.iter().flatten().count() as u64),
        classes,
        skill,
        cannot_say,
    })
}

/// What every such file leaves open.
pub(super) fn cannot_say(has_truth: bool, truths_elsewhere: u64) -> Vec<String> {
    let mut cannot_say = Vec::new();
    if !has_truth {
        cannot_say.push(
            "Who is right: without --truth only agreement is known, and people can agree on what is wrong. Skill is by a model that takes the \
             crowd for mostly right; its intervals do not count that it may not be."
                .to_owned(),
        );
    }
    if truths_elsewhere > 0 {
        let items = if truths_elsewhere == 1 { "1 item".to_owned() } else { format!("{truths_elsewhere} items") };
        cannot_say.push(format!("Whether anybody would know {items} of the file of truths, which nobody answered."));
    }
    cannot_say
}

impl Truth {
    fn score(&self, labels: &[Option<u32>]) -> Method {
        let Some(truth) = &self.by_item else { return Method::none("no truth is given; --truth FILE names one") };
        let mut reasons = Vec::new();
        Method {
            accuracy: figure(skill::accuracy(labels, truth, LEVEL), &mut reasons),
            f1: figure(skill::macro_f1(labels, truth, self.classes, LEVEL, self.seed), &mut reasons),
            reason: joined(reasons),
            ..Method::default()
        }
    }

    fn fitted(&self, fitted: Result<(Posterior, u32)>) -> Method {
        match fitted {
            Ok((posterior, iterations)) => {
                let labels: Vec<Option<u32>> = posterior.labels().into_iter().map(Some).collect();
                Method { iterations: Some(iterations), ..self.score(&labels) }
            }
            Err(error) => Method::none(error.to_string()),
        }
    }
}

/// The share of right answers of each person against the truth.
fn rights(answers: &Answers, truth: &Truth) -> Option<Vec<Estimate>> {
    let truth = truth.by_item.as_ref()?;
    let known =
        |person: usize| answers.of_person(person).iter().filter_map(|(item, class)| Some((truth.get(*item as usize).copied()??, *class)));
    let right: Vec<f64> =
        (0..answers.people()).map(|person| known(person).filter(|(truth, class)| truth == class).count() as f64).collect();
    let n: Vec<f64> = (0..answers.people()).map(|person| known(person).count() as f64).collect();
    skill::shrunk_shares(&right, &n, LEVEL).ok().map(|shrunk| shrunk.people)
}

fn coefficients(answers: &Answers, classes: &[String]) -> Coefficients {
    let mut reasons = Vec::new();
    let ordered = classes.len() > 2 && classes.iter().all(|class| class.parse::<f64>().is_ok());
    let cohen = if answers.people() == 2 {
        let mut by_person = [vec![None; answers.items()], vec![None; answers.items()]];
        for (person, cells) in by_person.iter_mut().enumerate() {
            for (item, class) in answers.of_person(person) {
                if let Some(cell) = cells.get_mut(*item as usize) {
                    *cell = Some(*class);
                }
            }
        }
        figure(agreement::cohen(&by_person[0], &by_person[1], classes.len(), agreement::Weights::None, LEVEL), &mut reasons)
    } else {
        reasons.push(format!("Cohen's kappa is for two people, and there are {}", answers.people()));
        None
    };
    Coefficients {
        observed: figure(agreement::observed(answers, LEVEL), &mut reasons),
        krippendorff_alpha: figure(agreement::alpha_nominal(answers, LEVEL), &mut reasons),
        krippendorff_alpha_ordinal: if ordered { figure(agreement::alpha_ordinal(answers, LEVEL), &mut reasons) } else { None },
        fleiss_kappa: figure(agreement::fleiss(answers, LEVEL), &mut reasons),
        cohen_kappa: cohen,
        reason: joined(reasons),
    }
}
