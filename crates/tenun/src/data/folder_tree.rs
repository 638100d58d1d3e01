//! The folders in a folder, with how many images each has, and what their names say that they hold.

use std::collections::BTreeMap;

use super::split_names::{Role, roles};
use crate::names::escaped;

/// A folder with what is in it.
#[derive(Debug, Default)]
pub(super) struct Dir {
    /// `a/b/`; empty for the one that was given.
    pub(super) prefix: String,
    /// Images in it, by their places among all.
    pub(super) direct: Vec<usize>,
    /// Folders in it, those without images too.
    all_dirs: BTreeMap<String, Dir>,
    /// How many images are in it, at any depth.
    pub(super) total: usize,
}

/// The folders in one folder, by what they hold.
#[derive(Debug, Default)]
pub(super) struct Level<'a> {
    pub(super) train: Vec<&'a Dir>,
    pub(super) test: Vec<&'a Dir>,
    pub(super) validation: Vec<&'a Dir>,
    pub(super) masks: Vec<&'a Dir>,
    pub(super) other: Vec<&'a Dir>,
    pub(super) plain: Vec<&'a Dir>,
}

impl Dir {
    pub(super) fn of(ids: &[String], folders: &[String]) -> Self {
        let mut root = Self::default();
        for folder in folders {
            root.at(folder.split('/'));
        }
        for (index, id) in ids.iter().enumerate() {
            let (folder, _) = id.rsplit_once('/').unwrap_or_default();
            root.at(folder.split('/').filter(|name| !name.is_empty())).direct.push(index);
        }
        root.count();
        root
    }

    /// The folder of this path below, which is made.
    fn at<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> &mut Self {
        names.fold(self, |dir, name| {
            let prefix = format!("{}{name}/", dir.prefix);
            dir.all_dirs.entry(name.to_owned()).or_insert_with(|| Self { prefix, ..Self::default() })
        })
    }

    fn count(&mut self) -> usize {
        self.total = self.direct.len() + self.all_dirs.values_mut().map(Self::count).sum::<usize>();
        self.total
    }

    /// Folders in it that have images.
    pub(super) fn dirs(&self) -> Vec<(&str, &Self)> {
        self.all_dirs
            .iter()
            .filter(|(_, dir)| dir.total > 0)
            .map(|(name, dir)| (name.as_str(), dir))
            .collect()
    }

    pub(super) fn only_dir(&self) -> Option<(&str, &Self)> {
        match self.dirs()[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// All images in it.
    pub(super) fn images(&self) -> Vec<usize> {
        let mut images = self.direct.clone();
        for dir in self.all_dirs.values() {
            images.extend(dir.images());
        }
        images.sort_unstable();
        images
    }

    /// Its path, as it is shown.
    pub(super) fn path(&self) -> &str {
        if self.prefix.is_empty() { "." } else { self.prefix.trim_end_matches('/') }
    }

    pub(super) fn shown(&self) -> String {
        format!("`{}`", escaped(self.path()))
    }

    pub(super) fn level(&self) -> Level<'_> {
        let mut level = Level::default();
        let dirs: Vec<(&str, &Self)> = self.all_dirs.iter().map(|(name, dir)| (name.as_str(), dir)).collect();
        let names: Vec<&str> = dirs.iter().map(|(name, _)| *name).collect();
        for ((_, dir), role) in dirs.iter().zip(roles(&names)) {
            match role {
                Some(Role::Train) => level.train.push(dir),
                Some(Role::Test) => level.test.push(dir),
                Some(Role::Validation) => level.validation.push(dir),
                Some(Role::Masks) => level.masks.push(dir),
                Some(Role::Other) => level.other.push(dir),
                None => level.plain.push(dir),
            }
        }
        // Without training images, an empty folder is nothing to ask about; with them, an empty split has to be seen.
        let has_train = level.train.iter().any(|dir| dir.total > 0);
        let with_images = |dirs: &mut Vec<&Self>| dirs.retain(|dir| dir.total > 0);
        for dirs in [&mut level.train, &mut level.masks, &mut level.other, &mut level.plain] {
            with_images(dirs);
        }
        if !has_train {
            with_images(&mut level.test);
            with_images(&mut level.validation);
        }
        level
    }
}

impl Level<'_> {
    pub(super) fn has_splits(&self) -> bool {
        !(self.train.is_empty() && self.test.is_empty() && self.validation.is_empty())
    }

    /// Training images, and others to measure on.
    pub(super) fn has_both(&self) -> bool {
        !(self.train.is_empty() || self.test.is_empty() && self.validation.is_empty())
    }
}

/// Whether a folder has splits, or one folder that has.
pub(super) fn leads_to_splits(dir: &Dir) -> bool {
    dir.level().has_both() || dir.only_dir().is_some_and(|(_, only)| leads_to_splits(only))
}

/// Whether training images are of one kind, without a fault, as MVTec's are.
pub(super) fn is_of_good(train: &Dir) -> bool {
    const GOOD: [&str; 5] = ["good", "ok", "normal", "healthy", "nominal"];
    train.only_dir().is_some_and(|(name, _)| GOOD.contains(&name.to_lowercase().as_str()))
}

/// The first folder of masks below, with the one that it is in.
pub(super) fn masks_below(dir: &Dir) -> Option<(&Dir, &Dir)> {
    match dir.level().masks.first() {
        Some(masks) => Some((dir, masks)),
        None => dir.dirs().into_iter().find_map(|(_, dir)| masks_below(dir)),
    }
}
