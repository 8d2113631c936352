//! Flags of `import` as a mapping: `--proposal 'name=model,probability=p,of=yes'`. What a flag says stands over the file.

use crate::exit::Exit;
use anyhow::Result;
use clap::Args;
use countersign_app::import::{
    Confidence, DecisionColumns, DecisionMapping, JudgmentMapping, LAST_JUDGMENT, Mapping, OutcomeMapping, ProposalMapping,
};
use std::collections::BTreeMap;

/// Separates the items of a list inside of one flag.
const LIST_SEPARATOR: char = '|';

/// The flags that say which column is what.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Columns")]
pub struct Flags {
    /// What tells the cases apart: a column, or '{target}-{participant}'. With it importing twice is safe
    #[arg(long, value_name = "COLUMN")]
    pub external_id: Option<String>,
    /// A field that has not the name of its column
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub field: Vec<String>,
    /// A column that is no field although a field has its name
    #[arg(long, value_name = "COLUMN")]
    pub ignore: Vec<String>,
    /// What a label means: 1=yes
    #[arg(long, value_name = "LABEL=OPTION")]
    pub value: Vec<String>,
    /// Options in the order of probability columns and of numeric labels
    #[arg(long, value_name = "OPTION,..", value_delimiter = ',')]
    pub class_names: Vec<String>,
    /// A proposal: a column of answers, or name=.., version=.., answer=.., probability=.., of=.., probabilities=p0..p9, explanation=.., at=..
    #[arg(long, value_name = "PROPOSAL")]
    pub proposal: Vec<String>,
    /// A column with the probability of one option, for the one proposal
    #[arg(long, value_name = "OPTION=COLUMN")]
    pub probabilities: Vec<String>,
    /// A judgment: a column of answers, or person=.., answer=.., probability=.., of=.., threshold=0.5, confidence=true, phase=.., advice=no, seconds=.., millis=.., tool=.., at=..
    #[arg(long, value_name = "JUDGMENT")]
    pub judgment: Vec<String>,
    /// The column with the person of judgments that name none
    #[arg(long, value_name = "COLUMN")]
    pub person: Option<String>,
    /// The column with the seconds of judgments that name none
    #[arg(long, value_name = "COLUMN")]
    pub seconds: Option<String>,
    /// The column with the milliseconds of judgments that name none
    #[arg(long, value_name = "COLUMN", conflicts_with = "seconds")]
    pub millis: Option<String>,
    /// The outcome: a column, or value=.., source=.., at=..
    #[arg(long, value_name = "OUTCOME")]
    pub outcome: Option<String>,
    /// The past decision: a column, answer=.., person=.., at=.., or last-judgment
    #[arg(long, value_name = "DECISION")]
    pub decision: Option<String>,
    /// The column with the id of the person who made or owns what is decided on
    #[arg(long, value_name = "COLUMN")]
    pub owner: Option<String>,
    /// The column with the time at which the case began
    #[arg(long, value_name = "COLUMN")]
    pub opened_at: Option<String>,
    /// The column with the time by which it should be decided
    #[arg(long, value_name = "COLUMN")]
    pub deadline: Option<String>,
}

impl Flags {
    /// The flags that `playbook new` found for a file.
    pub fn guessed(found: &[(&'static str, String)]) -> Self {
        let mut flags = Self::default();
        for (flag, value) in found {
            let value = value.clone();
            match *flag {
                "--external-id" => flags.external_id = Some(value),
                "--proposal" => flags.proposal.push(value),
                "--probabilities" => flags.probabilities.push(value),
                "--judgment" => flags.judgment.push(value),
                "--person" => flags.person = Some(value),
                "--seconds" => flags.seconds = Some(value),
                "--millis" => flags.millis = Some(value),
                "--outcome" => flags.outcome = Some(value),
                _ => {}
            }
        }
        // A file that names nobody still says what was answered.
        if !flags.judgment.is_empty() {
            flags.person.get_or_insert_with(|| "=somebody".to_owned());
        }
        flags
    }

    /// Puts the flags over a mapping.
    pub fn over(self, mut mapping: Mapping) -> Result<Mapping> {
        mapping.fields.extend(pairs("--field", &self.field)?);
        mapping.values.extend(pairs("--value", &self.value)?);
        mapping.ignore.extend(self.ignore);
        if !self.class_names.is_empty() {
            mapping.classes = self.class_names;
        }
        set(&mut mapping.external_id, self.external_id);
        set(&mut mapping.owner, self.owner);
        set(&mut mapping.opened_at, self.opened_at);
        set(&mut mapping.deadline, self.deadline);
        for text in &self.proposal {
            mapping.proposals.push(proposal(text)?);
        }
        add_probabilities(&mut mapping, &self.probabilities)?;
        for text in &self.judgment {
            mapping.judgments.push(judgment(text)?);
        }
        for judgment in &mut mapping.judgments {
            if judgment.person.is_empty() {
                judgment.person = self.person.clone().unwrap_or_default();
            }
            if judgment.seconds.is_none() && judgment.millis.is_none() {
                judgment.seconds.clone_from(&self.seconds);
                judgment.millis.clone_from(&self.millis);
            }
        }
        if let Some(text) = &self.outcome {
            mapping.outcome = Some(outcome(text)?);
        }
        if let Some(text) = &self.decision {
            mapping.decision = Some(decision(text)?);
        }
        Ok(mapping)
    }
}

fn set(place: &mut Option<String>, flag: Option<String>) {
    if flag.is_some() {
        *place = flag;
    }
}

fn pairs(flag: &str, texts: &[String]) -> Result<BTreeMap<String, String>> {
    let split = |text: &String| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let wrong = |text: &String| Exit::Usage.because(format!("{flag} {text:?}: write it as NAME=VALUE"));
    texts.iter().map(|text| split(text).ok_or_else(|| wrong(text))).collect()
}

/// `--probabilities OPTION=COLUMN`, once for each option, belong to the one proposal there is.
fn add_probabilities(mapping: &mut Mapping, texts: &[String]) -> Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    let split =
        |text: &String| text.split_once('=').map(|(o, c)| (o.to_owned(), c.to_owned())).unwrap_or_else(|| (text.clone(), text.clone()));
    let (options, columns): (Vec<_>, Vec<_>) = texts.iter().map(split).unzip();
    if mapping.proposals.is_empty() {
        mapping.proposals.push(ProposalMapping { name: "model".into(), ..ProposalMapping::default() });
    }
    match mapping.proposals.as_mut_slice() {
        [one] => {
            one.probabilities = columns;
            one.classes = options;
            Ok(())
        }
        _ => Err(Exit::Usage.because("--probabilities go with one proposal; with several write --proposal 'name=..,probabilities=a|b|c'")),
    }
}

/// Members of a flag: `key=value,key=value`; nothing where the text is a plain word.
struct Members {
    flag: &'static str,
    keys: &'static [&'static str],
    members: BTreeMap<String, String>,
}

impl Members {
    fn read(flag: &'static str, keys: &'static [&'static str], text: &str) -> Result<Option<Self>> {
        let known = |part: &str| part.split_once('=').is_some_and(|(key, _)| keys.contains(&key.trim()));
        if !known(text.split(',').next().unwrap_or_default()) {
            let looks_like_members =
                text.split_once('=').is_some_and(|(key, _)| !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            if looks_like_members && !text.contains("==") {
                let key = text.split('=').next().unwrap_or_default();
                return Err(Exit::Usage.because(format!("{flag} does not know {key:?}; it knows {}", keys.join(", "))));
            }
            return Ok(None);
        }
        let mut members = BTreeMap::new();
        for part in text.split(',') {
            let Some((key, value)) = part.split_once('=').filter(|(key, _)| keys.contains(&key.trim())) else {
                return Err(Exit::Usage.because(format!("{flag}: {part:?} is none of {}=..", keys.join("=.., "))));
            };
            if members.insert(key.trim().to_owned(), value.to_owned()).is_some() {
                return Err(Exit::Usage.because(format!("{flag} has {key:?} twice")));
            }
        }
        Ok(Some(Self { flag, keys, members }))
    }

    fn take(&mut self, key: &str) -> Option<String> {
        debug_assert!(self.keys.contains(&key), "{key} is a key of {}", self.flag);
        self.members.remove(key)
    }

    fn list(&mut self, key: &str) -> Vec<String> {
        self.take(key).map(|text| text.split(LIST_SEPARATOR).map(str::to_owned).collect()).unwrap_or_default()
    }
}

fn proposal(text: &str) -> Result<ProposalMapping> {
    const KEYS: &[&str] = &["name", "version", "answer", "probability", "of", "probabilities", "classes", "explanation", "at"];
    let Some(mut members) = Members::read("--proposal", KEYS, text)? else {
        return Ok(ProposalMapping { name: text.to_owned(), answer: Some(text.to_owned()), ..ProposalMapping::default() });
    };
    Ok(ProposalMapping {
        name: members.take("name").unwrap_or_default(),
        version: members.take("version"),
        answer: members.take("answer"),
        probability: members.take("probability"),
        of: members.take("of"),
        probabilities: members.list("probabilities"),
        classes: members.list("classes"),
        values: BTreeMap::new(),
        explanation: members.take("explanation"),
        at: members.take("at"),
    })
}

fn judgment(text: &str) -> Result<JudgmentMapping> {
    const KEYS: &[&str] =
        &["person", "answer", "probability", "of", "threshold", "confidence", "phase", "advice", "seconds", "millis", "tool", "at"];
    let Some(mut members) = Members::read("--judgment", KEYS, text)? else {
        return Ok(JudgmentMapping { answer: Some(text.to_owned()), ..JudgmentMapping::default() });
    };
    let threshold = members
        .take("threshold")
        .map(|text| text.parse::<f64>().map_err(|_| Exit::Usage.because(format!("--judgment: threshold={text} is no number"))));
    Ok(JudgmentMapping {
        person: members.take("person").unwrap_or_default(),
        answer: members.take("answer"),
        probability: members.take("probability"),
        of: members.take("of"),
        threshold: threshold.transpose()?,
        confidence: members.take("confidence").map(|text| match text.as_str() {
            "true" => Confidence::OfAnswer(true),
            "false" => Confidence::OfAnswer(false),
            _ => Confidence::Column(text),
        }),
        values: BTreeMap::new(),
        phase: members.take("phase"),
        advice: members.take("advice"),
        seconds: members.take("seconds"),
        millis: members.take("millis"),
        tool: members.take("tool"),
        at: members.take("at"),
    })
}

fn outcome(text: &str) -> Result<OutcomeMapping> {
    let Some(mut members) = Members::read("--outcome", &["value", "of", "source", "at"], text)? else {
        return Ok(OutcomeMapping { value: text.to_owned(), ..OutcomeMapping::default() });
    };
    Ok(OutcomeMapping {
        value: members.take("value").unwrap_or_default(),
        of: members.take("of"),
        values: BTreeMap::new(),
        source: members.take("source"),
        at: members.take("at"),
    })
}

fn decision(text: &str) -> Result<DecisionMapping> {
    if text == LAST_JUDGMENT {
        return Ok(DecisionMapping::Word(text.to_owned()));
    }
    let columns = match Members::read("--decision", &["answer", "of", "person", "at"], text)? {
        None => DecisionColumns { answer: text.to_owned(), ..DecisionColumns::default() },
        Some(mut members) => DecisionColumns {
            answer: members.take("answer").unwrap_or_default(),
            of: members.take("of"),
            values: BTreeMap::new(),
            person: members.take("person"),
            at: members.take("at"),
        },
    };
    Ok(DecisionMapping::Columns(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(flags: Flags) -> Result<serde_json::Value> {
        let mapping = flags.over(Mapping::default())?;
        let written = toml::to_string(&mapping)?;
        assert_eq!(toml::from_str::<Mapping>(&written)?, mapping, "a mapping file says the same");
        Ok(serde_json::to_value(mapping)?)
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn flags_become_a_mapping() {
        let flags = Flags {
            external_id: Some("{target}-{order}".into()),
            value: texts(&["0=no", "1=yes"]),
            proposal: texts(&["name=model,probability=model_prob,of=1,version=2020", "decile>5", "name=net,probabilities=p0..p9"]),
            judgment: texts(&["person=participant,probability=human_prob,of=1,confidence=true,advice=no,millis=response_ms", "said"]),
            person: Some("who".into()),
            seconds: Some("s".into()),
            outcome: Some("outcome".into()),
            decision: Some("last-judgment".into()),
            ..Flags::default()
        };
        let mapping = over(flags).unwrap();
        assert_eq!(mapping["values"]["1"], "yes");
        assert_eq!(mapping["proposal"][0]["of"], "1");
        assert_eq!((&mapping["proposal"][1]["name"], &mapping["proposal"][1]["answer"]), (&"decile>5".into(), &"decile>5".into()));
        assert_eq!(mapping["proposal"][2]["probabilities"][0], "p0..p9");
        assert_eq!(
            (&mapping["judgment"][0]["person"], &mapping["judgment"][0]["seconds"]),
            (&"participant".into(), &serde_json::Value::Null)
        );
        assert_eq!((&mapping["judgment"][1]["person"], &mapping["judgment"][1]["seconds"]), (&"who".into(), &"s".into()));
        assert_eq!(mapping["judgment"][0]["confidence"], true);
        assert_eq!(mapping["decision"], "last-judgment");
    }

    #[test]
    fn probabilities_by_option_go_with_one_proposal() {
        let flags = Flags { proposal: texts(&["pred"]), probabilities: texts(&["a=p_a", "b=p_b"]), ..Flags::default() };
        let mapping = over(flags).unwrap();
        assert_eq!(mapping["proposal"][0]["probabilities"], serde_json::json!(["p_a", "p_b"]));
        assert_eq!(mapping["proposal"][0]["classes"], serde_json::json!(["a", "b"]));
        let two = Flags { proposal: texts(&["x", "y"]), probabilities: texts(&["a=p_a"]), ..Flags::default() };
        assert_eq!(Exit::of(&over(two).unwrap_err()), Exit::Usage);
    }

    #[test]
    fn wrong_flags_are_told_with_what_is_known() {
        for (flags, wanted) in [
            (Flags { proposal: texts(&["nmae=x,answer=y"]), ..Flags::default() }, "does not know \"nmae\""),
            (Flags { proposal: texts(&["name=x,anwser=y"]), ..Flags::default() }, "\"anwser=y\" is none of name="),
            (Flags { proposal: texts(&["name=x,name=y"]), ..Flags::default() }, "twice"),
            (Flags { judgment: texts(&["person=x,answer=y,threshold=half"]), ..Flags::default() }, "no number"),
            (Flags { field: texts(&["age"]), ..Flags::default() }, "NAME=VALUE"),
        ] {
            let error = over(flags).unwrap_err();
            assert!(error.to_string().contains(wanted), "{error}");
            assert_eq!(Exit::of(&error), Exit::Usage);
        }
    }
}
