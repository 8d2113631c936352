//! The limits of the door itself; those of the product stand in [`countersign_core::limits`]. Holds no logic.

use std::time::Duration;

/// Requests that are worked on at once, streams not counted once they have begun; one more is told to come again.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 2_048;
/// Connections that are open at once; one more waits to be accepted.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Bytes that the head of a request may have.
pub const HEAD_BYTES_MAX: usize = 64 << 10;
/// Time in which the head of a request must have come; also how long an idle connection is kept.
pub const HEAD_SECONDS_MAX: Duration = Duration::from_secs(30);
/// Time in which a body that is read whole must have come.
pub const BODY_SECONDS_MAX: Duration = Duration::from_secs(60);
/// Silence within a streamed intake after which it ends.
pub const INTAKE_SILENCE_SECONDS_MAX: Duration = Duration::from_secs(60);
/// One line of an intake.
pub const LINE_BYTES_MAX: usize = countersign_core::limits::CASE_BYTES_MAX;
/// Lines of one intake that were handed to the writer and have no receipt yet.
pub const INTAKE_LINES_WAITING_MAX: usize = 512;
/// Bytes of those lines together; more than one line of the greatest length.
pub const INTAKE_BYTES_WAITING_MAX: usize = 8 << 20;
/// All lines of an intake that is one atom.
pub const ATOMIC_BYTES_MAX: usize = 16 << 20;
/// Items on a page where the request names no number.
pub const PAGE_ITEMS_DEFAULT: u32 = 100;
/// Events or notices that are read from the storage in one step of a stream.
pub const STREAM_STEP_ITEMS_MAX: u32 = 500;
/// A request id that a client may choose.
pub const REQUEST_ID_CHARS_MAX: usize = 64;
/// Time that open requests have to end once the server shuts down.
pub const SHUTDOWN_SECONDS_MAX: Duration = Duration::from_secs(30);
/// How often live updates look for news that no notice announced, as where another node wrote them.
pub const NEWS_POLL_SECONDS: Duration = Duration::from_secs(2);
/// How long after a refusal for load a client should wait.
pub const RETRY_AFTER_SECONDS: u64 = 1;
/// A form that the desk takes. Text is longer inside a form than outside: a byte takes up to three.
pub const FORM_BYTES_MAX: usize = 4 << 20;
/// Values in a form.
pub const FORM_PAIRS_MAX: usize = 10_000;
