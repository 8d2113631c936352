//! What is printed: data on standard output, talk on standard error, progress on a terminal only.

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

/// How a command speaks.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    /// Data as JSON instead of tables and sentences.
    pub json: bool,
    /// No talk at all, only data and failures.
    pub quiet: bool,
}

impl Out {
    /// A line of talk.
    pub fn say(self, text: impl AsRef<str>) {
        if !self.quiet {
            // Nobody listens any more if this fails; the work itself goes on.
            drop(writeln!(io::stderr(), "{}", text.as_ref()));
        }
    }

    /// A line of data.
    pub fn line(self, text: impl AsRef<str>) -> Result<()> {
        Ok(writeln!(io::stdout(), "{}", text.as_ref())?)
    }

    /// Bytes of data as they are.
    pub fn bytes(self, bytes: &[u8]) -> Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        Ok(stdout.flush()?)
    }

    /// A value as JSON: on one line with `--json`, else indented.
    pub fn value(self, value: &impl Serialize) -> Result<()> {
        self.line(if self.json { serde_json::to_string(value)? } else { serde_json::to_string_pretty(value)? })
    }

    /// A value for programs, or a sentence for people.
    pub fn either(self, value: &impl Serialize, sentence: impl AsRef<str>) -> Result<()> {
        if self.json { self.value(value) } else { self.line(sentence) }
    }

    /// A list: JSON for programs, a table for people.
    pub fn table<T: Serialize>(self, items: &[T], header: &[&str], row: impl Fn(&T) -> Vec<String>) -> Result<()> {
        if self.json {
            return self.value(&items);
        }
        if items.is_empty() {
            self.say("none");
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header.to_vec());
        for item in items {
            table.add_row(row(item).iter().map(|cell| one_line(cell)).collect::<Vec<_>>());
        }
        self.line(table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
    }

    /// A bar with a rate, on a terminal; else nothing. `total` 0: of unknown length.
    pub fn progress(self, total: u64, unit: &str) -> ProgressBar {
        if self.quiet || self.json || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = if total == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(total) };
        let template = if total == 0 {
            format!("{{spinner}} {{human_pos}} {unit} · {{per_sec}} · {{elapsed}}  {{msg}}")
        } else {
            format!("{{bar:24}} {{human_pos}}/{{human_len}} {unit} · {{per_sec}} · {{eta}} left  {{msg}}")
        };
        bar.enable_steady_tick(Duration::from_millis(100));
        // INVARIANT: both templates are constants that indicatif reads; a wrong one would only look plainer.
        ProgressStyle::with_template(&template).map_or(bar.clone(), |style| bar.with_style(style))
    }

    /// The same for bytes of a file.
    pub fn progress_bytes(self, total: u64) -> ProgressBar {
        let bar = self.progress(total, "");
        let template = "{bar:24} {bytes}/{total_bytes} · {msg} · {eta} left";
        ProgressStyle::with_template(template).map_or(bar.clone(), |style| if total == 0 { bar } else { bar.with_style(style) })
    }
}

/// Control characters from outside must not reach a terminal.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `1 case`, `2 cases`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", thousands(count)) }
}

/// `10,500`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
