//! Which past cases are practised on. From what a person may see, with advice and a known outcome; not what they answered lately; and
//! from the kinds of cases in which they took advice too readily or too little, if that was measured. Draws from the node's randomness.

use super::{Content, Item, Kind, PRACTICE_CASES};
use crate::{Error, Workspace, case::read::File, control::Control, precedent, track::together};
use countersign_core::{
    id::{CaseId, EventId, PersonId, PlaybookId, SubjectId},
    number::Micros,
};
use countersign_engine::{
    state::Status,
    track::{Cell, PersonRegion},
};
use countersign_science::random::Random;
use countersign_store as store;
use std::collections::BTreeSet;

/// Past cases that are looked at: the latest.
const LOOKED_AT: i64 = 300;
/// Within this time a case that one answered oneself is still remembered.
const REMEMBERED: Micros = 30 * 86_400_000_000;
/// Least first answers with advice after them before a kind of case can be one in which reliance was off.
const RELIANCE_MIN: u64 = 5;
/// Kinds of cases that a drill is about.
const FOCUS_MAX: usize = 2;

/// A past case that can be practised on.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub case: CaseId,
    pub proposal: EventId,
    pub ai: String,
    pub truth: String,
    pub region: u32,
    /// The person answered on it, so that they come last.
    pub own: bool,
    pub title: Option<String>,
}

impl Candidate {
    pub(super) fn ai_right(&self) -> bool {
        self.ai == self.truth
    }

    fn item(&self) -> Item {
        let (ai, truth) = (self.ai.clone(), self.truth.clone());
        Item { case: self.case, proposal: self.proposal, ai, truth, first: None, last: None, skipped: false }
    }
}

/// Whether a case is still settled and nobody was erased.
pub(super) fn still_there(file: &File, erased: &BTreeSet<SubjectId>) -> bool {
    let settled = matches!(file.state.status(), Status::Decided | Status::Acted);
    settled && file.state.subject.is_none_or(|subject| !erased.contains(&subject))
}

impl Workspace {
    /// The past cases of a playbook on which a person could practise, the latest first.
    pub(super) async fn candidates(&self, control: &Control, playbook: PlaybookId, person: PersonId) -> Result<Vec<Candidate>, Error> {
        let mut session = self.inner.db.session().await?;
        let known = store::precedent::known(session.conn(), self.id.0, playbook.0, LOOKED_AT).await?;
        drop(session);
        let files = self.files(known.iter().copied()).await?;
        let now = self.inner.env.now();
        let mut candidates = Vec::with_capacity(known.len());
        for (case, file) in known.iter().filter_map(|case| Some((*case, files.get(case)?))) {
            let own = own_at(file, person);
            let fresh = own.is_some_and(|at| now < at.saturating_add(REMEMBERED));
            let version = control.playbook(playbook, file.state.playbook_version)?;
            let may = control.state.people.get(&person).is_some_and(|facts| facts.may(&version.decide.roles));
            if fresh || !may || !still_there(file, &control.state.erased) {
                continue;
            }
            let Some(truth) = precedent::turned_out(&file.state).filter(|truth| truth != "document") else { continue };
            let Some(proposal) = file.state.proposals_current().find(|proposal| proposal.ask.is_none()) else { continue };
            candidates.push(Candidate {
                case: CaseId(case),
                proposal: proposal.id,
                ai: proposal.answer.label().to_owned(),
                truth,
                region: control.records.get(&playbook).map_or(0, |published| published.record.region_of(&file.state.fields)),
                own: own.is_some(),
                title: precedent::title(&version, file),
            });
        }
        Ok(candidates)
    }

    /// What a session holds.
    pub(super) fn chosen(
        &self,
        control: &Control,
        playbook: PlaybookId,
        person: PersonId,
        kind: Kind,
        mut candidates: Vec<Candidate>,
    ) -> Content {
        let record = control.records.get(&playbook).map(|published| &published.record);
        let known = record.and_then(|record| record.people.iter().find(|known| known.person == person));
        let regions = known.map(|known| known.regions.as_slice()).unwrap_or_default();
        let focus = if kind == Kind::Drill { focus(regions) } else { Vec::new() };
        let within = |at: usize| focus.is_empty() || focus.iter().any(|region| usize::try_from(*region) == Ok(at));
        let before = together(regions.iter().enumerate().filter(|(at, _)| within(*at)).map(|(_, region)| region.reliance));
        shuffle(&mut candidates, u64::from_be_bytes(self.inner.env.bytes()));
        // Those of the focus first, and of these the ones that the person has never seen; the order is otherwise by lot.
        candidates.sort_by_key(|candidate| (candidate.own, !focus.is_empty() && !focus.contains(&candidate.region)));
        let mut items: Vec<Item> = mixed(&candidates, wrong_wanted(&before)).into_iter().map(Candidate::item).collect();
        shuffle(&mut items, u64::from_be_bytes(self.inner.env.bytes()));
        Content { record: record.map(|record| record.number), focus, before, items }
    }
}

/// When a person last answered on a case.
fn own_at(file: &File, person: PersonId) -> Option<Micros> {
    let own = file.events.iter().rev().find(|(_, event)| match &event.body {
        countersign_core::Body::JudgmentGiven(body) => body.person == person,
        countersign_core::Body::JudgmentObserved(body) => body.person == person,
        countersign_core::Body::CaseShown(body) => body.person == person,
        _ => false,
    });
    own.map(|(_, event)| event.occurred_at)
}

/// The kinds of cases in which somebody most often ended up with wrong advice, or without right advice.
fn focus(regions: &[PersonRegion]) -> Vec<u32> {
    let off = |region: &PersonRegion| {
        let [_, _, over, _, under, _] = region.reliance;
        (over.right + under.right, over.n + under.n)
    };
    let places = regions.iter().zip(0_u32..).map(|(region, at)| (off(region), at));
    let mut places: Vec<((u64, u64), u32)> = places.filter(|((off, n), _)| *n >= RELIANCE_MIN && *off > 0).collect();
    // Shares with five more cases in which nothing was off, so that two of two do not beat thirty of forty.
    places.sort_by(|((a, n), x), ((b, m), y)| (b * (n + 5)).cmp(&(a * (m + 5))).then(x.cmp(y)));
    places.into_iter().take(FOCUS_MAX).map(|(_, at)| at).collect()
}

/// In how many cases of a session the AI should be wrong: more where somebody follows it too readily, fewer where too little.
fn wrong_wanted(before: &[Cell; 6]) -> usize {
    let [_, _, over, _, under, _] = before;
    // Shares held against one another without dividing.
    match (over.right * under.n.max(1)).cmp(&(under.right * over.n.max(1))) {
        std::cmp::Ordering::Greater => PRACTICE_CASES / 2 + 1,
        std::cmp::Ordering::Equal => PRACTICE_CASES / 2,
        std::cmp::Ordering::Less => PRACTICE_CASES / 2 - 1,
    }
}

/// So many in which the AI is wrong, and the rest in which it is right, from the front of the list; what is lacking of one is filled
/// from the other.
fn mixed(candidates: &[Candidate], wrong: usize) -> Vec<&Candidate> {
    let (right, mistaken): (Vec<&Candidate>, Vec<&Candidate>) = candidates.iter().partition(|candidate| candidate.ai_right());
    let wrong = wrong.max(PRACTICE_CASES.saturating_sub(right.len())).min(mistaken.len());
    mistaken.into_iter().take(wrong).chain(right.into_iter().take(PRACTICE_CASES - wrong)).collect()
}

/// A random order.
fn shuffle<T>(items: &mut [T], seed: u64) {
    Random::new(seed, 0).shuffle(items);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(right: u64, n: u64) -> Cell {
        Cell { right, n }
    }

    fn region(over: Cell, under: Cell) -> PersonRegion {
        let empty = Cell::default();
        PersonRegion { reliance: [empty, empty, over, empty, under, empty], ..PersonRegion::default() }
    }

    fn candidate(n: u128, ai: &str) -> Candidate {
        let case = CaseId(uuid::Uuid::from_u128(n));
        Candidate { case, proposal: EventId(case.0), ai: ai.into(), truth: "a".into(), region: 0, own: false, title: None }
    }

    #[test]
    fn a_drill_is_about_the_kinds_in_which_reliance_was_off() {
        let regions = [
            region(cell(0, 30), cell(0, 30)),
            region(cell(8, 10), cell(0, 10)),
            region(cell(2, 2), cell(0, 0)),
            region(cell(1, 20), cell(6, 10)),
            region(cell(1, 40), cell(0, 40)),
        ];
        assert_eq!(focus(&regions), [1, 3]);
        assert_eq!(focus(&[]), Vec::<u32>::new());
        assert_eq!(
            [(8, 0), (0, 8), (0, 0)].map(|(over, under)| wrong_wanted(&region(cell(over, 10), cell(under, 10)).reliance)),
            [5, 3, 4]
        );
    }

    #[test]
    fn cases_are_mixed_and_what_lacks_is_filled() {
        let all: Vec<Candidate> = (0..40).map(|n| candidate(n, if n % 4 == 0 { "b" } else { "a" })).collect();
        let wrong = |chosen: &[&Candidate]| chosen.iter().filter(|one| !one.ai_right()).count();
        let chosen = mixed(&all, 5);
        assert_eq!((chosen.len(), wrong(&chosen)), (8, 5));
        let few: Vec<Candidate> = (0..40).map(|n| candidate(n, if n == 0 { "b" } else { "a" })).collect();
        let chosen = mixed(&few, 5);
        assert_eq!((chosen.len(), wrong(&chosen)), (8, 1));
        let mistaken: Vec<Candidate> = (0..6).map(|n| candidate(n, "b")).collect();
        assert_eq!(mixed(&mistaken, 4).len(), 6);
        let mut order: Vec<u32> = (0..20).collect();
        shuffle(&mut order, 7);
        assert!(order.windows(2).any(|pair| pair[0] > pair[1]));
        order.sort_unstable();
        assert_eq!(order, (0..20).collect::<Vec<_>>());
    }
}
