//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::CodesError;

/// Lets `fill` write a file beside `path`, and gives it that name once all of it is on the disk.
pub(super) fn write(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), CodesError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(CodesError::io(folder, "create"))?;
    let mut builder = tempfile::Builder::new();
    // Readable by whom the user's umask allows, as any other file is; a temporary one is its owner's alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(folder).map_err(CodesError::io(folder, "create a file in"))?;
    let mut writer = BufWriter::new(file.as_file());
    fill(&mut writer).and_then(|()| writer.flush()).map_err(CodesError::io(path, "write"))?;
    drop(writer);
    file.as_file().sync_all().map_err(CodesError::io(path, "write"))?;
    file.persist(path).map_err(|error| CodesError::io(path, "create")(error.error))?;
    Ok(())
}
