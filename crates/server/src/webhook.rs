//! Sends webhooks: takes what is due, posts it, and says what became of it. Beside all requests and behind the writer: nothing waits for
//! it. Follows no redirect, and reaches no address inside of a network unless whoever runs the node allows it.

pub(crate) mod guard;
mod post;

use countersign_app::{App, Workspace, webhook::Message};
use countersign_core::id::WorkspaceId;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::task::{Id, JoinSet};
use uuid::Uuid;

/// How often it is looked for what is due.
const PERIOD: Duration = Duration::from_secs(1);
/// Messages of an address at once.
const MESSAGES_AT_ONCE: i64 = 8;

/// Sends what is due in all workspaces of the node's database, until it is aborted. `private` allows plain `http` and addresses inside of
/// networks.
pub fn spawn(app: &App, private: bool) -> tokio::task::JoinHandle<()> {
    let app = app.clone();
    tokio::spawn(async move {
        let post = Arc::new(post::Post::new(private));
        let mut rounds = Rounds::default();
        loop {
            tokio::time::sleep(PERIOD).await;
            for id in app.workspaces().await.unwrap_or_default() {
                rounds.begin(app.workspace(id), &post).await;
            }
        }
    })
}

/// Addresses that messages are under way to: none waits for another one, and each gets the next once it is known what became of the
/// last. They end with the sender.
#[derive(Default)]
struct Rounds {
    tasks: JoinSet<()>,
    under_way: HashMap<Id, (WorkspaceId, Uuid)>,
}

impl Rounds {
    /// Takes what is due in a workspace and sends it, except to addresses that messages are under way to.
    async fn begin(&mut self, workspace: Workspace, post: &Arc<post::Post>) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let task = ended.map_or_else(
                |error| {
                    tracing::error!(%error, "sending webhooks broke off");
                    error.id()
                },
                |(task, ())| task,
            );
            self.under_way.remove(&task);
        }
        let id = workspace.id();
        let busy: Vec<Uuid> = self.under_way.values().filter(|(known, _)| *known == id).map(|(_, webhook)| *webhook).collect();
        let messages = match workspace.webhook_messages(MESSAGES_AT_ONCE, &busy).await {
            Ok(messages) => messages,
            Err(error) => {
                tracing::warn!(%error, workspace.id = %id, "webhooks could not be sent; trying again");
                return;
            }
        };
        for messages in messages.chunk_by(|a, b| a.webhook == b.webhook) {
            let Some(webhook) = messages.first().map(|message| message.webhook) else { continue };
            let (workspace, messages, post) = (workspace.clone(), messages.to_vec(), Arc::clone(post));
            let task = self.tasks.spawn(async move {
                futures_util::future::join_all(messages.iter().map(|message| delivered(&workspace, message, &post))).await;
            });
            self.under_way.insert(task.id(), (id, webhook));
        }
    }
}

/// Sends a message, and notes what became of it as soon as that is known. Until it is noted no more to this address is taken by this
/// node: what was delivered would be due again, and go out twice.
async fn delivered(workspace: &Workspace, message: &Message, post: &post::Post) {
    let outcome = post.send(message).await;
    while let Err(error) = workspace.webhook_told(message, outcome.clone()).await {
        tracing::warn!(%error, workspace.id = %workspace.id(), "what became of a webhook could not be noted; trying again");
        tokio::time::sleep(PERIOD).await;
    }
}
