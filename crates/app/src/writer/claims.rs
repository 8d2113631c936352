//! Claims in one transaction. They write no event: who is on which case is operational.

use super::{ATTEMPTS_MAX, ClaimJob, Found, Want};
use crate::{Error, Inner};
use countersign_core::id::CaseId;
use countersign_store::{
    self as store,
    claim::{Claimant, Claims},
};

/// Carries out claims: all in one transaction, or one by one where somebody else came in between.
pub(super) async fn perform(node: &Inner, jobs: Vec<ClaimJob>) {
    match together(node, &jobs).await {
        Ok(found) => jobs.into_iter().zip(found).for_each(|(job, found)| {
            let _ = job.reply.send(Ok(found));
        }),
        Err(_) => {
            for job in jobs {
                let found = alone(node, &job).await;
                let _ = job.reply.send(found);
            }
        }
    }
}

pub(super) async fn alone(node: &Inner, job: &ClaimJob) -> Result<Option<Found>, Error> {
    let mut attempt = 1;
    loop {
        match together(node, std::slice::from_ref(job)).await {
            Err(Error::Store(error)) if error.is_conflict() && attempt < ATTEMPTS_MAX => attempt += 1,
            other => return other.map(|found| found.into_iter().next().flatten()),
        }
    }
}

async fn together(node: &Inner, jobs: &[ClaimJob]) -> Result<Vec<Option<Found>>, Error> {
    let Some(first) = jobs.first() else { return Ok(Vec::new()) };
    let mut tx = node.db.begin().await?;
    let mut claims = Claims::begin(tx.conn(), first.workspace.0, first.now).await?;
    let mut found = Vec::with_capacity(jobs.len());
    for job in jobs {
        found.push(one(&mut claims, job).await?);
    }
    claims.finish().await?;
    tx.commit().await?;
    Ok(found)
}

async fn one(claims: &mut Claims<'_>, job: &ClaimJob) -> Result<Option<Found>, store::Error> {
    let claimant = Claimant { person: job.person.0, roles_json: &job.roles_json, now: job.now, until: job.until };
    match &job.want {
        Want::Next(queues) => {
            for (playbook, until) in queues {
                let claimant = Claimant { until: *until, ..claimant };
                if let Some(case) = claims.next(*playbook, claimant).await? {
                    return Ok(Some(Found { case: CaseId(case), playbook: *playbook, until: *until }));
                }
            }
            Ok(None)
        }
        Want::One(case, playbook) => {
            let found = Found { case: *case, playbook: *playbook, until: job.until };
            Ok(claims.one(case.0, claimant).await?.then_some(found))
        }
        Want::Release(case) => {
            claims.release(case.0, job.person.0).await?;
            Ok(None)
        }
    }
}
