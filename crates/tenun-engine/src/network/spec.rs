//! [`Spec`]: a network as data.

use serde::{Deserialize, Serialize};

use crate::{Layer, Shape};

/// A network as data: what goes in, the encoder, and the decoder unless it is to be derived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Channels, height and width of the images.
    pub input: Shape,
    /// The layers from the images to the code.
    pub encoder: Vec<Layer>,
    /// The layers from the code back to the images. Where there are none, the encoder is mirrored, with the one
    /// crop or *valid* convolution that rounded sizes need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoder: Option<Vec<Layer>>,
}
