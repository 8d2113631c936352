//! `doctor`: looks at everything that an installation needs, and says what to do. Changes nothing but the checkpoint.

use crate::{arguments::Global, configuration::Settings, exit::Exit, node, out::Out, reality, secret};
use anyhow::Result;
use countersign_app::App;
use countersign_core::time::format_rfc3339;
use serde::Serialize;
use std::path::Path;

/// Below this a disk is as good as full: SQLite needs room for its log beside the data.
const FREE_BYTES_MIN: u64 = 1 << 30;
/// A clock before this was never set: 2026-01-01.
const CLOCK_MICROS_MIN: i64 = 1_767_225_600_000_000;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// What was looked at so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, what: &'static str, found: impl Into<String>) {
        self.0.push(Finding { what, ok: true, found: found.into(), advice: None });
    }

    fn bad(&mut self, what: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.0.push(Finding { what, ok: false, found: found.into(), advice: Some(advice.into()) });
    }
}

/// Looks at everything.
pub async fn run(global: &Global) -> Result<()> {
    let out = global.out();
    let settings = Settings::load(global)?;
    let mut findings = Findings::default();
    findings.good("version", env!("CARGO_PKG_VERSION"));
    clock(&mut findings);
    secret_file(&mut findings, &settings);
    disk(&mut findings, &settings);
    match node::app(&settings).await {
        Ok(app) => {
            database(&mut findings, &app, &settings).await;
            app.close().await;
        }
        Err(error) => {
            findings.bad("database", format!("{error:#}"), "start PostgreSQL, correct --database-url or --data, or run `countersign init`")
        }
    }
    tell(out, &findings)
}

fn clock(findings: &mut Findings) {
    let now = reality::now();
    if now < CLOCK_MICROS_MIN {
        findings.bad("clock", format_rfc3339(now), "set the clock, and keep it by NTP: every event carries its time");
    } else {
        findings.good("clock", format_rfc3339(now));
    }
}

fn secret_file(findings: &mut Findings, settings: &Settings) {
    let from_environment = std::env::var_os(secret::VARIABLE).is_some();
    let path = &settings.secret_file;
    let place = if from_environment { secret::VARIABLE.to_owned() } else { path.display().to_string() };
    let inside =
        std::path::absolute(path).ok().zip(std::path::absolute(&settings.data).ok()).is_some_and(|(secret, data)| secret.starts_with(data));
    match secret::load(settings) {
        Err(error) => {
            findings.bad("secret", format!("{error:#}"), "bring the secret back from where you keep its copy; a new one opens nothing")
        }
        Ok(_) if from_environment => findings.good("secret", place),
        Ok(_) if secret::is_open_to_others(path) => {
            findings.bad("secret", format!("{place} can be read by others"), format!("chmod 600 {place}"))
        }
        Ok(_) if inside => findings.bad(
            "secret",
            format!("{place} lies inside the data directory"),
            "move it elsewhere and name it by --secret-file: whoever copies the data has the key with it",
        ),
        Ok(_) => findings.good("secret", place),
    }
}

fn disk(findings: &mut Findings, settings: &Settings) {
    if settings.is_postgres() {
        return;
    }
    match free_bytes(&settings.data) {
        Some(free) if free < FREE_BYTES_MIN => {
            findings.bad("disk", format!("{} MiB free", free >> 20), "free some space: with a full disk nothing more is taken in")
        }
        Some(free) => findings.good("disk", format!("{} GiB free", free >> 30)),
        None => findings.good("disk", "free space is not known here"),
    }
}

fn free_bytes(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    return rustix::fs::statvfs(path).ok().map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize));
    #[cfg(not(unix))]
    return path.exists().then_some(u64::MAX);
}

async fn database(findings: &mut Findings, app: &App, settings: &Settings) {
    let place = if settings.is_postgres() { "PostgreSQL".to_owned() } else { settings.database.clone() };
    let workspaces = match app.workspaces().await {
        Ok(workspaces) => workspaces,
        Err(error) => {
            return findings.bad("database", format!("{place}: {error}"), "see whether the database runs and is not damaged");
        }
    };
    findings.good("database", format!("{place}, schema up to date"));
    if workspaces.is_empty() {
        findings.bad("workspace", "none", "run `countersign init`");
    }
    for id in workspaces {
        let workspace = app.workspace(id);
        match workspace.info().await {
            Ok(info) => {
                findings.good("workspace", format!("{} {id}, {} events", info.name, info.size));
                for stop in &info.stops {
                    findings.bad(
                        "automation",
                        format!("stopped: {} {}", stop.scope, stop.name.as_deref().unwrap_or("")),
                        "`countersign resume` when its reason is gone: one asks, another confirms",
                    );
                }
            }
            Err(error) => findings.bad("workspace", format!("{id}: {error}"), "run `countersign verify`"),
        }
        match workspace.integrate().await {
            Ok(size) => findings.good("log", format!("integrated and signed up to {size}")),
            Err(error) => findings.bad("log", error.to_string(), "is it the right root secret? If so, run `countersign verify`"),
        }
    }
}

fn tell(out: Out, Findings(findings): &Findings) -> Result<()> {
    if out.json {
        out.value(findings)?;
    } else {
        for finding in findings {
            out.line(format!("{}  {:<10} {}", if finding.ok { "ok " } else { "BAD" }, finding.what, finding.found))?;
            if let Some(advice) = &finding.advice {
                out.line(format!("                what to do: {advice}"))?;
            }
        }
    }
    let bad = findings.iter().filter(|finding| !finding.ok).count();
    if bad == 0 { Ok(()) } else { Err(Exit::Failed.because(crate::out::counted(bad as u64, "thing is wrong", "things are wrong"))) }
}
