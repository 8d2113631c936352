//! `rules`: who may do what, and why; other rules checked, tested, drafted, held against the last month, approved by a second lead.

use super::person;
use crate::{
    arguments::Global,
    exit::Exit,
    node::{self, Node, operator},
};
use anyhow::{Context as _, Result};
use countersign_app::rules::{CheckedView, EffectsView, MatrixView, RulesAct, RulesDraftView, RulesInput, RulesText};
use countersign_core::id::{EventId, PersonId};
use std::path::{Path, PathBuf};

/// What can be done with the rules of a workspace.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print the rules that hold, or those of a draft
    Show {
        /// A draft's id; absent: the rules that hold
        draft: Option<EventId>,
        /// Print what is expected of them instead
        #[arg(long)]
        expectations: bool,
        /// Print every rule that is decided by, those of playbooks, defaults and what stands fixed among them
        #[arg(long, conflicts_with = "expectations")]
        all: bool,
    },
    /// Say who may do what, and by which rule
    Who {
        /// In which playbook; absent: in the whole workspace
        playbook: Option<String>,
    },
    /// Read rules that are in a file: what is wrong with them, and what they change; nothing is saved
    Check {
        /// The rules, in Cedar
        file: PathBuf,
        /// What is expected of them, as TOML
        #[arg(long)]
        expectations: Option<PathBuf>,
    },
    /// Hold what is expected against the rules that hold, or against those in a file
    Test {
        /// What is expected, as TOML; absent: what is kept beside the rules that hold
        expectations: Option<PathBuf>,
        /// Rules in a file; absent: those that hold
        #[arg(long)]
        rules: Option<PathBuf>,
    },
    /// Draft other rules beside today's
    Draft {
        /// The rules, in Cedar
        file: PathBuf,
        /// What is expected of them, as TOML
        #[arg(long)]
        expectations: Option<PathBuf>,
        /// Who writes it: name or id; never approves it
        #[arg(long)]
        person: String,
        /// What it is for; stands in the ledger
        #[arg(long)]
        reason: String,
    },
    /// Hold a draft against what was done in the last month
    Replay {
        /// The draft's id
        draft: EventId,
    },
    /// List the drafts
    List,
    /// Approve a draft: its rules hold at once
    Approve {
        /// The draft's id
        draft: EventId,
        /// A second lead, not its author: name or id
        #[arg(long)]
        person: String,
    },
    /// Take a draft back, or turn it down
    Withdraw {
        /// The draft's id
        draft: EventId,
        /// Who does it: name or id
        #[arg(long)]
        person: String,
        /// Why; stands in the ledger
        #[arg(long)]
        reason: String,
    },
    /// Go back to the rules from before the last approved draft
    RollBack {
        /// Who does it: name or id
        #[arg(long)]
        person: String,
        /// Why; stands in the ledger
        #[arg(long)]
        reason: String,
    },
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let node = Node::open(global).await?;
    let done = carried_out(&node, command).await;
    node.close().await;
    done
}

async fn carried_out(node: &Node, command: Command) -> Result<()> {
    let workspace = &node.workspace;
    let view = match command {
        Command::Show { draft, expectations, all } => return show(node, draft, (expectations, all)).await,
        Command::Who { playbook } => {
            let matrix = workspace.rules_matrix(playbook.as_deref()).await?;
            return node.out.either(&matrix, told(&matrix));
        }
        Command::Check { file, expectations } => {
            let text = RulesText { rules: read(&file)?, expectations: expectations.as_deref().map(read).transpose()?.unwrap_or_default() };
            return checked(node, &workspace.rules_check(&text).await?);
        }
        Command::Test { expectations, rules } => {
            let today = workspace.rules_get().await?;
            let text = RulesText {
                rules: rules.as_deref().map(read).transpose()?.unwrap_or(today.rules),
                expectations: expectations.as_deref().map(read).transpose()?.unwrap_or(today.expectations),
            };
            return checked(node, &CheckedView { effects: EffectsView::default(), ..workspace.rules_check(&text).await? });
        }
        Command::List => {
            let drafts = workspace.rules_drafts_list().await?;
            return node.out.table(&drafts, &["draft", "drafted", "by", "state", "reason"], |view| {
                let by = view.person.clone().unwrap_or_default();
                vec![view.draft.to_string(), view.drafted.clone(), by, state(view), view.reason.clone()]
            });
        }
        Command::Draft { file, expectations, person, reason } => {
            let person = PersonId(person::find(node, &person).await?.person);
            let expectations = expectations.as_deref().map(read).transpose()?.unwrap_or_default();
            let input = RulesInput { rules: read(&file)?, expectations, reason, person: Some(person.0) };
            workspace.rules_draft(&node::person(person), input).await?
        }
        Command::Replay { draft } => workspace.rules_replay(&operator(), draft).await?,
        Command::Approve { draft, person } => {
            let person = PersonId(person::find(node, &person).await?.person);
            let act = RulesAct { person: Some(person.0), reason: String::new() };
            workspace.rules_approve(&node::person(person), draft, act).await?
        }
        Command::Withdraw { draft, person, reason } => {
            let person = PersonId(person::find(node, &person).await?.person);
            workspace.rules_withdraw(&node::person(person), draft, RulesAct { person: Some(person.0), reason }).await?
        }
        Command::RollBack { person, reason } => {
            let person = PersonId(person::find(node, &person).await?.person);
            workspace.rules_roll_back(&node::person(person), RulesAct { person: Some(person.0), reason }).await?
        }
    };
    node.out.either(&view, text(&view))
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

async fn show(node: &Node, draft: Option<EventId>, (expectations, all): (bool, bool)) -> Result<()> {
    let Some(draft) = draft else {
        let view = node.workspace.rules_get().await?;
        let every = || view.all.iter().map(|rule| format!("{} ({}): {}", rule.id, rule.kind, rule.says)).collect::<Vec<_>>().join("\n");
        let text = match (expectations, all) {
            (true, _) => view.expectations.clone(),
            (_, true) => every(),
            _ if view.version == 0 => {
                "// The workspace has no rules of its own and goes by the defaults: countersign rules show --all".into()
            }
            _ => view.rules.clone(),
        };
        return node.out.either(&view, text);
    };
    let view = node.workspace.rules_draft_get(draft).await?;
    let shown = if expectations { view.expectations.clone() } else { format!("{}\n\n{}", text(&view), view.rules) };
    node.out.either(&view, shown)
}

/// What rules come to that nobody has saved; a failure where something is wrong with them.
fn checked(node: &Node, view: &CheckedView) -> Result<()> {
    let mut lines = view.problems.clone();
    lines.extend(view.failures.iter().map(|failure| format!("/expectations: line {}: {}", failure.line, failure.message)));
    let wrong = lines.len();
    if wrong == 0 {
        lines.push(format!("The rules are sound, and meet all of {} expectations.", view.expectations));
        lines.extend(effects(&view.effects));
    }
    node.out.either(view, lines.join("\n"))?;
    if wrong > 0 { Err(Exit::Refused.because(format!("{wrong} things are wrong with them"))) } else { Ok(()) }
}

fn state(view: &RulesDraftView) -> String {
    let state = view.state.replace('_', " ");
    if view.stale { format!("{state}, but the rules have a newer version: draft it anew") } else { state }
}

fn text(view: &RulesDraftView) -> String {
    let mut lines = vec![
        format!("{} of version {}: {}", view.draft, view.base, state(view)),
        format!("  by {}, {}: {}", view.person.as_deref().unwrap_or("(name erased)"), view.drafted, view.reason),
    ];
    if let (Some(version), Some(person)) = (view.version, &view.approved_by) {
        lines.push(format!("  approved by {person}, as version {version}"));
    }
    lines.extend(view.ended.iter().map(|reason| format!("  ended: {reason}")));
    lines.extend(effects(&view.effects).into_iter().map(|line| format!("  {line}")));
    match &view.replayed {
        None => lines.push("  not held against the last month yet".into()),
        Some(replayed) => {
            lines.push(format!(
                "  of {} things done since {}, {} would have been refused, and {} allowed that are refused today",
                replayed.acts, replayed.since, replayed.refused, replayed.allowed
            ));
            lines.extend(replayed.examples.iter().map(|one| {
                let what = if one.allowed { "allowed" } else { "refused" };
                let who = one.person.as_deref().unwrap_or("a program");
                format!("    {who}, {}: {what} by {}", one.action, one.rule.as_deref().unwrap_or("no rule that allows it"))
            }));
        }
    }
    lines.join("\n")
}

fn effects(view: &EffectsView) -> Vec<String> {
    let mut lines: Vec<String> = view.rules.iter().map(|rule| format!("rule {} is {}: {}", rule.id, rule.change, rule.says)).collect();
    lines.extend(view.people.iter().map(|effect| {
        let may = if effect.allowed { "newly may" } else { "no longer may" };
        let within = effect.playbook.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        format!("{} {may} {}{within}: {}", effect.who.join(", "), effect.action, effect.because)
    }));
    lines
}

fn told(matrix: &MatrixView) -> String {
    let mut lines = Vec::new();
    for row in &matrix.rows {
        let roles = if row.roles.is_empty() { String::new() } else { format!(" ({})", row.roles.join(", ")) };
        lines.push(format!("{}{roles}", row.who));
        for may in &row.may {
            let word = match (may.allowed, may.depends) {
                (false, _) => "no",
                (true, false) => "yes",
                (true, true) => "depends on the case",
            };
            lines.push(format!("  {}: {word}. {}", may.action, may.because));
        }
    }
    for mask in &matrix.masks {
        let names = |all: &[String]| if all.is_empty() { "nobody".to_owned() } else { all.join(", ") };
        lines.push(format!("field {}: seen whole by {}; masked to {}", mask.field, names(&mask.whole), names(&mask.masked)));
    }
    lines.join("\n")
}
