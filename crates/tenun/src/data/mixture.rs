//! Pictures of several kinds beside each other, told by the names of files: masks beside what they are the masks of, splits
//! in one folder, the depth of a scene beside its photograph. Learned as one they would be a mixture that nobody asked for.

use std::collections::{BTreeSet, HashMap};

use super::folder_tree::{Dir, masks_below};
use super::split_names::{Role, is_just_images, is_neutral, masked, split_of, words};
use crate::names::escaped;

/// Words for what is one of several pictures of the same thing: what was measured beside the photograph, what was made of
/// it, and the sequences of a scanner.
const KINDS: &[&str] = &[
    "depth",
    "disparity",
    "disp",
    "thermal",
    "infrared",
    "ir",
    "nir",
    "swir",
    "flow",
    "normals",
    "albedo",
    "edges",
    "edge",
    "sketch",
    "sketches",
    "seg",
    "semantic",
    "semantics",
    "instance",
    "instances",
    "alpha",
    "matte",
    "trimap",
    "noisy",
    "blurred",
    "blur",
    "hazy",
    "lr",
    "hr",
    "t1",
    "t1ce",
    "t2",
    "flair",
    "adc",
    "dwi",
    "pet",
];

/// Of the images of a folder so many in a hundred are in splits by their names, at least.
const IN_SPLITS: usize = 90;

/// One image of a folder in so many has to be of another kind than one beside it, at least.
const IN_PAIRS: usize = 4;

/// Two images, by their places, or two folders, that tell what is mixed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mixture<'a> {
    /// A folder of masks, and one beside it.
    Masks { masks: &'a Dir, beside: Option<&'a Dir> },
    /// The mask of an image.
    Mask { mask: usize, of: usize },
    /// A training and a test image in one folder.
    Splits { train: usize, test: usize },
    /// Two pictures of one thing in one folder.
    Kinds { first: usize, second: usize },
    /// Two folders with pictures of the same things.
    Folders { first: &'a Dir, second: &'a Dir },
}

/// The first mixture in a folder or below; that of masks comes before all others.
pub(super) fn of<'a>(ids: &[String], dir: &'a Dir) -> Option<Mixture<'a>> {
    let masks = masks_below(dir).map(|(parent, masks)| Mixture::Masks {
        masks,
        beside: parent.dirs().into_iter().map(|(_, dir)| dir).find(|dir| dir.prefix != masks.prefix),
    });
    masks.or_else(|| of_files(ids, dir))
}

impl Mixture<'_> {
    /// What is mixed, in words; and the folder that has images of one kind alone, if one has, with its place for the answer
    /// where none has.
    pub(super) fn told(&self, ids: &[String]) -> (String, Result<&str, &'static str>) {
        let name = |image: usize| format!("`{}`", escaped(&ids[image]));
        let learned = "and masks among the training images would be learned as images";
        match *self {
            Self::Masks { masks, beside } => (
                format!("{} is a folder of masks by name, {learned}", masks.shown()),
                Ok(beside.map_or("DIR", Dir::path)),
            ),
            Self::Mask { mask, of } => (
                format!("{} is the mask of {} by name, {learned}", name(mask), name(of)),
                Err("move the masks into a folder of their own"),
            ),
            Self::Splits { train, test } => (
                format!(
                    "by their names, {} is a training image and {} is none, in one folder",
                    name(train),
                    name(test)
                ),
                Err("move them into folders called `train` and `test`"),
            ),
            Self::Kinds { first, second } => (
                format!(
                    "by their names, {} and {} are two kinds of picture of one thing",
                    name(first),
                    name(second)
                ),
                Err("move each kind into a folder of its own, and give one of them"),
            ),
            Self::Folders { first, second } => (
                format!(
                    "by their names, {} and {} hold two kinds of picture of the same things",
                    first.shown(),
                    second.shown()
                ),
                Ok(first.path()),
            ),
        }
    }
}

fn of_files<'a>(ids: &[String], dir: &'a Dir) -> Option<Mixture<'a>> {
    mask(ids, dir)
        .or_else(|| splits(ids, dir))
        .or_else(|| kinds(ids, dir))
        .or_else(|| folders(ids, dir))
        .or_else(|| dir.dirs().into_iter().find_map(|(_, dir)| of_files(ids, dir)))
}

/// The name of a file without its ending.
fn stem(id: &str) -> &str {
    let start = id.rfind('/').map_or(0, |at| at + 1);
    let end = id.rfind('.').filter(|&end| end > start).unwrap_or(id.len());
    &id[start..end]
}

/// A file that is the mask of one beside it.
fn mask<'a>(ids: &[String], dir: &Dir) -> Option<Mixture<'a>> {
    let of: HashMap<&str, usize> = dir.direct.iter().map(|&index| (stem(&ids[index]), index)).collect();
    let mut found = dir.direct.iter().filter_map(|&mask| Some((mask, *of.get(masked(stem(&ids[mask]))?)?)));
    found.next().map(|(mask, of)| Mixture::Mask { mask, of })
}

/// Files of which nearly all are called as those of splits are: `train_0`, `0_test`.
fn splits<'a>(ids: &[String], dir: &Dir) -> Option<Mixture<'a>> {
    let said = |index: usize| {
        let is_digit = |c: char| c.is_ascii_digit();
        let words =
            stem(&ids[index]).split(|c: char| !c.is_alphanumeric()).map(|word| word.trim_matches(is_digit));
        let mut words = words.filter(|word| !word.is_empty());
        let (first, last) = (words.next(), words.next_back());
        // Two letters may be any syllable.
        let ends = [first, last].into_iter().flatten().filter(|word| word.len() > 2);
        ends.map(str::to_ascii_lowercase).find_map(|word| split_of(&word))
    };
    let of: Vec<(usize, Role)> = dir.direct.iter().filter_map(|&index| Some((index, said(index)?))).collect();
    let train = of.iter().find(|(_, role)| *role == Role::Train)?.0;
    let test = of.iter().find(|(_, role)| *role != Role::Train)?.0;
    (of.len() * 100 >= IN_SPLITS * dir.direct.len()).then_some(Mixture::Splits { train, test })
}

/// What a file is called besides the word at its beginning or its end, each with that word; and its whole name.
fn parted(stem: &str) -> Vec<(&str, &str)> {
    const BETWEEN: [char; 4] = ['_', '-', '.', ' '];
    let last = stem.rsplit_once(BETWEEN);
    let first = stem.split_once(BETWEEN).map(|(word, rest)| (rest, word));
    [last, first, Some((stem, ""))].into_iter().flatten().filter(|(rest, _)| !rest.is_empty()).collect()
}

fn is_kind(word: &str) -> bool {
    KINDS.iter().any(|kind| word.eq_ignore_ascii_case(kind))
}

/// Files that are called alike but for a word which says what kind of picture they are.
fn kinds<'a>(ids: &[String], dir: &Dir) -> Option<Mixture<'a>> {
    let parts = |index: usize| parted(stem(&ids[index]));
    if !dir.direct.iter().any(|&index| parts(index).iter().any(|(_, word)| is_kind(word))) {
        return None;
    }
    let parts: Vec<(usize, Vec<(&str, &str)>)> =
        dir.direct.iter().map(|&index| (index, parts(index))).collect();
    let mut beside: HashMap<&str, Vec<(usize, &str)>> = HashMap::new();
    for (index, parts) in &parts {
        for &(rest, word) in parts {
            beside.entry(rest).or_default().push((*index, word));
        }
    }
    let pair = |(index, parts): &(usize, Vec<(&str, &str)>)| {
        let of_kind = parts.iter().filter(|(_, word)| is_kind(word));
        of_kind.filter_map(|(rest, word)| Some((beside.get(rest)?, word))).find_map(|(others, word)| {
            // A number is another image of the same kind.
            let is_other = |other: &&(usize, &str)| {
                other.0 != *index
                    && !other.1.eq_ignore_ascii_case(word)
                    && (is_kind(other.1) || other.1.chars().all(char::is_alphabetic))
            };
            others.iter().find(is_other).map(|other| (*index, other.0))
        })
    };
    let pairs: Vec<(usize, usize)> = parts.iter().filter_map(pair).collect();
    let &(first, second) = pairs.first()?;
    (pairs.len() * IN_PAIRS >= dir.direct.len()).then_some(Mixture::Kinds { first: second, second: first })
}

/// Folders beside each other of which one is called by a kind of picture, with files of the same names in them.
fn folders<'a>(ids: &[String], dir: &'a Dir) -> Option<Mixture<'a>> {
    let dirs = dir.dirs();
    let says = |name: &str| {
        let words = words(name);
        let is_known = |word: &String| is_kind(word) || is_neutral(word) || is_just_images(word);
        words.iter().any(|word| is_kind(word)) && words.iter().all(is_known)
    };
    let stems = |dir: &Dir| -> BTreeSet<&str> {
        // `0001_depth` in `depth` is that of `0001_rgb` in `rgb`.
        let plain = |index: &usize| {
            let stem = stem(&ids[*index]);
            stem.trim_matches(|c: char| !c.is_ascii_digit())
        };
        dir.direct.iter().map(plain).filter(|stem| !stem.is_empty()).collect()
    };
    let (_, second) = dirs.iter().find(|(name, dir)| says(name) && !dir.direct.is_empty())?;
    let of_second = stems(second);
    let is_same = |first: &Dir| {
        let of_first = stems(first);
        let both = of_first.intersection(&of_second).count();
        both > 0 && 2 * both >= of_first.len().max(of_second.len())
    };
    let mut others = dirs.iter().filter(|(_, dir)| dir.prefix != second.prefix && !dir.direct.is_empty());
    let (_, first) = others.find(|(_, first)| is_same(first))?;
    Some(Mixture::Folders { first, second })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Option<String> {
        let ids: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let root = Dir::of(&ids, &[]);
        let of = |at: usize| ids[at].as_str();
        Some(match self::of(&ids, &root)? {
            Mixture::Masks { masks, .. } => format!("masks {}", masks.path()),
            Mixture::Mask { mask, of: image } => format!("mask {} {}", of(mask), of(image)),
            Mixture::Splits { train, test } => format!("splits {} {}", of(train), of(test)),
            Mixture::Kinds { first, second } => format!("kinds {} {}", of(first), of(second)),
            Mixture::Folders { first, second } => format!("folders {} {}", first.path(), second.path()),
        })
    }

    #[test]
    fn what_is_mixed_by_the_names_of_files() {
        for (names, expected) in [
            (&["7.png", "7_mask.png"][..], "mask 7_mask.png 7.png"),
            (&["a/7.png", "a/7_mask.png"], "mask a/7_mask.png a/7.png"),
            (&["train_0.png", "train_1.png", "test_0.png"], "splits train_0.png test_0.png"),
            (&["a/0_train.png", "a/1_val.png"], "splits a/0_train.png a/1_val.png"),
            (
                &["0001_rgb.png", "0001_depth.png", "0002_rgb.png", "0002_depth.png"],
                "kinds 0001_rgb.png 0001_depth.png",
            ),
            (&["rgb_1.png", "depth_1.png"], "kinds rgb_1.png depth_1.png"),
            (&["1.png", "1-thermal.png", "2.png", "2-thermal.png"], "kinds 1.png 1-thermal.png"),
            (&["p1_T1.png", "p1_T2.png", "p1_FLAIR.png"], "kinds p1_T2.png p1_T1.png"),
            (&["rgb/1.png", "rgb/2.png", "depth/1.png", "depth/2.png"], "folders rgb depth"),
            (&["a/rgb/1_rgb.png", "a/depth_images/1_depth.png"], "folders a/rgb a/depth_images"),
        ] {
            assert_eq!(found(names).as_deref(), Some(expected), "{names:?}");
        }
    }

    #[test]
    fn names_that_only_look_alike_are_no_mixture() {
        for names in [
            &["train_0.png", "train_1.png"][..],
            &["train_0.png", "test_0.png", "a.png", "b.png", "c.png"],
            &["subject01.happy.png", "subject01.sad.png"],
            &["1_left.png", "1_right.png"],
            &["depth_1.png", "depth_2.png", "3.png"],
            &["noisy/1.png", "clean/2.png"],
            &["cat/1.png", "dog/1.png"],
            &["normal/1.png", "pneumonia/1.png"],
            &["deep_edge.png", "a.png", "b.png", "c.png", "deep_blue.png", "d.png", "e.png"],
        ] {
            assert_eq!(found(names), None, "{names:?}");
        }
    }
}
