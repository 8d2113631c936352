//! The majority vote, with a rule for ties that does not depend on the order of rows or on how classes are numbered.

use super::answers::{Answers, Posterior};
use serde::{Deserialize, Serialize};

/// What most said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Majority {
    /// The label of each item; `None` where nobody answered. Of classes with equally many votes, the one that is given more
    /// often over all items; where that is equal too, the lowest.
    pub labels: Vec<Option<u32>>,
    /// Shares of votes.
    pub shares: Posterior,
    /// Items at which the first classes had equally many votes.
    pub ties: u64,
}

/// Counts votes.
#[must_use]
pub fn majority(answers: &Answers) -> Majority {
    let classes = answers.classes();
    let mut shares = vec![0.0; answers.items() * classes];
    let mut labels = Vec::with_capacity(answers.items());
    let mut ties = 0;
    for (item, row) in shares.chunks_exact_mut(classes).enumerate() {
        let votes = answers.of_item(item);
        for (_, class) in votes {
            row[*class as usize] += 1.0;
        }
        let most = row.iter().copied().fold(0.0, f64::max);
        let overall = |class: &usize| answers.by_class().get(*class).copied().unwrap_or(0);
        // `max_by_key` takes the last of equals, so walk backwards for the lowest.
        let best = (0..classes).rev().filter(|class| row[*class] == most).max_by_key(overall);
        ties += u64::from(!votes.is_empty() && row.iter().filter(|count| **count == most).count() > 1);
        labels.push(best.filter(|_| !votes.is_empty()).map(|class| class as u32));
        let total = votes.len() as f64;
        row.iter_mut().for_each(|count| *count = if total > 0.0 { *count / total } else { 1.0 / classes as f64 });
    }
    Majority { labels, shares: Posterior::new(classes, shares), ties }
}
