//! Real answers, streamed through a running server in the order in which they stand: what two models said comes in as proposals, what
//! people said is given where the platform asks a person, and the truth follows an hour later. What the platform ends up with is held
//! against the people alone, the better model alone, and the best fixed threshold in hindsight. Under a virtual clock; nothing is fast.

mod data;
#[cfg(test)]
mod tests;

use crate::{
    client::{self, Client},
    table::{Line, Target},
    world::Run,
};
use anyhow::{Context as _, Result};
use countersign_app::{
    App, Config, Workspace,
    input::{CaseInput, OutcomeInput},
    learner::Memory,
};
use countersign_core::id::CaseId;
use countersign_science::{
    Estimate,
    bootstrap::{Clusters, Options},
    complementarity::{Compared, Credit, compare},
    rehearsal::findings::Verdict,
};
use countersign_testkit::{Clock, Database, caller, environment, root};
use data::{Item, Set};
use hyper::Method;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// What is streamed.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Rows of each set at most
    #[arg(long, default_value_t = 10_000)]
    rows: usize,
}

const MINUTE: i64 = 60_000_000;
/// Between two cases.
const STEP: i64 = MINUTE;
/// From a decision to its truth.
const TRUTH_AFTER: i64 = 60 * MINUTE;
/// Cases between two looks of the learner.
const LEARN_EVERY: usize = 250;
/// Looks at a case at most: an own answer, and one after the advice.
const LOOKS_MAX: usize = 2;

/// What a stream came to.
struct Streamed {
    compared: Compared,
    automated: usize,
    automated_wrong: usize,
    threshold: f64,
    /// The later half, in which what was learned is used. In the AI's place is what is known offline: the best threshold of the earlier half.
    last: Compared,
    /// The first case that was automated.
    from: Option<usize>,
    rows: usize,
}

/// Streams all sets that are there.
pub async fn measure(_: &Run, arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for set in data::sets(arguments.rows)? {
        let streamed = stream(&set).await?;
        eprintln!("stream: {}: {}", set.name, words(&streamed));
        lines.extend(figures(&set, &streamed));
    }
    Ok(lines)
}

fn words(streamed: &Streamed) -> String {
    let c = &streamed.compared;
    let of = |e: &Estimate| format!("{:.2} [{:.2}, {:.2}]", 100.0 * e.value, 100.0 * e.low, 100.0 * e.high);
    let verdict = match c.verdict {
        Verdict::Complementary => "complementary",
        Verdict::Harmful => "harmful",
        _ => "not shown",
    };
    let from = streamed.from.map_or("never".into(), |at| format!("from case {at} on"));
    format!(
        "right in % of {} cases: people {}, the better model {}, the platform {}; over people {}, over the model {}: {verdict}; automated {} ({from}), {} of them wrong; later half: the platform {}, the best threshold of the earlier half {}, over it {}",
        streamed.rows,
        of(&c.human),
        of(&c.ai),
        of(&c.pair),
        of(&c.over_human),
        of(&c.over_ai),
        streamed.automated,
        streamed.automated_wrong,
        of(&streamed.last.pair),
        of(&streamed.last.ai),
        of(&streamed.last.over_ai),
    )
}

fn figures(set: &Set, streamed: &Streamed) -> Vec<Line> {
    let line = |what: &str, figure: f64, target| Line {
        benchmark: "stream",
        engine: "SQLite",
        what: format!("{}: {what}", set.name),
        n: streamed.rows,
        figures: vec![figure],
        unit: "%",
        target,
    };
    let c = &streamed.compared;
    let error = |e: &Estimate| 100.0 * (1.0 - e.value);
    let automated = 100.0 * streamed.automated as f64 / streamed.rows.max(1) as f64;
    let wrong = 100.0 * streamed.automated_wrong as f64 / streamed.automated.max(1) as f64;
    // Not worse than people, whoever decided, within the paired interval.
    let not_worse = 100.0 * (1.0 - c.human.value) + 100.0 * (c.over_human.high - c.over_human.value);
    let last = &streamed.last;
    // Not worse than that within the paired interval.
    let offline = error(&last.ai) + 100.0 * (last.over_ai.high - last.over_ai.value);
    vec![
        line("people alone wrong", error(&c.human), None),
        line("the better model alone wrong", error(&c.ai), None),
        line("the best threshold in hindsight wrong", 100.0 * streamed.threshold, None),
        line("the platform wrong, from the first case on", error(&c.pair), Some(Target::AtMost(not_worse))),
        line("later half: the best threshold of the earlier half wrong", error(&last.ai), None),
        line("later half: the platform wrong", error(&last.pair), Some(Target::AtMost(offline))),
        line("automated", automated, None),
        line("automated and wrong", wrong, (streamed.automated > 0).then_some(Target::AtMost(100.0 * set.promise))),
    ]
}

/// A node with a virtual clock and a server in front of it.
struct Served {
    app: App,
    workspace: Workspace,
    clock: Clock,
    server: client::Served,
    client: Client,
    _database: Database,
}

impl Served {
    async fn fresh(playbook: &str) -> Result<Self> {
        let database = Database::sqlite();
        let (env, clock) = environment(11);
        let app = App::open(Config { database: database.target.clone(), root: root(), env }).await?;
        let workspace = app.workspace_create("stream").await?;
        workspace.playbook_publish(&caller(), playbook, countersign_app::Options::default()).await?;
        let server = client::serve_workspace(&app, &workspace).await?;
        let client = Client::connect(server.address, &server.key).await?;
        Ok(Self { app, workspace, clock, server, client, _database: database })
    }

    async fn close(self) {
        drop(self.client);
        self.server.stop().await;
        self.app.close().await;
    }

    /// Lets a case come in, has it decided, and says by whom and how.
    async fn decide(&mut self, set: &Set, at: usize, item: &Item, person: &Value) -> Result<(String, String, bool)> {
        let input = case(set, at, item);
        let receipt = self.client.post("/v1/cases", &serde_json::to_value(&input)?).await?.context("a receipt")?;
        let case = text(&receipt, "/case")?;
        let mut decided = receipt.get("decision").is_some_and(|decision| !decision.is_null());
        let automated = decided;
        for _ in 0..LOOKS_MAX {
            if decided {
                break;
            }
            // Every other case is decided: the next one is this one.
            self.client.post("/v1/claims", person).await?;
            let shown = self.client.post(&format!("/v1/cases/{case}/show"), person).await?.context("what is shown")?;
            let judgment = json!({ "person": person.get("person"), "token": shown.get("token"), "answer": item.person, "seconds": 10 });
            let receipt = self.client.post(&format!("/v1/cases/{case}/judgments"), &judgment).await?.context("a receipt")?;
            decided = receipt.get("decision").is_some_and(|decision| !decision.is_null());
        }
        let view = self.client.ask(Method::GET, &format!("/v1/cases/{case}"), Vec::new()).await?;
        let view: Value = serde_json::from_slice(&view)?;
        Ok((case, text(&view, "/decision/answer")?, automated))
    }
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("{pointer} in {value}"))
}

fn case(set: &Set, at: usize, item: &Item) -> CaseInput {
    let mut input = countersign_testkit::case(set.name, &format!("{at}"), "");
    input.fields = item.fields.clone();
    let template = input.proposals.pop();
    input.proposals = set
        .models
        .iter()
        .zip(&item.proposed)
        .filter_map(|(model, (answer, probabilities))| {
            let mut proposal = template.clone()?;
            (proposal.proposer, proposal.version) = ((*model).to_owned(), Some("1".into()));
            proposal.answer = Some(json!(answer));
            proposal.probabilities = Some(probabilities.clone());
            Some(proposal)
        })
        .collect();
    input
}

async fn stream(set: &Set) -> Result<Streamed> {
    let mut served = Served::fresh(&set.playbook).await?;
    let person = json!({ "name": "the recorded people" });
    let person = served.client.post("/v1/people", &person).await?.context("a person")?;
    let person = json!({ "person": person.get("person") });
    let mut memory = Memory::default();
    let mut truths: VecDeque<(i64, CaseId, usize)> = VecDeque::new();
    let (mut right, mut automated, mut automated_wrong, mut from) = (Vec::new(), 0, 0, None);
    for (at, item) in set.items.iter().enumerate() {
        served.clock.advance(STEP);
        while truths.front().is_some_and(|(due, ..)| *due <= served.clock.now()) {
            let Some((_, case, of)) = truths.pop_front() else { break };
            let truth = set.items.get(of).map(|item| item.truth.clone()).unwrap_or_default();
            let input = OutcomeInput { value: json!(truth), source: None, at: None };
            served.workspace.case_outcome(&caller(), case, input, countersign_app::Options::default()).await?;
        }
        if at % LEARN_EVERY == 0 {
            served.workspace.learn(&mut memory, false).await?;
        }
        let (case, answer, by_ai) = served.decide(set, at, item, &person).await?;
        truths.push_back((served.clock.now() + TRUTH_AFTER, CaseId(case.parse()?), at));
        let is_right = answer == item.truth;
        right.push(f64::from(u8::from(is_right)));
        automated += usize::from(by_ai);
        automated_wrong += usize::from(by_ai && !is_right);
        from = from.or(by_ai.then_some(at));
    }
    let explained = served.workspace.explain_all(&|_, _| {}).await?;
    anyhow::ensure!(explained.different == 0, "{} routes came out otherwise", explained.different);
    served.close().await;
    let human: Vec<f64> = set.items.iter().map(right_alone).collect();
    let model = better(set);
    let ai: Vec<f64> = set.items.iter().map(|item| right_by(item, model)).collect();
    let clusters: Vec<u32> = set.items.iter().map(|item| item.cluster).collect();
    let compared = compare(&Credit { human: &human, ai: &ai, pair: &right }, Clusters::One(&clusters), &Options::default())?;
    let half = set.items.len() / 2;
    let (earlier, later) = set.items.split_at(half);
    let by_threshold = by_rule(later, model, threshold(earlier, model));
    let of = |all: &[f64]| all.get(half..).unwrap_or_default().to_vec();
    let (human, pair, clusters) = (of(&human), of(&right), clusters.get(half..).unwrap_or_default());
    let last = compare(&Credit { human: &human, ai: &by_threshold, pair: &pair }, Clusters::One(clusters), &Options::default())?;
    let threshold = 1.0 - mean(&by_rule(&set.items, model, threshold(&set.items, model)));
    Ok(Streamed { compared, automated, automated_wrong, threshold, last, from, rows: set.items.len() })
}

fn right_by(item: &Item, model: usize) -> f64 {
    f64::from(u8::from(item.proposed.get(model).is_some_and(|(answer, _)| *answer == item.truth)))
}

/// The model that is right more often: in hindsight, so that it is favoured.
fn better(set: &Set) -> usize {
    let right = |model: usize| set.items.iter().map(|item| right_by(item, model)).sum::<f64>();
    (0..set.models.len()).max_by(|a, b| right(*a).total_cmp(&right(*b))).unwrap_or(0)
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len().max(1) as f64
}

/// From which probability on the better model decides, and people below, under the best such rule for these cases.
fn threshold(items: &[Item], model: usize) -> f64 {
    let mut order: Vec<&Item> = items.iter().collect();
    order.sort_by(|a, b| sure(b, model).total_cmp(&sure(a, model)));
    let mut right: f64 = order.iter().map(|item| right_alone(item)).sum();
    let mut best = (right, f64::INFINITY);
    let mut at = order.iter().peekable();
    while let Some(item) = at.next() {
        right += right_by(item, model) - right_alone(item);
        // A rule cannot tell equal probabilities apart.
        if right > best.0 && at.peek().is_none_or(|next| sure(next, model) < sure(item, model)) {
            best = (right, sure(item, model));
        }
    }
    best.1
}

/// What is right under such a rule.
fn by_rule(items: &[Item], model: usize, least: f64) -> Vec<f64> {
    items.iter().map(|item| if sure(item, model) >= least { right_by(item, model) } else { right_alone(item) }).collect()
}

fn sure(item: &Item, model: usize) -> f64 {
    item.proposed.get(model).and_then(|(answer, p)| p.get(answer)?.as_f64()).unwrap_or(0.0)
}

fn right_alone(item: &Item) -> f64 {
    f64::from(u8::from(item.person == item.truth))
}
