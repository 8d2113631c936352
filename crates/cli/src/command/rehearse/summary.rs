//! Findings as a page of a terminal: the answer first, then the figures behind it. Computes nothing.

use crate::out::{Out, one_line, thousands};
use anyhow::Result;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use countersign_app::rehearsal::{
    Estimate, Findings,
    findings::{Comparison, Gap, Member, Verdict, Who},
};

/// Lines of one list that are shown; the report has all.
const SHOWN_MAX: usize = 8;
/// Columns of a line of text.
const WIDTH: usize = 100;

/// Prints them.
pub fn print(out: Out, f: &Findings) -> Result<()> {
    guessed(out, f);
    out.line("")?;
    for sentence in &f.headline {
        text(out, "", sentence)?;
    }
    out.line("")?;
    members(out, f)?;
    verdicts(out, f)?;
    reliance(out, f)?;
    automation(out, f)?;
    policies(out, f)?;
    fairness(out, f)?;
    list(out, "Where one is better than the other", f.regions.iter().map(|r| r.sentence.as_str()))?;
    overrides(out, f)?;
    list(out, "What to do", f.recommended.actions.iter().map(String::as_str))?;
    if let Some(routing) = &f.recommended.routing {
        out.line("For the playbook, ready to paste:")?;
        out.line("")?;
        for line in routing.lines() {
            out.line(format!("    {line}").trim_end())?;
        }
        out.line("")?;
        list(out, "Because", f.recommended.reasons.iter().map(String::as_str))?;
    }
    list(out, "What these data cannot say", f.cannot_say.iter().map(String::as_str))?;
    text(out, "", &method(f))
}

fn guessed(out: Out, f: &Findings) {
    for column in f.method.columns.iter().filter(|c| c.guessed) {
        out.say(one_line(&format!("Taken for --{}: column {:?} ({}), by its name", column.role, column.column, column.reading)));
    }
    for left in &f.data.left_out {
        out.say(one_line(&format!("Left out: {} rows {}", thousands(left.rows), left.reason)));
    }
}

fn percent(value: f64) -> String {
    format!("{:.1} %", 100.0 * value)
}

fn share(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(|| "·".to_owned(), |e| format!("{:.1} % [{:.1}, {:.1}]", 100.0 * e.value, 100.0 * e.low, 100.0 * e.high))
}

fn plain(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(|| "·".to_owned(), |e| format!("{:.3} [{:.3}, {:.3}]", e.value, e.low, e.high))
}

fn points(e: &Estimate) -> String {
    format!("{:+.1} points [{:+.1}, {:+.1}]", 100.0 * e.value, 100.0 * e.low, 100.0 * e.high)
}

fn table(out: Out, header: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header.to_vec());
    for row in rows {
        table.add_row(row.iter().map(|cell| one_line(cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Left);
    }
    for line in table.to_string().lines() {
        out.line(format!(" {}", line.trim_end()))?;
    }
    out.line("")
}

fn members(out: Out, f: &Findings) -> Result<()> {
    let has = |member: &Member| member.accuracy.is_some();
    let rows: Vec<Vec<String>> =
        [("people alone", &f.human), ("AI alone", &f.ai), ("pair, observed", &f.observed_pair), ("pair, achievable", &f.achievable_pair)]
            .into_iter()
            .filter(|(_, member)| has(member))
            .map(|(name, m)| {
                vec![
                    name.to_owned(),
                    share(m.accuracy.as_ref()),
                    plain(m.brier.as_ref()),
                    plain(m.ece.as_ref()),
                    m.method.clone().unwrap_or_default(),
                ]
            })
            .collect();
    if rows.is_empty() { Ok(()) } else { table(out, &["", "right", "Brier score", "calibration error", ""], rows) }
}

fn verdicts(out: Out, f: &Findings) -> Result<()> {
    let mut any = false;
    for (name, comparison) in [("observed", &f.complementarity.observed), ("achievable", &f.complementarity.achievable)] {
        if let Some(line) = verdict(name, comparison) {
            text(out, " ", &line)?;
            any = true;
        }
    }
    if any { out.line("") } else { Ok(()) }
}

fn verdict(name: &str, c: &Comparison) -> Option<String> {
    let word = match c.verdict? {
        Verdict::Complementary => "better than either alone",
        Verdict::NotShown => "a gain over the better of the two is not shown",
        Verdict::Harmful => "worse than the better of the two alone",
    };
    let ctp = c.ctp.as_ref()?;
    Some(format!("The {name} pair: {word}, {}", points(ctp)))
}

fn reliance(out: Out, f: &Findings) -> Result<()> {
    let r = &f.reliance;
    let rows: Vec<Vec<String>> = [
        ("took right advice, having been wrong", &r.rair),
        ("kept the right answer against wrong advice", &r.rsr),
        ("followed the AI where it was wrong", &r.over_reliance),
        ("changed to the AI's answer where it was wrong", &r.over_reliance_on_disagreement),
        ("did not follow where it was right", &r.under_reliance),
        ("changed to the AI's answer after disagreeing", &r.switch_fraction),
    ]
    .into_iter()
    .filter_map(|(name, e)| Some(vec![name.to_owned(), share(Some(e.as_ref()?)), format!("n = {}", thousands(e.as_ref()?.n))]))
    .collect();
    if rows.is_empty() { Ok(()) } else { table(out, &["How people took advice", "", ""], rows) }
}

fn automation(out: Out, f: &Findings) -> Result<()> {
    let rows: Vec<Vec<String>> = f
        .automation
        .iter()
        .map(|a| {
            let promise = format!("error at most {}, certainty {}", percent(a.alpha), percent(1.0 - a.delta));
            vec![promise, share(a.share.as_ref()), share(a.error.as_ref()), a.reason.clone().unwrap_or_default()]
        })
        .collect();
    if rows.is_empty() { Ok(()) } else { table(out, &["Automation", "share of cases", "error among them", ""], rows) }
}

fn policies(out: Out, f: &Findings) -> Result<()> {
    let with_minutes = f.policies.iter().any(|p| p.minutes.is_some());
    let mut header = vec!["Policy", "error", "cost a case", "nobody looks at"];
    if with_minutes {
        header.push("minutes a case");
    }
    let rows: Vec<Vec<String>> = f
        .policies
        .iter()
        .filter(|p| p.error.is_some())
        .map(|p| {
            let mark = if p.recommended { "  <- recommended" } else { "" };
            let mut row = vec![format!("{}{mark}", p.title), share(p.error.as_ref()), plain(p.cost.as_ref()), share(p.automated.as_ref())];
            if with_minutes {
                row.push(plain(p.minutes.as_ref()));
            }
            row
        })
        .collect();
    if rows.is_empty() { Ok(()) } else { table(out, &header, rows) }
}

fn fairness(out: Out, f: &Findings) -> Result<()> {
    let mut lines = Vec::new();
    for grouping in &f.fairness.groupings {
        for member in &grouping.members {
            for gap in member.gaps.iter().filter(|gap| gap.survives) {
                if let Some(line) = gap_line(&grouping.by, who(member.who), gap) {
                    lines.push(line);
                }
            }
        }
    }
    if lines.is_empty() && !f.fairness.groupings.is_empty() {
        lines.push("no gap between groups is larger than chance alone would give; the report shows all of them".to_owned());
    }
    list(out, "Who is treated differently", lines.iter().map(String::as_str))
}

fn who(who: Who) -> &'static str {
    match who {
        Who::Human => "people",
        Who::Ai => "the AI",
        Who::ObservedPair => "people with advice",
        Who::AchievablePair => "the achievable pair",
    }
}

fn gap_line(by: &str, who: &str, gap: &Gap) -> Option<String> {
    let e = gap.difference.as_ref()?;
    let null = gap.null_gap.map(|n| format!("; chance alone gives up to {:.1}", 100.0 * n)).unwrap_or_default();
    Some(format!("{who} by {by}: {} differs by {}{null}", gap.metric, points(e)))
}

fn overrides(out: Out, f: &Findings) -> Result<()> {
    let Some(only) = &f.suggestion_only else { return Ok(()) };
    if let Some(rate) = &only.override_rate {
        out.line(format!("Suggestions that were not taken: {}", share(Some(rate))))?;
        out.line("")?;
    }
    let patterns: Vec<String> = only.patterns.iter().map(|p| format!("{} {}: {}", p.by, p.name, share(Some(&p.rate)))).collect();
    list(out, "Where they are not taken", patterns.iter().map(String::as_str))?;
    let bounds: Vec<String> =
        only.bounds.iter().map(|b| format!("{}: {} to {} ({})", b.of, percent(b.low), percent(b.high), b.assumption)).collect();
    list(out, "What can be bounded", bounds.iter().map(String::as_str))?;
    list(out, "What this shows", only.shows.iter().map(String::as_str))?;
    list(out, "What it cannot show", only.cannot_show.iter().map(String::as_str))?;
    let plan: Vec<String> = only
        .plan
        .iter()
        .map(|step| {
            let weeks = step.weeks.map(|w| format!(", about {} weeks", w.ceil())).unwrap_or_default();
            format!("{}: {} cases blind{weeks} at a share of {}", step.statement, thousands(step.cases), percent(step.blind_share))
        })
        .collect();
    list(out, "How to find out", plan.iter().map(String::as_str))
}

fn list<'a>(out: Out, title: &str, lines: impl Iterator<Item = &'a str>) -> Result<()> {
    let lines: Vec<&str> = lines.collect();
    if lines.is_empty() {
        return Ok(());
    }
    out.line(format!("{title}:"))?;
    for line in lines.iter().take(SHOWN_MAX) {
        text(out, "  - ", line)?;
    }
    if lines.len() > SHOWN_MAX {
        out.line(format!("  - and {} more in the report (--out report.html)", lines.len() - SHOWN_MAX))?;
    }
    out.line("")
}

/// A sentence, broken into lines that hang under its mark.
fn text(out: Out, mark: &str, sentence: &str) -> Result<()> {
    let sentence = one_line(sentence);
    let indent = " ".repeat(mark.len());
    let mut line = mark.to_owned();
    let mut is_first = true;
    for word in sentence.split_whitespace() {
        if !is_first && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.line(&line)?;
            line.clone_from(&indent);
            is_first = true;
        }
        if !is_first {
            line.push(' ');
        }
        line.push_str(word);
        is_first = false;
    }
    out.line(&line)
}

fn method(f: &Findings) -> String {
    let m = &f.method;
    format!(
        "n = {}; {}; intervals of {:.0} % by {} draws over {}; seed {}.",
        thousands(f.n),
        m.parting,
        100.0 * m.level,
        thousands(m.draws),
        m.clusters,
        m.seed
    )
}
