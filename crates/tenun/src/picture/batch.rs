//! [`PictureBatch`]: many pictures, which all get their names or none of them does.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tenun_engine::Shape;

use super::image_file::{ImageFileError, save_images};
use crate::file;

/// Pictures that are written aside as they come, and get their names when all are there. Dropped before that, it leaves
/// nothing: a picture that was to be replaced is what it was.
///
/// ```
/// use tenun::engine::Shape;
/// use tenun::picture::PictureBatch;
///
/// let folder = tempfile::tempdir()?;
/// let files = ["a.png", "deep/b.png"].map(|name| folder.path().join(name));
/// let mut batch = PictureBatch::new(files.to_vec())?;
/// batch.write(Shape::new(1, 1, 2), &[0.0, 0.5])?;
/// assert!(!files[0].exists());
/// batch.write(Shape::new(1, 1, 2), &[1.0, 0.5])?;
/// batch.finish(|| Ok::<(), tenun::Error>(()))?;
/// assert!(files[0].exists() && files[1].exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PictureBatch {
    files: Vec<PathBuf>,
    /// Where they are until then; removed with all that is in it.
    aside: Option<TempDir>,
    /// Folders that were made for them, each before those in it.
    folders: Vec<PathBuf>,
    written: usize,
}

impl PictureBatch {
    /// A batch of these files, whose folders need not be there. They are written aside in a hidden folder beside the first.
    ///
    /// # Errors
    /// [`ImageFileError::Io`] if its folder cannot be made.
    pub fn new(files: Vec<PathBuf>) -> Result<Self, ImageFileError> {
        let mut batch = Self { files, aside: None, folders: Vec::new(), written: 0 };
        if let Some(first) = batch.files.first().cloned() {
            batch.make_folder(&first).map_err(io_of(&first))?;
            let mut builder = tempfile::Builder::new();
            builder.prefix(".tenun-").suffix(".part");
            let aside = builder.tempdir_in(file::folder_of(&first)).map_err(io_of(&first))?;
            batch.aside = Some(aside);
        }
        Ok(batch)
    }

    /// Writes the next pictures, as many as there are values of: `[image][channel][row][column]`.
    ///
    /// # Errors
    /// As [`save_images`].
    ///
    /// # Panics
    /// If there are more pictures than files.
    pub fn write(&mut self, shape: Shape, values: &[f32]) -> Result<(), ImageFileError> {
        let count = values.len() / shape.len();
        let aside: Vec<PathBuf> =
            (self.written..self.written + count).map(|at| self.place("new", at)).collect();
        let targets = &self.files[self.written..self.written + count];
        // What cannot be written is called by the name that it was to have.
        save_images(&aside, shape, values).map_err(|error| {
            let called = |path: &Path| {
                let at = aside.iter().position(|other| other == path);
                at.map_or_else(|| path.to_owned(), |at| targets[at].clone())
            };
            match error {
                ImageFileError::Io { path, source } => ImageFileError::Io { path: called(&path), source },
                ImageFileError::Picture { path, source } => {
                    ImageFileError::Picture { path: called(&path), source }
                }
            }
        })?;
        self.written += count;
        Ok(())
    }

    /// Gives all pictures their names, and then does what else belongs to them. Where that fails, or a name cannot be given,
    /// everything is as it was before.
    ///
    /// # Errors
    /// [`ImageFileError::Io`], and what `then` says.
    ///
    /// # Panics
    /// If not all were written.
    pub fn finish<E: From<ImageFileError>>(mut self, then: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        assert_eq!(self.written, self.files.len(), "pictures");
        let mut named = 0;
        let mut result = Ok(());
        while named < self.files.len() && result.is_ok() {
            let file = self.files[named].clone();
            result = self.name(named, &file).map_err(|error| E::from(io_of(&file)(error)));
            named += usize::from(result.is_ok());
        }
        match result.and_then(|()| self.sync().map_err(E::from)).and_then(|()| then()) {
            Ok(()) => {
                self.folders.clear();
                Ok(())
            }
            Err(error) => {
                (0..named).rev().for_each(|at| self.unname(at));
                Err(error)
            }
        }
    }

    /// Gives one its name; a file that has it is put aside.
    fn name(&mut self, at: usize, file: &Path) -> io::Result<()> {
        self.make_folder(file)?;
        if file.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        match fs::rename(file, self.place("old", at)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(self.place("new", at), file).inspect_err(|_| {
            let _ = fs::rename(self.place("old", at), file);
        })
    }

    fn unname(&self, at: usize) {
        let file = &self.files[at];
        // A file that was there takes the place of the new one.
        if fs::rename(self.place("old", at), file).is_err() {
            let _ = fs::remove_file(file);
        }
    }

    fn place(&self, kind: &str, at: usize) -> PathBuf {
        self.aside.as_ref().map_or_else(PathBuf::new, |aside| aside.path().join(format!("{kind}-{at}.png")))
    }

    /// Makes the folder of a file, and remembers what was made.
    fn make_folder(&mut self, file: &Path) -> io::Result<()> {
        let folder = file::folder_of(file);
        if folder.is_dir() {
            return Ok(());
        }
        let is_new = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let mut new: Vec<PathBuf> = folder.ancestors().take_while(is_new).map(Path::to_path_buf).collect();
        fs::create_dir_all(folder)?;
        new.reverse();
        self.folders.extend(new);
        Ok(())
    }

    /// The names are on the disk only when the folders are.
    fn sync(&self) -> Result<(), ImageFileError> {
        let mut last = None;
        for file in &self.files {
            let folder = file::folder_of(file);
            if last != Some(folder) {
                last = Some(folder);
                let open = File::open(folder);
                open.and_then(|folder| folder.sync_all()).map_err(io_of(file))?;
            }
        }
        Ok(())
    }
}

impl Drop for PictureBatch {
    fn drop(&mut self) {
        // The hidden folder first, as it is in one of those; a folder in which others have put something stays.
        self.aside = None;
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn io_of(path: &Path) -> impl FnOnce(io::Error) -> ImageFileError + use<> {
    let path = path.to_owned();
    move |source| ImageFileError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOT: Shape = Shape::new(1, 1, 1);

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn fails() -> Result<(), ImageFileError> {
        Err(io_of(Path::new("other"))(io::Error::other("full")))
    }

    #[test]
    fn what_fails_at_any_point_leaves_all_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("old")).unwrap();
        fs::write(at("old/a.png"), "mine").unwrap();
        let files = ["old/a.png", "old/b.png", "new/c/d.png", "other/e.png"].map(at);
        let batch = || PictureBatch::new(files.to_vec()).unwrap();
        let is_untouched = || {
            assert_eq!(names(folder.path()), ["old"]);
            assert_eq!(names(&at("old")), ["a.png"]);
            assert_eq!(fs::read(at("old/a.png")).unwrap(), b"mine");
        };
        // Half of them are written; all are, and something after fails; one cannot be encoded.
        batch().write(DOT, &[0.5; 2]).unwrap();
        is_untouched();
        let mut all = batch();
        all.write(DOT, &[0.5; 4]).unwrap();
        assert!(all.finish(fails).is_err());
        is_untouched();
        let error = batch().write(DOT, &[0.5, f32::NAN]).unwrap_err();
        assert!(error.to_string().contains("b.png"), "{error}");
        is_untouched();
        // A folder has the name of one, with something in it.
        fs::create_dir_all(at("other/e.png/mine")).unwrap();
        let mut all = batch();
        all.write(DOT, &[0.5; 4]).unwrap();
        assert!(all.finish(|| Ok::<(), ImageFileError>(())).is_err());
        assert!(at("other/e.png/mine").is_dir());
        fs::remove_dir_all(at("other")).unwrap();
        is_untouched();
        // A file is in the way of the last one's folder.
        let mut all = batch();
        all.write(DOT, &[0.5; 4]).unwrap();
        fs::write(at("other"), "theirs").unwrap();
        let error = all.finish(|| Ok::<(), ImageFileError>(())).unwrap_err();
        assert!(error.to_string().contains("e.png"), "{error}");
        fs::remove_file(at("other")).unwrap();
        is_untouched();
    }

    #[test]
    fn all_get_their_names_and_nothing_is_left_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.png"), "mine").unwrap();
        let mut batch = PictureBatch::new(["a.png", "x/b.png"].map(at).to_vec()).unwrap();
        batch.write(DOT, &[0.0]).unwrap();
        batch.write(DOT, &[1.0]).unwrap();
        batch.finish(|| Ok::<(), ImageFileError>(())).unwrap();
        assert_eq!(
            (names(folder.path()), names(&at("x"))),
            (vec!["a.png".into(), "x".into()], vec!["b.png".into()])
        );
        assert_eq!(image::open(at("a.png")).unwrap().into_luma8().into_raw(), [0]);
        let none = PictureBatch::new(Vec::new()).unwrap();
        none.finish(|| Ok::<(), ImageFileError>(())).unwrap();
    }
}
