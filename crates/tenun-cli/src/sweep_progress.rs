//! [`SweepProgress`]: how a sweep goes, as a line a run, with a bar of all epochs on a terminal, as JSON for machines.

use serde::Serialize;
use tenun::measure::Metric;
use tenun::sweep::{Event, Record, State};
use tenun::train::Observer;

use crate::activity::Activity;
use crate::live::Line;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::text::{count, counted, duration};

/// Tells the user how a sweep goes.
pub(crate) struct SweepProgress<'a> {
    printer: &'a Printer,
    /// All epochs of all runs, while they are trained.
    training: Option<Activity<'a>>,
    /// Epochs done, and those there are.
    epochs: (u64, u64),
    trials: usize,
    /// What comes after the runs.
    after: Progress<'a>,
    /// The metric that is told of a run.
    by: &'static Metric,
}

impl<'a> SweepProgress<'a> {
    pub(crate) fn new(printer: &'a Printer, by: &'static Metric) -> Self {
        Self { printer, training: None, epochs: (0, 0), trials: 0, after: Progress::new(printer), by }
    }

    pub(crate) fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Sweep { trials, done, epochs } => self.begins(trials, done, epochs),
            Event::Begins { trial, .. } => {
                self.printer.detail(format_args!("{}: training begins", trial.name))
            }
            Event::Epoch { trial, metrics, .. } => {
                let loss = metrics.val_loss.unwrap_or(metrics.train_loss);
                let epochs = trial.epochs();
                self.printer.detail(format_args!(
                    "{}: epoch {}/{epochs}  val loss {loss:.5}",
                    trial.name, metrics.epoch
                ));
                self.goes_on(1, &trial.name);
            }
            Event::Ends { number, trial, record, done } => {
                // Epochs of a run that ended early need not be waited for.
                self.goes_on(trial.epochs().saturating_sub(record.epochs), &trial.name);
                self.ends(number, &trial.name, record, done);
            }
            Event::Phase(phase) => {
                self.training = None;
                self.after.phase(phase);
            }
            Event::Progress { done, total } => self.after.progress(done, total),
        }
    }

    fn begins(&mut self, trials: usize, done: usize, epochs: u64) {
        self.trials = trials;
        self.epochs = (0, epochs);
        if done > 0 {
            self.printer.note(format_args!("{done} of {} are complete already", counted(trials, "run")));
        }
        if done < trials {
            self.training =
                Some(Activity::new(self.printer, format!("training {}", counted(trials - done, "run"))));
        }
    }

    /// So many epochs more are done.
    fn goes_on(&mut self, epochs: u32, run: &str) {
        self.epochs.0 += u64::from(epochs);
        let [done, total] =
            [self.epochs.0, self.epochs.1].map(|epochs| usize::try_from(epochs).unwrap_or(usize::MAX));
        if let Some(training) = &self.training {
            training.progress_with(done, total, || {
                let epochs = format!("{}/{} epochs", count(done), count(total));
                Line::new(training.what()).fact(1, epochs).fact(0, run)
            });
        }
    }

    fn ends(&self, number: usize, run: &str, record: &Record, done: usize) {
        let trials = self.trials;
        if self.printer.voice().json {
            self.printer.object("trial", &TrialLine { number, run, done, trials, record });
            return;
        }
        let width = trials.to_string().len();
        self.printer.note(format_args!(
            "{done:>width$}/{trials}  {run}  {}  {}",
            self.told(record),
            duration(record.seconds)
        ));
    }

    fn told(&self, record: &Record) -> String {
        let after = counted(record.epochs as usize, "epoch");
        let score = record.scores.and_then(|scores| scores.get(self.by));
        match (record.state, score) {
            (State::Finished, Some(value)) => format!("{} {}", self.by.label, self.by.text(value)),
            (State::Finished, _) => format!("done after {after}"),
            (State::Stopped, _) => format!("stopped early after {after}"),
            (State::Diverged, _) => format!("diverged after {after}"),
        }
    }
}

/// A line of JSON for a run that is over.
#[derive(Serialize)]
struct TrialLine<'a> {
    number: usize,
    run: &'a str,
    done: usize,
    trials: usize,
    #[serde(flatten)]
    record: &'a Record,
}
