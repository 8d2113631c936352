//! The policies that are compared, out of what was drawn. Recommends none: [`super::recommend`] does.

use crate::rehearsal::{
    compose::{Decider, Figures, complement, gap},
    data::{Data, Options},
    findings::Policy,
    judge::Judged,
    sheet::Drawn,
};

/// Name of the policy that automates at a promise.
#[must_use]
pub(super) fn promise_name(alpha: f64) -> String {
    format!("automate_{alpha}")
}

/// All of them, today's first.
pub(super) fn policies(data: &Data, options: &Options, judged: &Judged, figures: &Figures, drawn: &Drawn) -> Vec<Policy> {
    let mut out = Vec::new();
    let of = |decider: &Decider, name: &str, title: &str, description: &str| Policy {
        name: name.to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        error: drawn.share(decider.right).map(complement),
        cost: decider.cost.and_then(|f| drawn.mean(f)),
        automated: decider.automated.and_then(|f| drawn.share(f)),
        minutes: decider.minutes.and_then(|f| drawn.mean(f)),
        fairness_gap: gap(drawn, decider),
        recommended: false,
        reason: None,
    };
    if let Some(observed) = &figures.observed {
        out.push(of(observed, "advice", "advice to all", "a person decides every case and sees the AI's answer: as it was"));
    }
    if let Some(human) = &figures.human {
        out.push(of(human, "people", "people alone", "a person decides every case without advice"));
    }
    out.push(of(&figures.ai, "ai", "AI alone", "nobody looks at any case"));
    for ((method, _), decider) in judged.methods.iter().zip(&figures.methods) {
        out.push(of(decider, method.name(), method.title(), method.description()));
    }
    let rest = if data.observed.is_some() { "people with advice decide the rest" } else { "people decide the rest" };
    for (kept, (policy, _, _)) in judged.promises.iter().zip(&figures.promises) {
        let Some(policy) = policy else { continue };
        let title = format!("automate at an error of at most {} %", percent(kept.alpha));
        let description = format!(
            "the AI decides alone where a certificate says that at most {} % of such cases are wrong (certainty {} %); {rest}",
            percent(kept.alpha),
            percent(1.0 - options.delta)
        );
        let mut one = of(policy, &promise_name(kept.alpha), &title, &description);
        if kept.thresholds.is_empty() {
            one.reason = Some("nothing can be certified, so it is the same as people deciding everything".to_owned());
        }
        out.push(one);
    }
    out
}

/// `2`, `0.5`: a share in percent without trailing zeros.
#[must_use]
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.3}", 100.0 * share);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
