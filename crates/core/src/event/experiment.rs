//! Bodies about experiments: ways to decide that are compared by lot. Never holds what they came to: that is learned.

use super::Route;
use crate::id::{EventId, PersonId, PlaybookId};
use serde::{Deserialize, Serialize};

/// What an experiment is started to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// How often the decision is right.
    Accuracy,
    /// How much of people's time a case takes.
    Time,
    /// What errors and minutes cost together.
    Cost,
}

impl Measure {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Time => "time",
            Self::Cost => "cost",
        }
    }
}

/// Why an experiment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentEnd {
    /// A person stopped it.
    Person,
    /// One of its ways was shown to make more errors than another.
    Harm,
    /// What it was started to find out is shown.
    Enough,
    /// As many cases as it was given have entered it.
    Cases,
}

impl ExperimentEnd {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Harm => "harm",
            Self::Enough => "enough",
            Self::Cases => "cases",
        }
    }
}

body!(/** One of the ways that an experiment compares. */ ExperimentArm {
    /** A short name for people, unique in its experiment. */ name: String,
    /** The route. Never `automate` or `hold`. */ route: Route,
    /** Only this proposer's advice is shown. */ #[serde(default, skip_serializing_if = "Option::is_none")] proposer: Option<String>,
    /** Only this version of it. */ #[serde(default, skip_serializing_if = "Option::is_none")] version: Option<String>,
    /** Advice is shown without its explanation and its evidence. */ #[serde(default, skip_serializing_if = "std::ops::Not::not")] unexplained: bool,
});
body!(/** See [`Body::ExperimentStarted`](super::Body::ExperimentStarted). Named by the event's id. */ ExperimentStarted {
    /** The playbook. */ playbook: PlaybookId,
    /** What is to be found out, in a sentence. */ question: String,
    /** The ways, assigned with equal chances; the first is what the others are compared with. */ arms: Vec<ExperimentArm>,
    /** Share of the cases that enter, in billionths: of those that people decide and no rule speaks of. */ share: u32,
    /** What it is started to find out. */ measure: Measure,
    /** Coverage of all comparisons of a measure together, at all looks at once, in billionths. */ certainty: u32,
    /** It stops when a way is shown to be right less often than another by more than this, in billionths. */ harm: u32,
    /** It stops when so many cases have entered. */ cases_max: u64,
    /** Who started it. */ person: PersonId,
});
body!(/** See [`Body::ExperimentStopped`](super::Body::ExperimentStopped). */ ExperimentStopped {
    /** The experiment. */ experiment: EventId,
    /** Why, in a word. */ cause: ExperimentEnd,
    /** Why, in a sentence. */ reason: String,
    /** The person who stopped it, where one did. */ #[serde(default, skip_serializing_if = "Option::is_none")] person: Option<PersonId>,
});
