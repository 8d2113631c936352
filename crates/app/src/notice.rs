//! What the leads are told: stops, experiments that ended by their rules, changes of routings, certificates that ran out, drift. Told by
//! events on the workspace's stream; says what happened and where to look, and decides nothing.

use crate::{Error, Workspace, control::Control, workspace::system, writer::Change};
use countersign_core::{
    Event,
    event::{Actor, Body, NoticeKind, NoticeRaised, StopScope},
    id::{PersonId, PlaybookId},
    number::Micros,
    time::format_rfc3339,
};
use countersign_engine::{
    track::{Drift, DriftOf, Issued, TrackRecord},
    workspace::WorkspaceCommand,
};
use countersign_store as store;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The role of those who are told. Where nobody has it, every active member is.
pub use countersign_engine::workspace::LEAD_ROLE;

/// How long something that drifted is not told again.
const AGAIN_MICROS: Micros = 7 * 86_400 * 1_000_000;

/// Types of notices, as a webhook may choose among them.
pub const TYPES: [&str; 10] = [
    "automation.stopped",
    "automation.resume_asked",
    "automation.resumed",
    "experiment.stopped",
    "routing.approved",
    "routing.rolled_back",
    "rules.approved",
    "rules.rolled_back",
    "certificate.expired",
    "drift.detected",
];

/// Something that the leads have to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoticeView {
    /// The event that tells it.
    pub event: Uuid,
    /// One of the types of notices.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The playbook, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// The experiment, or the draft of a routing or of rules, that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Uuid>,
    /// When (RFC 3339).
    pub at: String,
    /// What happened, in a sentence.
    pub detail: String,
    /// Whether it asks for somebody: automation stopped by itself, a certificate ran out, something drifted, a way harmed.
    pub urgent: bool,
}

/// The notice that an event is, if it is one.
pub(crate) fn of(control: &Control, event: &Event) -> Option<NoticeView> {
    let name = |id: PlaybookId| Some(control.playbook_name(id));
    let by_itself = matches!(event.actor, Actor::System(_));
    let person = |id: PersonId| control.name_of(id).unwrap_or_else(|| "somebody".to_owned());
    let draft = |id| control.state.drafts.get(&id).map(|facts| (name(facts.drafted.playbook), facts.drafted.reason.clone()));
    let scope = |scope: &StopScope| match scope {
        StopScope::Playbook(id) => name(*id),
        _ => None,
    };
    let (type_name, playbook, detail, urgent) = match &event.body {
        Body::AutomationStopped(body) => {
            ("automation.stopped", scope(&body.scope), format!("Automation is stopped: {}", body.reason), by_itself)
        }
        Body::ResumeAsked(body) => {
            let detail = format!("{} asks to resume automation, and somebody else has to confirm it: {}", person(body.person), body.reason);
            ("automation.resume_asked", scope(&body.scope), detail, true)
        }
        Body::AutomationResumed(body) => {
            let first = |id| control.state.notices.iter().find(|event| event.id == id).map(|event| &event.body);
            let with = match (body.asked.and_then(first), body.alone) {
                (Some(Body::ResumeAsked(asked)), _) => format!(", as {} had asked", person(asked.person)),
                (_, true) => " alone, since nobody else was there to confirm it".to_owned(),
                _ => String::new(),
            };
            let detail = format!("Automation was resumed by {}{with}: {}", person(body.person), body.reason);
            ("automation.resumed", scope(&body.scope), detail, false)
        }
        Body::ExperimentStopped(body) => {
            let of = control.state.experiments.get(&body.experiment)?;
            let detail = format!("An experiment has ended ({}): {}", of.started.question, body.reason);
            ("experiment.stopped", name(of.started.playbook), detail, body.cause.as_str() == "harm")
        }
        Body::RoutingApproved(body) => {
            let (playbook, reason) = draft(body.draft)?;
            let detail = format!("Another routing is in force as version {}, approved by {}: {reason}", body.version, person(body.person));
            ("routing.approved", playbook, detail, false)
        }
        Body::RoutingRolledBack(body) => {
            let detail = format!("The routing of version {} is back, by {}: {}", body.from, person(body.person), body.reason);
            ("routing.rolled_back", name(body.playbook), detail, false)
        }
        Body::RulesApproved(body) => {
            let reason = control.state.rules.drafts.get(&body.draft)?.drafted.reason.clone();
            let detail = format!("Other rules hold as version {}, approved by {}: {reason}", body.version, person(body.person));
            ("rules.approved", None, detail, false)
        }
        Body::RulesRolledBack(body) => {
            let detail = format!("The rules of version {} hold again, by {}: {}", body.from, person(body.person), body.reason);
            ("rules.rolled_back", None, detail, false)
        }
        Body::NoticeRaised(body) => {
            let type_name = match body.kind {
                NoticeKind::CertificateExpired => "certificate.expired",
                NoticeKind::Drift => "drift.detected",
            };
            (type_name, name(body.playbook), body.detail.clone(), true)
        }
        _ => return None,
    };
    let subject = match &event.body {
        Body::ExperimentStopped(body) => Some(body.experiment.0),
        Body::RoutingApproved(body) => Some(body.draft.0),
        Body::RulesApproved(body) => Some(body.draft.0),
        Body::RulesRolledBack(body) => Some(body.draft.0),
        _ => None,
    };
    let (event, at) = (event.id.0, format_rfc3339(event.occurred_at));
    Some(NoticeView { event, type_name: type_name.into(), playbook, subject, at, detail, urgent })
}

/// The latest notices, and how many of them a person has not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoticesView {
    /// Newest first.
    pub notices: Vec<NoticeView>,
    /// How many of them the person has not read; 0 for whoever is no lead.
    pub unread: u64,
    /// How far this list goes: whoever read it has read no further.
    #[serde(skip)]
    pub through: u64,
}

impl Workspace {
    /// Whether a person leads: has the role, or is an active member where nobody has it.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn leads(&self, person: PersonId) -> Result<bool, Error> {
        Ok(is_lead(&*self.control().await?, person))
    }

    /// The latest notices, and how many a person has not read. Whoever is no lead reads them too, but is not asked to.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn notices(&self, person: Option<PersonId>) -> Result<NoticesView, Error> {
        let control = self.inner.control(self.id).await?;
        let events = control.state.notices.iter().rev();
        let mut unread = 0;
        let lead = person.filter(|person| is_lead(&control, *person));
        if let Some(person) = lead.filter(|_| !control.state.notices.is_empty()) {
            let mut session = self.inner.db.session().await?;
            let through = store::webhook::notices_read_through(session.conn(), self.id.0, person.0).await?;
            let newer = |event: &&Event| i64::try_from(event.stream_version).unwrap_or(i64::MAX) > through;
            unread = control.state.notices.iter().filter(newer).count() as u64;
        }
        let through = control.state.notices.last().map_or(0, |last| last.stream_version);
        Ok(NoticesView { notices: events.filter_map(|event| of(&control, event)).collect(), unread, through })
    }

    /// Notes that a person has read the notices of a list, by how far it went ([`NoticesView::through`]). What came afterwards stays unread.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn notices_read(&self, person: PersonId, through: u64) -> Result<(), Error> {
        let control = self.control().await?;
        let Some(last) = control.state.notices.last() else { return Ok(()) };
        let through = i64::try_from(through.min(last.stream_version)).unwrap_or(i64::MAX);
        let mut tx = self.inner.db.begin().await?;
        store::webhook::notices_read(tx.conn(), self.id.0, person.0, through).await?;
        Ok(tx.commit().await?)
    }

    /// Tells the leads of certificates that have run out. Each is told once: what was told stands in the ledger.
    pub(crate) async fn certificates_told(&self, control: &Control, now: Micros) -> Result<(), Error> {
        for (playbook, published) in &control.records {
            for notice in certificates_ended(*playbook, &published.record, now) {
                let is = |event: &Event| matches!(&event.body, Body::NoticeRaised(body) if body.subject == notice.subject);
                if !control.state.notices.iter().any(is) {
                    self.notice_raise(notice).await?;
                }
            }
        }
        Ok(())
    }

    /// Tells the leads what has moved by a record that was published; of the same thing not again within a week.
    pub(crate) async fn drift_told(&self, control: &Control, record: &TrackRecord, now: Micros) -> Result<(), Error> {
        for notice in drifted(record) {
            let lately = |event: &Event| {
                let same = |body: &NoticeRaised| (body.playbook, &body.subject) == (notice.playbook, &notice.subject);
                matches!(&event.body, Body::NoticeRaised(body) if same(body)) && event.recorded_at.saturating_add(AGAIN_MICROS) > now
            };
            if !control.state.notices.iter().any(lately) {
                self.notice_raise(notice).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn notice_raise(&self, body: NoticeRaised) -> Result<(), Error> {
        tracing::warn!(workspace.id = %self.id, subject = body.subject, detail = body.detail, "the leads are told");
        let raise = move |_: &Control| Ok(WorkspaceCommand::RaiseNotice(body.clone()));
        self.change(&system("monitor"), Change::command(raise)).await.map(|_| ())
    }
}

/// The certificates of a record that have run out, unless a later one covers the same.
fn certificates_ended(playbook: PlaybookId, record: &TrackRecord, now: Micros) -> Vec<NoticeRaised> {
    let end = |issued: &Issued| issued.certificate.context.expires_at;
    let earned_again = |issued: &Issued| {
        let covers = |other: &Issued| {
            (&other.region, &other.proposer, &other.proposer_version) == (&issued.region, &issued.proposer, &issued.proposer_version)
        };
        record.certificates.iter().any(|other| covers(other) && (end(other), &other.id) > (end(issued), &issued.id))
    };
    let ended = record.certificates.iter().filter(|issued| end(issued) <= now && !earned_again(issued));
    let told = ended.map(|issued| NoticeRaised {
        kind: NoticeKind::CertificateExpired,
        playbook,
        subject: issued.id.clone(),
        detail: format!(
            "The certificate for {} has ended and was not earned again: people decide such cases until it is",
            issued.region.words()
        ),
    });
    told.collect()
}

/// What has moved, told once of each field, proposer or group of people: by the first warning, and by how many more there are.
fn drifted(record: &TrackRecord) -> Vec<NoticeRaised> {
    let same = |a: &Drift, b: &Drift| (a.of, &a.name) == (b.of, &b.name);
    let share = |part: u32| format!("{:.1} %", f64::from(part) / 1e7);
    let first = |(at, drift): &(usize, &Drift)| record.drift.iter().take(*at).all(|earlier| !same(earlier, drift));
    let told = record.drift.iter().enumerate().filter(first).map(|(_, drift)| {
        let subject = &drift.name;
        let (what, now) = match drift.of {
            DriftOf::Field => (format!("the field {subject} has moved: of {} there was", drift.part), "is"),
            DriftOf::Ai => (format!("the errors of {subject} have become more ({}): they were", drift.part), "are"),
            DriftOf::People => (format!("people's errors without advice have become more ({}): they were", drift.part), "are"),
        };
        let more = match record.drift.iter().filter(|other| same(other, drift)).count() - 1 {
            0 => String::new(),
            1 => "; one more warning of it stands in the track record".into(),
            more => format!("; {more} more warnings of it stand in the track record"),
        };
        let detail = format!("What comes in has changed; {what} {} before and {now} {} now{more}", share(drift.before), share(drift.after));
        NoticeRaised { kind: NoticeKind::Drift, playbook: record.playbook, subject: subject.clone(), detail }
    });
    told.collect()
}

pub(crate) fn is_lead(control: &Control, person: PersonId) -> bool {
    let role = [LEAD_ROLE.to_owned()];
    let facts = control.state.people.get(&person);
    let anybody = control.state.people.values().any(|facts| facts.may(&role));
    facts.is_some_and(|facts| if anybody { facts.may(&role) } else { facts.may(&[]) })
}

#[cfg(test)]
mod tests;
