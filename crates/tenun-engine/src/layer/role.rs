//! [`Role`]: what kind of layer it is. [`Mirror`]: what stands for it in a derived decoder.

use super::{Conv2d, Layer};

/// What kind of layer it is. Whatever treats kinds of layers differently asks for the role, so that a new layer needs
/// no mention there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A nonlinear function of each number by itself.
    Activation,
    /// Weights shared by all pixels.
    Convolution,
    /// A linear map of all numbers.
    Dense,
    /// A map made smaller.
    Pooling,
    /// A map enlarged.
    Upsampling,
    /// The same numbers in another shape.
    Reshaping,
    /// Rows and columns added or cut off.
    Padding,
    /// Feature maps brought to mean 0 and standard deviation 1, image by image.
    Normalisation,
    /// Inputs brought to mean 0 and standard deviation 1 by statistics of the training images.
    Standardisation,
    /// Layers whose input is added to their output.
    Residual,
    /// Activations set to zero at random while training.
    Dropout,
    /// Inputs corrupted while training.
    Corruption,
    /// A term of the loss that depends on the activations, which pass unchanged.
    Regulariser,
    /// A code drawn from the distribution that the encoder gives.
    Sampling,
    /// Vectors replaced by the nearest of a codebook.
    Quantisation,
    /// The variance of the pixels about their reconstruction, learned for the Gaussian likelihood.
    Variance,
}

impl Role {
    /// Whether the layer has weights that it multiplies its input by, as a convolution and a dense layer.
    #[must_use]
    pub fn is_linear_map(self) -> bool {
        matches!(self, Self::Convolution | Self::Dense)
    }

    /// Whether such a layer keeps an autoencoder from learning the identity, however wide its code.
    #[must_use]
    pub fn prevents_copying(self) -> bool {
        matches!(
            self,
            Self::Corruption | Self::Regulariser | Self::Sampling | Self::Quantisation | Self::Dropout
        )
    }

    /// Whether the output shows something that the input does not, so that it is worth a picture.
    #[must_use]
    pub fn makes_feature_maps(self) -> bool {
        !matches!(
            self,
            Self::Reshaping
                | Self::Dropout
                | Self::Normalisation
                | Self::Corruption
                | Self::Standardisation
                | Self::Regulariser
        )
    }
}

/// What stands for a layer of the encoder in a derived decoder, which goes the same way back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mirror {
    /// Nothing: the layer only matters on the way to the code, or the mirror of another layer brings it.
    Nothing,
    /// An up-sampling by `factor` to the rows and columns of the layer's input, after the convolution before it.
    Upsampling { factor: usize },
    /// A convolution, and after it the mirrored normalisation, activation, residual blocks and up-sampling. Then an
    /// up-sampling by `factor` if it is above 1, and `pad` zeros on every side.
    Convolution { conv: Conv2d, factor: usize, pad: usize },
    /// A layer with the activation after it, and another one for its shape.
    Dense { dense: Layer, reshape: Option<Layer> },
    /// This normalisation, after the convolution before the layer.
    Normalisation(Layer),
    /// This block, after the convolution before the layer.
    Block(Layer),
    /// These layers.
    Layers(Vec<Layer>),
}
