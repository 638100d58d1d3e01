//! [`Values`]: settings by their paths; and getting and setting one of them.

use toml::{Table, Value};

use super::toml_file::from_table;
use super::{Setting, Settings, SettingsError, Takes, all};

/// Settings as the tree of their file, in which each has its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Table);

impl Values {
    /// The values of `settings`.
    ///
    /// # Errors
    /// [`SettingsError::Words`] if one of them has no form in TOML: a whole number of 2⁶³ or more.
    pub fn of(settings: &Settings) -> Result<Self, SettingsError> {
        let table = Table::try_from(settings).map_err(|error| SettingsError::Words(error.to_string()))?;
        Ok(Self(table))
    }

    /// The value of one; none where it is left out, and where it has no effect.
    #[must_use]
    pub fn get(&self, setting: &Setting) -> Option<Value> {
        let (last, tables) = split(setting.path);
        let table = tables.iter().try_fold(&self.0, |table, key| table.get(*key)?.as_table())?;
        let value = table.get(last)?;
        Some(match (setting.takes, value) {
            // As it was written: 0.9, and not the 0.8999999761581421 that single precision makes of it.
            #[allow(clippy::cast_possible_truncation)]
            (Takes::Single(_), Value::Float(number)) => {
                (*number as f32).to_string().parse().map_or(*number, |number: f64| number).into()
            }
            (Takes::Choices(_), Value::Array(none)) if none.is_empty() => return None,
            (Takes::Text(_), Value::String(none)) if none.is_empty() => return None,
            _ => value.clone(),
        })
    }

    /// Whether no other setting leaves this one without effect.
    #[must_use]
    pub fn has_effect(&self, setting: &Setting) -> bool {
        setting.only_with.is_none_or(|only| {
            let is = self.get(only.setting).map(|value| only.setting.text(&value));
            is.is_some_and(|is| only.values.is_empty() || only.values.contains(&is.as_str()))
        })
    }

    fn table_of(&mut self, path: &[&str]) -> Option<&mut Table> {
        let mut table = &mut self.0;
        for key in path {
            table = table.entry(*key).or_insert_with(|| Table::new().into()).as_table_mut()?;
        }
        Some(table)
    }

    fn remove(&mut self, path: &str) {
        let (last, tables) = split(path);
        if let Some(table) = self.table_of(&tables) {
            table.remove(last);
        }
    }

    fn put(&mut self, path: &str, value: Value) {
        let (last, tables) = split(path);
        if let Some(table) = self.table_of(&tables) {
            table.insert(last.to_owned(), value);
        }
    }

    pub(super) fn settings(&self) -> Result<Settings, String> {
        from_table(&self.0)
    }
}

/// The last key of a path, and those before it.
fn split(path: &str) -> (&str, Vec<&str>) {
    let mut keys: Vec<&str> = path.split('.').collect();
    (keys.pop().unwrap_or_default(), keys)
}

impl Settings {
    /// The value of a setting; none where it is left out, and where it has no effect.
    #[must_use]
    pub fn get(&self, setting: &Setting) -> Option<Value> {
        Values::of(self).ok()?.get(setting)
    }

    /// Sets one to a value as TOML has it, or as a word; with none it is left out. What it takes the place of goes, and
    /// where it decides which others have an effect, they get the defaults that belong to it.
    ///
    /// # Errors
    /// [`SettingsError::NoEffect`] where another setting leaves it without effect, [`SettingsError::Value`] for a value
    /// of another type. That it is in range is checked by [`Self::check`].
    pub fn set(&mut self, setting: &'static Setting, value: Option<&Value>) -> Result<(), SettingsError> {
        let mut values = Values::of(self)?;
        if !values.has_effect(setting) {
            return Err(SettingsError::NoEffect { setting });
        }
        let fitted = value.map(|value| setting.fitted(value)).transpose()?;
        if fitted == values.get(setting) {
            return Ok(());
        }
        let depends = |other: &Setting| {
            other
                .only_with
                .is_some_and(|only| only.setting == setting && (fitted.is_none() || !only.values.is_empty()))
        };
        all().filter(|other| depends(other)).for_each(|other| values.remove(other.path));
        setting.replaces.iter().for_each(|path| values.remove(path));
        match fitted {
            Some(value) => values.put(setting.path, value),
            None => values.remove(setting.path),
        }
        *self = values.settings().map_err(|reason| SettingsError::Type {
            setting,
            reason,
            got: value.map_or_else(|| "none".to_owned(), |value| setting.text(value)),
        })?;
        Ok(())
    }
}
