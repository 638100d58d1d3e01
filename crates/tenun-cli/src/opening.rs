//! [`Opening`]: how far the images of a command have been downloaded and decoded.

use std::sync::{Mutex, PoisonError};

use indicatif::BinaryBytes;

use crate::activity::Activity;
use crate::live::Line;
use crate::printer::Printer;

/// Shows how far images have been downloaded and decoded, once there is something of that to do.
pub(crate) struct Opening<'a> {
    printer: &'a Printer,
    activity: Mutex<Option<Activity<'a>>>,
}

impl<'a> Opening<'a> {
    pub(crate) fn new(printer: &'a Printer) -> Self {
        Self { printer, activity: Mutex::new(None) }
    }

    /// So many bytes of a file have been downloaded, of so many if that is known.
    pub(crate) fn downloads(&self, file: &str, done: u64, total: Option<u64>) {
        self.during(format!("downloading {file}"), |activity| {
            let bytes = match total {
                Some(total) => format!("{} of {}", BinaryBytes(done), BinaryBytes(total)),
                None => BinaryBytes(done).to_string(),
            };
            let part = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
            activity.progress_with(part(done), part(total.unwrap_or(0)), || {
                Line::new(activity.what()).fact(1, bytes)
            });
        });
    }

    /// So many images have been decoded, of so many.
    pub(crate) fn decodes(&self, done: usize, total: usize) {
        self.during("decoding images".into(), |activity| activity.progress(done, total));
    }

    /// Goes on with what is being done, or begins it.
    fn during(&self, what: String, tell: impl FnOnce(&Activity<'a>)) {
        let mut activity = self.activity.lock().unwrap_or_else(PoisonError::into_inner);
        if activity.as_ref().is_none_or(|activity| activity.what() != what) {
            // The line of what was done before goes first.
            *activity = None;
            *activity = Some(Activity::new(self.printer, what));
        }
        if let Some(activity) = &*activity {
            tell(activity);
        }
    }
}
