//! The platform in a small world: quick, and the same to the last bit whenever a seed is run again.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests may panic"))]

use countersign_worlds::{file, simulate, summary::summary};

#[test]
fn a_seed_gives_the_same_again_and_the_platform_is_no_worse_than_the_oracle_allows() {
    let world = file::parse_one(include_str!("worlds.toml"), "small").unwrap();
    let runs = simulate(&world, 1..3, &|| ()).unwrap();
    assert_eq!(runs, simulate(&world, 1..3, &|| ()).unwrap(), "to the bit");
    assert_ne!(runs[0].platform, runs[1].platform, "seeds differ");
    for run in &runs {
        assert_eq!(run.platform.cases + run.undecided, run.cases);
        assert_eq!(run.cases, 2_400);
        assert!(run.policies.oracle.cost_per_case() < run.platform.cost_per_case());
    }
    let json = serde_json::to_value(summary(&world, runs)).unwrap();
    assert_eq!(json["world"], "small");
    assert_eq!(json["policies"][0]["name"], "platform");
    assert_eq!(json["routes"].as_array().unwrap().len(), 12);
    assert!(json["policies"][1]["platform_less"]["low"].is_number());
}
