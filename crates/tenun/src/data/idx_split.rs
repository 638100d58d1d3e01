//! Images and labels in IDX files that belong together: one split of a data set.

use std::path::{Path, PathBuf};

use super::array::Array;
use super::classes::{self, Label};
use super::folder::display_name;
use super::idx::{self, IdxArray};
use super::{Collection, DataError, Dataset, Labels, unpacked};

/// The files of MNIST and its kin: training images and labels, test images and labels.
pub(crate) const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// One split as it lies in its files.
#[derive(Debug)]
pub(crate) struct Split {
    /// The file of images.
    pub(crate) path: PathBuf,
    pub(crate) images: IdxArray,
    /// The file of labels, and what it holds, or why it cannot be read.
    pub(crate) labels: Option<(PathBuf, Result<IdxArray, DataError>)>,
}

impl Split {
    /// `copies` is where decompressed copies are kept, if any are.
    pub(crate) fn read(
        path: PathBuf,
        labels: Option<PathBuf>,
        copies: Option<&Path>,
    ) -> Result<Self, DataError> {
        let images = unpacked::read_array(&path, copies)?;
        let labels = labels.map(|path| {
            let array = idx::read_array(&path);
            (path, array)
        });
        Ok(Self { path, images, labels })
    }

    /// The images, and the label of each if there are labels that can be used.
    fn into_parts(self, notes: &mut Vec<String>) -> Result<(super::Images, Option<Vec<Label>>), DataError> {
        let Self { path, images, labels } = self;
        let mut images = images.into_images(&path, notes)?;
        if is_transposed(&path) {
            images = images.transposed();
            notes.push("EMNIST has its images transposed: they are turned upright".into());
        }
        let labels = labels.and_then(|(path, labels)| {
            let labels = labels.map_err(|error| error.to_string()).and_then(|labels| {
                let mut array = labels.into_array();
                if let [images, columns @ 2..=usize::MAX] = array.axes[..] {
                    // QMNIST: the class, and after it where the image comes from.
                    let size = array.element.size();
                    let first = array.bytes.chunks_exact(columns * size).flat_map(|row| &row[..size]);
                    array = Array { axes: vec![images], bytes: first.copied().collect(), ..array };
                }
                classes::of_array(&array, notes)
            });
            classes::matching(labels, images.len(), &display_name(&path), notes)
        });
        Ok((images, labels))
    }
}

/// Whether a file is one of EMNIST's, in which rows and columns have changed places.
fn is_transposed(path: &Path) -> bool {
    display_name(path).to_ascii_lowercase().starts_with("emnist-")
}

/// Makes a collection of the splits; without the names of `classes` these are numbered.
pub(crate) fn collect(
    name: &str,
    origin: PathBuf,
    train: Split,
    test: Option<Split>,
    classes: Option<&[&str]>,
) -> Result<Collection, DataError> {
    let mut notes = Vec::new();
    let (train, train_labels) = train.into_parts(&mut notes)?;
    let (test, test_labels) = test.map(|test| test.into_parts(&mut notes)).transpose()?.unzip();
    let names: Option<Vec<String>> =
        classes.map(|names| names.iter().map(|name| (*name).to_string()).collect());
    let [train_labels, test_labels] =
        classes::together([train_labels, test_labels.flatten()], names.as_deref(), &mut notes);
    let labelled = |images, labels: Option<Labels>| match labels {
        Some(labels) => Dataset::new(name, images).with_labels(labels),
        None => Ok(Dataset::new(name, images)),
    };
    let train = labelled(train, train_labels)?;
    let test = test.map(|test| labelled(test, test_labels)).transpose()?;
    let mut collection = Collection::new(origin, train, test)?;
    notes.dedup();
    collection.notes = notes;
    Ok(collection)
}
