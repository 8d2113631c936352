//! The words about what is for one person: cases that are theirs, remarks that mention them, who else is on a case.

pub const TITLE: &str = "For you";
pub const LEAD: &str = "Cases that are yours to answer, and remarks that ask for your attention. Nobody else is served what is yours; \
    give it back or hand it over on its page.";
pub const ASSIGNED: &str = "Yours to answer";
pub const MENTIONS: &str = "You are mentioned";
pub const DUE: &str = "Due";
pub const NONE: &str = "Nothing is for you alone";
pub const NONE_LEAD: &str = "What waits for everybody is in the queue.";
pub const SEEN: &str = "I have seen these";
pub const NEW: &str = "new";
pub const MENTIONED_ON: &str = "mentions you on";
pub const ASSIGN: &str = "Hand over";
pub const ASSIGN_TO: &str = "Whose it is from now on";
pub const ASSIGN_NOBODY: &str = "anybody who may answer";
pub const ASSIGN_NOTE: &str = "What they should know";
pub const ASSIGN_BUTTON: &str = "Hand over";
pub const YOURS: &str = "Yours to answer";
pub const ASSIGNED_TO: &str = "Assigned to";
pub const ON_IT: &str = "on it right now:";
pub const MENTION_HINT: &str = "@name asks for that person's attention";
pub const NOT_YOURS: &str = "It is not served to you while it is somebody else's.";
pub const EVENT_ASSIGNED: &str = "handed it to";
pub const EVENT_GAVE_BACK: &str = "gave it back to all who may answer";
pub const EVENT_GIVEN_BACK: &str = "It is for all again: whose it was cannot answer on it now";
pub const EVENT_STANDS_IN: &str = "Whose it was is away; it went to who stands in,";
pub const EVENT_MENTIONS: &str = "mentions";

pub const LETTERS: &str = "By e-mail";
pub const LETTERS_TO: &str = "When something is for you alone, or for whoever leads and that is you, a letter goes to";
pub const LETTERS_LEAD: &str = "It says how much there is and where, not what it is about; one in a quarter of an hour at most.";
pub const LETTERS_OFF: &str = "You get no letters. What is for you stands here.";
pub const LETTERS_NO_ADDRESS: &str =
    "Letters go out from here, and no e-mail address of yours is known: a lead can write it down under People.";
pub const LETTERS_FAILED: &str = "The last letter could not be sent:";
pub const LETTERS_STOP: &str = "No letters to me";
pub const LETTERS_START: &str = "Letters to me";

/// The line at the queue.
#[must_use]
pub fn line(assigned: u64, unseen: u64) -> String {
    let cases = match assigned {
        0 => None,
        1 => Some("1 case is yours to answer".to_owned()),
        more => Some(format!("{more} cases are yours to answer")),
    };
    let mentions = match unseen {
        0 => None,
        1 => Some("1 remark mentions you".to_owned()),
        more if more > countersign_app::team::UNSEEN_MAX => {
            Some(format!("more than {} remarks mention you", countersign_app::team::UNSEEN_MAX))
        }
        more => Some(format!("{more} remarks mention you")),
    };
    cases.into_iter().chain(mentions).collect::<Vec<_>>().join(", ")
}
