//! The operators that classifiers over tables are exported as, in the order in which they run, from `ai.onnx.ml`
//! (<https://onnx.ai/onnx/operators/>): a scaler, a linear classifier or trees, a normaliser. What a graph costs is known when it is
//! read: there are no loops, and a tree is walked once from its root. An operator that is not known is refused by its name.

use crate::{
    Error,
    trees::Trees,
    wire::{self, Attribute, Node, Value},
};

/// Columns that a model may have.
pub const COLUMNS_MAX: usize = 1_000;
/// Classes that a model may tell apart.
pub const CLASSES_MAX: usize = 1_000;
/// Operators in a row.
const STEPS_MAX: usize = 100;
/// The kind of a tensor of floats of 32 bits.
const FLOAT: i64 = 1;

/// A classifier over rows of numbers.
#[derive(Debug)]
pub(crate) struct Classifier {
    pub columns: usize,
    /// What its file calls the classes, in the order of its probabilities.
    pub labels: Vec<String>,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Scale { offset: Vec<f32>, scale: Vec<f32> },
    Normalise(Norm),
    Linear { coefficients: Vec<f32>, intercepts: Vec<f32>, classes: usize, transform: Transform },
    Trees(Trees),
}

#[derive(Debug, Clone, Copy)]
enum Norm {
    Largest,
    Sum,
    Length,
}

/// What becomes of scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transform {
    None,
    Logistic,
    Softmax,
}

/// An operator with its parameters.
pub(crate) struct Parameters<'n>(&'n Node);

impl<'n> Parameters<'n> {
    fn get(&self, name: &str) -> Option<&'n Attribute> {
        self.0.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub(crate) fn floats(&self, name: &str) -> &'n [f32] {
        self.get(name).map(|attribute| attribute.floats.as_slice()).unwrap_or_default()
    }

    pub(crate) fn ints(&self, name: &str) -> &'n [i64] {
        self.get(name).map(|attribute| attribute.ints.as_slice()).unwrap_or_default()
    }

    pub(crate) fn texts(&self, name: &str) -> &'n [String] {
        self.get(name).map(|attribute| attribute.texts.as_slice()).unwrap_or_default()
    }

    fn text(&self, name: &str) -> &'n str {
        self.get(name).map(|attribute| attribute.text.as_str()).unwrap_or_default()
    }

    pub(crate) fn refused(&self, why: &str) -> Error {
        Error::Refused(format!("its operator {} {why}", self.0.operator))
    }

    pub(crate) fn transform(&self) -> Result<Transform, Error> {
        match self.text("post_transform") {
            "" | "NONE" => Ok(Transform::None),
            "LOGISTIC" => Ok(Transform::Logistic),
            "SOFTMAX" => Ok(Transform::Softmax),
            other => Err(self.refused(&format!("ends in {other:?}, which is not known"))),
        }
    }

    /// The classes by whichever of two names their numbers have, or as texts.
    pub(crate) fn labels(&self, numbers: &str) -> Result<Vec<String>, Error> {
        let (texts, numbers) = (self.texts("classlabels_strings"), self.ints(numbers));
        let labels: Vec<String> = if texts.is_empty() { numbers.iter().map(i64::to_string).collect() } else { texts.to_vec() };
        match labels.len() {
            2..=CLASSES_MAX => Ok(labels),
            n => Err(self.refused(&format!("tells {n} classes apart: 2 to {CLASSES_MAX} can be"))),
        }
    }

    pub(crate) fn finite(&self, name: &str) -> Result<Vec<f32>, Error> {
        let numbers = self.floats(name);
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(numbers.to_vec())
        } else {
            Err(self.refused(&format!("has a {name} that is no finite number")))
        }
    }
}

impl Classifier {
    /// Reads a model. `output` names what holds the probabilities, where that is not clear.
    pub(crate) fn read(bytes: &[u8], output: Option<&str>) -> Result<Self, Error> {
        let graph = wire::graph(bytes)?;
        let inputs: Vec<&Value> = graph.inputs.iter().filter(|input| !graph.constants.contains(&input.name)).collect();
        let [input] = inputs.as_slice() else {
            return Err(Error::Refused(format!(
                "it has {} inputs, and one is read: export it with one tensor of all columns",
                inputs.len()
            )));
        };
        if input.element != FLOAT {
            return Err(Error::Refused(format!("its input {:?} is no tensor of floats of 32 bits (FloatTensorType)", input.name)));
        }
        let told = match input.sizes.as_slice() {
            [_, columns] => columns.and_then(|columns| usize::try_from(columns).ok()).filter(|columns| *columns > 0),
            sizes => {
                return Err(Error::Refused(format!(
                    "its input {:?} has {} dimensions, and rows of columns have two",
                    input.name,
                    sizes.len()
                )));
            }
        };
        let chain = chain(&graph, &input.name, output)?;
        let mut out = Self { columns: told.unwrap_or(0), labels: Vec::new(), steps: Vec::new() };
        for node in chain {
            out.add(node)?;
        }
        if out.labels.is_empty() {
            return Err(Error::Refused("it is no classifier: nothing in it tells classes apart".into()));
        }
        if out.columns == 0 || out.columns > COLUMNS_MAX {
            return Err(Error::Refused(format!("it has {} columns: 1 to {COLUMNS_MAX} can be", out.columns)));
        }
        Ok(out)
    }

    fn add(&mut self, node: &Node) -> Result<(), Error> {
        let of = Parameters(node);
        let classified = !self.labels.is_empty();
        // The width of what comes in: the columns, or the classes once there are any.
        let mut width = |told: usize| {
            let here = if classified { self.labels.len() } else { self.columns };
            match here {
                0 => self.columns = told,
                here if here != told => return Err(of.refused(&format!("is of {told} columns, and {here} come in"))),
                _ => {}
            }
            Ok(())
        };
        match node.operator.as_str() {
            // A cast to the same floats, and a map of probabilities by class, change no number.
            "Identity" | "ZipMap" => {}
            "Cast" if of.get("to").is_some_and(|to| to.int == FLOAT) => {}
            "Scaler" => {
                let (offset, scale) = (of.finite("offset")?, of.finite("scale")?);
                if offset.is_empty() || offset.len() != scale.len() {
                    return Err(of.refused("has offsets and scales of different lengths"));
                }
                width(offset.len())?;
                self.steps.push(Step::Scale { offset, scale });
            }
            "Normalizer" => self.steps.push(Step::Normalise(match of.text("norm") {
                "" | "MAX" => Norm::Largest,
                "L1" => Norm::Sum,
                "L2" => Norm::Length,
                other => return Err(of.refused(&format!("has the norm {other:?}, which is not known"))),
            })),
            "LinearClassifier" if !classified => {
                let (labels, coefficients, intercepts) =
                    (of.labels("classlabels_ints")?, of.finite("coefficients")?, of.finite("intercepts")?);
                let classes = labels.len();
                if intercepts.len() != classes || coefficients.is_empty() || coefficients.len() % classes != 0 {
                    return Err(of.refused("has not one row of coefficients and one intercept a class"));
                }
                width(coefficients.len() / classes)?;
                self.steps.push(Step::Linear { coefficients, intercepts, classes, transform: of.transform()? });
                self.labels = labels;
            }
            "TreeEnsembleClassifier" if !classified => {
                let labels = of.labels("classlabels_int64s")?;
                let trees = Trees::read(&of, labels.len())?;
                match self.columns {
                    0 => self.columns = trees.columns(),
                    columns if trees.columns() > columns => return Err(of.refused("looks at a column that does not come in")),
                    _ => {}
                }
                self.steps.push(Step::Trees(trees));
                self.labels = labels;
            }
            other => return Err(Error::Refused(format!("its operator {other} is not known here: {KNOWN}"))),
        }
        Ok(())
    }

    /// Numbers that are worked through for one row.
    pub(crate) fn work(&self) -> usize {
        let of = |step: &Step| match step {
            Step::Scale { .. } | Step::Normalise(_) => COLUMNS_MAX,
            Step::Linear { coefficients, .. } => coefficients.len(),
            Step::Trees(trees) => trees.work(),
        };
        self.steps.iter().map(of).sum()
    }

    /// What the model says of a row: a number a class. The row has as many numbers as there are columns.
    pub(crate) fn run(&self, row: &[f32]) -> Vec<f32> {
        let mut values = row.to_vec();
        for step in &self.steps {
            match step {
                Step::Scale { offset, scale } => {
                    values.iter_mut().zip(offset).zip(scale).for_each(|((value, offset), scale)| *value = (*value - offset) * scale);
                }
                Step::Normalise(norm) => {
                    let by = match norm {
                        Norm::Largest => values.iter().fold(0.0f32, |most, value| most.max(value.abs())),
                        Norm::Sum => values.iter().map(|value| value.abs()).sum(),
                        Norm::Length => values.iter().map(|value| value * value).sum::<f32>().sqrt(),
                    };
                    if by > 0.0 {
                        values.iter_mut().for_each(|value| *value /= by);
                    }
                }
                Step::Linear { coefficients, intercepts, classes, transform } => {
                    let width = coefficients.len() / classes;
                    let score = |(of, intercept): (&[f32], &f32)| {
                        of.iter().zip(&values).fold(f64::from(*intercept), |sum, (c, value)| sum + f64::from(*c) * f64::from(*value))
                    };
                    values = transform.apply(&coefficients.chunks_exact(width).zip(intercepts).map(score).collect::<Vec<_>>());
                }
                Step::Trees(trees) => values = trees.run(&values),
            }
        }
        values
    }
}

const KNOWN: &str =
    "linear classifiers and trees over one tensor of numbers are, with a Scaler before and a Normalizer, Cast, Identity or ZipMap beside";

/// The operators from the input to the probabilities, in this order. Whatever else is in the file, such as the way to the label, is not run.
fn chain<'g>(graph: &'g wire::Graph, input: &str, output: Option<&str>) -> Result<Vec<&'g Node>, Error> {
    let makes = |name: &str| graph.nodes.iter().find(|node| node.outputs.iter().any(|output| output == name));
    let mapped = graph.outputs.iter().find(|output| makes(&output.name).is_some_and(|node| node.operator == "ZipMap"));
    let named = output.and_then(|name| graph.outputs.iter().find(|one| one.name == name));
    let chosen = match (output, graph.outputs.as_slice()) {
        (Some(name), _) => named.ok_or_else(|| Error::Refused(format!("it has no output {name:?}: {}", names(&graph.outputs))))?,
        (None, [only]) => only,
        (None, all) => mapped.or_else(|| all.iter().find(|output| output.name == "probabilities")).ok_or_else(|| {
            Error::Refused(format!("which of its outputs holds the probabilities is not clear: name one of {}", names(all)))
        })?,
    };
    let (mut chain, mut at) = (Vec::new(), chosen.name.as_str());
    while at != input {
        let node = makes(at).ok_or_else(|| Error::Refused(format!("nothing in it makes {at:?}")))?;
        // The first output of a classifier is the label, and only the second is probabilities.
        let classifies = matches!(node.operator.as_str(), "LinearClassifier" | "TreeEnsembleClassifier");
        if classifies && node.outputs.get(1).is_none_or(|second| second != at) {
            return Err(Error::Refused(format!("its output {:?} holds labels and no probabilities", chosen.name)));
        }
        chain.push(node);
        if chain.len() > STEPS_MAX {
            return Err(Error::Refused(format!("more than {STEPS_MAX} operators follow one another in it")));
        }
        let [before] = node.inputs.as_slice() else {
            return Err(Error::Refused(format!(
                "its operator {} is not known here with {} inputs: {KNOWN}",
                node.operator,
                node.inputs.len()
            )));
        };
        at = before;
    }
    chain.reverse();
    Ok(chain)
}

fn names(outputs: &[Value]) -> String {
    outputs.iter().map(|output| output.name.as_str()).collect::<Vec<_>>().join(", ")
}

impl Transform {
    pub(crate) fn apply(self, scores: &[f64]) -> Vec<f32> {
        use countersign_science::math::exp;
        match self {
            Self::None => scores.iter().map(|score| *score as f32).collect(),
            Self::Logistic => scores.iter().map(|score| (1.0 / (1.0 + exp(-score))) as f32).collect(),
            Self::Softmax => {
                let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let shares: Vec<f64> = scores.iter().map(|score| exp(score - most)).collect();
                let total: f64 = shares.iter().sum();
                shares.iter().map(|share| (share / total) as f32).collect()
            }
        }
    }
}
