//! `desk`: links by which people sign in at the desk. Serves nothing: `serve` does.

use super::person;
use crate::{
    arguments::Global,
    configuration::LISTEN_DEFAULT,
    exit::Exit,
    node::{Node, operator},
    out,
};
use anyhow::Result;
use countersign_app::{session::LINK_MICROS, view::PersonView};
use countersign_core::{content::Digest, id::PersonId, number::Micros, time};
use std::net::SocketAddr;

/// What can be done for people at the desk.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a link by which one person signs in, once, within 15 minutes
    Link {
        /// Name or id; may be left away where the workspace has one member only
        #[arg(long, value_name = "PERSON")]
        person: Option<String>,
        /// Where people reach the desk [default: the `url` of the configuration, or where `serve` listens]
        #[arg(long, value_name = "URL", env = "COUNTERSIGN_URL")]
        url: Option<String>,
    },
    /// List the passkeys of a person, or take one away
    Passkeys {
        /// Name or id
        #[arg(long, value_name = "PERSON")]
        person: String,
        /// The one to take away, as the list names it; sessions that it opened end
        #[arg(long, value_name = "CREDENTIAL")]
        remove: Option<Digest>,
    },
    /// List the accounts at providers that a person signs in with, or take one, or their password, away
    Accounts {
        /// Name or id
        #[arg(long, value_name = "PERSON")]
        person: String,
        /// The one to take away, as the list names it; sessions that it opened end
        #[arg(long, value_name = "ACCOUNT")]
        remove: Option<String>,
        /// Take their password away; sessions that it opened end
        #[arg(long, conflicts_with = "remove")]
        remove_password: bool,
    },
    /// End all sessions of a person
    SignOut {
        /// Name or id
        #[arg(long, value_name = "PERSON")]
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
    match command {
        Command::Link { person, url } => {
            let person = whom(node, person.as_deref()).await?;
            let url = url.or_else(|| node.settings.url.clone()).unwrap_or_else(|| base(node));
            let link = link(node, PersonId(person.person), &url).await?;
            let name = person.name.unwrap_or_default();
            node.out.say(format!("Signs {name} in, once, within {} minutes:", LINK_MICROS / 60_000_000));
            node.out.either(&serde_json::json!({ "person": person.person, "url": link }), &link)
        }
        Command::Passkeys { person, remove } => {
            let person = PersonId(person::find(node, &person).await?.person);
            if let Some(credential) = remove {
                node.workspace.passkey_remove(&operator(), person, credential).await?;
                node.out.say("removed: it opens nothing more");
                return Ok(());
            }
            passkeys(node, person).await
        }
        Command::Accounts { person, remove, remove_password } => {
            let person = PersonId(person::find(node, &person).await?.person);
            match remove {
                Some(account) => node.workspace.identity_remove(&operator(), person, &account, None).await?,
                None if remove_password => node.workspace.password_remove(&operator(), person, None).await?,
                None => return accounts(node, person).await,
            }
            node.out.say("removed: it opens nothing more");
            Ok(())
        }
        Command::SignOut { person } => {
            let person = person::find(node, &person).await?;
            node.workspace.desk_sessions_end(PersonId(person.person)).await?;
            node.out.say("signed out everywhere");
            Ok(())
        }
    }
}

async fn accounts(node: &Node, person: PersonId) -> Result<()> {
    let moment = |at: Option<Micros>| at.map(time::format_rfc3339);
    for account in node.workspace.identities_of(person).await? {
        let (linked, used) = (moment(Some(account.linked_at)), moment(account.used_at));
        let told = serde_json::json!({ "account": account.id, "provider": account.provider, "linked_at": linked, "used_at": used });
        let text = format!(
            "{} {}, linked {}, used {}",
            account.id,
            account.provider,
            linked.unwrap_or_default(),
            used.unwrap_or_else(|| "never".into())
        );
        node.out.either(&told, out::one_line(&text))?;
    }
    if node.workspace.has_password(person).await? {
        node.out.say("They have a password.");
    }
    Ok(())
}

async fn passkeys(node: &Node, person: PersonId) -> Result<()> {
    let moment = |at: Option<Micros>| at.map(time::format_rfc3339);
    for key in node.workspace.passkeys_of(person).await? {
        let (added, used) = (moment(Some(key.added_at)), moment(key.used_at));
        let json = serde_json::json!({ "credential": key.credential, "name": key.name, "added": added, "used": used });
        let line = format!(
            "{}  {}  added {}, last used {}",
            key.credential,
            key.name,
            added.unwrap_or_default(),
            used.unwrap_or_else(|| "never".into())
        );
        node.out.either(&json, out::one_line(&line))?;
    }
    Ok(())
}

/// A link into the desk at `url` for a person; it works once and for 15 minutes.
pub async fn link(node: &Node, person: PersonId, url: &str) -> Result<String> {
    let secret = node.workspace.desk_link(&operator(), person).await?;
    Ok(countersign_server::sign_in_url(url, &secret))
}

/// Where `serve` listens when nothing else is said.
fn base(node: &Node) -> String {
    node.settings.listen.or_else(|| LISTEN_DEFAULT.parse().ok()).map(home).unwrap_or_default()
}

/// The address of a desk that listens there and was given no other. This machine goes by its name: browsers have passkeys under names only.
pub fn home(address: SocketAddr) -> String {
    if address.ip().is_loopback() { format!("http://localhost:{}", address.port()) } else { format!("http://{address}") }
}

/// The person who is named, or the only one.
async fn whom(node: &Node, name: Option<&str>) -> Result<PersonView> {
    if let Some(name) = name {
        return person::find(node, name).await;
    }
    let people = node.workspace.people_list().await?;
    let mut members: Vec<PersonView> = people.into_iter().filter(|p| p.active && !p.external).collect();
    if members.len() == 1
        && let Some(only) = members.pop()
    {
        return Ok(only);
    }
    let names: Vec<&str> = members.iter().filter_map(|p| p.name.as_deref()).collect();
    let known = if names.is_empty() {
        "there is nobody yet: `countersign person add NAME --role ROLE`".to_owned()
    } else {
        format!("say who by --person; there are {}", names.join(", "))
    };
    Err(Exit::Refused.because(known))
}
