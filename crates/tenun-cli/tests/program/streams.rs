//! Images that are read, computed and written at the same time: the same files, and none where something fails.

use std::fs;
use std::path::Path;

use tenun::data::{FolderOptions, idx, read_folder};
use tenun::engine::Shape;
use tenun::picture::save_image;

use crate::support::{SIDE, run, small_run, stderr, stdout};

/// More grey pictures than one part holds, of the size that [`small_run`]'s model takes.
fn pictures(folder: &Path, count: usize) {
    let shape = Shape::new(1, SIDE, SIDE);
    for index in 0..count {
        let values: Vec<f32> =
            (0..shape.len()).map(|at| ((at * 7 + index * 3) % 256) as f32 / 255.0).collect();
        save_image(&folder.join(["a", "b"][index % 2]).join(format!("{index}.png")), shape, &values).unwrap();
    }
}

/// The names of what a folder holds, hidden files too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

#[test]
fn a_folder_in_parts_gives_what_its_images_give_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    small_run(folder.path());
    pictures(&at("photos"), 300);
    // The same images as one array, which is read at once.
    let set = read_folder(&at("photos"), &FolderOptions::default()).unwrap().train;
    idx::write_images(fs::File::create(at("all-images")).unwrap(), set.images()).unwrap();
    for (source, out) in [("photos", "parts"), ("all-images", "whole")] {
        let output = run(folder.path(), &format!("encode run {source} --out {out}.npy"), 0);
        assert_eq!(stdout(&output), format!("300 codes of 32 dimensions in {out}.npy\n"));
        run(folder.path(), &format!("reconstruct run {source} --out {out}"), 0);
    }
    assert!(fs::read(at("parts.npy")).unwrap() == fs::read(at("whole.npy")).unwrap());
    for index in [0, 150, 299] {
        let part = fs::read(at("parts").join(format!("{}.png", set.id(index).strip_suffix(".png").unwrap())));
        assert_eq!(part.unwrap(), fs::read(at(&format!("whole/{index}.png"))).unwrap());
    }
    let ids = fs::read_to_string(at("parts.ids.csv")).unwrap();
    assert!(ids.starts_with("id,label\na/0.png,a\n") && ids.lines().count() == 301, "{}", &ids[..60]);

    run(folder.path(), "encode run photos --limit 257 --out few.csv", 0);
    assert_eq!(fs::read_to_string(at("few.csv")).unwrap().lines().count(), 258);
    let output = run(folder.path(), "encode run photos --limit 301 --out more.csv", 2);
    assert!(
        stderr(&output).contains("limit of 301 was asked for on `photos`, which has 300"),
        "{}",
        stderr(&output)
    );
    let output = run(folder.path(), "encode run photos --split test --out more.csv", 2);
    assert!(stderr(&output).contains("`photos` has no test images"), "{}", stderr(&output));
}

#[test]
fn a_bad_image_among_many_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    small_run(folder.path());
    pictures(&at("photos"), 600);
    fs::write(at("photos/b/501.png"), "no picture").unwrap();
    let before = names(folder.path());
    for line in [
        "encode run photos --out codes.npy",
        "encode run photos --out codes.csv",
        "reconstruct run photos --out out",
    ] {
        let output = run(folder.path(), line, 1);
        assert!(stderr(&output).contains("501.png cannot be read as an image"), "{}", stderr(&output));
        assert!(stderr(&output).contains("--skip-bad"), "{}", stderr(&output));
        assert_eq!(names(folder.path()), before, "{line}");
    }
    // Pictures of a run before stay, and those of this one do not.
    fs::create_dir(at("out")).unwrap();
    fs::write(at("out/mine.txt"), "mine").unwrap();
    run(folder.path(), "reconstruct run photos --out out", 1);
    assert_eq!(names(&at("out")), ["mine.txt"]);
    let output = run(folder.path(), "encode run photos --out codes.csv --skip-bad", 0);
    assert!(stdout(&output).starts_with("599 codes"), "{}", stdout(&output));
}

#[test]
fn a_picture_that_cannot_be_written_leaves_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    small_run(folder.path());
    pictures(&at("photos"), 600);
    // A file is where the second folder of pictures would be.
    fs::create_dir(at("out")).unwrap();
    fs::write(at("out/b"), "").unwrap();
    let output = run(folder.path(), "reconstruct run photos --out out", 1);
    assert!(stderr(&output).contains("cannot write out/b/1.png"), "{}", stderr(&output));
    assert_eq!(names(&at("out")), ["b"]);
    let output = run(folder.path(), "encode run photos --out out/b/codes.npy", 1);
    assert!(stderr(&output).contains("out/b"), "{}", stderr(&output));
    assert_eq!(names(&at("out")), ["b"]);
}
