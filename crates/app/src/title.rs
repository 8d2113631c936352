//! Headlines of cases, as lists show them: of many cases at once, and without opening anything else of them.

use crate::{Error, Workspace, control::Control, seal::Values};
use countersign_core::{
    content::Content,
    event::{Body, Event},
    id::{CaseId, PersonId, PlaybookId},
    playbook::Playbook,
};
use countersign_store as store;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// A headline is cut to so many characters.
const TITLE_CHARS_MAX: usize = 160;

impl Workspace {
    /// The headlines of some cases, of those that this person may read.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn titles_seen(&self, person: PersonId, cases: &[Uuid]) -> Result<HashMap<Uuid, String>, Error> {
        let mut seen = Vec::with_capacity(cases.len());
        for case in self.seen_of(cases).await? {
            match self.case_open_to(CaseId(case), person).await {
                Ok(_) => seen.push(case),
                Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.titles(&*self.control().await?, &seen).await
    }

    /// The headlines of some cases, as far as they still exist.
    pub(crate) async fn titles(&self, control: &Control, cases: &[Uuid]) -> Result<HashMap<Uuid, String>, Error> {
        let mut session = self.inner.db.session().await?;
        let mut fields: HashMap<Uuid, String> = HashMap::with_capacity(cases.len());
        let mut contents: HashMap<Uuid, Content> = HashMap::with_capacity(cases.len());
        // The last content of a case wins: it comes last on its stream.
        for row in store::event::contents_of(session.conn(), self.id.0, cases).await? {
            let mut given = match Event::from_bytes(&row.bytes)?.body {
                Body::CaseOpened(body) => {
                    let field = title_field(control, body.playbook, body.playbook_version);
                    fields.extend(field.map(|field| (row.stream, field)));
                    body.fields
                }
                Body::CaseAmended(body) => body.fields,
                _ => continue,
            };
            let content = fields.get(&row.stream).and_then(|field| given.remove(field));
            match content {
                Some(content) => contents.insert(row.stream, content),
                None => contents.remove(&row.stream),
            };
        }
        let values = self.title_values(&mut session, &fields, &contents).await?;
        drop(session);
        Ok(contents.into_iter().filter_map(|(case, content)| Some((case, headline(&values.get(&content)?)?))).collect())
    }

    /// What is sealed of the headlines, opened.
    async fn title_values(
        &self,
        session: &mut store::Session,
        fields: &HashMap<Uuid, String>,
        contents: &HashMap<Uuid, Content>,
    ) -> Result<Values, Error> {
        let mut sealed: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
        for (case, content) in contents {
            if let (Content::Sealed(_), Some(field)) = (content, fields.get(case)) {
                sealed.entry(field).or_default().push(*case);
            }
        }
        let mut rows = Vec::new();
        for (field, mut cases) in sealed {
            cases.sort_unstable();
            rows.extend(store::vault::of_field(session.conn(), self.id.0, &format!("fields/{field}"), &cases).await?);
        }
        self.values_open(session, &rows).await
    }
}

fn title_field(control: &Control, playbook: PlaybookId, version: u64) -> Option<String> {
    title_of(&*control.playbook(playbook, version).ok()?).map(str::to_owned)
}

/// The field that is a playbook's headline.
#[must_use]
pub fn title_of(playbook: &Playbook) -> Option<&str> {
    playbook.headline().map(|field| field.name.as_str())
}

/// The first line of a value, cut to the length of a headline.
#[must_use]
pub fn headline(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.lines().find(|line| !line.trim().is_empty())?.trim().to_owned(),
        Value::Null => return None,
        other => other.to_string(),
    };
    let mut cut: String = text.chars().take(TITLE_CHARS_MAX).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    Some(cut)
}
