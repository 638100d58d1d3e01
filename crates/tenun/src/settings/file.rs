//! Settings as a run's `config.toml`.

use std::path::Path;

use super::{Settings, SettingsError, parse};

impl Settings {
    /// The settings in a run's `config.toml`.
    ///
    /// # Errors
    /// [`SettingsError::Io`] or [`SettingsError::File`].
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        parse(path)
    }

    /// As a run's `config.toml`.
    ///
    /// # Panics
    /// Never: every setting has a form in TOML once [`Self::check`] has passed.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("settings that were checked have a form in TOML")
    }
}
