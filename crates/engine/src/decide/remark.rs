//! What people do around a case without answering it: skip, snooze, comment, escalate. Also looking at a held case again.

use super::{Decided, NewEvent, Turn, stands};
use crate::{
    route::Cause,
    sabotage::{Sabotage, on},
    state::{RouteRecord, Status},
};
use countersign_core::{
    Content, Refusal,
    event::{CaseEscalated, CaseSkipped, CaseSnoozed, CommentAdded, PersonKind, RemarkAnchor, Route},
    id::PersonId,
    limits::{MENTIONS_MAX, WAIT_MICROS_MAX},
    number::Micros,
    playbook::FieldKind,
    refusal::Code,
};

impl Turn<'_, '_> {
    pub(super) fn skip(&mut self, person: PersonId, reason: Content) -> Decided {
        self.reviewer(person)?;
        self.waits_for_people()?;
        self.only(CaseSkipped { person, reason })
    }

    pub(super) fn snooze(&mut self, person: PersonId, until: Micros, reason: Option<Content>) -> Decided {
        self.reviewer(person)?;
        self.waits_for_people()?;
        let latest = self.now.saturating_add(WAIT_MICROS_MAX);
        if (until <= self.now || until > latest) && !on(Sabotage::SnoozeUnchecked) {
            return Err(Refusal::invalid("/until", "a case sleeps until a time in the next 366 days"));
        }
        self.only(CaseSnoozed { person, until, reason })
    }

    pub(super) fn comment(
        &mut self,
        person: PersonId,
        text: Content,
        mut mentions: Vec<PersonId>,
        anchor: Option<RemarkAnchor>,
    ) -> Decided {
        self.somebody(person)?;
        mentions.sort_unstable();
        mentions.dedup();
        if mentions.len() > MENTIONS_MAX {
            return Err(Refusal::invalid("/mentions", format!("a remark asks for the attention of at most {MENTIONS_MAX} people")));
        }
        for mentioned in &mentions {
            let facts = self.known("/mentions", *mentioned)?;
            if facts.kind == PersonKind::External || !facts.active {
                return Err(Refusal::invalid("/mentions", "this person takes no part here, and would never read it"));
            }
        }
        if let Some(anchor) = &anchor {
            self.anchored(person, anchor)?;
        }
        self.only(CommentAdded { person, text, mentions, anchor })
    }

    /// INVARIANT: a remark stands on a line of the content that its writer saw: of a diff that is not masked to them, as it is now.
    fn anchored(&self, person: PersonId, anchor: &RemarkAnchor) -> Result<(), Refusal> {
        let at = |code, detail: &str| Err(Refusal::field(code, "/anchor/field", format!("{}: {detail}", anchor.field)));
        let spec = self.ctx.playbook.fields.iter().find(|spec| spec.name == anchor.field && !spec.hidden);
        let Some(spec) = spec.filter(|spec| self.state.fields.contains_key(&spec.name)) else {
            return at(Code::Invalid, "the case has no such field");
        };
        if spec.kind != FieldKind::Patch {
            return at(Code::Invalid, "remarks stand on lines of a diff, and this field is none");
        }
        let roles = self.ctx.roster.person(person).map(|facts| &facts.roles);
        if spec.masked_for(roles.into_iter().flatten()) && !on(Sabotage::AnchorOnMasked) {
            return at(Code::Forbidden, "this field is masked to you, and so are its lines");
        }
        if anchor.content_digest != self.state.content_digest && !on(Sabotage::AnchorUnchecked) {
            let detail = "the case was amended since: look at its lines as they are now";
            return Err(Refusal::field(Code::StaleVersion, "/anchor/content", detail));
        }
        Ok(())
    }

    /// Asks for the eyes of a role. It narrows who may decide: the role is one that the playbook lets decide, somebody has it, and
    /// an escalated case is passed on only by somebody whom it was escalated to.
    pub(super) fn escalate(&mut self, person: PersonId, role: String, reason: Content) -> Decided {
        self.reviewer(person)?;
        if !matches!(self.state.status(), Status::Open | Status::Held) {
            return Err(Refusal::new(Code::WrongState, stands(self.state)));
        }
        let roles = &self.ctx.playbook.decide.roles;
        if !roles.is_empty() && !roles.contains(&role) {
            let detail = format!("the playbook lets only these roles decide: {}", roles.join(", "));
            return Err(Refusal::invalid("/role", detail));
        }
        if self.ctx.roster.count_with_any_role(std::slice::from_ref(&role)) == 0 {
            return Err(Refusal::invalid("/role", "nobody has this role: the case would wait for ever"));
        }
        let away = self.ctx.roster.away_with_any_role(std::slice::from_ref(&role), self.now).len();
        if away >= self.ctx.roster.count_with_any_role(std::slice::from_ref(&role)) {
            return Err(Refusal::invalid("/role", "everybody with this role is away: say so to somebody who leads, or wait"));
        }
        let routed = self.routed((Cause::Escalated, false), Some(role.clone()), &self.state.fields, self.state.content_digest);
        let escalated = self.event(CaseEscalated { person, role, reason });
        let routed = self.follow(&escalated, routed);
        Ok(vec![escalated, routed])
    }

    /// Routes a held or an untouched case anew; nothing happens where the route would be the same.
    pub(super) fn reroute(&mut self) -> Decided {
        if self.state.status() != Status::Held && !self.state.untouched() && !self.panel_is_away() {
            return Err(Refusal::new(Code::WrongState, "only a case that is held, or that nobody has looked at yet, is routed anew"));
        }
        Ok(self.routed_anew(false))
    }

    /// The route as it would be now, where that is another one; and the decision, where a certificate makes it. What was assigned by lot
    /// stays on its way as long as there is something to show on it, unless a certificate speaks, or nobody is there any more: then it is held
    /// until somebody comes, and on its way again.
    pub(super) fn routed_anew(&mut self, enters: bool) -> Vec<NewEvent> {
        let role = self.state.route.as_ref().and_then(|route| route.role.clone());
        let routed = self.routed((Cause::Content, enters), role, &self.state.fields, self.state.content_digest);
        // The same way with another assignment is another route: left out, a case would enter an experiment on some of its ways only.
        let same = |route: &RouteRecord| {
            (route.route, route.seats, &route.assigned) == (routed.route, routed.seats, &routed.assigned)
                || (route.assigned.is_some()
                    && !matches!(routed.reason.as_str(), "certificate" | "audit" | "no_roster" | "away")
                    && self.shows_its_way(route))
        };
        let learning = routed.inputs.as_ref().and_then(|inputs| inputs.learning.as_deref());
        let placed = |route: &RouteRecord| learning.is_none() || route.learning.as_ref() == learning;
        if self.state.route.as_ref().is_some_and(|route| same(route) && placed(route)) {
            return Vec::new();
        }
        let routed = self.event(routed);
        self.routed_and_automated(routed)
    }

    /// Whether the case is before a panel whose seats those who are there do not fill.
    fn panel_is_away(&self) -> bool {
        let Some(route) = self.state.route.as_ref().filter(|route| route.route == Route::Panel) else { return false };
        let roles = route.role.as_ref().map_or(self.ctx.playbook.decide.roles.as_slice(), std::slice::from_ref);
        let away = self.ctx.roster.away_with_any_role(roles, self.now);
        let away = away.iter().filter(|person| !self.state.final_answers().any(|answer| answer.person == **person)).count();
        let there = self.ctx.roster.count_with_any_role(roles).saturating_sub(away);
        self.state.status() == Status::Open && away > 0 && there < usize::try_from(route.seats).unwrap_or(usize::MAX)
    }

    /// Whether the advice that the way of an experiment shows is still there: it may be of one proposer or one version only.
    fn shows_its_way(&self, route: &RouteRecord) -> bool {
        let of_one = route.showing.as_ref().is_some_and(|arm| arm.proposer.is_some() || arm.version.is_some());
        !of_one || self.state.proposals_advised().next().is_some()
    }

    fn waits_for_people(&self) -> Result<(), Refusal> {
        match self.state.status() {
            Status::Open | Status::Appealed => Ok(()),
            _ => Err(Refusal::new(Code::WrongState, stands(self.state))),
        }
    }
}
