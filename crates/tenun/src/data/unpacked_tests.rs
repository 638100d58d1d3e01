use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::Write;

use super::*;

/// A folder with a compressed file of images, just large enough to be copied, that was last changed long ago.
struct TestFolder(tempfile::TempDir);

impl TestFolder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.put(7, 100);
        folder
    }

    fn source(&self) -> PathBuf {
        self.0.path().join("images.gz")
    }

    fn copies(&self) -> PathBuf {
        self.0.path().join("cache/unpacked")
    }

    /// Puts a file there, all of whose values are `value`, with a time of change this many seconds after 1970.
    fn put(&self, value: u8, seconds: u64) {
        let bytes =
            [&[0, 0, 8, 3, 0, 0, 4, 1, 0, 0, 0, 32, 0, 0, 0, 32][..], &[value; 1025 * 32 * 32]].concat();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&bytes).unwrap();
        fs::write(self.source(), encoder.finish().unwrap()).unwrap();
        self.change(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    }

    fn change(&self, to: SystemTime) {
        File::options().write(true).open(self.source()).unwrap().set_modified(to).unwrap();
    }

    /// Reads the file, which has to hold what it does, and says whether it came from the copy.
    fn read(&self) -> bool {
        let from_copy = Source::of(&self.source(), &self.copies()).unwrap().unwrap().recall().is_some();
        let plain = idx::read_array(&self.source()).unwrap();
        let array = read_array(&self.source(), Some(&self.copies())).unwrap();
        assert_eq!((array.axes(), array.file()), (plain.axes(), plain.file()));
        assert_eq!(array.sha256(), plain.sha256());
        from_copy
    }

    fn copy(&self) -> PathBuf {
        let files: Vec<_> = fs::read_dir(self.copies()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }
}

#[test]
fn a_file_is_decompressed_once() {
    let folder = TestFolder::new();
    assert!(!folder.read());
    assert!(folder.read() && folder.read());
    // What is in memory stays, whatever becomes of the copy's name.
    let array = read_array(&folder.source(), Some(&folder.copies())).unwrap();
    fs::remove_file(folder.copy()).unwrap();
    assert!(array.file().1.iter().all(|&value| value == 7));
}

#[test]
fn a_file_that_changed_is_read_again() {
    let folder = TestFolder::new();
    folder.read();
    folder.put(8, 101);
    assert!(!folder.read());
    assert!(folder.read());
    folder.copy();
}

#[test]
fn a_damaged_copy_is_noticed_and_made_again() {
    let folder = TestFolder::new();
    folder.read();
    let whole = fs::read(folder.copy()).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let last = whole.len() - 1;
    for damaged in [
        flipped(0),
        flipped(20),
        flipped(100),
        flipped(BEFORE + 3),
        flipped(BEFORE + 20_000),
        flipped(last),
        whole[..last].to_vec(),
        whole[..BEFORE + 10].to_vec(),
        whole[..BEFORE].to_vec(),
        whole[..30].to_vec(),
        Vec::new(),
        [&whole[..], &[0]].concat(),
    ] {
        fs::write(folder.copy(), &damaged).unwrap();
        assert!(!folder.read(), "{} bytes", damaged.len());
        assert!(folder.read());
        assert_eq!(fs::read(folder.copy()).unwrap(), whole);
    }
}

#[test]
fn without_a_place_for_copies_files_are_read_all_the_same() {
    let folder = TestFolder::new();
    // Not even a user to whom all is permitted can make a folder below a file.
    fs::write(folder.0.path().join("cache"), "").unwrap();
    assert!(!folder.read() && !folder.read());
    fs::remove_file(folder.0.path().join("cache")).unwrap();
    // Nor put a file where a folder is.
    folder.read();
    let copy = folder.copy();
    fs::remove_file(&copy).unwrap();
    fs::create_dir_all(copy.join("x")).unwrap();
    assert!(!folder.read() && !folder.read());
    assert_eq!(fs::read_dir(folder.copies()).unwrap().count(), 1, "a part of a file was left");
    assert!(read_array(&folder.source(), None).is_ok());
}

#[test]
fn what_just_changed_may_change_again_unseen_and_is_not_copied() {
    let folder = TestFolder::new();
    for time in [SystemTime::now(), SystemTime::now() + Duration::from_secs(3600)] {
        folder.change(time);
        assert!(!folder.read() && !folder.read());
    }
    assert!(!folder.copies().exists());
}

#[test]
fn plain_and_small_and_broken_files_have_no_copy() {
    let folder = TestFolder::new();
    let plain = [0, 0, 8, 1, 0, 0, 0, 1, 5];
    fs::write(folder.source(), plain).unwrap();
    folder.change(SystemTime::UNIX_EPOCH + Duration::from_secs(9));
    assert!(read_array(&folder.source(), Some(&folder.copies())).is_ok());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&plain).unwrap();
    let gzip = encoder.finish().unwrap();
    for bytes in [&gzip[..], &gzip[..12]] {
        fs::write(folder.source(), bytes).unwrap();
        folder.change(SystemTime::UNIX_EPOCH + Duration::from_secs(9));
        let direct = idx::read_array(&folder.source()).map_err(|error| error.to_string());
        let array = read_array(&folder.source(), Some(&folder.copies())).map_err(|error| error.to_string());
        assert_eq!(array.map(|array| array.axes().to_vec()), direct.map(|array| array.axes().to_vec()));
    }
    assert!(read_array(&folder.0.path().join("none.gz"), Some(&folder.copies())).is_err());
    assert!(!folder.copies().exists());
}
