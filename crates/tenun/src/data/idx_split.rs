//! Images and labels in IDX files that belong together, and a folder of two such pairs.

use std::path::{Path, PathBuf};

use super::dataset::numbered_classes;
use super::folder::display_name;
use super::idx::{self, IdxArray};
use super::named::{self, NamedSet};
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
    /// The file of labels, and what it holds.
    pub(crate) labels: Option<(PathBuf, IdxArray)>,
}

impl Split {
    /// `copies` is where decompressed copies are kept, if any are.
    pub(crate) fn read(
        path: PathBuf,
        labels: Option<PathBuf>,
        copies: Option<&Path>,
    ) -> Result<Self, DataError> {
        let images = unpacked::read_array(&path, copies)?;
        let labels = match labels {
            Some(path) => {
                let array = idx::read_array(&path)?;
                Some((path, array))
            }
            None => None,
        };
        Ok(Self { path, images, labels })
    }

    /// The images, and the class of each if there are labels.
    fn into_parts(self) -> Result<(super::Images, Option<Vec<u16>>), DataError> {
        let images = self.images.into_images(&self.path)?;
        let Some((path, labels)) = self.labels else {
            return Ok((images, None));
        };
        let classes: Vec<u16> = labels.into_labels(&path)?.into_iter().map(u16::from).collect();
        if classes.len() != images.len() {
            return Err(DataError::LabelCount {
                place: path.display().to_string(),
                images: images.len(),
                labels: classes.len(),
            });
        }
        Ok((images, Some(classes)))
    }
}

/// Makes a collection of the splits; `set` names the classes if the data are known, else they are numbered.
pub(crate) fn collect(
    name: &str,
    origin: PathBuf,
    train: Split,
    test: Option<Split>,
    set: Option<&NamedSet>,
) -> Result<Collection, DataError> {
    let (train, train_classes) = train.into_parts()?;
    let (test, test_classes) = test.map(Split::into_parts).transpose()?.unzip();
    let test_classes = test_classes.flatten();
    let names = match set {
        Some(set) => set.classes.iter().map(|class| (*class).to_string()).collect(),
        None => numbered_classes(train_classes.iter().chain(&test_classes).map(Vec::as_slice)),
    };
    let labelled = |images, classes: Option<Vec<u16>>| {
        let set = Dataset::new(name, images);
        match classes {
            Some(classes) => set.with_labels(Labels::new(classes, names.clone())?),
            None => Ok(set),
        }
    };
    let train = labelled(train, train_classes)?;
    let test = test.map(|test| labelled(test, test_classes)).transpose()?;
    Collection::new(origin, train, test)
}

/// Reads one file of images, with the labels beside it if there are any.
///
/// # Errors
/// As [`idx::read_images`] and [`idx::read_labels`]; [`DataError::LabelCount`] if the two do not match.
pub fn read_idx(path: &Path) -> Result<Collection, DataError> {
    file(path, None)
}

/// As [`read_idx`], with decompressed copies in `copies`.
pub(crate) fn file(path: &Path, copies: Option<&Path>) -> Result<Collection, DataError> {
    let split = Split::read(path.into(), idx::labels_beside(path), copies)?;
    let set = named::recognise(&split.images);
    let name = set.map_or_else(|| display_name(path), |set| set.name.into());
    collect(&name, path.into(), split, None, set)
}

/// Whether a folder has IDX files with the names that MNIST's have, and is not one of images.
#[must_use]
pub fn is_idx_folder(folder: &Path) -> bool {
    idx::find_in(folder, FILES[0]).is_some()
}

/// Reads a folder of IDX files with the names that MNIST's have, each as it is or gzip-compressed:
/// `train-images-idx3-ubyte`, and if they are there `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`. `None` if there are no training images of that name.
///
/// If the training images are those of a known set, its name and class names are used.
///
/// # Errors
/// As [`read_idx`]; [`DataError::SplitShapes`] if training and test images differ in shape.
pub fn read_idx_folder(folder: &Path) -> Result<Option<Collection>, DataError> {
    self::folder(folder, None)
}

/// As [`read_idx_folder`], with decompressed copies in `copies`.
pub(crate) fn folder(folder: &Path, copies: Option<&Path>) -> Result<Option<Collection>, DataError> {
    let [train, train_labels, test, test_labels] = FILES.map(|name| idx::find_in(folder, name));
    let Some(train) = train else {
        return Ok(None);
    };
    let (train, test) = rayon::join(
        || {
            let split = Split::read(train, train_labels, copies)?;
            let set = named::recognise(&split.images);
            Ok::<_, DataError>((split, set))
        },
        || test.map(|test| Split::read(test, test_labels, copies)).transpose(),
    );
    let ((train, set), test) = (train?, test?);
    let name = set.map_or_else(|| display_name(folder), |set| set.name.into());
    collect(&name, folder.into(), train, test, set).map(Some)
}
