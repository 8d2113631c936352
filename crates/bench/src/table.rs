//! Figures as a Markdown table: the median over the repetitions, their spread, n, and whether the target was met.

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
}

/// A figure.
#[derive(Debug, Clone)]
pub struct Line {
    /// The benchmark.
    pub benchmark: &'static str,
    /// The engine's name.
    pub engine: &'static str,
    /// What was measured.
    pub what: String,
    /// How many of it there were in each repetition.
    pub n: usize,
    /// One figure for each repetition.
    pub figures: Vec<f64>,
    /// The figures' unit.
    pub unit: &'static str,
    /// What the figure should be.
    pub target: Option<Target>,
}

impl Line {
    fn median(&self) -> f64 {
        let mut sorted = self.figures.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn verdict(&self) -> String {
        match self.target {
            None => String::new(),
            Some(Target::AtLeast(wanted)) => {
                format!("≥ {}: {}", number(wanted), word(self.median() >= wanted))
            }
            Some(Target::AtMost(wanted)) => {
                format!("≤ {}: {}", number(wanted), word(self.median() <= wanted))
            }
        }
    }
}

fn word(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

/// Three digits or, above 1,000, whole ones with separators.
fn number(value: f64) -> String {
    if value.abs() < 10.0 && value.fract() != 0.0 {
        return format!("{value:.2}");
    }
    if value.abs() < 1_000.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The figures as a table.
pub fn markdown(lines: &[Line]) -> String {
    let mut text = String::from("| benchmark | engine | what | n | median | least – most | target |\n|---|---|---|--:|--:|--:|---|\n");
    for line in lines {
        let least = line.figures.iter().copied().fold(f64::INFINITY, f64::min);
        let most = line.figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let n = format!("{} × {}", line.figures.len(), number(line.n as f64));
        let median = format!("{} {}", number(line.median()), line.unit);
        let spread = format!("{} – {}", number(least), number(most));
        text += &format!(
            "| {} | {} | {} | {n} | {} | {spread} | {} |\n",
            line.benchmark,
            line.engine,
            line.what,
            median.trim_end(),
            line.verdict()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_its_median_its_spread_and_whether_the_target_was_met() {
        let mut line = Line {
            benchmark: "intake",
            engine: "SQLite",
            what: "cases".into(),
            n: 20_000,
            figures: vec![9_000.4, 16_000.2, 15_500.0],
            unit: "/s",
            target: Some(Target::AtLeast(15_000.0)),
        };
        assert_eq!(
            markdown(&[line.clone()]).lines().last().unwrap(),
            "| intake | SQLite | cases | 3 × 20,000 | 15,500 /s | 9,000 – 16,000 | ≥ 15,000: met |"
        );
        line.target = Some(Target::AtMost(0.3));
        assert!(markdown(&[line]).contains("≤ 0.30: **missed**"));
    }
}
