//! Images into lanes, and lanes into images.

use crate::rows::{View, ViewMut};
use crate::simd::Simd;

/// Byte / 255: what a byte of an image is as a float.
#[allow(clippy::cast_precision_loss)]
static UNIT: [f32; 256] = {
    let mut floats = [0.0; 256];
    let mut byte = 0;
    while byte < 256 {
        floats[byte] = byte as f32 / 255.0;
        byte += 1;
    }
    floats
};

/// Images one after the other, and which of them are read.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a, T> {
    /// All images, `[image][channel][row][column]`.
    pub images: &'a [T],
    /// Numbers in an image.
    pub length: usize,
    /// Those that are read, at most one for each lane.
    pub indices: &'a [u32],
}

/// Reads the images, one into each lane; lanes beyond them are zero.
#[inline(always)]
fn read<S: Simd, T: Copy>(_: S, from: Chosen<'_, T>, to: ViewMut<'_>, convert: impl Fn(T) -> f32) {
    let width = to.rows.row_length() / S::LANES;
    // Row by row, lane by lane: a row of all lanes stays in the first cache while it is filled.
    for (r, row) in to.rows.iter().enumerate() {
        let row = &mut to.floats[row];
        for lane in 0..S::LANES {
            let numbers = row.chunks_exact_mut(S::LANES).map(|lanes| &mut lanes[lane]);
            match from.indices.get(lane) {
                Some(&index) => {
                    let image = &from.images[index as usize * from.length..][..from.length];
                    for (to, &from) in numbers.zip(&image[r * width..(r + 1) * width]) {
                        *to = convert(from);
                    }
                }
                None => numbers.for_each(|to| *to = 0.0),
            }
        }
    }
}

/// Reads images of bytes, as floats from 0 to 1.
#[inline(always)]
pub(crate) fn read_bytes<S: Simd>(s: S, from: Chosen<'_, u8>, to: ViewMut<'_>) {
    read(
        s,
        from,
        to,
        #[inline(always)]
        |byte| UNIT[usize::from(byte)],
    );
}

/// Reads images of floats.
#[inline(always)]
pub(crate) fn read_floats<S: Simd>(s: S, from: Chosen<'_, f32>, to: ViewMut<'_>) {
    read(
        s,
        from,
        to,
        #[inline(always)]
        |x| x,
    );
}

/// Writes the numbers in each lane, `[channel][row][column]`, to an image of its own, as many as `images` has room for.
#[inline(always)]
pub(crate) fn write<S: Simd>(_: S, x: View<'_>, length: usize, images: &mut [f32]) {
    for (lane, image) in images.chunks_exact_mut(length).take(S::LANES).enumerate() {
        let numbers = x.slices().flat_map(|row| row.chunks_exact(S::LANES));
        for (to, from) in image.iter_mut().zip(numbers) {
            *to = from[lane];
        }
    }
}
