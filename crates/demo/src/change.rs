//! AI-written code changes for the playbook `code-change`, each with a patch. `atlas`, which reviews them, is weak where a
//! change touches security or data: it reads what the code says and misses what it leaves out.

mod patch;

use crate::{
    Story,
    dice::Dice,
    grammar::{Slots, expand},
    people::{ATLAS, Ease, Kind, RULES},
    story::{Telling, probabilities},
};
use countersign_core::time::format_rfc3339;
use patch::{KINDS, Part};
use serde_json::json;

/// As in the playbook.
const VERDICTS: [&str; 3] = ["merge", "change", "reject"];
const SHARES: [u64; 3] = [62, 28, 10];

/// The change number `n`, handed in at `at`.
pub fn story(dice: &mut Dice, telling: &Telling, n: u64, at: i64) -> Story {
    let truth = dice.weighted(&SHARES);
    let kind = &KINDS[dice.index(KINDS.len())];
    let slots = slots(dice);
    let versions = [kind.good, kind.flawed, kind.wrong][truth];
    let body = versions[dice.index(versions.len())];
    let change = diff(dice, kind.path, body, kind.extra, &slots);
    let lines = change.lines().filter(|line| is_changed(line)).count();
    let sensitive = matches!(kind.touches, "security" | "migration");
    let hard = sensitive || truth == 1 && dice.chance(30);
    let ease = if sensitive {
        Ease::Weak
    } else if hard {
        Ease::Middling
    } else {
        Ease::Plain
    };
    let atlas = ATLAS.opinion(dice, VERDICTS.len(), truth, ease);
    let tests = truth == 0 || !dice.chance(30);
    let rules = RULES.opinion(dice, VERDICTS.len(), truth, if tests && truth != 0 { Ease::Weak } else { Ease::Plain });
    let why = [
        "[Does what the task says|Small, and the tests cover it|Nothing beyond the task].",
        "[One case is not handled|The edge is wrong|It works for the example only]. [See the changed lines.|]",
        "[It does something else than the task|This opens more than it mends|The approach should not be taken].",
    ][atlas.top];
    let why = expand(dice, why, &[]);
    let moment = format_rfc3339(at);
    let case = json!({
        "playbook": "code-change",
        "external_id": format!("C-{}", 2_100 + n),
        "fields": {
            "title": expand(dice, kind.title, &slots),
            "task": expand(dice, kind.task, &slots),
            "change": change,
            "language": kind.language,
            "lines": lines,
            "touches": kind.touches,
            "tests": tests,
        },
        "proposals": [
            { "proposer": ATLAS.name, "version": ATLAS.version, "probabilities": probabilities(&VERDICTS, &atlas), "explanation": why, "at": moment },
            { "proposer": RULES.name, "version": RULES.version, "probabilities": probabilities(&VERDICTS, &rules), "at": moment },
        ],
    });
    let days = dice.between(2, 16);
    telling.finish(dice, Kind::Change, case, &VERDICTS, truth, hard, atlas.top, at, Some(days))
}

fn slots(dice: &mut Dice) -> Vec<(&'static str, String)> {
    let thing = dice.pick(&["invoice", "order", "ticket", "member", "report", "upload", "booking", "device"]);
    let mut capital = thing.to_owned();
    capital.get_mut(..1).map(str::make_ascii_uppercase);
    vec![
        ("Thing", capital),
        ("thing", thing.to_owned()),
        ("field", dice.pick(&["total", "due_at", "owner_id", "status", "quantity", "email"]).to_owned()),
        ("module", dice.pick(&["billing", "core", "intake", "sync", "portal"]).to_owned()),
        ("limit", dice.pick(&["20", "50", "100", "250", "500"]).to_owned()),
        ("seconds", dice.pick(&["5", "10", "30", "60"]).to_owned()),
        ("serial", dice.between(101, 990).to_string()),
    ]
}

fn is_changed(line: &str) -> bool {
    (line.starts_with('+') && !line.starts_with("+++")) || (line.starts_with('-') && !line.starts_with("---"))
}

/// A unified diff: the hunk of the change, and now and then one of a second file.
fn diff(dice: &mut Dice, path: &str, hunk: &str, extra: Option<Part>, slots: &Slots<'_>) -> String {
    let mut text = file(dice, path, hunk, slots);
    if let Some(Part { path, hunk }) = extra
        && dice.chance(60)
    {
        text.push_str(&file(dice, path, hunk, slots));
    }
    text
}

fn file(dice: &mut Dice, path: &str, hunk: &str, slots: &Slots<'_>) -> String {
    let fill = |text: &str| slots.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
    let (path, hunk) = (fill(path), fill(hunk.trim_matches('\n')));
    let count = |mark: char| hunk.lines().filter(|line| !line.starts_with(mark)).count();
    let (before, after) = (count('+'), count('-'));
    let start = dice.between(8, 180);
    format!("diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -{start},{before} +{start},{after} @@\n{hunk}\n")
}
