//! Own cases for every kind, properties on any text, and the labelled public cases where they are at hand.

use super::{Find, Kind, TEXT_BYTES_MAX, Unsearched, find, hits, in_code_points};
use proptest::prelude::*;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, time::Instant};

/// Finds of some kinds only.
fn find_only(text: &str, kinds: &[Kind]) -> Result<Vec<Find>, Unsearched> {
    Ok(in_code_points(text, &hits(text, kinds)?))
}

/// The name by which the public cases call a kind.
fn entity(kind: Kind) -> &'static str {
    match kind {
        Kind::Mail => "EMAIL_ADDRESS",
        Kind::Phone => "PHONE_NUMBER",
        Kind::PhoneTr => "TR_PHONE_NUMBER",
        Kind::PhonePh => "PH_MOBILE_NUMBER",
        Kind::Card => "CREDIT_CARD",
        Kind::Iban => "IBAN_CODE",
        Kind::Ip => "IP_ADDRESS",
        Kind::Mac => "MAC_ADDRESS",
        Kind::AuTfn => "AU_TFN",
        Kind::AuMedicare => "AU_MEDICARE",
        Kind::CaSin => "CA_SIN",
        Kind::DeTaxId => "DE_TAX_ID",
        Kind::DeSocialSecurity => "DE_SOCIAL_SECURITY",
        Kind::EsNie => "ES_NIE",
        Kind::EsNif => "ES_NIF",
        Kind::FiPersonalIdentity => "FI_PERSONAL_IDENTITY_CODE",
        Kind::InAadhaar => "IN_AADHAAR",
        Kind::ItFiscalCode => "IT_FISCAL_CODE",
        Kind::KrRrn => "KR_RRN",
        Kind::KrFrn => "KR_FRN",
        Kind::NgNin => "NG_NIN",
        Kind::PlPesel => "PL_PESEL",
        Kind::SePersonnummer => "SE_PERSONNUMMER",
        Kind::SgNricFin => "SG_NRIC_FIN",
        Kind::ThTnin => "TH_TNIN",
        Kind::TrNationalId => "TR_NATIONAL_ID",
        Kind::UkNhs => "UK_NHS",
        Kind::UkNino => "UK_NINO",
        Kind::UsSsn => "US_SSN",
        Kind::UsItin => "US_ITIN",
        Kind::ZaId => "ZA_ID_NUMBER",
    }
}

fn check(kind: Kind, text: &str, expected: &[&str]) {
    let found = find_only(text, &[kind]).unwrap();
    let chars: Vec<char> = text.chars().collect();
    let texts: Vec<String> = found.iter().map(|f| chars[f.start..f.end].iter().collect()).collect();
    assert_eq!(texts, expected, "{kind:?} in {text:?}");
}

#[test]
fn addresses() {
    check(Kind::Mail, "(ada.l+x@mail.example.org), 'b@c.de' and b@c.", &["ada.l+x@mail.example.org", "b@c.de"]);
    check(Kind::Mail, "zoë@bücher.example schrieb @ mittags, a@b, @home", &["zoë@bücher.example"]);
    check(Kind::Ip, "von 10.1.2.3/8, fe80::1%eth0 und 1.2.3.4.5; nicht 1.2.3 oder 300.1.1.1", &["10.1.2.3/8", "fe80::1%eth0", "1.2.3.4"]);
    check(Kind::Ip, "[2001:db8::7]:443 at 12:30:15", &["2001:db8::7"]);
    check(Kind::Mac, "00:1A:2B:3C:4D:5E 00-1A:2B-3C:4D-5E FF-FF-FF-FF-FF-FF", &["00:1A:2B:3C:4D:5E"]);
}

#[test]
fn money() {
    check(Kind::Card, "4111 1111 1111 1111, 4111-1111-1111-1112 and 5555555555554444", &["4111 1111 1111 1111", "5555555555554444"]);
    check(Kind::Card, "order 4111111111111111 12 pieces", &["4111111111111111"]);
    check(
        Kind::Iban,
        "Konto DE89 3704 0044 0532 0130 00 oder gb29nwbk60161331926819.",
        &["DE89 3704 0044 0532 0130 00", "gb29nwbk60161331926819"],
    );
    check(Kind::Iban, "DE89370400440532013001 XX89370400440532013000", &[]);
}

#[test]
fn phones() {
    check(Kind::Phone, "(415) 555-0132, +44 (20) 7123 4567, 030/1234567 und 415.555.0132", {
        &["(415) 555-0132", "+44 (20) 7123 4567", "030/1234567", "415.555.0132"]
    });
    check(Kind::Phone, "am 01.02.2024 um 12:30, Nr. 12345", &[]);
    check(Kind::PhoneTr, "0 (532) 123 45 67", &["0 (532) 123 45 67"]);
    check(Kind::PhonePh, "09171234567 0917123456", &["09171234567"]);
}

#[test]
fn national_ids() {
    // Numbers that the issuers publish as examples, or that were computed by hand from their rules, and one digit beside them.
    check(Kind::AuTfn, "123 456 782 / 123 456 783", &["123 456 782"]);
    check(Kind::CaSin, "130 692 544 / 130 692 545", &["130 692 544"]);
    check(Kind::DeTaxId, "86095742719 86095742710", &["86095742719"]);
    check(Kind::DeSocialSecurity, "15070649C103 15070649C104", &["15070649C103"]);
    check(Kind::EsNif, "12345678Z, 12345678-Z, 12345678A", &["12345678Z", "12345678-Z"]);
    check(Kind::EsNie, "X1234567L X1234567A", &["X1234567L"]);
    check(Kind::FiPersonalIdentity, "131052-308T, 131052-308U", &["131052-308T"]);
    check(Kind::ItFiscalCode, "RSSMRA85T10A562S", &["RSSMRA85T10A562S"]);
    check(Kind::KrRrn, "960121-1234567 961321-1234567", &["960121-1234567"]);
    check(Kind::PlPesel, "44051401458 44051401459", &["44051401458"]);
    check(Kind::SePersonnummer, "811228-9874, 811228-9875", &["811228-9874"]);
    check(Kind::TrNationalId, "10000000146 10000000147", &["10000000146"]);
    check(Kind::UkNhs, "943 476 5919 943 476 5918", &["943 476 5919"]);
    check(Kind::UkNino, "AB 12 34 56 C, GB123456C", &["AB 12 34 56 C"]);
    check(Kind::UsSsn, "078-05-1123 078-05.1123 000-12-3456", &["078-05-1123"]);
    check(Kind::ZaId, "8001015009087 8001015009086", &["8001015009087"]);
}

#[test]
fn offsets_are_code_points_and_finds_lie_apart() {
    let text = "Zoë 🙂 zoe@example.org, 🙂 10.0.0.1";
    let found = find(text).unwrap();
    let expected = [Find { kind: Kind::Mail, start: 6, end: 21 }, Find { kind: Kind::Ip, start: 25, end: 33 }];
    assert_eq!(found, expected);
}

#[test]
fn any_input_takes_linear_time() {
    let mixed = "a@b.".repeat(1 << 18);
    #[expect(clippy::disallowed_methods, reason = "the test measures time")]
    let clock = Instant::now;
    for text in [".".repeat(1 << 20), "1.".repeat(1 << 19), ":".repeat(1 << 20), "@".repeat(1 << 20), "1".repeat(1 << 20), mixed] {
        let began = clock();
        find(&text).unwrap();
        // A quadratic pass over a megabyte would take hours, even without optimisation.
        assert!(began.elapsed().as_secs() < 20, "{:?} took {:?}", &text[..4], began.elapsed());
    }
    assert!(find(&"x".repeat(TEXT_BYTES_MAX + 1)).is_err());
}

proptest! {
    #[test]
    fn finds_are_in_order_and_inside(text in "[0-9a-zA-Z@.:+() é🙂-]{0,80}") {
        let mut at = 0;
        for find in find(&text).unwrap() {
            prop_assert!(find.start >= at && find.start < find.end && find.end <= text.chars().count());
            at = find.end;
        }
    }
}

/// Rows that are declined, and why: none of their spans is looked for.
fn declined(row: &Value) -> Option<&'static str> {
    match row["options"]["leniency"].as_u64() {
        Some(leniency) if leniency != 1 => Some("another leniency than the default: this finder has one"),
        _ => None,
    }
}

#[test]
fn the_public_cases_are_found_exactly() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/pii-cases/spans.jsonl");
    let Ok(rows) = std::fs::read_to_string(&path) else {
        println!("passed over: no labelled cases beside this repository; the own cases above were held");
        return;
    };
    let mut by_kind: BTreeMap<&str, (u32, u32, u32)> = BTreeMap::new();
    let mut faults = Vec::new();
    for row in rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let name = row["entities"][0].as_str().unwrap();
        let Some(kind) = Kind::ALL.into_iter().find(|kind| entity(*kind) == name) else { continue };
        let counts = by_kind.entry(entity(kind)).or_default();
        if let Some(reason) = declined(&row) {
            println!("declined {}: {reason}", row["id"]);
            counts.2 += 1;
            continue;
        }
        let text = row["text"].as_str().unwrap();
        let found: Vec<(u64, u64)> = find_only(text, &[kind]).unwrap().iter().map(|f| (f.start as u64, f.end as u64)).collect();
        let spans = row["spans"].as_array().unwrap().iter();
        let listed: Vec<(u64, u64)> = spans.map(|s| (s["start"].as_u64().unwrap(), s["end"].as_u64().unwrap())).collect();
        counts.1 += 1;
        if found == listed {
            counts.0 += 1;
        } else {
            faults.push(format!("{name} {text:?}: listed {listed:?}, found {found:?}"));
        }
    }
    for (entity, (exact, all, declined)) in &by_kind {
        println!("{entity}: {exact} of {all} exact, {declined} declined");
    }
    assert_eq!(by_kind.len(), Kind::ALL.len(), "every finder has public cases");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
