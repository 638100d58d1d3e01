//! [`Stages`]: the short form of a network, from which its encoder follows.

use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use tenun_engine::Layer;
use tenun_engine::layer::{AveragePool, Conv2d, Dense, Dropout, GroupNorm, MaxPool, Relu, Residual, Role};

/// Keys that the short form does not have, and what to write instead.
pub(super) const INSTEAD: &[(&str, &str)] = &[
    ("layers", "`stages` is a list of filters; a list of layers is `[[encoder]]`, in place of `[network]`"),
    ("units", "`hidden` is a list of the features of dense layers, `latent` the dimension of the code"),
    ("features", "`hidden` is a list of the features of dense layers, `latent` the dimension of the code"),
    ("code", "did you mean `latent`?"),
    ("bottleneck", "did you mean `latent`?"),
    ("embedding_dim", "did you mean `latent`?"),
    ("strides", "`down = \"stride\"` halves the size by strided convolutions"),
    ("stride", "`down = \"stride\"` halves the size by strided convolutions"),
    ("pool", "`down` is what halves the size"),
    ("pooling", "`down` is what halves the size"),
    ("batch_norm", "`groups` adds group normalisation, which takes the place of batch normalisation here"),
    ("norm", "`groups` adds group normalisation"),
    ("decoder", "the decoder is derived; one of your own is a list of `[[decoder]]` layers"),
];

/// The short form of a network: the table `[network]` of a file.
///
/// Each stage is `convolutions` times a convolution, a normalisation and an activation, then residual blocks, then
/// half the size. After the stages come the hidden dense layers, and the code.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stages {
    /// Filters of each stage.
    #[serde(alias = "filters", alias = "channels", alias = "out_channels")]
    pub stages: Vec<usize>,
    /// Rows and columns of every kernel: odd.
    #[serde(alias = "kernel_size")]
    pub kernel: usize,
    /// Convolutions of a stage.
    pub convolutions: usize,
    /// The activation after each convolution and each hidden dense layer: a name, or a layer.
    pub activation: Activation,
    /// What halves the size at the end of a stage.
    pub down: Down,
    /// Groups of a normalisation after each convolution; none if 0.
    pub groups: usize,
    /// Residual blocks of a stage.
    pub residual: usize,
    /// The rate of dropout at the end of a stage and after a hidden layer.
    pub dropout: f32,
    /// Features of the dense layers between stages and code, each with its activation.
    pub hidden: Vec<usize>,
    /// Latent dimension, by a dense layer; without it the feature map of the last stage is the code.
    #[serde(alias = "latent_dim")]
    pub latent: Option<usize>,
    /// Layers before the first stage: what corrupts the images.
    pub input_layers: Vec<Layer>,
    /// Layers at the end of the encoder: what a code is drawn from, costs, or is rounded to.
    pub code_layers: Vec<Layer>,
}

/// An activation of the short form: by its name, or as a layer with settings of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation(Layer);

/// The names of all activations.
static ACTIVATIONS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let all = Layer::descriptions().into_iter();
    all.filter(|layer| layer.role == Role::Activation).map(|layer| layer.name).collect()
});

impl Default for Activation {
    fn default() -> Self {
        Self(Relu {}.into())
    }
}

impl<'de> Deserialize<'de> for Activation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrLayer;

        impl<'de> Visitor<'de> for NameOrLayer {
            type Value = Activation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an activation, or a layer")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Activation, E> {
                if Layer::describe(name).is_none_or(|layer| layer.role != Role::Activation) {
                    return Err(E::unknown_variant(name, &ACTIVATIONS));
                }
                Layer::deserialize(MapDeserializer::new([("layer", name)].into_iter())).map(Activation)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Activation, A::Error> {
                let layer = Layer::deserialize(MapAccessDeserializer::new(map))?;
                match layer.role() {
                    Role::Activation => Ok(Activation(layer)),
                    _ => Err(A::Error::unknown_variant(layer.name(), &ACTIVATIONS)),
                }
            }
        }

        deserializer.deserialize_any(NameOrLayer)
    }
}

/// What halves the size at the end of a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Down {
    /// The largest of 2×2.
    #[default]
    MaxPool,
    /// The mean of 2×2.
    AveragePool,
    /// The stage's last convolution, by steps of two pixels.
    Stride,
    /// Nothing: the size stays.
    Nothing,
}

impl Default for Stages {
    fn default() -> Self {
        Self {
            stages: Vec::new(),
            kernel: 3,
            convolutions: 1,
            activation: Activation::default(),
            down: Down::default(),
            groups: 0,
            residual: 0,
            dropout: 0.0,
            hidden: Vec::new(),
            latent: None,
            input_layers: Vec::new(),
            code_layers: Vec::new(),
        }
    }
}

/// Convolutions, residual blocks and dense layers that stages may ask for: as many as a network may have layers.
const MOST: usize = 4096;

impl Stages {
    /// An error if there are more layers than a network may have; nothing is made to find it out.
    ///
    /// # Errors
    /// What makes too many.
    pub fn check(&self) -> Result<(), String> {
        let a_stage = self.convolutions.saturating_add(self.residual);
        let all = self.stages.len().saturating_mul(a_stage.max(1)).saturating_add(self.hidden.len());
        if all <= MOST {
            return Ok(());
        }
        Err(format!(
            "`stages`, `convolutions`, `residual` and `hidden` ask for {all} convolutions, blocks and dense layers, \
             expected at most {MOST}"
        ))
    }

    /// The layers of the encoder.
    #[must_use]
    pub fn encoder(&self) -> Vec<Layer> {
        let mut layers = self.input_layers.clone();
        for &filters in &self.stages {
            self.stage(filters, &mut layers);
        }
        for &features in &self.hidden {
            layers.extend([Dense { features, bias: true }.into(), self.activation.0.clone()]);
            self.drop_out(&mut layers);
        }
        if let Some(latent) = self.latent {
            layers.push(
                Dense {
                    features: latent.saturating_mul(super::change::features_per_dimension(&self.code_layers)),
                    bias: true,
                }
                .into(),
            );
        }
        layers.extend(self.code_layers.iter().cloned());
        layers
    }

    fn stage(&self, filters: usize, layers: &mut Vec<Layer>) {
        for number in 1..=self.convolutions {
            let halves = self.down == Down::Stride && number == self.convolutions;
            let stride = if halves { 2 } else { 1 };
            layers.push(Conv2d { filters, kernel: self.kernel, stride, ..Conv2d::default() }.into());
            self.normalise(layers);
            layers.push(self.activation.0.clone());
        }
        for _ in 0..self.residual {
            let mut body = Vec::new();
            for _ in 0..2 {
                self.normalise(&mut body);
                body.push(self.activation.0.clone());
                body.push(Conv2d { filters, kernel: self.kernel, ..Conv2d::default() }.into());
            }
            layers.push(Residual { body }.into());
        }
        self.drop_out(layers);
        match self.down {
            Down::MaxPool => layers.push(MaxPool::default().into()),
            Down::AveragePool => layers.push(AveragePool::default().into()),
            Down::Stride | Down::Nothing => {}
        }
    }

    fn normalise(&self, layers: &mut Vec<Layer>) {
        if self.groups > 0 {
            layers.push(GroupNorm { groups: self.groups, ..GroupNorm::default() }.into());
        }
    }

    fn drop_out(&self, layers: &mut Vec<Layer>) {
        if self.dropout != 0.0 {
            layers.push(Dropout { rate: self.dropout }.into());
        }
    }
}
