//! Who plays in the demo, and the moves that they make through the same use cases as everybody.

use crate::node::{self, Node, operator};
use anyhow::{Context as _, Result};
use countersign_app::{
    Caller, Options, Workspace,
    input::{CaseInput, JudgmentInput, OutcomeInput, PersonInput, ProposalInput},
    view::{Receipt, Shown},
};
use countersign_core::id::{CaseId, EventId, PersonId};
use countersign_demo::people::PEOPLE;
use serde_json::{Value, json};
use uuid::Uuid;

/// Who plays in the story, and who tries the demo.
pub struct Cast {
    pub workspace: Workspace,
    pub ada: Player,
    pub ben: Player,
    pub chloe: Player,
    pub you: Player,
}

/// One of them.
pub struct Player {
    pub id: PersonId,
}

/// What a person answers.
pub enum Answer<'a> {
    /// This option.
    Option(&'a str),
    /// The first proposal on the screen.
    Accept,
}

/// What each of them may decide on; `YOU` too.
const ROLES: [&str; 4] = ["support", "analyst", "incident-lead", "reviewer"];
/// Whoever tries the demo.
const YOU: &str = "You";

impl Cast {
    /// Adds the people to the workspace: the five of the month, and whoever tries the demo.
    pub async fn assemble(node: &Node) -> Result<Self> {
        let mut ids = Vec::new();
        let names: Vec<&str> = PEOPLE.iter().map(|person| person.name).chain([YOU]).collect();
        for name in &names {
            let input = PersonInput { name: (*name).to_owned(), mail: None, roles: ROLES.map(str::to_owned).to_vec(), external: false };
            ids.push(PersonId(node.workspace.person_add(&operator(), input).await?.person));
        }
        node.out.line(format!("People: {}", names.join(", ")))?;
        let player = |name: &str| {
            let at = names.iter().position(|known| *known == name);
            at.and_then(|at| ids.get(at)).map(|id| Player { id: *id }).with_context(|| format!("{name} was added"))
        };
        let (ada, ben, chloe, you) = (player("Ada Brandt")?, player("Ben Okafor")?, player("Chloé Martin")?, player(YOU)?);
        Ok(Self { workspace: node.workspace.clone(), ada, ben, chloe, you })
    }

    /// Opens a case; returns it with its route.
    pub async fn open(&self, playbook: &str, fields: Value, proposals: Vec<ProposalInput>) -> Result<(CaseId, String)> {
        let fields = fields.as_object().cloned().unwrap_or_default();
        let input = CaseInput { playbook: playbook.into(), fields, proposals, ..CaseInput::default() };
        let receipt = self.workspace.case_open(&operator(), input, Options::default()).await?;
        let case = CaseId(receipt.case);
        let view = self.workspace.case_get(case, None).await?;
        Ok((case, view.route))
    }

    /// Claims a case and has it shown.
    pub async fn look(&self, player: &Player, case: CaseId) -> Result<Shown> {
        self.workspace.claim(player.id, case).await?;
        Ok(self.workspace.case_show(&player.caller(), case, player.id, Options::default()).await?)
    }

    /// Answers what was shown.
    pub async fn judge(&self, player: &Player, shown: &Shown, answer: Answer<'_>, reason: Option<&str>) -> Result<Receipt> {
        let accept = match answer {
            Answer::Accept => Some(shown.proposals.first().context("there is a proposal to accept")?.id),
            Answer::Option(_) => None,
        };
        let input = JudgmentInput {
            person: player.id.0,
            token: shown.token.clone(),
            answer: if let Answer::Option(option) = answer { Some(json!(option)) } else { None },
            accept,
            confidence: None,
            seconds: None,
            reason: reason.map(str::to_owned),
            signature: None,
        };
        Ok(self.workspace.case_judge(&player.caller(), CaseId(shown.case), input, Options::default()).await?)
    }

    /// Looks and answers at once; where the case is answered twice (before and after the advice), both times the same.
    pub async fn decide(&self, player: &Player, case: CaseId, option: &str) -> Result<Receipt> {
        let shown = self.look(player, case).await?;
        let receipt = self.judge(player, &shown, Answer::Option(option), None).await?;
        if shown.phase != "first" {
            return Ok(receipt);
        }
        let shown = self.look(player, case).await?;
        self.judge(player, &shown, Answer::Option(option), None).await
    }

    /// What the world says.
    pub async fn outcome(&self, case: CaseId, option: &str) -> Result<()> {
        let input = OutcomeInput { value: json!(option), source: None, at: None };
        self.workspace.case_outcome(&operator(), case, input, Options::default()).await?;
        Ok(())
    }
}

impl Player {
    /// As whom they act.
    pub fn caller(&self) -> Caller {
        node::person(self.id)
    }
}

/// A proposal of the triage model.
pub fn triage_llm(probabilities: [(&str, &str); 4], explanation: &str) -> ProposalInput {
    let probabilities = probabilities.iter().map(|(option, p)| ((*option).to_owned(), json!(p))).collect();
    ProposalInput {
        proposer: "triage-llm".into(),
        version: Some("2026-01-02".into()),
        probabilities: Some(probabilities),
        explanation: Some(explanation.into()),
        ..ProposalInput::default()
    }
}

/// The event of a type that a command wrote, which names what it made.
pub fn made(receipt: &Receipt, type_name: &str) -> Option<Uuid> {
    receipt.events.iter().find(|event| event.type_name == type_name).map(|event| event.id)
}

/// The decision that a receipt settled.
pub fn decision(receipt: &Receipt) -> Result<EventId> {
    receipt.decision.map(EventId).context("the case is decided")
}
