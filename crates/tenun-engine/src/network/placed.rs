//! [`Placed`]: a layer in its place in a network, with its shapes, its name and its parameters.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use super::{Chain, SpecError};
use crate::Shape;
use crate::layer::{Initial, Layer};

/// The two parts of an autoencoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// From the images to the code.
    Encoder,
    /// From the code to the images.
    Decoder,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encoder => "encoder",
            Self::Decoder => "decoder",
        })
    }
}

/// A tensor of parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name by part, kind and number: `encoder.conv1.weight`.
    pub name: String,
    /// Its axes as PyTorch has them: `[out, in, kh, kw]`, `[out, in]`, `[out]`.
    pub axes: Vec<usize>,
    /// Where it stands in the flat array of all parameters.
    pub range: Range<usize>,
    /// How it begins.
    pub initial: Initial,
}

/// A layer in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The layer.
    pub layer: Layer,
    /// Its name by part, kind and number: `encoder.conv1`.
    pub name: String,
    /// Encoder or decoder.
    pub part: Part,
    /// The shape that goes in.
    pub input: Shape,
    /// The shape that comes out.
    pub output: Shape,
    /// Its own parameters; those of a residual block's body are with the body.
    pub parameters: Vec<Parameter>,
    /// The body of a residual block.
    pub body: Vec<Placed>,
    /// Its number in the network, by which it has random numbers of its own.
    pub(crate) ordinal: u32,
}

impl Placed {
    /// The values of this layer's `i`-th parameter in the flat array of all.
    pub(crate) fn parameter<'a, R>(&self, all: &'a [R], i: usize) -> &'a [R] {
        &all[self.parameters[i].range.clone()]
    }

    /// Appends this layer's parameters and those of its body.
    pub(crate) fn collect_parameters<'a>(&'a self, to: &mut Vec<&'a Parameter>) {
        to.extend(&self.parameters);
        self.body.iter().for_each(|placed| placed.collect_parameters(to));
    }

    /// Parameters of this layer and its body.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        let own: usize = self.parameters.iter().map(|parameter| parameter.range.len()).sum();
        own + self.body.iter().map(Self::parameter_count).sum::<usize>()
    }
}

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
        Ok(Placed { layer: layer.clone(), name, part, input, output, parameters, body, ordinal })
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
