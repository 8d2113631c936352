//! The routing of a playbook's source as a piece of text: taking it out, and putting another one in its place. Reads no meaning: whoever
//! changes a source parses both and compares them.

/// The name of a table's header, if the line is one.
fn header(line: &str) -> Option<&str> {
    let line = line.trim();
    let inner = line.strip_prefix("[[").or_else(|| line.strip_prefix('['))?;
    inner.split(']').next().map(str::trim)
}

fn is_routing(name: &str) -> bool {
    name == "routing" || name.strip_prefix("routing").is_some_and(|rest| rest.trim_start().starts_with('.'))
}

/// Lines with whether each belongs to the routing.
fn marked(source: &str) -> Vec<(&str, bool)> {
    let mut lines: Vec<(&str, bool)> = Vec::new();
    let (mut inside, mut quoted) = (false, None);
    for line in source.split_inclusive('\n') {
        if quoted.is_none()
            && let Some(name) = header(line)
        {
            if inside && !is_routing(name) {
                // What stands right above the next table speaks of that one.
                let above = lines.iter_mut().rev().take_while(|(line, _)| line.trim().is_empty() || line.trim_start().starts_with('#'));
                above.for_each(|(_, of)| *of = false);
            }
            inside = is_routing(name);
        }
        for quotes in ["\"\"\"", "'''"] {
            let odd = !line.matches(quotes).count().is_multiple_of(2);
            quoted = match quoted {
                None if odd => Some(quotes),
                Some(open) if open == quotes && odd => None,
                other => other,
            };
        }
        lines.push((line, inside));
    }
    lines
}

/// The routing of a source, as it is written there; empty where it has none.
#[must_use]
pub fn taken(source: &str) -> String {
    let of = marked(source).into_iter().filter(|(_, of)| *of).map(|(line, _)| line);
    of.collect::<String>().trim_end().to_owned()
}

/// The source with another routing, where the old one stood first; at its end where there was none.
#[must_use]
pub fn replaced(source: &str, routing: &str) -> String {
    let routing = routing.trim().replace("\r\n", "\n");
    let lines = marked(source);
    let at = lines.iter().position(|(_, of)| *of);
    let mut out = String::with_capacity(source.len() + routing.len());
    for (place, (line, of)) in lines.iter().enumerate() {
        if Some(place) == at {
            out.push_str(&routing);
            // What stood behind the old one begins with its own empty line, if there was one.
            let behind = lines.iter().skip(place).find(|(_, of)| !of).map_or("", |(line, _)| line);
            out.push_str(if behind.trim().is_empty() { "\n" } else { "\n\n" });
        }
        if !of {
            out.push_str(line);
        }
    }
    if at.is_none() {
        out = format!("{}\n\n{routing}", out.trim_end());
    }
    format!("{}\n", out.trim_end())
}

/// Where a line of such a source stands in the routing as it was handed in; `None` for a line that is not of it. Both count from 1.
#[must_use]
pub fn line_within(source: &str, routing: &str, line: usize) -> Option<usize> {
    let lines = marked(source);
    let before = match lines.iter().position(|(_, of)| *of) {
        Some(at) => at,
        None => source.trim_end().lines().count() + 1,
    };
    let passed = routing.len() - routing.trim_start().len();
    let passed = routing.get(..passed).unwrap_or_default().matches('\n').count();
    let within = line.checked_sub(before).filter(|at| (1..=routing.trim().lines().count()).contains(at))?;
    Some(passed + within)
}

/// One line of two texts side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'t> {
    /// In both.
    Same(&'t str),
    /// Only in the first.
    Gone(&'t str),
    /// Only in the second.
    New(&'t str),
}

/// Lines beyond which texts are not compared line by line.
const LINES_MAX: usize = 2_000;

/// What changed from one text to the other, by their longest common lines.
#[must_use]
pub fn difference<'t>(old: &'t str, new: &'t str) -> Vec<Line<'t>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    if old.len() > LINES_MAX || new.len() > LINES_MAX {
        return old.into_iter().map(Line::Gone).chain(new.into_iter().map(Line::New)).collect();
    }
    let width = new.len() + 1;
    let mut common = vec![0u32; (old.len() + 1) * width];
    let at = |common: &[u32], i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    for (i, left) in old.iter().enumerate().rev() {
        for (j, right) in new.iter().enumerate().rev() {
            let best = if left == right { at(&common, i + 1, j + 1) + 1 } else { at(&common, i + 1, j).max(at(&common, i, j + 1)) };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    loop {
        match (old.get(i), new.get(j)) {
            (Some(left), Some(right)) if left == right => {
                lines.push(Line::Same(left));
                (i, j) = (i + 1, j + 1);
            }
            (Some(left), right) if right.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                lines.push(Line::Gone(left));
                i += 1;
            }
            (_, Some(right)) => {
                lines.push(Line::New(right));
                j += 1;
            }
            _ => return lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "name = \"a\"\n\n[outcome]\nkind = \"truth\"\n\n# how\n[routing]\ndefault = \"assist\"\n\n[[routing.rule]]\nname = \"x\"\n\n# who\n[decide]\nroles = []\nnote = \"\"\"\n[routing]\n\"\"\"\n";

    #[test]
    fn the_routing_is_taken_out_and_another_put_in() {
        assert_eq!(taken(SOURCE), "[routing]\ndefault = \"assist\"\n\n[[routing.rule]]\nname = \"x\"");
        let other = replaced(SOURCE, "[routing]\ndefault = \"blind\"\n");
        assert_eq!(taken(&other), "[routing]\ndefault = \"blind\"");
        assert!(other.contains("# how\n[routing]\ndefault = \"blind\"\n") && other.contains("# who\n[decide]"), "{other}");
        assert!(other.contains("note = \"\"\"\n[routing]\n\"\"\""), "what stands in a text is no table");
        assert_eq!(replaced(SOURCE, &taken(SOURCE)).replace("\n\n", "\n"), SOURCE.replace("\n\n", "\n"));
        assert_eq!(replaced("name = \"a\"\n", "[routing]\nblind = 0.1"), "name = \"a\"\n\n[routing]\nblind = 0.1\n");
    }

    #[test]
    fn a_line_of_the_whole_is_told_as_one_of_the_routing() {
        for (source, routing, word, line) in [
            (SOURCE, "[routing]\ndefault = \"blind\"\nwrong = 1", "wrong", 3),
            (SOURCE, "\n\n[routing]\nwrong = 1\n", "wrong", 4),
            ("name = \"a\"\n\n\n", "[routing]\nwrong = 1", "wrong", 2),
        ] {
            let whole = replaced(source, routing);
            let at = whole.lines().position(|line| line.contains(word)).unwrap() + 1;
            assert_eq!(line_within(source, routing, at), Some(line), "{whole}");
            assert_eq!(routing.lines().position(|line| line.contains(word)).unwrap() + 1, line);
            assert_eq!(line_within(source, routing, 1), None);
        }
        let behind = replaced(SOURCE, "[routing]").lines().position(|line| line == "[decide]").unwrap() + 1;
        assert_eq!(line_within(SOURCE, "[routing]", behind), None);
    }

    #[test]
    fn lines_are_compared_by_what_they_have_in_common() {
        use Line::{Gone, New, Same};
        assert_eq!(difference("a\nb\nc", "a\nx\nc\nd"), [Same("a"), Gone("b"), New("x"), Same("c"), New("d")]);
        assert_eq!(difference("", "a"), [New("a")]);
        assert_eq!(difference("a", ""), [Gone("a")]);
    }
}
