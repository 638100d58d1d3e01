//! What the sub-folders of a folder of images are: splits, classes, masks, or nothing of the kind. Of names alone: no file is
//! opened. What cannot be known is asked, as an error that names the options which answer it.

use std::path::Path;

use super::DataError;
use super::folder_tree::{Dir, Level, is_of_good, leads_to_splits};
use super::mixture;
use super::not_classes::no_classes;
use super::split_names::{Role, is_just_images, masks_of, roles, said};
use crate::names::{escaped, quoted, shown as shown_path};
use crate::settings::{LAYOUT, Layout, TEST, TRAIN};
use crate::text::counted;

/// At most so many images beside the class folders are strays, and at most a fifth of all.
const STRAYS: usize = 10;

/// Names that are listed, at most.
const NAMED: usize = 5;

/// Which images of a folder are what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) train: Part,
    pub(super) test: Option<Part>,
    /// The folder of the masks of the test images, as `a/b/`.
    pub(super) masks: Option<String>,
    /// What is said of it.
    pub(super) notes: Vec<String>,
}

/// The images of one split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The folder that they are called by their paths within, as `a/b/`; empty for the one that was given.
    pub(super) prefix: String,
    /// Their places among all images.
    pub(super) images: Vec<usize>,
    /// Whether the first folder on the path of each is its class.
    pub(super) has_classes: bool,
}

/// What was asked for, and of which folder.
struct Reading<'a> {
    folder: &'a Path,
    ids: &'a [String],
    layout: Layout,
    notes: Vec<String>,
}

/// Which of the images called `ids` are what, `folders` being all folders, those without images too.
///
/// # Errors
/// [`DataError::Layout`], with what to answer, if that cannot be known.
pub(super) fn plan(
    folder: &Path,
    ids: &[String],
    folders: &[String],
    layout: Layout,
) -> Result<Plan, DataError> {
    read(folder, ids, folders, layout, |reading, root| reading.with_splits(root))
}

/// As [`plan`], of an archive whose name without its ending is `name`: it may say that the archive is one split.
pub(super) fn plan_of_archive(
    archive: &Path,
    name: &str,
    ids: &[String],
    layout: Layout,
) -> Result<Plan, DataError> {
    let is_split = matches!(said(name), Some(Role::Train | Role::Test | Role::Validation));
    read(archive, ids, &[], layout, |reading, root| {
        if layout == Layout::Auto && is_split && !leads_to_splits(root) {
            return reading.within_split(root, Some(name)).map(|train| reading.only(train));
        }
        reading.with_splits(root)
    })
}

/// As [`plan`], of a folder that is one split, because the user said so.
pub(super) fn plan_of_split(
    folder: &Path,
    ids: &[String],
    folders: &[String],
    layout: Layout,
) -> Result<Plan, DataError> {
    read(folder, ids, folders, layout, |reading, root| match layout {
        Layout::Splits | Layout::Mvtec => Err(DataError::Setting {
            setting: format!("{} with {}", LAYOUT.argument(), TRAIN.argument()),
            expected: "`auto`, `classes` or `flat`: how a split is read".into(),
            got: layout.name().into(),
        }),
        _ => reading.within_split(root, None).map(|train| reading.only(train)),
    })
}

/// Reads a folder: as one set or as classes where the user says so, which is the same everywhere, else as `otherwise` does.
fn read(
    folder: &Path,
    ids: &[String],
    folders: &[String],
    layout: Layout,
    otherwise: impl FnOnce(&mut Reading<'_>, &Dir) -> Result<Plan, DataError>,
) -> Result<Plan, DataError> {
    let root = Dir::of(ids, folders);
    let mut reading = Reading { folder, ids, layout, notes: Vec::new() };
    match layout {
        Layout::Flat => Ok(reading.all(&root)),
        Layout::Classes => reading.classes(&root).map(|train| reading.only(train)),
        Layout::Auto | Layout::Splits | Layout::Mvtec => otherwise(&mut reading, &root),
    }
}

impl Reading<'_> {
    fn all(&mut self, root: &Dir) -> Plan {
        self.only(Part { prefix: String::new(), images: root.images(), has_classes: false })
    }

    fn only(&mut self, train: Part) -> Plan {
        Plan { train, test: None, masks: None, notes: std::mem::take(&mut self.notes) }
    }

    fn ask<T>(&self, what: String, answers: Vec<String>) -> Result<T, DataError> {
        Err(DataError::Layout { path: self.folder.into(), what, answers })
    }

    /// The folder whose folders are splits, looked for through folders that have but one; else classes, or just images.
    fn with_splits(&mut self, root: &Dir) -> Result<Plan, DataError> {
        let (mut dir, mut strays) = (root, Vec::new());
        loop {
            let level = dir.level();
            let wraps = dir.only_dir().map(|(_, only)| only);
            // A wrapper may be called `test_data`; what counts is what is in it.
            let wraps = wraps.filter(|only| !level.has_splits() || leads_to_splits(only));
            if let Some(only) = wraps {
                strays.extend(&dir.direct);
                dir = only;
                continue;
            }
            strays.extend(&dir.direct);
            if level.has_splits() {
                return self.splits(dir, &level, &strays);
            }
            break;
        }
        let level = dir.level();
        let categories: Vec<&Dir> = level.plain.iter().copied().filter(|dir| leads_to_splits(dir)).collect();
        if !categories.is_empty() {
            return match self.classes_of_splits(dir, &level, &strays)? {
                Some(plan) => Ok(plan),
                None => self.many_sets(&categories, level.plain.len() - categories.len()),
            };
        }
        if self.layout != Layout::Auto {
            return self.ask(
                format!(
                    "`{} {}`, but no folder of training images was recognised",
                    LAYOUT.argument(),
                    self.layout.name()
                ),
                vec![splits_answer("DIR", Some("DIR"))],
            );
        }
        self.refuse_mixtures(root)?;
        self.classes(root).map(|train| self.only(train))
    }

    /// Classes that are split each by itself, `cat/train`, `cat/test`, `dog/train`…, where that is all that there is: their
    /// images lie in the splits, and all have the same.
    fn classes_of_splits(
        &self,
        dir: &Dir,
        level: &Level<'_>,
        strays: &[usize],
    ) -> Result<Option<Plan>, DataError> {
        if level.plain.len() < 2 || !level.masks.is_empty() || self.layout == Layout::Mvtec {
            return Ok(None);
        }
        let (mut train, mut test, mut unused): (Vec<&Dir>, Vec<&Dir>, Vec<&Dir>) = Default::default();
        let mut roles = Vec::new();
        for class in &level.plain {
            let within = class.level();
            let (role, tested) = match (&within.test[..], &within.validation[..]) {
                ([test], _) => (Role::Test, *test),
                ([], [validation]) => (Role::Validation, *validation),
                _ => return Ok(None),
            };
            let ([trained], true) = (&within.train[..], within.plain.is_empty() && class.direct.is_empty())
            else {
                return Ok(None);
            };
            // With folders in its splits it is a data set, and no class.
            if !trained.dirs().is_empty() || !tested.dirs().is_empty() {
                return Ok(None);
            }
            train.push(trained);
            test.push(tested);
            roles.push(role);
            let others = [&within.validation, &within.masks, &within.other].into_iter().flatten();
            unused.extend(others.filter(|other| !std::ptr::eq(**other, tested)));
        }
        if roles.iter().any(|role| *role != roles[0]) {
            return Ok(None);
        }
        for split in train.iter().chain(&test) {
            self.refuse_mixtures(split)?;
        }
        unused.extend(&level.other);
        let part = |splits: &[&Dir]| {
            let mut images: Vec<usize> = splits.iter().flat_map(|split| split.images()).collect();
            images.sort_unstable();
            Part { prefix: dir.prefix.clone(), images, has_classes: true }
        };
        let of = |splits: &[&Dir], part: &Part| {
            format!("{} ({})", listed(splits.iter().map(|split| split.path()), NAMED), part.images.len())
        };
        let (train_part, test_part) = (part(&train), part(&test));
        let mut uses = vec![
            format!("classes with splits in them; training images: {}", of(&train, &train_part)),
            format!("test images: {}", of(&test, &test_part)),
        ];
        let unused: Vec<String> = unused
            .iter()
            .map(|dir| format!("{} ({})", dir.shown(), dir.total))
            .chain((!strays.is_empty()).then(|| self.names(strays)))
            .collect();
        if !unused.is_empty() {
            uses.push(format!("not used: {}", unused.join(", ")));
        }
        Ok(Some(Plan { train: train_part, test: Some(test_part), masks: None, notes: vec![uses.join("; ")] }))
    }

    /// Folders that each have splits of their own, beside so many that have none.
    fn many_sets(&self, sets: &[&Dir], others: usize) -> Result<Plan, DataError> {
        let names = listed(sets.iter().map(|set| set.path()), usize::MAX);
        let is_category = |set: &&Dir| set.level().train.iter().any(|train| is_of_good(train));
        let (what, kind) = match sets.iter().all(is_category) {
            true => (format!("it holds {} categories in MVTec's layout: {names}", sets.len()), "category"),
            false if others > 0 => (
                format!("these folders have splits of their own: {names}, and {others} beside them none"),
                "of them",
            ),
            false => (format!("each of these folders has splits of its own: {names}"), "of them"),
        };
        let one = self.folder.join(sets[0].path());
        let mut answers = vec![format!("give one {kind}: `{}`", shown_path(&one))];
        if kind != "category" {
            answers.push(format!(
                "`{} classes` trains on all of them, test images too, each as a class",
                LAYOUT.argument()
            ));
            answers.push(
                "to have them as classes that are split, give each `train` and `test` with the images in it"
                    .into(),
            );
        }
        self.ask(what, answers)
    }

    /// The splits in `dir`.
    fn splits(&mut self, dir: &Dir, level: &Level<'_>, strays: &[usize]) -> Result<Plan, DataError> {
        let says_so = self.layout != Layout::Auto;
        let test = match (&level.test[..], &level.validation[..]) {
            ([test], _) => Ok(Some(*test)),
            ([], [validation]) => Ok(Some(*validation)),
            ([], []) => Ok(None),
            _ => Err(()),
        };
        let (train, test) = match (&level.train[..], test) {
            ([train], Ok(test)) if level.plain.is_empty() || says_so => (*train, test),
            _ => return self.unclear(dir, level),
        };
        if self.layout == Layout::Mvtec && test.is_none() {
            return self.ask(
                "`--layout mvtec`, but no folder of test images was recognised".into(),
                vec!["MVTec's layout is `train/good`, `test/DEFECT`, `ground_truth/DEFECT`".into()],
            );
        }
        let names = |dir: &Dir| dir.path().rsplit('/').next().unwrap_or_default().to_owned();
        let train_part = self.within_split(train, Some(&names(train)))?;
        let test_part = test.map(|test| self.within_split(test, Some(&names(test)))).transpose()?;
        let tests = if level.test.is_empty() { Role::Validation } else { Role::Test };
        let are_of_test =
            |dir: &Dir| test.is_some() && masks_of(&names(dir)).is_none_or(|role| role == tests);
        let (mut masks, mut other_masks): (Vec<&Dir>, Vec<&Dir>) =
            level.masks.iter().partition(|dir| are_of_test(dir));
        if masks.len() > 1 {
            // Which of them are meant is not known.
            other_masks.append(&mut masks);
        }
        let mut uses =
            vec![format!("training images: {} ({})", shown(&train_part, train), train_part.images.len())];
        match (&test_part, test) {
            (Some(part), Some(test)) => {
                uses.push(format!("test images: {} ({})", shown(part, test), part.images.len()))
            }
            _ => uses.push("no test images".into()),
        }
        for masks in &masks {
            uses.push(format!(
                "masks of the test images, never trained on: {} ({})",
                masks.shown(),
                masks.total
            ));
        }
        let unused: Vec<String> = [&other_masks, &level.validation, &level.test, &level.other, &level.plain]
            .into_iter()
            .flatten()
            .filter(|dir| !test.is_some_and(|test| std::ptr::eq(**dir, test)))
            .map(|dir| format!("{} ({})", dir.shown(), dir.total))
            .chain((!strays.is_empty()).then(|| self.names(strays)))
            .collect();
        if !unused.is_empty() {
            uses.push(format!("not used: {}", unused.join(", ")));
        }
        let mut notes = vec![uses.join("; ")];
        notes.append(&mut self.notes);
        let masks = masks.first().map(|masks| masks.prefix.clone());
        Ok(Plan { train: train_part, test: test_part, masks, notes })
    }

    /// Folders that look like splits, but which is which is not clear.
    fn unclear<T>(&self, dir: &Dir, level: &Level<'_>) -> Result<T, DataError> {
        let paths = |dirs: &[&Dir]| listed(dirs.iter().map(|dir| dir.path()), NAMED);
        let looks: Vec<String> = [
            (&level.train, "training images"),
            (&level.test, "test images"),
            (&level.validation, "validation images"),
        ]
        .into_iter()
        .filter(|(dirs, _)| !dirs.is_empty())
        .map(|(dirs, what)| format!("{} for {what}", paths(dirs)))
        .collect();
        let beside = match level.plain.is_empty() {
            true => String::new(),
            false => format!(", beside {}", paths(&level.plain)),
        };
        let first = |dirs: &[&Dir]| dirs.first().map(|dir| dir.path().to_owned());
        let test = first(&level.test).or_else(|| first(&level.validation));
        let mut answers = match (first(&level.train), &test) {
            (Some(train), test) => vec![splits_answer(&train, test.as_deref())],
            // Whatever is not the test images.
            (None, Some(test)) => {
                let train = first(&level.plain).unwrap_or_else(|| test.clone());
                vec![splits_answer(&train, (train != *test).then_some(test))]
            }
            (None, None) => Vec::new(),
        };
        if level.train.len() == 1 && level.test.len() <= 1 && test.is_some() {
            answers.push(format!("`{} splits` leaves the other folders out", LAYOUT.argument()));
        }
        if dir.dirs().len() > 1 {
            answers.push(format!("`{} classes` takes every folder for a class", LAYOUT.argument()));
        }
        answers.push(format!("`{} flat` trains on all of them", LAYOUT.argument()));
        self.ask(
            format!("by their names, {}{beside}: which are the splits is not clear", looks.join(", ")),
            answers,
        )
    }

    /// One split: through a folder of the same kind, as in `train/train`, or one that just says `images`.
    fn within_split(&mut self, split: &Dir, name: Option<&str>) -> Result<Part, DataError> {
        let role = |name: &str| roles(&[name])[0];
        let own = name.and_then(role);
        let mut dir = split;
        while dir.direct.is_empty()
            && let Some((name, only)) = dir.only_dir()
            && (is_just_images(name) || (own.is_some() && role(name) == own))
        {
            dir = only;
        }
        let level = dir.level();
        if level.has_both() {
            return self.unclear(dir, &level);
        }
        self.refuse_mixtures(dir)?;
        self.classes(dir)
    }

    /// An error if pictures of several kinds lie among the images of `dir`, at any depth.
    fn refuse_mixtures(&self, dir: &Dir) -> Result<(), DataError> {
        let Some(mixture) = mixture::of(self.ids, dir) else { return Ok(()) };
        let (what, apart) = mixture.told(self.ids);
        let layout = LAYOUT.argument();
        let anyway = match dir.dirs().is_empty() {
            true => format!("`{layout} flat` trains on all of them"),
            false => format!("`{layout} flat` or `{layout} classes` trains on all of them"),
        };
        let apart = apart.map_or_else(str::to_owned, |folder| splits_answer(folder, None));
        self.ask(what, vec![apart, anyway])
    }

    /// The images of a folder, whose sub-folders are classes if that is plausible, or if the user says so.
    fn classes(&mut self, root: &Dir) -> Result<Part, DataError> {
        let says_so = self.layout == Layout::Classes;
        let mut dir = root;
        // Through folders that have one folder and nothing else, to where there are several.
        while dir.direct.is_empty()
            && let Some((_, only)) = dir.only_dir()
        {
            dir = only;
        }
        if dir.dirs().len() < 2 && !(says_so && dir.dirs().len() == 1) {
            let is_just = root.only_dir().is_some_and(|(name, _)| is_just_images(name));
            // One folder of images, which is what it is called.
            let no_class = root.direct.is_empty().then(|| self.no_class_within(root)).flatten();
            let is_class = root.direct.is_empty()
                && !root.dirs().is_empty()
                && (says_so || !(is_just || no_class.is_some()));
            if says_so && !is_class {
                return self.ask(
                    format!("`{} classes`, but there is no sub-folder with images", LAYOUT.argument()),
                    vec![format!("`{} flat` reads the images without classes", LAYOUT.argument())],
                );
            }
            if let Some((folder, why)) = no_class.filter(|_| !says_so) {
                self.notes.push(format!(
                    "{folder} is taken for {why}, not a class; `{} classes` makes it one",
                    LAYOUT.argument()
                ));
            }
            if let (Some((_, only)), false) = (dir.only_dir(), dir.direct.is_empty()) {
                self.notes.push(format!(
                    "{} is not taken for a class, as {} {} beside it; `{} classes` makes it one",
                    only.shown(),
                    counted(dir.direct.len(), "image"),
                    if dir.direct.len() == 1 { "lies" } else { "lie" },
                    LAYOUT.argument()
                ));
            }
            return Ok(Part { prefix: root.prefix.clone(), images: root.images(), has_classes: is_class });
        }
        let dirs = dir.dirs();
        let paths = || listed(dirs.iter().map(|(_, dir)| dir.path()), NAMED);
        let sizes: Vec<(&str, usize)> = dirs.iter().map(|(name, dir)| (*name, dir.total)).collect();
        if let Some(why) = no_classes(&sizes).filter(|_| !says_so) {
            self.notes.push(format!(
                "the sub-folders {} are taken for {why}, not classes; `{} classes` makes them classes",
                paths(),
                LAYOUT.argument()
            ));
            return Ok(Part { prefix: root.prefix.clone(), images: root.images(), has_classes: false });
        }
        let (beside, inside) = (dir.direct.len(), dir.total - dir.direct.len());
        let are_few = beside <= STRAYS && beside * 4 <= inside;
        if beside > 0 && !(are_few || says_so) {
            return self.ask(
                format!(
                    "{} beside the sub-folders {}, which have {}",
                    counted(beside, "image"),
                    paths(),
                    counted(inside, "image")
                ),
                vec![
                    format!("`{} flat` trains on all of them, without classes", LAYOUT.argument()),
                    format!(
                        "`{} classes` leaves out those beside the folders, which are classes",
                        LAYOUT.argument()
                    ),
                ],
            );
        }
        if beside > 0 {
            self.notes.push(format!(
                "{} {} in no class folder and {} not used; `{} flat` uses all images, without classes",
                self.names(&dir.direct),
                if beside == 1 { "lies" } else { "lie" },
                crate::text::are(beside),
                LAYOUT.argument()
            ));
        }
        let mut images: Vec<usize> = dirs.iter().flat_map(|(_, dir)| dir.images()).collect();
        images.sort_unstable();
        Ok(Part { prefix: dir.prefix.clone(), images, has_classes: true })
    }

    /// The first of the folders that lead to the images, one in the other, that is no class by its name, and why.
    fn no_class_within(&self, root: &Dir) -> Option<(String, &'static str)> {
        let (mut dir, mut found) = (root, None);
        while let Some((name, only)) = dir.only_dir().filter(|_| found.is_none()) {
            found = no_classes(&[(name, only.total)]).map(|why| (only.shown(), why));
            dir = only;
        }
        found
    }

    /// Images by their names, the first few of many.
    fn names(&self, images: &[usize]) -> String {
        listed(images.iter().map(|&image| self.ids[image].as_str()), NAMED)
    }
}

/// The folder of a split as it was read.
fn shown(part: &Part, split: &Dir) -> String {
    match part.prefix.trim_end_matches('/') {
        "" => split.shown(),
        path => format!("`{}`", escaped(path)),
    }
}

fn splits_answer(train: &str, test: Option<&str>) -> String {
    let word = |folder: &str| quoted(&escaped(folder)).into_owned();
    match test {
        Some(test) => {
            let (train, test) = (word(train), word(test));
            format!("`{} {train} {} {test}` says which are the splits", TRAIN.argument(), TEST.argument())
        }
        None => format!("`{} {}` trains on that folder alone", TRAIN.argument(), word(train)),
    }
}

fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let all = names.len();
    let mut text = names.take(most).map(|name| format!("`{}`", escaped(name))).collect::<Vec<_>>().join(", ");
    if all > most {
        text += &format!(" and {} more", all - most);
    }
    text
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
