//! Several sources as one: the parts of a data set in many files, or data sets that belong together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::classes::{self, Label};
use super::error::UsualSize;
use super::folder::grey_to_rgb;
use super::npz_keys::Part;
use super::{Collection, DataError, Dataset, Ignored, Images};
use crate::names::escaped;

/// One source, and which part of the whole it is.
pub(crate) struct Piece {
    pub(crate) part: Part,
    /// What comes before the names of its images.
    pub(crate) called: String,
    pub(crate) path: PathBuf,
    pub(crate) collection: Collection,
}

#[derive(Default)]
struct Joined {
    pixels: Vec<u8>,
    ids: Vec<String>,
    labels: Option<Vec<Label>>,
}

/// Makes one collection of all. Where only some have labels, there are none.
pub(crate) fn join(name: &str, origin: &Path, pieces: Vec<Piece>) -> Result<Collection, DataError> {
    let first = pieces.first().map(|piece| (piece.path.clone(), piece.collection.train.images().shape()));
    let Some((first_path, mut shape)) = first else {
        return Err(DataError::NoImages {
            path: origin.into(),
            ignored: Ignored::default(),
            unreadable: 0,
            example: None,
        });
    };
    for piece in &pieces {
        let other = piece.collection.train.images().shape();
        if (other.height, other.width) != (shape.height, shape.width) {
            return Err(DataError::SizesDiffer {
                first: first_path,
                first_size: (shape.height, shape.width),
                second: piece.path.clone(),
                second_size: (other.height, other.width),
                usual: usual(&pieces),
            });
        }
        shape.channels = shape.channels.max(other.channels);
    }
    let several = pieces.len() > 1;
    let has_labels = |piece: &&Piece| piece.collection.train.labels().is_some();
    let (labelled, without): (Vec<&Piece>, Vec<&Piece>) =
        pieces.iter().filter(|piece| piece.part == Part::Train).partition(has_labels);
    let dropped = labelled.first().zip(without.first()).map(|(labelled, without)| {
        let names = [labelled, without].map(|piece| escaped(&piece.called).into_owned());
        format!("the classes of {} are not used, as {} has none", names[0], names[1])
    });
    let (mut train, mut test) = (Joined::default(), Joined::default());
    (train.labels, test.labels) = (Some(Vec::new()), Some(Vec::new()));
    let (mut skipped, mut ignored, mut notes) = (Vec::new(), Ignored::default(), Vec::new());
    for Piece { part, called, collection, .. } in pieces {
        let prefix = if several { format!("{called}/") } else { String::new() };
        let to = if part == Part::Train { &mut train } else { &mut test };
        to.add(&collection.train, &prefix, shape.channels);
        if let Some(set) = &collection.test {
            test.add(set, &prefix, shape.channels);
        }
        skipped.extend(collection.skipped);
        ignored.extend(&collection.ignored);
        for note in collection.notes {
            let note = if several { format!("{called}: {note}") } else { note };
            notes.push(note);
        }
    }
    notes.extend(dropped);
    if train.ids.is_empty() {
        std::mem::swap(&mut train, &mut test);
    }
    let [train_labels, test_labels] = classes::together(
        [train.labels.take(), test.labels.take().filter(|labels| !labels.is_empty())],
        None,
        &mut notes,
    );
    let set = |joined: Joined, labels| {
        let images = Images::new(shape, joined.pixels).filter(|images| !images.is_empty());
        let Some(images) = images else { return Ok(None) };
        let set = Dataset::new(name, images).with_ids(joined.ids)?;
        Ok::<_, DataError>(Some(match labels {
            Some(labels) => set.with_labels(labels)?,
            None => set,
        }))
    };
    let Some(train) = set(train, train_labels)? else {
        return Err(DataError::NoImages { path: origin.into(), ignored, unreadable: 0, example: None });
    };
    let test = set(test, test_labels)?;
    let mut collection = Collection::new(origin.into(), train, test)?;
    (collection.skipped, collection.ignored, collection.notes) = (skipped, ignored, notes);
    Ok(collection)
}

/// The size that most images have.
fn usual(pieces: &[Piece]) -> Option<UsualSize> {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for piece in pieces {
        let shape = piece.collection.train.images().shape();
        *counts.entry((shape.height, shape.width)).or_default() += piece.collection.train.len();
    }
    let of = counts.values().sum();
    counts.into_iter().max_by_key(|&(_, images)| images).map(|(size, images)| UsualSize { size, images, of })
}

impl Joined {
    fn add(&mut self, set: &Dataset, prefix: &str, channels: usize) {
        let rgb = (set.images().shape().channels < channels).then(|| grey_to_rgb(set.images())).flatten();
        self.pixels.extend_from_slice(rgb.as_ref().unwrap_or(set.images()).pixels());
        self.ids.extend((0..set.len()).map(|index| format!("{prefix}{}", set.id(index))));
        self.labels = self.labels.take().zip(set.labels()).map(|(mut all, labels)| {
            let names: Vec<Label> = labels.names().iter().map(|name| classes::of_text(name)).collect();
            all.extend(labels.classes().iter().map(|&class| names[usize::from(class)].clone()));
            all
        });
    }
}
