//! Listens: accepts connections, gives each its limits, and ends them in order. Knows nothing of what is served.

use crate::{
    build,
    limits::{CONNECTIONS_MAX, HEAD_BYTES_MAX, HEAD_SECONDS_MAX, SHUTDOWN_SECONDS_MAX},
    patience::Peer,
    state::ServerConfig,
};
use countersign_app::App;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};
use tower::ServiceExt as _;

/// How long accepting waits after it failed, as where no file descriptor is left.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves the API on `listener` until `shutdown` is ready; then takes no more connections, ends endless streams, and gives open
/// requests [`SHUTDOWN_SECONDS_MAX`].
pub async fn serve(app: App, listener: TcpListener, config: ServerConfig, shutdown: impl Future<Output = ()> + Send) {
    let (stop, stopping) = watch::channel(false);
    let router = build(app, config, stopping);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_SECONDS_MAX).max_buf_size(HEAD_BYTES_MAX);
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let (stream, slot, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        // Answers are small and written whole; waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            router.clone().oneshot(request)
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that goes away in the middle is no event for the log.
            let _ = connection.await;
            drop(slot);
        });
    }
    drop(listener);
    let _ = stop.send(true);
    if tokio::time::timeout(SHUTDOWN_SECONDS_MAX, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off at shutdown");
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> std::io::Result<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit, Peer)> {
    let slot = Arc::clone(connections).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, from) = listener.accept().await?;
    Ok((stream, slot, Peer(from.ip())))
}
