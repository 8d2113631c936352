//! `experiment`: ways to decide that are compared by lot. Started and stopped in a person's name; what it comes to is learned by `serve`.

use super::person;
use crate::{
    arguments::Global,
    exit::Exit,
    node::{self, Node},
};
use anyhow::Result;
use countersign_app::experiment::{ArmInput, ExperimentInput, ExperimentStopInput, ExperimentView};
use countersign_core::id::{EventId, PersonId};

/// What can be done with experiments.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Start one: a share of the cases that people decide goes by lot to the ways that are compared
    Start(StartArguments),
    /// Show one, with what it has come to
    Show {
        /// The experiment's id
        experiment: EventId,
    },
    /// List experiments
    List {
        /// Only those of one playbook
        #[arg(long, short, value_name = "NAME")]
        playbook: Option<String>,
    },
    /// Stop one: no further case enters
    Stop {
        /// The experiment's id
        experiment: EventId,
        /// The person who answers for it: name or id
        #[arg(long)]
        person: String,
        /// Why; stands in the ledger
        #[arg(long)]
        reason: String,
    },
}

/// An experiment to start.
#[derive(Debug, clap::Args)]
pub struct StartArguments {
    /// The playbook
    pub playbook: String,
    /// A way to decide, twice or more, the one to compare with first: assist, blind, unaided or panel; with advice also which and how,
    /// as in `assist,proposer=m1,version=2,unexplained` or `assist,name=with advice`
    #[arg(long = "arm", value_name = "WAY", required = true)]
    pub arms: Vec<String>,
    /// Share of the cases that enter
    #[arg(long, default_value_t = 0.5)]
    pub share: f64,
    /// What to find out: accuracy, time or cost
    #[arg(long, default_value = "time")]
    pub measure: String,
    /// Coverage of all comparisons of a measure together, at all looks at once
    #[arg(long, default_value_t = 0.95)]
    pub certainty: f64,
    /// Stop when a way is shown to be right less often than another by more than this
    #[arg(long, default_value_t = 0.0)]
    pub harm: f64,
    /// Stop when so many cases have entered
    #[arg(long, default_value_t = 2_000)]
    pub cases: u64,
    /// The question, in a sentence
    #[arg(long)]
    pub question: Option<String>,
    /// The person who answers for it: name or id
    #[arg(long)]
    pub person: String,
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let node = Node::open(global).await?;
    match command {
        Command::Start(arguments) => {
            let person = PersonId(person::find(&node, &arguments.person).await?.person);
            let arms = arguments.arms.iter().map(|text| arm(text)).collect::<Result<Vec<_>>>()?;
            let input = ExperimentInput {
                question: arguments.question,
                arms,
                share: arguments.share,
                measure: arguments.measure,
                certainty: Some(arguments.certainty),
                harm: Some(arguments.harm),
                cases_max: arguments.cases,
                person: Some(person.0),
            };
            let view = node.workspace.experiment_start(&node::person(person), &arguments.playbook, input).await?;
            node.out.either(&view, text(&view))?;
        }
        Command::Show { experiment } => {
            let view = node.workspace.experiment(experiment).await?;
            node.out.either(&view, text(&view))?;
        }
        Command::List { playbook } => {
            let views = node.workspace.experiments_list(playbook.as_deref()).await?;
            node.out.table(&views, &["experiment", "playbook", "question", "started", "state"], |view| {
                let state = view.stopped.as_ref().map_or_else(|| "runs".to_owned(), |stopped| format!("ended: {}", stopped.cause));
                vec![view.experiment.to_string(), view.playbook.clone(), view.question.clone(), view.started.clone(), state]
            })?;
        }
        Command::Stop { experiment, person, reason } => {
            let person = PersonId(person::find(&node, &person).await?.person);
            let input = ExperimentStopInput { reason, person: Some(person.0) };
            let view = node.workspace.experiment_stop(&node::person(person), experiment, input).await?;
            node.out.either(&view, text(&view))?;
        }
    }
    node.close().await;
    Ok(())
}

/// A way as it is typed: a route, and what is said of its advice.
fn arm(text: &str) -> Result<ArmInput> {
    let mut parts = text.split(',').map(str::trim);
    let mut arm = ArmInput { route: parts.next().unwrap_or_default().to_owned(), ..ArmInput::default() };
    for part in parts {
        match part.split_once('=') {
            Some(("name", name)) => arm.name = Some(name.to_owned()),
            Some(("proposer", name)) => arm.proposer = Some(name.to_owned()),
            Some(("version", version)) => arm.version = Some(version.to_owned()),
            None if part == "unexplained" => arm.explanation = Some(false),
            _ => {
                let why = format!("--arm {text:?}: after the route come name=, proposer=, version= or unexplained, parted by commas");
                return Err(Exit::Usage.because(why));
            }
        }
    }
    Ok(arm)
}

fn text(view: &ExperimentView) -> String {
    let mut lines = vec![
        format!("{} in {}: {}", view.experiment, view.playbook, view.question),
        format!(
            "  started {}; {} of the cases enter, {} at most; measured: {}",
            view.started,
            percent(view.share),
            view.cases_max,
            view.measure
        ),
    ];
    match &view.stopped {
        Some(stopped) => lines.push(format!("  ended {} ({}): {}", stopped.at, stopped.cause, stopped.reason)),
        None => lines.push("  runs".into()),
    }
    for arm in &view.arms {
        lines.push(format!("  {}: {} assigned, {} decided, {} with a known truth", arm.name, arm.assigned, arm.decided, arm.known));
        for mean in &arm.means {
            lines.push(format!("    {:<9} {}", mean.measure, figure(&mean.measure, (mean.value, mean.low, mean.high), mean.n)));
        }
    }
    for answer in &view.answer {
        lines.push(format!("  {answer}"));
    }
    for note in &view.notes {
        lines.push(format!("  {note}"));
    }
    match &view.as_of {
        Some(at) => lines.push(format!(
            "  by version {} of the track record, made {at}; every interval holds at {} at all looks at once",
            view.record.unwrap_or(0),
            percent(view.certainty)
        )),
        None => lines.push("  nothing was learned since it was started: `countersign track learn`, or wait for `serve`".into()),
    }
    lines.join("\n")
}

fn figure(measure: &str, (value, low, high): (f64, f64, f64), n: u64) -> String {
    match measure {
        "accuracy" => format!("{} right [{}, {}], n = {n}", percent(value), percent(low), percent(high)),
        "time" => format!("{value:.2} minutes a case [{low:.2}, {high:.2}], n = {n}"),
        _ => format!("{value:.3} a case [{low:.3}, {high:.3}], n = {n}"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
