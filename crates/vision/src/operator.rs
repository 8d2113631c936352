//! The operators (<https://onnx.ai/onnx/operators/>), each paid for before it runs. What a file asks for that is not done here is refused by
//! its name. Sums run in one order, so that the same numbers come out everywhere.

mod convolve;
mod shape;

use crate::{
    Error,
    tensor::{Data, Tensor, numbers},
};
use countersign_onnx::wire::{Attribute, FLOAT, INT32, INT64, Node, is_own};
use countersign_science::math::exp;

/// What is left of a budget.
#[derive(Debug)]
pub(crate) struct Meter(u64);

impl Meter {
    pub(crate) fn new(budget: u64) -> Self {
        Self(budget)
    }

    pub(crate) fn left(&self) -> u64 {
        self.0
    }

    /// Takes off what something costs.
    pub(super) fn pay(&mut self, work: usize, of: &Operator<'_>) -> Result<(), Error> {
        let work = u64::try_from(work).unwrap_or(u64::MAX);
        self.0 = self.0.checked_sub(work).ok_or_else(|| of.refused("asks for more work than a picture may take"))?;
        Ok(())
    }
}

/// An operator with what comes in.
pub(crate) struct Operator<'n> {
    node: &'n Node,
    inputs: &'n [Option<&'n Tensor>],
    /// The version of ONNX's operators that the file is written in.
    version: i64,
}

impl<'n> Operator<'n> {
    pub(super) fn refused(&self, why: &str) -> Error {
        Error::Refused(format!("its operator {} {why}", self.node.operator))
    }

    fn attribute(&self, name: &str) -> Option<&'n Attribute> {
        self.node.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub(super) fn int(&self, name: &str, otherwise: i64) -> i64 {
        self.attribute(name).map_or(otherwise, |attribute| attribute.int)
    }

    fn float(&self, name: &str, otherwise: f32) -> f32 {
        self.attribute(name).map_or(otherwise, |attribute| attribute.float)
    }

    pub(super) fn ints(&self, name: &str) -> Option<&'n [i64]> {
        self.attribute(name).map(|attribute| attribute.ints.as_slice())
    }

    pub(super) fn text(&self, name: &str) -> &'n str {
        self.attribute(name).map_or("", |attribute| attribute.text.as_str())
    }

    pub(super) fn maybe(&self, at: usize) -> Option<&'n Tensor> {
        self.inputs.get(at).copied().flatten()
    }

    pub(super) fn input(&self, at: usize) -> Result<&'n Tensor, Error> {
        self.maybe(at).ok_or_else(|| self.refused(&format!("has no input {at}")))
    }

    pub(super) fn floats(&self, at: usize) -> Result<&'n [f32], Error> {
        self.input(at)?.as_floats().ok_or_else(|| self.refused("wants floats"))
    }

    /// Whole numbers that stand in an attribute in older files, and come in as a tensor in newer ones.
    pub(super) fn whole(&self, name: &str, at: usize) -> Result<Option<Vec<i64>>, Error> {
        match (self.ints(name), self.maybe(at)) {
            (Some(ints), _) => Ok(Some(ints.to_vec())),
            (None, Some(tensor)) => {
                tensor.as_whole().map(|whole| Some(whole.to_vec())).ok_or_else(|| self.refused(&format!("wants whole {name}")))
            }
            (None, None) => Ok(None),
        }
    }

    /// A place among so many dimensions; from the end where it is negative.
    pub(super) fn axis(&self, axis: i64, rank: usize) -> Result<usize, Error> {
        let at = if axis < 0 { axis.saturating_add(i64::try_from(rank).unwrap_or(i64::MAX)) } else { axis };
        usize::try_from(at).ok().filter(|at| *at < rank).ok_or_else(|| self.refused("names a dimension that is not there"))
    }
}

const KNOWN: &str = "convolutions, pools, batch normalisation, matrix products, the usual activations, sums and products, softmax, and what changes shapes are";

/// What an operator makes.
pub(crate) fn run(node: &Node, version: i64, inputs: &[Option<&Tensor>], meter: &mut Meter) -> Result<Tensor, Error> {
    let of = Operator { node, inputs, version };
    if !is_own(&node.domain) {
        return Err(of.refused(&format!("of {:?} is not known here: {KNOWN}", node.domain)));
    }
    meter.pay(inputs.iter().flatten().map(|tensor| tensor.len()).sum::<usize>() / 8 + 1, &of)?;
    match node.operator.as_str() {
        "Constant" => constant(&of),
        "Conv" => convolve::convolution(&of, meter),
        "MaxPool" | "AveragePool" => convolve::pool(&of, meter),
        "GlobalAveragePool" | "GlobalMaxPool" => convolve::pool_all(&of, meter),
        "BatchNormalization" => normalised(&of, meter),
        "MatMul" | "Gemm" => product(&of, meter),
        "Add" => both(&of, meter, |a, b| a + b, i64::checked_add),
        "Sub" => both(&of, meter, |a, b| a - b, i64::checked_sub),
        "Mul" => both(&of, meter, |a, b| a * b, i64::checked_mul),
        "Div" => both(&of, meter, |a, b| a / b, i64::checked_div),
        "Relu" => each(&of, meter, |x| x.max(0.0)),
        "LeakyRelu" => {
            let alpha = of.float("alpha", 0.01);
            each(&of, meter, |x| if x < 0.0 { alpha * x } else { x })
        }
        "Clip" => {
            let bound = |name: &str, at: usize, otherwise: f32| match of.maybe(at) {
                Some(tensor) => {
                    tensor.as_floats().and_then(|bound| bound.first().copied()).ok_or_else(|| of.refused("wants one number a bound"))
                }
                None => Ok(of.float(name, otherwise)),
            };
            let (least, most) = (bound("min", 1, f32::MIN)?, bound("max", 2, f32::MAX)?);
            each(&of, meter, |x| x.max(least).min(most))
        }
        "HardSigmoid" => {
            let (alpha, beta) = (of.float("alpha", 0.2), of.float("beta", 0.5));
            each(&of, meter, |x| (alpha * x + beta).clamp(0.0, 1.0))
        }
        "HardSwish" => each(&of, meter, |x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0)),
        "Sigmoid" => each(&of, meter, |x| (1.0 / (1.0 + exp(-f64::from(x)))) as f32),
        "Tanh" => each(&of, meter, |x| (1.0 - 2.0 / (1.0 + exp(2.0 * f64::from(x)))) as f32),
        "Softmax" => softmax(&of, meter),
        "ReduceMean" => shape::reduce_mean(&of, meter),
        "Identity" | "Dropout" => Ok(of.input(0)?.clone()),
        "Cast" => shape::cast(&of),
        "Shape" => Ok(Tensor::whole(of.input(0)?.sizes.iter().map(|size| i64::try_from(*size).unwrap_or(i64::MAX)).collect())),
        "Flatten" => shape::flatten(&of),
        "Reshape" => shape::reshape(&of),
        "Squeeze" | "Unsqueeze" => shape::squeeze(&of),
        "Transpose" => shape::transpose(&of, meter),
        "Concat" => shape::concat(&of, meter),
        "Slice" => shape::slice(&of, meter),
        "Gather" => shape::gather(&of),
        "Pad" => shape::pad(&of, meter),
        _ => Err(of.refused(&format!("is not known here: {KNOWN}"))),
    }
}

fn constant(of: &Operator<'_>) -> Result<Tensor, Error> {
    let value = of.attribute("value").and_then(|attribute| attribute.tensor.as_ref());
    value.map_or_else(|| Err(of.refused("holds no tensor")), Tensor::of)
}

/// The same for every number.
fn each(of: &Operator<'_>, meter: &mut Meter, change: impl Fn(f32) -> f32) -> Result<Tensor, Error> {
    let (input, floats) = (of.input(0)?, of.floats(0)?);
    meter.pay(floats.len(), of)?;
    Ok(Tensor::floats(input.sizes.clone(), floats.iter().map(|x| change(*x)).collect()))
}

/// Two tensors, number by number; where one has a size of 1, or none, it is used again and again.
fn both(
    of: &Operator<'_>,
    meter: &mut Meter,
    floats: impl Fn(f32, f32) -> f32,
    whole: impl Fn(i64, i64) -> Option<i64>,
) -> Result<Tensor, Error> {
    let (a, b) = (of.input(0)?, of.input(1)?);
    let rank = a.sizes.len().max(b.sizes.len());
    let size = |of: &Tensor, at: usize| (at + of.sizes.len()).checked_sub(rank).and_then(|at| of.sizes.get(at).copied()).unwrap_or(1);
    let mut sizes = Vec::with_capacity(rank);
    for at in 0..rank {
        sizes.push(match (size(a, at), size(b, at)) {
            (x, y) if x == y || y == 1 => x,
            (1, y) => y,
            _ => return Err(of.refused(&format!("meets {:?} and {:?}, which do not go together", a.sizes, b.sizes))),
        });
    }
    let count = numbers(&sizes).ok_or_else(|| of.refused("would make a tensor that is too large"))?;
    meter.pay(count, of)?;
    let (at_a, at_b) = (places(&sizes, a), places(&sizes, b));
    match (&a.data, &b.data) {
        (Data::Floats(a), Data::Floats(b)) => {
            let get = |data: &[f32], at: usize| data.get(at).copied().unwrap_or(0.0);
            let made = (0..count).map(|n| floats(get(a, at_a.of(n)), get(b, at_b.of(n)))).collect();
            Ok(Tensor::floats(sizes, made))
        }
        (Data::Whole(a), Data::Whole(b)) => {
            let one = |n: usize| whole(a.get(at_a.of(n)).copied()?, b.get(at_b.of(n)).copied()?);
            let made: Option<Vec<i64>> = (0..count).map(one).collect();
            Ok(Tensor { sizes, data: Data::Whole(made.ok_or_else(|| of.refused("computes with sizes that cannot be"))?) })
        }
        _ => Err(of.refused("meets floats and whole numbers at once")),
    }
}

/// Where in a tensor the number lies that belongs to a place of a larger one.
struct Places {
    /// For each dimension: how many numbers one step of the larger and of the smaller tensor passes; of the latter 0 where it is used again.
    steps: Vec<(usize, usize)>,
    /// Both have the same sizes.
    same: bool,
}

impl Places {
    fn of(&self, n: usize) -> usize {
        if self.same {
            return n;
        }
        let (mut rest, mut at) = (n, 0);
        for (outer, inner) in &self.steps {
            at += rest / outer * inner;
            rest %= outer;
        }
        at
    }
}

fn places(sizes: &[usize], of: &Tensor) -> Places {
    let (mut outer, mut inner) = (1, 1);
    let mut steps = Vec::with_capacity(sizes.len());
    for (at, size) in sizes.iter().enumerate().rev() {
        let own = (at + of.sizes.len()).checked_sub(sizes.len()).and_then(|at| of.sizes.get(at).copied()).unwrap_or(1);
        steps.push((outer, if own == 1 { 0 } else { inner }));
        outer *= (*size).max(1);
        inner *= own.max(1);
    }
    steps.reverse();
    Places { steps, same: sizes == of.sizes }
}

/// What training left of each channel: its mean and spread are taken out, and its own scale and offset put in.
fn normalised(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let (input, floats) = (of.input(0)?, of.floats(0)?);
    if of.int("training_mode", 0) != 0 {
        return Err(of.refused("is one that still learns (training_mode)"));
    }
    let channels = *input.sizes.get(1).ok_or_else(|| of.refused("wants channels"))?;
    let [scale, offset, mean, variance] = [of.floats(1)?, of.floats(2)?, of.floats(3)?, of.floats(4)?];
    if [scale, offset, mean, variance].iter().any(|one| one.len() != channels) {
        return Err(of.refused(&format!("has not one number a channel, of which there are {channels}")));
    }
    meter.pay(floats.len(), of)?;
    let area = floats.len() / channels.max(1);
    let epsilon = of.float("epsilon", 1e-5);
    let mut out = Vec::with_capacity(floats.len());
    let parameters = scale.iter().zip(offset).zip(mean.iter().zip(variance));
    for (plane, ((scale, offset), (mean, variance))) in floats.chunks_exact(area.max(1)).zip(parameters) {
        let factor = scale / (variance + epsilon).sqrt();
        out.extend(plane.iter().map(|x| (x - mean) * factor + offset));
    }
    if out.len() != floats.len() {
        return Err(of.refused("takes one picture at a time"));
    }
    Ok(Tensor::floats(input.sizes.clone(), out))
}

/// The product of two matrices; of `Gemm` either may lie on its side, and something may be added.
fn product(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let gemm = of.node.operator == "Gemm";
    let (a, b) = (of.floats(0)?, of.floats(1)?);
    let ([rows_a, columns_a], [rows_b, columns_b]) = (matrix(of, 0)?, matrix(of, 1)?);
    let turned = |name: &str| gemm && of.int(name, 0) != 0;
    let (rows, inner) = if turned("transA") { (columns_a, rows_a) } else { (rows_a, columns_a) };
    let (inner_b, columns) = if turned("transB") { (columns_b, rows_b) } else { (rows_b, columns_b) };
    if inner != inner_b {
        return Err(of.refused(&format!("meets {rows} x {inner} and {inner_b} x {columns}")));
    }
    let count = numbers(&[rows, columns]).ok_or_else(|| of.refused("would make a tensor that is too large"))?;
    meter.pay(count.saturating_mul(inner), of)?;
    let (alpha, beta) = if gemm { (of.float("alpha", 1.0), of.float("beta", 1.0)) } else { (1.0, 0.0) };
    let at = |data: &[f32], row: usize, column: usize, width: usize, turned: bool| {
        data.get(if turned { column * width + row } else { row * width + column }).copied().unwrap_or(0.0)
    };
    let mut out = Vec::with_capacity(count);
    for row in 0..rows {
        for column in 0..columns {
            let sum = (0..inner)
                .fold(0.0f32, |sum, k| sum + at(a, row, k, columns_a, turned("transA")) * at(b, k, column, columns_b, turned("transB")));
            out.push(alpha * sum);
        }
    }
    if let Some(added) = of.maybe(2).filter(|_| gemm) {
        let added_floats = added.as_floats().ok_or_else(|| of.refused("wants floats"))?;
        let fits = places(&[rows, columns], added);
        let wide = added.sizes.iter().rev().zip([columns, rows]).all(|(own, whole)| *own == 1 || *own == whole) && added.sizes.len() <= 2;
        if !wide {
            return Err(of.refused("adds what does not go together with the product"));
        }
        out.iter_mut().enumerate().for_each(|(n, value)| *value += beta * added_floats.get(fits.of(n)).copied().unwrap_or(0.0));
    }
    Ok(Tensor::floats(vec![rows, columns], out))
}

fn matrix(of: &Operator<'_>, at: usize) -> Result<[usize; 2], Error> {
    match *of.input(at)?.sizes.as_slice() {
        [rows, columns] => Ok([rows, columns]),
        _ => Err(of.refused("multiplies matrices of two dimensions only")),
    }
}

/// Shares out of scores. Up to version 12 all dimensions from `axis` (1) on are one; after that it goes over `axis` (the last) alone, which has to
/// be the last one that is more than 1.
fn softmax(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let (input, floats) = (of.input(0)?, of.floats(0)?);
    let rank = input.sizes.len();
    let together = of.version < 13;
    let axis = of.axis(of.int("axis", if together { 1 } else { -1 }), rank)?;
    let after: usize = input.sizes.iter().skip(axis + 1).product();
    if !together && after != 1 {
        return Err(of.refused("goes over another dimension than the last"));
    }
    meter.pay(floats.len().saturating_mul(8), of)?;
    let width = input.sizes.get(axis).copied().unwrap_or(1).saturating_mul(after).max(1);
    Ok(Tensor::floats(input.sizes.clone(), floats.chunks(width).flat_map(shares).collect()))
}

/// Shares out of scores.
pub(crate) fn shares(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let parts: Vec<f64> = scores.iter().map(|score| exp(f64::from(*score) - f64::from(most))).collect();
    let total: f64 = parts.iter().sum();
    parts.iter().map(|part| (part / total) as f32).collect()
}

/// The kinds of numbers that a cast may lead to.
pub(super) fn kind(of: &Operator<'_>) -> Result<bool, Error> {
    match of.int("to", 0) {
        FLOAT => Ok(true),
        INT32 | INT64 => Ok(false),
        other => Err(of.refused(&format!("casts to the kind {other}, which is not known"))),
    }
}
