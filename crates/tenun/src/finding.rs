//! [`Finding`]: what the doctor says.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the doctor says, once for each rule. As text it is one sentence: what was seen, what it means; what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The name of the rule.
    pub rule: String,
    /// Epochs done when it showed; 0 before training.
    pub epoch: u32,
    /// What was seen, with the number.
    pub seen: String,
    /// What it means.
    pub meaning: String,
    /// Which setting to change, by its flag and its name in `config.toml`.
    pub advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, epoch, seen, meaning, advice } = self;
        match epoch {
            0 => write!(f, "{rule}: ")?,
            _ => write!(f, "{rule}, after epoch {epoch}: ")?,
        }
        write!(f, "{seen}: {meaning}. {advice}.")
    }
}
