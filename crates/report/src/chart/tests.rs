//! Tests of every chart: one snapshot each, and what must hold for any input.

use proptest::prelude::*;

use super::*;
use crate::format::Unit;

const HOSTILE: &str = "<script>alert('x')</script>\" onload=\"y & \u{0}\u{202e}\n<b>";

fn interval(value: f64) -> Interval {
    Interval::new(value, value - 0.03, value + 0.04)
}

/// One chart of every kind, made of the same few numbers and labels.
fn every_kind(label: &str, values: &[f64]) -> Vec<Box<dyn Chart>> {
    let at = |index: usize| values.get(index % values.len().max(1)).copied().unwrap_or(f64::NAN);
    let row = |index: usize| Row::new(label, Tone::Ai, Interval::new(at(index), at(index + 1), at(index + 2)), label);
    let rows: Vec<Row> = (0..values.len()).map(row).chain([Row::missing(label, Tone::Person, "n = 2")]).collect();
    let references = vec![Reference::new(at(0), label), Reference::new(at(1), label)];
    let axis = |unit| Axis::new(label, unit);
    let points: Vec<(f64, f64)> = (0..values.len()).map(|index| (at(index), at(index + 1))).collect();
    let band: Vec<(f64, f64, f64)> = (0..values.len()).map(|index| (at(index), at(index + 1), at(index + 2))).collect();
    let bins: Vec<Bin> = (0..values.len()).map(|index| Bin { low: at(index), high: at(index + 1), count: at(index + 2) }).collect();
    let series = Series {
        points: points.clone(),
        band: band.clone(),
        step: values.len().is_multiple_of(2),
        label: label.to_owned(),
        ..Series::default()
    };
    let share = Interval::new(at(0), at(1), at(2));
    let title = || label.to_owned();
    vec![
        Box::new(Intervals { title: title(), axis: axis(Unit::Share), rows: rows.clone(), references: references.clone() }),
        Box::new(Bars { title: title(), axis: axis(Unit::Number), rows: rows.clone(), references: references.clone() }),
        Box::new(Forest {
            title: title(),
            axis: axis(Unit::Points),
            groups: vec![
                Group { label: title(), band: Some((at(0), at(1))), rows: rows.clone() },
                Group { label: title(), band: None, rows },
            ],
            references: references.clone(),
        }),
        Box::new(Curves {
            title: title(),
            x: axis(Unit::Count),
            y: axis(Unit::Ratio),
            series: vec![series.clone(), series],
            chosen: Some(Chosen { x: at(0), y: at(1), label: title() }),
            references: references.clone(),
        }),
        Box::new(Reliability { title: title(), tone: Tone::Ai, curve: points, band, bins: bins.clone() }),
        Box::new(Histogram {
            title: title(),
            axis: axis(Unit::Share),
            counted: title(),
            tone: Tone::Pair,
            bins,
            reference: references.first().cloned(),
        }),
        Box::new(Confusion {
            title: title(),
            tone: Tone::Ai,
            labels: vec![title(); values.len()],
            counts: vec![values.to_vec(); values.len()],
        }),
        Box::new(RelianceGrid { title: title(), took_right: Some(share), right_n: 12, took_wrong: None, wrong_n: 0 }),
        Box::new(RelianceMap {
            title: title(),
            points: vec![ReliancePoint { label: title(), tone: Tone::Person, when_wrong: share, when_right: share }; 3],
        }),
        Box::new(Panels {
            title: title(),
            axis: axis(Unit::Share),
            columns: vec![(title(), Tone::Person), (title(), Tone::Ai)],
            groups: vec![PanelGroup {
                label: title(),
                bands: vec![Some((at(0), at(1))), None],
                rows: vec![
                    PanelRow {
                        label: title(),
                        note: title(),
                        cells: vec![Some(PanelCell { interval: share, mark: Mark::Hollow }), None]
                    };
                    2
                ],
            }],
            reference: references.first().cloned(),
        }),
        Box::new(Sparkline { title: title(), unit: Unit::Share, tone: Tone::Person, values: values.to_vec() }),
    ]
}

/// The faults of a picture: not well-formed, not named, numbers that are none.
fn faults(svg: &str) -> Vec<&'static str> {
    let mut out = Vec::new();
    for (fault, found) in [
        ("no viewBox", !svg.contains(" viewBox=\"0 0 ")),
        ("no role", !svg.contains(" role=\"img\"")),
        ("no title", !svg.contains("<title>")),
        ("no description", !svg.contains("<desc>")),
        ("a number that is none", svg.contains("NaN") || svg.contains("=\"inf") || svg.contains("=\"-inf") || svg.contains("Linf")),
        ("a style attribute", svg.contains("style=")),
        ("a script", svg.contains("<script")),
        ("a handler", svg.contains("onload=\"")),
        ("control characters", svg.chars().any(|letter| letter.is_control() || letter == '\u{202e}')),
        ("elements that do not close", unclosed(svg)),
    ] {
        if found {
            out.push(fault);
        }
    }
    out
}

/// A small check of well-formedness: every tag that opens closes, in order.
fn unclosed(svg: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for part in svg.split('<').skip(1) {
        let Some((tag, text)) = part.split_once('>') else { return true };
        if text.contains('>') || tag.matches('"').count() % 2 != 0 {
            return true;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return true;
            }
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap_or(""));
        }
    }
    !open.is_empty()
}

#[test]
fn the_check_of_pictures_finds_faults() {
    let good = r#"<svg role="img" viewBox="0 0 1 1"><title>a</title><desc>b</desc></svg>"#;
    assert_eq!(faults(good), [] as [&str; 0]);
    assert_eq!(faults(&good.replace("</desc>", "")), ["elements that do not close"]);
    assert_eq!(faults(&good.replace("<desc>", "<desc x=\"NaN\">")), ["no description", "a number that is none"]);
}

#[test]
fn hostile_labels_are_text() {
    for chart in every_kind(HOSTILE, &[0.2, 0.4, 0.6]).iter().chain(&every_kind(&"wide ".repeat(2000), &[0.1, 0.9])) {
        for width in [WIDE_PX, NARROW_PX, 96.0] {
            let svg = chart.draw(width).into_string();
            assert_eq!(faults(&svg), [] as [&str; 0], "{svg}");
        }
    }
}

#[test]
fn nothing_to_draw_is_a_picture_too() {
    for values in [&[][..], &[f64::NAN], &[f64::INFINITY, f64::NEG_INFINITY, f64::NAN], &[f64::MAX, f64::MIN]] {
        for chart in every_kind("x", values) {
            let svg = chart.draw(WIDE_PX).into_string();
            assert_eq!(faults(&svg), [] as [&str; 0], "{svg}");
            assert!(svg.contains("Not enough yet"), "{svg}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_numbers_give_a_sound_picture(
        values in prop::collection::vec(prop_oneof![any::<f64>(), 0.0..1.0f64, Just(0.0), Just(1.0), Just(-1e-300), Just(1e12)], 0..20),
        label in ".{0,40}",
        width in 60.0..1200.0f64,
    ) {
        for chart in every_kind(&label, &values) {
            let svg = chart.draw(width).into_string();
            prop_assert_eq!(faults(&svg), [] as [&str; 0], "{}", svg);
            let data = chart.data();
            prop_assert!(data.rows.iter().all(|row| row.len() == data.head.len()));
        }
    }

    #[test]
    fn ticks_are_round_and_inside(low in -1e6..1e6f64, span in 1e-6..1e6f64, count in 2.0..10.0f64) {
        let ticks = scale::ticks((low, low + span), count, Unit::Number);
        prop_assert!(!ticks.is_empty() && ticks.len() <= 12, "{ticks:?}");
        prop_assert!(ticks.iter().all(|(value, _)| *value >= low - span * 1e-6 && *value <= low + span * (1.0 + 1e-6)), "{ticks:?}");
        let mut labels: Vec<&String> = ticks.iter().map(|tick| &tick.1).collect();
        labels.dedup();
        prop_assert_eq!(labels.len(), ticks.len(), "{:?}", ticks);
    }

    #[test]
    fn a_shortened_label_fits(text in ".{0,80}", room in 20.0..400.0f64) {
        let short = text::fit(&text, room, text::LABEL_PX);
        prop_assert!(text::width(&short, text::LABEL_PX) <= room.max(2.0 * text::LABEL_PX), "{short}");
    }
}

#[test]
fn ticks_of_shares_are_per_cent() {
    let labels = |domain, count| {
        scale::ticks(domain, count, Unit::Share).into_iter().map(|tick| tick.1.replace('\u{202f}', " ")).collect::<Vec<_>>()
    };
    assert_eq!(labels((0.0, 1.0), 5.0), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
    assert_eq!(labels((0.0, 0.02), 4.0), ["0.0 %", "0.5 %", "1.0 %", "1.5 %", "2.0 %"]);
    assert_eq!(labels((0.65, 0.78), 4.0), ["65 %", "70 %", "75 %"]);
}

#[test]
fn colours_are_in_the_variables_only() {
    assert!(!CSS.contains('#'), "a colour outside of the variables");
    for name in ["--paper", "--ink", "--ink-soft", "--ink-faint", "--rule", "--grid", "--person", "--ai", "--pair", "--alarm"] {
        assert_eq!(TOKENS.matches(&format!("{name}:")).count(), 3, "{name} for light, dark and print");
        assert!(CSS.contains(&format!("var({name})")), "{name} is not used");
    }
}

/// What WCAG calls the contrast of two colours, `#rrggbb`.
fn contrast(one: &str, other: &str) -> f64 {
    let light = |colour: &str| {
        let part = |at: usize| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        let linear = |part: f64| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(part(1)) + 0.7152 * linear(part(3)) + 0.0722 * linear(part(5))
    };
    let (a, b) = (light(one), light(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_colours_have_contrast_in_every_theme() {
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
    for theme in TOKENS.split(":root").skip(1) {
        let colour = |name: &str| theme.split_once(&format!("{name}: ")).unwrap().1.get(..7).unwrap();
        for name in ["--ink", "--ink-soft", "--person", "--ai", "--pair", "--alarm"] {
            for paper in ["--paper", "--surface"] {
                let found = contrast(colour(name), colour(paper));
                assert!(found >= 4.5, "{name} on {paper}: {found:.2}");
            }
        }
    }
}

/// One element a line, so that a snapshot is read and compared by people.
fn lines(chart: &dyn Chart, width: f64) -> String {
    chart.draw(width).into_string().replace("><", ">\n<").replace('\u{202f}', "~")
}

#[test]
fn the_pictures_are_as_reviewed() {
    let rows = vec![
        Row::new("People alone", Tone::Person, interval(0.67), "n = 412"),
        Row::new("AI alone", Tone::Ai, interval(0.73), "n = 412"),
        Row::new("Pair", Tone::Pair, interval(0.7), "n = 412").hollow(),
        Row::missing("Nobody", Tone::Plain, "n = 3"),
    ];
    let intervals = Intervals {
        title: "Right answers".into(),
        axis: Axis::new("share right", Unit::Share),
        rows: rows.clone(),
        references: vec![Reference::new(0.73, "AI alone")],
    };
    insta::assert_snapshot!("intervals", lines(&intervals, WIDE_PX));
    insta::assert_snapshot!("intervals_narrow", lines(&intervals, NARROW_PX));
    let bars = Bars { title: "Cost".into(), axis: Axis::new("cost of a case", Unit::Number), rows: rows.clone(), references: vec![] };
    insta::assert_snapshot!("bars", lines(&bars, WIDE_PX));
    let group = |label: &str| Group { label: label.into(), band: Some((0.62, 0.69)), rows: rows.clone() };
    let forest = Forest {
        title: "By group".into(),
        axis: Axis::new("", Unit::Share),
        groups: vec![group("Selected"), group("Missed")],
        references: vec![],
    };
    insta::assert_snapshot!("forest", lines(&forest, WIDE_PX));
    let cell = |value: f64| Some(PanelCell { interval: interval(value), mark: Mark::Solid });
    let cells = |shift: f64| vec![cell(0.4 + shift), cell(0.5 - shift), None];
    let row = |label: &str, shift| PanelRow { label: label.into(), note: "n = 90".into(), cells: cells(shift) };
    let panels = Panels {
        title: "By group".into(),
        axis: Axis::new("rate", Unit::Share),
        columns: vec![("people".into(), Tone::Person), ("AI".into(), Tone::Ai), ("pair".into(), Tone::Pair)],
        groups: vec![PanelGroup {
            label: "Selected".into(),
            bands: vec![Some((0.4, 0.45)), None, None],
            rows: vec![row("a", 0.0), row("b", 0.1)],
        }],
        reference: Some(Reference::new(0.42, "all")),
    };
    insta::assert_snapshot!("panels", lines(&panels, WIDE_PX));
    let points: Vec<(f64, f64)> = (0..6).map(|at| f64::from(at) / 5.0).map(|x| (x, 0.05 * x * x)).collect();
    let series =
        Series { band: points.iter().map(|(x, y)| (*x, y * 0.8, y * 1.2)).collect(), ..Series::new("AI", Tone::Ai, points.clone()) };
    let curves = Curves {
        title: "Risk".into(),
        x: Axis::new("share automated", Unit::Share).within(0.0, 1.0),
        y: Axis::new("error", Unit::Share),
        series: vec![series, Series { step: true, dashed: true, ..Series::new("pair", Tone::Pair, points.clone()) }],
        chosen: Some(Chosen { x: 0.6, y: 0.018, label: "chosen".into() }),
        references: vec![Reference::new(0.02, "promise")],
    };
    insta::assert_snapshot!("curves", lines(&curves, WIDE_PX));
    let bins: Vec<Bin> =
        (0..4).map(|at| Bin { low: f64::from(at) / 4.0, high: f64::from(at + 1) / 4.0, count: f64::from(at * at) }).collect();
    let reliability = Reliability {
        title: "Calibration".into(),
        tone: Tone::Ai,
        curve: points.clone(),
        band: points.iter().map(|(x, _)| (*x, x * 0.9, *x)).collect(),
        bins: bins.clone(),
    };
    insta::assert_snapshot!("reliability", lines(&reliability, WIDE_PX));
    let histogram = Histogram {
        title: "Scores".into(),
        axis: Axis::new("score", Unit::Share),
        counted: "cases".into(),
        tone: Tone::Ai,
        bins,
        reference: Some(Reference::new(0.8, "threshold")),
    };
    insta::assert_snapshot!("histogram", lines(&histogram, NARROW_PX));
    let confusion = Confusion {
        title: "Confusion".into(),
        tone: Tone::Person,
        labels: vec!["spam".into(), "not spam".into()],
        counts: vec![vec![90.0, 10.0], vec![4.0, 196.0]],
    };
    insta::assert_snapshot!("confusion", lines(&confusion, WIDE_PX));
    let grid = RelianceGrid { title: "Reliance".into(), took_right: Some(interval(0.38)), right_n: 421, took_wrong: None, wrong_n: 4 };
    insta::assert_snapshot!("reliance_grid", lines(&grid, WIDE_PX));
    let point = |label: &str, wrong, right| ReliancePoint {
        label: label.into(),
        tone: Tone::Person,
        when_wrong: interval(wrong),
        when_right: interval(right),
    };
    let map = RelianceMap { title: "Map".into(), points: vec![point("Ana", 0.1, 0.8), point("Ben", 0.11, 0.79)] };
    insta::assert_snapshot!("reliance_map", lines(&map, WIDE_PX));
    let spark =
        Sparkline { title: "Overrides".into(), unit: Unit::Share, tone: Tone::Person, values: vec![0.1, 0.2, f64::NAN, 0.15, 0.12] };
    insta::assert_snapshot!("sparkline", lines(&spark, SPARK_PX));
    let many = Confusion {
        title: "Many".into(),
        labels: (0..20).map(|class| format!("class {class}")).collect(),
        counts: (0..20).map(|truth| (0..20).map(|answer| f64::from((truth * 3 + answer) % 20)).collect()).collect(),
        tone: Tone::Ai,
    };
    insta::assert_snapshot!("confusion_many", lines(&many, WIDE_PX));
    let multiples = Multiples { charts: vec![Box::new(spark)], two: false };
    insta::assert_snapshot!("multiples", multiples.render().into_string().replace("><", ">\n<").replace('\u{202f}', "~"));
}
