//! Checks of settings before any work starts.

use tenun_engine::optimizer::OutOfRange;

use super::table::TOO_LARGE;
use super::{
    Change, OPTIMIZER, PRESET, SCHEDULE, SEED, SPLIT_SEED, Setting, Settings, SettingsError, Values, all,
    find,
};

impl Settings {
    /// Checks every setting, before any work starts.
    ///
    /// # Errors
    /// [`SettingsError`] for the first that is out of its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        // TOML has no larger whole numbers.
        for (setting, seed) in [(&SEED, Some(self.training.seed)), (&SPLIT_SEED, self.data.split_seed)] {
            if let Some(seed) = seed.filter(|&seed| i64::try_from(seed).is_err()) {
                return wrong(setting, TOO_LARGE, seed.to_string());
            }
        }
        self.check_ranges()?;
        if self.network.preset.is_none() && self.network.file.is_none() && self.network.spec.is_none() {
            return wrong(&PRESET, "a preset, or a network from a file", "neither".to_owned());
        }
        self.training.optimizer.check().map_err(|error| out_of_range(&OPTIMIZER, &error))?;
        self.training.schedule.check().map_err(|error| out_of_range(&SCHEDULE, &error))
    }

    fn check_ranges(&self) -> Result<(), SettingsError> {
        let values = Values::of(self)?;
        all().try_for_each(|setting| match values.get(setting) {
            Some(_) if !values.has_effect(setting) => Err(SettingsError::NoEffect { setting }),
            Some(value) => setting.check(&value),
            None => Ok(()),
        })
    }
}

impl Change {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for the first that is out of its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let mut settings = Settings::default();
        settings.network.change = *self;
        settings.check_ranges()
    }
}

/// What the engine says of a number of the optimiser or the schedule, which `kind` chooses.
fn out_of_range(kind: &Setting, error: &OutOfRange) -> SettingsError {
    let table = kind.path.trim_end_matches("name");
    match find(&format!("{table}{}", error.name)) {
        Some(setting) => {
            SettingsError::Value { setting, expected: error.expected.to_owned(), got: error.got.clone() }
        }
        None => SettingsError::Words(error.to_string()),
    }
}

fn wrong(setting: &'static Setting, expected: &str, got: String) -> Result<(), SettingsError> {
    Err(SettingsError::Value { setting, expected: expected.to_owned(), got })
}
