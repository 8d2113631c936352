//! The laws on what stands: decisions, what happens to them, and what the world says.

use super::*;
use countersign_core::event::DecisionMade;

impl Walk<'_> {
    /// Laws 1 to 4 on what stands.
    pub(super) fn decided(&mut self, event: &Event, body: &DecisionMade) {
        let automated = self.route.as_ref().is_some_and(|route| route.route == Route::Automate);
        let certified = matches!(body.basis, Basis::Certificate { .. });
        self.must(1, "a certificate decided what was not automated", automated || !certified);
        if certified {
            self.must(1, "somebody is said to have signed", body.persons.is_empty() && body.judgments.is_empty());
        } else if body.basis == Basis::Imported {
            self.must(1, "imported judgments sign", body.judgments.is_empty());
        } else {
            self.signed(body);
        }
        self.deciders.extend(&body.persons);
        self.decision = Some(Standing { id: event.id, act_after: body.act_after, acted: false });
    }

    fn signed(&mut self, body: &DecisionMade) {
        let persons: BTreeSet<PersonId> = body.persons.iter().copied().collect();
        self.must(1, "nobody is accountable", !persons.is_empty());
        self.must(4, "one person signs twice", persons.len() == body.persons.len());
        let pairs = || body.persons.iter().enumerate().flat_map(|(at, a)| body.persons.iter().skip(at + 1).map(move |b| (*a, *b)));
        let one = pairs().any(|(a, b)| self.facts.roster.one_hand(a, b).is_some());
        self.must(4, "one person signs under two names", !one);
        let needed = self.needed(&body.answer);
        self.must(2, "too few signatures", persons.len() >= needed);
        let since = self.content_since.max(self.round_since);
        let mut bound = body.judgments.len() == body.persons.len();
        for (person, id) in body.persons.iter().zip(&body.judgments) {
            let judgment = self.judgments.iter().find(|(_, judgment, _)| judgment == id);
            bound &= judgment.is_some_and(|(at, _, j)| {
                *at > since && j.person == *person && j.answer == body.answer && self.digest == Some(j.content_digest)
            });
        }
        self.must(3, "a signature is not under this content and answer", bound);
    }

    fn needed(&self, answer: &Answer) -> usize {
        usize::try_from(self.facts.playbook.signatures_for(answer.label())).unwrap_or(usize::MAX)
    }

    pub(super) fn outcome(&mut self, kind: OutcomeKind, value: &OutcomeValue) {
        let wanted = self.facts.playbook.outcome.as_ref().map(|spec| spec.kind);
        let fits = matches!(
            (kind, value),
            (OutcomeKind::Payoff, OutcomeValue::Payoff(_)) | (OutcomeKind::Truth | OutcomeKind::Proxy, OutcomeValue::Answer(_))
        );
        self.must(8, "an outcome of the wrong kind", wanted == Some(kind) && fits);
    }

    pub(super) fn after_decision(&mut self, event: &Event, body: &Body) {
        let standing = self.decision.as_ref().map(|d| (d.id, d.act_after, d.acted));
        match body {
            Body::DecisionWithdrawn(body) => {
                let in_time = standing.is_some_and(|(id, until, acted)| id == body.decision && event.recorded_at < until && !acted);
                self.must(3, "withdrawn too late", in_time);
                (self.decision, self.round_since) = (None, self.at);
            }
            Body::DecisionActed(body) => {
                let in_time = standing.is_some_and(|(id, after, acted)| id == body.decision && event.recorded_at >= after && !acted);
                self.must(3, "acted within the grace, or twice", in_time);
                if let Some(decision) = &mut self.decision {
                    decision.acted = true;
                }
            }
            Body::DecisionCorrected(body) => {
                self.must(3, "nothing to correct", standing.is_some_and(|(id, ..)| id == body.decision));
                let needed = self.needed(&body.answer);
                self.must(2, "one person gave an answer that needs more", needed <= 1);
                self.must(4, "an owner corrects", !self.owners.contains(&body.person));
                self.deciders.insert(body.person);
            }
            Body::CaseReopened(_) => (self.decision, self.round_since) = (None, self.at),
            Body::AppealOpened(body) => {
                self.must(3, "nothing to appeal", standing.is_some_and(|(id, ..)| id == body.decision));
                self.appealed = true;
                self.appellant = body.person;
            }
            Body::AppealDecided(_) => self.appealed = false,
            _ => {}
        }
    }
}
