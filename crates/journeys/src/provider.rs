//! A real OpenID provider as a process of ours, where the environment says that its package is there and node is. Ended with the journey;
//! never touches another process.

use countersign_server::{ClientSecret, ProviderSettings};
use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

/// The folder that holds `node_modules/oidc-provider`; `cargo xtask test` fetches it from npm and sets this.
const VARIABLE: &str = "COUNTERSIGN_TEST_OIDC";

/// A provider that runs.
pub struct Provider {
    process: Child,
    issuer: String,
}

impl Provider {
    /// Starts it for a desk at `base`.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    ///
    /// # Panics
    /// Where there is no free port.
    pub fn start(base: &str) -> Result<Self, String> {
        let missing = || format!("{VARIABLE} names no folder with node_modules/oidc-provider; `cargo xtask test` fetches it from npm");
        let folder = std::env::var(VARIABLE).map_err(|_| missing())?;
        if !Path::new(&folder).join("node_modules/oidc-provider/package.json").is_file() {
            return Err(missing());
        }
        // Free now; nobody else on this machine asks for it in the next moment.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/provider.mjs");
        let back = format!("{base}/desk/sign-in/provider/ours/back");
        let mut command = Command::new("node");
        command.arg(script).arg(&folder).arg(port.to_string()).arg(back).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().map_err(|error| format!("node does not start ({error}): the provider needs it"))?;
        let mut lines = BufReader::new(process.stdout.take().expect("a piped output")).lines();
        if !lines.by_ref().map_while(Result::ok).any(|line| line == "listening") {
            drop(process.wait());
            return Err("oidc-provider ended before it listened: is node too old for it?".into());
        }
        // Whatever else it says is read away, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { process, issuer: format!("http://127.0.0.1:{port}") })
    }

    /// What whoever runs the desk would say of it.
    #[must_use]
    pub fn settings(&self) -> ProviderSettings {
        ProviderSettings {
            name: "ours".into(),
            label: "the house directory".into(),
            issuer: self.issuer.clone(),
            client_id: "desk".into(),
            client_secret: Some(ClientSecret("a secret of this journey".into())),
            scopes: vec!["email".into()],
            by_mail: true,
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // Where it is gone already there is nothing to end.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
