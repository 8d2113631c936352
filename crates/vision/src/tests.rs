//! Networks held to what onnxruntime says of the same numbers (`tests/fixtures/make.py`), pictures of which it is known what speaks for the answer, and
//! files that nobody should believe.

use super::*;
use crate::{network::Network, picture::PIXELS_MAX};
use countersign_core::playbook::parse;
use countersign_models::{Advice, Input, NoAdvice, Proposer as _, Value, input::Field};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::sync::Arc;

const SIDE: &[u8] = include_bytes!("../tests/fixtures/side.onnx");
const MIXED: &[u8] = include_bytes!("../tests/fixtures/mixed.onnx");
const OPEN: &[u8] = include_bytes!("../tests/fixtures/open.onnx");
const OLD: &[u8] = include_bytes!("../tests/fixtures/old.onnx");
const LEFT: &[u8] = include_bytes!("../tests/fixtures/left.png");
const RIGHT: &[u8] = include_bytes!("../tests/fixtures/right.jpg");

const MAPPING: &str = "picture = \"scan\"\nwidth = 16\nheight = 8\ncolours = \"grey\"\nmean = [0.0]\nspread = [1.0]\nclasses = [\"0\", \"1\"]\n\
    answers = { \"0\" = \"left\", \"1\" = \"right\" }\n";

fn mapping(more: &str) -> VisionMapping {
    VisionMapping::parse(&format!("{MAPPING}{more}")).unwrap()
}

fn side() -> VisionModel {
    VisionModel::new(SIDE, mapping("")).unwrap()
}

fn refused(onnx: &[u8], mapping: VisionMapping) -> String {
    VisionModel::new(onnx, mapping).unwrap_err().to_string()
}

fn input(bytes: &[u8], hidden: bool) -> Input {
    let value = Value::Picture(Arc::new(bytes.to_vec()));
    Input { fields: vec![Field { name: "scan".into(), value, masked: false, hidden }] }
}

fn asked(model: &VisionModel, bytes: &[u8], hidden: bool) -> Result<Advice, NoAdvice> {
    model.propose(&input(bytes, hidden))
}

/// The bytes with the first `from` in them as `to`.
fn altered(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|part| part == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// The bytes with another last one.
fn ended(bytes: &[u8], last: u8) -> Vec<u8> {
    [&bytes[..bytes.len() - 1], &[last]].concat()
}

#[test]
fn networks_say_what_onnxruntime_says() {
    let all = [
        (SIDE, include_str!("../tests/fixtures/side.json"), [1, 8, 16]),
        (MIXED, include_str!("../tests/fixtures/mixed.json"), [3, 20, 24]),
        (OPEN, include_str!("../tests/fixtures/open.json"), [1, 1, 1]),
        (OLD, include_str!("../tests/fixtures/old.json"), [1, 6, 6]),
        (include_bytes!("../tests/fixtures/new.onnx"), include_str!("../tests/fixtures/new.json"), [1, 6, 6]),
    ];
    for (onnx, told, sizes) in all {
        let network = Network::read(onnx, sizes, None).unwrap();
        let numbers =
            |row: &Json, name: &str| row[name].as_array().unwrap().iter().map(|n| n.as_f64().unwrap() as f32).collect::<Vec<f32>>();
        for row in serde_json::from_str::<Vec<Json>>(told).unwrap() {
            let (ours, theirs) = (network.run(&numbers(&row, "picture")).unwrap(), numbers(&row, "scores"));
            assert_eq!(ours.len(), theirs.len());
            let far = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(far < 1e-5, "{sizes:?}: {ours:?} {theirs:?}");
        }
    }
}

#[test]
fn what_is_covered_tells_what_speaks_for_the_answer() {
    for (bytes, answer, left) in [(LEFT, "left", true), (RIGHT, "right", false)] {
        let advice = asked(&side(), bytes, false).unwrap();
        assert_eq!(advice.answer, answer);
        let heat = advice.evidence[0].heat.as_ref().unwrap();
        assert_eq!((heat.left, heat.top, heat.width, heat.height, heat.columns, heat.rows), (0, 0, 10_000, 10_000, 12, 6));
        let most = heat.cells.iter().max().unwrap();
        for (at, cell) in heat.cells.iter().enumerate() {
            let on_side = (at % 12 < 6) == left;
            assert!(on_side || *cell <= 0, "{heat:?}");
        }
        assert!(*most > 0 && advice.explanation.contains(answer), "{advice:?}");
        let unasked = side().look(&input(bytes, false), false).unwrap();
        assert_eq!((&unasked.probabilities, unasked.evidence.len()), (&advice.probabilities, 0), "the same answer, and why was not asked");
        let hidden = asked(&side(), bytes, true).unwrap();
        assert!(hidden.answer == answer && hidden.evidence.is_empty(), "what people do not see is mapped for nobody");
    }
    assert_eq!(asked(&side(), LEFT, false), asked(&VisionModel::from_bytes(&side().to_bytes()).unwrap(), LEFT, false), "the same twice");
    let nothing = side().propose(&Input::default()).unwrap_err();
    assert_eq!(nothing, NoAdvice::Missing("scan".into()));
}

#[test]
fn a_mapping_says_how_a_picture_becomes_numbers() {
    let picture = Picture::decode(LEFT).unwrap();
    assert_eq!((picture.width, picture.height), (16, 8));
    let plain = picture.numbers(&mapping(""));
    assert_eq!((plain.len(), plain[0], plain[16 + 1]), (128, 0.0, 1.0), "grey as it is");
    let shifted = picture.numbers(&VisionMapping { mean: vec![0.5], spread: vec![0.5], ..mapping("") });
    assert_eq!((shifted[0], shifted[17]), (-1.0, 1.0));
    let colours = picture.numbers(&VisionMapping { colours: Colours::Bgr, mean: vec![0.0, 0.1, 0.2], spread: vec![1.0], ..mapping("") });
    assert_eq!((colours.len(), colours[17], colours[128 + 17], colours[256 + 17]), (384, 1.0, 0.9, 0.8));
    // Kept in its shape at the model's height, what is left over on the right is the mean.
    let kept = picture.numbers(&VisionMapping { width: 32, fit: Fit::Height, mean: vec![0.5], spread: vec![0.5], ..mapping("") });
    assert_eq!((kept[0], kept[15], kept[16], kept[31]), (-1.0, -1.0, 0.0, 0.0));
    let cropped = picture.numbers(&VisionMapping { width: 8, height: 8, fit: Fit::Crop, ..mapping("") });
    assert_eq!((cropped[8], cropped[9], cropped[10]), (1.0, 1.0, 0.0), "the middle of it");
    for (source, says) in [("width = 0", "duplicate key"), ("spred = 1", "unknown field")] {
        let error = VisionMapping::parse(&format!("{MAPPING}{source}\n")).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    for (from, to, says) in [
        ("width = 16", "width = 5000", "`width` is 5000: 1 to 1024 can be"),
        ("mean = [0.0]", "mean = [0.0, 1.0]", "`mean` has 2 numbers: one, or one for each of 1 colours"),
        ("spread = [1.0]", "spread = [0.0]", "those of `spread` above 0"),
        ("spread = [1.0]", "spread = [nan]", "finite numbers"),
    ] {
        let error = VisionMapping::parse(&MAPPING.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_model_is_held_against_its_playbook() {
    let playbook = |scan: &str, options: &str| {
        let source = format!(
            "name = \"p\"\nquestion = \"?\"\nanswer = {{ kind = \"choice\", options = {options} }}\n[fields]\nscan = {{ {scan} }}\nnote = {{ type = \"text\" }}\n"
        );
        parse::parse(&source, "p.toml").unwrap()
    };
    let both = "[\"left\", \"right\"]";
    assert_eq!(side().faults(&playbook("type = \"image\"", both)), [""; 0]);
    for (scan, options, says) in [
        ("type = \"text\"", both, "picture (scan): the field is no image"),
        ("type = \"image\", audited = true", both, "picture (scan): no model sees this field"),
        ("type = \"image\"", "[\"left\", \"up\"]", "the playbook's 2 options are left, up"),
    ] {
        let faults = side().faults(&playbook(scan, options));
        assert!(faults.len() == 1 && faults[0].contains(says), "{faults:?}");
    }
    let other = VisionMapping { picture: "photo".into(), ..mapping("") };
    assert!(VisionModel::new(SIDE, other).unwrap().faults(&playbook("type = \"image\"", both))[0].contains("has no such field"));
}

#[test]
fn what_cannot_be_used_is_refused_in_words() {
    let four = 4f32.to_le_bytes();
    for (onnx, mapping, says) in [
        (b"no model".to_vec(), mapping(""), "its bytes are no ONNX model"),
        (
            SIDE.to_vec(),
            VisionMapping { height: 9, ..mapping("") },
            "the picture would be 1 x 1 x 9 x 16, and the model's is 1 x 1 x 8 x 16",
        ),
        (SIDE.to_vec(), VisionMapping { colours: Colours::Rgb, ..mapping("") }, "the picture would be 1 x 3 x 8 x 16"),
        (SIDE.to_vec(), VisionMapping { classes: vec!["0".into()], ..mapping("") }, "`classes` names 1, and 2 scores come out"),
        (SIDE.to_vec(), mapping("output = \"other\"\n"), "it has no output \"other\": scores"),
        (altered(SIDE, &four, &f32::NAN.to_le_bytes()), mapping(""), "its constant \"side\" holds what is no finite number"),
        (altered(SIDE, b"Softmax", b"Softwax"), mapping(""), "its operator Softwax is not known here: convolutions"),
        (OPEN.to_vec(), mapping(""), "tried on a picture that says nothing, the model's answer is no set of probabilities"),
        (
            OPEN.to_vec(),
            VisionMapping { width: 1_024, height: 1_024, ..mapping("scores = \"logits\"\n") },
            "its operator Conv asks for more work than a picture may take",
        ),
        (vec![0; VISION_BYTES_MAX + 1], mapping(""), "bytes, and 16777216 are taken"),
        // The version of the operators is the last byte of the file.
        (ended(SIDE, 6), mapping(""), "it is written in version 6 of ONNX's operators, and 7 to 28 are known here"),
        (ended(SIDE, 29), mapping(""), "it is written in version 29"),
    ] {
        let said = refused(&onnx, mapping);
        assert!(said.contains(says), "{said:?} does not say {says:?}");
    }
    assert!(VisionModel::new(OPEN, mapping("scores = \"logits\"\n")).is_ok());
    // What runs over is no advice, and no refusal of the model: it is fine with what says nothing.
    let huge = (0..4).fold(SIDE.to_vec(), |bytes, _| altered(&bytes, &four, &f32::MAX.to_le_bytes()));
    assert_eq!(asked(&VisionModel::new(&huge, mapping("")).unwrap(), LEFT, false), Err(NoAdvice::NoProbabilities));
    let said = side().probabilities(&[0.0; 127]).unwrap_err();
    assert_eq!(said, NoAdvice::NoProbabilities, "a number too few");
    // Cut off anywhere it is refused, or says what the whole does not need.
    for end in 0..SIDE.len() {
        if let Ok(model) = VisionModel::new(&SIDE[..end], mapping("")) {
            assert_eq!(asked(&model, LEFT, false).unwrap().answer, "left", "at {end}");
        }
    }
    let whole = side().to_bytes();
    for end in 0..whole.len() {
        assert!(VisionModel::from_bytes(&whole[..end]).is_err(), "at {end}");
    }
    assert!(VisionModel::from_bytes(&altered(&whole, b"left", b"lift")).unwrap_err().to_string().contains("digest"));
}

#[test]
fn a_picture_that_says_that_it_is_too_large_is_not_unpacked() {
    // Width and height stand from the 17th byte of a PNG on.
    let sized = |width: u32, height: u32| {
        let mut bytes = LEFT.to_vec();
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        bytes
    };
    for (width, height) in [(20_000, 20_000), (4_096, 4_097), (u32::MAX, u32::MAX), (0, 8)] {
        assert!(Picture::decode(&sized(width, height)).is_err(), "{width} x {height}");
    }
    assert!(Picture::decode(&sized(4_096, 4_097)).unwrap_err().contains(&format!("4096 x 4097 points, and {PIXELS_MAX} are the most")));
    assert!(Picture::decode(&sized(4_096, 4_096)).is_err(), "of what it says only a little is there");
    let mut damaged = LEFT.to_vec();
    damaged[45] ^= 1;
    assert!(Picture::decode(&damaged).is_err(), "one bit of it is another");
    assert_eq!(Picture::decode(b"GIF89a").unwrap_err(), "it is neither a PNG nor a JPEG");
    for bytes in [LEFT, RIGHT] {
        for end in 0..bytes.len() {
            assert!(Picture::decode(&bytes[..end]).is_err(), "what was cut off at {end} is no picture");
        }
    }
    // Texts and profiles are not read, whatever they would unpack to.
    let (head, rest) = LEFT.split_at(33);
    let chunk = [&9u32.to_be_bytes()[..], b"zTXt", b"a\0\0xxxxxx", &[0; 4]].concat();
    assert_eq!(Picture::decode(&[head, &chunk, rest].concat()).unwrap(), Picture::decode(LEFT).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_that_were_changed_break_nothing(at in 0..3_600usize, to in any::<u8>(), picture in prop::collection::vec(any::<u8>(), 0..64)) {
        let change = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let place = at % bytes.len();
            bytes[place] = to;
            bytes
        };
        let _ = Network::read(&change(MIXED), [3, 20, 24], None);
        let _ = VisionModel::new(&change(SIDE), mapping(""));
        let _ = Picture::decode(&change(LEFT));
        let _ = Picture::decode(&change(RIGHT));
        let _ = Picture::decode(&[b"\x89PNG\r\n\x1a\n", picture.as_slice()].concat());
        let _ = Picture::decode(&[b"\xff\xd8\xff", picture.as_slice()].concat());
    }
}
