//! How a certificate is earned. A test is fixed first: regions, proposers, thresholds, where the sequence starts, and how many rows it
//! waits for, all of them out of cases that came before its own. Then come its rows: cases from the first on whose truth was not known
//! when the test was fixed, in the order in which they came, each with its matured outcome. When there are enough, and not before or
//! again, the test is made ([`countersign_science::risk`]). The next one may spend less certainty, and has rows of its own.

use super::{
    DAY, LEARN_ROWS_MIN, partition,
    row::{Members, Row, Rows},
};
use crate::track::{Audited, Issued, Plan, PlanRegion, Region, TrackRecord, router_name};
use countersign_core::{
    number::{Micros, ONE_BILLIONTHS},
    playbook::{Automate, Playbook},
};
use countersign_science::{
    interval,
    risk::{self, Context, Point, Promise, Risk, certify_groups, labels_needed, spent},
};

/// Thresholds that are tested in a region.
const GRID_POINTS: usize = 20;
/// Least share of a region's cases that a threshold has to cover to be worth a test.
const COVERAGE_MIN: f64 = 0.1;
/// Regions that would take this many times longer than the quickest wait for the next test.
const PATIENCE: f64 = 3.0;
/// A case that nobody has decided although people have decided cases that came so much later no longer keeps a test waiting.
const STUCK: Micros = 7 * DAY;
/// Level of the interval by which a threshold that is surely too lax is left out of a test.
const HOPELESS_LEVEL: f64 = 0.95;
/// A region of which so much is automated already is not tested again before its certificate ends.
const COVERED: f64 = 0.9;
/// How long before its end a certificate may be earned anew.
const RENEWAL: Micros = 10 * DAY;

/// What tests are made under.
pub(super) struct Terms<'a> {
    pub playbook: &'a Playbook,
    pub version: u64,
    pub after: Micros,
    pub now: Micros,
}

/// Makes the test that is due, or fixes the next one.
pub(super) fn step(record: &mut TrackRecord, rows: &Rows, before: &[&Row], from: Micros, terms: &Terms<'_>) {
    let Some(automate) = terms.playbook.routing.automate else {
        record.plan = None;
        return;
    };
    let promise = Promise {
        alpha: f64::from(automate.max_error) / f64::from(ONE_BILLIONTHS),
        delta: 1.0 - f64::from(automate.certainty) / f64::from(ONE_BILLIONTHS),
    };
    if let Some(plan) = record.plan.take_if(|plan| due(plan, rows, terms)) {
        test(record, &plan, rows, terms, promise, automate);
    }
    if record.plan.is_none() && before.len() >= LEARN_ROWS_MIN {
        record.plan = plan(record, rows, (before, from), terms, promise);
    }
}

/// From when on the rows of a test that is fixed now may come: when the first case came whose truth is still waited for. What is
/// fixed rests on cases that came before; what came after, known or not, is of no influence on it.
pub(super) fn fresh_from(rows: &Rows, terms: &Terms<'_>) -> Micros {
    let counts = |row: &&Row| row.version == terms.version && !row.ruled && !row.amended;
    let waited = rows.iter().filter(counts).find(|row| !terms.ready(row) && !terms.stuck(rows, row));
    waited.map_or(terms.now, |row| row.opened_at)
}

impl Terms<'_> {
    /// Whether it is known how the case came out, or known that nobody ever will know.
    fn ready(&self, row: &Row) -> bool {
        (row.matured(self.after, self.now) && row.truth.is_some()) || row.overdue(self.after, self.now)
    }

    /// Whether nobody decides it, although its turn has been long ago.
    fn stuck(&self, rows: &Rows, row: &Row) -> bool {
        row.decided_at.is_none() && rows.passed_by(row.opened_at, STUCK)
    }
}

/// A proposer's place in the rows.
fn place(rows: &Rows, (name, version): &(String, String)) -> Option<u16> {
    rows.proposers.iter().zip(0u16..).find(|((n, v), _)| n == name && v == version).map(|(_, at)| at)
}

/// Rows of a region's test in the order in which they came, up to the first that is still waited for. Only cases that its laxest
/// threshold would automate: the others do not have to be waited for. Whoever went on past one that is waited for would see more of
/// what is decided quickly, which is what is automated already.
fn fresh<'r>(plan: &Plan, region: &PlanRegion, rows: &'r Rows, terms: &Terms<'_>) -> Vec<&'r Row> {
    let (Some(proposer), Some(least)) = (region.proposer.as_ref().and_then(|key| place(rows, key)), region.grid.last()) else {
        return Vec::new();
    };
    let members = rows.members(&region.region);
    let came = |row: &&Row| row.opened_at >= plan.from && row.version == terms.version && !row.ruled && !row.amended && members.has(row);
    let sure = |row: &&Row| row.by(proposer).and_then(|said| said.probability).is_some_and(|p| p >= *least);
    let waiting = rows.iter().filter(came).filter(sure).filter(|row| !terms.stuck(rows, row));
    waiting.take_while(|row| terms.ready(row)).collect()
}

/// Whether every region that is tested has its rows. How many there are does not tell how they came out.
fn due(plan: &Plan, rows: &Rows, terms: &Terms<'_>) -> bool {
    plan.regions.iter().all(|region| region.proposer.is_none() || fresh(plan, region, rows, terms).len() as u64 >= region.rows)
}

/// What each threshold comes to on rows of its region. An outcome that is overdue counts as an error: what is slow is seldom what went
/// well.
fn points(rows: &Rows, key: &(String, String), grid: &[u32], of: &[&Row]) -> Vec<Point> {
    let proposer = place(rows, key);
    let told = of.iter().filter_map(|row| {
        let said = row.by(proposer?)?;
        Some((f64::from(said.probability?), row.truth != Some(said.answer)))
    });
    let (scores, wrong): (Vec<f64>, Vec<bool>) = told.unzip();
    let grid: Vec<f64> = grid.iter().map(|threshold| f64::from(*threshold)).collect();
    risk::error_points(&grid, &scores, &wrong).unwrap_or_default()
}

fn test(record: &mut TrackRecord, plan: &Plan, rows: &Rows, terms: &Terms<'_>, promise: Promise, automate: Automate) {
    let tested = plan.regions.iter().filter_map(|region| Some((region, region.proposer.clone()?)));
    let tested: Vec<(&PlanRegion, (String, String))> = tested.collect();
    let points: Vec<Vec<Point>> =
        tested.iter().map(|(region, key)| points(rows, key, &region.grid, &fresh(plan, region, rows, terms))).collect();
    let expires_at = terms.now.saturating_add(automate.valid);
    let context = |region: &PlanRegion, (name, version): &(String, String), points: &[Point]| Context {
        proposer: format!("{name} {version}"),
        router: router_name(terms.version),
        region: Some(region.region.words()),
        evidence: format!(
            "{} cases opened from {} on, learned by {} events",
            points.last().map_or(0, |point| point.n),
            plan.from,
            record.through
        ),
        expires_at,
    };
    let groups = tested.iter().zip(&points).map(|((region, key), points)| (points.as_slice(), region.start, context(region, key, points)));
    let groups: Vec<(&[Point], usize, Context)> = groups.collect();
    record.attempts = plan.attempt;
    let Ok(results) = certify_groups(promise, Risk::Error, &groups, plan.attempt) else { return };
    for (at, ((region, key), certificate)) in tested.iter().zip(results).enumerate() {
        let Ok(certificate) = certificate else { continue };
        let threshold = region.grid.get(certificate.chosen).copied().unwrap_or(ONE_BILLIONTHS);
        record.certificates.push(Issued {
            id: format!("{}-{}-{}", record.playbook, plan.attempt, at + 1),
            region: region.region.clone(),
            proposer: key.0.clone(),
            proposer_version: key.1.clone(),
            threshold,
            issued_at: terms.now,
            audits_expected: audits_expected(plan.from, &region.region, key, threshold, rows, terms, automate),
            certificate,
            audited: Audited::default(),
        });
    }
}

/// Audits in a certificate's time, if as many cases come in as came in since the test was fixed, decided or not. The monitors keep
/// their level so long, and no longer.
fn audits_expected(
    from: Micros,
    region: &Region,
    key: &(String, String),
    threshold: u32,
    rows: &Rows,
    terms: &Terms<'_>,
    automate: Automate,
) -> u64 {
    let (proposer, members) = (place(rows, key), rows.members(region));
    let sure = |row: &&Row| proposer.and_then(|at| row.by(at)?.probability).is_some_and(|p| p >= threshold);
    let came = rows.iter().filter(|row| row.opened_at >= from && members.has(row)).filter(sure).count();
    let automated = came as i128 * i128::from(automate.valid) / i128::from((terms.now - from).max(1));
    let audits = automated * i128::from(automate.audit) / i128::from(ONE_BILLIONTHS);
    u64::try_from(audits).unwrap_or(1).max(1)
}

/// The next test; `None` where no region looks as if it could pass.
fn plan(record: &TrackRecord, rows: &Rows, (before, from): (&[&Row], Micros), terms: &Terms<'_>, promise: Promise) -> Option<Plan> {
    let attempt = record.attempts + 1;
    let regions = partition::with_rest(&record.regions);
    let usable: Vec<&Row> = before.iter().copied().filter(|row| !row.ruled && !row.amended).collect();
    let total = usable.len() as f64;
    // How many regions share the certainty is known only when they are chosen: each is planned for the worst.
    let certainty = 1.0 - spent(promise.delta, attempt) / regions.len().max(1) as f64;
    let outlooks = regions.iter().map(|region| {
        let members = rows.members(region);
        let of: Vec<&Row> = usable.iter().copied().filter(|row| members.has(row)).collect();
        let outlook = outlook(record, rows, &of, terms, (promise.alpha, certainty));
        (region.clone(), outlook.map(|outlook| (outlook.rows as f64 * total / outlook.sure as f64, outlook)))
    });
    let outlooks: Vec<(Region, Option<(f64, Outlook)>)> = outlooks.collect();
    let quickest = outlooks.iter().filter_map(|(_, o)| o.as_ref().map(|(time, _)| *time)).fold(f64::INFINITY, f64::min);
    let regions = outlooks.into_iter().map(|(region, outlook)| match outlook {
        Some((time, Outlook { proposer, grid, start, rows, .. })) if time <= PATIENCE * quickest => {
            PlanRegion { region, proposer: Some(proposer), grid, start, rows }
        }
        _ => PlanRegion { region, proposer: None, grid: Vec::new(), start: 0, rows: 0 },
    });
    let regions: Vec<PlanRegion> = regions.collect();
    let worth = regions.iter().any(|region| region.proposer.is_some());
    worth.then_some(Plan { attempt, from, regions })
}

/// What a test in a region would take.
struct Outlook {
    proposer: (String, String),
    grid: Vec<u32>,
    start: usize,
    /// Rows that it would wait for.
    rows: u64,
    /// How many such rows there were before.
    sure: u64,
}

/// The proposer and the threshold that will probably pass soonest.
fn outlook(record: &TrackRecord, rows: &Rows, of: &[&Row], terms: &Terms<'_>, promise: (f64, f64)) -> Option<Outlook> {
    let best = rows.proposers.iter().filter_map(|key| {
        let mut grid = grid(rows, key, of);
        let mut points = points(rows, key, &grid, of);
        let covered = covered(record, rows, key, of, terms);
        if covered >= COVERED {
            return None;
        }
        // Thresholds that are surely too lax only make a test wait longer.
        let sound = |point: &Point| interval::wilson(point.errors, point.n, HOPELESS_LEVEL).is_ok_and(|error| error.low <= promise.0);
        let kept = points.iter().rposition(sound)? + 1;
        points.truncate(kept);
        grid.truncate(kept);
        let (start, needed) = soonest(&points, of.len(), promise, covered)?;
        let sure = points.last().map_or(1, |point| point.n.max(1));
        Some(Outlook { proposer: key.clone(), grid, start, rows: needed, sure })
    });
    // Soonest by the time it takes: rows over how often such rows come.
    best.min_by(|a, b| (u128::from(a.rows) * u128::from(b.sure)).cmp(&(u128::from(b.rows) * u128::from(a.sure))))
}

/// The share of a region's cases that certificates cover for longer than a test takes.
fn covered(record: &TrackRecord, rows: &Rows, key: &(String, String), of: &[&Row], terms: &Terms<'_>) -> f64 {
    let router = router_name(terms.version);
    let lasting = record.certificates.iter().filter(|issued| {
        (&issued.proposer, &issued.proposer_version) == (&key.0, &key.1)
            && issued.certificate.context.router == router
            && issued.certificate.context.expires_at > terms.now.saturating_add(RENEWAL)
    });
    let lasting: Vec<(Members, u32)> = lasting.map(|issued| (rows.members(&issued.region), issued.threshold)).collect();
    let proposer = place(rows, key);
    let is = |row: &&&Row| {
        let probability = proposer.and_then(|at| row.by(at)?.probability);
        probability.is_some_and(|p| lasting.iter().any(|(members, least)| p >= *least && members.has(row)))
    };
    of.iter().filter(is).count() as f64 / of.len().max(1) as f64
}

/// Thresholds from strict to lax, each a probability that was given.
fn grid(rows: &Rows, key: &(String, String), of: &[&Row]) -> Vec<u32> {
    let proposer = place(rows, key);
    let told = of.iter().filter_map(|row| row.by(proposer?)?.probability);
    let mut scores: Vec<u32> = told.collect();
    scores.sort_unstable_by(|a, b| b.cmp(a));
    let place = |at: usize| scores.get((scores.len() * at / GRID_POINTS).saturating_sub(1)).copied();
    let mut grid: Vec<u32> = (1..=GRID_POINTS).filter_map(place).collect();
    grid.dedup();
    grid
}

/// Where to start, and how many rows the test takes that its laxest threshold covers: the threshold that needs the fewest, above what is
/// covered already. The error is taken to be a little worse than it was here.
fn soonest(points: &[Point], rows: usize, (alpha, certainty): (f64, f64), covered: f64) -> Option<(usize, u64)> {
    let (all, sure) = (rows.max(1) as f64, points.last()?.n as f64);
    let needed = points.iter().enumerate().filter_map(|(at, point)| {
        let coverage = point.n as f64 / all;
        if coverage < COVERAGE_MIN || coverage <= covered {
            return None;
        }
        let error = (point.errors as f64 + 0.5) / (point.n as f64 + 1.0);
        let labels = labels_needed(alpha, certainty, error).ok()?;
        Some((at, (labels as f64 * sure / point.n as f64).ceil() as u64))
    });
    needed.min_by_key(|(_, needed)| *needed)
}
