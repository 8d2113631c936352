//! A certificate: everything that a permission to automate rests on, so that anybody can check it again. Never reads a clock:
//! now and the expiry are handed in.

use serde::{Deserialize, Serialize};

use super::{Point, Promise, Risk, fixed_sequence, spent};
use crate::{Error, error::Result, interval};

/// The version of this format.
pub const VERSION: u32 = 1;
/// Probabilities that are computed again may differ by this much on a later version of the code.
const TOLERANCE: f64 = 1e-9;

/// What a certificate is bound to. Texts are opaque here: versions or digests, as the caller likes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The one proposer version whose scores were tested.
    pub proposer: String,
    /// The one router version that applies the threshold.
    pub router: String,
    /// The region that it is about; `None` for everything.
    pub region: Option<String>,
    /// Digest of whatever rows, score and grid came from, if the caller keeps one.
    pub evidence: String,
    /// Not valid from this moment on, on the caller's clock.
    pub expires_at: i64,
}

/// Permission to automate what scores at least `threshold`, at a promised rate with a stated certainty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The version of this format: [`VERSION`].
    pub version: u32,
    /// The rate that is promised.
    pub risk: Risk,
    /// The promised bound of the rate.
    #[serde(with = "crate::fitted::bits")]
    pub alpha: f64,
    /// The promised chance of being wrong, over all attempts and all regions together.
    #[serde(with = "crate::fitted::bits")]
    pub delta: f64,
    /// Which attempt this was: 1, 2, ..
    pub attempt: u64,
    /// Among how many regions delta is shared.
    pub regions: u64,
    /// What this attempt spent of delta for this region.
    #[serde(with = "crate::fitted::bits")]
    pub spent: f64,
    /// The points that were tested, strict to lax, in the order of the test.
    pub points: Vec<Point>,
    /// The first point of the sequence; points before it were not tested.
    pub start: usize,
    /// The point that was reached.
    pub chosen: usize,
    /// The threshold of that point: what scores at least this may be automated.
    #[serde(with = "crate::fitted::bits")]
    pub threshold: f64,
    /// Cases at that point.
    pub n: u64,
    /// Errors at that point.
    pub errors: u64,
    /// Exact upper bound of the rate at that point, at the certainty spent (Clopper and Pearson, one-sided).
    #[serde(with = "crate::fitted::bits")]
    pub upper: f64,
    /// What it is bound to.
    pub context: Context,
}

/// Why a certificate permits nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The time is over.
    #[error("The certificate has expired.")]
    Expired,
    /// Another proposer version is running.
    #[error("The certificate is for another version of the proposer.")]
    Proposer,
    /// Another router version is running.
    #[error("The certificate is for another version of the router.")]
    Router,
    /// The case is of another region.
    #[error("The certificate is for another region.")]
    Region,
    /// What it says does not follow from what it rests on.
    #[error("The certificate does not follow from its own evidence: {0}.")]
    Evidence(&'static str),
}

/// Tests the points and gives a certificate for the laxest threshold that passes.
///
/// `points` come from fresh rows: random audits or outcomes that are always observed and have matured, none of them used for
/// the score, the grid or `start`. `attempt` counts every test that was ever made for this promise, passed or not.
///
/// # Errors
/// [`Error::CannotSay`] with what is missing where nothing can be certified; a promise, attempt or start out of range.
pub fn certify(promise: Promise, risk: Risk, points: &[Point], start: usize, attempt: u64, context: Context) -> Result<Certificate> {
    certify_share(promise, risk, points, start, (attempt, 1), context)
}

/// One certificate per region, each as [`certify`] would give it: delta is shared evenly, so that the promise holds for all
/// regions at once. The regions must be those that were fixed before the test; one that fails keeps its share. Each is given as
/// its points, its start and its context.
///
/// # Errors
/// No regions; per region whatever [`certify`] says.
pub fn certify_groups(
    promise: Promise,
    risk: Risk,
    regions: &[(&[Point], usize, Context)],
    attempt: u64,
) -> Result<Vec<Result<Certificate>>> {
    if regions.is_empty() {
        return Err(Error::cannot_say("There are no regions to certify."));
    }
    let shared = (attempt, regions.len() as u64);
    Ok(regions.iter().map(|(points, start, context)| certify_share(promise, risk, points, *start, shared, context.clone())).collect())
}

fn certify_share(
    promise: Promise,
    risk: Risk,
    points: &[Point],
    start: usize,
    (attempt, regions): (u64, u64),
    context: Context,
) -> Result<Certificate> {
    promise.check()?;
    if attempt == 0 {
        return Err(Error::input("attempt", "attempts are counted from 1"));
    }
    let Promise { alpha, delta } = promise;
    check_points(points).map_err(|why| Error::input("points", why))?;
    let Some(first) = points.get(start) else {
        return Err(Error::cannot_say("No threshold has enough cases to be tested, so nothing can be certified."));
    };
    let share = spent(delta, attempt) / regions as f64;
    let Some(chosen) = fixed_sequence(&[(alpha, points)], start, share) else {
        return Err(Error::cannot_say(format!(
            "With {} errors in {} cases at the strictest tested threshold, a rate of at most {:.2} % is not shown at a certainty of {:.2} % (attempt {attempt}).",
            first.errors,
            first.n,
            100.0 * alpha,
            100.0 * (1.0 - share)
        )));
    };
    let Some(Point { threshold, n, errors }) = points.get(chosen).copied() else {
        return Err(Error::input("points", "fewer points than the sequence"));
    };
    let upper = interval::clopper_pearson_high(errors, n, share)?;
    Ok(Certificate {
        version: VERSION,
        risk,
        alpha,
        delta,
        attempt,
        regions,
        spent: share,
        points: points.to_vec(),
        start,
        chosen,
        threshold,
        n,
        errors,
        upper,
        context,
    })
}

impl Certificate {
    /// Whether it permits automation now, for this proposer, router and region.
    ///
    /// # Errors
    /// Why not.
    pub fn valid(&self, now: i64, proposer: &str, router: &str, region: Option<&str>) -> Result<(), Invalid> {
        if now >= self.context.expires_at {
            return Err(Invalid::Expired);
        }
        if self.context.proposer != proposer {
            return Err(Invalid::Proposer);
        }
        if self.context.router != router {
            return Err(Invalid::Router);
        }
        if self.context.region.as_deref() != region {
            return Err(Invalid::Region);
        }
        self.evident()
    }

    /// Works out again whatever it says from its points: a certificate that was changed by hand permits nothing.
    ///
    /// # Errors
    /// What does not follow.
    pub fn evident(&self) -> Result<(), Invalid> {
        let fails = |why| Err(Invalid::Evidence(why));
        let promise = Promise { alpha: self.alpha, delta: self.delta };
        if self.version != VERSION {
            return fails("its format is not known here");
        }
        if promise.check().is_err() || self.attempt == 0 || self.regions == 0 {
            return fails("the promise is out of range");
        }
        if (self.spent - spent(self.delta, self.attempt) / self.regions as f64).abs() > TOLERANCE {
            return fails("the certainty spent is not that of the attempt");
        }
        if let Err(why) = check_points(&self.points) {
            return fails(why);
        }
        if fixed_sequence(&[(self.alpha, &self.points)], self.start, self.spent) != Some(self.chosen) {
            return fails("the sequence ends at another threshold");
        }
        let here = Point { threshold: self.threshold, n: self.n, errors: self.errors };
        if self.points.get(self.chosen) != Some(&here) {
            return fails("threshold or counts are not those of the chosen point");
        }
        match interval::clopper_pearson_high(self.errors, self.n, self.spent) {
            Ok(upper) if (upper - self.upper).abs() <= TOLERANCE && upper <= self.alpha + TOLERANCE => Ok(()),
            _ => fails("the upper bound is another one"),
        }
    }

    /// Whether a case with this score may be automated.
    #[must_use]
    pub fn covers(&self, score: f64) -> bool {
        score >= self.threshold
    }
}

fn check_points(points: &[Point]) -> Result<(), &'static str> {
    if points.iter().any(|point| point.errors > point.n || point.threshold.is_nan()) {
        return Err("a point has more errors than cases, or a threshold that is no number");
    }
    let falling = points.windows(2).all(|pair| matches!(pair, [a, b] if a.threshold > b.threshold && a.n <= b.n && a.errors <= b.errors));
    if falling { Ok(()) } else { Err("the points do not run from strict to lax") }
}
