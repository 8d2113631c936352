//! What a person's passkey signs when they judge: exactly the content, what was on their screen, and their answer. Whether it did is
//! checked here before the engine is asked, and offline in [`crate::bundle`] by the same code. Keeps nothing.

use crate::{Error, Workspace, input::JudgmentInput, input::SignatureInput, view::Signing};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use countersign_core::{
    answer::Answer,
    content::Digest,
    event::PasskeySignature,
    id::{CaseId, EventId, PersonId},
    playbook::{
        Playbook,
        check::{self, CheckedAnswer},
    },
    refusal::{Code, Refusal},
};
use countersign_engine::CaseState;
use countersign_ledger::{
    canonical,
    passkey::{self, Expected, Origin, PublicKey, Signed},
};
use countersign_store as store;

/// Says in every challenge what is signed.
pub const TAG: &str = "countersign/judgment/v1";

/// The challenge that is signed: SHA-256 of the canonical JSON (RFC 8785) of the tag, the digest of the case's content, the SHA-256 of the
/// `case.shown` event's bytes, and the answer as its event has it.
///
/// # Errors
/// None in practice; an answer always has a canonical form.
pub fn challenge(content: &Digest, shown: &Digest, answer: &Answer) -> Result<[u8; 32], Error> {
    let signed = serde_json::json!({ "tag": TAG, "content": content, "shown": shown, "answer": answer });
    let bytes = canonical::to_vec(&signed).map_err(|error| Error::Damaged(error.to_string()))?;
    Ok(Digest::of(&bytes).0)
}

/// Whether a signature is of a passkey, over a challenge. `key` is COSE as base64url, as its event has it.
///
/// # Errors
/// What does not hold.
pub fn holds(signature: &PasskeySignature, key: &str, rp_id: &str, challenge: &[u8; 32]) -> Result<(), passkey::Error> {
    let decoded = |text: &str, error| URL_SAFE_NO_PAD.decode(text).map_err(|_| error);
    let key = PublicKey::from_cose(&decoded(key, passkey::Error::Key)?)?;
    let authenticator_data = decoded(&signature.authenticator_data, passkey::Error::AuthenticatorData)?;
    let client_data = decoded(&signature.client_data, passkey::Error::ClientData)?;
    let bytes = decoded(&signature.signature, passkey::Error::Signature)?;
    let signed = Signed { authenticator_data: &authenticator_data, client_data: &client_data, signature: &bytes };
    // What is signed names the showing, so that it matters little which of the host's pages asked for it.
    passkey::verify(&signed, &key, &Expected { challenge, rp_id, origin: Origin::AnyOfParty }).map(|_| ())
}

/// A signature as its event has it.
pub(crate) fn recorded(input: &SignatureInput) -> Result<PasskeySignature, Refusal> {
    let longest = [
        passkey::CREDENTIAL_ID_BYTES_MAX,
        passkey::AUTHENTICATOR_DATA_BYTES_MAX,
        passkey::CLIENT_DATA_BYTES_MAX,
        passkey::SIGNATURE_BYTES_MAX,
    ];
    let parts = [&input.credential, &input.authenticator_data, &input.client_data, &input.signature];
    // Four characters carry three bytes.
    if parts.iter().zip(longest).any(|(text, bytes_max)| text.len() > bytes_max.div_ceil(3) * 4) {
        return Err(invalid(&passkey::Error::TooLong));
    }
    let credential = URL_SAFE_NO_PAD.decode(&input.credential).map_err(|_| unknown())?;
    Ok(PasskeySignature {
        credential: Digest::of(&credential),
        authenticator_data: input.authenticator_data.clone(),
        client_data: input.client_data.clone(),
        signature: input.signature.clone(),
    })
}

fn unknown() -> Refusal {
    Refusal::field(Code::SignatureInvalid, "/signature/credential", "this is no passkey of this person, or it was removed")
}

fn invalid(error: &passkey::Error) -> Refusal {
    let detail = match error {
        passkey::Error::Challenge => {
            "something else was signed than this answer to what was shown: ask for the challenge again, and sign that".to_owned()
        }
        other => format!("the signature does not hold: {other}"),
    };
    Refusal::field(Code::SignatureInvalid, "/signature", detail)
}

/// The answer as its event will have it; `None` where it is none that the playbook has, which is refused later.
fn answer(playbook: &Playbook, state: &CaseState, input: &JudgmentInput) -> Option<Answer> {
    match (&input.answer, input.accept) {
        (Some(given), None) => match check::answer_value(playbook, given).ok()? {
            CheckedAnswer::Choice(option) => Some(Answer::Choice(option)),
            CheckedAnswer::Score(score) => Some(Answer::Score(score)),
            // Signed playbooks have no documents, and others sign none.
            CheckedAnswer::Document(_) => None,
        },
        (None, Some(proposal)) => state.proposal(EventId(proposal)).map(|proposal| proposal.answer.clone()),
        _ => None,
    }
}

impl Workspace {
    /// How many people have to sign the answer that somebody is about to give; 1 where it is none that the playbook has.
    ///
    /// # Errors
    /// Where there is no such case, or the storage fails.
    pub async fn case_signatures(&self, case: CaseId, input: &JudgmentInput) -> Result<u32, Error> {
        let (_, state) = self.folded(case).await?;
        let playbook = self.inner.control(self.id).await?.playbook(state.playbook, state.playbook_version)?;
        let answer = answer(&playbook, &state, input);
        Ok(playbook.signatures_for(answer.as_ref().map_or("document", Answer::label)))
    }

    /// What a person's passkey has to sign for the answer that they are about to give.
    ///
    /// # Errors
    /// Where the token is not of this server, this person and this case, or the playbook has no such answer.
    pub async fn case_signing(&self, case: CaseId, input: &JudgmentInput) -> Result<Signing, Error> {
        let shown = self.answers_showing(case, input)?;
        let (challenge, answer) = self.challenge_of(case, input, shown).await?;
        let credentials = self.passkey_ids(PersonId(input.person)).await?;
        Ok(Signing { challenge: URL_SAFE_NO_PAD.encode(challenge), credentials, answer: answer.label().to_owned() })
    }

    /// Holds a signature against what was shown, what is answered, and the person's passkey in the ledger.
    pub(crate) async fn signature_check(
        &self,
        case: CaseId,
        input: &JudgmentInput,
        shown: EventId,
        signature: &SignatureInput,
    ) -> Result<(), Error> {
        let signature = recorded(signature)?;
        let control = self.inner.control(self.id).await?;
        let facts = control.state.passkeys.get(&signature.credential);
        let facts = facts.filter(|facts| facts.person.0 == input.person && !facts.removed).ok_or_else(unknown)?;
        let (challenge, _) = self.challenge_of(case, input, shown).await?;
        Ok(holds(&signature, &facts.key, &facts.rp_id, &challenge).map_err(|error| invalid(&error))?)
    }

    async fn challenge_of(&self, case: CaseId, input: &JudgmentInput, shown: EventId) -> Result<([u8; 32], Answer), Error> {
        let (_, state) = self.folded(case).await?;
        let playbook = self.inner.control(self.id).await?.playbook(state.playbook, state.playbook_version)?;
        let answer = answer(&playbook, &state, input).ok_or_else(|| {
            Refusal::invalid("/answer", "give an answer of the playbook, or accept a proposal that was shown, and not both")
        })?;
        let mut session = self.inner.db.session().await?;
        let rows = store::event::of_stream(session.conn(), self.id.0, case.0).await?;
        let row = rows.iter().find(|row| row.id == shown.0);
        let row = row.ok_or_else(|| Refusal::field(Code::ShownTokenInvalid, "/token", "nothing like this was shown on this case"))?;
        Ok((challenge(&state.content_digest, &Digest::of(&row.bytes), &answer)?, answer))
    }
}
