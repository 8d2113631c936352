//! People: adding, changing and forgetting them. Names lie in the erasable directory; the ledger holds random ids.

use crate::{
    Caller, Error, Workspace,
    input::{PersonChange, PersonInput},
    view::{HandView, PersonView, VouchedView},
    writer::{Change, Extra},
};
use countersign_core::{
    event::{PersonKind, SignInChanged, SignInMeans},
    id::PersonId,
    limits::{MAIL_CHARS_MAX, NAME_CHARS_MAX},
    refusal::{Code, Refusal},
    time::format_rfc3339,
};
use countersign_engine::workspace::{WorkspaceCommand, hands};
use countersign_store::{self as store, directory::DirectoryRow};

/// Why a vouching would be void at once.
const LINKS_ONLY: &str = "they sign in by one-time links only, and whoever makes the next one could be them again: first they take a passkey, an \
                          account or a password";

impl Workspace {
    /// Adds a person. What was held for want of people is routed anew afterwards, in the background.
    ///
    /// # Errors
    /// Where the name is taken or no name.
    pub async fn person_add(&self, caller: &Caller, input: PersonInput) -> Result<PersonView, Error> {
        let name = input.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Err(Refusal::invalid(
                "/name",
                format!("a person's name has 1 to {NAME_CHARS_MAX} characters and no control characters"),
            )
            .into());
        }
        let mail = input.mail.as_deref().map(address).transpose()?.flatten();
        if self.control().await?.names.contains_key(&name) {
            return Err(Refusal::field(
                Code::Conflict,
                "/name",
                "somebody of this name is here already; add something that tells them apart",
            )
            .into());
        }
        let person = PersonId(self.inner.env.random_id());
        let kind = if input.external { PersonKind::External } else { PersonKind::Member };
        let roles = input.roles.clone();
        let add = move |_: &crate::control::Control| Ok(WorkspaceCommand::AddPerson { person, kind, roles: roles.clone() });
        let row = DirectoryRow { person: person.0, name, mail };
        self.change(caller, Change::command(add).with(Extra::Name(row))).await?;
        self.person_get(person).await
    }

    /// Changes a person's roles, whether they may take part, or where to write to. Who no longer takes part is signed out everywhere, and
    /// their keys open nothing. What is held is routed anew afterwards, in the background.
    ///
    /// # Errors
    /// Where there is no such person.
    pub async fn person_change(&self, caller: &Caller, person: PersonId, change: PersonChange) -> Result<PersonView, Error> {
        let roles = change.roles.clone();
        let command =
            move |_: &crate::control::Control| Ok(WorkspaceCommand::ChangePerson { person, roles: roles.clone(), active: change.active });
        let mut changing = Change::command(command);
        if let Some(mail) = &change.mail {
            let mail = address(mail)?;
            let known = self.person_get(person).await?;
            let nameless = || Refusal::field(Code::Erased, "/mail", "this person's name was erased, and an address would be theirs again");
            let name = known.name.ok_or_else(nameless)?;
            if known.mail != mail {
                // An account at a provider is found by it.
                let removed = mail.is_none();
                changing = changing.and(move |_: &crate::control::Control| {
                    Ok(WorkspaceCommand::ChangeSignIn(SignInChanged { person, means: SignInMeans::Address, removed }))
                });
            }
            changing = changing.with(Extra::Name(DirectoryRow { person: person.0, name, mail }));
        }
        self.change(caller, changing).await?;
        if !change.active {
            self.desk_sessions_end(person).await?;
        }
        self.person_get(person).await
    }

    /// One person.
    ///
    /// # Errors
    /// Where there is no such person, or the storage fails.
    pub async fn person_get(&self, person: PersonId) -> Result<PersonView, Error> {
        let found = self.people_list().await?.into_iter().find(|p| p.person == person.0);
        found.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such person").into())
    }

    /// Everybody.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn people_list(&self) -> Result<Vec<PersonView>, Error> {
        let (control, now) = (self.control().await?, self.inner.env.now());
        let mut session = self.inner.db.session().await?;
        let mut names: std::collections::HashMap<_, _> =
            store::directory::list(session.conn(), self.id.0).await?.into_iter().map(|r| (r.person, r)).collect();
        Ok(control
            .state
            .people
            .iter()
            .map(|(id, facts)| {
                let (name, mail) = names.remove(&id.0).map_or((None, None), |r| (Some(r.name), r.mail));
                PersonView {
                    person: id.0,
                    name,
                    mail,
                    roles: facts.roles.clone(),
                    external: facts.kind == PersonKind::External,
                    active: facts.active,
                    hands: hands(&control, *id),
                    vouched: vouched(&control, *id),
                    away: crate::absence::view(&control, *id, now),
                }
            })
            .collect())
    }

    /// Says that a person is a person of their own: from then on nobody has a hand in them, until something changes about how they sign in.
    /// They are signed out everywhere, so that whoever signs in as them does it by what was there when somebody looked.
    ///
    /// # Errors
    /// Where somebody has a hand in both, or where nothing would keep the next one who makes them a link from being them.
    pub async fn person_vouch(&self, caller: &Caller, person: PersonId, by: Option<PersonId>) -> Result<PersonView, Error> {
        let control = self.control().await?;
        let needed = control.state.hands.in_person(person).next().is_some();
        if needed && !self.has_ways(&control, person).await? {
            return Err(Refusal::field(Code::WrongState, "/person", LINKS_ONLY).into());
        }
        let vouch = move |_: &crate::control::Control| Ok(WorkspaceCommand::VouchPerson { person, by });
        self.change(caller, Change::command(vouch).with(Extra::Vouched(person))).await?;
        self.person_get(person).await
    }

    /// Why a person may not vouch for another, in a sentence; `None`: they may.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn vouching_against(&self, by: PersonId, person: PersonId) -> Result<Option<String>, Error> {
        let control = self.control().await?;
        if let Some(one) = control.state.hands.in_both(by, person) {
            return Ok(Some(control.named(one.refusal((by, person))).detail));
        }
        Ok((!self.has_ways(&control, person).await?).then(|| LINKS_ONLY.to_owned()))
    }

    /// Whether a person has something of their own to sign in or act by.
    async fn has_ways(&self, control: &crate::control::Control, person: PersonId) -> Result<bool, Error> {
        let keys = control.state.keys.values().any(|key| key.person == Some(person) && !key.revoked);
        Ok(keys
            || control.state.passkeys_of(person) > 0
            || !self.identities_of(person).await?.is_empty()
            || self.has_password(person).await?)
    }

    /// What people are called, where their names were not erased.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn people_names(&self) -> Result<std::collections::HashMap<uuid::Uuid, String>, Error> {
        let control = self.inner.control(self.id).await?;
        Ok(control.names.iter().map(|(name, person)| (person.0, name.clone())).collect())
    }

    /// Takes a person's name and address out of the directory. What they decided stays, under a random id.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn person_forget(&self, caller: &Caller, person: PersonId) -> Result<(), Error> {
        let mut forgetting = Change::beside(Extra::Forgotten(person));
        let gone = [
            (SignInMeans::Account, !self.identities_of(person).await?.is_empty()),
            (SignInMeans::Password, self.has_password(person).await?),
        ];
        for (means, _) in gone.into_iter().filter(|(_, had)| *had) {
            forgetting = forgetting
                .and(move |_: &crate::control::Control| Ok(WorkspaceCommand::ChangeSignIn(SignInChanged { person, means, removed: true })));
        }
        self.change(caller, forgetting).await?;
        self.inner.db.truncate_log().await?;
        Ok(())
    }

    /// The person of a name; an unknown name becomes an external person.
    pub(crate) async fn person_by_name(&self, caller: &Caller, name: &str) -> Result<PersonId, Error> {
        let name = name.trim();
        if let Some(person) = self.inner.control(self.id).await?.names.get(name) {
            return Ok(*person);
        }
        let input = PersonInput { name: name.to_owned(), mail: None, roles: Vec::new(), external: true };
        match self.person_add(caller, input).await {
            Ok(view) => Ok(PersonId(view.person)),
            // Somebody else added the same name in between.
            Err(error) => self.control().await?.names.get(name).copied().ok_or(error),
        }
    }
}

/// Who has a hand in somebody at first hand.
fn hands(control: &crate::control::Control, person: PersonId) -> Vec<HandView> {
    let view = |(who, hand): (PersonId, hands::Hand)| HandView {
        person: who.0,
        name: control.name_of(who),
        how: hand.touch.word().to_owned(),
        at: format_rfc3339(hand.at),
    };
    control.state.hands.in_person(person).map(view).collect()
}

fn vouched(control: &crate::control::Control, person: PersonId) -> Option<VouchedView> {
    let vouched = control.state.hands.vouched(person)?;
    Some(VouchedView { by: vouched.by.map(|by| by.0), name: vouched.by.and_then(|by| control.name_of(by)), at: format_rfc3339(vouched.at) })
}

/// An address as it is kept; `None`: none.
fn address(text: &str) -> Result<Option<String>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    // Whoever is written to decides what an address is; what could be none is a slip of whoever typed it.
    let parts = text.split_once('@').is_some_and(|(before, after)| !before.is_empty() && !after.is_empty());
    if !parts || text.chars().count() > MAIL_CHARS_MAX || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        let wanted = format!("an e-mail address has an @ with something on both sides, no spaces, and at most {MAIL_CHARS_MAX} characters");
        return Err(Refusal::invalid("/mail", wanted));
    }
    Ok(Some(text.to_owned()))
}
