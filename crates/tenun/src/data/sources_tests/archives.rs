//! Archives, WebDataset, Parquet; masks in them.

use super::arrays::idx;
use super::*;

#[test]
fn archives_of_pictures_are_read_as_the_folders_in_them() {
    let place = Place::new();
    let files = [
        ("set/train/dog/2.png", png(2)),
        ("set/train/cat/10.png", png(10)),
        ("set/train/cat/9.png", png(9)),
        ("set/test/dog/7.png", png(7)),
        ("set/test/cat/8.png", png(8)),
        ("__MACOSX/set/._x.png", b"x".to_vec()),
        ("set/read me.txt", b"hello".to_vec()),
    ];
    for (name, _) in &files {
        let bytes = files.iter().find(|file| file.0 == *name).unwrap().1.clone();
        if !name.contains("MACOSX") {
            place.put(&format!("folder/{}", name.strip_prefix("set/").unwrap()), bytes);
        }
    }
    place.put("a.zip", zip_of(&files));
    place.put("a.tar", tar_of(&files));
    place.put("a.tar.gz", gzip(&tar_of(&files)));
    let folder = read(&place.at("folder")).unwrap();
    for name in ["a.zip", "a.tar", "a.tar.gz"] {
        let found = read(&place.at(name)).unwrap();
        assert_eq!(firsts(&found.train), [9, 10, 2], "{name}");
        assert_eq!(classes(&found.train), ["cat", "cat", "dog"]);
        assert_eq!(found.ignored.to_string(), "1 .txt, 1 hidden");
        let test = found.test.unwrap();
        assert_eq!((firsts(&test), classes(&test)), (vec![8, 7], ["cat", "dog"].map(String::from).to_vec()));
        assert_eq!(found.train.sha256(), folder.train.sha256());
        assert_eq!(found.train.labels_sha256(), folder.train.labels_sha256());
    }
}

#[test]
fn web_dataset_has_classes_beside_its_pictures() {
    let place = Place::new();
    let shard = |start: u8| {
        let files: Vec<(String, Vec<u8>)> = (start..start + 2)
            .flat_map(|n| {
                [
                    (format!("{n:05}.png"), png(n)),
                    (format!("{n:05}.cls"), format!("{}\n", n % 2).into_bytes()),
                    (format!("{n:05}.json"), b"{}".to_vec()),
                ]
            })
            .collect();
        let files: Vec<(&str, Vec<u8>)> =
            files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
        tar_of(&files)
    };
    let found = read(&place.put("one/train-0000.tar", shard(4))).unwrap();
    assert_eq!(
        (firsts(&found.train), classes(&found.train)),
        (vec![4, 5], ["0", "1"].map(String::from).to_vec())
    );
    assert_eq!(found.ignored.to_string(), "2 .json");
    assert!(!found.notes.iter().any(|note| note.contains("json")), "{:?}", found.notes);
    place.put("one/train-0001.tar", shard(6));
    place.put("one/test-0000.tar", shard(8));
    place.put("one/read.md", "");
    let found = read(&place.at("one")).unwrap();
    assert_eq!(found.ignored.to_string(), "6 .json, 1 .md");
    assert_eq!(firsts(&found.train), [4, 5, 6, 7]);
    assert_eq!(found.train.id(2), "train-0001/00006.png");
    assert_eq!(firsts(&found.test.unwrap()), [8, 9]);
}

#[test]
fn masks_are_not_trained_on_whatever_they_are_in() {
    let place = Place::new();
    let files = |names: &[&str]| -> Vec<(String, Vec<u8>)> {
        names.iter().zip(1..).map(|(name, value)| ((*name).to_owned(), png(value))).collect()
    };
    let refs = |files: &[(String, Vec<u8>)]| -> Vec<u8> {
        zip_of(&files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect::<Vec<_>>())
    };
    // A zip with splits, and one without.
    let splits = files(&["imagesTr/a.png", "imagesTs/b.png", "labelsTr/a.png", "labelsTs/b.png"]);
    let found = read(&place.put("splits.zip", refs(&splits)));
    let found = found.unwrap();
    assert_eq!((firsts(&found.train), firsts(&found.test.unwrap())), (vec![1], vec![2]));
    assert!(found.notes[0].contains("never trained on: `labelsTs` (1)"), "{:?}", found.notes);
    let pairs = place.put("pairs.zip", refs(&files(&["set/images/a.png", "set/masks/a.png"])));
    assert!(told(&pairs).contains("`set/masks` is a folder of masks"), "{}", told(&pairs));
    let images = OpenOptions {
        folder: FolderOptions { train: Some("set/images".into()), ..FolderOptions::default() },
        ..options()
    };
    assert_eq!(firsts(&open(pairs.to_str().unwrap(), &images).unwrap().train), [1]);
    // Arrays: beside images, and alone.
    let array = |value: u8| npy("|u1", "(2, 4, 4)", &[value; 32]);
    let both = [("x_train.npy", array(5)), ("train_masks.npy", array(7)), ("testX.npy", array(6))];
    let found = read(&place.put("both.npz", zip_of(&both))).unwrap();
    assert_eq!((firsts(&found.train), firsts(&found.test.unwrap())), (vec![5, 5], vec![6, 6]));
    assert!(found.notes.contains(&"arrays that are not used: `train_masks`".into()), "{:?}", found.notes);
    let text = told(&place.put("alone.npz", zip_of(&[("masks.npy", array(7))])));
    assert!(text.contains("got masks") && text.contains("training images"), "{text}");
    let found =
        read(&place.put("one.npz", zip_of(&[("scans.npy", array(8)), ("gt.npy", array(7))]))).unwrap();
    assert_eq!(firsts(&found.train), [8, 8]);
    // Files of a folder.
    place.put("parts/train-0.tar", tar_of(&[("1.png", png(3))]));
    place.put("parts/test-0.tar", tar_of(&[("test/2.png", png(4))]));
    place.put("parts/train-masks-0.tar", tar_of(&[("1.png", png(9))]));
    place.put("parts/unlabeled-0.tar", tar_of(&[("3.png", png(8))]));
    let found = read(&place.at("parts")).unwrap();
    assert_eq!((firsts(&found.train), firsts(&found.test.unwrap())), (vec![3], vec![4]));
    for name in ["train-masks-0.tar", "unlabeled-0.tar"] {
        assert!(found.notes.contains(&format!("{name} is not used")), "{:?}", found.notes);
    }
}

#[test]
fn parquet_with_encoded_pictures_and_named_classes() {
    let place = Place::new();
    let found = read(&place.put("data/train-00000-of-00001.parquet", PARQUET)).unwrap();
    assert_eq!(firsts(&found.train), [0, 10, 20, 30]);
    assert_eq!(classes(&found.train), ["dog", "cat", "dog", "dog"]);
    assert_eq!(found.notes, ["columns that are not used: `note`"]);
    place.put("data/test-00000-of-00001.parquet", PARQUET);
    place.put("README.md", "a data set");
    let found = read(place.0.path()).unwrap();
    assert_eq!((found.train.len(), found.test.unwrap().len()), (4, 4));
    for cut in [4, 60, PARQUET.len() / 2, PARQUET.len() - 1] {
        assert!(read(&place.put("cut.parquet", &PARQUET[..cut])).is_err());
    }
    let many = place.put("many.parquet", include_bytes!("../golden/many_rows.parquet"));
    assert!(told(&many).contains("3000000 rows in a file of"), "{}", told(&many));
}

#[test]
fn the_masks_in_an_archive_are_those_of_its_test_images() {
    let place = Place::new();
    let files = [
        ("m/train/good/0.png", png(1)),
        ("m/test/broken/0.png", png(2)),
        ("m/test/good/0.png", png(3)),
        ("m/ground_truth/broken/0_mask.png", png(255)),
    ];
    for (name, bytes) in [("a.zip", zip_of(&files)), ("a.tar", tar_of(&files))] {
        let path = place.put(name, bytes);
        let found = read(&path).unwrap();
        assert_eq!(found.masks_of(0), [path.join("m/ground_truth/broken/0_mask.png")]);
        assert!(found.masks_of(1).is_empty());
    }
}

#[test]
fn an_archive_may_hold_the_files_of_a_data_set() {
    let place = Place::new();
    let record = |class: u8, value: u8| [&[class][..], &[value; 3072]].concat();
    let files = [
        ("cifar-10-batches-bin/data_batch_1.bin", record(3, 30)),
        ("cifar-10-batches-bin/test_batch.bin", record(2, 60)),
        ("cifar-10-batches-bin/batches.meta.txt", b"airplane\nautomobile\nbird\ncat\n".to_vec()),
        ("cifar-10-batches-bin/readme.html", b"<html>".to_vec()),
    ];
    for (name, bytes) in [("cifar-10-binary.tar.gz", gzip(&tar_of(&files))), ("c.zip", zip_of(&files))] {
        let path = place.put(name, bytes);
        let found = read(&path).unwrap();
        assert_eq!(
            (firsts(&found.train), classes(&found.train)),
            (vec![30], vec!["cat".to_owned()]),
            "{name}"
        );
        assert_eq!(classes(found.test.as_ref().unwrap()), ["bird"]);
        assert_eq!((found.origin, found.ignored.to_string()), (path, "1 .html".to_owned()));
    }
    let python =
        [("c/data_batch_1", include_bytes!("../golden/data_batch_1").to_vec()), ("c/batches.meta", vec![])];
    assert_eq!(read(&place.put("p.tar.gz", gzip(&tar_of(&python)))).unwrap().train.len(), 2);
    let idx_files = [
        ("train-images-idx3-ubyte", idx(8, &[2, 1, 2], &[1, 2, 3, 4])),
        ("train-labels-idx1-ubyte", idx(8, &[2], &[1, 0])),
        ("t10k-images-idx3-ubyte", idx(8, &[1, 1, 2], &[5, 6])),
    ];
    let found = read(&place.put("mnist.zip", zip_of(&idx_files))).unwrap();
    assert_eq!((firsts(&found.train), classes(&found.train)), (vec![1, 3], vec!["1".into(), "0".into()]));
    assert_eq!((firsts(&found.test.unwrap()), found.train.name()), (vec![5], "mnist"));
    // Nothing leads out of where it is unpacked, and a cut file is called by its place in the archive.
    let path =
        place.put("up.zip", zip_of(&[("../../x.csv", b"1,2".to_vec()), ("a.csv", b"1,x\n2,3,4\n".to_vec())]));
    let said = told(&path);
    assert!(said.contains("up.zip/a.csv"), "{said}");
    assert!(!place.0.path().parent().unwrap().join("x.csv").exists());
    let options = FolderOptions { layout: Layout::Classes, ..FolderOptions::default() };
    let error =
        open(place.at("mnist.zip").to_str().unwrap(), &OpenOptions { folder: options, ..super::options() });
    assert!(error.unwrap_err().to_string().contains("--layout"));
}

#[test]
fn a_layout_is_refused_where_there_are_no_folders() {
    let place = Place::new();
    let table = place.put("a/train-0.parquet", PARQUET);
    let list = place.put("list.txt", "one.png\n");
    place.put("one.png", png(1));
    let list = PathBuf::from(format!("@{}", list.display()));
    let (none, folders) = (FolderOptions::default(), place.at("a"));
    for folder in [
        FolderOptions { layout: Layout::Splits, ..none.clone() },
        FolderOptions { train: Some("x".into()), ..none.clone() },
        FolderOptions { train: Some("x".into()), test: Some("y".into()), ..none.clone() },
    ] {
        for source in [&table, &list, &folders] {
            let said = open(source.to_str().unwrap(), &OpenOptions { folder: folder.clone(), ..options() });
            let said = said.unwrap_err().to_string();
            assert!(said.contains("--layout, --train and --test: expected a folder or an archive"), "{said}");
        }
    }
}
