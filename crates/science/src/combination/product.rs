//! [`Product`]: calibrated probabilities times the person's confusion matrix. Assumes that, given the truth, their errors are
//! independent.

use super::confusion::LnTable;
use super::{Confusion, Rows};
use crate::calibration::{Calibration, Method as CalibrationMethod, ln_floored, softmax};
use crate::error::Result;
use crate::fitted::Versioned;
use crate::probabilities::ProbabilityTable;
use serde::{Deserialize, Serialize};

/// P+L of Kerrigan, Smyth, Steyvers (NeurIPS 2021): `p(y | h, m)` is proportional to `m_calibrated(y) P(h | y)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    calibration: Calibration,
    confusion: Confusion,
}

impl Versioned for Product {
    const KIND: &'static str = "product";
    const VERSION: u32 = 1;
}

impl Product {
    /// Fits the calibration and the confusion matrix on rows with known truth; `smoothing` is in pseudo-answers a cell
    /// ([`SMOOTHING`](super::SMOOTHING) is usual).
    ///
    /// # Errors
    /// Those of [`Calibration::fit`] and [`Confusion::fit`].
    pub fn fit(rows: &Rows<'_>, labels: &[u32], calibration: CalibrationMethod, smoothing: f64) -> Result<Self> {
        rows.check_with(labels)?;
        Self::fit_with(rows, labels, Calibration::fit(calibration, rows.probabilities, labels)?, smoothing)
    }

    /// As [`Product::fit`], of checked rows whose calibration is known.
    pub(crate) fn fit_with(rows: &Rows<'_>, labels: &[u32], calibration: Calibration, smoothing: f64) -> Result<Self> {
        Ok(Self { calibration, confusion: Confusion::fit(rows, labels, smoothing)? })
    }

    /// The calibration of the AI.
    #[must_use]
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The confusion matrix of the people.
    #[must_use]
    pub fn confusion(&self) -> &Confusion {
        &self.confusion
    }

    /// The combined probabilities of every row.
    ///
    /// # Errors
    /// [`Error::Input`](crate::Error::Input) where shapes differ from one another or from the fit.
    pub fn apply(&self, rows: &Rows<'_>) -> Result<ProbabilityTable> {
        rows.check()?;
        super::choice::classes_check(rows, self.confusion.classes())?;
        let table = self.confusion.ln_table();
        let mut values = rows.probabilities.values().to_vec();
        let mut likelihood = vec![0.0; self.confusion.classes()];
        for (i, row) in values.chunks_exact_mut(self.confusion.classes()).enumerate() {
            self.row(&table, rows.person(i), rows.answers.get(i).copied().unwrap_or(0), row, &mut likelihood);
        }
        ProbabilityTable::new(values, self.confusion.classes())
    }

    fn row(&self, table: &LnTable<'_>, person: Option<u32>, answer: u32, row: &mut [f64], likelihood: &mut [f64]) {
        table.fill(person, answer, likelihood);
        match &self.calibration {
            Calibration::None => row.iter_mut().for_each(|p| *p = ln_floored(*p)),
            Calibration::Temperature(map) => row.iter_mut().for_each(|p| *p = map.exponent() * ln_floored(*p)),
            map => {
                map.apply_row(row);
                row.iter_mut().for_each(|p| *p = ln_floored(*p));
            }
        }
        row.iter_mut().zip(likelihood.iter()).for_each(|(p, l)| *p += l);
        softmax(row);
    }
}
