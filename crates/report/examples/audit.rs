//! Writes the report of an audit's JSON: `cargo run -p countersign-report --example audit -- audit.json report.html`.
//! For looking at; the product's own command does the same with what it has just found.
#![expect(clippy::unwrap_used, reason = "an example may panic")]

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (from, to) = (arguments.next().unwrap(), arguments.next().unwrap());
    let audit = serde_json::from_str(&std::fs::read_to_string(&from).unwrap()).unwrap();
    std::fs::write(&to, countersign_report::audit::html(&audit, &from, "")).unwrap();
    eprintln!("{to}");
}
