use std::io::Write;

use super::super::{Colour, Images, idx};
use super::*;
use tenun_engine::Shape;

/// Options that look for named sets nowhere.
fn offline() -> OpenOptions<'static> {
    let paths =
        SearchPaths { data: None, cache: None, unpacked: None, system: None, download: false, address: None };
    OpenOptions { paths, ..Default::default() }
}

fn open_path(path: &Path) -> Result<Collection, DataError> {
    open(path.to_str().unwrap(), &offline())
}

fn idx_images(count: u8) -> Vec<u8> {
    let images = Images::new(Shape::new(1, 2, 2), (0..4 * count).collect()).unwrap();
    let mut bytes = Vec::new();
    idx::write_images(&mut bytes, &images).unwrap();
    bytes
}

fn idx_labels(labels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    idx::write_labels(&mut bytes, labels).unwrap();
    bytes
}

fn npy() -> Vec<u8> {
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 2), }\n";
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend([1, 2, 3, 4]);
    bytes
}

#[test]
fn every_kind_of_source_is_told_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);

    fs::write(at("some-images"), idx_images(3)).unwrap();
    let collection = open_path(&at("some-images")).unwrap();
    assert_eq!((collection.train.len(), collection.train.labels()), (3, None));
    assert_eq!(collection.train.name(), "some-images");
    fs::write(at("some-labels"), idx_labels(&[2, 0, 0])).unwrap();
    let collection = open_path(&at("some-images")).unwrap();
    assert_eq!(collection.train.labels().unwrap().names(), ["0", "1", "2"]);

    fs::write(at("array"), npy()).unwrap();
    assert_eq!(open_path(&at("array")).unwrap().train.images().pixels(), [1, 2, 3, 4]);

    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("x.npy", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(&npy()).unwrap();
    fs::write(at("archive"), archive.finish().unwrap().into_inner()).unwrap();
    assert_eq!(open_path(&at("archive")).unwrap().train.images().pixels(), [1, 2, 3, 4]);

    fs::create_dir(at("pictures")).unwrap();
    image::GrayImage::from_pixel(2, 2, image::Luma([5])).save(at("pictures/a.png")).unwrap();
    assert_eq!(open_path(&at("pictures")).unwrap().train.images().pixels(), [5; 4]);
    let error = open_path(&at("pictures/a.png")).unwrap_err();
    assert!(error.hint().unwrap().contains("give the folder it is in"), "{error}");
}

#[test]
fn a_folder_of_idx_files_has_both_splits() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    write("train-images-idx3-ubyte", idx_images(3));
    let collection = open_path(folder.path()).unwrap();
    assert_eq!((collection.train.len(), &collection.test), (3, &None));
    // The names of some mirrors have a dot.
    write("t10k-images.idx3-ubyte", idx_images(2));
    write("t10k-labels.idx1-ubyte", idx_labels(&[1, 3]));
    write("train-labels-idx1-ubyte", idx_labels(&[0, 1, 0]));
    let collection = open_path(folder.path()).unwrap();
    assert_eq!(collection.train.labels().unwrap().names().len(), 4);
    assert_eq!(collection.test.unwrap().labels().unwrap().classes(), [1, 3]);

    write("train-labels-idx1-ubyte", idx_labels(&[0, 1]));
    for wrong in [idx_labels(&[0, 1]), idx_images(3), b"no labels".to_vec()] {
        write("train-labels-idx1-ubyte", wrong);
        let found = open_path(folder.path()).unwrap();
        assert_eq!((found.train.len(), found.train.labels()), (3, None));
        let note = &found.notes[0];
        assert!(note.contains("train-labels-idx1-ubyte is not used as labels"), "{note}");
    }
}

#[test]
fn names_that_are_nearly_known_and_names_that_are_not() {
    let refuse = |name: &str| {
        let error = open(name, &offline()).unwrap_err();
        (error.to_string(), error.hint().unwrap())
    };
    for (slip, meant) in [
        ("fashion_mnist", "fashion-mnist"),
        ("FashionMNIST", "fashion-mnist"),
        ("fashion", "fashion-mnist"),
        ("minst", "mnist"),
        ("MNIST", "mnist"),
        ("kmnst", "kmnist"),
    ] {
        let (message, hint) = refuse(slip);
        assert!(message.contains(&format!("`{slip}`")), "{message}");
        assert!(hint.contains(&format!("did you mean `{meant}`?")), "{slip}: {hint}");
    }
    let (_, hint) = refuse("zebra");
    assert!(!hint.contains("did you mean") && hint.contains("fashion-mnist, mnist, kmnist"), "{hint}");
    for path in ["nowhere/at/all", "./mnist", "images.npz"] {
        let (message, _) = refuse(path);
        assert_eq!(message, format!("there is no file or folder {path}"));
    }
    let (message, hint) = refuse("fashion-mnist");
    assert!(message.contains("was not found; looked in no place"), "{message}");
    assert!(hint.contains("dataset-fashion-mnist"), "{hint}");
}

#[test]
fn files_of_no_known_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for (bytes, part) in [(&b""[..], "an empty file"), (b"hello", "got `hello`"), (b"\x00\x00\x00", "magic")]
    {
        fs::write(&path, bytes).unwrap();
        let message = open_path(&path).unwrap_err().to_string();
        assert!(message.contains(part) && message.contains("expected"), "{message}");
    }
}

#[test]
fn a_size_that_an_array_does_not_have_is_not_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("array");
    fs::write(&path, npy()).unwrap();
    let with = |size, fit, colour| {
        let folder = FolderOptions { size, fit, colour, ..Default::default() };
        open(path.to_str().unwrap(), &OpenOptions { folder, ..offline() })
    };
    assert!(with(Some((2, 2)), Fit::Resize, Colour::Grey).is_ok());
    for refused in [
        with(Some((4, 4)), Fit::Resize, Colour::Auto),
        with(None, Fit::Crop, Colour::Auto),
        with(None, Fit::Error, Colour::Rgb),
    ] {
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("--size") && message.contains("2×2×1"), "{message}");
    }
}

#[test]
fn what_is_read_is_known_before_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let list = at("list.txt");
    fs::create_dir(at("deep")).unwrap();
    for name in ["deep/b 1.png", "deep/c.png", "images.npy", "labels.npy"] {
        fs::write(at(name), "").unwrap();
    }
    fs::write(&list, "none.png\r\n\ndeep/b 1.png\ndeep/c.png,cat\n").unwrap();
    let options = FolderOptions { train: Some("train".into()), ..Default::default() };
    let inputs = [format!("@{}", list.display()), at("images.npy").display().to_string()];
    let read = paths_read(&inputs, &options);
    let within = at("images.npy").join("train");
    for expected in ["list.txt", "deep/b 1.png", "deep/c.png", "images.npy", "labels.npy"] {
        assert!(read.contains(&at(expected)), "{expected} in {read:?}");
    }
    for expected in ["none.png".into(), "train".into(), within] {
        assert!(read.contains(&expected), "{} in {read:?}", expected.display());
    }
}
