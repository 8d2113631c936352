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
    track::{DriftOf, TrackRecord},
    workspace::WorkspaceCommand,
};
use countersign_store as store;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The role of those who are told. Where nobody has it, every active member is.
pub const LEAD_ROLE: &str = "lead";

/// How long something that drifted is not told again.
const AGAIN_MICROS: Micros = 7 * 86_400 * 1_000_000;

/// Types of notices, as a webhook may choose among them.
pub const TYPES: [&str; 7] = [
    "automation.stopped",
    "automation.resumed",
    "experiment.stopped",
    "routing.approved",
    "routing.rolled_back",
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
    /// The experiment, or the draft of a routing, that it is about.
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
    let person = |id: PersonId| control.names.iter().find(|(_, known)| **known == id).map_or("somebody", |(name, _)| name.as_str());
    let draft = |id| control.state.drafts.get(&id).map(|facts| (name(facts.drafted.playbook), facts.drafted.reason.clone()));
    let scope = |scope: &StopScope| match scope {
        StopScope::Playbook(id) => name(*id),
        _ => None,
    };
    let (type_name, playbook, detail, urgent) = match &event.body {
        Body::AutomationStopped(body) => {
            ("automation.stopped", scope(&body.scope), format!("Automation is stopped: {}", body.reason), by_itself)
        }
        Body::AutomationResumed(body) => {
            let detail = format!("Automation was resumed by {}: {}", person(body.person), body.reason);
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
}

impl Workspace {
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
        Ok(NoticesView { notices: events.filter_map(|event| of(&control, event)).collect(), unread })
    }

    /// Notes that a person has read all notices that there are now.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn notices_read(&self, person: PersonId) -> Result<(), Error> {
        let control = self.control().await?;
        let Some(last) = control.state.notices.last() else { return Ok(()) };
        let through = i64::try_from(last.stream_version).unwrap_or(i64::MAX);
        let mut tx = self.inner.db.begin().await?;
        store::webhook::notices_read(tx.conn(), self.id.0, person.0, through).await?;
        Ok(tx.commit().await?)
    }

    /// Tells the leads of certificates that have run out. Each is told once: what was told stands in the ledger.
    pub(crate) async fn certificates_told(&self, control: &Control, now: Micros) -> Result<(), Error> {
        for (playbook, published) in &control.records {
            for issued in &published.record.certificates {
                let ended = issued.certificate.context.expires_at <= now;
                let is = |event: &Event| matches!(&event.body, Body::NoticeRaised(body) if body.subject == issued.id);
                if !ended || control.state.notices.iter().any(is) {
                    continue;
                }
                let detail = format!(
                    "The certificate for {} has ended and was not earned again: people decide such cases until it is",
                    issued.region.words()
                );
                self.notice_raise(NoticeRaised {
                    kind: NoticeKind::CertificateExpired,
                    playbook: *playbook,
                    subject: issued.id.clone(),
                    detail,
                })
                .await?;
            }
        }
        Ok(())
    }

    /// Tells the leads what has moved by a record that was published; of the same thing not again within a week.
    pub(crate) async fn drift_told(&self, control: &Control, record: &TrackRecord, now: Micros) -> Result<(), Error> {
        for drift in &record.drift {
            let (subject, share) = (&drift.name, |part: u32| format!("{:.1} %", f64::from(part) / 1e7));
            let what = match drift.of {
                DriftOf::Field => format!("the field {subject} has moved: of {} there was", drift.part),
                DriftOf::Ai => format!("the errors of {subject} have become more ({}): there were", drift.part),
                DriftOf::People => format!("people's errors without advice have become more ({}): there were", drift.part),
            };
            let detail = format!("What comes in has changed; {what} {} before and is {} now", share(drift.before), share(drift.after));
            let lately = |event: &Event| {
                let same = matches!(&event.body, Body::NoticeRaised(body) if body.playbook == record.playbook && body.subject == *subject);
                same && event.recorded_at.saturating_add(AGAIN_MICROS) > now
            };
            if !control.state.notices.iter().any(lately) {
                let (playbook, subject) = (record.playbook, subject.clone());
                self.notice_raise(NoticeRaised { kind: NoticeKind::Drift, playbook, subject, detail }).await?;
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

fn is_lead(control: &Control, person: PersonId) -> bool {
    let role = [LEAD_ROLE.to_owned()];
    let facts = control.state.people.get(&person);
    let anybody = control.state.people.values().any(|facts| facts.may(&role));
    facts.is_some_and(|facts| if anybody { facts.may(&role) } else { facts.may(&[]) })
}
