//! [`Masks`]: pictures that mark what is wrong with test images, by the images that they belong to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::split_names::masked;

/// The masks of test images, as MVTec AD has them in `ground_truth`: never trained on, kept for evaluation. Those in an archive
/// have its path, and theirs within it behind that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// By the path of the image within its split, without its ending.
    of: BTreeMap<String, Vec<PathBuf>>,
}

impl Masks {
    /// Masks by their paths, each with that within their folder: `broken/003_mask.png` and `broken/003.png` are those of
    /// `broken/003.png`, and so are all of `broken/003/`.
    pub(super) fn of(masks: impl Iterator<Item = (PathBuf, String)>) -> Self {
        let mut of: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for (path, id) in masks {
            let stem = without_ending(&id);
            of.entry(masked(stem).unwrap_or(stem).to_owned()).or_default().push(path.clone());
            // Several masks of one image lie in a folder of its name, at least two deep.
            if let Some((folder, _)) = id.rsplit_once('/').filter(|(folder, _)| folder.contains('/')) {
                of.entry(folder.to_owned()).or_default().push(path);
            }
        }
        Self { of }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// The files that are masks of the test image called `id`; none of one that has no fault.
    #[must_use]
    pub fn of_image(&self, id: &str) -> &[PathBuf] {
        self.of.get(without_ending(id)).map_or(&[], Vec::as_slice)
    }
}

/// A path without the ending of its file.
fn without_ending(id: &str) -> &str {
    let name = id.rfind('/').map_or(0, |at| at + 1);
    match Path::new(&id[name..]).extension() {
        Some(ending) => &id[..id.len() - ending.len() - 1],
        None => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_found_by_the_name_of_the_image() {
        let ids = ["broken/003_mask.png", "scratch/003.png", "logical/000/000.png", "logical/000/001.png"];
        let masks = Masks::of(ids.into_iter().map(|id| (PathBuf::from(id), id.to_owned())));
        let of =
            |id: &str| masks.of_image(id).iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(of("broken/003.png"), [ids[0]]);
        assert_eq!(of("scratch/003.jpg"), [ids[1]]);
        assert_eq!(of("logical/000.png"), ids[2..]);
        assert!(of("good/003.png").is_empty() && of("broken/004.png").is_empty());
        assert!(!masks.is_empty() && Masks::default().is_empty());
    }
}
