//! What is in a data set: counts, sizes, pixel values, classes, and what a user should look at twice.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Collection, Dataset, Ignored, Unreadable};

/// How many examples are named of what was found.
const EXAMPLES: usize = 5;

/// Bins that a histogram is reported in, of 256 / 16 = 16 pixel values each.
pub const HISTOGRAM_BINS: usize = 16;

/// A whole source, summed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Name of the data set.
    pub name: String,
    /// Where it was found.
    #[serde(with = "crate::names::as_text")]
    pub origin: PathBuf,
    /// The training images.
    pub train: SplitSummary,
    /// The test images, if there are any.
    pub test: Option<SplitSummary>,
    /// Test images that are also among the training images, byte for byte.
    pub test_images_in_train: Option<Duplicates>,
    /// Images that could not be read and were left out.
    pub unreadable: Vec<Unreadable>,
    /// Files passed over because their names are not those of images.
    pub ignored_files: Ignored,
    /// Remarks on how the source was read.
    pub notes: Vec<String>,
}

/// Training or test images, summed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitSummary {
    /// How many images there are.
    pub images: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
    /// 1 for grey, 3 for RGB.
    pub channels: usize,
    /// Their values.
    pub pixels: PixelSummary,
    /// The classes and how many images each has; empty without labels.
    pub classes: Vec<ClassCount>,
    /// Images that equal an earlier one, byte for byte.
    pub duplicates: Duplicates,
    /// Images all of whose values are equal, in every channel by itself.
    pub constant: Found,
    /// SHA-256 of the images, as [`Dataset::sha256`] has it.
    pub sha256: String,
    /// SHA-256 of the labels, as [`Dataset::labels_sha256`] has it.
    pub labels_sha256: Option<String>,
}

/// Values of all pixels in all channels, on the scale from 0 to 255.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PixelSummary {
    /// The smallest.
    pub min: u8,
    /// The largest.
    pub max: u8,
    /// The mean.
    pub mean: f64,
    /// The standard deviation, of the population: √(mean of squares − square of mean).
    pub std: f64,
    /// How many values lie in 0…15, 16…31, …, 240…255.
    pub histogram: [u64; HISTOGRAM_BINS],
}

/// A class and its images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// Name of the class.
    pub name: String,
    /// How many images it has.
    pub images: usize,
}

/// Images that something was found about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// How many.
    pub images: usize,
    /// The identifiers of the first few.
    pub examples: Vec<String>,
}

/// Images that equal an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicates {
    /// How many.
    pub images: usize,
    /// Identifiers of the first few, each with that of the first image it equals.
    pub examples: Vec<DuplicatePair>,
}

/// An image and an earlier one that it equals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicatePair {
    /// Identifier of the image.
    pub id: String,
    /// Identifier of the first image it equals.
    pub same_as: String,
}

impl Duplicates {
    fn add(&mut self, id: impl FnOnce() -> String, same_as: impl FnOnce() -> String) {
        self.images += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(DuplicatePair { id: id(), same_as: same_as() });
        }
    }
}

impl Summary {
    /// Sums up everything in `collection`.
    #[must_use]
    pub fn of(collection: &Collection) -> Self {
        let (train, first) = SplitSummary::with_first(&collection.train);
        let test = collection.test.as_ref();
        let in_train = test.map(|test| {
            let mut found = Duplicates::default();
            for index in 0..test.len() {
                if let Some(&same) = first.get(test.images().image(index)) {
                    found.add(|| test.id(index).into_owned(), || collection.train.id(same).into_owned());
                }
            }
            found
        });
        Self {
            name: collection.train.name().into(),
            origin: collection.origin.clone(),
            train,
            test: test.map(SplitSummary::of),
            test_images_in_train: in_train,
            unreadable: collection.skipped.clone(),
            ignored_files: collection.ignored.clone(),
            notes: collection.notes.clone(),
        }
    }
}

impl SplitSummary {
    /// Sums up one data set.
    #[must_use]
    pub fn of(set: &Dataset) -> Self {
        Self::with_first(set).0
    }

    /// The summary, and the first index at which each different image occurs.
    fn with_first(set: &Dataset) -> (Self, HashMap<&[u8], usize>) {
        let images = set.images();
        let shape = images.shape();
        let mut counts = [0_u64; 256];
        for &value in images.pixels() {
            counts[usize::from(value)] += 1;
        }
        let mut first = HashMap::with_capacity(images.len());
        let (mut duplicates, mut constant) = (Duplicates::default(), Found::default());
        for index in 0..images.len() {
            let image = images.image(index);
            let earlier = *first.entry(image).or_insert(index);
            if earlier != index {
                duplicates.add(|| set.id(index).into_owned(), || set.id(earlier).into_owned());
            }
            if image.chunks_exact(shape.area()).all(|plane| plane.iter().all(|value| *value == plane[0])) {
                constant.images += 1;
                if constant.examples.len() < EXAMPLES {
                    constant.examples.push(set.id(index).into_owned());
                }
            }
        }
        let classes = set.labels().map_or_else(Vec::new, |labels| {
            let counts = labels.counts().into_iter();
            labels
                .names()
                .iter()
                .cloned()
                .zip(counts)
                .map(|(name, images)| ClassCount { name, images })
                .collect()
        });
        let summary = Self {
            images: images.len(),
            height: shape.height,
            width: shape.width,
            channels: shape.channels,
            pixels: PixelSummary::of_counts(&counts),
            classes,
            duplicates,
            constant,
            sha256: set.sha256(),
            labels_sha256: set.labels_sha256(),
        };
        (summary, first)
    }
}

impl PixelSummary {
    /// From how often each value occurs. Sums are of whole numbers, so that no order of adding shows; all zeros
    /// for no values.
    fn of_counts(counts: &[u64; 256]) -> Self {
        let total: u64 = counts.iter().sum();
        let moment = |power: u32| -> f64 {
            let sum: u128 =
                counts.iter().zip(0_u128..).map(|(&count, value)| u128::from(count) * value.pow(power)).sum();
            sum as f64 / total.max(1) as f64
        };
        let mean = moment(1);
        let mut histogram = [0; HISTOGRAM_BINS];
        for (bin, counts) in histogram.iter_mut().zip(counts.chunks_exact(256 / HISTOGRAM_BINS)) {
            *bin = counts.iter().sum();
        }
        Self {
            min: counts.iter().position(|&count| count > 0).unwrap_or(0) as u8,
            max: counts.iter().rposition(|&count| count > 0).unwrap_or(0) as u8,
            mean,
            std: (moment(2) - mean * mean).max(0.0).sqrt(),
            histogram,
        }
    }
}

#[cfg(test)]
mod tests {
    use tenun_engine::Shape;

    use super::*;
    use crate::data::{Images, Labels};

    fn set(images: &[[u8; 4]]) -> Dataset {
        Dataset::new("s", Images::new(Shape::new(1, 2, 2), images.concat()).unwrap())
    }

    #[test]
    fn everything_is_counted() {
        let train =
            set(&[[0, 0, 0, 255], [7, 7, 7, 7], [0, 0, 0, 255], [1, 2, 3, 4], [7, 7, 7, 7], [7, 7, 7, 7]]);
        let names = ["odd", "even", "none"].map(String::from).to_vec();
        let train = train.with_labels(Labels::new(vec![1, 0, 1, 0, 1, 1], names).unwrap()).unwrap();
        let test = set(&[[9, 9, 9, 8], [1, 2, 3, 4]]);
        let mut collection = Collection::new("here".into(), train, Some(test)).unwrap();
        collection.skipped.push(Unreadable { path: "bad.png".into(), reason: "no".into() });
        let summary = Summary::of(&collection);

        let part = &summary.train;
        assert_eq!((part.images, part.height, part.width, part.channels), (6, 2, 2, 1));
        assert_eq!(part.classes.iter().map(|class| class.images).collect::<Vec<_>>(), [2, 4, 0]);
        let pair = |id: &str, same_as: &str| DuplicatePair { id: id.into(), same_as: same_as.into() };
        assert_eq!(part.duplicates.images, 3);
        assert_eq!(part.duplicates.examples, [pair("2", "0"), pair("4", "1"), pair("5", "1")]);
        assert_eq!(part.constant, Found { images: 3, examples: vec!["1".into(), "4".into(), "5".into()] });
        let across = summary.test_images_in_train.as_ref().unwrap();
        assert_eq!((across.images, &across.examples), (1, &vec![pair("1", "3")]));
        assert_eq!(summary.test.as_ref().unwrap().duplicates.images, 0);
        assert_eq!(summary.unreadable[0].path, PathBuf::from("bad.png"));

        let json = serde_json::to_string(&summary).unwrap();
        let mut back: Summary = serde_json::from_str(&json).unwrap();
        assert!((back.train.pixels.mean - summary.train.pixels.mean).abs() < 1e-9);
        // Floats come back from JSON to within their last bit: all else, exactly.
        back.train.pixels = summary.train.pixels.clone();
        back.test = summary.test.clone();
        assert_eq!(back, summary);
    }

    #[test]
    fn pixel_values_by_hand() {
        let pixels = SplitSummary::of(&set(&[[0, 10, 20, 250]])).pixels;
        assert_eq!((pixels.min, pixels.max, pixels.mean), (0, 250, 70.0));
        // Deviations −70, −60, −50, 180: squares 4900 + 3600 + 2500 + 32400, a quarter of which is 10850.
        assert!((pixels.std - 10850_f64.sqrt()).abs() < 1e-9);
        assert_eq!((pixels.histogram[0], pixels.histogram[1], pixels.histogram[15]), (2, 1, 1));
        assert_eq!(pixels.histogram.iter().sum::<u64>(), 4);
    }

    #[test]
    fn a_plane_of_one_colour_is_constant_in_rgb_too() {
        let images = Images::new(Shape::new(3, 1, 2), vec![1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 4]).unwrap();
        assert_eq!(SplitSummary::of(&Dataset::new("c", images)).constant.images, 1);
    }

    #[test]
    fn only_a_few_examples_are_named() {
        let summary = SplitSummary::of(&set(&[[5; 4]; 40]));
        assert_eq!((summary.duplicates.images, summary.duplicates.examples.len()), (39, EXAMPLES));
        assert_eq!((summary.constant.images, summary.constant.examples.len()), (40, EXAMPLES));
    }
}
