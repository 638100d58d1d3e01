//! Files that appear whole or not at all, and files that are read: regular ones only.

use std::fs::{self, File, FileType};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::thread;

use tempfile::NamedTempFile;

use crate::machine;
use crate::text::megabytes;

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

/// Opens a file to read it. A pipe, a device or a socket is refused before it is opened: opening a pipe waits for a writer
/// that may never come, and a device may have no end.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() {
        return File::open(path);
    }
    let (error, is) = match kind {
        kind if kind.is_dir() => (io::ErrorKind::IsADirectory, "a folder"),
        kind => (io::ErrorKind::InvalidInput, special(kind)),
    };
    Err(io::Error::new(error, format!("it is {is}, not a regular file")))
}

/// The line, from 1, on which the text at byte `at` of a file stands: behind breaks of any kind (`\n`, `\r\n`, `\r`), those
/// at the byte itself included. Readers of tables count otherwise: where `\r` ended a record they take its `\n` for part of
/// the next line, and empty lines for none.
pub(crate) fn line_at(path: &Path, at: u64) -> io::Result<usize> {
    let (mut line, mut after_return) = (1, false);
    for (place, byte) in (0..).zip(io::Read::bytes(io::BufReader::new(open(path)?))) {
        let byte = byte?;
        match byte {
            b'\n' if after_return => {}
            b'\n' | b'\r' => line += 1,
            _ if place >= at => break,
            _ => {}
        }
        after_return = byte == b'\r';
    }
    Ok(line)
}

/// All bytes of a file, opened as [`open`] does, if they fit memory twice: what is made of them has to, too.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    let length = file.metadata()?.len();
    if machine::available().is_some_and(|available| length > available / 2) {
        let reason = format!("its {} are too many for the free memory", megabytes(length));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut file, &mut bytes)?;
    Ok(bytes)
}

/// The text of a file, opened as [`open`] does.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    io::read_to_string(open(path)?)
}

/// What a file is that is neither a regular one nor a folder.
#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "a device"
}

/// A file beside `path`, on the disk and as readable as any other, but for its name; it is removed if it gets none.
fn part(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
    let mut file = temporary(folder_of(path))?;
    let mut buffered = BufWriter::new(file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    Ok(file)
}

/// A new file in a folder, with the permissions that the user's umask leaves to any new file: of its own accord the
/// library makes files that their owner alone may read.
pub(crate) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tenun-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
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

    #[cfg(unix)]
    #[test]
    fn a_new_file_has_the_permissions_that_any_other_would() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode();
        fs::write(at("plain"), "").unwrap();
        write_bytes(&at("whole"), b"").unwrap();
        write_many(&[(&at("many"), Vec::new())]).unwrap();
        assert_eq!([mode("whole"), mode("many")], [mode("plain"); 2]);
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_opened() {
        use std::os::unix::net::UnixListener;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "x").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("zero")).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        assert_eq!(read(&at("file")).unwrap(), b"x");
        assert_eq!(read(&at("link")).unwrap(), b"x");
        for (name, is) in [("zero", "a device"), ("socket", "a socket"), (".", "a folder")] {
            let error = read(&at(name)).unwrap_err();
            assert_eq!(error.to_string(), format!("it is {is}, not a regular file"), "{name}");
        }
        assert_eq!(open(&at("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn lines_are_counted_as_editors_count_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for (text, expected) in
            [("ab\ncd\n\nx", [1, 2, 4]), ("ab\r\ncd\r\n\r\nx", [1, 2, 4]), ("ab\rcd\r\rx", [1, 2, 4])]
        {
            fs::write(&path, text).unwrap();
            // Where a reader of tables says the records begin: at the text, or at the break before it.
            let at = |what: &str| text.find(what).unwrap() as u64;
            let lines = ["ab", "cd", "x"].map(|what| line_at(&path, at(what)).unwrap());
            assert_eq!(lines, expected, "{text:?}");
            assert_eq!(line_at(&path, at("cd") - 1).unwrap(), 2, "{text:?}");
        }
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
