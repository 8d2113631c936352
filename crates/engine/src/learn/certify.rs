//! How a certificate is earned. A test is fixed first: regions, proposers, thresholds, where the sequence starts, and how many rows it
//! waits for. Then come its rows: cases that were opened after that, in the order in which they were opened, each with its matured
//! outcome. When there are enough, and not before or again, the test is made ([`countersign_science::risk`]). The next one may spend
//! less certainty, and has rows of its own.

use super::{
    DAY, LEARN_ROWS_MIN, partition,
    row::{Row, Rows},
};
use crate::track::{Audited, Issued, Plan, PlanRegion, Region, TrackRecord, router_name};
use countersign_core::{
    number::{Micros, ONE_BILLIONTHS},
    playbook::{Automate, Playbook},
};
use countersign_science::risk::{self, Context, Point, Promise, Risk, certify_groups, labels_needed, spent};

/// Thresholds that are tested in a region.
const GRID_POINTS: usize = 20;
/// Least share of a region's cases that a threshold has to cover to be worth a test.
const COVERAGE_MIN: f64 = 0.1;
/// Regions that would take this many times longer than the quickest wait for the next test.
const PATIENCE: f64 = 3.0;
/// A case that nobody decides for so long no longer keeps a test waiting.
const STUCK: Micros = 7 * DAY;
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
pub(super) fn step(record: &mut TrackRecord, rows: &Rows, window: &[&Row], terms: &Terms<'_>) {
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
    if record.plan.is_none() && window.len() >= LEARN_ROWS_MIN {
        record.plan = plan(record, rows, window, terms, promise);
    }
}

/// Rows of a test in the order of opening: up to the first that is still waited for.
fn fresh<'r>(plan: &Plan, rows: &'r Rows, terms: &Terms<'_>) -> Vec<&'r Row> {
    let Terms { version, after, now, .. } = *terms;
    let mut fresh = Vec::new();
    for row in rows.iter().filter(|row| row.opened_at >= plan.from && row.version == version && !row.ruled && !row.amended) {
        let ready = (row.matured(after, now) && row.truth.is_some()) || row.overdue(after, now);
        if ready {
            fresh.push(row);
        } else if row.decided_at.is_some() || row.opened_at.saturating_add(STUCK) > now {
            break;
        }
    }
    fresh
}

/// Whether every region that is tested has its rows. How many there are does not tell how they came out.
fn due(plan: &Plan, rows: &Rows, terms: &Terms<'_>) -> bool {
    let fresh = fresh(plan, rows, terms);
    let enough = |region: &PlanRegion| {
        let wanted = usize::try_from(region.rows).unwrap_or(usize::MAX);
        region.proposer.is_none() || fresh.iter().filter(|row| rows.belongs(row, &region.region)).take(wanted).count() >= wanted
    };
    plan.regions.iter().all(enough)
}

/// What each threshold comes to. An outcome that is overdue counts as an error: what is slow is seldom what went well.
fn points(rows: &Rows, region: &PlanRegion, of: &[&Row]) -> Vec<Point> {
    let Some((name, version)) = &region.proposer else { return Vec::new() };
    let proposer = rows.proposers.iter().zip(0u16..).find(|((n, v), _)| n == name && v == version).map(|(_, at)| at);
    let told = of.iter().filter(|row| rows.belongs(row, &region.region)).filter_map(|row| {
        let said = row.by(proposer?)?;
        Some((f64::from(said.probability?), row.truth != Some(said.answer)))
    });
    let (scores, wrong): (Vec<f64>, Vec<bool>) = told.unzip();
    let grid: Vec<f64> = region.grid.iter().map(|threshold| f64::from(*threshold)).collect();
    risk::error_points(&grid, &scores, &wrong).unwrap_or_default()
}

fn test(record: &mut TrackRecord, plan: &Plan, rows: &Rows, terms: &Terms<'_>, promise: Promise, automate: Automate) {
    let fresh = fresh(plan, rows, terms);
    let tested: Vec<&PlanRegion> = plan.regions.iter().filter(|region| region.proposer.is_some()).collect();
    let points: Vec<Vec<Point>> = tested.iter().map(|region| points(rows, region, &fresh)).collect();
    let expires_at = terms.now.saturating_add(automate.valid);
    let context = |region: &PlanRegion| Context {
        proposer: region.proposer.as_ref().map(|(name, version)| format!("{name} {version}")).unwrap_or_default(),
        router: router_name(terms.version),
        region: Some(region.region.words()),
        evidence: format!("{} cases opened from {} on, learned by {} events", fresh.len(), plan.from, record.through),
        expires_at,
    };
    let groups: Vec<(&[Point], usize, Context)> =
        tested.iter().zip(&points).map(|(region, points)| (points.as_slice(), region.start, context(region))).collect();
    record.attempts = plan.attempt;
    let Ok(results) = certify_groups(promise, Risk::Error, &groups, plan.attempt) else { return };
    let span = (terms.now - plan.from).max(1);
    for (at, (region, certificate)) in tested.iter().zip(results).enumerate() {
        let (Ok(certificate), Some((proposer, version))) = (certificate, region.proposer.clone()) else { continue };
        let threshold = region.grid.get(certificate.chosen).copied().unwrap_or(ONE_BILLIONTHS);
        // As many cases are expected in the certificate's time as came in the time of the test.
        let automated = i128::from(certificate.n) * i128::from(automate.valid) / i128::from(span);
        let audits = automated * i128::from(automate.audit) / i128::from(ONE_BILLIONTHS);
        record.certificates.push(Issued {
            id: format!("{}-{}-{}", record.playbook, plan.attempt, at + 1),
            region: region.region.clone(),
            proposer,
            proposer_version: version,
            threshold,
            issued_at: terms.now,
            audits_expected: u64::try_from(audits).unwrap_or(1).max(1),
            certificate,
            audited: Audited::default(),
        });
    }
}

/// The next test; `None` where no region looks as if it could pass.
fn plan(record: &TrackRecord, rows: &Rows, window: &[&Row], terms: &Terms<'_>, promise: Promise) -> Option<Plan> {
    let attempt = record.attempts + 1;
    let regions = partition::with_rest(&record.regions);
    let usable: Vec<&Row> = window.iter().copied().filter(|row| !row.ruled && !row.amended).collect();
    let total = usable.len().max(1) as f64;
    // How many regions share the certainty is known only when they are chosen: each is planned for the worst.
    let certainty = 1.0 - spent(promise.delta, attempt) / regions.len().max(1) as f64;
    let outlooks = regions.iter().map(|region| {
        let of: Vec<&Row> = usable.iter().copied().filter(|row| rows.belongs(row, region)).collect();
        let share = of.len() as f64 / total;
        let outlook = outlook(record, rows, region, &of, terms, (promise.alpha, certainty));
        (region.clone(), outlook.map(|outlook| (outlook.rows as f64 / share, outlook)))
    });
    let outlooks: Vec<(Region, Option<(f64, Outlook)>)> = outlooks.collect();
    let quickest = outlooks.iter().filter_map(|(_, o)| o.as_ref().map(|(time, _)| *time)).fold(f64::INFINITY, f64::min);
    let regions = outlooks.into_iter().map(|(region, outlook)| match outlook {
        Some((time, Outlook { proposer, grid, start, rows })) if time <= PATIENCE * quickest => {
            PlanRegion { region, proposer: Some(proposer), grid, start, rows }
        }
        _ => PlanRegion { region, proposer: None, grid: Vec::new(), start: 0, rows: 0 },
    });
    let regions: Vec<PlanRegion> = regions.collect();
    let worth = regions.iter().any(|region| region.proposer.is_some());
    worth.then_some(Plan { attempt, from: terms.now, regions })
}

/// What a test in a region would take.
struct Outlook {
    proposer: (String, String),
    grid: Vec<u32>,
    start: usize,
    rows: u64,
}

/// The proposer and the threshold that will probably pass soonest.
fn outlook(record: &TrackRecord, rows: &Rows, region: &Region, of: &[&Row], terms: &Terms<'_>, promise: (f64, f64)) -> Option<Outlook> {
    let best = rows.proposers.iter().filter_map(|key| {
        let proposed = PlanRegion { region: region.clone(), proposer: Some(key.clone()), grid: grid(rows, key, of), start: 0, rows: 0 };
        let points = points(rows, &proposed, of);
        let covered = covered(record, rows, region, key, of, terms);
        if covered >= COVERED {
            return None;
        }
        let (start, needed) = soonest(&points, of.len(), promise, covered)?;
        Some(Outlook { proposer: key.clone(), grid: proposed.grid, start, rows: needed })
    });
    best.min_by_key(|outlook| outlook.rows)
}

/// The share of a region's cases that is covered for longer than a test takes.
fn covered(record: &TrackRecord, rows: &Rows, region: &Region, key: &(String, String), of: &[&Row], terms: &Terms<'_>) -> f64 {
    let router = router_name(terms.version);
    let lasting = record.certificates.iter().filter(|issued| {
        issued.region == *region
            && (&issued.proposer, &issued.proposer_version) == (&key.0, &key.1)
            && issued.certificate.context.router == router
            && issued.certificate.context.expires_at > terms.now.saturating_add(RENEWAL)
    });
    let Some(least) = lasting.map(|issued| issued.threshold).min() else { return 0.0 };
    let proposer = rows.proposers.iter().zip(0u16..).find(|(known, _)| *known == key).map(|(_, at)| at);
    let above = of.iter().filter(|row| proposer.and_then(|at| row.by(at)).and_then(|said| said.probability).is_some_and(|p| p >= least));
    above.count() as f64 / of.len().max(1) as f64
}

/// Thresholds from strict to lax, each a probability that was given.
fn grid(rows: &Rows, key: &(String, String), of: &[&Row]) -> Vec<u32> {
    let proposer = rows.proposers.iter().zip(0u16..).find(|(known, _)| *known == key).map(|(_, at)| at);
    let told = of.iter().filter_map(|row| row.by(proposer?)?.probability);
    let mut scores: Vec<u32> = told.collect();
    scores.sort_unstable_by(|a, b| b.cmp(a));
    let place = |at: usize| scores.get((scores.len() * at / GRID_POINTS).saturating_sub(1)).copied();
    let mut grid: Vec<u32> = (1..=GRID_POINTS).filter_map(place).collect();
    grid.dedup();
    grid
}

/// Where to start, and how many rows of the region it takes: the threshold that needs the fewest, above what is covered already. The
/// error is taken to be a little worse than it was here.
fn soonest(points: &[Point], rows: usize, (alpha, certainty): (f64, f64), covered: f64) -> Option<(usize, u64)> {
    let all = rows.max(1) as f64;
    let needed = points.iter().enumerate().filter_map(|(at, point)| {
        let coverage = point.n as f64 / all;
        if coverage < COVERAGE_MIN || coverage <= covered {
            return None;
        }
        let error = (point.errors as f64 + 0.5) / (point.n as f64 + 1.0);
        let labels = labels_needed(alpha, certainty, error).ok()?;
        Some((at, (labels as f64 / coverage).ceil() as u64))
    });
    needed.min_by_key(|(_, needed)| *needed)
}
