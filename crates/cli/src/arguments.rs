//! What can be typed. Each command has its file under [`crate::command`].

use crate::{command, out::Out};
use clap::{Args, Parser, Subcommand};
use countersign_core::id::WorkspaceId;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 input refused · 4 not verified · 5 storage or secret.
Data goes to standard output, talk to standard error; --json makes data of everything. More: docs/cli.md";

/// Know when to trust the AI, and prove it: AI proposes, a person decides, and every decision can be proven.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The data directory [default: ./countersign-data]
    #[arg(long, global = true, value_name = "DIR", env = "COUNTERSIGN_DATA")]
    pub data: Option<PathBuf>,
    /// A PostgreSQL database instead of the embedded one
    #[arg(long, global = true, value_name = "URL", env = "COUNTERSIGN_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Where the root secret is [default: beside the data directory]
    #[arg(long, global = true, value_name = "FILE", env = "COUNTERSIGN_SECRET_FILE")]
    pub secret_file: Option<PathBuf>,
    /// The workspace, where the database has several
    #[arg(long, global = true, value_name = "ID", env = "COUNTERSIGN_WORKSPACE")]
    pub workspace: Option<WorkspaceId>,
    /// Data as JSON instead of tables and sentences
    #[arg(long, global = true)]
    pub json: bool,
    /// No talk on standard error, only failures
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

impl Global {
    /// How to speak.
    pub fn out(&self) -> Out {
        Out { json: self.json, quiet: self.quiet }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try everything with a throw-away workspace: from intake to proven decisions, then the API
    Demo(command::demo::Arguments),
    /// Make a workspace: data directory, database and root secret
    Init(command::init::Arguments),
    /// Serve the HTTP API and the desk
    Serve(command::serve::Arguments),
    /// Bring in cases with their history, from CSV or NDJSON
    Import(Box<command::import::Arguments>),
    /// Do we beat either alone? What past decisions say about people, AI and pair, from a file or the own history
    Rehearse(Box<command::rehearse::Arguments>),
    /// Run the platform in worlds whose truth is known, and hold it against that
    Simulate(command::simulate::Arguments),
    /// Write decisions, cases or events to standard output
    Export(command::export::Arguments),
    /// Do people agree, who is how good, and which labels follow? From a file of answers, without a workspace
    Agree(command::agree::Arguments),
    /// Show, open or list cases
    #[command(subcommand)]
    Case(command::case::Command),
    /// Compare how AI, people and pair treat groups, from a file of past decisions; needs no workspace
    Audit(Box<command::audit::Arguments>),
    /// What was learned of AI and people, and which version of it routing reads
    #[command(subcommand)]
    Track(command::track::Command),
    /// Ways to decide, compared by lot: does the AI make us faster, and are we right as often?
    #[command(subcommand)]
    Experiment(command::experiment::Command),
    /// Another routing for a playbook: drafted, rehearsed over past cases, approved by a second person, and one step back
    #[command(subcommand)]
    Routing(command::routing::Command),
    /// Rules about who may do what: checked, tested, drafted, held against the last month, approved by a second lead
    #[command(subcommand)]
    Rules(command::rules::Command),
    /// Addresses that are told what the leads are told: stops, experiments that ended, certificates that ran out
    #[command(subcommand)]
    Webhook(command::webhook::Command),
    /// Train a model on this machine, from labelled rows or from people's own answers here, with an honest report
    Train(command::train::Arguments),
    /// Let a model propose for many rows of a file, or for the open cases of the workspace
    Propose(command::propose::Arguments),
    /// Models: versions and cards, the shadow, and asking people to promote one
    #[command(subcommand)]
    Model(command::model::Command),
    /// Say why a case was routed as it was, derived anew from what the ledger recorded
    Explain(command::explain::Arguments),
    /// Verify the workspace, or an evidence bundle without any workspace
    Verify(command::verify::Arguments),
    /// Write the evidence bundle of a decision
    Bundle(command::bundle::Arguments),
    /// Find, export or erase what is held about a person
    #[command(subcommand)]
    Subject(command::subject::Command),
    /// People who judge
    #[command(subcommand)]
    Person(command::person::Command),
    /// API keys
    #[command(subcommand)]
    Key(command::key::Command),
    /// Sign people in at the desk
    #[command(subcommand)]
    Desk(command::desk::Command),
    /// The ledger's checkpoint and keys
    #[command(subcommand)]
    Log(command::log::Command),
    /// Playbooks: check, start from a CSV file, publish, look at
    #[command(subcommand)]
    Playbook(command::playbook::Command),
    /// Stop automation at once: everywhere, of a playbook, or of a proposer
    Stop(command::stop::StopArguments),
    /// Ask to resume automation, or confirm it: two people answer for it
    Resume(command::stop::ResumeArguments),
    /// Back the embedded database up into one file
    Backup(command::backup::BackupArguments),
    /// Restore a backup: a new log, erasures repeated
    Restore(command::backup::RestoreArguments),
    /// Rebuild the projections from the events
    Rebuild,
    /// Look for what is wrong with this installation, and say what to do
    Doctor,
    /// Write completions for a shell
    Completions(command::completions::Arguments),
}
