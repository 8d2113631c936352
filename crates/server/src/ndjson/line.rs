//! Cuts a body into lines, none longer than its limit. Never holds more than one line and one chunk.

use crate::{
    limits::INTAKE_SILENCE_SECONDS_MAX,
    problem::{Kind, Problem},
};
use axum::body::{Body, BodyDataStream, Bytes};
use countersign_core::refusal::Code;
use futures_util::StreamExt;

/// A line of a body.
#[derive(Debug)]
pub enum Line {
    /// The line, without its end.
    Text(Bytes),
    /// It was longer than the limit and was passed over.
    TooLong,
    /// The body broke off or fell silent; nothing comes after it.
    Broken(Problem),
}

/// Reads a body line by line.
pub struct Lines {
    body: BodyDataStream,
    chunk: Bytes,
    line: Vec<u8>,
    bytes_max: usize,
    too_long: bool,
    number: u64,
    ended: bool,
}

impl Lines {
    /// Lines of so many bytes at most.
    #[must_use]
    pub fn new(body: Body, bytes_max: usize) -> Self {
        Self { body: body.into_data_stream(), chunk: Bytes::new(), line: Vec::new(), bytes_max, too_long: false, number: 0, ended: false }
    }

    /// The next line that is not blank, with its number from 1 (blank lines are counted); `None` at the end.
    pub async fn next(&mut self) -> Option<(u64, Line)> {
        loop {
            match self.step().await? {
                Line::Text(text) if text.iter().all(u8::is_ascii_whitespace) => {}
                line => return Some((self.number, line)),
            }
        }
    }

    /// The next line, blank or not.
    async fn step(&mut self) -> Option<Line> {
        loop {
            if let Some(end) = self.chunk.iter().position(|byte| *byte == b'\n') {
                let head = self.chunk.split_to(end);
                let _newline = self.chunk.split_to(1);
                return Some(self.finish(head));
            }
            let rest = std::mem::take(&mut self.chunk);
            self.keep(&rest);
            if self.ended {
                let nothing = self.line.is_empty() && !self.too_long;
                return (!nothing).then(|| self.finish(Bytes::new()));
            }
            match tokio::time::timeout(INTAKE_SILENCE_SECONDS_MAX, self.body.next()).await {
                Ok(Some(Ok(chunk))) => self.chunk = chunk,
                Ok(None) => self.ended = true,
                Ok(Some(Err(_))) => {
                    return Some(
                        self.broken(Problem::new(Code::Malformed, "the body broke off; this line and all after it were not taken")),
                    );
                }
                Err(_) => {
                    let seconds = INTAKE_SILENCE_SECONDS_MAX.as_secs();
                    return Some(self.broken(Problem::new(
                        Kind::RequestTimeout,
                        format!("nothing came for {seconds} s; this line and all after it were not taken"),
                    )));
                }
            }
        }
    }

    /// Adds to the line, unless it is too long already.
    fn keep(&mut self, part: &[u8]) {
        if self.line.len() + part.len() > self.bytes_max {
            self.too_long = true;
            self.line = Vec::new();
        }
        if !self.too_long {
            self.line.extend_from_slice(part);
        }
    }

    fn finish(&mut self, last: Bytes) -> Line {
        self.number += 1;
        if !self.too_long && self.line.is_empty() && last.len() <= self.bytes_max {
            // The whole line lies in one chunk: no copy.
            return Line::Text(last);
        }
        self.keep(&last);
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.too_long) { Line::TooLong } else { Line::Text(line.into()) }
    }

    fn broken(&mut self, problem: Problem) -> Line {
        self.number += 1;
        self.ended = true;
        self.line = Vec::new();
        self.too_long = false;
        self.body = Body::empty().into_data_stream();
        Line::Broken(problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use proptest::prelude::*;

    fn read(chunks: Vec<Vec<u8>>, bytes_max: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let body = Body::from_stream(stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>)));
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
            let mut lines = Lines::new(body, bytes_max);
            let mut read = Vec::new();
            while let Some((number, line)) = lines.next().await {
                read.push((
                    number,
                    match line {
                        Line::Text(text) => Some(text.to_vec()),
                        Line::TooLong => None,
                        Line::Broken(problem) => panic!("{problem:?}"),
                    },
                ));
            }
            read
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_falls_silent_ends_after_what_it_said() {
        let said = stream::iter([Ok::<_, std::io::Error>("a\nb")]).chain(stream::pending());
        let mut lines = Lines::new(Body::from_stream(said), 10);
        assert!(matches!(lines.next().await, Some((1, Line::Text(text))) if text == "a"));
        assert!(matches!(lines.next().await, Some((2, Line::Broken(problem))) if problem.kind == Kind::RequestTimeout));
        assert!(lines.next().await.is_none());
    }

    #[test]
    fn a_line_that_is_too_long_stops_no_other() {
        let lines = read(vec![b"ab\nabcdef\n\ncd".to_vec(), b"ef\nabcd".to_vec(), b"e\n".to_vec(), b"xy".to_vec()], 4);
        assert_eq!(lines, [(1, Some(b"ab".to_vec())), (2, None), (4, Some(b"cdef".to_vec())), (5, None), (6, Some(b"xy".to_vec()))]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn chunks_do_not_matter(text in "[ab\n]{0,60}", cuts in prop::collection::vec(1..9_usize, 0..20)) {
            let mut rest = text.as_bytes();
            let mut chunks = Vec::new();
            for cut in cuts {
                let (head, tail) = rest.split_at(cut.min(rest.len()));
                chunks.push(head.to_vec());
                rest = tail;
            }
            chunks.push(rest.to_vec());
            let want: Vec<_> = text.split('\n').enumerate().filter(|(_, line)| !line.is_empty())
                .map(|(at, line)| (at as u64 + 1, (line.len() <= 5).then(|| line.as_bytes().to_vec()))).collect();
            prop_assert_eq!(read(chunks, 5), want);
        }
    }
}
