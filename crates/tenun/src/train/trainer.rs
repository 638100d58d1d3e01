//! [`Trainer`]: the loop.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rayon::prelude::*;
use tenun_engine::optimizer::{clip, norm};
use tenun_engine::{
    Batch, Cpu, ForwardPlan, Horizon, Images as Source, Network, Optimizer, Philox, Purpose, TrainingPlan,
};

use super::{BatchProgress, COMPARED, EpochMetrics, Observer, Phase, StepMonitor, TrainError, update_ratio};
use crate::data::Images;
use crate::settings::TrainingSettings;

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All epochs are done.
    Finished,
    /// Early stopping: the validation loss did not improve for as many epochs as `patience` allows.
    Early,
    /// It was asked to stop, and can be resumed from its state.
    Stopped,
}

/// Saves the state: after each epoch, with its metrics, and when training is stopped, without.
pub(crate) type Save<'a> = dyn FnMut(&State, Option<&EpochMetrics>) -> Result<(), TrainError> + 'a;

/// The state of training: everything that changes while it runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) parameters: Vec<f32>,
    pub(crate) optimizer: Optimizer,
    /// The parameters with the best validation loss so far; those at the start before the first epoch ends.
    pub(crate) best_parameters: Vec<f32>,
    /// The epoch of those, from 1, and its loss.
    pub(crate) best: Option<(u32, f64)>,
    /// Whole epochs done.
    pub(crate) epoch: u32,
    /// Batches of the next epoch done.
    pub(crate) batch: usize,
    /// The sum of the losses of the images in these batches.
    pub(crate) loss_sum: f64,
    /// The sums of what layers added to these losses; empty before the first batch.
    pub(crate) term_sums: Vec<f64>,
    /// Seconds that these batches took.
    pub(crate) train_seconds: f64,
    /// Gradient norms and update ratios of the epoch so far.
    pub(crate) steps: StepMonitor,
}

impl State {
    pub(crate) fn new(parameters: Vec<f32>, settings: &TrainingSettings) -> Self {
        Self {
            optimizer: Optimizer::new(settings.optimizer, parameters.len()),
            best_parameters: parameters.clone(),
            parameters,
            best: None,
            epoch: 0,
            batch: 0,
            loss_sum: 0.0,
            term_sums: Vec::new(),
            train_seconds: 0.0,
            steps: StepMonitor::default(),
        }
    }
}

/// Trains one network on one set of images.
///
/// A whole run, with its folder and report, is a [`crate::job::Job`]; this is the loop inside it.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use tenun::data::Images;
/// use tenun::engine::{Cpu, Network, Shape};
/// use tenun::{preset, settings::TrainingSettings, train::{Silent, Trainer}};
///
/// let images = Images::new(Shape::new(1, 8, 8), (0..64 * 40).map(|i| (i * 7 % 256) as u8).collect()).unwrap();
/// let network = Network::new(&preset::find("cae")?.spec(images.shape()))?;
/// let settings = TrainingSettings { epochs: 2, batch_size: 16, ..TrainingSettings::default() };
/// let mut trainer = Trainer::new(&network, &settings, &images, None, &Cpu::from_environment(Some(1))?)?;
/// let parameters = trainer.fit(network.initialise(settings.seed), &mut Silent, &AtomicBool::new(false))?;
/// assert_eq!(parameters.len(), network.parameter_count());
/// # Ok::<(), tenun::Error>(())
/// ```
pub struct Trainer<'a> {
    network: &'a Network,
    settings: &'a TrainingSettings,
    train: &'a Images,
    validation: Option<&'a Images>,
    cpu: Cpu,
    plan: TrainingPlan,
    losses: Option<ForwardPlan>,
    gradient: Vec<f32>,
    /// The weights before a step whose update ratio is taken.
    before: Vec<f32>,
    batch_losses: Vec<f32>,
    /// What layers add to them, `[image][term]`.
    batch_terms: Vec<f32>,
    val_losses: Vec<f32>,
    augmented: Option<Augmented>,
}

/// The images of a batch, augmented.
struct Augmented {
    pixels: Vec<u8>,
    /// 0, 1, 2 …
    indices: Vec<u32>,
}

impl Augmented {
    fn new(batch: usize, images: &Images) -> Self {
        let indices = (0..u32::try_from(batch).expect("fewer than 2^32 images")).collect();
        Self { pixels: vec![0; batch * images.shape().len()], indices }
    }

    /// Changes the images at `indices`.
    fn fill(&mut self, settings: &TrainingSettings, epoch: u32, indices: &[u32], images: &Images) {
        let shape = images.shape();
        let to = self.pixels.par_chunks_exact_mut(shape.len()).zip(indices);
        to.for_each(|(to, &index)| {
            settings.augment.apply(settings.seed, epoch, index, shape, images.image(index as usize), to);
        });
    }

    /// So many of them.
    fn batch(&self, count: usize) -> (Source<'_>, &[u32]) {
        (Source::Bytes(&self.pixels), &self.indices[..count])
    }
}

impl<'a> Trainer<'a> {
    /// Compiles the plans; `validation` gives the validation curve.
    ///
    /// # Errors
    /// [`TrainError::NoImages`], or [`TrainError::Plan`] if the loss does not suit the network.
    ///
    /// # Panics
    /// If the images have another shape than the network takes, or the settings were not checked.
    pub fn new(
        network: &'a Network,
        settings: &'a TrainingSettings,
        train: &'a Images,
        validation: Option<&'a Images>,
        cpu: &Cpu,
    ) -> Result<Self, TrainError> {
        if train.is_empty() {
            return Err(TrainError::NoImages);
        }
        assert_eq!(train.shape(), network.input(), "shape of the images");
        assert!(settings.batch_size > 0 && settings.epochs > 0, "settings were not checked");
        let cpu = cpu.without(&settings.without);
        let plan = TrainingPlan::new(network, settings.loss, &cpu)?;
        // Where training corrupts the images, so does validation, the same way after every epoch: another task would
        // not tell when to stop.
        let validate = || ForwardPlan::reconstruct_corrupted(network, settings.loss, settings.seed, &cpu);
        let losses = validation.map(|_| validate()).transpose()?;
        let batch_size = settings.batch_size.min(train.len());
        Ok(Self {
            network,
            settings,
            train,
            validation,
            losses,
            gradient: vec![0.0; network.parameter_count()],
            before: vec![0.0; network.parameter_count()],
            batch_losses: vec![0.0; batch_size],
            batch_terms: vec![0.0; batch_size * plan.terms().len()],
            plan,
            cpu,
            val_losses: vec![0.0; validation.map_or(0, Images::len)],
            augmented: (!settings.augment.is_none()).then(|| Augmented::new(batch_size, train)),
        })
    }

    /// Bytes of all buffers for activations and gradients.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.plan.memory()
    }

    /// Trains `parameters` and returns them: those after the last epoch, or with a patience those of the epoch
    /// with the best validation loss. Ends after the batch at hand when `stop` is set.
    ///
    /// # Errors
    /// [`TrainError::NonFinite`] if training diverges.
    pub fn fit(
        &mut self,
        parameters: Vec<f32>,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
    ) -> Result<Vec<f32>, TrainError> {
        let mut state = State::new(parameters, self.settings);
        self.run(&mut state, observer, stop, &mut |_, _| Ok(()))?;
        Ok(kept(self.settings, state))
    }

    /// The parameters that a run keeps: the last, or with a patience the best. All else is dropped.
    pub(crate) fn into_kept(self, state: State) -> Vec<f32> {
        kept(self.settings, state)
    }

    /// Goes on from `state`. `save` is called after each epoch with its metrics, and with none when stopped.
    pub(crate) fn run(
        &mut self,
        state: &mut State,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
        save: &mut Save<'_>,
    ) -> Result<End, TrainError> {
        while state.epoch < self.settings.epochs {
            if self.is_out_of_patience(state) {
                return Ok(End::Early);
            }
            let Some(learning_rate) = self.epoch(state, observer, stop)? else {
                save(state, None)?;
                return Ok(End::Stopped);
            };
            let metrics = self.finish_epoch(state, observer, learning_rate);
            save(state, Some(&metrics))?;
            observer.epoch_ends(&metrics);
            observer.epoch_weights(&metrics, &state.parameters);
        }
        Ok(End::Finished)
    }

    fn is_out_of_patience(&self, state: &State) -> bool {
        match (self.settings.patience, state.best) {
            (Some(patience), Some((best, _))) => state.epoch - best >= patience,
            _ => false,
        }
    }

    fn horizon(&self) -> Horizon {
        Horizon { steps_per_epoch: self.batches() as u64, epochs: u64::from(self.settings.epochs) }
    }

    fn batches(&self) -> usize {
        self.train.len().div_ceil(self.settings.batch_size)
    }

    /// Trains to the end of an epoch and returns the last learning rate; none if it was stopped before.
    fn epoch(
        &mut self,
        state: &mut State,
        observer: &mut dyn Observer,
        stop: &AtomicBool,
    ) -> Result<Option<f64>, TrainError> {
        let started = Instant::now();
        let before = state.train_seconds;
        let settings = self.settings;
        let (images, batches) = (self.train.len(), self.batches());
        observer.epoch_begins(state.epoch + 1, settings.epochs, batches);
        let order = if settings.shuffle {
            Philox::new(settings.seed, Purpose::Shuffle).permutation(images, state.epoch)
        } else {
            (0..u32::try_from(images).expect("fewer than 2^32 images")).collect()
        };
        let mut rate = 0.0;
        for (number, indices) in order.chunks(settings.batch_size).enumerate().skip(state.batch) {
            if stop.load(Ordering::Relaxed) {
                self.check_parameters(state)?;
                return Ok(None);
            }
            let whole = Batch {
                images: Source::Bytes(self.train.pixels()),
                indices,
                numbers: indices,
                seed: settings.seed,
                epoch: state.epoch,
            };
            let batch = match &mut self.augmented {
                Some(augmented) => {
                    augmented.fill(settings, state.epoch, indices, self.train);
                    let (images, indices) = augmented.batch(indices.len());
                    Batch { images, indices, ..whole }
                }
                None => whole,
            };
            let losses = &mut self.batch_losses[..indices.len()];
            let count = self.plan.terms().len();
            let terms = &mut self.batch_terms[..indices.len() * count];
            self.plan.gradient(&state.parameters, &batch, &mut self.gradient, losses, terms);
            let sum: f64 = losses.iter().map(|&loss| f64::from(loss)).sum();
            state.term_sums.resize(count, 0.0);
            for of_image in terms.chunks_exact(count.max(1)) {
                state.term_sums.iter_mut().zip(of_image).for_each(|(sum, &term)| *sum += f64::from(term));
            }
            // A term that is no number is told as a loss that is none.
            let sum = if state.term_sums.iter().all(|term| term.is_finite()) { sum } else { f64::NAN };
            if !sum.is_finite() {
                return Err(TrainError::NonFinite {
                    epoch: state.epoch + 1,
                    batch: number + 1,
                    what: "the loss".to_owned(),
                    value: sum,
                    last_good: state.epoch,
                });
            }
            let fresh = self.network.follow(
                &state.parameters,
                &mut self.gradient,
                indices.len(),
                settings.seed,
                state.optimizer.steps(),
            );
            let norm = match settings.clip_norm {
                Some(most) => clip(&mut self.gradient, most),
                None => norm(&self.gradient),
            };
            let is_compared = number.is_multiple_of(COMPARED);
            if is_compared {
                self.before.copy_from_slice(&state.parameters);
            }
            rate = settings.learning_rate * settings.schedule.share(state.optimizer.steps(), self.horizon());
            state.optimizer.step_on(&self.cpu, &mut state.parameters, &self.gradient, rate);
            state.steps.step(
                norm,
                is_compared.then(|| update_ratio(&self.before, &state.parameters, fresh.ranges())),
            );
            fresh.set(&mut state.parameters);
            state.loss_sum += sum;
            state.batch += 1;
            state.train_seconds = before + started.elapsed().as_secs_f64();
            let images_done = (state.batch * settings.batch_size).min(images);
            observer.batch_ends(&BatchProgress {
                epoch: state.epoch + 1,
                batch: state.batch,
                batches,
                images_done,
                images_total: images,
                mean_loss: state.loss_sum / images_done as f64,
            });
        }
        self.check_parameters(state)?;
        Ok(Some(rate))
    }

    /// A checkpoint never holds a weight that is not finite.
    fn check_parameters(&self, state: &State) -> Result<(), TrainError> {
        let Some(at) = state.parameters.iter().position(|x| !x.is_finite()) else { return Ok(()) };
        let parameters = self.network.parameters();
        let what = parameters.iter().find(|p| p.range.contains(&at)).map_or("a weight", |p| p.name.as_str());
        Err(TrainError::NonFinite {
            epoch: state.epoch + 1,
            batch: state.batch,
            what: what.to_owned(),
            value: f64::from(state.parameters[at]),
            last_good: state.epoch,
        })
    }

    /// Validates, and prepares the state for the next epoch.
    fn finish_epoch(
        &mut self,
        state: &mut State,
        observer: &mut dyn Observer,
        learning_rate: f64,
    ) -> EpochMetrics {
        let started = Instant::now();
        let val_loss = match (&mut self.losses, self.validation) {
            (Some(plan), Some(images)) => {
                observer.phase(Phase::Validating);
                plan.losses(&state.parameters, Source::Bytes(images.pixels()), &mut self.val_losses);
                Some(self.val_losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / images.len() as f64)
            }
            _ => None,
        };
        state.epoch += 1;
        let metrics = EpochMetrics {
            epoch: state.epoch,
            train_loss: state.loss_sum / self.train.len() as f64,
            val_loss,
            train_seconds: state.train_seconds,
            val_seconds: if val_loss.is_some() { started.elapsed().as_secs_f64() } else { 0.0 },
            learning_rate,
            terms: {
                let means = state.term_sums.iter().map(|sum| sum / self.train.len() as f64);
                let mut terms: BTreeMap<_, _> = self.plan.terms().iter().cloned().zip(means).collect();
                if let [codebook] = self.network.codebooks(&state.parameters)[..] {
                    terms.insert("ema_perplexity".to_owned(), codebook.perplexity);
                    terms.insert("ema_codes_used".to_owned(), codebook.used as f64);
                }
                terms
            },
            steps: state.steps.finish_epoch(),
        };
        let loss = metrics.monitored_loss();
        if improves(self.settings, loss, state.best) {
            state.best = Some((state.epoch, loss));
            state.best_parameters.copy_from_slice(&state.parameters);
        }
        (state.batch, state.loss_sum, state.train_seconds) = (0, 0.0, 0.0);
        state.term_sums.clear();
        metrics
    }
}

/// The parameters that a run keeps, out of its state.
fn kept(settings: &TrainingSettings, state: State) -> Vec<f32> {
    match (settings.patience, state.best) {
        (Some(_), Some(_)) => state.best_parameters,
        _ => state.parameters,
    }
}

/// Whether an epoch with this loss is better than the best before it: an epoch, and its loss.
fn improves(settings: &TrainingSettings, loss: f64, best: Option<(u32, f64)>) -> bool {
    best.is_none_or(|(_, best)| loss < best - settings.min_delta)
}

/// The best of the epochs of a run; 0 if there are none.
pub(crate) fn best_epoch(settings: &TrainingSettings, epochs: &[EpochMetrics]) -> u32 {
    let better = |best, epoch: &EpochMetrics| match epoch.monitored_loss() {
        loss if improves(settings, loss, best) => Some((epoch.epoch, loss)),
        _ => best,
    };
    epochs.iter().fold(None, better).map_or(0, |(epoch, _)| epoch)
}
