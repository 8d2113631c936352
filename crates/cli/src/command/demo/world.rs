//! The world outside while the demo serves: outcomes arrive some seconds after a decision, and `atlas` answers when it is asked.
//! It knows the truth of the waiting cases, which no real system does; it never decides, and touches no other case.

use super::month::Truths;
use crate::node::{Node, operator};
use anyhow::{Context as _, Result};
use countersign_app::{
    App, Options, Workspace,
    event::Notice,
    input::{OutcomeInput, ProposalInput},
};
use countersign_core::id::CaseId;
use countersign_demo::people::ATLAS;
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle, time::sleep};

/// After this the world says what was right; the grace in which a decision can be taken back has begun, and gone on.
const OUTCOME_AFTER: Duration = Duration::from_secs(12);
/// How long `atlas` thinks.
const ANSWER_AFTER: Duration = Duration::from_millis(900);

#[derive(Clone)]
struct World {
    workspace: Workspace,
    truths: Arc<Truths>,
}

/// Goes on in the background until it is aborted.
pub fn begin(node: &Node, truths: Truths) -> JoinHandle<()> {
    let world = World { workspace: node.workspace.clone(), truths: Arc::new(truths) };
    tokio::spawn(follow(node.app.clone(), world))
}

async fn follow(app: App, world: World) {
    let mut notices = app.subscribe();
    loop {
        match notices.recv().await {
            Ok(notice) => {
                let Some(truth) = notice.case.and_then(|case| world.truths.get(&case)).cloned() else { continue };
                let world = world.clone();
                tokio::spawn(async move {
                    if let Err(error) = world.react(notice, truth).await {
                        tracing::warn!(error = %format!("{error:#}"), "the demo's world could not react");
                    }
                });
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

impl World {
    async fn react(&self, notice: Notice, truth: String) -> Result<()> {
        let Some(case) = notice.case else { return Ok(()) };
        match notice.type_name {
            "decision.made" => self.outcome(case, truth).await,
            "ask.made" => self.answer(case, notice, truth).await,
            _ => Ok(()),
        }
    }

    /// Says what was right, unless nobody would ever learn it or it was said.
    async fn outcome(&self, case: CaseId, truth: String) -> Result<()> {
        sleep(OUTCOME_AFTER).await;
        let view = self.workspace.case_get(case, None).await?;
        let Some(decision) = &view.decision else { return Ok(()) };
        let unseen = view.playbook == "alert-triage" && decision.answer == "benign";
        if unseen || view.outcome.is_some() {
            return Ok(());
        }
        let input = OutcomeInput { value: Value::from(truth), source: None, at: None };
        self.workspace.case_outcome(&operator(), case, input, Options::default()).await?;
        Ok(())
    }

    /// A second proposal, chained to the one that was asked about: a second look mostly finds the truth.
    async fn answer(&self, case: CaseId, notice: Notice, truth: String) -> Result<()> {
        sleep(ANSWER_AFTER).await;
        let view = self.workspace.case_get(case, None).await?;
        let events = self.workspace.events_from(notice.position, 1).await?;
        let ask = events.first().map(|event| &event.event["body"]).context("the ask is in the log")?;
        let about = ask["about"].as_str();
        let before = view.proposals.iter().find(|p| about == Some(p.id.to_string().as_str()));
        let before =
            before.or_else(|| view.proposals.iter().rfind(|p| p.proposer == ATLAS.name)).context("there is a proposal to ask about")?;
        let options: Vec<&String> = before.probabilities.iter().flatten().map(|(option, _)| option).collect();
        let rest = 180 / options.len().saturating_sub(1).max(1);
        let mut probabilities: Map<String, Value> =
            options.iter().map(|option| ((*option).clone(), json!(format!("0.{rest:03}")))).collect();
        let top = 1_000 - rest * options.len().saturating_sub(1);
        probabilities.insert(truth, json!(format!("0.{top:03}")));
        let proposal = ProposalInput {
            proposer: before.proposer.clone(),
            version: Some(before.version.clone()),
            probabilities: Some(probabilities),
            explanation: Some(format!("Looked again, asked \"{}\": read that way, this answer fits best.", words(&ask["instruction"]))),
            // It looked where it had looked before.
            evidence: before.evidence.clone(),
            chained_from: Some(before.id),
            ask: Some(notice.id.0),
            ..ProposalInput::default()
        };
        self.workspace.case_propose(&operator(), case, proposal, Options::default()).await?;
        Ok(())
    }
}

/// The text of a content, which stands in the event or beside it.
fn words(content: &Value) -> &str {
    content["plain"].as_str().or_else(|| content["opened"].as_str()).unwrap_or("again, please")
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::content::Content;

    #[test]
    fn what_was_asked_is_found_in_the_event_or_beside_it() {
        assert_eq!(words(&serde_json::to_value(Content::text("shorter")).unwrap()), "shorter");
        assert_eq!(words(&json!({ "sealed": { "commitment": "..", "bytes": 9 }, "opened": "shorter" })), "shorter");
    }
}
