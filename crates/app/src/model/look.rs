//! How a model is asked: with the picture that it wants, where it looks at pictures, and off the threads that serve people, where that takes
//! long. Decides nothing.

use super::Model;
use crate::{Error, Workspace};
use countersign_core::{content::Digest, playbook::Playbook};
use countersign_models::{
    Advice, Input, NoAdvice, Proposer as _, Reach, Value as Seen,
    input::{Field, may_see},
};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// Whether what speaks for an answer is asked as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// People read it.
    Told,
    /// Nobody does: the answer is kept apart, or only counted.
    Unasked,
}

impl Workspace {
    /// What a model says of a case with these values.
    pub(super) async fn model_says(
        &self,
        model: &Arc<Model>,
        playbook: &Playbook,
        values: &BTreeMap<String, Value>,
        why: Why,
    ) -> Result<Result<Advice, NoAdvice>, Error> {
        let mut input = Input::of(playbook, values, Reach::InProcess);
        let Some(name) = model.picture() else { return Ok(model.propose(&input)) };
        let broken = |error: String| Error::Damaged(format!("looking at a picture broke off: {error}"));
        let _one_of_few = self.inner.models.looks.acquire().await.map_err(|error| broken(error.to_string()))?;
        let field = playbook.fields.iter().find(|field| field.name == name && may_see(field, Reach::InProcess));
        if let Some(field) = field
            && let Some(digest) = values.get(name).and_then(|value| value.get("attachment")).and_then(Value::as_str)
            && let Ok(digest) = digest.parse::<Digest>()
        {
            match self.attachment_get(digest, None).await {
                Ok((_, bytes)) => {
                    input.fields.push(Field {
                        name: name.to_owned(),
                        value: Seen::Picture(Arc::new(bytes)),
                        masked: false,
                        hidden: field.hidden,
                    });
                }
                // It was erased: the model says that it lacks it.
                Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let model = Arc::clone(model);
        let look = move || match why {
            Why::Told => model.propose(&input),
            Why::Unasked => model.answer(&input),
        };
        tokio::task::spawn_blocking(look).await.map_err(|error| broken(error.to_string()))
    }
}
