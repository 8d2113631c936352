//! Remarks on a case, and the lines of its diffs that they are about: which line somebody means is found where its text can be read; whether
//! they may say something of it is the engine's word. A remark on what was amended since stays, and says so.

use super::{Verb, read::File};
use crate::{
    Caller, Error, Options, Workspace,
    input::{AnchorInput, CommentInput},
    view::{AnchorView, CommentView, Receipt},
};
use countersign_core::{
    content::Digest,
    event::{Body, RemarkAnchor},
    id::{CaseId, EventId, PersonId},
    patch::{self, Patch, Side},
    playbook::{FieldKind, Playbook},
    refusal::{Code, Refusal},
    time,
};
use std::collections::BTreeMap;

impl Workspace {
    /// Adds a remark, on the whole case or on one line of a diff.
    ///
    /// # Errors
    /// A refusal says what is wrong; nothing is written then.
    pub async fn case_comment(&self, caller: &Caller, case: CaseId, input: CommentInput, options: Options) -> Result<Receipt, Error> {
        let anchor = match &input.anchor {
            Some(anchor) => Some(self.anchor(case, PersonId(input.person), anchor).await?),
            None => None,
        };
        self.submit(caller, case, Verb::Comment(input, anchor), options).await.map(|done| done.receipt)
    }

    /// The line that somebody means. What they may not see is not looked into: the engine refuses it by its name.
    async fn anchor(&self, case: CaseId, person: PersonId, input: &AnchorInput) -> Result<RemarkAnchor, Error> {
        let side = match input.side.as_deref() {
            None | Some("new") => Side::New,
            Some("old") => Side::Old,
            Some(_) => return Err(Refusal::invalid("/anchor/side", "old, for the text before, or new").into()),
        };
        let control = self.inner.control(self.id).await?;
        let file = self.clone().read_by(Some(person)).file(case).await?.read_by(&control, Some(person));
        let playbook = control.playbook(file.state.playbook, file.state.playbook_version)?;
        let seen = input.content.as_deref().map(str::parse::<Digest>).transpose();
        let seen = seen.map_err(|_| Refusal::invalid("/anchor/content", "64 hex digits, as a case tells them of its content"))?;
        let content_digest = seen.unwrap_or(file.state.content_digest);
        let mut anchor =
            RemarkAnchor { field: input.field.clone(), file: input.number.unwrap_or(1), side, line: input.line, content_digest };
        let readable = playbook.fields.iter().any(|spec| spec.name == input.field && spec.kind == FieldKind::Patch && !spec.hidden);
        let view = file.field(&playbook, &input.field, false);
        if view.erased {
            return Err(Refusal::field(Code::Erased, "/anchor/field", format!("{}: its value was erased", input.field)).into());
        }
        if let Some(text) = view.value.as_str().filter(|_| readable && content_digest == file.state.content_digest) {
            anchor.file = line_of(&patch::parse(text), input, side)?;
        }
        Ok(anchor)
    }
}

/// Which file of a diff is meant, counted from 1, where it has the line.
fn line_of(patch: &Patch<'_>, input: &AnchorInput, side: Side) -> Result<u64, Refusal> {
    let field = &input.field;
    let at = match (input.number, &input.file) {
        (Some(number), _) => usize::try_from(number).ok().and_then(|number| number.checked_sub(1)),
        (None, Some(path)) => patch.files.iter().position(|file| file.path() == path),
        (None, None) if patch.files.len() == 1 => Some(0),
        (None, None) => {
            let detail = format!("{field}: the diff has {} files: say in which one the line is", patch.files.len());
            return Err(Refusal::invalid("/anchor/file", detail));
        }
    };
    let known = at.and_then(|at| Some((at, patch.files.get(at)?)));
    let (at, file) = known.ok_or_else(|| Refusal::invalid("/anchor/file", format!("{field}: the diff has no such file")))?;
    if !file.has(side, input.line) {
        let detail = format!("{field}: the {} text of {} has no line {} in this diff", side.as_str(), file.path(), input.line);
        return Err(Refusal::invalid("/anchor/line", detail));
    }
    Ok(at as u64 + 1)
}

impl File {
    /// Remarks, as far as they may be told.
    pub(crate) fn comments(&self, playbook: &Playbook, told: impl Fn(EventId, PersonId) -> bool) -> Vec<CommentView> {
        let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let remarks = self.events.iter().filter_map(|(_, event)| match &event.body {
            Body::CommentAdded(body) if told(event.id, body.person) => Some((event, body)),
            _ => None,
        });
        let remarks = remarks.map(|(event, body)| CommentView {
            id: event.id.0,
            person: body.person.0,
            text: self.text(Some(&body.text)),
            mentions: body.mentions.iter().map(|person| person.0).collect(),
            anchor: body.anchor.as_ref().map(|anchor| {
                let outdated = anchor.content_digest != self.state.content_digest;
                let read = || {
                    let view = self.field(playbook, &anchor.field, false);
                    let patch = view.value.as_str().map(patch::parse).unwrap_or_default();
                    patch.files.iter().map(|file| file.path().to_owned()).collect()
                };
                let paths = (!outdated).then(|| &*paths.entry(anchor.field.clone()).or_insert_with(read));
                let at = usize::try_from(anchor.file).ok().and_then(|file| file.checked_sub(1));
                AnchorView {
                    field: anchor.field.clone(),
                    file: at.and_then(|at| paths?.get(at).cloned()),
                    number: anchor.file,
                    side: anchor.side.as_str().to_owned(),
                    line: anchor.line,
                    content: anchor.content_digest.to_string(),
                    outdated,
                }
            }),
            at: time::format_rfc3339(event.occurred_at),
        });
        remarks.collect()
    }
}
