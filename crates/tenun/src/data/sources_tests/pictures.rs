//! Pictures: cut short, of formats that are not read, TIFFs, the orientation.

use super::*;

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
    place.put("pages/m.tif", include_bytes!("../golden/pages.tif"));
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
        ("a.jpg", &include_bytes!("../golden/turned.jpg")[..]),
        ("a.png", include_bytes!("../golden/turned.png")),
        ("a.webp", include_bytes!("../golden/turned.webp")),
        ("a.tif", include_bytes!("../golden/turned.tif")),
    ] {
        let place = Place::new();
        place.put(name, bytes);
        let images = read(place.0.path()).unwrap().train;
        assert_eq!(images.images().shape(), Shape::new(1, 32, 16), "{name}");
        let pixels = images.images().pixels();
        assert!(pixels[0] < 10 && pixels[31 * 16] > 245, "{name}");
    }
}

/// A picture whose values have 16 bits.
fn deep(values: [u16; 4]) -> Vec<u8> {
    let image = image::ImageBuffer::<Luma<u16>, _>::from_raw(2, 2, values.to_vec()).unwrap();
    encoded(DynamicImage::ImageLuma16(image), ImageFormat::Png)
}

#[test]
fn twelve_bits_stored_as_sixteen_are_told_among_others_too() {
    let place = Place::new();
    let grey = |value: u8| encoded(GrayImage::from_pixel(2, 2, Luma([value])), ImageFormat::Png);
    for name in ["mixed/1.png", "mixed/2.png"] {
        place.put(name, grey(200));
    }
    place.put("mixed/3.png", deep([0, 100, 4095, 2000]));
    place.put("mixed/4.png", deep([0, 100, 4000, 2000]));
    let found = read(&place.at("mixed")).unwrap();
    assert_eq!(found.train.images().image(2), [0, 0, 16, 8], "they are read as they are");
    let [note] = &found.notes[..] else { panic!("{:?}", found.notes) };
    assert!(
        note.starts_with("2 of 4 images are stored with 16 bits a value, of which the largest is 4095"),
        "{note}"
    );
    assert!(note.contains("3.png") && note.contains("(x / 4095 * 255)"), "{note}");
    // In an archive, alone, and in a test split.
    let files = [("1.png", deep([0, 1023, 5, 7])), ("2.png", deep([9, 9, 9, 9]))];
    let found = read(&place.put("a.zip", zip_of(&files))).unwrap();
    assert_eq!(found.notes.len(), 1);
    assert!(
        found.notes[0].contains("2 of 2 images") && found.notes[0].contains("x / 1023"),
        "{:?}",
        found.notes
    );
    place.put("split/train/1.png", grey(9));
    place.put("split/test/1.png", deep([0, 16000, 0, 0]));
    let notes = read(&place.at("split")).unwrap().notes;
    assert!(notes[1].contains("1 of 1 image is stored") && notes[1].contains("14 bits"), "{notes:?}");
    // All sixteen bits, one black.
    place.put("whole/1.png", deep([0, 65535, 5, 7]));
    place.put("whole/2.png", deep([0, 0, 0, 0]));
    assert!(read(&place.at("whole")).unwrap().notes.is_empty());
}

#[test]
fn the_size_to_bring_all_to_is_the_one_that_most_have() {
    let place = Place::new();
    let square = |side: u32| encoded(GrayImage::from_pixel(side, side, Luma([7])), ImageFormat::Png);
    let sides = [3, 8, 8, 8, 3];
    let files: Vec<(String, Vec<u8>)> =
        sides.iter().enumerate().map(|(at, &side)| (format!("{at}.png"), square(side))).collect();
    files.iter().for_each(|(name, bytes)| drop(place.put(&format!("p/{name}"), bytes)));
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    place.put("a.tar", tar_of(&files));
    for source in ["p", "a.tar"] {
        let said = told(&place.at(source));
        assert!(said.contains("3 of 5 images are 8x8; bring them to one size with `--size 8x8"), "{said}");
    }
    let array = |side: u8, images: u8| {
        let pixels = vec![5; usize::from(side) * usize::from(side) * usize::from(images)];
        npy("|u1", &format!("({images}, {side}, {side})"), &pixels)
    };
    place.put("arrays/x_0.npy", array(8, 1));
    place.put("arrays/x_1.npy", array(9, 4));
    let said = told(&place.at("arrays"));
    assert!(said.contains("4 of 5 images are 9x9"), "{said}");
}

#[test]
fn pictures_are_known_by_their_first_bytes_where_their_names_say_nothing() {
    let place = Place::new();
    place.put("p/one", png(1));
    place.put("p/two.jpg_large", png(2));
    place.put("p/three.dib", encoded(GrayImage::from_pixel(4, 4, Luma([3])), ImageFormat::Bmp));
    place.put("p/LICENSE", "text");
    place.put("p/four.png.part", png(4));
    let found = read(&place.at("p")).unwrap();
    let mut values = firsts(&found.train);
    values.sort_unstable();
    assert_eq!(
        (values, found.ignored.to_string()),
        (vec![1, 2, 3], "1 .part, 1 without extension".to_owned())
    );
    assert!(
        found.notes[0].contains("2 files are images by their content") && found.notes[0].contains("`one`"),
        "{:?}",
        found.notes
    );
}

/// A TIFF of one row of two values, stored as they are.
fn tiff(bits: u16, format: u16, values: &[u8]) -> Vec<u8> {
    let entries: [(u16, u16, u32); 10] = [
        (256, 4, 2),
        (257, 4, 1),
        (258, 3, bits.into()),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, 1),
        (279, 4, values.len() as u32),
        (339, 3, format.into()),
    ];
    let mut file = b"II*\0".to_vec();
    file.extend((8 + values.len() as u32).to_le_bytes());
    file.extend(values);
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file
}

#[test]
fn a_tiff_of_other_numbers_is_told_in_plain_words() {
    let place = Place::new();
    place.put("a.tif", tiff(16, 1, &[0xff, 0xff, 0, 0]));
    assert_eq!(read(place.0.path()).unwrap().train.images().pixels(), [255, 0]);
    for (bits, format, values, part) in [
        (16, 2, &[0; 4][..], "a TIFF of signed whole numbers of 16 bits is not read: save"),
        (32, 1, &[0; 8], "a TIFF of whole numbers of 32 bits is not read: save"),
        (12, 1, &[0; 3], "a TIFF of whole numbers of 12 bits is not read: save"),
    ] {
        place.put("a.tif", tiff(bits, format, values));
        let said = told(place.0.path());
        assert!(said.contains(part) && said.contains("astype('uint8')"), "{said}");
    }
}

#[test]
fn what_a_decoder_says_of_damage_is_called_damage() {
    let place = Place::new();
    let mut bytes = png(7);
    // The kind of filter of the first row, within the compressed pixels, which are stored without a checksum that holds.
    let at = bytes.windows(4).position(|word| word == b"IDAT").unwrap() + 8;
    bytes[at] ^= 0x55;
    place.put("a.png", bytes);
    let said = told(place.0.path());
    assert!(said.contains("the PNG is damaged") || said.contains("the PNG is cut short"), "{said}");
}
