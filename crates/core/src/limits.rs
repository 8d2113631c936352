//! Every limit of the product, named, with its unit last. A limit that is not here does not exist. Holds no logic.

/// One event's canonical bytes: a C2SP entry bundle gives an entry's length in two bytes.
pub const EVENT_BYTES_MAX: usize = 65_535;
/// A value whose canonical form is longer is kept beside the event under a commitment, as personal values are.
pub const INLINE_VALUE_BYTES_MAX: usize = 4_096;
/// All values of one event that may stand inside it together; the longest leave first.
pub const INLINE_EVENT_BYTES_MAX: usize = 32_768;
/// One case as it is handed in, without attachments.
pub const CASE_BYTES_MAX: usize = 1 << 20;
/// One attachment.
pub const ATTACHMENT_BYTES_MAX: usize = 25 << 20;
/// One playbook source: it stands whole inside one event.
pub const PLAYBOOK_BYTES_MAX: usize = 32 << 10;
/// The rules of a workspace: they stand whole inside one event, beside what is expected of them.
pub const RULES_BYTES_MAX: usize = 32 << 10;
/// What is expected of rules.
pub const EXPECTATIONS_BYTES_MAX: usize = 16 << 10;
/// Fields in one playbook.
pub const PLAYBOOK_FIELDS_MAX: usize = 200;
/// Options of a choice or a category.
pub const OPTIONS_MAX: usize = 1_000;
/// A name: playbook, field, option, proposer, role.
pub const NAME_CHARS_MAX: usize = 120;
/// Characters of an e-mail address (RFC 3696, erratum 1690: 254; some have more).
pub const MAIL_CHARS_MAX: usize = 320;
/// An external id.
pub const EXTERNAL_ID_BYTES_MAX: usize = 512;
/// A comment, a reason, an instruction.
pub const REMARK_BYTES_MAX: usize = 64 << 10;
/// Proposals on one case.
pub const PROPOSALS_PER_CASE_MAX: usize = 64;
/// Language models that the server asks about one case.
pub const PROPOSERS_MAX: usize = 4;
/// Drafts that one of them writes of a text or a patch.
pub const CANDIDATES_MAX: u32 = 6;
/// Options that a language model is asked for by a letter.
pub const LETTERS_MAX: usize = 26;
/// Evidence items of one proposal.
pub const EVIDENCE_ITEMS_MAX: usize = 100;
/// Events on one case's stream. A case that is talked about more is closed and a new one opened.
pub const EVENTS_PER_CASE_MAX: u64 = 5_000;
/// Events of these that are kept for decisions, withdrawals, outcomes and appeals: talk alone never fills a case.
pub const EVENTS_PER_CASE_RESERVED: u64 = 200;
/// Signatures or panel members on one case.
pub const SIGNATURES_MAX: u32 = 15;
/// How far probabilities may be from summing to one before they are refused; within it they are scaled, in billionths.
pub const PROBABILITY_SUM_TOLERANCE_BILLIONTHS: u64 = 1_000_000;
/// Lines of an intake sent with `?atomic=true`.
pub const ATOMIC_LINES_MAX: usize = 1_000;
/// People whose attention one remark asks for.
pub const MENTIONS_MAX: usize = 20;
/// Remarks that stand beside a case, the latest ones.
pub const COMMENTS_SHOWN_MAX: usize = 200;
/// Longest a case can be snoozed, leased or kept waiting.
pub const WAIT_MICROS_MAX: i64 = 366 * 86_400 * 1_000_000;
/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_KEPT_MICROS: i64 = 86_400 * 1_000_000;
/// An idempotency key.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// Items on one page of a list.
pub const PAGE_ITEMS_MAX: u32 = 1_000;
/// How long a shown-token may be answered.
pub const SHOWN_TOKEN_MICROS_MAX: i64 = 86_400 * 1_000_000;
/// How far a time from outside may lie in the future.
pub const FUTURE_TOLERANCE_MICROS: i64 = 300 * 1_000_000;
/// The integers that every JSON reader agrees on.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;
/// Problems that reading one playbook reports at once.
pub const PLAYBOOK_PROBLEMS_MAX: usize = 100;
/// A playbook's question, description or source of outcomes.
pub const PLAYBOOK_TEXT_BYTES_MAX: usize = 4_096;
/// Routing rules of one playbook.
pub const ROUTING_RULES_MAX: usize = 100;
/// Roles that may decide on one playbook.
pub const ROLES_MAX: usize = 100;
/// How long after a decision its outcome may be awaited.
pub const OUTCOME_AFTER_MICROS_MAX: i64 = 10 * 366 * 86_400 * 1_000_000;
/// Levels of a playbook's JSON Schema.
pub const SCHEMA_DEPTH_MAX: usize = 16;
/// Levels of a JSON value from outside.
pub const JSON_DEPTH_MAX: usize = 64;
/// Boxes drawn on one image.
pub const IMAGE_BOXES_MAX: usize = 1_000;

/// Decided cases of one playbook among which precedents are looked for: the latest ones.
pub const PRECEDENTS_PER_PLAYBOOK_MAX: usize = 200_000;
/// Cases that one person answers together.
pub const BULK_CASES_MAX: usize = 50;
/// Longest headline of a case that is answered from a line of a table: what is longer is read by itself.
pub const BULK_HEADLINE_CHARS_MAX: usize = 300;
/// Precedents beside a case.
pub const PRECEDENTS_SHOWN_MAX: usize = 3;

/// A track record, in bytes.
pub const TRACK_RECORD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Ways that one experiment compares.
pub const EXPERIMENT_ARMS_MAX: usize = 4;
/// Cases that one experiment may take.
pub const EXPERIMENT_CASES_MAX: u64 = 1_000_000;

/// Least share of cases whose place is drawn by lot while a model is young, in billionths.
pub const LEARNING_LOT_MIN: u32 = 100_000_000;
/// Largest such share, in billionths.
pub const LEARNING_LOT_MAX: u32 = 900_000_000;
/// Least number of labels until which a model may count as young.
pub const LEARNING_UNTIL_MIN: u64 = 40;
/// Largest such number.
pub const LEARNING_UNTIL_MAX: u64 = 100_000;

/// Cells of a grid over a picture that says where a proposer looked.
pub const HEAT_CELLS_MAX: u64 = 1_024;
/// Where such a grid may begin and how large it may be, in ten-thousandths of the picture: a model may see more than is there.
pub const HEAT_SIDE_MAX: u32 = 10_000_000;
