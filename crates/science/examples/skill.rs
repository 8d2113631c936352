//! Times the models of people on a file of answers with the columns `item,person,answer`, all whole numbers from 0:
//! `cargo run --release -p countersign-science --example skill -- FILE`. Writes nothing.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark that cannot go on should panic, and measures time")]

use countersign_science::{
    error::Result,
    skill::{Answers, Settings, dawid_skene, glad, majority, one_coin},
};
use std::time::Instant;

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let mut columns = [Vec::new(), Vec::new(), Vec::new()];
    for row in csv::Reader::from_path(path).unwrap().records() {
        columns.iter_mut().zip(row.unwrap().iter()).for_each(|(column, cell)| column.push(cell.parse::<u32>().unwrap()));
    }
    let counts = [0, 1, 2].map(|i| *columns[i].iter().max().unwrap() as usize + 1);
    let answers = timed("order", || Answers::new(&columns[0], &columns[1], &columns[2], counts.into())).unwrap();
    timed("majority", || Ok(majority(&answers).ties)).unwrap();
    // The same rounds for everybody: no early stop.
    let settings = Settings { smoothing: 0.0, iterations_max: 20, tolerance: 0.0 };
    timed("dawid_skene, 20 rounds", || dawid_skene(&answers, settings)).unwrap();
    timed("one_coin, 20 rounds", || one_coin(&answers, settings)).unwrap();
    let fit = timed("glad", || glad(&answers)).unwrap();
    println!("glad took {} rounds", fit.iterations);
}

fn timed<T>(name: &str, work: impl Fn() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let result = work();
    println!("{name}: {:.3} s", start.elapsed().as_secs_f64());
    result
}
