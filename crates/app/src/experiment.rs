//! Experiments: started and stopped by people, ended by their own rules, and told with what they have come to. Computes nothing that is
//! not in the track record.

mod view;

pub use view::{ArmView, DifferenceView, ExperimentView, MeanView, StoppedView, TrailView};

use crate::{Caller, Error, Workspace, control::Control, writer::Change};
use countersign_core::{
    event::{ExperimentArm, ExperimentEnd, ExperimentStarted, Measure, Route},
    id::{EventId, PersonId, PlaybookId},
    limits::REMARK_BYTES_MAX,
    number::billionths,
    playbook::Playbook,
    refusal::{Code, Refusal},
};
use countersign_engine::{
    track::TrackRecord,
    workspace::{ExperimentFacts, WorkspaceCommand},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};
use utoipa::ToSchema;
use uuid::Uuid;

const CERTAINTY: f64 = 0.95;

/// One of the ways that an experiment compares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArmInput {
    /// A short name; absent: made of the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `assist`, `blind`, `unaided` or `panel`.
    pub route: String,
    /// Only this proposer's advice is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposer: Option<String>,
    /// Only this version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `false`: advice is shown without its explanation and its evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<bool>,
}

/// An experiment to start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentInput {
    /// What is to be found out, in a sentence; absent: made of the rest.
    #[serde(default)]
    pub question: Option<String>,
    /// The ways, 2 to 4; the first is what the others are compared with.
    pub arms: Vec<ArmInput>,
    /// Share of the cases that enter, above 0 and at most 1.
    pub share: f64,
    /// `accuracy`, `time` or `cost`: what it is started to find out.
    pub measure: String,
    /// Coverage of all comparisons of a measure together, at all looks at once; absent: 0.95.
    #[serde(default)]
    pub certainty: Option<f64>,
    /// It stops when a way is shown to be right less often than another by more than this; absent: 0.
    #[serde(default)]
    pub harm: Option<f64>,
    /// It stops when so many cases have entered.
    pub cases_max: u64,
    /// Who starts it; absent where the key speaks for one.
    #[serde(default)]
    pub person: Option<Uuid>,
}

/// Why a person stops an experiment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentStopInput {
    /// Why, for the ledger.
    pub reason: String,
    /// Who stops it; absent where the key speaks for one.
    #[serde(default)]
    pub person: Option<Uuid>,
}

fn route(word: &str, field: &str) -> Result<Route, Refusal> {
    let routes = [Route::Assist, Route::Blind, Route::Unaided, Route::Panel];
    let known = routes.into_iter().find(|route| route.as_str() == word);
    known.ok_or_else(|| Refusal::invalid(field, "an experiment compares assist, blind, unaided and panel"))
}

/// The word that a way goes by where none was given.
fn named(arm: &ArmInput, route: Route) -> String {
    let base = match route {
        Route::Assist => "with advice",
        Route::Blind => "own answer first",
        Route::Panel => "a panel",
        _ => "without advice",
    };
    let of = match (&arm.proposer, &arm.version) {
        (Some(proposer), Some(version)) => format!(" of {proposer} {version}"),
        (Some(proposer), None) => format!(" of {proposer}"),
        (None, Some(version)) => format!(" of version {version}"),
        (None, None) => String::new(),
    };
    let bare = if arm.explanation == Some(false) { ", unexplained" } else { "" };
    format!("{base}{of}{bare}")
}

/// What is asked, as the engine takes it.
fn parsed(input: &ExperimentInput, playbook: (PlaybookId, &Playbook), person: PersonId) -> Result<ExperimentStarted, Refusal> {
    let (playbook_id, playbook) = playbook;
    let mut arms = Vec::with_capacity(input.arms.len());
    for (at, arm) in input.arms.iter().enumerate() {
        let field = format!("/arms/{at}/route");
        let route = route(&arm.route, &field)?;
        if !playbook.routing.allows(route) {
            let detail =
                format!("playbook {} does not let people decide this way: name it in [routing] choose = [..] first", playbook.name);
            return Err(Refusal::invalid(field, detail));
        }
        let name = arm.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).map_or_else(|| named(arm, route), str::to_owned);
        let (proposer, version) = (arm.proposer.clone(), arm.version.clone());
        arms.push(ExperimentArm { name, route, proposer, version, unexplained: arm.explanation == Some(false) });
    }
    let measures = [Measure::Accuracy, Measure::Time, Measure::Cost];
    let measure = measures.into_iter().find(|measure| measure.as_str() == input.measure);
    let measure = measure.ok_or_else(|| Refusal::invalid("/measure", "one of accuracy, time, cost"))?;
    let share = |field: &str, value: f64| billionths(value).map_err(|e| Refusal::invalid(field, e.to_string()));
    let names: Vec<&str> = arms.iter().map(|arm| arm.name.as_str()).collect();
    let question = input.question.as_deref().map(str::trim).filter(|question| !question.is_empty());
    let question = question.map_or_else(|| format!("What differs: {}?", names.join(", or ")), str::to_owned);
    if question.len() > REMARK_BYTES_MAX {
        return Err(Refusal::field(Code::TooLarge, "/question", "a question is a sentence or two"));
    }
    Ok(ExperimentStarted {
        playbook: playbook_id,
        question,
        share: share("/share", input.share)?,
        measure,
        certainty: share("/certainty", input.certainty.unwrap_or(CERTAINTY))?,
        harm: share("/harm", input.harm.unwrap_or(0.0))?,
        cases_max: input.cases_max,
        person,
        arms,
    })
}

impl Workspace {
    /// Starts an experiment in a playbook: from now on a share of the cases that people decide goes by lot to its ways.
    ///
    /// # Errors
    /// Where one runs there already, a way is not allowed by the playbook, or no active member starts it in their own name.
    pub async fn experiment_start(&self, caller: &Caller, playbook: &str, input: ExperimentInput) -> Result<ExperimentView, Error> {
        let who = || Refusal::invalid("/person", "a person starts an experiment: say who answers for it");
        let person = PersonId(input.person.ok_or_else(who)?);
        let control = self.control().await?;
        let (id, _, parsed_playbook) = control.playbook_latest(playbook)?;
        let body = parsed(&input, (id, &parsed_playbook), person)?;
        let start = move |_: &Control| Ok(WorkspaceCommand::StartExperiment(body.clone()));
        let events = self.change(caller, Change::command(start)).await?;
        let started = events.first().ok_or_else(|| Error::Damaged("starting an experiment left no record".into()))?;
        self.experiment(started.id).await
    }

    /// Lets no further case enter. What has entered is decided as it was assigned, and counts.
    ///
    /// # Errors
    /// Where there is no such experiment, it has ended, or no active member stops it in their own name.
    pub async fn experiment_stop(&self, caller: &Caller, experiment: EventId, input: ExperimentStopInput) -> Result<ExperimentView, Error> {
        let who = || Refusal::invalid("/person", "a person stops an experiment: say who answers for it");
        let person = PersonId(input.person.ok_or_else(who)?);
        let reason = input.reason.trim().to_owned();
        if reason.is_empty() || reason.len() > REMARK_BYTES_MAX {
            return Err(Refusal::invalid("/reason", "say in a sentence why it is stopped").into());
        }
        let stop = move |_: &Control| {
            Ok(WorkspaceCommand::StopExperiment { experiment, cause: ExperimentEnd::Person, reason: reason.clone(), person: Some(person) })
        };
        self.change(caller, Change::command(stop)).await?;
        self.experiment(experiment).await
    }

    /// An experiment, with what it has come to by the latest track record.
    ///
    /// # Errors
    /// Where there is none, or the storage fails.
    pub async fn experiment(&self, experiment: EventId) -> Result<ExperimentView, Error> {
        let control = self.control().await?;
        let none = || Refusal::field(Code::NotFound, "/experiment", "there is no such experiment");
        let facts = control.state.experiments.get(&experiment).ok_or_else(none)?;
        let record = self.record_latest(&control, facts.started.playbook).await?;
        Ok(view::of(&control, (experiment, facts), record.as_deref()))
    }

    async fn record_latest(&self, control: &Control, playbook: PlaybookId) -> Result<Option<Arc<TrackRecord>>, Error> {
        match control.state.records.get(&playbook) {
            Some(facts) => Ok(Some(self.record_read(playbook, facts.latest).await?.0)),
            None => Ok(None),
        }
    }

    /// All experiments, or those of one playbook, the latest first.
    ///
    /// # Errors
    /// Where there is no such playbook, or the storage fails.
    pub async fn experiments_list(&self, playbook: Option<&str>) -> Result<Vec<ExperimentView>, Error> {
        let control = self.control().await?;
        let wanted = playbook.map(|name| control.playbook_id(name)).transpose()?;
        let of = control.state.experiments.iter().filter(|(_, facts)| wanted.is_none_or(|id| facts.started.playbook == id));
        let mut of: Vec<_> = of.collect();
        of.sort_unstable_by_key(|(id, facts)| std::cmp::Reverse((facts.started_at, **id)));
        // One record a playbook, however many experiments it tells of.
        let mut records: HashMap<PlaybookId, Option<Arc<TrackRecord>>> = HashMap::new();
        for (_, facts) in &of {
            let playbook = facts.started.playbook;
            if let Entry::Vacant(unread) = records.entry(playbook) {
                unread.insert(self.record_latest(&control, playbook).await?);
            }
        }
        let record = |facts: &ExperimentFacts| records.get(&facts.started.playbook).and_then(Option::as_deref);
        Ok(of.into_iter().map(|(id, facts)| view::of(&control, (*id, facts), record(facts))).collect())
    }
}
