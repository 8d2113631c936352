//! Why cases went where they went: derived again from what their route events hold, in a sentence and in full. Reads no field.

use crate::{
    Error, Workspace,
    case::read::share,
    view::{ExplainedAll, Explanation},
};
use countersign_core::{
    Event,
    content::Digest,
    event::{Body, CaseRouted, Route, RouteMeasured},
    id::{CaseId, PersonId, PlaybookId},
    number::ONE_BILLIONTHS,
    playbook::Playbook,
    refusal::{Code, Refusal},
};
use countersign_engine::{
    order, route,
    track::{LabelKind, Region, TrackRecord},
};
use countersign_store as store;
use std::{collections::HashMap, sync::Arc};

const EVENTS_AT_ONCE: i64 = 2_048;
/// Routes that are named where they cannot be derived again.
const DIFFERENCES_MAX: usize = 20;

/// A record with its digest.
type Named = (Arc<TrackRecord>, Digest);

impl Workspace {
    /// Why the case went where it went, derived again from what the route event holds.
    ///
    /// # Errors
    /// Where there is no case, or it was never routed.
    pub async fn case_explain(&self, case: CaseId, viewer: Option<PersonId>) -> Result<Explanation, Error> {
        let file = self.file(case).await?;
        if file.withheld_from(viewer) {
            return Err(Refusal::new(
                Code::NotIndependent,
                "why this case went where it went is told after the first answer, so that it does not tell what the AI said",
            )
            .into());
        }
        let routed = file.events.iter().rev().find_map(|(_, e)| match &e.body {
            Body::CaseRouted(body) => Some((e, body)),
            _ => None,
        });
        let (event, body) = routed.ok_or_else(|| Refusal::new(Code::NotFound, "the case was decided elsewhere and never routed here"))?;
        let playbook = self.inner.control(self.id).await?.playbook(file.state.playbook, body.playbook_version)?;
        let record = self.record_of(file.state.playbook, body, &mut HashMap::new()).await?;
        let difference = difference(body, &playbook, record.as_ref());
        let detail = serde_json::to_value(event).map_err(|e| Error::Damaged(e.to_string()))?;
        Ok(Explanation {
            case: case.0,
            route: body.route.as_str().into(),
            sentence: sentence(body, &playbook, record.as_ref().map(|(record, _)| &**record)),
            matches: difference.is_none(),
            difference,
            detail,
        })
    }

    /// Derives every route of the workspace again.
    ///
    /// # Errors
    /// Where the storage fails, or an event cannot be read.
    pub async fn explain_all(&self, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<ExplainedAll, Error> {
        let total = self.head_size().await?;
        let control = self.control().await?;
        let mut playbooks: HashMap<CaseId, PlaybookId> = HashMap::new();
        let mut records = HashMap::new();
        let mut all = ExplainedAll::default();
        let mut position = 0;
        loop {
            let mut session = self.inner.db.session().await?;
            let rows = store::event::from_position(session.conn(), self.id.0, position, EVENTS_AT_ONCE).await?;
            drop(session);
            let Some(last) = rows.last().map(|row| row.position) else { return Ok(all) };
            for row in &rows {
                let event = Event::from_bytes(&row.bytes)?;
                let case = CaseId(event.stream);
                let body = match &event.body {
                    Body::CaseOpened(body) => {
                        playbooks.insert(case, body.playbook);
                        continue;
                    }
                    Body::CaseRouted(body) => body,
                    _ => continue,
                };
                let Some(playbook) = playbooks.get(&case).copied() else { continue };
                let record = self.record_of(playbook, body, &mut records).await?;
                all.routes += 1;
                all.measured += u64::from(record.is_some());
                let playbook = control.playbook(playbook, body.playbook_version)?;
                if let Some(what) = difference(body, &playbook, record.as_ref()) {
                    all.different += 1;
                    if all.differences.len() < DIFFERENCES_MAX {
                        all.differences.push(format!("case {case}, event {}: {what}", event.id));
                    }
                }
            }
            position = last + 1;
            progress(u64::try_from(position).unwrap_or(0), total);
        }
    }

    /// The record that a route read.
    async fn record_of(
        &self,
        playbook: PlaybookId,
        body: &CaseRouted,
        known: &mut HashMap<(PlaybookId, u64), Named>,
    ) -> Result<Option<Named>, Error> {
        let Some(measured) = measured(body) else { return Ok(None) };
        if let Some(record) = known.get(&(playbook, measured.record)) {
            return Ok(Some(record.clone()));
        }
        let record = self.record_read(playbook, measured.record).await?;
        known.insert((playbook, measured.record), record.clone());
        Ok(Some(record))
    }
}

fn measured(body: &CaseRouted) -> Option<&RouteMeasured> {
    body.inputs.as_ref()?.measured.as_ref()
}

/// What cannot be derived again: the route from its inputs, or its inputs from the track record that it names.
fn difference(body: &CaseRouted, playbook: &Playbook, record: Option<&Named>) -> Option<String> {
    if let Err(error) = route::explain(body, playbook) {
        return Some(error.to_string());
    }
    let (measured, (record, digest)) = (measured(body)?, record?);
    if *digest != measured.digest {
        return Some(format!("version {} of the track record has another digest than the route names", measured.record));
    }
    let again = measured.top.or(measured.chance).map(|top| record.outlook(playbook, measured.region, top)).unwrap_or_default();
    // Routes from before worth was recorded hold none.
    let worth = measured.worth.is_none() || record.worth(playbook, measured.region) == measured.worth;
    (again != measured.arms || !worth).then(|| format!("version {} of the track record says other things of such a case", measured.record))
}

/// The kind of case in words.
pub(crate) fn region_words(record: &TrackRecord, region: u32) -> String {
    let at = usize::try_from(region).unwrap_or(usize::MAX);
    match record.regions.get(at) {
        Some(region) => region.words(),
        None => Region { when: Vec::new(), unless: record.regions.iter().map(|region| region.when.clone()).collect() }.words(),
    }
}

fn sentence(body: &CaseRouted, playbook: &Playbook, record: Option<&TrackRecord>) -> String {
    let what = match body.route {
        Route::Automate => "The AI decided this case",
        Route::Assist => "One person decides, with advice in view",
        Route::Blind => "One person answers first without advice, then sees it and decides",
        Route::Unaided => "One person decides without advice",
        Route::Panel => "Several people answer independently",
        Route::Hold => "Nobody can decide this case yet",
    };
    let why = match (body.reason.as_str(), &body.rule) {
        ("rule", Some(rule)) => format!("because the rule \"{rule}\" of playbook {} says so", playbook.name),
        ("default", _) => format!("because that is what playbook {} says where no rule speaks", playbook.name),
        ("blind_share", _) => drawn(body, route::DRAW_BLIND, "goes blind"),
        ("audit", _) => drawn(body, route::DRAW_AUDIT, "of the automated cases goes to people, as a blind audit"),
        ("explore", _) => drawn(body, route::DRAW_EXPLORE, "goes to a route by lot, so that every way to decide stays measured"),
        ("experiment", _) => {
            format!("{}: it was assigned to \"{}\"", drawn(body, route::DRAW_EXPERIMENT, "enters an experiment"), arm_name(body))
        }
        ("certificate", _) => certified(body, playbook, record),
        ("measured", _) => cheaper(body, playbook, record),
        ("no_proposal", _) => "because nothing was proposed when it came in".into(),
        ("away", _) => "because too many of those who may decide are away".to_owned(),
        ("no_roster", _) => format!("because no active member has one of the roles {}", playbook.decide.roles.join(", ")),
        ("escalated", _) => format!("because it was escalated to the role {}", body.role.as_deref().unwrap_or("")),
        ("reopened", _) => "because it was opened again".into(),
        (other, _) => format!("because of {other}"),
    };
    let automation = match body.would_automate.as_ref().map(|would| would.refused.as_str()) {
        Some("stopped") => " Automation is allowed by the playbook, but stopped.",
        Some("no_certificate") => " Automation is allowed by the playbook, but no certificate covers this case.",
        Some("forbidden") => " A rule of the workspace keeps it from being automated.",
        Some("expired") => " The certificate that would cover it has expired.",
        Some("rule") => " A certificate would cover it, but rules come first.",
        Some("no_roster") => " A certificate covers it, but nobody is there who could look at what it does.",
        Some("costlier") => " A certificate covers it, but its errors would cost more than people's time.",
        _ => "",
    };
    let place = match order::haste(body) {
        Some(haste) if haste.by_lot => " Its place in the queue is drawn by lot, so that figures can rest on what it teaches.".to_owned(),
        Some(haste) => format!(
            " It comes sooner than it is due, since a model that is still learning, and advises nobody, learns more from it than from {} % of such cases.",
            haste.share / (ONE_BILLIONTHS / 100)
        ),
        None => String::new(),
    };
    format!("{what}, {why}.{automation}{place}")
}

fn drawn(body: &CaseRouted, purpose: &str, what: &str) -> String {
    match body.draws.iter().find(|draw| route::purpose_kind(&draw.purpose) == purpose) {
        Some(draw) => {
            format!("because its committed random draw {} lies under the share {} that {what}", share(draw.value), share(draw.share))
        }
        None => format!("because a share {what}"),
    }
}

fn arm_name(body: &CaseRouted) -> &str {
    let arms = body.inputs.as_ref().and_then(|inputs| inputs.experiment.as_ref()).map(|experiment| experiment.arms.as_slice());
    let at = body.assigned.as_ref().and_then(|assigned| usize::try_from(assigned.arm).ok());
    at.and_then(|at| arms?.get(at)).map_or("", |arm| arm.name.as_str())
}

fn region_of(body: &CaseRouted, record: Option<&TrackRecord>) -> String {
    measured(body).zip(record).map_or_else(|| "such cases".into(), |(m, record)| format!("such cases ({})", region_words(record, m.region)))
}

fn certified(body: &CaseRouted, playbook: &Playbook, record: Option<&TrackRecord>) -> String {
    let id = measured(body).and_then(|m| m.certificate.as_ref()).map(|c| c.id.as_str()).unwrap_or_default();
    let issued = record.and_then(|record| record.certificates.iter().find(|issued| issued.id == id));
    let evidence = issued.map_or_else(String::new, |issued| {
        let c = &issued.certificate;
        let judged = record.is_some_and(|record| record.labels.kind == LabelKind::Judgments);
        let errors = if judged { "other answers of people without advice" } else { "errors" };
        format!(
            ": {} {errors} in {} fresh cases, at most {:.2} % at a certainty of {:.0} %",
            c.errors,
            c.n,
            c.alpha * 100.0,
            (1.0 - c.delta) * 100.0
        )
    });
    format!("because a certificate of playbook {} covers {}{evidence}", playbook.name, region_of(body, record))
}

fn cheaper(body: &CaseRouted, playbook: &Playbook, record: Option<&TrackRecord>) -> String {
    let arm = |route: Route| measured(body).and_then(|m| m.arms.iter().find(|arm| arm.route == route));
    let units = |cost: i64| format!("{:.3}", cost as f64 / 1e6);
    let cost = match (arm(body.route), arm(playbook.routing.default)) {
        (Some(here), Some(there)) => {
            format!(
                ": an expected cost of {} (n = {}) against {} (n = {}) for {}",
                units(here.cost),
                here.n,
                units(there.cost),
                there.n,
                playbook.routing.default.as_str()
            )
        }
        _ => String::new(),
    };
    format!("because that was measured to be the cheapest allowed way for {}{cost}", region_of(body, record))
}
