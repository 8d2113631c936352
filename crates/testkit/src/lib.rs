//! Nodes on throw-away databases of both engines, with a virtual clock and seeded randomness, so that a failing run can be run
//! again. For tests and benchmarks only; never part of the product.
//!
//! Start at [`each_engine`], which runs a scenario on SQLite and, where one can be had, on PostgreSQL. [`story`] gives a workspace a
//! past, [`raw`] looks below the product, [`dice`] chooses from a seed, [`double`] is a language model that misbehaves.

#![expect(clippy::expect_used, reason = "test support: a setup that fails should panic and say where")]

mod database;
pub mod dice;
pub mod double;
pub mod raw;
pub mod story;

pub use database::{Database, POSTGRES_VARIABLE};

use countersign_app::{
    App, Caller, Config, Env, Error, Workspace,
    input::{CaseInput, JudgmentInput, PersonInput, ProposalInput},
    view::{Claim, PersonView, Receipt, Shown},
};
use countersign_core::{
    event::{Actor, Source},
    id::{CaseId, PersonId},
    refusal::{Code, Refusal},
};
use countersign_privacy::RootSecret;
use sha2::{Digest, Sha256};
use std::{
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

/// The moment at which virtual clocks start: 2026-01-01T00:00:00Z.
pub const EPOCH_MICROS: i64 = 1_767_225_600_000_000;

/// A clock that moves by a microsecond a look and otherwise only when told.
#[derive(Debug, Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Moves forward, or back where `micros` is negative.
    pub fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// Bytes that look random and follow from a seed.
#[derive(Debug)]
struct Stream {
    seed: u64,
    counter: u64,
    waiting: Vec<u8>,
}

impl Stream {
    fn fill(&mut self, bytes: &mut [u8]) {
        while self.waiting.len() < bytes.len() {
            let mut hash = Sha256::new();
            hash.update(self.seed.to_be_bytes());
            hash.update(self.counter.to_be_bytes());
            self.counter += 1;
            self.waiting.extend_from_slice(&hash.finalize());
        }
        let rest = self.waiting.split_off(bytes.len());
        bytes.copy_from_slice(&self.waiting);
        self.waiting = rest;
    }
}

/// A virtual environment from a seed.
#[must_use]
pub fn environment(seed: u64) -> (Env, Clock) {
    let clock = Clock(Arc::new(AtomicI64::new(EPOCH_MICROS)));
    let stream = Mutex::new(Stream { seed, counter: 0, waiting: Vec::new() });
    let ticking = clock.clone();
    let env = Env::new(move || ticking.now(), move |bytes| stream.lock().expect("nobody panics while drawing").fill(bytes));
    (env, clock)
}

/// The root secret of all test nodes.
#[must_use]
pub fn root() -> RootSecret {
    RootSecret::from_hex(&"0123456789abcdef".repeat(4)).expect("a valid secret")
}

/// A node with a workspace on a fresh database.
pub struct Kit {
    /// The node.
    pub app: App,
    /// Its workspace.
    pub workspace: Workspace,
    /// Its clock.
    pub clock: Clock,
    /// Its database.
    pub database: Database,
}

/// The caller of scenarios: a trusted program.
#[must_use]
pub fn caller() -> Caller {
    Caller { actor: Actor::Key("testkit".into()), source: Source::Api }
}

/// A person who acts at the desk.
#[must_use]
pub fn own(person: PersonId) -> Caller {
    Caller { actor: Actor::Person(person), source: Source::Desk }
}

/// Why something was refused; anything else is a failure of the test.
///
/// # Panics
/// Where it was not refused, or failed.
pub fn refusal<T>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        Err(other) => panic!("no refusal: {other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

/// The code of that.
///
/// # Panics
/// As [`refusal`].
pub fn code<T>(result: Result<T, Error>) -> Code {
    refusal(result).code
}

impl Kit {
    /// Opens a node on a database and makes a workspace.
    pub async fn on(database: Database, seed: u64) -> Self {
        let (env, clock) = environment(seed);
        let app = App::open(Config { database: database.target.clone(), root: root(), env }).await.expect("a node");
        let workspace = app.workspace_create("test").await.expect("a workspace");
        Self { app, workspace, clock, database }
    }

    /// A second node on the same database, with a clock and randomness of its own.
    pub async fn second_node(&self, seed: u64) -> (App, Workspace) {
        let (env, _) = environment(seed);
        let app = App::open(Config { database: self.database.target.clone(), root: root(), env }).await.expect("a second node");
        let workspace = app.workspace(self.workspace.id());
        (app, workspace)
    }

    /// Publishes a playbook.
    pub async fn publish(&self, source: &str) {
        self.workspace.playbook_publish(&caller(), source, countersign_app::Options::default()).await.expect("a published playbook");
    }

    /// Adds a member.
    pub async fn member(&self, name: &str, roles: &[&str]) -> PersonId {
        let input = PersonInput { name: name.into(), mail: None, roles: roles.iter().map(|r| (*r).to_owned()).collect(), external: false };
        let view: PersonView = self.workspace.person_add(&caller(), input).await.expect("a person");
        self.rerouted().await;
        PersonId(view.person)
    }

    /// Does at once what a serving node does in the background after people changed.
    pub async fn rerouted(&self) {
        self.workspace.reroute_all().await.expect("cases routed anew");
    }

    /// Takes a case in.
    pub async fn open(&self, input: CaseInput) -> Receipt {
        self.workspace.case_open(&caller(), input, countersign_app::Options::default()).await.expect("an accepted case")
    }

    /// Claims the next case.
    pub async fn claim_next(&self, person: PersonId) -> Option<Claim> {
        self.workspace.claim_next(person, None).await.expect("a claim or none")
    }

    /// Shows a claimed case.
    pub async fn show(&self, case: CaseId, person: PersonId) -> Shown {
        self.workspace.case_show(&caller(), case, person, countersign_app::Options::default()).await.expect("a shown case")
    }

    /// Claims, shows and answers a case by name.
    pub async fn decide(&self, case: CaseId, person: PersonId, answer: &str) -> Receipt {
        self.workspace.claim(person, case).await.expect("a claim");
        let shown = self.show(case, person).await;
        self.answer(&shown, person, answer).await.expect("an accepted judgment")
    }

    /// Answers what was shown.
    ///
    /// # Errors
    /// As the use case.
    pub async fn answer(&self, shown: &Shown, person: PersonId, answer: &str) -> Result<Receipt, countersign_app::Error> {
        let input = judgment(shown, person, answer);
        self.workspace.case_judge(&caller(), CaseId(shown.case), input, countersign_app::Options::default()).await
    }
}

/// A judgment with an option.
#[must_use]
pub fn judgment(shown: &Shown, person: PersonId, answer: &str) -> JudgmentInput {
    JudgmentInput {
        person: person.0,
        token: shown.token.clone(),
        answer: Some(answer.into()),
        accept: None,
        confidence: Some(0.9),
        seconds: Some(12.5),
        reason: None,
        signature: None,
    }
}

/// A playbook of one text field and three options, on a route.
#[must_use]
pub fn playbook(name: &str, route: &str, more: &str) -> String {
    format!(
        r#"
name = "{name}"
question = "What is it?"

[answer]
kind = "choice"
options = ["benign", "suspicious", "attack"]

[fields]
text = {{ type = "text", title = true }}
score = {{ type = "number", required = false }}

[outcome]
kind = "truth"
source = "the investigation"
observed = "always"
after = "3d"

[costs]
error = {{ default = 1.0 }}
minute = 0.5

[routing]
default = "{route}"
{more}
"#
    )
}

/// A case for [`playbook`] with one proposal.
#[must_use]
pub fn case(playbook: &str, external_id: &str, text: &str) -> CaseInput {
    CaseInput {
        playbook: playbook.into(),
        external_id: Some(external_id.into()),
        fields: serde_json::json!({ "text": text }).as_object().cloned().expect("an object"),
        proposals: vec![ProposalInput {
            proposer: "m1".into(),
            version: Some("1".into()),
            probabilities: serde_json::json!({ "benign": 0.7, "suspicious": 0.2, "attack": 0.1 }).as_object().cloned(),
            ..ProposalInput::default()
        }],
        ..CaseInput::default()
    }
}

/// Runs a scenario on each engine. Where PostgreSQL cannot be had it says so; under `CI=true` that is a failure.
pub async fn each_engine<F: Future<Output = ()>>(seed: u64, scenario: impl Fn(Kit) -> F) {
    println!("seed {seed}");
    scenario(Kit::on(Database::sqlite(), seed).await).await;
    match Database::postgres().await {
        Some(database) => scenario(Kit::on(database, seed).await).await,
        None => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{POSTGRES_VARIABLE} is not set: run `cargo xtask test`");
            println!("skipped on PostgreSQL: {POSTGRES_VARIABLE} is not set; `cargo xtask test` starts one");
        }
    }
}
