//! A model from elsewhere with its mapping: one file whose digest is its version, and a proposer. Says what each field adds by setting it to
//! its neutral value; never more than that, which is no cause.
//!
//! The file: `CSOX`, version (u16), length of the mapping as JSON (u32), the mapping, the ONNX file as it was given; last the SHA-256 of all
//! before. Numbers are little-endian.

use crate::{Error, Mapping, graph::Classifier};
use countersign_core::playbook::Playbook;
use countersign_models::{
    Advice, Input, NoAdvice, Proposer, Value,
    advice::{EVIDENCE_MAX, Evidence, billionths, likeliest, probabilities},
    file::{Frame, digest},
};

/// The largest ONNX file that is taken, in bytes.
pub const ONNX_BYTES_MAX: usize = 16 << 20;
/// Numbers that one piece of advice may work through, contributions included: some tens of milliseconds, whatever the file.
const WORK_MAX: usize = 50_000_000;
/// The first bytes of a file of ours.
pub const MAGIC: &[u8; 4] = b"CSOX";
const FRAME: Frame = Frame { magic: MAGIC, version: 1 };
/// Differences of a probability below this are not worth a mark.
const CONTRIBUTION_MIN: f64 = 0.005;

/// A model from an ONNX file.
#[derive(Debug)]
pub struct OnnxModel {
    classifier: Classifier,
    mapping: Mapping,
    answers: Vec<String>,
    onnx: Vec<u8>,
    version: String,
}

impl OnnxModel {
    /// A model from an ONNX file and its mapping.
    ///
    /// # Errors
    /// Where the file is too large, cannot be read, has an operator that is not known, or other columns than the mapping.
    pub fn new(onnx: &[u8], mapping: Mapping) -> Result<Self, Error> {
        if onnx.len() > ONNX_BYTES_MAX {
            return Err(Error::Refused(format!("it has {} bytes, and {ONNX_BYTES_MAX} are taken", onnx.len())));
        }
        let classifier = Classifier::read(onnx, mapping.output.as_deref())?;
        if classifier.columns != mapping.columns.len() {
            return Err(Error::Mapping(format!("it names {} columns, and the model has {}", mapping.columns.len(), classifier.columns)));
        }
        let work = classifier.work().saturating_mul(mapping.columns.len() + 1);
        if work > WORK_MAX {
            return Err(Error::Refused(format!("one piece of its advice works through {work} numbers, and {WORK_MAX} are the most")));
        }
        let answers = mapping.answers_of(&classifier.labels);
        let mut model = Self { classifier, mapping, answers, onnx: onnx.to_vec(), version: String::new() };
        model.version = digest(&model.to_bytes());
        Ok(model)
    }

    /// Holds it against a playbook, and tries it on a case in which everything is neutral.
    ///
    /// # Errors
    /// With the column or answer that does not fit, or what the model says that is no set of probabilities.
    pub fn check(&self, playbook: &Playbook) -> Result<(), Error> {
        self.mapping.check(playbook, &self.classifier.labels)?;
        let neutral: Vec<f32> = self.mapping.columns.iter().map(|column| column.neutral).collect();
        self.probabilities(&neutral).map(|_| ()).map_err(|error| Error::Refused(format!("tried on neutral values, {error}")))
    }

    /// Everything by which it does not fit a playbook: a sentence each.
    #[must_use]
    pub fn faults(&self, playbook: &Playbook) -> Vec<String> {
        self.mapping.faults(playbook, &self.classifier.labels)
    }

    /// The answers that it tells apart, in its own order.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.answers
    }

    /// How many columns it reads.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.classifier.columns
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        FRAME.write(&self.mapping, |out| out.extend_from_slice(&self.onnx))
    }

    /// A model from its file.
    ///
    /// # Errors
    /// Where the file is foreign, of another version or not whole, or [`OnnxModel::new`] refuses what is in it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (mapping, onnx) = FRAME.read(bytes)?;
        let mapping = serde_json::from_slice(mapping).map_err(|_| Error::Damaged("its mapping cannot be read"))?;
        Self::new(onnx, mapping)
    }

    /// What the model says, where that is a set of probabilities.
    fn probabilities(&self, row: &[f32]) -> Result<Vec<f64>, NoAdvice> {
        probabilities(self.classifier.run(row), self.answers.len())
    }

    /// By how much the probability of a class is higher than where a field stands at its neutral value, by field in the mapping's order.
    fn contributions(&self, row: &[f32], class: usize, p: f64) -> Result<Vec<(&str, f64)>, NoAdvice> {
        let mut fields: Vec<&str> = Vec::new();
        for column in &self.mapping.columns {
            if !fields.contains(&column.field.as_str()) {
                fields.push(&column.field);
            }
        }
        let without = |field: &str| {
            let columns = self.mapping.columns.iter().zip(row);
            let row: Vec<f32> = columns.map(|(column, value)| if column.field == field { column.neutral } else { *value }).collect();
            Ok(p - self.probabilities(&row)?.get(class).copied().unwrap_or(0.0))
        };
        fields.into_iter().map(|field| Ok((field, without(field)?))).collect()
    }

    fn evidence(&self, input: &Input, contributions: &[(&str, f64)]) -> Vec<Evidence> {
        let piece = |(field, contribution): &(&str, f64)| {
            // What people do not see is never quoted to them, however much it weighs.
            let of = input.fields.iter().find(|one| one.name == *field && !one.hidden)?;
            let quote = match &of.value {
                Value::Word(word) => word.clone(),
                Value::Flag(flag) => flag.to_string(),
                Value::Number(number) => number.to_string(),
                Value::Text(_) | Value::Gathered(_) | Value::Picture(_) => return None,
            };
            (*contribution >= CONTRIBUTION_MIN).then(|| Evidence {
                field: of.name.clone(),
                span: None,
                quote,
                contribution: *contribution,
                heat: None,
            })
        };
        let mut out: Vec<Evidence> = contributions.iter().filter_map(piece).collect();
        // Equals stay in the mapping's order.
        out.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
        out.truncate(EVIDENCE_MAX);
        out
    }
}

impl Proposer for OnnxModel {
    fn version(&self) -> &str {
        &self.version
    }

    fn propose(&self, input: &Input) -> Result<Advice, NoAdvice> {
        let row = self.mapping.row(input)?;
        let shares = self.probabilities(&row)?;
        let rounded = billionths(&shares).ok_or(NoAdvice::NoProbabilities)?;
        let best = likeliest(&rounded);
        let contributions = self.contributions(&row, best, shares.get(best).copied().unwrap_or(0.0))?;
        let answer = self.answers.get(best).cloned().unwrap_or_default();
        let evidence = self.evidence(input, &contributions);
        Ok(Advice {
            explanation: explanation(&answer, &evidence),
            probabilities: self.answers.iter().cloned().zip(rounded).collect(),
            answer,
            evidence,
            cost: 0,
        })
    }
}

fn explanation(answer: &str, evidence: &[Evidence]) -> String {
    const SAID: usize = 3;
    if evidence.is_empty() {
        return format!("No single field speaks for “{answer}”: with any one at its neutral value the model says nearly the same.");
    }
    let one =
        |piece: &Evidence| format!("{} = {} (+{:.1} points)", piece.field, piece.quote.replace('\n', " "), piece.contribution * 100.0);
    let said: Vec<String> = evidence.iter().take(SAID).map(one).collect();
    format!(
        "For “{answer}” speak above all {}. The numbers are what its probability would lose if that field stood at its neutral value; they are no causes.",
        said.join(", ")
    )
}
