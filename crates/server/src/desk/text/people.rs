//! The words about precedents, one's own work, practice and inductions.

use super::track;
use countersign_app::{
    practice::{Kind, PracticeDone, PracticeTruth},
    track::DisagreementView,
};

pub const PRECEDENTS: &str = "Cases like this one";
pub const DECIDED: &str = "Decided";
pub const TURNED_OUT: &str = "Turned out";
pub const NOT_KNOWN: &str = "not known yet";

pub const WORK: &str = "Your work";
pub const WORK_LEAD: &str = "What your answers came to, beside the AI's on the same cases. Only you see this page.";
pub const WORK_LEAD_NAMED: &str = "What your answers came to, beside the AI's on the same cases. This workspace measures people by name: your colleagues can see it, too.";
pub const WORK_LEAD_OTHER: &str = "This workspace measures people by name, which everybody in it can see.";
pub const WORK_NONE: &str = "Nothing is measured yet";
pub const WORK_NONE_LEAD: &str =
    "It takes cases that were answered here and whose outcome is known, and a workspace that measures each person.";
pub const COLLEAGUES: &str = "Colleagues:";
pub const RIGHT: &str = "Right answers";
pub const AI_THEN: &str = "AI, same cases";
pub const ALL_ALONE: &str = "All, alone";
pub const BY_KIND: &str = "By kind of case";
pub const OVER_SHORT: &str = "Ended up with wrong advice";
pub const UNDER_SHORT: &str = "Did not end up with right advice";
pub const TURNED_RIGHT: &str = "Wrong at first, the advice right: turned right";
pub const KEPT_RIGHT: &str = "Right at first, the advice wrong: kept right";

pub const DRILL_LEAD: &str = "A drill takes about ten minutes: past cases of the kinds in which you took advice too readily or too little.";
pub const DRILL_BEGIN: &str = "Begin a drill";
pub const SESSIONS: &str = "Practice so far";
pub const SESSION: &str = "Session";
pub const FIRST_RIGHT: &str = "Right at first";
pub const LAST_RIGHT: &str = "Right in the end";
pub const CASES: &str = "Cases";
pub const UNFINISHED: &str = "not finished";
pub const PRACTICE_FIRST: &str = "This case is long settled. Say what you think, then see what the AI said.";
pub const KEEP_OR_CHANGE: &str = "Keep it or change it.";
pub const NEVER_COUNTED: &str = "Practice decides nothing, is never learned from, and is seen by nobody but you.";
pub const YOU_FIRST: &str = "You, at first";
pub const YOU_LAST: &str = "You, with advice";
pub const PEOPLE_THEN: &str = "Decided then";
pub const WHOLE_CASE: &str = "The whole case";
pub const CHOSEN: &str = "Cases were picked by whether the AI was wrong in them, about half of them so: how often it is right here says nothing about real work.";
pub const BEFORE_AND_AFTER: &str = "Before and after";
pub const BEFORE_AND_AFTER_LEAD: &str =
    "Until then and since: your real answers in such cases, given before you saw the advice, whose outcome is known. 95 % intervals.";
pub const UNTIL_THEN: &str = "Until then";
pub const DURING: &str = "In this session";
pub const SINCE: &str = "Since";
pub const DELETE: &str = "Delete this session";
pub const CASE_GONE: &str = "This case is no longer here";
pub const CASE_GONE_LEAD: &str = "It was erased or opened again while you practised. It is passed by.";
pub const NEXT: &str = "Next case";

pub const INDUCTION: &str = "What the AI is good and bad at";
pub const FIRST_THIS: &str = "Before your first decision here:";
pub const FIRST_THIS_LEAD: &str = "read this, and practise on past cases. Then the queue is yours.";
pub const NOTHING_LEARNED: &str =
    "Nothing was learned yet: it takes decided cases whose outcome is known. Until then, trust your own eyes.";
pub const PRACTISE: &str = "Practise";
pub const PRACTISE_ON: &str = "Go on practising";
pub const INDUCTED: &str = "You have gone through this induction. You can practise again at any time.";

/// The words of one's own work, and of somebody else's.
pub struct Whose {
    pub answered: &'static str,
    pub alone: &'static str,
    pub reliance: &'static str,
    pub reliance_lead: &'static str,
    pub over: &'static str,
    pub over_on_disagreement: &'static str,
    pub under: &'static str,
}

pub const YOURS: Whose = Whose {
    answered: "You, in the end",
    alone: "You, alone",
    reliance: "How you take advice",
    reliance_lead: "From cases on which you answered before you saw the advice. Where you see it at once, you may take it otherwise.",
    over: "Wrong advice that you ended up with (over-reliance)",
    over_on_disagreement: "Wrong advice that you went over to",
    under: "Right advice that you did not end up with (under-reliance)",
};

pub const THEIRS: Whose = Whose {
    answered: "In the end",
    alone: "Alone",
    reliance: "How they take advice",
    reliance_lead: "From cases on which they answered before they saw the advice. Where they see it at once, they may take it otherwise.",
    over: "Wrong advice that they ended up with (over-reliance)",
    over_on_disagreement: "Wrong advice that they went over to",
    under: "Right advice that they did not end up with (under-reliance)",
};

/// Why two cases are alike.
#[must_use]
pub fn shared(shared: &[String]) -> String {
    format!("both: {}", shared.join(", "))
}

/// What answers that differ from the AI's came to.
#[must_use]
pub fn disagreement(view: &DisagreementView) -> String {
    let of = view.region.as_ref().map_or_else(String::new, |region| format!(" ({region})"));
    match (&view.person, &view.ai) {
        (Some(person), Some(ai)) => format!(
            "You and the AI differ. Of {} such disagreements{of} the person was right in {}, the AI in {}.",
            super::thousands(view.n),
            track::rate(person),
            track::rate(ai)
        ),
        _ => format!("You and the AI differ. What such disagreements came to: not enough yet (n = {}).", super::thousands(view.n)),
    }
}

/// Whose page it is.
#[must_use]
pub fn work_of(name: &str) -> String {
    format!("The work of {name}")
}

/// What a session is called.
#[must_use]
pub fn practice(kind: Kind) -> &'static str {
    match kind {
        Kind::Drill => "Drill",
        Kind::Induction => "Induction",
    }
}

/// Where one is in it.
#[must_use]
pub fn at(at: usize, cases: usize) -> String {
    format!("case {at} of {cases}")
}

/// What a drill is about.
#[must_use]
pub fn about(regions: &[String]) -> String {
    format!("about {}", regions.join(", and "))
}

/// The button of a step.
#[must_use]
pub fn go_on(stage: &str, last: bool) -> &'static str {
    match (stage, last) {
        ("answer", _) => "Answer",
        ("advice", _) => "Answer, and see the truth",
        (_, false) => NEXT,
        (_, true) => "Finish",
    }
}

/// What turned out.
#[must_use]
pub fn it_was(truth: &str) -> String {
    format!("It was {truth}.")
}

/// Who was right.
#[must_use]
pub fn who(truth: &PracticeTruth) -> &'static str {
    match (truth.last_right, truth.ai_right) {
        (true, true) => "You were right, and so was the AI.",
        (true, false) => "You were right, and the AI was wrong.",
        (false, true) => "The AI was right, and you were not.",
        (false, false) => "You were wrong, and so was the AI.",
    }
}

/// What there is to learn from it.
#[must_use]
pub fn lesson(truth: &PracticeTruth) -> &'static str {
    match (truth.first_right, truth.last_right, truth.ai_right) {
        (true, true, false) => "You kept a right answer against wrong advice.",
        (true, false, false) => "Your first answer was right: the advice led you away from it.",
        (false, true, true) => "The advice turned you to the right answer.",
        (false, false, true) => "The advice was right, and you did not take it.",
        (false, false, false) => "Neither of you saw it.",
        (true, false, true) => "You left a right answer that the advice agreed with.",
        (true, true, true) => "All agreed, and rightly.",
        (false, true, false) => "You found it on a second look, against the advice.",
    }
}

/// That it is over.
#[must_use]
pub fn finished(kind: Kind) -> &'static str {
    match kind {
        Kind::Drill => "The drill is over",
        Kind::Induction => "The induction is over",
    }
}

/// What a session came to.
#[must_use]
pub fn came_to(done: &PracticeDone) -> String {
    match done.cases {
        0 => "There were no past cases to practise on yet.".into(),
        n => format!(
            "Of {n} cases you were right in {} at first and in {} after the advice; the AI in {}.",
            done.first_right, done.last_right, done.ai_right
        ),
    }
}

/// What an induction is.
#[must_use]
pub fn induction_lead(question: &str) -> String {
    format!(
        "The question is: {question} The AI proposes an answer, and you decide. It is right more often in some kinds of cases than in others."
    )
}

/// How the AI does in a kind of case.
#[must_use]
pub fn stands(word: &str) -> &'static str {
    match word {
        "better" => "Better here than elsewhere.",
        "worse" => "Worse here than elsewhere: look twice.",
        "only_kind" => "No kind of case stands out yet.",
        "as_elsewhere" => "No difference to elsewhere was shown.",
        _ => "Not enough yet to say.",
    }
}

/// A real case.
#[must_use]
pub fn example(ai: &str, truth: &str) -> String {
    if ai == truth { format!("the AI said {ai}, and {truth} it was") } else { format!("the AI said {ai}; it was {truth}") }
}

/// What practice is.
#[must_use]
pub fn practise_lead(cases: usize) -> String {
    match cases {
        0 => "There are no past cases with a known outcome yet, so there is nothing to practise on.".into(),
        n => format!("{n} past cases: your answer, the AI's, your answer again, and then what turned out. {NEVER_COUNTED}"),
    }
}

/// The button that begins it.
#[must_use]
pub fn practise_begin(cases: usize) -> &'static str {
    if cases == 0 { "I have read this" } else { "Practise" }
}
