//! A model of pictures with its mapping: one file whose digest is its version, and a proposer.
//!
//! The file: `CSVX`, version (u16), length of the mapping as JSON (u32), the mapping, the ONNX file as it was given; last the SHA-256 of all
//! before. Numbers are little-endian.

use crate::{
    Error, Picture, Scores, VisionMapping,
    network::Network,
    operator::shares,
    saliency::{self, Grid},
};
use countersign_core::playbook::Playbook;
use countersign_models::{
    Advice, Input, NoAdvice, Proposer, Value,
    advice::{Evidence, Heat, billionths, likeliest, probabilities},
    file::{Frame, digest},
};
use countersign_science::math::ln;

/// The largest ONNX file that is taken, in bytes.
pub const VISION_BYTES_MAX: usize = 16 << 20;
/// The first bytes of a file of ours.
pub const MAGIC: &[u8; 4] = b"CSVX";
const FRAME: Frame = Frame { magic: MAGIC, version: 1 };
/// What a probability counts as that is less: a number of 32 bits holds it.
const LEAST: f64 = 1e-30;

/// A model that tells pictures apart.
#[derive(Debug)]
pub struct VisionModel {
    network: Network,
    mapping: VisionMapping,
    answers: Vec<String>,
    onnx: Vec<u8>,
    version: String,
}

impl VisionModel {
    /// A model from an ONNX file and its mapping. It is run once, on a picture that says nothing.
    ///
    /// # Errors
    /// Where the file is too large, cannot be read, has an operator that is not known, wants other pictures than the mapping makes or asks for too
    /// much work, or what comes out is no set of probabilities for the classes that the mapping names.
    pub fn new(onnx: &[u8], mapping: VisionMapping) -> Result<Self, Error> {
        if onnx.len() > VISION_BYTES_MAX {
            return Err(Error::Refused(format!("it has {} bytes, and {VISION_BYTES_MAX} are taken", onnx.len())));
        }
        mapping.sound()?;
        let sizes = [mapping.colours.channels(), mapping.height, mapping.width];
        let network = Network::read(onnx, sizes, mapping.output.as_deref())?;
        if network.classes != mapping.classes.len() {
            let named = mapping.classes.len();
            return Err(Error::Mapping(format!("`classes` names {named}, and {} scores come out of the model", network.classes)));
        }
        let answers = mapping.answers_of();
        let mut model = Self { network, mapping, answers, onnx: onnx.to_vec(), version: String::new() };
        let nothing = vec![0.0; sizes.iter().product()];
        model.probabilities(&nothing).map_err(|error| Error::Refused(format!("tried on a picture that says nothing, {error}")))?;
        model.version = digest(&model.to_bytes());
        Ok(model)
    }

    /// Everything by which it does not fit a playbook: a sentence each.
    #[must_use]
    pub fn faults(&self, playbook: &Playbook) -> Vec<String> {
        self.mapping.faults(playbook)
    }

    /// The answers that it tells apart, in its own order.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.answers
    }

    /// The field whose picture it looks at.
    #[must_use]
    pub fn picture(&self) -> &str {
        &self.mapping.picture
    }

    /// Multiplications and the like that one look takes.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.network.work
    }

    /// Width and height of what it sees.
    #[must_use]
    pub fn sees(&self) -> (usize, usize) {
        (self.mapping.width, self.mapping.height)
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        FRAME.write(&self.mapping, |out| out.extend_from_slice(&self.onnx))
    }

    /// A model from its file.
    ///
    /// # Errors
    /// Where the file is foreign, of another version or not whole, or [`VisionModel::new`] refuses what is in it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (mapping, onnx) = FRAME.read(bytes)?;
        let mapping = serde_json::from_slice(mapping).map_err(|_| Error::Damaged("its mapping cannot be read"))?;
        Self::new(onnx, mapping)
    }

    /// What the model says of the numbers of a picture, colour by colour and row by row, for each of its classes.
    ///
    /// # Errors
    /// Where it is no set of probabilities, or the numbers are not as many as it wants.
    pub fn probabilities(&self, picture: &[f32]) -> Result<Vec<f64>, NoAdvice> {
        let scores = self.network.run(picture).map_err(|_| NoAdvice::NoProbabilities)?;
        let scores = match self.mapping.scores {
            Scores::Probabilities => scores,
            Scores::Logits => shares(&scores),
        };
        probabilities(scores, self.answers.len())
    }

    /// What of the picture speaks for a class, laid over the picture as people see it.
    fn heat(&self, seen: &[f32], picture: &Picture, class: usize, said: &[f64]) -> Option<Heat> {
        let sizes = [self.mapping.colours.channels(), self.mapping.height, self.mapping.width];
        let grid = saliency::grid(self.mapping.width, self.mapping.height, self.network.work)?;
        let of_class = |covered: &[f32]| Some(log_odds(&self.probabilities(covered).ok()?, class));
        let Grid { columns, rows, cells } = saliency::occluded(seen, sizes, grid, log_odds(said, class), of_class);
        let [left, top, width, height] = picture.seen_by(&self.mapping);
        Some(Heat { left, top, width, height, columns: columns as u32, rows: rows as u32, cells })
    }
}

impl VisionModel {
    /// What it proposes for a case; without asking what speaks for it, one look is all that it takes.
    ///
    /// # Errors
    /// [`NoAdvice`] with the reason.
    pub fn look(&self, input: &Input, why: bool) -> Result<Advice, NoAdvice> {
        let field = input.fields.iter().find(|field| field.name == self.mapping.picture);
        let Some((Value::Picture(bytes), hidden)) = field.map(|field| (&field.value, field.hidden)) else {
            return Err(NoAdvice::Missing(self.mapping.picture.clone()));
        };
        let picture = Picture::decode(bytes).map_err(NoAdvice::Picture)?;
        let seen = picture.numbers(&self.mapping);
        let said = self.probabilities(&seen)?;
        let rounded = billionths(&said).ok_or(NoAdvice::NoProbabilities)?;
        let best = likeliest(&rounded);
        let answer = self.answers.get(best).cloned().unwrap_or_default();
        // What people do not see is never shown to them by a map of it.
        let heat = if hidden || !why { None } else { self.heat(&seen, &picture, best, &said) };
        let most = heat.as_ref().and_then(|heat| heat.cells.iter().max().copied()).unwrap_or(0);
        let evidence = heat.map(|heat| Evidence {
            field: self.mapping.picture.clone(),
            span: None,
            quote: String::new(),
            contribution: f64::from(most) / 10.0,
            heat: Some(heat),
        });
        Ok(Advice {
            explanation: explanation(&answer, evidence.as_ref().map(|_| most)),
            probabilities: self.answers.iter().cloned().zip(rounded).collect(),
            answer,
            evidence: evidence.into_iter().collect(),
            cost: 0,
        })
    }
}

impl Proposer for VisionModel {
    fn version(&self) -> &str {
        &self.version
    }

    fn propose(&self, input: &Input) -> Result<Advice, NoAdvice> {
        self.look(input, true)
    }
}

/// The log-odds of a class against all others together: what is left beside 1 is told by these, however little it is.
fn log_odds(said: &[f64], class: usize) -> f64 {
    let (mut own, mut others) = (0.0, 0.0);
    for (at, p) in said.iter().enumerate() {
        if at == class { own += p } else { others += p }
    }
    ln(own.max(LEAST)) - ln(others.max(LEAST))
}

fn explanation(answer: &str, most: Option<i8>) -> String {
    match most {
        Some(most @ 1..) => format!(
            "What is marked in the picture speaks for “{answer}”: without it the logit falls by up to {:.1}. That describes the model, and is no cause.",
            f64::from(most) / 10.0
        ),
        Some(_) => format!("No single part of the picture speaks for “{answer}”: with any one covered the model says nearly the same."),
        None => format!("The model says “{answer}”, and which part of the picture speaks for it was not looked at."),
    }
}
