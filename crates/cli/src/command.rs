//! The commands, one file each.

pub mod agree;
pub mod audit;
pub mod backup;
pub mod bundle;
pub mod case;
pub mod completions;
pub mod demo;
pub mod desk;
pub mod doctor;
pub mod experiment;
pub mod explain;
pub mod export;
pub mod import;
pub mod init;
pub mod key;
pub mod log;
pub mod model;
pub mod person;
pub mod playbook;
pub mod propose;
pub mod rebuild;
pub mod rehearse;
pub mod routing;
pub mod rules;
pub mod serve;
pub mod simulate;
pub mod stop;
pub mod subject;
pub mod track;
pub mod train;
pub mod verify;
pub mod webhook;

use crate::arguments::{Arguments, Command};
use anyhow::Result;

/// Runs what was typed.
pub async fn run(Arguments { global, command }: Arguments) -> Result<()> {
    match command {
        Command::Demo(arguments) => demo::run(&global, arguments).await,
        Command::Init(arguments) => init::run(&global, arguments).await,
        Command::Serve(arguments) => serve::run(&global, arguments).await,
        Command::Import(arguments) => import::run(&global, *arguments).await,
        Command::Rehearse(arguments) => rehearse::run(&global, *arguments).await,
        Command::Simulate(arguments) => simulate::run(&global, &arguments),
        Command::Export(arguments) => export::run(&global, arguments).await,
        Command::Agree(arguments) => agree::run(&global, arguments).await,
        Command::Case(command) => case::run(&global, command).await,
        Command::Audit(arguments) => audit::run(&global, &arguments),
        Command::Track(command) => track::run(&global, command).await,
        Command::Experiment(command) => experiment::run(&global, command).await,
        Command::Routing(command) => routing::run(&global, command).await,
        Command::Rules(command) => rules::run(&global, command).await,
        Command::Webhook(command) => webhook::run(&global, command).await,
        Command::Train(arguments) => train::run(&global, arguments).await,
        Command::Propose(arguments) => propose::run(&global, arguments).await,
        Command::Model(command) => model::run(&global, command).await,
        Command::Explain(arguments) => explain::run(&global, arguments).await,
        Command::Verify(arguments) => verify::run(&global, arguments).await,
        Command::Bundle(arguments) => bundle::run(&global, arguments).await,
        Command::Subject(command) => subject::run(&global, command).await,
        Command::Person(command) => person::run(&global, command).await,
        Command::Key(command) => key::run(&global, command).await,
        Command::Log(command) => log::run(&global, command).await,
        Command::Playbook(command) => playbook::run(&global, command).await,
        Command::Stop(arguments) => stop::stop(&global, arguments).await,
        Command::Resume(arguments) => stop::resume(&global, arguments).await,
        Command::Backup(arguments) => backup::backup(&global, arguments).await,
        Command::Restore(arguments) => backup::restore(&global, arguments).await,
        Command::Rebuild => rebuild::run(&global).await,
        Command::Desk(command) => desk::run(&global, command).await,
        Command::Doctor => doctor::run(&global).await,
        Command::Completions(arguments) => completions::run(&arguments),
    }
}
