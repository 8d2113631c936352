//! What there is to decide: a playbook for each kind of answer, and cases with each kind of field. Invented, all of it.

mod change;
mod large;
mod picture;

pub use change::PATCH;
pub use large::{long_change, long_letter};
pub use picture::{scan, scan_later};

use serde_json::{Value, json};

/// What Ada may decide on.
pub const ROLES: [&str; 6] = ["support", "success", "reviewer", "maintainer", "radiologist", "operator"];

/// A choice with advice.
const TICKETS: &str = r#"name = "tickets"
question = "Where should this ticket go?"
answer = { kind = "choice", options = ["billing", "bug", "account", "abuse"] }

[fields]
subject  = { type = "text", title = true }
talk     = { type = "conversation", personal = true }
customer = { type = "text", personal = true, subject = true }
plan     = { type = "category", options = ["free", "team", "enterprise"] }
invoices = { type = "table", required = false }
device   = { type = "json", required = false }

[outcome]
kind = "truth"
source = "the queue that closed the ticket"

[routing]
default = "assist"
deadline = "4h"

[decide]
roles = ["support"]
"#;

/// The same, but one's own answer comes first.
const FIRST_LOOK: &str = r#"name = "first-look"
question = "Where should this ticket go?"
answer = { kind = "choice", options = ["billing", "bug", "account", "abuse"] }

[fields]
subject  = { type = "text", title = true }
talk     = { type = "conversation", personal = true }
customer = { type = "text", personal = true, subject = true }

[outcome]
kind = "truth"
source = "the queue that closed the ticket"

[routing]
default = "blind"

[decide]
roles = ["support"]
"#;

/// A patch, judged by a form.
const CHANGES: &str = r#"name = "changes"
question = "May this change be merged?"

[answer]
kind = "form"
schema = '''
{ "type": "object", "required": ["verdict", "risk"], "properties": {
  "verdict": { "type": "string", "title": "Verdict", "enum": ["merge", "change", "reject"] },
  "risk": { "type": "integer", "title": "Risk", "description": "1: cannot do harm. 5: can lose data.", "minimum": 1, "maximum": 5 },
  "findings": { "type": "array", "title": "Findings", "items": { "type": "object", "required": ["file", "text"], "properties": {
    "file": { "type": "string", "maxLength": 400 }, "line": { "type": "integer", "minimum": 1 }, "text": { "type": "string", "maxLength": 4000 } } } } } }
'''

[fields]
title  = { type = "text", title = true }
task   = { type = "text" }
change = { type = "patch" }
lines  = { type = "number" }
tests  = { type = "boolean" }

[outcome]
kind = "proxy"
source = "what became of the change"

[routing]
default = "assist"

[decide]
roles = ["reviewer"]
"#;

/// Pictures, and a number as the answer.
const SCANS: &str = r#"name = "scans"
question = "How suspicious is the marked region?"
answer = { kind = "score", min = 0, max = 10, step = 0.5 }

[fields]
study    = { type = "text", title = true }
scan     = { type = "image", personal = true }
patient  = { type = "text", personal = true, subject = true, hidden = true }
taken_at = { type = "time" }

[outcome]
kind = "truth"
source = "histology"

[routing]
default = "assist"

[decide]
roles = ["radiologist"]
"#;

/// A patch as the answer.
const REPAIRS: &str = r#"name = "repairs"
question = "Which change repairs it?"
answer = { kind = "patch" }

[fields]
title = { type = "text", title = true }
error = { type = "text" }

[outcome]
kind = "proxy"
source = "whether the tests pass"

[routing]
default = "assist"

[decide]
roles = ["maintainer"]
"#;

/// All of them; two are those that come with the product.
pub const PLAYBOOKS: [&str; 7] = [
    TICKETS,
    FIRST_LOOK,
    CHANGES,
    SCANS,
    REPAIRS,
    include_str!("../../../playbooks/draft-review.toml"),
    include_str!("../../../playbooks/agent-action.toml"),
];

/// Subject, what was written, plan, what the AI makes of it and how surely, why, and the words that it points to.
type Ticket = (&'static str, &'static str, &'static str, &'static str, f64, &'static str, &'static str);

const LETTERS: [Ticket; 12] = [
    (
        "Charged twice in November",
        "My card shows two payments of 49 euros on the same day. Please give one back.",
        "team",
        "billing",
        0.94,
        "Two payments are named, and one is asked back.",
        "two payments of 49 euros",
    ),
    (
        "Export stops at 99 %",
        "Since Tuesday the CSV export hangs at the very end, in every browser that we have here.",
        "enterprise",
        "bug",
        0.88,
        "Something that worked until Tuesday stops.",
        "hangs at the very end",
    ),
    (
        "Invite expires at once",
        "I invited a colleague. A minute later the link says that it has expired.",
        "team",
        "account",
        0.71,
        "It is about joining a workspace.",
        "the link says that it has expired",
    ),
    (
        "A page on your domain looks like our bank",
        "Our customers get mail that leads to a page of yours with our logo and a form for passwords.",
        "free",
        "abuse",
        0.97,
        "A page asks for passwords under another name.",
        "a form for passwords",
    ),
    (
        "Invoice carries the old address",
        "We moved in June, and the October invoice still goes to Lindenstraße.",
        "enterprise",
        "billing",
        0.83,
        "An invoice is wrong.",
        "the October invoice",
    ),
    (
        "Two-factor code is never accepted",
        "The code from the app is refused, whichever phone I take. The clock is right.",
        "team",
        "account",
        0.64,
        "Signing in fails.",
        "The code from the app is refused",
    ),
    (
        "Dark mode shows white text on white",
        "In the report view I cannot read the table at all.",
        "free",
        "bug",
        0.91,
        "Something cannot be read.",
        "I cannot read the table",
    ),
    (
        "Please cancel before the renewal",
        "We do not need the ten seats any more. The renewal is on Friday.",
        "team",
        "billing",
        0.79,
        "A subscription ends.",
        "The renewal is on Friday",
    ),
    (
        "Webhook is sent three times",
        "Each order arrives three times, always within a second, since your last release.",
        "enterprise",
        "bug",
        0.9,
        "Something is done three times.",
        "arrives three times",
    ),
    (
        "Cannot change my mail address",
        "The confirmation goes to the old address, which I can no longer read.",
        "free",
        "account",
        0.86,
        "An account is to be changed.",
        "The confirmation goes to the old address",
    ),
    (
        "Somebody sends spam in our name",
        "Your forms are used to send mail that says it comes from us.",
        "team",
        "abuse",
        0.77,
        "Mail goes out under another name.",
        "used to send mail",
    ),
    (
        "VAT number missing on the receipt",
        "Our accounting sends it back every month.",
        "enterprise",
        "billing",
        0.92,
        "A receipt is wrong.",
        "VAT number",
    ),
];

/// A ticket, one of twelve in turn, into this playbook.
#[must_use]
pub fn ticket(playbook: &str, n: usize) -> Value {
    let (subject, body, plan, option, sure, why, quote) = LETTERS[n % LETTERS.len()];
    let rest = (1.0 - sure) / 3.0;
    let all: serde_json::Map<_, _> = ["billing", "bug", "account", "abuse"]
        .iter()
        .map(|one| ((*one).to_owned(), json!(if *one == option { sure } else { rest })))
        .collect();
    let start = body.find(quote).map(|at| json!([{ "field": "talk", "quote": quote, "start": at, "end": at + quote.len() }]));
    let mut case = json!({
        "playbook": playbook,
        "external_id": format!("T-{}", 48_100 + n),
        "fields": {
            "subject": subject,
            "talk": [
                { "role": "customer", "text": body, "at": "2025-12-31T21:12:00Z" },
                { "role": "support", "text": "Thank you, we are looking into it. Since when do you see this?", "at": "2025-12-31T21:41:00Z" },
                { "role": "customer", "text": "Since this morning.", "at": "2025-12-31T22:05:00Z" },
            ],
            "customer": format!("customer{n}@example.org"),
        },
        "proposals": [{ "proposer": "triage-llm", "version": "2026-01", "probabilities": all, "explanation": why, "evidence": start.unwrap_or(json!([])) }],
    });
    if playbook == "tickets" {
        case["fields"]["plan"] = json!(plan);
        case["fields"]["invoices"] = json!({ "columns": ["invoice", "date", "euros", "paid"], "rows": [["2025-118", "2025-11-01", "49.00", true], ["2025-131", "2025-12-01", "49.00", true], ["2026-004", "2026-01-01", "98.00", false]] });
        case["fields"]["device"] =
            json!({ "system": "Debian 13", "browser": { "name": "Firefox", "version": 146 }, "seen": ["2025-12-30", "2026-01-01"] });
    }
    case
}

/// What somebody is answered: a text.
#[must_use]
pub fn letter() -> Value {
    json!({
        "playbook": "draft-review",
        "external_id": "L-1",
        "fields": {
            "subject": "The second lamp arrived broken",
            "thread": [{ "role": "customer", "text": "The second lamp came with a crack in its glass. I have pictures. What now?" }],
            "customer": "noa.lindqvist@example.org",
            "channel": "mail",
            "tone": "warm",
            "order": { "columns": ["item", "count", "euros"], "rows": [["Lamp Viken, brass", 2, "129.00"], ["Bulb E14", 2, "6.50"]] },
            "legal": false,
        },
        "proposals": [{ "proposer": "writer-llm", "version": "3", "explanation": "A replacement is in stock.",
            "answer": "Dear Noa,\n\nI am sorry that the second lamp arrived broken. We send you a new one today; it should be with you on Friday. You need not send the broken one back.\n\nKind regards" }],
    })
}

/// A change that an AI wrote, with a patch over three files.
#[must_use]
pub fn change() -> Value {
    json!({
        "playbook": "changes",
        "external_id": "C-1",
        "fields": { "title": "Retry failed deliveries with a growing pause", "task": "Deliveries that fail are tried again at once, which makes outages worse. Wait longer each time, and give up after eight attempts.", "change": PATCH, "lines": 47, "tests": true },
        "proposals": [{ "proposer": "review-llm", "version": "1", "answer": { "verdict": "change", "risk": 3, "findings": [{ "file": "src/delivery.rs", "line": 24, "text": "The pause grows without a limit." }] },
            "explanation": "The pause doubles without an upper bound, so the eighth attempt waits for over four minutes." }],
    })
}

/// A repair whose answer is itself a patch.
#[must_use]
pub fn repair() -> Value {
    let patch = "--- a/src/clock.rs\n+++ b/src/clock.rs\n@@ -3,4 +3,4 @@\n fn minutes(seconds: u64) -> u64 {\n-    seconds / 6\n+    seconds / 60\n }\n \n";
    json!({
        "playbook": "repairs",
        "external_id": "R-1",
        "fields": { "title": "minutes() is ten times too large", "error": "assertion failed: minutes(120) == 2\n  left: 20\n right: 2" },
        "proposals": [{ "proposer": "repair-llm", "version": "1", "answer": patch }],
    })
}

/// What an agent wants to do: an action with arguments.
#[must_use]
pub fn action() -> Value {
    json!({
        "playbook": "agent-action",
        "external_id": "A-1",
        "fields": { "goal": "Settle the complaint about order 7731", "tool": "refund", "sum": "58.00", "customer": "c7731", "context": { "order": 7731, "paid": true, "returned": false },
            "trace": [{ "role": "agent", "text": "The order was paid twice. I refund the second payment." }] },
        "proposals": [{ "proposer": "ops-agent", "version": "12", "answer": { "name": "refund", "arguments": { "customer": "c7731", "sum": "58", "reason": "duplicate" } } }],
    })
}

/// A scan with two boxes; `attachment` is the digest of the picture.
#[must_use]
pub fn study(attachment: &str) -> Value {
    json!({
        "playbook": "scans",
        "external_id": "S-1",
        "fields": { "study": "Study 2025-4471, right breast, CC", "patient": "p-4471", "taken_at": "2025-12-29T10:20:00Z",
            "scan": { "attachment": attachment, "boxes": [{ "x": 250, "y": 120, "width": 90, "height": 80, "label": "density" }, { "x": 90, "y": 220, "width": 50, "height": 40, "label": "calcification" }] } },
        "proposals": [{ "proposer": "scan-net", "version": "0.9", "answer": "6.5", "explanation": "An irregular margin in the upper box." }],
    })
}

/// Markup and script, in whatever place.
pub const HOSTILE: &str =
    "<script>window.__hacked=1</script><img src=x onerror=\"window.__hacked=1\">\"'><svg onload=window.__hacked=1>{{7*7}}";

/// A playbook in which every text is hostile.
#[must_use]
pub fn hostile_playbook() -> String {
    format!(
        "name = \"hostile\"\nquestion = '''{HOSTILE}'''\ndescription = '''{HOSTILE}'''\nanswer = {{ kind = \"choice\", options = ['''{HOSTILE}''', \"fine\"] }}\n\
        [fields]\ntitle = {{ type = \"text\", title = true }}\n[outcome]\nkind = \"truth\"\nsource = '''{HOSTILE}'''\n[routing]\ndefault = \"assist\"\n[decide]\nroles = [\"support\"]\n"
    )
}

/// A case of that playbook.
#[must_use]
pub fn hostile_choice() -> Value {
    json!({ "playbook": "hostile", "external_id": HOSTILE, "fields": { "title": HOSTILE },
        "proposals": [{ "proposer": HOSTILE, "version": HOSTILE, "probabilities": { HOSTILE: 0.9, "fine": 0.1 }, "explanation": HOSTILE,
            "evidence": [{ "field": "title", "quote": HOSTILE }] }] })
}

/// A letter, an action, a repair and a study in which every text is hostile; `attachment` is the digest of the study's picture.
#[must_use]
pub fn hostile_others(attachment: &str) -> [Value; 4] {
    let mut letter = letter();
    letter["external_id"] = json!("L-hostile");
    letter["fields"]["subject"] = json!(HOSTILE);
    letter["fields"]["thread"] = json!([{ "role": HOSTILE, "text": HOSTILE }]);
    letter["fields"]["customer"] = json!(HOSTILE);
    letter["fields"]["order"] = json!({ "columns": [HOSTILE], "rows": [[HOSTILE]] });
    letter["proposals"][0]["answer"] = json!(HOSTILE);
    letter["proposals"][0]["explanation"] = json!(HOSTILE);
    let mut action = action();
    action["external_id"] = json!("A-hostile");
    action["fields"]["goal"] = json!(HOSTILE);
    action["fields"]["context"] = json!({ HOSTILE: HOSTILE });
    action["fields"]["trace"] = json!([{ "role": HOSTILE, "text": HOSTILE }]);
    action["proposals"][0]["answer"]["arguments"]["customer"] = json!("<img src=x onerror=\"window.__hacked=1\">");
    action["proposals"][0]["answer"]["arguments"]["reason"] = json!("duplicate");
    let mut repair = repair();
    repair["external_id"] = json!("R-hostile");
    repair["fields"]["title"] = json!(HOSTILE);
    repair["fields"]["error"] = json!(HOSTILE);
    repair["proposals"][0]["answer"] = json!(format!("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-{HOSTILE}\n+{HOSTILE} more\n"));
    let mut study = study(attachment);
    study["external_id"] = json!("S-hostile");
    study["fields"]["study"] = json!(HOSTILE);
    study["fields"]["scan"]["boxes"] = json!([{ "x": 10, "y": 10, "width": 50, "height": 50, "label": HOSTILE }]);
    study["proposals"][0]["explanation"] = json!(HOSTILE);
    [letter, action, repair, study]
}

/// A ticket in which every text is hostile.
#[must_use]
pub fn hostile_ticket() -> Value {
    let mut case = ticket("tickets", 0);
    case["external_id"] = json!("T-hostile");
    case["fields"]["subject"] = json!(HOSTILE);
    case["fields"]["talk"] = json!([{ "role": HOSTILE, "text": HOSTILE }]);
    case["fields"]["customer"] = json!(HOSTILE);
    case["fields"]["invoices"] = json!({ "columns": [HOSTILE, "b"], "rows": [[HOSTILE, 1]] });
    case["fields"]["device"] = json!({ HOSTILE: [HOSTILE, { HOSTILE: HOSTILE }] });
    case["proposals"][0]["explanation"] = json!(HOSTILE);
    case["proposals"][0]["evidence"] = json!([{ "field": "talk", "quote": HOSTILE }]);
    case
}

/// A change whose patch is hostile.
#[must_use]
pub fn hostile_change() -> Value {
    let mut case = change();
    let name = HOSTILE.replace(' ', "_");
    case["external_id"] = json!("C-hostile");
    case["fields"]["title"] = json!(HOSTILE);
    case["fields"]["task"] = json!(HOSTILE);
    case["fields"]["change"] =
        json!(format!("--- a/{name}\n+++ b/{name}\n@@ -1,2 +1,2 @@ {HOSTILE}\n {HOSTILE}\n-{HOSTILE}\n+{HOSTILE} more\n"));
    case["proposals"][0]["answer"] = json!({ "verdict": "merge", "risk": 1, "findings": [{ "file": HOSTILE, "text": HOSTILE }] });
    case["proposals"][0]["explanation"] = json!(HOSTILE);
    case
}
