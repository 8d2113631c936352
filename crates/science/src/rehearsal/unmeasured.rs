//! Rehearsals without a truth: what a suggestion and a final answer alone show, and how to find out the rest. Analyses nothing
//! itself: [`crate::suggestion`] does.

use crate::{
    bootstrap::{Clusters, Options as Drawing},
    error::{Error, Result},
    rehearsal::{
        Step,
        data::{Codes, Data, Feature, NONE, Options},
        findings::{
            Complementarity, DataFacts, FINDINGS_VERSION, Fairness, Findings, Member, Method, Recommended, Reliance, Skill, SuggestionOnly,
        },
        sheet::{self, LEVEL},
        words,
    },
    suggestion::{self, Grouping, Inflow},
};

const NO_TRUTH: &str = "what was right is not known (--truth), so nobody's accuracy can be told";
/// Bands into which numbers are cut.
const BANDS: usize = 4;
/// Columns that are looked at.
const COLUMNS_MAX: usize = 12;
const WEEK_DAYS: f64 = 7.0;

/// The findings.
pub(super) fn findings(data: &Data, options: &Options, progress: &mut dyn FnMut(Step)) -> Result<Findings> {
    let Some(ai) = &data.ai else { return Err(Error::input("ai", "there is no suggestion of the AI in these rows")) };
    let Some(last) = data.observed.as_ref().or(data.human.as_ref()) else {
        return Err(Error::input("final", "there is no answer of a person in these rows"));
    };
    progress(Step::Drawing);
    let rows: Vec<usize> = (0..data.len()).filter(|row| last.get(*row).is_some_and(|l| *l != NONE)).collect();
    let pick = |labels: &[u32]| rows.iter().map(|row| labels.get(*row).copied().unwrap_or(0)).collect::<Vec<u32>>();
    let owned = groupings(data, options, ai, &rows);
    let groupings: Vec<Grouping<'_>> = owned.iter().map(|(by, codes)| Grouping { by, codes: &codes.codes, names: &codes.names }).collect();
    let person = data.person.as_ref().filter(|c| c.names.len() > 1 && c.names.len() < c.codes.len()).map(|c| pick(&c.codes));
    let item = data.item.as_ref().filter(|c| c.names.len() > 1 && c.names.len() < c.codes.len()).map(|c| pick(&c.codes));
    let clusters = match (&person, &item) {
        (Some(person), Some(item)) => Clusters::Two(person, item),
        (Some(one), None) | (None, Some(one)) => Clusters::One(one),
        (None, None) => Clusters::Rows,
    };
    let per_week = data.days.filter(|days| *days >= 1.0).map(|days| rows.len() as f64 / days * WEEK_DAYS);
    let inflow = Inflow { per_week, blind_share: suggestion::BLIND_SHARE_DEFAULT, classes: data.classes.len() };
    let drawing = Drawing { seed: options.seed, draws: options.draws, level: LEVEL };
    let only = suggestion::analyse(&pick(ai), &pick(last), &groupings, clusters, &inflow, &drawing)?;
    let mut found = empty(data, options);
    found.headline = headline(&only);
    found.recommended = recommended(&only);
    found.suggestion_only = Some(only);
    found.cannot_say = cannot_say(data, &found);
    progress(Step::Done);
    Ok(found)
}

/// By what overrides are looked at: the suggestion, its score, time, groups and other columns; people only by name.
fn groupings(data: &Data, options: &Options, ai: &[u32], rows: &[usize]) -> Vec<(String, Codes)> {
    let pick = |codes: &Codes| Codes {
        codes: rows.iter().map(|row| codes.codes.get(*row).copied().unwrap_or(0)).collect(),
        names: codes.names.clone(),
    };
    let mut out = vec![("suggestion".to_owned(), pick(&Codes { codes: ai.to_vec(), names: data.classes.clone() }))];
    if let Some(p) = &data.ai_probabilities {
        let classes = data.classes.len();
        let said = |row: usize| p.get(row * classes + ai.get(row).copied().unwrap_or(0) as usize).copied().unwrap_or(f64::NAN);
        out.extend(bands("score", &rows.iter().map(|row| said(*row)).collect::<Vec<_>>()));
    }
    if let Some(time) = &data.time {
        out.extend(bands("time", &rows.iter().map(|row| time.get(*row).copied().unwrap_or(f64::NAN)).collect::<Vec<_>>()));
    }
    if let Some(person) = data.person.as_ref().filter(|_| options.named) {
        out.push(("person".to_owned(), pick(person)));
    }
    out.extend(data.groups.iter().map(|(name, codes)| (name.clone(), pick(codes))));
    for (name, feature) in data.features.iter().filter(|(name, _)| !data.groups.iter().any(|(group, _)| group == name)).take(COLUMNS_MAX) {
        match feature {
            Feature::Categorical(codes) => out.push((name.clone(), pick(codes))),
            Feature::Numeric(values) => {
                out.extend(bands(name, &rows.iter().map(|row| values.get(*row).copied().unwrap_or(f64::NAN)).collect::<Vec<_>>()));
            }
        }
    }
    out
}

/// Numbers in bands of about equally many rows; `None` where all are the same.
fn bands(name: &str, values: &[f64]) -> Option<(String, Codes)> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut cuts: Vec<f64> = (1..BANDS).filter_map(|i| sorted.get(sorted.len() * i / BANDS).copied()).collect();
    cuts.dedup();
    cuts.retain(|cut| sorted.first().is_some_and(|first| cut > first));
    if cuts.is_empty() {
        return None;
    }
    let mut names: Vec<String> = (0..=cuts.len())
        .map(|at| match (at.checked_sub(1).and_then(|b| cuts.get(b)), cuts.get(at)) {
            (None, Some(high)) => format!("below {high}"),
            (Some(low), Some(high)) => format!("{low} to below {high}"),
            (Some(low), None) => format!("{low} and above"),
            (None, None) => String::new(),
        })
        .collect();
    let missing = names.len() as u32;
    if values.iter().any(|v| v.is_nan()) {
        names.push("(missing)".to_owned());
    }
    let code = |v: &f64| if v.is_nan() { missing } else { cuts.partition_point(|cut| cut <= v) as u32 };
    Some((name.to_owned(), Codes { codes: values.iter().map(code).collect(), names }))
}

fn empty(data: &Data, options: &Options) -> Findings {
    let absent = || Member { reason: Some(NO_TRUTH.to_owned()), ..Member::default() };
    let compare = || words::comparison_absent(NO_TRUTH);
    Findings {
        version: FINDINGS_VERSION,
        n: data.len() as u64,
        data: DataFacts {
            source: data.source.clone(),
            classes: data.classes.clone(),
            rows_read: data.rows_read,
            left_out: data.left_out.clone(),
            items: data.item.as_ref().map(|c| c.names.len() as u64),
            people: data.person.as_ref().map(|c| c.names.len() as u64),
            effective_n: None,
        },
        headline: Vec::new(),
        human: absent(),
        ai: absent(),
        observed_pair: absent(),
        achievable_pair: absent(),
        both_wrong: None,
        complementarity: Complementarity { observed: compare(), achievable: compare(), potential: None, limit: None },
        reliance: Reliance { reason: Some(NO_TRUTH.to_owned()), ..Reliance::default() },
        automation: Vec::new(),
        prediction_sets: Vec::new(),
        policies: Vec::new(),
        fairness: Fairness { reason: Some(NO_TRUTH.to_owned()), ..Fairness::default() },
        regions: Vec::new(),
        cannot_say: Vec::new(),
        recommended: Recommended::default(),
        reliability: Vec::new(),
        risk_coverage: Vec::new(),
        cost_curves: Vec::new(),
        confusion: Vec::new(),
        skill: Skill::default(),
        splits: Vec::new(),
        suggestion_only: None,
        method: Method {
            software: options.software.clone(),
            seed: options.seed,
            draws: options.draws as u64,
            level: LEVEL,
            parting: "nothing is fitted".to_owned(),
            folds: 0,
            clusters: sheet::clusters_in_words(data).to_owned(),
            columns: data.columns.clone(),
            notes: data.notes.clone(),
            sources: vec![
                "Override rates: Wilson's interval, or the cluster bootstrap where people or items repeat; Holm's correction over all patterns".to_owned(),
                "Measurement plan: normal formula for shares and differences, Connor (Biometrics 1987) for paired gains".to_owned(),
            ],
        },
    }
}

fn headline(only: &SuggestionOnly) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(rate) = &only.override_rate {
        out.push(format!("People did not take the AI's suggestion in {} of the cases.", words::share(rate)));
    }
    out.push(
        "Who was right cannot be told from these data: there are no outcomes, and no answers that were given without the suggestion."
            .to_owned(),
    );
    let telling = only.patterns.iter().filter(|p| p.p_holm.is_some_and(|p| p <= 0.05));
    if let Some(p) = telling.max_by(|a, b| a.rate.value.total_cmp(&b.rate.value)) {
        out.push(format!("Suggestions are taken least where {} is {}: {} are overridden there.", p.by, p.name, words::share(&p.rate)));
    }
    if let Some(step) = only.plan.first() {
        let weeks = step.weeks.map(|w| format!(", about {:.0} weeks at the volume of these data", w.ceil())).unwrap_or_default();
        out.push(format!("The first thing to find out: {} It takes {} such cases{weeks}.", ended(&step.statement), step.cases));
    }
    out
}

fn ended(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

fn recommended(only: &SuggestionOnly) -> Recommended {
    let share = only.plan.first().map_or(suggestion::BLIND_SHARE_DEFAULT, |step| step.blind_share);
    Recommended {
        routing: Some(format!("[routing]\ndefault = \"assist\"\nblind = {share}\n")),
        policy: None,
        actions: vec![
            format!("let {:.0} % of the cases be answered before the suggestion is shown, drawn at random", 100.0 * share),
            "record what turned out to be right, wherever it ever turns out".to_owned(),
        ],
        reasons: vec![
            "blind: only answers that the suggestion has not coloured can be held against it".to_owned(),
            "no automate: a promise about errors needs cases whose truth is known".to_owned(),
        ],
    }
}

fn cannot_say(data: &Data, found: &Findings) -> Vec<String> {
    let mut out = found.suggestion_only.as_ref().map(|only| only.cannot_show.clone()).unwrap_or_default();
    if data.person.is_none() {
        out.push("Who answered is not known (--person): if some people answered many rows, the intervals are too narrow.".to_owned());
    }
    if data.days.is_none() {
        out.push("How many cases come in a week is not known (--time), so the plan has cases and no weeks.".to_owned());
    }
    out
}
