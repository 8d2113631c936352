//! Pages of the desk among many open cases: how long the server takes for each, and for an answer together with the next case. Over
//! HTTP on the loopback interface, by one person; nothing is drawn.

use crate::{
    client::{self, Client},
    reality::{self, Times},
    table::{Line, Target},
    world::{Kind, Node, Run, fill},
};
use anyhow::{Context as _, Result};
use countersign_app::input::PersonInput;
use countersign_core::id::PersonId;
use countersign_testkit::caller;
use hyper::Method;

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Open cases
    #[arg(long, default_value_t = 100_000)]
    cases: usize,
    /// How often each page is asked for
    #[arg(long, default_value_t = 300)]
    timed: usize,
}

/// What adding a person may take, in milliseconds, whatever waits.
const PERSON_MS_MAX: f64 = 100.0;
/// What a page may take, in milliseconds.
const PAGE_MS_MAX: f64 = 20.0;
/// What a search may take, in milliseconds.
const SEARCH_MS_MAX: f64 = 50.0;

/// A person who is signed in at the desk.
struct Visitor {
    client: Client,
    cookie: String,
}

impl Visitor {
    async fn page(&mut self, method: Method, path: &str, form: &str) -> Result<String> {
        let (_, text) = self.client.visit(method, path, &self.cookie, form).await?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// Measures on all engines.
pub async fn measure(run: &Run, arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in run.engines.iter().copied() {
        let node = Node::fresh(engine).await?;
        // What comes in while nobody is there is held; the first person is there at once, and the cases come after.
        fill(&node, Kind::Alert, arguments.cases).await?;
        let input = PersonInput { name: "Ada".into(), mail: None, roles: Vec::new(), external: false };
        let began = reality::stopwatch();
        let person = PersonId(node.workspace.person_add(&caller(), input).await?.person);
        let added = 1e3 * began.elapsed().as_secs_f64();
        let began = reality::stopwatch();
        let rerouted = node.workspace.reroute_all().await?.rerouted;
        let rate = reality::rate(arguments.cases, began.elapsed());
        anyhow::ensure!(usize::try_from(rerouted)? == arguments.cases, "{rerouted} of {} cases were routed anew", arguments.cases);
        let line = |what: &str, figure: f64, unit: &'static str, target| Line {
            benchmark: "desk",
            engine: engine.name(),
            what: format!("{what}, {} held", arguments.cases),
            n: 1,
            figures: vec![figure],
            unit,
            target,
        };
        lines.push(line("adding the first person", added, "ms", Some(Target::AtMost(PERSON_MS_MAX))));
        lines.push(line("routing them anew in the background", rate, "cases/s", None));
        let began = reality::stopwatch();
        let read = node.workspace.search_update().await?;
        lines.push(line("making search of them", reality::rate(usize::try_from(read)?, began.elapsed()), "cases/s", None));
        let served = client::serve(&node).await?;
        let mut visitor = sign_in(&node, &served, person).await?;
        let mut pages: Vec<(&str, Vec<f64>)> = Vec::new();
        for _ in 0..run.repeat {
            let mut add = |what, mut times: Times| {
                for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
                    let what = if name == "p50" { what } else { p99(what) };
                    match pages.iter_mut().find(|(known, _)| *known == what) {
                        Some((_, figures)) => figures.push(times.percentile(share)),
                        None => pages.push((what, vec![times.percentile(share)])),
                    }
                }
            };
            let (answers, case) = decide(&mut visitor, arguments.timed).await?;
            add("an answer, with the next case", answers);
            for (what, path) in [
                ("the queue", "/desk".to_owned()),
                ("the decided ones", "/desk?view=decided".to_owned()),
                ("a case", case.clone()),
                ("its history", format!("{case}/history")),
                ("a search", "/desk?find=country+4711".to_owned()),
                // Two words that most cases hold one of and none both: all that a page may look at is looked at.
                ("a search for nothing", "/desk?find=server+cloud".to_owned()),
                ("counts", "/desk/pulse".to_owned()),
                ("the pair", "/desk/pair".to_owned()),
                ("what was learned", "/desk/playbooks/alerts/track-record".to_owned()),
                ("the ledger", "/desk/ledger".to_owned()),
            ] {
                let mut times = Times::default();
                for _ in 0..arguments.timed {
                    let began = reality::stopwatch();
                    visitor.page(Method::GET, &path, "").await?;
                    times.push(began.elapsed());
                }
                add(what, times);
            }
        }
        lines.extend(pages.into_iter().map(|(what, figures)| Line {
            benchmark: "desk",
            engine: engine.name(),
            what: format!("{what}, {} open", arguments.cases),
            n: arguments.timed,
            figures,
            unit: "ms",
            target: what.ends_with("p99").then_some(Target::AtMost(if what.contains("a search") { SEARCH_MS_MAX } else { PAGE_MS_MAX })),
        }));
        drop(visitor);
        served.stop().await;
        node.close().await;
    }
    Ok(lines)
}

/// The name of a page's p99.
fn p99(what: &str) -> &'static str {
    match what {
        "an answer, with the next case" => "an answer, with the next case, p99",
        "the queue" => "the queue, p99",
        "the decided ones" => "the decided ones, p99",
        "a case" => "a case, p99",
        "its history" => "its history, p99",
        "a search" => "a search, p99",
        "a search for nothing" => "a search for nothing, p99",
        "the pair" => "the pair, p99",
        "what was learned" => "what was learned, p99",
        "the ledger" => "the ledger, p99",
        _ => "counts, p99",
    }
}

async fn sign_in(node: &Node, served: &client::Served, person: PersonId) -> Result<Visitor> {
    let link = node.workspace.desk_link(&caller(), person).await?;
    // Only now: a connection that says nothing for long is closed by the server.
    let mut client = Client::connect(served.address, &served.key).await?;
    let (headers, _) = client.visit(Method::POST, &format!("/desk/sign-in/{link}"), "", "").await?;
    let cookie = headers.get("set-cookie").and_then(|value| value.to_str().ok()).context("a cookie")?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    Ok(Visitor { client, cookie })
}

/// Answers cases one after the other as the desk's script does; tells how long each answer took, and the address of a decided case.
async fn decide(visitor: &mut Visitor, count: usize) -> Result<(Times, String)> {
    let queue = visitor.page(Method::GET, "/desk", "").await?;
    let token = value(&queue, "form")?;
    let mut page = visitor.page(Method::POST, "/desk/next", &format!("form={token}")).await?;
    let mut times = Times::default();
    let mut case = String::new();
    for _ in 0..count {
        let action = page.split("action=\"").find(|rest| rest.contains("/judge\"")).and_then(|rest| rest.split("/judge\"").next());
        case = action.context("a case to answer")?.to_owned();
        let [token, shown, phase, form] = ["token", "shown", "phase", "form"].map(|name| value(&page, name));
        let form = format!("form={}&token={}&shown={}&phase={}&answer=benign", form?, token?, shown?, phase?);
        let began = reality::stopwatch();
        page = visitor.page(Method::POST, &format!("{case}/judge"), &form).await?;
        times.push(began.elapsed());
    }
    Ok((times, case))
}

/// What a hidden control holds. Tokens are base64url and a dot, which a form takes as they are.
fn value(page: &str, name: &str) -> Result<String> {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).with_context(|| format!("no control {name}"))?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Engine;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_small_run_measures_every_page() {
        let run = Run { repeat: 1, engines: vec![Engine::Sqlite] };
        let lines = measure(&run, &Arguments { cases: 30, timed: 5 }).await.unwrap();
        assert_eq!(lines.len(), 25);
        assert!(lines.iter().all(|line| line.figures.iter().all(|figure| *figure > 0.0)));
    }
}
