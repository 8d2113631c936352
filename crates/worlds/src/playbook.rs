//! The playbook of a world, as the TOML that a team would have written. Never says anything that only the world knows.

use crate::{Error, World, world::DAY};
use countersign_core::playbook::{Playbook, parse};

/// The field that says a case's region.
pub const REGION: &str = "region";
/// The field that people read.
pub const SUMMARY: &str = "summary";
/// Share of the assisted cases that are answered before the advice is shown.
const BLIND: &str = "0.10";
/// Share of the cases that go to one of the routes by lot.
const EXPLORE: &str = "0.02";
/// Routes among which the track record may choose. Blind is for measuring: it decides as assist does, and takes longer.
const CHOOSE: &str = r#"["assist", "unaided", "panel"]"#;

/// The source of a world's playbook.
pub fn source(world: &World) -> String {
    let mut out = String::new();
    let listed = |words: &mut dyn Iterator<Item = &String>| words.map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
    let name: String = world.name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("name = \"world-{name}\""));
    line("question = \"Which class is it?\"".into());
    line(format!("\n[answer]\nkind = \"choice\"\noptions = [{}]", listed(&mut world.classes.iter())));
    let regions = listed(&mut world.regions.iter().map(|region| &region.name));
    line(format!(
        "\n[fields]\n{SUMMARY} = {{ type = \"text\", title = true }}\n{REGION} = {{ type = \"category\", options = [{regions}] }}"
    ));
    if let Some(outcome) = &world.outcome {
        let observed = match &outcome.observed {
            None => "\"always\"".to_owned(),
            Some(seen) => format!("[{}]", listed(&mut seen.iter().filter_map(|class| world.classes.get(*class)))),
        };
        let seconds = outcome.after / (DAY / 86_400);
        line(format!("\n[outcome]\nkind = \"truth\"\nsource = \"the world\"\nobserved = {observed}\nafter = \"{seconds}s\""));
    }
    line(format!("\n[costs]\nminute = {}\n[costs.error]\ndefault = {}", micros(world.costs.time(60_000)), micros(default_error(world))));
    for (truth, from) in world.classes.iter().enumerate() {
        for (answer, to) in world.classes.iter().enumerate().filter(|(answer, _)| *answer != truth) {
            let cost = world.costs.error(truth as u32, answer as u32);
            line(format!("{} = {}", quoted(&format!("{from} -> {to}")), micros(cost)));
        }
    }
    line(format!("\n[routing]\ndefault = \"assist\"\nblind = {BLIND}\nchoose = {CHOOSE}\nexplore = {EXPLORE}"));
    if let Some(promise) = world.promise {
        let crate::world::Promise { max_error, certainty, audit } = promise;
        line(format!("automate = {{ max_error = {max_error:.9}, certainty = {certainty:.9}, audit = {audit:.9} }}"));
    }
    line("\n[decide]\ngrace = \"10s\"\nlease = \"2d\"".into());
    out
}

/// The playbook of a world.
///
/// # Errors
/// [`Error::World`] with the first problem that the parser finds, such as a promise that nobody could keep.
pub fn read(world: &World) -> Result<Playbook, Error> {
    parse::parse(&source(world), "playbook").map_err(|problems| Error::World {
        world: world.name.clone(),
        key: "its playbook".into(),
        why: problems.first().map(ToString::to_string).unwrap_or_default(),
    })
}

/// The most frequent cost: every pair is named, so this only has to be one.
fn default_error(world: &World) -> i64 {
    world.costs.error(u32::MAX, 0)
}

/// A cost in micro-units as a decimal.
fn micros(cost: i64) -> String {
    format!("{}.{:06}", cost / 1_000_000, cost % 1_000_000)
}

/// A TOML string. JSON's escapes are TOML's as well.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::parse_one;
    use countersign_core::event::Route;

    #[test]
    fn the_playbook_of_a_world_says_what_the_world_asks_for() {
        let world = parse_one(include_str!("../tests/worlds.toml"), "small").unwrap();
        let playbook = read(&world).unwrap();
        assert_eq!((playbook.routing.default, playbook.routing.blind), (Route::Assist, 100_000_000));
        let promise = playbook.routing.automate.unwrap();
        assert_eq!((promise.max_error, promise.certainty), (20_000_000, 950_000_000));
        assert_eq!(playbook.costs.errors[&("attack".to_owned(), "benign".to_owned())], 20_000_000);
        assert_eq!(playbook.costs.minute, 50_000);
        assert_eq!(playbook.outcome.unwrap().observed, None);
    }
}
