//! Asking a language model behind an endpoint about open cases. Personal data goes out masked or not at all; what comes back is a
//! proposal like any other, and where nothing comes back the case stays with people, and whoever asked is told why.

use super::{advice::proposed, learn::choices};
use crate::{Env, Error, Options, Workspace, case::read::share, input::ProposalInput, workspace::system};
use countersign_core::{
    Content,
    id::CaseId,
    playbook::Playbook,
    refusal::{Code, Refusal},
};
pub use countersign_models::chat::{Client, Endpoint, Fault, Secret, wire::Wire};
use countersign_models::{
    Input, Reach, Value as Seen,
    chat::{Advice, Question, Surroundings, protocol},
    input::TEXT_CHARS_MAX,
};
use countersign_privacy::mask::mask;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Cases on one page.
const PAGE_ITEMS: u32 = 200;

/// What a round of asking came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Cases that were asked about.
    pub cases: u64,
    /// Of these, those without advice.
    pub no_advice: u64,
    /// Proposals that were added.
    pub added: u64,
    /// What it cost, in micro-units.
    pub cost: u64,
}

struct Around<'a>(&'a Env);

impl Surroundings for Around<'_> {
    fn now(&self) -> i64 {
        self.0.now()
    }

    fn bits(&self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }
}

impl Workspace {
    /// Asks an endpoint about every open case of a playbook that has no proposal of it yet; `said` is handed what came of each. With
    /// `add`, proposals are added. Ends early where the budget is spent or the endpoint is left alone.
    ///
    /// # Errors
    /// Where the playbook's answers are no choices of at most 26 options, or the storage fails.
    pub async fn models_ask(
        &self,
        playbook: &str,
        (endpoint, client, wire): (&Endpoint, &mut Client, &mut Wire),
        add: bool,
        said: &mut (dyn FnMut(uuid::Uuid, Value) + Send),
    ) -> Result<Asked, Error> {
        let latest = self.playbook_latest(playbook).await?;
        let options = choices(&latest)?;
        if options.len() > protocol::OPTIONS_MAX {
            let detail =
                format!("{} options are more than the {} letters by which they are asked for", options.len(), protocol::OPTIONS_MAX);
            return Err(Refusal::new(Code::Invalid, detail).into());
        }
        let version = format!("{} {}", endpoint.model, protocol::PROMPT_VERSION);
        let (mut done, mut cursor) = (Asked::default(), None);
        loop {
            let page = self.cases_list(Some(playbook), Some("open"), cursor.as_deref(), PAGE_ITEMS).await?;
            for summary in &page.items {
                let case = CaseId(summary.case);
                let file = self.file(case).await?;
                if proposed(&file.state, &endpoint.model, &version) {
                    continue;
                }
                let spec = self.inner.control(self.id).await?.playbook(file.state.playbook, file.state.playbook_version)?;
                let value = |(name, content): (&String, &Content)| Some((name.clone(), file.values.get(content)?));
                let values = file.state.fields.iter().filter_map(value).collect();
                done.cases += 1;
                let advice = match question(&spec, &values) {
                    Ok(question) => client
                        .ask(endpoint, &question, wire, &Around(&self.inner.env))
                        .await
                        .map_err(|fault| (fault.to_string(), ends(&fault))),
                    Err(why) => Err((why, false)),
                };
                match advice {
                    Ok(advice) => {
                        done.cost = done.cost.saturating_add(advice.cost);
                        let proposal = proposal(endpoint, &version, &advice);
                        let what = json!({ "answer": advice.answer, "probabilities": proposal.probabilities, "cost": proposal.cost });
                        let added = match add {
                            true => self.case_propose(&system("models"), case, proposal, Options::default()).await.map(|_| 1),
                            false => Ok(0),
                        };
                        match added {
                            Ok(added) => {
                                done.added += added;
                                said(summary.case, what);
                            }
                            // One case that takes no proposal, as when it was decided meanwhile, ends nothing.
                            Err(Error::Refused(refusal)) => {
                                done.no_advice += 1;
                                said(summary.case, json!({ "no_advice": refusal.detail }));
                            }
                            Err(error) => return Err(error),
                        }
                    }
                    Err((why, end)) => {
                        done.no_advice += 1;
                        said(summary.case, json!({ "no_advice": why }));
                        if end {
                            return Ok(done);
                        }
                    }
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(done);
            }
        }
    }
}

/// Whether asking about further cases is of no use now: nothing may be spent, the endpoint is left alone, the key is wrong or there is no
/// such model. Any other refusal is of this one case, as of one that is too long for the model.
fn ends(fault: &Fault) -> bool {
    matches!(fault, Fault::Budget | Fault::Resting | Fault::Misasked(401 | 403 | 404))
}

/// What may go out about a case.
fn question(playbook: &Playbook, values: &BTreeMap<String, Value>) -> Result<Question, String> {
    let input = Input::of(playbook, values, Reach::Outside);
    if input.fields.is_empty() {
        return Err("the case has no field that may go out".into());
    }
    let text = |value: &Seen| match value {
        Seen::Text(text) | Seen::Gathered(text) | Seen::Word(text) => Some(text.clone()),
        // A number may be a card's or a person's as well.
        Seen::Number(number) => Some(number.to_string()),
        Seen::Flag(_) => None,
    };
    // All texts of the case together, so that the same value has the same placeholder throughout.
    let masked: Vec<(usize, String)> = input
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.masked)
        .filter_map(|(at, field)| Some((at, text(&field.value)?)))
        .collect();
    let texts: Vec<&str> = masked.iter().map(|(_, text)| text.as_str()).collect();
    let (texts, _) = mask(&texts).map_err(|error| error.to_string())?;
    // Cut only now: half an address at the cut would have passed for none.
    let cut = |text: String| text.chars().take(TEXT_CHARS_MAX).collect();
    let replaced: BTreeMap<usize, String> = masked.iter().map(|(at, _)| *at).zip(texts.into_iter().map(cut)).collect();
    let value = |at: usize, value: &Seen| match (replaced.get(&at), value) {
        (Some(text), _) => json!(text),
        (None, Seen::Text(text) | Seen::Gathered(text) | Seen::Word(text)) => json!(text),
        (None, Seen::Number(number)) => json!(number),
        (None, Seen::Flag(flag)) => json!(flag),
    };
    let fields = input.fields.iter().enumerate().map(|(at, field)| (field.name.clone(), value(at, &field.value))).collect();
    let options = choices(playbook).map_err(|error| error.to_string())?;
    Ok(Question { question: playbook.question.clone(), options, fields })
}

fn proposal(endpoint: &Endpoint, version: &str, advice: &Advice) -> ProposalInput {
    let probabilities: Map<String, Value> = advice.probabilities.iter().map(|(option, p)| (option.clone(), share(*p).into())).collect();
    ProposalInput {
        proposer: endpoint.model.clone(),
        version: Some(version.to_owned()),
        probabilities: Some(probabilities),
        explanation: Some(advice.explanation.clone()),
        cost: Some(format!("{}.{:06}", advice.cost / 1_000_000, advice.cost % 1_000_000)),
        ..ProposalInput::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::playbook::parse;

    #[test]
    fn personal_data_goes_out_masked_or_not_at_all() {
        let source = "name = \"t\"\nquestion = \"?\"\nanswer = { kind = \"choice\", options = [\"a\", \"b\"] }\n[fields]\n\
            open = { type = \"text\" }\nlocal = { type = \"text\", personal = true }\nmasked = { type = \"text\", personal = true, share = \"masked\" }\n\
            talk = { type = \"conversation\", personal = true, share = \"masked\" }\nnever = { type = \"text\", personal = true, share = \"never\" }\n\
            card = { type = \"number\", personal = true, share = \"masked\" }\nlong = { type = \"text\", personal = true, share = \"masked\" }\n\
            who = { type = \"text\", personal = true, subject = true, share = \"masked\" }\n";
        let playbook = parse::parse(source, "t.toml").unwrap();
        let values = [
            ("open", json!("order 7")),
            ("local", json!("at home")),
            ("masked", json!("write to ada@example.org")),
            ("talk", json!([{ "role": "customer", "text": "ada@example.org, 4111 1111 1111 1111" }])),
            ("never", json!("secret")),
            ("card", json!("4111111111111111")),
            // An address that the cut would go through.
            ("long", json!(format!("{}ada@example.org", " ".repeat(TEXT_CHARS_MAX - 12)))),
            ("who", json!("ada@example.org")),
        ];
        let question = question(&playbook, &values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()).unwrap();
        let sent = json!(question.fields.iter().cloned().collect::<Map<String, Value>>()).to_string();
        assert_eq!(question.fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["open", "masked", "talk", "card", "long"]);
        assert!(sent.contains("write to [MAIL_1]") && sent.contains("[MAIL_1], [CARD_1]"), "{sent}");
        for hidden in ["ada@", "4111", "home", "secret"] {
            assert!(!sent.contains(hidden), "{sent}");
        }
        // What is too long to be searched goes nowhere, and the case with it.
        let huge = BTreeMap::from([("masked".to_owned(), json!("x".repeat(countersign_privacy::find::TEXT_BYTES_MAX + 1)))]);
        assert!(super::question(&playbook, &huge).unwrap_err().contains("is not searched"));
    }
}
