//! Speed of routing and learning, in memory: routes a second with a track record, beside hashing the same case's bytes; a learner from
//! scratch over many decided cases, and over the next few. Never measures a database.

use crate::{
    reality,
    table::{Line, Target},
};
use anyhow::{Context as _, Result};
use countersign_core::{
    Content, Event,
    answer::Answer,
    content::Digest,
    event::{
        Actor, Basis, Body, CaseOpened, CaseRouted, DecisionMade, JudgmentGiven, OutcomeKind, OutcomeObserved, OutcomeValue, Phase,
        ProposalMade, Route, RouteInputs, Source,
    },
    id::{EventId, PersonId, PlaybookId, StreamId, WorkspaceId},
    playbook::{Playbook, parse},
};
use countersign_engine::{
    context::Drawn,
    learn::Learner,
    route::{Cause, DRAW_AUDIT, Inputs, ROUTER_VERSION, route},
    track::{Proposed, Published},
};
use countersign_science::random::Random;
use std::{collections::BTreeMap, hint::black_box, sync::Arc};

const DAY: i64 = 86_400_000_000;
const PLAYBOOK: &str = r#"
name = "alerts"
question = "What is it?"
[answer]
kind = "choice"
options = ["benign", "suspicious", "attack"]
[fields]
text = { type = "text", title = true }
zone = { type = "category" }
[outcome]
kind = "truth"
source = "the investigation"
observed = "always"
after = "1d"
[costs]
error = { default = 1.0, "attack -> benign" = 20.0 }
minute = 0.1
[routing]
default = "assist"
choose = ["assist", "unaided"]
automate = { max_error = 0.02, certainty = 0.95, audit = 0.05 }
"#;

/// How much to measure.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Arguments {
    /// Decided cases that a learner begins with
    #[arg(long, default_value_t = 1_000_000)]
    cases: u64,
    /// Decided cases that come afterwards
    #[arg(long, default_value_t = 10_000)]
    more: u64,
    /// Routes
    #[arg(long, default_value_t = 200_000)]
    routes: usize,
}

/// All lines.
pub fn measure(repeat: usize, arguments: Arguments) -> Result<Vec<Line>> {
    let playbook = parse::parse(PLAYBOOK, "bench").map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let playbook = Arc::new(playbook);
    let (mut whole, mut next) = (Vec::new(), Vec::new());
    let mut published = None;
    for _ in 0..repeat {
        let mut learner = Learner::new(playbook_id(), 1, Arc::clone(&playbook));
        let took = learn(&mut learner, 0..arguments.cases, &mut published)?;
        whole.push(took);
        next.push(learn(&mut learner, arguments.cases..arguments.cases + arguments.more, &mut published)?);
    }
    let published = published.context("a record")?;
    let (mut times, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..repeat {
        let (routing, hashing) = routes(&playbook, &published, arguments.routes);
        times.push(routing * 1e6);
        ratios.push(routing / hashing);
    }
    let line = |what: &str, n: usize, figures, unit, target| Line {
        benchmark: "learning",
        engine: "",
        what: what.into(),
        n,
        figures,
        unit,
        target,
    };
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    Ok(vec![
        line("a track record from scratch", count(arguments.cases), whole, "s", Some(Target::AtMost(60.0))),
        line("the next record after more cases", count(arguments.more), next, "s", Some(Target::AtMost(2.0))),
        line("a route by a track record", arguments.routes, times, "us", Some(Target::AtMost(5.0))),
        line("the same to hashing 1 KiB", arguments.routes, ratios, "", None),
    ])
}

fn playbook_id() -> PlaybookId {
    PlaybookId(StreamId::from_u128(7))
}

/// Seconds that a learner takes for some cases and the record that follows; making the events is not counted.
fn learn(learner: &mut Learner, cases: std::ops::Range<u64>, published: &mut Option<Published>) -> Result<f64> {
    const AT_ONCE: u64 = 10_000;
    let (mut seconds, end) = (0.0, cases.end);
    let mut from = cases.start;
    while from < end {
        let to = end.min(from + AT_ONCE);
        let events: Vec<Event> = (from..to).flat_map(case).collect();
        let began = reality::stopwatch();
        events.iter().for_each(|event| learner.apply(event));
        seconds += began.elapsed().as_secs_f64();
        from = to;
    }
    let now = i64::try_from(end).unwrap_or(i64::MAX).saturating_mul(30_000_000) + 40 * DAY;
    let began = reality::stopwatch();
    let record = learner.publish_now(now).context("a record")?;
    black_box(learner.watch(now));
    seconds += began.elapsed().as_secs_f64();
    let digest = Digest::of(&record.to_bytes()?);
    *published = Some(Published { record, digest });
    Ok(seconds)
}

fn fields(odd: bool) -> BTreeMap<String, Content> {
    let zone = if odd { "server room" } else { "office" };
    [("text", "a sign-in from a new device"), ("zone", zone)].map(|(name, value)| (name.to_owned(), Content::text(value))).into()
}

/// The events of one decided case with its outcome.
fn case(n: u64) -> Vec<Event> {
    let mut random = Random::new(3, n);
    let odd = random.uniform() < 0.3;
    let classes = ["benign", "suspicious", "attack"];
    let truth = if random.uniform() < 0.8 { 0 } else { 1 + random.below(2) };
    let mut say = |accuracy: f64| if random.uniform() < accuracy { truth } else { (truth + 1) % 3 };
    let (ai, person) = (say(if odd { 0.8 } else { 0.99 }), say(0.95));
    let answer = |at: usize| Answer::Choice(classes.get(at).copied().unwrap_or("benign").to_owned());
    let probability = 700_000_000 + u32::try_from(random.below(290_000_000)).unwrap_or(0);
    let digest = Digest([0; 32]);
    let at = i64::try_from(n).unwrap_or(i64::MAX) * 30_000_000;
    let stream = StreamId::from_u128(u128::from(n) + 1_000);
    let person_id = PersonId(StreamId::from_u128(u128::from(n % 20) + 1));
    let proposal = EventId(StreamId::from_u128(u128::from(n) * 8 + 1));
    let bodies: [(i64, Body); 6] = [
        (
            at,
            CaseOpened {
                playbook: playbook_id(),
                playbook_version: 1,
                external_id: None,
                subject: None,
                fields: fields(odd),
                content_digest: digest,
                owner: None,
                deadline_at: None,
            }
            .into(),
        ),
        (
            at,
            ProposalMade {
                proposer: "sentry".into(),
                proposer_version: "1".into(),
                answer: answer(ai),
                probabilities: Some([(answer(ai).label().to_owned(), probability)].into()),
                explanation: None,
                evidence: Vec::new(),
                chained_from: None,
                ask: None,
                owner: None,
                cost: None,
                candidate: None,
                content_digest: digest,
            }
            .into(),
        ),
        (
            at,
            CaseRouted {
                route: Route::Unaided,
                reason: "default".into(),
                rule: None,
                draws: Vec::new(),
                would_automate: None,
                assigned: None,
                seats: 1,
                role: None,
                router_version: ROUTER_VERSION,
                playbook_version: 1,
                content_digest: digest,
                inputs: None,
            }
            .into(),
        ),
        (
            at,
            JudgmentGiven {
                person: person_id,
                phase: Phase::Only,
                answer: answer(person),
                accepts: None,
                confidence: None,
                took: Some(20_000_000),
                advice_visible: n.is_multiple_of(2),
                shown: proposal,
                content_digest: digest,
                playbook_version: 1,
                proposals: Vec::new(),
                kept: None,
                reason: None,
                signature: None,
                bulk: false,
            }
            .into(),
        ),
        (
            at,
            DecisionMade {
                answer: answer(person),
                basis: Basis::Signatures,
                persons: vec![person_id],
                judgments: Vec::new(),
                act_after: at,
                content_digest: digest,
                playbook_version: 1,
            }
            .into(),
        ),
        (at + DAY, OutcomeObserved { kind: OutcomeKind::Truth, value: OutcomeValue::Answer(answer(truth)), source: "bench".into() }.into()),
    ];
    let event = |(version, (at, body)): (u64, (i64, Body))| Event {
        id: EventId(StreamId::from_u128(u128::from(n) * 8 + u128::from(version))),
        workspace: WorkspaceId(StreamId::from_u128(1)),
        stream,
        stream_version: version + 1,
        occurred_at: at,
        recorded_at: at,
        actor: Actor::System("bench".into()),
        source: Source::System,
        causation: None,
        body,
    };
    (0..).zip(bodies).map(event).collect()
}

/// Seconds a route, and seconds to hash a kibibyte as often.
fn routes(playbook: &Playbook, published: &Published, count: usize) -> (f64, f64) {
    let (office, server) = (fields(false), fields(true));
    let began = reality::stopwatch();
    for n in 0..count {
        let value = u32::try_from(n * 7_919 % 1_000_000_000).unwrap_or(0);
        let fields = if n % 3 == 0 { &server } else { &office };
        let proposed = Proposed {
            id: EventId(StreamId::from_u128(1)),
            proposer: "sentry",
            version: "1",
            probability: Some(700_000_000 + value % 300_000_000),
            signatures: 1,
        };
        let measured = published.record.assess(published.digest, (playbook, 1), fields, &[proposed], 1);
        let proposal =
            countersign_core::event::RouteProposal { id: proposed.id, proposer: "sentry".into(), probability: proposed.probability };
        let frozen = RouteInputs {
            away: 0,
            rules: Vec::new(),
            proposals: vec![proposal],
            awaited: false,
            awaited_until: None,
            roster: 5,
            stops: Vec::new(),
            forbidden: None,
            measured: Some(measured),
            experiment: None,
            learning: None,
        };
        let inputs = Inputs {
            playbook_version: 1,
            content_digest: published.digest,
            cause: Cause::Content,
            role: None,
            drawn: vec![(DRAW_AUDIT.into(), Drawn { epoch: 1, value })],
            frozen,
        };
        black_box(route(playbook, inputs));
    }
    let routing = began.elapsed().as_secs_f64() / count as f64;
    let bytes = [7_u8; 1_024];
    let began = reality::stopwatch();
    for _ in 0..count {
        black_box(Digest::of(black_box(&bytes)));
    }
    (routing, began.elapsed().as_secs_f64() / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_run_measures_every_line() {
        let lines = measure(1, Arguments { cases: 2_000, more: 100, routes: 100 }).unwrap();
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| line.figures.iter().all(|figure| *figure > 0.0)));
    }
}
