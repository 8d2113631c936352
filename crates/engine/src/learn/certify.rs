//! How a certificate is earned. A test is fixed first: regions, proposers, thresholds, where the sequence starts, and how many rows it
//! waits for, all of them out of cases that came before its own. Then come its rows: cases from the first on whose truth was not known
//! when the test was fixed, in the order in which they came, each with its matured outcome. When there are enough, and not before or
//! again, the test is made ([`countersign_science::risk`]). The next one may spend less certainty, and has rows of its own.

use super::{
    DAY, LEARN_ROWS_MIN,
    cover::{Reach, everything, place},
    partition, price,
    row::Row,
    rows::Rows,
    watch,
};
use crate::track::{Audited, Coverage, Issued, Plan, PlanRegion, Region, TrackRecord, router_name, within};
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
/// A test that waits is given up for one that would be made in so many times less time: the first ones are planned from few cases.
const HASTE: f64 = 2.0;
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
    if before.len() < LEARN_ROWS_MIN {
        return;
    }
    let next = plan(record, rows, (before, from), terms, promise);
    record.plan = match (record.plan.take(), next) {
        (Some(waiting), Some((_, time))) if HASTE * time >= left(&waiting, rows, before, terms) => Some(waiting),
        // A test that was never made has spent nothing, and its rows are none of the next one's.
        (_, Some((next, _))) => Some(Plan { detection_audits: detection(&next, rows, terms, promise), ..next }),
        (waiting, None) => waiting,
    };
}

/// How long a break of what a test may come to would stay unnoticed, if as many cases come in as in the last month.
fn detection(plan: &Plan, rows: &Rows, terms: &Terms<'_>, promise: Promise) -> Option<u64> {
    const MONTH: Micros = 30 * DAY;
    let automate = terms.playbook.routing.automate?;
    let tested = plan.regions.iter().filter_map(|region| Some((region, region.proposer.as_ref()?, region.grid.last()?)));
    let expected = tested.clone().map(|(region, key, least)| {
        let coverage = everything(&region.region, key, *least, &region.left);
        audits_expected(terms.now - MONTH, &Reach::over(&coverage, &region.except, rows), rows, terms, automate)
    });
    watch::detection(promise.alpha, promise.alpha / 2.0, tested.count() as u64, expected.min()?)
}

/// How many more cases have to come in before a test can be made, at the rate of those before it.
fn left(plan: &Plan, rows: &Rows, before: &[&Row], terms: &Terms<'_>) -> f64 {
    let tested = plan.regions.iter().filter_map(|region| Some((region, region.proposer.as_ref()?, region.grid.last()?)));
    let times = tested.map(|(region, key, least)| {
        let coverage = everything(&region.region, key, *least, &region.left);
        let reach = Reach::over(&coverage, &region.except, rows);
        let such = before.iter().filter(|row| reach.said(rows, row).is_some()).count();
        let wanted = region.rows.saturating_sub(fresh(plan, region, rows, terms).len() as u64);
        wanted as f64 * before.len() as f64 / such.max(1) as f64
    });
    times.fold(0.0, f64::max)
}

/// From when on the rows of a test that is fixed now may come: when the first case came whose truth is still waited for. What is
/// fixed rests on cases that came before; what came after, known or not, is of no influence on it.
pub(super) fn fresh_from(rows: &Rows, terms: &Terms<'_>) -> Micros {
    if rows.judged {
        // While a certificate is in force its cases are not drawn from: a sample has to begin after that.
        return terms.now;
    }
    let counts = |row: &&Row| u64::from(row.version) == terms.version && !row.ruled && !row.amended;
    let waited = rows.iter().filter(counts).find(|row| !terms.ready(row) && !terms.stuck(rows, row));
    waited.map_or(terms.now, |row| row.opened_at)
}

impl Terms<'_> {
    /// Whether it is known how the case came out, or known that nobody ever will know.
    fn ready(&self, row: &Row) -> bool {
        (row.matured(self.after, self.now) && row.truth().is_some()) || row.overdue(self.after, self.now)
    }

    /// Whether nobody decides it, although its turn has been long ago.
    fn stuck(&self, rows: &Rows, row: &Row) -> bool {
        !row.is_decided() && rows.passed_by(row.opened_at, STUCK)
    }
}

/// Rows of a region's test in the order in which they came, up to the first that is still waited for. Only cases that its laxest
/// threshold would automate: the others do not have to be waited for. Whoever went on past one that is waited for would see more of
/// what is decided quickly, which is what is automated already.
fn fresh<'r>(plan: &Plan, region: &PlanRegion, rows: &'r Rows, terms: &Terms<'_>) -> Vec<&'r Row> {
    let (Some(key), Some(least)) = (region.proposer.as_ref(), region.grid.last()) else { return Vec::new() };
    let coverage = everything(&region.region, key, *least, &region.left);
    let reach = Reach::over(&coverage, &region.except, rows);
    let came =
        |row: &&Row| row.opened_at >= plan.from && u64::from(row.version) == terms.version && !row.ruled && !row.amended && rows.tells(row);
    let waiting = rows.iter().filter(came).filter(|row| reach.said(rows, row).is_some()).filter(|row| !terms.stuck(rows, row));
    waiting.take_while(|row| terms.ready(row)).collect()
}

/// Whether every region that is tested has its rows. How many there are does not tell how they came out.
fn due(plan: &Plan, rows: &Rows, terms: &Terms<'_>) -> bool {
    plan.regions.iter().all(|region| region.proposer.is_none() || fresh(plan, region, rows, terms).len() as u64 >= region.rows)
}

/// What each threshold comes to on rows of its region. An outcome that is overdue counts as an error: what is slow is seldom what went
/// well.
fn points(rows: &Rows, key: &(String, String), grid: &[u32], of: &[&Row]) -> Vec<Point> {
    let proposer = place(rows, (&key.0, &key.1));
    let told = of.iter().filter_map(|row| {
        let said = row.by(proposer?)?;
        Some((f64::from(said.probability()?), row.truth() != Some(said.answer)))
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
            "{} {} from {} on, learned by {} events",
            points.last().map_or(0, |point| point.n),
            if rows.judged { "answers without advice to cases drawn by lot, opened" } else { "cases opened" },
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
        let coverage = everything(&region.region, key, threshold, &region.left);
        let reach = Reach::over(&coverage, &region.except, rows);
        replace(record, rows, &reach, region, plan.from);
        let audits_expected = audits_expected(plan.from, &reach, rows, terms, automate);
        record.certificates.push(Issued {
            id: format!("{}-{}-{}", record.playbook, plan.attempt, at + 1),
            region: region.region.clone(),
            proposer: key.0.clone(),
            proposer_version: key.1.clone(),
            threshold,
            left: region.left.clone(),
            except: region.except.clone(),
            costlier: false,
            issued_at: terms.now,
            audits_expected,
            detection_audits: watch::detection(
                certificate.alpha,
                certificate.errors as f64 / certificate.n.max(1) as f64,
                certificate.regions,
                audits_expected,
            ),
            certificate,
            audited: Audited::default(),
        });
    }
}

/// Ends certificates about other proposers' answers on cases that a new one covers: it will be asked first, and they would go on
/// with what it leaves over, of which they promise nothing.
fn replace(record: &mut TrackRecord, rows: &Rows, new: &Reach<'_>, region: &PlanRegion, from: Micros) {
    let said = |row: &Row| new.said(rows, row);
    record.certificates.retain(|old| {
        let coverage = old.coverage();
        let same = region.proposer.as_ref().is_some_and(|(name, version)| (name, version) == (&old.proposer, &old.proposer_version));
        let excepted = region.except.contains(&coverage);
        let reach = Reach::over(&coverage, &old.except, rows);
        let both = |row: &Row| row.opened_at >= from && said(row).is_some() && reach.said(rows, row).is_some();
        same || excepted || !rows.iter().any(both)
    });
}

/// Audits in a certificate's time, if as many cases come in as came in since the test was fixed, decided or not. The monitors keep
/// their level so long, and no longer.
fn audits_expected(from: Micros, reach: &Reach<'_>, rows: &Rows, terms: &Terms<'_>, automate: Automate) -> u64 {
    let came = rows.iter().filter(|row| row.opened_at >= from && reach.said(rows, row).is_some()).count();
    let automated = came as i128 * i128::from(automate.valid) / i128::from((terms.now - from).max(1));
    let audits = automated * i128::from(automate.audit) / i128::from(ONE_BILLIONTHS);
    u64::try_from(audits).unwrap_or(1).max(1)
}

/// The next test, and how many cases have to come in for it; `None` where no region looks as if it could pass.
fn plan(record: &TrackRecord, rows: &Rows, (before, from): (&[&Row], Micros), terms: &Terms<'_>, promise: Promise) -> Option<(Plan, f64)> {
    let attempt = record.attempts + 1;
    let regions = partition::with_rest(&record.regions);
    let usable: Vec<&Row> = before.iter().copied().filter(|row| !row.ruled && !row.amended).collect();
    let total = usable.len() as f64;
    // How many regions share the certainty is known only when they are chosen: each is planned for the worst.
    let certainty = 1.0 - spent(promise.delta, attempt) / regions.len().max(1) as f64;
    let lasting = lasting(record, rows, terms);
    let outlooks = regions.iter().zip(0u32..).map(|(region, place)| {
        let members = rows.members(region);
        let of: Vec<&Row> = usable.iter().copied().filter(|row| members.has(row)).collect();
        let outlook = outlook(record, rows, (&of, place), terms, (promise.alpha, certainty), &lasting);
        (region.clone(), outlook.map(|outlook| (outlook.rows as f64 * total / outlook.sure as f64, outlook)))
    });
    let outlooks: Vec<(Region, Option<(f64, Outlook)>)> = outlooks.collect();
    let quickest = outlooks.iter().filter_map(|(_, o)| o.as_ref().map(|(time, _)| *time)).fold(f64::INFINITY, f64::min);
    let times = outlooks.iter().filter_map(|(_, o)| o.as_ref().map(|(time, _)| *time));
    let time = times.filter(|time| *time <= PATIENCE * quickest).fold(0.0, f64::max);
    let regions = outlooks.into_iter().map(|(region, outlook)| match outlook {
        Some((time, Outlook { proposer, grid, start, rows, left, except, .. })) if time <= PATIENCE * quickest => {
            PlanRegion { region, proposer: Some(proposer), grid, start, rows, left, except }
        }
        _ => PlanRegion { region, proposer: None, grid: Vec::new(), start: 0, rows: 0, left: Vec::new(), except: Vec::new() },
    });
    let regions: Vec<PlanRegion> = regions.collect();
    let worth = regions.iter().any(|region| region.proposer.is_some());
    worth.then_some((Plan { attempt, from, regions, detection_audits: None }, time))
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
    left: Vec<[u32; 2]>,
    except: Vec<Coverage>,
}

/// The proposer and the threshold that will probably pass soonest.
fn outlook(
    record: &TrackRecord,
    rows: &Rows,
    (of, region): (&[&Row], u32),
    terms: &Terms<'_>,
    promise: (f64, f64),
    lasting: &[&Issued],
) -> Option<Outlook> {
    let best = rows.proposers.iter().filter_map(|key| {
        let held = covered(rows, key, of, lasting);
        // Where people's answers are the labels they are drawn among what is not automated: that is no sample of both.
        if held >= COVERED || (rows.judged && held > 0.0) {
            return None;
        }
        // What another proposer answers under a certificate stays with it; what this one does is tested again, with more beside it.
        let others = lasting.iter().filter(|issued| (&issued.proposer, &issued.proposer_version) != (&key.0, &key.1));
        let except: Vec<Coverage> = others.map(|issued| issued.coverage()).collect();
        let own = everything(&Region::all(), key, 0, &[]);
        let reach = Reach::over(&own, &except, rows);
        let open: Vec<&Row> = of.iter().copied().filter(|row| reach.said(rows, row).is_some()).collect();
        let view = price::View::new(record, terms.playbook, rows);
        let left = price::left(&view, (&key.0, &key.1), &open, &grid(rows, key, &open), region);
        let probability = |row: &Row| place(rows, (&key.0, &key.1)).and_then(|at| row.by(at)?.probability());
        let open: Vec<&Row> = open.into_iter().filter(|row| probability(row).is_some_and(|p| !within(&left, p))).collect();
        let mut grid = grid(rows, key, &open);
        let mut points = points(rows, key, &grid, &open);
        // Thresholds that are surely too lax only make a test wait longer.
        let sound = |point: &Point| interval::wilson(point.errors, point.n, HOPELESS_LEVEL).is_ok_and(|error| error.low <= promise.0);
        let kept = points.iter().rposition(sound)? + 1;
        points.truncate(kept);
        grid.truncate(kept);
        let already = covered(rows, key, &open, lasting) * open.len() as f64 / of.len().max(1) as f64;
        let (start, needed) = soonest(&points, of.len(), promise, already)?;
        let sure = points.last().map_or(1, |point| point.n.max(1));
        Some(Outlook { proposer: key.clone(), grid, start, rows: needed, sure, left, except })
    });
    // Soonest by the time it takes: rows over how often such rows come.
    best.min_by(|a, b| (u128::from(a.rows) * u128::from(b.sure)).cmp(&(u128::from(b.rows) * u128::from(a.sure))))
}

/// Certificates that will be there for longer than a test takes.
fn lasting<'r>(record: &'r TrackRecord, rows: &Rows, terms: &Terms<'_>) -> Vec<&'r Issued> {
    let router = router_name(terms.version);
    let until = if rows.judged { terms.now } else { terms.now.saturating_add(RENEWAL) };
    let lasts = |issued: &&Issued| issued.certificate.context.router == router && issued.certificate.context.expires_at > until;
    record.certificates.iter().filter(lasts).collect()
}

/// The share of cases on which a proposer's own answers are covered already.
fn covered(rows: &Rows, key: &(String, String), of: &[&Row], lasting: &[&Issued]) -> f64 {
    let own = lasting.iter().filter(|issued| (&issued.proposer, &issued.proposer_version) == (&key.0, &key.1));
    let own: Vec<(Coverage, &[Coverage])> = own.map(|issued| (issued.coverage(), issued.except.as_slice())).collect();
    let own: Vec<Reach<'_>> = own.iter().map(|(own, except)| Reach::over(own, except, rows)).collect();
    let is = |row: &&&Row| own.iter().any(|reach| reach.said(rows, row).is_some());
    of.iter().filter(is).count() as f64 / of.len().max(1) as f64
}

/// Thresholds from strict to lax, each a probability that was given.
fn grid(rows: &Rows, key: &(String, String), of: &[&Row]) -> Vec<u32> {
    let proposer = place(rows, (&key.0, &key.1));
    let told = of.iter().filter_map(|row| row.by(proposer?)?.probability());
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
