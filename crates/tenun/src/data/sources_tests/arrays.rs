//! Arrays of every type, range and kind of file; labels.

use super::*;

#[test]
fn arrays_of_every_type_are_the_same_pictures() {
    let bytes: Vec<u8> = (0..50).map(|value| value * 5).collect();
    let place = Place::new();
    let of = |descr: &str, bytes: Vec<u8>| {
        read(&place.put("x.npy", npy(descr, "(2, 5, 5)", &bytes))).unwrap().train.images().clone()
    };
    let expected = of("|u1", bytes.clone());
    let all =
        |store: &dyn Fn(u8) -> Vec<u8>| bytes.iter().flat_map(|&value| store(value)).collect::<Vec<u8>>();
    let share = |value: u8| f64::from(value) / 255.0;
    for (descr, stored) in [
        ("<u2", all(&|v| u16::from(v).to_le_bytes().into())),
        (">u2", all(&|v| u16::from(v).to_be_bytes().into())),
        ("<i2", all(&|v| i16::from(v).to_le_bytes().into())),
        (">i4", all(&|v| i32::from(v).to_be_bytes().into())),
        ("<u4", all(&|v| u32::from(v).to_le_bytes().into())),
        ("<i8", all(&|v| i64::from(v).to_le_bytes().into())),
        (">u8", all(&|v| u64::from(v).to_be_bytes().into())),
        ("<f2", all(&|v| half::f16::from_f64(share(v)).to_le_bytes().into())),
        (">f2", all(&|v| half::f16::from_f64(share(v)).to_be_bytes().into())),
        ("<f4", all(&|v| (share(v) as f32).to_le_bytes().into())),
        (">f4", all(&|v| (share(v) as f32).to_be_bytes().into())),
        ("<f8", all(&|v| share(v).to_le_bytes().into())),
        (">f8", all(&|v| share(v).to_be_bytes().into())),
    ] {
        assert_eq!(of(descr, stored), expected, "{descr}");
    }
    assert_eq!(of("|b1", vec![1; 50]).pixels(), [255; 50]);
    assert_eq!(of("|u1", vec![1; 50]).pixels(), [255; 50], "only zeros and ones are black and white");
}

#[test]
fn values_of_another_range_are_told_the_formula() {
    let place = Place::new();
    let floats =
        |values: [f32; 3]| -> Vec<u8> { values.iter().flat_map(|value| value.to_le_bytes()).collect() };
    let of = |values| place.put("x.npy", npy("<f4", "(1, 1, 3)", &floats(values)));
    for (values, formula) in [
        ([-1.0, 0.0, 1.0], "(x + 1) / 2"),
        ([0.0, 7.0, 255.0], "x / 255"),
        ([0.0, 7.0, 16.0], "x / 16"),
        ([-1.8, 0.0, 2.5], "(x + 1.8"),
        ([0.0, 300.0, 65535.0], "(x / 257)"),
        ([0.0, f32::NAN, 1.0], "nan_to_num"),
    ] {
        let text = told(&of(values));
        assert!(
            text.contains(formula) && !text.contains("astype('uint8')") | formula.contains("257"),
            "{text}"
        );
    }
    let over = read(&of([1.000_000_1, -1e-8, 0.5])).unwrap();
    assert_eq!(over.train.images().pixels(), [255, 0, 128]);
}

#[test]
fn labels_never_stop_training() {
    let place = Place::new();
    let images = npy("|u1", "(3, 4, 4)", &[7; 48]);
    let with = |descr: &str, axes: &str, bytes: &[u8]| {
        let labels = npy(descr, axes, bytes);
        read(&place.put("x.npz", zip_of(&[("x_train.npy", images.clone()), ("y_train.npy", labels)])))
            .unwrap()
    };
    let floats =
        |values: [f64; 3]| -> Vec<u8> { values.iter().flat_map(|value| value.to_le_bytes()).collect() };
    assert_eq!(classes(&with("|u1", "(3,)", &[2, 0, 1]).train), ["2", "0", "1"]);
    assert_eq!(classes(&with("|u1", "(3, 1)", &[2, 0, 1]).train), ["2", "0", "1"]);
    let one_hot = with("|u1", "(3, 4)", &[0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(classes(&one_hot.train), ["2", "0", "3"]);
    assert!(one_hot.notes[0].contains("one 1 among 4"), "{:?}", one_hot.notes);
    assert_eq!(classes(&with("<f8", "(3,)", &floats([3.0, 1.0, f64::NAN])).train), ["3", "1", "none"]);
    assert_eq!(classes(&with("|i1", "(3,)", &[255, 0, 1]).train), ["none", "0", "1"]);
    assert_eq!(classes(&with("|S3", "(3,)", b"catdogcat").train), ["cat", "dog", "cat"]);
    assert_eq!(classes(&with("<U1", "(3,)", b"b\0\0\0a\0\0\0b\0\0\0").train), ["b", "a", "b"]);
    for (descr, axes, bytes) in [
        ("|u1", "(3, 2)", &[1_u8, 1, 0, 1, 1, 1][..]),
        ("<f8", "(3,)", &floats([0.5, 1.0, 2.0])),
        ("|u1", "(2,)", &[0, 1]),
        ("|O", "(3,)", b"objects"),
        ("|u1", "(9,)", b"cut"),
    ] {
        let found = with(descr, axes, bytes);
        assert_eq!(found.train.labels(), None, "{descr} {axes}");
        assert!(found.notes.iter().any(|note| note.contains("not used as labels")), "{:?}", found.notes);
    }
}

#[test]
fn cifar_as_it_is_downloaded() {
    let place = Place::new();
    let record = |before: &[u8], value: u8| [before, &[value; 3072]].concat();
    place.put("cifar-10-batches-bin/data_batch_1.bin", [record(&[3], 30), record(&[1], 40)].concat());
    place.put("cifar-10-batches-bin/data_batch_2.bin", record(&[1], 50));
    place.put("cifar-10-batches-bin/test_batch.bin", record(&[2], 60));
    place.put("cifar-10-batches-bin/batches.meta.txt", "airplane\nautomobile\nbird\ncat\n");
    let found = read(&place.at("cifar-10-batches-bin")).unwrap();
    assert_eq!(
        (found.train.images().shape(), firsts(&found.train)),
        (Shape::new(3, 32, 32), vec![30, 40, 50])
    );
    assert_eq!(classes(&found.train), ["cat", "automobile", "automobile"]);
    assert_eq!(classes(&found.test.unwrap()), ["bird"]);

    place.put("cifar-100-binary/train.bin", record(&[5, 2], 70));
    place.put("cifar-100-binary/test.bin", record(&[4, 1], 80));
    let found = read(&place.at("cifar-100-binary")).unwrap();
    assert_eq!((firsts(&found.train), classes(&found.train)), (vec![70], vec!["2".to_owned()]));

    for batch in [&include_bytes!("../golden/data_batch_1")[..], include_bytes!("../golden/data_batch_4")] {
        let found = read(&place.put("data_batch_1", batch)).unwrap();
        assert_eq!(found.train.images().shape(), Shape::new(3, 32, 32));
        assert_eq!(found.train.images().image(1)[..3], [0, 1, 2]);
        assert_eq!(classes(&found.train), ["3", "1"]);
        assert!(told(&place.put("cut", &batch[..batch.len() / 2])).contains("pickle"));
    }
}

#[test]
fn matlab_as_svhn_has_its_digits() {
    let place = Place::new();
    for file in [&include_bytes!("../golden/plain.mat")[..], include_bytes!("../golden/compressed.mat")] {
        let found = read(&place.put("train_32x32.mat", file)).unwrap();
        assert_eq!((found.train.len(), found.train.images().shape()), (6, Shape::new(3, 8, 8)));
        // The script's x[row, column, channel, image] is 30 · image + 10 · channel + row.
        let image = found.train.images().image(2);
        assert_eq!([image[0], image[1], image[8], image[64], image[128]], [60, 60, 61, 70, 80]);
        assert_eq!(classes(&found.train), ["1", "2", "3", "10", "1", "2"]);
        assert!(read(&place.put("cut.mat", &file[..file.len() - 40])).is_err());
    }
}

pub(super) fn idx(kind: u8, axes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, kind, axes.len() as u8];
    axes.iter().for_each(|axis| file.extend(axis.to_be_bytes()));
    file.extend(bytes);
    file
}

#[test]
fn idx_of_every_type_and_of_mnists_kin() {
    let place = Place::new();
    let floats: Vec<u8> = [0.0_f32, 0.5, 1.0, 0.2].iter().flat_map(|value| value.to_be_bytes()).collect();
    let found = read(&place.put("x", idx(13, &[1, 2, 2], &floats))).unwrap();
    assert_eq!(found.train.images().pixels(), [0, 128, 255, 51]);
    let words: Vec<u8> = [7_i32, 200, 0, 255].iter().flat_map(|value| value.to_be_bytes()).collect();
    assert_eq!(
        read(&place.put("x", idx(12, &[1, 2, 2], &words))).unwrap().train.images().pixels(),
        [7, 200, 0, 255]
    );
    assert!(told(&place.put("x", idx(9, &[1, 1, 2], &[0x80, 0x7f]))).contains("(x + 128"));

    // Rows and columns of EMNIST have changed places.
    let pixels = [1, 2, 3, 4, 5, 6];
    place.put("emnist/emnist-letters-train-images-idx3-ubyte", idx(8, &[1, 3, 2], &pixels));
    place.put("emnist/emnist-letters-train-labels-idx1-ubyte", idx(8, &[1], &[2]));
    place.put("emnist/emnist-letters-test-images-idx3-ubyte.gz", gzip(&idx(8, &[1, 3, 2], &pixels)));
    place.put("emnist/emnist-letters-mapping.txt", "1 65 97\n2 66 98\n");
    let found = read(&place.at("emnist")).unwrap();
    assert_eq!(found.train.images().pixels(), [1, 3, 5, 2, 4, 6]);
    assert_eq!((classes(&found.train), found.test.unwrap().len()), (vec!["B".to_owned()], 1));
    assert!(found.notes[0].contains("turned upright"), "{:?}", found.notes);
    place.put("emnist/emnist-digits-train-images-idx3-ubyte", idx(8, &[1, 3, 2], &pixels));
    assert!(told(&place.at("emnist")).contains("emnist-digits, emnist-letters"));

    place.put("qmnist/qmnist-train-images-idx3-ubyte", idx(8, &[2, 1, 2], &[1, 2, 3, 4]));
    let labels: Vec<u8> = [5_i32, 0, 9, 3, 1, 9].iter().flat_map(|value| value.to_be_bytes()).collect();
    place.put("qmnist/qmnist-train-labels-idx2-int", idx(12, &[2, 3], &labels));
    assert_eq!(classes(&read(&place.at("qmnist")).unwrap().train), ["5", "3"]);
}

#[test]
fn files_of_arrays_are_classes_where_their_names_say_so_and_that_is_said() {
    let place = Place::new();
    let array = |value: u8| npy("|u1", "(2, 4, 4)", &[30 * value; 32]);
    let folder = |name: &str, files: &[(&str, u8)]| {
        files.iter().for_each(|(file, value)| drop(place.put(&format!("{name}/{file}.npy"), array(*value))));
        place.at(name)
    };
    let of = |path: &Path, layout| {
        let folder = FolderOptions { layout, ..FolderOptions::default() };
        open(path.to_str().unwrap(), &OpenOptions { folder, ..options() }).unwrap()
    };
    let pets = folder("pets", &[("cat", 5), ("dog", 6)]);
    let found = read(&pets).unwrap();
    assert_eq!(
        (firsts(&found.train), classes(&found.train)),
        (vec![150, 150, 180, 180], ["cat", "cat", "dog", "dog"].map(String::from).to_vec())
    );
    assert!(
        found.notes[0].contains("taken for a class: `cat.npy`, `dog.npy`; `--layout flat`"),
        "{:?}",
        found.notes
    );
    assert_eq!(of(&pets, Layout::Flat).train.labels(), None);
    let split = folder("split", &[("train_cat", 5), ("train_dog", 6), ("test_dog", 7)]);
    let found = read(&split).unwrap();
    assert_eq!(
        (classes(&found.train), classes(&found.test.unwrap())),
        (["cat", "cat", "dog", "dog"].map(String::from).to_vec(), vec!["dog".into(); 2])
    );
    // Parts of one set: numbered, or called by what all of them hold.
    for files in [
        &[("part_0", 1), ("part_1", 2)][..],
        &[("chunk1", 1), ("chunk2", 2)],
        &[("0", 1), ("1", 2)],
        &[("birds_1", 1), ("birds_2", 2)],
    ] {
        let path = folder(files[0].0, files);
        let found = read(&path).unwrap();
        assert_eq!(
            (found.train.len(), found.train.labels(), found.notes.len()),
            (4, None, 0),
            "{files:?} {:?}",
            found.notes
        );
        assert_eq!(classes(&of(&path, Layout::Classes).train)[0], files[0].0);
    }
    let other = read(&folder("other", &[("images", 1), ("more", 2)])).unwrap();
    assert_eq!(other.train.labels(), None);
    assert!(
        other.notes[0].contains("`images.npy`, `more.npy` are read as one set; `--layout classes`"),
        "{:?}",
        other.notes
    );
    // What is extra beside splits, and classes of some files alone.
    let extra = read(&folder("extra", &[("train", 1), ("test", 2), ("extra", 3)])).unwrap();
    assert_eq!((firsts(&extra.train), firsts(&extra.test.unwrap())), (vec![30, 30], vec![60, 60]));
    assert!(
        extra.notes.contains(&"extra.npy is not used: it is none of the splits".into()),
        "{:?}",
        extra.notes
    );
    place.put("some/x_1.npy", array(1));
    place.put("some/x_2.npy", array(2));
    place.put("some/y_2.npy", npy("|u1", "(2,)", &[0, 1]));
    let some = read(&place.at("some")).unwrap();
    assert_eq!(some.train.labels(), None);
    assert!(
        some.notes.contains(&"the classes of x_2 are not used, as x_1 has none".into()),
        "{:?}",
        some.notes
    );
}

#[test]
fn a_set_in_files_is_found_below_the_folder_that_is_given() {
    let place = Place::new();
    let record = |class: u8, value: u8| [&[class][..], &[value; 3072]].concat();
    place.put("torch/FashionMNIST/raw/train-images-idx3-ubyte", idx(8, &[1, 1, 2], &[100, 2]));
    place.put("torch/FashionMNIST/raw/train-images-idx3-ubyte.gz", gzip(&idx(8, &[1, 1, 2], &[100, 2])));
    place.put("torch/FashionMNIST/raw/t10k-images-idx3-ubyte", idx(8, &[1, 1, 2], &[130, 4]));
    place.put("torch/FashionMNIST/raw/notes.txt", "");
    place.put("torch/FashionMNIST/processed/training.pt", "x");
    for (above, path) in [("torch", "FashionMNIST/raw"), ("torch/FashionMNIST", "raw")] {
        let found = read(&place.at(above)).unwrap();
        assert_eq!((firsts(&found.train), firsts(&found.test.unwrap())), (vec![100], vec![130]));
        assert_eq!(found.notes, [format!("the data are those of the folder {path}")]);
        assert_eq!(found.ignored.to_string(), "1 .pt, 1 .txt");
    }
    place.put("data/cifar-10-batches-bin/data_batch_1.bin", record(3, 30));
    place.put("data/cifar-10-binary.tar.gz", "x");
    let found = read(&place.at("data")).unwrap();
    assert_eq!((firsts(&found.train), found.ignored.to_string()), (vec![30], "1 .tar.gz".to_owned()));
    place.put("data/cifar-10-batches-py/data_batch_1", include_bytes!("../golden/data_batch_1"));
    place.put("data/cifar-10-batches-py/batches.meta", "");
    assert!(told(&place.at("data")).contains("several data sets: cifar-10-batches-bin, cifar-10-batches-py"));
    for (name, file) in [
        ("train", &include_bytes!("../golden/plain.mat")[..]),
        ("test", include_bytes!("../golden/compressed.mat")),
    ] {
        place.put(&format!("svhn/{name}_32x32.mat"), file);
    }
    let found = read(&place.at("svhn")).unwrap();
    assert_eq!((found.train.len(), found.test.unwrap().len(), found.train.labels().is_some()), (6, 6, true));
}

#[test]
fn files_beside_those_of_a_set_are_counted() {
    let place = Place::new();
    place.put("m/train-images-idx3-ubyte", idx(8, &[1, 1, 2], &[100, 2]));
    place.put("c/data_batch_1", include_bytes!("../golden/data_batch_1"));
    place.put("c/batches.meta", "");
    place.put("b/data_batch_1.bin", [&[1][..], &[9; 3072]].concat());
    for name in ["m", "c", "b"] {
        place.put(&format!("{name}/readme.html"), "");
        place.put(&format!("{name}/more.zip"), "");
        assert_eq!(read(&place.at(name)).unwrap().ignored.to_string(), "1 .html, 1 .zip", "{name}");
    }
}

/// A pickled dictionary with an array under each key, as protocol 4 with the array's bytes has it.
fn pickle(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"\x80\x04}".to_vec();
    for (key, values) in entries {
        bytes.extend([0x8c, key.len() as u8]);
        bytes.extend(key.bytes());
        bytes.extend(b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01K\x02K\x02K\x02\x87cnumpy\ndtype\n\x8c\x02u1\x85R\x89C");
        bytes.push(values.len() as u8);
        bytes.extend(*values);
        bytes.extend(b"tbs");
    }
    bytes.push(b'.');
    bytes
}

#[test]
fn pickles_of_dictionaries_are_read_by_the_names_of_arrays() {
    let place = Place::new();
    let (a, b) = ([150_u8; 8], [170_u8; 8]);
    for key in ["images", "data", "x_train", "scans"] {
        let found = read(&place.put("a.pkl", pickle(&[(key, &a)]))).unwrap();
        assert_eq!((firsts(&found.train), &found.test), (vec![150, 150], &None), "{key}");
    }
    let found = read(&place.put("b.pkl", pickle(&[("x_train", &a), ("x_test", &b), ("masks", &b)]))).unwrap();
    assert_eq!((firsts(&found.train), firsts(&found.test.unwrap())), (vec![150, 150], vec![170, 170]));
    assert_eq!(found.notes, ["arrays that are not used: `masks`"]);
    let said = told(&place.put("c.pkl", pickle(&[("one", &a), ("two", &b)])));
    assert!(said.contains("got a dictionary of `one`, `two`") && !said.contains("damaged"), "{said}");
    let said = told(&place.put("d.pkl", b"\x80\x04]K\x01a."));
    assert!(said.contains("got a list or tuple of 1 value"), "{said}");
}

#[test]
fn what_lies_beside_an_array_cannot_forge_a_line() {
    let place = Place::new();
    let images = place.put("images\nerror: b.npy", npy("|u1", "(2, 4, 4)", &[7; 32]));
    place.put("labels\nerror: b.npy", npy("|u1", "(3,)", &[0, 1, 2]));
    let notes = read(&images).unwrap().notes;
    assert!(notes[0].starts_with(r"labels\nerror: b.npy is not used as labels"), "{notes:?}");
}
