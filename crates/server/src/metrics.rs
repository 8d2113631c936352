//! Counters for operators, in the Prometheus text format. Labels are routes, methods and statuses; never ids or values.

use axum::http::Method;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
    method: &'static str,
}

/// Upper bounds of the duration buckets, in seconds.
const DURATION_BUCKETS_SECONDS: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// What is counted.
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram>,
    cases: Counter,
    decisions: Counter,
    waiting: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("countersign");
        let requests = Family::default();
        registry.register("http_requests", "Requests answered, by route, method and status", requests.clone());
        let durations = Family::new_with_constructor((|| Histogram::new(DURATION_BUCKETS_SECONDS)) as fn() -> Histogram);
        registry.register("http_request_duration_seconds", "Time until the head of the response", durations.clone());
        let cases = Counter::default();
        registry.register("cases_taken_in", "New cases taken in through this node's API", cases.clone());
        let decisions = Counter::default();
        registry.register("decisions", "Cases settled by a command through this node's API", decisions.clone());
        let waiting = Gauge::default();
        registry.register("writer_waiting", "Commands that wait for the writer", waiting.clone());
        Self { registry, requests, durations, cases, decisions, waiting }
    }
}

impl Metrics {
    /// A request was answered.
    pub fn answered(&self, route: &str, method: &Method, status: u16, took: Duration) {
        let method = known(method);
        self.requests.get_or_create(&Request { route: route.into(), method, status }).inc();
        self.durations.get_or_create(&Route { route: route.into(), method }).observe(took.as_secs_f64());
    }

    /// A case was handed in.
    pub fn taken_in(&self, new: bool) {
        self.cases.inc_by(u64::from(new));
    }

    /// A command was carried out, and settled a case or not.
    pub fn decided(&self, settled: bool) {
        self.decisions.inc_by(u64::from(settled));
    }

    /// All of it as text, with so many commands waiting for the writer.
    #[must_use]
    pub fn text(&self, waiting: usize) -> String {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing to a string fails only where an encoder of a label does, and ours do not.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// The methods that routes have; a client may invent others, and a label must not grow with them.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    }
}
