//! Security alerts for the playbook `alert-triage`. `atlas` is weak on service accounts, which it takes for routine; `rules`
//! are weak in the cloud. An alert that was closed as benign is never looked into, so its truth is never known.

use crate::{
    Story,
    dice::{Dice, decimal},
    grammar::{Slots, expand},
    people::{ATLAS, Ease, Kind, RULES},
    story::{MINUTE, Telling, probabilities},
};
use countersign_core::time::format_rfc3339;
use serde_json::{Map, Value, json};

/// As in `playbooks/alert-triage.toml`.
const ANSWERS: [&str; 3] = ["benign", "watch", "escalate"];
const SHARES: [u64; 3] = [64, 25, 11];

/// What fired, and what is in the log around it when it is harmless, unclear, or an attack.
struct Scenario {
    rule: &'static str,
    harmless: &'static [&'static str],
    unclear: &'static [&'static str],
    attack: &'static [&'static str],
    asset: &'static str,
}

const SCENARIOS: [Scenario; 9] = [
    Scenario {
        rule: "Impossible travel: sign-in from [{city} and {city2}|two countries] within [an hour|{n} minutes]",
        harmless: &[
            "sign-in succeeded, {city}, known device",
            "sign-in succeeded, {city2}, company VPN exit",
            "token refreshed, same device id",
        ],
        unclear: &["sign-in succeeded, {city}", "sign-in succeeded, {city2}, device not seen before", "mailbox opened"],
        attack: &[
            "sign-in failed {n} times, {city2}",
            "sign-in succeeded, {city2}, legacy protocol",
            "mailbox rule added: move to RSS",
            "{n} files shared outside",
        ],
        asset: "cloud",
    },
    Scenario {
        rule: "New administrator: [an account was added to the administrators|membership of Domain Admins changed]",
        harmless: &["change request CHG-{n} approved", "group changed by the identity team", "account removed again by the nightly job"],
        unclear: &["group changed by {account}", "no change request found", "sign-in from an admin workstation"],
        attack: &[
            "group changed by {account} at 03:{m}",
            "event log cleared",
            "new service installed: {word}svc",
            "remote session opened to {n} hosts",
        ],
        asset: "domain-controller",
    },
    Scenario {
        rule: "Encoded command line: PowerShell started with [an encoded command|-enc and a hidden window]",
        harmless: &["parent: inventory agent 7.{n}", "script signed by the IT department", "the same on {n} hosts since patch day"],
        unclear: &["parent: winword.exe", "script downloads from a file share", "antivirus: no verdict"],
        attack: &[
            "parent: outlook.exe, attachment invoice_{n}.xlsm",
            "connection opened to 203.0.113.{o}:443",
            "lsass.exe read by powershell.exe",
            "task created: \\Updater{n}",
        ],
        asset: "workstation",
    },
    Scenario {
        rule: "Many failed sign-ins: [more than {n} failures in five minutes|one address, {n} accounts]",
        harmless: &["password changed an hour ago", "phone keeps the old password", "{n} failures, one account, internal address"],
        unclear: &["{n} failures, one account", "address of a hosting company", "no success seen"],
        attack: &[
            "{n} accounts tried from 198.51.100.{o}",
            "sign-in succeeded: {account}",
            "second factor: pushed {m} times, then accepted",
        ],
        asset: "cloud",
    },
    Scenario {
        rule: "Rare outbound connection: first connection of this host to [that network|AS{n}]",
        harmless: &["destination: new CDN of the mail filter", "{n} other hosts today", "certificate issued to a known vendor"],
        unclear: &["destination registered {m} days ago", "{n} kB sent", "only this host"],
        attack: &[
            "destination registered yesterday",
            "beacon every {m} seconds",
            "{n} MB sent at night",
            "process: rundll32.exe without arguments",
        ],
        asset: "server",
    },
    Scenario {
        rule: "Backup deleted: [shadow copies were removed|snapshot retention set to 0]",
        harmless: &["job of the backup software", "storage ticket OPS-{n} in progress", "new full backup finished before"],
        unclear: &["vssadmin run by {account}", "no ticket found", "disk {m} % full"],
        attack: &[
            "vssadmin delete shadows /all, run by {account}",
            "{n} files renamed to .{word}",
            "backup agent stopped",
            "note dropped: README_{n}.txt",
        ],
        asset: "server",
    },
    Scenario {
        rule: "Mail rule forwards outside: [a mailbox rule sends everything to another domain|auto-forward was switched on]",
        harmless: &[
            "forward to the person's own new address, HR case {n}",
            "set from a known device in the office",
            "person leaves at the end of the month",
        ],
        unclear: &["forward to a free mail provider", "set from a phone", "person does not answer"],
        attack: &[
            "rule hides replies with the word invoice",
            "set {m} minutes after a sign-in from {city2}",
            "{n} messages forwarded",
            "bank details changed in a thread",
        ],
        asset: "cloud",
    },
    Scenario {
        rule: "Lateral movement: remote service created on [{n} hosts|a second host]",
        harmless: &["deployment tool, wave {m}", "signed binary, known hash", "maintenance window until 04:00"],
        unclear: &["psexec by {account}", "helpdesk case open for one of the hosts", "daytime"],
        attack: &[
            "service name {word}{n}",
            "binary written to ADMIN$ by {account}",
            "hash unknown to {m} engines of {n}",
            "next hop: domain controller",
        ],
        asset: "server",
    },
    Scenario {
        rule: "USB storage: [{n} files|an archive] copied to a removable drive",
        harmless: &["drive is encrypted and enrolled", "press kit for a fair", "marketing, {n} pictures"],
        unclear: &["drive not enrolled", "{n} documents, class internal", "person on notice"],
        attack: &[
            "drive not enrolled, first use",
            "{n} documents, class confidential",
            "archive with a password",
            "proxy blocked three upload sites before",
        ],
        asset: "workstation",
    },
];

const ACCOUNTS: [&str; 9] = ["m.keller", "j.ortiz", "a.nowak", "r.singh", "l.becker", "t.okada", "c.duarte", "s.moen", "helpdesk"];
const SERVICES: [&str; 5] = ["svc-backup", "svc-deploy", "svc-scan", "svc-mailgw", "svc-print"];
const CITIES: [&str; 8] = ["Berlin", "Lyon", "Oslo", "Porto", "Minsk", "Lagos", "Hanoi", "Dallas"];

/// The alert number `n`, seen at `seen`.
pub fn story(dice: &mut Dice, telling: &Telling, n: u64, seen: i64) -> Story {
    let truth = dice.weighted(&SHARES);
    let scenario = &SCENARIOS[dice.index(SCENARIOS.len())];
    let service = dice.chance(24);
    let hard = truth == 1 || dice.chance(10);
    let account = if service {
        format!("{}{:02}", dice.pick(&SERVICES), dice.below(12))
    } else {
        format!("{}{}", dice.pick(&ACCOUNTS), ["", "2"][dice.index(2)])
    };
    let asset = if dice.chance(70) {
        scenario.asset
    } else {
        ["workstation", "server", "domain-controller", "cloud"][dice.weighted(&[46, 30, 4, 20])]
    };
    let atlas = ATLAS.opinion(
        dice,
        ANSWERS.len(),
        truth,
        if service {
            Ease::Weak
        } else if hard {
            Ease::Middling
        } else {
            Ease::Plain
        },
    );
    let rules = RULES.opinion(
        dice,
        ANSWERS.len(),
        truth,
        if asset == "cloud" {
            Ease::Weak
        } else if hard {
            Ease::Middling
        } else {
            Ease::Plain
        },
    );
    let slots = slots(dice, &account);
    let mut fields = Map::new();
    fields.insert("rule".into(), json!(expand(dice, scenario.rule, &slots)));
    let severity = (12 + truth as u64 * 24 + dice.below(38)).min(99);
    fields.insert("severity".into(), json!(severity));
    fields.insert("asset".into(), json!(asset));
    fields.insert("seen_at".into(), json!(format_rfc3339(seen)));
    fields.insert("host".into(), json!(format!("{}-{}-{:03}", dice.pick(&["ber", "lyo", "osl", "por"]), &asset[..2], dice.below(400))));
    fields.insert("account".into(), json!(account));
    if dice.chance(12) {
        fields.insert("known_bad".into(), json!(truth == 2 || dice.chance(8)));
    }
    let address = format!("{}.{}", dice.pick(&["203.0.113", "198.51.100", "192.0.2"]), dice.between(1, 250));
    fields.insert("events".into(), events(dice, scenario, truth, hard, seen, &slots, &address));
    fields.insert("raw".into(), json!({
        "sensor": format!("edr-{}", dice.between(2, 5)), "signature": dice.below(90_000), "address": address,
        "score": decimal(dice.below(1_000)), "tags": [dice.pick(&["night", "office-hours", "weekend"]), dice.pick(&["first-seen", "seen-before"])],
    }));
    let explanation = if service && atlas.top == 0 {
        "A service account; it does this regularly.".to_owned()
    } else {
        let why = [
            "[Nothing in the log speaks for an attack|A known cause explains the log].",
            "[One line does not fit, the rest does|Not enough to wake anybody].",
            "[The lines together are the pattern of an intrusion|This needs somebody now].",
        ][atlas.top];
        expand(dice, why, &[])
    };
    let at = format_rfc3339(seen);
    let case = json!({
        "playbook": "alert-triage",
        "external_id": format!("A-{}", 70_000 + n),
        "fields": fields,
        "proposals": [
            { "proposer": ATLAS.name, "version": ATLAS.version, "probabilities": probabilities(&ANSWERS, &atlas), "explanation": explanation,
              "evidence": [{ "field": "events", "quote": "the log lines around it" }], "at": at },
            { "proposer": RULES.name, "version": RULES.version, "probabilities": probabilities(&ANSWERS, &rules), "at": at },
        ],
    });
    let days = dice.between(1, 9);
    telling.finish(dice, Kind::Alert, case, &ANSWERS, truth, hard || service, atlas.top, seen, Some(days))
}

fn slots(dice: &mut Dice, account: &str) -> Vec<(&'static str, String)> {
    let city = dice.index(CITIES.len());
    vec![
        ("city2", CITIES[(city + dice.index(CITIES.len() - 1) + 1) % CITIES.len()].to_owned()),
        ("city", CITIES[city].to_owned()),
        ("account", account.to_owned()),
        ("word", dice.pick(&["lumen", "orchid", "kilo", "zephyr", "basalt"]).to_owned()),
        ("n", dice.between(12, 96).to_string()),
        ("m", dice.between(11, 58).to_string()),
        ("o", dice.between(1, 250).to_string()),
    ]
}

/// The log around it: lines that fit the truth; on a hard alert one that does not.
fn events(dice: &mut Dice, scenario: &Scenario, truth: usize, hard: bool, seen: i64, slots: &Slots<'_>, address: &str) -> Value {
    let of = |truth: usize| [scenario.harmless, scenario.unclear, scenario.attack][truth];
    let mut lines: Vec<&str> = of(truth).to_vec();
    if hard {
        let odd = of(dice.other(ANSWERS.len(), truth));
        lines.insert(dice.index(lines.len() + 1), odd[dice.index(odd.len())]);
    }
    let mut at = seen - i64::try_from(lines.len()).unwrap_or_default() * 3 * MINUTE;
    let mut rows = Vec::new();
    for line in lines {
        at += MINUTE + i64::try_from(dice.below(100)).unwrap_or_default() * 1_000_000;
        let from = if dice.chance(60) {
            address.to_owned()
        } else {
            format!("10.{}.{}.{}", dice.below(40), dice.below(250), dice.between(1, 250))
        };
        rows.push(json!([format_rfc3339(at), expand(dice, line, slots), from]));
    }
    json!({ "columns": ["at", "what", "from"], "rows": rows })
}
