//! [`Checkpoint`]: everything from which a run resumes bit for bit, in one safetensors file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenun_engine::{Method, Network, Optimizer};

use super::{State, StepMonitor, TrainError};
use crate::model::{ModelError, Tensors};
use crate::settings::Settings;

/// The settings and the data of a run, by which its checkpoint is told from those of other runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// All settings but the number of epochs, which a run may be given more of, and the initial weights, which
    /// are in the checkpoint.
    settings: Value,
    /// SHA-256 of the images trained on.
    train: String,
    /// SHA-256 of the images of the validation curve.
    validation: Option<String>,
}

impl Identity {
    pub(crate) fn new(settings: &Settings, train: String, validation: Option<String>) -> Self {
        let mut settings = settings.clone();
        let constant = settings.training.schedule.shape == tenun_engine::optimizer::ScheduleShape::Constant;
        if constant {
            // Other schedules bend with the length of the run.
            settings.training.epochs = 0;
        }
        settings.training.init = None;
        Self { settings: serde_json::to_value(settings).unwrap_or(Value::Null), train, validation }
    }

    /// The first difference from what `was`.
    fn difference(&self, was: &Self) -> Option<Difference> {
        if let Some(setting) = Difference::of("", &was.settings, &self.settings) {
            return Some(Difference { what: format!("the setting `{}`", setting.what), ..setting });
        }
        let data = |what: &str, was: &str, is: &str| {
            (was != is).then(|| Difference {
                what: what.to_owned(),
                was: format!("SHA-256 {was}"),
                is: is.to_owned(),
            })
        };
        let none = String::from("absent");
        data("the training images", &was.train, &self.train).or_else(|| {
            let (was, is) =
                (was.validation.as_ref().unwrap_or(&none), self.validation.as_ref().unwrap_or(&none));
            data("the validation images", was, is)
        })
    }
}

/// What differs between two runs, and how.
struct Difference {
    what: String,
    was: String,
    is: String,
}

impl Difference {
    /// The first place at which two trees differ, by its path.
    fn of(path: &str, was: &Value, is: &Value) -> Option<Self> {
        match (was, is) {
            (Value::Object(a), Value::Object(b)) => {
                let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
                keys.sort_unstable();
                keys.dedup();
                keys.into_iter().find_map(|key| {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    Self::of(&path, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null))
                })
            }
            _ if was == is => None,
            _ => Some(Self { what: path.to_owned(), was: was.to_string(), is: is.to_string() }),
        }
    }
}

/// Everything from which training resumes.
pub(crate) struct Checkpoint {
    pub(crate) identity: Identity,
    pub(crate) state: State,
}

/// The metadata of the file. Floats are stored as their bits, so that they come back exactly.
#[derive(Serialize, Deserialize)]
struct Description {
    identity: Identity,
    epoch: u32,
    batch: usize,
    loss_sum: u64,
    #[serde(default)]
    term_sums: Vec<u64>,
    train_seconds: f64,
    steps: u64,
    best: Option<(u32, u64)>,
    #[serde(default, rename = "pulse")]
    step_monitor: StepMonitor,
}

/// No epoch took longer: three thousand years.
const MOST_SECONDS: f64 = 1e11;

/// The tensors besides those of the optimiser: the weights, and the best weights.
const PARAMETERS: &str = "parameters";
const BEST: &str = "best";

impl Checkpoint {
    pub(crate) fn write(identity: &Identity, state: &State, path: &Path) -> Result<(), TrainError> {
        let description = Description {
            identity: identity.clone(),
            epoch: state.epoch,
            batch: state.batch,
            loss_sum: state.loss_sum.to_bits(),
            term_sums: state.term_sums.iter().map(|sum| sum.to_bits()).collect(),
            train_seconds: state.train_seconds,
            steps: state.optimizer.steps(),
            best: state.best.map(|(epoch, loss)| (epoch, loss.to_bits())),
            step_monitor: state.steps.clone(),
        };
        let description = serde_json::to_string(&description)
            .map_err(|error| ModelError::Description { path: path.to_owned(), reason: error.to_string() })?;
        let arrays = [(PARAMETERS, state.parameters.as_slice()), (BEST, &state.best_parameters)];
        let tensors = arrays.into_iter().chain(state.optimizer.state());
        Tensors::write(path, description, tensors.map(|(name, x)| (name.to_owned(), vec![x.len()], x)))?;
        Ok(())
    }

    /// Reads a checkpoint of a run with `network` and `method`.
    pub(crate) fn read(path: &Path, network: &Network, method: Method) -> Result<Self, TrainError> {
        let mut tensors = Tensors::read(path)?;
        let wrong = |reason: String| ModelError::Description { path: path.to_owned(), reason };
        let text = tensors.description.take().ok_or_else(|| wrong("it is no checkpoint".into()))?;
        let d: Description = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let axes = [network.parameter_count()];
        let parameters = tensors.take(PARAMETERS, &axes)?;
        let best_parameters = tensors.take(BEST, &axes)?;
        let arrays =
            method.state_names().iter().map(|name| tensors.take(name, &axes)).collect::<Result<_, _>>()?;
        tensors.finish()?;
        let optimizer = Optimizer::resume(method, arrays, d.steps)
            .ok_or_else(|| wrong("the optimiser's state is incomplete".into()))?;
        let state = State {
            parameters,
            optimizer,
            best_parameters,
            best: d.best.map(|(epoch, bits)| (epoch, f64::from_bits(bits))),
            epoch: d.epoch,
            batch: d.batch,
            loss_sum: f64::from_bits(d.loss_sum),
            term_sums: d.term_sums.into_iter().map(f64::from_bits).collect(),
            train_seconds: d.train_seconds,
            steps: d.step_monitor,
        };
        Ok(Self { identity: d.identity, state })
    }

    /// An error if its numbers are none that training with so many batches an epoch, and so many epochs, comes to: a file
    /// that was changed would be resumed in the middle of nowhere.
    pub(crate) fn check(&self, path: &Path, batches: usize, epochs: u32) -> Result<(), TrainError> {
        let state = &self.state;
        let wrong = |what: &str, expected: String, got: String| {
            let reason = format!("its `{what}` is {got}, expected {expected}");
            Err(ModelError::Description { path: path.to_owned(), reason }.into())
        };
        if state.epoch > epochs {
            return wrong("epoch", format!("at most {epochs}"), state.epoch.to_string());
        }
        if state.batch >= batches {
            return wrong("batch", format!("less than {batches}"), state.batch.to_string());
        }
        let steps = u64::from(state.epoch).saturating_mul(batches as u64).saturating_add(state.batch as u64);
        if state.optimizer.steps() != steps {
            return wrong(
                "steps",
                format!("{steps}, those of its epochs and batches"),
                state.optimizer.steps().to_string(),
            );
        }
        let finite = |number: f64| number.is_finite();
        if !finite(state.loss_sum) || (state.batch == 0 && state.loss_sum != 0.0) {
            return wrong(
                "loss_sum",
                "a finite sum over the batches done".to_owned(),
                state.loss_sum.to_string(),
            );
        }
        if let Some(sum) = state.term_sums.iter().find(|&&sum| !finite(sum)) {
            return wrong("term_sums", "finite numbers".to_owned(), sum.to_string());
        }
        if !(0.0..MOST_SECONDS).contains(&state.train_seconds) {
            return wrong("train_seconds", "seconds from 0 on".to_owned(), state.train_seconds.to_string());
        }
        if let Some((best, loss)) = state.best
            && !((1..=state.epoch).contains(&best) && finite(loss))
        {
            let expected = format!("an epoch from 1 to {} and a finite loss", state.epoch);
            return wrong("best", expected, format!("epoch {best} with {loss}"));
        }
        match state.steps.is_possible(batches) {
            true => Ok(()),
            false => {
                wrong("pulse", "the norms of an epoch's gradients".to_owned(), "other numbers".to_owned())
            }
        }
    }

    /// An error unless the checkpoint is of a run with the same settings and data.
    pub(crate) fn must_be(&self, identity: &Identity, folder: &Path) -> Result<(), TrainError> {
        match identity.difference(&self.identity) {
            None => Ok(()),
            Some(Difference { what, was, is }) => {
                Err(TrainError::Changed { path: folder.to_owned(), what, was, is })
            }
        }
    }
}
