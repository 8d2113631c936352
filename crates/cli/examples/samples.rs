//! Makes the files in `samples/`: invented support tickets and security alerts with what two proposers said, what three
//! people judged, and what turned out. Nobody in them exists. The same seed gives the same bytes on every machine.
//!
//! Run `cargo run --example samples` in the root of the repository; `tests/samples.rs` holds the files against it.

#[path = "samples/alerts.rs"]
mod alerts;
#[path = "samples/opinion.rs"]
mod opinion;
#[path = "samples/tickets.rs"]
mod tickets;

use std::{error::Error, fs, path::Path};

/// Each file with its content.
pub fn files() -> Result<Vec<(&'static str, String)>, Box<dyn Error>> {
    Ok(vec![("support-tickets.csv", tickets::csv()?), ("alerts.ndjson", alerts::ndjson()?)])
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples"));
    for (name, content) in files()? {
        fs::write(folder.join(name), content)?;
    }
    Ok(())
}
