//! Invented security alerts, as cases that need no mapping. What was closed as benign was never looked into, so it has no
//! outcome.

use super::opinion::opinion;
use countersign_core::time::format_rfc3339;
use countersign_demo::dice::{Dice, decimal};
use serde_json::{Map, Value, json};
use std::error::Error;

const SEED: u64 = 20_260_212;
const ALERTS: u64 = 80;
const OPEN: u64 = 5;
/// 2026-02-02T06:00:00Z.
const BEGIN: i64 = 1_770_012_000_000_000;
const MINUTE: i64 = 60_000_000;

/// As in `playbooks/alert-triage.toml`.
const ANSWERS: [&str; 3] = ["benign", "watch", "escalate"];
const SHARES: [u64; 3] = [62, 26, 12];
const RULES: [(&str, &str); 7] = [
    ("Impossible travel", "Sign-in from two countries within an hour"),
    ("New administrator", "An account was added to the administrators"),
    ("Encoded command line", "PowerShell started with an encoded command"),
    ("Many failed sign-ins", "More than 50 failures in five minutes"),
    ("Rare outbound connection", "First connection of this host to that network"),
    ("Backup deleted", "Shadow copies were removed"),
    ("Mail rule forwards outside", "A mailbox rule sends everything to another domain"),
];
const PEOPLE: [(&str, u64); 3] = [("Ada Brandt", 88), ("Ben Okafor", 90), ("Chloé Martin", 84)];

/// The file.
pub fn ndjson() -> Result<String, Box<dyn Error>> {
    let mut dice = Dice::new(SEED);
    let mut out = String::new();
    for n in 0..ALERTS {
        out.push_str(&serde_json::to_string(&alert(&mut dice, n))?);
        out.push('\n');
    }
    Ok(out)
}

fn alert(dice: &mut Dice, n: u64) -> Value {
    let truth = dice.weighted(&SHARES);
    let (rule, what) = RULES[dice.below(RULES.len() as u64) as usize];
    let seen = BEGIN + n as i64 * 53 * MINUTE + dice.below(30) as i64 * MINUTE;
    let asset = ["workstation", "server", "domain-controller", "cloud"][dice.weighted(&[50, 25, 8, 17])];
    let severity = (15 + truth as u64 * 22 + dice.below(35)).min(100);
    let account = format!("{}{:02}", dice.pick(&["m.keller", "svc-backup", "j.ortiz", "a.nowak", "r.singh", "helpdesk"]), dice.below(9));
    let address = format!("203.0.113.{}", 1 + dice.below(250));
    let mut fields = Map::new();
    fields.insert("rule".into(), json!(format!("{rule}: {what}")));
    fields.insert("severity".into(), json!(severity));
    fields.insert("asset".into(), json!(asset));
    fields.insert("seen_at".into(), json!(format_rfc3339(seen)));
    fields.insert("host".into(), json!(format!("{}-{:03}", dice.pick(&["ber", "lyo", "osl"]), dice.below(400))));
    fields.insert("account".into(), json!(account));
    if dice.chance(30) {
        fields.insert("known_bad".into(), json!(truth == 2 || dice.chance(10)));
    }
    fields.insert("events".into(), events(dice, seen, &address));
    fields.insert(
        "raw".into(),
        json!({ "sensor": "edr-4", "signature": dice.below(90_000), "address": address, "score": decimal(dice.below(1_000)) }),
    );
    let (_, score) = opinion(dice, ANSWERS.len(), truth, 74);
    let (advice, llm) = opinion(dice, ANSWERS.len(), truth, 83);
    let mut case = json!({
        "playbook": "alert-triage",
        "external_id": format!("A-{}", 5_000 + n),
        "fields": fields,
        "proposals": [
            { "proposer": "score-rules", "version": "14", "probabilities": probabilities(&score), "at": format_rfc3339(seen) },
            { "proposer": "soc-llm", "version": "2026-01-15", "probabilities": probabilities(&llm), "explanation": dice.pick(&["Seen on this host before.", "The address is new to us.", "Fits a change that was announced.", "No sign of anything else around it."]), "at": format_rfc3339(seen) },
        ],
    });
    if n < ALERTS - OPEN {
        case["history"] = history(dice, truth, advice, seen);
    }
    case
}

fn events(dice: &mut Dice, seen: i64, address: &str) -> Value {
    let line = |dice: &mut Dice, i: u64| {
        let what = dice.pick(&["sign-in failed", "sign-in succeeded", "process started", "connection opened", "file renamed"]);
        json!([format_rfc3339(seen - (4 - i as i64) * MINUTE), what, address])
    };
    let rows: Vec<Value> = (0..2 + dice.below(3)).map(|i| line(dice, i)).collect();
    json!({ "columns": ["at", "what", "from"], "rows": rows })
}

fn probabilities(thousandths: &[u64]) -> Value {
    ANSWERS.iter().zip(thousandths).map(|(answer, p)| ((*answer).to_owned(), json!(decimal(*p)))).collect::<Map<_, _>>().into()
}

fn history(dice: &mut Dice, truth: usize, advice: usize, seen: i64) -> Value {
    let (name, skill) = PEOPLE[dice.below(3) as usize];
    let blind = dice.chance(40);
    let own = if dice.chance(skill) { truth } else { (truth + 1 + dice.below(2) as usize) % ANSWERS.len() };
    let last = if own != advice && dice.chance(40) { advice } else { own };
    let at = seen + (5 + dice.below(50) as i64) * MINUTE;
    let judgment = |answer: usize, phase: &str, advice: &str, at: i64, seconds: u64| json!({ "person": name, "answer": ANSWERS[answer], "phase": phase, "advice_seen": advice, "seconds": seconds, "tool": "the old console", "at": format_rfc3339(at) });
    let judgments = if blind {
        vec![judgment(own, "first", "no", at, 20 + dice.below(60)), judgment(last, "final", "yes", at + MINUTE, 10 + dice.below(30))]
    } else {
        vec![judgment(last, "only", "yes", at, 15 + dice.below(60))]
    };
    let mut history = json!({
        "opened_at": format_rfc3339(seen),
        "judgments": judgments,
        "decision": { "answer": ANSWERS[last], "at": format_rfc3339(at + MINUTE), "persons": [name] },
    });
    if last != 0 {
        let closed = at + (1 + dice.below(9) as i64) * 24 * 60 * MINUTE;
        history["outcome"] = json!({ "value": ANSWERS[truth], "at": format_rfc3339(closed) });
    }
    history
}
