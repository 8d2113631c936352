//! Who may do what, and what a change of rules newly allows and forbids, in plain words. Asks the rules; decides nothing.

use super::{
    may::{Act, Who},
    view::{EffectView, EffectsView, MaskView, MatrixView, MayRowView, MayView, RuleChangeView},
};
use crate::{Error, control::Control};
use countersign_core::{id::PersonId, playbook::Playbook};
use countersign_policy::{self as policy, Action, Kind, On, Rules, Verdict};
use std::{collections::BTreeMap, sync::Arc};

/// How programs are called that act by themselves.
pub(super) const PROGRAMS: &str = "programs";
/// How whoever works on the server is called.
pub(super) const OPERATOR: &str = "the server's command line";

/// A text with ids of people replaced by their names.
pub(super) fn with_names(text: &str, control: &Control) -> String {
    control.names.iter().fold(text.to_owned(), |text, (name, person)| text.replace(&person.to_string(), name))
}

/// Everybody whom rules are asked about: members, programs, whoever works on the server.
fn everybody(control: &Control) -> Vec<(String, Vec<String>, Who<'static>)> {
    let active = control.state.people.iter().filter(|(_, facts)| facts.may(&[]));
    let name = |person: PersonId| control.name_of(person).unwrap_or_else(|| person.to_string());
    let mut all: Vec<_> = active.map(|(person, facts)| (name(*person), facts.roles.clone(), Who::Person(*person))).collect();
    all.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    all.push((PROGRAMS.to_owned(), Vec::new(), Who::Key("any")));
    all.push((OPERATOR.to_owned(), Vec::new(), Who::Operator));
    all
}

/// What is asked of each in a playbook; automation is asked of proposers.
fn within(playbook: &Playbook) -> impl Iterator<Item = Act<'_>> {
    let in_playbook = Action::ALL.into_iter().filter(|action| action.on() != On::Workspace && *action != Action::Automate);
    in_playbook.map(|action| Act::within(action, playbook))
}

fn across() -> impl Iterator<Item = Act<'static>> {
    Action::ALL.into_iter().filter(|action| action.on() == On::Workspace).map(Act::here)
}

fn may(control: &Control, who: Who<'_>, act: &Act<'_>) -> MayView {
    let verdict = control.asked(&control.rules, who, act);
    let within = act.playbook.map(|(name, roles)| policy::Playbook { name, roles });
    let asked = policy::Request::new(policy::Actor::System { name: "" }, act.action, within);
    MayView {
        action: act.action.word().into(),
        allowed: verdict.allowed,
        depends: verdict.allowed && act.action.on() == On::Case && control.rules.reads_case(&asked),
        because: verdict.sentence(),
        rules: verdict.reasons.into_iter().map(|reason| reason.id).collect(),
    }
}

pub(super) fn matrix(control: &Control, playbook: Option<&str>) -> Result<MatrixView, Error> {
    let latest: Option<Arc<Playbook>> = playbook.map(|name| control.playbook_latest(name)).transpose()?.map(|(_, _, playbook)| playbook);
    let acts: Vec<Act<'_>> = match &latest {
        Some(playbook) => within(playbook).collect(),
        None => across().collect(),
    };
    let row = |(who, roles, actor): (String, Vec<String>, Who<'static>)| MayRowView {
        who,
        roles,
        may: acts.iter().map(|act| may(control, actor, act)).collect(),
    };
    Ok(MatrixView {
        playbook: latest.as_ref().map(|playbook| playbook.name.clone()),
        actions: acts.iter().map(|act| act.action.word().to_owned()).collect(),
        rows: everybody(control).into_iter().map(row).collect(),
        masks: latest.as_deref().map(|playbook| masks(control, playbook)).unwrap_or_default(),
    })
}

/// Who sees which field whole, of those who may see the playbook's cases.
fn masks(control: &Control, playbook: &Playbook) -> Vec<MaskView> {
    let readers = everybody(control).into_iter().filter(|(_, _, actor)| {
        let sees = || control.may(*actor, &Act::within(Action::See, playbook)).is_ok();
        matches!(actor, Who::Person(person) if control.state.people.get(person).is_some_and(|facts| facts.may(&playbook.decide.roles)))
            && sees()
    });
    let readers: Vec<(String, Vec<String>)> = readers.map(|(who, roles, _)| (who, roles)).collect();
    let fields = playbook.fields.iter().filter(|spec| spec.is_masked());
    let told = fields.map(|spec| {
        let (masked, whole): (Vec<_>, Vec<_>) = readers.iter().partition(|(_, roles)| spec.masked_for(roles));
        let names = |all: Vec<&(String, Vec<String>)>| all.into_iter().map(|(who, _)| who.clone()).collect();
        MaskView { field: spec.name.clone(), visible_to: spec.visible_to.clone(), whole: names(whole), masked: names(masked) }
    });
    told.collect()
}

/// What changes from some rules to others.
pub(super) fn effects(control: &Control, before: &Rules, after: &Rules) -> Result<EffectsView, Error> {
    let mut found: BTreeMap<(Option<String>, Action, bool, String), Vec<String>> = BTreeMap::new();
    let mut compared = |name: &str, who: Who<'_>, act: &Act<'_>| {
        let (was, will): (Verdict, Verdict) = (control.asked(before, who, act), control.asked(after, who, act));
        if was.allowed != will.allowed {
            let key = (act.playbook.map(|(name, _)| name.to_owned()), act.action, will.allowed, will.sentence());
            found.entry(key).or_default().push(name.to_owned());
        }
    };
    let all = everybody(control);
    for name in control.state.playbook_names.keys() {
        let (_, _, playbook) = control.playbook_latest(name)?;
        for (who, _, actor) in &all {
            within(&playbook).for_each(|act| compared(who, *actor, &act));
        }
        let automate = Act { certified: true, ..Act::within(Action::Automate, &playbook) };
        compared("proposers with a certificate", Who::Agent("any"), &automate);
    }
    for (who, _, actor) in &all {
        across().for_each(|act| compared(who, *actor, &act));
    }
    let told = |((playbook, action, allowed, because), who): ((Option<String>, Action, bool, String), Vec<String>)| EffectView {
        action: action.word().into(),
        playbook,
        allowed,
        who,
        because,
    };
    Ok(EffectsView { rules: changed(before, after), people: found.into_iter().map(told).collect() })
}

fn changed(before: &Rules, after: &Rules) -> Vec<RuleChangeView> {
    let own = |rules: &Rules| rules.list().into_iter().filter(|rule| rule.kind == Kind::Own).collect::<Vec<_>>();
    let (before, after) = (own(before), own(after));
    let mut changes = Vec::new();
    for rule in &after {
        let change = match before.iter().find(|known| known.id == rule.id) {
            None => "new",
            Some(known) if known.text != rule.text => "changed",
            Some(_) => continue,
        };
        changes.push(RuleChangeView { id: rule.id.clone(), change: change.into(), says: rule.says.clone() });
    }
    let gone = before.into_iter().filter(|known| !after.iter().any(|rule| rule.id == known.id));
    changes.extend(gone.map(|rule| RuleChangeView { id: rule.id, change: "gone".into(), says: rule.says }));
    changes
}
