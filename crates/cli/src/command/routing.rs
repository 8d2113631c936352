//! `routing`: another routing for a playbook, drafted, rehearsed over past cases, approved by a second person, and one step back.

use super::person;
use crate::{
    arguments::Global,
    node::{self, Node, operator},
};
use anyhow::{Context as _, Result};
use countersign_app::{
    routing::{DraftAct, DraftInput, DraftView, PolicyView, REHEARSED_CASES, RehearseInput},
    track::Figure,
};
use countersign_core::id::{EventId, PersonId};
use std::path::PathBuf;

/// What can be done with a playbook's routing.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print today's routing of a playbook, as TOML
    Today {
        /// The playbook
        playbook: String,
    },
    /// Draft another routing beside today's
    Draft {
        /// The playbook
        playbook: String,
        /// The TOML of [routing] with all its tables
        file: PathBuf,
        /// Who writes it: name or id; never approves it
        #[arg(long)]
        person: String,
        /// What it is for; stands in the ledger
        #[arg(long)]
        reason: String,
    },
    /// Run a draft and today's routing over past cases
    Rehearse {
        /// The draft's id
        draft: EventId,
        /// The latest so many decided cases
        #[arg(long, default_value_t = REHEARSED_CASES)]
        cases: u32,
    },
    /// Show a draft, with what its rehearsal came to
    Show {
        /// The draft's id
        draft: EventId,
    },
    /// List the drafts of a playbook
    List {
        /// The playbook
        playbook: String,
    },
    /// Approve a draft: it is live at once for whatever comes in
    Approve {
        /// The draft's id
        draft: EventId,
        /// A second person, not its author: name or id
        #[arg(long)]
        person: String,
    },
    /// Take a draft back
    Withdraw(Act<EventId>),
    /// Go back to the routing from before the last approved draft
    RollBack(Act<String>),
}

/// Something that a person does, with a reason.
#[derive(Debug, clap::Args)]
pub struct Act<T: Clone + Send + Sync + std::str::FromStr<Err: std::error::Error + Send + Sync + 'static> + 'static> {
    /// The draft's id, or the playbook
    pub what: T,
    /// Who does it: name or id
    #[arg(long)]
    pub person: String,
    /// Why; stands in the ledger
    #[arg(long)]
    pub reason: String,
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let node = Node::open(global).await?;
    let workspace = &node.workspace;
    let view = match command {
        Command::Today { playbook } => {
            let routing = workspace.routing_today(&playbook).await?;
            node.out.either(&serde_json::json!({ "playbook": playbook, "routing": routing }), &routing)?;
            None
        }
        Command::Draft { playbook, file, person, reason } => {
            let person = PersonId(person::find(&node, &person).await?.person);
            let routing = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let input = DraftInput { routing, reason, person: Some(person.0) };
            Some(workspace.routing_draft(&node::person(person), &playbook, input).await?)
        }
        Command::Rehearse { draft, cases } => {
            Some(workspace.routing_rehearse(&operator(), draft, RehearseInput { cases: Some(cases) }).await?)
        }
        Command::Show { draft } => Some(workspace.routing_get(draft).await?),
        Command::List { playbook } => {
            let drafts = workspace.routings_list(&playbook).await?;
            node.out.table(&drafts, &["draft", "drafted", "by", "state", "reason"], |view| {
                let by = view.person.clone().unwrap_or_default();
                vec![view.draft.to_string(), view.drafted.clone(), by, state(view), view.reason.clone()]
            })?;
            None
        }
        Command::Approve { draft, person } => {
            let person = PersonId(person::find(&node, &person).await?.person);
            let act = DraftAct { person: Some(person.0), reason: String::new() };
            Some(workspace.routing_approve(&node::person(person), draft, act).await?)
        }
        Command::Withdraw(Act { what, person, reason }) => {
            let person = PersonId(person::find(&node, &person).await?.person);
            Some(workspace.routing_withdraw(&node::person(person), what, DraftAct { person: Some(person.0), reason }).await?)
        }
        Command::RollBack(Act { what, person, reason }) => {
            let person = PersonId(person::find(&node, &person).await?.person);
            Some(workspace.routing_roll_back(&node::person(person), &what, DraftAct { person: Some(person.0), reason }).await?)
        }
    };
    if let Some(view) = view {
        node.out.either(&view, text(&view))?;
    }
    node.close().await;
    Ok(())
}

fn state(view: &DraftView) -> String {
    let state = view.state.replace('_', " ");
    if view.stale { format!("{state}, but the playbook has a newer version: draft it anew") } else { state }
}

fn text(view: &DraftView) -> String {
    let mut lines = vec![
        format!("{} of {}, version {}: {}", view.draft, view.playbook, view.base, state(view)),
        format!("  by {}, {}: {}", view.person.as_deref().unwrap_or("(name erased)"), view.drafted, view.reason),
    ];
    if let (Some(version), Some(person)) = (view.version, &view.approved_by) {
        lines.push(format!("  approved by {person}, as version {version}"));
    }
    match &view.rehearsed {
        None => lines.push("  not rehearsed yet".into()),
        Some(rehearsed) => {
            lines.push(format!("  over the latest {} cases {} would go another way", rehearsed.cases, rehearsed.moved));
            lines.extend(policy("today", &rehearsed.today));
            lines.extend(policy("draft, at first", &rehearsed.draft));
            lines.extend(rehearsed.certified.iter().flat_map(|figures| policy("draft, once certified again", figures)));
            lines.push(
                "  where the record chooses the ways, the same estimates choose and price them: they look better than they are".into(),
            );
        }
    }
    lines.join("\n")
}

fn policy(name: &str, figures: &PolicyView) -> Vec<String> {
    let routes: Vec<String> = figures.routes.iter().map(|of| format!("{} {:.1} %", of.route, of.share * 100.0)).collect();
    let share = |f: &Figure| format!("{:.2} % [{:.2}, {:.2}]", f.value * 100.0, f.low * 100.0, f.high * 100.0);
    let cost = |f: &Figure| format!("{:.3} [{:.3}, {:.3}]", f.value, f.low, f.high);
    let told = |figure: Option<String>| figure.unwrap_or_else(|| "not enough yet".into());
    let mut lines = vec![
        format!("  {name}: {}", routes.join(", ")),
        format!(
            "    expected errors {}; cost of a case {}",
            told(figures.error.as_ref().map(share)),
            told(figures.cost.as_ref().map(cost))
        ),
    ];
    if figures.unmeasured > 0 {
        lines.push(format!("    of {} cases nothing is expected: their way was never measured", figures.unmeasured));
    }
    lines
}
