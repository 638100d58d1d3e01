//! [`Placer`]: puts layers in their places, and says where they do not fit.

use std::collections::HashMap;

use super::{Chain, SpecError};
use crate::Shape;
use crate::layer::{Layer, Placed};
use crate::place::{Parameter, Part, Place};

/// Layers of a network, at most, those inside residual blocks among them: many times those of the deepest that people
/// train.
const MOST_LAYERS: u32 = 4096;

/// Puts layers in their places, one after the other.
pub(crate) struct Placer {
    shape: Shape,
    chain: Chain,
    /// How many layers of each stem the part has so far.
    counts: HashMap<&'static str, usize>,
    parameters: usize,
    ordinal: u32,
}

impl Placer {
    pub(crate) fn new(input: Shape) -> Result<Self, SpecError> {
        if input.checked_len().is_none_or(|n| n == 0) {
            return Err(SpecError::Input(input));
        }
        let chain = Chain { lines: vec![("input".to_owned(), input, String::new())], remark: String::new() };
        Ok(Self { shape: input, chain, counts: HashMap::new(), parameters: 0, ordinal: 0 })
    }

    pub(crate) fn part(&mut self, part: Part, layers: &[Layer]) -> Result<Vec<Placed>, SpecError> {
        if layers.is_empty() {
            return Err(SpecError::Empty(part));
        }
        self.counts.clear();
        layers.iter().map(|layer| self.place(part, layer)).collect()
    }

    fn place(&mut self, part: Part, layer: &Layer) -> Result<Placed, SpecError> {
        let number = self.counts.entry(layer.stem()).or_insert(0);
        *number += 1;
        let name = format!("{part}.{}{number}", layer.stem());
        let ordinal = self.ordinal;
        if ordinal >= MOST_LAYERS {
            return Err(SpecError::TooMany { most: MOST_LAYERS });
        }
        self.ordinal += 1;
        let input = self.shape;
        let output = layer.infer(input).map_err(|reason| {
            let mut chain = Box::new(self.chain.clone());
            chain.remark = format!("what {name} is given");
            SpecError::Layer { layer: name.clone(), kind: layer.name(), input, reason, chain }
        })?;
        let mut parameters = Vec::new();
        for wanted in layer.parameters(input) {
            let length = wanted.axes.iter().try_fold(1usize, |product, &axis| product.checked_mul(axis));
            // Half of the address space in bytes: what a `Vec` can hold.
            let end = length
                .and_then(|length| self.parameters.checked_add(length))
                .filter(|&end| end <= isize::MAX as usize / 16);
            let end = end.ok_or_else(|| SpecError::TooLarge { layer: name.clone() })?;
            let range = self.parameters..end;
            self.parameters = end;
            let name = format!("{name}.{}", wanted.name);
            parameters.push(Parameter { name, axes: wanted.axes, range, initial: wanted.initial });
        }
        let mut body = Vec::new();
        for layer in layer.body() {
            body.push(self.place(part, layer)?);
        }
        self.shape = output;
        self.chain.lines.push((name.clone(), output, layer.settings()));
        let place = Place { name, part, input, output, parameters, ordinal };
        Ok(Placed { layer: layer.clone(), place, body })
    }

    /// Checks that the end has the shape of the beginning.
    pub(super) fn finish(&self, input: Shape) -> Result<(), SpecError> {
        if self.shape == input {
            return Ok(());
        }
        let mut chain = Box::new(self.chain.clone());
        chain.remark = format!("expected {input}");
        Err(SpecError::Output { input, output: self.shape, chain })
    }

    pub(crate) fn parameter_count(&self) -> usize {
        self.parameters
    }
}
