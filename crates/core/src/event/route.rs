//! Bodies about routes: who decides and why, frozen so that it can be derived again. Never holds a field of a case.

use super::{ExperimentArm, StopScope};
use crate::{
    content::Digest,
    id::EventId,
    number::{MicroUnits, Micros},
};
use serde::{Deserialize, Serialize};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Who decides, and what they see first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// The AI decides under a certificate.
    Automate,
    /// Advice is shown.
    Assist,
    /// Own answer first, then advice, then the final answer.
    Blind,
    /// No advice.
    Unaided,
    /// Independent people, then adjudication where they disagree.
    Panel,
    /// Nobody yet: something is missing, and it says what.
    Hold,
}

impl Route {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automate => "automate",
            Self::Assist => "assist",
            Self::Blind => "blind",
            Self::Unaided => "unaided",
            Self::Panel => "panel",
            Self::Hold => "hold",
        }
    }
}

body!(/** A committed random draw that a route rests on. */ Draw {
    /** What for: `blind`, `audit`, `explore`, `learn`, or `experiment:` and the experiment's id. The first experiments all drew for `experiment`. */ purpose: String,
    /** The epoch of the committed key. */ epoch: u64,
    /** The draw, in billionths. */ value: u32,
    /** The share it was held against, in billionths: chosen when `value < share`. */ share: u32,
});
body!(/** See [`Body::CaseRouted`]. Holds its whole input, so that it can be derived again. */ CaseRouted {
    /** The route. */ route: Route,
    /** Why, in one of the router's own words: `default`, `rule`, `blind_share`, `measured`, `explore`, `experiment`, `certificate`, `audit`, `no_proposal`, `no_roster`, `away`, `escalated`, `reopened`. */ reason: String,
    /** The rule that chose it. */ #[serde(default, skip_serializing_if = "Option::is_none")] rule: Option<String>,
    /** The draws it rests on. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] draws: Vec<Draw>,
    /** What automation would have answered, had there been a certificate. Never shown before a first answer. */ #[serde(default, skip_serializing_if = "Option::is_none")] would_automate: Option<WouldAutomate>,
    /** The way of an experiment that it was assigned to by lot. */ #[serde(default, skip_serializing_if = "Option::is_none")] assigned: Option<RouteAssigned>,
    /** How many independent answers are wanted at first. */ seats: u32,
    /** Role that has to look, after an escalation. */ #[serde(default, skip_serializing_if = "Option::is_none")] role: Option<String>,
    /** Version of the routing function. */ router_version: u32,
    /** Version of the playbook. */ playbook_version: u64,
    /** Content at the time. */ content_digest: Digest,
    /** What else the routing function read, frozen, so that it can be derived again without a field. */ #[serde(default, skip_serializing_if = "Option::is_none")] inputs: Option<RouteInputs>,
});
body!(/** What the routing function read, besides the playbook. */ RouteInputs {
    /** Verdicts of the playbook's rules in their order, up to the first that held. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] rules: Vec<bool>,
    /** The proposals that were current. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] proposals: Vec<RouteProposal>,
    /** Whether proposals for the present content are still awaited: the server asks for one, or it was amended after others were made. */ #[serde(default, skip_serializing_if = "std::ops::Not::not")] awaited: bool,
    /** Until when the case is kept back for them. */ #[serde(default, skip_serializing_if = "Option::is_none")] awaited_until: Option<Micros>,
    /** Active members who may decide and are there, or have answered already. */ roster: u64,
    /** Further ones, who are away. */ #[serde(default, skip_serializing_if = "is_zero")] away: u64,
    /** Stops that reached the case. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] stops: Vec<StopScope>,
    /** The workspace's rule that keeps this case from being automated. */ #[serde(default, skip_serializing_if = "Option::is_none")] forbidden: Option<String>,
    /** What the track record said of this case; absent where there is none yet. */ #[serde(default, skip_serializing_if = "Option::is_none")] measured: Option<RouteMeasured>,
    /** The experiment that the case may enter. */ #[serde(default, skip_serializing_if = "Option::is_none")] experiment: Option<RouteExperiment>,
    /** What a model that is still learning would learn from the case, where the queue is ordered by that. The draw for `learn` says whether the case's place is by lot. */ #[serde(default, skip_serializing_if = "Option::is_none")] learning: Option<Box<RouteLearning>>,
});
body!(/** What a model that is still learning would learn from a case; it depends on the content and the model, and never on a proposal. */ RouteLearning {
    /** The model's version. */ model: String,
    /** The share of cases from which it would learn less, in billionths. */ score: u32,
});
body!(/** An experiment as the routing function saw it. */ RouteExperiment {
    /** The experiment. */ id: EventId,
    /** The share of cases that enter it, in billionths. */ share: u32,
    /** Its ways, assigned with equal chances. */ arms: Vec<ExperimentArm>,
});
body!(/** What a case was assigned to by lot. */ RouteAssigned {
    /** The experiment. */ experiment: EventId,
    /** The way, counted from 0. */ arm: u32,
});
body!(/** What a version of the track record said of a case, in whole numbers. */ RouteMeasured {
    /** Number of the record: 1, 2, 3, .. for each playbook. */ record: u64,
    /** Its digest. */ digest: Digest,
    /** The region of the case, by its place in the record; one past the last: none of them. */ region: u32,
    /** The proposal that would be automated: the surest by its own record. */ #[serde(default, skip_serializing_if = "Option::is_none")] proposal: Option<EventId>,
    /** How often such proposals were right, in billionths. */ #[serde(default, skip_serializing_if = "Option::is_none")] chance: Option<u32>,
    /** How often the surest proposal's like was right, where another one is certified: ways to decide are compared by it. */ #[serde(default, skip_serializing_if = "Option::is_none")] top: Option<u32>,
    /** What each way to decide is expected to come to; ways that were never seen are absent. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] arms: Vec<RouteArm>,
    /** The certificate that covers the case. */ #[serde(default, skip_serializing_if = "Option::is_none")] certificate: Option<RouteCertificate>,
    /** What a person's look is worth, by which the queue is ordered; it depends on the region alone, and never on a proposal. */ #[serde(default, skip_serializing_if = "Option::is_none")] worth: Option<RouteWorth>,
});
/// What a person's look is worth in a kind of case: what an error costs, times how often the AI errs there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteWorth {
    /// In this kind of case, in micro-units.
    pub here: MicroUnits,
    /// In the mean over all cases, in micro-units.
    pub mean: MicroUnits,
}
body!(/** What a way to decide is expected to come to. */ RouteArm {
    /** The way. */ route: Route,
    /** Chance of a right answer, in billionths. */ chance: u32,
    /** Cases behind it: of this region and score, or of the score, or all, whichever is the narrowest with enough. */ n: u64,
    /** Expected cost of errors and minutes, in micro-units. */ cost: MicroUnits,
});
body!(/** A certificate as the routing function saw it. */ RouteCertificate {
    /** Its id. */ id: String,
    /** Until when it is valid. */ expires_at: Micros,
    /** When the case was routed: held against the expiry. */ now: Micros,
    /** All that it covers would cost more than people's time. */ #[serde(default, skip_serializing_if = "std::ops::Not::not")] costlier: bool,
});
body!(/** A proposal as the routing function saw it. */ RouteProposal {
    /** The proposal. */ id: EventId,
    /** Its proposer. */ proposer: String,
    /** Its probability for its own answer, in billionths. */ #[serde(default, skip_serializing_if = "Option::is_none")] probability: Option<u32>,
});
body!(/** What automation would have done. */ WouldAutomate {
    /** The proposal. */ proposal: EventId,
    /** Its probability for its own answer, in billionths. */ #[serde(default, skip_serializing_if = "Option::is_none")] probability: Option<u32>,
    /** Why it did not: `no_certificate`, `stopped`, `rule`, `forbidden`, `audit`, `expired`, `costlier`, `explore`, `experiment`, `no_roster`. */ refused: String,
    /** The certificate under which it might have. */ #[serde(default, skip_serializing_if = "Option::is_none")] certificate: Option<String>,
});
