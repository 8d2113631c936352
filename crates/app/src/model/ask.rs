//! Asking a language model behind an endpoint about open cases. Personal data goes out masked or not at all; what comes back is a
//! proposal like any other, and where nothing comes back the case stays with people, and whoever asked is told why.

use super::{advice::proposed, learn::choices};
use crate::{Env, Error, Options, Workspace, asking::sent, case::read::share, input::ProposalInput, workspace::system};
use countersign_core::{
    Content,
    id::CaseId,
    refusal::{Code, Refusal},
};
use countersign_models::chat::{Advice, Surroundings, protocol};
pub use countersign_models::chat::{Client, Endpoint, Fault, Secret, wire::Wire};
use serde_json::{Map, Value, json};

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

/// Time and chance of a node.
pub(crate) struct Around<'a>(pub &'a Env);

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
        (endpoint, client, wire): (&Endpoint, &Client, &Wire),
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
                let advice = match sent::of(&spec, &values, sent::Beside::default()) {
                    Ok(sent) => {
                        let question = sent.question(&spec);
                        let asked = client.ask(endpoint, &question, wire, &Around(&self.inner.env)).await;
                        done.cost = done.cost.saturating_add(asked.cost);
                        asked.said.map_err(|fault| (fault.to_string(), ends(&fault)))
                    }
                    Err(why) => Err((why.to_string(), false)),
                };
                match advice {
                    Ok(advice) => {
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

pub(crate) fn proposal(endpoint: &Endpoint, version: &str, advice: &Advice) -> ProposalInput {
    let probabilities: Map<String, Value> = advice.probabilities.iter().map(|(option, p)| (option.clone(), share(*p).into())).collect();
    ProposalInput {
        proposer: endpoint.model.clone(),
        version: Some(version.to_owned()),
        probabilities: Some(probabilities),
        explanation: Some(advice.explanation.clone()),
        cost: Some(units(advice.cost)),
        ..ProposalInput::default()
    }
}

/// Micro-units as a decimal.
pub(crate) fn units(micro: u64) -> String {
    format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000)
}
