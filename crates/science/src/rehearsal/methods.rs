//! The ways to decide that are compared: their names and words, and what errors cost. Fits nothing.

use crate::math;

/// A way to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// A person answers, and both answers are combined: the achievable pair.
    Combination,
    /// [`crate::deferral::Threshold`].
    Threshold,
    /// [`crate::deferral::CompareConfidence`].
    Compare,
    /// [`crate::deferral::OneVsAll`].
    OneVsAll,
    /// [`crate::deferral::Codoc`]; two classes.
    Codoc,
    /// [`crate::arms::Arms`].
    Arms,
}

impl Method {
    /// Those that choose who decides, in the order in which they are shown.
    pub const ROUTES: [Self; 5] = [Self::Threshold, Self::Compare, Self::OneVsAll, Self::Codoc, Self::Arms];

    /// Its name in code.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Combination => "combination",
            Self::Threshold => "threshold",
            Self::Compare => "compare_confidence",
            Self::OneVsAll => "one_vs_all",
            Self::Codoc => "codoc",
            Self::Arms => "arms",
        }
    }

    /// Its name for a reader.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Combination => "both answers combined",
            Self::Threshold => "AI above a fitted confidence",
            Self::Compare => "the likelier to be right",
            Self::OneVsAll => "one-vs-all rejector",
            Self::Codoc => "CoDoC zones of the score",
            Self::Arms => "arm chooser",
        }
    }

    /// What it does; `rest` says who decides what the AI does not: "people", "people with advice".
    #[must_use]
    pub fn description(self, rest: &str) -> String {
        match self {
            Self::Combination => {
                "a person answers every case without advice, and both answers are combined as the achievable pair".to_owned()
            }
            Self::Threshold => format!(
                "the AI decides where its recalibrated confidence reaches the threshold that was cheapest on past cases; {rest} decide the rest"
            ),
            Self::Compare => format!(
                "one model says when the AI is right and another when people are; whoever is likelier to be right decides ({rest} on the other side)"
            ),
            Self::OneVsAll => format!(
                "a calibrated model says when people are right, and is held against the AI's own recalibrated confidence; {rest} decide where it is higher"
            ),
            Self::Codoc => format!(
                "along the AI's score, {rest} decide in the zones where they did better than the AI; the operating point was chosen on rows of its own"
            ),
            Self::Arms => {
                "each case goes to the cheapest arm by expected cost (errors and minutes): the AI alone, a person alone, a person \
                           with advice or both combined, as far as each is known"
                    .to_owned()
            }
        }
    }

    /// Why it does not apply to these data, where it does not.
    #[must_use]
    pub fn absent(self, classes: usize) -> String {
        match self {
            Self::Codoc if classes != 2 => format!("CoDoC is defined for two classes, and there are {classes}"),
            _ => "it cannot be fitted on these rows".to_owned(),
        }
    }
}

/// What an error costs, and a look of a person.
#[derive(Debug, Clone)]
pub struct Costs {
    /// `[truth * classes + answer]`.
    pub errors: Vec<f64>,
    /// A look.
    pub look: f64,
}

impl Costs {
    /// What an answer costs, given the truth.
    #[must_use]
    pub fn of(&self, classes: usize, truth: u32, answer: u32) -> f64 {
        self.errors.get(truth as usize * classes + answer as usize).copied().unwrap_or(0.0)
    }

    /// The mean cost over all pairs of truth and another answer.
    #[must_use]
    pub fn usual(&self, classes: usize) -> f64 {
        let pairs = classes * classes.saturating_sub(1);
        math::sum(self.errors.iter().copied()) / pairs.max(1) as f64
    }
}
