//! Whatever is altered in the database below the product, `verify` finds and names.

#![expect(clippy::unwrap_used, reason = "tests")]

use countersign_app::{App, verify::Problem};
use countersign_store::Db;
use countersign_testkit::{Kit, dice::Dice, each_engine, raw, story};

/// A kind of column, which says how a byte of it is flipped.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Blob,
    Text,
    Uuid,
    Integer,
}

/// One stored value.
#[derive(Clone)]
struct Place {
    table: &'static str,
    column: &'static str,
    kind: Kind,
    /// The columns by which its row is found, with their values as SQL.
    key: Vec<(&'static str, String)>,
}

/// How often a column is taken, of all draws.
const EVENT_COLUMNS: [(&str, Kind, usize); 9] = [
    ("bytes", Kind::Blob, 30),
    ("leaf", Kind::Blob, 10),
    ("stream", Kind::Uuid, 5),
    ("stream_version", Kind::Integer, 5),
    ("id", Kind::Uuid, 5),
    ("type", Kind::Text, 5),
    ("recorded_at", Kind::Integer, 5),
    ("position", Kind::Integer, 5),
    ("workspace", Kind::Uuid, 5),
];
const TILE_COLUMNS: [(&str, Kind, usize); 5] = [
    ("hashes", Kind::Blob, 10),
    ("level", Kind::Integer, 1),
    ("tile_index", Kind::Integer, 1),
    ("log", Kind::Integer, 1),
    ("workspace", Kind::Uuid, 1),
];
const CHECKPOINT_COLUMNS: [(&str, Kind, usize); 4] =
    [("note", Kind::Text, 10), ("size", Kind::Integer, 1), ("log", Kind::Integer, 1), ("workspace", Kind::Uuid, 1)];

impl Place {
    fn filter(&self) -> String {
        self.key.iter().map(|(column, value)| format!("{column} = {value}")).collect::<Vec<_>>().join(" and ")
    }

    async fn read(&self, db: &Db) -> Vec<u8> {
        let value = match self.kind {
            Kind::Integer => format!("cast({} as text)", self.column),
            Kind::Text if raw::is_postgres(db) => {
                format!("encode(convert_to({}, 'UTF8'), 'hex')", self.column)
            }
            kind => raw::hex_of(db, self.column, kind == Kind::Uuid),
        };
        let rows = raw::texts(db, &format!("select {value} from {} where {}", self.table, self.filter())).await;
        let [value] = rows.as_slice() else { panic!("{} of {}: {} rows", self.column, self.filter(), rows.len()) };
        match self.kind {
            Kind::Integer => value.parse::<i64>().unwrap().to_be_bytes().to_vec(),
            _ => (0..value.len() / 2).map(|i| u8::from_str_radix(&value[2 * i..2 * i + 2], 16).unwrap()).collect(),
        }
    }

    fn literal(&self, db: &Db, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        match (self.kind, raw::is_postgres(db)) {
            (Kind::Integer, _) => i64::from_be_bytes(bytes.try_into().unwrap()).to_string(),
            (Kind::Text, false) => format!("cast(x'{hex}' as text)"),
            (Kind::Text, true) => format!("convert_from('\\x{hex}', 'UTF8')"),
            (_, false) => format!("x'{hex}'"),
            (Kind::Uuid, true) => format!("'{hex}'::uuid"),
            (Kind::Blob, true) => format!("'\\x{hex}'::bytea"),
        }
    }

    /// Puts other bytes in its place; where the column finds the row, the row is found by them from now on.
    async fn write(&mut self, db: &Db, bytes: &[u8]) -> Result<(), sqlx::Error> {
        let literal = self.literal(db, bytes);
        assert_eq!(raw::execute(db, &format!("update {} set {} = {literal} where {}", self.table, self.column, self.filter())).await?, 1);
        for (column, value) in &mut self.key {
            if *column == self.column {
                value.clone_from(&literal);
            }
        }
        Ok(())
    }

    /// Whether a problem is about this place. `after` is the value after the flip.
    fn is_named(&self, problem: &Problem, after: &[u8]) -> bool {
        let key = |wanted: &str| self.key.iter().find(|(column, _)| *column == wanted).map(|(_, value)| value.as_str()).unwrap();
        match self.table {
            "events" => problem.place == format!("position {}", key("position")),
            "tiles" => problem.what == "tile" && problem.place.ends_with(&format!("level {} tile {}", key("level"), key("tile_index"))),
            // A checkpoint that is moved to no log there is, is named by where it went; otherwise by its size as it stands.
            _ => {
                let number = || i64::from_be_bytes(after.try_into().unwrap()).to_string();
                let place = match self.column {
                    "log" => format!("log {}", number()),
                    "workspace" => {
                        format!("workspace {} log 0", uuid::Uuid::from_slice(after).unwrap())
                    }
                    "size" => format!("size {}", number()),
                    _ => format!("size {}", key("size")),
                };
                problem.what == "checkpoint" && problem.place.ends_with(&place)
            }
        }
    }
}

/// All values there are, each column as often as its weight says.
async fn places(db: &Db) -> Vec<Vec<Place>> {
    let positions = raw::texts(db, "select cast(position as text) from events order by position").await;
    let tiles = raw::texts(db, "select cast(level as text) || ' ' || cast(tile_index as text) from tiles order by level, tile_index").await;
    let sizes = raw::texts(db, "select cast(size as text) from checkpoints order by size").await;
    let mut columns = Vec::new();
    for (column, kind, weight) in EVENT_COLUMNS {
        let of = |p: &String| Place { table: "events", column, kind, key: vec![("position", p.clone())] };
        columns.extend(std::iter::repeat_n(positions.iter().map(of).collect(), weight));
    }
    for (column, kind, weight) in TILE_COLUMNS {
        let of = |t: &String| {
            let (level, index) = t.split_once(' ').unwrap();
            Place { table: "tiles", column, kind, key: vec![("level", level.into()), ("tile_index", index.into())] }
        };
        columns.extend(std::iter::repeat_n(tiles.iter().map(of).collect(), weight));
    }
    for (column, kind, weight) in CHECKPOINT_COLUMNS {
        let of = |s: &String| Place { table: "checkpoints", column, kind, key: vec![("size", s.clone())] };
        columns.extend(std::iter::repeat_n(sizes.iter().map(of).collect(), weight));
    }
    columns
}

/// Flips bits of one byte; PostgreSQL takes only what is still a text.
fn flipped(dice: &mut Dice, kind: Kind, postgres: bool, before: &[u8]) -> Vec<u8> {
    loop {
        let mut after = before.to_vec();
        let at = dice.below(after.len());
        after[at] ^= u8::try_from(1 + dice.below(255)).unwrap();
        if kind != Kind::Text || !postgres || (std::str::from_utf8(&after).is_ok() && !after.contains(&0)) {
            return after;
        }
    }
}

async fn found_and_named(kit: &Kit, dice: &mut Dice, columns: &[Vec<Place>]) -> Result<(), String> {
    let db = kit.app.db();
    let column = dice.one_of(columns);
    let mut place = dice.one_of(column).clone();
    let before = place.read(db).await;
    let after = flipped(dice, place.kind, raw::is_postgres(db), &before);
    let original = place.clone();
    if place.write(db, &after).await.is_err() {
        // Another row has this key already: no such flip can happen.
        return Ok(());
    }
    // What a long-running node remembers must not hide anything, and a fresh one has to cope with what it reads.
    let nodes: Vec<App> = if dice.below(10) == 0 { vec![kit.app.clone(), kit.second_node(99).await.0] } else { vec![kit.app.clone()] };
    let mut verdict = Ok(());
    for node in &nodes {
        let workspace = node.workspace(kit.workspace.id());
        let report = tokio::spawn(async move { workspace.verify(&|_| {}, None).await }).await;
        let what = || {
            format!(
                "{} of {}: byte {:?}",
                place.column,
                original.filter(),
                before.iter().zip(&after).enumerate().find(|(_, (b, a))| b != a)
            )
        };
        verdict = verdict.and(match report {
            Err(panic) => Err(format!("{} {}: verify panicked: {panic}", original.table, what())),
            Ok(Err(error)) => Err(format!("{} {}: verify gave up: {error}", original.table, what())),
            Ok(Ok(report)) if report.problems.iter().any(|p| original.is_named(p, &after)) => Ok(()),
            Ok(Ok(report)) => Err(format!("{} {}: not named by {:?}", original.table, what(), report.problems)),
        });
    }
    if let [_, fresh] = nodes.as_slice() {
        fresh.close().await;
    }
    place.write(db, &before).await.unwrap();
    verdict
}

async fn flips(seed: u64, sqlite: usize, postgres: usize) {
    each_engine(seed, |kit| async move {
        story::past(&kit, 5).await;
        kit.assert_sound().await;
        let mut dice = Dice::new(seed);
        let columns = places(kit.app.db()).await;
        let count = if raw::is_postgres(kit.app.db()) { postgres } else { sqlite };
        let mut missed = Vec::new();
        for _ in 0..count {
            missed.extend(found_and_named(&kit, &mut dice, &columns).await.err());
        }
        assert!(
            missed.is_empty(),
            "{} of {count} flips were missed:\n{}",
            missed.len(),
            missed.iter().take(30).cloned().collect::<Vec<_>>().join("\n")
        );
        kit.assert_sound().await;
    })
    .await;
}

// Two halves of the thousand, so that they run side by side.
#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_is_found_and_named() {
    flips(11, 500, 75).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_flipped_byte_is_found_and_named() {
    flips(12, 500, 75).await;
}
