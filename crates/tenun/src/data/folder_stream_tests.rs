use std::fs;

use super::super::{Collection, read_files, read_folder};
use super::*;
use crate::picture::save_image;

const GREY: Shape = Shape { channels: 1, height: 3, width: 2 };
const RGB: Shape = Shape { channels: 3, ..GREY };

/// `count` pictures in two sub-folders, those from `coloured` on in colour.
fn pictures(folder: &Path, count: usize, coloured: usize) {
    for index in 0..count {
        let shape = if index < coloured { GREY } else { RGB };
        let values: Vec<f32> =
            (0..shape.len()).map(|at| ((at * 37 + index * 5) % 256) as f32 / 255.0).collect();
        save_image(&folder.join(["b", "a"][index % 2]).join(format!("{index}.png")), shape, &values).unwrap();
    }
}

/// All parts as one list: identifier, class, pixels.
fn all(parts: impl IntoIterator<Item = Dataset>) -> Vec<(String, Option<String>, Vec<u8>)> {
    let one = |set: &Dataset, at: usize| {
        let class = set.labels().map(|labels| labels.names()[usize::from(labels.classes()[at])].clone());
        (set.id(at).into_owned(), class, set.images().image(at).to_vec())
    };
    parts.into_iter().flat_map(|set| (0..set.len()).map(|at| one(&set, at)).collect::<Vec<_>>()).collect()
}

fn options(colour: Colour) -> FolderOptions {
    FolderOptions { colour, ..FolderOptions::default() }
}

#[test]
fn parts_are_what_the_whole_is() {
    let folder = tempfile::tempdir().unwrap();
    // More than one part of 256; the first that has colour comes late.
    for (name, coloured) in [("grey", 600), ("mixed", 550)] {
        let path = folder.path().join(name);
        pictures(&path, 600, coloured);
        for (shape, colour) in [(GREY, Colour::Grey), (RGB, Colour::Rgb)] {
            let whole = read_folder(&path, &options(colour)).unwrap().train;
            let parts = FolderStream::of_folder(&path, shape, &options(Colour::Auto), false).unwrap();
            assert_eq!((parts.len(), parts.has_labels(), parts.name()), (600, true, name));
            assert!(parts.ids().eq((0..600).map(|at| whole.id(at).into_owned())));
            let seen = parts.found();
            let parts: Vec<Dataset> = parts.map(Result::unwrap).collect();
            assert!(parts.len() > 2 && parts.iter().all(|part| part.len() <= 256));
            assert_eq!(all(parts), all([whole]));
            assert_eq!(seen.has_colour(), coloured < 600);
        }
    }
    // Where the colour fits, that of the whole is the same without being told.
    let mixed = folder.path().join("mixed");
    let whole = read_folder(&mixed, &options(Colour::Auto)).unwrap().train;
    let parts = FolderStream::of_folder(&mixed, RGB, &options(Colour::Auto), false).unwrap();
    assert_eq!(all(parts.map(Result::unwrap)), all([whole]));
}

#[test]
fn of_two_splits_the_one_that_is_asked_for_is_read() {
    let folder = tempfile::tempdir().unwrap();
    pictures(&folder.path().join("train"), 5, 9);
    pictures(&folder.path().join("val"), 3, 9);
    let Collection { train, test, notes, .. } = read_folder(folder.path(), &options(Colour::Auto)).unwrap();
    for (is_train, whole) in [(true, train), (false, test.unwrap())] {
        let parts = FolderStream::of_folder(folder.path(), GREY, &options(Colour::Auto), is_train).unwrap();
        assert_eq!((parts.is_test(), parts.notes()), (!is_train, &notes[..]));
        assert_eq!(all(parts.map(Result::unwrap)), all([whole]));
    }
}

#[test]
fn files_come_in_the_order_given_and_without_classes() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path(), 4, 9);
    let files = ["a/3.png", "b/0.png", "a/1.png"].map(|name| folder.path().join(name));
    let whole = read_files("files", &files, &options(Colour::Auto)).unwrap().train;
    let parts = FolderStream::of_files("files", &files, GREY, &options(Colour::Auto)).unwrap();
    assert!(!parts.has_labels());
    assert_eq!(all(parts.map(Result::unwrap)), all([whole]));
    let parts = FolderStream::of_files("files", &files, GREY, &options(Colour::Auto)).unwrap();
    assert_eq!(parts.take(2).unwrap().map(|part| part.unwrap().len()).sum::<usize>(), 2);
    for limit in [0, 4] {
        let parts = FolderStream::of_files("files", &files, GREY, &options(Colour::Auto)).unwrap();
        assert!(matches!(parts.take(limit), Err(DataError::Limit { available: 3, .. })));
    }
}

/// The error that ends the parts, which has to be that of the whole.
#[track_caller]
fn failure(folder: &Path) -> DataError {
    let whole = read_folder(folder, &options(Colour::Auto)).unwrap_err();
    let mut parts = FolderStream::of_folder(folder, GREY, &options(Colour::Auto), false).unwrap();
    let error = parts.find_map(Result::err).unwrap();
    assert_eq!(error.to_string(), whole.to_string());
    assert!(parts.next().is_none(), "it goes on after an error");
    error
}

#[test]
fn an_error_in_the_midst_ends_it_as_it_ends_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path(), 600, 600);
    fs::write(folder.path().join("b/400.png"), "no picture").unwrap();
    assert!(matches!(failure(folder.path()), DataError::Unreadable { .. }));
    // What comes first is said first.
    save_image(&folder.path().join("a/301.png"), Shape::new(1, 2, 3), &[0.0; 6]).unwrap();
    assert!(matches!(failure(folder.path()), DataError::SizesDiffer { .. }));
}

#[test]
fn what_has_to_be_looked_at_as_a_whole_is_left_to_who_does() {
    let folder = tempfile::tempdir().unwrap();
    let open = |shape, options: &FolderOptions| FolderStream::of_folder(folder.path(), shape, options, false);
    assert!(open(GREY, &options(Colour::Auto)).is_none(), "an empty folder");
    pictures(folder.path(), 3, 3);
    assert!(open(GREY, &options(Colour::Auto)).is_some());
    assert!(open(GREY, &options(Colour::Rgb)).is_none(), "another colour");
    assert!(open(Shape::new(4, 3, 2), &options(Colour::Auto)).is_none(), "a colour that no file has");
    assert!(open(Shape::new(1, 3, 3), &options(Colour::Auto)).is_none(), "another size");
    assert!(open(GREY, &FolderOptions { skip_bad: true, ..options(Colour::Auto) }).is_none());
    assert!(open(GREY, &FolderOptions { fit: Fit::Crop, ..options(Colour::Auto) }).is_none());
    let to_size = FolderOptions { size: Some((3, 3)), fit: Fit::Resize, ..options(Colour::Auto) };
    assert!(open(Shape::new(1, 3, 3), &to_size).is_some());
    fs::write(folder.path().join("a/1.png"), "no picture").unwrap();
    assert!(open(GREY, &options(Colour::Auto)).is_none(), "the first cannot be read");
    assert!(
        FolderStream::of_folder(Path::new("/no/such/folder"), GREY, &options(Colour::Auto), false).is_none()
    );
}
