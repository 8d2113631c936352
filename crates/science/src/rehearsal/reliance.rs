//! How people took advice, out of what was drawn. What counts for which figure is [`crate::reliance`]'s to say.

use crate::{
    rehearsal::{
        compose::Figures,
        data::{Data, NONE},
        findings::{Reliance, RelianceCell},
        sheet::{Drawn, Figure},
    },
    reliance::{self, Answers, BLIND_NOTE},
};

/// The finding.
pub(super) fn reliance(data: &Data, drawn: &Drawn, figures: &Figures) -> Reliance {
    let share = |figure: Figure| if drawn.n(figure) == 0 { None } else { drawn.share(figure) };
    let override_rate = figures.overrides.and_then(share);
    let Some(columns) = figures.reliance else {
        return Reliance { override_rate, reason: Some(absent(data)), ..Reliance::default() };
    };
    let [rair, rsr, over_reliance, over_reliance_on_disagreement, under_reliance, switch_fraction] = columns.map(share);
    let empty: Vec<&str> = columns.iter().zip(reliance::CELLS).filter(|(figure, _)| drawn.n(**figure) == 0).map(|(_, why)| why).collect();
    Reliance {
        override_rate,
        rair,
        rsr,
        over_reliance,
        over_reliance_on_disagreement,
        under_reliance,
        switch_fraction,
        map: map(data),
        notes: vec![BLIND_NOTE.to_owned()],
        reason: (!empty.is_empty()).then(|| format!("{} Such a measure is undefined, not 0.", empty.join(" "))),
    }
}

fn absent(data: &Data) -> String {
    let what = match (&data.human, &data.observed) {
        (None, None) => "neither people's answers before advice (--initial) nor those after it (--final) are known",
        (None, Some(_)) => "people's answers before advice (--initial) are not known: who agreed anyway and who followed look the same",
        _ => "people's answers after advice (--final) are not known",
    };
    format!("{what}, so how they took it cannot be measured")
}

/// The counts behind it, of the rows with an answer before and after advice.
fn map(data: &Data) -> Vec<RelianceCell> {
    let (Some(truth), Some(human), Some(ai), Some(observed)) = (&data.truth, &data.human, &data.ai, &data.observed) else {
        return Vec::new();
    };
    let rows: Vec<usize> =
        (0..data.len()).filter(|row| [human, observed].iter().all(|labels| labels.get(*row).is_some_and(|l| *l != NONE))).collect();
    let pick = |labels: &[u32]| rows.iter().map(|row| labels.get(*row).copied().unwrap_or(0)).collect::<Vec<u32>>();
    let (truth, ai, initial, last) = (pick(truth), pick(ai), pick(human), pick(observed));
    let mut cells = reliance::map(&Answers { truth: &truth, ai: &ai, initial: &initial, last: &last }).unwrap_or_default();
    cells.retain(|cell| cell.followed + cell.kept + cell.neither > 0);
    cells
}
