//! Writes a page with every chart, for looking at: `cargo run -p countersign-report --example gallery -- gallery.html`.
//! All numbers in it are made up. Says nothing about anybody.
#![expect(clippy::unwrap_used, reason = "an example may panic")]

use countersign_report::chart::{
    self, Axis, Bars, Bin, Chart, Chosen, Confusion, Curves, Forest, Group, Histogram, Interval, Intervals, Multiples, Reference,
    Reliability, RelianceGrid, RelianceMap, ReliancePoint, Row, Series, Sparkline, Tone,
};
use countersign_report::format::Unit;
use maud::{DOCTYPE, Markup, PreEscaped, html};

fn main() {
    let path = std::env::args().nth(1).unwrap_or_else(|| "gallery.html".to_owned());
    std::fs::write(&path, page().into_string()).unwrap();
    eprintln!("{path}");
}

fn page() -> Markup {
    let spark = Sparkline {
        title: "Override rate, 12 weeks".into(),
        unit: Unit::Share,
        tone: Tone::Person,
        values: vec![0.12, 0.13, 0.11, 0.14, 0.12, f64::NAN, 0.15, 0.17, 0.16, 0.19, 0.18, 0.21],
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Charts" }
                style { (PreEscaped(chart::TOKENS)) (PreEscaped(chart::CSS)) (PreEscaped("body{background:var(--paper);color:var(--ink);font:15px/1.5 -apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif;max-width:680px;margin:40px auto;padding:0 20px}figure{margin:0 0 48px}figcaption{font-weight:600;margin-bottom:12px}")) }
            }
            body {
                h1 { "Charts" }
                @for chart in charts() {
                    figure { figcaption { (chart.title()) } (chart::responsive(chart.as_ref())) }
                }
                p { "Overrides rise " (spark.draw(96.0)) " to 21 %." }
                figure { figcaption { "Small multiples" } (multiples().render()) }
            }
        }
    }
}

fn charts() -> Vec<Box<dyn Chart>> {
    vec![
        Box::new(comparison()),
        Box::new(waiting_for()),
        Box::new(minutes()),
        Box::new(risk_coverage()),
        Box::new(over_time()),
        Box::new(reliability(Tone::Ai, 0.12)),
        Box::new(two_classes()),
        Box::new(ten_classes()),
        Box::new(forest()),
        Box::new(RelianceGrid {
            title: "What advice did to people who first disagreed".into(),
            took_right: Some(Interval::new(0.38, 0.335, 0.427)),
            right_n: 421,
            took_wrong: Some(Interval::new(0.338, 0.27, 0.41)),
            wrong_n: 189,
        }),
        Box::new(RelianceGrid {
            title: "The same, where nobody was misled yet".into(),
            took_right: Some(Interval::new(0.5, 0.2, 0.8)),
            right_n: 9,
            ..RelianceGrid::default()
        }),
        Box::new(reliance_map()),
        Box::new(histogram()),
        Box::new(Curves {
            title: "A curve without data".into(),
            x: Axis::new("", Unit::Share),
            y: Axis::new("", Unit::Share),
            series: vec![],
            chosen: None,
            references: vec![],
        }),
    ]
}

fn comparison() -> Intervals {
    Intervals {
        title: "Right answers: people, AI, and the pair".into(),
        axis: Axis::new("share of cases answered rightly", Unit::Share),
        rows: vec![
            Row::new("People alone", Tone::Person, Interval::new(0.670, 0.643, 0.697), "n = 2040"),
            Row::new("AI alone", Tone::Ai, Interval::new(0.733, 0.701, 0.764), "n = 2040"),
            Row::new("Pair, as observed", Tone::Pair, Interval::new(0.694, 0.668, 0.720), "n = 2040"),
            Row::new("Pair, achievable", Tone::Pair, Interval::new(0.752, 0.722, 0.781), "n = 2040").hollow(),
        ],
        references: vec![Reference::new(0.733, "AI alone")],
    }
}

fn waiting_for() -> Intervals {
    Intervals {
        title: "Skill per person".into(),
        axis: Axis::new("share of cases answered rightly", Unit::Share),
        rows: vec![
            Row::new(
                "Ana <script>alert(1)</script> & a name that does not want to end, ever",
                Tone::Person,
                Interval::new(0.91, 0.84, 0.95),
                "n = 112",
            ),
            Row::new("Björn", Tone::Person, Interval::new(0.86, 0.80, 0.90), "n = 204"),
            Row::missing("Chidi", Tone::Person, "n = 4"),
            Row::new("李小龙", Tone::Person, Interval::new(0.72, 0.61, 0.81), "n = 77"),
        ],
        references: vec![Reference::new(0.84, "all people"), Reference::new(0.85, "AI alone")],
    }
}

fn minutes() -> Bars {
    Bars {
        title: "Minutes of people per 100 cases".into(),
        axis: Axis::new("minutes", Unit::Number),
        rows: vec![
            Row::new("Everybody reviews everything", Tone::Person, Interval::new(212.0, 201.0, 224.0), "n = 1800"),
            Row::new("Arm chooser", Tone::Pair, Interval::new(61.0, 55.0, 68.0), "n = 1800"),
            Row::new("AI alone", Tone::Ai, Interval::new(0.0, 0.0, 0.0), "n = 1800"),
        ],
        references: vec![],
    }
}

fn risk_coverage() -> Curves {
    let ai: Vec<(f64, f64)> = (1..=50).map(|at| f64::from(at) / 50.0).map(|x| (x, 0.002 + 0.061 * x * x * x)).collect();
    let band = ai.iter().map(|(x, y)| (*x, (y - 0.004 / x.sqrt()).max(0.0), y + 0.004 / x.sqrt())).collect();
    let pair = ai.iter().map(|(x, y)| (*x, 0.7 * y + 0.012 * (1.0 - x))).collect();
    Curves {
        title: "What is automated, and what it costs in errors".into(),
        x: Axis::new("share of cases decided by the AI", Unit::Share).within(0.0, 1.0),
        y: Axis::new("errors among them", Unit::Share),
        series: vec![
            Series { band, ..Series::new("AI alone", Tone::Ai, ai) },
            Series { dashed: true, ..Series::new("arm chooser", Tone::Pair, pair) },
        ],
        chosen: Some(Chosen { x: 0.74, y: 0.0267, label: "chosen: 74 % at 2.7 % error".into() }),
        references: vec![Reference::new(0.02, "promise: 2 %")],
    }
}

fn over_time() -> Curves {
    let weeks: Vec<f64> = (0..12).map(f64::from).collect();
    let line =
        |base: f64, slope: f64| weeks.iter().map(|week| (*week, base + slope * week + 0.01 * (week * 1.7).sin())).collect::<Vec<_>>();
    let names = (0..12).map(|week| (f64::from(week), format!("wk {}", 36 + week))).collect();
    let people = line(0.84, 0.002);
    Curves {
        title: "Right answers by week".into(),
        x: Axis::new("", Unit::Number).named(names),
        y: Axis::new("share answered rightly", Unit::Share),
        series: vec![
            Series { band: people.iter().map(|(x, y)| (*x, y - 0.02, y + 0.02)).collect(), ..Series::new("people", Tone::Person, people) },
            Series { step: true, ..Series::new("AI", Tone::Ai, line(0.89, -0.003)) },
            Series::new("pair", Tone::Pair, line(0.9, 0.003)),
        ],
        chosen: None,
        references: vec![],
    }
}

fn reliability(tone: Tone, bend: f64) -> Reliability {
    let said: Vec<f64> = (0..=12).map(|at| 0.02 + 0.08 * f64::from(at)).collect();
    Reliability {
        title: "Is the AI as sure as it should be?".into(),
        tone,
        curve: said.iter().map(|x| (*x, (x - bend * (6.3 * x).sin()).clamp(0.0, 1.0))).collect(),
        band: said.iter().map(|x| (*x, (x - 0.05).max(0.0), (x + 0.05).min(1.0))).collect(),
        bins: (0..20)
            .map(|at| Bin { low: f64::from(at) / 20.0, high: f64::from(at + 1) / 20.0, count: f64::from((at - 9) * (at - 9) * 7 + 3) })
            .collect(),
    }
}

fn two_classes() -> Confusion {
    Confusion {
        title: "COMPAS: two classes".into(),
        tone: Tone::Ai,
        labels: vec!["no re-arrest".into(), "re-arrest".into()],
        counts: vec![vec![345.0, 185.0], vec![165.0, 305.0]],
    }
}

fn ten_classes() -> Confusion {
    let labels = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
    let count = |truth: i32, answer: i32| if truth == answer { 960.0 } else { f64::from((truth * 7 + answer * 13) % 17) };
    Confusion {
        title: "Ten classes".into(),
        tone: Tone::Person,
        labels: labels.map(str::to_owned).to_vec(),
        counts: (0..10).map(|truth| (0..10).map(|answer| count(truth, answer)).collect()).collect(),
    }
}

fn forest() -> Forest {
    let group = |label: &str, shift: f64| Group {
        label: label.into(),
        band: Some((-0.045, 0.045)),
        rows: vec![
            Row::new("African-American", Tone::Ai, Interval::new(0.09 + shift, 0.05 + shift, 0.13 + shift), "n = 514"),
            Row::new("Caucasian", Tone::Ai, Interval::new(-0.02 + shift, -0.06 + shift, 0.02 + shift), "n = 340").hollow(),
            Row::new("Hispanic", Tone::Ai, Interval::new(-0.05 - shift, -0.16 - shift, 0.06 - shift), "n = 88").hollow(),
            Row::missing("Native American", Tone::Ai, "n = 3"),
        ],
    };
    Forest {
        title: "Difference from everybody else, by race".into(),
        axis: Axis::new("difference from everybody else; grey: where chance alone would leave it", Unit::Points),
        groups: vec![group("Selected", 0.01), group("False alarms", 0.05), group("Misses", -0.04)],
        references: vec![Reference::new(0.0, "no difference")],
    }
}

fn reliance_map() -> RelianceMap {
    let point = |label: &str, tone, wrong: f64, right: f64, by: f64| ReliancePoint {
        label: label.into(),
        tone,
        when_wrong: Interval::new(wrong, (wrong - by).max(0.0), (wrong + by).min(1.0)),
        when_right: Interval::new(right, (right - by).max(0.0), (right + by).min(1.0)),
    };
    RelianceMap {
        title: "Who tells good advice from bad".into(),
        points: vec![
            point("Ana", Tone::Person, 0.12, 0.71, 0.09),
            point("Björn", Tone::Person, 0.82, 0.86, 0.1),
            point("Chidi", Tone::Person, 0.2, 0.25, 0.12),
            point("Dora", Tone::Person, 0.43, 0.49, 0.08),
            point("Emil", Tone::Person, 0.41, 0.52, 0.08),
            point("team", Tone::Pair, 0.4, 0.58, 0.03),
        ],
    }
}

fn histogram() -> Histogram {
    Histogram {
        title: "How sure the AI is".into(),
        axis: Axis::new("probability of its answer", Unit::Share).within(0.0, 1.0),
        counted: "cases".into(),
        tone: Tone::Ai,
        bins: (0..25).map(|at| Bin { low: f64::from(at) / 25.0, high: f64::from(at + 1) / 25.0, count: f64::from(at * at * 3) }).collect(),
        reference: Some(Reference::new(0.82, "automated from here")),
    }
}

fn multiples() -> Multiples {
    let chart = |name: &str, slope: f64| -> Box<dyn Chart> {
        let points: Vec<(f64, f64)> = (0..=20).map(|at| f64::from(at) / 20.0).map(|x| (x, 0.02 + slope * x * x)).collect();
        Box::new(Curves {
            title: name.into(),
            x: Axis::new("", Unit::Share).within(0.0, 1.0),
            y: Axis::new("", Unit::Share).within(0.0, 0.3),
            series: vec![Series::new("", Tone::Ai, points)],
            chosen: None,
            references: vec![],
        })
    };
    Multiples {
        charts: vec![
            chart("billing", 0.05),
            chart("abuse", 0.26),
            chart("account", 0.12),
            chart("bug", 0.08),
            chart("a very long name of a queue", 0.2),
            chart("other", 0.02),
        ],
        two: false,
    }
}
