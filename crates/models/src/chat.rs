//! Language models behind an endpoint that speaks the OpenAI protocol, local or hosted, as proposers: of choices here, of texts and of JSON
//! in [`draft`]. What such an endpoint does is believed as little as possible: an answer that is not exactly what was asked for is no advice.
//!
//! [`protocol`] makes requests and reads replies and does no input or output; [`patience`] says when to ask again, when to let an
//! endpoint rest and what may be spent; [`wire`] carries requests, and records and replays them.
//!
//! What stands in a case is data: it goes as one JSON document in a message of its own, no tool is offered, and whatever it tells the
//! model to do, all that can come of it is one of the playbook's options, or a draft, which a person then reads.

pub mod draft;
pub mod patience;
pub mod protocol;
pub mod wire;

use crate::advice::billionths;
use patience::{Breaker, Budget, again};
use protocol::{Reply, Request};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use wire::Wire;

pub use crate::advice::{Advice, NoAdvice};

/// Why an endpoint gave no advice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be reached, or says that it is broken.
    #[error("the endpoint is down: {0}")]
    Down(String),
    /// It did not answer in time.
    #[error("the endpoint did not answer within {0} ms")]
    Slow(u64),
    /// It wants to be asked less.
    #[error("the endpoint limits how often it may be asked")]
    RateLimited(Option<u64>),
    /// It refuses the request as such: a wrong key, an unknown model.
    #[error("the endpoint refuses the request with status {0}")]
    Misasked(u16),
    /// It answered with something that is no JSON.
    #[error("the endpoint's answer is no JSON")]
    NoJson,
    /// It answered with JSON of another shape.
    #[error("the endpoint's answer lacks {0}")]
    WrongShape(&'static str),
    /// It answered with more than is read.
    #[error("the endpoint's answer is longer than {} bytes", wire::REPLY_BYTES_MAX)]
    TooLong,
    /// The model declined to answer.
    #[error("the model declined to answer on this content")]
    Declined,
    /// The model answered something that is none of the options, or no answer after the schema.
    #[error("the model's answer is none that fits the question")]
    Nonsense,
    /// The answer ended at the limit of its length.
    #[error("the model's answer broke off before its end")]
    CutOff,
    /// It failed so often lately that it is left alone for a while.
    #[error("the endpoint failed several times in a row and is left alone until it may have recovered")]
    Resting,
    /// What may be spent today is spent.
    #[error("today's budget for this endpoint is spent")]
    Budget,
    /// The recording has no answer to this request.
    #[error("the recording has no answer to this request")]
    NotRecorded,
}

impl Fault {
    /// Whether it is the endpoint's state and may pass.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Down(_) | Self::Slow(_) | Self::RateLimited(_))
    }
}

/// An endpoint and how it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Where the protocol begins, as in `http://127.0.0.1:8080/v1`. Plain HTTP: what is hosted elsewhere is reached by a proxy.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The key, where one is wanted. It is sent, and never recorded or printed.
    pub key: Option<Secret>,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How often one case is tried.
    pub attempts_max: u32,
    /// Samples where the endpoint gives no probabilities.
    pub samples: u32,
    /// What 1,000 tokens cost, in micro-units: read, written.
    pub price: (u64, u64),
}

/// A key that no `Debug` prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What is asked about a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The playbook's question.
    pub question: String,
    /// Its options, in order.
    pub options: Vec<String>,
    /// Fields by name, as they may go out: personal data already replaced.
    pub fields: Vec<(String, serde_json::Value)>,
    /// What the team and a person who asks want beside it, in this order; personal data already replaced.
    pub wishes: Vec<String>,
    /// Decided cases that are like it, where the template shows such; personal data already replaced.
    pub examples: Option<Vec<Example>>,
}

/// A decided case that is like the one that is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Fields by name, as they may go out.
    pub fields: Vec<(String, serde_json::Value)>,
    /// What people decided.
    pub decided: String,
    /// What turned out, where that is known.
    pub turned_out: Option<String>,
}

/// What was asked of an endpoint so far: how often it failed lately, and what was spent. Several may ask at once.
#[derive(Debug, Default)]
pub struct Client {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    breaker: Breaker,
    budget: Budget,
}

/// What came of asking, and what it cost in micro-units: an answer that cannot be used costs all the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked<T> {
    /// The answer, or why there is none.
    pub said: Result<T, Fault>,
    /// What it cost.
    pub cost: u64,
}

/// Time and chance, which whoever runs this has.
pub trait Surroundings: Send + Sync {
    /// Now, in microseconds since 1970 UTC.
    fn now(&self) -> i64;
    /// 64 random bits.
    fn bits(&self) -> u64;
}

impl Client {
    /// One that may spend so much a day, in micro-units; `None`: whatever it takes.
    #[must_use]
    pub fn new(budget_a_day: Option<u64>) -> Self {
        Self { state: Mutex::new(State { breaker: Breaker::default(), budget: Budget::new(budget_a_day) }) }
    }

    /// Takes over what others have spent today, so that a budget outlives whoever asked before.
    pub fn spent_already(&self, cost: u64, now: i64) {
        self.state().budget.at_least(cost, now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks about one case: probabilities from the endpoint's own where it gives them, else from repeated answers. Where there is a
    /// [`Fault`], a person decides without advice.
    pub async fn ask(&self, endpoint: &Endpoint, question: &Question, wire: &Wire, at: &dyn Surroundings) -> Asked<Advice> {
        let mut cost = 0;
        let said = self.choice(endpoint, question, (wire, at), &mut cost).await;
        Asked { said, cost }
    }

    async fn choice(
        &self,
        endpoint: &Endpoint,
        question: &Question,
        (wire, at): (&Wire, &dyn Surroundings),
        cost: &mut u64,
    ) -> Result<Advice, Fault> {
        let first = self.reply(endpoint, &Request::surest(endpoint, question), (wire, at), cost).await?;
        let shares = match first.shares(question.options.len()) {
            Some(shares) => shares,
            None => {
                let mut counts = vec![0.0; question.options.len()];
                let mut count = |option: usize| counts.iter_mut().skip(option).take(1).for_each(|n| *n += 1.0);
                count(first.option(question)?);
                for sample in 1..endpoint.samples {
                    let reply = self.reply(endpoint, &Request::sample(endpoint, question, sample), (wire, at), cost).await?;
                    count(reply.option(question)?);
                }
                // Half a sample for each option: what did not come up in a few answers is not impossible.
                counts.iter_mut().for_each(|n| *n += 0.5);
                counts
            }
        };
        let rounded = billionths(&shares).ok_or(Fault::Nonsense)?;
        let best =
            rounded.iter().enumerate().fold(0, |best, (at, p)| if rounded.get(best).is_some_and(|most| p > most) { at } else { best });
        Ok(Advice {
            answer: question.options.get(best).cloned().unwrap_or_default(),
            probabilities: question.options.iter().cloned().zip(rounded).collect(),
            explanation: format!("{} chose among the options; it gave no reasons.", endpoint.model),
            evidence: Vec::new(),
            cost: *cost,
        })
    }

    async fn reply(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        (wire, at): (&Wire, &dyn Surroundings),
        cost: &mut u64,
    ) -> Result<Reply, Fault> {
        let mut attempt = 0;
        loop {
            {
                let state = self.state();
                state.breaker.may_ask(at.now())?;
                state.budget.may_ask(at.now())?;
            }
            let reply = match wire.carry(endpoint, request).await {
                Ok(carried) => Reply::read(&carried),
                Err(fault) => Err(fault),
            };
            self.state().breaker.saw(reply.as_ref().err(), at.now());
            match reply {
                Ok(reply) => {
                    let spent = reply.cost(endpoint);
                    *cost = cost.saturating_add(spent);
                    self.state().budget.spent(spent, at.now());
                    return Ok(reply);
                }
                Err(fault) => {
                    attempt += 1;
                    let Some(pause) = again(&fault, attempt, endpoint.attempts_max, at.bits()) else { return Err(fault) };
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
