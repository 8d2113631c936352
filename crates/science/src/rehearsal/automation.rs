//! What may be automated at which promise, out of what was judged. Certifies nothing itself: [`super::promise`] did.

use crate::{
    Estimate, interval, math,
    rehearsal::{
        compose::Figures,
        data::Options,
        findings::Automation,
        judge::Judged,
        sheet::{Drawn, LEVEL},
    },
    risk,
};

/// One finding a promise, strictest first.
pub(super) fn automation(options: &Options, judged: &Judged, figures: &Figures, drawn: &Drawn) -> Vec<Automation> {
    let of = |at: usize| {
        let kept = judged.promises.get(at)?;
        let (_, automated, wrong) = figures.promises.get(at)?;
        let share = drawn.share(*automated);
        let error = error(drawn, share.as_ref(), drawn.point(*wrong), judged.ai.right.iter().filter(|v| !v.is_nan()).count());
        let threshold = math::mean(&kept.thresholds);
        let never = kept.thresholds.is_empty();
        Some(Automation {
            alpha: kept.alpha,
            delta: options.delta,
            share,
            error: if never { None } else { error },
            threshold,
            certified_on: kept.certified_on,
            reason: never.then(|| never_words(kept.alpha, options.delta)).or_else(|| sometimes(kept.thresholds.len(), kept.parts)),
        })
    };
    (0..judged.promises.len()).filter_map(of).collect()
}

/// Wrong among automated: Wilson's interval on the automated rows.
fn error(drawn: &Drawn, share: Option<&Estimate>, wrong: Option<f64>, rows: usize) -> Option<Estimate> {
    let _ = drawn;
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
