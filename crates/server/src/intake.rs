//! Cases line by line: every line is one atom with one receipt, in order, after its commit; or the whole file is one atom.
//! Never waits for the end of the file, and never lets a bad line stop the others.

use crate::{
    extract::{Head, body_whole},
    limits::{ATOMIC_BYTES_MAX, INTAKE_BYTES_WAITING_MAX, INTAKE_LINES_WAITING_MAX, LINE_BYTES_MAX},
    ndjson::{self, Line, Lines},
    problem::{Problem, ProblemBody, json_object},
    state::Server,
};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    response::Response,
};
use countersign_app::{Caller, Workspace, case::PendingReceipt, input::CaseInput, view::Receipt};
use countersign_core::{limits::ATOMIC_LINES_MAX, refusal::Code};
use futures_util::stream;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use utoipa::ToSchema;

/// What became of one line.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum LineReceipt {
    /// It was taken, or was there already.
    Taken {
        /// The line, counted from 1.
        line: u64,
        /// The receipt, with `status` `accepted` or `duplicate`.
        #[serde(flatten)]
        receipt: Receipt,
    },
    /// It was refused; nothing of it was written.
    Refused {
        /// The line, counted from 1.
        line: u64,
        /// `refused`.
        status: &'static str,
        /// Why.
        problem: Box<ProblemBody>,
    },
}

impl LineReceipt {
    fn refused(line: u64, problem: &Problem) -> Self {
        if let Some(cause) = &problem.cause {
            tracing::error!(line, problem = problem.kind.slug(), cause, "a line of an intake failed");
        }
        Self::Refused { line, status: "refused", problem: Box::new(problem.body(None)) }
    }
}

/// A line on its way: handed to the writer, or refused already. Holds its share of the bytes that may wait.
struct Waiting {
    line: u64,
    fate: Result<PendingReceipt, Problem>,
    _share: Option<OwnedSemaphorePermit>,
}

/// Takes a body of any length and answers with a receipt a line, while the body still comes.
pub fn streamed(server: Server, workspace: Workspace, caller: Caller, body: Body) -> Response {
    let (sender, receiver) = mpsc::channel(INTAKE_LINES_WAITING_MAX);
    tokio::spawn(read(workspace, caller, Lines::new(body, LINE_BYTES_MAX), sender));
    ndjson::response(stream::unfold((server, receiver), |(server, mut receiver)| async move {
        let receipts = next_receipts(&server, &mut receiver).await?;
        Some((receipts, (server, receiver)))
    }))
}

/// Reads lines and hands them to the writer until the body ends or nobody listens to the receipts any more.
async fn read(workspace: Workspace, caller: Caller, mut lines: Lines, sender: mpsc::Sender<Waiting>) {
    let bytes = Arc::new(Semaphore::new(INTAKE_BYTES_WAITING_MAX));
    while let Some((line, text)) = lines.next().await {
        let waiting = match text {
            Line::Text(text) => {
                // The semaphore is never closed; were it, the line would go on without a share.
                let share = u32::try_from(text.len()).unwrap_or(u32::MAX);
                let share = Arc::clone(&bytes).acquire_many_owned(share).await.ok();
                let fate = match case_of(&text) {
                    Ok(input) => workspace.case_submit_bulk(&caller, input).await.map_err(Into::into),
                    Err(problem) => Err(problem),
                };
                Waiting { line, fate, _share: share }
            }
            Line::TooLong => Waiting { line, fate: Err(too_long()), _share: None },
            Line::Broken(problem) => Waiting { line, fate: Err(problem), _share: None },
        };
        if sender.send(waiting).await.is_err() {
            return;
        }
    }
}

/// The next receipts, in order: waits for one, and takes those along whose lines wait behind it, up to a chunk: commits come
/// in batches, and a write for each receipt would cost more than the receipt.
async fn next_receipts(server: &Server, receiver: &mut mpsc::Receiver<Waiting>) -> Option<Result<Bytes, Problem>> {
    const CHUNK_BYTES: usize = 16 << 10;
    let mut text = Vec::with_capacity(CHUNK_BYTES);
    let mut next = receiver.recv().await?;
    loop {
        let receipt = match next.fate {
            Ok(pending) => pending.await.map_err(Problem::from),
            Err(problem) => Err(problem),
        };
        let receipt = match receipt {
            Ok(receipt) => {
                server.metrics.taken_in(receipt.status == "accepted");
                LineReceipt::Taken { line: next.line, receipt }
            }
            Err(problem) => LineReceipt::refused(next.line, &problem),
        };
        match ndjson::line(&receipt) {
            Ok(line) => text.extend_from_slice(&line),
            Err(problem) => return Some(Err(problem)),
        }
        if text.len() >= CHUNK_BYTES {
            return Some(Ok(text.into()));
        }
        match receiver.try_recv() {
            Ok(behind) => next = behind,
            Err(_) => return Some(Ok(text.into())),
        }
    }
}

/// Takes a file as one atom: all of its cases or none.
///
/// # Errors
/// The problem of the first line that is to blame, with its number.
pub async fn atomic(server: Server, workspace: Workspace, caller: Caller, request: Request) -> Result<Response, Problem> {
    let head = Head::of(&request)?;
    let body = body_whole(request, ATOMIC_BYTES_MAX).await?;
    let options = head.options(&body);
    let mut numbers = Vec::new();
    let mut inputs = Vec::new();
    let mut lines = Lines::new(Body::from(body), LINE_BYTES_MAX);
    while let Some((number, line)) = lines.next().await {
        if numbers.len() == ATOMIC_LINES_MAX {
            return Err(Problem::new(
                Code::TooLarge,
                format!("one atom has at most {ATOMIC_LINES_MAX} lines; without `atomic` there is no limit"),
            ));
        }
        let input = match line {
            Line::Text(text) => case_of(&text),
            Line::TooLong => Err(too_long()),
            Line::Broken(problem) => Err(problem),
        };
        numbers.push(number);
        inputs.push(input.map_err(|problem| problem.at_line(number))?);
    }
    let receipts = workspace.cases_open_atomic(&caller, inputs, options).await.map_err(|refused| {
        let problem = Problem::from(refused.error);
        numbers.get(refused.line).map_or_else(|| problem.clone(), |number| problem.clone().at_line(*number))
    })?;
    let mut text = Vec::new();
    for (line, receipt) in numbers.into_iter().zip(receipts) {
        server.metrics.taken_in(receipt.status == "accepted");
        text.extend_from_slice(&ndjson::line(&LineReceipt::Taken { line, receipt })?);
    }
    Ok(ndjson::response(stream::iter([Ok(text.into())])))
}

fn case_of(text: &[u8]) -> Result<CaseInput, Problem> {
    // Some editors begin a file with a byte order mark; RFC 8259, section 8.1, lets a reader pass over it.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    json_object(text)
}

fn too_long() -> Problem {
    Problem::new(Code::TooLarge, format!("the line has more than {LINE_BYTES_MAX} bytes"))
}
