//! Images and labels in IDX files that belong together: one split of a data set.

use std::path::{Path, PathBuf};

use super::dataset::numbered_classes;
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

/// Makes a collection of the splits; without the names of `classes` these are numbered.
pub(crate) fn collect(
    name: &str,
    origin: PathBuf,
    train: Split,
    test: Option<Split>,
    classes: Option<&[&str]>,
) -> Result<Collection, DataError> {
    let (train, train_classes) = train.into_parts()?;
    let (test, test_classes) = test.map(Split::into_parts).transpose()?.unzip();
    let test_classes = test_classes.flatten();
    let names = match classes {
        Some(names) => names.iter().map(|name| (*name).to_string()).collect(),
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
