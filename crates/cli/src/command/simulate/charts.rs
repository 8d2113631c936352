//! What a simulation came to, as pictures for a page. Computes nothing that is not in the summary.

use countersign_report::{
    chart::{Axis, Chart, Curves, Interval, Intervals, Row, Series, Tone, standalone},
    format::Unit,
};
use countersign_worlds::summary::{Policy, Summary};
use std::{fs, io, path::Path};

const WIDTH_PX: f64 = 680.0;

/// Writes `WORLD-cost.svg` and `WORLD-days.svg`.
pub fn write(directory: &Path, found: &Summary) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let save = |name: &str, chart: &dyn Chart| {
        let path = directory.join(format!("{}-{name}.svg", found.world));
        fs::write(path, standalone(chart, WIDTH_PX))
    };
    save("cost", &cost(found))?;
    save("days", &days(found))
}

fn cost(found: &Summary) -> Intervals {
    let row = |policy: &Policy| {
        let (tone, label) = match policy.name {
            "platform" => (Tone::Pair, "the platform"),
            "people" => (Tone::Person, "people alone"),
            "ai" => (Tone::Ai, "the AI alone"),
            "advice" => (Tone::Plain, "advice to all"),
            "threshold" => (Tone::Plain, "best threshold"),
            other => (Tone::Plain, other),
        };
        match policy.cost {
            Some(cost) => {
                Row::new(label, tone, Interval::new(cost.value, cost.low.unwrap_or(cost.value), cost.high.unwrap_or(cost.value)), "")
            }
            None => Row::missing(label, tone, ""),
        }
    };
    Intervals {
        title: format!("World {}: cost a case", found.world),
        axis: Axis::new("cost a case, where an error costs 1", Unit::Number),
        rows: found.policies.iter().map(row).collect(),
        references: Vec::new(),
    }
}

fn days(found: &Summary) -> Curves {
    let series = |label: &str, tone: Tone, dashed: bool, share: &dyn Fn(&countersign_worlds::summary::DayShares) -> f64| {
        let points = found.routes.iter().map(|day| (day.day as f64, share(day))).collect();
        Series { dashed, ..Series::new(label, tone, points) }
    };
    Curves {
        title: format!("World {}: how cases were decided, day by day", found.world),
        x: Axis::new("day", Unit::Count),
        y: Axis::new("share of the decisions of the day", Unit::Share).within(0.0, 1.0),
        series: vec![
            series("automated", Tone::Ai, false, &|day| day.automate),
            series("with advice", Tone::Pair, false, &|day| day.assist + day.blind),
            series("no advice", Tone::Person, false, &|day| day.unaided + day.panel),
            series("audits", Tone::Plain, true, &|day| day.audit),
        ],
        chosen: None,
        references: Vec::new(),
    }
}
