//! What may be automated at which promise, out of what was judged. Certifies nothing itself: [`super::promise`] did.

use crate::{
    Estimate, interval, math,
    rehearsal::{
        compose::Figures,
        data::Options,
        findings::{Automation, PredictionSets},
        judge::Judged,
        promise::Sets,
        sheet::{Drawn, Figure, LEVEL},
    },
    risk,
};

/// One finding a promise, strictest first.
pub(super) fn automation(options: &Options, judged: &Judged, figures: &Figures, drawn: &Drawn) -> Vec<Automation> {
    let of = |at: usize| {
        let kept = judged.promises.get(at)?;
        let (_, automated, wrong) = figures.promises.get(at)?;
        let share = drawn.share(*automated);
        let never = kept.thresholds.is_empty();
        let error = error(share.as_ref(), drawn.point(*wrong), judged.ai.right.iter().filter(|v| !v.is_nan()).count());
        let mut found = Automation {
            alpha: kept.alpha,
            delta: options.delta,
            share,
            error: error.filter(|_| !never),
            threshold: math::mean(&kept.thresholds),
            certified_on: kept.certified_on,
            reason: None,
        };
        let reasons = [
            never.then(|| never_words(kept.alpha, options.delta)),
            sometimes(kept.thresholds.len(), kept.parts).filter(|_| !never),
            found.broken().then(|| "did not hold on fresh cases: do not automate on it".to_owned()),
        ];
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        found.reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        Some(found)
    };
    (0..judged.promises.len()).filter_map(of).collect()
}

/// One a promise: what prediction sets at that error are like.
pub(super) fn prediction_sets(judged: &Judged, figures: &Figures, drawn: &Drawn) -> Vec<PredictionSets> {
    let of = |(sets, [covered, size, single]): (&Sets, &[Figure; 3])| PredictionSets {
        alpha: sets.alpha,
        coverage: drawn.share(*covered),
        size: drawn.mean(*size),
        single: drawn.share(*single),
    };
    judged.sets.iter().zip(&figures.sets).map(of).collect()
}

/// Wrong among automated: Wilson's interval on the automated rows.
fn error(share: Option<&Estimate>, wrong: Option<f64>, rows: usize) -> Option<Estimate> {
    let (share, wrong) = (share?.value, wrong?);
    if share <= 0.0 {
        return None;
    }
    let n = (share * rows as f64).round().max(1.0);
    interval::wilson_share((wrong / share).clamp(0.0, 1.0), n, n as u64, LEVEL).ok()
}

fn never_words(alpha: f64, delta: f64) -> String {
    let needed = risk::labels_needed(alpha, 1.0 - delta, 0.0);
    let at_half = risk::labels_needed(alpha, 1.0 - delta, 0.5 * alpha);
    match (needed, at_half) {
        (Ok(needed), Ok(half)) => format!(
            "nothing can be certified: that needs at least {needed} cases without an error among the surest (about {half} if {:.2} % of them \
             are wrong)",
            50.0 * alpha
        ),
        _ => "nothing can be certified on so few cases".to_owned(),
    }
}

fn sometimes(certified: usize, parts: usize) -> Option<String> {
    (certified < parts).then(|| format!("certified in {certified} of {parts} parts; the others automate nothing, and count as 0"))
}
