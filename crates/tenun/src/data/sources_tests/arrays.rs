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

fn idx(kind: u8, axes: &[u32], bytes: &[u8]) -> Vec<u8> {
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
