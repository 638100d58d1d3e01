//! How much memory a run is going to take: the most of its phases, before any of them begins.

use tenun_engine::{Cpu, ForwardPlan, Loss, Network, TILE, TrainingPlan};

use crate::data::Images;
use crate::doctor::sample_memory;
use crate::machine;
use crate::measure::{NUMBERS_AT_A_TIME, pca_memory};
use crate::settings::TrainingSettings;
use crate::train::{TrainError, Wanted};

/// What the allocator, the threads' stacks and the plans' lists of positions add to the arrays that are counted.
const RESERVE: f64 = 1.06;

/// The same of the smallest run.
const LEAST_RESERVE: u64 = 10 << 20;

/// What the allocator keeps of that which was freed: about half of it, and no more than this.
const KEPT: u64 = 12 << 20;

/// What decides the memory of a run.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) network: &'a Network,
    pub(super) settings: &'a TrainingSettings,
    pub(super) train: &'a Images,
    /// The images of the validation curve.
    pub(super) validation: Option<&'a Images>,
    /// Whether a report is made.
    pub(super) with_report: bool,
    pub(super) cpu: &'a Cpu,
}

/// What a run is going to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Estimate {
    /// The largest resident memory of the process, its images among it.
    pub(super) peak: u64,
    /// What is allocated from now on.
    pub(super) more: u64,
    /// What takes most of it.
    pub(super) most: Wanted,
}

/// Estimates the memory of a run whose images are open already: they are measured, and not estimated. Nothing of the size
/// that it tells is allocated.
///
/// # Errors
/// If the loss does not suit the network.
pub(super) fn estimate(run: Run<'_>, available: u64) -> Result<Estimate, TrainError> {
    let Run { network, settings, train, cpu, .. } = run;
    let cpu = &cpu.without(&settings.without);
    let batch = settings.batch_size.min(train.len());
    let loss: Loss = settings.loss;
    let plan = TrainingPlan::estimate(network, loss, batch, available, cpu)?;
    let floats = |count: usize| (count as u64).saturating_mul(size_of::<f32>() as u64);
    let weights = floats(network.parameter_count());
    let forward = if plan.total() > available { 0 } else { ForwardPlan::memory(network, cpu) };
    let output = network.output().len();
    let images = |at_a_time: usize, numbers: usize| {
        floats((at_a_time / numbers.max(1)).max(TILE).saturating_mul(numbers))
    };

    // The weights, the first ones, the best ones, those before a step, the gradient, and what the optimiser keeps.
    let arrays = weights.saturating_mul(5 + settings.optimizer.state_names().len() as u64);
    let augmented = if settings.augment.is_none() { 0 } else { (batch * train.shape().len()) as u64 };
    let validation = run.validation.map_or(0, |_| forward);
    let order = 8 * train.len() as u64;
    // The doctor looks at activations while training holds what it holds. The lists of positions of a plan that stands beside
    // others are about half as much again as its buffers, where images are odd or codes large.
    let doctor = if plan.total() > available {
        0
    } else {
        sample_memory(network, train.len(), forward, cpu).saturating_add(forward / 2)
    };
    let training = [plan.total(), arrays, augmented, validation, order, doctor];

    // The model and the first weights; reconstructions of some images, and as many numbers beside them again.
    let scoring =
        [weights.saturating_mul(2), forward.saturating_mul(2), 4 * images(NUMBERS_AT_A_TIME, output)];
    let pca = pca_memory(train.shape().len(), train.len(), network.latent().len());
    let scoring_with_pca = [weights.saturating_mul(2), pca, 0];
    // Every shown layer's maps of an image, and the pictures of both themes.
    let maps: u64 =
        network.encoder().iter().map(|placed| floats(placed.place.output.len())).fold(0, u64::saturating_add);
    let sum = |parts: &[u64]| parts.iter().copied().fold(0, u64::saturating_add);
    let before = [sum(&training), sum(&scoring), sum(&scoring_with_pca)];
    let report = if run.with_report {
        let kept = (before.into_iter().max().unwrap_or(0) / 2).min(KEPT);
        sum(&[kept.max(weights.saturating_mul(2)), forward, maps, pictures(train)])
    } else {
        0
    };
    let phases = [before[0], before[1], before[2], report];
    let most = phases.into_iter().max().unwrap_or(0);
    let more = ((most as f64 * RESERVE) as u64).saturating_add(LEAST_RESERVE);
    let most = if most == phases[0] || plan.total() > available {
        let of_weights = arrays.saturating_add(plan.gradients).saturating_add(plan.packed);
        let of_maps = plan.buffers.saturating_add(validation).saturating_add(doctor);
        if plan.rows > of_weights.max(of_maps) {
            Wanted::Batch
        } else if of_weights > of_maps {
            Wanted::Weights(network.heaviest_layer())
        } else {
            Wanted::Maps(network.largest_layer())
        }
    } else if most == phases[2] {
        Wanted::Images
    } else {
        Wanted::Maps(network.largest_layer())
    };
    let resident = machine::resident().unwrap_or(0);
    let peak = resident.saturating_add(more).max(machine::peak().unwrap_or(0));
    Ok(Estimate { peak, more, most })
}

/// Bytes of the report's pictures while they are drawn: some grids of some images, in four bytes a pixel and enlarged.
fn pictures(images: &Images) -> u64 {
    (20 << 20) + (images.shape().area() as u64).saturating_mul(4 * 3 * 8)
}

/// An error if a run needs more memory than is available.
pub(super) fn check(estimate: &Estimate, available: Option<u64>) -> Result<(), TrainError> {
    match available {
        Some(available) if estimate.more > available => {
            Err(TrainError::Memory { needed: estimate.more, available, most: estimate.most.clone() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tenun_engine::{Shape, Width};

    use super::*;

    fn of(shape: Shape, batch: usize, name: &str, count: usize) -> Estimate {
        let network = Network::new(&crate::preset::find(name).unwrap().spec(shape)).unwrap();
        let settings = TrainingSettings { batch_size: batch, ..TrainingSettings::default() };
        let images = Images::new(shape, vec![0; count * shape.len()]).unwrap();
        let cpu = Cpu::new(Some(2), Width::detect()).unwrap();
        let run = Run {
            network: &network,
            settings: &settings,
            train: &images,
            validation: None,
            with_report: true,
            cpu: &cpu,
        };
        estimate(run, u64::MAX).unwrap()
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_takes_it_and_a_way_out() {
        let square = |side| Shape::new(1, side, side);
        for (estimate, layer, option) in [
            (of(square(256), 16, "cae", 16), "activations, the largest layer being", "--size"),
            (of(square(256), 16, "dense", 16), "parameters", "--width"),
        ] {
            let error = check(&estimate, Some(50_000_000)).unwrap_err();
            assert!(error.to_string().contains("and 50 MB are free"), "{error}");
            assert!(error.to_string().contains(layer), "{error}");
            assert!(error.hint().unwrap().contains(option), "{:?}", error.hint());
            check(&estimate, Some(u64::MAX)).unwrap();
            check(&estimate, None).unwrap();
        }
    }

    #[test]
    fn larger_images_batches_and_networks_take_more() {
        let of =
            |side: usize, batch: usize, name: &str| of(Shape::new(1, side, side), batch, name, batch).more;
        assert!(of(28, 128, "cae") < of(256, 128, "cae"));
        assert!(of(28, 128, "sharp") < of(28, 1024, "sharp"));
        assert!(of(28, 128, "cae") < of(28, 128, "sharp"));
    }
}
