//! Showing a case to a person and taking their answer: the signed token that says what was on the screen. Decides nothing.

use super::{Verb, read};
use crate::{
    Caller, Error, Options, Workspace,
    input::JudgmentInput,
    view::{Receipt, Shown},
};
use countersign_core::{
    content::Digest,
    event::{Body, CaseShown, Event, Phase},
    id::{CaseId, EventId, PersonId},
    number::Micros,
    refusal::{Code, Refusal},
    time,
};
use countersign_engine::command::ShownFacts;
use countersign_privacy::{sign_token, verify_token};
use serde::{Deserialize, Serialize};

const TOKEN_DOMAIN: &str = "shown";

/// What the token says, signed by the server.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    case: CaseId,
    shown: EventId,
    person: PersonId,
    phase: Phase,
    content_digest: Digest,
    playbook_version: u64,
    proposals: Vec<EventId>,
    advice_visible: bool,
    expires_at: Micros,
}

impl Token {
    fn of(event: &Event, body: &CaseShown) -> Self {
        Self {
            case: CaseId(event.stream),
            shown: event.id,
            person: body.person,
            phase: body.phase,
            content_digest: body.content_digest,
            playbook_version: body.playbook_version,
            proposals: body.proposals.clone(),
            advice_visible: body.advice_visible,
            expires_at: body.expires_at,
        }
    }

    fn facts(self) -> ShownFacts {
        ShownFacts {
            shown: self.shown,
            person: self.person,
            phase: self.phase,
            content_digest: self.content_digest,
            playbook_version: self.playbook_version,
            proposals: self.proposals,
            advice_visible: self.advice_visible,
            expires_at: self.expires_at,
        }
    }
}

impl Workspace {
    /// Shows a claimed case to a person. On a blind route the first showing has no advice, and the one after the first answer
    /// reveals it. Each showing is recorded; sending the request again shows, and records, once more.
    ///
    /// # Errors
    /// Where the person does not hold the case, or may not answer on it.
    pub async fn case_show(&self, caller: &Caller, case: CaseId, person: PersonId, options: Options) -> Result<Shown, Error> {
        let options = Options { idempotency: None, ..options };
        let done = self.submit(caller, case, Verb::Show(person), options).await?;
        let event = done.shown.ok_or_else(|| Error::Damaged("showing a case left no record".into()))?;
        let Body::CaseShown(body) = &event.body else { return Err(Error::Damaged("showing a case left another record".into())) };
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let payload = serde_json::to_vec(&Token::of(&event, body)).map_err(|e| Error::Damaged(e.to_string()))?;
        let token = sign_token(&keys.shown, TOKEN_DOMAIN, &payload)?;
        let file = self.file(case).await?;
        let playbook = self.inner.control(self.id).await?.playbook(file.state.playbook, file.state.playbook_version)?;
        Ok(Shown {
            shown: event.id.0,
            token,
            case: case.0,
            version: done.receipt.version,
            phase: read::phase_word(body.phase).to_owned(),
            question: playbook.question.clone(),
            answer: read::answer_spec(&playbook),
            fields: body.fields.iter().map(|f| file.field(&playbook, &f.name, f.masked)).collect(),
            proposals: body.proposals.iter().filter_map(|id| file.proposal(*id)).collect(),
            judgments: body.judgments.iter().filter_map(|id| file.judgment(*id)).collect(),
            advice_visible: body.advice_visible,
            expires: time::format_rfc3339(body.expires_at),
        })
    }

    /// Takes a person's answer to what was shown.
    ///
    /// # Errors
    /// Where the token is not ours, or what it shows is not what stands now; nothing is written then.
    pub async fn case_judge(&self, caller: &Caller, case: CaseId, input: JudgmentInput, options: Options) -> Result<Receipt, Error> {
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let forged = || {
            Refusal::field(
                Code::ShownTokenInvalid,
                "/token",
                "this token was not signed by this server: claim the case, have it shown, and send that token",
            )
        };
        let payload = verify_token(&keys.shown, TOKEN_DOMAIN, &input.token).map_err(|_| forged())?;
        let token: Token = serde_json::from_slice(&payload).map_err(|_| forged())?;
        if token.case != case {
            return Err(Refusal::field(Code::ShownTokenInvalid, "/token", "this token is of another case").into());
        }
        if token.person.0 != input.person {
            return Err(Refusal::field(Code::ShownTokenInvalid, "/token", "this token is of another person").into());
        }
        self.submit(caller, case, Verb::Judge(input, token.facts()), options).await.map(|done| done.receipt)
    }
}
