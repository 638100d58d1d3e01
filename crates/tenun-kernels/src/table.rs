//! [`Kernels`]: the kernels of one width as a table of functions.
//!
//! For each width the list below becomes a module of functions that are compiled for its instructions, `avx2::correlate`
//! and so on: one copy of each kernel, which a profiler shows by its name.
//!
//! **Why the calls are safe.** A function of such a module may only run where the CPU has the instructions. Pointers
//! to them are in the private fields of a `Kernels`, of which there is one for each width, in a private static; only
//! [`Kernels::of`] gives it out, after it has asked the CPU. So whoever has a `&Kernels` may call what is in it. Whether
//! the arguments fit is checked by each kernel itself.

use std::ops::Range;

use crate::kernels::arithmetic::{Axis, Moments};
use crate::kernels::correlate::Correlation;
use crate::kernels::gather::{Gather, Scatter};
use crate::kernels::group_norm::{Affine, AffineGradient, Groups, NormGradient};
use crate::kernels::images::Chosen;
use crate::kernels::linear::Linear;
use crate::kernels::loss::{Compared, Loss};
use crate::kernels::map::{Map, MapGradient};
use crate::kernels::noise::{Noise, Sampled};
use crate::kernels::norm::Norm;
use crate::kernels::outer::Outer;
use crate::kernels::pooled::{Largest, PooledGradient, WindowPixels, Winners, WinnersOuter};
use crate::kernels::product::{Kept, Product};
use crate::kernels::quantize::{ChosenSums, Codebook, Straight};
use crate::kernels::upsampled::{BoxSum, Interleave, ShiftedSum};
use crate::kernels::windows::{PoolGradient, WindowGradients, Windows};
use crate::kernels::*;
use crate::rows::{View, ViewMut};
use crate::simd::Simd;
use crate::{Lanes, RandomKey, Registers, Width};

macro_rules! kernels {
    (@table $(
        $(#[$doc:meta])*
        fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? = $body:path;
    )*) => {
        /// The kernels of one width, and its registers.
        #[allow(missing_debug_implementations)]
        pub struct Kernels {
            /// What to know of the registers.
            pub registers: Registers,
            $($name: unsafe fn($($type),*) $(-> $result)?,)*
        }

        impl Kernels {
            $(
                $(#[$doc])*
                #[inline]
                #[allow(clippy::too_many_arguments)]
                pub fn $name(&self, $($argument: $type),*) $(-> $result)? {
                    // SAFETY: see the module's documentation: whoever has this table, has the instructions.
                    unsafe { (self.$name)($($argument),*) }
                }
            )*
        }
    };
    (@width $module:ident, $simd:ty, $width:expr, $compiled:meta; $(
        $(#[$doc:meta])*
        fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? = $body:path;
    )*) => {
        mod $module {
            use super::*;

            pub(super) static KERNELS: Kernels = Kernels {
                registers: Registers {
                    width: $width,
                    lanes: <$simd>::LANES,
                    filters: <$simd>::FILTERS,
                    lone_filters: <$simd>::LONE_FILTERS,
                    winograd_blocks: winograd::correlate::together::<$simd>().0,
                    winograd_filters: winograd::correlate::together::<$simd>().1,
                },
                $($name,)*
            };

            $(
                #[$compiled]
                #[allow(clippy::too_many_arguments)]
                fn $name($($argument: $type),*) $(-> $result)? {
                    // SAFETY: this runs only out of the table of its width.
                    let s = unsafe { <$simd>::assume() };
                    $body(s, $($argument),*)
                }
            )*
        }
    };
    // A module for each width of this processor.
    ($($list:tt)*) => {
        kernels! { @table $($list)* }
        kernels! { @width portable, crate::simd::portable::Portable, Width::Portable, inline(never); $($list)* }
        #[cfg(target_arch = "x86_64")]
        kernels! {
            @width avx2, crate::simd::avx2::Avx2, Width::Avx2,
            target_feature(enable = "avx2,fma"); $($list)*
        }
        #[cfg(target_arch = "x86_64")]
        kernels! {
            @width avx512, crate::simd::avx512::Avx512, Width::Avx512,
            target_feature(enable = "avx512f,avx512dq,avx2,fma"); $($list)*
        }
        #[cfg(target_arch = "aarch64")]
        kernels! { @width neon, crate::simd::neon::Neon, Width::Neon, inline(never); $($list)* }
    };
}

kernels! {
    /// Every output pixel of every filter of a correlation, from `x` into `y`.
    ///
    /// # Panics
    /// If a slice is shorter than the geometry needs, or that is made for other registers.
    fn correlate(of: &Correlation, x: &[f32], packed: &[f32], y: &mut [f32]) = correlate::run;

    /// The largest of the four sums at every quad of pixels.
    ///
    /// # Panics
    /// As [`Self::correlate`].
    fn correlate_largest(of: &Correlation, x: &[f32], packed: &[f32], largest: &mut Largest<'_>)
        = correlate::run_largest;

    /// As [`Self::correlate`], by Winograd's blocks, with room as [`winograd::correlate::scratch_len`] says.
    ///
    /// # Panics
    /// As [`Self::correlate`].
    fn winograd_correlate(
        of: &winograd::correlate::Correlation,
        x: &[f32],
        packed: &[f32],
        scratch: &mut [f32],
        y: &mut [f32],
    ) = winograd::correlate::run;

    /// As [`Self::correlate_largest`], by Winograd's blocks.
    ///
    /// # Panics
    /// As [`Self::correlate`].
    fn winograd_correlate_largest(
        of: &winograd::correlate::Correlation,
        x: &[f32],
        packed: &[f32],
        scratch: &mut [f32],
        largest: &mut Largest<'_>,
    ) = winograd::correlate::run_largest;

    /// The gradient of all weights of a correlation, `dw[filter][tap]`.
    ///
    /// # Panics
    /// If `x` or `dy` is shorter than the geometry needs, or `dw` is not filters × taps long.
    fn outer(of: &Outer, x: &[f32], dy: &[f32], dw: &mut [f32]) = outer::run;

    /// The same by Winograd's blocks, with room as [`winograd::outer::scratch_len`] says.
    ///
    /// # Panics
    /// As [`Self::outer`].
    fn winograd_outer(of: &winograd::outer::Outer, x: &[f32], dy: &[f32], scratch: &mut [f32], dw: &mut [f32])
        = winograd::outer::run;

    /// The same through max-pooling, from the gradient of the pooled map.
    ///
    /// # Panics
    /// As [`Self::outer`].
    fn winners_outer(of: &WinnersOuter, x: &[f32], dy: &[f32], winners: &[Winners], dw: &mut [f32])
        = pooled::run;

    /// The sum of each channel of a pooled gradient where any pixel won: the gradient of a bias.
    fn winners_sums(of: &PooledGradient, dy: &[f32], winners: &[Winners], to: &mut [f32]) = pooled::sums;

    /// The gradient of a whole map from that of the pooled one.
    fn unpool(
        from: &PooledGradient,
        to: &WindowPixels,
        dy: &[f32],
        winners: &[Winners],
        map: &mut [f32],
    ) = pooled::unpool;

    /// A linear map; without a bias the sums begin at zero.
    ///
    /// # Panics
    /// If a slice is shorter than the geometry needs.
    fn linear(of: &Linear, w: &[f32], bias: Option<&[f32]>, x: &[f32], y: &mut [f32]) = linear::run;

    /// The gradient `dw[f][i]` of whole filters, of which the first is number `first`, from the rows of images, each
    /// `stride` long.
    ///
    /// # Panics
    /// If the rows are shorter than the place of x or dy in them.
    fn product(of: &Product, rows: &[f32], stride: usize, first: usize, dw: &mut [f32]) = product::run;

    /// Copies numbers of the images in the lanes to a row each, `stride` long.
    fn keep(kept: Kept, x: &[f32], rows: &mut [f32], stride: usize) = product::keep;

    /// Rows of sums of shifted rows.
    fn shifted_sums(rows: &[ShiftedSum], bias: f32, x: &[f32], y: &mut [f32]) = upsampled::shifted_sums;

    /// The outputs of an up-sampled convolution from its edge rows and middle rows.
    fn interleave(of: &Interleave, filters: Range<usize>, sums: &[f32], y: &mut [f32])
        = upsampled::interleave;

    /// The sums of the boxes of one channel; gives the sum of all its numbers. `row` is room for a row, and zero if the
    /// factor is two.
    fn box_sum(of: &BoxSum, from: &[f32], row: &mut [f32], to: &mut [f32]) -> f32 = upsampled::box_sum;

    /// `y` = `a` + `b`.
    fn add(a: View<'_>, b: View<'_>, y: ViewMut<'_>) = arithmetic::add_views;

    /// `y` += `x`.
    fn accumulate(x: View<'_>, y: ViewMut<'_>) = arithmetic::accumulate;

    /// `y` = (`x` − `shift` · mean) / std, channel by channel.
    fn standardise(channels: &[Moments], shift: f32, x: View<'_>, y: ViewMut<'_>) = arithmetic::standardise;

    /// `y` = `x` · `mask`, of which one channel stands for all.
    fn mask(x: View<'_>, mask: View<'_>, y: ViewMut<'_>) = arithmetic::mask;

    /// The mean with the neighbours along one axis, weighted ¼ ½ ¼.
    fn blur(axis: Axis, x: View<'_>, y: ViewMut<'_>) = arithmetic::blur;

    /// The sum of each channel over pixels and lanes: the gradient of a bias.
    fn channel_sums(x: View<'_>, to: &mut [f32]) = arithmetic::channel_sums;

    /// The sum of each number over the lanes whose weight is above zero.
    fn lane_sums(x: View<'_>, weights: &Lanes, to: &mut [f32]) = arithmetic::lane_sums;

    /// Adds to each number its own slope times the weight of the lane times `factor`.
    fn add_slopes(slopes: &[f32], weights: &Lanes, factor: f32, y: ViewMut<'_>) = arithmetic::add_slopes;

    /// Numbers that only move.
    fn scatter(of: &Scatter, x: &[f32], y: &mut [f32]) = gather::scatter;

    /// Sums of numbers that stand anywhere.
    fn gather(of: &Gather, x: &[f32], y: &mut [f32]) = gather::gather;

    /// The largest number of each window.
    fn max_pool(of: &Windows, x: &[f32], y: &mut [f32]) = windows::largest;

    /// The gradient through [`Self::max_pool`]: it goes to the first maximum.
    fn max_pool_gradient(of: &Windows, to: &WindowGradients, from: PoolGradient<'_>, dx: &mut [f32])
        = windows::largest_gradient;

    /// The mean of each window.
    fn mean_pool(of: &Windows, x: &[f32], y: &mut [f32]) = windows::mean;

    /// The gradient through [`Self::mean_pool`].
    fn mean_pool_gradient(of: &Windows, to: &WindowGradients, from: PoolGradient<'_>, dx: &mut [f32])
        = windows::mean_gradient;

    /// `y` = f(`x`), number by number, with the function's parameter `a`.
    fn map(map: Map, a: f32, x: View<'_>, y: ViewMut<'_>) = map::run;

    /// Replaces every number by f of it.
    fn map_in_place(map: Map, a: f32, y: ViewMut<'_>) = map::in_place;

    /// The gradient of the input of [`Self::map`].
    fn map_gradient(map: Map, a: f32, from: MapGradient<'_>, dx: ViewMut<'_>) = map::gradient;

    /// Replaces the gradient of the output `y` by that of the input, where the slope follows from the output.
    fn map_gradient_in_place(map: Map, a: f32, y: View<'_>, d: ViewMut<'_>) = map::gradient_in_place;

    /// The norm of the numbers in each lane.
    fn norm(norm: Norm, x: View<'_>) -> Lanes = norm::norm;

    /// Adds the gradient of the norm of `x`, times the weight of the lane times `factor`, to `dx`.
    fn norm_gradient(norm: Norm, weights: &Lanes, factor: f32, x: View<'_>, dx: ViewMut<'_>)
        = norm::norm_gradient;

    /// Normalisation over groups of channels; mean and scale of each group go to `statistics`.
    fn group_norm(
        groups: &Groups,
        affine: Affine<'_>,
        x: View<'_>,
        statistics: &mut [f32],
        y: ViewMut<'_>,
    ) = group_norm::value;

    /// The gradients of [`Self::group_norm`]: of factors and summands and, if it is wanted, of the input.
    fn group_norm_gradient(
        groups: &Groups,
        from: NormGradient<'_>,
        to: AffineGradient<'_>,
        dx: Option<ViewMut<'_>>,
    ) = group_norm::gradient;

    /// The number of each pixel's nearest vector to `chosen` and the vector to `y`; gives Σ |x − e|² in each lane.
    fn nearest(of: &Codebook<'_>, x: View<'_>, chosen: ViewMut<'_>, y: ViewMut<'_>) -> Lanes
        = quantize::nearest;

    /// `dx` = dy + (x − y) · weight of the lane · `factor`.
    fn straight_through(from: Straight<'_>, weights: &Lanes, factor: f32, dx: ViewMut<'_>)
        = quantize::straight_through;

    /// The sums of what chose which vector, over the lanes whose weight is above zero.
    fn chosen_sums(x: View<'_>, chosen: View<'_>, weights: &Lanes, to: ChosenSums<'_>)
        = quantize::chosen_sums;

    /// x / (1 − rate), or 0 with probability `rate`; the same forwards and backwards.
    fn dropout(rate: f32, layer: u32, keys: &[RandomKey], x: View<'_>, y: ViewMut<'_>) = noise::dropout;

    /// `x` with noise; `backwards` the gradient of the input from that of the output.
    fn add_noise(
        noise: Noise,
        layer: u32,
        keys: &[RandomKey],
        backwards: bool,
        x: View<'_>,
        y: ViewMut<'_>,
    ) = noise::add_noise;

    /// Draws z from the normal distribution whose μ and log σ² are the two halves of `x`; gives Σ max(KL, `free`) in each lane.
    fn sample(
        free: f32,
        layer: u32,
        keys: &[RandomKey],
        x: View<'_>,
        z: ViewMut<'_>,
        drawn: ViewMut<'_>,
    ) -> Lanes = noise::sample;

    /// The gradient of μ and log σ² of [`Self::sample`], with the divergence times the weight of the lane times `factor`.
    fn sample_gradient(free: f32, weights: &Lanes, factor: f32, from: Sampled<'_>, dx: ViewMut<'_>)
        = noise::sample_gradient;

    /// Reads images of bytes into the lanes, as floats from 0 to 1.
    fn read_bytes(from: Chosen<'_, u8>, to: ViewMut<'_>) = images::read_bytes;

    /// Reads images of floats into the lanes.
    fn read_floats(from: Chosen<'_, f32>, to: ViewMut<'_>) = images::read_floats;

    /// Writes the numbers in each lane to an image of its own.
    fn write_images(x: View<'_>, length: usize, images: &mut [f32]) = images::write;

    /// The sum of the loss over the numbers in each lane.
    fn loss(loss: Loss, of: Compared<'_>) -> Lanes = loss::value;

    /// The same, and the gradient of Σ weight · loss, with a weight for each lane, to `dz`.
    fn loss_gradient(loss: Loss, of: Compared<'_>, weights: &Lanes, dz: ViewMut<'_>) -> Lanes
        = loss::gradient;

    /// The gradient of Σ weight · loss by log σ², given the losses of the lanes, sums over `numbers` each.
    fn variance_gradient(loss: Loss, sums: &Lanes, weights: &Lanes, numbers: f32) -> f32
        = loss::variance_gradient;

    /// Applies the sigmoid in place.
    fn sigmoid(y: ViewMut<'_>) = loss::sigmoid;

    /// Rounds of multiply-adds on registers alone: see [`Self::multiply_add_peak`].
    fn peak(rounds: usize, factor: f32, term: f32) -> f32 = multiply_add::run;
}

impl Kernels {
    /// Those of `width`; should the CPU lack the registers, those of portable code: the bits are the same.
    ///
    /// This is the one way to a `Kernels`, and the check in it is what makes calling them safe.
    #[must_use]
    pub fn of(width: Width) -> &'static Self {
        match width {
            #[cfg(target_arch = "x86_64")]
            Width::Avx512 if width.is_available() => &avx512::KERNELS,
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 if width.is_available() => &avx2::KERNELS,
            #[cfg(target_arch = "aarch64")]
            Width::Neon if width.is_available() => &neon::KERNELS,
            _ => &portable::KERNELS,
        }
    }
}
