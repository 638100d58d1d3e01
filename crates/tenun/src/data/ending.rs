//! How the name of a file ends, which may say what it holds.

use std::path::Path;

/// Endings of files that are compressed: the one before says of what.
const COMPRESSED: [&str; 4] = ["gz", "bz2", "xz", "zst"];

/// How the name of a file ends, in lower case; `nii.gz` where it says that it is compressed.
pub(super) fn ending(path: &Path) -> Option<String> {
    let of = |path: &Path| Some(path.extension()?.to_string_lossy().to_lowercase());
    let last = of(path)?;
    let before = COMPRESSED.contains(&last.as_str()).then(|| path.file_stem()).flatten();
    // `a.2021.gz` says nothing of what it holds.
    let before =
        before.and_then(|stem| of(Path::new(stem))).filter(|word| !word.bytes().all(|b| b.is_ascii_digit()));
    Some(match before {
        Some(before) => format!("{before}.{last}"),
        None => last,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_says_of_what() {
        let of = |name: &str| ending(Path::new(name)).unwrap_or_default();
        let names = ["a.PNG", "a.nii.GZ", "b/c.tar.gz", "a.gz", "a.2021.gz", "a", ".gz"];
        assert_eq!(names.map(of), ["png", "nii.gz", "tar.gz", "gz", "gz", "", ""]);
    }
}
