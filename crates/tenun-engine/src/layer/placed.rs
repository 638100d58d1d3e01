//! [`Placed`]: a layer in its place in a network.

use super::Layer;
use crate::place::{Parameter, Place};

/// A layer in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The layer.
    pub layer: Layer,
    /// Where it stands.
    pub place: Place,
    /// The body of a residual block.
    pub body: Vec<Placed>,
}

impl Placed {
    /// This layer and those of its body, and of theirs.
    pub(crate) fn with_body(&self) -> Box<dyn Iterator<Item = &Self> + '_> {
        Box::new(std::iter::once(self).chain(self.body.iter().flat_map(Self::with_body)))
    }

    /// Appends this layer's parameters and those of its body.
    pub(crate) fn collect_parameters<'a>(&'a self, to: &mut Vec<&'a Parameter>) {
        to.extend(&self.place.parameters);
        self.body.iter().for_each(|placed| placed.collect_parameters(to));
    }

    /// Parameters of this layer and its body.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        let own: usize = self.place.parameters.iter().map(|parameter| parameter.range.len()).sum();
        own + self.body.iter().map(Self::parameter_count).sum::<usize>()
    }
}
