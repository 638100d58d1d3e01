//! [`Job`]: a whole run, from settings to a folder with a trained model, its figures and its report.

mod memory;
mod prepare;
mod repeat;
mod reporting;
mod summary;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tenun_engine::{Cpu, Network};

pub use prepare::{for_loss, layers};
pub use summary::Summary;

use crate::data::{self, Collection, Dataset, ImageRecord, OpenOptions, Progress};
use crate::doctor::{self, DoctorObserver, Finding, TrainingContext};
use crate::measure::{ScoreOn, Scored, score};
use crate::model::{DataInfo, ModelInfo, TrainingInfo};
use crate::run::{self, RunDir};
use crate::settings::{DataSettings, Settings};
use crate::train::{
    Checkpoint, End, EpochMetrics, Identity, Observer, Phase, State, TrainError, Trainer, best_epoch,
    read_metrics, write_metrics,
};
use crate::{Error, Model, file};

/// A run with everything checked and loaded, and nothing written yet.
pub struct Job {
    settings: Settings,
    collection: Collection,
    /// Images held out of training, where the validation curve does not come from the test images.
    held_out: Option<Dataset>,
    network: Network,
    initial: Vec<f32>,
    cpu: Cpu,
    notes: Vec<String>,
    /// Which images it trains on, holds out and is tested on.
    record: ImageRecord,
    /// Whether the record is that of a run that there is.
    has_record: bool,
    /// What is different in the data of a run that there is.
    change: Option<String>,
    /// Whether pictures and report are made at the end.
    with_report: bool,
    /// The most memory that the process is expected to hold while the run is made.
    memory: u64,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is complete: model, figures and report are there.
    Finished(Box<Summary>),
    /// It was stopped, and its checkpoint is there.
    Stopped {
        /// Whole epochs done.
        epoch: u32,
        /// Batches of the next epoch done.
        batch: usize,
    },
}

impl Job {
    /// Checks the settings, loads the data, makes the network and its initial weights.
    ///
    /// `progress` is told how far opening the data has come.
    ///
    /// # Errors
    /// What is wrong with settings, data, network or initial weights.
    pub fn new(settings: Settings, cpu: Cpu, progress: Progress<'_>) -> Result<Self, Error> {
        let open = |from: &DataSettings| data::open(&from.source, &OpenOptions::of(from, progress));
        prepare::job(settings, open, cpu, None)
    }

    /// As [`Self::new`], on images that are open already, which several jobs can share: those that [`OpenOptions::of`] the
    /// same settings give. Test images that are taken out of `collection` are never looked at; the scores at the end are
    /// then those of the images held out.
    ///
    /// # Errors
    /// What is wrong with settings, network or initial weights.
    pub fn on(settings: Settings, collection: Collection, cpu: Cpu) -> Result<Self, Error> {
        prepare::job(settings, |_| Ok(collection.clone()), cpu, None)
    }

    /// The same job without pictures and report; its figures are taken all the same. [`Self::report_again`] on the
    /// run opened as any other makes them.
    #[must_use]
    pub fn without_report(mut self) -> Self {
        self.with_report = false;
        self
    }

    /// The job of a run that there is, to go on with it, or to look at it again. It may be given more epochs.
    ///
    /// Its images are those that the run trained on, held out and was tested on, by their content, wherever they are in its
    /// data now; [`Self::change`] says what is different.
    ///
    /// # Errors
    /// As [`Self::new`]; [`data::DataError::Gone`] if those images are not there any more; that the run's data or settings changed is found by [`Self::resume`].
    pub fn open(run: &RunDir, epochs: Option<u32>, cpu: Cpu, progress: Progress<'_>) -> Result<Self, Error> {
        let mut settings = Settings::read(&run.file(run::CONFIG))?;
        settings.training.epochs = epochs.unwrap_or(settings.training.epochs);
        // The initial weights are in the checkpoint; their file may be gone.
        let mut init = settings.training.init.clone();
        if run.file(run::CHECKPOINT).is_file() {
            init = settings.training.init.take();
        }
        let record = ImageRecord::read(&run.file(run::IMAGES))?;
        let open = |from: &DataSettings| data::open(&from.source, &OpenOptions::of(from, progress));
        let mut job = prepare::job(settings, open, cpu, record)?;
        job.settings.training.init = init;
        Ok(job)
    }

    /// Every setting, resolved.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The command line that repeats the run.
    #[must_use]
    pub fn command(&self) -> String {
        repeat::command(&self.settings)
    }

    /// The data, without the images held out.
    #[must_use]
    pub fn collection(&self) -> &Collection {
        &self.collection
    }

    /// The images of the validation curve: those held out, else the test images.
    #[must_use]
    pub fn validation(&self) -> Option<&Dataset> {
        self.held_out.as_ref().or(self.collection.test.as_ref())
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What the user should know: how the data were read and split. Images that were left out are in [`Self::collection`].
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is different in the data of a run that there is, in words: images that are missing, or new.
    #[must_use]
    pub fn change(&self) -> Option<&str> {
        self.change.as_deref()
    }

    /// Which images it trains on, holds out and is tested on.
    #[must_use]
    pub fn record(&self) -> &ImageRecord {
        &self.record
    }

    /// An error if the images of a run that keeps no record of them, being of an earlier version, are not those its model
    /// was trained on: nobody knows then which of them were held out.
    ///
    /// # Errors
    /// [`data::DataError::Record`].
    pub fn must_be_of(&self, model: &Model, run: &RunDir) -> Result<(), Error> {
        let was = model.info().data.as_ref().map(|data| data.sha256.as_str());
        if self.has_record || was.is_none_or(|was| was == self.collection.train.sha256()) {
            return Ok(());
        }
        Err(data::DataError::Record {
            path: run.file(run::IMAGES),
            reason: "there is no such record of the run's images, and the training images are not those that its model \
                     was trained on: which images were held out is not known"
                .into(),
        }
        .into())
    }

    /// The images on which the figures at the end are taken, and what they are called: `test`, else `held-out`, else
    /// `training`.
    #[must_use]
    pub fn scored(&self) -> (&Dataset, &'static str) {
        match (&self.collection.test, &self.held_out) {
            (Some(test), _) => (test, "test"),
            (None, Some(held)) => (held, "held-out"),
            (None, None) => (&self.collection.train, "training"),
        }
    }

    /// Trains from the beginning, and writes everything into the folder.
    ///
    /// # Errors
    /// If training diverges, or a file cannot be written.
    pub fn run(
        &self,
        run: &RunDir,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
    ) -> Result<Outcome, Error> {
        self.train(run, State::new(self.initial.clone(), &self.settings.training), observer, stop)
    }

    /// Goes on from the folder's checkpoint, or from the beginning if the run was stopped before there was one.
    ///
    /// # Errors
    /// [`TrainError::Changed`] if data or settings are not those of the checkpoint, and as [`Self::run`].
    pub fn resume(
        &self,
        run: &RunDir,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
    ) -> Result<Outcome, Error> {
        let path = run.file(run::CHECKPOINT);
        if !path.is_file() {
            return self.run(run, observer, stop);
        }
        let checkpoint = Checkpoint::read(&path, &self.network, self.settings.training.optimizer)?;
        if let Some(change) = &self.change {
            return Err(TrainError::Changed {
                path: run.path().to_owned(),
                what: "the training images".into(),
                was: "those that the run began with".into(),
                is: change.clone(),
            }
            .into());
        }
        checkpoint.must_be(&self.identity(), run.path())?;
        let batches = self.collection.train.len().div_ceil(self.settings.training.batch_size);
        checkpoint.check(&path, batches, self.settings.training.epochs)?;
        self.train(run, checkpoint.state, observer, stop)
    }

    fn identity(&self) -> Identity {
        let (train, validation) =
            rayon::join(|| self.collection.train.sha256(), || self.validation().map(Dataset::sha256));
        Identity::new(&self.settings, train, validation)
    }

    fn train(
        &self,
        run: &RunDir,
        mut state: State,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
    ) -> Result<Outcome, Error> {
        write(&run.file(run::CONFIG), self.settings.to_toml().as_bytes())?;
        self.record.write(&run.file(run::IMAGES))?;
        let (metrics_path, checkpoint_path) = (run.file(run::METRICS), run.file(run::CHECKPOINT));
        let mut metrics = read_metrics(&metrics_path)?;
        // A line of an epoch whose checkpoint was not written any more is made again.
        metrics.truncate(state.epoch as usize);
        write_metrics(&metrics_path, &metrics)?;
        let identity = self.identity();
        let validation = self.validation().map(Dataset::images);
        let mut doctor = DoctorObserver::new(self.context(), metrics.clone(), observer);
        let mut trainer = Trainer::new(
            &self.network,
            &self.settings.training,
            self.collection.train.images(),
            validation,
            &self.cpu,
        )?;
        let mut save = |state: &State, epoch: Option<&EpochMetrics>| {
            if let Some(epoch) = epoch {
                metrics.push(epoch.clone());
                write_metrics(&metrics_path, &metrics)?;
            }
            Checkpoint::write(&identity, state, &checkpoint_path)
        };
        save(&state, None)?;
        let end = trainer
            .run(&mut state, &mut doctor, stop, &mut save)
            .inspect_err(|error| doctor.failed(error))?;
        if end == End::Stopped {
            return Ok(Outcome::Stopped { epoch: state.epoch, batch: state.batch });
        }
        let best_epoch = state.best.map_or(state.epoch, |(epoch, _)| epoch);
        let kept_epoch = if self.settings.training.patience.is_some() { best_epoch } else { state.epoch };
        // The plan and all else that training held goes before anything is measured.
        let model = Model::new(self.network.clone(), trainer.into_kept(state), self.info(kept_epoch));
        model.save(&run.file(run::MODEL))?;
        let summary = self.finish(run, &model, &metrics, best_epoch, &mut doctor)?;
        doctor.tell(&summary.warnings);
        Ok(Outcome::Finished(Box::new(summary)))
    }

    fn info(&self, epoch: u32) -> ModelInfo {
        let train = &self.collection.train;
        let training = &self.settings.training;
        ModelInfo {
            data: Some(DataInfo {
                name: train.name().to_owned(),
                sha256: train.sha256(),
                classes: train.labels().map_or_else(Vec::new, |labels| labels.names().to_vec()),
            }),
            training: Some(TrainingInfo { loss: training.loss, seed: training.seed, epoch }),
            ..ModelInfo::new(self.settings.network.preset.clone())
        }
    }

    /// Takes the figures and makes the report of a trained model.
    fn finish(
        &self,
        run: &RunDir,
        model: &Model,
        metrics: &[EpochMetrics],
        best_epoch: u32,
        observer: &mut dyn Observer,
    ) -> Result<Summary, Error> {
        let scored = self.score(model, observer)?;
        let mut summary = Summary::new(model, metrics, best_epoch, scored.model.clone());
        summary.warnings = self.diagnose(model, metrics, &scored);
        if self.with_report {
            observer.phase(Phase::Reporting);
            reporting::write(self, run, model, metrics, &scored, &summary, observer)?;
        }
        // Last, so that a run with a summary has everything.
        let json = serde_json::to_vec_pretty(&summary).unwrap_or_default();
        write(&run.file(run::SUMMARY), &json)?;
        Ok(summary)
    }

    /// The scores of a trained model.
    fn score(&self, model: &Model, observer: &mut dyn Observer) -> Result<Scored, Error> {
        let (set, called) = self.scored();
        let (train, seed) = (self.collection.train.images(), self.settings.training.seed);
        // Of images that are gone the run remembers the mean all the same.
        let mean = Some(self.record.mean_image());
        Ok(score(model, &ScoreOn { set, called, train, mean: mean.as_deref(), seed }, &self.cpu, observer)?)
    }

    fn context(&self) -> TrainingContext<'_> {
        TrainingContext {
            network: &self.network,
            settings: &self.settings.training,
            train: self.collection.train.images(),
            cpu: &self.cpu,
        }
    }

    /// What the doctor says of a trained model.
    fn diagnose(&self, model: &Model, metrics: &[EpochMetrics], scored: &Scored) -> Vec<Finding> {
        doctor::examine(self.context(), metrics, model.parameters(), Some(&scored.model))
    }

    /// Bytes of memory that the process is going to hold at most, images, measuring and report included: an estimate, made to
    /// be at most 15 % above what comes, and never below.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// Examines a finished run again: what the doctor says of it.
    ///
    /// # Errors
    /// If the run has no model yet, or a file cannot be read.
    pub fn examine(&self, run: &RunDir, observer: &mut dyn Observer) -> Result<Vec<Finding>, Error> {
        let model = Model::load(&run.file(run::MODEL))?;
        self.must_be_of(&model, run)?;
        let metrics = read_metrics(&run.file(run::METRICS))?;
        let scored = self.score(&model, observer)?;
        Ok(self.diagnose(&model, &metrics, &scored))
    }

    /// Makes figures and report of a finished run again, and returns the report's path.
    ///
    /// # Errors
    /// If the run has no model yet, or a file cannot be read or written.
    pub fn report_again(&self, run: &RunDir, observer: &mut dyn Observer) -> Result<PathBuf, Error> {
        let model = Model::load(&run.file(run::MODEL))?;
        self.must_be_of(&model, run)?;
        let metrics = read_metrics(&run.file(run::METRICS))?;
        let best = best_epoch(&self.settings.training, &metrics);
        self.finish(run, &model, &metrics, best, observer)?;
        Ok(run.file(run::REPORT))
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    file::write_bytes(path, bytes).map_err(TrainError::io(path, "write"))
}
