//! The operation of hidden patches: the same number of squares of every image made black, at random.

use tenun_kernels::{Kernels, TILE};

use super::pair::{Pair, Through};
use crate::Shape;
use crate::place::Place;
use crate::program::{Builder, Op, Port, Tensor, TensorId, Tile, Uses};
use crate::random::RandomKey;
use crate::random::{self, Purpose};

/// The squares of an image, and how many of them are hidden.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patches {
    /// Pixels along the side of a square.
    size: usize,
    rows: usize,
    columns: usize,
    /// How many are hidden.
    pub(crate) hidden: usize,
}

impl Patches {
    /// The squares of `size` × `size` pixels of an image, of which the share `amount` is hidden.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub(crate) fn new(shape: Shape, size: usize, amount: f32) -> Self {
        let (rows, columns) = (shape.height.div_ceil(size), shape.width.div_ceil(size));
        let hidden = ((rows * columns) as f64 * f64::from(amount)).round() as usize;
        Self { size, rows, columns, hidden }
    }

    /// All squares.
    pub(crate) fn count(&self) -> usize {
        self.rows * self.columns
    }

    /// The square that a pixel is in.
    pub(crate) fn at(&self, row: usize, column: usize) -> usize {
        row / self.size * self.columns + column / self.size
    }

    /// Writes 0 for each square that is hidden, those with the smallest uniform numbers and the first of equal ones,
    /// and 1 for the others; `sorted` is room for as many numbers.
    #[allow(clippy::cast_possible_truncation)] // squares of one image fit 32 bits
    pub(crate) fn draw(&self, noise: RandomKey, layer: u32, keeps: &mut [f32], sorted: &mut [f32]) {
        for (block, four) in keeps.chunks_mut(4).enumerate() {
            let words = noise.words(Purpose::Corrupt, layer, block as u32);
            four.iter_mut().zip(words).for_each(|(to, word)| *to = random::unit(word));
        }
        sorted.copy_from_slice(keeps);
        let last = *sorted.select_nth_unstable_by(self.hidden - 1, f32::total_cmp).1;
        let mut equal = self.hidden - keeps.iter().filter(|&&draw| draw < last).count();
        for keep in keeps {
            let is_hidden = *keep < last || *keep == last && equal > 0;
            equal -= usize::from(is_hidden && *keep == last);
            *keep = if is_hidden { 0.0 } else { 1.0 };
        }
    }
}

struct HidePatches {
    patches: Patches,
    layer: u32,
    shape: Shape,
    through: Through,
    /// 0 for each hidden pixel and 1 for the others, one plane for all channels.
    mask: Tensor,
    /// Room for the draws of one image, twice.
    draws: TensorId,
    /// What the loss of each number counts: nothing where it can be seen, and so much where it is hidden that the
    /// mean of them all is 1.
    counts: Option<Tensor>,
}

/// Adds hidden patches to a plan.
pub(crate) fn lower(builder: &mut Builder, patches: Patches, at: &Place, x: Port) -> Port {
    let y = builder.output(x, at.output, false);
    let (layer, shape) = (at.ordinal, at.input);
    // The image's first layer: what it hides is what is to be found again.
    let counts = (at.ordinal == 0).then(|| builder.loss_weights(shape));
    let mask = builder.tensor(Shape { channels: 1, ..shape });
    // A vector's number has a place for each lane, eight at least.
    let draws = builder.tensor(Shape::vector((2 * patches.count()).div_ceil(8)));
    builder.push(move |grids| {
        Box::new(HidePatches {
            patches,
            layer,
            shape,
            through: Through::new(x, y, grids),
            mask: grids.tensor(mask),
            draws,
            counts: counts.map(|id| grids.tensor(id)),
        })
    });
    // The way back needs no values.
    Port { exclusive: true, ..y }
}

impl HidePatches {
    /// Draws which squares are hidden, into the mask and into what each number counts.
    fn draw(&self, lanes: usize, tile: &mut Tile<'_>) {
        let Shape { height, width, .. } = self.shape;
        let [mask, draws] = tile.tensors.many([self.mask.id, self.draws]);
        let count = self.patches.count();
        let (keeps, sorted) = draws[..2 * count].split_at_mut(count);
        let mut shares = [0.0; TILE];
        for (lane, &noise) in tile.noise.iter().enumerate().take(lanes) {
            self.patches.draw(noise, self.layer, keeps, sorted);
            // At the right and lower border squares are smaller, so pixels are counted for each image.
            let mut pixels = 0;
            for r in 0..height {
                let row = &mut mask[self.mask.rows.start(0, r)..];
                for (c, to) in row.iter_mut().skip(lane).step_by(lanes).take(width).enumerate() {
                    *to = keeps[self.patches.at(r, c)];
                    pixels += usize::from(*to == 0.0);
                }
            }
            #[allow(clippy::cast_precision_loss)]
            let share = (height * width) as f32 / pixels as f32;
            shares[lane] = share;
        }
        let Some(counts) = &self.counts else { return };
        let [mask, out] = tile.tensors.many([self.mask.id, counts.id]);
        for (r, row) in counts.rows.iter().enumerate() {
            let from = &mask[self.mask.rows.start(0, r % height)..];
            for (to, keeps) in out[row].chunks_exact_mut(lanes).zip(from.chunks_exact(lanes)) {
                for ((to, keep), share) in to.iter_mut().zip(keeps).zip(&shares) {
                    *to = (1.0 - keep) * share;
                }
            }
        }
    }

    /// What is not hidden: forwards and backwards are the same.
    fn apply(&self, k: &Kernels, tile: &mut Tile<'_>, Pair { from, to }: &Pair) {
        let [x, mask, y] = tile.tensors.many([from.id, self.mask.id, to.id]);
        k.mask(from.view(x), self.mask.view(mask), to.view_mut(y));
    }
}

impl Op for HidePatches {
    fn uses(&self) -> Uses {
        let own = [self.mask.id, self.draws].into_iter().chain(self.counts.iter().map(|counts| counts.id));
        let back = self.through.gradient_ids().chain([self.mask.id]);
        Uses::forward(own.chain(self.through.values.ids())).backward(back)
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        self.draw(k.registers.lanes, tile);
        self.apply(k, tile, &self.through.values);
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        if let Some(gradients) = &self.through.gradients {
            self.apply(k, tile, gradients);
        }
    }
}
