//! From flags to the library's settings.

use tenun::engine::optimizer::{Adam, ScheduleShape, Sgd};
use tenun::engine::{Method, Schedule};
use tenun::preset::{self, Recipe};
use tenun::settings::{DataSettings, NetworkSettings, Settings, TrainingSettings};

use super::Given;
use crate::arguments::{OptimizerName, ScheduleName, TrainArgs};
use crate::failure::Failure;

/// AdamW's usual weight decay, as PyTorch has it.
const ADAMW_DECAY: f32 = 0.01;

/// The settings that `args` ask for. Every number is checked by the library, not here.
pub(crate) fn of(args: &TrainArgs, given: &Given) -> Result<Settings, Failure> {
    let (preset, spec, base) = match &args.network {
        Some(file) => {
            let recipe = Recipe::read(file)?;
            (None, Some(recipe.layers), recipe.training)
        }
        None => {
            let recipe = preset::find(&args.preset)?.recipe();
            (Some(args.preset.clone()), None, recipe.training)
        }
    };
    let any = |ids: &[&str]| ids.iter().any(|id| given.has(id));
    Ok(Settings {
        data: DataSettings {
            source: args.data.clone().unwrap_or_default(),
            val_fraction: args.val_fraction,
            split_seed: None,
            limit_train: args.limit_train,
            limit_test: args.limit_test,
            size: args.source.size,
            fit: args.source.fit,
            colour: args.source.colour,
            skip_bad: args.source.skip_bad,
        },
        network: NetworkSettings { preset, spec, change: args.change.settings(), resolved: false },
        // What was not given is the preset's, or the file's.
        training: TrainingSettings {
            epochs: args.epochs.unwrap_or(base.epochs),
            batch_size: args.batch_size.unwrap_or(base.batch_size),
            learning_rate: args.lr.unwrap_or(base.learning_rate),
            loss: args.loss.unwrap_or(base.loss),
            optimizer: if any(&["optimizer", "momentum", "weight_decay"]) {
                method(args)?
            } else {
                base.optimizer
            },
            schedule: if any(&["schedule", "step_epochs", "step_factor", "warmup_steps"]) {
                schedule(args, given)?
            } else {
                base.schedule
            },
            clip_norm: args.clip_norm.or(base.clip_norm),
            seed: args.seed,
            augment: args.augment.unwrap_or(base.augment),
            shuffle: base.shuffle && !args.no_shuffle,
            patience: args.patience.or(base.patience),
            without: args.without.clone(),
            init: args.init.clone(),
        },
    })
}

/// A flag that another choice leaves without effect is a mistake, and not passed over.
fn without_effect(flag: &str, only: &str, instead: &str) -> Failure {
    Failure::usage(format!("{flag} is for {only} only"), Some(instead.into()))
}

fn method(args: &TrainArgs) -> Result<Method, Failure> {
    if args.momentum.is_some() && args.optimizer != OptimizerName::Sgd {
        return Err(without_effect(
            "--momentum",
            "`--optimizer sgd`",
            "leave it out, or add `--optimizer sgd`",
        ));
    }
    Ok(match args.optimizer {
        OptimizerName::Adam if args.weight_decay.is_some() => {
            let instead = "Adam with weight decay is `--optimizer adamw`";
            return Err(without_effect("--weight-decay", "`--optimizer adamw` or `sgd`", instead));
        }
        OptimizerName::Adam => Method::Adam(Adam::default()),
        OptimizerName::AdamW => {
            Method::Adam(Adam { weight_decay: args.weight_decay.unwrap_or(ADAMW_DECAY), ..Adam::default() })
        }
        OptimizerName::Sgd => {
            let usual = Sgd::default();
            Method::Sgd(Sgd {
                momentum: args.momentum.unwrap_or(usual.momentum),
                weight_decay: args.weight_decay.unwrap_or(usual.weight_decay),
            })
        }
    })
}

fn schedule(args: &TrainArgs, given: &Given) -> Result<Schedule, Failure> {
    for (id, flag) in [("step_epochs", "--step-epochs"), ("step_factor", "--step-factor")] {
        if given.has(id) && args.schedule != ScheduleName::Step {
            return Err(without_effect(flag, "`--schedule step`", "leave it out, or add `--schedule step`"));
        }
    }
    let shape = match args.schedule {
        ScheduleName::Constant => ScheduleShape::Constant,
        ScheduleName::Cosine => ScheduleShape::Cosine,
        ScheduleName::Step => ScheduleShape::Step { epochs: args.step_epochs, factor: args.step_factor },
        ScheduleName::OneCycle => ScheduleShape::OneCycle,
    };
    Ok(Schedule { shape, warmup_steps: args.warmup_steps })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;
    use crate::arguments::{Cli, Command};

    fn settings(line: &[&str]) -> Result<Settings, Failure> {
        let matches = Cli::command().get_matches_from([&["tenun", "train"], line].concat());
        let given = Given::new(matches.subcommand().unwrap().1);
        match Cli::from_arg_matches(&matches).unwrap().command {
            Command::Train(args) => of(&args, &given),
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
