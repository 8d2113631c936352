//! What to change: a `[routing]` block, with reasons. Recommends nothing that is not shown to be no dearer than today.

use crate::{
    rehearsal::{
        data::Options,
        findings::{Automation, Findings, Policy, Recommended, Verdict},
        policies::{percent, promise_name},
        words::share,
    },
    risk,
};

/// Share of cases that people answer first, to keep measuring how they take advice.
const BLIND_SHARE: f64 = 0.1;
/// The same where it is not known yet.
const BLIND_SHARE_UNKNOWN: f64 = 0.2;
/// Share of automated cases that people look at.
const AUDIT_SHARE: f64 = 0.05;

/// Adds the recommendation and marks its policy.
pub(super) fn add(options: &Options, findings: &mut Findings) {
    let mut out = Recommended::default();
    let default = default_route(findings, &mut out);
    let blind = if findings.reliance.rair.is_some() { BLIND_SHARE } else { BLIND_SHARE_UNKNOWN };
    let automate = automate(options, findings, &mut out);
    let mut lines = vec!["[routing]".to_owned(), format!("default = \"{default}\"")];
    if default == "assist" {
        lines.push(format!("blind = {blind}"));
        out.actions.push(format!(
            "let {} % of the cases be answered before the advice is shown: that is how reliance and the gain of the pair stay measured",
            percent(blind)
        ));
    }
    if let Some(alpha) = automate {
        lines.push(format!(
            "automate = {{ max_error = {}, certainty = {}, audit = {AUDIT_SHARE} }}",
            decimal(alpha),
            decimal(1.0 - options.delta)
        ));
    }
    regions(findings, &mut out);
    // Where advice is to be shown and nobody knows yet what it does, what is recommended stands among no policies.
    let known = findings.observed_pair.accuracy.is_some();
    let today = match default {
        "assist" if known => Some("advice"),
        "assist" => None,
        _ => Some("people"),
    };
    let name = automate.map(promise_name).or(today.map(str::to_owned)).unwrap_or_default();
    if let Some(policy) = findings.policies.iter_mut().find(|p| p.name == name) {
        policy.recommended = true;
        out.policy = Some(name);
    }
    out.routing = Some(lines.join("\n") + "\n");
    findings.recommended = out;
}

/// Up to nine decimals, as a playbook takes them.
fn decimal(value: f64) -> String {
    let text = format!("{value:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Where no rule says otherwise.
fn default_route(f: &Findings, out: &mut Recommended) -> &'static str {
    let observed = &f.complementarity.observed;
    if let Some(e) = observed.over_human.as_ref().filter(|e| e.high < 0.0) {
        out.actions.push("show no advice by default: with it people decide worse than without".to_owned());
        out.reasons.push(format!(
            "default = \"unaided\": with advice people were right less often, by {:.1} points [{:.1}, {:.1}]",
            -100.0 * e.value,
            -100.0 * e.high,
            -100.0 * e.low
        ));
        return "unaided";
    }
    if f.observed_pair.accuracy.is_none() && f.complementarity.achievable.verdict == Some(Verdict::Complementary) {
        out.actions.push(
            "let people answer first and show the advice afterwards: only independent answers can be combined with the AI's".to_owned(),
        );
        let gain = f.complementarity.achievable.ctp.as_ref().map(|e| format!(" ({:+.1} points)", 100.0 * e.value)).unwrap_or_default();
        out.reasons.push(format!(
            "default = \"blind\": people's own answers and the AI's put together beat either alone{gain}, and that needs answers that the AI has not coloured"
        ));
        return "blind";
    }
    match observed.over_human.as_ref() {
        Some(e) if e.low > 0.0 => out.reasons.push(format!(
            "default = \"assist\": with advice people were right more often than without, by {:.1} points [{:.1}, {:.1}]",
            100.0 * e.value,
            100.0 * e.low,
            100.0 * e.high
        )),
        Some(_) => out.reasons.push("default = \"assist\": that advice harms people is not shown, and a share of blind cases keeps measuring it".to_owned()),
        None => out.reasons.push(
            "default = \"assist\": what advice does to these people is not known; a share of blind cases finds out without changing the rest".to_owned(),
        ),
    }
    "assist"
}

/// The promise under which the AI may decide alone: the cheapest of those that held on fresh rows and are no dearer than today.
fn automate(options: &Options, f: &Findings, out: &mut Recommended) -> Option<f64> {
    let cost = |p: &Policy| p.cost.as_ref().map(|c| c.value);
    let today = f.policies.iter().find(|p| p.name == "advice" || p.name == "people");
    let today_cost = cost(today?)?;
    let mut best: Option<(f64, f64, &Policy)> = None;
    for a in f.automation.iter().filter(|a| a.kept()) {
        let name = promise_name(a.alpha);
        let Some(policy) = f.policies.iter().find(|p| p.name == name) else { continue };
        let Some(c) = cost(policy) else { continue };
        if c <= today_cost && best.is_none_or(|(_, least, _)| c <= least) {
            best = Some((a.alpha, c, policy));
        }
    }
    let Some((alpha, c, policy)) = best else {
        no_automation(options, f, today_cost, out);
        return None;
    };
    let share_ = policy.automated.as_ref().map(share).unwrap_or_default();
    out.actions.push(format!(
        "allow automation at an error of at most {} %: about {share_} of the cases would need no look; nothing is automated before a certificate is earned on live cases",
        percent(alpha)
    ));
    out.reasons.push(format!("automate at {} %: a case then costs {c:.3} on average, and {today_cost:.3} today", percent(alpha)));
    Some(alpha)
}

fn no_automation(options: &Options, f: &Findings, today: f64, out: &mut Recommended) {
    let broken: Vec<String> = f.automation.iter().filter(|a| a.broken()).map(|a| format!("{} %", percent(a.alpha))).collect();
    if !broken.is_empty() {
        out.reasons.push(format!("no automate at {}: that could be certified, and did not hold on fresh cases", broken.join(" or ")));
    }
    if f.automation.iter().any(Automation::kept) {
        out.reasons
            .push(format!("no automate: every promise that can be certified and held would cost more than the {today:.3} a case of today"));
        return;
    }
    if !broken.is_empty() {
        return;
    }
    let Some(strict) = options.alphas.last() else { return };
    let words = risk::labels_needed(*strict, 1.0 - options.delta, 0.5 * strict)
        .map(|n| format!("; at {} % it takes about {n} surest cases if half of that is their true error", percent(*strict)))
        .unwrap_or_default();
    out.reasons.push(format!("no automate: nothing can be certified on these cases{words}"));
}

fn regions(f: &Findings, out: &mut Recommended) {
    for region in f.regions.iter().take(3) {
        out.actions.push(format!("look at the cases with {}: {}", region.conditions, region.sentence));
    }
}
