//! From flags to the library's settings.

use std::path::Path;

use tenun::preset::{self, Recipe};
use tenun::settings::{DEFAULT_PRESET, NETWORK, PRESET, Settings};

use crate::arguments::settings::SettingArgs;
use crate::failure::Failure;

/// The settings that `args` ask for; what they leave open is as the preset or the network's file has it. Every value
/// is checked by the library, not here.
pub(crate) fn of<R>(args: &SettingArgs<R>) -> Result<Settings, Failure> {
    let mut settings = match args.text(&NETWORK).map(Path::new) {
        Some(file) => Recipe::read(file)?.settings(file),
        None => preset::find(args.text(&PRESET).unwrap_or(DEFAULT_PRESET))?.settings(),
    };
    for (setting, text) in args.given() {
        settings.set(setting, Some(&setting.read(text)?))?;
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use tenun::engine::Method;
    use tenun::engine::optimizer::{ScheduleShape, Sgd};
    use tenun::settings::{DataSettings, NetworkSettings, TrainingSettings};

    use super::*;
    use crate::arguments::{Cli, Command};

    fn settings(line: &[&str]) -> Result<Settings, Failure> {
        match Cli::try_parse_from([&["tenun", "train"], line].concat()).unwrap().command {
            Command::Train(args) => of(&args.settings),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn defaults_are_those_of_the_library() {
        let settings = settings(&["mnist"]).unwrap();
        assert_eq!(settings.training, TrainingSettings::default());
        assert_eq!(settings.data, DataSettings { source: "mnist".into(), ..DataSettings::default() });
        assert_eq!(
            settings.network,
            NetworkSettings { preset: Some("cae".into()), ..NetworkSettings::default() }
        );
    }

    #[test]
    fn flags_reach_their_settings() {
        let line = "d --optimizer sgd --momentum 0.5 --weight-decay 1e-4 --schedule step --step-epochs 3 \
                    --step-factor 0.5 --warmup-steps 7 --clip-norm 1 --val-fraction 0.2 --patience 4 --seed 9 \
                    --no-shuffle --loss mse --limit-train 5 --limit-test 6 --size 8x9 --fit crop --colour grey \
                    --skip-bad --epochs 2 --batch-size 3 --lr 0.25";
        let settings = settings(&line.split_whitespace().collect::<Vec<_>>()).unwrap();
        let t = &settings.training;
        assert_eq!(t.optimizer, Method::Sgd(Sgd { momentum: 0.5, weight_decay: 1e-4 }));
        assert_eq!(t.schedule.shape, ScheduleShape::Step { epochs: 3, factor: 0.5 });
        assert_eq!((t.schedule.warmup_steps, t.clip_norm, t.patience), (7, Some(1.0), Some(4)));
        assert_eq!((t.seed, t.shuffle, t.loss.to_string().as_str()), (9, false, "mse"));
        assert_eq!((t.epochs, t.batch_size, t.learning_rate), (2, 3, 0.25));
        let d = &settings.data;
        assert_eq!((d.limit_train, d.limit_test, d.size), (Some(5), Some(6), Some((8, 9))));
        assert_eq!((d.val_fraction, d.skip_bad), (Some(0.2), true));
    }

    #[test]
    fn a_preset_has_settings_of_its_own_and_flags_come_first() {
        let fast = settings(&["mnist", "--preset", "cae-fast"]).unwrap().training;
        assert_eq!((fast.epochs, fast.batch_size, fast.schedule.shape), (2, 32, ScheduleShape::OneCycle));
        let longer = settings(&["mnist", "--preset", "cae-fast", "--epochs", "20", "--latent", "9"]).unwrap();
        assert_eq!((longer.training.epochs, longer.training.batch_size), (20, 32));
        assert_eq!(longer.network.change.latent, Some(9));
        let warm =
            settings(&["mnist", "--preset", "cae-fast", "--warmup-steps", "3"]).unwrap().training.schedule;
        assert_eq!((warm.shape, warm.warmup_steps), (ScheduleShape::OneCycle, 3));
        let failure = settings(&["mnist", "--preset", "cae-fst"]).unwrap_err();
        assert!(failure.hint.unwrap().contains("cae-fast"));
    }

    #[test]
    fn flags_without_effect_are_refused() {
        for line in [
            &["d", "--momentum", "0.5"][..],
            &["d", "--weight-decay", "0.1"],
            &["d", "--step-factor", "0.5"],
            &["d", "--optimizer", "adamw", "--momentum", "0.5"],
        ] {
            let failure = settings(line).unwrap_err();
            assert!(failure.message.contains("only"), "{}", failure.message);
        }
    }
}
