//! How parameters follow their gradient: [`Optimizer`], and [`Schedule`] for the learning rate.

mod adam;
mod clip;
mod schedule;
mod sgd;

use serde::{Deserialize, Deserializer, Serialize};

use crate::Cpu;
use crate::tagged::{self, Tagged};

pub use adam::Adam;
pub use clip::{clip, norm};
pub use schedule::{Horizon, Schedule, Shape as ScheduleShape};
pub use sgd::Sgd;

/// An optimiser as data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(into = "Named")]
pub enum Method {
    /// Adam, or AdamW if it has a weight decay.
    Adam(Adam),
    /// Stochastic gradient descent.
    Sgd(Sgd),
}

impl Tagged for Method {
    const TAG: &'static str = "name";
    const NAMES: &'static [&'static str] = &["adam", "adamw", "sgd"];

    fn read<'de, D: Deserializer<'de>>(name: &str, fields: D) -> Result<Self, D::Error> {
        match name {
            "adam" => Adam::deserialize(fields).map(Self::Adam),
            "adamw" => adam::AdamW::deserialize(fields).map(|adamw| Self::Adam(adamw.into())),
            _ => Sgd::deserialize(fields).map(Self::Sgd),
        }
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

/// A [`Method`] as files have it: Adam with a weight decay has the name by which people know it.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "name", rename_all = "lowercase")]
enum Named {
    Adam(Adam),
    AdamW(adam::AdamW),
    Sgd(Sgd),
}

impl From<Method> for Named {
    fn from(method: Method) -> Self {
        match method {
            Method::Adam(adam) if adam.weight_decay == 0.0 => Self::Adam(adam),
            Method::Adam(adam) => Self::AdamW(adam.into()),
            Method::Sgd(sgd) => Self::Sgd(sgd),
        }
    }
}

impl Default for Method {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

impl Method {
    /// Checks every number.
    ///
    /// # Errors
    /// [`OutOfRange`] for the first that makes no sense.
    pub fn check(&self) -> Result<(), OutOfRange> {
        match self {
            Self::Adam(adam) => adam.check(),
            Self::Sgd(sgd) => sgd.check(),
        }
    }

    /// The names of the arrays of state, each as long as the parameters.
    #[must_use]
    pub fn state_names(&self) -> &'static [&'static str] {
        match self {
            Self::Adam(_) => &["moment1", "moment2"],
            Self::Sgd(_) => &["velocity"],
        }
    }
}

/// A number of an optimiser or a schedule is out of its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is {got}; it has to be {expected}")]
pub struct OutOfRange {
    /// The number, by its name in files.
    pub name: &'static str,
    /// What it can be.
    pub expected: &'static str,
    /// What it is.
    pub got: String,
}

/// Checks one number.
fn require(
    name: &'static str,
    holds: bool,
    expected: &'static str,
    got: impl ToString,
) -> Result<(), OutOfRange> {
    if holds { Ok(()) } else { Err(OutOfRange { name, expected, got: got.to_string() }) }
}

fn in_unit(name: &'static str, value: f32) -> Result<(), OutOfRange> {
    require(name, (0.0..1.0).contains(&value), "at least 0 and below 1", value)
}

fn not_negative(name: &'static str, value: f32) -> Result<(), OutOfRange> {
    require(name, value >= 0.0 && value.is_finite(), "0 or more", value)
}

/// An optimiser at work: its method, its state, and how many steps it has made.
///
/// All arithmetic is plain single precision without fused operations, element by element, so neither registers
/// nor threads change a bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizer {
    method: Method,
    state: Vec<Vec<f32>>,
    steps: u64,
}

impl Optimizer {
    /// An optimiser that has made no step yet, for `parameters` numbers.
    #[must_use]
    pub fn new(method: Method, parameters: usize) -> Self {
        let state = method.state_names().iter().map(|_| vec![0.0; parameters]).collect();
        Self { method, state, steps: 0 }
    }

    /// An optimiser that goes on from a saved state, in the order of [`Method::state_names`]. None if an array
    /// is missing, or their lengths differ.
    #[must_use]
    pub fn resume(method: Method, state: Vec<Vec<f32>>, steps: u64) -> Option<Self> {
        let complete = state.len() == method.state_names().len();
        let even = state.windows(2).all(|pair| pair[0].len() == pair[1].len());
        (complete && even).then_some(Self { method, state, steps })
    }

    /// Steps made so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The arrays of state with their names.
    pub fn state(&self) -> impl Iterator<Item = (&'static str, &[f32])> {
        self.method.state_names().iter().copied().zip(self.state.iter().map(Vec::as_slice))
    }

    /// One step against `gradient` with learning rate `rate`.
    ///
    /// # Panics
    /// If a slice is not as long as the state.
    pub fn step(&mut self, parameters: &mut [f32], gradient: &[f32], rate: f64) {
        self.advance(parameters, gradient, rate, parameters.len());
    }

    /// As [`Self::step`], on the threads of `cpu` where there are many parameters; to the same bits.
    ///
    /// # Panics
    /// As [`Self::step`].
    pub fn step_on(&mut self, cpu: &Cpu, parameters: &mut [f32], gradient: &[f32], rate: f64) {
        if parameters.len() > PARALLEL {
            cpu.run(|| self.advance(parameters, gradient, rate, PART));
        } else {
            self.step(parameters, gradient, rate);
        }
    }

    /// A step, `part` parameters at a time.
    fn advance(&mut self, parameters: &mut [f32], gradient: &[f32], rate: f64, part: usize) {
        assert!(
            parameters.len() == gradient.len() && gradient.len() == self.state[0].len(),
            "lengths differ"
        );
        self.steps += 1;
        match (&self.method, self.state.as_mut_slice()) {
            (Method::Adam(adam), [first, second]) => {
                adam.step(self.steps, (parameters, gradient), (first, second), rate, part)
            }
            (Method::Sgd(sgd), [velocity]) => sgd.step(self.steps, parameters, gradient, velocity, rate),
            _ => unreachable!("the state was made for the method"),
        }
    }
}

/// Above so many parameters it pays to share a step between threads.
const PARALLEL: usize = 1 << 16;

/// Parameters that a thread then takes at a time.
const PART: usize = 1 << 14;

/// Numbers too small to be normal become zero: in a moment that decays for ever they build up, and slow some
/// processors down a hundredfold. By comparison, not by a mode of the processor.
#[inline(always)]
fn flush(x: f32) -> f32 {
    if x.abs() < f32::MIN_POSITIVE { 0.0 } else { x }
}

#[cfg(test)]
mod tests;
