use std::io::{Cursor, Write};

use npyz::{Order, WriterBuilder};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use tenun_engine::Shape;

use super::super::Images;
use super::*;

/// A `.npy` file's bytes, as another library writes them.
fn npy<T: npyz::Serialize + npyz::AutoSerialize + Clone>(
    axes: &[u64],
    order: Order,
    values: &[T],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(axes).order(order).writer(&mut bytes);
    let mut writer = options.begin_nd().unwrap();
    writer.extend(values.iter().cloned()).unwrap();
    writer.finish().unwrap();
    bytes
}

fn npz(arrays: &[(&str, Vec<u8>)], deflate: bool) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let method = if deflate { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
    for (name, bytes) in arrays {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(format!("{name}.npy"), options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

fn images(bytes: &[u8]) -> Images {
    read_npy(file(bytes).path()).unwrap().train.images().clone()
}

#[track_caller]
fn refused(result: Result<Collection, DataError>, parts: &[&str]) {
    let error = result.unwrap_err();
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
    assert!(error.hint().is_some());
}

#[track_caller]
fn npy_refused(bytes: &[u8], parts: &[&str]) {
    refused(read_npy(file(bytes).path()), parts);
}

const RAMP: [u8; 24] = {
    let mut ramp = [0; 24];
    let mut i = 0;
    while i < 24 {
        ramp[i] = i as u8;
        i += 1;
    }
    ramp
};

#[test]
fn the_three_layouts() {
    let grey = images(&npy(&[2, 3, 4], Order::C, &RAMP));
    assert_eq!((grey.shape(), grey.pixels()), (Shape::new(1, 3, 4), &RAMP[..]));
    let first = images(&npy(&[2, 3, 2, 2], Order::C, &RAMP));
    assert_eq!((first.shape(), first.pixels()), (Shape::new(3, 2, 2), &RAMP[..]));
    let last = images(&npy(&[2, 2, 2, 3], Order::C, &RAMP));
    assert_eq!(last.shape(), Shape::new(3, 2, 2));
    assert_eq!(last.image(0), [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    // Both could be meant: the last axis wins.
    assert_eq!(images(&npy(&[2, 3, 4, 1], Order::C, &RAMP)).shape(), Shape::new(1, 3, 4));
    assert_eq!(images(&npy(&[2, 1, 4, 3], Order::C, &RAMP)).shape(), Shape::new(3, 1, 4));
}

#[test]
fn opacity_is_laid_on_white() {
    let pixels = images(&npy(&[1, 1, 2, 4], Order::C, &[10_u8, 20, 30, 255, 0, 0, 0, 51]));
    assert_eq!((pixels.shape(), pixels.pixels()), (Shape::new(3, 1, 2), &[10, 204, 20, 204, 30, 204][..]));
}

#[test]
fn fortran_order_is_turned_round() {
    // Element (n, h, w) is 100 n + 10 h + w.
    let mut values = Vec::new();
    for w in 0..3 {
        for h in 0..2 {
            for n in 0..2 {
                values.push(100 * n + 10 * h + w);
            }
        }
    }
    let images = images(&npy::<u8>(&[2, 2, 3], Order::Fortran, &values));
    assert_eq!(images.pixels(), [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112]);
}

#[test]
fn booleans_whole_numbers_and_floats_become_bytes() {
    assert_eq!(images(&npy(&[1, 1, 2], Order::C, &[true, false])).pixels(), [255, 0]);
    assert_eq!(images(&npy(&[1, 1, 2], Order::C, &[0_i64, 255])).pixels(), [0, 255]);
    assert_eq!(images(&npy(&[1, 1, 3], Order::C, &[0.0_f32, 1.0, 0.4999])).pixels(), [0, 255, 127]);
    let fifths: Vec<f64> = (0..=255).map(|value| f64::from(value) / 255.0).collect();
    assert_eq!(images(&npy(&[1, 16, 16], Order::C, &fifths)).pixels(), (0..=255).collect::<Vec<u8>>());
}

#[test]
fn a_value_out_of_range_is_named_with_its_place() {
    let with = |value: f32| npy(&[2, 1, 2], Order::C, &[0.0, 0.5, 1.0, value]);
    npy_refused(&with(f32::NAN), &["element [1, 0, 1]", "expected a number", "got NaN"]);
    npy_refused(&with(1.5), &["element [1, 0, 1]", "got 1.5"]);
    npy_refused(&with(-0.25), &["got -0.25"]);
    npy_refused(&with(f32::INFINITY), &["got inf"]);
    npy_refused(
        &npy(&[2, 1, 2], Order::Fortran, &[0_i32, 256, 0, 0]),
        &["element [1, 0, 0]", "0 to 255", "got 256"],
    );
    npy_refused(&npy(&[1, 1, 2], Order::C, &[-1_i8, 0]), &["element [0, 0, 0]", "got -1"]);
}

#[test]
fn arrays_that_are_no_images() {
    npy_refused(&npy(&[24], Order::C, &RAMP), &["shape", "N×H×W", "[24]"]);
    npy_refused(&npy(&[4, 6], Order::C, &RAMP), &["[4, 6]"]);
    npy_refused(&npy(&[2, 2, 3, 2], Order::C, &RAMP), &["1, 3 or 4 channels", "[2, 2, 3, 2]"]);
    npy_refused(&npy::<u8>(&[0, 2, 3], Order::C, &[]), &["at least one image", "[0, 2, 3]"]);
    npy_refused(&npy::<u8>(&[2, 0, 3], Order::C, &[]), &["at least one pixel"]);
    let mut complex = npy(&[2, 3, 4], Order::C, &RAMP);
    let at = complex.windows(3).position(|bytes| bytes == b"|u1").unwrap();
    complex[at..at + 3].copy_from_slice(b"<c8");
    npy_refused(&complex, &["descr", "`<c8`", "float32"]);
}

#[test]
fn damaged_files() {
    let whole = npy(&[2, 3, 4], Order::C, &RAMP);
    npy_refused(&[], &["byte 0", "end of the file"]);
    npy_refused(b"hello, world", &["magic", "NUMPY", "`hello,`"]);
    npy_refused(&whole[..9], &["header length", "end of the file"]);
    npy_refused(&whole[..40], &["header", "end of the file"]);
    npy_refused(&whole[..whole.len() - 1], &["24 bytes", "room for at most 23"]);
    npy_refused(&[&whole[..], b"x"].concat(), &["after the 24 bytes", "trailing"]);
    let mut version = whole.clone();
    version[6] = 9;
    npy_refused(&version, &["byte 6", "version 9"]);
    let mut long = whole.clone();
    long[6] = 2;
    long[8..12].copy_from_slice(&[0xff; 4]);
    npy_refused(&long, &["byte 8", "at most 10000", "4294967295"]);
}

/// The same header with another shape text of the same length.
fn with_shape(shape: &str) -> Vec<u8> {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend([0; 50]);
    bytes
}

#[test]
fn a_header_that_asks_for_more_than_there_is_allocates_nothing() {
    npy_refused(
        &with_shape("(1048576, 1048576, 1048576)"),
        &["1152921504606846976 bytes", "room for at most 50"],
    );
    npy_refused(&with_shape("(4294967296, 4294967296, 4)"), &["more than 2^64"]);
    npy_refused(&with_shape("(-1, 2, 3)"), &["header", "'shape'"]);
    npy_refused(&with_shape(&"(".repeat(9000)), &["header"]);
}

#[test]
fn archives_with_the_customary_names() {
    let grey = npy(&[2, 3, 4], Order::C, &RAMP);
    let one = npy(&[1, 3, 4], Order::C, &RAMP[..12]);
    for deflate in [false, true] {
        let names = [("x_train", &grey), ("x_test", &one)];
        let mut arrays: Vec<_> = names.map(|(name, bytes)| (name, bytes.clone())).to_vec();
        arrays.push(("y_train", npy(&[2], Order::C, &[4_u8, 0])));
        arrays.push(("y_test", npy(&[1, 1], Order::C, &[5_i64])));
        arrays.push(("extra", b"never read".to_vec()));
        let collection = read_npz(file(&npz(&arrays, deflate)).path()).unwrap();
        let test = collection.test.unwrap();
        assert_eq!((collection.train.len(), test.len()), (2, 1));
        assert_eq!(collection.train.labels().unwrap().classes(), [4, 0]);
        assert_eq!(test.labels().unwrap().classes(), [5]);
        assert_eq!(collection.train.labels().unwrap().names().len(), 6);
    }
    for key in ["images", "train_images", "arr_0", "x", "spots"] {
        let collection = read_npz(file(&npz(&[(key, grey.clone())], true)).path()).unwrap();
        assert_eq!((collection.train.len(), collection.test, collection.train.labels()), (2, None, None));
    }
}

#[test]
fn archives_that_do_not_fit() {
    let grey = npy(&[2, 3, 4], Order::C, &RAMP);
    let read = |arrays: &[(&str, Vec<u8>)]| read_npz(file(&npz(arrays, true)).path());
    refused(
        read(&[("first", grey.clone()), ("second", grey.clone()), ("notes", vec![])]),
        &["x_train", "train_images", "got first, second, notes"],
    );
    refused(read(&[]), &["an empty archive"]);
    let wide = npy(&[1, 2, 4], Order::C, &RAMP[..8]);
    refused(read(&[("x_train", grey.clone()), ("x_test", wide)]), &["3×4×1", "2×4×1"]);
    refused(read(&[("x", with_shape("(1048576, 1048576, 1048576)"))]), &["array `x`", "1152921504606846976"]);

    let mut bytes = npz(&[("x", grey)], false);
    refused(read_npz(file(&bytes[..bytes.len() / 2]).path()), &["zip archive"]);
    refused(read_npz(file(b"PK\x03\x04 but not really").path()), &["zip archive"]);
    // One pixel changed: the archive's own sum no longer holds.
    let at = bytes.windows(4).position(|bytes| bytes == [20, 21, 22, 23]).unwrap();
    bytes[at] ^= 1;
    refused(read_npz(file(&bytes).path()), &["array `x`", "intact bytes"]);
}

#[test]
fn labels_beside_a_file_of_images() {
    let folder = tempfile::tempdir().unwrap();
    for (name, other) in [("x_some.npy", "y_some.npy"), ("my-images.npy", "my-labels.npy")] {
        let path = folder.path().join(name);
        std::fs::write(&path, npy(&[2, 3, 4], Order::C, &RAMP)).unwrap();
        assert_eq!(read_npy(&path).unwrap().train.labels(), None);
        std::fs::write(folder.path().join(other), npy(&[2], Order::C, &[1_u8, 0])).unwrap();
        assert_eq!(read_npy(&path).unwrap().train.labels().unwrap().classes(), [1, 0]);
        std::fs::write(folder.path().join(other), npy(&[1], Order::C, &[1_u8])).unwrap();
        let found = read_npy(&path).unwrap();
        assert_eq!(found.train.labels(), None);
        assert!(found.notes[0].contains("1 labels for 2 images"), "{:?}", found.notes);
    }
}

proptest! {
    /// Any layout and order gives each pixel where its axes say it is.
    #[test]
    fn layouts_agree(
        count in 1_usize..4, channels in prop::sample::select(vec![1_usize, 3]),
        height in 5_usize..8, width in 5_usize..8, last: bool, fortran: bool,
    ) {
        let value = |n: usize, c: usize, h: usize, w: usize| (n * 89 + c * 53 + h * 17 + w * 5) as u8;
        let axes = if last { [count, height, width, channels] } else { [count, channels, height, width] };
        let mut values = Vec::new();
        for offset in 0..axes.iter().product::<usize>() {
            let mut rest = offset;
            let mut place = [0; 4];
            let order: [usize; 4] = if fortran { [0, 1, 2, 3] } else { [3, 2, 1, 0] };
            for axis in order {
                place[axis] = rest % axes[axis];
                rest /= axes[axis];
            }
            let [n, a, b, c] = place;
            values.push(if last { value(n, c, a, b) } else { value(n, a, b, c) });
        }
        let order = if fortran { Order::Fortran } else { Order::C };
        let images = images(&npy(&axes.map(|axis| axis as u64), order, &values));
        prop_assert_eq!(images.shape(), Shape::new(channels, height, width));
        let mut expected = Vec::new();
        for n in 0..count { for c in 0..channels { for h in 0..height { for w in 0..width {
            expected.push(value(n, c, h, w));
        } } } }
        prop_assert_eq!(images.pixels(), expected);
    }

    #[test]
    fn no_bytes_make_it_panic(at in 0_usize..160, byte: u8, cut in 0_usize..160) {
        let mut bytes = npy(&[2, 3, 4], Order::C, &RAMP);
        bytes[at % 152] = byte;
        bytes.truncate(cut.max(1));
        let _ = read_npy(file(&bytes).path());
        let mut bytes = npz(&[("x", npy(&[2, 3, 4], Order::C, &RAMP))], false);
        let length = bytes.len();
        bytes[at * 2 % length] = byte;
        let _ = read_npz(file(&bytes).path());
    }
}
