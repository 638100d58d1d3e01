//! Opening the images that a command is about: by the library, with a bar for what takes its time.

use tenun::Model;
use tenun::data::{self, Collection, Dataset, FolderOptions, OpenOptions, Progress, SearchPaths, Unreadable};
use tenun::job::Job;
use tenun::names::escaped;

use crate::arguments::{Choice, SourceFlags, Split};
use crate::failure::Failure;
use crate::opening::Opening;
use crate::printer::{NAMED, Printer};
use crate::text::{are, counted};

/// Opens images, and shows how far downloading and decoding have come.
pub(crate) fn with_bar<T>(printer: &Printer, open: impl FnOnce(Progress<'_>) -> T) -> T {
    let opening = Opening::new(printer);
    let on_download = |file: &str, done: u64, total: Option<u64>| opening.downloads(file, done, total);
    let on_image = |done: usize, total: usize| opening.decodes(done, total);
    open(Progress { on_download: Some(&on_download), on_image: Some(&on_image) })
}

/// Opens a source, and says what a user should know of it; every image that was left out is named.
pub(crate) fn open(source: &str, flags: &SourceFlags, printer: &Printer) -> Result<Collection, Failure> {
    let collection =
        with_bar(printer, |progress| data::open(source, &OpenOptions { progress, ..options(flags) }))?;
    tell_unreadable(&collection.skipped, printer);
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
    tell_unreadable(&collection.skipped, printer);
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
    let SourceFlags { size, fit, colour, skip_bad, layout, train, test } = flags.clone();
    FolderOptions { size, fit, colour, skip_bad, layout, train, test }
}

/// What was left out, and how the source was read.
pub(crate) fn tell(collection: &Collection, printer: &Printer) {
    for note in &collection.notes {
        tell_note(note, printer);
    }
    tell_left_out(collection, printer);
}

/// One line, whatever names of files stand in it.
pub(crate) fn tell_note(note: &str, printer: &Printer) {
    printer.note(format_args!("note: {}", escaped(note)));
}

/// How the images of a run were read, and what is different in its data.
pub(crate) fn tell_job(job: &Job, printer: &Printer) {
    job.notes().iter().for_each(|note| tell_note(note, printer));
    tell_left_out(job.collection(), printer);
}

/// The files that were passed over, by kind, and the images that were left out: how many, and the first by name.
fn tell_left_out(collection: &Collection, printer: &Printer) {
    printer.ignored(&collection.ignored);
    printer.left_out(&collection.skipped, NAMED);
}

/// All images that cannot be read, by name.
pub(crate) fn tell_unreadable(unreadable: &[Unreadable], printer: &Printer) {
    printer.left_out(unreadable, usize::MAX);
}

/// Says that images are of another colour than the model takes.
pub(crate) fn tell_taken_as(model: &Model, printer: &Printer) {
    printer.note(format_args!("note: {}", data::taken_as(model.network().input())));
}

/// Says which images of a source that has two splits are used, where the user did not say.
pub(crate) fn tell_choice(choice: Choice, images: (usize, Option<usize>), printer: &Printer) {
    if let (None, (train, Some(test))) = (choice.split, images) {
        printer.note(format_args!(
            "note: the {} {} used; `--split train` takes the {} instead",
            counted(test, "test image"),
            are(test),
            counted(train, "training image")
        ));
    }
}

/// The images of a collection that were asked for, and what they are called.
pub(crate) fn choose(
    collection: Collection,
    choice: Choice,
    printer: &Printer,
) -> Result<(Dataset, &'static str), Failure> {
    let Collection { train, test, .. } = collection;
    tell_choice(choice, (train.len(), test.as_ref().map(|test| test.len())), printer);
    let (set, name) = match (choice.split, test) {
        (Some(Split::Train), _) => (train, "training"),
        (_, Some(test)) => (test, "test"),
        (None, None) => (train, "training"),
        (Some(Split::Test), None) => {
            return Err(Failure::usage(
                format!("`{}` has no test images", escaped(train.name())),
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
