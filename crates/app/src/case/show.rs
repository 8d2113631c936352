//! Showing a case to a person and taking their answer: the signed token that says what was on the screen. Decides nothing.

use super::{
    Verb,
    read::{self, File},
};
use crate::{
    Caller, Error, Options, Workspace,
    control::Control,
    input::JudgmentInput,
    origin,
    track::{DisagreementView, KindView, LikeView},
    view::{MissView, ProposalView, Receipt, Sheet, Shown},
};
use countersign_core::{
    content::Digest,
    event::{Body, CaseShown, Event, Kept, Phase, Route},
    id::{CaseId, EventId, PersonId, PlaybookId},
    number::Micros,
    playbook::AnswerSpec,
    refusal::{Code, Refusal},
    time,
};
use countersign_engine::{CaseState, command::ShownFacts, state::Status, track::TrackRecord};
use countersign_privacy::{sign_token, verify_token};
use countersign_store as store;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const TOKEN_DOMAIN: &str = "shown";

/// What the token says, signed by the server.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    case: CaseId,
    playbook: PlaybookId,
    shown: EventId,
    person: PersonId,
    phase: Phase,
    content_digest: Digest,
    playbook_version: u64,
    proposals: Vec<EventId>,
    advice_visible: bool,
    /// Whether it was a line of a table.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    bulk: bool,
    /// How many fields were masked; which ones is in the record, and a token has to fit into a form.
    #[serde(default, skip_serializing_if = "none")]
    masked: usize,
    expires_at: Micros,
}

fn none(count: &usize) -> bool {
    *count == 0
}

impl Token {
    fn of(event: &Event, body: &CaseShown, playbook: PlaybookId) -> Self {
        Self {
            case: CaseId(event.stream),
            playbook,
            shown: event.id,
            person: body.person,
            phase: body.phase,
            content_digest: body.content_digest,
            playbook_version: body.playbook_version,
            proposals: body.proposals.clone(),
            advice_visible: body.advice_visible,
            bulk: body.bulk,
            masked: body.fields.iter().filter(|field| field.masked).count(),
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
        let (event, version, file) = self.show(caller, case, person, (false, options)).await?;
        self.shown(&file, &event, version).await
    }

    /// Shows a claimed case as a line of a table, to be answered together with others.
    pub(crate) async fn case_show_bulk(&self, caller: &Caller, case: CaseId, person: PersonId) -> Result<Shown, Error> {
        let (event, version, file) = self.show(caller, case, person, (true, Options::default())).await?;
        self.shown(&file, &event, version).await
    }

    /// Shows a claimed case, and gives all that a page needs to draw it.
    ///
    /// # Errors
    /// Where the person does not hold the case, or may not answer on it.
    pub async fn case_show_sheet(&self, caller: &Caller, case: CaseId, person: PersonId) -> Result<Sheet, Error> {
        let (event, _, file) = self.show(caller, case, person, (false, Options::default())).await?;
        self.sheet(&file, &event, person).await
    }

    /// What was shown to a person last, where they can still answer exactly that: they hold the case, the content is the same, their
    /// answer is not given and the time is not over. Shows nothing anew and records nothing.
    ///
    /// # Errors
    /// Where there is no such case, or the storage fails.
    pub async fn case_sheet(&self, case: CaseId, person: PersonId) -> Result<Option<Sheet>, Error> {
        let holds = self.holds(case, person).await?;
        let file = self.file(case).await?;
        match last_shown(&file.events, &file.state, person, self.inner.env.now()).filter(|_| holds) {
            Some((event, _)) => {
                let event = event.clone();
                let file = masked_as(file, &*self.inner.control(self.id).await?, &event);
                self.sheet(&file, &event, person).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Which showing that is, and whether there is advice by now that is not on it. Asked again and again by an open page, so that it
    /// opens no value and looks at no other case.
    ///
    /// # Errors
    /// As [`Workspace::case_sheet`].
    pub async fn case_pulse(&self, case: CaseId, person: PersonId) -> Result<Option<(EventId, bool)>, Error> {
        if !self.holds(case, person).await? {
            return Ok(None);
        }
        let (events, state) = self.folded(case).await?;
        let last = last_shown(&events, &state, person, self.inner.env.now());
        Ok(last.map(|(event, body)| (event.id, newer(&state, body))))
    }

    async fn holds(&self, case: CaseId, person: PersonId) -> Result<bool, Error> {
        let mut session = self.inner.db.session().await?;
        Ok(store::claim::held_until(session.conn(), self.id.0, case.0, person.0, self.inner.env.now()).await?.is_some())
    }

    /// The showing, the case's version with it, and the case as it stands then, as this person may see it.
    async fn show(
        &self,
        caller: &Caller,
        case: CaseId,
        person: PersonId,
        (bulk, options): (bool, Options),
    ) -> Result<(Event, u64, File), Error> {
        let options = Options { idempotency: None, ..options };
        let file = self.file(case).await?;
        let verb = match bulk {
            true => Verb::ShowBulk(person),
            false => Verb::Show(person, self.precedents_beside(case, person, &file).await?),
        };
        let done = self.submit(caller, case, verb, options).await?;
        let event = done.shown.ok_or_else(|| Error::Damaged("showing a case left no record".into()))?;
        let file = match file.followed_by(&event) {
            Some(file) => file,
            // Something else happened to the case in between.
            None => self.file(case).await?,
        };
        let file = masked_as(file, &*self.inner.control(self.id).await?, &event);
        Ok((*event, done.receipt.version, file))
    }

    /// A showing with its values, and the token that says the same. The same showing gives the same token every time.
    async fn shown(&self, file: &File, event: &Event, version: u64) -> Result<Shown, Error> {
        let Body::CaseShown(body) = &event.body else { return Err(Error::Damaged("showing a case left another record".into())) };
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let payload = serde_json::to_vec(&Token::of(event, body, file.state.playbook)).map_err(|e| Error::Damaged(e.to_string()))?;
        let token = sign_token(&keys.shown, TOKEN_DOMAIN, &payload)?;
        let playbook = self.inner.control(self.id).await?.playbook(file.state.playbook, file.state.playbook_version)?;
        // The version that the showing names, not the latest: the same showing gives the same figures every time.
        let record = match body.record {
            Some(number) => Some(self.record_read(file.state.playbook, number).await?.0),
            None => None,
        };
        let like = |mut view: ProposalView| {
            view.like = record.as_ref().and_then(|record| LikeView::of(record, &file.state, EventId(view.id)));
            view
        };
        let explained = |mut view: ProposalView| {
            if body.unexplained {
                (view.explanation, view.evidence) = (None, Vec::new());
            }
            view
        };
        Ok(Shown {
            shown: event.id.0,
            token,
            case: event.stream,
            version,
            phase: read::phase_word(body.phase).to_owned(),
            question: playbook.question.clone(),
            answer: read::answer_spec(&playbook),
            fields: body.fields.iter().map(|f| file.field(&playbook, &f.name, f.masked)).collect(),
            proposals: body.proposals.iter().filter_map(|id| file.proposal(*id)).map(like).map(explained).collect(),
            kind: record.as_ref().and_then(|record| KindView::of(record, &file.state)),
            disagreement: disagreement(file, body, record.as_deref()),
            precedents: self.precedents_told(file, &body.precedents, Some(body.person)).await?,
            judgments: body.judgments.iter().filter_map(|id| file.judgment(*id)).collect(),
            // What somebody said themselves after it was shown stands there as well: it tells them nothing.
            comments: file.comments(&playbook, |id, person| body.comments.contains(&id) || (person == body.person && !body.bulk)),
            content: body.content_digest.to_string(),
            advice_visible: body.advice_visible,
            expires: time::format_rfc3339(body.expires_at),
        })
    }

    async fn sheet(&self, file: &File, event: &Event, person: PersonId) -> Result<Sheet, Error> {
        let Body::CaseShown(body) = &event.body else { return Err(Error::Damaged("showing a case left another record".into())) };
        let state = &file.state;
        let playbook = self.inner.control(self.id).await?.playbook(state.playbook, state.playbook_version)?;
        let sees = sees_advice(state, body);
        // Told where advice would be seen if there were any, and where there is none for nobody proposed: then that is all there is to
        // hide. What came after the showing is not on it.
        let alone = state.route.as_ref().is_some_and(|route| route.route == Route::Unaided && route.reason == "no_proposal");
        let may_tell = (sees || alone) && matches!(body.phase, Phase::Only | Phase::Final);
        let missed = if may_tell { silent(file, event, body) } else { Vec::new() };
        let (heard, playbook_named) = (missed.len(), playbook.proposers.len());
        let around = self.around(CaseId(event.stream), state, &playbook, person).await?;
        Ok(Sheet {
            shown: self.shown(file, event, state.version).await?,
            playbook_version: state.playbook_version,
            playbook,
            opened_at: state.opened_at,
            deadline_at: state.deadline_at,
            expires_at: body.expires_at,
            may_ask: sees && body.phase != Phase::Adjudication && body.phase != Phase::Appeal,
            newer: newer(state, body),
            around,
            first: state.first_answer(person).map(|j| file.answer(&j.answer)),
            asks: if sees { file.asks() } else { Vec::new() },
            awaited: may_tell && body.proposals.is_empty() && heard < playbook_named,
            missed,
        })
    }

    /// What a token says that was signed here, for this person on this case.
    fn token(&self, case: CaseId, input: &JudgmentInput) -> Result<Token, Error> {
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
        Ok(token)
    }

    /// Which line of a table an answer is about to be given to.
    pub(crate) fn answers_bulk_showing(&self, case: CaseId, input: &JudgmentInput) -> Result<EventId, Error> {
        let token = self.token(case, input)?;
        let alone = || Refusal::field(Code::ShownTokenInvalid, "/token", "this case was shown by itself: answer it by itself");
        if token.bulk { Ok(token.shown) } else { Err(alone().into()) }
    }

    /// Which showing an answer is about to be given to, and on which case.
    pub(crate) fn answers_showing(&self, case: CaseId, input: &JudgmentInput) -> Result<EventId, Error> {
        self.token(case, input).map(|token| token.shown)
    }

    /// Takes a person's answer to what was shown.
    ///
    /// # Errors
    /// Where the token is not ours, or what it shows is not what stands now; nothing is written then.
    pub async fn case_judge(&self, caller: &Caller, case: CaseId, input: JudgmentInput, options: Options) -> Result<Receipt, Error> {
        let token = self.token(case, &input)?;
        if let Some(signature) = &input.signature {
            self.signature_check(case, &input, token.shown, signature).await?;
        }
        let kept = self.kept_of(case, &input, &token).await?;
        self.submit(caller, case, Verb::Judge(input, token.facts(), kept), options).await.map(|done| done.receipt)
    }

    /// What a written answer keeps of the proposals that were shown; `None` where nothing is written, or nothing was proposed.
    async fn kept_of(&self, case: CaseId, input: &JudgmentInput, token: &Token) -> Result<Option<Vec<Kept>>, Error> {
        let shown = &token.proposals;
        let Some(written) = input.answer.as_ref().and_then(Value::as_str).filter(|_| !shown.is_empty()) else { return Ok(None) };
        let playbook = self.inner.control(self.id).await?.playbook(token.playbook, token.playbook_version)?;
        if !matches!(playbook.answer, AnswerSpec::Text { .. } | AnswerSpec::Patch) {
            return Ok(None);
        }
        let file = self.file(case).await?;
        let text = |id: &EventId| Some((*id, file.answer(&file.state.proposal(*id)?.answer).as_str()?.to_owned()));
        let proposed: Vec<(EventId, String)> = shown.iter().filter_map(text).collect();
        let texts: Vec<&str> = proposed.iter().map(|(_, text)| text.as_str()).collect();
        let shares = origin::shares(written, &texts);
        let mut kept: Vec<Kept> =
            proposed.iter().zip(shares).filter(|(_, share)| *share > 0).map(|((id, _), share)| Kept { proposal: *id, share }).collect();
        kept.sort_by_key(|kept| std::cmp::Reverse(kept.share));
        Ok(Some(kept))
    }
}

/// A case as it was shown, and as that person may see it now.
fn masked_as(file: File, control: &Control, event: &Event) -> File {
    let Body::CaseShown(body) = &event.body else { return file };
    let masked: Vec<&str> = body.fields.iter().filter(|field| field.masked).map(|field| field.name.as_str()).collect();
    file.shown_to(control, Some(body.person), &masked)
}

/// What was shown to a person last, where they can still answer exactly that as long as they hold the case.
fn last_shown<'a>(events: &'a [(i64, Event)], state: &CaseState, person: PersonId, now: Micros) -> Option<(&'a Event, &'a CaseShown)> {
    // What stood in a line of a table is not a page of its own.
    let last = state.shown.iter().rev().find(|shown| shown.person == person && !shown.bulk).filter(|shown| {
        matches!(state.status(), Status::Open | Status::Appealed)
            && !shown.answered
            && shown.revision == state.revision
            && shown.content_digest == state.content_digest
            && now < shown.expires_at
    })?;
    events.iter().find_map(|(_, event)| match &event.body {
        Body::CaseShown(body) if event.id == last.id => Some((event, body)),
        _ => None,
    })
}

/// Who had been asked about what is shown by then, and had nothing to say.
fn silent(file: &File, event: &Event, body: &CaseShown) -> Vec<MissView> {
    let same = |id: EventId| {
        let of = |event: &Event| matches!(&event.body, Body::AdviceMissed(missed) if missed.content_digest == body.content_digest);
        file.events.iter().any(|(_, event)| event.id == id && of(event))
    };
    let mut missed = file.missed(Some(event.id));
    missed.retain(|miss| miss.ask.is_none() && same(EventId(miss.id)));
    missed
}

fn sees_advice(state: &CaseState, body: &CaseShown) -> bool {
    body.advice_visible || body.phase == Phase::Final || state.route.as_ref().is_some_and(|r| r.route == Route::Assist)
}

/// Whether there is newer advice is advice: only somebody who sees advice is told.
fn newer(state: &CaseState, body: &CaseShown) -> bool {
    let current = state.proposals_advised().map(|p| p.id);
    sees_advice(state, body) && matches!(body.phase, Phase::Only | Phase::Final) && !current.eq(body.proposals.iter().copied())
}

/// After an answer of one's own: what became of such answers, where the AI's one proposal says something else.
fn disagreement(file: &File, body: &CaseShown, record: Option<&TrackRecord>) -> Option<DisagreementView> {
    let [proposal] = body.proposals.as_slice() else { return None };
    let said = file.state.proposal(*proposal)?.answer.label();
    let first = file.state.first_answer(body.person).filter(|_| body.phase == Phase::Final)?.answer.label();
    // Documents are equal only by their content, which a label does not tell.
    (first != said && said != "document").then(|| DisagreementView::of(record, &file.state))
}
