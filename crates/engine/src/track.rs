//! The track record: all that was learned of a playbook's cases, as an immutable version that the router reads. Whole numbers only,
//! so that the same record says the same of a case on every machine. It decides nothing, and it is never changed: learning
//! ([`crate::learn`]) makes the next one.

mod coverage;
mod experiment;
mod region;
mod reliability;

pub use coverage::{Coverage, within};
pub use experiment::{ArmRecord, ExperimentRecord, Measured, TrailPoint};
pub use region::Region;
pub use reliability::{Cell, Like, Reliability};

use crate::{
    order,
    route::{DEPART_ROWS_MIN, ROUTER_VERSION},
};
use countersign_core::{
    Content,
    content::Digest,
    event::{Route, RouteArm, RouteCertificate, RouteMeasured, RouteWorth},
    id::{EventId, PersonId, PlaybookId},
    number::{MicroUnits, Micros, ONE_BILLIONTHS},
    playbook::Playbook,
};
use countersign_science::{
    arms::{Arm, Arms, ByArm, Situation},
    risk::Certificate,
};
use reliability::SHRINK_ROWS;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of this format.
pub const FORMAT: u32 = 1;

/// All that was learned of a playbook's cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackRecord {
    /// Version of the format: [`FORMAT`].
    pub format: u32,
    /// The playbook.
    pub playbook: PlaybookId,
    /// Its version when this was learned. Certificates speak of this version only.
    pub playbook_version: u64,
    /// 1, 2, 3, .. for each playbook.
    pub number: u64,
    /// How many events of the ledger it rests on.
    pub through: u64,
    /// When the first case that was learned of was decided.
    pub first_at: Micros,
    /// When it was made.
    pub made_at: Micros,
    /// What the labels are, and how many there were.
    pub labels: Labels,
    /// Kinds of cases, tried in order; what fits none of them is the region one past the last.
    pub regions: Vec<Region>,
    /// What each version of each proposer was worth.
    pub proposers: Vec<ProposerRecord>,
    /// What each way to decide was worth.
    pub arms: Option<Arms>,
    /// What errors and minutes cost.
    pub prices: Prices,
    /// The next test for certificates, fixed before its rows come in.
    pub plan: Option<Plan>,
    /// Tests made so far, passed or not: each spends certainty.
    pub attempts: u64,
    /// Permissions to automate, in force or expired.
    pub certificates: Vec<Issued>,
    /// Why nothing more is certified, as a sentence.
    pub note: String,
    /// What advice does to people, region by region.
    pub advice: Vec<AdviceEffect>,
    /// What people are right in; empty where `people_metrics` forbids it.
    pub people: Vec<PersonRecord>,
    /// What has moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// What experiments came to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub experiments: Vec<ExperimentRecord>,
}

/// A warning that something has moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// What it is about.
    pub of: DriftOf,
    /// The field, or whose answers.
    pub name: String,
    /// The value or range of the field of which there is most more now, or the kind of case or answer.
    pub part: String,
    /// Its share of the cases before, or the usual share of errors, in billionths.
    pub before: u32,
    /// The same now, in billionths.
    pub after: u32,
    /// Cases now.
    pub cases: u64,
    /// Population stability index of the field, in billionths (at most 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftOf {
    /// The values of a field.
    Field,
    /// The errors of a proposer.
    Ai,
    /// The errors of people without advice.
    People,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Where the truth comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelKind {
    /// Outcomes that are seen whatever was decided.
    Always,
    /// Outcomes that are seen under some answers only: rates of error cannot be told from them.
    Selective,
    /// Nothing tells the truth. What a person answers without advice, on cases drawn by lot, tells how often others would answer
    /// otherwise, which is not how often they are wrong.
    Judgments,
    /// The playbook names no truth, and its answers are none that two people can be expected to give alike.
    None,
}

/// What was learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// Where the truth comes from.
    pub kind: LabelKind,
    /// Cases decided.
    pub decided: u64,
    /// Cases whose truth has matured.
    pub matured: u64,
    /// Cases past their time without a truth.
    pub overdue: u64,
    /// Outcomes that were corrected to another one, ever: what was learned of them was learned anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub corrected: u64,
}

/// A version of a proposer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposerRecord {
    /// Its name.
    pub proposer: String,
    /// Its exact version.
    pub version: String,
    /// How often it was right, by region and by its own probability.
    pub reliability: Reliability,
}

/// What errors and minutes cost, as measured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Mean cost of an error in micro-units, by region, by bin of the arms, by arm.
    pub error: Vec<Vec<ByArm<MicroUnits>>>,
    /// Mean time of people for a case, by arm.
    pub time: ByArm<Micros>,
}

/// A test for certificates that was fixed before its rows came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// 1, 2, 3, ..: what part of delta it may spend.
    pub attempt: u64,
    /// Cases that were opened from here on are its rows.
    pub from: Micros,
    /// One for each region.
    pub regions: Vec<PlanRegion>,
    /// Audits until a doubling of the promised error would be noticed, in the mean, if half as much is wrong as promised before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection_audits: Option<u64>,
}

/// What is tested in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRegion {
    /// The region, as it was when the test was fixed.
    pub region: Region,
    /// The proposer that would be automated; absent where none has a chance.
    pub proposer: Option<(String, String)>,
    /// Probabilities from strict to lax, in billionths.
    pub grid: Vec<u32>,
    /// Where the sequence starts.
    pub start: usize,
    /// Rows of the region that are waited for.
    pub rows: u64,
    /// Probabilities that are left to people whatever comes of the test ([`Coverage::left`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<[u32; 2]>,
    /// What other certificates cover for longer: it is not tested again, and its cases are no rows of this test.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Coverage>,
}

/// A certificate that was issued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issued {
    /// Its id, unique in the workspace.
    pub id: String,
    /// The kind of cases that it is about.
    pub region: Region,
    /// The proposer.
    pub proposer: String,
    /// Its exact version.
    pub proposer_version: String,
    /// Least probability of the proposer for its own answer, in billionths.
    pub threshold: u32,
    /// Probabilities that are left to people ([`Coverage::left`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<[u32; 2]>,
    /// What other certificates covered when its test was fixed: it does not speak of that, even after they have ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Coverage>,
    /// Whether all that it covers would cost more than people's time, so that it rests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub costlier: bool,
    /// When it was issued.
    pub issued_at: Micros,
    /// Audits that are expected until it expires.
    pub audits_expected: u64,
    /// Audits until a doubling of the promised error is noticed, in the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection_audits: Option<u64>,
    /// The evidence.
    pub certificate: Certificate,
    /// What its audits came to when the record was made.
    pub audited: Audited,
}

/// What the audits of a certificate came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audited {
    /// Drawn so far.
    pub drawn: u64,
    /// Settled, in the order drawn.
    pub settled: u64,
    /// Upper bound of the error rate in billionths, valid at every moment.
    pub high: u32,
    /// Whether a monitor has stopped it.
    pub stopped: bool,
}

/// What advice does to people in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdviceEffect {
    /// The region's place; one past the last: none of them.
    pub region: u32,
    /// Right answers without advice.
    pub unaided: Cell,
    /// Right answers with the advice in view.
    pub advised: Cell,
    /// Right answers of the AI.
    pub ai: Cell,
    /// Answers that were given without advice and differ from the AI's: in how many of them the person was right.
    #[serde(default, skip_serializing_if = "Cell::is_empty")]
    pub differs_person: Cell,
    /// In how many of them the AI was right.
    #[serde(default, skip_serializing_if = "Cell::is_empty")]
    pub differs_ai: Cell,
}

/// What a person is right in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRecord {
    /// The person.
    pub person: PersonId,
    /// Right answers given without advice, by region.
    pub unaided: Vec<Cell>,
    /// First answers wrong and advice right: answers turned right.
    pub turned_right: Cell,
    /// First answers right and advice wrong: answers kept right.
    pub kept_right: Cell,
    /// By region, what their answers came to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<PersonRegion>,
}

/// What a person's answers came to in a kind of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRegion {
    /// The person's last answer on a case, with or without advice, where the AI had proposed one answer: right ones.
    pub answered: Cell,
    /// The AI's answers on the same cases: right ones.
    pub ai: Cell,
    /// How they took advice that they saw after an answer of their own, in the order of [`RELIANCE`].
    pub reliance: [Cell; 6],
}

/// What the cells of [`PersonRegion::reliance`] count, in their order ([`countersign_science::reliance::contributions`]).
pub const RELIANCE: [&str; 6] = [
    "right after advice, where the person was wrong and the AI right",
    "still right, where the person was right and the AI wrong",
    "went with the AI, where it was wrong",
    "went with the AI, where it was wrong and they had answered otherwise",
    "did not go with the AI, where it was right",
    "went with the AI, where they had answered otherwise",
];

/// A proposal as the record is asked about it.
#[derive(Debug, Clone, Copy)]
pub struct Proposed<'a> {
    /// The proposal.
    pub id: EventId,
    /// Its proposer.
    pub proposer: &'a str,
    /// Its exact version.
    pub version: &'a str,
    /// Its probability for its own answer, in billionths.
    pub probability: Option<u32>,
    /// Signatures that its answer needs.
    pub signatures: u32,
}

/// A record with its digest, as the router is handed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The record.
    pub record: TrackRecord,
    /// SHA-256 of its canonical bytes.
    pub digest: Digest,
}

impl Issued {
    /// What it covers, less [`Issued::except`].
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        Coverage {
            region: self.region.clone(),
            proposer: self.proposer.clone(),
            proposer_version: self.proposer_version.clone(),
            threshold: self.threshold,
            left: self.left.clone(),
        }
    }

    /// Whether a proposal is covered, exceptions aside; what [`Issued::coverage`] says, without a copy.
    fn covers(&self, proposed: &Proposed<'_>, fields: &BTreeMap<String, Content>) -> bool {
        self.proposer == proposed.proposer
            && self.proposer_version == proposed.version
            && proposed.probability.is_some_and(|p| p >= self.threshold && !within(&self.left, p))
            && self.region.holds(fields)
    }
}

impl TrackRecord {
    /// The region of a case: the first whose conditions hold, or one past the last.
    #[must_use]
    pub fn region_of(&self, fields: &BTreeMap<String, Content>) -> u32 {
        let at = self.regions.iter().position(|region| region.holds(fields)).unwrap_or(self.regions.len());
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// What a version of a proposer was worth.
    #[must_use]
    pub fn proposer(&self, name: &str, version: &str) -> Option<&ProposerRecord> {
        self.proposers.iter().find(|known| known.proposer == name && known.version == version)
    }

    /// How often this proposal's like was right, in billionths; `None` where nothing is known of its proposer's version, or it
    /// names no probability.
    #[must_use]
    pub fn chance(&self, proposed: &Proposed<'_>, region: u32) -> Option<u32> {
        let known = self.proposer(proposed.proposer, proposed.version)?;
        Some(known.reliability.chance(region, proposed.probability?))
    }

    /// What it says of a case. A certificate is named only where it covers the case: region, proposer and its exact version,
    /// playbook version, router version, and probability. Whether it has expired is for the router to say.
    #[must_use]
    pub fn assess(
        &self,
        digest: Digest,
        (playbook, playbook_version): (&Playbook, u64),
        fields: &BTreeMap<String, Content>,
        proposals: &[Proposed<'_>],
        now: Micros,
    ) -> RouteMeasured {
        let region = self.region_of(fields);
        let surest = proposals.iter().filter_map(|p| Some((p, self.chance(p, region)?)));
        // The first of equals: a strict comparison keeps the earlier one.
        let surest = surest.fold(None, |best: Option<(&Proposed<'_>, u32)>, (p, chance)| match best {
            Some((_, least)) if chance <= least => best,
            _ => Some((p, chance)),
        });
        let certified = self.covering(proposals, fields, playbook_version);
        let (proposal, chance) = match (certified, surest) {
            (Some((p, _)), _) => (Some(p), self.chance(p, region)),
            (None, Some((p, chance))) => (Some(p), Some(chance)),
            (None, None) => (None, None),
        };
        let certificate = certified.map(|(_, issued)| RouteCertificate {
            id: issued.id.clone(),
            expires_at: issued.certificate.context.expires_at,
            now,
            costlier: issued.costlier,
        });
        RouteMeasured {
            record: self.number,
            digest,
            region,
            proposal: proposal.map(|p| p.id),
            chance,
            top: surest.map(|(_, top)| top).filter(|top| Some(*top) != chance),
            // Ways to decide are compared by how sure the surest proposal is, whoever may be automated.
            arms: surest.map(|(_, top)| self.outlook(playbook, region, top)).unwrap_or_default(),
            certificate,
            worth: self.worth(playbook, region),
        }
    }

    /// The certificate that covers a proposal of the case: the youngest.
    fn covering<'p, 'a>(
        &self,
        proposals: &'p [Proposed<'a>],
        fields: &BTreeMap<String, Content>,
        playbook_version: u64,
    ) -> Option<(&'p Proposed<'a>, &Issued)> {
        if self.certificates.is_empty() {
            return None;
        }
        let router = router_name(playbook_version);
        let of_today = self.certificates.iter().rev().filter(|issued| issued.certificate.context.router == router);
        let mut covering = of_today.filter_map(|issued| {
            // An answer that two people sign is nobody's to give alone, least of all a machine's.
            let proposed = proposals.iter().find(|proposed| proposed.signatures <= 1 && issued.covers(proposed, fields))?;
            let excepted = |except: &Coverage| proposals.iter().any(|proposed| except.covers(proposed, fields));
            (!issued.except.iter().any(excepted)).then_some((proposed, issued))
        });
        covering.next()
    }

    /// What each way to decide is expected to come to in a region, where the AI's chance is `top`, in billionths.
    #[must_use]
    pub fn outlook(&self, playbook: &Playbook, region: u32, top: u32) -> Vec<RouteArm> {
        let Some(arms) = &self.arms else { return Vec::new() };
        let at = usize::try_from(region).unwrap_or(usize::MAX);
        let bins = self.prices.error.get(at);
        let error = bins.and_then(|bins| bins.get(arms.bin(top))).copied().unwrap_or([playbook.costs.error_default; 5]);
        let time = self.prices.time.map(|took| minutes_cost(took, playbook.costs.minute));
        let situation = Situation { region: Some(region), top, allowed: [true; 5], error, time };
        let verdict = arms.choose(&situation);
        let known = Arm::ALL.into_iter().zip(verdict.outlook);
        let arm = known.filter_map(|(arm, seen)| {
            Some(RouteArm {
                route: route_of(arm),
                chance: seen.chance?,
                n: arms.support(arm, region, top, DEPART_ROWS_MIN),
                cost: seen.cost?,
            })
        });
        arm.collect()
    }

    /// What an error of the AI costs in a region, where the surest proposal's chance is `top`, in billionths; in micro-units.
    pub(crate) fn error_price(&self, region: u32, top: u32) -> Option<MicroUnits> {
        let bins = self.prices.error.get(usize::try_from(region).ok()?)?;
        bins.get(self.arms.as_ref()?.bin(top)).map(|arms| arms[0])
    }

    /// What a person's look is worth in a region: the mean cost of an error there, times how often the AI errs there, leaning on all
    /// regions. `None` where nothing is known of the AI's errors. It reads no proposal.
    #[must_use]
    pub fn worth(&self, playbook: &Playbook, region: u32) -> Option<RouteWorth> {
        let wrong = |cell: Cell| Cell { right: cell.n.saturating_sub(cell.right), n: cell.n };
        let all = self.advice.iter().fold(Cell::default(), |a, b| Cell { right: a.right + b.ai.right, n: a.n + b.ai.n });
        if all.n == 0 {
            return None;
        }
        let prior = wrong(all).shrunk(ONE_BILLIONTHS / 2, 2);
        let of = |region: u32, ai: Cell| order::worth(self.error_cost(playbook, region), wrong(ai).shrunk(prior, SHRINK_ROWS));
        let total: i128 = self.advice.iter().map(|effect| i128::from(of(effect.region, effect.ai)) * i128::from(effect.ai.n)).sum();
        let here = self.advice.iter().find(|effect| effect.region == region).map(|effect| effect.ai).unwrap_or_default();
        Some(RouteWorth { here: of(region, here), mean: i64::try_from(total / i128::from(all.n)).unwrap_or(i64::MAX) })
    }

    /// The mean cost of the AI's errors in a region, over the bins of its probability.
    fn error_cost(&self, playbook: &Playbook, region: u32) -> MicroUnits {
        let bins = self.prices.error.get(usize::try_from(region).unwrap_or(usize::MAX)).map(Vec::as_slice).unwrap_or_default();
        let sum: i128 = bins.iter().map(|[ai, ..]| i128::from(*ai)).sum();
        match i128::try_from(bins.len()) {
            Ok(bins @ 1..) => i64::try_from(sum / bins).unwrap_or(i64::MAX),
            _ => playbook.costs.error_default,
        }
    }

    /// The bytes that its digest is of: JSON with members in the order of the format, without a float.
    ///
    /// # Errors
    /// None that can happen: the record holds nothing that JSON cannot say.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

/// What a certificate is bound to besides its proposer: the routing function and the playbook's version.
#[must_use]
pub fn router_name(playbook_version: u64) -> String {
    format!("router {ROUTER_VERSION}, playbook version {playbook_version}")
}

/// The cost of so much of people's time, in micro-units; rounded down.
#[must_use]
pub fn minutes_cost(took: Micros, minute: MicroUnits) -> MicroUnits {
    const MINUTE: i128 = 60_000_000;
    i64::try_from(i128::from(took) * i128::from(minute) / MINUTE).unwrap_or(i64::MAX)
}

/// The route that lets an arm decide.
#[must_use]
pub fn route_of(arm: Arm) -> Route {
    match arm {
        Arm::Ai => Route::Automate,
        Arm::Person => Route::Unaided,
        Arm::Advised => Route::Assist,
        Arm::Combined => Route::Blind,
        Arm::Panel => Route::Panel,
    }
}
