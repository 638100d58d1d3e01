//! Opening the images that a command is about.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tenun::Model;
use tenun::data::{
    self, Collection, Colour, DataError, Dataset, FolderOptions, OpenOptions, Places, Unreadable,
};

use crate::arguments::{Choice, SourceFlags, Split};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::counted;

/// Opens a source, and says what a user should know of it.
pub(crate) fn open(source: &str, flags: &SourceFlags, printer: &Printer) -> Result<Collection, Failure> {
    let collection = open_silently(source, flags, printer)?;
    tell(&collection, printer);
    Ok(collection)
}

/// As [`open`], but the source's own files are read, not decompressed copies of them.
pub(crate) fn open_itself(
    source: &str,
    flags: &SourceFlags,
    printer: &Printer,
) -> Result<Collection, Failure> {
    let places = Places { unpacked: None, ..Places::from_environment() };
    let collection = open_in(source, flags, places, printer)?;
    tell(&collection, printer);
    Ok(collection)
}

/// As [`open`], but says nothing, and leaves what is wrong to the caller.
pub(crate) fn open_silently(
    source: &str,
    flags: &SourceFlags,
    printer: &Printer,
) -> Result<Collection, DataError> {
    open_in(source, flags, Places::from_environment(), printer)
}

/// Opens a source, with a bar for a download.
fn open_in(
    source: &str,
    flags: &SourceFlags,
    places: Places,
    printer: &Printer,
) -> Result<Collection, DataError> {
    let bar = download_bar(printer);
    let on_download = |file: &str, done: u64, total: Option<u64>| {
        if bar.position() > done || bar.position() == 0 {
            bar.set_message(file.to_owned());
        }
        bar.set_length(total.unwrap_or(done));
        bar.set_position(done);
    };
    let options = OpenOptions { on_download: Some(&on_download), places, ..options(flags, printer) };
    let collection = data::open(source, &options);
    bar.finish_and_clear();
    collection
}

/// A bar that shows once something is downloaded, on a terminal.
fn download_bar(printer: &Printer) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    if printer.is_live() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    if let Ok(style) =
        ProgressStyle::with_template("{msg}  {bar:24}  {bytes} of {total_bytes}  {bytes_per_sec}")
    {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}

pub(crate) fn options<'a>(flags: &SourceFlags, printer: &Printer) -> OpenOptions<'a> {
    let folder = FolderOptions {
        size: flags.size,
        fit: flags.fit,
        colour: flags.colour,
        skip_bad: flags.skip_bad,
        on_image: None,
    };
    printer.detail(format_args!("images: {folder:?}"));
    OpenOptions { folder, ..OpenOptions::default() }
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
    let mut flags = sized_for(model, flags);
    let collection = read(inputs, &flags, printer)?;
    let shape = collection.train.images().shape();
    let other_colour = shape.channels != input.channels && flags.colour == Colour::Auto;
    if other_colour && (shape.height, shape.width) == (input.height, input.width) {
        flags.colour = if input.channels == 1 { Colour::Grey } else { Colour::Rgb };
        match read(inputs, &flags, printer) {
            Ok(collection) => {
                tell_taken_as(model, printer);
                tell(&collection, printer);
                return Ok(collection);
            }
            // An array has the channels it has; that the model takes others is the error to give.
            Err(failure) => printer.detail(&failure.message),
        }
    }
    tell(&collection, printer);
    Ok(collection)
}

/// Where images are to be fitted to a size that is not given, it is the model's.
pub(crate) fn sized_for(model: &Model, flags: &SourceFlags) -> SourceFlags {
    let input = model.network().input();
    let size = flags.size.or((flags.fit != data::Fit::Error).then_some((input.height, input.width)));
    SourceFlags { size, ..*flags }
}

/// Says that images are of another colour than the model takes.
pub(crate) fn tell_taken_as(model: &Model, printer: &Printer) {
    let name = if model.network().input().channels == 1 { "grey" } else { "RGB" };
    printer.note(format_args!("note: the images are taken as {name}, as the model takes them"));
}

fn read(inputs: &[String], flags: &SourceFlags, printer: &Printer) -> Result<Collection, Failure> {
    match inputs {
        [source] if !is_image_file(Path::new(source)) => Ok(open_silently(source, flags, printer)?),
        files => {
            let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            if let Some(missing) = files.iter().find(|path| !path.exists()) {
                return Err(DataError::NoSuchPath { path: missing.clone() }.into());
            }
            if let Some(folder) = files.iter().find(|path| path.is_dir()) {
                return Err(Failure::usage(
                    format!("{} is a folder among several inputs", folder.display()),
                    Some("give one folder, or image files".into()),
                ));
            }
            Ok(data::read_files("files", &files, &options(flags, printer).folder)?)
        }
    }
}

/// Whether a path is one picture, not a set of them.
pub(crate) fn is_image_file(path: &Path) -> bool {
    const ENDINGS: [&str; 9] = ["png", "jpg", "jpeg", "jfif", "bmp", "webp", "tif", "tiff", "gif"];
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)) && !path.is_dir()
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
