//! A real classifier of a package registry, held to what onnxruntime says of the same numbers and to what its own package says of the same pictures
//! (`tests/fixtures/package/make.py`). The model is no part of this project: where it is not, the test says so and passes over.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use countersign_models::{Advice, Input, Proposer as _, Value, input::Field};
use countersign_vision::{VisionMapping, VisionModel};
use serde_json::Value as Json;
use std::sync::Arc;

/// The path of the model; `cargo xtask test` fetches it and sets this.
const VARIABLE: &str = "COUNTERSIGN_TEST_CLASSIFIER";
const SAID: &str = include_str!("fixtures/package/said.json");
const MAPPING: &str = include_str!("fixtures/package/mapping.toml");
const PICTURES: [(&str, &[u8], &str); 4] = [
    ("upright.png", include_bytes!("fixtures/package/upright.png"), "upright"),
    ("turned.png", include_bytes!("fixtures/package/turned.png"), "turned"),
    ("short.png", include_bytes!("fixtures/package/short.png"), "upright"),
    ("large.jpg", include_bytes!("fixtures/package/large.jpg"), "turned"),
];

fn model() -> Option<VisionModel> {
    let onnx = std::env::var_os(VARIABLE).and_then(|path| std::fs::read(path).ok());
    let Some(onnx) = onnx else {
        eprintln!("LEFT OUT: {VARIABLE} names no model; `cargo xtask test` fetches it");
        return None;
    };
    Some(VisionModel::new(&onnx, VisionMapping::parse(MAPPING).unwrap()).unwrap())
}

fn shares(said: &Json) -> Vec<f64> {
    said.as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect()
}

fn asked(model: &VisionModel, bytes: &[u8]) -> Advice {
    let value = Value::Picture(Arc::new(bytes.to_vec()));
    model.propose(&Input { fields: vec![Field { name: "scan".into(), value, masked: false, hidden: false }] }).unwrap()
}

#[test]
fn it_says_what_onnxruntime_says_of_the_same_numbers() {
    let Some(model) = model() else { return };
    let said: Json = serde_json::from_str(SAID).unwrap();
    for (seed, said) in [0u64, 1_000_000, 77].into_iter().zip(said["by_formula"].as_array().unwrap()) {
        let number = |at: u64| ((at + seed) * 2_654_435_761 % (1 << 32)) as f64 / f64::from(1u32 << 31) - 1.0;
        let numbers: Vec<f32> = (0..3 * 48 * 192).map(|at| number(at) as f32).collect();
        let ours = model.probabilities(&numbers).unwrap();
        let far = ours.iter().zip(shares(said)).map(|(ours, theirs)| (ours - theirs).abs()).fold(0.0, f64::max);
        eprintln!("seed {seed}: {ours:?}, {far:.1e} from onnxruntime");
        assert!(far < 1e-5, "{ours:?} {said}");
    }
}

#[test]
fn it_says_of_pictures_what_its_own_package_says_and_why() {
    let Some(model) = model() else { return };
    let said: Json = serde_json::from_str(SAID).unwrap();
    for (name, bytes, answer) in PICTURES {
        let advice = asked(&model, bytes);
        // The package rounds each point to one of 256 steps after it was resized, and decodes a JPEG by another library.
        let far = advice.probabilities.iter().zip(shares(&said["pictures"][name]));
        let far = far.map(|((_, ours), theirs)| (f64::from(*ours) / 1e9 - theirs).abs()).fold(0.0, f64::max);
        eprintln!("{name}: {:?}, {far:.1e} from the package", advice.probabilities);
        assert_eq!(advice.answer, answer, "{name}");
        assert!(far < 0.001, "{name}: {advice:?} {said}");
        let heat = advice.evidence[0].heat.as_ref().unwrap();
        assert_eq!((heat.columns, heat.rows, heat.left, heat.top, heat.height), (12, 3, 0, 0, 10_000), "{name}");
        // However sure it is, something speaks for it, and not what was left over beside a short line.
        let (most, beyond) = (heat.cells.iter().max().unwrap(), 10_000 * 12 / heat.width.max(10_000));
        let left_over: Vec<i8> = heat.cells.iter().enumerate().filter(|(at, _)| (at % 12) as u32 > beyond).map(|(_, cell)| *cell).collect();
        eprintln!("{name}: {:?}", heat.cells.chunks(12).collect::<Vec<_>>());
        assert!(*most >= 5 && left_over.iter().all(|cell| cell.abs() < *most), "{name}: {heat:?}");
    }
}
