//! Rounds of what runs beside requests on a serving node: wait, then look into every workspace, until the node is dropped. Knows nothing
//! of what is looked for.

use crate::{App, Inner, Workspace};
use std::{sync::Weak, time::Duration};

/// The workspaces of the next round; `None` once the node is dropped.
pub(crate) async fn next(node: &Weak<Inner>, period: Duration) -> Option<Vec<Workspace>> {
    tokio::time::sleep(period).await;
    let app = App { inner: node.upgrade()? };
    // Where the workspaces cannot be listed the integrator says so; the next round tries again.
    let ids = app.workspaces().await.unwrap_or_default();
    Some(ids.into_iter().map(|id| app.workspace(id)).collect())
}
