//! [`Rule`]: what it looks at, its threshold, and what it says.

use std::fmt;

use super::{Evidence, Finding};

/// One thing that the doctor looks for.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, which stays: `dead-filters`.
    pub name: &'static str,
    /// What it looks at.
    pub looks_at: &'static str,
    /// Its threshold, and why it is that.
    pub threshold: &'static str,
    /// Whether it sees something that happened, and counts although it is over; otherwise it sees how things stand, and
    /// has nothing to say at the end where that has changed.
    pub is_event: bool,
    /// What it sees in the evidence; none where all is well, or where there is too little to say.
    pub check: fn(&Evidence<'_>) -> Option<Seen>,
}

/// What a rule has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What was seen, with the number.
    pub seen: String,
    /// What it means.
    pub meaning: String,
    /// Which setting to change.
    pub advice: String,
}

impl Seen {
    pub(super) fn of(self, rule: &Rule, epoch: u32) -> Finding {
        let Self { seen, meaning, advice } = self;
        Finding { rule: rule.name.to_owned(), epoch, seen, meaning, advice }
    }
}

/// A setting as users know it: its flag, and its name in `config.toml`; as `{:#}` for within brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingName {
    /// The flag or argument of `tenun train`.
    pub flag: &'static str,
    /// The name in `config.toml`.
    pub config: &'static str,
}

impl SettingName {
    /// The images.
    pub const DATA: Self = Self { flag: "DATA", config: "data.source" };
    /// The network's layers.
    pub const NETWORK: Self = Self { flag: "--network", config: "network.spec" };
    /// The network by name.
    pub const PRESET: Self = Self { flag: "--preset", config: "network.preset" };
    /// Numbers of the code.
    pub const LATENT: Self = Self { flag: "--latent", config: "network.latent" };
    /// The share of numbers silenced in training.
    pub const DROPOUT: Self = Self { flag: "--dropout", config: "network.dropout" };
    /// The learning rate.
    pub const RATE: Self = Self { flag: "--lr", config: "training.learning_rate" };
    /// The steps in which the learning rate rises.
    pub const WARMUP: Self = Self { flag: "--warmup-steps", config: "training.schedule.warmup_steps" };
    /// Images of a step.
    pub const BATCH: Self = Self { flag: "--batch-size", config: "training.batch_size" };
    /// The norm to which gradients are shortened.
    pub const CLIP: Self = Self { flag: "--clip-norm", config: "training.clip_norm" };
    /// The loss.
    pub const LOSS: Self = Self { flag: "--loss", config: "training.loss" };
    /// Epochs.
    pub const EPOCHS: Self = Self { flag: "--epochs", config: "training.epochs" };
    /// Epochs without a better loss before training ends.
    pub const PATIENCE: Self = Self { flag: "--patience", config: "training.patience" };
    /// The optimiser.
    pub const OPTIMIZER: Self = Self { flag: "--optimizer", config: "training.optimizer" };

    /// All that rules speak of.
    pub const ALL: [Self; 13] = [
        Self::DATA,
        Self::NETWORK,
        Self::PRESET,
        Self::LATENT,
        Self::DROPOUT,
        Self::RATE,
        Self::WARMUP,
        Self::BATCH,
        Self::CLIP,
        Self::LOSS,
        Self::EPOCHS,
        Self::PATIENCE,
        Self::OPTIMIZER,
    ];

    /// With a value after the flag: `--loss bce` (`training.loss`).
    pub(super) fn to(self, value: impl fmt::Display) -> String {
        format!("`{} {value}` (`{}`)", self.flag, self.config)
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match f.alternate() {
            true => write!(f, "`{}`, `{}`", self.flag, self.config),
            false => write!(f, "`{}` (`{}`)", self.flag, self.config),
        }
    }
}
