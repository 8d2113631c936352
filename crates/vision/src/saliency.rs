//! Which parts of a picture speak for an answer: what it loses when a part is covered with what says nothing (occlusion: Zeiler and Fergus 2014, section
//! 4.2). What is counted are log-odds: such models are often so sure that a probability stays at 1 whatever is covered, and would tell
//! nothing. Parts are cells of a grid; how many there are is what the budget allows. A description of the model, and no cause.

/// Cells along the longer side at most.
const CELLS_MAX: usize = 12;
/// Work of all looks together.
const WORK_MAX: u64 = 2_000_000_000;

/// A grid over a picture, row by row: what the log-odds of the answer lose where a cell is covered, in tenths, from -100 to 100.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid {
    pub columns: usize,
    pub rows: usize,
    pub cells: Vec<i8>,
}

/// The grid for a picture of which one look costs so much; `None` where not even two cells are to be had.
pub(crate) fn grid(width: usize, height: usize, work: u64) -> Option<(usize, usize)> {
    let affordable = usize::try_from(WORK_MAX / work.max(1)).unwrap_or(usize::MAX);
    let fits = |longer: usize| {
        let shorter = |this: usize, other: usize| (longer * this).div_ceil(other.max(1)).clamp(1, longer);
        let (columns, rows) = if width >= height { (longer, shorter(height, width)) } else { (shorter(width, height), longer) };
        (columns, rows)
    };
    (2..=CELLS_MAX).rev().map(fits).find(|(columns, rows)| columns * rows <= affordable)
}

/// Looks at a picture with each cell covered. `odds` are the log-odds of the answer for a picture that it is handed; what cannot be said counts
/// as no loss.
pub(crate) fn occluded(
    picture: &[f32],
    [channels, height, width]: [usize; 3],
    (columns, rows): (usize, usize),
    whole: f64,
    mut odds: impl FnMut(&[f32]) -> Option<f64>,
) -> Grid {
    let mut cells = Vec::with_capacity(columns * rows);
    let mut covered = picture.to_vec();
    let edge = |n: usize, of: usize, size: usize| n * size / of;
    for row in 0..rows {
        for column in 0..columns {
            covered.copy_from_slice(picture);
            let (from, to) = (edge(column, columns, width), edge(column + 1, columns, width));
            for channel in 0..channels {
                for y in edge(row, rows, height)..edge(row + 1, rows, height) {
                    let at = (channel * height + y) * width;
                    // 0 is the mean of what the model was trained on.
                    covered.get_mut(at + from..at + to).into_iter().flatten().for_each(|value| *value = 0.0);
                }
            }
            let loss = odds(&covered).map_or(0.0, |covered| whole - covered);
            cells.push((loss * 10.0).round().clamp(-100.0, 100.0) as i8);
        }
    }
    Grid { columns, rows, cells }
}
