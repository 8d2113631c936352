//! What happens with a case: `[outcome]`, `[costs]`, `[routing]` and `[decide]`.

use super::reader::{Item, Reader};
use crate::{
    event::{OutcomeKind, Route},
    limits::{OPTIONS_MAX, OUTCOME_AFTER_MICROS_MAX, ROLES_MAX, ROUTING_RULES_MAX, SIGNATURES_MAX, WAIT_MICROS_MAX},
    number::{Decimal, Micros},
    playbook::{
        Against, AnswerSpec, Automate, Condition, Costs, Decide, FieldKind, FieldSpec, OutcomeSpec, RouteRule, Routing, Test,
        check::score_fits,
        suggest::{did_you_mean, listed, quoted},
    },
};
use std::collections::BTreeMap;
use toml::de::DeValue;

const SECOND: Micros = 1_000_000;
const ERROR_COST_DEFAULT: i64 = 1_000_000;
const GRACE_DEFAULT: Micros = 60 * SECOND;
const LEASE_DEFAULT: Micros = 15 * 60 * SECOND;
const PANEL_DEFAULT: u32 = 3;
const DAY: Micros = 24 * 60 * 60 * SECOND;
const VALID_DEFAULT: Micros = 30 * DAY;

/// Fields by name; `None` where one has a problem of its own.
type Fields = [(String, Option<FieldSpec>)];

/// The label by which an answer is counted, if `text` is an answer of this playbook.
fn label(reader: &mut Reader<'_>, at: &Item<'_>, answer: Option<&AnswerSpec>, text: &str) -> Option<String> {
    match answer {
        // The answer has a problem of its own; whether this one fits cannot be told.
        None => None,
        Some(AnswerSpec::Choice { options }) if options.iter().any(|o| o == text) => Some(text.to_owned()),
        Some(AnswerSpec::Choice { options }) => {
            if !reader.is_full() {
                let known = || options.iter().map(String::as_str);
                let near = did_you_mean(text, known());
                let end = if near.is_empty() { "." } else { "" };
                at.problem(reader, format!("{} is none of the options{near}{end} One of {}", quoted(text), listed(known())));
            }
            None
        }
        Some(AnswerSpec::Score { min, max, step }) => {
            let score = Decimal::parse(text).ok().filter(|d| score_fits(d, min, max, step.as_ref()));
            if score.is_none() {
                at.problem(reader, format!("{} is no score from {min} to {max} in steps of the scale", quoted(text)));
            }
            score.map(|d| d.as_str().to_owned())
        }
        Some(_) => {
            at.problem(reader, "only the answers of a choice or a score can be named; give one value for all");
            None
        }
    }
}

pub(super) fn outcome(reader: &mut Reader<'_>, item: &Item<'_>, answer: Option<&AnswerSpec>) -> Option<OutcomeSpec> {
    let table = item.section(reader, "[outcome]")?;
    table.only(reader, &["kind", "source", "observed", "after"]);
    let words = [("truth", OutcomeKind::Truth), ("proxy", OutcomeKind::Proxy), ("payoff", OutcomeKind::Payoff)];
    let kind = table.required(reader, "kind", "kind = \"truth\"").and_then(|item| item.word(reader, "kind of outcome", &words));
    let source = table.required(reader, "source", "source = \"the queue that closed the ticket\"").and_then(|item| item.text(reader));
    let observed = table.get("observed").map_or(Some(None), |item| observed(reader, item, answer));
    let after = table.get("after").map_or(Some(0), |item| item.duration(reader, 0, OUTCOME_AFTER_MICROS_MAX));
    Some(OutcomeSpec { kind: kind?, source: source?, observed: observed?, after: after? })
}

fn observed(reader: &mut Reader<'_>, item: &Item<'_>, answer: Option<&AnswerSpec>) -> Option<Option<Vec<String>>> {
    match item.value {
        DeValue::String(word) if word == "always" => return Some(None),
        DeValue::Array(_) => {}
        _ => {
            item.problem(reader, "must be \"always\", or the list of answers under which the outcome is ever seen");
            return None;
        }
    }
    if answer.is_some_and(|a| !matches!(a, AnswerSpec::Choice { .. })) {
        item.problem(reader, "only the options of a choice can be listed here; write \"always\"");
        return None;
    }
    let names = item.names(reader, OPTIONS_MAX, "[\"billing\"]")?;
    if names.is_empty() {
        item.problem(reader, "is empty: an outcome that is never seen is left away, with all of [outcome]");
        return None;
    }
    let labels: Vec<_> = names.iter().map(|name| label(reader, item, answer, name)).collect();
    labels.into_iter().collect::<Option<Vec<_>>>().map(Some)
}

pub(super) fn costs(reader: &mut Reader<'_>, item: Option<&Item<'_>>, answer: Option<&AnswerSpec>) -> Option<Costs> {
    let mut costs = Costs { error_default: ERROR_COST_DEFAULT, errors: BTreeMap::new(), minute: 0 };
    let Some(item) = item else { return Some(costs) };
    let table = item.section(reader, "[costs]")?;
    table.only(reader, &["error", "minute"]);
    if let Some(item) = table.get("minute") {
        costs.minute = item.cost(reader)?;
    }
    match table.get("error") {
        None => {}
        Some(item) if !matches!(item.value, DeValue::Table(_)) => costs.error_default = item.cost(reader)?,
        Some(item) => {
            for (name, item) in item.section(reader, "{ default = 1.0 }")?.members {
                let cost = item.cost(reader);
                if name == "default" {
                    costs.error_default = cost?;
                } else if let (Some(pair), Some(cost)) = (error_pair(reader, &item, answer, name), cost)
                    && costs.errors.insert(pair, cost).is_some()
                {
                    item.problem(reader, "this pair is there twice");
                }
            }
        }
    }
    Some(costs)
}

/// `truth -> answer`. Where options hold arrows themselves, the arrow that leaves two options counts.
fn error_pair(reader: &mut Reader<'_>, item: &Item<'_>, answer: Option<&AnswerSpec>, name: &str) -> Option<(String, String)> {
    let splits = || name.match_indices("->").filter_map(|(at, arrow)| Some((name.get(..at)?.trim(), name.get(at + arrow.len()..)?.trim())));
    let Some(first) = splits().next() else {
        item.problem(reader, "is no pair of truth and answer: write it as \"truth -> answer\", or default");
        return None;
    };
    let known = |text: &str| matches!(answer, Some(AnswerSpec::Choice { options }) if options.iter().any(|o| o == text));
    let (truth, given) = splits().find(|(truth, given)| known(truth) && known(given)).unwrap_or(first);
    let (truth, given) = (label(reader, item, answer, truth)?, label(reader, item, answer, given)?);
    if truth == given {
        item.problem(reader, "an answer that is the truth is no error");
        return None;
    }
    Some((truth, given))
}

const ROUTES: [(&str, Route); 5] =
    [("assist", Route::Assist), ("blind", Route::Blind), ("unaided", Route::Unaided), ("panel", Route::Panel), ("hold", Route::Hold)];

fn route(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Route> {
    if matches!(item.value, DeValue::String(word) if word == "automate") {
        let message = "\"automate\" is chosen by no default and no rule, only by a valid certificate: allow it with automate = { .. } and route to assist";
        item.problem(reader, message);
        return None;
    }
    item.word(reader, "route", &ROUTES)
}

pub(super) fn routing(
    reader: &mut Reader<'_>,
    item: Option<&Item<'_>>,
    fields: &Fields,
    (answer, outcome): (Option<&AnswerSpec>, Option<&OutcomeSpec>),
) -> Option<Routing> {
    let mut routing = Routing {
        default: Route::Assist,
        automate: None,
        blind: 0,
        choose: vec![Route::Assist],
        explore: 0,
        deadline: None,
        panel: PANEL_DEFAULT,
        rules: Vec::new(),
    };
    let Some(item) = item else { return Some(routing) };
    let table = item.section(reader, "[routing]")?;
    table.only(reader, &["default", "automate", "blind", "choose", "explore", "deadline", "panel", "rule"]);
    if let Some(item) = table.get("default") {
        routing.default = route(reader, item).unwrap_or(Route::Hold);
    }
    if let Some(item) = table.get("automate") {
        routing.automate = automate(reader, item);
    }
    if let Some(item) = table.get("blind") {
        routing.blind = item.share(reader).unwrap_or(0);
    }
    routing.choose = vec![routing.default];
    if let Some(item) = table.get("choose") {
        routing.choose.extend(choose(reader, item, routing.default));
    }
    if let Some(item) = table.get("explore") {
        routing.explore = item.share(reader).unwrap_or(0);
        if routing.explore > 0 && routing.choose.len() < 2 {
            item.problem(reader, "there is nothing to try: name further routes with choose = [\"assist\", \"unaided\"]");
        }
    }
    if let Some(item) = table.get("deadline") {
        routing.deadline = item.duration(reader, SECOND, WAIT_MICROS_MAX);
    }
    if let Some(item) = table.get("panel") {
        routing.panel = u32::try_from(item.integer(reader, 2, SIGNATURES_MAX.into()).unwrap_or(2)).ok()?;
    }
    if let Some(item) = table.get("rule") {
        routing.rules = rules(reader, item, fields).unwrap_or_default();
    }
    if let Some(item) = table.get("automate") {
        against_fits(reader, item, &routing, (answer, outcome));
    }
    // Where a part was refused, its problem is noted and the playbook is refused with it.
    Some(routing)
}

/// Whether a promise about people's answers can ever be kept track of, and is not one about the truth in disguise.
fn against_fits(
    reader: &mut Reader<'_>,
    item: &Item<'_>,
    routing: &Routing,
    (answer, outcome): (Option<&AnswerSpec>, Option<&OutcomeSpec>),
) {
    if routing.automate.is_none_or(|automate| automate.against != Against::Judgments) {
        return;
    }
    let alone = |route: &Route| matches!(route, Route::Blind | Route::Unaided | Route::Panel);
    let by_lot = routing.blind > 0 || alone(&routing.default) || (routing.explore > 0 && routing.choose.iter().any(alone));
    let problem = if answer.is_some_and(|answer| !matches!(answer, AnswerSpec::Choice { .. })) {
        "against = \"judgments\" goes with the answers of a choice: others are seldom the same twice"
    } else if outcome.is_some_and(|outcome| outcome.kind != OutcomeKind::Payoff) {
        "against = \"judgments\" is for playbooks whose truth is never seen; this one has an [outcome], so leave it out"
    } else if !by_lot {
        "against = \"judgments\" needs answers without advice on cases drawn by lot: add blind = 0.1 to [routing]"
    } else {
        return;
    };
    item.problem(reader, problem);
}

/// The routes besides the default that the track record may choose.
fn choose(reader: &mut Reader<'_>, item: &Item<'_>, default: Route) -> Vec<Route> {
    let mut chosen = Vec::new();
    for item in item.list(reader, "[\"assist\", \"unaided\"]").unwrap_or_default() {
        match route(reader, &item) {
            Some(Route::Hold) => item.problem(reader, "\"hold\" decides nothing, so that nothing can be measured of it"),
            Some(route) if chosen.contains(&route) => item.problem(reader, "is there twice"),
            Some(route) => chosen.push(route),
            None => {}
        }
    }
    if default == Route::Hold && !chosen.is_empty() {
        item.problem(reader, "goes with a default that lets people decide, not with \"hold\"");
    }
    chosen.retain(|route| *route != default);
    chosen
}

fn automate(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Automate> {
    let example = "{ max_error = 0.02, certainty = 0.95, audit = 0.05 }";
    let table = item.section(reader, example)?;
    table.only(reader, &["max_error", "certainty", "audit", "valid", "against"]);
    let valid = table.get("valid").map_or(Some(VALID_DEFAULT), |item| item.duration(reader, DAY, OUTCOME_AFTER_MICROS_MAX));
    let words = [("outcomes", Against::Outcomes), ("judgments", Against::Judgments)];
    let against = table.get("against").map_or(Some(Against::Outcomes), |item| item.word(reader, "base of a promise", &words));
    let mut share = |name: &str, from: u32, to: u32, why: &str| {
        let item = table.required(reader, name, &format!("automate = {example}"))?;
        let value = item.share(reader)?;
        let fits = (from..=to).contains(&value);
        if !fits {
            item.problem(reader, why);
        }
        fits.then_some(value)
    };
    let max_error =
        share("max_error", 1, 500_000_000, "must be above 0 and at most 0.5: no evidence can promise that nothing ever goes wrong");
    let certainty = share("certainty", 500_000_000, 999_999_999, "must be from 0.5 and below 1: no evidence is ever certain");
    let audit = share("audit", 1, 1_000_000_000, "must be above 0: what is automated is always audited");
    Some(Automate { max_error: max_error?, certainty: certainty?, audit: audit?, valid: valid?, against: against? })
}

fn rules(reader: &mut Reader<'_>, item: &Item<'_>, fields: &Fields) -> Option<Vec<RouteRule>> {
    let items = item.list(reader, "[[routing.rule]]")?;
    if items.len() > ROUTING_RULES_MAX {
        item.problem(reader, format!("has {} rules; at most {ROUTING_RULES_MAX} are taken", items.len()));
        return None;
    }
    let mut rules: Vec<RouteRule> = Vec::with_capacity(items.len());
    for item in items {
        let Some(rule) = rule(reader, &item, fields) else { continue };
        if rules.iter().any(|r| r.name == rule.name) {
            item.problem(reader, format!("another rule has the name {} already", quoted(&rule.name)));
        }
        rules.push(rule);
    }
    Some(rules)
}

fn rule(reader: &mut Reader<'_>, item: &Item<'_>, fields: &Fields) -> Option<RouteRule> {
    let table = item.section(reader, "[[routing.rule]]")?;
    table.only(reader, &["name", "when", "route"]);
    let name = table.required(reader, "name", "name = \"large sums\"").and_then(|item| item.name(reader));
    let route = table.required(reader, "route", "route = \"panel\"").and_then(|item| route(reader, item));
    let example = "when = { region = \"north\" }";
    let when_item = table.required(reader, "when", example)?;
    let mut when = Vec::new();
    let conditions = when_item.section(reader, example)?.members;
    if conditions.is_empty() {
        when_item.problem(reader, "is empty, so the rule would always hold: that is what routing.default is for");
    }
    for (field, item) in conditions {
        when.extend(conditions_of(reader, &item, field, fields).unwrap_or_default());
    }
    Some(RouteRule { name: name?, when, route: route? })
}

/// The tests of one field; a range is two.
fn conditions_of(reader: &mut Reader<'_>, item: &Item<'_>, name: &str, fields: &Fields) -> Option<Vec<Condition>> {
    let Some((_, spec)) = fields.iter().find(|(field, _)| field == name) else {
        if !reader.is_full() {
            let near = did_you_mean(name, fields.iter().map(|(field, _)| field.as_str()));
            item.problem(
                reader,
                format!(
                    "{} is no field{near}{} Rules read fields only, never proposals",
                    quoted(name),
                    if near.is_empty() { "." } else { "" }
                ),
            );
        }
        return None;
    };
    let spec = spec.as_ref()?;
    if spec.personal {
        item.problem(reader, "is a personal field, which no rule may read: a route is written down for good");
        return None;
    }
    if spec.is_masked() {
        item.problem(reader, "is a field that some people do not see (visible_to), which no rule may read: the route would tell them");
        return None;
    }
    let condition = |test| Condition { field: name.to_owned(), test };
    if !matches!(item.value, DeValue::Table(_)) {
        return words(reader, item, spec).map(|words| vec![condition(Test::Is(words))]);
    }
    let table = item.section(reader, "{ at_least = 5 }")?;
    table.only(reader, &["at_least", "at_most", "missing"]);
    if table.members.is_empty() {
        item.problem(reader, "is empty: write a word, a list of words, or one of at_least, at_most, missing");
    }
    let mut out = Vec::new();
    for (name, test) in [("at_least", Test::AtLeast as fn(Decimal) -> Test), ("at_most", Test::AtMost)] {
        let Some(item) = table.get(name) else { continue };
        if spec.kind == FieldKind::Number {
            out.extend(item.decimal(reader).map(|bound| condition(test(bound))));
        } else {
            item.problem(reader, "goes with a field of type number only");
        }
    }
    if let Some(item) = table.get("missing") {
        if item.boolean(reader)? && !spec.required && table.members.len() == 1 {
            out.push(condition(Test::Missing));
        } else if spec.required {
            item.problem(reader, "the field is required, so it is never missing: give it required = false, or leave the rule away");
        } else {
            item.problem(reader, "stands alone and is always true: missing = true");
        }
    }
    Some(out)
}

/// The words that a field must be one of, in the form in which the field's values are kept.
fn words(reader: &mut Reader<'_>, item: &Item<'_>, spec: &FieldSpec) -> Option<Vec<String>> {
    let items = match item.value {
        DeValue::Array(_) => item.list(reader, "[\"north\", \"south\"]")?,
        _ => vec![item.clone()],
    };
    if items.is_empty() || items.len() > OPTIONS_MAX {
        item.problem(reader, format!("is a list of 1 to {OPTIONS_MAX} words"));
        return None;
    }
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let word = match (&spec.kind, item.value) {
            (FieldKind::Boolean, DeValue::Boolean(value)) => Some(value.to_string()),
            (FieldKind::Boolean, DeValue::String(word)) if word == "true" || word == "false" => Some(word.clone().into_owned()),
            (FieldKind::Boolean, _) => {
                item.problem(reader, "must be true or false, for the field is of type boolean");
                None
            }
            (FieldKind::Number, _) => item.decimal(reader).map(|d| d.as_str().to_owned()),
            (FieldKind::Category { options }, _) => item.name(reader).filter(|word| {
                let known = options.is_empty() || options.contains(word);
                if !known {
                    let near = did_you_mean(word, options.iter().map(String::as_str));
                    item.problem(reader, format!("{} is no option of the field {}{near}", quoted(word), quoted(&spec.name)));
                }
                known
            }),
            (FieldKind::Text, _) => item.name(reader),
            _ => {
                item.problem(
                    reader,
                    "rules read fields of type text, number, category and boolean; of others only whether they are missing",
                );
                None
            }
        };
        out.push(word?);
    }
    Some(out)
}

pub(super) fn decide(reader: &mut Reader<'_>, item: Option<&Item<'_>>, (answer, automates): (Option<&AnswerSpec>, bool)) -> Option<Decide> {
    let mut decide = Decide {
        roles: Vec::new(),
        signatures_default: 1,
        signatures: BTreeMap::new(),
        grace: GRACE_DEFAULT,
        lease: LEASE_DEFAULT,
        induction: false,
        signed: false,
        bulk: false,
    };
    let Some(item) = item else { return Some(decide) };
    let table = item.section(reader, "[decide]")?;
    table.only(reader, &["roles", "signatures", "grace", "lease", "induction", "signed", "bulk"]);
    if let Some(item) = table.get("roles") {
        decide.roles = item.names(reader, ROLES_MAX, "[\"support\"]").unwrap_or_default();
    }
    if let Some(item) = table.get("grace") {
        decide.grace = item.duration(reader, 0, WAIT_MICROS_MAX).unwrap_or(GRACE_DEFAULT);
    }
    if let Some(item) = table.get("lease") {
        decide.lease = item.duration(reader, SECOND, WAIT_MICROS_MAX).unwrap_or(LEASE_DEFAULT);
    }
    if let Some(item) = table.get("induction") {
        decide.induction = item.boolean(reader).unwrap_or(false);
    }
    if let Some(item) = table.get("signed") {
        decide.signed = item.boolean(reader).unwrap_or(false);
        // A document may be personal, and what is signed stands in the ledger for ever: its digest would give short texts away.
        if decide.signed && !matches!(answer, None | Some(AnswerSpec::Choice { .. } | AnswerSpec::Score { .. })) {
            item.problem(reader, "goes with answers of the kind \"choice\" or \"score\"");
        }
        if decide.signed && automates {
            item.problem(reader, "does not go with [routing] automate: what is decided without a person is signed by nobody");
        }
    }
    if let Some(item) = table.get("bulk") {
        decide.bulk = item.boolean(reader).unwrap_or(false);
        if decide.bulk && !matches!(answer, None | Some(AnswerSpec::Choice { .. })) {
            item.problem(reader, "goes with answers of the kind \"choice\": others are not read in a line");
        }
        if decide.bulk && decide.signed {
            item.problem(reader, "does not go with signed: what somebody signs is looked at by itself");
        }
    }
    let count = |reader: &mut Reader<'_>, item: &Item<'_>| {
        item.integer(reader, 1, SIGNATURES_MAX.into()).and_then(|n| u32::try_from(n).ok()).unwrap_or(1)
    };
    match table.get("signatures") {
        None => {}
        Some(item) if !matches!(item.value, DeValue::Table(_)) => decide.signatures_default = count(reader, item),
        Some(item) => {
            for (name, item) in item.section(reader, "{ default = 1 }")?.members {
                let signatures = count(reader, &item);
                // An option that is itself called "default" cannot be named here; the default covers it.
                if name == "default" {
                    decide.signatures_default = signatures;
                } else if let Some(label) = label(reader, &item, answer, name) {
                    decide.signatures.insert(label, signatures);
                }
            }
        }
    }
    Some(decide)
}
