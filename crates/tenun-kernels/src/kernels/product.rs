//! The kernel of a dense layer's weight gradient over a whole batch.
//!
//! ```text
//! dw[f][i] = Σ_images  dy[image][f] · x[image][i]
//! ```
//!
//! With one pixel an image there is too little to sum within a tile: a weight would cost one multiply-add and a
//! whole reduction over lanes, and its gradient be written once a tile. Here lanes are neighbouring inputs i of one image, and
//! each weight is a single chain over the images of the batch in their order, the same for every register width.

use crate::TILE;
use crate::arithmetic::add;
use crate::linear::Strided;
use crate::simd::{Simd, Vector};

/// Vectors of inputs of a block: with the rows of [`Simd::ROWS`] what the registers hold, beside a vector of each column
/// and a number of each row.
const fn columns<S: Simd>() -> usize {
    if S::ROWS >= 8 {
        3
    } else if S::BLOCKS {
        2
    } else {
        1
    }
}

/// Where x and dy stand in the row of an image: a row is what a tile keeps of one image for [`Kernels::product`].
///
/// [`Kernels::product`]: crate::Kernels::product
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// First of the inputs; behind the last of them, up to a whole tile, stand zeros.
    pub x: usize,
    /// First of the output's gradients.
    pub dy: usize,
    /// Inputs of the layer.
    pub inputs: usize,
}

impl Product {
    /// `C` vectors of inputs of all filters: the part of x that they read stays in the first cache.
    ///
    /// # Safety
    /// `rows` are whole, and as long as the assertions of [`run`] say.
    #[inline(always)]
    unsafe fn column<S: Simd, const C: usize>(
        &self,
        s: S,
        rows: &[f32],
        stride: usize,
        first: usize,
        i: usize,
        dw: &mut [f32],
    ) {
        let filters = dw.len() / self.inputs;
        let mut f = 0;
        while f < filters {
            let left = filters - f;
            // SAFETY: so many filters are left; the rest is this function's own contract.
            unsafe {
                let to = &mut dw[f * self.inputs + i..];
                if const { S::ROWS >= 8 } && left >= 8 {
                    write::<S, 8, C>(self.block(s, rows, stride, first + f, i), to, self.inputs, i);
                    f += 8;
                } else if const { S::ROWS >= 4 } && left >= 4 {
                    write::<S, 4, C>(self.block(s, rows, stride, first + f, i), to, self.inputs, i);
                    f += 4;
                } else {
                    write::<S, 1, C>(self.block(s, rows, stride, first + f, i), to, self.inputs, i);
                    f += 1;
                }
            }
        }
    }

    /// Filters `f..f + R` × `C` vectors of inputs from `i`.
    ///
    /// # Safety
    /// As for `column`, and the filters exist.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const C: usize>(
        &self,
        s: S,
        rows: &[f32],
        stride: usize,
        f: usize,
        i: usize,
    ) -> [[S::V; C]; R] {
        let mut sums = [[s.zero(); C]; R];
        for image in 0..rows.len() / stride {
            // SAFETY: by this function's contract both are inside the image's row.
            unsafe {
                let row = rows.as_ptr().add(image * stride);
                let (x, dy) = (row.add(self.x + i), row.add(self.dy + f));
                let mut vectors = [s.zero(); C];
                for (c, vector) in vectors.iter_mut().enumerate() {
                    *vector = s.load_at(x.add(c * S::LANES));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let dy = s.splat(*dy.add(r));
                    for (sum, x) in sums.iter_mut().zip(vectors) {
                        *sum = x.mul_add(dy, *sum);
                    }
                }
            }
        }
        sums
    }
}

/// Writes the sums to rows that are `inputs` long, each from its `i`-th number on, which in the first row is the start
/// of `to`; no further than the rows go.
#[inline(always)]
fn write<S: Simd, const R: usize, const C: usize>(
    sums: [[S::V; C]; R],
    to: &mut [f32],
    inputs: usize,
    i: usize,
) {
    for (r, sums) in sums.into_iter().enumerate() {
        let row = &mut to[r * inputs..][..inputs - i];
        for (c, sum) in sums.into_iter().enumerate() {
            let to = &mut row[c * S::LANES..];
            if to.len() >= S::LANES {
                sum.store(to);
            } else {
                let mut all = [0.0; TILE];
                sum.store(&mut all);
                let count = to.len();
                to.copy_from_slice(&all[..count]);
            }
        }
    }
}

/// Writes the gradient `dw[f][i]` of whole filters, of which the first is number `first`, from `rows`, each
/// `stride` long.
///
/// # Panics
/// If the rows are shorter than the place of x or dy in them.
#[inline(always)]
pub(crate) fn run<S: Simd>(s: S, of: &Product, rows: &[f32], stride: usize, first: usize, dw: &mut [f32]) {
    let filters = dw.len() / of.inputs;
    assert_eq!(rows.len() % stride, 0, "rows are whole");
    assert!(of.x + of.inputs.next_multiple_of(TILE) <= stride, "a row is shorter than its inputs");
    assert!(of.dy + first + filters <= stride, "a row is shorter than its gradients");
    let mut i = 0;
    while i < of.inputs {
        let whole = (of.inputs - i).div_ceil(S::LANES) >= columns::<S>();
        let columns = if whole { columns::<S>() } else { 1 };
        // SAFETY: the rows were asserted to be as long as all that is read of them.
        unsafe {
            match columns {
                3 if const { S::ROWS >= 8 } => of.column::<S, 3>(s, rows, stride, first, i, dw),
                2 if const { S::BLOCKS } => of.column::<S, 2>(s, rows, stride, first, i, dw),
                _ => of.column::<S, 1>(s, rows, stride, first, i, dw),
            }
        }
        i += columns * S::LANES;
    }
}

/// Numbers of a tensor, and where they go in the row of each image.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Where they stand in the tensor.
    pub from: Strided,
    /// How many.
    pub count: usize,
    /// Where the first goes in a row.
    pub to: usize,
}

/// Copies numbers of the images in the lanes to a row each; rows are `stride` long, and there may be fewer than lanes.
#[inline(always)]
pub(crate) fn keep<S: Simd>(_: S, kept: Kept, x: &[f32], rows: &mut [f32], stride: usize) {
    for number in 0..kept.count {
        let lanes = &x[kept.from.at(number) * S::LANES..][..S::LANES];
        for (row, &lane) in rows.chunks_exact_mut(stride).zip(lanes) {
            row[kept.to + number] = lane;
        }
    }
}

/// Writes the sums of neighbouring numbers, from `first` on, over all rows, each `stride` long.
pub fn sum_rows(rows: &[f32], stride: usize, first: usize, sums: &mut [f32]) {
    sums.fill(0.0);
    let count = sums.len();
    for row in rows.chunks_exact(stride) {
        add(sums, &row[first..first + count]);
    }
}
