//! [`SweepSettings`]: what a sweep tries, and the trials that follow from it: a grid, or a random search.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::SweepError;
use super::address::{self, Choice, text};
use super::median::MedianStop;
use super::vary::{Values, Vary};
use crate::measure::{MSE, Metric};
use crate::settings::control::{MEDIAN_STOP, RANDOM, SEEDS, VARY};
use crate::settings::{LOSS, SEED, Setting, Settings, find};

/// More trials than anyone waits for: most likely a slip.
const MOST_TRIALS: usize = 100_000;

/// Draws of a random search for each setting asked for, after which it is taken that there are no more.
const DRAWS: u32 = 100;

/// The share of the training images that is held out where nothing else is said.
const FRACTION: f64 = 0.1;

/// Everything that decides a sweep; `sweep.toml` is exactly this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSettings {
    /// The settings that are varied, and their values.
    pub vary: Vec<Vary>,
    /// So many draws from the values instead of all of their combinations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random: Option<u32>,
    /// From which the draws follow.
    pub sweep_seed: u64,
    /// How often each combination is tried: with the base's seed, and those that follow it.
    pub seeds: u32,
    /// The rule by which trials that are behind are given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_stop: Option<MedianStop>,
    /// The metric, on the held-out images, by which the best is chosen; that of the loss trained on where there is none, and
    /// the squared error where the loss is varied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<&'static Metric>,
    /// SHA-256 of the training images, those held out among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_sha256: Option<String>,
    /// All other settings.
    pub base: Settings,
}

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its folder's name.
    pub name: String,
    /// The combination of values it belongs to, by its place.
    pub combination: usize,
    /// Its seed.
    pub seed: u64,
    pub(super) settings: Settings,
}

impl Trial {
    /// How many epochs it does, if it does not end early.
    #[must_use]
    pub fn epochs(&self) -> u32 {
        self.settings.training.epochs
    }
}

/// Every combination of values, and every trial.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) combinations: Vec<Vec<Choice>>,
    pub(super) trials: Vec<Trial>,
}

impl SweepSettings {
    /// The metric by which the best is chosen.
    #[must_use]
    pub fn metric(&self) -> &'static Metric {
        match self.by {
            Some(by) => by,
            None if self.varies(&LOSS) => &MSE,
            None => Metric::of(self.base.training.loss),
        }
    }

    pub(super) fn varies(&self, setting: &Setting) -> bool {
        self.vary.iter().any(|vary| vary.path() == setting.path)
    }

    /// The same, with everything said that is left to a default: what is held out, and by which seed.
    pub(super) fn resolved(mut self) -> Self {
        let data = &mut self.base.data;
        data.val_fraction.get_or_insert(FRACTION);
        data.split_seed.get_or_insert(self.base.training.seed);
        self.by = Some(self.metric());
        self
    }

    /// Every combination and every trial, in the order in which they begin: all seeds of a combination, then the next;
    /// the last setting varies fastest.
    pub(super) fn plan(&self) -> Result<Plan, SweepError> {
        self.check()?;
        let combinations = match self.random {
            Some(count) => self.drawn(count),
            None => self.grid()?,
        };
        let count = combinations.len().saturating_mul(self.seeds as usize);
        if count > MOST_TRIALS {
            return Err(too_many(count));
        }
        let mut trials = Vec::with_capacity(count);
        for (combination, values) in combinations.iter().enumerate() {
            let places: Vec<(&str, &Choice)> = self.vary.iter().map(Vary::name).zip(values).collect();
            let settings = address::with(&self.base, &places)?;
            settings.check().map_err(|source| SweepError::Together {
                values: self.words(values),
                source: Box::new(source.into()),
            })?;
            for repeat in 0..self.seeds {
                let mut settings = settings.clone();
                settings.training.seed += u64::from(repeat);
                let seed = settings.training.seed;
                let name = self.name(trials.len() + 1, values, seed);
                trials.push(Trial { name, combination, seed, settings });
            }
        }
        Ok(Plan { combinations, trials })
    }

    fn check(&self) -> Result<(), SweepError> {
        let setting = |what: &dyn std::fmt::Display, expected: &str, got: String| {
            Err(SweepError::Setting { what: what.to_string(), expected: expected.to_owned(), got })
        };
        if self.vary.is_empty() {
            return setting(&VARY, "at least one setting and its values", "none".to_owned());
        }
        if self.seeds == 0 {
            return setting(&SEEDS, "at least 1", "0".to_owned());
        }
        if self.random.is_some_and(|draws| draws == 0 || draws as usize > MOST_TRIALS) {
            let (expected, got) = (format!("1 to {MOST_TRIALS} draws"), self.random.unwrap_or_default());
            return setting(&RANDOM, &expected, got.to_string());
        }
        if self.seeds as usize > MOST_TRIALS {
            return setting(&SEEDS, &format!("at most {MOST_TRIALS}"), self.seeds.to_string());
        }
        if self.median_stop.is_some_and(|rule| rule.grace == 0) {
            return setting(&MEDIAN_STOP, "at least 1 epoch", "0".to_owned());
        }
        for (at, vary) in self.vary.iter().enumerate() {
            let path = vary.path();
            if self.vary[..at].iter().any(|other| other.path() == path) {
                return Err(SweepError::Twice { path: path.to_owned() });
            }
            // Also finds what is no setting at all, before anything else is said of it.
            for choice in vary.samples() {
                self.tries(vary, &choice)?;
            }
            if let Some(reason) = find(path).and_then(|setting| setting.not_varied) {
                return Err(SweepError::Fixed { name: vary.name().to_owned(), reason });
            }
            if self.random.is_none() && !matches!(vary.values(), Values::List(_)) {
                return Err(SweepError::NeedsRandom { name: vary.name().to_owned() });
            }
        }
        if self.varies(&SEED) && self.seeds > 1 {
            return setting(&SEEDS, "1 where the seed itself is varied", self.seeds.to_string());
        }
        if self.varies(&LOSS) && self.median_stop.is_some() {
            let got = format!("`{VARY}` of the loss, whose trials cannot be compared epoch by epoch");
            return setting(&MEDIAN_STOP, "trials with the same loss", got);
        }
        self.base.training.seed.checked_add(u64::from(self.seeds)).map_or_else(
            || {
                setting(
                    &SEED.argument(),
                    "room for the seeds that follow it",
                    self.base.training.seed.to_string(),
                )
            },
            |_| Ok(()),
        )
    }

    /// Whether a setting takes a value by itself. One that only fits together with another that is varied, as the
    /// momentum of an optimiser that is, is tried with that.
    fn tries(&self, vary: &Vary, choice: &Choice) -> Result<(), SweepError> {
        let alone = match address::with(&self.base, &[(vary.name(), choice)]) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        for other in self.vary.iter().filter(|other| other.path() != vary.path()) {
            for with in other.samples() {
                if address::with(&self.base, &[(vary.name(), choice), (other.name(), &with)]).is_ok() {
                    return Ok(());
                }
            }
        }
        Err(alone)
    }

    fn grid(&self) -> Result<Vec<Vec<Choice>>, SweepError> {
        let mut all: Vec<Vec<Choice>> = vec![Vec::new()];
        for vary in &self.vary {
            let choices = vary.samples();
            if all.len().saturating_mul(choices.len()) > MOST_TRIALS {
                return Err(too_many(all.len().saturating_mul(choices.len())));
            }
            all = all
                .into_iter()
                .flat_map(|values| {
                    choices
                        .iter()
                        .map(move |choice| [values.as_slice(), std::slice::from_ref(choice)].concat())
                })
                .collect();
        }
        Ok(all)
    }

    /// As many different draws as asked for, or all that are found: lists may have fewer.
    fn drawn(&self, count: u32) -> Vec<Vec<Choice>> {
        // Lists have no more combinations than this; where all of them are drawn, no other comes.
        let different = |choices: &[Choice]| choices.iter().map(key).collect::<HashSet<_>>().len();
        let most = self.vary.iter().try_fold(1usize, |all, vary| match vary.values() {
            Values::List(choices) => all.checked_mul(different(choices)),
            _ => None,
        });
        let most = most.unwrap_or(usize::MAX).min(count as usize);
        let (mut all, mut seen, mut fruitless) = (Vec::new(), HashSet::new(), 0);
        for draw in 0..count.saturating_mul(DRAWS) {
            if all.len() == most || fruitless == MOST_TRIALS {
                break;
            }
            fruitless += 1;
            let place = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
            let values: Vec<Choice> = self
                .vary
                .iter()
                .enumerate()
                .map(|(at, vary)| vary.draw(self.sweep_seed, draw, place(at)))
                .collect();
            if seen.insert(values.iter().map(key).collect::<Vec<_>>()) {
                all.push(values);
                fruitless = 0;
            }
        }
        all
    }

    /// The varied settings of a combination, as people say them: `lr=0.001, latent=16`.
    #[must_use]
    pub(super) fn words(&self, values: &[Choice]) -> String {
        let words: Vec<String> = self
            .vary
            .iter()
            .zip(values)
            .map(|(vary, value)| format!("{}={}", vary.name(), text(value)))
            .collect();
        words.join(", ")
    }

    /// A folder's name that says what is tried, as far as file systems let it; the number makes it the only one.
    fn name(&self, number: usize, values: &[Choice], seed: u64) -> String {
        /// Letters of the values: file systems take names of 255.
        const MOST: usize = 120;
        let mut words = String::new();
        for (vary, value) in self.vary.iter().zip(values) {
            let short = vary.name().rsplit('.').next().unwrap_or_default();
            words += &format!("{short}={}-", text(value));
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() || "=.-_".contains(c) { c } else { '_' };
        let words: String = words.chars().map(plain).take(MOST).collect();
        format!("{number:03}-{words}seed{seed}")
    }
}

/// What tells a value from others.
fn key(choice: &Choice) -> String {
    format!("{choice:?}")
}

fn too_many(count: usize) -> SweepError {
    SweepError::Setting {
        what: VARY.to_string(),
        expected: format!("at most {MOST_TRIALS} trials; `{RANDOM} N` draws some of them"),
        got: count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{BCE, MAE};
    use crate::settings::{DataSettings, NetworkSettings, TrainingSettings};

    fn sweep(vary: &[&str]) -> SweepSettings {
        SweepSettings {
            vary: vary.iter().map(|text| text.parse().unwrap()).collect(),
            random: None,
            sweep_seed: 1,
            seeds: 1,
            median_stop: None,
            by: None,
            train_sha256: None,
            base: Settings {
                data: DataSettings { source: "mnist".into(), ..DataSettings::default() },
                network: NetworkSettings { preset: Some("cae".into()), ..NetworkSettings::default() },
                training: TrainingSettings::default(),
            },
        }
    }

    #[test]
    fn more_draws_and_seeds_than_anyone_waits_for_are_refused_and_many_are_drawn_soon() {
        let mut many = sweep(&["lr=0.001..0.1", "beta1=0.5..0.9"]);
        many.random = Some(4_000_000_000);
        assert_eq!(refused(&many), "--random: expected 1 to 100000 draws, got 4000000000");
        many.random = Some(2);
        many.seeds = u32::MAX;
        assert!(refused(&many).starts_with("--seeds: expected at most 100000"), "{}", refused(&many));
        many.seeds = 50_001;
        assert!(refused(&many).contains("got 100002"), "{}", refused(&many));
        // Comparing each draw with all before it would take minutes.
        (many.random, many.seeds) = (Some(100_000), 1);
        assert_eq!(many.drawn(100_000).len(), 100_000);
        // A range of four digits has no more than some thousand numbers.
        assert!((15_000..20_000).contains(&sweep(&["lr=0.001..0.1"]).drawn(100_000).len()));
        // Of four combinations no fifth is waited for.
        let few = sweep(&["lr=0.001,0.003", "batch-size=32,64"]);
        assert_eq!(few.drawn(100_000).len(), 4);
    }

    fn refused(sweep: &SweepSettings) -> String {
        sweep.plan().unwrap_err().to_string()
    }

    #[test]
    fn a_grid_has_every_combination_with_every_seed() {
        let sweep = SweepSettings { seeds: 2, ..sweep(&["lr=0.1,0.2", "training.batch_size=8,16,32"]) };
        let plan = sweep.plan().unwrap();
        let tried: Vec<_> = plan
            .trials
            .iter()
            .map(|trial| {
                (trial.settings.training.learning_rate, trial.settings.training.batch_size, trial.seed)
            })
            .collect();
        assert_eq!(tried.len(), 12);
        assert_eq!(tried[..4], [(0.1, 8, 1), (0.1, 8, 2), (0.1, 16, 1), (0.1, 16, 2)]);
        assert_eq!(tried[11], (0.2, 32, 2));
        assert_eq!(plan.trials[1].settings.training.seed, 2);
        assert_eq!(plan.trials[3].combination, 1);
        assert_eq!(plan.trials[0].name, "001-lr=0.1-batch_size=8-seed1");
        assert_eq!(sweep.words(&plan.combinations[0]), "lr=0.1, training.batch_size=8");
    }

    #[test]
    fn a_random_search_draws_and_does_not_repeat_itself() {
        let random = SweepSettings { random: Some(20), ..sweep(&["lr=1e-4..1e-2", "batch-size=16..256"]) };
        let plan = random.plan().unwrap();
        assert_eq!(plan.trials.len(), 20);
        assert_eq!(plan, random.plan().unwrap());
        let other = SweepSettings { sweep_seed: 2, ..random.clone() };
        assert_ne!(plan.combinations, other.plan().unwrap().combinations);
        // Six pairs are all there is.
        let few = SweepSettings { random: Some(50), ..sweep(&["lr=0.1,0.2", "batch-size=8,16,32"]) };
        let mut found = few.plan().unwrap().combinations;
        assert_eq!(found.len(), 6);
        found.dedup();
        assert_eq!(found.len(), 6);
    }

    #[test]
    fn what_makes_no_sense_is_refused_before_anything_runs() {
        assert!(refused(&sweep(&[])).contains("--vary: expected at least one"));
        assert!(refused(&sweep(&["lr=0.1", "training.learning_rate=1"])).contains("varied twice"));
        assert!(refused(&sweep(&["lr=1e-4..1e-2"])).contains("a range"));
        assert!(refused(&sweep(&["data.limit_train=5,6"])).contains("same held-out images"));
        assert!(refused(&sweep(&["lr=0.1,-1"])).contains("with lr=-1: --lr: expected a number above 0"));
        assert!(refused(&sweep(&["epochs=1,x"])).contains("`x` cannot be its value"));
        assert!(refused(&sweep(&["epoch=1"])).contains("no setting `epoch`"));
        assert!(refused(&SweepSettings { seeds: 0, ..sweep(&["lr=1"]) }).contains("--seeds"));
        assert!(refused(&SweepSettings { seeds: 2, ..sweep(&["seed=1,2"]) }).contains("--seeds"));
        assert!(refused(&SweepSettings { random: Some(0), ..sweep(&["lr=1"]) }).contains("--random"));
        let rule = Some(MedianStop { grace: 1 });
        assert!(
            refused(&SweepSettings { median_stop: rule, ..sweep(&["loss=bce,mse"]) })
                .contains("--median-stop")
        );
        let thousand = format!("lr={}", (1..=1000).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
        assert!(
            refused(&sweep(&[&thousand, &thousand.replace("lr", "clip-norm")])).contains("at most 100000")
        );
    }

    #[test]
    fn settings_that_only_fit_together_are_tried_together() {
        let plan = sweep(&["momentum=0.5,0.9", "optimizer=sgd"]).plan().unwrap();
        assert_eq!(plan.trials.len(), 2);
        assert!(refused(&sweep(&["momentum=0.5"])).contains("no setting `momentum`"));
    }

    #[test]
    fn every_setting_of_the_table_can_be_varied_or_says_why_not() {
        for setting in crate::settings::all() {
            let condition = setting.only_with.map(|only| {
                let value = only.values.first().unwrap_or(&only.setting.example);
                format!("{}={value}", only.setting.path)
            });
            let names = [Some(setting.path), setting.short_name()];
            for name in names.into_iter().flatten() {
                let vary = format!("{name}={}", setting.example);
                let vary: Vec<&str> = [vary.as_str()].into_iter().chain(condition.as_deref()).collect();
                match (sweep(&vary).plan(), setting.not_varied) {
                    (Ok(plan), None) => {
                        let value = plan.trials[0].settings.get(setting).map(|value| setting.text(&value));
                        assert_eq!(value.as_deref(), Some(setting.example), "{setting:?}");
                    }
                    (Err(error), Some(reason)) => assert!(error.to_string().contains(reason), "{error}"),
                    (plan, _) => panic!("{setting:?}: {plan:?}"),
                }
            }
        }
    }

    #[test]
    fn the_metric_is_that_of_the_loss_unless_losses_are_compared() {
        assert_eq!(sweep(&["lr=1"]).metric(), &BCE);
        assert_eq!(sweep(&["loss=bce,mae"]).metric(), &MSE);
        assert_eq!(SweepSettings { by: Some(&MAE), ..sweep(&["lr=1"]) }.metric(), &MAE);
    }

    #[test]
    fn a_sweeps_file_says_everything() {
        let sweep = SweepSettings {
            random: Some(3),
            median_stop: Some(MedianStop { grace: 2 }),
            ..sweep(&["lr=1e-4..1e-2", "training.loss=bce,mse"])
        };
        let sweep = sweep.resolved();
        let text = toml::to_string_pretty(&sweep).unwrap();
        assert_eq!(toml::from_str::<SweepSettings>(&text).unwrap(), sweep);
        assert_eq!((sweep.base.data.val_fraction, sweep.base.data.split_seed), (Some(0.1), Some(1)));
    }
}
