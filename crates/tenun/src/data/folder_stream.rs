//! Images of a folder, decoded a part at a time: never all of them in memory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use tenun_engine::Shape;

use super::decode::{decode, size_of};
use super::folder::{Found, Growing, Split, SplitImages, class_names, display_name};
use super::usual_size::usual;
use super::{DataError, Dataset, FolderOptions, Ignored};
use crate::settings::{Colour, Fit};

/// The images of one split of a folder, or image files, part by part, as [`super::read_folder`] and [`super::read_files`]
/// would give them all at once to a model that takes images of a known shape. Iterating gives data sets of up to 256
/// images, or the error that ends it.
pub struct FolderStream {
    name: String,
    /// Path and identifier of each image.
    images: Vec<(PathBuf, String)>,
    /// Empty if there are no classes.
    classes: Vec<String>,
    is_test: bool,
    other_split: usize,
    notes: Vec<String>,
    ignored: Ignored,
    size: Option<(usize, usize)>,
    fit: Fit,
    colour: Colour,
    found: Arc<StreamFound>,
    growing: Growing,
    /// The first image, which was decoded to learn its size.
    first: Option<Dataset>,
    /// Images given or failed at.
    done: usize,
}

/// What only decoding the images of a stream shows.
#[derive(Debug, Default)]
pub struct StreamFound {
    coloured: AtomicBool,
    notes: Mutex<Vec<String>>,
}

impl StreamFound {
    /// Whether an image so far has colour, whatever colour it was brought to.
    #[must_use]
    pub fn has_colour(&self) -> bool {
        self.coloured.load(Ordering::Relaxed)
    }

    /// Remarks on the images, which are complete when all are decoded.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl FolderStream {
    /// The test images of a folder, or its training images if it has no others or `train` asks for them; each is brought to
    /// the colour of `shape`, and the images of the other split are not read.
    ///
    /// `None` where images have to be looked at all together: where those that cannot be read are to be left out, or
    /// `options` ask for another colour than the shape's, or something is wrong with the options, the folder or its first
    /// image, such as that it has another size. [`super::read_folder`] then says what.
    #[must_use]
    pub fn of_folder(folder: &Path, shape: Shape, options: &FolderOptions, train: bool) -> Option<Self> {
        let name = display_name(folder);
        let found = Found::of(folder, options).ok()?;
        let (chosen, is_test, other_split) = match found.test {
            Some(test) if !train => (test, true, found.train.images.len()),
            test => (found.train, false, test.map_or(0, |test| test.images.len())),
        };
        let parts = Self::new(name, chosen, shape, options)?;
        Some(Self { is_test, other_split, notes: found.notes, ignored: found.ignored, ..parts })
    }

    /// Image files, in the order given. `None` as in [`Self::of_folder`]; [`super::read_files`] then says what is wrong.
    #[must_use]
    pub fn of_files(name: &str, files: &[PathBuf], shape: Shape, options: &FolderOptions) -> Option<Self> {
        let images = files.iter().map(|path| (path.clone(), display_name(path))).collect();
        let files = Split { folder: PathBuf::new(), images, has_classes: false };
        Self::new(name.into(), files, shape, options)
    }

    fn new(name: String, split: Split, shape: Shape, options: &FolderOptions) -> Option<Self> {
        let Split { images, has_classes, .. } = split;
        let colour = match shape.channels {
            1 => Colour::Grey,
            3 => Colour::Rgb,
            _ => return None,
        };
        let asked = options.colour == Colour::Auto || options.colour == colour;
        if !asked || options.skip_bad || options.check().is_err() {
            return None;
        }
        let mut parts = Self {
            classes: match has_classes {
                true => class_names(images.iter().map(|(_, id)| id.as_str())),
                false => Vec::new(),
            },
            name,
            images,
            is_test: false,
            other_split: 0,
            notes: Vec::new(),
            ignored: Ignored::default(),
            size: options.size,
            fit: options.fit,
            colour,
            found: Arc::default(),
            growing: Growing::default(),
            first: None,
            done: 0,
        };
        let first = parts.decode().ok()??;
        (first.images().shape() == shape).then_some(Self { first: Some(first), ..parts })
    }

    /// Only the first `limit` images.
    ///
    /// # Errors
    /// [`DataError::Limit`] if `limit` is 0 or more than there are.
    pub fn take(mut self, limit: usize) -> Result<Self, DataError> {
        if limit == 0 || limit > self.len() {
            return Err(DataError::Limit { name: self.name, asked: limit, available: self.images.len() });
        }
        self.images.truncate(limit);
        Ok(self)
    }

    /// What the set is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many images there are in all parts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// What each image is called.
    pub fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.images.iter().map(|(_, id)| id.as_str())
    }

    /// Whether the images have classes.
    #[must_use]
    pub fn has_labels(&self) -> bool {
        !self.classes.is_empty()
    }

    /// Whether these are the test images of a folder that has others to train on.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.is_test
    }

    /// How many images the other split of the folder has.
    #[must_use]
    pub fn other_split(&self) -> usize {
        self.other_split
    }

    /// Remarks on how the folder was read.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Files of the folder that are passed over.
    #[must_use]
    pub fn ignored(&self) -> &Ignored {
        &self.ignored
    }

    /// What is found out of the images while they are decoded.
    #[must_use]
    pub fn found(&self) -> Arc<StreamFound> {
        Arc::clone(&self.found)
    }

    /// Decodes the next part; none if there is no more.
    fn decode(&mut self) -> Result<Option<Dataset>, DataError> {
        let start = self.done;
        let chunk = start..self.images.len().min(start + self.growing.chunk());
        // Whatever is wrong with one of them is the last that is heard of this.
        self.done = self.images.len();
        let images = &self.images[chunk.clone()];
        if images.is_empty() {
            return Ok(None);
        }
        let decoded: Vec<_> =
            images.par_iter().map(|(path, _)| decode(path, self.size, self.fit, self.colour)).collect();
        for ((path, _), decoded) in images.iter().zip(decoded) {
            let image = decoded.map_err(|reason| DataError::Unreadable { path: path.clone(), reason })?;
            self.found.coloured.fetch_or(image.coloured, Ordering::Relaxed);
            let usual = || usual(self.images.iter(), |(path, _)| size_of(path));
            self.growing.push(path, &image, self.size).map_err(|error| error.with_usual_size(usual))?;
        }
        let Some(pixels) = self.growing.take() else { return Ok(None) };
        let ids = images.iter().map(|(_, id)| id.clone()).collect();
        let (set, _) =
            SplitImages::of(pixels, ids, self.has_labels()).into_dataset(&self.name, &self.classes)?;
        self.done = chunk.end;
        if self.done == self.images.len() {
            *self.found.notes.lock().unwrap_or_else(PoisonError::into_inner) = self.growing.notes();
        }
        Ok(Some(set))
    }
}

impl Iterator for FolderStream {
    type Item = Result<Dataset, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => self.decode().transpose(),
        }
    }
}

#[cfg(test)]
#[path = "folder_stream_tests.rs"]
mod tests;
