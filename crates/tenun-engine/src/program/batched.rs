//! [`Batched`]: the gradient of a dense layer, taken over a whole batch at once.
//!
//! Every tile keeps the layer's input and the gradient of its output, a row an image; when all tiles are done, weight
//! and bias follow from all rows in one product. See [`tenun_kernels::product`] for why.

use std::ops::Range;

use rayon::prelude::*;
use tenun_kernels::linear::Strided;
use tenun_kernels::product::{Kept, Product, sum_rows};
use tenun_kernels::{Kernels, TILE};

use crate::place::Parameters;

/// Filters whose weights a thread takes at a time.
const FILTERS: usize = 32;

/// The gradient of one dense layer.
#[derive(Clone, Debug)]
pub(crate) struct Batched {
    product: Product,
    parameters: Parameters,
    filters: usize,
}

/// All dense layers of a plan, and what is kept of the images of a batch for them: `[image][float]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct BatchedLayers {
    layers: Vec<Batched>,
    /// Floats of an image.
    length: usize,
}

impl BatchedLayers {
    /// Room for a dense layer: what it keeps, and where.
    pub(crate) fn add(&mut self, inputs: usize, filters: usize, parameters: Parameters) -> Batched {
        let x = self.length;
        let dy = x + inputs.next_multiple_of(TILE);
        self.length = dy + filters.next_multiple_of(TILE);
        let batched = Batched { product: Product { x, dy, inputs }, parameters, filters };
        self.layers.push(batched.clone());
        batched
    }

    /// Floats from one image to the next: an odd number of cache lines, so that the same place of many images does
    /// not fall on few lines of the cache.
    pub(crate) fn stride(&self) -> usize {
        if self.layers.is_empty() { 0 } else { ((self.length / TILE) | 1) * TILE }
    }

    /// The parameters, out of `all`, whose gradient every tile writes: those of no layer here.
    pub(crate) fn others(&self, all: usize) -> Vec<Range<usize>> {
        let mut taken: Vec<&Range<usize>> =
            self.layers.iter().flat_map(|layer| layer.parameters.ranges()).collect();
        taken.sort_by_key(|range| range.start);
        let mut others = Vec::new();
        let mut end = 0;
        for range in taken {
            others.push(end..range.start);
            end = range.end;
        }
        others.push(end..all);
        others.retain(|range| !range.is_empty());
        others
    }

    /// Writes the gradients of all layers here from the rows of a batch.
    pub(crate) fn gradient(&self, k: &Kernels, rows: &[f32], gradient: &mut [f32]) {
        for layer in &self.layers {
            layer.gradient(k, rows, self.stride(), gradient);
        }
    }
}

impl Batched {
    /// Keeps the input of the images of one register, which stands at `from` in `x`.
    pub(crate) fn keep_input(&self, k: &Kernels, from: Strided, x: &[f32], rows: &mut [f32], stride: usize) {
        k.keep(Kept { from, count: self.product.inputs, to: self.product.x }, x, rows, stride);
    }

    /// Keeps the output's gradient.
    pub(crate) fn keep_gradient(
        &self,
        k: &Kernels,
        from: Strided,
        dy: &[f32],
        rows: &mut [f32],
        stride: usize,
    ) {
        k.keep(Kept { from, count: self.filters, to: self.product.dy }, dy, rows, stride);
    }

    fn gradient(&self, k: &Kernels, rows: &[f32], stride: usize, gradient: &mut [f32]) {
        let Self { product, parameters, .. } = self;
        if let Some(bias) = &parameters.bias {
            sum_rows(rows, stride, product.dy, &mut gradient[bias.clone()]);
        }
        let weight = &mut gradient[parameters.weight.clone()];
        weight.par_chunks_mut(FILTERS * product.inputs).enumerate().for_each(|(chunk, dw)| {
            k.product(product, rows, stride, chunk * FILTERS, dw);
        });
    }
}
