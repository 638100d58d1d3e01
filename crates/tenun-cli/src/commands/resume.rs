//! Going on with a run: whatever settings are given with `--resume` must be those that the run has.

use tenun::preset;
use tenun::run::RunDir;
use tenun::settings::control::{OUT, RESUME};
use tenun::settings::{EPOCHS, PRESET, Setting, Settings, Takes, Value};

use tenun::names::shown;

use crate::arguments::TrainArgs;
use crate::failure::Failure;

/// The number of epochs to go on to, once every other setting given is found to be what the run has.
pub(crate) fn check(args: &TrainArgs, run: &RunDir, old: &Settings) -> Result<Option<u32>, Failure> {
    let folder = shown(run.path());
    if let Some(out) = args.out.as_deref().filter(|out| *out != run.path()) {
        return Err(Failure::usage(
            format!("{RESUME} {folder} goes on in that folder, but {OUT} is {}", shown(out)),
            Some(format!("leave `{OUT}` out")),
        ));
    }
    let mut new = old.clone();
    for (setting, text) in args.settings.given() {
        let value = value(setting, text)?;
        let mut asked = old.clone();
        // What the run's other settings leave without effect, it does not have.
        let is_same = asked.set(setting, Some(&value)).is_ok() && asked.get(setting) == old.get(setting);
        if setting.may_change {
            new.set(setting, Some(&value))?;
        } else if !is_same {
            let was = old.get(setting).map_or_else(|| "none".to_owned(), |was| in_words(setting, &was));
            return Err(Failure::usage(
                format!(
                    "{} differs from the run in {folder}: it has {was}, given is {}",
                    setting.argument(),
                    in_words(setting, &value)
                ),
                Some("leave it out to go on with the run, or start another in a new folder".into()),
            ));
        }
    }
    let (had, epochs) = (old.training.epochs, new.training.epochs);
    if epochs < had {
        return Err(Failure::usage(
            format!(
                "{}: expected at least {had}, as the run in {folder} has, got {epochs}",
                EPOCHS.argument()
            ),
            Some("leave it out to finish the run, or give more".into()),
        ));
    }
    Ok((epochs > had).then_some(epochs))
}

/// The value that a text means; a preset's by the name it goes by here.
fn value(setting: &'static Setting, text: &str) -> Result<Value, Failure> {
    match *setting == PRESET {
        true => Ok(preset::find(text)?.name.into()),
        false => Ok(setting.read(text)?),
    }
}

fn in_words(setting: &Setting, value: &Value) -> String {
    match setting.takes {
        Takes::Switch(_) => format!("`{}` {}", setting.label, setting.text(value)),
        _ => setting.text(value),
    }
}
