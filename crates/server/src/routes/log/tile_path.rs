//! Paths of tiles, read strictly as C2SP tlog-tiles writes them, so that one tile has one path. Never asks whether it exists.

/// Highest level of tiles that a path may name.
const LEVEL_MAX: u8 = 63;
/// Groups of three digits that carry any index.
const GROUPS_MAX: usize = 7;

/// A level: 0 to 63, without leading zeros.
pub fn level(text: &str) -> Option<u8> {
    number(text).filter(|level| *level <= LEVEL_MAX)
}

/// An index as in `x001/x234/067`, and for a part of a tile its width, 1 to 255, as in `067.p/8`.
pub fn index(text: &str) -> Option<(u64, Option<u8>)> {
    let (text, width) = match text.split_once(".p/") {
        Some((text, width)) => (text, Some(number(width).filter(|width| *width > 0)?)),
        None => (text, None),
    };
    let mut index = 0_u64;
    let groups = text.split('/').count();
    if groups > GROUPS_MAX {
        return None;
    }
    for (at, group) in text.split('/').enumerate() {
        let digits = if at + 1 < groups { group.strip_prefix('x')? } else { group };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) || (at == 0 && groups > 1 && digits == "000") {
            return None;
        }
        index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
    }
    Some((index, width))
}

/// Plain digits without leading zeros.
fn number(text: &str) -> Option<u8> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_tile_has_one_path() {
        for (text, want) in [
            ("000", Some((0, None))),
            ("x001/067", Some((1_067, None))),
            ("x001/x234/067", Some((1_234_067, None))),
            ("067.p/8", Some((67, Some(8)))),
            ("x018/x446/x744/x073/x709/x551/615", Some((u64::MAX, None))),
            ("x018/x446/x744/x073/x709/x551/616", None),
            ("x000/067", None),
            ("67", None),
            ("0067", None),
            ("001/067", None),
            ("x067", None),
            ("067.p/0", None),
            ("067.p/08", None),
            ("067.p/256", None),
            ("067.p/", None),
            ("067/", None),
            ("", None),
            ("../067", None),
            ("x١٢٣/067", None),
        ] {
            assert_eq!(index(text), want, "{text}");
        }
        assert_eq!(
            (level("0"), level("63"), level("64"), level("07"), level(""), level("+1")),
            (Some(0), Some(63), None, None, None, None)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn every_index_comes_back(want in any::<u64>(), width in prop::option::of(1..=255_u8)) {
            let mut text = format!("{:03}", want % 1_000);
            let mut rest = want / 1_000;
            while rest > 0 {
                text = format!("x{:03}/{text}", rest % 1_000);
                rest /= 1_000;
            }
            if let Some(width) = width {
                text = format!("{text}.p/{width}");
            }
            prop_assert_eq!(index(&text), Some((want, width)));
        }
    }
}
