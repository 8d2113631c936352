//! Checking an evidence bundle offline, and telling in plain lines what it proves: who decided what, on what they saw.

use super::{is_story, signatures};
use crate::Error;
use countersign_core::{
    answer::Answer,
    content::{Content, Digest},
    event::{Body, CaseShown, DecisionMade, Event, JudgmentGiven},
    id::EventId,
    playbook::parse,
    refusal::{Code, Refusal},
    time,
};
use countersign_ledger::{
    bundle::{self, Bundle, Opening, Verified},
    merkle::Hash,
    note::VerifierKey,
    rotation,
};
use countersign_privacy::{CommitmentInput, commitment};
use serde::Serialize;
use std::collections::HashMap;
use uuid::Uuid;

/// What a bundle proves.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The decision.
    pub decision: String,
    /// The log's origin line.
    pub origin: String,
    /// Size of the log at the checkpoint.
    pub log_size: u64,
    /// The key that signed the checkpoint, as a vkey.
    pub key: String,
    /// Whether that key hangs on one that the verifier brought along. If not, compare it with one from elsewhere.
    pub trusted: bool,
    /// The logs that restores ended, oldest first. The log of `origin` vouches for what they held.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier_logs: Vec<String>,
    /// Number of events, all proven to be in the log or in an earlier one.
    pub events: usize,
    /// What happened, in plain lines.
    pub story: Vec<String>,
}

/// Checks a bundle without database or network: every event is in the log, the checkpoint is signed, the opened values are those
/// committed to, and every judgment that the decision rests on binds to what was shown to that person.
///
/// # Errors
/// A refusal names what does not hold.
pub fn verify(bytes: &[u8], trusted: Option<&str>) -> Result<Verdict, Error> {
    let refused = |detail: String| Error::from(Refusal::new(Code::Invalid, detail));
    let trusted: Option<VerifierKey> =
        trusted.map(|key| key.trim().parse().map_err(|e| refused(format!("the key given is no vkey: {e}")))).transpose()?;
    let verified = bundle::verify(bytes, trusted.as_ref(), recommit).map_err(|e| refused(told(&e, bytes, trusted.as_ref())))?;
    let earlier_logs = take_overs(&verified).map_err(refused)?;
    let mut events = Vec::with_capacity(verified.events.len());
    for event in &verified.events {
        let bytes = serde_json::to_vec(&event.value).map_err(|e| refused(e.to_string()))?;
        events.push(Event::from_bytes(&bytes).map_err(|e| refused(format!("entry at position {}: {e}", event.position)))?);
    }
    let story = Story::new(&events, &verified.openings);
    story.check(&verified.decision).map_err(refused)?;
    Ok(Verdict {
        decision: verified.decision.clone(),
        origin: verified.checkpoint.origin.clone(),
        log_size: verified.checkpoint.size,
        key: verified.key.to_string(),
        trusted: verified.trusted,
        earlier_logs,
        events: events.len(),
        story: story.lines(),
    })
}

/// What is wrong, and where the key is another log's, what would be right.
fn told(error: &bundle::Error, bytes: &[u8], trusted: Option<&VerifierKey>) -> String {
    let of_another = trusted.map(VerifierKey::name).zip(Bundle::from_bytes(bytes).ok()).filter(|(name, bundle)| *name != bundle.origin);
    match (error, of_another) {
        (bundle::Error::Keys(rotation::Error::Untrusted(_)), Some((name, bundle))) => format!(
            "the key given is of the log {name}, and the bundle is of the log {}: a restore from a backup opens a new log with a key of its own, which you get where you got the first",
            bundle.origin
        ),
        _ => error.to_string(),
    }
}

/// The names of the earlier logs: each ended in a restore, which the first leaf of the log after it tells.
fn take_overs(verified: &Verified) -> Result<Vec<String>, String> {
    let mut names = Vec::with_capacity(verified.earlier.len());
    for (number, checkpoint) in verified.earlier.iter().enumerate() {
        let first = verified.events.iter().find(|event| event.log == number + 1 && event.position == 0);
        let event = first.and_then(|event| serde_json::to_vec(&event.value).ok()).and_then(|bytes| Event::from_bytes(&bytes).ok());
        match event.map(|event| event.body) {
            Some(Body::WorkspaceRestored(body)) if body.old_checkpoint == *checkpoint => names.push(body.old_origin),
            _ => return Err(format!("the log after earlier log {number} does not begin with the restore that took it over")),
        }
    }
    Ok(names)
}

/// The commitment that an opening claims to open, computed from all its parts.
fn recommit(opening: &Opening) -> Option<Hash> {
    let part = |name: &str| opening.context.get(name).map(String::as_str);
    let id = |name: &str| part(name)?.parse::<Uuid>().ok();
    if opening.context.len() != 5 {
        return None;
    }
    let (workspace, case) = (id("workspace")?, id("case")?);
    let input = CommitmentInput {
        tag: part("tag")?,
        salt: opening.salt.as_bytes(),
        workspace: workspace.as_bytes(),
        case: case.as_bytes(),
        version: part("version")?.parse().ok()?,
        field: part("field")?,
        bytes: &opening.value,
    };
    Some(Hash::from_bytes(commitment(&input)))
}

struct Story<'a> {
    events: &'a [Event],
    opened: HashMap<Digest, String>,
}

impl<'a> Story<'a> {
    fn new(events: &'a [Event], openings: &[Opening]) -> Self {
        let opened = openings.iter().map(|o| (Digest(*o.commitment.as_bytes()), String::from_utf8_lossy(&o.value).into_owned())).collect();
        Self { events, opened }
    }

    fn find<T>(&self, id: EventId, pick: impl Fn(&'a Body) -> Option<&'a T>) -> Option<&'a T> {
        self.events.iter().find(|e| e.id == id).and_then(|e| pick(&e.body))
    }

    /// Every judgment of the decision binds to the same content, and to what was shown to the same person before.
    fn check(&self, decision: &str) -> Result<(), String> {
        let id: EventId = decision.parse().map_err(|_| "the bundle's decision is no id".to_owned())?;
        let made = self
            .find(id, |b| if let Body::DecisionMade(d) = b { Some(d) } else { None })
            .ok_or("the bundle has no such decision.made event")?;
        for judgment in &made.judgments {
            self.check_judgment(made, *judgment)?;
        }
        signatures::check(self.events, id, made)?;
        let stream = self.events.iter().find(|e| e.id == id).map(|e| e.stream);
        for event in self.events {
            match &event.body {
                Body::PlaybookPublished(body) => {
                    let source = body.source.as_plain_str().ok_or("the playbook's source is not in its event")?;
                    if parse::digest(source) != body.digest {
                        return Err(format!(
                            "version {} of playbook {} does not have the digest that its event states",
                            body.version, body.name
                        ));
                    }
                }
                body if is_story(body) && Some(event.stream) != stream => return Err(format!("event {} is of another case", event.id)),
                _ => {}
            }
        }
        self.check_versions(stream)
    }

    /// The case's events are complete up to the last one in the bundle: none is left out.
    fn check_versions(&self, stream: Option<Uuid>) -> Result<(), String> {
        let versions = self.events.iter().filter(|e| Some(e.stream) == stream).map(|e| e.stream_version);
        match versions.zip(1..).find(|(version, expected)| version != expected) {
            Some((_, expected)) => Err(format!("version {expected} of the case is left out of the bundle")),
            None => Ok(()),
        }
    }

    fn check_judgment(&self, made: &DecisionMade, id: EventId) -> Result<(), String> {
        let given: Option<&JudgmentGiven> = self.find(id, |b| if let Body::JudgmentGiven(j) = b { Some(j) } else { None });
        let Some(given) = given else {
            // A judgment from another tool measures and never signs; the decision says that it was imported.
            let observed = self.find(id, |b| if let Body::JudgmentObserved(j) = b { Some(j) } else { None });
            return observed.map(|_| ()).ok_or(format!("judgment {id} of the decision is not in the bundle"));
        };
        let shown: &CaseShown = self
            .find(given.shown, |b| if let Body::CaseShown(s) = b { Some(s) } else { None })
            .ok_or(format!("what was shown before judgment {id} is not in the bundle"))?;
        let same = shown.person == given.person
            && shown.content_digest == given.content_digest
            && shown.playbook_version == given.playbook_version
            && shown.proposals == given.proposals
            && shown.advice_visible == given.advice_visible;
        if !same {
            return Err(format!("judgment {id} does not bind to what was shown"));
        }
        if given.content_digest != made.content_digest || given.playbook_version != made.playbook_version {
            return Err(format!("judgment {id} is about other content than the decision"));
        }
        if given.answer != made.answer {
            return Err(format!("judgment {id} gives another answer than the decision"));
        }
        Ok(())
    }

    fn lines(&self) -> Vec<String> {
        self.events.iter().map(|e| format!("{}  {}", time::format_rfc3339(e.occurred_at), self.line(e))).collect()
    }

    fn line(&self, event: &Event) -> String {
        match &event.body {
            Body::WorkspaceCreated(b) => format!("workspace {} was made; its log is {}", b.name, b.origin),
            Body::WorkspaceRestored(b) => {
                format!("the workspace was restored from a backup; log {} vouches for what log {} held", b.origin, b.old_origin)
            }
            Body::PlaybookPublished(b) => format!("playbook {} version {} was published ({})", b.name, b.version, short(&b.digest)),
            Body::PasskeyAdded(b) => format!("person {} took passkey {} for {}", b.person, short(&b.credential), b.rp_id),
            Body::PasskeyRemoved(b) => format!("passkey {} of person {} was removed", short(&b.credential), b.person),
            Body::CaseOpened(b) => format!("the case was opened with {} fields, content {}", b.fields.len(), short(&b.content_digest)),
            Body::CaseAmended(b) => format!("its content was amended to {}", short(&b.content_digest)),
            Body::ProposalMade(b) => format!("{} {} proposed {}", b.proposer, b.proposer_version, self.answer(&b.answer)),
            Body::AskMade(b) => format!("person {} asked: {}", b.person, self.content(&b.instruction)),
            Body::AdviceMissed(b) => format!("{} {} gave no advice: {}", b.proposer, b.proposer_version, b.reason.sentence()),
            Body::CaseRouted(b) => format!("it was routed to {} ({})", b.route.as_str(), b.reason),
            Body::CaseShown(b) => {
                let advice = match b.proposals.len() {
                    0 => "without advice".to_owned(),
                    n => format!("with {n} proposal{}", if n == 1 { "" } else { "s" }),
                };
                format!("person {} saw {} fields of content {} {advice}", b.person, b.fields.len(), short(&b.content_digest))
            }
            Body::JudgmentGiven(b) => {
                let how = if b.accepts.is_some() { "accepted" } else { "answered" };
                let signed = b.signature.as_ref().map_or_else(String::new, |s| format!(", signed by passkey {}", short(&s.credential)));
                format!("person {} {how} {}{signed}", b.person, self.answer(&b.answer))
            }
            Body::JudgmentObserved(b) => format!("person {} answered {} in {}", b.person, self.answer(&b.answer), b.tool),
            Body::DecisionMade(b) => {
                let people: Vec<String> = b.persons.iter().map(ToString::to_string).collect();
                let by = if people.is_empty() { "nobody named".to_owned() } else { people.join(", ") };
                format!("DECIDED: {}, answered for by {by}", self.answer(&b.answer))
            }
            Body::DecisionCorrected(b) => {
                format!("person {} corrected it to {}: {}", b.person, self.answer(&b.answer), self.content(&b.reason))
            }
            Body::DecisionWithdrawn(b) => format!("person {} withdrew it", b.person),
            Body::OutcomeObserved(b) => format!("outcome from {}", b.source),
            other => other.type_name().replace(['.', '_'], " "),
        }
    }

    fn answer(&self, answer: &Answer) -> String {
        match answer {
            Answer::Document(content) => self.content(content),
            other => format!("\"{}\"", other.label()),
        }
    }

    fn content(&self, content: &Content) -> String {
        const SHOWN_CHARS_MAX: usize = 120;
        let text = match content {
            Content::Plain(value) => value.to_string(),
            Content::Sealed(seal) => match self.opened.get(&seal.commitment) {
                Some(text) => text.clone(),
                None => return format!("a sealed value of {} bytes ({})", seal.bytes, short(&seal.commitment)),
            },
        };
        if text.chars().count() > SHOWN_CHARS_MAX { format!("{}..", text.chars().take(SHOWN_CHARS_MAX).collect::<String>()) } else { text }
    }
}

fn short(digest: &Digest) -> String {
    digest.to_string().chars().take(12).collect()
}
