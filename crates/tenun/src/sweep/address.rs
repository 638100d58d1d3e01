//! Settings by their dotted path in `config.toml`: which there are, and setting one of them.
//!
//! Nothing here knows a setting by name. A path is tried on the settings as TOML; what they do not take, they say, and
//! what they pass over in silence is missing when they are written out again.

use toml::{Table, Value};

use super::SweepError;
use crate::settings::Settings;
use crate::suggest;

/// The short names of `tenun train`'s flags, and the settings they stand for.
const SHORT: [(&str, &str); 16] = [
    ("lr", "training.learning_rate"),
    ("batch-size", "training.batch_size"),
    ("epochs", "training.epochs"),
    ("loss", "training.loss"),
    ("latent", "network.latent"),
    ("width", "network.width"),
    ("dropout", "network.dropout"),
    ("seed", "training.seed"),
    ("preset", "network.preset"),
    ("optimizer", "training.optimizer.name"),
    ("momentum", "training.optimizer.momentum"),
    ("weight-decay", "training.optimizer.weight_decay"),
    ("schedule", "training.schedule.name"),
    ("warmup-steps", "training.schedule.warmup_steps"),
    ("clip-norm", "training.clip_norm"),
    ("patience", "training.patience"),
];

/// A key that no table has: the table then says which keys it has.
const NOBODY: &str = "?";

/// The dotted path that a name stands for: itself, unless it is short.
pub(super) fn path_of(name: &str) -> &str {
    SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, path)| path)
}

/// A setting's value; none where it is left out.
pub(super) type Choice = Option<Value>;

/// `settings` with `values` in their places. A place is a name as the user gave it.
pub(super) fn with(settings: &Settings, values: &[(&str, &Choice)]) -> Result<Settings, SweepError> {
    let mut tree = tree(settings);
    let mut result = settings.clone();
    // The kind of something comes before the numbers that only this kind has.
    let (kinds, numbers): (Vec<_>, Vec<_>) = values.iter().partition(|(name, _)| is_kind(path_of(name)));
    for (name, choice) in kinds.into_iter().chain(numbers) {
        (tree, result) = set(&tree, name, choice).map_err(|reason| {
            let path = path_of(name);
            let known = known(settings);
            if known.iter().any(|known| known == path) {
                return SweepError::Value { name: (*name).to_owned(), value: text(choice), reason };
            }
            let names = SHORT.iter().filter(|(_, path)| known.iter().any(|known| known == path));
            let names: Vec<String> =
                names.map(|(short, _)| (*short).to_owned()).chain(known.clone()).collect();
            SweepError::Unknown { given: (*name).to_owned(), nearest: nearest(name, &names), known: names }
        })?;
    }
    Ok(result)
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

fn is_kind(path: &str) -> bool {
    path.ends_with(".name")
}

/// A value as the user would write it.
pub(super) fn text(choice: &Choice) -> String {
    match choice {
        None => "none".to_owned(),
        Some(Value::String(word)) => word.clone(),
        Some(value) => value.to_string(),
    }
}

fn tree(settings: &Settings) -> Table {
    Table::try_from(settings).unwrap_or_default()
}

/// Sets one value, and gives the settings in both forms; or what is wrong with it.
fn set(tree: &Table, name: &str, choice: &Choice) -> Result<(Table, Settings), String> {
    let path: Vec<&str> = path_of(name).split('.').collect();
    let parse = |tree: &Table| -> Result<Settings, String> {
        Value::Table(tree.clone()).try_into().map_err(|error: toml::de::Error| error.message().to_owned())
    };
    let mut changed = tree.clone();
    let table = table_of(&mut changed, &path)?;
    let last = path[path.len() - 1];
    match choice {
        Some(value) => drop(table.insert(last.to_owned(), value.clone())),
        None => drop(table.remove(last)),
    }
    let settings = parse(&changed).or_else(|error| {
        if !is_kind(path_of(name)) {
            return Err(error);
        }
        // Another kind has other numbers: those of the old one go.
        table_of(&mut changed, &path)?.retain(|key, _| key == last);
        parse(&changed).map_err(|_| error)
    })?;
    let written = self::tree(&settings);
    match (choice, find(&written, &path)) {
        (Some(_), None) => Err("it is not a setting of these".to_owned()),
        _ => Ok((written, settings)),
    }
}

/// The table that holds the last part of `path`; made where there is none.
fn table_of<'a>(tree: &'a mut Table, path: &[&str]) -> Result<&'a mut Table, String> {
    let mut table = tree;
    for key in &path[..path.len() - 1] {
        table = table
            .entry(*key)
            .or_insert_with(|| Table::new().into())
            .as_table_mut()
            .ok_or_else(|| format!("`{key}` has no settings of its own"))?;
    }
    Ok(table)
}

fn find<'a>(tree: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (last, tables) = path.split_last()?;
    let mut table = tree;
    for key in tables {
        table = table.get(*key)?.as_table()?;
    }
    table.get(*last)
}

/// The paths of all settings, also of those that are left out.
fn known(settings: &Settings) -> Vec<String> {
    let tree = tree(settings);
    let mut all = Vec::new();
    collect(&tree, &mut Vec::new(), &mut all);
    all
}

fn collect(tree: &Table, at: &mut Vec<String>, all: &mut Vec<String>) {
    for key in keys(tree, at) {
        at.push(key);
        let path: Vec<&str> = at.iter().map(String::as_str).collect();
        match find(tree, &path) {
            Some(Value::Table(_)) => collect(tree, at, all),
            _ => all.push(at.join(".")),
        }
        at.pop();
    }
}

/// The keys of the table at `at`: those it names when it is given one that it does not have, else those it holds.
fn keys(tree: &Table, at: &[String]) -> Vec<String> {
    let mut probe = tree.clone();
    let path: Vec<&str> = at.iter().map(String::as_str).chain([NOBODY]).collect();
    let Ok(table) = table_of(&mut probe, &path) else { return Vec::new() };
    let held: Vec<String> = table.keys().cloned().collect();
    table.insert(NOBODY.to_owned(), true.into());
    let Err(error) = Value::Table(probe).try_into::<Settings>() else { return held };
    let mut quoted = error.message().split('`').skip(1).step_by(2);
    match quoted.next() {
        // A kind's `name` is not among its numbers.
        Some(NOBODY) => {
            let mut named: Vec<String> = quoted.map(str::to_owned).collect();
            named.extend(held.into_iter().filter(|key| key == "name" && at.len() > 1));
            named
        }
        _ => held,
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
