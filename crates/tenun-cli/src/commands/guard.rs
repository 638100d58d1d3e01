//! No command writes over what it reads, by whatever name: another path to it, a link, a second name of the same file.

use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use tenun::data::{OpenOptions, Progress, is_image_name, paths_read};
use tenun::folder::Kind;
use tenun::names::shown;
use tenun::run::{self, Run};
use tenun::settings::Settings;
use tenun::sweep::SweepKind;

use super::source;
use crate::arguments::SourceFlags;
use crate::failure::Failure;

/// How deep folders are followed, as images are read.
const MAX_DEPTH: usize = 32;

/// An error if one of the files that are to be written is one of those that are read. Of a folder that is read these are its
/// images, or where it has none, all of its files.
pub(crate) fn refuse(written: &[PathBuf], read: &[PathBuf]) -> Result<(), Failure> {
    let existing = written.iter().filter_map(|path| Some((identity(path)?, path)));
    let existing: HashMap<Identity, &PathBuf> = existing.collect();
    if existing.is_empty() {
        return Ok(());
    }
    for path in read {
        let files = if path.is_dir() { files_of(path) } else { vec![path.clone()] };
        for file in files {
            if let Some(target) = identity(&file).and_then(|identity| existing.get(&identity)) {
                return Err(overwrites(target, &file));
            }
        }
    }
    Ok(())
}

fn overwrites(target: &Path, file: &Path) -> Failure {
    let (target, file) = (shown(target), shown(file));
    let also = if target == file { String::new() } else { format!(", which is {file}") };
    Failure::usage(
        format!("this would write over what it reads: {target}{also}"),
        Some("write to another file or folder (`--out`)".into()),
    )
}

/// The files of a model: its own, or those of a run.
pub(crate) fn of_model(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        [run::MODEL, run::CONFIG].map(|name| path.join(name)).to_vec()
    } else {
        vec![path.into()]
    }
}

/// What is read for images.
pub(crate) fn of_data(inputs: &[String], flags: &SourceFlags) -> Vec<PathBuf> {
    paths_read(inputs, &source::folder_options(flags))
}

/// What a run that there is has read for images.
pub(crate) fn of_run(settings: &Settings) -> Vec<PathBuf> {
    let options = OpenOptions::of(&settings.data, Progress::default());
    paths_read(std::slice::from_ref(&settings.data.source), &options.folder)
}

/// What the settings of a run have it read.
pub(crate) fn of_settings(settings: &Settings) -> Vec<PathBuf> {
    let files = [&settings.network.file, &settings.training.init].into_iter().flatten();
    of_run(settings).into_iter().chain(files.cloned()).collect()
}

/// An error if making or replacing the results in a folder removes or writes over what is read for them.
pub(crate) fn refuse_results(folder: &Path, read: &[PathBuf]) -> Result<(), Failure> {
    let mut written = Vec::new();
    for contents in [Run::CONTENTS, SweepKind::CONTENTS] {
        written.extend(contents.files.iter().map(|name| folder.join(name)));
        for inside in contents.folders.iter().map(|name| folder.join(name)).filter(|path| path.is_dir()) {
            let real = inside.canonicalize().unwrap_or(inside.clone());
            let within = |path: &&PathBuf| path.canonicalize().is_ok_and(|path| path.starts_with(&real));
            if let Some(path) = read.iter().find(within) {
                return Err(overwrites(&inside, path));
            }
            written.extend(all_files(&inside));
        }
    }
    refuse(&written, read)
}

/// The files that a folder is read for.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let all = all_files(folder);
    let images: Vec<PathBuf> = all.iter().filter(|path| is_image_name(path)).cloned().collect();
    if images.is_empty() { all } else { images }
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders, mut seen) = (Vec::new(), vec![(folder.to_owned(), 0)], HashSet::new());
    while let Some((folder, depth)) = folders.pop() {
        // A link to a folder above ends nowhere.
        if depth > MAX_DEPTH || identity(&folder).is_none_or(|identity| !seen.insert(identity)) {
            continue;
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push((path, depth + 1)) } else { files.push(path) }
        }
    }
    files
}

/// What tells a file from others, whatever its names. None if there is no such file.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let of = |data: Metadata| (data.dev(), data.ino());
    fs::metadata(path).ok().map(of)
}

#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    path.canonicalize().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_all_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("in/deep")).unwrap();
        fs::write(at("in/deep/a.png"), "").unwrap();
        fs::write(at("in/codes.csv"), "").unwrap();
        fs::write(at("x.npy"), "").unwrap();
        fs::write(at("@odd.npy"), "").unwrap();
        fs::hard_link(at("x.npy"), at("hard.npy")).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("x.npy"), at("soft.npy")).unwrap();
            std::os::unix::fs::symlink(at("in"), at("in/deep/loop")).unwrap();
            std::os::unix::fs::symlink(at("x.npy"), at("in/deep/b.png")).unwrap();
        }
        let refused = |written: &str, read: &str| refuse(&[at(written)], &[at(read)]).is_err();
        for written in ["x.npy", "in/../x.npy", "hard.npy", "./x.npy"] {
            assert!(refused(written, "x.npy"), "{written}");
        }
        assert!(refused("in/deep/a.png", "in"));
        #[cfg(unix)]
        for (written, read) in
            [("soft.npy", "x.npy"), ("x.npy", "soft.npy"), ("x.npy", "in"), ("hard.npy", "in")]
        {
            assert!(refused(written, read), "{written} {read}");
        }
        // Beside the images of a folder other files are not read; where there is no image, all are.
        assert!(!refused("in/codes.csv", "in") && !refused("new.npy", "x.npy") && !refused("x.npy", "none"));
        fs::create_dir(at("arrays")).unwrap();
        fs::write(at("arrays/a.npy"), "").unwrap();
        assert!(refused("arrays/a.npy", "arrays"));
    }
}
