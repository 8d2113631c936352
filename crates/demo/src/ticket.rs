//! Support tickets for the playbook `support-triage`. `atlas` is weak where a ticket is not in English, and blind to abuse
//! that is dressed as an invoice; `rules` are middling everywhere and worse on tickets with two topics.

mod text;

use crate::{
    Story,
    dice::Dice,
    grammar::expand,
    people::{ATLAS, Ease, Kind, RULES},
    story::{MINUTE, Telling, probabilities},
};
use countersign_core::time::format_rfc3339;
use serde_json::{Value, json};
use text::{ABUSE, ACCOUNT, BILLING, BUG, Letter, MIXED};

/// As in `playbooks/support-triage.toml`.
const QUEUES: [&str; 4] = ["billing", "bug", "account", "abuse"];
const SHARES: [u64; 4] = [37, 31, 26, 6];
const ABUSE_QUEUE: usize = 3;
/// Of 100 tickets so many have two topics.
const MIXED_SHARE: u64 = 16;

/// The ticket number `n`, written at `opened`.
pub fn story(dice: &mut Dice, telling: &Telling, n: u64, opened: i64) -> Story {
    let mixed = dice.chance(MIXED_SHARE);
    let (truth, points_to, letter) = if mixed {
        MIXED[dice.index(MIXED.len())]
    } else {
        let truth = dice.weighted(&SHARES);
        let letters = [BILLING, BUG, ACCOUNT, ABUSE][truth];
        // Of two letters the English one, so that about one in twelve is in another language.
        let (one, two) = (letters[dice.index(letters.len())], letters[dice.index(letters.len())]);
        (truth, truth, if one.language == "en" { one } else { two })
    };
    let written = Written::new(dice, &letter, opened);
    let foreign = letter.language != "en";
    let ease = if foreign || (truth == ABUSE_QUEUE && mixed) {
        Ease::Weak
    } else if mixed {
        Ease::Middling
    } else {
        Ease::Plain
    };
    let atlas = ATLAS.opinion(dice, QUEUES.len(), truth, ease);
    let rules = RULES.opinion(
        dice,
        QUEUES.len(),
        truth,
        if mixed {
            Ease::Weak
        } else if foreign {
            Ease::Middling
        } else {
            Ease::Plain
        },
    );
    let plan = ["free", "team", "enterprise"][dice.weighted(&[44, 48, 8])];
    let invoices = if plan == "free" { 0 } else { dice.below(if truth == 0 { 4 } else { 2 }) };
    let region = dice.pick(&["africa", "americas", "asia", "europe", "oceania"]);
    let why = explanation(dice, atlas.top, &written);
    let case = json!({
        "playbook": "support-triage",
        "external_id": format!("T-{}", 48_000 + n),
        "fields": {
            "subject": written.subject,
            "talk": written.talk,
            "customer": written.mail,
            "plan": plan,
            "invoices": invoices,
            "language": letter.language,
            "region": region,
        },
        "proposals": [
            { "proposer": ATLAS.name, "version": ATLAS.version, "probabilities": probabilities(&QUEUES, &atlas), "explanation": why,
              "evidence": evidence(&written, atlas.top == truth || atlas.top == points_to), "at": format_rfc3339(opened) },
            { "proposer": RULES.name, "version": RULES.version, "probabilities": probabilities(&QUEUES, &rules), "at": format_rfc3339(opened) },
        ],
    });
    let days = 1 + dice.below(4);
    telling.finish(dice, Kind::Ticket, case, &QUEUES, truth, mixed, atlas.top, opened, Some(days))
}

/// The letter as it was written.
struct Written {
    subject: String,
    talk: Value,
    mail: String,
    sign: String,
}

impl Written {
    fn new(dice: &mut Dice, letter: &Letter, opened: i64) -> Self {
        let (first, last) = (dice.pick(&text::FIRST), dice.pick(&text::LAST));
        let company = dice.pick(&text::COMPANIES);
        let slots = slots(dice, first, last, company);
        let subject = expand(dice, letter.subject, &slots);
        let body = expand(dice, letter.body, &slots);
        let english = letter.language == "en";
        let (opener, closer) = if english { (dice.pick(&text::OPENERS), dice.pick(&text::CLOSERS)) } else { ("", "\n\n{name}") };
        let (opener, closer) = (expand(dice, opener, &slots), expand(dice, closer, &slots));
        let mut talk = vec![turn("customer", format!("{opener}{body}{closer}"), opened)];
        if english && dice.chance(22) {
            let question = dice.pick(&text::QUESTIONS);
            talk.push(turn("support", expand(dice, question, &slots), opened + 9 * MINUTE));
            let reply = dice.pick(&text::REPLIES);
            talk.push(turn("customer", expand(dice, reply, &slots), opened + 31 * MINUTE));
        }
        let sign = letter.sign;
        let sign = expand(dice, sign, &slots);
        Self { subject: capital(&subject), talk: Value::from(talk), mail: address(dice, first, last, company), sign }
    }
}

fn turn(role: &str, text: String, at: i64) -> Value {
    json!({ "role": role, "text": text, "at": format_rfc3339(at) })
}

fn slots(dice: &mut Dice, first: &str, last: &str, company: &str) -> Vec<(&'static str, String)> {
    let product = dice.pick(&text::PRODUCTS).to_owned();
    let (month, month_de) = text::MONTHS[dice.index(text::MONTHS.len())];
    let amount = dice.pick(&["9", "19", "29", "49", "99", "129", "190", "348", "490", "1,188"]).to_owned();
    let mut hex = format!("{:x}", dice.bits());
    hex.truncate(8);
    vec![
        ("Product", capital(&product)),
        ("product", product),
        ("month_de", month_de.to_owned()),
        ("month", month.to_owned()),
        ("amount2", dice.between(11, 960).to_string()),
        ("amount", amount),
        ("invoice", format!("{}-{:05}", dice.between(2025, 2026), dice.below(100_000))),
        ("code", dice.between(13, 9_800).to_string()),
        ("seats2", dice.between(2, 9).to_string()),
        ("seats", dice.between(10, 80).to_string()),
        ("day", dice.between(4, 19).to_string()),
        ("hour", dice.between(7, 11).to_string()),
        ("minute", dice.between(10, 59).to_string()),
        ("digit", dice.between(0, 4).to_string()),
        ("year", dice.between(2017, 2024).to_string()),
        ("hex", hex),
        ("browser", dice.pick(&text::BROWSERS).to_owned()),
        ("system", dice.pick(&text::SYSTEMS).to_owned()),
        ("city", dice.pick(&text::CITIES).to_owned()),
        ("endpoint", dice.pick(&text::ENDPOINTS).to_owned()),
        ("idp", dice.pick(&text::IDPS).to_owned()),
        ("company", company.to_owned()),
        ("name2", dice.pick(&text::FIRST).to_owned()),
        ("name", format!("{first} {last}")),
    ]
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// An address under a domain that can belong to nobody (RFC 2606).
fn address(dice: &mut Dice, first: &str, last: &str, company: &str) -> String {
    let plain = |text: &str| -> String {
        let letters = text.chars().map(|c| match c {
            'á' | 'à' | 'ã' => 'a',
            'é' | 'ê' => 'e',
            'í' => 'i',
            'ö' | 'ó' => 'o',
            'š' => 's',
            c => c.to_ascii_lowercase(),
        });
        letters.filter(char::is_ascii_alphanumeric).collect()
    };
    let domain = if dice.chance(60) { format!("{}.example", plain(company)) } else { "mail.example".to_owned() };
    format!("{}.{}@{domain}", plain(first), plain(last))
}

fn explanation(dice: &mut Dice, top: usize, written: &Written) -> String {
    const WHY: [&str; 4] = [
        "[The customer writes about a payment|An invoice or a charge is in question|Money was taken, and the customer disagrees].",
        "[Something does not do what it should|The product misbehaves|It worked before, so it is likely a defect].",
        "[It is about getting in, or about who someone is here|The matter is an account or its owner|Access is the problem].",
        "[A third party is harmed through the service|This reads like a report of misuse].",
    ];
    let because = expand(dice, WHY[top], &[]);
    if dice.chance(55) { format!("{because} See \"{}\".", written.sign) } else { because }
}

/// The words that gave it away, where the text has them: in the subject by place, in the talk by quotation.
fn evidence(written: &Written, to_the_point: bool) -> Value {
    if !to_the_point {
        return json!([]);
    }
    if let Some(at) = written.subject.find(&written.sign) {
        let start = written.subject.get(..at).map_or(0, |before| before.chars().count());
        return json!([{ "field": "subject", "start": start, "end": start + written.sign.chars().count() }]);
    }
    let mut texts = written.talk.as_array().into_iter().flatten().filter_map(|turn| turn["text"].as_str());
    if texts.any(|text| text.contains(&written.sign)) { json!([{ "field": "talk", "quote": written.sign }]) } else { json!([]) }
}
