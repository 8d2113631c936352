//! Keeping some rows of [`Data`]. Decides nothing about which.

use countersign_science::rehearsal::{Codes, Data, Feature};

/// Keeps the rows that `keep` marks, in every column.
pub(super) fn rows(data: &mut Data, keep: &[bool]) {
    let classes = data.classes.len();
    for labels in [&mut data.truth, &mut data.human, &mut data.ai, &mut data.observed].into_iter().flatten() {
        only(labels, keep);
    }
    let numbers = [&mut data.human_probability, &mut data.human_confidence, &mut data.time, &mut data.seconds];
    for values in numbers.into_iter().flatten() {
        only(values, keep);
    }
    if let Some(values) = &mut data.ai_probabilities {
        let kept = values.chunks_exact(classes.max(1)).zip(keep).filter(|(_, keep)| **keep).flat_map(|(row, _)| row.iter().copied());
        *values = kept.collect();
    }
    let named = data.groups.iter_mut().map(|(_, codes)| codes);
    for codes in data.person.iter_mut().chain(data.item.iter_mut()).chain(named) {
        compact(codes, keep);
    }
    for (_, feature) in &mut data.features {
        match feature {
            Feature::Numeric(values) => only(values, keep),
            Feature::Categorical(codes) => compact(codes, keep),
        }
    }
    for mask in &mut data.splits {
        only(mask, keep);
    }
}

fn only<T: Copy>(values: &mut Vec<T>, keep: &[bool]) {
    let mut row = 0;
    values.retain(|_| {
        row += 1;
        keep.get(row - 1) == Some(&true)
    });
}

/// Keeps rows, and of the names only those that are left.
fn compact(codes: &mut Codes, keep: &[bool]) {
    only(&mut codes.codes, keep);
    let mut of = vec![u32::MAX; codes.names.len()];
    let mut names = Vec::new();
    for code in &mut codes.codes {
        let Some(place) = of.get_mut(*code as usize) else { continue };
        if *place == u32::MAX {
            *place = names.len() as u32;
            names.push(codes.names.get(*code as usize).cloned().unwrap_or_default());
        }
        *code = *place;
    }
    codes.names = names;
}
