//! Pictures in files inside of something: an archive, a table. They are decoded a few at a time, and never unpacked.

use std::path::Path;

use rayon::prelude::*;
use tenun_engine::Shape;

use super::classes::{self, Label};
use super::decode::decode_bytes;
use super::folder::{FolderOptions, Growing, display_name, grey_to_rgb};
use super::npz_keys::Part;
use super::progress::OnImage;
use super::{Collection, DataError, Dataset, Images, Unreadable};
use crate::machine;
use crate::names::name_path;
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
    pub(crate) ignored: usize,
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
            ignored: self.ignored,
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
                        growing.push(&path, &image, size)?;
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
        self.notes.extend(growing.note());
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
/// counted.
pub(crate) struct Paths<K> {
    pub(crate) entries: Vec<Entry<K>>,
    pub(crate) ignored: usize,
    pub(crate) notes: Vec<String>,
}

/// Whether a path inside of an archive is hidden, or of the copies that macOS makes.
pub(crate) fn is_hidden(path: &str) -> bool {
    path.split('/').any(|name| name.starts_with('.') || name == "__MACOSX")
}

impl<K> Paths<K> {
    /// The folder that all lie in is no class if there are folders in it.
    pub(crate) fn of(files: Vec<(String, K)>) -> Self {
        let all = files.len();
        let is_picture = |path: &str| !is_hidden(path) && super::decode::is_image_name(Path::new(path));
        let mut pictures: Vec<(String, K)> = files.into_iter().filter(|(path, _)| is_picture(path)).collect();
        pictures.sort_by(|a, b| super::natural::compare(&a.0, &b.0).then_with(|| a.0.cmp(&b.0)));
        let ignored = all - pictures.len();
        let mut rests: Vec<&str> = pictures.iter().map(|(path, _)| path.trim_start_matches("./")).collect();
        shed(&mut rests);
        let first = |path: &'_ str| path.split_once('/').map(|(first, _)| first.to_owned());
        let tops: Vec<Option<String>> = rests.iter().map(|rest| first(rest)).collect();
        let parts: Vec<Option<Part>> =
            tops.iter().map(|top| top.as_deref().and_then(super::npz_keys::part)).collect();
        let has = |part| parts.contains(&Some(part));
        let mut notes = Vec::new();
        let is_split = parts.iter().all(Option::is_some)
            && has(Part::Train)
            && parts.iter().any(|&part| part != Some(Part::Train));
        let mut keep = vec![true; rests.len()];
        let mut of = vec![Part::Train; rests.len()];
        if is_split {
            let test = if has(Part::Test) { Part::Test } else { Part::Validation };
            for (at, rest) in rests.iter_mut().enumerate() {
                let part = parts[at].unwrap_or(Part::Train);
                keep[at] = part == Part::Train || part == test;
                of[at] = if part == Part::Train { part } else { Part::Test };
                *rest = rest.split_once('/').map_or(*rest, |(_, rest)| rest);
            }
            for part in [Part::Train, Part::Test] {
                let at: Vec<usize> = (0..rests.len()).filter(|&at| of[at] == part).collect();
                let mut some: Vec<&str> = at.iter().map(|&at| rests[at]).collect();
                shed(&mut some);
                at.into_iter().zip(some).for_each(|(at, rest)| rests[at] = rest);
            }
            let of_test = tops
                .iter()
                .zip(&parts)
                .find(|(_, part)| **part == Some(test))
                .and_then(|(top, _)| top.as_deref());
            notes.push(format!("test images are those of {}", of_test.unwrap_or_default()));
            let unused = keep.iter().filter(|keep| !**keep).count();
            if unused > 0 {
                notes.push(format!("{unused} validation images are not used"));
            }
        }
        let has_classes = rests.iter().zip(&keep).all(|(rest, keep)| !keep || rest.contains('/'));
        let labels: Vec<Option<Label>> =
            rests.iter().map(|rest| first(rest).filter(|_| has_classes).map(Label::Text)).collect();
        let ids: Vec<String> = rests.iter().map(|rest| (*rest).to_owned()).collect();
        let entries = pictures
            .into_iter()
            .zip(ids)
            .zip(labels.into_iter().zip(of))
            .zip(keep)
            .filter(|(_, keep)| *keep)
            .map(|((((_, key), id), (label, part)), _)| Entry { id, key, part, label })
            .collect();
        Self { entries, ignored, notes }
    }
}

/// Takes the folders off that all paths lie in, as long as there are folders in them.
fn shed(paths: &mut [&str]) {
    while let Some((top, _)) = paths.first().and_then(|path| path.split_once('/')) {
        let inside = |path: &&str| {
            path.split_once('/').is_some_and(|(first, rest)| first == top && rest.contains('/'))
        };
        if !paths.iter().all(inside) {
            return;
        }
        for path in paths.iter_mut() {
            *path = path.split_once('/').map_or(*path, |(_, rest)| rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(files: &[&str]) -> Paths<usize> {
        Paths::of(files.iter().enumerate().map(|(at, path)| ((*path).to_owned(), at)).collect())
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
        assert_eq!(found.ignored, 2);

        let found = paths(&[
            "d/Train/Train/a/1.png",
            "d/Train/Train/b/2.png",
            "d/TEST/a/3.png",
            "d/TEST/b/4.png",
            "d/val/a/5.png",
        ]);
        let of: Vec<_> = found.entries.iter().map(|entry| (entry.id.as_str(), entry.part)).collect();
        assert_eq!(
            of,
            [
                ("a/3.png", Part::Test),
                ("b/4.png", Part::Test),
                ("a/1.png", Part::Train),
                ("b/2.png", Part::Train)
            ]
        );
        assert_eq!(found.notes, ["test images are those of TEST", "1 validation images are not used"]);

        assert!(paths(&["a.png", "x/b.png"]).entries.iter().all(|entry| entry.label.is_none()));
        assert_eq!(paths(&["cat/b.png"]).entries[0].label, Some(Label::Text("cat".into())));
    }
}
