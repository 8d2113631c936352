//! Every interval, certificate and alarm keeps its claim in a reduced simulation; the full one is the example `coverage`, and its
//! table is in `docs/statistics.md`.
#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on should panic")]

#[path = "../examples/coverage/checks/mod.rs"]
mod checks;

#[test]
fn every_claim_holds() {
    let rows = checks::run_all(200, "");
    println!("{}", checks::table(&rows));
    let broken: Vec<String> = rows.iter().filter(|row| !row.holds()).map(checks::Row::line).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
