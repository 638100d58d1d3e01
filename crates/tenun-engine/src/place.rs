//! [`Place`]: where a layer stands in a network: its shapes, its name and its parameters. What the layer is, it does not
//! say: operations and plans know no layers.

use std::fmt;
use std::ops::Range;

use crate::Shape;

/// How a parameter tensor begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// All zero.
    Zeros,
    /// All one.
    Ones,
    /// All the same.
    Constant(f32),
    /// Uniform in ±√(6 / (inputs + outputs)): Glorot and Bengio, "Understanding the difficulty of training deep
    /// feedforward neural networks" (2010).
    GlorotUniform {
        /// Numbers that one output sums over.
        inputs: usize,
        /// Outputs that one number goes into.
        outputs: usize,
    },
}

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

/// Where a layer stands in a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The layer's name by part, kind and number: `encoder.conv1`.
    pub name: String,
    /// Encoder or decoder.
    pub part: Part,
    /// The shape that goes in.
    pub input: Shape,
    /// The shape that comes out.
    pub output: Shape,
    /// Its own parameters; those of a residual block's body are with the body.
    pub parameters: Vec<Parameter>,
    /// Its number in the network, by which it has random numbers of its own.
    pub(crate) ordinal: u32,
}

impl Place {
    /// The values of the layer's `i`-th parameter in the flat array of all.
    pub(crate) fn parameter<'a, R>(&self, all: &'a [R], i: usize) -> &'a [R] {
        &all[self.parameters[i].range.clone()]
    }
}

/// Where a weight and perhaps a bias stand among all parameters.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    pub(crate) weight: Range<usize>,
    pub(crate) bias: Option<Range<usize>>,
}

impl Parameters {
    /// Where they stand.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = &Range<usize>> {
        std::iter::once(&self.weight).chain(&self.bias)
    }

    /// Those of a layer with a weight and perhaps a bias.
    pub(crate) fn of(at: &Place) -> Self {
        Self {
            weight: at.parameters[0].range.clone(),
            bias: at.parameters.get(1).map(|bias| bias.range.clone()),
        }
    }

    /// The weight, and the bias if there is one.
    pub(crate) fn split<'a>(&self, all: &'a [f32]) -> (&'a [f32], Option<&'a [f32]>) {
        (&all[self.weight.clone()], self.bias.clone().map(|range| &all[range]))
    }
}
