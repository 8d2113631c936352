//! Figures as people read them: "81 % [76, 85], n = 412". Never rounds an interval to nothing, and never prints NaN.
//!
//! Decimals follow the width of the interval, so that the last digit printed still means something. Thousands are parted by
//! a narrow no-break space, negative numbers carry a true minus sign, and what is not finite is "not known".

use countersign_science::Estimate;

/// What is printed for a figure that is none.
pub const UNKNOWN: &str = "not known";
/// What is printed where there is an estimate to come, but the data is too small for it.
pub const NOT_ENOUGH: &str = "not enough yet";
/// A narrow no-break space: between a number and its unit, and between thousands.
const THIN: char = '\u{202f}';
/// More decimals than these are noise in a report.
const DECIMALS_MAX: usize = 4;

/// What a number measures, and therefore how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share in 0..=1, written in per cent.
    Share,
    /// A difference of two shares in -1..=1, written in percentage points with its sign.
    Points,
    /// A ratio of two rates, written with two decimals.
    Ratio,
    /// A plain number.
    Number,
    /// A whole count.
    Count,
}

impl Unit {
    /// What the printed number is multiplied with.
    fn factor(self) -> f64 {
        if matches!(self, Self::Share | Self::Points) { 100.0 } else { 1.0 }
    }

    /// The text after the number, with its space.
    fn suffix(self) -> String {
        match self {
            Self::Share => format!("{THIN}%"),
            Self::Points => format!("{THIN}pp"),
            Self::Ratio | Self::Number | Self::Count => String::new(),
        }
    }

    /// A bare value with a number of decimals: `0.812` as `81.2 %`.
    pub fn with_decimals(self, value: f64, decimals: usize) -> String {
        if !value.is_finite() {
            return UNKNOWN.to_owned();
        }
        format!("{}{}", self.digits(value, decimals), self.suffix())
    }

    /// A bare value, with the decimals that its size asks for.
    pub fn of(self, value: f64) -> String {
        let size = (value * self.factor()).abs();
        let decimals = match self {
            Self::Count => 0,
            Self::Ratio => 2,
            Self::Share | Self::Points => 1,
            Self::Number if size >= 100.0 => 0,
            Self::Number if size >= 10.0 => 1,
            Self::Number if size >= 0.1 || size == 0.0 => 2,
            Self::Number => 4,
        };
        self.with_decimals(value, decimals)
    }

    /// A value with its interval: `81 % [76, 85]`. Where an end is not finite the interval is left out.
    pub fn interval(self, value: f64, low: f64, high: f64) -> String {
        self.interval_with(value, low, high, self.decimals(high - low))
    }

    /// The same with a number of decimals, for figures that stand under one another.
    pub fn interval_with(self, value: f64, low: f64, high: f64, decimals: usize) -> String {
        if !value.is_finite() {
            return UNKNOWN.to_owned();
        }
        if !(low.is_finite() && high.is_finite()) {
            return self.of(value);
        }
        format!("{} [{}, {}]", self.with_decimals(value, decimals), self.digits(low, decimals), self.digits(high, decimals))
    }

    /// The decimals that suit most of some intervals of these widths: those of the middle one.
    pub fn common_decimals(self, widths: impl Iterator<Item = f64>) -> usize {
        let mut widths: Vec<f64> = widths.filter(|width| width.is_finite() && *width > 0.0).collect();
        widths.sort_by(f64::total_cmp);
        self.decimals(widths.get(widths.len() / 2).copied().unwrap_or(0.0))
    }

    /// Value, interval and n: `81 % [76, 85], n = 412`.
    pub fn estimate(self, estimate: &Estimate) -> String {
        format!("{}, n = {}", self.interval(estimate.value, estimate.low, estimate.high), count(estimate.n))
    }

    /// [`Unit::estimate`], or "not enough yet".
    pub fn estimate_or(self, estimate: Option<&Estimate>) -> String {
        estimate.map_or_else(|| NOT_ENOUGH.to_owned(), |estimate| self.estimate(estimate))
    }

    /// Decimals that an interval of this width (in the unit's own scale, before the factor) leaves meaningful.
    pub fn decimals(self, width: f64) -> usize {
        let least = match self {
            Self::Count => return 0,
            Self::Ratio => 2,
            Self::Share | Self::Points | Self::Number => 0,
        };
        // A difference is read against zero, so its sign and first digits matter more.
        let mut limit = if self == Self::Points { 10.0 } else { 4.0 };
        let mut decimals = 0;
        // A certain value (width 0) has no scale to go by.
        while decimals < DECIMALS_MAX && width > 0.0 && width * self.factor() < limit {
            limit /= 10.0;
            decimals += 1;
        }
        decimals.max(least)
    }

    fn digits(self, value: f64, decimals: usize) -> String {
        if !value.is_finite() {
            return UNKNOWN.to_owned();
        }
        let text = number(value * self.factor(), decimals);
        let positive = text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) && value > 0.0;
        if self == Self::Points && positive { format!("+{text}") } else { text }
    }
}

/// A finite number with thousands parted and a true minus sign; `-0.04` with one decimal is `0.0`.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return UNKNOWN.to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let negative = value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let mut out = String::with_capacity(text.len() + 8);
    if negative {
        out.push('\u{2212}');
    }
    // Four digits stand together: "4 500" is harder to read than "4500", and years are never parted.
    let part = whole.len() > 4;
    for (at, digit) in whole.chars().enumerate() {
        if part && at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(THIN);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A whole count with thousands parted.
pub fn count(value: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts of a report are far below 2^53")]
    number(value as f64, 0)
}

/// A p value: two significant digits, "below 0.001" beneath that.
pub fn p_value(value: f64) -> String {
    if !value.is_finite() {
        UNKNOWN.to_owned()
    } else if value < 0.001 {
        "below 0.001".to_owned()
    } else if value < 0.1 {
        format!("{value:.3}")
    } else {
        format!("{value:.2}")
    }
}

/// A text as it is set: units and `n =` do not part from their numbers, and a minus before a digit is a true one.
pub fn typeset(text: &str) -> String {
    let text = text.replace(" %", "\u{202f}%").replace("n = ", "n\u{a0}=\u{a0}");
    let letters: Vec<char> = text.chars().collect();
    let sign = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        before.is_none_or(|before| [' ', '[', '('].contains(before)) && letters.get(at + 1).is_some_and(char::is_ascii_digit)
    };
    letters.iter().enumerate().map(|(at, letter)| if *letter == '-' && sign(at) { '\u{2212}' } else { *letter }).collect()
}

/// A text with a capital first.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A text as a sentence: a capital first, a full stop last. What begins as a setting (`default = "assist": why`) becomes code.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let setting = text.split_once(": ").filter(|(head, _)| {
        let name = head.split_once(" = ").map_or("", |(name, _)| name);
        !name.is_empty() && !head.contains('`') && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
    });
    let body = match setting {
        Some((head, rest)) => format!("`{head}`: {rest}"),
        None => capital(text),
    };
    let ended = body.is_empty() || body.trim_end_matches(['*', '`', '"', ')']).ends_with(['.', '!', '?', ':']);
    if ended { body } else { body + "." }
}

/// "a", "a and b", "a, b and c".
pub fn list<S: AsRef<str>>(words: &[S]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace(THIN, " ").replace('\u{2212}', "-")
    }

    #[test]
    fn decimals_follow_the_interval() {
        let share = |value, low, high| plain(&Unit::Share.interval(value, low, high));
        assert_eq!(share(0.812, 0.764, 0.853), "81 % [76, 85]");
        assert_eq!(share(0.694, 0.682, 0.706), "69.4 % [68.2, 70.6]");
        assert_eq!(share(0.0198, 0.0190, 0.0206), "1.98 % [1.90, 2.06]");
        assert_eq!(share(1.0, 1.0, 1.0), "100 % [100, 100]");
        assert_eq!(share(0.5, f64::NAN, 1.0), "50.0 %");
        assert_eq!(share(f64::NAN, 0.0, 1.0), "not known");
        assert_eq!(plain(&Unit::Points.interval(-0.039, -0.065, -0.013)), "-3.9 pp [-6.5, -1.3]");
        assert_eq!(plain(&Unit::Points.interval(-0.06, -0.17, 0.05)), "-6 pp [-17, +5]");
        assert_eq!(plain(&Unit::Ratio.interval(0.8, 0.2, 6.0)), "0.80 [0.20, 6.00]");
        let estimate = Estimate { value: 0.81, low: 0.76, high: 0.85, n: 10_412 };
        assert_eq!(plain(&Unit::Share.estimate(&estimate)), "81 % [76, 85], n = 10 412");
        assert_eq!(Unit::Share.estimate_or(None), "not enough yet");
        assert_eq!(Unit::Share.common_decimals([0.001, 0.03, 0.2].into_iter()), 1);
        assert_eq!(Unit::Share.common_decimals([f64::NAN, 0.0].into_iter()), 0);
    }

    #[test]
    fn numbers_are_set_for_reading() {
        assert_eq!(plain(&number(1_234_567.891, 2)), "1 234 567.89");
        assert_eq!(plain(&number(4500.0, 0)), "4500");
        assert_eq!(plain(&number(-0.04, 1)), "0.0");
        assert_eq!(plain(&number(-12.5, 1)), "-12.5");
        assert_eq!(number(f64::INFINITY, 1), "not known");
        assert_eq!(plain(&Unit::Points.of(0.0)), "0.0 pp");
        assert_eq!(plain(&Unit::Number.of(0.0012)), "0.0012");
        assert_eq!(p_value(0.000_4), "below 0.001");
        assert_eq!(p_value(0.034_56), "0.035");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(sentence("nothing is known"), "Nothing is known.");
        assert_eq!(sentence("So *it* ends.*"), "So *it* ends.*");
        assert_eq!(sentence("default = \"assist\": it helps"), "`default = \"assist\"`: it helps.");
        assert_eq!(sentence(""), "");
        assert_eq!(plain(&typeset("-3 to 2 % [-1, 2-3] --final")), "-3 to 2 % [-1, 2-3] --final");
        assert_eq!(typeset("[-1, 2-3]"), "[\u{2212}1, 2-3]");
    }
}
