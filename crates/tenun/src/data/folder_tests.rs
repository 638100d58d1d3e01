use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, GrayImage, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;

/// An image whose pixel at (row, column) is `seed + 10 row + column` in red, and other values in green and blue.
fn colourful(height: u32, width: u32, seed: u8) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let value = seed.wrapping_add((10 * y + x) as u8);
        Rgb([value, value.wrapping_mul(3), 255 - value])
    })
}

fn grey(height: u32, width: u32, seed: u8) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([seed.wrapping_add((10 * y + x) as u8)]))
}

fn save(folder: &Path, name: &str, image: impl Into<DynamicImage>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image.into().save(path).unwrap();
}

fn read(folder: &Path) -> Result<Collection, DataError> {
    read_folder(folder, &FolderOptions::default())
}

fn ids(set: &Dataset) -> Vec<String> {
    (0..set.len()).map(|index| set.id(index).into_owned()).collect()
}

#[track_caller]
fn refused(result: Result<Collection, DataError>, message: &[&str], hint: &[&str]) {
    let error = result.unwrap_err();
    let (text, advice) = (error.to_string(), error.hint().unwrap_or_default());
    for part in message {
        assert!(text.contains(part), "`{part}` is not in the message: {text}");
    }
    for part in hint {
        assert!(advice.contains(part), "`{part}` is not in the hint: {advice}");
    }
}

#[test]
fn every_format_is_read_pixel_for_pixel_where_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let picture = colourful(45, 37, 3);
    for name in ["1.png", "2.bmp", "3.webp", "4.TIFF", "5.jpg"] {
        let path = folder.path().join(name);
        let format = ImageFormat::from_path(&path).unwrap();
        picture.save_with_format(&path, format).unwrap();
    }
    let gif = fs::File::create(folder.path().join("6.gif")).unwrap();
    let frame = |image: &RgbImage| Frame::new(DynamicImage::ImageRgb8(image.clone()).into_rgba8());
    let mut encoder = GifEncoder::new(gif);
    encoder.encode_frames([frame(&picture), frame(&colourful(45, 37, 99))]).unwrap();
    drop(encoder);

    let set = read(folder.path()).unwrap().train;
    assert_eq!(set.images().shape(), Shape::new(3, 45, 37));
    assert_eq!(ids(&set), ["1.png", "2.bmp", "3.webp", "4.TIFF", "5.jpg", "6.gif"]);
    let expected = super::super::decode::planes_of(picture.as_raw());
    for lossless in 0..4 {
        assert_eq!(set.images().image(lossless), expected, "{}", set.id(lossless));
    }
    // JPEG loses detail, GIF has 256 colours: near on average, and the first frame of two.
    for lossy in 4..6 {
        let pairs = set.images().image(lossy).iter().zip(&expected);
        let total: u64 = pairs.map(|(&a, &b)| u64::from(a.abs_diff(b))).sum();
        assert!(total / (expected.len() as u64) < 12, "{}: {total}", set.id(lossy));
    }
}

#[test]
fn sub_folders_are_classes_in_the_order_people_count() {
    let folder = tempfile::tempdir().unwrap();
    for (name, seed) in [("10/a.png", 1), ("2/b10.png", 2), ("2/b9.png", 3), ("2/deep/er/c.png", 4)] {
        save(folder.path(), name, grey(2, 3, seed));
    }
    save(folder.path(), ".hidden/x.png", grey(9, 9, 0));
    fs::write(folder.path().join("README.txt"), "not an image").unwrap();
    fs::write(folder.path().join("2/.DS_Store"), "").unwrap();
    let collection = read(folder.path()).unwrap();
    assert_eq!((collection.ignored.count(), collection.skipped.len()), (3, 0));
    let set = collection.train;
    assert_eq!(ids(&set), ["2/b9.png", "2/b10.png", "2/deep/er/c.png", "10/a.png"]);
    assert_eq!(set.labels().unwrap().names(), ["2", "10"]);
    assert_eq!(set.labels().unwrap().classes(), [0, 0, 0, 1]);
    assert_eq!(set.images().image(0), [3, 4, 5, 13, 14, 15]);
    assert_eq!(set.images().image(3)[0], 1);

    save(folder.path(), "loose.png", grey(2, 3, 5));
    let collection = read(folder.path()).unwrap();
    assert_eq!(ids(&collection.train), ["2/b9.png", "2/b10.png", "2/deep/er/c.png", "10/a.png"]);
    assert!(collection.notes[0].starts_with("`loose.png` lies in no class folder"), "{:?}", collection.notes);
    assert_eq!(collection.train.labels().unwrap().names(), ["2", "10"]);
    let flat = FolderOptions { layout: Layout::Flat, ..FolderOptions::default() };
    let set = read_folder(folder.path(), &flat).unwrap().train;
    assert_eq!((set.len(), set.labels()), (5, None));
}

#[test]
fn train_and_test_folders_are_the_splits() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "train/cat/1.png", grey(2, 2, 1));
    save(folder.path(), "train/dog/1.png", grey(2, 2, 2));
    save(folder.path(), "val/cow/1.png", colourful(2, 2, 3));
    save(folder.path(), "val/dog/1.png", grey(2, 2, 4));
    let collection = read(folder.path()).unwrap();
    let test = collection.test.unwrap();
    assert_eq!((collection.train.len(), test.len()), (2, 2));
    assert_eq!(test.labels().unwrap().names(), ["cat", "cow", "dog"]);
    assert_eq!(test.labels().unwrap().classes(), [1, 2]);
    assert_eq!(collection.train.labels().unwrap().classes(), [0, 2]);
    // One test image has colour: all are RGB.
    assert_eq!(collection.train.images().shape(), Shape::new(3, 2, 2));
    assert!(collection.notes[0].contains("val"), "{:?}", collection.notes);

    save(folder.path(), "test/dog/1.png", grey(2, 2, 4));
    let collection = read(folder.path()).unwrap();
    assert_eq!(collection.test.unwrap().len(), 1);
    assert!(collection.notes[0].ends_with("; not used: `val` (2)"), "{:?}", collection.notes);

    save(folder.path(), "test/dog/1.png", grey(3, 2, 4));
    refused(read(folder.path()), &["2×2×1", "3×2×1"], &["--size"]);
}

#[test]
fn two_sizes_are_an_error_that_names_both_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "a.png", grey(4, 6, 0));
    save(folder.path(), "b.png", grey(6, 4, 0));
    refused(
        read(folder.path()),
        &["a.png is 4x6", "b.png is 6x4", "height x width"],
        &["--size 4x6", "--fit resize", "--fit crop"],
    );
    let size = Some((4, 6));
    let options = FolderOptions { size, ..Default::default() };
    refused(read_folder(folder.path(), &options), &["b.png is 6x4", "expected 4x6"], &["--fit"]);
    for fit in [Fit::Resize, Fit::Crop] {
        let set =
            read_folder(folder.path(), &FolderOptions { size, fit, ..Default::default() }).unwrap().train;
        assert_eq!((set.len(), set.images().shape()), (2, Shape::new(1, 4, 6)));
    }
    let options = FolderOptions { fit: Fit::Crop, ..Default::default() };
    refused(read_folder(folder.path(), &options), &["--fit", "--size HxW"], &[]);
    for size in [(0, 3), (usize::MAX, usize::MAX), (100_000, 100_000)] {
        let options = FolderOptions { size: Some(size), fit: Fit::Resize, ..Default::default() };
        refused(read_folder(folder.path(), &options), &["--size", &format!("{}x{}", size.0, size.1)], &[]);
    }
}

#[test]
fn crop_keeps_the_centre_and_resize_keeps_everything() {
    // 2×6: black, white, black thirds.
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "a.png", GrayImage::from_fn(6, 2, |x, _| Luma([if x / 2 == 1 { 255 } else { 0 }])));
    let pixels = |fit| {
        let options = FolderOptions { size: Some((2, 2)), fit, ..Default::default() };
        read_folder(folder.path(), &options).unwrap().train.images().pixels().to_vec()
    };
    assert_eq!(pixels(Fit::Crop), [255; 4]);
    let mean: u32 = pixels(Fit::Resize).iter().map(|&value| u32::from(value)).sum::<u32>() / 4;
    assert!((60..=110).contains(&mean), "a third of 255 is 85, got {mean}");
}

#[test]
fn colour_is_found_out_or_made() {
    let folder = tempfile::tempdir().unwrap();
    // Grey in content though RGB in format.
    save(folder.path(), "a.bmp", RgbImage::from_pixel(2, 1, Rgb([9, 9, 9])));
    let shape = |colour| {
        let options = FolderOptions { colour, ..Default::default() };
        read_folder(folder.path(), &options).unwrap().train
    };
    assert_eq!(shape(Colour::Auto).images().shape(), Shape::new(1, 1, 2));
    assert_eq!(shape(Colour::Rgb).images().pixels(), [9; 6]);
    // Grey that came first is made RGB when colour turns up; later grey too.
    save(folder.path(), "b.png", RgbImage::from_pixel(2, 1, Rgb([255, 0, 0])));
    save(folder.path(), "c.png", GrayImage::from_pixel(2, 1, Luma([7])));
    let set = shape(Colour::Auto);
    assert_eq!(set.images().shape(), Shape::new(3, 1, 2));
    assert_eq!(set.images().pixels(), [9, 9, 9, 9, 9, 9, 255, 255, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7]);
    // 0.2126 × 255 = 54.
    assert_eq!(shape(Colour::Grey).images().pixels(), [9, 9, 54, 54, 7, 7]);
}

#[test]
fn transparency_is_laid_on_white_and_sixteen_bits_become_eight() {
    let folder = tempfile::tempdir().unwrap();
    save(
        folder.path(),
        "a.png",
        RgbaImage::from_fn(3, 1, |x, _| {
            [Rgba([10, 20, 30, 255]), Rgba([0, 0, 0, 0]), Rgba([0, 0, 0, 51])][x as usize]
        }),
    );
    let set = read(folder.path()).unwrap().train;
    assert_eq!(set.images().pixels(), [10, 255, 204, 20, 255, 204, 30, 255, 204]);

    let folder = tempfile::tempdir().unwrap();
    let alpha = image::GrayAlphaImage::from_fn(2, 1, |x, _| LumaA([100, if x == 0 { 255 } else { 0 }]));
    save(folder.path(), "a.png", alpha);
    let deep = image::ImageBuffer::<Luma<u16>, _>::from_raw(2, 1, vec![65535_u16, 257 * 40]).unwrap();
    save(folder.path(), "b.png", DynamicImage::ImageLuma16(deep));
    let set = read(folder.path()).unwrap().train;
    assert_eq!(set.images().pixels(), [100, 255, 255, 40]);
}

/// A JPEG of 8×16 (height × width) with an EXIF block that says `orientation`.
fn jpeg_with_orientation(orientation: u8) -> Vec<u8> {
    let mut jpeg = std::io::Cursor::new(Vec::new());
    let half = GrayImage::from_fn(16, 8, |x, _| Luma([if x < 8 { 0 } else { 255 }]));
    half.write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let mut marked = vec![0xff, 0xd8, 0xff, 0xe1];
    marked.extend((exif.len() as u16 + 2).to_be_bytes());
    marked.extend(exif);
    marked.extend(&jpeg.into_inner()[2..]);
    marked
}

#[test]
fn the_camera_s_orientation_is_applied() {
    let folder = tempfile::tempdir().unwrap();
    // 6: turn by 90° clockwise to see it upright, so the left half, black, comes on top.
    fs::write(folder.path().join("a.jpg"), jpeg_with_orientation(6)).unwrap();
    let set = read(folder.path()).unwrap().train;
    assert_eq!(set.images().shape(), Shape::new(1, 16, 8));
    let pixels = set.images().pixels();
    assert!(pixels[..64].iter().all(|&value| value < 8), "{pixels:?}");
    assert!(pixels[64..].iter().all(|&value| value > 247), "{pixels:?}");
    fs::write(folder.path().join("a.jpg"), jpeg_with_orientation(1)).unwrap();
    assert_eq!(read(folder.path()).unwrap().train.images().shape(), Shape::new(1, 8, 16));
}

#[test]
fn an_unreadable_image_is_named_and_skipped_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "a.png", grey(2, 2, 0));
    save(folder.path(), "c.png", grey(2, 2, 1));
    let whole = fs::read(folder.path().join("c.png")).unwrap();
    fs::write(folder.path().join("b.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.path().join("d.jpg"), "").unwrap();
    refused(read(folder.path()), &["b.png cannot be read as an image"], &["--skip-bad"]);

    let seen = AtomicUsize::new(0);
    let count = |done: usize, total: usize| {
        assert_eq!((done, total), (seen.fetch_add(1, Ordering::Relaxed) + 1, 4));
    };
    let options = FolderOptions { skip_bad: true, ..Default::default() };
    let collection = super::read(folder.path(), &options, Some(&count)).unwrap();
    assert_eq!(ids(&collection.train), ["a.png", "c.png"]);
    let skipped: Vec<_> = collection.skipped.iter().map(|bad| display_name(&bad.path)).collect();
    assert_eq!(skipped, ["b.png", "d.jpg"]);
    assert!(collection.skipped.iter().all(|bad| !bad.reason.is_empty()));
    assert_eq!(seen.into_inner(), 4);
}

#[test]
fn many_images_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..2 * CHUNK as u32 {
        let colour = Luma([(index % 251) as u8]);
        GrayImage::from_pixel(1, 1, colour).save(folder.path().join(format!("{index}.png"))).unwrap();
    }
    let set = read(folder.path()).unwrap().train;
    let expected: Vec<u8> = (0..2 * CHUNK).map(|index| (index % 251) as u8).collect();
    assert_eq!(set.images().pixels(), expected);
    assert_eq!(set.id(300), "300.png");
}

#[test]
fn the_content_says_what_the_format_is() {
    let folder = tempfile::tempdir().unwrap();
    grey(2, 2, 9).save_with_format(folder.path().join("a.jpg"), ImageFormat::Png).unwrap();
    assert_eq!(read(folder.path()).unwrap().train.images().pixels(), [9, 10, 19, 20]);
}

#[test]
fn folders_with_no_image() {
    let folder = tempfile::tempdir().unwrap();
    refused(read(folder.path()), &["no image in", "0 other files"], &["PNG, JPEG"]);
    fs::write(folder.path().join("notes.txt"), "").unwrap();
    refused(read(folder.path()), &["1 other file ignored (1 .txt)"], &["PNG, JPEG"]);
    fs::write(folder.path().join("film.MP4"), "").unwrap();
    refused(read(folder.path()), &["2 other files ignored (1 .mp4, 1 .txt)"], &[".mp4 is a video", "ffmpeg"]);
    fs::write(folder.path().join("bad.png"), "bad").unwrap();
    let options = FolderOptions { skip_bad: true, ..Default::default() };
    refused(read_folder(folder.path(), &options), &["1 image unreadable", "first:", "bad.png"], &["damaged"]);
    refused(read(&folder.path().join("nowhere")), &["cannot open", "nowhere"], &[]);
}

#[test]
fn a_decompression_bomb_is_refused_before_it_is_decoded() {
    // A PNG header that announces 60000×60000 RGB pixels, 10.8 GB.
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    let mut fields = 60_000_u32.to_be_bytes().to_vec();
    fields.extend(60_000_u32.to_be_bytes());
    fields.extend([8, 2, 0, 0, 0]);
    let mut sum = flate2::Crc::new();
    sum.update(b"IHDR");
    sum.update(&fields);
    png.extend(&fields);
    png.extend(sum.sum().to_be_bytes());
    png.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bomb.png"), png).unwrap();
    refused(read(folder.path()), &["bomb.png cannot be read", "limit"], &[]);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_above_ends_the_walk() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "in/a.png", grey(2, 2, 0));
    std::os::unix::fs::symlink(folder.path(), folder.path().join("in/loop")).unwrap();
    let collection = read(folder.path()).unwrap();
    assert_eq!(collection.train.len(), 1);
    assert_eq!(collection.ignored.to_string(), "1 leading back to a folder above");
}

#[test]
fn single_files_are_read_in_the_order_given_and_called_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), "cats/b.png", grey(4, 5, 1));
    save(folder.path(), "a.png", grey(4, 5, 2));
    let paths = ["cats/b.png", "a.png"].map(|name| folder.path().join(name));
    let set = read_files("two", &paths, &FolderOptions::default()).unwrap().train;
    assert_eq!((set.name(), ids(&set)), ("two", vec!["b.png".to_owned(), "a.png".to_owned()]));
    assert_eq!(set.images().image(1), grey(4, 5, 2).as_raw().as_slice());
    assert_eq!(set.labels(), None);

    fs::write(&paths[1], "no picture").unwrap();
    let read = |skip_bad| read_files("two", &paths, &FolderOptions { skip_bad, ..FolderOptions::default() });
    refused(read(false), &["a.png", "cannot be read"], &["--skip-bad"]);
    assert_eq!(read(true).unwrap().skipped.len(), 1);
    refused(read_files("none", &[], &FolderOptions::default()), &["no image"], &[]);
}

#[test]
fn the_folders_of_the_splits_can_be_given() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    save(folder.path(), "one/cat/1.png", grey(2, 2, 1));
    save(folder.path(), "one/dog/1.png", grey(2, 2, 2));
    save(folder.path(), "two/dog/1.png", grey(2, 2, 3));
    save(elsewhere.path(), "3.png", grey(2, 2, 4));
    let read = |train: &str, test: Option<&Path>, layout| {
        let options = FolderOptions {
            train: Some(train.into()),
            test: test.map(Into::into),
            layout,
            ..Default::default()
        };
        read_folder(folder.path(), &options)
    };
    let both = read("one", Some(Path::new("two")), Layout::Auto).unwrap();
    assert_eq!(
        (ids(&both.train), ids(&both.test.unwrap())),
        (vec!["cat/1.png".into(), "dog/1.png".into()], vec!["dog/1.png".into()])
    );
    assert!(
        both.notes[0].starts_with("training images: ") && both.notes[0].contains("test images: "),
        "{:?}",
        both.notes
    );
    assert!(both.train.labels().is_some());
    let flat = read("one", Some(elsewhere.path()), Layout::Flat).unwrap();
    assert_eq!((flat.train.labels(), ids(&flat.test.unwrap())), (None, vec!["3.png".into()]));
    assert_eq!(read("two", None, Layout::Auto).unwrap().test, None);
    refused(read("three", None, Layout::Auto), &["no file or folder", "three"], &[]);
    refused(read("one", None, Layout::Mvtec), &["--layout with --train", "got mvtec"], &[]);
    let options = FolderOptions { test: Some("two".into()), ..Default::default() };
    refused(read_folder(folder.path(), &options), &["--test", "--train DIR"], &[]);
}

#[test]
fn masks_belong_to_test_images_and_are_not_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    for (name, seed) in [("train/good/0.png", 1), ("test/good/0.png", 2), ("test/broken/0.png", 3)] {
        save(folder.path(), name, grey(2, 2, seed));
    }
    save(folder.path(), "ground_truth/broken/0_mask.png", grey(2, 2, 255));
    let collection = read(folder.path()).unwrap();
    let test = collection.test.as_ref().unwrap();
    assert_eq!(
        (ids(&collection.train), ids(test)),
        (vec!["good/0.png".into()], vec!["broken/0.png".into(), "good/0.png".into()])
    );
    assert_eq!(collection.masks_of(0), [folder.path().join("ground_truth/broken/0_mask.png")]);
    assert!(collection.masks_of(1).is_empty() && collection.masks_of(9).is_empty());
}

#[test]
fn folders_of_systems_are_no_classes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["Cat/0.png", "Dog/0.png", ".ipynb_checkpoints/0.png", "__MACOSX/Cat/0.png"] {
        save(folder.path(), name, grey(2, 2, 1));
    }
    let collection = read(folder.path()).unwrap();
    assert_eq!(collection.train.labels().unwrap().names(), ["Cat", "Dog"]);
    assert_eq!((collection.train.len(), collection.ignored.count()), (2, 2));
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_stay_distinct() {
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    for name in [&b"a\xff.png"[..], b"a\xfe.png", "a\u{fffd}.png".as_bytes()] {
        let bytes = {
            let mut png = std::io::Cursor::new(Vec::new());
            grey(2, 2, name[1]).write_to(&mut png, ImageFormat::Png).unwrap();
            png.into_inner()
        };
        fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), bytes).unwrap();
    }
    let set = read(folder.path()).unwrap().train;
    assert_eq!(ids(&set), ["a\\xFE.png", "a\\xFF.png", "a\u{fffd}.png"]);
    assert!(ids(&set).iter().all(|id| folder.path().join(name_path(id)).is_file()));
}
