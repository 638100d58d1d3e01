//! A folder whose files are the parts of one data set: tables, archives or arrays, each of them read by itself. A file may be
//! a split, a class, or a part of all; its name says which, and what was made of it is said.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::ending::ending;
use super::folder::display_name;
use super::ignored::is_hidden;
use super::join::{Piece, join};
use super::not_classes::no_classes;
use super::npz_keys::{self, Part, What};
use super::numpy::labels_beside;
use super::sniff::is_picture;
use super::split_names::{self, Role, is_just_images, said};
use super::{Collection, DataError, Ignored, Labels, natural};
use crate::names::escaped;
use crate::settings::{LAYOUT, Layout};

/// The endings of such files. Where there are several, the first that there is counts.
const ENDINGS: [&str; 10] = ["parquet", "tar", "tgz", "tar.gz", "npz", "npy", "mat", "zip", "csv", "csv.gz"];

/// Those of archives, which have folders of their own: a layout that is asked for is that of these.
const ARCHIVES: [&str; 4] = ["tar", "tgz", "tar.gz", "zip"];

/// Files that are named, at most.
const NAMED: usize = 5;

/// One of the files.
struct Shard {
    part: Part,
    path: PathBuf,
    /// What it has images of, by its name, if that may be a class.
    class: Option<String>,
}

/// The files that are the parts of a set, each with what it holds, and what is said of them.
pub(crate) struct Shards {
    shards: Vec<Shard>,
    are_archives: bool,
    notes: Vec<String>,
    /// Files of the folder that are no parts.
    ignored: Ignored,
}

/// The files of a folder that are its parts, each with what it holds; none if pictures or folders lie among them.
pub(crate) fn in_folder(folder: &Path) -> Option<Shards> {
    let (mut files, mut data, mut ignored) = (Vec::new(), None, Ignored::default());
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        match path.is_dir() {
            _ if is_hidden(&name) => ignored.add_hidden(),
            true if name == "data" => data = Some(path),
            true => return None,
            false if is_picture(&path) => return None,
            false => files.push(path),
        }
    }
    let of_kind = |kind: &str| {
        let is_of_kind = |path: &&PathBuf| ending(path).as_deref() == Some(kind);
        let mut some: Vec<PathBuf> = files.iter().filter(is_of_kind).cloned().collect();
        some.sort_by(|a, b| natural::compare(&display_name(a), &display_name(b)));
        some
    };
    let Some(kind) = ENDINGS.into_iter().find(|kind| !of_kind(kind).is_empty()) else {
        let mut shards = in_folder(&data?)?;
        files.iter().for_each(|path| ignored.add(path));
        shards.ignored.extend(&ignored);
        return Some(shards);
    };
    let of_this = of_kind(kind);
    files.iter().filter(|path| !of_this.contains(path)).for_each(|path| ignored.add(path));
    // Labels are read with the images that they lie beside.
    let labels: Vec<PathBuf> = of_this.iter().filter_map(|path| labels_beside(path)).collect();
    let is_labels =
        |path: &PathBuf| labels.contains(path) || npz_keys::what(&stem(path)) == Some(What::Labels);
    let chosen: Vec<PathBuf> = of_this.into_iter().filter(|path| kind != "npy" || !is_labels(path)).collect();
    let roles: Vec<Option<Role>> = chosen.iter().map(|path| said(&stem(path))).collect();
    let mut notes = Vec::new();
    let has = |known: &[Role]| roles.iter().flatten().any(|role| known.contains(role));
    let (has_train, has_test) = (has(&[Role::Train]), has(&[Role::Test]));
    let are_all_masks = roles.iter().all(|role| *role == Some(Role::Masks));
    let mut shards = Vec::new();
    for (path, &role) in chosen.iter().zip(&roles) {
        let is_used = match role {
            Some(Role::Validation) => !has_test,
            // Masks lie beside images, and what has no labels, or is extra, beside splits.
            Some(Role::Masks) => are_all_masks,
            Some(Role::Other) => !(has_train || has_test),
            None => !has_train,
            Some(Role::Train | Role::Test) => true,
        };
        if is_used {
            let part = role.and_then(Part::of).unwrap_or(Part::Train);
            shards.push(Shard { part, path: path.clone(), class: class_of(path, role) });
        } else {
            let instead = if role == Some(Role::Validation) {
                "there is a test set"
            } else {
                "it is none of the splits"
            };
            let of_role = matches!(role, None | Some(Role::Validation)).then(|| format!(": {instead}"));
            notes.push(format!(
                "{} is not used{}",
                escaped(&display_name(path)),
                of_role.unwrap_or_default()
            ));
        }
    }
    shards.sort_by_key(|shard| shard.part != Part::Train);
    let tests: Vec<String> = shards
        .iter()
        .filter(|shard| shard.part != Part::Train)
        .map(|shard| display_name(&shard.path))
        .collect();
    if !tests.is_empty() && tests.len() < shards.len() {
        notes.push(format!("test images are those of {}", escaped(&tests.join(", "))));
    }
    Some(Shards { shards, are_archives: ARCHIVES.contains(&kind), notes, ignored })
}

/// The name of a file without its ending.
fn stem(path: &Path) -> String {
    let name = display_name(path);
    let ending = path.extension().and(ending(path)).map_or(0, |ending| ending.len() + 1);
    name.get(..name.len().saturating_sub(ending)).unwrap_or(&name).to_owned()
}

/// What a file has images of, by its name: that of `cat.npy`, and of `train_cat.npy`, is `cat`.
fn class_of(path: &Path, role: Option<Role>) -> Option<String> {
    let stem = stem(path);
    let class = match role {
        Some(_) => split_names::Name::of(&stem).rest.join(" "),
        None => stem,
    };
    let says_images = is_just_images(&class) || npz_keys::what(&class).is_some();
    (!class.is_empty() && !says_images).then_some(class)
}

impl Shards {
    /// Whether the files have a class each by their names, all different but for numbers in them.
    fn are_classes(&self) -> bool {
        let train = self.shards.iter().filter(|shard| shard.part == Part::Train);
        let Some(names) = train.map(|shard| shard.class.as_deref()).collect::<Option<Vec<&str>>>() else {
            return false;
        };
        let words: BTreeSet<String> = names.iter().map(|name| without_numbers(name)).collect();
        let sizes: Vec<(&str, usize)> = names.iter().map(|name| (*name, 2)).collect();
        names.len() > 1 && words.len() == names.len() && !words.contains("") && no_classes(&sizes).is_none()
    }

    /// Whether the files of the training images have several names, numbers aside.
    fn differ(&self) -> bool {
        let train = self.shards.iter().filter(|shard| shard.part == Part::Train);
        train.map(|shard| without_numbers(&stem(&shard.path))).collect::<BTreeSet<_>>().len() > 1
    }

    fn names(&self) -> String {
        let train = self.shards.iter().filter(|shard| shard.part == Part::Train);
        let names: Vec<String> =
            train.map(|shard| format!("`{}`", escaped(&display_name(&shard.path)))).collect();
        let more = names.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", names[..names.len().min(NAMED)].join(", "))
    }

    /// How each file is read where `layout` is asked for: the files are what it is about, unless they are archives.
    pub(crate) fn layout_within(&self, layout: Layout) -> Layout {
        match layout {
            Layout::Flat | Layout::Classes if !self.are_archives => Layout::Auto,
            layout => layout,
        }
    }

    /// Reads every part with `read`, and makes one set of them.
    pub(crate) fn read(
        mut self,
        folder: &Path,
        layout: Layout,
        mut read: impl FnMut(&Path) -> Result<Collection, DataError>,
    ) -> Result<Collection, DataError> {
        let mut collections = Vec::new();
        for shard in &self.shards {
            collections.push(read(&shard.path)?);
        }
        let have_labels = collections.iter().any(|collection| collection.train.labels().is_some());
        let says_so = layout == Layout::Classes && !self.are_archives;
        let are_classes = says_so || (layout == Layout::Auto && !have_labels && self.are_classes());
        let (flat, classes) =
            (format!("`{} flat`", LAYOUT.argument()), format!("`{} classes`", LAYOUT.argument()));
        if are_classes && !says_so {
            self.notes.push(format!(
                "each file is taken for a class: {}; {flat} reads them as one set without classes",
                self.names()
            ));
        } else if !are_classes && !have_labels && layout == Layout::Auto && self.differ() {
            let answer = if self.are_archives {
                String::new()
            } else {
                format!("; {classes} makes each file a class")
            };
            self.notes.push(format!("the images of {} are read as one set{answer}", self.names()));
        }
        let mut pieces = Vec::new();
        for (shard, mut collection) in self.shards.into_iter().zip(collections) {
            let called = stem(&shard.path);
            let class = shard.class.or_else(|| (shard.part == Part::Train).then(|| called.clone()));
            if let Some(class) = class.filter(|_| are_classes) {
                let labels = Labels::new(vec![0; collection.train.len()], vec![class])?;
                collection.train = collection.train.with_labels(labels)?;
            }
            pieces.push(Piece { part: shard.part, called, path: shard.path, collection });
        }
        let mut collection = join(&display_name(folder), folder, pieces)?;
        collection.notes.splice(..0, self.notes);
        collection.ignored.extend(&self.ignored);
        Ok(collection)
    }
}

/// A name in lower case without the numbers in it, and what parts them.
fn without_numbers(name: &str) -> String {
    name.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}
