//! What the name of a folder says that it holds: training images, test images, masks. Names only; the layout decides.

/// What a folder's name says that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Images to train on.
    Train,
    /// Images to measure on.
    Test,
    /// Images to choose between models by.
    Validation,
    /// Masks, labels drawn as pictures: never trained on.
    Masks,
    /// Images without labels, or predictions, beside the splits: not used.
    Other,
}

/// Words of the names of folders of training images.
const TRAIN: &[&str] = &["training", "trains", "train", "trn", "tr"];
/// Words of the names of folders of test images.
const TEST: &[&str] = &["testing", "tests", "test", "tst", "ts"];
/// Words of the names of folders of validation images.
const VALIDATION: &[&str] = &[
    "validation",
    "validating",
    "validate",
    "valid",
    "val",
    "development",
    "devel",
    "dev",
    "evaluation",
    "eval",
    "holdout",
    "heldout",
];
/// Words of the names of folders of masks.
const MASKS: &[&str] = &[
    "masks",
    "mask",
    "groundtruths",
    "groundtruth",
    "gts",
    "gt",
    "labels",
    "label",
    "annotations",
    "annotation",
    "annots",
    "annot",
    "annos",
    "anno",
    "segmentations",
    "segmentation",
];
/// Words of the names of folders that lie beside the splits and are none.
const OTHER: &[&str] = &[
    "predictions",
    "prediction",
    "predict",
    "preds",
    "pred",
    "unlabelled",
    "unlabeled",
    "unlabel",
    "submissions",
    "submission",
];
/// Words that change nothing of what a name says: `train_images` is `train`.
const NEUTRAL: &[&str] = &[
    "sets",
    "set",
    "datasets",
    "dataset",
    "data",
    "images",
    "image",
    "imgs",
    "img",
    "pictures",
    "picture",
    "pics",
    "pic",
    "photos",
    "photo",
    "splits",
    "split",
    "folder",
    "dir",
    "files",
    "file",
    "samples",
    "sample",
    "subset",
    "part",
    "seg",
    "cls",
    "stage",
    "jpgs",
    "jpg",
    "jpegs",
    "jpeg",
    "pngs",
    "png",
    "raw",
    "full",
    "final",
    "new",
    "processed",
    "cropped",
    "resized",
    "small",
    "large",
    "hr",
    "lr",
    "rgb",
    "x",
    "y",
    "a",
    "b",
    "my",
    "the",
    "official",
];
/// Words of the names of folders that hold just the images, beside what belongs to them.
const IMAGES: &[&str] = &[
    "images",
    "image",
    "imgs",
    "img",
    "pictures",
    "pics",
    "photos",
    "jpegimages",
    "jpegs",
    "jpeg",
    "jpgs",
    "jpg",
    "pngs",
    "png",
    "rgb",
    "originals",
    "original",
    "inputs",
    "input",
    "data",
    "raw",
    "x",
];
/// Words by which a class is told from another: `with_mask`, `without_mask` are no masks.
const CONTRASTS: &[&str] = &["with", "without", "no", "not", "non", "wearing"];

/// The words of a name, in lower case: parted at all that is neither letter nor digit, between small and capital letters,
/// and between letters and digits; `trainset` and `testImages2` are two and three words.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before: Option<char> = None;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            before = None;
            continue;
        }
        let parts = before.is_none_or(|before| {
            (before.is_lowercase() && c.is_uppercase()) || before.is_numeric() != c.is_numeric()
        });
        if parts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    words.into_iter().flat_map(|word| parted(&word)).collect()
}

/// `trainset` as `train` and `set`; `groundtruth` and all else as it is.
fn parted(word: &str) -> Vec<String> {
    let is_whole = |words: &[&str]| words.contains(&word);
    if [TRAIN, TEST, VALIDATION, MASKS, OTHER, NEUTRAL].into_iter().any(is_whole) {
        return vec![word.to_owned()];
    }
    let known = [TRAIN, TEST, VALIDATION, MASKS].concat();
    // Two letters are too few to be sure of within a word.
    for role in known.iter().filter(|role| role.len() > 2) {
        let beside = [NEUTRAL, MASKS, TEST, VALIDATION].concat();
        let two = |first: &str, second: &str| vec![first.to_owned(), second.to_owned()];
        if let Some(rest) = word.strip_prefix(role).filter(|rest| beside.contains(rest)) {
            return two(role, rest);
        }
        if let Some(rest) = word.strip_suffix(role).filter(|rest| NEUTRAL.contains(rest)) {
            return two(rest, role);
        }
    }
    vec![word.to_owned()]
}

/// A name as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// What it says, if it says something.
    pub(super) role: Option<Role>,
    /// Its words that nobody knows: those of `birds_train` are `birds`.
    pub(super) rest: Vec<String>,
    /// Whether a word of it tells classes apart: that of `with_mask` does.
    contrasts: bool,
}

impl Name {
    pub(super) fn of(name: &str) -> Self {
        let mut words = words(name);
        // Two words for one.
        for at in (1..words.len()).rev() {
            let pair = (words[at - 1].as_str(), words[at].as_str());
            let whole = match pair {
                ("ground", "truth" | "truths") => "groundtruth",
                ("hold" | "held", "out") => "heldout",
                _ => continue,
            };
            whole.clone_into(&mut words[at - 1]);
            words.remove(at);
        }
        let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        let role = match (has(TRAIN), has(TEST), has(VALIDATION)) {
            _ if has(MASKS) => Some(Role::Masks),
            // What holds both is above them.
            (true, true, _) => None,
            (true, false, _) => Some(Role::Train),
            (false, true, _) => Some(Role::Test),
            (false, false, true) => Some(Role::Validation),
            (false, false, false) => has(OTHER).then_some(Role::Other),
        };
        let known = [TRAIN, TEST, VALIDATION, MASKS, OTHER, NEUTRAL].concat();
        let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
        let contrasts = has(CONTRASTS);
        let rest = words.into_iter().filter(|word| !known.contains(&word.as_str()) && !is_number(word));
        Self { role, rest: rest.collect(), contrasts }
    }
}

/// What each folder of those that lie beside each other holds, by their names. A name with words that nobody knows says
/// something only where another one has the same: `birds_train` beside `birds_test`, or among very few.
pub(super) fn roles(names: &[&str]) -> Vec<Option<Role>> {
    /// Among so few folders a name that looks like a split is looked at twice.
    const FEW: usize = 4;
    let understood: Vec<Name> = names.iter().map(|name| Name::of(name)).collect();
    let are_masks = !understood.iter().any(|name| name.role == Some(Role::Masks) && name.contrasts);
    let counts = |at: usize| {
        let name = &understood[at];
        let is_masks = name.role == Some(Role::Masks);
        // Masks lie beside images, a split beside another.
        let goes_with = |other: &Name| {
            other.rest == name.rest && other.role != name.role && (is_masks || other.role.is_some())
        };
        let is_clear = name.rest.is_empty() || names.len() <= FEW || understood.iter().any(goes_with);
        is_clear && (are_masks || !is_masks)
    };
    (0..names.len()).map(|at| understood[at].role.filter(|_| counts(at))).collect()
}

/// What the name of a file says by itself that it holds, whatever other words are in it: `train-00000-of-00001`.
pub(super) fn said(name: &str) -> Option<Role> {
    let name = Name::of(name);
    // `with_mask` is a class.
    name.role.filter(|role| *role != Role::Masks || !name.contrasts)
}

/// Which split one word of a name stands for.
pub(super) fn split_of(word: &str) -> Option<Role> {
    let splits = [(TRAIN, Role::Train), (TEST, Role::Test), (VALIDATION, Role::Validation)];
    splits.into_iter().find(|(known, _)| known.contains(&word)).map(|(_, role)| role)
}

/// Whose masks a folder of masks has, if its name says so: `train_masks` and `labelsTr` those of the training images.
pub(super) fn masks_of(name: &str) -> Option<Role> {
    words(name).iter().find_map(|word| split_of(word))
}

/// The words of an array's name, each with the split that it stands for: `x_train` and `xTrain` are `x` and `train`, and so is
/// `xtr`, as no folder is called.
pub(super) fn key_words(key: &str) -> Vec<(String, Option<Role>)> {
    // Two letters that may be any syllable in the name of a folder.
    let split_of_key = |word: &str| split_of(word).or((word == "te").then_some(Role::Test));
    let mut found = Vec::new();
    for word in words(key) {
        let letter = word.split_at_checked(1).filter(|(first, _)| ["x", "y"].contains(first));
        match letter.and_then(|(first, rest)| Some((first.to_owned(), rest, split_of_key(rest)?))) {
            Some((first, rest, split)) => found.extend([(first, None), (rest.to_owned(), Some(split))]),
            None => {
                let split = split_of_key(&word);
                found.push((word, split));
            }
        }
    }
    found
}

/// Whether a folder is called by what it holds, images, and by nothing else.
pub(super) fn is_just_images(name: &str) -> bool {
    let words = words(name);
    !words.is_empty() && words.iter().all(|word| IMAGES.contains(&word.as_str()))
}

/// Whether a word changes nothing of what a name says.
pub(super) fn is_neutral(word: &str) -> bool {
    NEUTRAL.contains(&word)
}

/// The name of the image that a file is the mask of, if its name, without its ending, is that of a mask: `7_mask`, `7-gt`.
pub(super) fn masked(stem: &str) -> Option<&str> {
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['_', '-']);
    let (image, last) = stem.rsplit_once(['_', '-', '.', ' '])?;
    let last = last.to_lowercase();
    (MASKS.contains(&last.as_str()) && !image.is_empty()).then_some(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(name: &str) -> Option<Role> {
        let name = Name::of(name);
        name.role.filter(|_| name.rest.is_empty())
    }

    #[test]
    fn splits_go_by_many_names() {
        for name in [
            "train",
            "Train",
            "TRAIN",
            "training",
            "Training Set",
            "trainset",
            "train_set",
            "training_set",
            "training-data",
            "traindata",
            "train_images",
            "TrainImages",
            "imagesTr",
            "images_train",
            "seg_train",
            "x_train",
            "train2017",
            "train_256",
            "trn",
            "trainval",
            "train_val",
            "trainA",
            "stage1_train",
        ] {
            assert_eq!(role(name), Some(Role::Train), "{name}");
        }
        for name in [
            "test",
            "TEST",
            "testing",
            "testset",
            "test_set",
            "Testing-Images",
            "seg_test",
            "test1",
            "imagesTs",
            "tst",
            "test2017",
            "TestData",
        ] {
            assert_eq!(role(name), Some(Role::Test), "{name}");
        }
        for name in [
            "val",
            "VAL",
            "valid",
            "validation",
            "Validation_Set",
            "dev",
            "devset",
            "eval",
            "evaluation",
            "val2017",
            "valset",
            "held_out",
            "holdout",
            "images_val",
        ] {
            assert_eq!(role(name), Some(Role::Validation), "{name}");
        }
    }

    #[test]
    fn masks_go_by_many_names() {
        for name in [
            "masks",
            "Mask",
            "ground_truth",
            "GroundTruth",
            "groundtruth",
            "gt",
            "labels",
            "labelsTr",
            "annotations",
            "train_masks",
            "trainmasks",
            "test_mask",
            "SegmentationClass",
        ] {
            assert_eq!(Name::of(name).role, Some(Role::Masks), "{name}");
        }
        let whose = [("train_masks", Role::Train), ("labelsTr", Role::Train), ("labelsTs", Role::Test)];
        for (name, role) in
            [whose, [("test-gt", Role::Test), ("valmasks", Role::Validation), ("MaskDev", Role::Validation)]]
                .concat()
        {
            assert_eq!(masks_of(name), Some(role), "{name}");
        }
        assert_eq!(["masks", "ground_truth", "labels"].map(masks_of), [None; 3]);
        assert_eq!(
            [said("train-masks-0001"), said("with_mask"), said("cat")],
            [Some(Role::Masks), None, None]
        );
        assert_eq!(said("train-00000-of-00001"), Some(Role::Train));
        assert_eq!(masked("7_mask"), Some("7"));
        assert_eq!(masked("benign (1)_mask_1"), Some("benign (1)"));
        assert_eq!(masked("a-GT"), Some("a"));
        assert_eq!(["unmasked", "mask", "_mask", "7"].map(masked), [None; 4]);
    }

    #[test]
    fn words_that_only_look_alike_are_no_splits() {
        for name in [
            "restrained",
            "contest",
            "developer",
            "latest",
            "valley",
            "evaluator",
            "trains_and_tests",
            "cat",
            "",
        ] {
            assert_eq!(role(name), None, "{name}");
        }
        assert_eq!(roles(&["with_mask", "without_mask"]), [None, None]);
        assert_eq!(roles(&["train_station", "airport", "bus", "pub", "zoo"]), [None; 5]);
        assert_eq!(roles(&["birds_train", "birds_test"]), [Some(Role::Train), Some(Role::Test)]);
        let one = roles(&["train", "airport", "bus", "pub", "zoo"]);
        assert_eq!(one[0], Some(Role::Train), "whether it is a class has to be asked");
    }
}
