//! axe-core, where the environment says that it is: what is wrong with a page for people who see, hear or move otherwise.

use crate::{Browser, leave_out};
use std::sync::OnceLock;

/// The path of `axe.min.js`; `cargo xtask test` fetches it from npm and sets this.
const VARIABLE: &str = "COUNTERSIGN_TEST_AXE";

fn source() -> Option<&'static str> {
    static SOURCE: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let path = std::env::var(VARIABLE).ok();
        let text = path.and_then(|path| std::fs::read_to_string(path).ok());
        if text.is_none() {
            leave_out(&format!("accessibility is not checked: {VARIABLE} names no axe.min.js; `cargo xtask test` fetches it"));
        }
        text
    };
    SOURCE.get_or_init(read).as_deref()
}

/// What axe-core finds wrong with the page, a sentence each.
pub async fn faults(browser: &Browser) -> Vec<String> {
    let Some(source) = source() else { return Vec::new() };
    if browser.script("return typeof window.axe === 'undefined'").await == true {
        browser.script(source).await;
    }
    // Fading colours are no colours to judge.
    let run = "Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0))).then(() => axe.run(document)).then(
        (told) => done(told.violations.map((one) => `${one.id}: ${one.help}: ` + one.nodes.slice(0, 4).map((node) => `${node.html.slice(0, 160)} (${node.failureSummary.split('\\n').pop().trim()})`).join(' | '))),
        (error) => done([String(error)]));";
    let told = browser.script_later(run).await;
    told.as_array().expect("a list").iter().map(|fault| fault.as_str().unwrap_or_default().to_owned()).collect()
}
