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
