//! Downloads a file: it appears whole and verified, or not at all.

use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use super::DataError;
use super::digest::Hasher;
use super::progress::OnDownload;
use crate::file;

/// The most bytes one file may have: more than twice the largest of the named sets.
const MAX_BYTES: u64 = 64 << 20;

/// How long to wait for a connection, and then for more bytes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Downloads `url` to `target`, whose folder exists. `check` is given the file and the SHA-256 of its bytes before
/// it gets its name, so that what has the name is right; its folder never holds a part under that name.
///
/// Errors: [`DataError::Download`] if the server cannot be reached, says no, or sends too little or too much;
/// [`DataError::Io`] if the file cannot be written; and what `check` says.
pub(crate) fn download(
    url: &str,
    target: &Path,
    on_download: Option<OnDownload<'_>>,
    check: impl FnOnce(&Path, String) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let failed = |reason: String| DataError::Download { url: url.into(), reason };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .user_agent(concat!("tenun/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut response = agent.get(url).call().map_err(|error| match error {
        ureq::Error::StatusCode(status) => failed(format!("the server answered {status}")),
        other => failed(other.to_string()),
    })?;
    let length = response.body().content_length();
    if let Some(length) = length.filter(|&length| length > MAX_BYTES) {
        return Err(failed(format!("the server announces {length} bytes, expected at most {MAX_BYTES}")));
    }

    let folder = target.parent().unwrap_or(Path::new("."));
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let mut file = file::temporary(folder).map_err(DataError::io(folder, "create a file in"))?;
    let mut body = response.body_mut().as_reader();
    let mut hasher = Hasher::new(b"");
    let mut buffer = vec![0; 1 << 16];
    let mut done = 0_u64;
    loop {
        let read = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(format!("after {done} bytes: {error}"))),
        };
        done += read as u64;
        if done > MAX_BYTES {
            return Err(failed(format!("more than {MAX_BYTES} bytes came")));
        }
        hasher.update(&buffer[..read]);
        file.write_all(&buffer[..read]).map_err(DataError::io(file.path(), "write"))?;
        if let Some(report) = on_download {
            report(&name, done, length);
        }
    }
    if let Some(length) = length.filter(|&length| length != done) {
        return Err(failed(format!("the connection ended after {done} of {length} bytes")));
    }
    file.as_file().sync_all().map_err(DataError::io(file.path(), "write"))?;
    check(file.path(), hasher.hex())?;
    file.persist(target).map_err(|error| DataError::io(target, "create")(error.error))?;
    Ok(())
}
