//! [`StepMonitor`]: gradient norms and update ratios over the steps of an epoch.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The norm of a gradient is compared with the median of at most this many before it.
const WINDOW: usize = 64;

/// The update ratio is taken at the first of every this many steps: often enough for a mean, and cheap.
pub(crate) const COMPARED: usize = 16;

/// Gradient norms and update ratios over the steps of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// Mean Euclidean norm of the gradients, before clipping.
    pub gradient_norm: f64,
    /// The largest of these norms.
    pub gradient_norm_max: f64,
    /// The largest ratio of a norm to the median of up to 64 norms before it; none before the
    /// second step. Training that diverges at once does so in its first steps, against which all later ones are alike.
    pub gradient_spike: Option<f64>,
    /// ‖new weights − old weights‖ / ‖old weights‖, the mean over the first and every sixteenth step after it. What
    /// the optimiser does not move, a codebook or a running mean, is not among the weights.
    pub update_ratio: f64,
}

/// Gathers [`StepMetrics`]. It is part of the checkpoint, so that an epoch in two pieces has the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StepMonitor {
    /// The last norms, the newest at the end.
    recent: Vec<f64>,
    steps: u32,
    norm_sum: f64,
    norm_max: f64,
    spike: Option<f64>,
    compared: u32,
    ratio_sum: f64,
}

impl StepMonitor {
    /// Records a step: the norm of its gradient, and its update ratio where that was taken.
    ///
    /// Numbers that are not finite are left out: the trainer finds them in the loss or in the weights.
    pub(crate) fn step(&mut self, norm: f64, ratio: Option<f64>) {
        if !norm.is_finite() || ratio.is_some_and(|ratio| !ratio.is_finite()) {
            return;
        }
        if !self.recent.is_empty() {
            let (mut sorted, count) = ([0.0; WINDOW], self.recent.len());
            sorted[..count].copy_from_slice(&self.recent);
            let (_, median, _) = sorted[..count].select_nth_unstable_by(count / 2, f64::total_cmp);
            let spike = norm / median.max(f64::MIN_POSITIVE);
            self.spike = Some(self.spike.map_or(spike, |before| before.max(spike)));
        }
        if self.recent.len() == WINDOW {
            self.recent.remove(0);
        }
        self.recent.push(norm);
        self.steps += 1;
        self.norm_sum += norm;
        self.norm_max = self.norm_max.max(norm);
        if let Some(ratio) = ratio {
            self.compared += 1;
            self.ratio_sum += ratio;
        }
    }

    /// Whether an epoch of so many steps can have come to this.
    pub(crate) fn is_possible(&self, steps: usize) -> bool {
        let is_length = |number: &f64| number.is_finite() && *number >= 0.0;
        self.recent.len() <= WINDOW
            && self.recent.iter().all(is_length)
            && self.steps as usize <= steps
            && self.compared <= self.steps
            && [self.norm_sum, self.norm_max, self.ratio_sum, self.spike.unwrap_or(0.0)].iter().all(is_length)
    }

    /// The metrics of the epoch that ends. Only the last norms are kept for the next one.
    pub(crate) fn finish_epoch(&mut self) -> Option<StepMetrics> {
        let recent = std::mem::take(&mut self.recent);
        let epoch = std::mem::replace(self, Self { recent, ..Self::default() });
        (epoch.steps > 0 && epoch.compared > 0).then(|| StepMetrics {
            gradient_norm: epoch.norm_sum / f64::from(epoch.steps),
            gradient_norm_max: epoch.norm_max,
            gradient_spike: epoch.spike,
            update_ratio: epoch.ratio_sum / f64::from(epoch.compared),
        })
    }
}

/// ‖`new` − `old`‖ / ‖`old`‖ without the `others`, in ascending order: parameters that follow statistics move by as much
/// as these do, which says nothing of the learning rate, and counts of uses are longer than all weights together.
pub(crate) fn update_ratio(old: &[f32], new: &[f32], others: impl Iterator<Item = Range<usize>>) -> f64 {
    let (mut moved, mut length, mut start) = (0.0, 0.0, 0);
    for other in others.chain(std::iter::once(old.len()..old.len())) {
        for (&old, &new) in old[start..other.start].iter().zip(&new[start..other.start]) {
            moved += (f64::from(new) - f64::from(old)).powi(2);
            length += f64::from(old).powi(2);
        }
        start = other.end;
    }
    (moved / length.max(f64::MIN_POSITIVE)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_is_measured_by_the_median_before_it_and_known_means_come_out() {
        let mut monitor = StepMonitor::default();
        assert_eq!(monitor.finish_epoch(), None);
        for step in 0..16 {
            monitor.step(2.0, (step == 0).then_some(0.5));
        }
        monitor.step(100.0, Some(0.25));
        monitor.step(2.0, None);
        let metrics = monitor.finish_epoch().unwrap();
        assert_eq!((metrics.gradient_spike, metrics.gradient_norm_max), (Some(50.0), 100.0));
        assert_eq!((metrics.gradient_norm, metrics.update_ratio), (134.0 / 18.0, 0.375));
        // The next epoch has the norms before it to compare with, and nothing else of this one.
        monitor.step(4.0, Some(0.1));
        let next = monitor.finish_epoch().unwrap();
        assert_eq!((next.gradient_spike, next.gradient_norm_max), (Some(2.0), 4.0));
    }

    #[test]
    fn the_window_moves() {
        let mut monitor = StepMonitor::default();
        (0..WINDOW).for_each(|_| monitor.step(1.0, None));
        (0..WINDOW).for_each(|_| monitor.step(10.0, Some(0.0)));
        monitor.finish_epoch();
        monitor.step(10.0, Some(0.0));
        assert_eq!(monitor.finish_epoch().unwrap().gradient_spike, Some(1.0));
    }

    #[test]
    fn the_way_of_the_weights_is_a_share_of_their_length() {
        let ratio = |old: &[f32], new: &[f32]| update_ratio(old, new, std::iter::empty());
        assert!((ratio(&[3.0, 4.0], &[3.0, 4.5]) - 0.1).abs() < 1e-12);
        assert!(ratio(&[0.0], &[1.0]).is_finite());
        // Two that are no weights, at the start and next to each other, and one at the end.
        let (old, new) = ([9.0, 9.0, 3.0, 9.0, 4.0, 9.0], [0.0, 0.0, 3.0, 0.0, 4.5, 0.0]);
        let others = [0..1, 1..2, 3..4, 5..6];
        assert!((update_ratio(&old, &new, others.into_iter()) - 0.1).abs() < 1e-12);
    }
}
