//! Every row of `docs/data.md`: a source as people have it, and the right values, or what is said.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage, ImageFormat, Luma, RgbImage};
use tenun_engine::Shape;

use super::named::SearchPaths;
use super::*;

const PARQUET: &[u8] = include_bytes!("golden/train-00000-of-00001.parquet");
const PALETTE: &[u8] = include_bytes!("golden/palette.tif");
const FLOAT: &[u8] = include_bytes!("golden/float.tif");

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn options() -> OpenOptions<'static> {
    let paths =
        SearchPaths { data: None, cache: None, unpacked: None, system: None, download: false, address: None };
    OpenOptions { paths, ..Default::default() }
}

fn read(path: &Path) -> Result<Collection, DataError> {
    open(path.to_str().unwrap(), &options())
}

fn read_skipping(path: &Path) -> Collection {
    let folder = FolderOptions { skip_bad: true, ..Default::default() };
    open(path.to_str().unwrap(), &OpenOptions { folder, ..options() }).unwrap()
}

fn told(path: &Path) -> String {
    let error = read(path).unwrap_err();
    format!("{error} {}", error.hint().unwrap_or_default())
}

fn firsts(set: &Dataset) -> Vec<u8> {
    (0..set.len()).map(|index| set.images().image(index)[0]).collect()
}

fn classes(set: &Dataset) -> Vec<String> {
    let labels = set.labels().expect("labels");
    labels.classes().iter().map(|&class| labels.names()[usize::from(class)].clone()).collect()
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(value: u8) -> Vec<u8> {
    encoded(GrayImage::from_pixel(4, 4, Luma([value])), ImageFormat::Png)
}

/// An array as NumPy writes it.
fn npy(descr: &str, axes: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {axes}, }}\n");
    let mut file = b"\x93NUMPY\x01\0".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(bytes);
    file
}

fn zip_of(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn tar_of(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A picture in which every part counts.
fn picture() -> RgbImage {
    RgbImage::from_fn(40, 40, |x, y| image::Rgb([(x * 6) as u8, (y * 6) as u8, ((x * y) % 251) as u8]))
}

#[test]
fn pictures_cut_short_are_unreadable_in_every_format() {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    for format in [Png, Jpeg, Gif, Bmp, Tiff, WebP] {
        let place = Place::new();
        let whole = encoded(picture(), format);
        for part in 1..=9 {
            place.put(&format!("{part}.{}", format.extensions_str()[0]), &whole[..whole.len() * part / 10]);
        }
        place.put("whole.png", encoded(picture(), Png));
        let found = read_skipping(place.0.path());
        assert_eq!((found.train.len(), found.skipped.len()), (1, 9), "{format:?}: {:?}", found.skipped);
        assert!(found.skipped.iter().any(|bad| bad.reason.contains("cut short")), "{:?}", found.skipped);
    }
}

#[test]
fn a_format_that_is_not_read_is_named_and_not_called_damaged() {
    let place = Place::new();
    place.put("a.png", png(1));
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    for (name, bytes, part) in [
        ("1.heic", &heic[..], "HEIC"),
        ("2.jpg", &heic[..], "HEIC"),
        ("3.avif", b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
        ("4.jxl", b"\xff\x0a\x00\x00", "JPEG XL"),
        ("5.jp2", b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        ("6.jpg", b"<!doctype html><title>404</title>", "web page"),
        ("7.HEIC", b"\0\x05\x16\x07", "macOS"),
        ("8.tif", b"II+\0", "BigTIFF"),
        ("9.png", b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        ("10.nef", b"MM\0*\0\0\0\x08\0\0", "a camera's raw picture"),
        (
            "11.tif",
            b"II*\0\x08\0\0\0\x01\0\x12\xc6\x01\0\x04\0\0\0\x01\x04\0\0\0\0\0\0",
            "a camera's raw picture",
        ),
        ("8.jpg", b"", "empty"),
        ("9.tga", b"\0\0\x02", "by its name"),
    ] {
        place.put(name, bytes);
        let found = read_skipping(place.0.path());
        let [bad] = &found.skipped[..] else { panic!("{name}: {:?}", found.skipped) };
        assert!(bad.reason.contains(part) && !bad.reason.contains("damaged"), "{name}: {}", bad.reason);
        fs::remove_file(place.at(name)).unwrap();
    }
}

#[test]
fn tiffs_of_floats_with_a_palette_and_with_pages() {
    let place = Place::new();
    place.put("palette/a.tif", PALETTE);
    let images = read(&place.at("palette")).unwrap().train;
    assert_eq!((images.images().shape(), images.images().pixels()[0]), (Shape::new(3, 8, 8), 200));
    place.put("pages/m.tif", include_bytes!("golden/pages.tif"));
    let found = read(&place.at("pages")).unwrap();
    assert_eq!(found.train.images().pixels()[0], 10);
    assert_eq!(found.notes[0], "m.tif has 3 pages or frames: the first is used");
    assert!(found.notes[1].contains("10 of 255, nearly black"), "{:?}", found.notes);
    place.put("float/a.tif", FLOAT);
    let images = read(&place.at("float")).unwrap().train;
    // round(255 · wave / 255) of the script's wave.
    assert_eq!((images.images().shape(), images.images().pixels()[0]), (Shape::new(1, 40, 56), 167));
    let mut out_of_range = FLOAT.to_vec();
    let at = out_of_range.windows(4).position(|word| word == (167_f32 / 255.0).to_le_bytes()).unwrap();
    out_of_range[at..at + 4].copy_from_slice(&255_f32.to_le_bytes());
    place.put("range/a.tif", out_of_range);
    assert!(told(&place.at("range")).contains("x / 255"), "{}", told(&place.at("range")));
}

#[test]
fn the_orientation_of_a_camera_is_applied_in_every_format() {
    for (name, bytes) in [
        ("a.jpg", &include_bytes!("golden/turned.jpg")[..]),
        ("a.png", include_bytes!("golden/turned.png")),
        ("a.webp", include_bytes!("golden/turned.webp")),
        ("a.tif", include_bytes!("golden/turned.tif")),
    ] {
        let place = Place::new();
        place.put(name, bytes);
        let images = read(place.0.path()).unwrap().train;
        assert_eq!(images.images().shape(), Shape::new(1, 32, 16), "{name}");
        let pixels = images.images().pixels();
        assert!(pixels[0] < 10 && pixels[31 * 16] > 245, "{name}");
    }
}

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
    let many = place.put("many.parquet", include_bytes!("golden/many_rows.parquet"));
    assert!(told(&many).contains("3000000 rows in a file of"), "{}", told(&many));
}

#[test]
fn tables_of_pixels_as_kaggle_has_them() {
    let place = Place::new();
    let row = |label: &str, value: u8| format!("{label}{}\n", format!(",{value}").repeat(16));
    let header = format!("label{}\n", (1..=16).map(|n| format!(",pixel{n}")).collect::<String>());
    let text = format!("{header}{}{}", row("3", 200), row("0", 90));
    let found = read(&place.put("train.csv", text)).unwrap();
    assert_eq!((found.train.images().shape(), firsts(&found.train)), (Shape::new(1, 4, 4), vec![200, 90]));
    assert_eq!(classes(&found.train), ["3", "0"]);

    let test =
        format!("{}\n{}", header.trim_start_matches("label,").trim(), row("", 80).trim_start_matches(','));
    let found = read(&place.put("test.csv", test)).unwrap();
    assert_eq!((firsts(&found.train), found.train.labels()), (vec![80], None));
    let both = read(place.0.path()).unwrap();
    assert_eq!((both.train.len(), both.test.unwrap().len()), (2, 1));

    let found = read(&place.put("other/plain.csv", format!("{}{}", row("3", 50), row("4", 60)))).unwrap();
    assert_eq!(
        (firsts(&found.train), classes(&found.train)),
        (vec![50, 60], ["3", "4"].map(String::from).to_vec())
    );
    assert!(found.notes[0].contains("first column"), "{:?}", found.notes);

    let pixels = |value: u8| vec![value.to_string(); 16].join(" ");
    let faces = format!("emotion,pixels,Usage\n0,{},Training\n2,{},PublicTest\n", pixels(70), pixels(40));
    let found = read(&place.put("other/fer.csv", faces)).unwrap();
    assert_eq!((firsts(&found.train), firsts(found.test.as_ref().unwrap())), (vec![70], vec![40]));

    for (text, part) in [
        ("id,label\n1.png,cat\n", "give the folder of the pictures"),
        ("label,p1,p2\n1,2,3\n", "square picture"),
        (&format!("{header}1,x{}\n", ",1".repeat(15)), "row 2, column 2 pixel1"),
        (&format!("{header}1,2\n"), "same columns"),
    ] {
        let text = told(&place.put("other/bad.csv", text));
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn without_a_header_the_class_is_the_column_whose_values_are_like_those_of_classes() {
    let place = Place::new();
    // Corners of many values, as those of photographs; black ones; and ones of few values, which could be either.
    let corner = |at: u32| at * 37 % 251;
    let table = |last: bool, corner: &dyn Fn(u32) -> u32| -> String {
        let rows = (0..60).map(|at| {
            let pixels: Vec<String> = (0..16).map(|n| corner(at + 3 * n).to_string()).collect();
            let (class, pixels) = (at % 10, pixels.join(","));
            if last { format!("{pixels},{class}\n") } else { format!("{class},{pixels}\n") }
        });
        rows.collect()
    };
    let expected: Vec<String> = (0..60).map(|at| (at % 10).to_string()).collect();
    for last in [false, true] {
        for corner in [&corner as &dyn Fn(u32) -> u32, &|_| 0, &|at| u32::from(at == 7)] {
            let found = read(&place.put("plain.csv", table(last, corner))).unwrap();
            assert_eq!(classes(&found.train), expected, "{last}");
            assert_eq!(found.train.images().image(1)[3], corner(10) as u8);
            let side = if last { "the last column" } else { "the first column" };
            assert!(found.notes[0].contains(side), "{:?}", found.notes);
        }
        let told = told(&place.put("either.csv", table(last, &|at| at % 8)));
        assert!(told.contains("both may be a class") && told.contains("`label`"), "{told}");
    }
    let neither = format!("0{}\n", ",0".repeat(16)).repeat(20);
    assert!(told(&place.put("neither.csv", neither)).contains("neither may be a class"));
    let pixels = |value: u8| vec![value.to_string(); 16].join(" ");
    let faces = format!("age,img_name,pixels\n1,a.jpg,{}\n2,b.jpg,{}\n", pixels(1), pixels(5));
    let found = read(&place.put("faces.csv", faces)).unwrap();
    assert_eq!((firsts(&found.train), found.train.labels()), (vec![1, 5], None));
    assert!(found.notes[0].contains("columns that are not used: `age`, `img_name`"), "{:?}", found.notes);
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

    for batch in [&include_bytes!("golden/data_batch_1")[..], include_bytes!("golden/data_batch_4")] {
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
    for file in [&include_bytes!("golden/plain.mat")[..], include_bytes!("golden/compressed.mat")] {
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

#[test]
fn lists_and_several_sources() {
    let place = Place::new();
    place.put("p/cat/1.png", png(1));
    place.put("p/dog/1.png", png(2));
    place.put("x.npy", npy("|u1", "(2, 4, 4)", &[9; 32]));
    let list = place.put("list.txt", "p/dog/1.png 1\r\np/cat/1.png 0\r\n");
    let marked = [&b"\xef\xbb\xbf"[..], &fs::read(&list).unwrap()].concat();
    let marked = place.put("marked.txt", marked);
    assert!(open(&format!("@{}", marked.display()), &options()).is_ok());
    let found = open(&format!("@{}", list.display()), &options()).unwrap();
    assert_eq!(
        (firsts(&found.train), classes(&found.train)),
        (vec![2, 1], ["1", "0"].map(String::from).to_vec())
    );
    assert_eq!((found.train.id(0), found.train.id(1)), ("dog/1.png".into(), "cat/1.png".into()));
    let several = [place.at("p"), place.at("x.npy")].map(|path| path.display().to_string());
    let found = open_inputs(&several, &options()).unwrap();
    assert_eq!(firsts(&found.train), [1, 2, 9, 9]);
    assert_eq!((found.train.id(0), found.train.id(3)), ("p/cat/1.png".into(), "x.npy/1".into()));
    let missing = place.put("missing.txt", "nowhere.png\n");
    assert!(
        open(&format!("@{}", missing.display()), &options()).unwrap_err().to_string().contains("nowhere.png")
    );
}

#[test]
fn everything_else_is_named_in_a_line() {
    let place = Place::new();
    let many: Vec<(String, Vec<u8>)> = (0..2000).map(|n| (format!("data/{n:05}.bin"), vec![0])).collect();
    let many: Vec<(&str, Vec<u8>)> =
        many.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    for (name, bytes, part) in [
        ("a.h5", b"\x89HDF\r\n\x1a\n".to_vec(), "HDF5"),
        ("a.mat", b"MATLAB 5.0 MAT-file".to_vec(), "cut short"),
        ("b.mat", b"MATLAB 7.3 MAT-file".to_vec(), "HDF5"),
        ("a.rar", b"Rar!\x1a\x07\0".to_vec(), "RAR"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c".to_vec(), "7-Zip"),
        ("a.xz", b"\xfd7zXZ\0".to_vec(), "xz -dk"),
        ("a.arrow", b"ARROW1\0\0".to_vec(), "to_parquet"),
        ("a.pkl", b"\x80\x04N.".to_vec(), "pickle"),
        ("a.tfrecord", b"\x10\0\0\0\0\0\0\0abcd".to_vec(), "TFRecord"),
        ("a.mp4", b"\0\0\0\x18ftypisom".to_vec(), "video"),
        ("a.pt", zip_of(&[("a/data.pkl", vec![1]), ("a/data/0", vec![1])]), "PyTorch"),
        ("a.xlsx", zip_of(&[("[Content_Types].xml", vec![1])]), "document"),
        ("a.html", b"<!DOCTYPE html>".to_vec(), "web page"),
        ("a.png", png(3), "one picture"),
        ("a.zip", zip_of(&many), "and 1997 more"),
    ] {
        let text = told(&place.put(name, bytes));
        assert!(text.contains(part) && text.len() < 500, "{name}: {text}");
    }
}

/// The beginning of a file, and nothing behind it for as long as no disk is.
fn sparse(place: &Place, name: &str, start: &[u8], length: u64) -> PathBuf {
    let path = place.put(name, start);
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
    path
}

#[test]
fn what_a_file_claims_is_not_believed() {
    const TERA: u64 = 1 << 40;
    let place = Place::new();
    let row = format!("1{}\n", ",7".repeat(16)).repeat(40);
    let said = told(&sparse(&place, "a.csv", row.as_bytes(), TERA));
    assert!(said.contains("free memory"), "{said}");
    let said = told(&sparse(&place, "a.pkl", b"\x80\x04]", TERA));
    assert!(said.contains("fits memory several times"), "{said}");
    let said = told(&sparse(&place, "data_batch_1.bin", b"", TERA / 3073 * 3073));
    assert!(said.contains("too many for the free memory"), "{said}");
    let said = told(&sparse(&place, "a.npy", &npy("|u1", "(1099511627, 28, 28)", b""), TERA));
    assert!(said.contains("fits memory"), "{said}");

    // An element of four billion bytes, of which there are none.
    let mut matlab = b"MATLAB 5.0 MAT-file".to_vec();
    matlab.resize(124, b' ');
    matlab.extend(b"\0\x01IM\x0e\0\0\0\xf8\xff\xff\xff");
    let said = told(&place.put("a.mat", matlab));
    assert!(said.contains("expected whole arrays"), "{said}");

    // A file in an archive that is said to be larger than the archive.
    let mut tar = tar_of(&[("a.png", png(3))]);
    tar[124..136].copy_from_slice(b"77777777777\0");
    let sum = tar[..512].iter().enumerate().map(|(at, &byte)| match at {
        148..156 => 32,
        _ => u32::from(byte),
    });
    let sum = format!("{:06o}\0 ", sum.sum::<u32>());
    tar[148..156].copy_from_slice(sum.as_bytes());
    let said = told(&place.put("a.tar", &tar));
    assert!(said.contains("the end of the file within `a.png`"), "{said}");

    // As much of nothing behind a picture as fills a disk.
    let mut nothing = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    nothing.write_all(&vec![0; 8 << 20]).unwrap();
    let nothing = nothing.finish().unwrap().repeat(33);
    let bomb = [gzip(&tar_of(&[("a.png", png(3))])), nothing].concat();
    let said = told(&place.put("a.tar.gz", bomb));
    assert!(said.contains("no pictures compress like that"), "{said}");

    // Lists of lists of lists, each of which is one value over and over.
    let mut bomb = b"\x80\x02]q\x00(".to_vec();
    bomb.extend(b"K\x01".repeat(100));
    bomb.extend(b"eq\x01");
    for level in 1..12 {
        bomb.extend(b"](");
        bomb.extend([b'h', level].repeat(100));
        bomb.extend([b'e', b'q', level + 1]);
    }
    bomb.push(b'.');
    let said = told(&place.put("b.pkl", bomb));
    assert!(said.contains("pickle"), "{said}");

    // A table of a thousand rows whose one group has three million.
    let mut many = include_bytes!("golden/many_rows.parquet").to_vec();
    let rows = b"\x80\x9b\xee\x02";
    let footer = many.len() - 8 - u32::from_le_bytes(*many[many.len() - 8..].first_chunk().unwrap()) as usize;
    let first = footer + many[footer..].windows(4).position(|bytes| bytes == rows).unwrap();
    many[first..first + 4].copy_from_slice(b"\xd0\x8f\x80\x00");
    let said = told(&place.put("a.parquet", many));
    assert!(said.contains("row group 0") && said.contains("at most the 1000 rows"), "{said}");
}

#[test]
fn names_inside_of_files_forge_no_line_and_stay_distinct() {
    let place = Place::new();
    let forged = "a\nerror: b\u{202e}.png";
    let said = told(&place.put("a.zip", zip_of(&[(forged, b"none".to_vec())])));
    assert!(!said.contains('\n') && said.contains(r"a\nerror: b\u{202e}.png"), "{said}");
    let said = told(&place.put("a.tar", tar_of(&[(forged, b"none".to_vec())])));
    assert!(!said.contains('\n') && said.contains(r"a\nerror: b\u{202e}.png"), "{said}");
    let said = told(&place.put("a.zip", zip_of(&[("a\nerror: b", b"none".to_vec())])));
    assert!(!said.contains('\n'), "{said}");
    let said = told(&place.put("a.npz", zip_of(&[("x\nerror: b.npy", b"none".to_vec())])));
    assert!(!said.contains('\n'), "{said}");
    let said = told(&place.put("a.csv", "label,p\u{202e}1\n1,x\n"));
    assert!(!said.contains('\u{202e}'), "{said}");
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_stay_distinct_in_archives_and_lists() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let mut archive = tar::Builder::new(Vec::new());
    for (name, value) in [(b"gr\xfcn.png", 1), (b"gr\xfdn.png", 2)] {
        let mut header = tar::Header::new_ustar();
        header.set_size(png(value).len() as u64);
        archive.append_data(&mut header, OsStr::from_bytes(name), &png(value)[..]).unwrap();
        fs::write(place.0.path().join(OsStr::from_bytes(name)), png(value)).unwrap();
    }
    let tar = place.put("a.tar", archive.into_inner().unwrap());
    let list = place.put("list.txt", b"gr\xfcn.png\ngr\xfdn.png\n");
    let list = PathBuf::from(format!("@{}", list.display()));
    for source in [tar, list] {
        let found = read(&source).unwrap();
        assert_eq!([0, 1].map(|index| found.train.id(index).into_owned()), [r"gr\xFCn.png", r"gr\xFDn.png"]);
    }
    fs::write(place.0.path().join(OsStr::from_bytes(b"gr\xfcn.npy")), npy("|u1", "(1, 2, 2)", &[5; 4]))
        .unwrap();
    let list = place.put("arrays.txt", b"gr\xfcn.npy\n");
    let found = read(&PathBuf::from(format!("@{}", list.display()))).unwrap();
    assert_eq!(found.train.len(), 1);
}
