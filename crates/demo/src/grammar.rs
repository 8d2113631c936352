//! Sentences out of templates: `[this|that]` chooses, `{name}` fills in. Knows no language.

use crate::dice::Dice;

/// Values by name.
pub type Slots<'a> = [(&'a str, String)];

/// A template with its choices made and its slots filled in. Choices nest; a slot that nobody named stays as it stands, where
/// a test sees it.
pub fn expand(dice: &mut Dice, template: &str, slots: &Slots<'_>) -> String {
    let mut text = chosen(dice, template);
    for (name, value) in slots {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

/// Makes the choices of a template, the outer before the inner.
fn chosen(dice: &mut Dice, template: &str) -> String {
    let Some((before, inside, after)) = first_choice(template) else {
        return template.to_owned();
    };
    let alternatives = split(inside);
    let alternative = alternatives.get(dice.index(alternatives.len())).copied().unwrap_or_default();
    let (alternative, after) = (chosen(dice, alternative), chosen(dice, after));
    format!("{before}{alternative}{after}")
}

/// What stands before, in and after the first brackets.
fn first_choice(template: &str) -> Option<(&str, &str, &str)> {
    let open = template.find('[')?;
    let mut depth = 0_usize;
    for (at, c) in template.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return Some((template.get(..open)?, template.get(open + 1..at)?, template.get(at + 1..)?));
        }
    }
    None
}

/// The alternatives between bars that stand in no inner brackets.
fn split(inside: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => {
                parts.extend(inside.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(inside.get(from..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn all(template: &str) -> BTreeSet<String> {
        let mut dice = Dice::new(1);
        (0..200).map(|_| expand(&mut dice, template, &[("n", "7".to_owned())])).collect()
    }

    #[test]
    fn choices_nest_and_slots_are_filled() {
        let expected = ["a 7 c!", "a b c!", "x!"].map(str::to_owned);
        assert_eq!(all("[a [b|{n}] c|x]!"), BTreeSet::from(expected));
        assert_eq!(all("plain"), BTreeSet::from(["plain".to_owned()]));
        assert_eq!(all("[|very ]good"), BTreeSet::from(["good".to_owned(), "very good".to_owned()]));
    }

    #[test]
    fn what_is_no_template_stays() {
        assert_eq!(all("a ] b | c {other}"), BTreeSet::from(["a ] b | c {other}".to_owned()]));
        assert_eq!(all("open [a|b"), BTreeSet::from(["open [a|b".to_owned()]));
    }
}
