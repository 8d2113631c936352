//! Sends webhooks: takes what is due, posts it, and says what became of it. Beside all requests and behind the writer: nothing waits for
//! it. Follows no redirect, and reaches no address inside of a network unless whoever runs the node allows it.

mod guard;
mod post;

use countersign_app::App;
use std::time::Duration;

/// How often it is looked for what is due.
const PERIOD: Duration = Duration::from_secs(1);
/// Messages of a workspace at once.
const MESSAGES_AT_ONCE: i64 = 8;

/// Sends what is due in all workspaces of the node's database, until it is aborted. `private` allows plain `http` and addresses inside of
/// networks.
pub fn spawn(app: &App, private: bool) -> tokio::task::JoinHandle<()> {
    let app = app.clone();
    tokio::spawn(async move {
        let post = post::Post::new(private);
        loop {
            tokio::time::sleep(PERIOD).await;
            for id in app.workspaces().await.unwrap_or_default() {
                if let Err(error) = round(&app, id, &post).await {
                    tracing::warn!(%error, workspace.id = %id, "webhooks could not be sent; trying again");
                }
            }
        }
    })
}

async fn round(app: &App, id: countersign_core::id::WorkspaceId, post: &post::Post) -> Result<(), countersign_app::Error> {
    let workspace = app.workspace(id);
    let messages = workspace.webhook_messages(MESSAGES_AT_ONCE).await?;
    // All at once: one address that does not answer keeps no other one waiting.
    let sent = futures_util::future::join_all(messages.iter().map(|message| post.send(message))).await;
    for (message, outcome) in messages.iter().zip(sent) {
        workspace.webhook_told(message, outcome).await?;
    }
    Ok(())
}
