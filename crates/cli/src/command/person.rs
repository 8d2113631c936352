//! `person`: the directory of people who judge.

use crate::{
    arguments::Global,
    exit::Exit,
    node::{Node, operator},
    out::{counted, thousands},
};
use anyhow::Result;
use countersign_app::{
    input::{AwayInput, Moment, PersonChange, PersonInput},
    view::PersonView,
};
use countersign_core::id::PersonId;

/// What can be done with people.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a person
    Add {
        /// A name that nobody else in the workspace has
        name: String,
        /// A role by name; may be given several times
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// A mail address
        #[arg(long)]
        mail: Option<String>,
        /// Known from other tools only: measured, never asked to sign
        #[arg(long)]
        external: bool,
    },
    /// List people
    List,
    /// Change a person's roles, their address, or whether they may take part
    Change {
        /// Name or id
        person: String,
        /// All roles from now on
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// No roles from now on
        #[arg(long, conflicts_with = "roles")]
        no_roles: bool,
        /// Whether they may take part from now on
        #[arg(long)]
        active: Option<bool>,
        /// A mail address from now on; empty: none
        #[arg(long)]
        mail: Option<String>,
    },
    /// Vouch that a person is a person of their own, so that their signature counts beside those of whoever added them or made them a link
    Vouch {
        /// Name or id
        person: String,
    },
    /// Say from when to when a person is away, and who stands in for them
    Away {
        /// Name or id
        person: String,
        /// From when on, as in 2026-12-24T00:00:00Z [default: now]
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Until when
        #[arg(long, value_name = "TIME")]
        until: String,
        /// Whom colleagues turn to meanwhile; nothing is lent to them
        #[arg(long, value_name = "PERSON")]
        stand_in: Option<String>,
    },
    /// Say that a person is there again, or will not be away after all
    Back {
        /// Name or id
        person: String,
    },
    /// Take a person's name and address out of the directory; what they decided stays, under a random id
    Forget {
        /// Name or id
        person: String,
    },
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let node = Node::open(global).await?;
    let result = on_node(&node, command).await;
    node.close().await;
    result
}

async fn on_node(node: &Node, command: Command) -> Result<()> {
    let (out, workspace) = (node.out, &node.workspace);
    match command {
        Command::Add { name, roles, mail, external } => {
            let person = workspace.person_add(&operator(), PersonInput { name, mail, roles, external }).await?;
            out.either(&person, person.person.to_string())?;
            rerouted(node).await
        }
        Command::List => {
            let people = workspace.people_list().await?;
            out.table(&people, &["person", "name", "roles", ""], |p| {
                vec![p.person.to_string(), p.name.clone().unwrap_or_default(), p.roles.join(", "), remark(p)]
            })
        }
        Command::Change { person, roles, no_roles, active, mail } => {
            let known = find(node, &person).await?;
            let roles = if roles.is_empty() && !no_roles { known.roles } else { roles };
            let change = PersonChange { roles, active: active.unwrap_or(known.active), mail };
            let person = workspace.person_change(&operator(), PersonId(known.person), change).await?;
            out.either(&person, format!("{} {}", person.person, person.roles.join(", ")))?;
            rerouted(node).await
        }
        Command::Vouch { person } => {
            let known = find(node, &person).await?;
            if known.hands.is_empty() {
                out.say("nobody has a hand in them: they count as a person of their own already");
                return out.either(&known, known.person.to_string());
            }
            let person = workspace.person_vouch(&operator(), PersonId(known.person), None).await?;
            out.say("vouched for; they are signed out everywhere, and it ends when something new lets somebody sign in as them");
            out.either(&person, person.person.to_string())
        }
        Command::Away { person, from, until, stand_in } => {
            let known = find(node, &person).await?;
            let stand_in = match stand_in {
                Some(stand_in) => Some(find(node, &stand_in).await?.person),
                None => None,
            };
            let input = AwayInput { from: from.map(Moment::Text), until: Moment::Text(until), stand_in };
            let person = workspace.person_away(&operator(), PersonId(known.person), input).await?;
            out.either(&person, remark(&person))?;
            rerouted(node).await
        }
        Command::Back { person } => {
            let known = find(node, &person).await?;
            let person = workspace.person_back(&operator(), PersonId(known.person)).await?;
            out.either(&person, person.person.to_string())?;
            rerouted(node).await
        }
        Command::Forget { person } => {
            let known = find(node, &person).await?;
            workspace.person_forget(&operator(), PersonId(known.person)).await?;
            out.say("forgotten; what they decided stays, under a random id");
            Ok(())
        }
    }
}

/// A node that serves does this in the background. Here it is waited for, or nobody might do it.
async fn rerouted(node: &Node) -> Result<()> {
    let done = node.workspace.reroute_all().await?;
    if done.looked > 0 {
        let (looked, rerouted) = (counted(done.looked, "held case", "held cases"), thousands(done.rerouted));
        node.out.say(format!("{looked} routed anew: {rerouted} wait for people now"));
    }
    Ok(())
}

fn remark(person: &PersonView) -> String {
    match (person.external, person.active) {
        (true, _) => "from other tools".into(),
        (false, false) => "inactive".into(),
        (false, true) => {
            let hands: Vec<String> = person.hands.iter().map(|hand| hand.name.clone().unwrap_or_else(|| hand.person.to_string())).collect();
            let one_with = (!hands.is_empty()).then(|| format!("counts as one with {}", hands.join(", ")));
            let away = person.away.as_ref().map(|away| {
                let stand_in = away.stand_in_name.as_ref().map(|name| format!(", {name} stands in")).unwrap_or_default();
                format!("away from {} until {}{stand_in}", away.from, away.until)
            });
            [one_with, away].into_iter().flatten().collect::<Vec<_>>().join("; ")
        }
    }
}

/// A person by name or id.
pub async fn find(node: &Node, text: &str) -> Result<PersonView> {
    let people = node.workspace.people_list().await?;
    let found = people.into_iter().find(|p| p.name.as_deref() == Some(text) || p.person.to_string() == text);
    found.ok_or_else(|| Exit::Refused.because(format!("nobody is called {text:?}, and no person has this id")))
}
