//! The largest and the mean of windows of positions: the pooling layers.

use crate::simd::{Simd, Vector};

/// Windows of a tensor, and where their results go, in floats.
#[derive(Clone, Debug)]
pub struct Windows {
    /// Positions under each output, those of one window after the other.
    pub inputs: Vec<usize>,
    /// Behind the last position of each window.
    pub ends: Vec<usize>,
    /// Where each result goes.
    pub outputs: Vec<usize>,
}

/// The same windows in the gradients of input and output, in floats.
#[derive(Clone, Debug, Default)]
pub struct WindowGradients {
    /// The positions of [`Windows::inputs`].
    pub inputs: Vec<usize>,
    /// Positions that no window covers.
    pub zeros: Vec<usize>,
    /// The positions of [`Windows::outputs`].
    pub outputs: Vec<usize>,
}

/// How the numbers of a window become one, and how that number's gradient becomes theirs.
trait Pooling {
    /// The output of one window at positions `window` of `x`.
    fn value<S: Simd>(s: S, x: &[f32], window: &[usize]) -> S::V;

    /// Writes the gradient of the window's inputs to the positions `to` of `dx`, given the output and its gradient.
    fn gradient<S: Simd>(s: S, x: &[f32], window: &[usize], y: S::V, dy: S::V, dx: &mut [f32], to: &[usize]);
}

struct Largest;

impl Pooling for Largest {
    #[inline(always)]
    fn value<S: Simd>(s: S, x: &[f32], window: &[usize]) -> S::V {
        let mut best = s.load(&x[window[0]..]);
        for &at in &window[1..] {
            // In this order `max` keeps `best` where it is NaN, and takes a NaN that comes.
            let candidate = s.load(&x[at..]);
            let larger = candidate.max(best);
            best = S::V::select(candidate.equal(candidate), larger, candidate);
        }
        best
    }

    #[inline(always)]
    fn gradient<S: Simd>(s: S, x: &[f32], window: &[usize], y: S::V, dy: S::V, dx: &mut [f32], to: &[usize]) {
        // The lanes whose maximum has been found; at first none.
        let mut found = y.less(y);
        for (&from, &to) in window.iter().zip(to) {
            let equal = s.load(&x[from..]).equal(y);
            let first = S::V::without(equal, found);
            found = S::V::either(found, equal);
            S::V::keep(first, dy).store(&mut dx[to..]);
        }
    }
}

struct Mean;

/// 1 / n in every lane.
#[inline(always)]
#[allow(clippy::cast_precision_loss)] // windows are far smaller than 2^24
fn share<S: Simd>(s: S, n: usize) -> S::V {
    s.splat(1.0 / n as f32)
}

impl Pooling for Mean {
    #[inline(always)]
    fn value<S: Simd>(s: S, x: &[f32], window: &[usize]) -> S::V {
        let mut sum = s.load(&x[window[0]..]);
        for &at in &window[1..] {
            sum = sum + s.load(&x[at..]);
        }
        sum * share(s, window.len())
    }

    #[inline(always)]
    fn gradient<S: Simd>(s: S, _: &[f32], window: &[usize], _: S::V, dy: S::V, dx: &mut [f32], to: &[usize]) {
        let each = dy * share(s, window.len());
        for &to in to {
            each.store(&mut dx[to..]);
        }
    }
}

#[inline(always)]
fn values<S: Simd, P: Pooling>(s: S, of: &Windows, x: &[f32], y: &mut [f32]) {
    let mut start = 0;
    for (&end, &output) in of.ends.iter().zip(&of.outputs) {
        P::value(s, x, &of.inputs[start..end]).store(&mut y[output..]);
        start = end;
    }
}

/// The tensors that the gradient of a window is computed from.
#[derive(Clone, Copy, Debug)]
pub struct PoolGradient<'a> {
    /// The input.
    pub x: &'a [f32],
    /// The output.
    pub y: &'a [f32],
    /// The gradient of the output.
    pub dy: &'a [f32],
}

#[inline(always)]
fn gradients<S: Simd, P: Pooling>(
    s: S,
    of: &Windows,
    gradients: &WindowGradients,
    from: PoolGradient<'_>,
    dx: &mut [f32],
) {
    let mut start = 0;
    for (i, &end) in of.ends.iter().enumerate() {
        let (window, to) = (&of.inputs[start..end], &gradients.inputs[start..end]);
        let y = s.load(&from.y[of.outputs[i]..]);
        let dy = s.load(&from.dy[gradients.outputs[i]..]);
        P::gradient(s, from.x, window, y, dy, dx, to);
        start = end;
    }
    for &to in &gradients.zeros {
        s.zero().store(&mut dx[to..]);
    }
}

/// Writes the largest number of each window; a NaN in it gives NaN.
#[inline(always)]
pub(crate) fn largest<S: Simd>(s: S, of: &Windows, x: &[f32], y: &mut [f32]) {
    values::<S, Largest>(s, of, x, y);
}

/// Writes the gradient through [`largest`]: it goes to the first maximum of each window.
#[inline(always)]
pub(crate) fn largest_gradient<S: Simd>(
    s: S,
    of: &Windows,
    to: &WindowGradients,
    from: PoolGradient<'_>,
    dx: &mut [f32],
) {
    gradients::<S, Largest>(s, of, to, from, dx);
}

/// Writes the mean of each window.
#[inline(always)]
pub(crate) fn mean<S: Simd>(s: S, of: &Windows, x: &[f32], y: &mut [f32]) {
    values::<S, Mean>(s, of, x, y);
}

/// Writes the gradient through [`mean`].
#[inline(always)]
pub(crate) fn mean_gradient<S: Simd>(
    s: S,
    of: &Windows,
    to: &WindowGradients,
    from: PoolGradient<'_>,
    dx: &mut [f32],
) {
    gradients::<S, Mean>(s, of, to, from, dx);
}
