//! [`Map`]: functions of single numbers, and their gradients: the activations of a network.
//!
//! A function is one entry of `functions!` below, and one file of that name in the engine's `layer/`, which has its settings
//! and its equation. The list of activations stands nowhere else: the engine takes it from here.

use crate::math;
use crate::rows::{View, ViewMut};
use crate::simd::{Simd, Vector};

/// A function of one number on vectors.
trait Function: Copy {
    /// The function; `a` is its parameter, if it has one.
    fn value<S: Simd>(self, s: S, x: S::V, a: f32) -> S::V;
    /// Its gradient: `dy` times the slope at input `x`, where the output is `y`.
    fn gradient<S: Simd>(self, s: S, x: S::V, y: S::V, dy: S::V, a: f32) -> S::V;
}

macro_rules! functions {
    (($d:tt) $(
        $(#[$doc:meta])*
        $module:ident: $name:ident($slope:ident)
        value($s:ident, $x:pat_param, $a:pat_param) $value:block
        gradient($gs:ident, $gx:pat_param, $gy:pat_param, $gdy:ident, $ga:pat_param) $gradient:block
    )*) => {
        /// A function of one number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Map { $($(#[$doc])* $name,)* }

        impl Map {
            /// All functions.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Whether the slope follows from the output alone: then the output may overwrite the input, and
            /// [`crate::Kernels::map_gradient_in_place`] gives the gradient.
            #[must_use]
            pub const fn has_slope_from_output(self) -> bool {
                match self { $(Self::$name => functions!(@ $slope),)* }
            }
        }

        $(
            #[derive(Clone, Copy)]
            struct $name;

            impl Function for $name {
                #[inline(always)]
                fn value<S: Simd>(self, $s: S, $x: S::V, $a: f32) -> S::V $value

                #[inline(always)]
                fn gradient<S: Simd>(self, $gs: S, $gx: S::V, $gy: S::V, $gdy: S::V, $ga: f32) -> S::V $gradient
            }
        )*

        /// Hands `module: Name` of each function to a macro, between what it is given besides: the engine lists its
        /// layers with it.
        #[macro_export]
        macro_rules! activations {
            ($d callback:ident! { $d($d before:tt)* } { $d($d after:tt)* }) => {
                $d callback! { $d($d before)* $($module: $name,)* $d($d after)* }
            };
        }

        /// Calls a function that is generic over [`Function`] with the one that a `Map` names.
        macro_rules! with_function {
            ($map:expr, $f:ident => $e:expr) => {
                match $map { $(Map::$name => { let $f = $name; $e })* }
            };
        }
    };
    (@ output) => { true };
    (@ input) => { false };
}

functions! {
    ($)

    /// max(x, 0).
    relu: Relu(output)
    // In this order `max` lets NaN through: a network that diverges must not look healthy.
    value(s, x, _) { s.zero().max(x) }
    gradient(s, _, y, dy, _) { S::V::keep(s.zero().less(y), dy) }

    /// x, or `a` times x below zero; `a` is above zero, so the output has the sign of the input.
    leaky_relu: LeakyRelu(output)
    value(s, x, a) { S::V::select(s.zero().less(x), x, x * s.splat(a)) }
    gradient(s, _, y, dy, a) { S::V::select(s.zero().less(y), dy, dy * s.splat(a)) }

    /// x · sigmoid x.
    silu: Silu(input)
    value(s, x, _) { x * math::sigmoid(s, x) }
    gradient(s, x, y, dy, _) {
        let g = math::sigmoid(s, x);
        // Slope: g + x g (1 − g) = g + y (1 − g).
        dy * y.mul_add(s.splat(1.0) - g, g)
    }

    /// x, or `a` (exp x − 1) below zero; `a` is above zero, so the output has the sign of the input.
    elu: Elu(output)
    value(s, x, a) {
        // exp x − 1 = 2 t / (1 − t) with t = tanh(x / 2), which keeps its digits near zero.
        let t = math::tanh(s, x * s.splat(0.5));
        S::V::select(s.zero().less(x), x, (t + t) / (s.splat(1.0) - t) * s.splat(a))
    }
    gradient(s, _, y, dy, a) { S::V::select(s.zero().less(y), dy, dy * (y + s.splat(a))) }

    /// x · Φ(x), with the distribution function Φ of the standard normal distribution.
    gelu: Gelu(input)
    value(s, x, _) { x * math::normal_distribution(s, x).0 }
    gradient(s, x, _, dy, _) {
        // Slope: Φ(x) + x φ(x), and φ(x) = exp(−x² / 2) / √(2π).
        let (phi, e) = math::normal_distribution(s, x);
        dy * (x * e).mul_add(s.splat(0.398_942_3), phi)
    }

    /// x · tanh(softplus x).
    mish: Mish(input)
    value(s, x, _) { x * math::tanh_of_softplus(s, x).0 }
    gradient(s, x, _, dy, _) {
        // Slope: t + x sigmoid x (1 − t²).
        let (t, rest) = math::tanh_of_softplus(s, x);
        dy * (x * math::sigmoid(s, x)).mul_add((s.splat(1.0) + t) * rest, t)
    }

    /// Hyperbolic tangent.
    tanh: Tanh(output)
    value(s, x, _) { math::tanh(s, x) }
    gradient(s, _, y, dy, _) { dy * (s.splat(1.0) - y * y) }

    /// 1 / (1 + exp(−x)).
    sigmoid: Sigmoid(output)
    value(s, x, _) { math::sigmoid(s, x) }
    gradient(s, _, y, dy, _) { dy * (y * (s.splat(1.0) - y)) }
}

/// Writes `y` = f(`x`).
#[inline(always)]
pub(crate) fn run<S: Simd>(s: S, map: Map, a: f32, x: View<'_>, y: ViewMut<'_>) {
    with_function!(map, f => y.map(s, x, #[inline(always)] |x| f.value(s, x, a)));
}

/// Replaces every number by its value.
#[inline(always)]
pub(crate) fn in_place<S: Simd>(s: S, map: Map, a: f32, y: ViewMut<'_>) {
    with_function!(map, f => y.update(s, #[inline(always)] |x| f.value(s, x, a)));
}

/// The tensors of a gradient: those it is computed from.
#[derive(Clone, Copy, Debug)]
pub struct MapGradient<'a> {
    /// The input.
    pub x: View<'a>,
    /// The output.
    pub y: View<'a>,
    /// The gradient of the output.
    pub dy: View<'a>,
}

/// Writes the gradient of the input.
#[inline(always)]
pub(crate) fn gradient<S: Simd>(s: S, map: Map, a: f32, from: MapGradient<'_>, dx: ViewMut<'_>) {
    with_function!(map, f => gradient_of(s, f, a, from, dx));
}

#[inline(always)]
fn gradient_of<S: Simd>(s: S, f: impl Function, a: f32, from: MapGradient<'_>, to: ViewMut<'_>) {
    let MapGradient { x, y, dy } = from;
    let rows = x.slices().zip(y.slices()).zip(dy.slices().zip(to.rows.iter()));
    for ((x, y), (dy, dx)) in rows {
        let values = x.chunks_exact(S::LANES).zip(y.chunks_exact(S::LANES));
        let gradients = to.floats[dx].chunks_exact_mut(S::LANES).zip(dy.chunks_exact(S::LANES));
        for ((x, y), (dx, dy)) in values.zip(gradients) {
            f.gradient(s, s.load(x), s.load(y), s.load(dy), a).store(dx);
        }
    }
}

/// Replaces the gradient of the output `y` by that of the input; only where
/// [`Map::has_slope_from_output`].
#[inline(always)]
pub(crate) fn gradient_in_place<S: Simd>(s: S, map: Map, a: f32, y: View<'_>, d: ViewMut<'_>) {
    debug_assert!(map.has_slope_from_output());
    with_function!(map, f => d.update_with(s, y, #[inline(always)] |y, dy| f.gradient(s, y, y, dy, a)));
}
