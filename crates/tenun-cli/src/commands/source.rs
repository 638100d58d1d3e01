//! Opening the images that a command is about: by the library, with a bar for what takes its time.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tenun::Model;
use tenun::data::{self, Collection, Dataset, FolderOptions, OpenOptions, Progress, SearchPaths, Unreadable};

use crate::arguments::{Choice, SourceFlags, Split};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::{count, counted};

/// Decoding that takes no longer than this shows no bar.
const QUICK: Duration = Duration::from_millis(300);

/// Opens images, with a bar for a download and for the decoding of many images.
pub(crate) fn with_bar<T>(printer: &Printer, open: impl FnOnce(Progress<'_>) -> T) -> T {
    let bar = bar(printer);
    let started = Instant::now();
    let on_download = |file: &str, done: u64, total: Option<u64>| {
        if bar.position() > done || bar.position() == 0 {
            bar.set_style(style("{msg}  {bar:24}  {bytes} of {total_bytes}  {bytes_per_sec}"));
            bar.set_message(file.to_owned());
        }
        bar.set_length(total.unwrap_or(done));
        bar.set_position(done);
    };
    let on_image = |done: usize, total: usize| {
        if started.elapsed() < QUICK {
            return;
        }
        if bar.length() != Some(total as u64) {
            bar.set_style(style("reading images  {bar:24}  {msg}"));
            bar.set_length(total as u64);
        }
        bar.set_message(format!("{} of {}", count(done), count(total)));
        bar.set_position(done as u64);
    };
    let opened = open(Progress { on_download: Some(&on_download), on_image: Some(&on_image) });
    bar.finish_and_clear();
    opened
}

/// A bar that shows on a terminal once it has something to show.
fn bar(printer: &Printer) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    if printer.is_live() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    bar
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━╸─")
}

/// Opens a source, and says what a user should know of it.
pub(crate) fn open(source: &str, flags: &SourceFlags, printer: &Printer) -> Result<Collection, Failure> {
    let collection =
        with_bar(printer, |progress| data::open(source, &OpenOptions { progress, ..options(flags) }))?;
    tell(&collection, printer);
    Ok(collection)
}

/// As [`open`], but the source's own files are read, not decompressed copies of them.
pub(crate) fn open_itself(
    source: &str,
    flags: &SourceFlags,
    printer: &Printer,
) -> Result<Collection, Failure> {
    let paths = SearchPaths { unpacked: None, ..SearchPaths::from_environment() };
    let collection =
        with_bar(printer, |progress| data::open(source, &OpenOptions { progress, paths, ..options(flags) }))?;
    tell(&collection, printer);
    Ok(collection)
}

/// Opens what a model is to be used on: one source, or image files.
///
/// Where the user left size and colour open, they are the model's.
pub(crate) fn open_for(
    model: &Model,
    inputs: &[String],
    flags: &SourceFlags,
    printer: &Printer,
) -> Result<Collection, Failure> {
    let input = model.network().input();
    let collection = with_bar(printer, |progress| {
        data::open_inputs(inputs, &OpenOptions { progress, model: Some(input), ..options(flags) })
    })?;
    tell(&collection, printer);
    Ok(collection)
}

fn options(flags: &SourceFlags) -> OpenOptions<'static> {
    OpenOptions { folder: folder_options(flags), ..OpenOptions::default() }
}

/// How the flags have a folder read.
pub(crate) fn folder_options(flags: &SourceFlags) -> FolderOptions {
    FolderOptions { size: flags.size, fit: flags.fit, colour: flags.colour, skip_bad: flags.skip_bad }
}

/// What was left out, and how the source was read.
pub(crate) fn tell(collection: &Collection, printer: &Printer) {
    for note in &collection.notes {
        printer.note(format_args!("note: {note}"));
    }
    tell_skipped(collection, printer);
}

/// The images that were left out, by name.
pub(crate) fn tell_skipped(collection: &Collection, printer: &Printer) {
    tell_unreadable(&collection.skipped, printer);
}

/// Images that cannot be read, by name.
pub(crate) fn tell_unreadable(unreadable: &[Unreadable], printer: &Printer) {
    for bad in unreadable {
        printer.warn(&format!("left out {}: {}", bad.path.display(), bad.reason));
    }
}

/// Says that images are of another colour than the model takes.
pub(crate) fn tell_taken_as(model: &Model, printer: &Printer) {
    printer.note(format_args!("note: {}", data::taken_as(model.network().input())));
}

/// The images of a collection that were asked for, and what they are called.
pub(crate) fn choose(
    collection: Collection,
    choice: Choice,
    printer: &Printer,
) -> Result<(Dataset, &'static str), Failure> {
    let Collection { train, test, .. } = collection;
    let (set, name) = match (choice.split, test) {
        (Some(Split::Train), _) => (train, "training"),
        (_, Some(test)) => (test, "test"),
        (None, None) => (train, "training"),
        (Some(Split::Test), None) => {
            return Err(Failure::usage(
                format!("`{}` has no test images", train.name()),
                Some("leave `--split test` out".into()),
            ));
        }
    };
    let set = match choice.limit {
        Some(limit) => set.take(limit)?,
        None => set,
    };
    printer.detail(format_args!(
        "{} of {}",
        counted(set.len(), &format!("{name} image")),
        set.images().shape()
    ));
    Ok((set, name))
}
