//! [`Progress`]: how training goes, as a bar on a terminal, as a line an epoch elsewhere, as JSON for machines.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tenun::doctor::Finding;
use tenun::train::{BatchProgress, EpochMetrics, Observer, Step};

use crate::printer::Printer;
use crate::text::{count, duration, remaining};

/// The bar's text changes at most this often: more cannot be read.
const PAUSE: Duration = Duration::from_millis(100);

/// Tells the user how training goes.
pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    bar: Option<ProgressBar>,
    epoch: u32,
    epochs: u32,
    /// When this epoch's first batch began, and how many images were done before it.
    start: (Instant, Option<usize>),
    /// Images trained on in this epoch since then.
    images: usize,
    shown: Option<Instant>,
    /// Seconds that the last validation took.
    validation: f64,
    best: f64,
}

/// A line of JSON for an epoch.
#[derive(Serialize)]
struct Epoch<'a> {
    #[serde(flatten)]
    metrics: &'a EpochMetrics,
    epochs: u32,
    images_per_second: f64,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(printer: &'a Printer) -> Self {
        Self {
            printer,
            bar: None,
            epoch: 0,
            epochs: 0,
            start: (Instant::now(), None),
            images: 0,
            shown: None,
            validation: 0.0,
            best: f64::INFINITY,
        }
    }

    /// Seconds until the end at the present pace.
    fn left(&self, progress: &BatchProgress, rate: f64) -> f64 {
        let rest = (progress.images_total - progress.images_done) as f64 / rate;
        let epoch = progress.images_total as f64 / rate + self.validation;
        rest + self.validation + f64::from(self.epochs - self.epoch) * epoch
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn spin(&mut self, text: &'static str) {
        self.clear();
        if self.printer.is_live() {
            let bar = ProgressBar::new_spinner().with_message(text);
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(PAUSE);
            self.bar = Some(bar);
        } else {
            self.printer.detail(text);
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Observer for Progress<'_> {
    fn epoch_begins(&mut self, epoch: u32, epochs: u32, batches: usize) {
        self.clear();
        (self.epoch, self.epochs) = (epoch, epochs);
        (self.start, self.images, self.shown) = ((Instant::now(), None), 0, None);
        if self.printer.is_live() {
            let bar = ProgressBar::new(batches as u64).with_prefix(format!("epoch {epoch}/{epochs}"));
            let template = if self.printer.has_colour() {
                "{prefix}  {bar:24.cyan/dim}  {msg}"
            } else {
                "{prefix}  {bar:24}  {msg}"
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("━╸─"));
            }
            bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar = Some(bar);
        }
    }

    fn batch_ends(&mut self, progress: &BatchProgress) {
        let (began, before) = &mut self.start;
        // An epoch that goes on after an interruption has images done before its first batch.
        let batch = progress.images_total.div_ceil(progress.batches.max(1));
        let before = *before.get_or_insert(progress.images_done.saturating_sub(batch));
        self.images = progress.images_done - before;
        let rate = self.images as f64 / began.elapsed().as_secs_f64().max(1e-9);
        let Some(bar) = &self.bar else { return };
        if self.shown.is_some_and(|shown| shown.elapsed() < PAUSE) && progress.batch < progress.batches {
            return;
        }
        self.shown = Some(Instant::now());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, which is right
        bar.set_message(format!(
            "{}/{} images  {}/s  loss {:.4}  {} left",
            count(progress.images_done),
            count(progress.images_total),
            count(rate as usize),
            progress.mean_loss,
            remaining(self.left(progress, rate)),
        ));
        bar.set_position(progress.batch as u64);
    }

    fn epoch_ends(&mut self, metrics: &EpochMetrics) {
        self.clear();
        self.validation = metrics.val_seconds;
        let seconds = self.start.0.elapsed().as_secs_f64() - metrics.val_seconds;
        let rate = self.images as f64 / seconds.max(1e-9);
        if self.printer.voice().json {
            self.printer.object("epoch", &Epoch { metrics, epochs: self.epochs, images_per_second: rate });
            return;
        }
        let width = self.epochs.to_string().len();
        let mut line =
            format!("epoch {:>width$}/{}  training {:.5}", metrics.epoch, self.epochs, metrics.train_loss);
        if let Some(loss) = metrics.val_loss {
            let mark = if loss < self.best { " best" } else { "     " };
            self.best = self.best.min(loss);
            line += &format!("  validation {loss:.5}{mark}");
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, which is right
        let rate = count(rate as usize);
        line += &format!("  {}  {rate} images/s", duration(metrics.train_seconds + metrics.val_seconds));
        self.printer.note(line);
    }

    fn warning(&mut self, finding: &Finding) {
        self.clear();
        if self.printer.voice().json {
            self.printer.object("warning", finding);
        } else {
            self.printer.warn(&finding.to_string());
        }
    }

    fn taken_back(&mut self, finding: &Finding) {
        self.clear();
        if self.printer.voice().json {
            self.printer.object("taken_back", finding);
        } else {
            let Finding { rule, epoch, .. } = finding;
            self.printer.note(format!("{rule}, told after epoch {epoch}: no longer so"));
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Validating => {
                if let Some(bar) = &self.bar {
                    bar.set_message("validating");
                }
            }
            Step::Evaluating => self.spin("measuring the model"),
            Step::Reporting => self.spin("writing pictures and report"),
        }
    }
}
