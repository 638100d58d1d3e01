//! The settings that a sweep varies, by the names that users give them: a path in `config.toml`, or a flag.

use toml::Value;

use super::SweepError;
use crate::settings::{self, Setting, Settings, SettingsError, Values, find};
use crate::suggest;

/// The dotted path that a name stands for: itself, unless it is a flag's.
pub(super) fn path_of(name: &str) -> &str {
    find(name).map_or(name, |setting| setting.path)
}

/// A setting's value; none where it is left out.
pub(super) type Choice = Option<Value>;

/// `settings` with `values`, each under a name as the user gave it.
pub(super) fn with(settings: &Settings, values: &[(&str, &Choice)]) -> Result<Settings, SweepError> {
    let mut named = Vec::new();
    for (name, choice) in values {
        named.push((find(name).ok_or_else(|| unknown(name, settings))?, *name, *choice));
    }
    // A setting without which others have no effect comes before them in the table.
    named.sort_by_key(|(setting, ..)| settings::all().position(|other| other == *setting));
    let mut result = settings.clone();
    for (setting, name, choice) in named {
        result.set(setting, choice.as_ref()).map_err(|error| {
            let name = name.to_owned();
            let reason = match error {
                SettingsError::NoEffect { setting } => return SweepError::NoEffect { given: name, setting },
                SettingsError::Value { expected, .. } => format!("expected {expected}"),
                SettingsError::Type { reason, .. } => reason,
                other => other.to_string(),
            };
            SweepError::Value { name, value: text(choice), reason }
        })?;
    }
    Ok(result)
}

/// The error for a name that there is not, with the nearest, and all that can be varied in `settings`.
fn unknown(given: &str, settings: &Settings) -> SweepError {
    let names = |is_wanted: &dyn Fn(&Setting) -> bool| -> Vec<String> {
        let wanted: Vec<_> = settings::all().filter(|setting| is_wanted(setting)).collect();
        let flags = wanted.iter().filter_map(|setting| setting.short_name());
        flags.chain(wanted.iter().map(|setting| setting.path)).map(str::to_owned).collect()
    };
    let can_be_varied = |setting: &Setting| setting.not_varied.is_none();
    let values = Values::of(settings).unwrap_or_default();
    SweepError::Unknown {
        given: given.to_owned(),
        nearest: nearest(given, &names(&can_be_varied)),
        known: names(&|setting| can_be_varied(setting) && values.has_effect(setting)),
    }
}

/// The nearest name: by its last part if that is all that was given, by all of it otherwise.
fn nearest(given: &str, names: &[String]) -> Option<String> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    if !given.contains('.') {
        let ends: Vec<String> = names.iter().map(|name| last(name)).collect();
        let end = suggest::nearest(given, ends.iter().map(String::as_str));
        return end.and_then(|end| names.iter().find(|name| last(name) == end).cloned());
    }
    suggest::nearest(given, names.iter().map(String::as_str)).map(str::to_owned)
}

/// A value as the user would write it.
pub(super) fn text(choice: &Choice) -> String {
    match choice {
        None => "none".to_owned(),
        Some(Value::String(word)) => word.clone(),
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{DataSettings, NetworkSettings, TrainingSettings};

    pub(super) fn settings() -> Settings {
        Settings {
            data: DataSettings { source: "mnist".into(), ..DataSettings::default() },
            network: NetworkSettings { preset: Some("cae".into()), ..NetworkSettings::default() },
            training: TrainingSettings::default(),
        }
    }

    fn one(name: &str, value: Value) -> Result<Settings, SweepError> {
        with(&settings(), &[(name, &Some(value))])
    }

    #[test]
    fn any_setting_is_reached_by_its_path_or_its_flag() {
        assert_eq!(one("training.learning_rate", 0.5.into()).unwrap().training.learning_rate, 0.5);
        assert_eq!(one("lr", 1.into()).unwrap().training.learning_rate, 1.0);
        assert_eq!(one("training.clip_norm", 2.0.into()).unwrap().training.clip_norm, Some(2.0));
        assert_eq!(one("warmup-steps", 7.into()).unwrap().training.schedule.warmup_steps, 7);
        assert_eq!(one("training.schedule.name", "cosine".into()).unwrap().training.schedule.shape, {
            tenun_engine::optimizer::ScheduleShape::Cosine
        });
        assert_eq!(one("data.limit_train", 9.into()).unwrap().data.limit_train, Some(9));
        let sgd = with(
            &settings(),
            &[("momentum", &Some(0.5.into())), ("training.optimizer.name", &Some("sgd".into()))],
        );
        let expected = tenun_engine::optimizer::Sgd { momentum: 0.5, ..Default::default() };
        assert_eq!(sgd.unwrap().training.optimizer, tenun_engine::Method::Sgd(expected));
        let mut clipped = settings();
        clipped.training.clip_norm = Some(1.0);
        assert_eq!(with(&clipped, &[("clip-norm", &None)]).unwrap().training.clip_norm, None);
    }

    #[test]
    fn a_setting_that_there_is_not_is_an_error_with_the_nearest_name() {
        for (given, near) in [
            ("training.learning_rat", "training.learning_rate"),
            ("learning_rate", "training.learning_rate"),
            ("trainings.epochs", "training.epochs"),
            ("batchsize", "training.batch_size"),
            ("bach-size", "batch-size"),
            ("training.clip_nrm", "training.clip_norm"),
            ("training.optimizer.beta_1", "training.optimizer.beta1"),
            ("training.schedule.warmup_step", "training.schedule.warmup_steps"),
        ] {
            let error = one(given, 1.into()).unwrap_err();
            assert!(matches!(&error, SweepError::Unknown { given: g, .. } if g == given), "{error}");
            assert_eq!(error.hint().unwrap(), format!("did you mean `{near}`?"), "{given}");
        }
        let error = one("zzzzzzzzzzzz", 1.into()).unwrap_err();
        assert!(error.hint().unwrap().contains("training.patience"), "{error:?}");
    }

    #[test]
    fn a_value_of_another_type_is_named() {
        let error = one("training.epochs", "many".into()).unwrap_err();
        assert!(
            error.to_string().starts_with("--vary training.epochs: `many` cannot be its value"),
            "{error}"
        );
        let error = one("loss", "bc".into()).unwrap_err();
        assert!(error.to_string().contains("expected one of `bce`, `mse`, `mae`"), "{error}");
        assert!(matches!(one("training.epochs.x", 1.into()), Err(SweepError::Unknown { .. })));
        assert!(matches!(one("training.epochs", (-1).into()), Err(SweepError::Value { .. })));
    }
}
