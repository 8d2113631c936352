//! Invented support tickets: what customers write, what two proposers and three people made of it, who closed it.

use super::opinion::opinion;
use countersign_core::time::format_rfc3339;
use countersign_demo::dice::{Dice, decimal};
use serde_json::json;
use std::error::Error;

const SEED: u64 = 20_260_105;
const TICKETS: u64 = 300;
/// The last ones are still to be decided.
const OPEN: u64 = 8;
/// 2026-01-05T08:00:00Z.
const BEGIN: i64 = 1_767_600_000_000_000;
const MINUTE: i64 = 60_000_000;

/// As in `playbooks/support-triage.toml`.
const QUEUES: [&str; 4] = ["billing", "bug", "account", "abuse"];
const SHARES: [u64; 4] = [37, 31, 25, 7];
const PEOPLE: [(&str, u64); 3] = [("Ada Brandt", 93), ("Ben Okafor", 85), ("Chloé Martin", 89)];
const KEYWORDS_SKILL: u64 = 70;
const LLM_SKILL: u64 = 86;

const FIRST: [&str; 24] = [
    "noa", "liam", "mei", "omar", "ines", "tomas", "aisha", "jonas", "priya", "lucia", "emre", "sofia", "kofi", "hana", "mateo", "zoe",
    "anders", "fatou", "yuki", "pavel", "clara", "diego", "leila", "hugo",
];
const LAST: [&str; 16] = [
    "lindqvist",
    "moreau",
    "tanaka",
    "haddad",
    "silva",
    "novak",
    "bello",
    "weber",
    "nair",
    "rossi",
    "demir",
    "ivanova",
    "mensah",
    "sato",
    "castro",
    "dubois",
];
const PRODUCTS: [&str; 6] = ["the calendar sync", "the mobile app", "the export", "the dashboard", "the invoice page", "the API"];
const MONTHS: [&str; 4] = ["October", "November", "December", "January"];

/// Subject and text in pairs; `{p}`, `{m}` and `{n}` are filled in.
const BILLING: [(&str, &str, &str); 8] = [
    ("en", "Charged twice in {m}", "My card shows two payments of {n} euros for {m}. Please send one of them back."),
    ("en", "Invoice {n} has the wrong address", "We moved. Could you issue invoice {n} again with our new address?"),
    ("en", "Cancel before the trial ends", "I tried the plan and it is not for us. Please make sure that nothing is charged in {m}."),
    ("en", "VAT missing", "Our accountant says that invoice {n} lacks the VAT number, so we cannot book it."),
    ("de", "Doppelte Abbuchung im {m}", "Im {m} wurden {n} Euro zweimal abgebucht. Bitte erstatten Sie einen Betrag."),
    ("fr", "Remboursement de la facture {n}", "Nous avons résilié en {m}, mais la facture {n} est arrivée quand même."),
    ("en", "Upgrade price is unclear", "The page says one price and the invoice says {n}. Which one is right?"),
    (
        "en",
        "Payment fails and I am locked out",
        "Paying invoice {n} fails and now I cannot get into my account at all. Is it the card or the password?",
    ),
];
const BUG: [(&str, &str, &str); 8] = [
    ("en", "{p} shows yesterday's data", "Since this morning {p} shows yesterday's numbers. Reloading does not help."),
    ("en", "Error {n} when saving", "Every time I save in {p} I get error {n} and lose what I typed."),
    ("en", "Crash on start", "After the update {p} closes by itself right after the logo. Phone and tablet alike."),
    ("de", "Export bricht ab", "Der Export bricht nach {n} Zeilen ab, ohne Meldung."),
    ("fr", "La synchronisation double tout", "Depuis mardi chaque rendez-vous apparaît deux fois."),
    ("en", "Numbers do not add up", "The total in {p} is {n} less than the sum of the rows. Am I being billed by the total?"),
    ("en", "Search finds nothing with an accent", "Searching for \"Zoë\" finds nothing, \"Zoe\" does."),
    ("en", "Timeouts", "{p} answers after 30 seconds or not at all, mostly between 9 and 10."),
];
const ACCOUNT: [(&str, &str, &str); 8] = [
    ("en", "Cannot sign in", "The reset mail never arrives. I looked in spam too."),
    ("en", "Change the owner", "Our admin left. How can I become the owner of the workspace?"),
    ("en", "Two accounts by mistake", "I signed up twice, once with each address. Please merge them."),
    ("de", "Zwei-Faktor-Gerät verloren", "Mein Telefon ist weg und mit ihm die Codes. Wie komme ich wieder hinein?"),
    ("fr", "Supprimer mon compte", "Merci de supprimer mon compte et toutes mes données."),
    ("en", "Invite does not work", "The invite link says that it has expired, one minute after I sent it. Is that a bug?"),
    ("en", "Wrong name", "My name is misspelt everywhere and the field is grey."),
    ("en", "Which plan am I on?", "The settings say team, the invoice of {m} says free. Which account is right?"),
];
const ABUSE: [(&str, &str, &str); 4] = [
    ("en", "Phishing pages on your service", "A page on your domain pretends to be our bank and asks for passwords. Please take it down."),
    (
        "en",
        "Somebody spams us through your forms",
        "We get {n} messages a day from a form that is hosted with you. We never agreed to any.",
    ),
    ("en", "Threats in a shared note", "A user shares notes with me that threaten me. I blocked him and he comes back under other names."),
    (
        "de",
        "Gefälschte Rechnungen in unserem Namen",
        "Jemand verschickt über Ihren Dienst gefälschte Rechnungen in unserem Namen, eine über {n} Euro.",
    ),
];

const HEADER: [&str; 25] = [
    "ticket",
    "opened",
    "subject",
    "talk",
    "customer",
    "plan",
    "invoices",
    "language",
    "region",
    "kw_billing",
    "kw_bug",
    "kw_account",
    "kw_abuse",
    "llm_billing",
    "llm_bug",
    "llm_account",
    "llm_abuse",
    "reviewer",
    "answer",
    "advice_seen",
    "confidence",
    "seconds",
    "judged",
    "closed_by",
    "closed",
];

/// The file.
pub fn csv() -> Result<String, Box<dyn Error>> {
    let mut dice = Dice::new(SEED);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for n in 0..TICKETS {
        writer.write_record(ticket(&mut dice, n))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn ticket(dice: &mut Dice, n: u64) -> Vec<String> {
    let truth = dice.weighted(&SHARES);
    let texts: &[(&str, &str, &str)] = match truth {
        0 => &BILLING,
        1 => &BUG,
        2 => &ACCOUNT,
        _ => &ABUSE,
    };
    let (language, subject, body) = texts[dice.below(texts.len() as u64) as usize];
    let (product, month, number) = (dice.pick(&PRODUCTS), dice.pick(&MONTHS), (12 + dice.below(4_000)).to_string());
    let fill = |text: &str| text.replace("{p}", product).replace("{m}", month).replace("{n}", &number);
    let opened = BEGIN + n as i64 * 37 * MINUTE + dice.below(20) as i64 * MINUTE;
    let mut talk = vec![json!({ "role": "customer", "text": fill(body), "at": format_rfc3339(opened) })];
    if dice.chance(20) {
        let reply = dice.pick(&[
            "Thank you for writing. Could you send us a picture of it?",
            "Since when does it happen?",
            "Which address did you sign up with?",
        ]);
        talk.push(json!({ "role": "support", "text": reply, "at": format_rfc3339(opened + 9 * MINUTE) }));
        talk.push(json!({ "role": "customer", "text": dice.pick(&["Since yesterday.", "I have attached it.", "The one that I am writing from."]), "at": format_rfc3339(opened + 30 * MINUTE) }));
    }
    let customer = format!("{}.{}@example.org", dice.pick(&FIRST), dice.pick(&LAST));
    let plan = ["free", "team", "enterprise"][dice.weighted(&[45, 45, 10])];
    let invoices = if plan == "free" { 0 } else { dice.below(if truth == 0 { 5 } else { 2 }) };
    let region = dice.pick(&["africa", "americas", "asia", "europe", "oceania"]);
    let (_, keywords) = opinion(dice, QUEUES.len(), truth, KEYWORDS_SKILL);
    let (advice, llm) = opinion(dice, QUEUES.len(), truth, LLM_SKILL);
    let capital = fill(subject);
    let capital = capital.char_indices().map(|(i, c)| if i == 0 { c.to_ascii_uppercase() } else { c }).collect::<String>();
    let mut row = vec![
        format!("T-{}", 10_000 + n),
        format_rfc3339(opened),
        capital,
        serde_json::Value::from(talk).to_string(),
        customer,
        plan.to_owned(),
        invoices.to_string(),
        language.to_owned(),
        region.to_owned(),
    ];
    row.extend(keywords.iter().chain(&llm).map(|p| decimal(*p)));
    row.extend(if n < TICKETS - OPEN { history(dice, truth, advice, opened) } else { vec![String::new(); 8] });
    row
}

/// What a person made of it, and who closed it.
fn history(dice: &mut Dice, truth: usize, advice: usize, opened: i64) -> Vec<String> {
    let (name, skill) = PEOPLE[dice.below(3) as usize];
    let seen = dice.chance(55);
    let right = dice.chance(skill);
    let wrong = (truth + 1 + dice.below(3) as usize) % QUEUES.len();
    let own = if right { truth } else { wrong };
    // Advice is followed now and then by people who had seen it differently: mostly to their advantage.
    let answer = if seen && advice != own && dice.chance(45) { advice } else { own };
    let confidence = if right { 700 + dice.below(300) } else { 500 + dice.below(400) };
    let seconds = 8 + dice.below(if seen { 50 } else { 90 });
    let judged = opened + (15 + dice.below(120) as i64) * MINUTE;
    vec![
        name.to_owned(),
        QUEUES[answer].to_owned(),
        if seen { "yes" } else { "no" }.to_owned(),
        decimal(confidence),
        format!("{seconds}.{}", dice.below(10)),
        format_rfc3339(judged),
        QUEUES[truth].to_owned(),
        format_rfc3339(judged + (1 + dice.below(70) as i64) * 60 * MINUTE),
    ]
}
