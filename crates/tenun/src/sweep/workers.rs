//! The trials of a sweep, side by side.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tenun_engine::Cpu;

use super::folder::{Record, State, SweepDir};
use super::plan::Trial;
use super::{Event, MedianStop};
use crate::Error;
use crate::data::Collection;
use crate::job::{Job, Outcome};
use crate::run::{self, RunDir};
use crate::train::{BatchProgress, EpochMetrics, Observer, TrainError, read_metrics};

/// How many trials run at once, and on what.
#[derive(Clone, Debug)]
pub struct Workers {
    /// Trials at once: at least 1.
    pub parallel: usize,
    /// The processor of each: its threads are a trial's.
    pub cpu: Cpu,
}

/// What all workers share.
pub(super) struct Work<'a> {
    pub(super) dir: &'a SweepDir,
    pub(super) trials: &'a [Trial],
    pub(super) collection: &'a Collection,
    pub(super) rule: Option<MedianStop>,
    pub(super) workers: &'a Workers,
    /// Set by whoever wants all of it to stop.
    pub(super) stop: &'a AtomicBool,
    /// Least validation losses so far, `[trial][epoch]`.
    best: Mutex<Vec<Vec<f64>>>,
    /// Set when a trial failed: the others stop, and save.
    failed: AtomicBool,
}

/// A message of a worker: its trial, and what happened.
enum Message {
    Begins(usize),
    Epoch(usize, EpochMetrics),
    Ends(usize, Record),
}

impl<'a> Work<'a> {
    pub(super) fn new(
        dir: &'a SweepDir,
        trials: &'a [Trial],
        collection: &'a Collection,
        rule: Option<MedianStop>,
        workers: &'a Workers,
        stop: &'a AtomicBool,
    ) -> Result<Self, Error> {
        let read = |trial: &Trial| losses(&dir.trial(&trial.name)).map(|losses| running_best(&losses));
        let best = trials.iter().map(read).collect::<Result<_, _>>()?;
        let failed = AtomicBool::new(false);
        Ok(Self { dir, trials, collection, rule, workers, stop, best: Mutex::new(best), failed })
    }

    /// Runs the trials that are not over; none of the records where it was stopped before all were.
    pub(super) fn run(&self, tell: &mut dyn FnMut(Event<'_>)) -> Result<Option<Vec<Record>>, Error> {
        let records: Vec<Option<Record>> =
            self.trials.iter().map(|trial| self.dir.record(&trial.name)).collect::<Result<_, _>>()?;
        let pending: Vec<usize> = (0..records.len()).filter(|&at| records[at].is_none()).collect();
        let epochs = {
            let best = self.best.lock().unwrap_or_else(PoisonError::into_inner);
            let left =
                |&at: &usize| u64::from(self.trials[at].epochs()).saturating_sub(best[at].len() as u64);
            pending.iter().map(left).sum()
        };
        tell(Event::Sweep { trials: self.trials.len(), done: records.len() - pending.len(), epochs });
        let mut records = records;
        let next = AtomicUsize::new(0);
        let error: Mutex<Option<Error>> = Mutex::new(None);
        thread::scope(|scope| {
            let (sender, messages) = channel();
            for _ in 0..self.workers.parallel.clamp(1, pending.len().max(1)) {
                let (sender, next, pending, error) = (sender.clone(), &next, &pending, &error);
                scope.spawn(move || {
                    while let Some(&trial) = pending.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if self.halts() {
                            return;
                        }
                        if let Err(why) = self.trial(trial, &sender) {
                            self.failed.store(true, Ordering::Relaxed);
                            error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for message in messages {
                match message {
                    Message::Begins(at) => tell(Event::Begins { number: at + 1, trial: &self.trials[at] }),
                    Message::Epoch(at, metrics) => {
                        tell(Event::Epoch { number: at + 1, trial: &self.trials[at], metrics });
                    }
                    Message::Ends(at, record) => {
                        let done = records.iter().flatten().count() + 1;
                        let trial = &self.trials[at];
                        tell(Event::Ends { number: at + 1, trial, record: &record, done });
                        records[at] = Some(record);
                    }
                }
            }
        });
        match error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(records.into_iter().collect()),
        }
    }

    fn halts(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.failed.load(Ordering::Relaxed)
    }

    fn is_behind(&self, at: usize) -> bool {
        let best = self.best.lock().unwrap_or_else(PoisonError::into_inner);
        let epochs = self.trials[at].settings.training.epochs as usize;
        // After its last epoch there is nothing left to save.
        best[at].len() < epochs && self.rule.is_some_and(|rule| rule.stops(&best, at))
    }

    /// One trial, from where it stands to its end, or to where it is stopped.
    fn trial(&self, at: usize, sender: &Sender<Message>) -> Result<(), Error> {
        let trial = &self.trials[at];
        // Nobody listens any more only when the program ends: then it does not matter.
        let send = |message| drop(sender.send(message));
        send(Message::Begins(at));
        let folder = self.dir.trial(&trial.name);
        let run = if folder.join(run::CONFIG).is_file() {
            RunDir::open(&folder)?
        } else {
            RunDir::create(&self.dir.clear_trial(&trial.name)?, false)?
        };
        let cpu = self.workers.cpu.clone();
        let job = Job::on(trial.settings.clone(), self.collection.clone(), cpu)?.without_report();
        let halt = AtomicBool::new(false);
        let mut watcher = Watcher { work: self, at, sender, halt: &halt, behind: false };
        // It may have been judged, and the program killed before that was written down.
        watcher.behind = self.is_behind(at);
        let outcome = if watcher.behind {
            Ok(Outcome::Stopped { epoch: 0, batch: 0 })
        } else {
            job.resume(&run, &mut watcher, &halt)
        };
        let behind = watcher.behind;
        let network = job.network();
        let over = |state| -> Result<Record, Error> {
            let metrics = read_metrics(&folder.join(run::METRICS))?;
            let losses: Vec<f64> = metrics.iter().map(EpochMetrics::monitored_loss).collect();
            Ok(Record {
                state,
                epochs: metrics.last().map_or(0, |line| line.epoch),
                best_loss: running_best(&losses).last().copied(),
                scores: None,
                parameters: network.parameter_count(),
                latent: network.latent().len(),
                // From zero: the sum of nothing is −0.
                seconds: metrics.iter().fold(0.0, |sum, line| sum + line.train_seconds + line.val_seconds),
            })
        };
        let record = match outcome {
            Ok(Outcome::Finished(summary)) => {
                Record { scores: Some(summary.model.scores.overall), ..over(State::Finished)? }
            }
            Ok(Outcome::Stopped { .. }) if behind => over(State::Stopped)?,
            Ok(Outcome::Stopped { .. }) => return Ok(()),
            // A setting that diverges is a result, and not the end of the sweep.
            Err(Error::Train(TrainError::NonFinite { .. })) => over(State::Diverged)?,
            Err(error) => return Err(error),
        };
        self.dir.write_record(&trial.name, &record)?;
        send(Message::Ends(at, record));
        Ok(())
    }
}

/// Keeps the losses, asks the rule, and hands on that everything is to stop.
struct Watcher<'a> {
    work: &'a Work<'a>,
    at: usize,
    sender: &'a Sender<Message>,
    halt: &'a AtomicBool,
    behind: bool,
}

impl Observer for Watcher<'_> {
    fn batch_ends(&mut self, _: &BatchProgress) {
        if self.work.halts() {
            self.halt.store(true, Ordering::Relaxed);
        }
    }

    fn epoch_ends(&mut self, metrics: &EpochMetrics) {
        {
            let mut best = self.work.best.lock().unwrap_or_else(PoisonError::into_inner);
            let best = &mut best[self.at];
            // An epoch whose checkpoint was lost is done again.
            best.truncate(metrics.epoch as usize - 1);
            let before = best.last().copied().unwrap_or(f64::INFINITY);
            best.push(metrics.monitored_loss().min(before));
        }
        drop(self.sender.send(Message::Epoch(self.at, metrics.clone())));
        if self.work.is_behind(self.at) {
            self.behind = true;
            self.halt.store(true, Ordering::Relaxed);
        }
    }
}

fn losses(folder: &Path) -> Result<Vec<f64>, TrainError> {
    let metrics = read_metrics(&folder.join(run::METRICS))?;
    Ok(metrics.iter().map(EpochMetrics::monitored_loss).collect())
}

fn running_best(losses: &[f64]) -> Vec<f64> {
    let least = |best: &mut f64, &loss: &f64| {
        *best = best.min(loss);
        Some(*best)
    };
    losses.iter().scan(f64::INFINITY, least).collect()
}
