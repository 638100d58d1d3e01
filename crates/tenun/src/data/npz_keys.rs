//! What the arrays of an archive hold, by their names; and which part a file is. The names of splits and of masks are those of
//! `split_names`.

use super::split_names::{self, Role};

/// Which images an array is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Train,
    Test,
    Validation,
}

impl Part {
    /// The part of a split.
    pub(super) fn of(role: Role) -> Option<Self> {
        match role {
            Role::Train => Some(Self::Train),
            Role::Test => Some(Self::Test),
            Role::Validation => Some(Self::Validation),
            Role::Masks | Role::Other => None,
        }
    }
}

/// Whether an array holds images or their labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Images,
    Labels,
}

/// Which array is used for what.
#[derive(Debug, Default)]
pub(crate) struct Chosen(Vec<(Part, What, String)>);

impl Chosen {
    pub(crate) fn key(&self, part: Part, what: What) -> Option<&str> {
        self.0.iter().find(|chosen| (chosen.0, chosen.1) == (part, what)).map(|(.., key)| key.as_str())
    }

    pub(crate) fn set(&mut self, part: Part, what: What, key: String) {
        self.0.push((part, what, key));
    }
}

/// What a name says; none if it says nothing that is known.
fn role(key: &str) -> Option<(Part, What)> {
    if key.eq_ignore_ascii_case("arr_0") {
        return Some((Part::Train, What::Images));
    }
    let (mut part, mut what) = (None, None);
    for (word, split) in split_names::key_words(key) {
        if let Some(split) = split.and_then(Part::of) {
            part = Some(split);
            continue;
        }
        match &word[..] {
            "set" => {}
            "x" | "xs" | "image" | "images" | "img" | "imgs" | "data" | "pixels" | "pictures" | "faces"
            | "inputs" | "samples" | "features" => {
                what = what.or(Some(What::Images));
            }
            "y" | "ys" | "label" | "labels" | "target" | "targets" | "class" | "classes" | "cls" => {
                what = Some(What::Labels);
            }
            _ => return None,
        }
    }
    match (part, what) {
        // An array called `train` alone holds what it is about.
        (part, what) if part.is_some() || what.is_some() => {
            Some((part.unwrap_or(Part::Train), what.unwrap_or(What::Images)))
        }
        _ => None,
    }
}

/// The part that a file of this name holds, or a row with this word for it, if it says one: `train`, `PublicTest`, `test2017`.
pub(crate) fn part(name: &str) -> Option<Part> {
    split_names::said(name).and_then(Part::of)
}

/// Whether an array that no name is known of may hold images, by its name: masks and labels never are.
pub(crate) fn may_be_images(key: &str) -> bool {
    split_names::said(key) != Some(Role::Masks) && what(key) != Some(What::Labels)
}

/// What a name says of an array by itself.
pub(crate) fn what(name: &str) -> Option<What> {
    role(name).map(|(_, what)| what)
}

/// Chooses the arrays to use, and says in `notes` which others there are.
pub(crate) fn choose(keys: &[String], notes: &mut Vec<String>) -> Chosen {
    let mut chosen = Chosen::default();
    let mut unused = Vec::new();
    // A name that says its split counts before one that does not, and `x` before longer ones.
    let mut order: Vec<&String> = keys.iter().collect();
    order.sort_by_key(|key| {
        let lower = key.to_ascii_lowercase();
        (!lower.contains("train"), !lower.split('_').any(|word| matches!(word, "x" | "y")))
    });
    for key in order {
        match role(key) {
            Some((part, what)) if chosen.key(part, what).is_none() => chosen.set(part, what, key.clone()),
            _ => unused.push(key.as_str()),
        }
    }
    let has_test = chosen.key(Part::Test, What::Images).is_some();
    let validation = chosen.key(Part::Validation, What::Images).map(str::to_owned);
    if let Some(key) = validation
        && !has_test
    {
        notes.push(format!("test images are those of `{key}`"));
        for chosen in &mut chosen.0 {
            if chosen.0 == Part::Validation {
                chosen.0 = Part::Test;
            }
        }
    }
    unused
        .extend(chosen.0.iter().filter(|chosen| chosen.0 == Part::Validation).map(|(.., key)| key.as_str()));
    if !unused.is_empty() {
        /// Names that are listed, at most.
        const LISTED: usize = 10;
        unused.sort_unstable();
        let listed: Vec<String> = unused.iter().take(LISTED).map(|key| format!("`{key}`")).collect();
        let more = match unused.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        notes.push(format!("arrays that are not used: {}{more}", listed.join(", ")));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(keys: &[&str]) -> (Chosen, Vec<String>) {
        let mut notes = Vec::new();
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        (choose(&keys, &mut notes), notes)
    }

    #[test]
    fn names_as_people_have_them() {
        for key in [
            "x_train",
            "X_train",
            "train_images",
            "images_train",
            "xtrain",
            "images",
            "imgs",
            "data",
            "arr_0",
            "X",
            "train",
        ] {
            assert_eq!(chosen(&[key]).0.key(Part::Train, What::Images), Some(key), "{key}");
        }
        for key in ["x_test", "test_images", "TEST_X", "test_data", "testX"] {
            assert_eq!(chosen(&[key]).0.key(Part::Test, What::Images), Some(key), "{key}");
        }
        for key in ["xte", "xTest", "images_ts", "X-te", "evalImages", "holdout_x"] {
            let test = chosen(&[key]).0;
            assert_eq!(test.key(Part::Test, What::Images), Some(key), "{key}");
        }
        for key in
            ["y_train", "ytr", "yTrain", "trainy", "train_labels", "labels", "Y", "targets", "image_labels"]
        {
            assert_eq!(chosen(&[key]).0.key(Part::Train, What::Labels), Some(key), "{key}");
        }
    }

    #[test]
    fn what_is_not_used_is_named() {
        let (medical, notes) = chosen(&["train_images", "val_images", "test_images", "val_labels", "info"]);
        assert_eq!(medical.key(Part::Test, What::Images), Some("test_images"));
        assert_eq!(notes, ["arrays that are not used: `info`, `val_images`, `val_labels`"]);
        let (two, notes) = chosen(&["train_images", "val_images", "val_labels"]);
        assert_eq!(two.key(Part::Test, What::Images), Some("val_images"));
        assert_eq!(two.key(Part::Test, What::Labels), Some("val_labels"));
        assert_eq!(notes, ["test images are those of `val_images`"]);
        assert_eq!(chosen(&["images", "x_train"]).1, ["arrays that are not used: `images`"]);
        let (beside, notes) = chosen(&["x_train", "train_masks", "ground_truth", "gt_images"]);
        assert_eq!(beside.key(Part::Train, What::Images), Some("x_train"));
        assert_eq!(notes, ["arrays that are not used: `ground_truth`, `gt_images`, `train_masks`"]);
        for key in ["masks", "GroundTruth", "train_gt", "labels", "y_test", "segmentation"] {
            assert!(
                !may_be_images(key) && chosen(&[key]).0.key(Part::Train, What::Images).is_none(),
                "{key}"
            );
        }
        assert!(["faces", "stack", "with_mask"].into_iter().all(may_be_images));
    }
}
