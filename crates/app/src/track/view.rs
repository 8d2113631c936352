//! A track record for people: figures with their intervals, what is certified and why nothing more is, and what a promise would cost.
//! Computes nothing that is not in the record or in the statistics.

use super::Workspace;
use crate::{Error, explain::region_words};
use countersign_core::{
    event::{OutcomeKind, PeopleMetrics},
    id::{EventId, PersonId},
    number::ONE_BILLIONTHS,
    playbook::{Against, Automate, Playbook},
    refusal::{Code, Refusal},
    time::format_rfc3339,
};
use countersign_engine::{
    CaseState,
    track::{Cell, Drift, DriftOf, Issued, LabelKind, TrackRecord},
    workspace::RecordFacts,
};
use countersign_science::{interval, risk::labels_needed};
use serde::Serialize;
use utoipa::ToSchema;

const LEVEL: f64 = 0.95;
const DAY: f64 = 86_400e6;
/// Least rows of a cell before a figure is told from it.
pub(crate) const ROWS_MIN: u64 = 20;

/// A share with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Figure {
    /// The share, from 0 to 1.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Cases behind it.
    pub n: u64,
}

impl Figure {
    /// The Wilson interval; `None` below the least number of cases.
    #[must_use]
    pub fn of(cell: Cell) -> Option<Self> {
        let estimate = cell.estimate().filter(|_| cell.n >= ROWS_MIN)?;
        Some(Self { value: estimate.value, low: estimate.low, high: estimate.high, n: estimate.n })
    }
}

/// How often proposals like one were right.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LikeView {
    /// What right means: by `outcomes`, or by `judgments`, which people gave without advice.
    pub against: String,
    /// Right ones of so many.
    pub figure: Figure,
    /// The kind of case; absent: of all kinds, because too few are known of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl LikeView {
    /// What a record says of a proposal; `None` where too little is known.
    pub(crate) fn of(record: &TrackRecord, state: &CaseState, proposal: EventId) -> Option<Self> {
        let proposal = state.proposal(proposal)?;
        let known = record.proposer(&proposal.proposer, &proposal.proposer_version)?;
        let region = record.region_of(&state.fields);
        let like = known.reliability.like(region, proposal.probability?)?;
        let narrow = like.of_region && !record.regions.is_empty();
        Some(Self { against: against(record), figure: Figure::of(like.cell)?, region: narrow.then(|| region_words(record, region)) })
    }
}

/// Who tends to be right in a kind of case.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct KindView {
    /// The kind of case.
    pub region: String,
    /// The AI.
    pub ai: Figure,
    /// People without advice.
    pub people: Figure,
}

impl KindView {
    /// What a record says of a case's kind; `None` where too little is known of either.
    pub(crate) fn of(record: &TrackRecord, state: &CaseState) -> Option<Self> {
        let region = record.region_of(&state.fields);
        let effect = record.advice.iter().find(|effect| effect.region == region)?;
        Some(Self { region: region_words(record, region), ai: Figure::of(effect.ai)?, people: Figure::of(effect.unaided)? })
    }
}

/// What answers that differ from the AI's came to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DisagreementView {
    /// The kind of case; absent: of all kinds, because too few are known of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Answers without advice that were not the AI's, and whose truth is known.
    pub n: u64,
    /// In so many of them the person was right; absent: not enough yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Figure>,
    /// In so many of them the AI was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ai: Option<Figure>,
}

impl DisagreementView {
    /// What a record says of such a case; nothing was counted where there is no record.
    pub(crate) fn of(record: Option<&TrackRecord>, state: &CaseState) -> Self {
        let region = record.map_or(0, |record| record.region_of(&state.fields));
        let effects = record.map(|record| record.advice.as_slice()).unwrap_or_default();
        let here = effects.iter().find(|effect| effect.region == region).filter(|effect| effect.differs_person.n >= ROWS_MIN);
        let (person, ai) = match here {
            Some(effect) => (effect.differs_person, effect.differs_ai),
            None => effects.iter().fold((Cell::default(), Cell::default()), |(person, ai), effect| {
                (person.and(effect.differs_person), ai.and(effect.differs_ai))
            }),
        };
        let named = record.filter(|record| here.is_some() && !record.regions.is_empty());
        Self { region: named.map(|record| region_words(record, region)), n: person.n, person: Figure::of(person), ai: Figure::of(ai) }
    }
}

/// So many cases, and the share where there are enough.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Counted {
    /// Cases.
    pub n: u64,
    /// The share with its interval; absent: not enough yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figure: Option<Figure>,
}

impl From<Cell> for Counted {
    fn from(cell: Cell) -> Self {
        Self { n: cell.n, figure: Figure::of(cell) }
    }
}

/// How somebody takes advice that they see after an answer of their own; it does not tell how they take advice that they see at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct RelianceView {
    /// First answers that were wrong while the AI was right: turned right.
    pub turned_right: Counted,
    /// First answers that were right while the AI was wrong: kept right.
    pub kept_right: Counted,
    /// Wrong advice that they ended up with, also where they had answered the same (over-reliance).
    pub over: Counted,
    /// Wrong advice that they went over to.
    pub over_on_disagreement: Counted,
    /// Right advice that they did not end up with (under-reliance).
    pub under: Counted,
    /// Advice that they went over to, of all that differed.
    pub switched: Counted,
}

impl From<[Cell; 6]> for RelianceView {
    fn from([turned_right, kept_right, over, over_on_disagreement, under, switched]: [Cell; 6]) -> Self {
        Self {
            turned_right: turned_right.into(),
            kept_right: kept_right.into(),
            over: over.into(),
            over_on_disagreement: over_on_disagreement.into(),
            under: under.into(),
            switched: switched.into(),
        }
    }
}

/// Cells of reliance, added up.
pub(crate) fn together(all: impl IntoIterator<Item = [Cell; 6]>) -> [Cell; 6] {
    all.into_iter().fold([Cell::default(); 6], |mut sum, cells| {
        sum.iter_mut().zip(cells).for_each(|(sum, cell)| *sum = sum.and(cell));
        sum
    })
}

/// What a person is right in, for themselves.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OwnView {
    /// The playbook.
    pub playbook: String,
    /// Kinds of cases: their words, their own answers without advice, everybody's, the AI's.
    pub kinds: Vec<OwnKind>,
    /// How they take advice.
    pub reliance: RelianceView,
}

/// A kind of cases, for one person.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OwnKind {
    /// In words.
    pub region: String,
    /// The person's own answers without advice.
    pub own: Option<Figure>,
    /// Everybody's.
    pub all: Option<Figure>,
    /// The AI's.
    pub ai: Option<Figure>,
    /// The person's last answers, with or without advice.
    pub answered: Counted,
    /// The AI's answers on the same cases.
    pub ai_on_the_same: Counted,
    /// How they take advice here.
    pub reliance: RelianceView,
}

impl Workspace {
    /// How a person is doing. To be seen by themselves; by others only where the workspace measures people by name.
    ///
    /// # Errors
    /// Where the viewer may not see it, or the storage fails. `None` as the viewer is a program that speaks for nobody.
    pub async fn work_of(&self, person: PersonId, viewer: Option<PersonId>) -> Result<Vec<OwnView>, Error> {
        let control = self.control().await?;
        if !control.state.people.contains_key(&person) {
            return Err(Refusal::field(Code::NotFound, "/person", "there is no such person").into());
        }
        if viewer != Some(person) && control.state.control.people_metrics != PeopleMetrics::Named {
            let detail = "how somebody is doing is theirs to see: others see it only where people_metrics is named";
            return Err(Refusal::field(Code::Forbidden, "/person", detail).into());
        }
        self.own_skill(person).await
    }

    /// What a person is right in, as far as it was kept of them. It is theirs: ask it for nobody else.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn own_skill(&self, person: PersonId) -> Result<Vec<OwnView>, Error> {
        let control = self.control().await?;
        let mut own = Vec::new();
        for (playbook, published) in &control.records {
            let record = &published.record;
            let Some(known) = record.people.iter().find(|known| known.person == person) else { continue };
            let kinds = record.advice.iter().zip(&known.unaided).enumerate().map(|(at, (effect, cell))| {
                let here = known.regions.get(at).copied().unwrap_or_default();
                OwnKind {
                    region: region_words(record, effect.region),
                    own: Figure::of(*cell),
                    all: Figure::of(effect.unaided),
                    ai: Figure::of(effect.ai),
                    answered: here.answered.into(),
                    ai_on_the_same: here.ai.into(),
                    reliance: here.reliance.into(),
                }
            });
            own.push(OwnView {
                playbook: control.playbook_name(*playbook),
                kinds: kinds.collect(),
                reliance: together(known.regions.iter().map(|region| region.reliance)).into(),
            });
        }
        own.sort_by(|a, b| a.playbook.cmp(&b.playbook));
        Ok(own)
    }
}

/// A kind of cases.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RegionView {
    /// In words.
    pub region: String,
    /// The AI: right answers.
    pub ai: Option<Figure>,
    /// People without advice.
    pub people: Option<Figure>,
    /// People with the advice in view.
    pub advised: Option<Figure>,
    /// What advice does here: `helps`, `harms`, `not_shown`, or `not_enough_yet`.
    pub advice: String,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CertificateView {
    /// Its id.
    pub certificate: String,
    /// The kind of cases.
    pub region: String,
    /// The proposer, and its exact version.
    pub proposer: String,
    /// Its exact version.
    pub version: String,
    /// Least probability of its own answer.
    pub threshold: f64,
    /// Promised share of errors at most.
    pub max_error: f64,
    /// With this certainty.
    pub certainty: f64,
    /// What an error is: another answer than the truth by `outcomes`, or than `judgments`, which people give without advice.
    pub against: String,
    /// Errors in the test.
    pub errors: u64,
    /// Cases in the test.
    pub n: u64,
    /// Upper bound of the error in the test.
    pub upper: f64,
    /// When it was issued (RFC 3339).
    pub issued: String,
    /// When it ends.
    pub expires: String,
    /// Whether routing obeys it now.
    pub in_force: bool,
    /// Audits drawn.
    pub audits_drawn: u64,
    /// Audits settled.
    pub audits_settled: u64,
    /// Upper bound of the error by the audits, valid at every moment; absent before the first.
    pub audited_upper: Option<f64>,
    /// Audits until a doubling of the promised error is noticed, in the mean.
    pub detection_audits: Option<u64>,
    /// Whether it rests, because errors in all that it covers would cost more than people's time.
    pub rests: bool,
    /// Probabilities, from and below, that are left to people because errors there would cost more.
    pub left: Vec<(f64, f64)>,
    /// Other certificates whose cases it does not speak of.
    pub beside: u64,
}

/// A test that waits for its cases.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TestView {
    /// 1, 2, 3, ..
    pub attempt: u64,
    /// Cases that came in from here on count (RFC 3339).
    pub from: String,
    /// The kind of cases, and how many of them it waits for.
    pub regions: Vec<(String, u64)>,
    /// Audits until a doubling of the promised error would be noticed, in the mean.
    pub detection_audits: Option<u64>,
}

/// What switching a promise on would take.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PromiseView {
    /// Promised share of errors at most.
    pub max_error: f64,
    /// With this certainty.
    pub certainty: f64,
    /// What an error is: another answer than the truth by `outcomes`, or than `judgments`, which people give without advice.
    pub against: String,
    /// Labels with which it can be earned at the least, if nothing is wrong in any of them.
    pub labels_least: u64,
    /// Labels if half as much is wrong as promised.
    pub labels_half: Option<u64>,
    /// Matured outcomes, or answers to cases drawn by lot, a day, as measured.
    pub labels_per_day: Option<f64>,
    /// Days for the latter number of labels at this volume.
    pub days: Option<f64>,
}

/// A warning that something has moved.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DriftView {
    /// `field`: the values of a field; `ai`, `people`: their errors.
    pub of: String,
    /// The field, or whose answers.
    pub name: String,
    /// The value of which there is most more now, or the kind of case or answer.
    pub part: String,
    /// Its share of the cases before, or the usual share of errors.
    pub before: f64,
    /// The same now.
    pub after: f64,
    /// Cases now.
    pub cases: u64,
    /// Population stability index of the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<f64>,
}

impl DriftView {
    fn of(drift: &Drift) -> Self {
        Self {
            of: match drift.of {
                DriftOf::Field => "field",
                DriftOf::Ai => "ai",
                DriftOf::People => "people",
            }
            .into(),
            name: drift.name.clone(),
            part: drift.part.clone(),
            before: share(drift.before),
            after: share(drift.after),
            cases: drift.cases,
            index: drift.index.map(share),
        }
    }
}

/// What was learned of a playbook.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrackView {
    /// The playbook.
    pub playbook: String,
    /// The version of the record that routing reads.
    pub number: u64,
    /// The latest that was learned.
    pub latest: u64,
    /// Whether a person pinned it.
    pub pinned: bool,
    /// Its digest, which the ledger names.
    pub digest: String,
    /// When it was made (RFC 3339).
    pub made: String,
    /// How many events it rests on.
    pub through: u64,
    /// Where the truth comes from: `always`, `selective`, `none`; or `judgments`, where nothing tells it and right means as people answered
    /// without advice, on cases drawn by lot.
    pub labels: String,
    /// Whether what is taken for the truth is a proxy, so that every figure is about that.
    pub proxy: bool,
    /// Cases decided.
    pub decided: u64,
    /// Outcomes matured.
    pub matured: u64,
    /// Outcomes overdue.
    pub overdue: u64,
    /// Outcomes that were corrected, ever: every figure counts them as they are now.
    pub corrected: u64,
    /// Why nothing more is certified.
    pub note: String,
    /// Kinds of cases.
    pub regions: Vec<RegionView>,
    /// What has moved.
    pub drift: Vec<DriftView>,
    /// Certificates.
    pub certificates: Vec<CertificateView>,
    /// The next test.
    pub test: Option<TestView>,
    /// The promise of the playbook; absent where it allows no automation.
    pub promise: Option<PromiseView>,
}

impl Workspace {
    /// What was learned of a playbook, for people; `None` where nothing was learned yet.
    ///
    /// # Errors
    /// Where there is no such playbook or the storage fails.
    pub async fn track(&self, name: &str) -> Result<Option<TrackView>, Error> {
        let control = self.control().await?;
        let (id, _, playbook) = control.playbook_latest(name)?;
        let Some(facts) = control.state.records.get(&id) else { return Ok(None) };
        let (record, _) = self.record_read(id, facts.number).await?;
        let stopped = control.state.control.stops.iter().any(|stop| match stop {
            countersign_core::event::StopScope::Workspace => true,
            countersign_core::event::StopScope::Playbook(other) => *other == id,
            countersign_core::event::StopScope::Proposer(_) => false,
        });
        Ok(Some(view(name, &record, facts, &playbook, stopped)))
    }

    /// What would be needed for a playbook's promise, before anything is learned.
    ///
    /// # Errors
    /// Where there is no such playbook or the storage fails.
    pub async fn promise(&self, name: &str) -> Result<Option<PromiseView>, Error> {
        let (_, _, playbook) = self.control().await?.playbook_latest(name)?;
        Ok(playbook.routing.automate.and_then(|automate| promise(automate, None)))
    }
}

fn view(name: &str, record: &TrackRecord, facts: &RecordFacts, playbook: &Playbook, stopped: bool) -> TrackView {
    let plan = record.plan.as_ref();
    TrackView {
        playbook: name.to_owned(),
        number: record.number,
        latest: facts.latest,
        pinned: facts.pinned,
        digest: facts.digest.to_string(),
        made: format_rfc3339(record.made_at),
        through: record.through,
        labels: match record.labels.kind {
            LabelKind::Always => "always",
            LabelKind::Selective => "selective",
            LabelKind::Judgments => "judgments",
            LabelKind::None => "none",
        }
        .into(),
        proxy: playbook.outcome.as_ref().is_some_and(|spec| spec.kind == OutcomeKind::Proxy),
        decided: record.labels.decided,
        matured: record.labels.matured,
        overdue: record.labels.overdue,
        corrected: record.labels.corrected,
        note: record.note.clone(),
        regions: record.advice.iter().map(|effect| region(record, effect)).collect(),
        drift: record.drift.iter().map(DriftView::of).collect(),
        certificates: record.certificates.iter().map(|issued| certificate(record, issued, facts, stopped)).collect(),
        test: plan.map(|plan| TestView {
            attempt: plan.attempt,
            from: format_rfc3339(plan.from),
            regions: plan.regions.iter().filter(|r| r.proposer.is_some()).map(|r| (r.region.words(), r.rows)).collect(),
            detection_audits: plan.detection_audits,
        }),
        promise: playbook.routing.automate.and_then(|automate| promise(automate, Some(record))),
    }
}

fn region(record: &TrackRecord, effect: &countersign_engine::track::AdviceEffect) -> RegionView {
    let pair = |cell: Cell| (cell.right, cell.n);
    let enough = effect.advised.n >= ROWS_MIN && effect.unaided.n >= ROWS_MIN;
    let difference = interval::difference(pair(effect.advised), pair(effect.unaided), LEVEL).ok().filter(|_| enough);
    let advice = match difference {
        None => "not_enough_yet",
        Some(d) if d.low > 0.0 => "helps",
        Some(d) if d.high < 0.0 => "harms",
        Some(_) => "not_shown",
    };
    RegionView {
        region: region_words(record, effect.region),
        ai: Figure::of(effect.ai),
        people: Figure::of(effect.unaided),
        advised: Figure::of(effect.advised),
        advice: advice.into(),
    }
}

/// What right means in a record.
fn against(record: &TrackRecord) -> String {
    if record.labels.kind == LabelKind::Judgments { "judgments" } else { "outcomes" }.into()
}

fn certificate(record: &TrackRecord, issued: &Issued, facts: &RecordFacts, stopped: bool) -> CertificateView {
    let c = &issued.certificate;
    let audited = issued.audited;
    CertificateView {
        certificate: issued.id.clone(),
        region: issued.region.words(),
        proposer: issued.proposer.clone(),
        version: issued.proposer_version.clone(),
        threshold: f64::from(issued.threshold) / f64::from(ONE_BILLIONTHS),
        max_error: c.alpha,
        certainty: 1.0 - c.delta,
        against: against(record),
        errors: c.errors,
        n: c.n,
        upper: c.upper,
        issued: format_rfc3339(issued.issued_at),
        expires: format_rfc3339(c.context.expires_at),
        in_force: facts.certificates.contains(&issued.id) && !stopped,
        audits_drawn: audited.drawn,
        audits_settled: audited.settled,
        audited_upper: (audited.settled > 0).then(|| f64::from(audited.high) / f64::from(ONE_BILLIONTHS)),
        detection_audits: issued.detection_audits,
        rests: issued.costlier,
        left: issued.left.iter().map(|[from, below]| (share(*from), share((*below).min(ONE_BILLIONTHS)))).collect(),
        beside: issued.except.len() as u64,
    }
}

fn share(billionths: u32) -> f64 {
    f64::from(billionths) / f64::from(ONE_BILLIONTHS)
}

/// What a promise takes: labels and, where a record tells the volume, days.
fn promise(automate: Automate, record: Option<&TrackRecord>) -> Option<PromiseView> {
    let (max_error, certainty) = (share(automate.max_error), share(automate.certainty));
    // The first test may spend its part of the certainty only.
    let spends = 1.0 - countersign_science::risk::spent(1.0 - certainty, 1);
    let labels_half = labels_needed(max_error, spends, max_error / 2.0).ok();
    let per_day = record.and_then(|record| {
        let days = (record.made_at - record.first_at) as f64 / DAY;
        (days >= 1.0).then(|| record.labels.matured as f64 / days)
    });
    Some(PromiseView {
        max_error,
        certainty,
        against: match automate.against {
            Against::Outcomes => "outcomes",
            Against::Judgments => "judgments",
        }
        .into(),
        labels_least: labels_needed(max_error, spends, 0.0).ok()?,
        labels_half,
        labels_per_day: per_day,
        days: per_day.zip(labels_half).filter(|(per_day, _)| *per_day > 0.0).map(|(per_day, labels)| labels as f64 / per_day),
    })
}
