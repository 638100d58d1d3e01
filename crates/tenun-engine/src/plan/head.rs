//! [`Head`]: the end of a network, where its output meets the image: final sigmoid, loss and gradient in one step.

use tenun_kernels::loss::{self, Compared};
use tenun_kernels::{Kernels, Lanes};

use super::PlanError;
use crate::program::{Grids, Port, Tensor, TensorId, Tensors};
use crate::{Loss, Network};

/// The end of a network.
pub(crate) struct Head {
    loss: Loss,
    sigmoid: bool,
    /// Where log σ² of a Gaussian likelihood stands among the parameters.
    log_variance: Option<usize>,
    z: Tensor,
    target: Tensor,
    gradient: Option<Tensor>,
    /// What the loss of each number counts, if not all the same.
    counts: Option<Tensor>,
}

/// Checks that `loss` can be computed on the output of `network`.
pub(crate) fn check(network: &Network, loss: Loss) -> Result<(), PlanError> {
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
    /// Of the output `z` of a network that is compared with `target`; `counts` has what the loss of each number counts.
    pub(crate) fn new(
        loss: Loss,
        network: &Network,
        z: Port,
        target: Port,
        counts: Option<TensorId>,
        grids: &Grids,
    ) -> Self {
        Self {
            loss,
            sigmoid: network.ends_in_sigmoid(),
            log_variance: network.log_variance().filter(|_| loss == Loss::Gaussian),
            z: grids.tensor(z.value),
            target: grids.tensor(target.value),
            gradient: z.gradient.map(|id| grids.tensor(id)),
            counts: counts.map(|id| grids.tensor(id)),
        }
    }

    /// The loss as the kernels know it.
    fn loss(&self, parameters: &[f32]) -> loss::Loss {
        loss::Loss {
            distance: self.loss.distance(),
            sigmoid: self.sigmoid,
            log_variance: self.log_variance.map_or(0.0, |at| parameters[at]),
        }
    }

    /// Writes the gradient of Σ weight · loss, and returns the sum of the loss over the numbers of each image.
    ///
    /// `weights` is 1 / (images · numbers) in the lanes of images, and 0 in empty ones.
    pub(crate) fn gradient(
        &self,
        k: &Kernels,
        parameters: &[f32],
        tensors: &mut Tensors,
        weights: &Lanes,
    ) -> Lanes {
        let Some(gradient) = &self.gradient else { return self.value(k, parameters, tensors) };
        let loss = self.loss(parameters);
        match &self.counts {
            None => {
                let [z, t, dz] = tensors.many([self.z.id, self.target.id, gradient.id]);
                let of = Compared { z: self.z.view(z), target: self.target.view(t), counts: None };
                k.loss_gradient(loss, of, weights, gradient.view_mut(dz))
            }
            Some(counts) => {
                let [z, t, c, dz] = tensors.many([self.z.id, self.target.id, counts.id, gradient.id]);
                let counts = Some(counts.view(c));
                let of = Compared { z: self.z.view(z), target: self.target.view(t), counts };
                k.loss_gradient(loss, of, weights, gradient.view_mut(dz))
            }
        }
    }

    /// Writes the gradient of Σ weight · loss by log σ², if there is one to learn: `sums` are what [`Self::gradient`]
    /// returned.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn variance_gradient(
        &self,
        k: &Kernels,
        parameters: &[f32],
        sums: &Lanes,
        weights: &Lanes,
        gradients: &mut [f32],
    ) {
        if let Some(at) = self.log_variance {
            let numbers = self.target.rows.count() * self.target.rows.row_length() / k.registers.lanes;
            gradients[at] = k.variance_gradient(self.loss(parameters), sums, weights, numbers as f32);
        }
    }

    /// The sum of the loss over the numbers of each image.
    pub(crate) fn value(&self, k: &Kernels, parameters: &[f32], tensors: &Tensors) -> Lanes {
        let counts = self.counts.as_ref().map(|counts| counts.view(tensors.get(counts.id)));
        let (z, target) =
            (self.z.view(tensors.get(self.z.id)), self.target.view(tensors.get(self.target.id)));
        k.loss(self.loss(parameters), Compared { z, target, counts })
    }
}

/// The output of a plan, made ready to be read: with the sigmoid that belongs to it.
pub(crate) struct Output {
    sigmoid: bool,
    tensor: Tensor,
}

impl Output {
    pub(crate) fn new(sigmoid: bool, port: Port, grids: &Grids) -> Self {
        Self { sigmoid, tensor: grids.tensor(port.value) }
    }

    /// Applies the sigmoid in place, if there is one.
    pub(crate) fn apply(&self, k: &Kernels, tensors: &mut Tensors) {
        if self.sigmoid {
            let [z] = tensors.many([self.tensor.id]);
            k.sigmoid(self.tensor.view_mut(z));
        }
    }

    /// Writes the numbers of each image, `[channel][row][column]` and `length` of them, one image after the other; lanes
    /// without one are left out.
    pub(crate) fn write(&self, k: &Kernels, tensors: &Tensors, length: usize, images: &mut [f32]) {
        k.write_images(self.tensor.view(tensors.get(self.tensor.id)), length, images);
    }
}
