//! Every English word of the desk, in one place, so that it can be read as a whole and said in another language one day. Holds no
//! markup and no logic beyond choosing a word.

pub mod asking;
pub mod away;
pub mod bulk;
pub mod experiment;
pub mod for_you;
pub mod models;
pub mod notices;
pub mod own;
pub mod pair;
pub mod palette;
pub mod parts;
pub mod passkeys;
pub mod people;
pub mod remarks;
pub mod routing;
pub mod rules;
pub mod sign_in;
pub mod stops;
pub mod team;
pub mod track;
pub mod webhooks;

use crate::problem::Kind;
use countersign_app::queue::{Count, View};
use countersign_core::{number::Micros, refusal::Code, time};

// The frame.
pub const PRODUCT: &str = "Countersign";
pub const SKIP_TO_MAIN: &str = "Skip to the main part";
pub const TABS: &str = "Places";
pub const TAB_QUEUE: &str = "Queue";
pub const TAB_RECENT: &str = "Recent";
pub const TAB_PAIR: &str = "Pair";
pub const TAB_PLAYBOOKS: &str = "Playbooks";
pub const TAB_LEDGER: &str = "Ledger";
pub const NAMELESS: &str = "(name erased)";
pub const REQUEST: &str = "Request";
pub const TO_QUEUE: &str = "To the queue";
pub const OPTIONAL: &str = "optional";
pub const KEYS: &str = "Keys";
pub const CLOSE: &str = "Close";

// Signing in and out.
pub const SIGN_IN: &str = "Sign in";
pub const SIGN_OUT: &str = "Sign out";
pub const SIGNED_OUT: &str = "You are signed out";
pub const SIGNED_OUT_DETAIL: &str = "Nobody is signed in at this desk, or the session is over.";
pub const SIGNED_OUT_LEAD: &str = "What you had typed and not sent stays in this tab until you close it.";
pub const SIGN_IN_HOW: &str = "Who has none asks whoever runs this workspace for a link, which works once and for 15 minutes:";
pub const SIGN_IN_COMMAND: &str = "countersign desk link --person \"Your Name\"";
pub const SIGN_IN_AS: &str = "Sign in as";
pub const SIGN_IN_TO: &str = "Workspace";
pub const SIGN_IN_ONCE: &str = "This link works once, and this step uses it up.";
pub const LINK_OVER: &str = "This link no longer works";
pub const LINK_OVER_LEAD: &str = "It was used already, or its 15 minutes are over.";
pub const FORM_FOREIGN: &str = "This was not sent from one of our own pages, or from one of an earlier session. Nothing was done. Go back, load the page again, and send it once more.";

// The queue.
pub const NEXT_CASE: &str = "Next case";
pub const ALL_PLAYBOOKS: &str = "All playbooks";
pub const FILTER: &str = "Filter";
pub const FILTER_HINT: &str = "Narrow, or find words or an id";
pub const FIND: &str = "Find";
pub const REROUTING_HEAD: &str = "Cases are being routed anew";
pub const FOUND_NOTHING: &str = "No case that you may read has this id, or all of these words:";
pub const FOUND: &str = "Cases with";
pub const FOUND_FURTHER: &str = "None of the latest; older ones may.";
pub const STANDS: &str = "State";
pub const CASE: &str = "Case";
pub const PLAYBOOK: &str = "Playbook";
pub const UNTITLED: &str = "(without a title)";
pub const OLDER: &str = "Further";
pub const FROM_THE_TOP: &str = "From the top";
pub const NOTHING_WAITS: &str = "Nothing waits for you";
pub const NOTHING_WAITS_LEAD: &str = "When a case comes that you may decide on, it is here. This page looks by itself.";
pub const NOTHING_HERE: &str = "Nothing here";
pub const NO_PLAYBOOKS: &str = "There is nothing here that you decide on";
pub const NO_PLAYBOOKS_LEAD: &str = "No published playbook names one of your roles. Whoever runs this workspace can change that:";
pub const NO_PLAYBOOKS_COMMAND: &str = "countersign person change \"Your Name\" --role ROLE";
pub const OLDEST: &str = "next one waits";

// A case.
pub const PEOPLE_FIRST: &str = "Your own answer first";
pub const PEOPLE_FIRST_LEAD: &str = "What the AI says is shown once your answer is safe. It then stands, and you decide.";
pub const UNAIDED_LEAD: &str = "This case is decided without advice.";
pub const REVEAL: &str = "Now with the advice";
pub const REVEAL_LEAD: &str = "You answered";
pub const REVEAL_DECIDE: &str = "Keep it or change it. This one decides.";
pub const ADJUDICATION: &str = "Two answers differ";
pub const ADJUDICATION_LEAD: &str = "Others have answered and do not agree. Yours decides.";
pub const APPEAL: &str = "An objection was raised";
pub const APPEAL_LEAD: &str = "A decision on this case is disputed. Decide anew; what was answered before is not shown.";
pub const NO_ADVICE: &str = "Nothing was proposed for this case.";
pub const PROPOSALS: &str = "Proposed by AI";
pub const ANSWERS_OF_OTHERS: &str = "Answers so far";
pub const SOMEBODY: &str = "A colleague";
pub const ACCEPT: &str = "Accept";
pub const EVIDENCE: &str = "Where it looked";
pub const CHAINED: &str = "follows an earlier proposal";
pub const ANSWERS_ASK: &str = "after your ask";
pub const DECIDE: &str = "Decide";
pub const ANSWER_FIRST: &str = "Answer";
pub const REASON: &str = "Reason";
pub const CONFIDENCE: &str = "How sure are you?";
pub const CONFIDENCE_UNSAID: &str = "not said";
pub const ASK: &str = "Ask the AI";
pub const ASK_LABEL: &str = "What should it do differently, or look at?";
pub const ASK_HINT: &str = "shorter · look at the second login · assume EU law";
pub const ASK_SEND: &str = "Ask";
pub const ASKED: &str = "Asked";
pub const ASK_OPEN: &str = "no answer yet";
pub const ASK_ANSWERED: &str = "answered";
pub const NEWER: &str = "There is new advice on this case.";
pub const SHOW_NEWER: &str = "Show it";
pub const SKIP: &str = "Skip";
pub const SKIP_LABEL: &str = "Why do you pass it on?";
pub const SKIP_HINT: &str = "not my field · I know the customer · unreadable";
pub const SNOOZE: &str = "Snooze";
pub const SNOOZE_LABEL: &str = "Until";
pub const SNOOZE_CHOICES: &[(&str, &str)] =
    &[("1h", "in an hour"), ("4h", "in 4 hours"), ("1d", "in a day"), ("3d", "in 3 days"), ("7d", "in a week")];
pub const ESCALATE: &str = "Escalate";
pub const ESCALATE_LABEL: &str = "Role that has to look";
pub const COMMENT: &str = "Comment";
pub const COMMENT_LABEL: &str = "A remark that stays with the case";
pub const RELEASE: &str = "Let go";
pub const HISTORY: &str = "History";
pub const OPENED: &str = "opened";
pub const DUE: &str = "due";
pub const OVERDUE: &str = "overdue";
pub const DUE_SOON: &str = "soon";
pub const DUE_SOON_WHY: &str = "Less than a quarter of the time to decide is left";
pub const HELD_UNTIL: &str = "yours until";
pub const TAKE: &str = "Take this case";
pub const STAYS_KEPT: &str = "What you had entered is kept:";
pub const DECISION: &str = "Decision";
pub const JUDGMENTS: &str = "Judgments";
pub const OUTCOME: &str = "Outcome";
pub const WITHHELD: &str = "What the AI and others say is withheld until you have answered.";
pub const CORRECT: &str = "Correct";
pub const CORRECT_LEAD: &str = "Another answer stands from now on, in your name. The first one stays on record.";
pub const APPEAL_VERB: &str = "Appeal";
pub const APPEAL_VERB_LEAD: &str = "Somebody who had no part in it decides anew.";
pub const REOPEN: &str = "Open again";
pub const REOPEN_LEAD: &str = "The case goes back to the queue.";
pub const UNDO: &str = "Undo";

// What happened while the page was open.
pub const MOVED: &str = "This case moved on while it was open";
pub const MOVED_KEPT: &str = "Nothing was recorded. What you had entered is still here; look again and send it.";
pub const CHANGED_FIELDS: &str = "Changed since:";
pub const TIME_OVER: &str = "The time to answer had run out. The case is yours again, and nothing on it has changed.";
pub const ALREADY: &str = "You have answered this already";
pub const ALREADY_LEAD: &str = "Your first answer counts. Nothing was recorded a second time.";
pub const TAKEN: &str = "Somebody else has this case now";
pub const TAKEN_LEAD: &str = "Your time on it ran out, and a colleague took it. Your answer was not recorded.";
pub const SETTLED: &str = "This case was decided while it was open here";
pub const SETTLED_LEAD: &str = "A colleague has answered it. Your answer was not recorded.";
pub const CHECK_FORM: &str = "Not recorded yet:";

// The history of a case, and its proof.
pub const TO_CASE: &str = "To the case";
pub const HISTORY_CUT: &str = "Only the last 500 events are shown; the command line has them all.";
pub const POSITION: &str = "event";
pub const FIELDS: &str = "Fields";
pub const CONTENT: &str = "Content";
pub const VERSION: &str = "version";
pub const REVISION: &str = "revision";
pub const NONE: &str = "none";
pub const ERASED: &str = "(erased)";
pub const EVENT_OPENED: &str = "Opened";
pub const EVENT_AMENDED: &str = "Content amended";
pub const EVENT_PROPOSED: &str = "proposed";
pub const EVENT_ASKED: &str = "asked the AI";
pub const EVENT_SHOWN: &str = "Shown to";
pub const EVENT_SHOWN_WHAT: &str = "What was on the screen";
pub const EVENT_ANSWERED: &str = "answered";
pub const EVENT_ACCEPTED: &str = "taken over from the proposal";
pub const EVENT_ELSEWHERE: &str = "in another tool:";
pub const EVENT_DECIDED: &str = "Decided";
pub const EVENT_BY: &str = "by";
pub const EVENT_WITHDREW: &str = "took the decision back";
pub const EVENT_ACTED: &str = "Acted on";
pub const EVENT_CORRECTED: &str = "corrected it to";
pub const EVENT_SKIPPED: &str = "passed it on";
pub const EVENT_SNOOZED: &str = "put it off until";
pub const EVENT_COMMENTED: &str = "remarked";
pub const EVENT_ESCALATED: &str = "escalated it to the role";
pub const EVENT_REOPENED: &str = "opened it again";
pub const EVENT_OUTCOME_CORRECTED: &str = "Outcome corrected";
pub const EVENT_APPEALED: &str = "objected";
pub const EVENT_APPEAL_DECIDED: &str = "Appeal decided:";
pub const EVENT_UPHELD: &str = "the first answer stands";
pub const EVENT_OVERTURNED: &str = "the first answer is overturned";
pub const PROOF: &str = "Proof";
pub const PROOF_LEAD: &str = "Every event of this case is a leaf of an append-only log. Your browser can check by itself that each one is in it, unchanged, and that the log's key signed it.";
pub const PROOF_NEEDS_SCRIPT: &str = "The check in the page needs script; the file below does not.";
pub const PROOF_LATER: &str = "The proof is here once the case is decided: it tells what everybody answered.";
pub const BUNDLE: &str = "For somebody else";
pub const BUNDLE_LEAD: &str =
    "One file holds all the evidence for this decision. Anybody can check it without this server, and without trusting it:";
pub const BUNDLE_GET: &str = "Download the evidence";

// The ledger and playbooks.
pub const EVENTS: &str = "Events";
pub const SIGNED_UP_TO: &str = "Signed up to";
pub const NO_CHECKPOINT: &str = "nothing yet: the first checkpoint comes within a second";
pub const ORIGIN: &str = "Log";
pub const LOG_KEY: &str = "Key";
pub const LOG_KEY_LEAD: &str = "Keep a copy somewhere else. Whoever has it can check this log without asking anybody here.";
pub const DATABASE: &str = "Kept in";
pub const MEASURED: &str = "Measured of people";
pub const STOPS: &str = "Automation";
pub const STOPPED: &str = "stopped";
pub const NO_STOPS: &str = "Nothing is stopped. Whatever may be automated still needs a certificate.";
pub const CHECKPOINT_LEAD: &str = "the latest checkpoint: size, root and signature";
pub const CHECK_YOURSELF: &str = "Check it yourself";
pub const CHECK_YOURSELF_LEAD: &str = "The log is served as tiles (C2SP tlog-tiles), which programs that are not ours read too.";
pub const VERIFY_LEAD: &str = "checks every event, tile, checkpoint and projection";
pub const NO_PLAYBOOK: &str = "No playbook is published";
pub const NO_PLAYBOOK_LEAD: &str = "A playbook says what is decided, what an answer is, and who decides.";
pub const DIGEST: &str = "SHA-256";
pub const SOURCE: &str = "Source, scrolls sideways";
pub const ANSWERS: &str = "Answers";
pub const ANSWER_TEXT: &str = "a text";
pub const ANSWER_PATCH: &str = "a patch";
pub const ANSWER_FORM: &str = "a form";
pub const DECIDED_BY: &str = "Decided by";
pub const EVERYBODY: &str = "every member";
pub const ROUTE: &str = "Route";
pub const BLIND_SHARE: &str = "of them answered before the advice is shown";
pub const AUTOMATION: &str = "Automation";
pub const AUTOMATION_AT: &str = "only with a certificate of at most";
pub const AUTOMATION_ERRORS: &str = "errors";
pub const AUTOMATION_NEVER: &str = "never";

// The strip of what was decided lately.
pub const LATELY: &str = "Your last decisions";
pub const LATELY_NONE: &str = "What you decide appears here, with the time in which you can undo it.";
pub const WAITS: &str = "others still answer";
pub const ANSWERED_ALREADY: &str = "Your answer is on record. It is decided once others have answered, too.";
pub const VOID: &str = "no longer counts";
pub const APPEALED: &str = "appealed";
pub const ACTED: &str = "acted on";
pub const CORRECTED: &str = "corrected";
pub const CORRECT_OR_APPEAL: &str = "Correct or appeal";
pub const DOCUMENT: &str = "your text";

/// What is said after something was done, by the word in the address.
#[must_use]
pub fn said(word: &str) -> Option<&'static str> {
    Some(match word {
        "skipped" => "Passed on to somebody else.",
        "snoozed" => "Put off. It comes back by itself.",
        "escalated" => "Handed to that role.",
        "assigned" => "Handed over.",
        "released" => "Let go. It is in the queue again.",
        "asked" => "Asked. The answer appears here when it comes.",
        "commented" => "Your remark is on record.",
        "corrected" => "Corrected. Both answers are on record.",
        "appealed" => "Appealed. Somebody else decides on it.",
        "reopened" => "Open again.",
        "withdrawn" => "Taken back. The case is open again.",
        "nothing" => NOTHING_WAITS,
        _ => return None,
    })
}

/// What a list is called.
#[must_use]
pub fn view(view: View) -> &'static str {
    match view {
        View::Waiting => "Waiting",
        View::Mine => "Yours",
        View::Snoozed => "Snoozed",
        View::Held => "Held",
        View::Decided => "Decided",
    }
}

/// What stands where a list is empty.
#[must_use]
pub fn empty(view: View) -> &'static str {
    match view {
        View::Waiting => NOTHING_WAITS_LEAD,
        View::Mine => "You hold no case. Take the next one, or open one from the queue.",
        View::Snoozed => "Nobody has put a case off.",
        View::Held => "No case is held. One is held when a rule says so or when nobody has the role that may decide.",
        View::Decided => "Nothing has been decided yet.",
    }
}

/// What the second time in a list means.
#[must_use]
pub fn until(view: View) -> &'static str {
    match view {
        View::Waiting | View::Held => "Due",
        View::Mine => "Yours until",
        View::Snoozed => "Wakes",
        View::Decided => "Undo until",
    }
}

/// A word for where a case stands.
#[must_use]
pub fn state(word: &str) -> &str {
    match word {
        "open" => "open",
        "held" => "held",
        "decided" => "decided",
        "acted" => "acted on",
        "appealed" => "appealed",
        "standing" => "stands",
        "withdrawn" => "withdrawn",
        "corrected" => "corrected",
        "overturned" => "overturned",
        "reopened" => "opened again",
        other => other,
    }
}

/// A phase for people.
#[must_use]
pub fn phase(word: &str) -> &str {
    match word {
        "only" => "answer",
        "first" => "first answer",
        "final" => "final answer",
        "adjudication" => "adjudication",
        "appeal" => "appeal",
        other => other,
    }
}

/// By which door something came, where it was not the desk.
#[must_use]
pub fn source(word: &str) -> &'static str {
    match word {
        "api" => "through the API",
        "cli" => "on the command line",
        "import" => "imported",
        _ => "",
    }
}

/// A route for people.
#[must_use]
pub fn route(word: &str) -> &'static str {
    match word {
        "automate" => "Decided by the AI",
        "assist" => "One person, with advice",
        "blind" => "One person, first without advice",
        "unaided" => "One person, without advice",
        "panel" => "Several people, independently",
        "hold" => "Held",
        _ => "Routed",
    }
}

pub const WHY_HERE: &str = "Why here?";
pub const WHY_DERIVED: &str = "Derived again just now from what the ledger recorded: the same to the last bit.";
pub const WHY_DIFFERS: &str = "It cannot be derived again from what the ledger recorded: tell whoever answers for this server.";
pub const WHY_FULL: &str = "In full";

/// Why a route was taken.
#[must_use]
pub fn route_reason(word: &str) -> &str {
    match word {
        "default" => "as the playbook says",
        "rule" => "by the rule",
        "blind_share" => "by a committed random draw",
        "no_proposal" => "nothing was proposed",
        "no_roster" => "nobody has the role",
        "away" => "too many are away",
        "escalated" => "after an escalation",
        "reopened" => "after it was opened again",
        "experiment" => "by lot, for an experiment",
        "measured" => "the cheapest allowed way, as measured",
        "explore" => "by lot, so that every way stays measured",
        "certificate" => "under a certificate",
        "audit" => "as a blind audit, by a committed random draw",
        other => other,
    }
}

/// Whether advice was visible.
#[must_use]
pub fn advice(visible: Option<bool>) -> &'static str {
    match visible {
        Some(true) => "advice in view",
        Some(false) => "without advice",
        None => "unknown whether with advice",
    }
}

/// What is measured of people.
#[must_use]
pub fn people_metrics(word: &str) -> &'static str {
    match word {
        "off" => "nothing",
        "self" => "only for each person themselves",
        "aggregate" => "together, nobody by name",
        _ => "by name",
    }
}

/// The phase in an event, where it is a special one, before what follows.
#[must_use]
pub fn phase_of(body: &serde_json::Value) -> String {
    body["phase"].as_str().filter(|word| *word != "only").map(|word| format!("{}, ", phase(word))).unwrap_or_default()
}

/// A number of cases.
#[must_use]
pub fn count(count: Count) -> String {
    let text = thousands(count.count);
    if count.more { text + "+" } else { text }
}

/// How far routing anew has come.
#[must_use]
pub fn rerouting(playbook: &str, state: &str, looked: u64, rerouted: u64) -> String {
    let (looked, rerouted) = (thousands(looked), thousands(rerouted));
    match state {
        "held" => format!("{playbook}: {looked} held cases looked at so far, and {rerouted} of them wait for people now."),
        _ => format!("{playbook}: {looked} waiting cases looked at so far, and {rerouted} of them go another way now."),
    }
}

/// A number with its thousands apart.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A span of time, in the one or two units that matter.
#[must_use]
pub fn span(micros: Micros) -> String {
    let seconds = micros.max(0) / 1_000_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if seconds < 60 => format!("{seconds} s"),
        () if minutes < 60 => format!("{minutes} min"),
        () if hours < 24 && minutes % 60 == 0 => format!("{hours} h"),
        () if hours < 24 => format!("{hours} h {} min", minutes % 60),
        () if days < 14 && hours % 24 == 0 => format!("{days} d"),
        () if days < 14 => format!("{days} d {} h", hours % 24),
        () => format!("{days} d"),
    }
}

/// How long ago something was, or how far ahead it lies.
#[must_use]
pub fn distance(at: Micros, now: Micros) -> String {
    if at > now { format!("in {}", span(at - now)) } else { format!("{} ago", span(now - at)) }
}

/// A moment in UTC to the minute, as in `2026-11-25 17:03 UTC`.
#[must_use]
pub fn moment(at: Micros) -> String {
    let text = time::format_rfc3339(at);
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

/// The same of a moment as views have it (RFC 3339); what is none is handed on as it is.
#[must_use]
pub fn moment_of(rfc3339: &str) -> String {
    time::parse_rfc3339(rfc3339).map_or_else(|_| rfc3339.to_owned(), moment)
}

/// A time of the day in UTC, as in `17:03 UTC`.
#[must_use]
pub fn clock(at: Micros) -> String {
    format!("{} UTC", time::format_rfc3339(at).get(11..16).unwrap_or_default())
}

/// A share as a decimal from 0 to 1, in percent.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 {
        "< 1 %".into()
    } else if percent > 99.0 && percent < 100.0 {
        "> 99 %".into()
    } else {
        format!("{percent:.0} %")
    }
}

/// The keys, for the help.
pub const KEYS_ALL: &[(&str, &[(&str, &str)])] = &[
    (
        "On a case",
        &[
            ("1 … 9", "choose this option and decide"),
            ("a", "accept the AI's proposal"),
            ("x", "reject it: choose another answer"),
            ("e", "edit: write your own answer"),
            ("i", "ask the AI for another proposal"),
            ("s", "skip, with a reason"),
            ("z", "snooze"),
            ("c", "remark; on a line, where there is a diff: the arrow keys choose it"),
            ("Enter", "decide; in a text Ctrl Enter"),
            ("j k", "next and previous field"),
        ],
    ),
    (
        "In the queue",
        &[
            ("n", "take the next case"),
            ("j k", "next and previous case"),
            ("Enter", "open it"),
            ("x", "pick it, or leave it out"),
            ("b", "look at the picked cases together"),
            ("/", "filter"),
        ],
    ),
    (
        "Everywhere",
        &[
            ("u", "undo your last decision, while its time lasts"),
            ("g", "go to the queue"),
            ("!", "stop automation: Enter then stops all of it"),
            ("Ctrl K", "go anywhere: a page, a case, something to do"),
            ("?", "these keys"),
            ("Esc", "close, leave a text"),
        ],
    ),
];
/// What the script says.
pub const SCRIPT: &[(&str, &str)] = &[
    ("find", "Find"),
    ("over", "too late to undo"),
    (
        "unreachable",
        "The server cannot be reached. What you entered is kept in this tab, and sending it again is safe: nothing is decided twice.",
    ),
    ("signedOut", "You are signed out. What you entered is kept in this tab: sign in again and come back."),
    ("lost", "Your time on this case ran out."),
    ("changed", "This case moved on while it was open."),
    ("newer", NEWER),
    ("show", SHOW_NEWER),
    ("unread", "This case has only just come up, so nothing was sent."),
    ("tooLarge", "This is more than the desk takes at once. Nothing was sent, and what you entered is still here: make it shorter."),
    ("tooLong", "This is more than an answer here may have, so nothing was put in."),
    ("used", "The draft is in your text."),
    ("added", "The paragraph is at the end of your text."),
    ("undrafted", "This is too long to be kept should the page be closed: send it before you leave."),
    ("proofChecking", "Checking …"),
    ("proofGood", "events checked by your browser: each is in the log, unchanged, and the key signed its root."),
    (
        "proofUnsigned",
        "events are in the log, unchanged. This browser cannot check the signature (Ed25519); the downloaded evidence can be.",
    ),
    ("proofBad", "The proof does not hold:"),
    ("proofNotYet", "not in the log yet"),
    ("proofIn", "in the log"),
    ("proofWrong", "does not verify"),
    ("proofInsecure", "A browser checks only over TLS or on this machine. Download the evidence instead."),
    ("proofKey", "Signed by"),
    ("passkeyUnsupported", "This browser has no passkeys. Sign in by a link, or use another browser."),
    ("passkeyElsewhere", "Passkeys work at the desk's own address only. Open it there:"),
    ("passkeyLeft", "No passkey was used: it was left, or it took too long. Nothing was done; try again."),
    ("passkeyKnown", "This device holds a passkey of yours for this desk already."),
    ("passkeyFailed", "That did not work. Nothing was done; load the page again and try once more."),
    ("reject", "Choose another answer."),
    ("noUndo", "There is nothing that can still be undone."),
];
pub const KEYS_SINGLE: &str = "Single keys do something";

/// What a kind of problem means at the desk, and what to do about it; where it is about a case, in the words of cases.
#[must_use]
pub fn problem(kind: Kind, about_case: bool) -> (&'static str, &'static str) {
    let Kind::Refused(code) = kind else {
        return match kind {
            Kind::RequestTimeout => ("It did not come through in time", "Send it again. Nothing was written."),
            _ => ("The desk does not take this", "Go back to the page you came from."),
        };
    };
    match code {
        Code::Unauthenticated => (SIGNED_OUT, SIGNED_OUT_LEAD),
        Code::Forbidden => ("This is not yours to do", "Somebody with another role may do it."),
        Code::InductionRequired => {
            ("An induction comes first", "Go through it on the playbook's page, under what the AI is good and bad at.")
        }
        Code::SignatureRequired | Code::SignatureInvalid => {
            ("It was not signed as it must be", "Take the case again, and sign your answer with your own passkey. Nothing was written.")
        }
        Code::NotIndependent if about_case => {
            ("Your answer would not be independent", "Somebody else answers on this case. Take the next one.")
        }
        Code::NotIndependent => ("This takes somebody else", "Whoever made it does not decide on it. Nothing was written."),
        Code::NotFound => ("There is nothing here", "It may have been moved, or the address is not whole."),
        Code::TooLarge => ("That is too much at once", "Send less. What you typed is still in the page you came from."),
        Code::Claimed => ("Somebody else is on this case", "Take the next one."),
        Code::NotClaimed | Code::ShownTokenInvalid => ("The case moved on while it was open", "Look at it again before you answer."),
        Code::WrongState | Code::Conflict | Code::StaleVersion if about_case => {
            ("The case is not where it was", "Look at it as it stands now.")
        }
        Code::WrongState | Code::Conflict | Code::StaleVersion => {
            ("This cannot be done as things stand", "Go back, and look at how it stands now. Nothing was written.")
        }
        Code::GraceOver | Code::AlreadyActed => ("It is too late to undo this", "Correct it or appeal: both are on the case's page."),
        Code::AlreadyRevealed => ("Your first answer stands", "It cannot be changed once the advice was shown."),
        Code::Busy => ("The server is busy", "Wait a moment, go back, and send it again. Nothing was written."),
        Code::Storage | Code::Internal => {
            ("Something went wrong on our side", "Go back and try again. If it stays like this, tell whoever runs this workspace.")
        }
        _ => ("This cannot be done as it was sent", "Go back, change it, and send it again. Nothing was written."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_name_what_matters() {
        const SECOND: Micros = 1_000_000;
        for (seconds, wanted) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (3_660, "1 h 1 min"),
            (86_400, "1 d"),
            (90_000, "1 d 1 h"),
            (30 * 86_400, "30 d"),
        ] {
            assert_eq!(span(seconds * SECOND), wanted);
        }
        assert_eq!(distance(0, 60 * SECOND), "1 min ago");
        assert_eq!(distance(60 * SECOND, 0), "in 1 min");
    }

    #[test]
    fn numbers_read_easily() {
        assert_eq!(["0", "999", "1,000", "1,234,567"].map(str::to_owned), [0, 999, 1_000, 1_234_567].map(thousands));
        assert_eq!(count(Count { count: 1_000, more: true }), "1,000+");
        assert_eq!([0.0, 0.004, 0.5, 0.995, 1.0].map(percent), ["0 %", "< 1 %", "50 %", "> 99 %", "100 %"].map(str::to_owned));
        assert_eq!(moment(1_795_424_400_000_000), "2026-11-23 09:00 UTC");
        assert_eq!(clock(1_795_424_400_000_000), "09:00 UTC");
        assert_eq!([moment_of("2026-11-23T09:00:07Z"), moment_of("soon")], ["2026-11-23 09:00 UTC", "soon"]);
    }

    #[test]
    fn only_what_is_about_a_case_speaks_of_cases() {
        for code in [Code::NotIndependent, Code::WrongState, Code::Conflict, Code::StaleVersion] {
            let told = |about_case| format!("{:?}", problem(Kind::Refused(code), about_case));
            assert!(told(true).contains("case") && !told(false).contains("case") && !told(false).contains("answer"), "{}", told(false));
        }
    }
}
