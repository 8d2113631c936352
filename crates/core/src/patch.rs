//! Reading a unified diff (POSIX `diff -u`, and git's headers). Never refuses: what it does not know is a note, since a reader
//! must see all of it.

use serde::{Deserialize, Serialize};

/// Which of the two texts a line of a diff stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The one before.
    Old,
    /// The one after.
    New,
}

impl Side {
    /// In a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
        }
    }
}

/// A diff.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Patch<'a> {
    /// What stands before the first file, as the message of a mailed commit; all of it where there is no file.
    pub preamble: &'a str,
    /// Its files in order.
    pub files: Vec<File<'a>>,
}

/// The changes of one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct File<'a> {
    /// The path before, without `a/`; `None` for a new file.
    pub before: Option<&'a str>,
    /// The path after, without `b/`; `None` for a removed one.
    pub after: Option<&'a str>,
    /// Other header lines: modes, renames, similarity, binary.
    pub notes: Vec<&'a str>,
    /// Its hunks.
    pub hunks: Vec<Hunk<'a>>,
    /// Where its part of the source ends, in bytes.
    pub end: usize,
}

impl File<'_> {
    /// The path to call it by.
    #[must_use]
    pub fn path(&self) -> &str {
        self.after.or(self.before).unwrap_or("(no name)")
    }

    /// Lines added.
    #[must_use]
    pub fn added(&self) -> usize {
        self.count(Kind::Added)
    }

    /// Lines removed.
    #[must_use]
    pub fn removed(&self) -> usize {
        self.count(Kind::Removed)
    }

    /// Whether a line stands in what is shown of this file.
    #[must_use]
    pub fn has(&self, side: Side, number: u64) -> bool {
        self.hunks.iter().flat_map(|hunk| &hunk.lines).any(|line| line.number(side) == Some(number))
    }

    fn count(&self, kind: Kind) -> usize {
        self.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.kind == kind).count()
    }
}

/// A run of lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Hunk<'a> {
    /// Its header line.
    pub head: &'a str,
    /// Where that line begins in the source, in bytes.
    pub at: usize,
    /// Its lines.
    pub lines: Vec<Line<'a>>,
}

impl Line<'_> {
    /// Its number on a side, where it stands there.
    #[must_use]
    pub fn number(&self, side: Side) -> Option<u64> {
        match side {
            Side::Old => self.before,
            Side::New => self.after,
        }
    }
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There before and after.
    Context,
    /// There after only.
    Added,
    /// There before only.
    Removed,
    /// No line of the file, as `\ No newline at end of file`.
    Note,
}

/// One line of a hunk, without its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its number before.
    pub before: Option<u64>,
    /// Its number after.
    pub after: Option<u64>,
    /// Its text.
    pub text: &'a str,
    /// Where it begins in the source with its sign, in bytes.
    pub at: usize,
}

/// Reads a diff.
#[must_use]
pub fn parse(source: &str) -> Patch<'_> {
    let mut patch = Patch { preamble: source, files: Vec::new() };
    let mut reader = Reader { at: 0, old: 0, new: 0, old_left: 0, new_left: 0 };
    for raw in source.split_inclusive('\n') {
        let line = raw.strip_suffix('\n').unwrap_or(raw);
        let before_any = patch.files.is_empty();
        reader.line(line.strip_suffix('\r').unwrap_or(line), &mut patch.files);
        if before_any && !patch.files.is_empty() {
            patch.preamble = source.get(..reader.at).unwrap_or_default();
        }
        reader.at += raw.len();
        patch.files.last_mut().into_iter().for_each(|file| file.end = reader.at);
    }
    patch
}

/// Where the reading stands: in the source, the numbers of the next lines, and how many the hunk still has.
struct Reader {
    at: usize,
    old: u64,
    new: u64,
    old_left: u64,
    new_left: u64,
}

impl Reader {
    /// Takes one line.
    fn line<'a>(&mut self, line: &'a str, files: &mut Vec<File<'a>>) {
        if (self.old_left > 0 || self.new_left > 0 || line.starts_with('\\'))
            && let Some(hunk) = files.last_mut().and_then(|file| file.hunks.last_mut())
        {
            hunk.lines.push(self.numbered(line));
            return;
        }
        if line.starts_with("@@ ")
            && let Some((old, new)) = ranges(line)
        {
            ((self.old, self.old_left), (self.new, self.new_left)) = (old, new);
            if files.is_empty() {
                files.push(File::default());
            }
            files.last_mut().into_iter().for_each(|file| file.hunks.push(Hunk { head: line, at: self.at, lines: Vec::new() }));
            return;
        }
        header(line, files);
    }

    fn numbered<'a>(&mut self, line: &'a str) -> Line<'a> {
        let (sign, text) = match line.chars().next() {
            Some(sign @ ('+' | '-' | ' ' | '\\')) => (sign, line.get(1..).unwrap_or_default()),
            // Some tools drop the blank of an empty context line.
            _ => (' ', line),
        };
        let (old, new) = (self.old, self.new);
        let (kind, before, after) = match sign {
            '+' => (Kind::Added, None, Some(new)),
            '-' => (Kind::Removed, Some(old), None),
            '\\' => (Kind::Note, None, None),
            _ => (Kind::Context, Some(old), Some(new)),
        };
        if before.is_some() {
            (self.old, self.old_left) = (self.old.saturating_add(1), self.old_left.saturating_sub(1));
        }
        if after.is_some() {
            (self.new, self.new_left) = (self.new.saturating_add(1), self.new_left.saturating_sub(1));
        }
        Line { kind, before, after, text: if kind == Kind::Note { text.trim_start() } else { text }, at: self.at }
    }
}

/// Takes a line outside of hunks.
fn header<'a>(line: &'a str, files: &mut Vec<File<'a>>) {
    let begins = line.starts_with("diff ");
    let old_path = line.strip_prefix("--- ");
    // Without git's line a file begins at its old path.
    let bare = old_path.is_some() && files.last().is_none_or(|file| !file.hunks.is_empty());
    if begins || bare {
        files.push(File::default());
    }
    let Some(file) = files.last_mut() else { return };
    if begins {
        let (before, after) =
            line.rsplit_once(" b/").map_or((None, None), |(left, after)| (left.split_once(" a/").map(|(_, b)| b), Some(after)));
        (file.before, file.after) = (before, after);
    } else if let Some(path) = old_path {
        file.before = stripped(path, "a/");
    } else if let Some(path) = line.strip_prefix("+++ ") {
        file.after = stripped(path, "b/");
    } else if !line.is_empty() && !line.starts_with("index ") {
        file.notes.push(line);
    }
}

/// A path without its prefix and without the time that `diff` writes behind a tab; `/dev/null` is none.
fn stripped<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let path = path.split('\t').next().unwrap_or(path);
    if path == "/dev/null" { None } else { Some(path.strip_prefix(prefix).unwrap_or(path)) }
}

/// Start and length of both sides of `@@ -1,3 +1,4 @@ ..`.
fn ranges(head: &str) -> Option<((u64, u64), (u64, u64))> {
    let mut parts = head.strip_prefix("@@ -")?.split(' ');
    let side = |text: &str| -> Option<(u64, u64)> {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let old = side(parts.next()?)?;
    let new = side(parts.next()?.strip_prefix('+')?)?;
    (parts.next()? == "@@").then_some((old, new))
}
