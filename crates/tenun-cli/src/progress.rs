//! [`Progress`]: how training, evaluation and the report go, as a line at the bottom of a terminal, as a line an epoch
//! and a phase elsewhere, as JSON for machines.

use std::time::Instant;

use serde::Serialize;
use tenun::doctor::Finding;
use tenun::train::{BatchProgress, EpochMetrics, Observer, Phase};

use crate::activity::{Activity, PAUSE};
use crate::live::Line;
use crate::printer::Printer;
use crate::text::{count, duration, remaining};

/// Tells the user how training goes.
pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    /// What is done besides training, while it is.
    activity: Option<Activity<'a>>,
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

/// A line of JSON for a section that is missing from the report.
#[derive(Serialize)]
struct LeftOut<'a> {
    section: &'a str,
    reason: &'a str,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(printer: &'a Printer) -> Self {
        Self {
            printer,
            activity: None,
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
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.printer.clear();
    }
}

/// The line of an epoch that is going on.
fn line(epoch: u32, epochs: u32, progress: &BatchProgress, rate: f64, left: f64) -> Line {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, which is right
    let rate = count(rate as usize);
    Line::new(format!("epoch {epoch}/{epochs}"))
        .share(progress.batch, progress.batches)
        .fact(1, format!("{}/{} images", count(progress.images_done), count(progress.images_total)))
        .fact(0, format!("{rate}/s"))
        .fact(3, format!("loss {:.4}", progress.mean_loss))
        .fact(2, format!("{} left", remaining(left)))
}

impl Observer for Progress<'_> {
    fn epoch_begins(&mut self, epoch: u32, epochs: u32, batches: usize) {
        (self.epoch, self.epochs) = (epoch, epochs);
        (self.start, self.images, self.shown) = ((Instant::now(), None), 0, None);
        self.printer.show(&Line::new(format!("epoch {epoch}/{epochs}")).share(0, batches));
    }

    fn batch_ends(&mut self, progress: &BatchProgress) {
        let (began, before) = &mut self.start;
        // An epoch that goes on after an interruption has images done before its first batch.
        let batch = progress.images_total.div_ceil(progress.batches.max(1));
        let before = *before.get_or_insert(progress.images_done.saturating_sub(batch));
        self.images = progress.images_done - before;
        let rate = self.images as f64 / began.elapsed().as_secs_f64().max(1e-9);
        if !self.printer.is_live()
            || self.shown.is_some_and(|shown| shown.elapsed() < PAUSE) && progress.batch < progress.batches
        {
            return;
        }
        self.shown = Some(Instant::now());
        let left = self.left(progress, rate);
        self.printer.show(&line(self.epoch, self.epochs, progress, rate, left));
    }

    fn epoch_ends(&mut self, metrics: &EpochMetrics) {
        self.validation = metrics.val_seconds;
        let seconds = self.start.0.elapsed().as_secs_f64() - metrics.val_seconds;
        let rate = self.images as f64 / seconds.max(1e-9);
        if self.printer.voice().json {
            self.printer.object("epoch", &Epoch { metrics, epochs: self.epochs, images_per_second: rate });
            return;
        }
        let width = self.epochs.to_string().len();
        let mut line =
            format!("epoch {:>width$}/{}  train loss {:.5}", metrics.epoch, self.epochs, metrics.train_loss);
        if let Some(loss) = metrics.val_loss {
            let mark = if loss < self.best { " best" } else { "     " };
            self.best = self.best.min(loss);
            line += &format!("  val loss {loss:.5}{mark}");
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, which is right
        let rate = count(rate as usize);
        line += &format!("  {}  {rate} images/s", duration(metrics.train_seconds + metrics.val_seconds));
        self.printer.note(line);
    }

    fn warning(&mut self, finding: &Finding) {
        if self.printer.voice().json {
            self.printer.object("warning", finding);
        } else {
            self.printer.warn(&finding.to_string());
        }
    }

    fn taken_back(&mut self, finding: &Finding) {
        if self.printer.voice().json {
            self.printer.object("taken_back", finding);
        } else {
            let Finding { rule, epoch, .. } = finding;
            self.printer.note(format!("{rule}, reported after epoch {epoch}: no longer the case"));
        }
    }

    fn section_left_out(&mut self, section: &str, reason: &str) {
        if self.printer.voice().json {
            self.printer.object("left_out", &LeftOut { section, reason });
        } else {
            self.printer.warn(&format!("the report leaves out the section \"{section}\": {reason}"));
        }
    }

    fn phase(&mut self, phase: Phase) {
        // Every epoch ends with its validation: off a terminal its line says enough.
        if phase == Phase::Validating {
            self.printer.show(&Line::new(format!("epoch {}/{}  {phase}", self.epoch, self.epochs)));
            return;
        }
        let what = phase.to_string();
        if self.activity.as_ref().is_none_or(|activity| activity.what() != what) {
            self.activity = None;
            self.activity = Some(Activity::new(self.printer, what));
        }
    }

    fn progress(&mut self, done: usize, total: usize) {
        if let Some(activity) = &self.activity {
            activity.progress(done, total);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_epoch_fits_any_terminal() {
        let progress = BatchProgress {
            epoch: 1000,
            batch: 468_750,
            batches: 468_751,
            images_done: 60_000_000,
            images_total: 60_000_001,
            mean_loss: 123.456_789,
        };
        let line = line(1000, 1000, &progress, 1_234_567.0, 1e6);
        let shown = [40, 60, 80, 120].map(|width| line.text(width, false));
        let bar = |width: usize| "━".repeat(width - 1) + "╸";
        let most = "loss 123.4568  277 h 46 min left";
        let expected = [
            format!("epoch 1000/1000  {}  loss 123.4568", bar(8)),
            format!("epoch 1000/1000  {}  {most}", bar(9)),
            format!("epoch 1000/1000  {}  {most}", bar(24)),
            format!("epoch 1000/1000  {}  60,000,000/60,000,001 images  1,234,567/s  {most}", bar(24)),
        ];
        assert_eq!(shown, expected);
    }
}
