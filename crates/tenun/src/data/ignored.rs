//! [`Ignored`]: files that were passed over, counted by their endings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use serde::{Deserialize, Serialize};

use super::ending::ending;
use super::foreign;
use crate::names::escaped;
use crate::text::{are, counted, thousands};

/// Files and folders that systems and programs make for themselves.
const SYSTEM: [&str; 7] = [
    "__MACOSX",
    "$RECYCLE.BIN",
    "System Volume Information",
    "lost+found",
    "@eaDir",
    "Thumbs.db",
    "desktop.ini",
];

/// Whether a file or folder of this name is hidden, or of the kind that systems and programs make for themselves.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || SYSTEM.contains(&name)
}

/// What hidden files are counted as, and what systems and programs make for themselves.
const HIDDEN: &str = "hidden";

/// What files are counted as whose names have no ending.
const PLAIN: &str = "without extension";

/// What links to folders are counted as that lead back to one they are in.
const CIRCLES: &str = "leading back to a folder above";

/// What folders are counted as that lie in so many that it is a mistake.
const TOO_DEEP: &str = "too deep to follow";

/// Endings that are told, at most.
const TOLD: usize = 8;

/// Files that were passed over because they are hidden, or their names are not those of images: how many of each kind.
///
/// ```
/// use std::path::Path;
/// use tenun::data::Ignored;
///
/// let mut ignored = Ignored::default();
/// ["a.txt", "b.TXT", "c.mp4"].iter().for_each(|name| ignored.add(Path::new(name)));
/// assert_eq!((ignored.count(), ignored.to_string().as_str()), (3, "2 .txt, 1 .mp4"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ignored(BTreeMap<String, usize>);

impl Ignored {
    /// Adds a file, by the ending of its name.
    pub fn add(&mut self, path: &Path) {
        self.add_as(&ending(path).map_or_else(|| PLAIN.into(), |ending| format!(".{ending}")));
    }

    /// Adds a file or folder that is hidden, or of the kind that systems make for themselves.
    pub(super) fn add_hidden(&mut self) {
        self.add_as(HIDDEN);
    }

    /// Adds a link to a folder that it is in.
    pub(super) fn add_circle(&mut self) {
        self.add_as(CIRCLES);
    }

    /// Adds a folder that is not followed because it lies in so many.
    pub(super) fn add_too_deep(&mut self) {
        self.add_as(TOO_DEEP);
    }

    /// What lies in a folder besides the files that are `used`, which are in it: folders are not counted.
    pub(super) fn beside(folder: &Path, used: &[PathBuf]) -> Self {
        let mut ignored = Self::default();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if is_hidden(&entry.file_name().to_string_lossy()) {
                ignored.add_hidden();
            } else if !used.contains(&path) && !path.is_dir() {
                ignored.add(&path);
            }
        }
        ignored
    }

    fn add_as(&mut self, kind: &str) {
        *self.0.entry(kind.to_owned()).or_insert(0) += 1;
    }

    /// Adds all that another has counted.
    pub fn extend(&mut self, other: &Self) {
        for (kind, files) in &other.0 {
            *self.0.entry(kind.clone()).or_insert(0) += files;
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.values().sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is said of them: how many of each kind, and of formats that are known and not read what to do with them. None
    /// if there is nothing to say.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        let all = self.count();
        (all > 0).then(|| {
            let advice: String = self.advice().map(|advice| format!("\n  {advice}")).collect();
            format!("{} {} not read: {self}{advice}", counted(all, "file"), are(all))
        })
    }

    /// For each ending of a format that is known and not read: what it is, and what to do.
    pub(super) fn advice(&self) -> impl Iterator<Item = String> {
        self.0.keys().filter(|kind| kind.starts_with('.')).filter_map(|ending| {
            let format = foreign::by_name(Path::new(&format!("a{ending}")))?;
            Some(format!("{} is {}: {}", escaped(ending), format.name, format.advice))
        })
    }
}

/// The most frequent kinds first: `2 .txt, 1 .json`.
impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: Vec<(&String, &usize)> = self.0.iter().collect();
        kinds.sort_by_key(|(_, files)| std::cmp::Reverse(**files));
        let (told, rest) = kinds.split_at(kinds.len().min(TOLD));
        let of = |kind: &str, files: usize| format!("{} {}", thousands(files as u64), escaped(kind));
        let mut parts: Vec<String> = told.iter().map(|(kind, files)| of(kind, **files)).collect();
        if !rest.is_empty() {
            parts.push(of("others", rest.iter().map(|(_, files)| **files).sum()));
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Ignored {
        let mut ignored = Ignored::default();
        names.iter().for_each(|name| ignored.add(Path::new(name)));
        ignored
    }

    #[test]
    fn the_most_frequent_come_first_whatever_the_case() {
        let mut ignored = of(&["a.json", "x/b.txt", "c.TXT", "LICENSE", ".d/e.f.csv"]);
        ignored.add_hidden();
        assert_eq!(ignored.to_string(), "2 .txt, 1 .csv, 1 .json, 1 hidden, 1 without extension");
        assert_eq!(ignored.told().unwrap(), format!("6 files are not read: {ignored}"));
        assert_eq!(of(&["a.txt"]).told().unwrap(), "1 file is not read: 1 .txt");
        assert_eq!(Ignored::default().told(), None);
        assert!([".git", "Thumbs.db", "lost+found"].into_iter().all(is_hidden) && !is_hidden("a.png"));
        ignored.extend(&of(&["z.csv", "y.md"]));
        assert_eq!((ignored.count(), &ignored.to_string()[..14]), (8, "2 .csv, 2 .txt"));
        let json = serde_json::to_value(of(&["a.txt", "b.TXT", "c"])).unwrap();
        assert_eq!(json, serde_json::json!({ ".txt": 2, "without extension": 1 }));
        assert_eq!(serde_json::from_value::<Ignored>(json).unwrap(), of(&["a.txt", "b.TXT", "c"]));
    }

    #[test]
    fn formats_that_are_known_are_named_with_what_to_do() {
        let told = of(&["a.mp4", "b.mp4", "c.pkl", "d.txt"]).told().unwrap();
        assert!(
            told.starts_with("4 files are not read: 2 .mp4, 1 .pkl, 1 .txt\n  .mp4 is a video: "),
            "{told}"
        );
        assert!(told.contains("ffmpeg") && told.contains("\n  .pkl is a Python pickle"), "{told}");
        assert!(!told.contains(".txt is"), "{told}");
        let told = of(&["a.nii.gz", "b.NII.gz", "c.tar.gz", "d.2021.gz", "e.gz"]).told().unwrap();
        assert!(
            told.contains("2 .gz, 2 .nii.gz, 1 .tar.gz") && told.contains(".nii.gz is a NIfTI volume"),
            "{told}"
        );
    }

    #[test]
    fn endings_cannot_forge_a_line_and_many_are_summed_up() {
        assert_eq!(of(&["a.x\ny"]).to_string(), r"1 .x\ny");
        let names: Vec<String> = (0..20).map(|at| format!("a.e{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = of(&names).to_string();
        assert!(text.ends_with(", 12 others"), "{text}");
    }
}
