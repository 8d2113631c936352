//! Skill of people where the truth is known: shares of right answers. Shrinks nothing itself: [`crate::skill`] does.

use crate::{
    interval,
    rehearsal::{
        data::{Data, NONE, Options},
        findings::{Findings, PersonSkill},
        sheet::LEVEL,
    },
    skill,
};

/// People below which their spread is not told: it would be about single people.
const PEOPLE_MIN: usize = 5;

/// Adds spread, and with `named` each person's.
pub(super) fn add(data: &Data, options: &Options, findings: &mut Findings) {
    let (Some(person), Some(truth)) = (&data.person, &data.truth) else { return };
    let answers = data.human.as_ref().or(data.observed.as_ref());
    let Some(answers) = answers else { return };
    let own = tally(&person.codes, person.names.len(), truth, answers);
    let column = |of: fn(&(u64, u64)) -> u64| own.iter().map(|one| of(one) as f64).collect::<Vec<f64>>();
    let Ok(shrunk) = skill::shrunk_shares(&column(|(right, _)| *right), &column(|(_, n)| *n), LEVEL) else { return };
    let known = || shrunk.people.iter().zip(&own).filter(|(_, (_, n))| *n > 0);
    let mut shrunken: Vec<f64> = known().map(|(person, _)| person.value).collect();
    shrunken.sort_by(f64::total_cmp);
    if shrunken.len() >= PEOPLE_MIN {
        let at = |q| crate::bootstrap::quantile(&shrunken, q);
        findings.skill.spread = Some((at(0.1), at(0.5), at(0.9)));
    }
    if data.human.is_none() {
        findings.skill.notes.push("these are answers after advice: they say how people did with it, not what they can do alone".to_owned());
    }
    if !options.named {
        findings.skill.notes.push("no person is named: --named gives each one's skill".to_owned());
        return;
    }
    let after = data.human.as_ref().and(data.observed.as_ref()).map(|o| tally(&person.codes, person.names.len(), truth, o));
    for (code, (name, accuracy)) in person.names.iter().zip(&shrunk.people).enumerate() {
        if own.get(code).is_none_or(|(_, n)| *n == 0) {
            continue;
        }
        let observed_pair = after.as_ref().and_then(|t| t.get(code)).and_then(|(right, n)| interval::wilson(*right, *n, LEVEL).ok());
        findings.skill.people.push(PersonSkill { person: name.clone(), accuracy: *accuracy, observed_pair });
    }
    findings.skill.people.sort_by(|a, b| a.person.cmp(&b.person));
}

/// Right answers and answers, by person.
fn tally(codes: &[u32], people: usize, truth: &[u32], answers: &[u32]) -> Vec<(u64, u64)> {
    let mut out = vec![(0, 0); people];
    for ((code, truth), answer) in codes.iter().zip(truth).zip(answers).filter(|(_, a)| **a != NONE) {
        if let Some((right, n)) = out.get_mut(*code as usize) {
            *right += u64::from(truth == answer);
            *n += 1;
        }
    }
    out
}
