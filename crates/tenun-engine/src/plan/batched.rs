//! [`Batched`]: the gradient of a dense layer, taken over a whole batch at once.
//!
//! Every tile keeps the layer's input and the gradient of its output, a row an image; when all tiles are done, weight
//! and bias follow from all rows in one product. See [`crate::lane::product`] for why.

use std::ops::Range;

use rayon::prelude::*;

use super::convolution::Parameters;
use crate::lane::linear::Place;
use crate::lane::product::Product;
use crate::lane::{Simd, TILE};

/// Filters whose weights a thread takes at a time.
const FILTERS: usize = 32;

/// The gradient of one dense layer.
#[derive(Clone, Debug)]
pub(crate) struct Batched {
    product: Product,
    parameters: Parameters,
    filters: usize,
}

/// What is kept of the images of a batch: `[image][float]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    layers: Vec<Batched>,
    /// Floats of an image.
    length: usize,
}

impl Rows {
    /// Room for a dense layer: what it keeps, and where.
    pub(super) fn add(&mut self, inputs: usize, filters: usize, parameters: Parameters) -> Batched {
        let x = self.length;
        let dy = x + inputs.next_multiple_of(TILE);
        self.length = dy + filters.next_multiple_of(TILE);
        let batched = Batched { product: Product { x, dy, inputs }, parameters, filters };
        self.layers.push(batched.clone());
        batched
    }

    /// Floats from one image to the next: an odd number of cache lines, so that the same place of many images does
    /// not fall on few lines of the cache.
    pub(super) fn stride(&self) -> usize {
        if self.layers.is_empty() { 0 } else { ((self.length / TILE) | 1) * TILE }
    }

    /// The parameters, out of `all`, whose gradient every tile writes: those of no layer here.
    pub(super) fn others(&self, all: usize) -> Vec<Range<usize>> {
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
    pub(super) fn gradient<S: Simd>(&self, s: S, rows: &[f32], gradient: &mut [f32]) {
        for layer in &self.layers {
            layer.gradient(s, rows, self.stride(), gradient);
        }
    }
}

impl Batched {
    /// Keeps the input and the output's gradient of the images of one register.
    pub(super) fn keep<S: Simd>(
        &self,
        (x, x_place): (&[f32], Place),
        (dy, dy_place): (&[f32], Place),
        rows: &mut [f32],
        stride: usize,
    ) {
        let mut keep = |from: &[f32], place: Place, count: usize, to: usize| {
            for number in 0..count {
                let lanes = &from[place.at(number) * S::LANES..][..S::LANES];
                for (row, &lane) in rows.chunks_exact_mut(stride).zip(lanes) {
                    row[to + number] = lane;
                }
            }
        };
        keep(x, x_place, self.product.inputs, self.product.x);
        keep(dy, dy_place, self.filters, self.product.dy);
    }

    fn gradient<S: Simd>(&self, s: S, rows: &[f32], stride: usize, gradient: &mut [f32]) {
        let Self { product, parameters, filters } = self;
        if let Some(bias) = &parameters.bias {
            let bias = &mut gradient[bias.clone()];
            bias.fill(0.0);
            for row in rows.chunks_exact(stride) {
                bias.iter_mut().zip(&row[product.dy..product.dy + filters]).for_each(|(sum, dy)| *sum += dy);
            }
        }
        let weight = &mut gradient[parameters.weight.clone()];
        weight.par_chunks_mut(FILTERS * product.inputs).enumerate().for_each(|(chunk, dw)| {
            s.enter(
                #[inline(always)]
                || product.run(s, rows, stride, chunk * FILTERS, dw),
            );
        });
    }
}
