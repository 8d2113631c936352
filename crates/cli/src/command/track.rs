//! `track`: what was learned of a playbook, and which version of it routing reads. Learning itself is `serve`'s work, or `track learn`'s.

use super::person;
use crate::{
    arguments::Global,
    node::{self, Node},
};
use anyhow::Result;
use countersign_app::track::{Figure, TrackView};
use countersign_core::id::PersonId;

/// What can be done with track records.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show what was learned of a playbook: accuracies, certificates, the next test
    Show {
        /// The playbook
        playbook: String,
    },
    /// List the latest versions of a playbook's track record
    Versions {
        /// The playbook
        playbook: String,
    },
    /// Learn from all events now and publish what is new, without waiting for `serve`
    Learn,
    /// Let routing read one version until `track release`
    Pin {
        /// The playbook
        playbook: String,
        /// The version
        number: u64,
        /// The person who answers for it: name or id
        #[arg(long)]
        person: String,
    },
    /// Let routing read whatever is learned next
    Release {
        /// The playbook
        playbook: String,
        /// The person who answers for it: name or id
        #[arg(long)]
        person: String,
    },
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let node = Node::open(global).await?;
    match command {
        Command::Show { playbook } => match node.workspace.track(&playbook).await? {
            Some(track) => node.out.either(&track, text(&track))?,
            None => node.out.either(&serde_json::Value::Null, "nothing was learned of this playbook yet: `countersign track learn`")?,
        },
        Command::Versions { playbook } => {
            let versions = node.workspace.record_versions(&playbook).await?;
            node.out.table(&versions, &["version", "made"], |(number, at)| {
                vec![number.to_string(), countersign_core::time::format_rfc3339(*at)]
            })?;
        }
        Command::Learn => learn(&node).await?,
        Command::Pin { playbook, number, person } => {
            let person = PersonId(person::find(&node, &person).await?.person);
            node.workspace.record_pin(&node::person(person), &playbook, number, person).await?;
            node.out.say(format!("routing of {playbook} reads version {number} until it is released"));
        }
        Command::Release { playbook, person } => {
            let person = PersonId(person::find(&node, &person).await?.person);
            node.workspace.record_release(&node::person(person), &playbook, person).await?;
            node.out.say(format!("routing of {playbook} reads whatever is learned next"));
        }
    }
    node.close().await;
    Ok(())
}

async fn learn(node: &Node) -> Result<()> {
    let round = node.workspace.learn_now().await?;
    let rerouted = node.workspace.reroute_all().await?.rerouted;
    let json = serde_json::json!({
        "events": round.events,
        "published": round.published.len(),
        "broken": round.broken.len(),
        "rerouted": rerouted,
    });
    let text = format!(
        "{} events read, {} track records published, {} promises broken, {} waiting cases routed anew",
        round.events,
        round.published.len(),
        round.broken.len(),
        rerouted
    );
    node.out.either(&json, text)?;
    Ok(())
}

fn text(track: &TrackView) -> String {
    let figure = |figure: &Option<Figure>| match figure {
        Some(f) => format!("{:.1} % [{:.1}, {:.1}], n = {}", f.value * 100.0, f.low * 100.0, f.high * 100.0, f.n),
        None => "not enough yet".into(),
    };
    let judged = track.labels == "judgments";
    let (labels, errors) = if judged { ("answers without advice", "differing answers") } else { ("outcomes", "errors") };
    let mut lines = vec![
        format!("{}, version {} of its track record{}", track.playbook, track.number, if track.pinned { ", pinned" } else { "" }),
        format!("  made {} from {} events: {} cases decided, {} {labels}", track.made, track.through, track.decided, track.matured),
    ];
    if judged {
        lines.push("  nothing tells the truth: right means as a person answered without advice, on cases drawn by lot".into());
    }
    if track.corrected > 0 {
        lines.push(format!("  {} outcomes were corrected and are counted as they are now", track.corrected));
    }
    if track.proxy {
        lines.push("  the outcome is a proxy: right means right by it".into());
    }
    for region in &track.regions {
        lines.push(format!("  {}", region.region));
        lines.push(format!("    the AI          {}", figure(&region.ai)));
        lines.push(format!("    people alone    {}", figure(&region.people)));
        lines.push(format!("    people advised  {}   advice: {}", figure(&region.advised), region.advice.replace('_', " ")));
    }
    for c in &track.certificates {
        lines.push(format!(
            "  certificate: {} {} at least {:.4} sure, where {}: at most {} % {errors} at {} % certainty ({} in {}), until {}{}",
            c.proposer,
            c.version,
            c.threshold,
            c.region,
            c.max_error * 100.0,
            c.certainty * 100.0,
            c.errors,
            c.n,
            c.expires,
            if c.in_force { "" } else { "; not in force" }
        ));
        lines.push(format!("    audits: {} drawn, {} settled", c.audits_drawn, c.audits_settled));
    }
    for d in &track.drift {
        let (before, after) = (d.before * 100.0, d.after * 100.0);
        lines.push(match d.of.as_str() {
            "field" => format!("  moved: {} is now {} in {after:.1} % of {} cases, before in {before:.1} %", d.name, d.part, d.cases),
            _ => format!("  moved: {}, {}: {after:.1} % of {} were wrong, usual were at most {before:.1} %", d.name, d.part, d.cases),
        });
    }
    lines.push(format!("  {}", track.note));
    lines.join("\n")
}
