//! Exit codes, and how a failure is told. Never prints a backtrace at a user.

use countersign_app::{audit, import};
use countersign_core::refusal::Code;
use std::{fmt, process::ExitCode};

/// What an exit code means; `docs/cli.md` has the same table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Something else failed.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Input was refused; what it was and why is on standard error.
    Refused = 3,
    /// Something was to be proven and is not so.
    Unverified = 4,
    /// The database, the disk or the secret cannot be used.
    Storage = 5,
}

/// A failure with its exit code, in words for people.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    text: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

impl Exit {
    /// A failure that ends with this code.
    pub fn because(self, text: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Failure { exit: self, text: text.into() })
    }

    /// The code of a failure, by the first cause that says one.
    pub fn of(error: &anyhow::Error) -> Self {
        let by_cause = error.chain().find_map(|cause| {
            if let Some(failure) = cause.downcast_ref::<Failure>() {
                return Some(failure.exit);
            }
            if let Some(error) = cause.downcast_ref::<import::Error>() {
                return Some(match error {
                    import::Error::Mapping(_) => Self::Usage,
                    import::Error::Source { .. } => Self::Refused,
                    import::Error::App(error) => Self::of_app(error),
                });
            }
            if let Some(error) = cause.downcast_ref::<audit::Error>() {
                return Some(if matches!(error, audit::Error::Request(_)) { Self::Usage } else { Self::Refused });
            }
            cause.downcast_ref::<countersign_app::Error>().map(Self::of_app)
        });
        by_cause.unwrap_or(Self::Failed)
    }

    fn of_app(error: &countersign_app::Error) -> Self {
        match error {
            countersign_app::Error::Refused(refusal) => match refusal.code {
                Code::Storage | Code::Internal => Self::Storage,
                Code::Busy => Self::Failed,
                _ => Self::Refused,
            },
            _ => Self::Storage,
        }
    }
}

/// Tells a failure and gives its exit code. A reader that went away (`| head`) is no failure.
pub fn report(error: &anyhow::Error, json: bool) -> ExitCode {
    if closed(error) {
        return ExitCode::SUCCESS;
    }
    let exit = Exit::of(error);
    let refusal = error.chain().find_map(|cause| match cause.downcast_ref::<countersign_app::Error>() {
        Some(countersign_app::Error::Refused(refusal)) => Some(refusal),
        _ => None,
    });
    let text = if json {
        let value = serde_json::json!({ "error": format!("{error:#}"), "exit": exit as u8, "refusal": refusal });
        value.to_string()
    } else {
        let field = refusal.and_then(|r| r.field.as_deref()).map(|field| format!(" ({field})")).unwrap_or_default();
        format!("countersign: {error:#}{field}")
    };
    // Standard error may be closed as well; there is nobody left to tell.
    drop(std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes()));
    ExitCode::from(exit as u8)
}

fn closed(error: &anyhow::Error) -> bool {
    let broken = |cause: &&(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    };
    error.chain().any(|cause| broken(&cause))
}
