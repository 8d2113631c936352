//! Has the world moved, and where: in which field, in which class. Never says why, and never stops anything by itself.
//!
//! [`psi`] compares a field's values now with those of a reference period; [`ErrorWatches`] look at the errors of the AI or of
//! people, class by class or field by field, one case after the other; [`Adwin`] keeps of any stream as much of its past as is
//! like its present. Whatever warns carries the name that the caller gave it.

pub mod adwin;
pub mod psi;

pub use adwin::{Adwin, Cut};
pub use psi::{Bin, Shift, psi, psi_categories, psi_numbers};

use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    fitted::Versioned,
    monitor::{Ecusum, Kind, Limits, Terms},
};

/// A CUSUM (Page 1954) per name on a stream of errors: warns when errors of that name have about doubled.
///
/// Each is the [`Ecusum`] against its own usual rate, and the level is shared, so that in `horizon` cases per name a world
/// that does not get worse gives a warning with a probability of at most `level`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorWatches {
    watches: Vec<ErrorWatch>,
}

/// The watch of one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorWatch {
    name: String,
    #[serde(with = "crate::fitted::bits")]
    usual: f64,
    cusum: Ecusum,
    errors: u64,
    cases: u64,
    /// Cases and errors when the evidence last was nothing: the change is likely to have come after.
    restarted: (u64, u64),
}

/// A warning that the errors of a name have become more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// The class, field or person, as the caller named it.
    pub name: String,
    /// The rate that was usual.
    pub usual: f64,
    /// Cases since the errors probably began to be more.
    pub cases: u64,
    /// Errors among them.
    pub errors: u64,
}

impl Versioned for ErrorWatches {
    const KIND: &'static str = "watches of errors";
    const VERSION: u32 = 1;
}

impl ErrorWatches {
    /// A watch per `(name, usual error rate)`. Let the usual rate be an upper bound where it is not known well.
    ///
    /// # Errors
    /// A rate outside (0, 0.5), a level outside (0, 1).
    pub fn new(names: &[(String, f64)], level: f64, horizon: u64) -> Result<Self> {
        Self::with_limits(names, level, horizon, &mut Limits::default())
    }

    /// The same, by limits that were worked out before where there are some.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_limits(names: &[(String, f64)], level: f64, horizon: u64, limits: &mut Limits) -> Result<Self> {
        let each = level / names.len().max(1) as f64;
        let mut watch = |(name, usual): &(String, f64)| {
            let terms = Terms { alpha: *usual, level: each, horizon_audits: horizon, recheck_share: 1.0 };
            Ok(ErrorWatch {
                name: name.clone(),
                usual: *usual,
                cusum: Ecusum::with_limits(terms, limits)?,
                errors: 0,
                cases: 0,
                restarted: (0, 0),
            })
        };
        Ok(Self { watches: names.iter().map(&mut watch).collect::<Result<_>>()? })
    }

    /// One case of the name at this place; a warning when this case brings it about. What is not there is passed over.
    pub fn observe(&mut self, place: usize, wrong: bool) -> Option<Warning> {
        let watch = self.watches.get_mut(place)?;
        if watch.cusum.log_evidence() <= 0.0 {
            watch.restarted = (watch.cases, watch.errors);
        }
        watch.cases += 1;
        watch.errors += u64::from(wrong);
        let before = watch.cusum.stopped();
        watch.cusum.observe(if wrong { Kind::Bad } else { Kind::Good });
        (watch.cusum.stopped() && !before).then(|| Warning {
            name: watch.name.clone(),
            usual: watch.usual,
            cases: watch.cases - watch.restarted.0,
            errors: watch.errors - watch.restarted.1,
        })
    }

    /// The names that have warned.
    pub fn warned(&self) -> impl Iterator<Item = &str> {
        self.watches.iter().filter(|watch| watch.cusum.stopped()).map(|watch| watch.name.as_str())
    }
}

#[cfg(test)]
mod tests;
