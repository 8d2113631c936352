//! Reading ahead: the next page of events is on its way while the present one is worked on. Checks nothing.

use crate::{Error, Workspace};
use countersign_core::event::{self, Event};
use countersign_store::{
    self as store,
    event::{Entry, EventRow},
};
use tokio::sync::mpsc::{self, Receiver};
use uuid::Uuid;

const EVENTS_AT_ONCE: i64 = 2_048;
/// How many pages of the log are read at the same time.
const PLACES_READ: i64 = 2;
/// Pages that wait; each has a few megabytes at most.
const PAGES_WAITING: usize = 2;

/// A page, or why the reading ended.
pub(super) type Page<T> = Result<Vec<T>, Error>;

/// An event's row with what its bytes say.
pub(super) type Read = (EventRow, Result<Event, event::Error>);

/// Entries from `position` up to `end`, in the order of the log, read at [`PLACES_READ`] places at once: one reader alone is slower
/// than hashing what it reads.
pub(super) fn entries(workspace: &Workspace, position: u64, end: u64) -> Receiver<Page<Entry>> {
    let (pages, reader) = mpsc::channel(PAGES_WAITING);
    let (begin, end) = (i64::try_from(position).unwrap_or(i64::MAX), i64::try_from(end).unwrap_or(i64::MAX));
    let mut places: Vec<_> = (0..PLACES_READ).map(|place| every_nth(workspace, begin + place * EVENTS_AT_ONCE, end)).collect();
    tokio::spawn(async move {
        loop {
            for place in &mut places {
                // Nobody listens any more when the verification has given up.
                let Some(page) = place.recv().await else { return };
                if pages.send(page).await.is_err() {
                    return;
                }
            }
        }
    });
    reader
}

/// The page that begins at `begin`, and every one that follows [`PLACES_READ`] pages later. Where an entry is missing, the page
/// reaches further than it should, which its reader finds.
fn every_nth(workspace: &Workspace, begin: i64, end: i64) -> Receiver<Page<Entry>> {
    let (pages, reader) = mpsc::channel(1);
    let workspace = workspace.clone();
    tokio::spawn(async move {
        let mut next = begin;
        while next < end {
            let page = workspace.entries_page(next, EVENTS_AT_ONCE.min(end - next)).await;
            if pages.send(page).await.is_err() {
                return;
            }
            next += PLACES_READ * EVENTS_AT_ONCE;
        }
    });
    reader
}

/// All events stream by stream, read and parsed on their way.
pub(super) fn by_stream(workspace: &Workspace) -> Receiver<Page<Read>> {
    let (rows, mut to_parse) = mpsc::channel::<Page<EventRow>>(PAGES_WAITING);
    let (pages, reader) = mpsc::channel(PAGES_WAITING);
    let workspace = workspace.clone();
    tokio::spawn(async move {
        let mut after = (Uuid::nil(), 0);
        loop {
            let page = workspace.stream_page(after).await;
            let last = page.as_ref().ok().and_then(|p| p.last().map(|r| (r.stream, r.stream_version)));
            if rows.send(page).await.is_err() {
                return;
            }
            match last {
                Some(last) => after = last,
                None => return,
            }
        }
    });
    tokio::spawn(async move {
        while let Some(page) = to_parse.recv().await {
            let parsed = page.map(|rows| {
                rows.into_iter()
                    .map(|row| {
                        let event = Event::from_bytes(&row.bytes);
                        (row, event)
                    })
                    .collect()
            });
            if pages.send(parsed).await.is_err() {
                return;
            }
        }
    });
    reader
}

impl Workspace {
    async fn entries_page(&self, position: i64, limit: i64) -> Page<Entry> {
        let mut session = self.inner.db.session().await?;
        Ok(store::event::entries_from(session.conn(), self.id.0, position, limit).await?)
    }

    async fn stream_page(&self, after: (Uuid, i64)) -> Page<EventRow> {
        let mut session = self.inner.db.session().await?;
        Ok(store::event::by_stream(session.conn(), self.id.0, after, EVENTS_AT_ONCE).await?)
    }
}
