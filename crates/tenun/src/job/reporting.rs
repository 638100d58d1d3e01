//! The report of a run, written into its folder.

use super::{Job, Summary, write as write_file};
use crate::measure::Scored;
use crate::report::{Context, Report};
use crate::run::{self, RunDir};
use crate::text::{are, counted};
use crate::train::{EpochMetrics, Observer};
use crate::{Error, Model};

/// Composes the report, and writes the page and its pictures. A section that fails ends nothing: it is left out, and
/// `observer` is told.
pub(super) fn write(
    job: &Job,
    run: &RunDir,
    model: &Model,
    epochs: &[EpochMetrics],
    scored: &Scored,
    summary: &Summary,
    observer: &mut dyn Observer,
) -> Result<(), Error> {
    let (evaluated, evaluated_split) = job.scored();
    let mut notes = job.notes.clone();
    // Elsewhere they are told one by one.
    let skipped = job.collection.skipped.len();
    if skipped > 0 {
        notes.push(format!("{} could not be read and {} left out", counted(skipped, "image"), are(skipped)));
    }
    let context = Context {
        settings: &job.settings,
        command: &job.command(),
        notes: &notes,
        model,
        cpu: &job.cpu,
        collection: &job.collection,
        held_out: job.held_out.as_ref(),
        epochs,
        best_epoch: summary.best_epoch,
        evaluated,
        evaluated_split,
        scored,
        findings: &summary.warnings,
    };
    let report = Report::compose(&context, &mut |done, total| observer.progress(done, total));
    for left_out in report.left_out() {
        observer.section_left_out(&left_out.section, &left_out.reason);
    }
    let folder = run.inner(run::PICTURES)?;
    for (name, png) in report.pictures() {
        write_file(&folder.join(name), png)?;
    }
    Ok(write_file(&run.file(run::REPORT), report.html().as_bytes())?)
}
