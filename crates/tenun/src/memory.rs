//! How much memory training takes, and how much there is.

use tenun_engine::{Cpu, Loss, Network, TrainingPlan};

pub use crate::machine::available;
use crate::train::TrainError;

/// Arrays of the parameters' length that training holds: the weights, the initial weights, the best weights, the weights
/// before a step, the gradient, and the optimiser's two moments.
const ARRAYS: usize = 7;

/// An estimate of the bytes that training will hold besides the images. Nothing is allocated to make it.
///
/// # Errors
/// If the loss does not suit the network.
pub fn needed(network: &Network, loss: Loss, batch: usize, cpu: &Cpu) -> Result<u64, TrainError> {
    let plan = TrainingPlan::estimate(network, loss, batch, cpu)?;
    Ok((plan + ARRAYS * network.parameter_count() * size_of::<f32>()) as u64)
}

/// An error if training needs more memory than is available.
pub(crate) fn check(needed: u64, available: Option<u64>) -> Result<(), TrainError> {
    match available {
        Some(available) if needed > available => Err(TrainError::Memory { needed, available }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tenun_engine::{Shape, Width};

    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_a_way_out() {
        let error = check(3_000_000_000, Some(50_000_000)).unwrap_err();
        assert_eq!(error.to_string(), "training would take about 3.0 GB of memory, and 50 MB are free");
        assert!(error.hint().unwrap().contains("--batch-size"));
        check(1, Some(1)).unwrap();
        check(u64::MAX, None).unwrap();
    }

    #[test]
    fn larger_images_batches_and_networks_take_more() {
        let of = |side: usize, batch: usize, name: &str| {
            let spec = crate::preset::find(name).unwrap().spec(Shape::new(1, side, side));
            let cpu = Cpu::new(Some(2), Width::detect()).unwrap();
            needed(&Network::new(&spec).unwrap(), Loss::Bce, batch, &cpu).unwrap()
        };
        assert!(of(28, 128, "cae") < of(256, 128, "cae"));
        assert!(of(28, 128, "sharp") < of(28, 1024, "sharp"));
        assert!(of(28, 128, "cae") < of(28, 128, "sharp"));
    }
}
