//! Sweeps: the same training over and over with other settings and seeds, to choose between them.
//!
//! A [`Sweep`] varies any of the settings of a run: a grid of all combinations, or draws at random; each with several
//! seeds. Its trials are ordinary runs in folders of their own, several at a time on the processor's cores. All are
//! measured on the same images, held out of *training*: the test images are not looked at, unless the best is to be
//! measured on them in the end. Since results are the same bits for any number of threads, it does not matter how many
//! trials run side by side, unless a [`MedianStop`] gives up some of them.

mod address;
mod elbow;
mod figure;
mod folder;
mod median;
mod plan;
mod results;
#[cfg(test)]
mod tests;
mod vary;
mod workers;

use std::sync::atomic::AtomicBool;

use tenun_engine::Cpu;

pub use crate::error::SweepError;
pub use elbow::elbow;
pub use folder::{CSV, JSON, PICTURE, RECORD, Record, SWEEP, State, SweepDir, SweepKind, TRIALS};
pub use median::{MIN_TRIALS, MedianStop};
pub use plan::{SweepSettings, Trial};
pub use results::{PcaPoint, Results, Row, Spread, TestScores, word};
pub use vary::Vary;
pub use workers::Workers;

use crate::data::{self, Collection, Dataset, OpenOptions, Progress, hold_out};
use crate::folder::FolderError;
use crate::job::Job;
use crate::measure::{Better, pca_baseline, score_reconstructions};
use crate::settings::LATENT;
use crate::settings::control::TEST_BEST;
use crate::train::{EpochMetrics, Phase, Silent};
use crate::{Error, Model, settings};
use plan::Plan;

/// Images with which every combination is tried before anything runs: too few to hold any out.
const FEW: usize = 2;

/// A sweep with everything checked and loaded, and nothing written yet.
pub struct Sweep {
    settings: SweepSettings,
    plan: Plan,
    /// Without its test images.
    collection: Collection,
    /// Looked at only by [`Self::test_best`].
    test: Option<Dataset>,
}

/// What happens while a sweep runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// It begins, or goes on: so many trials, of which some are over.
    Sweep {
        /// All trials.
        trials: usize,
        /// Those that are over.
        done: usize,
        /// Epochs that the others have to do yet, if none of them ends early.
        epochs: u64,
    },
    /// A trial begins, or goes on.
    Begins {
        /// Its number, from 1.
        number: usize,
        /// The trial.
        trial: &'a Trial,
    },
    /// A trial has done an epoch.
    Epoch {
        /// Its number, from 1.
        number: usize,
        /// The trial.
        trial: &'a Trial,
        /// What the epoch came to.
        metrics: EpochMetrics,
    },
    /// A trial is over.
    Ends {
        /// Its number, from 1.
        number: usize,
        /// The trial.
        trial: &'a Trial,
        /// What became of it.
        record: &'a Record,
        /// Trials that are over, with this one.
        done: usize,
    },
    /// All are over; or the best is measured on the test images: something else than training begins.
    Phase(Phase),
    /// How far that has come.
    Progress {
        /// Parts done.
        done: usize,
        /// Parts there are.
        total: usize,
    },
}

/// How a sweep ended.
#[derive(Clone, Debug, PartialEq)]
pub enum SweepEnd {
    /// All trials are over, and the results are written.
    Finished(Box<Results>),
    /// It was stopped; the trials that were running have their checkpoints.
    Stopped,
}

impl Sweep {
    /// Checks every combination of settings, loads the data, and makes every network once.
    ///
    /// `progress` is told how far opening the data has come.
    ///
    /// # Errors
    /// [`SweepError`] if the sweep makes no sense, and what is wrong with settings, data or networks.
    pub fn new(settings: SweepSettings, progress: Progress<'_>) -> Result<Self, Error> {
        let mut settings = settings.resolved();
        let plan = settings.plan()?;
        let mut collection =
            data::open(&settings.base.data.source, &OpenOptions::of(&settings.base.data, progress))?;
        let test = collection.test.take();
        // Also says what is wrong with the fraction.
        hold_out(&collection.train, held_fraction(&settings), split_seed(&settings))?;
        let sweep = Self { settings: settings.clone(), plan, collection, test };
        sweep.try_networks()?;
        settings.train_sha256.get_or_insert_with(|| sweep.collection.train.sha256());
        Ok(Self { settings, ..sweep })
    }

    /// The sweep of a folder, to go on with it.
    ///
    /// # Errors
    /// As [`Self::new`], and [`SweepError::Changed`] if the training images are not those it began with.
    pub fn open(dir: &SweepDir, progress: Progress<'_>) -> Result<Self, Error> {
        let settings: SweepSettings = settings::parse(&dir.file(SWEEP))?;
        let sweep = Self::new(settings, progress)?;
        let is = sweep.collection.train.sha256();
        match &sweep.settings.train_sha256 {
            Some(was) if *was != is => {
                Err(SweepError::Changed { path: dir.path().to_owned(), was: was.clone(), is }.into())
            }
            _ => Ok(sweep),
        }
    }

    /// Everything that decides the sweep.
    #[must_use]
    pub fn settings(&self) -> &SweepSettings {
        &self.settings
    }

    /// Every trial, in the order in which they begin.
    #[must_use]
    pub fn trials(&self) -> &[Trial] {
        &self.plan.trials
    }

    /// How many combinations of values there are.
    #[must_use]
    pub fn combinations(&self) -> usize {
        self.plan.combinations.len()
    }

    /// The training images, those held out among them.
    #[must_use]
    pub fn images(&self) -> &Dataset {
        &self.collection.train
    }

    /// The images without their test images, with what was left out and how they were read.
    #[must_use]
    pub fn collection(&self) -> &Collection {
        &self.collection
    }

    /// Whether there are test images, on which the best could be measured.
    #[must_use]
    pub fn has_test(&self) -> bool {
        self.test.is_some()
    }

    /// Runs every trial that is not over, and writes the results. Stops, with all that is running saved, when `stop` is
    /// set.
    ///
    /// # Errors
    /// If a file cannot be read or written. A trial that diverges is a result, and no error.
    pub fn run(
        &self,
        dir: &SweepDir,
        workers: &Workers,
        tell: &mut dyn FnMut(Event<'_>),
        stop: &AtomicBool,
    ) -> Result<SweepEnd, Error> {
        let text = toml::to_string_pretty(&self.settings).map_err(|error| {
            FolderError::io(&dir.file(SWEEP), "write")(std::io::Error::other(error.to_string()))
        })?;
        dir.write(SWEEP, text.as_bytes())?;
        let rule = self.settings.median_stop;
        let work = workers::Work::new(dir, &self.plan.trials, &self.collection, rule, workers, stop)?;
        let Some(records) = work.run(tell)? else { return Ok(SweepEnd::Stopped) };
        let mut results = self.results(&records, tell)?;
        let shape = self.images().images().shape();
        results::write_csv(&self.settings, &self.plan, &records, shape, dir)?;
        tell(Event::Phase(Phase::Reporting));
        match figure::write(&self.settings, &results, dir) {
            // What cannot be drawn is no reason to lose the results.
            Err(Error::Picture(error)) => results.notes.push(format!("{PICTURE} is left out: {error}")),
            written => written?,
        }
        results.write(dir)?;
        Ok(SweepEnd::Finished(Box::new(results)))
    }

    fn results(&self, records: &[Record], tell: &mut dyn FnMut(Event<'_>)) -> Result<Results, Error> {
        let settings = &self.settings;
        let (train, held) = hold_out(&self.collection.train, held_fraction(settings), split_seed(settings))?;
        let by = settings.metric();
        let perfect = by.perfect(held.images());
        let mut results = Results::new(settings, &self.plan, records, held.len(), perfect);
        if settings.varies(&LATENT) {
            let widths: Vec<usize> = results.rows.iter().map(|row| row.latent).collect();
            tell(Event::Phase(Phase::FittingPca));
            let mut progress = |done, total| tell(Event::Progress { done, total });
            let found = pca_baseline(train.images(), held.images(), &widths, &mut progress)?;
            let few = found.first().map(|pca| pca.images).filter(|&images| images < train.len());
            results
                .notes
                .extend(few.map(|images| format!("PCA was fitted on {images} of the training images")));
            let points = found.iter().map(|pca| PcaPoint { latent: pca.components, scores: pca.scores });
            results.pca = points.collect();
            let curve = figure::best_scores(&results);
            let log = figure::is_wide(curve.iter().map(|&(x, _)| x));
            // Of a metric of which more is better the curve is turned over: it is to fall.
            let turn = if by.better == Better::Higher { -1.0 } else { 1.0 };
            let falling: Vec<(f64, f64)> = curve.iter().map(|&(x, y)| (x, turn * y)).collect();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            // a whole number, kept in a double
            let at = elbow(&falling, log).map(|at| curve[at].0 as usize);
            results.elbow = at;
        }
        Ok(results)
    }

    /// Measures the best on the test images, once for each of its seeds, and adds it to `results.json`.
    ///
    /// # Errors
    /// If there is no best, or there are no test images, or a model cannot be read.
    pub fn test_best(
        &self,
        dir: &SweepDir,
        mut results: Results,
        cpu: &Cpu,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Results, Error> {
        let missing = |what: &'static str, got: &str| SweepError::Setting {
            what: TEST_BEST.to_string(),
            expected: what.to_owned(),
            got: got.to_owned(),
        };
        let best = results.best.ok_or_else(|| missing("a setting whose trials all finished", "none"))?;
        let test = self.test.as_ref().ok_or_else(|| missing("data with test images", "none"))?;
        let mut scores = Vec::new();
        let runs = &results.rows[best].runs;
        tell(Event::Phase(Phase::Evaluating));
        for run in runs {
            let model = Model::load(&dir.trial(run))?;
            scores.push(score_reconstructions(&model, test, cpu, &mut Silent)?.overall);
            tell(Event::Progress { done: scores.len(), total: runs.len() });
        }
        results.test = Some(TestScores { images: test.len(), scores: results::spreads(scores.iter()) });
        results.write(dir)?;
        Ok(results)
    }

    /// Makes the network of every combination: what does not fit these images is found before anything runs.
    fn try_networks(&self) -> Result<(), Error> {
        let mut few = self.collection.clone();
        few.train = few.train.take(FEW.min(self.collection.train.len()))?;
        let cpu = Cpu::from_environment(Some(1))?;
        let mut before = None;
        for trial in &self.plan.trials {
            // One of each combination.
            if before.replace(trial.combination) == Some(trial.combination) {
                continue;
            }
            let mut settings = trial.settings.clone();
            settings.data.val_fraction = None;
            Job::on(settings, few.clone(), cpu.clone()).map_err(|error| SweepError::Together {
                values: self.settings.words(&self.plan.combinations[trial.combination]),
                source: Box::new(error),
            })?;
        }
        Ok(())
    }
}

/// The settings were resolved: both are there.
fn held_fraction(settings: &SweepSettings) -> f64 {
    settings.base.data.val_fraction.unwrap_or_default()
}

fn split_seed(settings: &SweepSettings) -> u64 {
    settings.base.data.split_seed.unwrap_or(settings.base.training.seed)
}
