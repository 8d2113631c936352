//! Claims: taking the next case, or a named one, for a while. Independence and roles decide who gets what; nobody is ever served
//! a case that somebody else is on.

use crate::{
    Error, Workspace,
    control::Control,
    practice::inducted,
    view::Claim,
    writer::{ClaimJob, Found, Want, Work, reply},
};
use countersign_core::{
    id::{CaseId, PersonId, PlaybookId},
    number::Micros,
    refusal::{Code, Refusal},
    time,
};
use countersign_store::{self as store, queue::Place};
use tokio::sync::oneshot;

/// Cases of one queue that are looked at for one that somebody may take, where rules ask about the case.
const CLAIM_LOOKS_MAX: usize = 500;
/// Of which so many at first, and four times as many whenever none of them is theirs.
const CLAIM_LOOKS_FIRST: usize = 8;

impl Workspace {
    /// Leases the next case that this person may answer, of one playbook or of all that their roles open; `None`: nothing waits.
    ///
    /// # Errors
    /// Where the person or the playbook is unknown or may not decide.
    pub async fn claim_next(&self, person: PersonId, playbook: Option<&str>) -> Result<Option<Claim>, Error> {
        let control = self.inner.control(self.id).await?;
        let now = self.inner.env.now();
        let facts = self.member(person).await?;
        let (mut queues, mut due) = (Vec::new(), None);
        let mut asks_cases = false;
        let names: Vec<String> = match playbook {
            Some(name) => vec![name.to_owned()],
            None => control.state.playbook_names.keys().cloned().collect(),
        };
        for name in names {
            let (id, _, latest) = control.playbook_latest(&name)?;
            if facts.may(&latest.decide.roles) {
                match (control.may_answer_within(person, &latest), inducted(&control, person, (id, &latest))) {
                    (Ok(()), Ok(())) => {
                        queues.push((id.0, now + latest.decide.lease));
                        asks_cases |= control.rules_ask_cases(&latest);
                    }
                    // Asked for by name: the rule is told. Where all are worked through, what is not theirs is no matter of theirs.
                    (Err(refusal), _) if playbook.is_some() => return Err(refusal.into()),
                    (Err(_), _) => {}
                    (Ok(()), Err(refusal)) => due = due.or(Some(refusal)),
                }
            } else if playbook.is_some() {
                return Err(Refusal::field(
                    Code::Forbidden,
                    "/person",
                    format!("deciding in {name} takes one of the roles {}", latest.decide.roles.join(", ")),
                )
                .into());
            }
        }
        if queues.len() > 1 {
            self.most_urgent_first(person, &facts.roles, &mut queues).await?;
        }
        let claimed = match asks_cases {
            true => self.claim_allowed(person, &facts.roles, &queues, now).await?,
            false => self.claim_quick(&control, person, &facts.roles, queues, now).await?,
        };
        let Some(found) = claimed else {
            // Nothing waits where they may decide already; what waits elsewhere waits for their induction.
            return due.map_or(Ok(None), |refusal| Err(refusal.into()));
        };
        Ok(Some(claim_view(&control, found)))
    }

    /// The first one that waits, and only where that is no case of theirs, since they would sign after themselves, one by one.
    async fn claim_quick(
        &self,
        control: &Control,
        person: PersonId,
        roles: &[String],
        queues: Vec<(uuid::Uuid, Micros)>,
        now: Micros,
    ) -> Result<Option<Found>, Error> {
        let found = self.claim_work(person, roles, Want::Next(queues.clone()), now, now).await?;
        let Some(found) = found else { return Ok(None) };
        if !control.state.hands.any() || control.two_on(person, &self.folded(found.case).await?.1).is_ok() {
            return Ok(Some(found));
        }
        self.release(person, found.case).await?;
        self.claim_allowed(person, roles, &queues, now).await
    }

    /// Where rules ask about the case: the first one of these queues that this person may take and answer on.
    async fn claim_allowed(
        &self,
        person: PersonId,
        roles: &[String],
        queues: &[(uuid::Uuid, Micros)],
        now: Micros,
    ) -> Result<Option<Found>, Error> {
        let control = self.inner.control(self.id).await?;
        for (playbook, until) in queues {
            let (mut after, mut looked, mut looks) = (Some(Place::BEGINNING), 0, CLAIM_LOOKS_FIRST);
            while let Some(place) = after.filter(|_| looked < CLAIM_LOOKS_MAX) {
                let (cases, next) = self.queue_allowed(person, PlaybookId(*playbook), place, looks.min(CLAIM_LOOKS_MAX - looked)).await?;
                for case in cases {
                    if control.state.hands.any() && control.two_on(person, &self.folded(case).await?.1).is_err() {
                        continue;
                    }
                    // Somebody else may have been quicker; then the next one is tried.
                    let found = self.claim_work(person, roles, Want::One(case, *playbook), now, *until).await?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
                (after, looked, looks) = (next, looked + looks, looks * 4);
            }
        }
        Ok(None)
    }

    /// Puts queues in the order of their first cases, so that whoever works through all of them gets the most urgent one.
    async fn most_urgent_first(&self, person: PersonId, roles: &[String], queues: &mut [(uuid::Uuid, Micros)]) -> Result<(), Error> {
        let roles_json = roles_json(person, roles)?;
        let reader = store::queue::Reader { person: person.0, roles_json: &roles_json, now: self.inner.env.now() };
        let playbooks: Vec<_> = queues.iter().map(|(playbook, _)| *playbook).collect();
        let mut session = self.inner.db.session().await?;
        let heads = store::queue::heads(session.conn(), self.id.0, &playbooks, reader).await?;
        let first: std::collections::HashMap<_, _> =
            heads.into_iter().map(|(playbook, place)| (playbook, (place.at, place.case))).collect();
        // What woke up just now is in none of them yet; it is found last, or by the next claim.
        queues.sort_by_key(|(playbook, _)| first.get(playbook).copied().unwrap_or((Micros::MAX, uuid::Uuid::max())));
        Ok(())
    }

    /// Leases one case, or renews the lease on it.
    ///
    /// # Errors
    /// Where somebody else is on it, or this person may not answer on it.
    pub async fn claim(&self, person: PersonId, case: CaseId) -> Result<Claim, Error> {
        let control = self.inner.control(self.id).await?;
        let now = self.inner.env.now();
        let facts = self.member(person).await?;
        let file = self.file(case).await?;
        let playbook = control.playbook(file.state.playbook, file.state.playbook_version)?;
        if !facts.may(&playbook.decide.roles) {
            return Err(Refusal::field(
                Code::Forbidden,
                "/person",
                format!("deciding this takes one of the roles {}", playbook.decide.roles.join(", ")),
            )
            .into());
        }
        inducted(&control, person, (file.state.playbook, &playbook))?;
        control.may_answer(person, &playbook, &file.state)?;
        let Some(queue) = file.state.queue() else {
            return Err(Refusal::new(Code::WrongState, format!("the case is {} and waits for nobody", file.state.status_word())).into());
        };
        if queue.assignee.is_some_and(|assignee| assignee != person) {
            return Err(Refusal::field(Code::Forbidden, "/person", "the case was assigned to somebody else").into());
        }
        if let Some(role) = queue.role.filter(|role| !facts.roles.contains(role)) {
            return Err(Refusal::field(Code::Forbidden, "/person", format!("the case was escalated to the role {role}")).into());
        }
        if queue.excluded.contains(&person) && !file.state.skipped.contains(&person) {
            return Err(Refusal::field(
                Code::NotIndependent,
                "/person",
                "this person has answered on the case already, or made or owns what is decided on",
            )
            .into());
        }
        let until = now + playbook.decide.lease;
        match self.claim_work(person, &facts.roles, Want::One(case, file.state.playbook.0), now, until).await? {
            Some(found) => Ok(claim_view(&control, found)),
            None => Err(Refusal::new(Code::Claimed, "somebody else is on this case: take another, or wait until their lease ends").into()),
        }
    }

    /// Lets go of a case.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn release(&self, person: PersonId, case: CaseId) -> Result<(), Error> {
        let now = self.inner.env.now();
        self.claim_work(person, &[], Want::Release(case), now, now).await.map(|_| ())
    }

    /// What this person is on.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn claims_of(&self, person: PersonId) -> Result<Vec<Claim>, Error> {
        let control = self.inner.control(self.id).await?;
        let mut session = self.inner.db.session().await?;
        let held = store::claim::of_person(session.conn(), self.id.0, person.0, self.inner.env.now()).await?;
        let mut claims = Vec::with_capacity(held.len());
        for (case, until) in held {
            if let Some(row) = store::case::get(session.conn(), self.id.0, case).await? {
                claims.push(Claim { case, playbook: control.playbook_name(PlaybookId(row.playbook)), until: time::format_rfc3339(until) });
            }
        }
        Ok(claims)
    }

    pub(crate) async fn member(&self, person: PersonId) -> Result<countersign_engine::workspace::PersonFacts, Error> {
        let control = self.inner.control(self.id).await?;
        let known = control.state.people.get(&person).filter(|p| p.may(&[])).cloned();
        known.ok_or_else(|| Refusal::field(Code::Forbidden, "/person", "this is no active member of the workspace").into())
    }

    async fn claim_work(&self, person: PersonId, roles: &[String], want: Want, now: Micros, until: Micros) -> Result<Option<Found>, Error> {
        let roles_json = roles_json(person, roles)?;
        let (sender, answer) = oneshot::channel();
        let job = ClaimJob { workspace: self.id, person, roles_json, want, now, until, reply: sender };
        self.inner.writer.submit(Work::Claim(Box::new(job)))?;
        reply(answer).await
    }
}

/// What of the queue a person is served: what waits for one of their roles, and what is theirs alone.
pub(crate) fn roles_json(person: PersonId, roles: &[String]) -> Result<String, Error> {
    let own = countersign_engine::state::one_person(person);
    let all: Vec<&str> = roles.iter().map(String::as_str).chain([own.as_str()]).collect();
    serde_json::to_string(&all).map_err(|e| Error::Damaged(e.to_string()))
}

fn claim_view(control: &Control, found: Found) -> Claim {
    Claim { case: found.case.0, playbook: control.playbook_name(PlaybookId(found.playbook)), until: time::format_rfc3339(found.until) }
}
