//! Folders as people have them: which images are trained on, and what is said of it. The right values are those of public
//! reports of what went wrong.

use std::fs;
use std::path::Path;

use tenun::data::{FolderOptions, read_folder};
use tenun::engine::Shape;
use tenun::picture::save_image;

use crate::support::{json, run, stderr, stdout};

/// `count` grey pictures of 12×12, all different over all folders if `salt` is.
fn pictures(folder: &Path, count: usize, salt: usize) {
    let shape = Shape::new(1, 12, 12);
    for index in 0..count {
        let pixel = |at: usize| (((at + 1) * (index + 31 * salt + 7)) % 251) as f32 / 255.0;
        let values: Vec<f32> = (0..shape.len()).map(pixel).collect();
        save_image(&folder.join(format!("{index:03}.png")), shape, &values).unwrap();
    }
}

#[track_caller]
fn inspected(folder: &Path, line: &str) -> (serde_json::Value, String) {
    let output = run(folder, &format!("data inspect {line} --json"), 0);
    (json(stdout(&output).trim()), stderr(&output))
}

#[test]
fn kaggle_s_nested_splits_are_told_from_classes() {
    let folder = tempfile::tempdir().unwrap();
    for (at, split) in ["seg_train", "seg_test"].into_iter().enumerate() {
        for (class_at, class) in ["forest", "sea"].into_iter().enumerate() {
            pictures(
                &folder.path().join("kaggle").join(split).join(split).join(class),
                12,
                2 * at + class_at,
            );
        }
    }
    let (summary, said) = inspected(folder.path(), "kaggle");
    assert_eq!(
        (summary["train"]["images"].as_u64(), summary["test"]["images"].as_u64()),
        (Some(24), Some(24))
    );
    assert_eq!(summary["train"]["classes"][1]["name"], "sea");
    let used = "training images: `seg_train/seg_train` (24); test images: `seg_test/seg_test` (24)";
    assert!(said.contains(used), "{said}");
    // Every command that opens them says so.
    let output = run(folder.path(), "train kaggle --epochs 1 --batch-size 16 --out run", 0);
    assert!(stderr(&output).contains(used), "{}", stderr(&output));
    for line in [
        "eval run kaggle",
        "encode run kaggle --out codes.npy",
        "reconstruct run kaggle --out out",
        "data verify kaggle",
    ] {
        let said = stderr(&run(folder.path(), line, 0));
        assert!(said.contains(used), "{line}: {said}");
        assert_eq!(said.contains("24 test images are used"), !line.starts_with("data"), "{line}: {said}");
    }
    for line in
        ["eval run", "doctor run", "report run", "sweep kaggle --vary lr=0.001,0.002 --epochs 1 --out sweep"]
    {
        let said = stderr(&run(folder.path(), line, 0));
        assert!(said.contains(used), "{line}: {said}");
    }
    let (summary, _) = inspected(folder.path(), "kaggle --layout flat");
    assert_eq!((summary["train"]["images"].as_u64(), summary["test"].is_null()), (Some(48), true));
    let (summary, said) = inspected(folder.path(), "kaggle --train seg_test --test seg_train/seg_train/sea");
    assert_eq!(
        (summary["train"]["images"].as_u64(), summary["test"]["images"].as_u64()),
        (Some(24), Some(12))
    );
    assert!(said.contains("training images: kaggle/seg_test"), "{said}");
}

#[test]
fn classes_that_are_split_each_by_itself_keep_their_test_images() {
    let folder = tempfile::tempdir().unwrap();
    for (at, name) in ["cat/train", "cat/test", "dog/train", "dog/test"].into_iter().enumerate() {
        pictures(&folder.path().join("pets").join(name), 3 + at, at);
    }
    let (summary, said) = inspected(folder.path(), "pets");
    let classes = |split: &str| {
        let classes = summary[split]["classes"].as_array().unwrap();
        classes.iter().map(|class| format!("{} {}", class["name"], class["images"])).collect::<Vec<_>>()
    };
    assert_eq!(classes("train"), [r#""cat" 3"#, r#""dog" 5"#]);
    assert_eq!(classes("test"), [r#""cat" 4"#, r#""dog" 6"#]);
    assert!(
        said.contains("training images: `cat/train`, `dog/train` (8); test images: `cat/test`"),
        "{said}"
    );
}

#[test]
fn a_stray_file_takes_no_classes_away() {
    let folder = tempfile::tempdir().unwrap();
    pictures(&folder.path().join("stray/cat"), 12, 1);
    pictures(&folder.path().join("stray/dog"), 12, 2);
    pictures(&folder.path().join("stray"), 1, 3);
    let (summary, said) = inspected(folder.path(), "stray");
    assert_eq!(summary["train"]["classes"].as_array().unwrap().len(), 2);
    assert!(said.contains("`000.png` lies in no class folder and is not used"), "{said}");
}

#[test]
fn mvtec_s_masks_and_test_images_are_not_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    for (at, category) in ["bottle", "cable"].into_iter().enumerate() {
        let at = 10 * at;
        let category = folder.path().join("mvtec").join(category);
        pictures(&category.join("train/good"), 60, at);
        pictures(&category.join("test/good"), 12, at + 1);
        pictures(&category.join("test/broken"), 12, at + 2);
        pictures(&category.join("ground_truth/broken"), 12, at + 3);
    }
    let output = run(folder.path(), "train mvtec --epochs 1 --out no", 2);
    let said = stderr(&output);
    assert!(said.contains("`bottle`, `cable`") && said.contains("mvtec/bottle"), "{said}");
    assert!(!folder.path().join("no").exists());
    for layout in ["", " --layout mvtec", " --layout splits"] {
        let (summary, said) = inspected(folder.path(), &format!("mvtec/bottle{layout}"));
        assert_eq!(
            (summary["train"]["images"].as_u64(), summary["test"]["images"].as_u64()),
            (Some(60), Some(24))
        );
        assert!(said.contains("masks of the test images, never trained on: `ground_truth` (12)"), "{said}");
    }
    let bottle = folder.path().join("mvtec/bottle");
    let collection = read_folder(&bottle, &FolderOptions::default()).unwrap();
    for image in 0..24 {
        let id = collection.test.as_ref().unwrap().id(image).into_owned();
        let masks = collection.masks_of(image);
        match id.strip_prefix("broken/") {
            Some(name) => assert_eq!(masks, [bottle.join("ground_truth/broken").join(name)]),
            None => assert!(masks.is_empty(), "{id}: {masks:?}"),
        }
    }
}

#[test]
fn what_is_not_certain_is_asked_and_answered() {
    let folder = tempfile::tempdir().unwrap();
    for (at, name) in
        ["masked/images", "masked/masks", "mixed/train", "mixed/bus", "mixed/car"].into_iter().enumerate()
    {
        pictures(&folder.path().join(name), 3, at);
    }
    for (line, hint) in [("masked", "--train images"), ("mixed", "--layout classes")] {
        for command in ["train", "data inspect", "data verify"] {
            let said = stderr(&run(folder.path(), &format!("{command} {line}"), 2));
            assert!(said.contains(hint), "{command} {line}: {said}");
        }
    }
    let images = |line: &str| inspected(folder.path(), line).0["train"]["images"].as_u64();
    assert_eq!(images("masked --train images"), Some(3));
    assert_eq!(images("masked --layout flat"), Some(6));
    assert_eq!(images("mixed --layout classes"), Some(9));
    for line in
        ["inspect masked --layout round", "inspect masked --train nowhere", "inspect masked --test images"]
    {
        let output =
            run(folder.path(), &format!("data {line}"), if line.contains("nowhere") { 1 } else { 2 });
        assert!(!stderr(&output).is_empty());
    }
    fs::remove_dir_all(folder.path().join("masked/masks")).unwrap();
    assert_eq!(images("masked"), Some(3));
}

#[test]
fn what_is_no_class_and_what_files_are_is_said_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for (at, name) in ["fold1", "fold2"].into_iter().enumerate() {
        pictures(&folder.path().join("folds").join(name), 12, at);
    }
    let note =
        "the sub-folders `fold1`, `fold2` are taken for numbered parts, not classes; `--layout classes`";
    let (summary, said) = inspected(folder.path(), "folds");
    assert!(
        said.contains(note) && summary["train"]["classes"].as_array().is_none_or(Vec::is_empty),
        "{said}"
    );
    let said = stderr(&run(folder.path(), "train folds --epochs 1 --batch-size 16 --out run", 0));
    assert!(said.contains(note), "{said}");
    let (summary, said) = inspected(folder.path(), "folds --layout classes");
    assert!(!said.contains(note) && summary["train"]["classes"][1]["name"] == "fold2", "{said}");

    // An array for each class, as NumPy writes it.
    fs::create_dir(folder.path().join("pets")).unwrap();
    for (name, value) in [("cat", 100), ("dog", 200)] {
        let mut file = b"\x93NUMPY\x01\0".to_vec();
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (11, 12, 12), }\n";
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.bytes());
        file.extend([value; 12 * 12 * 11]);
        fs::write(folder.path().join("pets").join(format!("{name}.npy")), file).unwrap();
    }
    let (summary, said) = inspected(folder.path(), "pets");
    assert!(said.contains("each file is taken for a class: `cat.npy`, `dog.npy`; `--layout flat`"), "{said}");
    assert_eq!(summary["train"]["classes"][1]["name"], "dog");
    let (summary, _) = inspected(folder.path(), "pets --layout flat");
    assert!(summary["train"]["classes"].as_array().is_none_or(Vec::is_empty));
    inspected(folder.path(), "pets --layout classes");
    let said = stderr(&run(folder.path(), "data inspect pets --layout splits", 2));
    assert!(said.contains("which alone have sub-folders"), "{said}");
}

#[test]
fn dark_pictures_are_told_where_they_are_decoded_part_by_part_too() {
    let folder = tempfile::tempdir().unwrap();
    pictures(&folder.path().join("data"), 24, 1);
    run(folder.path(), "train data --epochs 1 --batch-size 16 --out run --quiet", 0);
    pictures(&folder.path().join("deep"), 2, 1);
    // A picture of twelve bits in sixteen.
    let values = (0..144_u16).flat_map(|at| (at * 28).to_be_bytes());
    let deep: Vec<u8> = b"P5\n12 12\n65535\n".iter().copied().chain(values).collect();
    fs::write(folder.path().join("deep/d.pgm"), deep).unwrap();
    for line in ["encode run deep --out codes.npy", "reconstruct run deep --out out", "data inspect deep"] {
        let said = stderr(&run(folder.path(), line, 0));
        assert!(said.contains("1 of 3 images is stored with 16 bits"), "{line}: {said}");
    }
}
