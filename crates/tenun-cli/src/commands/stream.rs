//! The images that a model is to be used on, part by part, and what is done with them until all are done.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use tenun::Model;
use tenun::data::{Colour, Dataset, FolderStream, StreamFound, find_named, is_idx_folder, is_image_file};
use tenun::overlap::{Stopped, overlap};

use super::source;
use crate::activity::Activity;
use crate::arguments::{Choice, SourceFlags, Split};
use crate::failure::{Failure, Kind};
use crate::interrupt;
use crate::printer::Printer;
use crate::text::counted;

/// Numbers of floats in a part: 4 MiB.
const PART: usize = 1 << 20;

/// Images that come part by part.
pub(crate) enum Images {
    /// All of them are in memory, or in a mapped file.
    Whole(Dataset),
    /// They are decoded as they are needed.
    Folder(Box<FolderStream>),
}

/// Opens what a model is to be used on as [`source::open_for`] and [`source::choose`] do, but where that can be, only as
/// its parts are needed.
pub(crate) fn open_for(
    model: &Model,
    inputs: &[String],
    flags: &SourceFlags,
    choice: Choice,
    printer: &Printer,
) -> Result<Images, Failure> {
    if let Some(parts) = folder_stream(model, inputs, flags, choice, printer)? {
        return Ok(Images::Folder(Box::new(parts)));
    }
    let collection = source::open_for(model, inputs, flags, printer)?;
    let (set, _) = source::choose(collection, choice, printer)?;
    model.check(set.images())?;
    Ok(Images::Whole(set))
}

fn folder_stream(
    model: &Model,
    inputs: &[String],
    flags: &SourceFlags,
    choice: Choice,
    printer: &Printer,
) -> Result<Option<FolderStream>, Failure> {
    let input = model.network().input();
    let options = source::folder_options(flags).sized_for(input);
    let parts = match inputs {
        [folder] if Path::new(folder).is_dir() => {
            let folder = Path::new(folder);
            let is_array = find_named(&inputs[0]).is_some() || is_idx_folder(folder);
            let train = choice.split == Some(Split::Train);
            if is_array { None } else { FolderStream::of_folder(folder, input, &options, train) }
        }
        files if files.iter().all(|file| is_image_file(Path::new(file))) => {
            let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            FolderStream::of_files("files", &files, input, &options)
        }
        _ => None,
    };
    // That there are no test images is said by who reads all.
    let Some(parts) = parts.filter(|parts| choice.split != Some(Split::Test) || parts.is_test()) else {
        return Ok(None);
    };
    for note in parts.notes() {
        source::tell_note(note, printer);
    }
    printer.ignored(parts.ignored());
    // What cannot be read ends it.
    printer.left_out(&[], 0);
    if parts.is_test() && choice.split.is_none() {
        source::tell_choice(choice, (parts.other_split(), Some(parts.len())), printer);
    }
    let name = if parts.is_test() { "test" } else { "training" };
    let parts = match choice.limit {
        Some(limit) => parts.take(limit)?,
        None => parts,
    };
    let images = counted(parts.len(), &format!("{name} image"));
    printer.detail(format_args!("{images} of {input}, decoded in batches"));
    Ok(Some(parts))
}

impl Images {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Whole(set) => set.len(),
            Self::Folder(parts) => parts.len(),
        }
    }

    /// Whether their classes are known.
    pub(crate) fn has_labels(&self) -> bool {
        match self {
            Self::Whole(set) => set.labels().is_some(),
            Self::Folder(parts) => parts.has_labels(),
        }
    }

    /// What each is called.
    pub(crate) fn ids(&self) -> Vec<String> {
        match self {
            Self::Whole(set) => (0..set.len()).map(|index| set.id(index).into_owned()).collect(),
            Self::Folder(parts) => parts.ids().map(str::to_owned).collect(),
        }
    }

    /// Lets each part through `compute` and the results through `write`, as [`overlap`] does, and shows in `activity` how
    /// far that is; `numbers` are those that one image gives. The first SIGINT or SIGTERM ends it as a failure does.
    pub(crate) fn process<B: Send>(
        self,
        activity: Activity<'_>,
        numbers: usize,
        mut compute: impl FnMut(Dataset) -> Result<B, Failure>,
        write: impl FnOnce(&mut dyn Iterator<Item = Result<B, Stopped>>) -> Result<(), Failure> + Send,
        model: &Model,
        colour: Colour,
    ) -> Result<(), Failure> {
        let stop = interrupt::watch()?;
        let (mut done, total) = (0, self.len());
        let (parts, found): (Parts, _) = match self {
            Self::Whole(set) => (Box::new(cut(set, numbers)), None),
            Self::Folder(parts) => {
                let found = parts.found();
                (Box::new(parts.map(|part| Ok(part?))), Some(found))
            }
        };
        overlap(
            parts.map(|part| if stop.load(Ordering::Relaxed) { Err(interrupted()) } else { part }),
            |part| {
                let images = part.len();
                let result = compute(part)?;
                done += images;
                activity.progress(done, total);
                Ok(result)
            },
            write,
        )?;
        let printer = activity.end();
        if let Some(found) = found {
            found.notes().iter().for_each(|note| source::tell_note(note, printer));
            if colour == Colour::Auto {
                tell_colour(model, &found, printer);
            }
        }
        Ok(())
    }
}

type Parts = Box<dyn Iterator<Item = Result<Dataset, Failure>> + Send>;

fn cut(set: Dataset, numbers: usize) -> impl Iterator<Item = Result<Dataset, Failure>> + Send {
    let size = (PART / numbers.max(1)).max(1);
    (0..set.len()).step_by(size).map(move |start| Ok(set.part(start..(start + size).min(set.len()))))
}

pub(crate) fn interrupted() -> Failure {
    Failure { kind: Kind::Interrupted, message: "the incomplete output was removed".into(), hint: None }
}

/// Says so where the images are not of the colour that the model takes.
fn tell_colour(model: &Model, found: &StreamFound, printer: &Printer) {
    let takes_colour = model.network().input().channels == 3;
    if found.has_colour() != takes_colour {
        source::tell_taken_as(model, printer);
    }
}
