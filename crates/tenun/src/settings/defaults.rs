//! What holds where a setting is not given: in help, and for a report, which lists what is otherwise.

use super::{Setting, Settings, Takes, Value, Values, all};

impl Setting {
    /// Everything that help says of it: what it does, with what, and what holds without it.
    #[must_use]
    pub fn long_help(&self) -> String {
        let with = self.only_with.map_or_else(String::new, |only| {
            let words = only.values.join(" or ");
            format!(", with {} {words}", only.setting.argument()).trim_end().to_owned()
        });
        let default = match self.takes {
            Takes::Switch(_) => String::new(),
            _ => self.default_words().map_or_else(String::new, |words| format!(" [default: {words}]")),
        };
        format!("{}{with}{default}", self.help)
    }

    fn default_words(&self) -> Option<String> {
        if let Some(words) = self.default {
            return Some(words.to_owned());
        }
        let value = |condition: &str| {
            let value = default_of(self, Some(condition))?;
            Some((condition.to_owned(), self.text(&value)))
        };
        let conditions = self.only_with.map_or_else(|| vec![""], |only| only.examples());
        let all: Vec<(String, String)> = conditions.into_iter().filter_map(value).collect();
        let first = &all.first()?.1;
        let words = if all.iter().all(|(_, text)| text == first) {
            first.clone()
        } else {
            let words: Vec<String> =
                all.iter().map(|(condition, text)| format!("{text} for {condition}")).collect();
            words.join(", ")
        };
        let may_be_presets = self.is_of_network && self.only_with.is_none();
        Some(if may_be_presets { format!("the preset's, else {words}") } else { words })
    }

    /// Whether its value differs from what holds where it is not given.
    #[must_use]
    pub fn is_default(&self, value: Option<&Value>) -> bool {
        let words = value.map(|value| self.text(value));
        if words.is_some() && words.as_deref() == self.default {
            return true;
        }
        let usual = |condition| default_of(self, condition).map(|value| self.text(&value));
        match self.only_with {
            Some(only) => only.examples().into_iter().any(|condition| usual(Some(condition)) == words),
            None => usual(None) == words,
        }
    }
}

/// What holds where a setting is not given; `condition` is the value of the one that it is only with.
fn default_of(setting: &Setting, condition: Option<&str>) -> Option<Value> {
    let mut settings = Settings::default();
    if let (Some(only), Some(condition)) = (setting.only_with, condition) {
        settings.set(only.setting, Some(&condition.into())).ok()?;
    }
    Values::of(&settings).ok()?.get(setting)
}

/// Every setting that is not the default, and its value, as a report has them.
#[must_use]
pub fn changed(settings: &Settings) -> Vec<(&'static str, String)> {
    rows(settings, |setting, value| !setting.is_default(Some(value)))
}

/// As [`changed`], with those that a reader always wants to see.
#[must_use]
pub fn listed(settings: &Settings) -> Vec<(&'static str, String)> {
    rows(settings, |setting, value| setting.is_always_listed || !setting.is_default(Some(value)))
}

/// What the network of a run is called, with what was changed in it: `cae, latent dimension 7`.
#[must_use]
pub fn network_title(settings: &Settings) -> String {
    let mut of_network = Settings::default();
    of_network.network.change = settings.network.change;
    let changes = changed(&of_network).into_iter().map(|(label, value)| format!("{label} {value}"));
    std::iter::once(settings.network.name()).chain(changes).collect::<Vec<_>>().join(", ")
}

fn rows(settings: &Settings, is_wanted: impl Fn(&Setting, &Value) -> bool) -> Vec<(&'static str, String)> {
    let Ok(values) = Values::of(settings) else { return Vec::new() };
    all()
        .filter_map(|setting| Some((setting, values.get(setting)?)))
        .filter(|(setting, value)| is_wanted(setting, value))
        .map(|(setting, value)| (setting.label, setting.text(&value)))
        .collect()
}

/// The arguments of `tenun train` that make `settings` of those that hold without them.
#[must_use]
pub fn arguments(settings: &Settings, without: &Settings) -> Vec<String> {
    let (Ok(values), Ok(before)) = (Values::of(settings), Values::of(without)) else { return Vec::new() };
    let mut before = before;
    let mut arguments = Vec::new();
    for setting in all() {
        let value = values.get(setting);
        if let Some(value) = value.filter(|value| before.get(setting).as_ref() != Some(value)) {
            arguments.extend(setting.arguments(&value));
            // Another optimiser has other defaults.
            if let Ok(mut so_far) = before.settings()
                && so_far.set(setting, Some(&value)).is_ok()
            {
                before = Values::of(&so_far).unwrap_or(before);
            }
        }
    }
    arguments
}
