//! Signatures of people's own passkeys under the judgments of a bundle: each is over this content, this showing and this answer, by a key that
//! the ledger has as this person's. Asks nothing but the events.

use crate::signing;
use countersign_core::{
    content::Digest,
    event::{Basis, Body, DecisionMade, Event, JudgmentGiven, PasskeyAdded, PasskeySignature},
    id::EventId,
    playbook::parse,
};
use countersign_ledger::{canonical, passkey};

/// Checks every signature there is, and that all are there that the playbook wants. The events are in the order of the log.
///
/// # Errors
/// A sentence that names what does not hold.
pub fn check(events: &[Event], decision: EventId, made: &DecisionMade) -> Result<(), String> {
    let wanted = wanted(events, made.playbook_version)?;
    if wanted {
        let by_people = matches!(made.basis, Basis::Imported) || !made.judgments.is_empty();
        if !by_people || matches!(made.basis, Basis::Certificate { .. }) {
            return Err("the playbook wants decisions signed, and nobody signed this one".to_owned());
        }
        let corrected = |event: &Event| matches!(&event.body, Body::DecisionCorrected(body) if body.decision == decision);
        if events.iter().any(corrected) {
            return Err("the decision was signed, and corrected without a signature".to_owned());
        }
    }
    for (at, event) in events.iter().enumerate() {
        let Body::JudgmentGiven(given) = &event.body else { continue };
        match &given.signature {
            Some(signature) => holds(events.get(..at).unwrap_or_default(), event.id, given, signature)?,
            None if wanted && made.judgments.contains(&event.id) => {
                return Err(format!("judgment {} is not signed, and its playbook wants that", event.id));
            }
            None => {}
        }
    }
    Ok(())
}

/// Whether the playbook wants its judgments signed.
fn wanted(events: &[Event], version: u64) -> Result<bool, String> {
    let source = events.iter().find_map(|event| match &event.body {
        Body::PlaybookPublished(body) if body.version == version => body.source.as_plain_str(),
        _ => None,
    });
    let source = source.ok_or("the playbook's version is not in the bundle")?;
    parse::parse(source, "playbook")
        .map(|playbook| playbook.decide.signed)
        .map_err(|problems| format!("the playbook does not parse: {}", problems.first().map(ToString::to_string).unwrap_or_default()))
}

/// One signature, with all that came before it.
fn holds(before: &[Event], id: EventId, given: &JudgmentGiven, signature: &PasskeySignature) -> Result<(), String> {
    let shown =
        before.iter().find(|event| event.id == given.shown).ok_or(format!("what was shown before judgment {id} is not in the bundle"))?;
    let bytes = canonical::to_vec(shown).map_err(|error| error.to_string())?;
    let challenge = signing::challenge(&given.content_digest, &Digest::of(&bytes), &given.answer).map_err(|error| error.to_string())?;
    let key = key(before, id, given, signature)?;
    signing::holds(signature, &key.key, &key.rp_id, &challenge).map_err(|error| match error {
        passkey::Error::Challenge => format!("judgment {id}: its person signed another answer, or something else than was shown"),
        passkey::Error::Signature => format!("judgment {id}: the signature is not of the passkey that the ledger has"),
        other => format!("judgment {id}: the signature does not hold: {other}"),
    })
}

/// The passkey, as it was made known and not yet taken away.
fn key<'e>(before: &'e [Event], id: EventId, given: &JudgmentGiven, signature: &PasskeySignature) -> Result<&'e PasskeyAdded, String> {
    let added = before.iter().find_map(|event| match &event.body {
        Body::PasskeyAdded(body) if body.credential == signature.credential => Some(body),
        _ => None,
    });
    let added =
        added.ok_or(format!("judgment {id}: the passkey that signed it was not made known before, or is left out of the bundle"))?;
    if added.person != given.person {
        return Err(format!("judgment {id}: the passkey that signed it is somebody else's"));
    }
    let removed = before.iter().any(|event| matches!(&event.body, Body::PasskeyRemoved(body) if body.credential == signature.credential));
    if removed { Err(format!("judgment {id}: the passkey that signed it had been removed")) } else { Ok(added) }
}

#[cfg(test)]
mod tests;
