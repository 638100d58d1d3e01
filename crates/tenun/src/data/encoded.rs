//! Pictures in files inside of something: an archive, a table. They are decoded a few at a time, and never unpacked.

use std::io::Cursor;
use std::path::Path;

use rayon::prelude::*;
use tenun_engine::Shape;

use super::classes::{self, Label};
use super::decode::{decode_bytes, is_image_name, size_within};
use super::folder::{FolderOptions, Growing, display_name, grey_to_rgb};
use super::npz_keys::Part;
use super::progress::OnImage;
use super::usual_size::usual;
use super::{Collection, DataError, Dataset, Ignored, Images, Masks, Unreadable, ignored, layout, natural};
use crate::machine;
use crate::names::{escaped, name_path, name_text};
use crate::settings::Colour;

/// Bytes of encoded pictures that are held at a time, about.
const HELD: usize = 128 << 20;

/// A picture that is still encoded.
#[derive(Debug)]
pub(crate) struct Entry<K> {
    /// What the image is called.
    pub(crate) id: String,
    /// By which its bytes are found.
    pub(crate) key: K,
    /// Training or test image.
    pub(crate) part: Part,
    /// Its class, if it has one.
    pub(crate) label: Option<Label>,
}

/// What pictures are inside of.
pub(crate) struct Container<'a> {
    pub(crate) path: &'a Path,
    /// Files in it that are no pictures.
    pub(crate) ignored: Ignored,
    /// The names of classes that are numbers.
    pub(crate) names: Option<Vec<String>>,
    pub(crate) notes: Vec<String>,
    pub(crate) options: &'a FolderOptions,
    pub(crate) on_image: Option<OnImage<'a>>,
}

/// The images of one part, as they have been read.
struct Read {
    images: Images,
    ids: Vec<String>,
    labels: Option<Vec<Label>>,
}

impl Container<'_> {
    /// Decodes all of `entries`, whose bytes `load` gives; an error of `load` is one of that picture alone.
    pub(crate) fn read<K>(
        mut self,
        entries: Vec<Entry<K>>,
        mut load: impl FnMut(&K) -> Result<Vec<u8>, String>,
    ) -> Result<Collection, DataError> {
        self.options.check()?;
        let (test, train): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.part != Part::Train);
        let total = train.len() + test.len();
        let (mut skipped, mut done) = (Vec::new(), 0);
        let train = self.part(train, None, &mut load, &mut skipped, (&mut done, total))?;
        let Some(mut train) = train else { return Err(self.no_images(skipped)) };
        let channels = train.images.shape().channels;
        let mut test = self.part(test, Some(channels), &mut load, &mut skipped, (&mut done, total))?;
        // The test images have colour where the training images have none: these are RGB all the same.
        if let Some(test) = &mut test {
            for (grey, other) in
                [(&mut train.images, test.images.shape()), (&mut test.images, train_shape(channels))]
            {
                if grey.shape().channels < other.channels
                    && let Some(rgb) = grey_to_rgb(grey)
                {
                    *grey = rgb;
                }
            }
        }
        let (test, test_labels) = test.map(|test| ((test.images, test.ids), test.labels)).unzip();
        let [train_labels, test_labels] =
            classes::together([train.labels, test_labels.flatten()], self.names.as_deref(), &mut self.notes);
        let name = display_name(self.path);
        let set = |images, ids, labels| {
            let set = Dataset::new(&*name, images).with_ids(ids)?;
            match labels {
                Some(labels) => set.with_labels(labels),
                None => Ok(set),
            }
        };
        let train = set(train.images, train.ids, train_labels)?;
        let test = test.map(|(images, ids)| set(images, ids, test_labels)).transpose()?;
        let mut collection = Collection::new(self.path.into(), train, test)?;
        collection.skipped = skipped;
        collection.ignored = self.ignored;
        collection.notes = self.notes;
        Ok(collection)
    }

    fn no_images(&self, skipped: Vec<Unreadable>) -> DataError {
        DataError::NoImages {
            path: self.path.into(),
            ignored: self.ignored.clone(),
            unreadable: skipped.len(),
            example: skipped.into_iter().next().map(Box::new),
        }
    }

    fn part<K>(
        &mut self,
        entries: Vec<Entry<K>>,
        channels: Option<usize>,
        load: &mut impl FnMut(&K) -> Result<Vec<u8>, String>,
        skipped: &mut Vec<Unreadable>,
        (done, total): (&mut usize, usize),
    ) -> Result<Option<Read>, DataError> {
        let FolderOptions { size, fit, colour, skip_bad, .. } = *self.options;
        let colour = if colour == Colour::Auto && channels == Some(3) { Colour::Rgb } else { colour };
        let mut growing = Growing::default();
        let (mut ids, mut labels) = (Vec::new(), Vec::new());
        let mut rest = &entries[..];
        while !rest.is_empty() {
            // Few enough that what they are decompressed to is not much.
            let (mut files, mut held) = (Vec::new(), 0);
            for entry in rest.iter().take(growing.chunk()) {
                let file = load(&entry.key);
                held += file.as_ref().map_or(0, Vec::len);
                files.push((self.path.join(name_path(&entry.id)), file));
                if held > HELD {
                    break;
                }
            }
            let (chunk, later) = rest.split_at(files.len());
            rest = later;
            let decoded: Vec<_> = files
                .into_par_iter()
                .map(|(path, file)| {
                    let image = file.and_then(|file| decode_bytes(&path, &file, size, fit, colour));
                    (path, image)
                })
                .collect();
            for (entry, (path, image)) in chunk.iter().zip(decoded) {
                match image {
                    Ok(image) => {
                        if ids.is_empty() {
                            self.fits(entries.len(), image.planes.len())?;
                        }
                        growing.push(&path, &image, size).map_err(|error| {
                            error.with_usual_size(|| {
                                let size =
                                    |entry: &Entry<K>| size_within(Cursor::new(load(&entry.key).ok()?));
                                usual(entries.iter(), size)
                            })
                        })?;
                        ids.push(entry.id.clone());
                        labels.push(entry.label.clone());
                    }
                    Err(reason) if skip_bad => skipped.push(Unreadable { path, reason }),
                    Err(reason) => return Err(DataError::Unreadable { path, reason }),
                }
                *done += 1;
                if let Some(on_image) = self.on_image {
                    on_image(*done, total);
                }
            }
        }
        let labels = labels.into_iter().collect();
        self.notes.extend(growing.notes());
        Ok(growing.into_images().map(|images| Read { images, ids, labels }))
    }

    /// An error if so many images of so many bytes are more than there is memory for.
    fn fits(&self, images: usize, bytes: usize) -> Result<(), DataError> {
        let needed = images as u64 * bytes as u64;
        match machine::available() {
            Some(available) if needed > available => Err(DataError::Malformed {
                path: self.path.into(),
                place: "number of images".into(),
                expected: format!("images that fit the {available} bytes of memory that are available"),
                got: format!("{images} images of {bytes} bytes as the first has"),
                advice: "make them smaller with `--size HxW --fit resize`, or use a part of them".into(),
            }),
            _ => Ok(()),
        }
    }
}

/// A shape with so many channels, of which nothing else counts.
fn train_shape(channels: usize) -> Shape {
    Shape::new(channels, 1, 1)
}

/// The pictures among files that lie in an archive under paths, with the part and class that their folders say; the rest is
/// counted. Folders are read by `layout`, as those on disk are.
#[derive(Debug)]
pub(crate) struct Paths<K> {
    pub(crate) entries: Vec<Entry<K>>,
    pub(crate) ignored: Ignored,
    pub(crate) notes: Vec<String>,
    /// The masks of the test images, each by the archive's path and its own in it.
    pub(crate) masks: Masks,
}

/// Whether a path inside of an archive is hidden, or of the copies that macOS makes.
pub(crate) fn is_hidden(path: &str) -> bool {
    // `tar -cf a.tar .` has `./` before all.
    path.split('/').any(|name| name != "." && ignored::is_hidden(name))
}

impl<K: Copy> Paths<K> {
    /// Folders in the archive at `archive` are what those on disk would be, masks never trained on among them.
    pub(crate) fn of(
        archive: &Path,
        files: Vec<(String, K)>,
        options: &FolderOptions,
    ) -> Result<Self, DataError> {
        let mut ignored = Ignored::default();
        let mut pictures: Vec<(String, K)> = Vec::new();
        for (path, key) in files {
            if is_hidden(&path) {
                ignored.add_hidden();
            } else if is_image_name(Path::new(&path)) {
                pictures.push((path.trim_start_matches("./").trim_start_matches('/').to_owned(), key));
            } else {
                ignored.add(Path::new(&path));
            }
        }
        pictures.sort_by(|a, b| natural::compare(&a.0, &b.0).then_with(|| a.0.cmp(&b.0)));
        let (ids, keys): (Vec<String>, Vec<K>) = pictures.into_iter().unzip();
        let Found { parts, notes, masks } = parts(archive, &ids, options)?;
        let mut entries = Vec::new();
        for (part, images) in parts {
            for &index in &images.images {
                let id = &ids[index][images.prefix.len()..];
                let class = id.split_once('/').map(|(class, _)| class).filter(|_| images.has_classes);
                let label = class.map(|class| Label::Text(class.to_owned()));
                entries.push(Entry { id: id.to_owned(), key: keys[index], part, label });
            }
        }
        Ok(Self { entries, ignored, notes, masks })
    }
}

/// The images of each part of an archive, what is said of them, and the masks among the others.
#[derive(Default)]
struct Found {
    parts: Vec<(Part, layout::Part)>,
    notes: Vec<String>,
    masks: Masks,
}

/// The training and the test images among those called `ids`, and what is said of them.
fn parts(archive: &Path, ids: &[String], options: &FolderOptions) -> Result<Found, DataError> {
    if ids.is_empty() {
        return Ok(Found::default());
    }
    let Some(train) = options.train_folder()? else {
        let name = archive.file_stem().map(name_text).unwrap_or_default();
        let plan = layout::plan_of_archive(archive, &name, ids, options.layout)?;
        let parts = [(Part::Train, Some(plan.train)), (Part::Test, plan.test)];
        let parts = parts.into_iter().filter_map(|(part, images)| Some((part, images?))).collect();
        let masks = plan.masks.as_deref().map_or_else(Masks::default, |prefix| {
            let within =
                |id: &String| Some((archive.join(name_path(id)), id.strip_prefix(prefix)?.to_owned()));
            Masks::of(ids.iter().filter_map(within))
        });
        return Ok(Found { parts, notes: plan.notes, masks });
    };
    let (mut parts, mut notes, mut uses) = (Vec::new(), Vec::new(), Vec::new());
    let folders = [(Part::Train, "training", Some(train)), (Part::Test, "test", options.test.as_deref())];
    for (part, called, folder) in folders {
        let Some(folder) = folder else { continue };
        let text = name_text(folder.as_os_str());
        let within = match text.trim_start_matches("./").trim_matches('/') {
            "" | "." => String::new(),
            within => format!("{within}/"),
        };
        let chosen: Vec<usize> = (0..ids.len()).filter(|&index| ids[index].starts_with(&within)).collect();
        if chosen.is_empty() {
            return Err(DataError::NoSuchPath { path: archive.join(folder) });
        }
        let of_split: Vec<String> =
            chosen.iter().map(|&index| ids[index][within.len()..].to_owned()).collect();
        let plan = layout::plan_of_split(&archive.join(folder), &of_split, &[], options.layout)?;
        let images = plan.train.images.iter().map(|&index| chosen[index]).collect();
        let prefix = within + &plan.train.prefix;
        uses.push(format!("{called} images: `{}` ({})", escaped(&text), plan.train.images.len()));
        parts.push((part, layout::Part { prefix, images, ..plan.train }));
        notes.extend(plan.notes);
    }
    if parts.len() == 1 {
        uses.push("no test images".into());
    }
    notes.insert(0, uses.join("; "));
    Ok(Found { parts, notes, masks: Masks::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths_in(archive: &str, files: &[&str], options: &FolderOptions) -> Result<Paths<usize>, DataError> {
        let files = files.iter().enumerate().map(|(at, path)| ((*path).to_owned(), at)).collect();
        Paths::of(Path::new(archive), files, options)
    }

    fn paths(files: &[&str]) -> Paths<usize> {
        paths_in("a.zip", files, &FolderOptions::default()).unwrap()
    }

    fn parts_of(paths: &Paths<usize>) -> Vec<(&str, Part)> {
        paths.entries.iter().map(|entry| (entry.id.as_str(), entry.part)).collect()
    }

    #[test]
    fn folders_in_an_archive_say_class_and_part() {
        let found = paths(&[
            "photos/dog/1.png",
            "photos/cat/10.png",
            "photos/cat/2.png",
            "photos/read.me",
            "__MACOSX/photos/cat/._2.png",
        ]);
        let ids: Vec<_> = found.entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids, ["cat/2.png", "cat/10.png", "dog/1.png"]);
        assert_eq!(found.entries[2].label, Some(Label::Text("dog".into())));
        assert_eq!(found.entries[1].key, 1);
        assert_eq!(found.ignored.to_string(), "1 .me, 1 hidden");

        let found = paths(&[
            "./d/Train/Train/a/1.png",
            "./d/Train/Train/b/2.png",
            "./d/TEST/a/3.png",
            "./d/TEST/b/4.png",
            "./d/val/a/5.png",
        ]);
        assert_eq!(
            parts_of(&found),
            [
                ("a/1.png", Part::Train),
                ("b/2.png", Part::Train),
                ("a/3.png", Part::Test),
                ("b/4.png", Part::Test)
            ]
        );
        let used = "training images: `d/Train/Train` (2); test images: `d/TEST` (2); not used: `d/val` (1)";
        assert_eq!(found.notes, [used]);

        assert!(paths(&["a.png", "x/b.png"]).entries.iter().all(|entry| entry.label.is_none()));
        assert_eq!(paths(&["cat/b.png"]).entries[0].label, Some(Label::Text("cat".into())));
        assert!(paths(&["read.me"]).entries.is_empty());
    }

    #[test]
    fn masks_in_an_archive_are_never_trained_on_unasked() {
        let found = paths(&["imagesTr/1.png", "imagesTs/2.png", "labelsTr/1.png"]);
        assert_eq!(parts_of(&found), [("1.png", Part::Train), ("2.png", Part::Test)]);
        assert!(found.notes[0].ends_with("not used: `labelsTr` (1)"), "{:?}", found.notes);
        let masked = ["images/1.png", "images/2.png", "masks/1.png", "masks/2.png"];
        let of = |options| paths_in("a.zip", &masked, &options);
        let error = of(FolderOptions::default()).unwrap_err();
        assert!(error.to_string().contains("`masks` is a folder of masks"), "{error}");
        // What the hint says, answers it.
        assert!(error.hint().unwrap().contains("--train images"), "{error}");
        let train = FolderOptions { train: Some("images".into()), ..FolderOptions::default() };
        assert_eq!(parts_of(&of(train).unwrap()), [("1.png", Part::Train), ("2.png", Part::Train)]);
        let flat = FolderOptions { layout: crate::settings::Layout::Flat, ..FolderOptions::default() };
        assert_eq!(of(flat).unwrap().entries.len(), 4);
        let nowhere = FolderOptions { train: Some("photos".into()), ..FolderOptions::default() };
        assert!(matches!(of(nowhere), Err(DataError::NoSuchPath { .. })));
        let test = FolderOptions { test: Some("images".into()), ..FolderOptions::default() };
        assert!(matches!(of(test), Err(DataError::Setting { .. })));
        assert!(paths_in("a.tar", &["7.png", "7.mask.png"], &FolderOptions::default()).is_err());
    }

    #[test]
    fn an_archive_that_is_a_split_by_its_own_name_is_one_set() {
        let none = FolderOptions::default();
        let found = paths_in("test-0001.tar", &["test/cat/1.png", "test/dog/2.png"], &none).unwrap();
        assert_eq!(parts_of(&found), [("cat/1.png", Part::Train), ("dog/2.png", Part::Train)]);
        assert_eq!(found.entries[0].label, Some(Label::Text("cat".into())));
        assert!(found.notes.is_empty());
        assert!(paths_in("a.tar", &["test/cat/1.png", "test/dog/2.png"], &none).is_err(), "is asked");
        let both = paths_in("test.zip", &["train/1.png", "test/2.png"], &none).unwrap();
        assert_eq!(parts_of(&both), [("1.png", Part::Train), ("2.png", Part::Test)]);
    }

    #[test]
    fn both_splits_may_be_named() {
        let options =
            FolderOptions { train: Some("./b/".into()), test: Some("c".into()), ..FolderOptions::default() };
        let found = paths_in("x.zip", &["a/1.png", "b/x/2.png", "b/y/3.png", "c/4.png"], &options).unwrap();
        let of: Vec<_> =
            found.entries.iter().map(|entry| (entry.id.as_str(), entry.part, entry.key)).collect();
        assert_eq!(of, [("x/2.png", Part::Train, 1), ("y/3.png", Part::Train, 2), ("4.png", Part::Test, 3)]);
        assert_eq!(found.entries[1].label, Some(Label::Text("y".into())));
        assert_eq!(found.notes, ["training images: `./b/` (2); test images: `c` (1)"]);
    }
}
