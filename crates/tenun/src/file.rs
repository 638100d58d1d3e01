//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::thread;

use tempfile::NamedTempFile;

/// Writes a file beside `path`, makes sure it is on the disk, and puts it in the place of `path`.
///
/// Whatever happens in between, `path` holds what it held before, or all of the new.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> io::Result<()> {
    part(path, write)?.persist(path).map_err(|error| error.error)?;
    // The name is on the disk only when the folder is.
    File::open(folder_of(path))?.sync_all()
}

/// A file beside `path`, on the disk and as readable as any other, but for its name; it is removed if it gets none.
fn part(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".tenun-").suffix(".part").tempfile_in(folder_of(path))?;
    let mut buffered = BufWriter::new(file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    open_to_others(file.as_file())?;
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// How many files wait for the disk at a time. A file system writes what several wait for in one go: 300 small files
/// took 2.2 s one by one, and 0.1 s like this.
const WAITING: usize = 16;

/// Many small files, each written as [`write_whole`] does, which together wait for the disk about as long as one. The
/// error is that of the first file that cannot be written, by its place in `files`; those before it may be there.
pub(crate) fn write_many(files: &[(&Path, Vec<u8>)]) -> Result<(), (usize, io::Error)> {
    let mut done: Vec<io::Result<Option<NamedTempFile>>> = Vec::new();
    done.resize_with(files.len(), || Ok(None));
    thread::scope(|scope| {
        let share = files.len().div_ceil(WAITING).max(1);
        for (files, done) in files.chunks(share).zip(done.chunks_mut(share)) {
            scope.spawn(move || {
                for ((path, bytes), done) in files.iter().zip(done) {
                    *done = part(path, |to| to.write_all(bytes)).map(Some);
                }
            });
        }
    });
    let mut folders: Vec<&Path> = Vec::new();
    for (at, ((path, _), part)) in files.iter().zip(done).enumerate() {
        let Some(part) = part.map_err(|error| (at, error))? else { continue };
        part.persist(path).map_err(|error| (at, error.error))?;
        let folder = folder_of(path);
        if folders.last() != Some(&folder) && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    for folder in folders {
        let at = || files.iter().position(|(path, _)| folder_of(path) == folder).unwrap_or_default();
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| (at(), error))?;
    }
    Ok(())
}

/// Bytes as a whole file.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole(path, |to| to.write_all(bytes))
}

/// Temporary files are readable by their owner alone; what they become is as readable as any other file.
#[cfg(unix)]
fn open_to_others(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_others(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_bytes(&path, b"old").unwrap();
        let failed = write_whole(&path, |to| {
            to.write_all(b"half of the n")?;
            Err(io::Error::other("stopped"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write_bytes(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "temporary files stay behind");
    }

    #[test]
    fn many_files_are_each_whole_and_the_first_that_fails_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<_> = (0..100).map(|n| folder.path().join(format!("{n}"))).collect();
        let files: Vec<_> =
            paths.iter().enumerate().map(|(n, path)| (path.as_path(), vec![n as u8; n])).collect();
        write_many(&files).unwrap();
        assert!(files.iter().all(|(path, bytes)| fs::read(path).unwrap() == *bytes));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 100);
        write_many(&[]).unwrap();

        // A folder is in the way of the 70th, and there is no folder for the 90th.
        fs::create_dir_all(folder.path().join("new/70/x")).unwrap();
        let paths: Vec<_> = (0..100)
            .map(|n| folder.path().join(if n == 90 { "none/90".into() } else { format!("new/{n}") }))
            .collect();
        let files: Vec<_> = paths.iter().map(|path| (path.as_path(), vec![1])).collect();
        assert_eq!(write_many(&files).unwrap_err().0, 70);
        let left = fs::read_dir(folder.path().join("new")).unwrap();
        assert!(left.into_iter().all(|entry| !entry.unwrap().file_name().to_string_lossy().contains("part")));
    }
}
