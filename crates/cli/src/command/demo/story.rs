//! Six cases as they happen: advice accepted, an undo, blind answers, an ask, two signatures and an appeal, a panel.

use super::cast::{Answer, Cast, decision, made, triage_llm};
use crate::node::{Node, operator};
use anyhow::{Context as _, Result};
use countersign_app::{
    Options,
    input::{AppealInput, AskInput, ProposalInput, ReasonInput},
};
use countersign_core::id::EventId;
use serde_json::{Value, json};

/// Tells the story; returns the decision of which the evidence is shown.
pub async fn tell(node: &Node, cast: &Cast) -> Result<EventId> {
    node.out.line("\nLive")?;
    assist_and_undo(node, cast).await?;
    blind(node, cast).await?;
    ask(node, cast).await?;
    let decision = two_signatures_and_appeal(node, cast).await?;
    panel(node, cast).await?;
    Ok(decision)
}

fn ticket(subject: &str, text: &str, customer: &str, plan: &str) -> Value {
    json!({ "subject": subject, "talk": [{ "role": "customer", "text": text }], "customer": customer, "plan": plan, "invoices": 0, "language": "en", "region": "europe" })
}

/// One in ten cases is drawn to be answered before the advice is shown. That is decided by dice that were sealed beforehand,
/// so the story takes what comes.
fn drawn(route: &str) -> &'static str {
    if route == "blind" { " (drawn to be answered before the advice is shown, as one in ten is)" } else { "" }
}

async fn assist_and_undo(node: &Node, cast: &Cast) -> Result<()> {
    let proposal =
        triage_llm([("billing", "0.91"), ("bug", "0.04"), ("account", "0.04"), ("abuse", "0.01")], "The customer was charged twice.");
    let fields = ticket("Charged twice in January", "My card shows two payments of 49 euros.", "noa.lindqvist@example.org", "team");
    let (case, route) = cast.open("support-triage", fields, vec![proposal]).await?;
    node.out.line(format!("  {route}: a ticket about a double charge{}", drawn(&route)))?;
    let shown = cast.look(&cast.ada, case).await?;
    let receipt = if shown.advice_visible {
        cast.judge(&cast.ada, &shown, Answer::Accept, None).await?
    } else {
        cast.judge(&cast.ada, &shown, Answer::Option("billing"), None).await?;
        let shown = cast.look(&cast.ada, case).await?;
        cast.judge(&cast.ada, &shown, Answer::Accept, None).await?
    };
    node.out.line("    triage-llm proposes billing (0.91); Ada accepts it: decided")?;
    cast.workspace
        .decision_withdraw(&cast.ada.caller(), decision(&receipt)?, ReasonInput { person: cast.ada.id.0, reason: None }, Options::default())
        .await?;
    let receipt = cast.decide(&cast.ada, case, "billing").await?;
    decision(&receipt)?;
    node.out.line("    Ada takes it back within the grace time, looks again and decides billing; both stand in the ledger")?;
    cast.outcome(case, "billing").await?;
    node.out.line("    outcome: billing closed the ticket")
}

async fn blind(node: &Node, cast: &Cast) -> Result<()> {
    let proposal = triage_llm([("billing", "0.08"), ("bug", "0.17"), ("account", "0.74"), ("abuse", "0.01")], "It is about signing in.");
    let fields = ticket(
        "Invite expires at once",
        "The invite says that it has expired, one minute after I sent it.",
        "mei.tanaka@example.org",
        "enterprise",
    );
    let (case, route) = cast.open("support-triage", fields, vec![proposal]).await?;
    node.out.line(format!("  {route}: an enterprise ticket, so the playbook's rule wants a first look without advice"))?;
    let shown = cast.look(&cast.ben, case).await?;
    node.out.line(format!("    Ben sees {} fields and {} proposals, and answers bug", shown.fields.len(), shown.proposals.len()))?;
    cast.judge(&cast.ben, &shown, Answer::Option("bug"), None).await?;
    let shown = cast.look(&cast.ben, case).await?;
    let receipt = cast.judge(&cast.ben, &shown, Answer::Option("bug"), Some("The clock of the invite is wrong, not the account.")).await?;
    decision(&receipt)?;
    node.out.line("    then he sees the advice (account 0.74) and stays with bug: decided. His first answer cannot be undone")?;
    cast.outcome(case, "bug").await?;
    node.out.line("    outcome: it was a bug")
}

async fn ask(node: &Node, cast: &Cast) -> Result<()> {
    let proposal = triage_llm([("billing", "0.52"), ("bug", "0.05"), ("account", "0.42"), ("abuse", "0.01")], "An invoice is mentioned.");
    let fields = ticket(
        "Payment fails and I am locked out",
        "Paying the invoice fails and now I cannot get into my account.",
        "kofi.mensah@example.org",
        "team",
    );
    let (case, route) = cast.open("support-triage", fields, vec![proposal]).await?;
    node.out.line(format!("  {route}: a ticket about money and a lock-out{}", drawn(&route)))?;
    let mut shown = cast.look(&cast.chloe, case).await?;
    if !shown.advice_visible {
        cast.judge(&cast.chloe, &shown, Answer::Option("account"), None).await?;
        shown = cast.look(&cast.chloe, case).await?;
    }
    let about = shown.proposals.first().context("the proposal is shown")?.id;
    let instruction = "What keeps the customer from working right now?";
    let input = AskInput { person: cast.chloe.id.0, instruction: instruction.into(), about: Some(about) };
    let receipt = cast.workspace.case_ask(&cast.chloe.caller(), case, input, Options::default()).await?;
    let ask = made(&receipt, "ask.made").context("the ask is written")?;
    let second = triage_llm(
        [("billing", "0.11"), ("bug", "0.04"), ("account", "0.84"), ("abuse", "0.01")],
        "The lock-out comes first; the invoice can wait.",
    );
    let second = ProposalInput { chained_from: Some(about), ask: Some(ask), ..second };
    cast.workspace.case_propose(&operator(), case, second, Options::default()).await?;
    node.out.line(format!("    Chloé asks: \"{instruction}\" triage-llm answers with a second proposal, chained to the first"))?;
    let shown = cast.look(&cast.chloe, case).await?;
    let receipt = cast.judge(&cast.chloe, &shown, Answer::Accept, None).await?;
    decision(&receipt)?;
    node.out.line("    Chloé accepts account: decided. Instruction and both proposals are part of the record")?;
    cast.outcome(case, "account").await
}

async fn two_signatures_and_appeal(node: &Node, cast: &Cast) -> Result<EventId> {
    let proposal =
        triage_llm([("billing", "0.03"), ("bug", "0.02"), ("account", "0.15"), ("abuse", "0.80")], "A page pretends to be a bank.");
    let fields =
        ticket("Phishing pages on your service", "A page on your domain pretends to be our bank.", "clara.weber@example.org", "free");
    let (case, route) = cast.open("support-triage", fields, vec![proposal]).await?;
    node.out.line(format!("  {route}: a report of abuse; nobody is called an abuser by one person alone{}", drawn(&route)))?;
    let receipt = cast.decide(&cast.ada, case, "abuse").await?;
    node.out.line(format!("    Ada signs abuse: the case stays {}", receipt.state))?;
    let receipt = cast.decide(&cast.ben, case, "abuse").await?;
    let first = decision(&receipt)?;
    node.out.line(format!("    Ben signs abuse: {}", receipt.state))?;
    let appeal = AppealInput { person: None, reason: "The page is our own test page.".into() };
    cast.workspace.decision_appeal(&operator(), first, appeal, Options::default()).await?;
    let receipt = cast.decide(&cast.chloe, case, "account").await?;
    node.out.line(format!(
        "    The owner appeals. Chloé, who signed nothing here, decides without seeing the first answers: account, {}",
        receipt.state
    ))?;
    cast.outcome(case, "account").await?;
    Ok(receipt.decision.map_or(first, EventId))
}

async fn panel(node: &Node, cast: &Cast) -> Result<()> {
    let probabilities = [("benign", "0.35"), ("watch", "0.40"), ("escalate", "0.25")].map(|(option, p)| (option.to_owned(), json!(p)));
    let proposal = ProposalInput {
        proposer: "soc-llm".into(),
        version: Some("2026-01-15".into()),
        probabilities: Some(probabilities.into_iter().collect()),
        ..ProposalInput::default()
    };
    let fields = json!({ "rule": "New administrator: an account was added to the administrators", "severity": 84, "asset": "domain-controller", "seen_at": "2026-02-10T03:12:00Z", "host": "ber-dc-01", "account": "svc-backup07" });
    let (case, route) = cast.open("alert-triage", fields, vec![proposal]).await?;
    node.out.line(format!("  {route}: an alert on a domain controller; two people answer without advice and without one another"))?;
    cast.decide(&cast.ada, case, "escalate").await?;
    let receipt = cast.decide(&cast.ben, case, "watch").await?;
    node.out.line(format!("    Ada answers escalate, Ben answers watch: {}", receipt.state))?;
    let shown = cast.look(&cast.chloe, case).await?;
    let receipt = cast.judge(&cast.chloe, &shown, Answer::Option("escalate"), Some("A service account has no business there.")).await?;
    node.out.line(format!("    Chloé adjudicates, seeing the {} answers: escalate, {}", shown.judgments.len(), receipt.state))?;
    cast.outcome(case, "escalate").await?;
    node.out.line("    outcome: it was an attack")
}
