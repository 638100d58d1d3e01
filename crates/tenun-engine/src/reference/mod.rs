//! The specification: every layer as a plain loop over one image in double precision, kept for ever.
//!
//! Nothing here is fast. The kernels are tested against it, and it against finite differences. A layer writes its
//! equation once, over any [`Real`] number; evaluated on [`Tracked`] numbers the same equation gives its exact
//! gradient, by reverse accumulation.

mod real;
mod tape;

pub use real::Real;
pub use tape::{Tape, Tracked};

use crate::layer::RandomKey;
use crate::network::{Network, Placed};

/// The output of `network` for one image, `[channel][row][column]`: its logits if it ends in a sigmoid.
///
/// `parameters` is the flat array in the order of [`Network::parameters`]. Dropout is active if there is a `key` for its random numbers.
///
/// # Panics
/// If `image` or `parameters` has another length than the network's.
#[must_use]
pub fn forward<R: Real>(network: &Network, parameters: &[R], image: &[R], key: Option<RandomKey>) -> Vec<R> {
    assert_eq!(image.len(), network.input().len(), "image");
    assert_eq!(parameters.len(), network.parameter_count(), "parameters");
    sequence(network.body(), parameters, image.to_vec(), key)
}

/// The output of layers one after the other.
pub(crate) fn sequence<'a, R: Real>(
    layers: impl IntoIterator<Item = &'a Placed>,
    parameters: &[R],
    mut x: Vec<R>,
    key: Option<RandomKey>,
) -> Vec<R> {
    for placed in layers {
        x = placed.layer.reference(placed, parameters, &x, key);
    }
    x
}

/// As [`forward`] in training, and what layers add to the sum of the loss over the image, weighted: a divergence, a
/// norm of the code.
///
/// # Panics
/// As [`forward`].
#[must_use]
pub fn forward_and_penalty<R: Real>(
    network: &Network,
    parameters: &[R],
    image: &[R],
    key: RandomKey,
) -> (Vec<R>, R) {
    assert_eq!(image.len(), network.input().len(), "image");
    assert_eq!(parameters.len(), network.parameter_count(), "parameters");
    sequence_and_penalty(network.body(), parameters, image.to_vec(), key)
}

/// The output of layers one after the other, and what they add to the sum of the loss over the image.
pub(crate) fn sequence_and_penalty<'a, R: Real>(
    layers: impl IntoIterator<Item = &'a Placed>,
    parameters: &[R],
    mut x: Vec<R>,
    key: RandomKey,
) -> (Vec<R>, R) {
    let mut penalty = R::from(0.0);
    for placed in layers {
        penalty = penalty + placed.layer.penalty(placed, parameters, &x, key);
        x = placed.layer.reference(placed, parameters, &x, Some(key));
    }
    (x, penalty)
}
