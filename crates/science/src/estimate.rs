//! [`Estimate`]: a figure for a reader, never without its uncertainty.

use serde::{Deserialize, Serialize};

/// A value with its interval and the number of observations behind it.
///
/// `low <= value <= high` except where an interval of another kind than the point estimate is stated (a bootstrap of a
/// re-picked maximum can lie to one side of it).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Observations behind it: rows, or what the function that made it states.
    pub n: u64,
}
