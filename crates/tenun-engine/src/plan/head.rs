//! [`Head`]: the end of a network, where its output meets the image: final sigmoid, loss and gradient in one step.

use super::tile::Tensors;
use super::{Grids, PlanError, Port, Rows, TensorId};
use crate::lane::{Simd, Vector, math};
use crate::loss::LN_TAU;
use crate::{Loss, Network};

/// The end of a network.
pub(super) struct Head {
    loss: Loss,
    sigmoid: bool,
    /// Where log σ² of a Gaussian likelihood stands among the parameters.
    log_variance: Option<usize>,
    z: (TensorId, Rows),
    target: (TensorId, Rows),
    gradient: Option<(TensorId, Rows)>,
    /// What the loss of each number counts, if not all the same.
    weights: Option<(TensorId, Rows)>,
}

/// 1 / σ², and ½ (log σ² + log 2π).
#[derive(Clone, Copy)]
struct Normal<V> {
    precision: V,
    constant: V,
}

/// Checks that `loss` can be computed on the output of `network`.
pub(super) fn check(network: &Network, loss: Loss) -> Result<(), PlanError> {
    if loss == Loss::Bce && !network.ends_in_sigmoid() {
        let last = network.decoder().last().map_or_else(String::new, |placed| placed.layer.name().to_owned());
        return Err(PlanError::NeedsSigmoid { last });
    }
    if loss == Loss::Gaussian && network.log_variance().is_none() {
        return Err(PlanError::NeedsVariance);
    }
    Ok(())
}

impl Head {
    pub(super) fn new<S: Simd>(loss: Loss, network: &Network, z: Port, target: Port, grids: &Grids) -> Self {
        let place = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
        Self {
            loss,
            sigmoid: network.ends_in_sigmoid(),
            log_variance: network.log_variance().filter(|_| loss == Loss::Gaussian),
            z: place(z.value),
            target: place(target.value),
            gradient: z.gradient.map(place),
            weights: None,
        }
    }

    /// The same, with what the loss of each number counts.
    pub(super) fn weighted<S: Simd>(self, weights: Option<TensorId>, grids: &Grids) -> Self {
        Self { weights: weights.map(|id| (id, Rows::of::<S>(&grids[id]))), ..self }
    }

    /// Writes the gradient of Σ weight · loss, and returns the sum of the loss over the numbers of each image.
    ///
    /// `weights` is 1 / (images · numbers) in the lanes of images, and 0 in empty ones.
    pub(super) fn gradient<S: Simd>(
        &self,
        s: S,
        parameters: &[f32],
        tensors: &mut Tensors,
        weights: S::V,
    ) -> S::V {
        let Some(gradient) = &self.gradient else { return self.value(s, parameters, tensors) };
        let normal = self.normal(s, parameters);
        if let Some(counts) = &self.weights {
            return self.weighted_gradient(s, normal, tensors, weights, gradient, counts);
        }
        let [z, t, dz] = tensors.many([self.z.0, self.target.0, gradient.0]);
        s.enter(
            #[inline(always)]
            || {
                let mut total = s.zero();
                for ((z_row, t_row), dz_row) in
                    self.z.1.iter().zip(self.target.1.iter()).zip(gradient.1.iter())
                {
                    let pairs = z[z_row].chunks_exact(S::LANES).zip(t[t_row].chunks_exact(S::LANES));
                    // Row by row, so that a sum of many numbers stays exact to a few of its last bits.
                    let mut sum = s.zero();
                    for ((z, t), dz) in pairs.zip(dz[dz_row].chunks_exact_mut(S::LANES)) {
                        let (loss, slope) = self.loss_and_slope(s, normal, s.load(z), s.load(t));
                        sum = sum + loss;
                        flush(s, slope * weights).store(dz);
                    }
                    total = total + sum;
                }
                total
            },
        )
    }

    /// As [`Self::gradient`], where numbers count differently.
    fn weighted_gradient<S: Simd>(
        &self,
        s: S,
        normal: Normal<S::V>,
        tensors: &mut Tensors,
        weights: S::V,
        gradient: &(TensorId, Rows),
        counts: &(TensorId, Rows),
    ) -> S::V {
        let [z, t, dz, counted] = tensors.many([self.z.0, self.target.0, gradient.0, counts.0]);
        s.enter(
            #[inline(always)]
            || {
                let mut total = s.zero();
                let rows = self.z.1.iter().zip(self.target.1.iter());
                for ((z_row, t_row), (dz_row, c_row)) in rows.zip(gradient.1.iter().zip(counts.1.iter())) {
                    let pairs = z[z_row].chunks_exact(S::LANES).zip(t[t_row].chunks_exact(S::LANES));
                    let counts = counted[c_row].chunks_exact(S::LANES);
                    let mut sum = s.zero();
                    for (((z, t), count), dz) in pairs.zip(counts).zip(dz[dz_row].chunks_exact_mut(S::LANES))
                    {
                        let (loss, slope) = self.loss_and_slope(s, normal, s.load(z), s.load(t));
                        let count = s.load(count);
                        sum = sum + loss * count;
                        flush(s, slope * count * weights).store(dz);
                    }
                    total = total + sum;
                }
                total
            },
        )
    }

    /// Writes the gradient of Σ weight · loss by log σ², if there is one to learn: `sums` are what [`Self::gradient`]
    /// returned, of images of `numbers`.
    ///
    /// By log σ² the slope of one number's loss is ½ (1 − (p − t)² / σ²) = ½ (1 + log σ² + log 2π) − loss.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn variance_gradient<S: Simd>(
        &self,
        s: S,
        parameters: &[f32],
        (sums, weights, numbers): (S::V, S::V, usize),
        gradients: &mut [f32],
    ) {
        if let Some(at) = self.log_variance {
            let half = s.splat(0.5) + self.normal(s, parameters).constant;
            gradients[at] = ((s.splat(numbers as f32) * half - sums) * weights).sum();
        }
    }

    /// σ² of a Gaussian likelihood, as its equation needs it.
    #[allow(clippy::cast_possible_truncation)]
    fn normal<S: Simd>(&self, s: S, parameters: &[f32]) -> Normal<S::V> {
        let log_variance = s.splat(self.log_variance.map_or(0.0, |at| parameters[at]));
        let half = s.splat(0.5);
        Normal {
            precision: math::exp(s, -log_variance),
            constant: (log_variance + s.splat(LN_TAU as f32)) * half,
        }
    }

    /// The sum of the loss over the numbers of each image.
    pub(super) fn value<S: Simd>(&self, s: S, parameters: &[f32], tensors: &mut Tensors) -> S::V {
        let normal = self.normal(s, parameters);
        if let Some(counts) = &self.weights {
            return self.weighted_value(s, normal, tensors, counts);
        }
        let [z, t] = tensors.many([self.z.0, self.target.0]);
        s.enter(
            #[inline(always)]
            || {
                let mut total = s.zero();
                for (z_row, t_row) in self.z.1.iter().zip(self.target.1.iter()) {
                    let mut sum = s.zero();
                    for (z, t) in z[z_row].chunks_exact(S::LANES).zip(t[t_row].chunks_exact(S::LANES)) {
                        sum = sum + self.loss_and_slope(s, normal, s.load(z), s.load(t)).0;
                    }
                    total = total + sum;
                }
                total
            },
        )
    }

    /// As [`Self::value`], where numbers count differently.
    fn weighted_value<S: Simd>(
        &self,
        s: S,
        normal: Normal<S::V>,
        tensors: &mut Tensors,
        counts: &(TensorId, Rows),
    ) -> S::V {
        let [z, t, counted] = tensors.many([self.z.0, self.target.0, counts.0]);
        s.enter(
            #[inline(always)]
            || {
                let mut total = s.zero();
                for ((z_row, t_row), c_row) in self.z.1.iter().zip(self.target.1.iter()).zip(counts.1.iter())
                {
                    let pairs = z[z_row].chunks_exact(S::LANES).zip(t[t_row].chunks_exact(S::LANES));
                    let mut sum = s.zero();
                    for ((z, t), count) in pairs.zip(counted[c_row].chunks_exact(S::LANES)) {
                        sum = sum + self.loss_and_slope(s, normal, s.load(z), s.load(t)).0 * s.load(count);
                    }
                    total = total + sum;
                }
                total
            },
        )
    }

    #[inline(always)]
    fn loss_and_slope<S: Simd>(&self, s: S, normal: Normal<S::V>, z: S::V, t: S::V) -> (S::V, S::V) {
        let (p, tail) = if self.sigmoid { math::sigmoid_and_tail(s, z) } else { (z, s.zero()) };
        let apart = p - t;
        let inner = if self.sigmoid { p * (s.splat(1.0) - p) } else { s.splat(1.0) };
        match self.loss {
            Loss::Bce => ((-z).mul_add(t, s.zero().max(z)) + tail, apart),
            Loss::Mse => (apart * apart, (apart + apart) * inner),
            Loss::Mae => {
                let zero = s.zero();
                let sign = S::V::select(apart.less(zero), s.splat(-1.0), s.splat(1.0));
                (apart.abs(), S::V::select(apart.equal(zero), zero, sign * inner))
            }
            Loss::Gaussian => {
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

/// The output port of a network's body, made ready to be read: with the sigmoid that belongs to it.
pub(super) struct Output {
    sigmoid: bool,
    rows: (TensorId, Rows),
}

impl Output {
    pub(super) fn new<S: Simd>(sigmoid: bool, port: Port, grids: &Grids) -> Self {
        Self { sigmoid, rows: (port.value, Rows::of::<S>(&grids[port.value])) }
    }

    /// Applies the sigmoid in place, if there is one.
    pub(super) fn apply<S: Simd>(&self, s: S, tensors: &mut Tensors) {
        if self.sigmoid {
            let [z] = tensors.many([self.rows.0]);
            s.enter(
                #[inline(always)]
                || {
                    for row in self.rows.1.iter() {
                        for z in z[row].chunks_exact_mut(S::LANES) {
                            math::sigmoid(s, s.load(z)).store(z);
                        }
                    }
                },
            );
        }
    }

    /// Writes the numbers of each image, `[channel][row][column]`, to its own slice; lanes without one are left
    /// out.
    pub(super) fn write<'a>(
        &self,
        lanes: usize,
        tensors: &Tensors,
        images: impl Iterator<Item = &'a mut [f32]>,
    ) {
        let x = tensors.get(self.rows.0);
        for (lane, image) in images.take(lanes).enumerate() {
            let numbers = self.rows.1.iter().flat_map(|row| x[row].chunks_exact(lanes));
            for (to, from) in image.iter_mut().zip(numbers) {
                *to = from[lane];
            }
        }
    }
}
