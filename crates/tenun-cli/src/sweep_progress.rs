//! [`SweepProgress`]: how a sweep goes, as a line a run, with a bar of all epochs on a terminal, as JSON for machines.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tenun::engine::Loss;
use tenun::sweep::{Event, Record, State};

use crate::printer::Printer;
use crate::text::{counted, duration};

/// The time left changes at most this often: more cannot be read.
const PAUSE: Duration = Duration::from_millis(200);

/// Tells the user how a sweep goes.
pub(crate) struct SweepProgress<'a> {
    printer: &'a Printer,
    bar: Option<ProgressBar>,
    trials: usize,
    /// The measure that is told of a run.
    by: Loss,
}

impl<'a> SweepProgress<'a> {
    pub(crate) fn new(printer: &'a Printer, by: Loss) -> Self {
        Self { printer, bar: None, trials: 0, by }
    }

    pub(crate) fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Sweep { trials, done, epochs } => self.begins(trials, done, epochs),
            Event::Begins { trial, .. } => self.printer.detail(format_args!("begins: {}", trial.name)),
            Event::Epoch { trial, metrics, .. } => {
                if let Some(bar) = &self.bar {
                    bar.inc(1);
                    bar.set_message(trial.name.clone());
                } else {
                    let loss = metrics.val_loss.unwrap_or(metrics.train_loss);
                    self.printer.detail(format_args!("{}  epoch {}  {loss:.5}", trial.name, metrics.epoch));
                }
            }
            Event::Ends { number, trial, record, done } => {
                if let Some(bar) = &self.bar {
                    // Epochs of a run that ended early need not be waited for.
                    bar.inc(u64::from(trial.epochs().saturating_sub(record.epochs)));
                }
                self.ends(number, &trial.name, record, done);
            }
            Event::Comparing => {
                self.clear();
                self.printer.detail("comparing and drawing");
            }
        }
    }

    fn begins(&mut self, trials: usize, done: usize, epochs: u64) {
        self.trials = trials;
        if done > 0 {
            self.printer.note(format_args!("{done} of {} are over already", counted(trials, "run")));
        }
        if !self.printer.is_live() {
            return;
        }
        let bar = ProgressBar::new(epochs);
        bar.set_draw_target(ProgressDrawTarget::stderr());
        let template = "{bar:24}  {pos}/{len} epochs  {msg}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.enable_steady_tick(PAUSE);
        self.bar = Some(bar);
    }

    fn ends(&self, number: usize, run: &str, record: &Record, done: usize) {
        let trials = self.trials;
        if self.printer.voice().json {
            self.printer.object("trial", &TrialLine { number, run, done, trials, record });
            return;
        }
        let width = trials.to_string().len();
        let line =
            format!("{done:>width$}/{trials}  {run}  {}  {}", self.told(record), duration(record.seconds));
        match &self.bar {
            Some(bar) => bar.suspend(|| self.printer.note(line)),
            None => self.printer.note(line),
        }
    }

    fn told(&self, record: &Record) -> String {
        let after = counted(record.epochs as usize, "epoch");
        let score = match self.by {
            Loss::Bce => ("BCE", record.bce),
            Loss::Mse | Loss::Gaussian => ("MSE", record.mse),
            Loss::Mae => ("MAE", record.mae),
        };
        match (record.state, score) {
            (State::Finished, (name, Some(value))) => format!("{name} {value:.5}"),
            (State::Finished, _) => format!("done after {after}"),
            (State::Stopped, _) => format!("given up after {after}"),
            (State::Diverged, _) => format!("diverged after {after}"),
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for SweepProgress<'_> {
    fn drop(&mut self) {
        self.clear();
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
