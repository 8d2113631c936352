//! Skill of people where the truth is known: shares of right answers, shrunken to the pool by as much as people differ.

use crate::{
    Estimate, interval, math,
    rehearsal::{
        data::{Data, NONE, Options},
        findings::{Findings, PersonSkill},
        sheet::LEVEL,
    },
    special,
};

/// People below which their spread is not told: it would be about single people.
const PEOPLE_MIN: usize = 5;

/// Adds spread, and with `named` each person's.
pub(super) fn add(data: &Data, options: &Options, findings: &mut Findings) {
    let (Some(person), Some(truth)) = (&data.person, &data.truth) else { return };
    let answers = data.human.as_ref().or(data.observed.as_ref());
    let Some(answers) = answers else { return };
    let own = tally(&person.codes, person.names.len(), truth, answers);
    let (strength, mean) = pool(&own);
    let mut shrunken: Vec<f64> =
        own.iter().filter(|(_, n)| *n > 0).map(|(r, n)| (*r as f64 + strength * mean) / (*n as f64 + strength)).collect();
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
    for (code, name) in person.names.iter().enumerate() {
        let Some((right, n)) = own.get(code).copied().filter(|(_, n)| *n > 0) else { continue };
        let (a, b) = (right as f64 + strength * mean, (n - right) as f64 + strength * (1.0 - mean));
        let tail = 0.5 * (1.0 - LEVEL);
        let low = special::beta_quantile(tail, a.max(1e-9), b.max(1e-9));
        let high = special::beta_quantile_upper(tail, a.max(1e-9), b.max(1e-9));
        let observed_pair = after.as_ref().and_then(|t| t.get(code)).and_then(|(right, n)| interval::wilson(*right, *n, LEVEL).ok());
        findings.skill.people.push(PersonSkill {
            person: name.clone(),
            accuracy: Estimate { value: a / (a + b), low, high, n },
            observed_pair,
        });
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

/// How many answers the pool is worth, and its mean: a beta prior by the method of moments (Kleinman, JASA 68, 1973).
fn pool(own: &[(u64, u64)]) -> (f64, f64) {
    /// Where people do not differ at all, everyone is the pool.
    const STRENGTH_MAX: f64 = 10_000.0;
    let known: Vec<(f64, f64)> = own.iter().filter(|(_, n)| *n > 0).map(|(r, n)| (*r as f64, *n as f64)).collect();
    let total = math::sum(known.iter().map(|(_, n)| *n));
    if total <= 0.0 {
        return (1.0, 0.5);
    }
    let mean = (math::sum(known.iter().map(|(r, _)| *r)) / total).clamp(1e-6, 1.0 - 1e-6);
    let people = known.len() as f64;
    let between = math::sum(known.iter().map(|(r, n)| n * (r / n - mean) * (r / n - mean)));
    let scale = total - math::sum(known.iter().map(|(_, n)| n * n)) / total;
    if scale <= 0.0 {
        return (STRENGTH_MAX, mean);
    }
    let noise = mean * (1.0 - mean);
    let correlation = ((between - (people - 1.0) * noise) / (scale * noise)).clamp(0.0, 1.0);
    let strength = if correlation <= 0.0 { STRENGTH_MAX } else { ((1.0 - correlation) / correlation).clamp(1e-3, STRENGTH_MAX) };
    (strength, mean)
}
