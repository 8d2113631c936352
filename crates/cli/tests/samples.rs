//! The committed samples are what their generator makes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

#[path = "../examples/samples.rs"]
#[expect(dead_code, reason = "the generator's own main is not run here")]
mod generator;

#[test]
fn the_samples_are_what_the_generator_makes() {
    for (name, content) in generator::files().unwrap() {
        let path = format!("{}/../../samples/{name}", env!("CARGO_MANIFEST_DIR"));
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(committed == content, "samples/{name} differs: run `cargo run --example samples`");
    }
}
