//! Who is away, and who stands in for them. That somebody is away is an event; that the time has come is none: it is looked for beside
//! everything else, and what waits is routed anew then. Decides nothing.

use crate::{
    Caller, Error, Workspace,
    case::moment,
    control::Control,
    input::AwayInput,
    reroute,
    view::{AwayView, PersonView},
    writer::Change,
};
use countersign_core::{event::PersonAway, id::PersonId, number::Micros, refusal::Refusal, time::format_rfc3339};
use countersign_engine::workspace::WorkspaceCommand;
use countersign_store as store;

impl Workspace {
    /// Says from when to when somebody is away, and who stands in for them; in the place of what was said before.
    ///
    /// # Errors
    /// Where it ends before it begins, lasts for more than a year, or somebody is named who takes no part here.
    pub async fn person_away(&self, caller: &Caller, person: PersonId, input: AwayInput) -> Result<PersonView, Error> {
        let now = self.inner.env.now();
        // Both may lie ahead.
        let from = input.from.as_ref().map(|from| moment(from, "/until", now)).transpose();
        let from = from.map_err(|refusal| Refusal { field: Some("/from".into()), ..refusal })?.unwrap_or(now);
        let until = moment(&input.until, "/until", now)?;
        let body = PersonAway { person, from, until, stand_in: input.stand_in.map(PersonId) };
        self.change(caller, Change::command(move |_: &Control| Ok(WorkspaceCommand::SetAway(body.clone())))).await?;
        self.person_get(person).await
    }

    /// Somebody is there again, or will not be away after all.
    ///
    /// # Errors
    /// Where there is no such person.
    pub async fn person_back(&self, caller: &Caller, person: PersonId) -> Result<PersonView, Error> {
        self.change(caller, Change::command(move |_: &Control| Ok(WorkspaceCommand::SetBack { person }))).await?;
        self.person_get(person).await
    }

    /// Looks whether somebody went away or came back since it was last looked, and asks for new routes then. Tells whether it did.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn absences_look(&self) -> Result<bool, Error> {
        let (control, now) = (self.inner.control(self.id).await?, self.inner.env.now());
        let Some(latest) = turn_before(&control, now) else { return Ok(false) };
        let mut session = self.inner.db.session().await?;
        let looked = store::absence::looked_until(session.conn(), self.id.0).await?;
        drop(session);
        if looked.is_some_and(|until| until >= latest) {
            return Ok(false);
        }
        let mut tx = self.inner.db.begin().await?;
        if !store::absence::look_put(tx.conn(), self.id.0, latest).await? {
            return Ok(false);
        }
        reroute::ask_for(&mut tx, self.id, &control, &["held", "open"], now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The latest time up to now at which somebody went away or came back, by what is known today.
fn turn_before(control: &Control, now: Micros) -> Option<Micros> {
    let turns = control.state.absences.values().flat_map(|absence| [absence.from, absence.until]);
    turns.filter(|at| *at <= now).max()
}

/// When somebody is away, or will be; nothing where it is over.
pub(crate) fn view(control: &Control, person: PersonId, now: Micros) -> Option<AwayView> {
    let absence = control.state.absences.get(&person).filter(|absence| absence.until > now)?;
    Some(AwayView {
        from: format_rfc3339(absence.from),
        until: format_rfc3339(absence.until),
        now: absence.at(now),
        stand_in: absence.stand_in.map(|person| person.0),
        stand_in_name: absence.stand_in.and_then(|person| control.name_of(person)),
    })
}
