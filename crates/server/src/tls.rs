//! TLS for what this server sends itself: with the certificate authorities that browsers trust, and nothing weaker. Connects nowhere.

use std::sync::Arc;
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};

/// What makes a connection private; `None` where this build has no TLS.
#[must_use]
pub fn connector() -> Option<TlsConnector> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    builder.ok().map(|builder| TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
}
