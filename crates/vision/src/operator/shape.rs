//! What changes the sizes of tensors, or takes parts of them. Computes nothing but sizes, places and means.

use super::{Meter, Operator};
use crate::{
    Error,
    tensor::{Data, Tensor, numbers},
};

/// Picks numbers by their places, of whichever kind.
fn picked(input: &Tensor, sizes: Vec<usize>, places: impl Iterator<Item = usize>) -> Option<Tensor> {
    let data = match &input.data {
        Data::Floats(data) => Data::Floats(places.map(|at| data.get(at).copied()).collect::<Option<_>>()?),
        Data::Whole(data) => Data::Whole(places.map(|at| data.get(at).copied()).collect::<Option<_>>()?),
    };
    Some(Tensor { sizes, data })
}

/// How many numbers one step along each dimension passes.
fn steps(sizes: &[usize]) -> Vec<usize> {
    let mut step = 1;
    let mut out: Vec<usize> = sizes
        .iter()
        .rev()
        .map(|size| {
            let own = step;
            step *= (*size).max(1);
            own
        })
        .collect();
    out.reverse();
    out
}

/// The places of a tensor of these sizes, in their order, each as its place along every dimension.
fn each_place(sizes: &[usize], mut told: impl FnMut(&[usize])) {
    let (count, steps) = (sizes.iter().product::<usize>(), steps(sizes));
    let mut place = vec![0; sizes.len()];
    for n in 0..count {
        let mut rest = n;
        for (at, step) in place.iter_mut().zip(&steps) {
            *at = rest / step;
            rest %= step;
        }
        told(&place);
    }
}

pub(super) fn cast(of: &Operator<'_>) -> Result<Tensor, Error> {
    let input = of.input(0)?;
    let data = match (&input.data, super::kind(of)?) {
        (Data::Floats(data), true) => Data::Floats(data.clone()),
        (Data::Whole(data), false) => Data::Whole(data.clone()),
        (Data::Whole(data), true) => Data::Floats(data.iter().map(|one| *one as f32).collect()),
        // Saturates; NaN becomes 0. Sizes come of it, and what cannot be a size is refused there.
        (Data::Floats(data), false) => Data::Whole(data.iter().map(|one| *one as i64).collect()),
    };
    Ok(Tensor { sizes: input.sizes.clone(), data })
}

pub(super) fn flatten(of: &Operator<'_>) -> Result<Tensor, Error> {
    let input = of.input(0)?;
    let rank = input.sizes.len();
    let axis = of.int("axis", 1);
    let axis = if usize::try_from(axis) == Ok(rank) { rank } else { of.axis(axis, rank)? };
    let (before, after) = input.sizes.split_at(axis);
    Ok(Tensor { sizes: vec![before.iter().product(), after.iter().product()], data: input.data.clone() })
}

pub(super) fn reshape(of: &Operator<'_>) -> Result<Tensor, Error> {
    let input = of.input(0)?;
    let wanted = of.whole("shape", 1)?.ok_or_else(|| of.refused("has no sizes"))?;
    let count = input.sizes.iter().product::<usize>();
    let mut sizes = Vec::with_capacity(wanted.len());
    for (at, size) in wanted.iter().enumerate() {
        sizes.push(match size {
            // As it was, or what is left over.
            0 if of.int("allowzero", 0) == 0 => Some(*input.sizes.get(at).ok_or_else(|| of.refused("keeps a size that is not there"))?),
            -1 => None,
            size => Some(usize::try_from(*size).map_err(|_| of.refused("has sizes that cannot be"))?),
        });
    }
    let known = sizes.iter().flatten().try_fold(1usize, |product, size| product.checked_mul(*size)).unwrap_or(0);
    let open = sizes.iter().filter(|size| size.is_none()).count();
    if open > 1 {
        return Err(of.refused("leaves more than one size open"));
    }
    let rest = count.checked_div(known).unwrap_or(0);
    let sizes: Vec<usize> = sizes.into_iter().map(|size| size.unwrap_or(rest)).collect();
    if numbers(&sizes) != Some(count) {
        return Err(of.refused(&format!("makes {sizes:?} of {:?}", input.sizes)));
    }
    Ok(Tensor { sizes, data: input.data.clone() })
}

pub(super) fn squeeze(of: &Operator<'_>) -> Result<Tensor, Error> {
    let input = of.input(0)?;
    let axes = of.whole("axes", 1)?;
    let mut sizes = input.sizes.clone();
    if of.node.operator == "Squeeze" {
        let rank = sizes.len();
        let gone: Vec<usize> = match axes {
            Some(axes) => axes.iter().map(|axis| of.axis(*axis, rank)).collect::<Result<_, _>>()?,
            None => (0..rank).filter(|at| sizes.get(*at) == Some(&1)).collect(),
        };
        if gone.iter().any(|at| sizes.get(*at) != Some(&1)) {
            return Err(of.refused("takes away a dimension that is more than one"));
        }
        let mut at = 0;
        sizes.retain(|_| {
            at += 1;
            !gone.contains(&(at - 1))
        });
    } else {
        let axes = axes.ok_or_else(|| of.refused("names no dimension"))?;
        let rank = sizes.len() + axes.len();
        let mut added: Vec<usize> = axes.iter().map(|axis| of.axis(*axis, rank)).collect::<Result<_, _>>()?;
        added.sort_unstable();
        added.dedup();
        for at in added {
            if at > sizes.len() {
                return Err(of.refused("names a dimension that is not there"));
            }
            sizes.insert(at, 1);
        }
        if sizes.len() != rank || numbers(&sizes).is_none() {
            return Err(of.refused("names a dimension twice, or too many"));
        }
    }
    Ok(Tensor { sizes, data: input.data.clone() })
}

pub(super) fn transpose(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let input = of.input(0)?;
    let rank = input.sizes.len();
    let order: Vec<usize> = match of.ints("perm") {
        Some(perm) => perm.iter().map(|axis| of.axis(*axis, rank)).collect::<Result<_, _>>()?,
        None => (0..rank).rev().collect(),
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted != (0..rank).collect::<Vec<_>>() {
        return Err(of.refused("has an order that leaves a dimension out"));
    }
    let sizes: Vec<usize> = order.iter().filter_map(|at| input.sizes.get(*at)).copied().collect();
    let own = steps(&input.sizes);
    let by: Vec<usize> = order.iter().filter_map(|at| own.get(*at)).copied().collect();
    meter.pay(sizes.iter().product::<usize>().saturating_mul(4), of)?;
    let mut places = Vec::new();
    each_place(&sizes, |place| places.push(place.iter().zip(&by).map(|(at, step)| at * step).sum::<usize>()));
    picked(input, sizes, places.into_iter()).ok_or_else(|| of.refused("looks at a place that is not there"))
}

pub(super) fn concat(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let first = of.input(0)?;
    let axis = of.axis(of.int("axis", 0), first.sizes.len())?;
    let mut sizes = first.sizes.clone();
    let mut all = Vec::with_capacity(of.inputs.len());
    let mut along = 0usize;
    for at in 0..of.inputs.len() {
        let input = of.input(at)?;
        let fits = input.sizes.len() == sizes.len() && input.sizes.iter().zip(&sizes).enumerate().all(|(at, (a, b))| at == axis || a == b);
        if !fits {
            return Err(of.refused(&format!("puts {:?} beside {:?}", input.sizes, sizes)));
        }
        along = along.saturating_add(input.sizes.get(axis).copied().unwrap_or(0));
        all.push(input);
    }
    if let Some(size) = sizes.get_mut(axis) {
        *size = along;
    }
    let count = numbers(&sizes).ok_or_else(|| of.refused("would make a tensor that is too large"))?;
    meter.pay(count, of)?;
    let outer: usize = sizes.iter().take(axis).product();
    let part = |input: &Tensor| input.sizes.iter().skip(axis).product::<usize>();
    if first.as_floats().is_some() {
        let mut out = Vec::with_capacity(count);
        for n in 0..outer {
            for input in &all {
                let (data, part) = (input.as_floats().ok_or_else(|| of.refused("meets floats and whole numbers at once"))?, part(input));
                out.extend_from_slice(data.get(n * part..(n + 1) * part).unwrap_or_default());
            }
        }
        return Ok(Tensor { sizes, data: Data::Floats(out) });
    }
    let mut out = Vec::with_capacity(count);
    for n in 0..outer {
        for input in &all {
            let (data, part) = (input.as_whole().ok_or_else(|| of.refused("meets floats and whole numbers at once"))?, part(input));
            out.extend_from_slice(data.get(n * part..(n + 1) * part).unwrap_or_default());
        }
    }
    Ok(Tensor { sizes, data: Data::Whole(out) })
}

pub(super) fn slice(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let input = of.input(0)?;
    let rank = input.sizes.len();
    let missing = || of.refused("does not say from where to where");
    let (starts, ends) = (of.whole("starts", 1)?.ok_or_else(missing)?, of.whole("ends", 2)?.ok_or_else(missing)?);
    let axes = match of.whole("axes", 3)? {
        Some(axes) => axes.iter().map(|axis| of.axis(*axis, rank)).collect::<Result<Vec<_>, _>>()?,
        None => (0..starts.len()).collect(),
    };
    let strides = of.whole("steps", 4)?.unwrap_or_else(|| vec![1; starts.len()]);
    let mut parts: Vec<(usize, usize, usize)> = input.sizes.iter().map(|size| (0, *size, 1)).collect();
    for (((axis, start), end), step) in axes.iter().zip(&starts).zip(&ends).zip(&strides) {
        let Some((size, part)) = input.sizes.get(*axis).zip(parts.get_mut(*axis)) else {
            return Err(of.refused("names a dimension that is not there"));
        };
        let place = |at: i64| {
            let size_whole = i64::try_from(*size).unwrap_or(i64::MAX);
            usize::try_from(if at < 0 { at.saturating_add(size_whole) } else { at }.clamp(0, size_whole)).unwrap_or(0)
        };
        let step =
            usize::try_from(*step).ok().filter(|step| *step > 0).ok_or_else(|| of.refused("goes backwards, which is not done here"))?;
        *part = (place(*start), place(*end), step);
    }
    let sizes: Vec<usize> = parts.iter().map(|(from, to, step)| to.saturating_sub(*from).div_ceil(*step)).collect();
    meter.pay(sizes.iter().product::<usize>().saturating_mul(4), of)?;
    let own = steps(&input.sizes);
    let mut places = Vec::new();
    each_place(&sizes, |place| {
        places.push(place.iter().zip(&parts).zip(&own).map(|((at, (from, _, step)), own)| (from + at * step) * own).sum::<usize>());
    });
    picked(input, sizes, places.into_iter()).ok_or_else(|| of.refused("looks at a place that is not there"))
}

/// Numbers of a list by their places: how files compute with sizes.
pub(super) fn gather(of: &Operator<'_>) -> Result<Tensor, Error> {
    let (input, places) = (of.input(0)?, of.input(1)?);
    let (Some(list), Some(wanted)) = (input.as_whole().filter(|_| input.sizes.len() == 1), places.as_whole()) else {
        return Err(of.refused("picks from lists of whole numbers only"));
    };
    let one = |at: &i64| list.get(of.axis(*at, list.len()).ok()?).copied();
    let data: Option<Vec<i64>> = wanted.iter().map(one).collect();
    Ok(Tensor { sizes: places.sizes.clone(), data: Data::Whole(data.ok_or_else(|| of.refused("picks a place that is not there"))?) })
}

pub(super) fn pad(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let (input, floats) = (of.input(0)?, of.floats(0)?);
    let rank = input.sizes.len();
    if !matches!(of.text("mode"), "" | "constant") {
        return Err(of.refused(&format!("pads by {:?}, which is not known", of.text("mode"))));
    }
    let pads = of.whole("pads", 1)?.ok_or_else(|| of.refused("says no pads"))?;
    let value = match of.maybe(2) {
        Some(value) => value.as_floats().and_then(|value| value.first().copied()).unwrap_or(0.0),
        None => of.float("value", 0.0),
    };
    let pad = |at: usize| pads.get(at).and_then(|one| usize::try_from(*one).ok()).filter(|one| *one <= 4_096);
    let around: Option<Vec<(usize, usize)>> = (0..rank).map(|at| pad(at).zip(pad(at + rank))).collect();
    let around = around.filter(|_| pads.len() == 2 * rank).ok_or_else(|| of.refused("has pads that cannot be"))?;
    let sizes: Vec<usize> = input.sizes.iter().zip(&around).map(|(size, (first, last))| size + first + last).collect();
    let count = numbers(&sizes).ok_or_else(|| of.refused("would make a tensor that is too large"))?;
    meter.pay(count.saturating_mul(4), of)?;
    let own = steps(&input.sizes);
    let mut out = Vec::with_capacity(count);
    each_place(&sizes, |place| {
        let mut at = Some(0);
        for (((one, (first, _)), size), step) in place.iter().zip(&around).zip(&input.sizes).zip(&own) {
            at = at.zip(one.checked_sub(*first).filter(|one| one < size)).map(|(sum, one)| sum + one * step);
        }
        out.push(at.and_then(|at| floats.get(at)).copied().unwrap_or(value));
    });
    Ok(Tensor::floats(sizes, out))
}

/// The mean over height and width, as newer files write a pool over all.
pub(super) fn reduce_mean(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let (input, floats) = (of.input(0)?, of.floats(0)?);
    let rank = input.sizes.len();
    let axes = of.whole("axes", 1)?.unwrap_or_default();
    let mut axes: Vec<usize> = axes.iter().map(|axis| of.axis(*axis, rank)).collect::<Result<_, _>>()?;
    axes.sort_unstable();
    let Some((channels, height, width)) = input.planes().filter(|_| axes == [2, 3]) else {
        return Err(of.refused("is taken over height and width of one picture only"));
    };
    meter.pay(floats.len(), of)?;
    let area = (height * width).max(1);
    let mean = |plane: &[f32]| (plane.iter().map(|value| f64::from(*value)).sum::<f64>() / area as f64) as f32;
    let sizes = if of.int("keepdims", 1) != 0 { vec![1, channels, 1, 1] } else { vec![1, channels] };
    Ok(Tensor::floats(sizes, floats.chunks_exact(area).map(mean).collect()))
}
