//! Switches that break the code on purpose, one law at a time, so that a test can prove that the laws' properties notice. In a
//! program built without the feature `testkit` every switch is off for good and costs nothing.

/// A way to break a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Law 1: automates without a certificate.
    AutomateWithoutCertificate,
    /// Law 1: automates although somebody pressed stop.
    StopIgnored,
    /// Law 1: lets a stop that is pressed again leave what was asked to resume.
    StopLeavesRequest,
    /// Law 1: automates under a certificate that has expired.
    ExpiredCertificate,
    /// Law 1: routes to people who are not there, where it should hold and say so.
    RosterIgnored,
    /// Law 1: counts on people who are away.
    AbsenceIgnored,
    /// Law 1: lets a held case be answered.
    HoldIgnored,
    /// Law 2: skips the human-written rules.
    RulesSkipped,
    /// Law 2: automates where a rule of the workspace forbids it.
    WorkspaceRulesIgnored,
    /// Law 2: takes one signature for enough.
    OneSignatureSuffices,
    /// Law 2: lets anybody sign, whatever their roles.
    RolesIgnored,
    /// Law 2: lets one person correct to an answer that needs two.
    CorrectionUnsigned,
    /// Law 2: lets somebody decide who has not gone through the induction that the playbook wants.
    InductionSkipped,
    /// Law 2: lets anybody answer what is assigned to one person.
    AssignmentIgnored,
    /// Law 4: lets somebody choose by name who signs beside them.
    PanelAssigned,
    /// Law 2: lets somebody say something of a line that is masked to them.
    AnchorOnMasked,
    /// Law 2: shows everybody all of what only some roles see whole.
    MaskIgnored,
    /// Law 3: takes an answer to content that has changed since.
    ContentUnchecked,
    /// Law 3: takes a remark on a line of content that has changed since.
    AnchorUnchecked,
    /// Law 3: counts judgments on old content.
    VoidStillCounts,
    /// Law 3: believes the token without looking at the record of what was shown.
    TokenUnchecked,
    /// Law 3: takes an answer after the token expired.
    ExpiryIgnored,
    /// Law 3: takes two answers to one showing.
    ShownAnsweredTwice,
    /// Law 3: amends what is decided.
    AmendAfterDecision,
    /// Law 3: withdraws after the grace is over.
    GraceIgnored,
    /// Law 4: shows advice before the first answer.
    AdviceBeforeFirstAnswer,
    /// Law 4: lets cases be answered in bulk that are there for somebody's own look.
    BulkAnywhere,
    /// Law 4: lets an answer in bulk pass for one that was given to the case by itself.
    BulkUnmarked,
    /// Law 4: shows decided cases before the first answer.
    PrecedentsBeforeFirstAnswer,
    /// Law 4: shows what others remark before the first answer.
    RemarksBeforeFirstAnswer,
    /// Law 4: lets a first answer be given again after the reveal.
    FirstAnswerAgain,
    /// Law 4: counts one person twice.
    SamePersonTwice,
    /// Law 4: lets the owner of a proposal countersign it.
    OwnerCountersigns,
    /// Law 4: takes for two people those in both of whom somebody has a hand.
    HandsIgnored,
    /// Law 4: looks for the hands in somebody, and not for the hands in those.
    HandsNotFollowed,
    /// Law 4: lets a vouching stand although somebody can sign in by something newer.
    VouchingOutlives,
    /// Law 4: lets people vouch for those in whom they have a hand.
    VouchedByAnybody,
    /// Law 4: lets one person lift a stop although somebody else was there.
    ResumedByOne,
    /// Law 4: shows panel members what the others answered.
    PanelSeesOthers,
    /// Law 4: lets the first deciders decide on the appeal.
    DeciderJudgesAppeal,
    /// Law 4: serves cases in an order that tells what the AI said.
    QueueTellsAdvice,
    /// Law 5: lets figures rest on cases that were sought for what a model learns from them.
    SoughtCounts,
    /// Law 5: says of a case that was sought that it was drawn by lot.
    SoughtPassesForLot,
    /// Law 5: places a case by what a model learns from it, and keeps no draw that says so.
    SoughtUnmarked,
    /// Law 8: takes an outcome of the wrong kind.
    OutcomeKindUnchecked,
    /// Law 8: takes a snooze into the past.
    SnoozeUnchecked,
    /// Law 9: records how long people took where that is off.
    TookAlwaysRecorded,
}

#[cfg(any(test, feature = "testkit"))]
impl Sabotage {
    /// Every way there is, with the law that it breaks.
    pub const ALL: &[(Self, u8)] = &[
        (Self::AutomateWithoutCertificate, 1),
        (Self::StopIgnored, 1),
        (Self::StopLeavesRequest, 1),
        (Self::ExpiredCertificate, 1),
        (Self::RosterIgnored, 1),
        (Self::AbsenceIgnored, 1),
        (Self::HoldIgnored, 1),
        (Self::RulesSkipped, 2),
        (Self::WorkspaceRulesIgnored, 2),
        (Self::OneSignatureSuffices, 2),
        (Self::RolesIgnored, 2),
        (Self::CorrectionUnsigned, 2),
        (Self::InductionSkipped, 2),
        (Self::AssignmentIgnored, 2),
        (Self::PanelAssigned, 4),
        (Self::AnchorOnMasked, 2),
        (Self::MaskIgnored, 2),
        (Self::ContentUnchecked, 3),
        (Self::AnchorUnchecked, 3),
        (Self::VoidStillCounts, 3),
        (Self::TokenUnchecked, 3),
        (Self::ExpiryIgnored, 3),
        (Self::ShownAnsweredTwice, 3),
        (Self::AmendAfterDecision, 3),
        (Self::GraceIgnored, 3),
        (Self::AdviceBeforeFirstAnswer, 4),
        (Self::BulkAnywhere, 4),
        (Self::BulkUnmarked, 4),
        (Self::PrecedentsBeforeFirstAnswer, 4),
        (Self::RemarksBeforeFirstAnswer, 4),
        (Self::FirstAnswerAgain, 4),
        (Self::SamePersonTwice, 4),
        (Self::OwnerCountersigns, 4),
        (Self::HandsIgnored, 4),
        (Self::HandsNotFollowed, 4),
        (Self::VouchingOutlives, 4),
        (Self::VouchedByAnybody, 4),
        (Self::ResumedByOne, 4),
        (Self::PanelSeesOthers, 4),
        (Self::DeciderJudgesAppeal, 4),
        (Self::QueueTellsAdvice, 4),
        (Self::SoughtCounts, 5),
        (Self::SoughtPassesForLot, 5),
        (Self::SoughtUnmarked, 5),
        (Self::OutcomeKindUnchecked, 8),
        (Self::SnoozeUnchecked, 8),
        (Self::TookAlwaysRecorded, 9),
    ];
}

#[cfg(any(test, feature = "testkit"))]
mod switch {
    use super::Sabotage;
    use std::cell::Cell;

    thread_local! {
        static ACTIVE: Cell<Option<Sabotage>> = const { Cell::new(None) };
    }

    /// Runs `work` on this thread with one law broken.
    pub fn with<T>(sabotage: Sabotage, work: impl FnOnce() -> T) -> T {
        struct Restore(Option<Sabotage>);
        impl Drop for Restore {
            fn drop(&mut self) {
                ACTIVE.set(self.0);
            }
        }
        let _restore = Restore(ACTIVE.replace(Some(sabotage)));
        work()
    }

    pub(crate) fn on(sabotage: Sabotage) -> bool {
        ACTIVE.get() == Some(sabotage)
    }
}

#[cfg(any(test, feature = "testkit"))]
pub(crate) use switch::on;
#[cfg(any(test, feature = "testkit"))]
pub use switch::with;

/// Never, in a program that people use.
#[cfg(not(any(test, feature = "testkit")))]
pub(crate) const fn on(_: Sabotage) -> bool {
    false
}
