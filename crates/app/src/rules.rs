//! Rules about who may do what: a lead drafts other ones beside today's, they are held against what was done lately, a second lead
//! approves, and they hold at once. One step leads back. [`may`] is where they are asked; nothing else here decides.

mod effect;
pub(crate) mod may;
mod names;
mod replay;
mod view;

pub use replay::{REPLAYED_ACTS_MAX, REPLAYED_DAYS};
pub use view::{
    CheckedView, EffectView, EffectsView, FailureView, MaskView, MatrixView, MayRowView, MayView, ReplayedActView, ReplayedView,
    RuleChangeView, RuleView, RulesAct, RulesDraftView, RulesInput, RulesText, RulesView,
};

use crate::{Caller, Error, Workspace, control::Control, writer::Change};
use countersign_core::{
    content::{Content, Digest},
    event::RulesDrafted,
    id::{EventId, PersonId, WorkspaceId},
    limits::{EXPECTATIONS_BYTES_MAX, REMARK_BYTES_MAX, RULES_BYTES_MAX},
    playbook::FieldKind,
    refusal::{Code, Refusal},
    time::format_rfc3339,
};
use countersign_engine::workspace::{RulesDraftFacts, WorkspaceCommand, WorkspaceState};
use countersign_policy::{self as policy, Kind, Problem, Rules};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// What rules come to where the stored ones cannot be read: nothing is allowed but to change them.
const UNREADABLE: &str = "@id(\"unreadable\") @says(\"The rules of this workspace cannot be read: those who lead go back to earlier ones, \
                          or draft others.\") forbid (principal, action, resource);";

/// The rules that were read last, by workspace.
#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<WorkspaceId, (Digest, Arc<Rules>)>>);

impl Cache {
    /// The rules that hold. Those that cannot be read allow nothing: a workspace never falls back to fewer rules than it has.
    pub(crate) fn of(&self, workspace: WorkspaceId, state: &WorkspaceState) -> Result<Arc<Rules>, Error> {
        let (text, _) = state.rules.texts(state.rules.version());
        let digest = Digest::of(text.as_bytes());
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, rules)) = cache.get(&workspace).filter(|(known, _)| *known == digest) {
            return Ok(Arc::clone(rules));
        }
        let rules = Rules::compile(text).or_else(|problems| {
            let what = problems.first().map(ToString::to_string).unwrap_or_default();
            tracing::error!(workspace.id = %workspace, what, "the rules of a workspace cannot be read: nothing is allowed until they are changed");
            Rules::compile(UNREADABLE)
        });
        let rules = rules.map_err(|problems| Error::Damaged(told(&problems)))?;
        let rules = Arc::new(rules);
        cache.insert(workspace, (digest, Arc::clone(&rules)));
        Ok(rules)
    }
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn person(given: Option<Uuid>) -> Result<PersonId, Refusal> {
    given.map(PersonId).ok_or_else(|| Refusal::invalid("/person", "a person answers for it: say who"))
}

fn reason(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    match text.len() {
        1..=REMARK_BYTES_MAX => Ok(text.to_owned()),
        _ => Err(Refusal::invalid("/reason", "say in a sentence or two what it is for")),
    }
}

/// Texts that were read and hold together, as they are kept.
struct Read {
    rules: Rules,
    source: String,
    expectations: String,
}

/// A text that was read, and what it does not meet.
struct Tested {
    asked: usize,
    failures: Vec<policy::Failure>,
}

impl Control {
    /// Reads rules and what is expected of them: strictly, with names replaced by ids, and held against what has to stand.
    fn rules_read(&self, rules: &str, expectations: &str) -> Result<(Read, Tested), Refusal> {
        for (field, text, most) in [("/rules", rules, RULES_BYTES_MAX), ("/expectations", expectations, EXPECTATIONS_BYTES_MAX)] {
            if text.len() > most {
                return Err(Refusal::field(Code::TooLarge, field, format!("{} bytes, and {most} is the limit", text.len())));
            }
            if text.contains('\0') {
                return Err(Refusal::invalid(field, "holds the character U+0000, which no text may"));
            }
        }
        let (source, expected) = (names::kept(rules, &self.names), names::kept(expectations, &self.names));
        let compiled = Rules::compile(&source).map_err(|problems| Refusal::invalid("/rules", told(&problems)))?;
        let strangers = compiled.strangers(&source, &|kind, id| self.knows(kind, id));
        if !strangers.is_empty() {
            return Err(Refusal::invalid("/rules", told(&strangers)));
        }
        self.rules_safe(&compiled)?;
        let person = |id: &str| {
            let known = self.state.people.iter().find(|(person, _)| person.to_string() == id);
            known.map(|(_, facts)| (facts.roles.clone(), facts.may(&[])))
        };
        let latest = |name: &str| self.playbook_latest(name).ok().map(|(_, _, playbook)| playbook);
        let roles = |name: &str| latest(name).map(|playbook| playbook.decide.roles.clone());
        let is_number = |name: &str, field: &str| {
            latest(name).is_some_and(|p| p.fields.iter().any(|spec| spec.name == field && spec.kind == FieldKind::Number))
        };
        let world = policy::World { person: &person, playbook: &roles, is_number: &is_number };
        let tested = compiled.test(&expected, &world).map_err(|problems| Refusal::invalid("/expectations", told(&problems)))?;
        let (asked, failures) = tested;
        Ok((Read { rules: compiled, source, expectations: expected }, Tested { asked, failures }))
    }

    fn knows(&self, kind: &str, id: &str) -> bool {
        match kind {
            "Person" => self.state.people.keys().any(|person| person.to_string() == id),
            "Playbook" => self.state.playbook_names.contains_key(id),
            "Role" => {
                let held = self.state.people.values().any(|facts| facts.roles.iter().any(|role| role == id));
                let named = || {
                    let mut latest = self.state.playbook_names.keys().filter_map(|name| self.playbook_latest(name).ok());
                    latest.any(|(_, _, playbook)| playbook.decide.roles.iter().any(|role| role == id))
                };
                held || named()
            }
            _ => true,
        }
    }

    /// What has to stand whatever is written, asked of the rules themselves: nobody signs what they made, nothing is automated without
    /// a certificate, no program changes the rules; those who lead still do, and where somebody may decide today somebody may then.
    fn rules_safe(&self, rules: &Rules) -> Result<(), Refusal> {
        use countersign_policy::Action;
        let unsafe_ = |what: String| Err(Refusal::invalid("/rules", what));
        let members = || self.state.people.iter().filter(|(_, facts)| facts.may(&[])).map(|(person, _)| *person);
        for name in self.state.playbook_names.keys() {
            let Ok((_, _, playbook)) = self.playbook_latest(name) else { continue };
            for who in members().map(may::Who::Person) {
                let own = may::Act { own: true, fields: None, ..may::Act::within(Action::Countersign, &playbook) };
                if self.asked(rules, who, &own).allowed {
                    return unsafe_(format!("in {name} somebody could countersign what they made"));
                }
            }
            let uncertified = may::Act::within(Action::Automate, &playbook);
            if self.asked(rules, may::Who::Agent("any"), &uncertified).allowed {
                return unsafe_(format!("in {name} something could be automated without a certificate"));
            }
            let decides = |rules: &Rules| {
                members().any(|p| {
                    [Action::See, Action::Claim, Action::Decide]
                        .into_iter()
                        .all(|action| self.asked(rules, may::Who::Person(p), &may::Act::within(action, &playbook)).allowed)
                })
            };
            if decides(&self.rules) && !decides(rules) {
                return unsafe_(format!(
                    "in {name} nobody could decide any more: leave it to somebody, or every case there would wait for ever"
                ));
            }
        }
        for who in [may::Who::Key("any"), may::Who::Agent("any"), may::Who::Operator] {
            if self.asked(rules, who, &may::Act::here(Action::Rules)).allowed {
                return unsafe_("a program could change the rules".into());
            }
        }
        Ok(())
    }

    fn rules_draft(&self, draft: EventId) -> Result<&RulesDraftFacts, Refusal> {
        self.state.rules.drafts.get(&draft).ok_or_else(|| Refusal::field(Code::NotFound, "/draft", "there is no such draft"))
    }

    pub(crate) fn name_of(&self, person: PersonId) -> Option<String> {
        self.names.iter().find(|(_, known)| **known == person).map(|(name, _)| name.clone())
    }

    /// A refusal in which people stand by their names: the engine knows ids only.
    pub(crate) fn named(&self, refusal: Refusal) -> Refusal {
        match refusal.code {
            Code::NotIndependent => Refusal { detail: effect::with_names(&refusal.detail, self), ..refusal },
            _ => refusal,
        }
    }
}

fn rule_view(rule: policy::Rule, names: &HashMap<String, PersonId>) -> RuleView {
    let kind = match rule.kind {
        Kind::Fixed => "fixed",
        Kind::Default => "default",
        Kind::Playbook => "playbook",
        Kind::Own => "own",
    };
    RuleView { text: names::told(&rule.text, names), id: rule.id, says: rule.says, kind: kind.into(), forbids: rule.forbids }
}

impl Workspace {
    /// The rules that hold.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn rules_get(&self) -> Result<RulesView, Error> {
        let control = self.control().await?;
        let known = &control.state.rules;
        let (rules, expectations) = known.texts(known.version());
        let mut all = control.rules.list();
        let own = all.iter().take_while(|rule| rule.kind == Kind::Own).count();
        for (at, name) in control.state.playbook_names.keys().enumerate() {
            let (_, _, playbook) = control.playbook_latest(name)?;
            let rule = Rules::of_playbook(policy::Playbook { name: &playbook.name, roles: &playbook.decide.roles });
            all.insert(own + at, rule);
        }
        Ok(RulesView {
            version: known.version(),
            rules: names::told(rules, &control.names),
            expectations: names::told(expectations, &control.names),
            since: known.versions.last().map(|version| format_rfc3339(version.at)),
            draft: known.in_force().map(|(draft, _)| draft.0),
            all: all.into_iter().map(|rule| rule_view(rule, &control.names)).collect(),
        })
    }

    /// Reads rules that nobody has saved: what is wrong with them, what they do not meet, and what they change. Saves nothing.
    ///
    /// # Errors
    /// Where the storage fails; what is wrong with the texts is told, and no error.
    pub async fn rules_check(&self, text: &RulesText) -> Result<CheckedView, Error> {
        let control = self.control().await?;
        Ok(match control.rules_read(&text.rules, &text.expectations) {
            Err(refusal) => CheckedView {
                problems: refusal.detail.lines().map(|line| format!("{}: {line}", refusal.field.as_deref().unwrap_or("/rules"))).collect(),
                expectations: 0,
                failures: Vec::new(),
                effects: EffectsView::default(),
            },
            Ok((read, tested)) => CheckedView {
                problems: Vec::new(),
                expectations: tested.asked as u64,
                failures: tested.failures.into_iter().map(|f| failure(&control, f)).collect(),
                effects: effect::effects(&control, &control.rules, &read.rules)?,
            },
        })
    }

    /// Drafts other rules beside today's. They change nothing until a second lead has approved them.
    ///
    /// # Errors
    /// Every problem with its line; where an expectation is not met; where nobody who leads writes it in their own name.
    pub async fn rules_draft(&self, caller: &Caller, input: RulesInput) -> Result<RulesDraftView, Error> {
        let (person, reason) = (person(input.person)?, reason(&input.reason)?);
        let control = self.control().await?;
        let (read, tested) = control.rules_read(&input.rules, &input.expectations)?;
        if !tested.failures.is_empty() {
            let lines = tested.failures.into_iter().map(|f| failure(&control, f)).map(|f| format!("line {}: {}", f.line, f.message));
            return Err(Refusal::invalid("/expectations", lines.collect::<Vec<_>>().join("\n")).into());
        }
        let base = control.state.rules.version();
        if control.state.rules.texts(base) == (read.source.as_str(), read.expectations.as_str()) {
            return Err(Refusal::invalid("/rules", "this says the same as today's rules").into());
        }
        let body = RulesDrafted {
            base,
            digest: Digest::of(read.source.as_bytes()),
            source: Content::text(read.source),
            expectations: Content::text(read.expectations),
            person,
            reason,
        };
        let draft = move |_: &Control| Ok(WorkspaceCommand::DraftRules(Box::new(body.clone())));
        let events = self.change(caller, Change::command(draft)).await?;
        let drafted = events.first().ok_or_else(|| Error::Damaged("drafting rules left no record".into()))?;
        self.rules_draft_get(drafted.id).await
    }

    /// Holds a draft against what was done in the last month, and keeps what it comes to.
    ///
    /// # Errors
    /// Where the draft is not open, or the rules have a newer version.
    pub async fn rules_replay(&self, caller: &Caller, draft: EventId) -> Result<RulesDraftView, Error> {
        let control = self.control().await?;
        let facts = control.rules_draft(draft)?;
        if facts.drafted.base != control.state.rules.version() {
            let detail = "the rules have a newer version: draft it anew, and replay that";
            return Err(Refusal::field(Code::StaleVersion, "/draft", detail).into());
        }
        let source = facts.drafted.source.as_plain_str().unwrap_or_default();
        let after = Rules::compile(source).map_err(|problems| Refusal::invalid("/rules", told(&problems)))?;
        let body = self.rules_replayed(&control, draft, &after).await?;
        let keep = move |_: &Control| Ok(WorkspaceCommand::ReplayRules(body.clone()));
        self.change(caller, Change::command(keep)).await?;
        self.rules_draft_get(draft).await
    }

    /// Approves a draft: its rules hold at once, on every node before its next write.
    ///
    /// # Errors
    /// Where its author approves, nobody asked what it comes to, the rules have a newer version, or it no longer holds what has to stand.
    pub async fn rules_approve(&self, caller: &Caller, draft: EventId, act: RulesAct) -> Result<RulesDraftView, Error> {
        let person = person(act.person)?;
        let approve = move |control: &Control| {
            // People and playbooks may have changed since it was drafted.
            let facts = control.rules_draft(draft)?;
            let text = |content: &Content| content.as_plain_str().unwrap_or_default().to_owned();
            if facts.is_open() {
                control.rules_read(&text(&facts.drafted.source), &text(&facts.drafted.expectations))?;
            }
            Ok(WorkspaceCommand::ApproveRules { draft, person })
        };
        self.change(caller, Change::command(approve)).await?;
        self.rules_draft_get(draft).await
    }

    /// Takes a draft back, or turns it down.
    ///
    /// # Errors
    /// Where it is not open, or nobody who leads does it in their own name.
    pub async fn rules_withdraw(&self, caller: &Caller, draft: EventId, act: RulesAct) -> Result<RulesDraftView, Error> {
        let (person, reason) = (person(act.person)?, reason(&act.reason)?);
        let withdraw = move |_: &Control| Ok(WorkspaceCommand::WithdrawRules { draft, person, reason: reason.clone() });
        self.change(caller, Change::command(withdraw)).await?;
        self.rules_draft_get(draft).await
    }

    /// Goes back to the rules from before the last approved draft, at once. Returns the draft that is undone.
    ///
    /// # Errors
    /// Where the rules that hold did not come from an approved draft, or nobody who leads does it in their own name.
    pub async fn rules_roll_back(&self, caller: &Caller, act: RulesAct) -> Result<RulesDraftView, Error> {
        let (person, reason) = (person(act.person)?, reason(&act.reason)?);
        let control = self.control().await?;
        let none = || Refusal::field(Code::WrongState, "/rules", "the rules that hold did not come from an approved draft");
        let draft = control.state.rules.in_force().map(|(draft, _)| draft).ok_or_else(none)?;
        let back = move |_: &Control| Ok(WorkspaceCommand::RollBackRules { person, reason: reason.clone() });
        self.change(caller, Change::command(back)).await?;
        self.rules_draft_get(draft).await
    }

    /// A draft, with what it changes and what it comes to.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn rules_draft_get(&self, draft: EventId) -> Result<RulesDraftView, Error> {
        let control = self.control().await?;
        let facts = control.rules_draft(draft)?;
        draft_view(&control, draft, facts)
    }

    /// The drafts of rules, the latest first.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn rules_drafts_list(&self) -> Result<Vec<RulesDraftView>, Error> {
        let control = self.control().await?;
        let drafts = control.state.rules.drafts.iter();
        let views = drafts.map(|(draft, facts)| Ok((facts.drafted_at, draft_view(&control, *draft, facts)?)));
        let mut views = views.collect::<Result<Vec<_>, Error>>()?;
        views.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Ok(views.into_iter().map(|(_, view)| view).collect())
    }

    /// Who may do what in a playbook, or in the whole workspace, and by which rule.
    ///
    /// # Errors
    /// Where there is no such playbook.
    pub async fn rules_matrix(&self, playbook: Option<&str>) -> Result<MatrixView, Error> {
        effect::matrix(&*self.control().await?, playbook)
    }
}

fn failure(control: &Control, failure: policy::Failure) -> FailureView {
    FailureView { line: failure.line as u64, message: effect::with_names(&failure.message, control) }
}

fn draft_view(control: &Control, id: EventId, facts: &RulesDraftFacts) -> Result<RulesDraftView, Error> {
    let drafted = &facts.drafted;
    let known = &control.state.rules;
    let text = |content: &Content| names::told(content.as_plain_str().unwrap_or_default(), &control.names);
    let state = match (&facts.approved, &facts.ended) {
        (None, None) => "open",
        (Some(_), None) => "approved",
        (None, Some(_)) => "withdrawn",
        (Some(_), Some(_)) => "rolled_back",
    };
    let (base, _) = known.texts(drafted.base);
    let compiled = |text: &str| Rules::compile(text).map_err(|problems| Error::Damaged(told(&problems)));
    let effects = match facts.is_open() {
        true => effect::effects(control, &compiled(base)?, &compiled(drafted.source.as_plain_str().unwrap_or_default())?)?,
        false => EffectsView::default(),
    };
    Ok(RulesDraftView {
        draft: id.0,
        base: drafted.base,
        person: control.name_of(drafted.person),
        person_id: drafted.person.0,
        reason: drafted.reason.clone(),
        drafted: format_rfc3339(facts.drafted_at),
        state: state.into(),
        stale: facts.is_open() && known.version() != drafted.base,
        version: facts.approved.map(|(version, _)| version),
        approved_by: facts.approved.and_then(|(_, person)| control.name_of(person)),
        ended: facts.ended.as_ref().map(|(_, reason)| reason.clone()),
        in_force: known.in_force().is_some_and(|(draft, _)| draft == id),
        today: names::told(base, &control.names),
        rules: text(&drafted.source),
        expectations: text(&drafted.expectations),
        effects,
        replayed: facts.replayed.as_ref().map(|(at, body)| replay::view(control, *at, body)),
    })
}
