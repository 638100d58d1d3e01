//! Pictures whose names do not say that they are pictures: without an ending, as photo services leave them, or with one of
//! their own, such as `.jpg_large`.

use std::io::Read;
use std::path::Path;

use super::decode::is_image_name;
use super::ending::ending;
use crate::file;

/// Endings of what is certainly something else, which is not opened to find out; what is half a picture or an old one; and
/// the small pictures that cameras put beside their films.
const OTHERS: &[&str] = &[
    "txt",
    "json",
    "jsonl",
    "xml",
    "csv",
    "tsv",
    "md",
    "html",
    "htm",
    "yml",
    "yaml",
    "toml",
    "ini",
    "cfg",
    "py",
    "ipynb",
    "log",
    "pdf",
    "zip",
    "tar",
    "gz",
    "npy",
    "npz",
    "mat",
    "h5",
    "pkl",
    "pt",
    "pth",
    "bin",
    "dat",
    "db",
    "mp4",
    "mov",
    "avi",
    "mkv",
    "webm",
    "wav",
    "mp3",
    "part",
    "partial",
    "crdownload",
    "download",
    "tmp",
    "temp",
    "bak",
    "old",
    "orig",
    "swp",
    "thm",
];

/// Whether a file is a picture by its name, or else by its first bytes.
pub(super) fn is_picture(path: &Path) -> bool {
    is_image_name(path) || is_picture_inside(path)
}

/// Whether a file that is not called as pictures are begins as one.
pub(super) fn is_picture_inside(path: &Path) -> bool {
    if ending(path).is_some_and(|ending| OTHERS.contains(&ending.as_str()) || ending.ends_with('~')) {
        return false;
    }
    let mut start = Vec::new();
    let read = file::open(path).and_then(|file| file.take(16).read_to_end(&mut start));
    read.is_ok() && begins_as_picture(&start)
}

fn begins_as_picture(start: &[u8]) -> bool {
    match start {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => true,
        [0xff, 0xd8, 0xff, ..] => true,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => true,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => true,
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => true,
        // Two letters are little: the four reserved bytes have to be zero as well.
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn first_bytes_tell_pictures_where_names_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let jpeg = b"\xff\xd8\xff\xe0";
        for (name, bytes, expected) in [
            ("photo", &jpeg[..], true),
            ("a.jpg_large", jpeg, true),
            ("v1.5", b"\x89PNG\r\n\x1a\n", true),
            ("b.png", b"none", true),
            ("c.jpg.part", jpeg, false),
            ("d.jpg~", jpeg, false),
            ("e.thm", jpeg, false),
            ("f", b"BM as a text begins", false),
            ("g", b"", false),
            ("h.txt", jpeg, false),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            assert_eq!(is_picture(&path), expected, "{name}");
        }
        assert!(!is_picture(&folder.path().join("nowhere")));
    }
}
