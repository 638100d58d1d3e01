//! [`Schedule`]: the learning rate over the steps of a run.

use serde::{Deserialize, Serialize};

use super::{OutOfRange, require};

/// The learning rate over the steps of a run, as a share of its peak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Table")]
pub struct Schedule {
    /// What follows the warm-up.
    #[serde(flatten)]
    pub shape: Shape,
    /// Steps over which the rate first rises in equal parts from near zero.
    pub warmup_steps: u64,
}

/// How the rate falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Shape {
    /// Not at all.
    #[default]
    Constant,
    /// Along half a cosine to zero: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts"
    /// (2016), without restarts.
    Cosine,
    /// To `factor` of what it was, every `epochs` epochs.
    Step {
        /// Epochs between two drops: at least 1.
        epochs: u64,
        /// What a drop multiplies the rate by: above 0, at most 1.
        factor: f64,
    },
    /// Up from 1/25 along half a cosine in the first 30 % of the steps, then down to 1/250,000: Smith and Topin,
    /// "Super-convergence" (2017), with PyTorch's numbers.
    OneCycle,
}

/// Epochs between two drops of a schedule that does not say.
const STEP_EPOCHS: u64 = 10;
/// What a drop multiplies the rate by, if the schedule does not say.
const STEP_FACTOR: f64 = 0.1;

/// A schedule as it stands in a file: serde cannot refuse unknown keys of a struct that it flattens, nor say where they
/// are.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Table {
    name: Name,
    epochs: Option<u64>,
    factor: Option<f64>,
    warmup_steps: u64,
}

#[derive(Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Name {
    #[default]
    Constant,
    Cosine,
    Step,
    OneCycle,
}

impl TryFrom<Table> for Schedule {
    type Error = &'static str;

    fn try_from(table: Table) -> Result<Self, Self::Error> {
        if table.name != Name::Step && (table.epochs.is_some() || table.factor.is_some()) {
            return Err("`epochs` and `factor` are for the schedule `step` only");
        }
        let shape = match table.name {
            Name::Constant => Shape::Constant,
            Name::Cosine => Shape::Cosine,
            Name::Step => Shape::Step {
                epochs: table.epochs.unwrap_or(STEP_EPOCHS),
                factor: table.factor.unwrap_or(STEP_FACTOR),
            },
            Name::OneCycle => Shape::OneCycle,
        };
        Ok(Self { shape, warmup_steps: table.warmup_steps })
    }
}

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// Steps in an epoch.
    pub steps_per_epoch: u64,
    /// Epochs.
    pub epochs: u64,
}

/// Where one-cycle starts, as a share of the peak.
const ONE_CYCLE_START: f64 = 1.0 / 25.0;
/// Where it ends.
const ONE_CYCLE_END: f64 = ONE_CYCLE_START / 1e4;
/// The share of the steps in which it rises.
const ONE_CYCLE_RISE: f64 = 0.3;

impl Schedule {
    /// Checks every number.
    ///
    /// # Errors
    /// [`OutOfRange`] for the first that makes no sense.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let Shape::Step { epochs, factor } = self.shape else { return Ok(()) };
        require("epochs", epochs > 0, "at least 1", epochs)?;
        require("factor", factor > 0.0 && factor <= 1.0, "above 0 and at most 1", factor)
    }

    /// The rate of `step`, counted from 0, as a share of the peak.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // steps are far fewer than 2^53
    pub fn share(&self, step: u64, horizon: Horizon) -> f64 {
        if step < self.warmup_steps {
            return (step + 1) as f64 / self.warmup_steps as f64;
        }
        let total = horizon.steps_per_epoch.saturating_mul(horizon.epochs);
        let (step, left) = (step - self.warmup_steps, total.saturating_sub(self.warmup_steps).max(1));
        match self.shape {
            Shape::Constant => 1.0,
            Shape::Cosine => between(1.0, 0.0, step as f64 / left as f64),
            Shape::Step { epochs, factor } => {
                let falls = step / epochs.saturating_mul(horizon.steps_per_epoch).max(1);
                (0..falls).fold(1.0, |share, _| share * factor)
            }
            Shape::OneCycle => {
                // As PyTorch counts: the peak is at step 0.3 n − 1, the end at n − 1.
                let (at, last) = (step as f64, left as f64 - 1.0);
                let peak = ONE_CYCLE_RISE * left as f64 - 1.0;
                if at <= peak && peak > 0.0 {
                    between(ONE_CYCLE_START, 1.0, at / peak)
                } else {
                    between(1.0, ONE_CYCLE_END, ((at - peak) / (last - peak).max(1.0)).min(1.0))
                }
            }
        }
    }
}

/// Half a cosine from `start` to `end`, at `t` in 0–1.
fn between(start: f64, end: f64, t: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + cos_pi(t))
}

/// cos πt for t in 0–1, within 1e-15, by a series: `cos` may round differently on another platform.
fn cos_pi(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    // cos π t = −sin π (t − ½), and the sine's series converges fast up to π/2.
    let x = std::f64::consts::PI * (t - 0.5);
    let x2 = x * x;
    let mut sine = 1.0;
    for n in (1..=11).rev() {
        let k = f64::from(2 * n);
        sine = 1.0 - sine * x2 / (k * (k + 1.0));
    }
    -x * sine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_is_exact() {
        for i in 0..=1000 {
            let t = f64::from(i) / 1000.0;
            assert!((cos_pi(t) - (std::f64::consts::PI * t).cos()).abs() < 1e-15, "{t}");
        }
    }

    #[test]
    fn schedules_begin_and_end_where_they_say() {
        let horizon = Horizon { steps_per_epoch: 100, epochs: 10 };
        let share = |shape, step| Schedule { shape, warmup_steps: 0 }.share(step, horizon);
        assert_eq!(share(Shape::Constant, 999), 1.0);
        assert_eq!(share(Shape::Cosine, 0), 1.0);
        assert!((share(Shape::Cosine, 500) - 0.5).abs() < 1e-12 && share(Shape::Cosine, 999) < 1e-5);
        let step = Shape::Step { epochs: 3, factor: 0.5 };
        assert_eq!([299, 300, 600, 900].map(|at| share(step, at)), [1.0, 0.5, 0.25, 0.125]);
        assert!((share(Shape::OneCycle, 0) - 0.04).abs() < 1e-12);
        assert!((share(Shape::OneCycle, 299) - 1.0).abs() < 1e-12);
        assert!((share(Shape::OneCycle, 999) - 4e-6).abs() < 1e-12);
    }

    #[test]
    fn warm_up_rises_to_the_peak_and_the_rest_follows() {
        let horizon = Horizon { steps_per_epoch: 10, epochs: 3 };
        let schedule = Schedule { shape: Shape::Cosine, warmup_steps: 10 };
        assert_eq!([0, 4, 9, 10].map(|step| schedule.share(step, horizon)), [0.1, 0.5, 1.0, 1.0]);
        assert!((schedule.share(20, horizon) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn runs_of_any_length_have_finite_rates() {
        for shape in [Shape::Constant, Shape::Cosine, Shape::Step { epochs: 1, factor: 0.9 }, Shape::OneCycle]
        {
            for (steps_per_epoch, epochs) in [(1, 1), (1, 2), (2, 1), (3, 1), (4, 1), (7, 3)] {
                for warmup_steps in [0, 1, 5, 100] {
                    let schedule = Schedule { shape, warmup_steps };
                    for step in 0..steps_per_epoch * epochs + 2 {
                        let share = schedule.share(step, Horizon { steps_per_epoch, epochs });
                        assert!((0.0..=1.0).contains(&share), "{shape:?} {warmup_steps} {step}: {share}");
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let check = |shape| Schedule { shape, warmup_steps: 0 }.check();
        let refused = |shape| check(shape).unwrap_err().to_string();
        assert!(refused(Shape::Step { epochs: 0, factor: 0.5 }).contains("at least 1"));
        assert!(refused(Shape::Step { epochs: 1, factor: f64::NAN }).contains("NaN"));
    }
}
