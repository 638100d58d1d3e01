//! The kernel of every convolution, forwards and for the gradient of the input.
//!
//! ```text
//! y[f][p] = bias[f] + Σ_j  w[f][j] · x[input(p) + offset(j)]
//! ```
//!
//! for filters f, pixels p and taps j, where a tap is one position of the kernel in one input channel. A
//! convolution of any kernel size, stride and padding is a list of pixels and a list of offsets into the input
//! with its border of zeros; so is its transpose (one [`Correlation`] for each residue of the stride).
//!
//! Four pixels × `FILTERS` output channels are accumulated in registers: for each tap four loads and `FILTERS`
//! broadcasts for 4 · `FILTERS` multiply-adds. The sum over taps is a single chain in the order of the offsets,
//! whatever the blocking, so every register width rounds alike.

use rayon::prelude::*;

use crate::simd::{Simd, Vector};
use crate::{Registers, pooled::Largest};

/// More weights than this are packed by several threads: those of the pool that it is called in.
pub const PARALLEL: usize = 1 << 16;

/// Four output pixels that are computed together: where they read and where they write, in vectors.
///
/// Where the number of pixels is no multiple of four the last one stands more than once: it is computed and
/// written again, to the same value.
#[derive(Clone, Copy, Debug)]
struct Quad {
    input: [usize; 4],
    output: [usize; 4],
}

/// What becomes of the sums of a [`Correlation`].
pub(crate) trait Sink<S: Simd> {
    /// Takes the sums of the filters `first..first + F` at the four pixels of quad number `quad`.
    fn take<const F: usize>(&mut self, s: S, quad: usize, first: usize, sums: [[S::V; 4]; F]);
}

/// The geometry of one correlation, worked out once.
#[derive(Clone, Debug)]
pub struct Correlation {
    quads: Vec<Quad>,
    offsets: Vec<usize>,
    filters: usize,
    /// Filters of a whole block: as many as the registers hold that this is made for.
    most: usize,
    /// Vectors from one output channel to the next.
    output_plane: usize,
    /// One pixel alone.
    single: bool,
    /// Vectors that the input, and the output, must at least have.
    input_reach: usize,
    output_reach: usize,
}

impl Correlation {
    /// A correlation over `pixels`, pairs of input and output position, with the taps at `offsets` from the
    /// input position, all in vectors, for these registers.
    #[must_use]
    pub fn new(
        registers: &Registers,
        pixels: &[(usize, usize)],
        offsets: Vec<usize>,
        filters: usize,
        output_plane: usize,
    ) -> Self {
        // Without taps nothing is read, and no position may point anywhere.
        let pixels: Vec<(usize, usize)> = pixels
            .iter()
            .map(|&(input, output)| (if offsets.is_empty() { 0 } else { input }, output))
            .collect();
        let quads: Vec<Quad> = pixels
            .chunks(4)
            .map(|some| {
                let at = |i: usize| some[i.min(some.len() - 1)];
                Quad { input: [0, 1, 2, 3].map(|i| at(i).0), output: [0, 1, 2, 3].map(|i| at(i).1) }
            })
            .collect();
        // How far a position and the offsets added to it reach; nothing is reached without positions.
        let reach = |f: fn(&(usize, usize)) -> usize, more: usize| {
            pixels.iter().map(f).max().map_or(0, |furthest| furthest + more + 1)
        };
        let input_reach = offsets.iter().max().map_or(0, |&offset| reach(|p| p.0, offset));
        let output_reach = reach(|p| p.1, filters.saturating_sub(1) * output_plane);
        let single = pixels.len() == 1;
        let most = if single { registers.lone_filters } else { registers.filters };
        Self { quads, offsets, filters, most, output_plane, single, input_reach, output_reach }
    }

    /// A correlation over quads of input positions, of which [`crate::Kernels::correlate_largest`] keeps the largest.
    #[must_use]
    pub fn of_quads(
        registers: &Registers,
        quads: &[[usize; 4]],
        offsets: Vec<usize>,
        filters: usize,
    ) -> Self {
        let input_reach =
            quads.iter().flatten().max().zip(offsets.iter().max()).map_or(0, |(&i, &o)| i + o + 1);
        let quads = quads.iter().map(|&input| Quad { input, output: [0; 4] }).collect();
        Self {
            quads,
            offsets,
            filters,
            most: registers.filters,
            output_plane: 0,
            single: false,
            input_reach,
            output_reach: 0,
        }
    }

    /// The blocks in which filters are computed: the first filter of each, and how many.
    ///
    /// As many as the registers hold, and smaller powers of two for what remains: a last convolution of a single
    /// filter must not cost what four do.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (most, filters) = (self.most, self.filters);
        let mut first = 0;
        std::iter::from_fn(move || {
            let left = filters - first;
            let size = match left {
                0 => return None,
                // Two and two rather than three and one.
                4 if most == 3 => 2,
                left if left >= most => most,
                left => 1 << left.ilog2(),
            };
            first += size;
            Some((first - size, size))
        })
    }

    /// Multiply-adds of one image, those of pixels that stand more than once included.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        let pixels = if self.single { 1 } else { 4 * self.quads.len() };
        pixels * self.offsets.len() * self.filters
    }

    /// Output channels.
    #[must_use]
    pub fn filters(&self) -> usize {
        self.filters
    }

    /// Floats of all biases and weights.
    #[must_use]
    pub fn packed_len(&self) -> usize {
        self.filters * (self.offsets.len() + 1)
    }

    /// Writes the biases and weights in the order in which the kernel reads them: for each block of filters
    /// its biases, then for each tap its weights.
    ///
    /// `weight(f, j)` is the weight of filter f at tap j.
    ///
    /// # Panics
    /// If `packed` is shorter than [`Self::packed_len`], or there are fewer biases than filters.
    pub fn pack(
        &self,
        packed: &mut [f32],
        bias: Option<&[f32]>,
        weight: impl Fn(usize, usize) -> f32 + Sync,
    ) {
        let packed = &mut packed[..self.packed_len()];
        let pack = |first: usize, size: usize, block: &mut [f32]| {
            let (biases, weights) = block.split_at_mut(size);
            match bias {
                Some(bias) => biases.copy_from_slice(&bias[first..first + size]),
                None => biases.fill(0.0),
            }
            for (j, tap) in weights.chunks_exact_mut(size).enumerate() {
                for (i, to) in tap.iter_mut().enumerate() {
                    *to = weight(first + i, j);
                }
            }
        };
        let most = self.most;
        let block = most * (self.offsets.len() + 1);
        let count = self.blocks().take_while(|&(_, size)| size == most).count();
        let (whole, mut rest) = packed.split_at_mut(count * block);
        if whole.len() > PARALLEL {
            whole.par_chunks_mut(block).enumerate().for_each(|(i, block)| pack(i * most, most, block));
        } else {
            whole.chunks_mut(block).enumerate().for_each(|(i, block)| pack(i * most, most, block));
        }
        for (first, size) in self.blocks().skip(count) {
            let (block, after) = std::mem::take(&mut rest).split_at_mut(size * (self.offsets.len() + 1));
            rest = after;
            pack(first, size, block);
        }
    }

    /// Goes through the blocks of filters with their weights.
    ///
    /// # Panics
    /// If `x` or `packed` is shorter than the geometry needs, or this is made for other registers.
    #[inline(always)]
    fn each_block<S: Simd, B: Block<S>>(&self, s: S, x: &[f32], packed: &[f32], block: &mut B) {
        assert!(x.len() >= self.input_reach * S::LANES, "input is shorter than the correlation reaches");
        assert_eq!(self.most, B::MOST, "a correlation made for other registers");
        let mut rest = &packed[..self.packed_len()];
        for (first, size) in self.blocks() {
            let (w, after) = rest.split_at(size * (self.offsets.len() + 1));
            rest = after;
            // SAFETY: the assertion above is what the function asks for, and `w` is a whole block of filters that exist.
            unsafe {
                match size {
                    8 if const { B::MOST >= 8 } => block.run::<8>(s, self, x, w, first),
                    4 if const { B::MOST >= 4 } => block.run::<4>(s, self, x, w, first),
                    3 if const { B::MOST == 3 } => block.run::<3>(s, self, x, w, first),
                    2 if const { B::MOST >= 2 } => block.run::<2>(s, self, x, w, first),
                    _ => block.run::<1>(s, self, x, w, first),
                }
            }
        }
    }

    /// The sums of one block of filters at four pixels.
    ///
    /// # Safety
    /// As for [`Block::run`]; `w` points to a whole block of packed weights.
    #[inline(always)]
    unsafe fn quad<S: Simd, const F: usize>(
        &self,
        s: S,
        x: *const f32,
        w: *const f32,
        quad: &Quad,
    ) -> [[S::V; 4]; F] {
        // SAFETY: by this function's own contract every address below is inside `x` or `w`.
        unsafe {
            let mut sums = [[s.zero(); 4]; F];
            for (f, sums) in sums.iter_mut().enumerate() {
                *sums = [s.splat(*w.add(f)); 4];
            }
            let pixels = quad.input.map(|at| x.add(at * S::LANES));
            let mut w = w.add(F);
            for &offset in &self.offsets {
                // Weights first, then one pixel after the other: of all orders this needs the fewest registers.
                let mut weights = [s.zero(); F];
                for (f, weight) in weights.iter_mut().enumerate() {
                    *weight = s.splat(*w.add(f));
                }
                for (p, pixel) in pixels.into_iter().enumerate() {
                    let x = s.load_at(pixel.add(offset * S::LANES));
                    for (sums, weight) in sums.iter_mut().zip(weights) {
                        sums[p] = x.mul_add(weight, sums[p]);
                    }
                }
                w = w.add(F);
            }
            sums
        }
    }
}

/// What is done with each block of filters.
trait Block<S: Simd> {
    /// Filters of the largest block.
    const MOST: usize;

    /// Computes the filters `first..first + F`.
    ///
    /// # Safety
    /// `x` is at least as long as the correlation's `input_reach` says, and `w` is a whole block.
    unsafe fn run<const F: usize>(&mut self, s: S, of: &Correlation, x: &[f32], w: &[f32], first: usize);
}

/// Four pixels at a time, whose sums go to a sink.
struct Quads<'a, K>(&'a mut K);

impl<S: Simd, K: Sink<S>> Block<S> for Quads<'_, K> {
    const MOST: usize = S::FILTERS;

    #[inline(always)]
    unsafe fn run<const F: usize>(&mut self, s: S, of: &Correlation, x: &[f32], w: &[f32], first: usize) {
        for (i, quad) in of.quads.iter().enumerate() {
            // SAFETY: quads and offsets are within `input_reach`; `w` is one whole block.
            let sums = unsafe { of.quad::<S, F>(s, x.as_ptr(), w.as_ptr(), quad) };
            self.0.take(s, i, first, sums);
        }
    }
}

/// A single pixel: more filters at a time, since there is no second pixel to share the weights with.
struct Lone<'a> {
    y: &'a mut [f32],
}

impl<S: Simd> Block<S> for Lone<'_> {
    const MOST: usize = S::LONE_FILTERS;

    #[inline(always)]
    unsafe fn run<const F: usize>(&mut self, s: S, of: &Correlation, x: &[f32], w: &[f32], first: usize) {
        let Quad { input: [input, ..], output: [output, ..] } = of.quads[0];
        let (biases, weights) = w.split_at(F);
        let mut sums = [s.zero(); F];
        for (sum, &bias) in sums.iter_mut().zip(biases) {
            *sum = s.splat(bias);
        }
        for (&offset, tap) in of.offsets.iter().zip(weights.chunks_exact(F)) {
            // SAFETY: the offset is within `input_reach`.
            let x = unsafe { s.load_at(x.as_ptr().add((input + offset) * S::LANES)) };
            for (sum, &w) in sums.iter_mut().zip(tap) {
                *sum = x.mul_add(s.splat(w), *sum);
            }
        }
        for (f, sum) in sums.iter().enumerate() {
            sum.store(&mut self.y[(output + (first + f) * of.output_plane) * S::LANES..]);
        }
    }
}

/// The plain sink: every sum is a number of the output.
struct Store<'a> {
    y: &'a mut [f32],
    quads: &'a [Quad],
    plane: usize,
}

impl<S: Simd> Sink<S> for Store<'_> {
    #[inline(always)]
    fn take<const F: usize>(&mut self, _: S, quad: usize, first: usize, sums: [[S::V; 4]; F]) {
        let outputs = self.quads[quad].output;
        for (f, sums) in sums.into_iter().enumerate() {
            for (sum, output) in sums.into_iter().zip(outputs) {
                let at = (output + (first + f) * self.plane) * S::LANES;
                debug_assert!(at + S::LANES <= self.y.len());
                // SAFETY: `run` checked that `y` reaches every output of every filter.
                unsafe { sum.store_at(self.y.as_mut_ptr().add(at)) };
            }
        }
    }
}

/// Computes every output pixel of every filter from `x` into `y`.
#[inline(always)]
pub(crate) fn run<S: Simd>(s: S, of: &Correlation, x: &[f32], packed: &[f32], y: &mut [f32]) {
    assert!(y.len() >= of.output_reach * S::LANES, "output is shorter than the correlation reaches");
    if of.single {
        of.each_block(s, x, packed, &mut Lone { y });
    } else {
        let mut store = Store { y, quads: &of.quads, plane: of.output_plane };
        of.each_block(s, x, packed, &mut Quads(&mut store));
    }
}

/// Computes the sums of every filter at every quad of pixels, and keeps the largest of each.
#[inline(always)]
pub(crate) fn run_largest<S: Simd>(
    s: S,
    of: &Correlation,
    x: &[f32],
    packed: &[f32],
    largest: &mut Largest<'_>,
) {
    of.each_block(s, x, packed, &mut Quads(largest));
}
