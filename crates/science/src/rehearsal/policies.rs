//! The policies that are compared, out of what was drawn. Recommends none: [`super::recommend`] does.

use crate::rehearsal::{
    compose::{Decider, Figures, complement, gap},
    data::{Data, Options},
    findings::Policy,
    judge::Judged,
    methods::Method,
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
    let of = |decider: &Decider, name: &str, title: &str, description: &str| {
        let automated = decider.automated.and_then(|f| drawn.share(f));
        Policy {
            name: name.to_owned(),
            title: title.to_owned(),
            description: description.to_owned(),
            error: drawn.share(decider.right).map(complement),
            cost: decider.cost.and_then(|f| drawn.mean(f)),
            automated,
            deferred: automated.map(complement),
            minutes: decider.minutes.and_then(|f| drawn.mean(f)),
            fairness_gap: gap(drawn, decider),
            recommended: false,
            reason: None,
        }
    };
    if let Some(observed) = &figures.observed {
        out.push(of(observed, "advice", "advice to all", "a person decides every case and sees the AI's answer: as it was"));
    }
    if let Some(human) = &figures.human {
        out.push(of(human, "people", "people alone", "a person decides every case without advice"));
    }
    out.push(of(&figures.ai, "ai", "AI alone", "nobody looks at any case"));
    let words = if data.human.is_some() { "people" } else { "people with advice" };
    let method = |method: Method, decider: &Decider| of(decider, method.name(), method.title(), &method.description(words));
    if let Some(achieved) = &figures.achieved {
        out.push(method(Method::Combination, achieved));
    }
    if data.human.is_some() || data.observed.is_some() {
        for ((route, _), decider) in judged.routes.iter().zip(&figures.routes) {
            out.push(decider.as_ref().map_or_else(|| absent(*route, words, data.classes.len()), |decider| method(*route, decider)));
        }
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

/// A way to decide that does not apply, with the reason.
fn absent(method: Method, rest: &str, classes: usize) -> Policy {
    Policy {
        name: method.name().to_owned(),
        title: method.title().to_owned(),
        description: method.description(rest),
        reason: Some(method.absent(classes)),
        ..Policy::default()
    }
}

/// `2`, `0.5`: a share in percent without trailing zeros.
#[must_use]
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.3}", 100.0 * share);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
