//! The end of a network, where its output meets the image: final sigmoid, loss and gradient in one step.

use crate::rows::{View, ViewMut};
use crate::simd::{Simd, Vector};
use crate::{Lanes, TILE, math};

/// What the loss of one number is: see the engine's `Loss`, which has the equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// Binary cross-entropy, on logits.
    CrossEntropy,
    /// (p − t)².
    Squared,
    /// |p − t|.
    Absolute,
    /// ½ ((p − t)² / σ² + log σ² + log 2π).
    Gaussian,
}

/// log 2π, written out because no platform's logarithm is to be asked.
pub const LN_TAU: f64 = 1.837_877_066_409_345_5;

/// The loss at the end of a network.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// What it is.
    pub distance: Distance,
    /// Whether the output is a logit.
    pub sigmoid: bool,
    /// log σ² of [`Distance::Gaussian`].
    pub log_variance: f32,
}

/// Output, image and, where numbers do not count the same, what each counts.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The output.
    pub z: View<'a>,
    /// The image.
    pub target: View<'a>,
    /// What the loss of each number counts.
    pub counts: Option<View<'a>>,
}

/// 1 / σ², and ½ (log σ² + log 2π).
#[derive(Clone, Copy)]
struct Normal<V> {
    precision: V,
    constant: V,
}

impl Loss {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)]
    fn normal<S: Simd>(&self, s: S) -> Normal<S::V> {
        let log_variance = s.splat(self.log_variance);
        let half = s.splat(0.5);
        Normal {
            precision: math::exp(s, -log_variance),
            constant: (log_variance + s.splat(LN_TAU as f32)) * half,
        }
    }

    /// The loss of one number, and its slope.
    #[inline(always)]
    fn at<S: Simd>(&self, s: S, normal: Normal<S::V>, z: S::V, t: S::V) -> (S::V, S::V) {
        let (p, tail) = if self.sigmoid { math::sigmoid_and_tail(s, z) } else { (z, s.zero()) };
        let apart = p - t;
        let inner = if self.sigmoid { p * (s.splat(1.0) - p) } else { s.splat(1.0) };
        match self.distance {
            Distance::CrossEntropy => ((-z).mul_add(t, s.zero().max(z)) + tail, apart),
            Distance::Squared => (apart * apart, (apart + apart) * inner),
            Distance::Absolute => {
                let zero = s.zero();
                let sign = S::V::select(apart.less(zero), s.splat(-1.0), s.splat(1.0));
                (apart.abs(), S::V::select(apart.equal(zero), zero, sign * inner))
            }
            Distance::Gaussian => {
                let scaled = apart * normal.precision;
                ((scaled * s.splat(0.5)).mul_add(apart, normal.constant), scaled * inner)
            }
        }
    }
}

/// Numbers too small to be normal become zero: they mean nothing here, and slow some processors down a lot.
#[inline(always)]
fn flush<S: Simd>(s: S, x: S::V) -> S::V {
    S::V::select(x.abs().less(s.splat(f32::MIN_POSITIVE)), s.zero(), x)
}

/// The sum of the loss over one row; the slopes, times the weight of their lane, go to `dz` if they are `WRITTEN`.
#[inline(always)]
#[allow(clippy::too_many_arguments)] // one call, and none of them belong together
fn row<S: Simd, const COUNTED: bool, const WRITTEN: bool>(
    s: S,
    loss: Loss,
    normal: Normal<S::V>,
    z: &[f32],
    t: &[f32],
    counts: &[f32],
    weights: S::V,
    dz: &mut [f32],
) -> S::V {
    let n = z.len();
    assert!(t.len() == n && (!COUNTED || counts.len() == n) && (!WRITTEN || dz.len() == n), "rows differ");
    // A sum of its own, so that one of many numbers stays exact to a few of its last bits.
    let mut sum = s.zero();
    let mut at = 0;
    while at + S::LANES <= n {
        let lanes = at..at + S::LANES;
        let (mut value, mut slope) = loss.at(s, normal, s.load(&z[lanes.clone()]), s.load(&t[lanes.clone()]));
        if COUNTED {
            let count = s.load(&counts[lanes.clone()]);
            (value, slope) = (value * count, slope * count);
        }
        sum = sum + value;
        if WRITTEN {
            flush(s, slope * weights).store(&mut dz[lanes]);
        }
        at += S::LANES;
    }
    sum
}

/// The sum of the loss over the numbers in each lane.
#[inline(always)]
fn sum<S: Simd, const WRITTEN: bool>(
    s: S,
    loss: Loss,
    of: Compared<'_>,
    weights: S::V,
    dz: ViewMut<'_>,
) -> Lanes {
    let normal = loss.normal(s);
    let mut total = s.zero();
    let rows = of.z.slices().zip(of.target.slices());
    let ViewMut { floats, rows: dz_rows } = dz;
    for (r, (z, t)) in rows.enumerate() {
        let dz = if WRITTEN { &mut floats[dz_rows.nth_start(r)..][..z.len()] } else { &mut [][..] };
        let sum = match of.counts {
            None => row::<S, false, WRITTEN>(s, loss, normal, z, t, &[], weights, dz),
            Some(View { floats, rows }) => {
                let counts = &floats[rows.nth_start(r)..][..z.len()];
                row::<S, true, WRITTEN>(s, loss, normal, z, t, counts, weights, dz)
            }
        };
        total = total + sum;
    }
    let mut lanes = [0.0; TILE];
    total.store(&mut lanes);
    lanes
}

/// The sum of the loss over the numbers in each lane.
#[inline(always)]
pub(crate) fn value<S: Simd>(s: S, loss: Loss, of: Compared<'_>) -> Lanes {
    sum::<S, false>(s, loss, of, s.zero(), ViewMut { floats: &mut [], rows: of.z.rows })
}

/// The same, and the gradient of Σ weight · loss, with a weight for each lane, to `dz`.
#[inline(always)]
pub(crate) fn gradient<S: Simd>(
    s: S,
    loss: Loss,
    of: Compared<'_>,
    weights: &Lanes,
    dz: ViewMut<'_>,
) -> Lanes {
    sum::<S, true>(s, loss, of, s.load(weights), dz)
}

/// The gradient of Σ weight · loss by log σ²: `sums` are the losses of the lanes, sums over `numbers` each.
///
/// By log σ² the slope of one number's loss is ½ (1 − (p − t)² / σ²) = ½ (1 + log σ² + log 2π) − loss.
#[inline(always)]
pub(crate) fn variance_gradient<S: Simd>(
    s: S,
    loss: Loss,
    sums: &Lanes,
    weights: &Lanes,
    numbers: f32,
) -> f32 {
    let half = s.splat(0.5) + loss.normal(s).constant;
    ((s.splat(numbers) * half - s.load(sums)) * s.load(weights)).sum()
}

/// Applies the sigmoid in place.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(s: S, y: ViewMut<'_>) {
    y.update(
        s,
        #[inline(always)]
        |z| math::sigmoid(s, z),
    );
}
