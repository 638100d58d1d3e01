//! [`Stages`]: the short form of a network, from which its encoder follows.

use serde::Deserialize;
use tenun_engine::Layer;
use tenun_engine::layer::{
    AveragePool, Conv2d, Dense, Dropout, GroupNorm, LeakyRelu, MaxPool, Relu, Residual, Silu, Tanh,
};

/// The short form of a network: the table `[network]` of a file.
///
/// Each stage is `convolutions` times a convolution, a normalisation and an activation, then residual blocks, then
/// half the size. After the stages come the hidden dense layers, and the code.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stages {
    /// Filters of each stage.
    pub stages: Vec<usize>,
    /// Rows and columns of every kernel: odd.
    pub kernel: usize,
    /// Convolutions of a stage.
    pub convolutions: usize,
    /// What follows each convolution and each hidden dense layer.
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
    /// Numbers of the code, by a dense layer; the map of the last stage is the code if there is none.
    pub latent: Option<usize>,
    /// Layers before the first stage: what corrupts the images.
    pub input_layers: Vec<Layer>,
    /// Layers at the end of the encoder: what a code is drawn from, costs, or is rounded to.
    pub code_layers: Vec<Layer>,
}

/// An activation of the short form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(x, 0).
    #[default]
    Relu,
    /// x or a small multiple of it.
    LeakyRelu,
    /// x · sigmoid x.
    Silu,
    /// Hyperbolic tangent.
    Tanh,
}

impl Activation {
    fn layer(self) -> Layer {
        match self {
            Self::Relu => Relu {}.into(),
            Self::LeakyRelu => LeakyRelu::default().into(),
            Self::Silu => Silu {}.into(),
            Self::Tanh => Tanh {}.into(),
        }
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

impl Stages {
    /// The layers of the encoder.
    #[must_use]
    pub fn encoder(&self) -> Vec<Layer> {
        let mut layers = self.input_layers.clone();
        for &filters in &self.stages {
            self.stage(filters, &mut layers);
        }
        for &features in &self.hidden {
            layers.extend([Dense { features, bias: true }.into(), self.activation.layer()]);
            self.drop_out(&mut layers);
        }
        if let Some(latent) = self.latent {
            layers.push(
                Dense {
                    features: latent * super::change::features_per_dimension(&self.code_layers),
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
            layers.push(self.activation.layer());
        }
        for _ in 0..self.residual {
            let mut body = Vec::new();
            for _ in 0..2 {
                self.normalise(&mut body);
                body.push(self.activation.layer());
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
