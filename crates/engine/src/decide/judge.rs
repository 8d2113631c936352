//! Judge: a person answers what was shown to them. An answer binds to exactly that, or it is refused. Judgments from other tools
//! are taken in here too; they measure and never sign.

use super::{Decided, Turn, not_in_future, settle, stands};
use crate::{
    command::{NewJudgment, ObservedJudgment, ShownFacts},
    sabotage::{Sabotage, on},
    state::{ShownRecord, Status},
};
use countersign_core::{
    Refusal,
    answer::Answer,
    event::{JudgmentGiven, JudgmentObserved, Kept, PeopleMetrics, Phase},
    id::EventId,
    number::{Micros, ONE_BILLIONTHS},
    refusal::Code,
};

impl Turn<'_, '_> {
    pub(super) fn judge(&mut self, judgment: NewJudgment) -> Decided {
        let person = judgment.person;
        self.reviewer(person)?;
        self.shown_holds(&judgment.shown, &judgment)?;
        self.first_stands(&judgment)?;
        if !matches!(self.state.status(), Status::Open | Status::Appealed) && !on(Sabotage::HoldIgnored) {
            return Err(Refusal::new(Code::WrongState, stands(self.state)));
        }
        let again = on(Sabotage::FirstAnswerAgain) && judgment.shown.phase == Phase::First;
        if self.phase(person)? != judgment.shown.phase && !again {
            return Err(outdated("the case wants another kind of answer by now: show it again"));
        }
        self.signature_there(&judgment)?;
        let bulk = self.state.shown.iter().any(|shown| shown.id == judgment.shown.shown && shown.bulk);
        if bulk {
            self.bulk_holds(judgment.shown.phase)?;
            self.bulk_answer_holds(&judgment.answer)?;
        }
        self.accepts_holds(judgment.accepts, &judgment.answer, &judgment.shown)?;
        Self::at_most_one("/confidence", judgment.confidence)?;
        Self::not_negative("/took", judgment.took)?;
        kept_holds(judgment.kept.as_deref().unwrap_or_default(), &judgment.shown)?;
        let given = self.given(judgment, bulk && !on(Sabotage::BulkUnmarked));
        let settled = match given.phase {
            Phase::First => None,
            Phase::Appeal => settle::appeal(self.state, &given, self.ctx.playbook),
            Phase::Only | Phase::Final | Phase::Adjudication => settle::case(self.state, &given, self.ctx.playbook),
        };
        let given = self.event(given);
        let mut events = self.settled(&given, settled);
        events.insert(0, given);
        Ok(events)
    }

    /// INVARIANT (law 3): what the token says is what was recorded, and nothing of it has changed since.
    fn shown_holds(&self, token: &ShownFacts, judgment: &NewJudgment) -> Result<(), Refusal> {
        let record = self.state.shown.iter().find(|shown| shown.id == token.shown);
        let record = record.ok_or_else(|| outdated("nothing like this was shown on this case"))?;
        if token.person != judgment.person || record.person != token.person {
            return Err(outdated("this was shown to somebody else"));
        }
        if !record.says(token) && !on(Sabotage::TokenUnchecked) {
            return Err(outdated("the token does not say what was recorded as shown"));
        }
        let unchanged = record.revision == self.state.revision && record.content_digest == self.state.content_digest;
        if !unchanged && !on(Sabotage::ContentUnchecked) {
            return Err(outdated("the case was amended since it was shown: show it again"));
        }
        if record.playbook_version != self.ctx.playbook_version {
            return Err(outdated("it was shown under another version of the playbook"));
        }
        if record.answered && !on(Sabotage::ShownAnsweredTwice) {
            return Err(outdated("what was shown has been answered already"));
        }
        if self.now >= record.expires_at && !on(Sabotage::ExpiryIgnored) {
            return Err(outdated("the time to answer is over: claim the case and show it again"));
        }
        Ok(())
    }

    /// INVARIANT (law 4): a first answer cannot be undone, least of all after the reveal.
    fn first_stands(&self, judgment: &NewJudgment) -> Result<(), Refusal> {
        let person = judgment.person;
        if judgment.shown.phase != Phase::First || self.state.first_answer(person).is_none() || on(Sabotage::FirstAnswerAgain) {
            return Ok(());
        }
        Err(match self.state.has_seen_advice(person) {
            true => Refusal::new(Code::AlreadyRevealed, "the first answer stands: the advice has been shown since"),
            false => outdated("the first answer stands: show the case again for the final one"),
        })
    }

    /// INVARIANT: where the playbook wants it, no judgment counts that its person's passkey did not sign. A first answer counts for
    /// nothing by itself. Whether a signature holds was checked before: it is cryptography, and this is not.
    fn signature_there(&self, judgment: &NewJudgment) -> Result<(), Refusal> {
        let wanted = self.ctx.playbook.decide.signed && judgment.shown.phase != Phase::First;
        match (wanted, &judgment.signature) {
            (true, None) => Err(Refusal::field(
                Code::SignatureRequired,
                "/signature",
                format!(
                    "the playbook {} wants this signed by the person's passkey: sign it at the desk, or send `signature`",
                    self.ctx.playbook.name
                ),
            )),
            (false, Some(_)) => Err(Refusal::invalid("/signature", "nothing is to be signed here: leave it away")),
            _ => Ok(()),
        }
    }

    /// An accepted proposal was on the screen and says the same.
    fn accepts_holds(&self, accepts: Option<EventId>, answer: &Answer, shown: &ShownFacts) -> Result<(), Refusal> {
        let Some(id) = accepts else { return Ok(()) };
        let proposal = self.state.proposal(id).filter(|_| shown.proposals.contains(&id));
        match proposal {
            None => Err(Refusal::invalid("/accepts", "only a proposal that was shown can be accepted")),
            Some(proposal) if proposal.answer != *answer => {
                Err(Refusal::invalid("/answer", "an accepted proposal is taken over unchanged"))
            }
            Some(_) => Ok(()),
        }
    }

    fn given(&self, judgment: NewJudgment, bulk: bool) -> JudgmentGiven {
        let keeps_time = self.ctx.control.people_metrics != PeopleMetrics::Off || on(Sabotage::TookAlwaysRecorded);
        let shown = judgment.shown;
        JudgmentGiven {
            person: judgment.person,
            phase: shown.phase,
            answer: judgment.answer,
            accepts: judgment.accepts,
            confidence: judgment.confidence,
            // The time of a whole table is nobody's time on one case.
            took: judgment.took.filter(|_| keeps_time && !bulk),
            kept: judgment.kept.filter(|_| keeps_time),
            advice_visible: shown.advice_visible,
            shown: shown.shown,
            content_digest: shown.content_digest,
            playbook_version: shown.playbook_version,
            proposals: shown.proposals,
            reason: judgment.reason,
            bulk,
            signature: judgment.signature,
        }
    }

    pub(super) fn observe(&mut self, occurred_at: Micros, judgment: ObservedJudgment) -> Decided {
        self.known("/person", judgment.person)?;
        observed_check("", occurred_at, &judgment, self.now)?;
        let metrics_off = self.ctx.control.people_metrics == PeopleMetrics::Off;
        let body = observed(judgment, metrics_off);
        Ok(vec![super::new_event(self.ctx, occurred_at, None, body)])
    }
}

/// What was kept is of proposals that were shown, each once, and together no more than all.
fn kept_holds(kept: &[Kept], shown: &ShownFacts) -> Result<(), Refusal> {
    let mut of: Vec<EventId> = kept.iter().map(|kept| kept.proposal).collect();
    of.sort_unstable();
    of.dedup();
    let sum: u64 = kept.iter().map(|kept| u64::from(kept.share)).sum();
    if of.len() == kept.len() && sum <= u64::from(ONE_BILLIONTHS) && of.iter().all(|id| shown.proposals.contains(id)) {
        return Ok(());
    }
    Err(Refusal::invalid("/kept", "what was kept is of proposals that were shown, and together no more than the answer"))
}

impl ShownRecord {
    /// Whether a token says what was recorded.
    fn says(&self, token: &ShownFacts) -> bool {
        self.phase == token.phase
            && self.content_digest == token.content_digest
            && self.playbook_version == token.playbook_version
            && self.proposals == token.proposals
            && self.advice_visible == token.advice_visible
            && self.expires_at == token.expires_at
    }
}

fn outdated(why: &str) -> Refusal {
    Refusal::field(Code::ShownTokenInvalid, "/shown", why)
}

/// What can be wrong with a judgment from another tool. `prefix` is where it stands in the command.
pub(super) fn observed_check(prefix: &str, at: Micros, judgment: &ObservedJudgment, now: Micros) -> Result<(), Refusal> {
    not_in_future(&format!("{prefix}/occurred_at"), at, now)?;
    Turn::at_most_one(&format!("{prefix}/confidence"), judgment.confidence)?;
    Turn::not_negative(&format!("{prefix}/took"), judgment.took)?;
    match judgment.phase {
        Phase::Only | Phase::First | Phase::Final => Ok(()),
        Phase::Adjudication | Phase::Appeal => {
            let detail = "a judgment from another tool is the only, the first or the final one";
            Err(Refusal::invalid(format!("{prefix}/phase"), detail))
        }
    }
}

/// A judgment from another tool as it is recorded.
pub(super) fn observed(judgment: ObservedJudgment, metrics_off: bool) -> JudgmentObserved {
    JudgmentObserved {
        person: judgment.person,
        phase: judgment.phase,
        answer: judgment.answer,
        confidence: judgment.confidence,
        took: judgment.took.filter(|_| !metrics_off),
        advice_seen: judgment.advice_seen,
        tool: judgment.tool,
    }
}
