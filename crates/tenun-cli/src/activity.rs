//! [`Activity`]: something that takes a while, in the line at the bottom of a terminal with percent and the time left;
//! elsewhere a line when it begins, and one now and then.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::live::Line;
use crate::printer::Printer;
use crate::text::remaining;

/// A line on a terminal changes at most this often: more cannot be read.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// Elsewhere a line of progress comes at most this often.
const SILENCE: Duration = Duration::from_secs(10);

/// The time left is not guessed before this: the beginning says little.
const GUESS: Duration = Duration::from_secs(1);

/// Something that takes a while. The line on a terminal goes when it is dropped.
pub(crate) struct Activity<'a> {
    printer: &'a Printer,
    what: String,
    began: Instant,
    /// When anything was said last.
    told: Mutex<Instant>,
}

impl<'a> Activity<'a> {
    pub(crate) fn new(printer: &'a Printer, what: impl Into<String>) -> Self {
        let what = what.into();
        printer.show(&Line::new(what.as_str()));
        if printer.is_live() {
            printer.detail(&what)
        } else {
            printer.note(&what)
        }
        let began = Instant::now();
        Self { printer, what, began, told: Mutex::new(began) }
    }

    /// It is over; what else there is to say goes to the printer.
    pub(crate) fn end(self) -> &'a Printer {
        self.printer
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// `done` of `total` parts are done.
    pub(crate) fn progress(&self, done: usize, total: usize) {
        self.progress_with(done, total, || Line::new(self.what.as_str()));
    }

    /// As [`Self::progress`], with facts of its own beside percent and the time left.
    pub(crate) fn progress_with(&self, done: usize, total: usize, line: impl FnOnce() -> Line) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = if self.printer.is_live() { PAUSE } else { SILENCE };
        if told.elapsed() < pause {
            return;
        }
        *told = Instant::now();
        // How much there is may not be known.
        let share = (total > 0).then(|| done as f64 / total as f64);
        let percent = share.map(|share| format!("{:.0} %", (100.0 * share).floor()));
        if !self.printer.is_live() {
            if let Some(percent) = percent {
                self.printer.note(format_args!("{}: {percent}", self.what));
            }
            return;
        }
        let mut line = line().share(done, total);
        if let (Some(share), Some(percent)) = (share, percent) {
            line = line.fact(3, percent);
            let gone = self.began.elapsed();
            if gone >= GUESS && share > 0.0 {
                let left = gone.as_secs_f64() * (1.0 / share - 1.0).max(0.0);
                line = line.fact(2, format!("{} left", remaining(left)));
            }
        }
        self.printer.show(&line);
    }
}

impl Drop for Activity<'_> {
    fn drop(&mut self) {
        self.printer.clear();
    }
}
