//! Going on with a run: whatever flags are given with `--resume` must say what the run says already.

use serde_json::Value;
use tenun::run::RunDir;
use tenun::settings::Settings;

use super::{Given, settings};
use crate::arguments::TrainArgs;
use crate::failure::Failure;

/// Flags, and the settings that they change.
const FLAGS: [(&str, &str); 24] = [
    ("data", "/data/source"),
    ("limit_train", "/data/limit_train"),
    ("limit_test", "/data/limit_test"),
    ("val_fraction", "/data/val_fraction"),
    ("size", "/data/size"),
    ("fit", "/data/fit"),
    ("colour", "/data/colour"),
    ("skip_bad", "/data/skip_bad"),
    ("preset", "/network/preset"),
    ("batch_size", "/training/batch_size"),
    ("loss", "/training/loss"),
    ("seed", "/training/seed"),
    ("no_shuffle", "/training/shuffle"),
    ("patience", "/training/patience"),
    ("lr", "/training/learning_rate"),
    ("clip_norm", "/training/clip_norm"),
    ("init", "/training/init"),
    ("optimizer", "/training/optimizer"),
    ("momentum", "/training/optimizer"),
    ("weight_decay", "/training/optimizer"),
    ("schedule", "/training/schedule"),
    ("warmup_steps", "/training/schedule"),
    ("step_epochs", "/training/schedule"),
    ("step_factor", "/training/schedule"),
];

/// The number of epochs to go on to, once every other flag given is found to be what the run has.
pub(crate) fn check(
    args: &TrainArgs,
    given: &Given,
    run: &RunDir,
    old: &Settings,
) -> Result<Option<u32>, Failure> {
    let folder = run.path().display();
    if let Some(out) = args.out.as_deref().filter(|out| *out != run.path()) {
        return Err(Failure::usage(
            format!("--resume {folder} goes on in that folder, but --out is {}", out.display()),
            Some("leave `--out` out".into()),
        ));
    }
    let (was, is) = (tree(old), tree(&settings::of(args, given)?));
    for (id, pointer) in FLAGS {
        let at = |tree: &Value| tree.pointer(pointer).cloned().unwrap_or(Value::Null);
        let (was, is) = (at(&was), at(&is));
        if given.has(id) && was != is {
            let flag = if id == "data" { "DATA".to_owned() } else { format!("--{}", id.replace('_', "-")) };
            return Err(Failure::usage(
                format!("{flag} differs from the run in {folder}: it has {was}, given is {is}"),
                Some("leave it out to go on with the run, or start another in a new folder".into()),
            ));
        }
    }
    let epochs = args.epochs;
    match epochs.filter(|&epochs| epochs < old.training.epochs) {
        Some(fewer) => Err(Failure::usage(
            format!(
                "--epochs: expected at least {}, as the run in {folder} has, got {fewer}",
                old.training.epochs
            ),
            Some("leave it out to finish the run, or give more".into()),
        )),
        None => Ok(epochs),
    }
}

fn tree(settings: &Settings) -> Value {
    serde_json::to_value(settings).unwrap_or(Value::Null)
}
