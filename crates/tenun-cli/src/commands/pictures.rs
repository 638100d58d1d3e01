//! Pictures out: one file an image, by its identifier.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use tenun::data::is_image_name;
use tenun::engine::Shape;
use tenun::names::{escaped, name_path, shown};
use tenun::picture::save_images;

use crate::failure::Failure;

/// The file for each identifier: `cats/a.jpg` becomes `out/cats/a.png`. Two that would get the same name keep
/// their endings: `a.jpg.png` and `a.bmp.png`.
///
/// Identifiers come from files that anyone may have written, so none may lead out of the folder.
pub(crate) fn names<'a>(
    folder: &Path,
    ids: impl Iterator<Item = &'a str> + Clone,
) -> Result<Vec<PathBuf>, Failure> {
    let mut uses: HashMap<PathBuf, usize> = HashMap::new();
    for id in ids.clone() {
        *uses.entry(named(id, false)?).or_default() += 1;
    }
    let mut taken = HashMap::new();
    let mut names = Vec::new();
    for id in ids {
        let short = named(id, false)?;
        let name = if uses.get(&short).is_some_and(|&uses| uses > 1) { named(id, true)? } else { short };
        if let Some(other) = taken.insert(name.clone(), id) {
            return Err(Failure::failed(
                format!(
                    "images `{}` and `{}` would both be written to {}",
                    escaped(other),
                    escaped(id),
                    shown(&name)
                ),
                Some("give every image an identifier of its own".into()),
            ));
        }
        names.push(folder.join(name));
    }
    Ok(names)
}

/// The name within the folder; with `whole`, the ending of the image's own name stays in it.
fn named(id: &str, whole: bool) -> Result<PathBuf, Failure> {
    let path = &name_path(id);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    let Some(file) = path.file_name().filter(|_| {
        inside && !path.as_os_str().as_encoded_bytes().contains(&0) && !(cfg!(windows) && id.contains('\\'))
    }) else {
        return Err(Failure::failed(
            format!("identifier `{}` cannot name a file inside the folder", id.escape_debug()),
            Some("identifiers become file names: they must be names or relative paths without `..`".into()),
        ));
    };
    let mut file = file.to_os_string();
    if is_image_name(path) && !whole {
        file = path.file_stem().unwrap_or(&file).to_os_string();
    }
    file.push(".png");
    Ok(path.with_file_name(file))
}

/// An error if one of the files exists, before any work is done.
pub(crate) fn refuse_existing<'a>(
    files: impl IntoIterator<Item = &'a PathBuf>,
    overwrite: bool,
) -> Result<(), Failure> {
    match files.into_iter().find(|file| !overwrite && file.exists()) {
        Some(file) => Err(Failure::failed(
            format!("{} exists", shown(file)),
            Some("replace it (`--overwrite`), or write elsewhere (`--out`)".into()),
        )),
        None => Ok(()),
    }
}

/// Writes `values`, `[image][channel][row][column]`, to `files`.
pub(crate) fn write(files: &[PathBuf], shape: Shape, values: &[f32]) -> Result<(), Failure> {
    Ok(save_images(files, shape, values)?)
}

/// The files that are not there yet, and their folders: removed again unless all that was to be written is there.
pub(crate) struct NewFiles {
    files: Vec<PathBuf>,
    /// A folder before those in it.
    folders: Vec<PathBuf>,
}

impl NewFiles {
    pub(crate) fn of(files: &[PathBuf]) -> Self {
        let files: Vec<_> = files.iter().filter(|file| !file.exists()).cloned().collect();
        let above = files.iter().flat_map(|file| file.ancestors().skip(1));
        let above: HashSet<&Path> = above.filter(|folder| !folder.as_os_str().is_empty()).collect();
        let mut folders: Vec<_> =
            above.into_iter().filter(|folder| !folder.exists()).map(Path::to_path_buf).collect();
        folders.sort();
        Self { files, folders }
    }

    /// All is there.
    pub(crate) fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for NewFiles {
    fn drop(&mut self) {
        // What was not written yet is not there to be removed, and a folder in which others have put something stays.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ids: &[&str]) -> Result<Vec<PathBuf>, Failure> {
        names(Path::new("out"), ids.iter().copied())
    }

    #[test]
    fn pictures_are_called_as_their_images() {
        let files = of(&["a.jpg", "cats/b.PNG", "17", "v1.5", "two.bmp", "two.gif"]).unwrap();
        let expected = ["a.png", "cats/b.png", "17.png", "v1.5.png", "two.bmp.png", "two.gif.png"];
        assert_eq!(files, expected.map(|name| Path::new("out").join(name)));
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;

            let files = of(&["x\\y.png", r"gr\xFCn.png"]).unwrap();
            let expected = [&b"x\\y.png"[..], b"gr\xfcn.png"]
                .map(|name| Path::new("out").join(std::ffi::OsStr::from_bytes(name)));
            assert_eq!(files, expected);
        }
    }

    #[test]
    fn what_was_begun_is_removed_and_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("old")).unwrap();
        fs::write(at("old/a.png"), "mine").unwrap();
        let files = ["old/a.png", "old/b.png", "new/c/d.png", "new/e.png", "other/f.png"].map(at);
        let write = |new: NewFiles| {
            fs::create_dir_all(at("new/c")).unwrap();
            fs::create_dir_all(at("other")).unwrap();
            fs::write(at("other/mine.txt"), "mine").unwrap();
            files[1..4].iter().for_each(|file| fs::write(file, "theirs").unwrap());
            new
        };
        drop(write(NewFiles::of(&files)));
        assert!(at("old/a.png").exists() && at("other/mine.txt").exists());
        assert!(!at("old/b.png").exists() && !at("new").exists());
        write(NewFiles::of(&files)).keep();
        assert!(files[..4].iter().all(|file| file.exists()));
    }

    #[test]
    fn no_identifier_leads_out_of_the_folder() {
        for id in ["../x", "/etc/passwd", "a/../../x", "", "..", "./x/..", r"..\x2Fx", r"\x2Fetc/x", r"a\x00"]
        {
            assert!(of(&[id]).is_err(), "{id}");
        }
    }

    #[test]
    fn two_images_of_one_name_are_refused() {
        let failure = of(&["a.png", "a.png"]).unwrap_err();
        assert!(failure.message.contains("both"), "{}", failure.message);
    }
}
