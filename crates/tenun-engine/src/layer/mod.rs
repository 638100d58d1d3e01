//! The layers a network is made of. Each is one file: its settings, shapes, parameters and equation, and how it
//! becomes operations of a plan. A new layer is one new file, and its name in `layers!` below; an activation has its name in
//! `kernels/map.rs` of `tenun-kernels` instead.

mod placed;
mod role;
pub(crate) mod sequence;
mod settings;
mod window;

use serde::{Deserialize, Deserializer, Serialize};

pub use placed::Placed;
pub(crate) use role::Mirror;
pub use role::Role;
pub use settings::{Choice, Description, Setting};
pub use window::Rounding;

pub use tenun_kernels::RandomKey;

use crate::Shape;
pub use crate::place::Initial;
use crate::program::{Builder, Port};
use crate::reference::Real;
use crate::tagged::{self, Tagged};

/// A parameter tensor that a layer asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ParameterSpec {
    /// The last part of its name: `weight` or `bias`.
    pub(crate) name: &'static str,
    /// Its axes, as PyTorch has them.
    pub(crate) axes: Vec<usize>,
    pub(crate) initial: Initial,
}

/// New values of buffers, parameters that follow no gradient, and where they stand among all.
pub(crate) type BufferValues = Vec<(std::ops::Range<usize>, Vec<f32>)>;

/// `n` channels or features times `factor`, at least 1.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn widened(n: usize, factor: f64) -> usize {
    ((n as f64 * factor).round() as usize).max(1)
}

/// Names of PyTorch, Keras and the literature, and what to do instead.
pub(crate) type Elsewhere = &'static [(&'static [&'static str], &'static str)];

/// What every layer tells about itself.
pub(crate) trait LayerKind {
    /// The stem of its name in a network: `conv` gives `encoder.conv1`.
    const STEM: &'static str;

    /// What kind of layer it is.
    const ROLE: Role;

    /// Other names that a network file may give it: those elsewhere that mean exactly the same.
    const ALIASES: &'static [&'static str] = &[];

    /// Names of PyTorch, Keras and the literature for which this layer is the nearest, in small letters and digits, and
    /// what differs or how it is used; nothing where the name says it all.
    const INSTEAD_OF: Elsewhere = &[];

    /// Settings elsewhere that this layer does not have, and what to do instead.
    const NO_SETTING: Elsewhere = &[];

    /// How many numbers it takes for each that it gives: 2 where they are a mean and a variance.
    const INPUTS_PER_OUTPUT: usize = 1;

    /// Whether output and slope are exactly zero for every negative input, so that a unit can die.
    const RECTIFIES: bool = false;

    /// Whether its output is a probability, whose logit goes in: as the last layer of a network it belongs to the loss.
    const GIVES_PROBABILITIES: bool = false;

    /// The settings in a few words, for tables: `32 filters 3×3`.
    fn settings(&self) -> String {
        String::new()
    }

    /// The output shape, or why this layer cannot take `input`.
    fn infer(&self, input: Shape) -> Result<Shape, String>;

    /// The parameters for that input, for which [`Self::infer`] has succeeded.
    fn parameters(&self, _input: Shape) -> Vec<ParameterSpec> {
        Vec::new()
    }

    /// Multiply-adds that the equation as written needs for one image.
    fn multiply_adds(&self, _input: Shape) -> u64 {
        0
    }

    /// What stands for it in a derived decoder, where it takes `input` and gives `output`.
    fn mirror(&self, _input: Shape, _output: Shape) -> Mirror {
        Mirror::Nothing
    }

    /// Multiplies its channels or features by `factor`, at least 1 each.
    fn widen(&mut self, _factor: f64) {}

    /// What the term that it adds to the loss counts in `epoch`, from 0; none for a layer that adds nothing. Some
    /// needs [`Self::penalty`], and a term in [`Self::lower`].
    fn loss_weight(&self, _epoch: u32) -> Option<f32> {
        None
    }

    /// Whether these settings make the layer do nothing at all.
    fn has_no_effect(&self) -> bool {
        false
    }

    /// The layers inside it.
    fn body(&self) -> &[Layer] {
        &[]
    }

    /// The rate at which it drops activations, to be changed.
    fn dropout_rate(&mut self) -> Option<&mut f32> {
        None
    }

    /// Takes mean and standard deviation of each channel of the training images, if it needs them and has none: what
    /// Keras calls `adapt`.
    fn adapt(&mut self, _moments: &dyn Fn() -> Vec<(f64, f64)>) {}

    /// Vectors in its codebook.
    fn codebook(&self) -> Option<usize> {
        None
    }

    /// How its codebook was used during training, as the parameters tell.
    fn codebook_use(&self, _at: &Placed, _parameters: &[f32]) -> Option<CodebookUse> {
        None
    }

    /// The equation, for one image, `[channel][row][column]`.
    fn reference<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], key: Option<RandomKey>) -> Vec<R>;

    /// What the layer adds to the sum of the loss over an image while training, given its input.
    fn penalty<R: Real>(&self, _at: &Placed, _parameters: &[R], _x: &[R], _key: RandomKey) -> R {
        R::from(0.0)
    }

    /// What the layer's own parameters follow in place of a gradient, summed over one image, where they follow
    /// statistics of the numbers that pass: what a plan writes to their places in the gradient.
    #[cfg_attr(not(test), allow(dead_code, reason = "the specification, which tests read"))]
    fn statistics(&self, _at: &Placed, _parameters: &[f64], _x: &[f64]) -> Option<Vec<f64>> {
        None
    }

    /// New values of the parameters that follow statistics, after a batch of `images`, from the `sums` that stand
    /// in the gradient. `draw` gives uniform numbers by their position, other ones in every step.
    fn follow(
        &self,
        _at: &Placed,
        _parameters: &[f32],
        _sums: &[f32],
        _images: usize,
        _draw: &dyn Fn(usize) -> f32,
    ) -> BufferValues {
        Vec::new()
    }

    /// Adds this layer's operations to a plan.
    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port;
}

/// Makes the modules and the enum of all layers, and ways to call the one at hand.
macro_rules! layers {
    ($($module:ident: $name:ident,)*) => {
        $(mod $module;)*
        $(pub use $module::*;)*

        /// One layer of a network, as data.
        ///
        /// In TOML and JSON a layer is a table whose field `layer` names it: `{ layer = "conv2d", filters = 32 }`.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "layer", rename_all = "snake_case")]
        pub enum Layer {
            $(#[doc = concat!("[`", stringify!($name), "`].")] $name($name),)*
        }

        $(impl From<$name> for Layer {
            fn from(layer: $name) -> Self {
                Self::$name(layer)
            }
        })*

        impl Tagged for Layer {
            const TAG: &'static str = "layer";
            const NAMES: &'static [&'static str] = Self::NAMES;

            fn knows(name: &str) -> bool {
                Self::canonical(name).is_some()
            }

            fn read<'de, D: Deserializer<'de>>(name: &str, fields: D) -> Result<Self, D::Error> {
                let name = Self::canonical(name).unwrap_or_default();
                $(if name == stringify!($module) {
                    return $name::deserialize(fields).map(Self::$name);
                })*
                Err(serde::de::Error::unknown_variant(name, Self::NAMES))
            }
        }

/// Outputs of a layer, at most: bytes of several images of them are still a number of this computer.
const MOST_NUMBERS: usize = usize::MAX >> 12;

        impl Layer {
            /// The names that the field `layer` can take.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($module)),*];

            /// The name of this layer in the field `layer`.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($module),)* }
            }

            /// What there is to know of every kind of layer, in the order of [`Self::NAMES`].
            #[must_use]
            pub fn descriptions() -> Vec<Description> {
                vec![$(Description::new::<$name>(stringify!($module), $name::ALIASES, $name::ROLE)),*]
            }

            /// The name of the layer that is called `name` there or elsewhere, where that means exactly the same.
            fn canonical(name: &str) -> Option<&'static str> {
                $(if name == stringify!($module) || $name::ALIASES.contains(&name) {
                    return Some(stringify!($module));
                })*
                None
            }

            /// The layer to use instead of one that PyTorch or Keras calls `name`, and why or how.
            #[must_use]
            pub fn instead_of(name: &str) -> Option<(&'static str, &'static str)> {
                let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
                let plain = plain.to_ascii_lowercase();
                $(if let Some((_, why)) = $name::INSTEAD_OF.iter().find(|(names, _)| names.contains(&plain.as_str())) {
                    return Some((stringify!($module), why));
                })*
                None
            }

            /// What to do where `layer` is given the setting `name` of PyTorch or Keras, which it does not have.
            #[must_use]
            pub fn no_setting(layer: &str, name: &str) -> Option<&'static str> {
                let layer = Self::canonical(layer)?;
                $(if layer == stringify!($module) {
                    return $name::NO_SETTING.iter().find(|(names, _)| names.contains(&name)).map(|(_, words)| *words);
                })*
                None
            }
        }

        macro_rules! each {
            ($layer:expr, $it:ident => $e:expr) => {
                match $layer { $(Layer::$name($it) => $e,)* }
            };
        }

        macro_rules! constant {
            ($layer:expr, $constant:ident) => {
                match $layer { $(Layer::$name(_) => $name::$constant,)* }
            };
        }
    };
}

// Activations stand between the two groups: the kernels list them.
tenun_kernels::activations! {
    layers! {
        conv2d: Conv2d,
        max_pool: MaxPool,
        average_pool: AveragePool,
        upsample: Upsample,
        dense: Dense,
        flatten: Flatten,
        reshape: Reshape,
        crop: Crop,
        zero_pad: ZeroPad,
    } {
        standardise: Standardise,
        dropout: Dropout,
        corrupt: Corrupt,
        penalty: Penalty,
        sparsity: Sparsity,
        sampling: Sampling,
        quantize: Quantize,
        variance: Variance,
        group_norm: GroupNorm,
        residual: Residual,
    }
}

impl<'de> Deserialize<'de> for Layer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl Layer {
    /// The stem of this layer's name in a network.
    pub(crate) fn stem(&self) -> &'static str {
        constant!(self, STEM)
    }

    /// The settings in a few words, for tables.
    #[must_use]
    pub fn settings(&self) -> String {
        each!(self, layer => layer.settings())
    }

    /// The shape that comes out when `input` goes in.
    ///
    /// # Errors
    /// Why this layer cannot take that input, in words.
    pub fn infer(&self, input: Shape) -> Result<Shape, String> {
        let output = each!(self, layer => layer.infer(input))?;
        match output.checked_len() {
            Some(0) => Err(format!("nothing would be left: {output}")),
            Some(numbers) if numbers <= MOST_NUMBERS => Ok(output),
            _ => Err(format!("{output} is more than this computer can address")),
        }
    }

    pub(crate) fn parameters(&self, input: Shape) -> Vec<ParameterSpec> {
        each!(self, layer => layer.parameters(input))
    }

    /// Multiply-adds that the layer's equation as written needs for one image of shape `input`.
    #[must_use]
    pub fn multiply_adds(&self, input: Shape) -> u64 {
        each!(self, layer => layer.multiply_adds(input))
    }

    pub(crate) fn reference<R: Real>(
        &self,
        at: &Placed,
        parameters: &[R],
        x: &[R],
        key: Option<RandomKey>,
    ) -> Vec<R> {
        each!(self, layer => layer.reference(at, parameters, x, key))
    }

    pub(crate) fn penalty<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], key: RandomKey) -> R {
        each!(self, layer => layer.penalty(at, parameters, x, key))
    }

    #[cfg(test)]
    pub(crate) fn statistics(&self, at: &Placed, parameters: &[f64], x: &[f64]) -> Option<Vec<f64>> {
        each!(self, layer => layer.statistics(at, parameters, x))
    }

    pub(crate) fn follow(
        &self,
        at: &Placed,
        parameters: &[f32],
        sums: &[f32],
        images: usize,
        draw: &dyn Fn(usize) -> f32,
    ) -> BufferValues {
        each!(self, layer => layer.follow(at, parameters, sums, images, draw))
    }

    /// What the term that this layer adds to the loss counts in `epoch`, from 0.
    pub(crate) fn loss_weight(&self, epoch: u32) -> Option<f32> {
        each!(self, layer => layer.loss_weight(epoch))
    }

    /// Whether this layer adds to the loss.
    #[must_use]
    pub fn adds_to_loss(&self) -> bool {
        self.loss_weight(0).is_some()
    }

    /// What there is to know of the kind of layer that is called `name`.
    #[must_use]
    pub fn describe(name: &str) -> Option<Description> {
        let name = Self::canonical(name)?;
        Self::descriptions().into_iter().find(|layer| layer.name == name)
    }

    /// What kind of layer it is.
    #[must_use]
    pub fn role(&self) -> Role {
        constant!(self, ROLE)
    }

    /// How many numbers this layer takes for each that it gives: 2 where they are a mean and a variance.
    #[must_use]
    pub fn inputs_per_output(&self) -> usize {
        constant!(self, INPUTS_PER_OUTPUT)
    }

    /// Whether output and slope are exactly zero for every negative input, so that a unit can die.
    #[must_use]
    pub fn rectifies(&self) -> bool {
        constant!(self, RECTIFIES)
    }

    /// Whether the output is a probability, whose logit goes in.
    pub(crate) fn gives_probabilities(&self) -> bool {
        constant!(self, GIVES_PROBABILITIES)
    }

    /// Whether these settings make the layer do nothing at all.
    #[must_use]
    pub fn has_no_effect(&self) -> bool {
        each!(self, layer => layer.has_no_effect())
    }

    /// What stands for this layer in a derived decoder.
    pub(crate) fn mirror(&self, input: Shape, output: Shape) -> Mirror {
        each!(self, layer => layer.mirror(input, output))
    }

    /// Multiplies the layer's channels or features by `factor`, at least 1 each; most layers have none.
    pub fn widen(&mut self, factor: f64) {
        each!(self, layer => layer.widen(factor));
    }

    /// The layers inside this one, as in a residual block.
    #[must_use]
    pub fn body(&self) -> &[Self] {
        each!(self, layer => layer.body())
    }

    /// The rate at which the layer drops activations, to be changed.
    pub fn dropout_rate(&mut self) -> Option<&mut f32> {
        each!(self, layer => layer.dropout_rate())
    }

    /// Gives the layer mean and standard deviation of each channel of the training images, if it needs them and has
    /// none: what Keras calls `adapt`.
    pub fn adapt(&mut self, moments: &dyn Fn() -> Vec<(f64, f64)>) {
        each!(self, layer => layer.adapt(moments));
    }

    /// Vectors in the layer's codebook, if it has one.
    #[must_use]
    pub fn codebook(&self) -> Option<usize> {
        each!(self, layer => layer.codebook())
    }

    pub(crate) fn codebook_use(&self, at: &Placed, parameters: &[f32]) -> Option<CodebookUse> {
        each!(self, layer => layer.codebook_use(at, parameters))
    }

    pub(crate) fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        each!(self, layer => layer.lower(at, builder, x))
    }
}

#[cfg(test)]
mod facts_tests;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
