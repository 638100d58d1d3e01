//! Reading an IDX file of images, or a folder of IDX files: with their labels, and by the set's name where it is known.

use std::path::Path;

use super::folder::display_name;
use super::idx_split::{FILES, Split, collect};
use super::{Collection, DataError, idx, named};

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
    collect(&name, path.into(), split, None, set.map(|set| &set.classes[..]))
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
    collect(&name, folder.into(), train, test, set.map(|set| &set.classes[..])).map(Some)
}
