//! Names of columns: what a list with wildcards means, and what a missing name may have meant.

use crate::error::Error;

/// How many names a sentence lists.
const LISTED_NAMES_MAX: usize = 12;

/// The columns that a list names: `a,b` or `p*` or `p?`, in the order of the list, and of the file within a wildcard. A
/// name that exists as it stands is taken as it stands.
pub(crate) fn select(file: &str, header: &[String], list: &str) -> Result<Vec<String>, Error> {
    if header.iter().any(|name| name == list) {
        return Ok(vec![list.to_owned()]);
    }
    let mut selected: Vec<String> = Vec::new();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        if header.iter().any(|name| name == part) {
            selected.push(part.to_owned());
            continue;
        }
        if !part.contains(['*', '?']) {
            return Err(absent(file, header, part));
        }
        let before = selected.len();
        selected.extend(header.iter().filter(|name| matches(part, name)).cloned());
        if selected.len() == before {
            return Err(absent(file, header, part));
        }
    }
    if selected.is_empty() {
        return Err(Error::input(file, "no column was named"));
    }
    let mut sorted: Vec<&String> = selected.iter().collect();
    sorted.sort_unstable();
    if let Some([twice, _]) = sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(Error::input(file, format!("`{list}` names the column `{twice}` twice")));
    }
    Ok(selected)
}

/// `*` stands for anything, `?` for one character.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut back) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p + 1, n));
                p += 1;
            }
            Some(c) if *c == '?' || name.get(n) == Some(c) => (p, n) = (p + 1, n + 1),
            _ => {
                let Some((after_star, from)) = back else { return false };
                (p, n) = (after_star, from + 1);
                back = Some((after_star, from + 1));
            }
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

/// That there is no such column, and which there are.
pub(crate) fn absent(file: &str, header: &[String], name: &str) -> Error {
    let like = header.iter().find(|one| one.eq_ignore_ascii_case(name) || one.trim() == name.trim());
    let there = header.iter().take(LISTED_NAMES_MAX).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = header.len().saturating_sub(LISTED_NAMES_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let there = match like {
        Some(like) => format!("; did you mean `{like}`? There are {there}{more}"),
        None => format!("; there are {there}{more}"),
    };
    Error::input(file, format!("there is no column `{name}`{there}"))
}

/// That every name stands once, and that there are not too many.
pub(crate) fn check(file: &str, header: &[String]) -> Result<(), Error> {
    use crate::{error::thousands, limits::COLUMNS_MAX};
    if header.len() > COLUMNS_MAX {
        let (found, most) = (thousands(header.len()), thousands(COLUMNS_MAX));
        return Err(Error::input(file, format!("{found} columns; at most {most} are taken")));
    }
    if header.iter().all(String::is_empty) {
        return Err(Error::input(file, "the first line names no column; it should be the header"));
    }
    let mut sorted: Vec<&String> = header.iter().filter(|name| !name.is_empty()).collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        Some([twice, _]) => Err(Error::input(file, format!("two columns are called `{twice}`; give each column its own name"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(list: &str) -> Result<Vec<String>, String> {
        let header = ["item", "p0", "p1", "p10", "a,b", "Truth"].map(str::to_owned);
        select("f.csv", &header, list).map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_names_columns_by_name_and_by_wildcard() {
        for (list, names) in [
            ("item", vec!["item"]),
            ("p*", vec!["p0", "p1", "p10"]),
            ("p?", vec!["p0", "p1"]),
            ("p1, p0", vec!["p1", "p0"]),
            ("a,b", vec!["a,b"]),
            ("*1*,item", vec!["p1", "p10", "item"]),
        ] {
            assert_eq!(selected(list).unwrap(), names, "{list}");
        }
        for (list, error) in [
            ("truth", "f.csv: there is no column `truth`; did you mean `Truth`? There are `item`, `p0`, `p1`, `p10`, `a,b`, `Truth`"),
            ("q*", "f.csv: there is no column `q*`; there are `item`, `p0`, `p1`, `p10`, `a,b`, `Truth`"),
            ("p*,p0", "f.csv: `p*,p0` names the column `p0` twice"),
            (" , ", "f.csv: no column was named"),
        ] {
            assert_eq!(selected(list).unwrap_err(), error);
        }
    }
}
