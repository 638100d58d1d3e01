//! [`FolderSizes`]: which sizes the images of a folder have, where they are not all of one.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::decode::{decode, size_of};
use super::folder::{FolderOptions, Found, Scan, display_name};
use super::idx_files::is_idx_folder;
use super::{DataError, Ignored, Unreadable};
use crate::settings::{Colour, Fit};

/// Which sizes the images of a folder and of its sub-folders have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderSizes {
    /// What the set is called.
    pub name: String,
    /// The folder.
    #[serde(with = "crate::names::as_text")]
    pub origin: PathBuf,
    /// How many images can be read.
    pub images: usize,
    /// How many of them have colour; the others are grey.
    pub coloured: usize,
    /// The sizes, the most frequent first; of equally frequent ones, the smallest.
    pub sizes: Vec<SizeCount>,
    /// Images that cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// Files passed over because their names are not those of images.
    pub ignored_files: Ignored,
}

/// A size, and how many images have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeCount {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// How many images.
    pub images: usize,
}

impl FolderSizes {
    /// Looks at every image of a folder that [`super::read_folder`] would read, as it lies there; none is kept.
    ///
    /// # Errors
    /// [`DataError::Io`] if a folder cannot be listed.
    pub fn of(folder: &Path) -> Result<Self, DataError> {
        let scan = Scan::of(folder)?;
        let looked: Vec<_> = scan
            .images
            .into_par_iter()
            .map(|(path, _)| match decode(&path, None, Fit::Error, Colour::Auto) {
                Ok(image) => Ok((image.height, image.width, image.coloured)),
                Err(reason) => Err(Unreadable { path, reason }),
            })
            .collect();
        let (mut counts, mut coloured, mut unreadable) = (HashMap::new(), 0, Vec::new());
        for image in looked {
            match image {
                Ok((height, width, has_colour)) => {
                    *counts.entry((height, width)).or_insert(0) += 1;
                    coloured += usize::from(has_colour);
                }
                Err(bad) => unreadable.push(bad),
            }
        }
        let size = |((height, width), images)| SizeCount { height, width, images };
        let mut sizes: Vec<_> = counts.into_iter().map(size).collect();
        sizes.sort_unstable_by_key(|size| {
            (std::cmp::Reverse(size.images), size.height * size.width, size.height)
        });
        Ok(Self {
            name: display_name(folder),
            origin: folder.into(),
            images: sizes.iter().map(|size| size.images).sum(),
            coloured,
            sizes,
            unreadable,
            ignored_files: scan.ignored,
        })
    }

    /// As [`Self::of`], of a folder whose images [`super::open`] cannot make one set of because they have several sizes; none
    /// of any other. Only the beginning of each file is read to know.
    ///
    /// # Errors
    /// [`DataError::Layout`] if it is not clear which images are which, [`DataError::Io`] if a folder cannot be listed.
    pub fn of_mixed(folder: &Path, options: &FolderOptions) -> Result<Option<Self>, DataError> {
        if options.size.is_some() || is_idx_folder(folder) {
            return Ok(None);
        }
        let found = match Found::of(folder, options) {
            // A folder without pictures holds other files, of which whoever reads them says what is wrong.
            Err(_) if Scan::of(folder)?.images.is_empty() => return Ok(None),
            found => found?,
        };
        let test = found.test.map_or_else(Vec::new, |test| test.images);
        let images: Vec<_> = found.train.images.into_iter().chain(test).collect();
        let sizes: HashSet<_> = images.par_iter().filter_map(|(path, _)| size_of(path)).collect();
        if sizes.len() < 2 {
            Ok(None)
        } else {
            Self::of(folder).map(|found| Some(found).filter(|found| found.sizes.len() > 1))
        }
    }

    /// The size that asks least of the images: most have it already. None if there is no image.
    #[must_use]
    pub fn usual(&self) -> Option<SizeCount> {
        self.sizes.first().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tenun_engine::Shape;

    use super::*;
    use crate::picture::save_image;

    #[test]
    fn sizes_are_counted_the_most_frequent_first() {
        let folder = tempfile::tempdir().unwrap();
        let grey = [(9, 8), (4, 6), (9, 8), (3, 2), (4, 6), (9, 8)];
        for (at, (height, width)) in grey.into_iter().enumerate() {
            let shape = Shape::new(1, height, width);
            let path = folder.path().join(["train", "test"][at % 2]).join(format!("{at}.png"));
            save_image(&path, shape, &vec![0.5; shape.len()]).unwrap();
        }
        let red = Shape::new(3, 2, 3);
        let values: Vec<f32> = (0..red.len()).map(|at| if at < red.area() { 1.0 } else { 0.0 }).collect();
        save_image(&folder.path().join("red.png"), red, &values).unwrap();
        fs::write(folder.path().join("bad.png"), "no picture").unwrap();
        fs::write(folder.path().join("words.txt"), "no picture").unwrap();
        let found = FolderSizes::of(folder.path()).unwrap();
        let sizes: Vec<_> = found.sizes.iter().map(|size| (size.images, size.height, size.width)).collect();
        assert_eq!(sizes, [(3, 9, 8), (2, 4, 6), (1, 2, 3), (1, 3, 2)]);
        assert_eq!((found.images, found.coloured, found.ignored_files.to_string()), (7, 1, "1 .txt".into()));
        assert_eq!(found.unreadable.len(), 1);
        assert_eq!(found.usual(), Some(SizeCount { height: 9, width: 8, images: 3 }));
        let mixed = |options| FolderSizes::of_mixed(folder.path(), &options).unwrap();
        assert_eq!(mixed(FolderOptions::default()), Some(found));
        assert_eq!(mixed(FolderOptions { size: Some((9, 8)), ..FolderOptions::default() }), None);
        // What is in neither split is no part of the set.
        fs::remove_dir_all(folder.path().join("test")).unwrap();
        fs::create_dir(folder.path().join("test")).unwrap();
        fs::remove_file(folder.path().join("train/4.png")).unwrap();
        assert_eq!(mixed(FolderOptions::default()), None);
    }

    #[test]
    fn a_folder_without_images_has_no_size() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(FolderSizes::of(folder.path()).unwrap().usual(), None);
        assert!(FolderSizes::of(&folder.path().join("none")).is_err());
    }
}
