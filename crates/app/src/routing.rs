//! Changing a playbook's routing: a person drafts it beside today's, it is rehearsed over past cases, a second person approves, and it is
//! live for every case that comes in from then on. One step leads back. Decides no case.

pub mod section;
mod view;

pub use view::{DraftView, PolicyView, RehearsedView, RouteShareView};

use crate::{Caller, Error, Workspace, control::Control, writer, writer::Change};
use countersign_core::{
    Event,
    answer::Answer,
    content::Content,
    event::{Body, RoutingDrafted, RoutingRehearsed},
    id::{CaseId, EventId, PersonId, PlaybookId},
    limits::{PLAYBOOK_BYTES_MAX, REMARK_BYTES_MAX},
    number::ONE_BILLIONTHS,
    playbook::{Automate, Playbook, parse},
    refusal::{Code, Refusal},
};
use countersign_engine::{
    context::{Drawn, Roster as _},
    rehearse::{PastCase, PastProposal, rehearse},
    route::DRAWS,
    track::Published,
    workspace::{DraftFacts, WorkspaceCommand},
};
use countersign_ledger::draw;
use countersign_store as store;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Past cases of a rehearsal where nobody says how many.
pub const REHEARSED_CASES: u32 = 1_000;
/// Past cases of a rehearsal at most.
pub const REHEARSED_CASES_MAX: u32 = 10_000;
const STREAMS_AT_ONCE: usize = 200;

/// Another routing for a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftInput {
    /// The TOML of `[routing]` with all its tables, as it would stand in the playbook.
    pub routing: String,
    /// What it is for, in a sentence.
    pub reason: String,
    /// Who writes it; absent where the key speaks for one.
    #[serde(default)]
    pub person: Option<Uuid>,
}

/// What somebody does with a draft, or with the routing from before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftAct {
    /// Who does; absent where the key speaks for one.
    #[serde(default)]
    pub person: Option<Uuid>,
    /// Why; wanted for taking a draft back and for going back.
    #[serde(default)]
    pub reason: String,
}

/// How far a rehearsal looks back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RehearseInput {
    /// The latest so many decided cases; absent: 1,000.
    #[serde(default)]
    pub cases: Option<u32>,
}

fn person(given: Option<Uuid>) -> Result<PersonId, Refusal> {
    given.map(PersonId).ok_or_else(|| Refusal::invalid("/person", "a person answers for it: say who"))
}

fn reason(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    match text.len() {
        1..=REMARK_BYTES_MAX => Ok(text.to_owned()),
        _ => Err(Refusal::invalid("/reason", "say in a sentence or two what it is for")),
    }
}

/// The playbook's source with the drafted routing: it parses, and nothing but the routing is another one.
fn drafted(source: &str, routing: &str, today: &Playbook) -> Result<String, Refusal> {
    let whole = section::replaced(source, routing);
    if whole.len() > PLAYBOOK_BYTES_MAX {
        let detail = format!("the playbook would have {} bytes, and {PLAYBOOK_BYTES_MAX} is the limit", whole.len());
        return Err(Refusal::field(Code::TooLarge, "/routing", detail));
    }
    let parsed = parse::parse(&whole, "playbook with the drafted routing").map_err(|problems| {
        // Whoever reads it sees the routing, and not the whole.
        let told = |problem: &parse::Problem| {
            let place = match section::line_within(source, routing, problem.line) {
                Some(line) => format!("line {line}"),
                None => format!("line {} of the whole playbook", problem.line),
            };
            let key = if problem.key.is_empty() { String::new() } else { format!("{}: ", problem.key) };
            format!("{place}, column {}: {key}{}", problem.column, problem.message)
        };
        Refusal::invalid("/routing", problems.iter().map(told).collect::<Vec<_>>().join("\n"))
    })?;
    if (Playbook { routing: today.routing.clone(), ..parsed.clone() }) != *today {
        let detail = "a draft changes [routing] and nothing else; write it as tables of their own, as in [routing] and [[routing.rule]]";
        return Err(Refusal::invalid("/routing", detail));
    }
    if parsed.routing == today.routing {
        return Err(Refusal::invalid("/routing", "this says the same as today's routing"));
    }
    Ok(whole)
}

impl Workspace {
    /// The routing of a playbook as its source has it.
    ///
    /// # Errors
    /// Where there is no such playbook.
    pub async fn routing_today(&self, playbook: &str) -> Result<String, Error> {
        let control = self.control().await?;
        let (id, version, _) = control.playbook_latest(playbook)?;
        Ok(section::taken(control.source(id, version)?))
    }

    /// Drafts another routing beside today's.
    ///
    /// # Errors
    /// Where it does not parse, changes something else or nothing, or no active member writes it in their own name.
    pub async fn routing_draft(&self, caller: &Caller, playbook: &str, input: DraftInput) -> Result<DraftView, Error> {
        let (person, reason) = (person(input.person)?, reason(&input.reason)?);
        let control = self.control().await?;
        let (id, base, today) = control.playbook_latest(playbook)?;
        let source = drafted(control.source(id, base)?, &input.routing, &today)?;
        let digest = parse::digest(&source);
        let body = RoutingDrafted { playbook: id, base, digest, source: Content::text(source), person, reason };
        let draft = move |_: &Control| Ok(WorkspaceCommand::DraftRouting(body.clone()));
        let events = self.change(caller, Change::command(draft)).await?;
        let drafted = events.first().ok_or_else(|| Error::Damaged("drafting a routing left no record".into()))?;
        self.routing_get(drafted.id).await
    }

    /// Runs a draft and today's routing over past cases, and keeps what they come to.
    ///
    /// # Errors
    /// Where the draft is not open or no longer about the latest version, or no case was decided yet.
    pub async fn routing_rehearse(&self, caller: &Caller, draft: EventId, input: RehearseInput) -> Result<DraftView, Error> {
        let control = self.control().await?;
        let facts = known(&control, draft)?.clone();
        let (id, base) = (facts.drafted.playbook, facts.drafted.base);
        // Asked first: whoever opens a stale draft is told to draft it anew, and not what else it lacks.
        if control.playbook_version(id) != base {
            let detail = "the playbook has a newer version: draft it anew, and rehearse that";
            return Err(Refusal::field(Code::StaleVersion, "/draft", detail).into());
        }
        let today = control.playbook(id, base)?;
        let source = facts.drafted.source.as_plain_str().unwrap_or_default();
        let new = parse::parse(source, "draft").map_err(|_| Error::Damaged("a drafted routing no longer parses".into()))?;
        let cases = self.past_routes(&control, id, input.cases.unwrap_or(REHEARSED_CASES).clamp(1, REHEARSED_CASES_MAX)).await?;
        if cases.is_empty() {
            return Err(
                Refusal::new(Code::WrongState, "no case of this playbook was decided yet: there is nothing to rehearse it over").into()
            );
        }
        let record = control.records.get(&id).cloned();
        let roster = u64::try_from(control.state.count_with_any_role(&today.decide.roles)).unwrap_or(u64::MAX);
        let now = self.inner.env.now();
        let work = move || {
            let record = record.as_deref();
            let before = rehearse((&today, base), record, &cases, (roster, now));
            let first = rehearse((&new, base + 1), record, &cases, (roster, now));
            let certified = record.and_then(|known| kept_promises(known, new.routing.automate.as_ref()));
            let certified = certified.map(|known| rehearse((&new, base), Some(&known), &cases, (roster, now)).figures);
            let moved = before.routes.iter().zip(&first.routes).filter(|(a, b)| a != b).count() as u64;
            RoutingRehearsed {
                of: draft,
                cases: cases.len() as u64,
                moved,
                record: record.map(|known| known.record.number),
                today: before.figures,
                draft: first.figures,
                certified,
            }
        };
        let body = tokio::task::spawn_blocking(work).await.map_err(|error| Error::Damaged(format!("the rehearsal broke off: {error}")))?;
        let keep = move |_: &Control| Ok(WorkspaceCommand::RehearseRouting(Box::new(body.clone())));
        self.change(caller, Change::command(keep)).await?;
        self.routing_get(draft).await
    }

    /// Approves a draft: its routing is the playbook's at once, for every case that comes in. What waits keeps the version that it came
    /// under.
    ///
    /// # Errors
    /// Where its author approves, it was not rehearsed, or the playbook has a newer version.
    pub async fn routing_approve(&self, caller: &Caller, draft: EventId, act: DraftAct) -> Result<DraftView, Error> {
        let person = person(act.person)?;
        let control = self.control().await?;
        known(&control, draft)?;
        let approve = move |_: &Control| Ok(WorkspaceCommand::ApproveRouting { draft, person });
        let publish = self.publishing(move |control: &Control| {
            let facts = known(control, draft)?;
            Ok((facts.drafted.playbook, facts.drafted.source.as_plain_str().unwrap_or_default().to_owned()))
        });
        self.change(caller, Change::command(approve).and(publish)).await?;
        self.routing_get(draft).await
    }

    /// Takes a draft back.
    ///
    /// # Errors
    /// Where it is not open, or no active member does it in their own name.
    pub async fn routing_withdraw(&self, caller: &Caller, draft: EventId, act: DraftAct) -> Result<DraftView, Error> {
        let (person, reason) = (person(act.person)?, reason(&act.reason)?);
        let withdraw = move |_: &Control| Ok(WorkspaceCommand::WithdrawRouting { draft, person, reason: reason.clone() });
        self.change(caller, Change::command(withdraw)).await?;
        self.routing_get(draft).await
    }

    /// Goes back to the routing from before the last approved draft, at once. Returns the draft that is undone.
    ///
    /// # Errors
    /// Where the latest version did not come from an approved draft, or no active member does it in their own name.
    pub async fn routing_roll_back(&self, caller: &Caller, playbook: &str, act: DraftAct) -> Result<DraftView, Error> {
        let (person, reason) = (person(act.person)?, reason(&act.reason)?);
        let control = self.control().await?;
        let id = control.playbook_id(playbook)?;
        let none =
            || Refusal::field(Code::WrongState, "/playbook", "the latest version of this playbook did not come from an approved draft");
        let (draft, _) = control.state.draft_in_force(id).ok_or_else(none)?;
        let back = move |_: &Control| Ok(WorkspaceCommand::RollBackRouting { playbook: id, person, reason: reason.clone() });
        let publish = self.publishing(move |control: &Control| {
            let (_, facts) = control.state.draft_in_force(id).ok_or_else(none)?;
            let before = control.source(id, facts.drafted.base).map_err(|_| none())?;
            Ok((id, before.to_owned()))
        });
        self.change(caller, Change::command(back).and(publish)).await?;
        self.routing_get(draft).await
    }

    /// A draft, with what its rehearsal came to.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn routing_get(&self, draft: EventId) -> Result<DraftView, Error> {
        let control = self.control().await?;
        let facts = known(&control, draft)?;
        let base = control.source(facts.drafted.playbook, facts.drafted.base)?;
        Ok(view::of(&control, (draft, facts), base))
    }

    /// The drafts of a playbook, the latest first.
    ///
    /// # Errors
    /// Where there is no such playbook.
    pub async fn routings_list(&self, playbook: &str) -> Result<Vec<DraftView>, Error> {
        let control = self.control().await?;
        let id = control.playbook_id(playbook)?;
        let of = control.state.drafts.iter().filter(|(_, facts)| facts.drafted.playbook == id);
        let views = of.map(|(draft, facts)| {
            let base = control.source(id, facts.drafted.base)?;
            Ok((facts.drafted_at, view::of(&control, (*draft, facts), base)))
        });
        let mut views = views.collect::<Result<Vec<_>, Error>>()?;
        views.sort_by(|(a, _), (b, _)| b.cmp(a));
        Ok(views.into_iter().map(|(_, view)| view).collect())
    }

    /// The command that publishes a source under the name that the playbook has.
    fn publishing(
        &self,
        what: impl Fn(&Control) -> Result<(PlaybookId, String), Refusal> + Send + Sync + 'static,
    ) -> impl Fn(&Control) -> Result<WorkspaceCommand, Refusal> + Send + Sync + 'static {
        let new_id = writer::playbook_id(&self.inner);
        move |control: &Control| {
            let (id, source) = what(control)?;
            let (name, digest) = (control.playbook_name(id), parse::digest(&source));
            Ok(WorkspaceCommand::PublishPlaybook { name, digest, source: Content::text(source), new_id })
        }
    }

    /// The latest decided cases of a playbook as they came in, newest first, with the draws of today's key.
    async fn past_routes(&self, control: &Control, playbook: PlaybookId, limit: u32) -> Result<Vec<PastCase>, Error> {
        let mut session = self.inner.db.session().await?;
        let decided = store::queue::decided(session.conn(), self.id.0, Some(playbook.0), i64::MAX, i64::from(limit)).await?;
        let mut ids: Vec<Uuid> = Vec::with_capacity(decided.len());
        for row in decided {
            // Decided again, on an appeal or anew: one case all the same.
            if !ids.contains(&row.case) {
                ids.push(row.case);
            }
        }
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let epoch = control.state.draw_epoch();
        let draws = |case: Uuid| {
            let drawn = |purpose: &'static str| {
                let epoch = epoch?;
                let key = keys.draw_key(&self.inner.root, epoch);
                Some((purpose.into(), Drawn { epoch, value: draw::draw(&key, self.id.0.as_bytes(), case.as_bytes(), purpose) }))
            };
            DRAWS.into_iter().filter_map(drawn).collect::<Vec<_>>()
        };
        let mut cases: HashMap<CaseId, PastCase> = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(STREAMS_AT_ONCE) {
            let mut routed: Vec<CaseId> = Vec::new();
            for row in store::event::of_streams(session.conn(), self.id.0, chunk).await? {
                let event = Event::from_bytes(&row.bytes)?;
                let id = CaseId(row.stream);
                match &event.body {
                    Body::CaseOpened(body) => {
                        let (fields, content_digest) = (body.fields.clone(), body.content_digest);
                        cases.insert(id, PastCase { fields, content_digest, proposals: Vec::new(), drawn: draws(row.stream) });
                    }
                    // What came after the first route was not there to be read.
                    Body::ProposalMade(body) if !routed.contains(&id) => {
                        let label = body.answer.label().to_owned();
                        let known = PastProposal {
                            id: event.id,
                            proposer: body.proposer.clone(),
                            version: body.proposer_version.clone(),
                            probability: probability(&body.answer, body.probabilities.as_ref()),
                            label,
                        };
                        if let Some(case) = cases.get_mut(&id) {
                            case.proposals.retain(|other| other.proposer != known.proposer);
                            case.proposals.push(known);
                        }
                    }
                    Body::CaseRouted(_) => routed.push(id),
                    _ => {}
                }
            }
        }
        Ok(ids.into_iter().filter_map(|id| cases.remove(&CaseId(id))).collect())
    }
}

/// The record with those of its certificates whose evidence is enough for what another routing promises; `None` where there is none.
fn kept_promises(known: &Published, promised: Option<&Automate>) -> Option<Published> {
    // Both are the same fractions of whole billionths.
    const ROUNDING: f64 = 1e-12;
    let (max_error, doubt) = promised.map(|terms| {
        let share = |billionths: u32| f64::from(billionths) / f64::from(ONE_BILLIONTHS);
        (share(terms.max_error), 1.0 - share(terms.certainty))
    })?;
    let mut known = known.clone();
    known.record.certificates.retain(|issued| {
        let (alpha, delta) = (issued.certificate.alpha, issued.certificate.delta);
        alpha <= max_error + ROUNDING && delta <= doubt + ROUNDING
    });
    (!known.record.certificates.is_empty()).then_some(known)
}

fn probability(answer: &Answer, probabilities: Option<&std::collections::BTreeMap<String, u32>>) -> Option<u32> {
    probabilities?.get(answer.label()).copied()
}

fn known(control: &Control, draft: EventId) -> Result<&DraftFacts, Refusal> {
    control.state.drafts.get(&draft).ok_or_else(|| Refusal::field(Code::NotFound, "/draft", "there is no such draft"))
}
