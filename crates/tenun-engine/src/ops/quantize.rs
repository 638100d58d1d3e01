//! The operation of the nearest vector of a codebook; packed are the negated codebook, and half of each vector's squared
//! length.

use std::ops::Range;

use tenun_kernels::Kernels;
use tenun_kernels::quantize::{ChosenSums, Codebook, Straight};

use super::pair::Through;
use crate::Shape;
use crate::place::Place;
use crate::program::{Builder, Op, Port, Tensor, TensorId, TermId, Tile, Uses};

struct Quantize {
    codes: usize,
    channels: usize,
    /// Pixels of the map.
    pixels: usize,
    commitment: f32,
    /// Where the codebook stands among all parameters, and how often each vector is used.
    codebook: Range<usize>,
    counts: Range<usize>,
    training: Option<Training>,
    through: Through,
    /// The number of each pixel's vector.
    chosen: Tensor,
}

/// What training needs.
#[derive(Clone, Copy)]
struct Training {
    term: TermId,
    /// Room for the sums of half a tile.
    scratch: TensorId,
}

/// Adds to a plan the choice of the nearest of `codes` vectors for each pixel.
pub(crate) fn lower(builder: &mut Builder, codes: usize, commitment: f32, at: &Place, x: Port) -> Port {
    let y = builder.output(x, at.output, false);
    let chosen = builder.tensor(Shape { channels: 1, ..at.input });
    let (channels, pixels) = (at.input.channels, at.input.area());
    let training = builder.is_training().then(|| {
        let scratch = builder.tensor(Shape::vector((codes * (channels + 1)).div_ceil(8)));
        Training { term: builder.term("commitment", at), scratch }
    });
    let (codebook, counts) = (at.parameters[0].range.clone(), at.parameters[1].range.clone());
    builder.push(move |grids| {
        let (through, chosen) = (Through::new(x, y, grids), grids.tensor(chosen));
        Box::new(Quantize {
            codes,
            channels,
            pixels,
            commitment,
            codebook,
            counts,
            training,
            through,
            chosen,
        })
    });
    y
}

impl Op for Quantize {
    fn uses(&self) -> Uses {
        let [x, y] = self.through.values.ids();
        let gradients = self.through.gradients.iter().flat_map(|pair| pair.ids().into_iter().chain([y]));
        let own = self.training.iter().flat_map(|training| [x, self.chosen.id, training.scratch]);
        Uses::forward([x, y, self.chosen.id]).backward(own.chain(gradients))
    }

    fn multiply_adds(&self) -> usize {
        self.pixels * self.codes * self.channels
    }

    fn packed_len(&self) -> usize {
        self.codes * (self.channels + 1)
    }

    fn pack(&self, parameters: &[f32], packed: &mut [f32]) {
        let (vectors, halves) = packed.split_at_mut(self.codes * self.channels);
        let codebook = &parameters[self.codebook.clone()];
        vectors.iter_mut().zip(codebook).for_each(|(to, e)| *to = -e);
        for (half, e) in halves.iter_mut().zip(codebook.chunks_exact(self.channels)) {
            *half = 0.5 * e.iter().fold(0.0f32, |sum, e| e.mul_add(*e, sum));
        }
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let (negated, halves) = tile.packed.split_at(self.codes * self.channels);
        let vectors = &tile.parameters[self.codebook.clone()];
        let codebook = Codebook { channels: self.channels, vectors, negated, halves };
        let pair = &self.through.values;
        let [x, y, chosen] = tile.tensors.many([pair.from.id, pair.to.id, self.chosen.id]);
        let (chosen, y) = (self.chosen.view_mut(chosen), pair.to.view_mut(y));
        let apart = k.nearest(&codebook, pair.from.view(x), chosen, y);
        if let Some(Training { term, .. }) = self.training {
            *tile.term_mut(term) = apart;
        }
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Some(Training { scratch, .. }) = self.training else { return };
        let Tile { tensors, gradients, weights, .. } = tile;
        let values = &self.through.values;
        if let Some(pair) = &self.through.gradients {
            let [x, y, dy, dx] = tensors.many([values.from.id, values.to.id, pair.from.id, pair.to.id]);
            let from = Straight { x: values.from.view(x), y: values.to.view(y), dy: pair.from.view(dy) };
            k.straight_through(from, weights, 2.0 * self.commitment, pair.to.view_mut(dx));
        }
        let [x, chosen, scratch] = tensors.many([values.from.id, self.chosen.id, scratch]);
        let ranges = [self.codebook.clone(), self.counts.clone()];
        let [vectors, counts] = gradients.get_disjoint_mut(ranges).expect("parameters differ");
        let to = ChosenSums { vectors, counts, scratch };
        k.chosen_sums(values.from.view(x), self.chosen.view(chosen), weights, to);
    }
}
