//! [`ImageRecord`]: which images a run trained on, held out and was tested on, by their content, as its folder keeps it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Serialize;
use tenun_engine::Shape;

use super::{DataError, Dataset, ImageDigest};
use crate::file;
use crate::text::{are, counted};

/// A file larger than this is no record: 8 GiB, or 500 million images.
const MOST_BYTES: u64 = 8 << 30;

/// The tensors of the file.
const TRAIN: &str = "train";
const HELD_OUT: &str = "held_out";
const TEST: &str = "test";
const TRAIN_SUM: &str = "train_sum";

/// Which images a run trained on, held out and was tested on, and the mean of those it was trained on.
///
/// It is a safetensors file: `train`, `held_out` and `test` hold an [`ImageDigest`] for each image, in their order
/// (`uint8`, images × 16); `train_sum` the sum of the training images, byte by byte (`uint64`, channel × row × column).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRecord {
    train: Vec<ImageDigest>,
    held_out: Option<Vec<ImageDigest>>,
    test: Option<Vec<ImageDigest>>,
    shape: Shape,
    sum: Vec<u64>,
}

/// Whose images those of a set are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Whose {
    /// Images that the run was trained on.
    pub trained_on: usize,
    /// Images that it held out of training.
    pub held_out: usize,
    /// Test images of the run.
    pub test: usize,
    /// Images that the run has never seen.
    pub new: usize,
}

/// The images of a run, found again in its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Those it was trained on, in the order of training.
    pub train: Dataset,
    /// Those it held out.
    pub held_out: Option<Dataset>,
    /// Its test images.
    pub test: Option<Dataset>,
    /// What is different in the data, in words.
    pub change: Option<String>,
}

impl ImageRecord {
    /// The record of a run on these images.
    #[must_use]
    pub fn of(train: &Dataset, held_out: Option<&Dataset>, test: Option<&Dataset>) -> Self {
        Self {
            train: train.digests().to_vec(),
            held_out: held_out.map(|held| held.digests().to_vec()),
            test: test.map(|test| test.digests().to_vec()),
            shape: train.images().shape(),
            sum: train.images().sum(),
        }
    }

    /// The mean training image, pixel by pixel, in `[0, 1]`: `[channel][row][column]`.
    #[must_use]
    pub fn mean_image(&self) -> Vec<f32> {
        super::images::mean_of(&self.sum, self.train.len())
    }

    /// The shape of the images.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many test images are also among those trained on or held out.
    #[must_use]
    pub fn tests_in_training(&self) -> usize {
        let train: HashSet<_> = self.train.iter().chain(self.held_out.iter().flatten()).collect();
        self.test.iter().flatten().filter(|digest| train.contains(digest)).count()
    }

    /// Whose images those of `set` are. One that was trained on and is a test image too counts as trained on.
    #[must_use]
    pub fn whose(&self, set: &Dataset) -> Whose {
        let known = |digests: Option<&Vec<ImageDigest>>| -> HashSet<ImageDigest> {
            digests.into_iter().flatten().copied().collect()
        };
        let (train, held_out) = (known(Some(&self.train)), known(self.held_out.as_ref()));
        let test = known(self.test.as_ref());
        let mut whose = Whose::default();
        for digest in set.digests() {
            let count = if train.contains(digest) {
                &mut whose.trained_on
            } else if held_out.contains(digest) {
                &mut whose.held_out
            } else if test.contains(digest) {
                &mut whose.test
            } else {
                &mut whose.new
            };
            *count += 1;
        }
        whose
    }

    /// Whether all images of `set` are test images of the run, whatever else they are.
    #[must_use]
    pub fn are_tests(&self, set: &Dataset) -> bool {
        let test: HashSet<_> = self.test.iter().flatten().collect();
        set.digests().iter().all(|digest| test.contains(digest))
    }

    /// Finds the run's images in what its data are now: the training images, held-out ones among them, and the test
    /// images. `is_limited` says that the run used a part of its data: what is left over is then no news.
    ///
    /// # Errors
    /// [`DataError::Gone`] if all of the images are gone that the run was trained on, or that it is measured on.
    pub fn restore(
        &self,
        pool: &Dataset,
        test: Option<&Dataset>,
        is_limited: bool,
    ) -> Result<Restored, DataError> {
        let mut in_pool = Places::of(pool);
        let (train, train_gone) = in_pool.find(&self.train);
        let (held, held_gone) = match &self.held_out {
            Some(held) => in_pool.find(held),
            None => (Vec::new(), 0),
        };
        let mut left_over = pool.len() - train.len() - held.len();
        let mut parts = Vec::new();
        let mut gone = |what: &'static str, count: usize| {
            if count > 0 {
                parts.push(format!("{} {} missing", counted(count, what), are(count)));
            }
        };
        gone("training image", train_gone);
        gone("held-out image", held_gone);
        let found_test = match (&self.test, test) {
            (Some(recorded), Some(test)) => {
                let (found, test_gone) = Places::of(test).find(recorded);
                gone("test image", test_gone);
                left_over += test.len() - found.len();
                Some(test.select(&found))
            }
            (Some(recorded), None) => {
                gone("test image", recorded.len());
                Some(pool.select(&[]))
            }
            // The run did not look at them: those that it was trained on are no test.
            (None, Some(test)) => {
                let known: HashSet<_> = self.train.iter().chain(self.held_out.iter().flatten()).collect();
                let digests = test.digests();
                let unseen: Vec<usize> =
                    (0..test.len()).filter(|&at| !known.contains(&digests[at])).collect();
                let seen = test.len() - unseen.len();
                if seen > 0 {
                    parts.push(format!(
                        "{} of the run {} among the test images",
                        counted(seen, "training image"),
                        are(seen)
                    ));
                }
                Some(test.select(&unseen)).filter(|test| !test.is_empty())
            }
            (None, None) => None,
        };
        if left_over > 0 && !is_limited {
            parts.push(format!("{} {} new and not used", counted(left_over, "image"), are(left_over)));
        }
        let none_left = |what: &'static str, count: usize| Err(DataError::Gone { what, count });
        if train.is_empty() {
            return none_left("training image", self.train.len());
        }
        match (&self.test, &found_test, &self.held_out) {
            (Some(recorded), Some(found), _) if found.is_empty() => {
                return none_left("test image", recorded.len());
            }
            (None, None, Some(recorded)) if held.is_empty() => {
                return none_left("held-out image", recorded.len());
            }
            _ => {}
        }
        Ok(Restored {
            train: pool.select(&train),
            held_out: self.held_out.as_ref().map(|_| pool.select(&held)).filter(|held| !held.is_empty()),
            test: found_test,
            change: (!parts.is_empty()).then(|| parts.join(", ")),
        })
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), DataError> {
        let bytes = |digests: &Vec<ImageDigest>| -> Vec<u8> {
            digests.iter().flat_map(|digest| *digest.bytes()).collect()
        };
        let sum: Vec<u8> = self.sum.iter().flat_map(|sum| sum.to_le_bytes()).collect();
        let images = |name: &'static str, digests: Option<&Vec<ImageDigest>>| {
            digests.map(|digests| (name, Dtype::U8, vec![digests.len(), ImageDigest::BYTES], bytes(digests)))
        };
        let tensors: Vec<_> = [
            images(TRAIN, Some(&self.train)),
            images(HELD_OUT, self.held_out.as_ref()),
            images(TEST, self.test.as_ref()),
            Some((
                TRAIN_SUM,
                Dtype::U64,
                vec![self.shape.channels, self.shape.height, self.shape.width],
                sum,
            )),
        ]
        .into_iter()
        .flatten()
        .collect();
        let wrong = |error: safetensors::SafeTensorError| record(path, error.to_string());
        let views = tensors
            .iter()
            .map(|(name, dtype, axes, bytes)| Ok((*name, TensorView::new(*dtype, axes.clone(), bytes)?)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(wrong)?;
        let bytes = safetensors::serialize(views, None).map_err(wrong)?;
        file::write_bytes(path, &bytes).map_err(DataError::io(path, "write"))
    }

    /// Reads the file; `None` if there is none, as in a run of an earlier version.
    ///
    /// # Errors
    /// [`DataError::Io`], and [`DataError::Record`] if it is not what [`Self::write`] writes.
    pub fn read(path: &Path) -> Result<Option<Self>, DataError> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DataError::io(path, "read")(error)),
        };
        if !metadata.is_file() || metadata.len() > MOST_BYTES {
            return Err(record(path, "it is no record of a run's images".into()));
        }
        let bytes = file::read(path).map_err(DataError::io(path, "read"))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| record(path, error.to_string()))?;
        let digests = |name: &str| -> Result<Option<Vec<ImageDigest>>, DataError> {
            let Ok(view) = tensors.tensor(name) else { return Ok(None) };
            match (view.dtype(), view.shape()) {
                (Dtype::U8, [_, ImageDigest::BYTES]) => Ok(Some(
                    view.data().as_chunks().0.iter().map(|bytes| ImageDigest::from_bytes(*bytes)).collect(),
                )),
                (dtype, axes) => {
                    let expected = format!("expected bytes of n×{}", ImageDigest::BYTES);
                    Err(record(path, format!("`{name}`: {expected}, got {dtype:?} of {axes:?}")))
                }
            }
        };
        let train = digests(TRAIN)?.filter(|train| !train.is_empty());
        let train = train.ok_or_else(|| record(path, format!("`{TRAIN}` is missing")))?;
        let sum = tensors.tensor(TRAIN_SUM).map_err(|error| record(path, error.to_string()))?;
        let (Dtype::U64, &[channels, height, width]) = (sum.dtype(), sum.shape()) else {
            let expected = "expected whole numbers of channels×height×width";
            return Err(record(
                path,
                format!("`{TRAIN_SUM}`: {expected}, got {:?} of {:?}", sum.dtype(), sum.shape()),
            ));
        };
        let sum = sum.data().as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        let shape = Shape::new(channels, height, width);
        Ok(Some(Self { train, held_out: digests(HELD_OUT)?, test: digests(TEST)?, shape, sum }))
    }
}

fn record(path: &Path, reason: String) -> DataError {
    DataError::Record { path: path.into(), reason }
}

/// Where each image of a set is.
struct Places(HashMap<ImageDigest, VecDeque<usize>>);

impl Places {
    fn of(set: &Dataset) -> Self {
        let mut places: HashMap<_, VecDeque<_>> = HashMap::with_capacity(set.len());
        for (index, digest) in set.digests().iter().enumerate() {
            places.entry(*digest).or_default().push_back(index);
        }
        Self(places)
    }

    /// The places of these images, each image once, and how many are not there.
    fn find(&mut self, digests: &[ImageDigest]) -> (Vec<usize>, usize) {
        let found: Vec<usize> =
            digests.iter().filter_map(|digest| self.0.get_mut(digest)?.pop_front()).collect();
        let gone = digests.len() - found.len();
        (found, gone)
    }
}

impl Whose {
    /// What the images are called together: `training`, `held-out`, `test`, `new`, or `mixed`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match *self {
            Self { held_out: 0, test: 0, new: 0, .. } => "training",
            Self { trained_on: 0, test: 0, new: 0, .. } => "held-out",
            Self { trained_on: 0, held_out: 0, new: 0, .. } => "test",
            Self { trained_on: 0, held_out: 0, test: 0, .. } => "new",
            _ => "mixed",
        }
    }
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            (self.trained_on, "trained on"),
            (self.held_out, "held out"),
            (self.test, "test images of the run"),
            (self.new, "new"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{} {what}", crate::text::thousands(count as u64)))
            .collect();
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
