//! Windows that slide over a picture: convolutions and pools. One picture at a time.

use super::{Meter, Operator};
use crate::{
    Error,
    tensor::{Tensor, numbers},
};

/// How windows slide, for height and width each.
struct Window {
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    /// Before the first row and column.
    before: [usize; 2],
    out: [usize; 2],
}

impl Window {
    fn of(of: &Operator<'_>, kernel: [usize; 2], picture: [usize; 2]) -> Result<Self, Error> {
        let pair = |name: &str| -> Result<[usize; 2], Error> {
            let Some(ints) = of.ints(name) else { return Ok([1, 1]) };
            let at = |n: usize| ints.get(n).and_then(|one| usize::try_from(*one).ok()).filter(|one| (1..=64).contains(one));
            at(0)
                .zip(at(1))
                .map(<[usize; 2]>::from)
                .filter(|_| ints.len() == 2)
                .ok_or_else(|| of.refused(&format!("has {name} that cannot be")))
        };
        let (stride, dilation) = (pair("strides")?, pair("dilations")?);
        if of.int("ceil_mode", 0) != 0 {
            return Err(of.refused("rounds sizes up (ceil_mode), which is not done here"));
        }
        let reach = |n: usize| (kernel[n] - 1) * dilation[n] + 1;
        let pads = of.ints("pads").unwrap_or(&[0, 0, 0, 0]);
        let pad = |n: usize| {
            pads.get(n)
                .and_then(|one| usize::try_from(*one).ok())
                .filter(|one| *one <= 64)
                .ok_or_else(|| of.refused("has pads that cannot be"))
        };
        let (mut before, mut out) = ([0; 2], [0; 2]);
        for n in 0..2 {
            let (first, after) = match of.text("auto_pad") {
                "" | "NOTSET" => (pad(n)?, pad(n + 2)?),
                "VALID" => (0, 0),
                side @ ("SAME_UPPER" | "SAME_LOWER") => {
                    let all = ((picture[n].div_ceil(stride[n]).max(1) - 1) * stride[n] + reach(n)).saturating_sub(picture[n]);
                    if side == "SAME_UPPER" { (all / 2, all - all / 2) } else { (all - all / 2, all / 2) }
                }
                other => return Err(of.refused(&format!("pads by {other:?}, which is not known"))),
            };
            let whole = picture[n] + first + after;
            let room = whole.checked_sub(reach(n)).ok_or_else(|| of.refused("has a window that is larger than what it slides over"))?;
            (before[n], out[n]) = (first, room / stride[n] + 1);
        }
        Ok(Self { kernel, stride, dilation, before, out })
    }

    /// The places of the result, along one side, for which a part of the window lies in the picture, and where the first of them looks.
    fn seen(&self, n: usize, part: usize, size: usize) -> (std::ops::Range<usize>, usize) {
        let (shift, stride) = (part * self.dilation[n], self.stride[n]);
        let first = self.before[n].saturating_sub(shift).div_ceil(stride);
        // The last place looks at `last * stride + shift - before`, which is below `size`.
        let end = (size + self.before[n]).checked_sub(shift).map_or(0, |room| room.div_ceil(stride)).min(self.out[n]);
        (first..end.max(first), (first * stride + shift).saturating_sub(self.before[n]))
    }
}

fn sizes(of: &Operator<'_>) -> Result<(usize, usize, usize), Error> {
    of.input(0)?.planes().ok_or_else(|| {
        of.refused(&format!(
            "wants one picture of channels, height and width, and {:?} comes in",
            of.input(0).map(|t| t.sizes.clone()).unwrap_or_default()
        ))
    })
}

/// A convolution. Each output channel is a sum over the input channels of its group and the parts of the window, in this order.
pub(super) fn convolution(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let (channels, height, width) = sizes(of)?;
    let (floats, weights) = (of.floats(0)?, of.floats(1)?);
    let [made, of_group, kernel_height, kernel_width] = *of.input(1)?.sizes.as_slice() else {
        return Err(of.refused("has weights that are not of four dimensions"));
    };
    let groups =
        usize::try_from(of.int("group", 1)).ok().filter(|groups| *groups > 0).ok_or_else(|| of.refused("has groups that cannot be"))?;
    if of_group.checked_mul(groups) != Some(channels) || made % groups != 0 || made == 0 || kernel_height * kernel_width == 0 {
        return Err(of.refused(&format!("has weights for {of_group} channels in {groups} groups, and {channels} come in")));
    }
    let offsets = match of.maybe(2) {
        Some(_) => Some(of.floats(2)?)
            .filter(|offsets| offsets.len() == made)
            .map(Some)
            .ok_or_else(|| of.refused("has not one offset a channel"))?,
        None => None,
    };
    let window = Window::of(of, [kernel_height, kernel_width], [height, width])?;
    let [out_height, out_width] = window.out;
    let count = numbers(&[made, out_height, out_width]).ok_or_else(|| of.refused("would make a tensor that is too large"))?;
    meter.pay(count.saturating_mul(of_group).saturating_mul(kernel_height * kernel_width), of)?;
    let mut out = vec![0f32; count];
    let (area, kernel_area) = (height * width, kernel_height * kernel_width);
    for (channel, plane) in out.chunks_exact_mut((out_height * out_width).max(1)).enumerate() {
        plane.fill(offsets.and_then(|offsets| offsets.get(channel)).copied().unwrap_or(0.0));
        let first = channel / (made / groups) * of_group;
        for within in 0..of_group {
            let from = (first + within) * area;
            let input = floats.get(from..from + area).unwrap_or_default();
            let at = (channel * of_group + within) * kernel_area;
            let kernel = weights.get(at..at + kernel_area).unwrap_or_default();
            add(plane, input, kernel, &window, [height, width]);
        }
    }
    Ok(Tensor::floats(vec![1, made, out_height, out_width], out))
}

/// Adds one input plane, as one kernel sees it.
fn add(plane: &mut [f32], input: &[f32], kernel: &[f32], window: &Window, [height, width]: [usize; 2]) {
    let out_width = window.out[1];
    for (part, weight) in kernel.iter().enumerate() {
        if *weight == 0.0 {
            continue;
        }
        let (y, x) = (part / window.kernel[1], part % window.kernel[1]);
        let (rows, first_row) = window.seen(0, y, height);
        let (columns, first_column) = window.seen(1, x, width);
        for (n, row) in rows.enumerate() {
            let from = (first_row + n * window.stride[0]) * width + first_column;
            let seen = input.get(from..).unwrap_or_default();
            let Some(line) = plane.get_mut(row * out_width + columns.start..row * out_width + columns.end) else { continue };
            if window.stride[1] == 1 {
                line.iter_mut().zip(seen).for_each(|(sum, value)| *sum += weight * value);
            } else {
                line.iter_mut().zip(seen.iter().step_by(window.stride[1])).for_each(|(sum, value)| *sum += weight * value);
            }
        }
    }
}

/// The largest number of each window, or the mean.
pub(super) fn pool(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let (channels, height, width) = sizes(of)?;
    let floats = of.floats(0)?;
    let kernel = of.ints("kernel_shape").unwrap_or_default();
    let side = |n: usize| kernel.get(n).and_then(|one| usize::try_from(*one).ok()).filter(|one| (1..=1_024).contains(one));
    let kernel = side(0).zip(side(1)).map(<[usize; 2]>::from).ok_or_else(|| of.refused("has a window that cannot be"))?;
    let window = Window::of(of, kernel, [height, width])?;
    let [out_height, out_width] = window.out;
    let count = numbers(&[channels, out_height, out_width]).ok_or_else(|| of.refused("would make a tensor that is too large"))?;
    meter.pay(count.saturating_mul(kernel[0] * kernel[1]), of)?;
    let largest = of.node.operator == "MaxPool";
    let whole_window = of.int("count_include_pad", 0) != 0;
    let mut out = Vec::with_capacity(count);
    for plane in floats.chunks_exact((height * width).max(1)) {
        for row in 0..out_height {
            for column in 0..out_width {
                let (mut best, mut sum, mut seen) = (f32::NEG_INFINITY, 0f32, 0usize);
                for y in 0..kernel[0] {
                    let Some(at_row) =
                        (row * window.stride[0] + y * window.dilation[0]).checked_sub(window.before[0]).filter(|at| *at < height)
                    else {
                        continue;
                    };
                    for x in 0..kernel[1] {
                        let at = (column * window.stride[1] + x * window.dilation[1]).checked_sub(window.before[1]);
                        let Some(value) = at.filter(|at| *at < width).and_then(|at| plane.get(at_row * width + at)) else { continue };
                        (best, sum, seen) = (best.max(*value), sum + value, seen + 1);
                    }
                }
                let share = if whole_window { kernel[0] * kernel[1] } else { seen.max(1) };
                out.push(if largest { best } else { sum / share as f32 });
            }
        }
    }
    Ok(Tensor::floats(vec![1, channels, out_height, out_width], out))
}

/// One number a channel.
pub(super) fn pool_all(of: &Operator<'_>, meter: &mut Meter) -> Result<Tensor, Error> {
    let (channels, height, width) = sizes(of)?;
    let floats = of.floats(0)?;
    meter.pay(floats.len(), of)?;
    let area = (height * width).max(1);
    let one = |plane: &[f32]| match of.node.operator.as_str() {
        "GlobalMaxPool" => plane.iter().copied().fold(f32::NEG_INFINITY, f32::max),
        _ => (plane.iter().map(|value| f64::from(*value)).sum::<f64>() / area as f64) as f32,
    };
    Ok(Tensor::floats(vec![1, channels, 1, 1], floats.chunks_exact(area).map(one).collect()))
}
