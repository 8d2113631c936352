//! In which order a young model is taught: `[learning]`. Never says what it is taught.

use super::reader::{Item, Reader};
use crate::{
    limits::{LEARNING_LOT_MAX, LEARNING_LOT_MIN, LEARNING_UNTIL_MAX, LEARNING_UNTIL_MIN},
    playbook::{AnswerSpec, Learning},
};

const LOT_DEFAULT: u32 = 300_000_000;
const UNTIL_DEFAULT: u64 = 1_000;

/// What `order` may say.
#[derive(Clone, Copy)]
enum Order {
    /// What the model is unsure of, and is like many other cases.
    Uncertain,
}

pub(super) fn learning(reader: &mut Reader<'_>, item: Option<&Item<'_>>, answer: Option<&AnswerSpec>) -> Option<Option<Learning>> {
    let Some(item) = item else { return Some(None) };
    let table = item.section(reader, "[learning] order = \"uncertain\"")?;
    table.only(reader, &["order", "lot", "until"]);
    if answer.is_some_and(|answer| !matches!(answer, AnswerSpec::Choice { .. })) {
        item.problem(reader, "the built-in model learns to choose, and this playbook asks for something else");
        return None;
    }
    let order = table
        .required(reader, "order", "order = \"uncertain\"")
        .and_then(|item| item.word(reader, "order", &[("uncertain", Order::Uncertain)]));
    let lot = match table.get("lot") {
        None => Some(LOT_DEFAULT),
        Some(item) => item.share(reader).filter(|lot| {
            let fits = (LEARNING_LOT_MIN..=LEARNING_LOT_MAX).contains(lot);
            if !fits {
                item.problem(reader, "must be from 0.1 to 0.9: every figure rests on this share, and the rest is what is ordered");
            }
            fits
        }),
    };
    let until = table.get("until").map_or(Some(UNTIL_DEFAULT), |item| item.integer(reader, LEARNING_UNTIL_MIN, LEARNING_UNTIL_MAX));
    let Order::Uncertain = order?;
    Some(Some(Learning { lot: lot?, until: until? }))
}
