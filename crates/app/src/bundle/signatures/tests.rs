//! A signed decision as a bundle has it, and every part of it altered. Whoever runs the server can make a log of whatever events they
//! like; what they cannot make is a person's signature.

use super::*;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use countersign_core::{
    Actor, Content,
    answer::Answer,
    event::{CaseShown, PasskeyRemoved, Phase, PlaybookPublished, ShownField, Source},
    id::{PersonId, PlaybookId, WorkspaceId},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use uuid::Uuid;

const ADA: PersonId = PersonId(Uuid::from_u128(7));
const CREDENTIAL: Digest = Digest([9; 32]);
// Where each event stands.
const PLAYBOOK: usize = 0;
const ADDED: usize = 1;
const SHOWN: usize = 2;
const GIVEN: usize = 3;
const MADE: usize = 4;

fn source(signed: bool) -> String {
    format!(
        "name = \"x\"\nquestion = \"?\"\nanswer = {{ kind = \"choice\", options = [\"pay\", \"hold\"] }}\nfields = {{ a = {{ type = \"text\" }} }}\ndecide = {{ signed = {signed} }}"
    )
}

fn event(n: u128, body: impl Into<Body>) -> Event {
    Event {
        id: EventId(Uuid::from_u128(n)),
        workspace: WorkspaceId(Uuid::from_u128(1)),
        stream: Uuid::from_u128(2),
        stream_version: 1,
        occurred_at: 5,
        recorded_at: 5,
        actor: Actor::Person(ADA),
        source: Source::Desk,
        causation: None,
        body: body.into(),
    }
}

struct Key(EcdsaKeyPair);

impl Key {
    fn new() -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap())
    }

    fn cose(&self) -> String {
        let point = self.0.public_key().as_ref();
        let key = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], &point[1..33], &[0x22, 0x58, 32], &point[33..]].concat();
        URL_SAFE_NO_PAD.encode(key)
    }

    fn sign(&self, challenge: [u8; 32]) -> PasskeySignature {
        let data = [&Digest::of(b"desk.example.org").0[..], &[0x05, 0, 0, 0, 1]].concat();
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        let client = format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"https://desk.example.org"}}"#);
        let message = [&data, &Digest::of(client.as_bytes()).0[..]].concat();
        PasskeySignature {
            credential: CREDENTIAL,
            authenticator_data: URL_SAFE_NO_PAD.encode(&data),
            client_data: URL_SAFE_NO_PAD.encode(client),
            signature: URL_SAFE_NO_PAD.encode(self.0.sign(&SystemRandom::new(), &message).unwrap()),
        }
    }
}

/// The events of a decision that Ada signed, in their order.
fn signed(key: &Key) -> Vec<Event> {
    let source = source(true);
    let published = PlaybookPublished {
        playbook: PlaybookId(Uuid::from_u128(3)),
        name: "x".into(),
        version: 1,
        digest: parse::digest(&source),
        source: Content::text(source),
    };
    let added = PasskeyAdded { person: ADA, credential: CREDENTIAL, key: key.cose(), rp_id: "desk.example.org".into() };
    let shown = CaseShown {
        comments: Vec::new(),
        person: ADA,
        phase: Phase::Only,
        content_digest: Digest([4; 32]),
        playbook_version: 1,
        fields: vec![ShownField { name: "a".into(), masked: false }],
        proposals: Vec::new(),
        judgments: Vec::new(),
        advice_visible: false,
        unexplained: false,
        record: None,
        bulk: false,
        precedents: Vec::new(),
        expires_at: 9,
    };
    let shown = event(12, shown);
    let answer = Answer::Choice("hold".into());
    let digest = Digest::of(&canonical::to_vec(&shown).unwrap());
    let given = JudgmentGiven {
        person: ADA,
        phase: Phase::Only,
        answer: answer.clone(),
        accepts: None,
        confidence: None,
        took: None,
        advice_visible: false,
        shown: shown.id,
        content_digest: Digest([4; 32]),
        playbook_version: 1,
        proposals: Vec::new(),
        kept: None,
        reason: None,
        bulk: false,
        signature: Some(key.sign(signing::challenge(&Digest([4; 32]), &digest, &answer).unwrap())),
    };
    let made = DecisionMade {
        answer,
        basis: Basis::Signatures,
        persons: vec![ADA],
        judgments: vec![EventId(Uuid::from_u128(13))],
        act_after: 6,
        content_digest: Digest([4; 32]),
        playbook_version: 1,
    };
    vec![event(10, published), event(11, added), shown, event(13, given), event(14, made)]
}

fn checked(events: &[Event]) -> Result<(), String> {
    let Body::DecisionMade(made) = &events.last().unwrap().body else { panic!("the last is the decision") };
    check(events, EventId(Uuid::from_u128(14)), made)
}

macro_rules! alter {
    ($events:ident, $at:expr, $kind:ident, $body:ident => $change:expr) => {
        match &mut $events[$at].body {
            Body::$kind($body) => $change,
            other => panic!("{other:?}"),
        }
    };
}

fn signature(events: &mut [Event]) -> &mut PasskeySignature {
    match &mut events[GIVEN].body {
        Body::JudgmentGiven(given) => given.signature.as_mut().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_signed_holds() {
    assert_eq!(checked(&signed(&Key::new())), Ok(()));
}

#[test]
fn an_answer_a_showing_a_signature_and_a_key_that_were_altered_are_named() {
    let key = Key::new();
    type Alter = fn(&mut Vec<Event>);
    let ways: [(&str, Alter, &str); 12] = [
        (
            "answer",
            |e| alter!(e, GIVEN, JudgmentGiven, b => b.answer = Answer::Choice("pay".into())),
            "signed another answer, or something else than was shown",
        ),
        ("shown", |e| alter!(e, SHOWN, CaseShown, b => b.advice_visible = true), "something else than was shown"),
        ("shown to whom", |e| alter!(e, SHOWN, CaseShown, b => b.expires_at += 1), "something else than was shown"),
        ("content", |e| alter!(e, GIVEN, JudgmentGiven, b => b.content_digest = Digest([5; 32])), "something else than was shown"),
        (
            "signature",
            |e| signature(e).signature = URL_SAFE_NO_PAD.encode([0; 70]),
            "the signature is not of the passkey that the ledger has",
        ),
        (
            "signature of others",
            |e| {
                let other = signed(&Key::new());
                e[GIVEN] = other[GIVEN].clone();
            },
            "the signature is not of the passkey",
        ),
        ("key", |e| alter!(e, ADDED, PasskeyAdded, b => b.key = Key::new().cose()), "the signature is not of the passkey"),
        ("site", |e| alter!(e, ADDED, PasskeyAdded, b => b.rp_id = "evil.example".into()), "which is not ours"),
        ("person", |e| alter!(e, ADDED, PasskeyAdded, b => b.person = PersonId(Uuid::from_u128(8))), "somebody else's"),
        ("no key", |e| drop(e.remove(ADDED)), "was not made known before"),
        ("no signature", |e| alter!(e, GIVEN, JudgmentGiven, b => b.signature = None), "is not signed, and its playbook wants that"),
        ("nobody", |e| alter!(e, MADE, DecisionMade, b => b.judgments.clear()), "nobody signed this one"),
    ];
    for (what, alter, wanted) in ways {
        let mut events = signed(&key);
        alter(&mut events);
        let told = checked(&events).unwrap_err();
        assert!(told.contains(wanted), "{what}: {told}");
    }
}

#[test]
fn a_passkey_that_came_later_or_was_gone_signs_nothing() {
    let key = Key::new();
    let mut late = signed(&key);
    late.swap(ADDED, GIVEN);
    late.swap(ADDED, SHOWN);
    assert!(checked(&late).unwrap_err().contains("was not made known before"));
    let mut gone = signed(&key);
    gone.insert(SHOWN, event(15, PasskeyRemoved { person: ADA, credential: CREDENTIAL }));
    assert!(checked(&gone).unwrap_err().contains("had been removed"));
    let mut after = signed(&key);
    after.insert(MADE, event(15, PasskeyRemoved { person: ADA, credential: CREDENTIAL }));
    assert_eq!(checked(&after), Ok(()), "what was signed before stays signed");
}

#[test]
fn where_nothing_has_to_be_signed_a_missing_signature_is_none_and_a_wrong_one_is_wrong() {
    let key = Key::new();
    let mut events = signed(&key);
    alter!(events, PLAYBOOK, PlaybookPublished, b => b.source = Content::text(source(false)));
    alter!(events, GIVEN, JudgmentGiven, b => b.signature = None);
    assert_eq!(checked(&events), Ok(()));
    let mut events = signed(&key);
    alter!(events, PLAYBOOK, PlaybookPublished, b => b.source = Content::text(source(false)));
    signature(&mut events).signature = URL_SAFE_NO_PAD.encode([0; 70]);
    assert!(checked(&events).is_err());
}
