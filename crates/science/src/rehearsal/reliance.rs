//! How people took advice, out of what was drawn, and the counts behind it.

use crate::rehearsal::{
    compose::Figures,
    data::{Data, NONE},
    findings::{Reliance, RelianceCell},
    sheet::{Drawn, Figure},
};

/// The finding.
pub(super) fn reliance(data: &Data, drawn: &Drawn, figures: &Figures) -> Reliance {
    let Some([rair, rsr, over, over_on_disagreement, under, switch]) = figures.reliance else {
        return Reliance { reason: Some(absent(data)), ..Reliance::default() };
    };
    let share = |figure: Figure| if drawn.n(figure) == 0 { None } else { drawn.share(figure) };
    let found = [rair, rsr, over, over_on_disagreement, under, switch].map(share);
    let [rair, rsr, over_reliance, over_reliance_on_disagreement, under_reliance, switch_fraction] = found;
    let empty = found.iter().any(Option::is_none);
    Reliance {
        rair,
        rsr,
        over_reliance,
        over_reliance_on_disagreement,
        under_reliance,
        switch_fraction,
        map: map(data),
        notes: vec![
            "measured where people answered before they saw the advice: an own first answer changes people, so this does not describe work in which the advice is shown at once".to_owned(),
        ],
        reason: empty.then(|| "a measure without a single case of its kind is undefined, not 0".to_owned()),
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

fn map(data: &Data) -> Vec<RelianceCell> {
    let (Some(truth), Some(human), Some(ai), Some(observed)) = (&data.truth, &data.human, &data.ai, &data.observed) else {
        return Vec::new();
    };
    let mut cells: Vec<RelianceCell> = [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .flat_map(|(human_right, ai_right)| [true, false].map(|agreed| (human_right, ai_right, agreed)))
        .map(|(human_right, ai_right, agreed)| RelianceCell { human_right, ai_right, agreed, followed: 0, kept: 0, neither: 0, right: 0 })
        .collect();
    for (((truth, first), ai), last) in truth.iter().zip(human).zip(ai).zip(observed) {
        if *first == NONE || *last == NONE {
            continue;
        }
        let key = (first == truth, ai == truth, first == ai);
        let Some(cell) = cells.iter_mut().find(|c| (c.human_right, c.ai_right, c.agreed) == key) else { continue };
        if last == ai {
            cell.followed += 1;
        } else if last == first {
            cell.kept += 1;
        } else {
            cell.neither += 1;
        }
        cell.right += u64::from(last == truth);
    }
    cells.retain(|cell| cell.followed + cell.kept + cell.neither > 0);
    cells
}
