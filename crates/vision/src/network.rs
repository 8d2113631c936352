//! A network as it is run: the operators of a file from its picture to its scores, in their order. It is run once when it is read, on a grey
//! picture, so that what it costs and what comes out is known before it is kept. Nothing that the scores do not need is run.

use crate::{
    Error,
    operator::{self, Meter},
    tensor::Tensor,
};
use countersign_onnx::wire::{self, Node};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Multiplications and the like that one run may take.
pub(crate) const WORK_MAX: u64 = 400_000_000;
/// Operators.
const NODES_MAX: usize = 2_000;
/// The versions of ONNX's operators that are known here (<https://onnx.ai/onnx/operators/>): before the first of them broadcasting went by other
/// rules, and what comes after the last may mean anything.
const OPERATORS: std::ops::RangeInclusive<i64> = 7..=28;
/// Numbers of all tensors that are alive between two operators.
const ALIVE_MAX: usize = 32 << 20;
/// Classes that a model may tell apart.
pub(crate) const CLASSES_MAX: usize = 1_000;

/// A network.
#[derive(Debug)]
pub(crate) struct Network {
    nodes: Vec<Node>,
    constants: HashMap<String, Arc<Tensor>>,
    input: String,
    output: String,
    /// The version of ONNX's operators.
    operators: i64,
    /// The sizes of the picture: one, channels, height, width.
    sizes: [usize; 4],
    /// After which operator, by its place, a value is needed no more.
    last: HashMap<String, usize>,
    /// What one run costs.
    pub work: u64,
    /// Scores that come out.
    pub classes: usize,
}

impl Network {
    /// Reads a network for pictures of these sizes.
    pub(crate) fn read(bytes: &[u8], [channels, height, width]: [usize; 3], output: Option<&str>) -> Result<Self, Error> {
        let graph = wire::graph(bytes)?;
        if graph.nodes.len() > NODES_MAX {
            return Err(Error::Refused(format!("it has {} operators, and {NODES_MAX} are the most", graph.nodes.len())));
        }
        if !OPERATORS.contains(&graph.operators) {
            let (first, last) = (OPERATORS.start(), OPERATORS.end());
            return Err(Error::Refused(format!(
                "it is written in version {} of ONNX's operators, and {first} to {last} are known here",
                graph.operators
            )));
        }
        let mut constants = HashMap::new();
        for constant in &graph.tensors {
            constants.insert(constant.name.clone(), Arc::new(Tensor::of(constant)?));
        }
        let inputs: Vec<&wire::Value> = graph.inputs.iter().filter(|input| !constants.contains_key(&input.name)).collect();
        let [input] = inputs.as_slice() else {
            return Err(Error::Refused(format!("it has {} inputs, and one is read: a picture", inputs.len())));
        };
        if input.element != wire::FLOAT {
            return Err(Error::Refused(format!("its input {:?} is no tensor of floats of 32 bits", input.name)));
        }
        let sizes = [1, channels, height, width];
        let told = input.sizes.iter().zip(sizes).all(|(told, ours)| told.is_none_or(|told| told <= 0 || usize::try_from(told) == Ok(ours)));
        if !told || input.sizes.len() != sizes.len() {
            let named: Vec<String> = input.sizes.iter().map(|size| size.map_or_else(|| "?".into(), |size| size.to_string())).collect();
            return Err(Error::Mapping(format!(
                "the picture would be 1 x {channels} x {height} x {width}, and the model's is {}",
                named.join(" x ")
            )));
        }
        let named = |name: &str| graph.outputs.iter().find(|one| one.name == name);
        let names = || graph.outputs.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
        let output = match (output, graph.outputs.as_slice()) {
            (Some(name), _) => named(name).ok_or_else(|| Error::Refused(format!("it has no output {name:?}: {}", names())))?,
            (None, [only]) => only,
            (None, _) => {
                return Err(Error::Refused(format!("which of its outputs holds the scores is not clear: name one of {}", names())));
            }
        };
        let (input, output) = (input.name.clone(), output.name.clone());
        let operators = graph.operators;
        let nodes = needed(graph.nodes, &output);
        let mut last = HashMap::new();
        for (at, node) in nodes.iter().enumerate() {
            for name in &node.inputs {
                last.insert(name.clone(), at);
            }
        }
        last.remove(&output);
        let mut network = Self { nodes, constants, input, output, operators, sizes, last, work: 0, classes: 0 };
        let mut meter = Meter::new(WORK_MAX);
        let scores = network.run_metered(&vec![0.0; channels * height * width], &mut meter)?;
        (network.work, network.classes) = (WORK_MAX - meter.left(), scores.len());
        if !(2..=CLASSES_MAX).contains(&network.classes) {
            return Err(Error::Refused(format!(
                "its output has {} numbers: a score for each of 2 to {CLASSES_MAX} classes can be",
                network.classes
            )));
        }
        Ok(network)
    }

    /// The scores of a picture, which has the sizes that the network was read for.
    pub(crate) fn run(&self, picture: &[f32]) -> Result<Vec<f32>, Error> {
        self.run_metered(picture, &mut Meter::new(WORK_MAX))
    }

    fn run_metered(&self, picture: &[f32], meter: &mut Meter) -> Result<Vec<f32>, Error> {
        if picture.len() != self.sizes.iter().product::<usize>() {
            return Err(Error::Refused(format!("{} numbers are no picture of {:?}", picture.len(), self.sizes)));
        }
        let mut values: HashMap<&str, Arc<Tensor>> = HashMap::new();
        values.insert(&self.input, Arc::new(Tensor::floats(self.sizes.to_vec(), picture.to_vec())));
        for (at, node) in self.nodes.iter().enumerate() {
            let mut inputs: Vec<Option<Arc<Tensor>>> = Vec::with_capacity(node.inputs.len());
            for name in &node.inputs {
                let value = values.get(name.as_str()).or_else(|| self.constants.get(name));
                inputs.push(match (value, name.is_empty()) {
                    (Some(value), _) => Some(Arc::clone(value)),
                    // An input that may be left out is an empty name.
                    (None, true) => None,
                    (None, false) => return Err(Error::Refused(format!("nothing before its operator {} makes {name:?}", node.operator))),
                });
            }
            let inputs: Vec<Option<&Tensor>> = inputs.iter().map(Option::as_deref).collect();
            let made = operator::run(node, self.operators, &inputs, meter)?;
            if !made.is_finite() {
                return Err(Error::Refused(format!("its operator {} makes what is no finite number", node.operator)));
            }
            if let Some(name) = node.outputs.first() {
                values.insert(name, Arc::new(made));
            }
            values.retain(|name, _| *name == self.output || self.last.get(*name).is_some_and(|last| *last > at));
            let alive: usize = values.values().map(|tensor| tensor.len()).sum();
            if alive > ALIVE_MAX {
                return Err(Error::Refused(format!("it holds {alive} numbers at once after its operator {}", node.operator)));
            }
        }
        let scores = values.get(self.output.as_str()).and_then(|scores| scores.as_floats());
        scores.map(<[f32]>::to_vec).ok_or_else(|| Error::Refused("its scores are no floats".into()))
    }
}

/// The operators that an output needs, in their order.
fn needed(nodes: Vec<Node>, output: &str) -> Vec<Node> {
    let mut wanted: HashSet<String> = HashSet::from([output.to_owned()]);
    let mut kept: Vec<Node> = Vec::with_capacity(nodes.len());
    for node in nodes.into_iter().rev() {
        if node.outputs.first().is_some_and(|made| wanted.contains(made)) {
            wanted.extend(node.inputs.iter().filter(|name| !name.is_empty()).cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    kept
}
