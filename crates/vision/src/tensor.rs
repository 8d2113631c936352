//! Numbers with sizes: what goes between operators. Whole numbers are sizes and places; only floats are computed with.

use crate::Error;
use countersign_onnx::wire;

/// Numbers of one tensor at most.
pub(crate) const NUMBERS_MAX: usize = 16 << 20;
/// Dimensions of one tensor at most.
const RANK_MAX: usize = 8;

/// What a tensor holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    Floats(Vec<f32>),
    Whole(Vec<i64>),
}

/// A tensor, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tensor {
    pub sizes: Vec<usize>,
    pub data: Data,
}

/// How many numbers so many sizes hold, where that can be.
pub(crate) fn numbers(sizes: &[usize]) -> Option<usize> {
    let product = sizes.iter().try_fold(1usize, |product, size| product.checked_mul(*size))?;
    (product <= NUMBERS_MAX && sizes.len() <= RANK_MAX).then_some(product)
}

impl Tensor {
    pub(crate) fn floats(sizes: Vec<usize>, data: Vec<f32>) -> Self {
        Self { sizes, data: Data::Floats(data) }
    }

    pub(crate) fn whole(data: Vec<i64>) -> Self {
        Self { sizes: vec![data.len()], data: Data::Whole(data) }
    }

    pub(crate) fn as_floats(&self) -> Option<&[f32]> {
        match &self.data {
            Data::Floats(data) => Some(data),
            Data::Whole(_) => None,
        }
    }

    pub(crate) fn as_whole(&self) -> Option<&[i64]> {
        match &self.data {
            Data::Whole(data) => Some(data),
            Data::Floats(_) => None,
        }
    }

    /// How many numbers it holds.
    pub(crate) fn len(&self) -> usize {
        match &self.data {
            Data::Floats(data) => data.len(),
            Data::Whole(data) => data.len(),
        }
    }

    pub(crate) fn is_finite(&self) -> bool {
        self.as_floats().is_none_or(|data| data.iter().all(|number| number.is_finite()))
    }

    /// Channels, height and width of one picture.
    pub(crate) fn planes(&self) -> Option<(usize, usize, usize)> {
        match *self.sizes.as_slice() {
            [1, channels, height, width] => Some((channels, height, width)),
            _ => None,
        }
    }

    /// A constant of a file.
    pub(crate) fn of(constant: &wire::Tensor) -> Result<Self, Error> {
        let refused = |why: String| Error::Refused(format!("its constant {:?} {why}", constant.name));
        if constant.outside {
            return Err(refused("lies in another file, and none is read".into()));
        }
        let sizes: Option<Vec<usize>> = constant.sizes.iter().map(|size| usize::try_from(*size).ok()).collect();
        let (sizes, count) =
            sizes.and_then(|sizes| numbers(&sizes).map(|n| (sizes, n))).ok_or_else(|| refused("has sizes that cannot be".into()))?;
        let data = match constant.element {
            wire::FLOAT => Data::Floats(match constant.raw.as_slice() {
                [] => constant.floats.clone(),
                raw => raw.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            }),
            wire::INT64 => Data::Whole(match constant.raw.as_slice() {
                [] => constant.whole.clone(),
                raw => raw.as_chunks::<8>().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect(),
            }),
            wire::INT32 => Data::Whole(match constant.raw.as_slice() {
                [] => constant.whole.clone(),
                raw => raw.as_chunks::<4>().0.iter().map(|bytes| i64::from(i32::from_le_bytes(*bytes))).collect(),
            }),
            other => return Err(refused(format!("is of the kind {other}, and floats of 32 bits and whole numbers are known"))),
        };
        let tensor = Self { sizes, data };
        if tensor.len() != count {
            return Err(refused(format!("has {} numbers where its sizes say {count}", tensor.len())));
        }
        if !tensor.is_finite() {
            return Err(refused("holds what is no finite number".into()));
        }
        Ok(tensor)
    }
}
