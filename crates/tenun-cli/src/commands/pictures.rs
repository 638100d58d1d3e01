//! Pictures out: one file an image, by its identifier.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use tenun::data::is_image_name;
use tenun::names::{escaped, name_path, shown};

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
                match other == id {
                    true => format!("two images are called `{}`, and would both be written to {}", escaped(id), shown(&name)),
                    false => format!(
                        "images `{}` and `{}` would both be written to {}",
                        escaped(other),
                        escaped(id),
                        shown(&name)
                    ),
                },
                Some(
                    "files from several folders are called by their names alone: give the folder above them, which keeps \
                     their paths, or reconstruct one folder after the other"
                        .into(),
                ),
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
