//! [`Dataset`]: images with identifiers and optional labels; [`Collection`]: what a source holds.

use std::borrow::Cow;
use std::ops::Range;
use std::path::PathBuf;

use rayon::prelude::*;

use super::digest::{Hasher, ImageDigest, Once};
use super::{DataError, Ignored, Images, Masks, Unreadable};

/// The class of every image, and the classes' names. Never used in training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    classes: Vec<u16>,
    names: Vec<String>,
}

impl Labels {
    /// Labels from the class of each image, counted from 0, and the name of each class.
    ///
    /// # Errors
    /// [`DataError::LabelRange`] if a class has no name.
    pub fn new(classes: Vec<u16>, names: Vec<String>) -> Result<Self, DataError> {
        match classes.iter().position(|&class| usize::from(class) >= names.len()) {
            Some(index) => {
                Err(DataError::LabelRange { index, class: usize::from(classes[index]), classes: names.len() })
            }
            None => Ok(Self { classes, names }),
        }
    }

    /// Class of each image, an index into [`Self::names`].
    #[must_use]
    pub fn classes(&self) -> &[u16] {
        &self.classes
    }

    /// Name of each class.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many images each class has, in the order of [`Self::names`].
    #[must_use]
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        for &class in &self.classes {
            counts[usize::from(class)] += 1;
        }
        counts
    }

    fn select(&self, indices: &[usize]) -> Self {
        Self {
            classes: indices.iter().map(|&index| self.classes[index]).collect(),
            names: self.names.clone(),
        }
    }
}

/// How an image is called. Numbers become text only when asked for: 60,000 strings are not free.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ids {
    /// Image `i` is called `i`.
    Position,
    /// Image `i` is called by its place in the set it was selected from.
    Numbers(Vec<usize>),
    /// Image `i` has a name of its own, such as its path.
    Names(Vec<String>),
}

/// Images of one size with a name, an identifier for each image, and optional labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    name: String,
    images: Images,
    labels: Option<Labels>,
    ids: Ids,
    /// Hashes of all pixels, once they were asked for: a run asks several times.
    digests: Once<Vec<ImageDigest>>,
    sha256: Once<String>,
}

impl Dataset {
    /// A data set without labels whose images are called by their position, from `0`.
    #[must_use]
    pub fn new(name: impl Into<String>, images: Images) -> Self {
        let (digests, sha256) = (Once::default(), Once::default());
        Self { name: name.into(), images, labels: None, ids: Ids::Position, digests, sha256 }
    }

    /// Adds labels.
    ///
    /// # Errors
    /// [`DataError::LabelCount`] unless there is one label for each image.
    pub fn with_labels(mut self, labels: Labels) -> Result<Self, DataError> {
        if labels.classes.len() != self.images.len() {
            return Err(DataError::LabelCount {
                place: format!("labels of `{}`", self.name),
                images: self.images.len(),
                labels: labels.classes.len(),
            });
        }
        self.labels = Some(labels);
        Ok(self)
    }

    /// Calls image `i` `ids[i]`.
    ///
    /// # Errors
    /// [`DataError::IdCount`] unless there is one identifier for each image.
    pub fn with_ids(mut self, ids: Vec<String>) -> Result<Self, DataError> {
        if ids.len() != self.images.len() {
            return Err(DataError::IdCount { images: self.images.len(), ids: ids.len() });
        }
        self.ids = Ids::Names(ids);
        Ok(self)
    }

    /// What the set is called: `fashion-mnist`, or the name of its file or folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The images.
    #[must_use]
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// The labels, if the source has them.
    #[must_use]
    pub fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }

    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// What image `index` is called: its number in the file it came from, or its path within the folder.
    ///
    /// # Panics
    /// If there is no such image.
    #[must_use]
    pub fn id(&self, index: usize) -> Cow<'_, str> {
        assert!(index < self.len(), "image {index} of {}", self.len());
        match &self.ids {
            Ids::Position => Cow::Owned(index.to_string()),
            Ids::Numbers(numbers) => Cow::Owned(numbers[index].to_string()),
            Ids::Names(names) => Cow::Borrowed(&names[index]),
        }
    }

    /// The same set with its images made over, unless `change` gives `None` or another number of images.
    pub(crate) fn map_images(mut self, change: impl FnOnce(&Images) -> Option<Images>) -> Self {
        if let Some(images) = change(&self.images).filter(|images| images.len() == self.images.len()) {
            self.images = images;
            (self.digests, self.sha256) = (Once::default(), Once::default());
        }
        self
    }

    /// The images at `indices`, in that order, with their labels and identifiers.
    ///
    /// # Panics
    /// If an index is out of range.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let ids = match &self.ids {
            Ids::Position => Ids::Numbers(indices.to_vec()),
            Ids::Numbers(numbers) => Ids::Numbers(indices.iter().map(|&index| numbers[index]).collect()),
            Ids::Names(names) => Ids::Names(indices.iter().map(|&index| names[index].clone()).collect()),
        };
        Self {
            name: self.name.clone(),
            images: self.images.select(indices),
            labels: self.labels.as_ref().map(|labels| labels.select(indices)),
            ids,
            digests: self.known_digests(|digests| indices.iter().map(|&index| digests[index]).collect()),
            sha256: Once::default(),
        }
    }

    /// The images of a range, with their labels and identifiers; the pixels are not copied.
    ///
    /// # Panics
    /// If an index is out of range.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let ids = match &self.ids {
            Ids::Position => Ids::Numbers(range.clone().collect()),
            Ids::Numbers(numbers) => Ids::Numbers(numbers[range.clone()].to_vec()),
            Ids::Names(names) => Ids::Names(names[range.clone()].to_vec()),
        };
        let labels = self.labels.as_ref().map(|labels| Labels {
            classes: labels.classes[range.clone()].to_vec(),
            names: labels.names.clone(),
        });
        let digests = self.known_digests(|digests| digests[range.clone()].to_vec());
        let images = self.images.part(range);
        Self { name: self.name.clone(), images, labels, ids, digests, sha256: Once::default() }
    }

    /// The first `limit` images.
    ///
    /// # Errors
    /// [`DataError::Limit`] if `limit` is 0 or more than there are.
    pub fn take(mut self, limit: usize) -> Result<Self, DataError> {
        if limit == 0 || limit > self.len() {
            return Err(DataError::Limit { name: self.name.clone(), asked: limit, available: self.len() });
        }
        if limit < self.len() {
            self.digests = self.known_digests(|digests| digests[..limit].to_vec());
            self.sha256 = Once::default();
        }
        self.images.truncate(limit);
        if let Some(labels) = &mut self.labels {
            labels.classes.truncate(limit);
        }
        match &mut self.ids {
            Ids::Position => {}
            Ids::Numbers(numbers) => numbers.truncate(limit),
            Ids::Names(names) => names.truncate(limit),
        }
        Ok(self)
    }

    /// What each image is known by. It is worked out once, for the images selected from these too.
    #[must_use]
    pub fn digests(&self) -> &[ImageDigest] {
        self.digests.or(|| {
            let shape = self.images.shape();
            self.images
                .pixels()
                .par_chunks_exact(shape.len())
                .map(|image| ImageDigest::of(shape, image))
                .collect()
        })
    }

    /// Those of some of the images, if they have been worked out.
    fn known_digests(&self, of: impl FnOnce(&[ImageDigest]) -> Vec<ImageDigest>) -> Once<Vec<ImageDigest>> {
        Once::known(self.digests.get().map(|digests| of(digests)))
    }

    /// SHA-256 of the images, in hexadecimal; labels, names and identifiers are no part of it. It is worked out once.
    ///
    /// It is that of the text `tenun images 1` followed by a line feed, then count, channels, height and
    /// width as 64-bit little-endian numbers, then the bytes `[image][channel][row][column]`.
    #[must_use]
    pub fn sha256(&self) -> String {
        let hash = || {
            let shape = self.images.shape();
            let mut hasher = Hasher::new(b"tenun images 1\n");
            for number in [self.len(), shape.channels, shape.height, shape.width] {
                hasher.update(&(number as u64).to_le_bytes());
            }
            hasher.update(self.images.pixels());
            hasher.hex()
        };
        self.sha256.or(hash).clone()
    }

    /// SHA-256 of the labels, in hexadecimal, if there are labels.
    ///
    /// It is that of the text `tenun labels 1` followed by a line feed, then the number of labels as a 64-bit
    /// and each class as a 16-bit little-endian number, then each class name's length in bytes (64-bit) and bytes.
    #[must_use]
    pub fn labels_sha256(&self) -> Option<String> {
        let labels = self.labels.as_ref()?;
        let mut hasher = Hasher::new(b"tenun labels 1\n");
        hasher.update(&(labels.classes.len() as u64).to_le_bytes());
        for class in &labels.classes {
            hasher.update(&class.to_le_bytes());
        }
        for name in &labels.names {
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
        }
        Some(hasher.hex())
    }
}

/// What a source holds: training images, test images where it has an official split, and what was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Images to train on.
    pub train: Dataset,
    /// The official test images, of the same shape.
    pub test: Option<Dataset>,
    /// Where the data were found.
    pub origin: PathBuf,
    /// Images that could not be read and were left out, in the order of their paths.
    pub skipped: Vec<Unreadable>,
    /// Files that were passed over because they are hidden or their names are not those of images.
    pub ignored: Ignored,
    /// Remarks on how the source was read.
    pub notes: Vec<String>,
    /// The masks of the test images, where the source has some: never trained on.
    pub masks: Masks,
}

impl Collection {
    /// A collection from its two splits.
    ///
    /// # Errors
    /// [`DataError::SplitShapes`] if their images are not of one shape.
    pub fn new(origin: PathBuf, train: Dataset, test: Option<Dataset>) -> Result<Self, DataError> {
        if let Some(test) = &test {
            let (train, test) = (train.images().shape(), test.images().shape());
            if train != test {
                return Err(DataError::SplitShapes { train, test });
            }
        }
        Ok(Self {
            train,
            test,
            origin,
            skipped: Vec::new(),
            ignored: Ignored::default(),
            notes: Vec::new(),
            masks: Masks::default(),
        })
    }

    /// The files that are masks of a test image; none where it has no fault, or the source no masks.
    #[must_use]
    pub fn masks_of(&self, test_image: usize) -> &[PathBuf] {
        match &self.test {
            Some(test) if test_image < test.len() && !self.masks.is_empty() => {
                self.masks.of_image(&test.id(test_image))
            }
            _ => &[],
        }
    }

    /// Keeps the first `train` training and the first `test` test images; `None` keeps all.
    ///
    /// # Errors
    /// [`DataError::Limit`] if a limit is 0 or more than there are, [`DataError::NoTest`] if there are no
    /// test images to limit.
    pub fn limit(mut self, train: Option<usize>, test: Option<usize>) -> Result<Self, DataError> {
        if let Some(limit) = train {
            self.train = self.train.take(limit)?;
        }
        if let Some(limit) = test {
            let Some(images) = self.test else {
                return Err(DataError::NoTest { name: self.train.name, asked: limit });
            };
            self.test = Some(images.take(limit)?);
        }
        Ok(self)
    }
}

/// Names for the classes `0..=max` that occur in `parts`, as numbers in text.
pub(crate) fn numbered_classes<'a>(parts: impl IntoIterator<Item = &'a [u16]>) -> Vec<String> {
    let classes = parts.into_iter().flatten().max().map_or(0, |&max| usize::from(max) + 1);
    (0..classes).map(|class| class.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use tenun_engine::Shape;

    use super::*;

    fn dataset() -> Dataset {
        let images = Images::new(Shape::new(1, 1, 2), (0..10).collect()).unwrap();
        let labels = Labels::new(vec![0, 1, 2, 1, 0], ["a", "b", "c"].map(String::from).to_vec()).unwrap();
        Dataset::new("five", images).with_labels(labels).unwrap()
    }

    #[test]
    fn selecting_keeps_labels_and_identifiers_together() {
        let chosen = dataset().select(&[4, 2]);
        assert_eq!(chosen.images().pixels(), [8, 9, 4, 5]);
        assert_eq!(chosen.labels().unwrap().classes(), [0, 2]);
        assert_eq!((chosen.id(0), chosen.id(1)), ("4".into(), "2".into()));
        assert_eq!(chosen.select(&[1]).id(0), "2");
        let named = dataset().with_ids(["p", "q", "r", "s", "t"].map(String::from).to_vec()).unwrap();
        assert_eq!(named.select(&[3]).id(0), "s");
        for set in [dataset(), named, chosen] {
            assert_eq!(set.part(1..2), set.select(&[1]));
            assert_eq!(set.part(0..0), set.select(&[]));
        }
    }

    #[test]
    fn taking_keeps_the_first() {
        let first = dataset().take(2).unwrap();
        assert_eq!((first.len(), first.labels().unwrap().classes()), (2, &[0, 1][..]));
        assert_eq!(dataset().take(5).unwrap(), dataset());
    }

    #[test]
    fn a_limit_of_none_or_too_many_is_refused() {
        for asked in [0, 6] {
            let error = dataset().take(asked).unwrap_err();
            assert!(matches!(error, DataError::Limit { available: 5, .. }), "{error}");
            assert!(error.to_string().contains(&format!("limit of {asked}")), "{error}");
        }
        let collection = Collection::new("five".into(), dataset(), None).unwrap();
        let error = collection.limit(Some(3), Some(1)).unwrap_err();
        assert!(matches!(error, DataError::NoTest { asked: 1, .. }), "{error}");
    }

    #[test]
    fn labels_must_match_images_and_names() {
        let labels = Labels::new(vec![0; 4], vec!["a".into()]).unwrap();
        let error = dataset().with_labels(labels).unwrap_err().to_string();
        assert!(error.contains("expected 5 labels") && error.contains("got 4"), "{error}");
        let error = Labels::new(vec![0, 3], vec!["a".into(); 3]).unwrap_err().to_string();
        assert!(error.contains("label 1 is class 3") && error.contains("below 3"), "{error}");
        assert!(dataset().with_ids(vec![String::new()]).is_err());
    }

    #[test]
    fn the_digest_covers_pixels_and_shape_but_not_labels() {
        let images = |shape, pixels: [u8; 4]| Dataset::new("x", Images::new(shape, pixels.to_vec()).unwrap());
        let base = images(Shape::new(1, 2, 2), [1, 2, 3, 4]);
        assert_eq!(base.sha256().len(), 64);
        assert_ne!(base.sha256(), images(Shape::new(1, 2, 2), [1, 2, 3, 5]).sha256());
        assert_ne!(base.sha256(), images(Shape::new(1, 1, 4), [1, 2, 3, 4]).sha256());
        assert_ne!(base.sha256(), images(Shape::new(1, 1, 2), [1, 2, 3, 4]).sha256());
        assert_eq!(base.labels_sha256(), None);
        let label = |name: &str| Labels::new(vec![0], vec![name.into()]).unwrap();
        let labelled = base.clone().with_labels(label("a")).unwrap();
        assert_eq!(labelled.sha256(), base.sha256());
        assert_ne!(labelled.labels_sha256(), base.with_labels(label("b")).unwrap().labels_sha256());
    }

    /// Hashes that are kept are those of the images as they are: another set of the same pixels, which has not been asked
    /// before, has the same.
    #[test]
    fn hashes_that_are_kept_go_with_their_images() {
        let fresh = |set: &Dataset| Dataset::new("fresh", set.images().clone());
        #[track_caller]
        fn same(asked: &Dataset, fresh: &Dataset) {
            assert_eq!(asked.digests(), fresh.digests());
            assert_eq!(asked.sha256(), fresh.sha256());
        }
        let asked = dataset();
        let kept = asked.digests().as_ptr();
        let _ = asked.sha256();
        assert_eq!(asked.clone().digests().as_ptr(), kept, "clones share them");
        assert!(asked.select(&[3]).digests.get().is_some() && asked.part(1..2).digests.get().is_some());
        assert!(dataset().select(&[3]).digests.get().is_none(), "nobody asked");
        for changed in [
            asked.select(&[4, 2, 2]),
            asked.part(1..4),
            asked.clone().take(2).unwrap(),
            asked.clone().take(5).unwrap(),
            asked.clone().map_images(super::super::folder::grey_to_rgb),
            asked.clone().with_ids(["p", "q", "r", "s", "t"].map(String::from).to_vec()).unwrap(),
        ] {
            same(&changed, &fresh(&changed));
        }
        same(&asked, &dataset());
        assert_eq!(asked, dataset(), "what is known of a set is no part of it");
    }

    #[test]
    fn splits_must_have_one_shape() {
        let other = Dataset::new("x", Images::new(Shape::new(1, 2, 2), vec![0; 4]).unwrap());
        let error = Collection::new("x".into(), dataset(), Some(other)).unwrap_err();
        assert!(error.to_string().contains("1×2×1") && error.to_string().contains("2×2×1"), "{error}");
    }
}
