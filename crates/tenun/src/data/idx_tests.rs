use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Two images of 2×3: bytes 0 to 11.
fn two_images() -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3];
    bytes.extend(0..12);
    bytes
}

/// The message of the error that `bytes` give as images, checked to name the file and to hold `parts`.
fn refused(bytes: &[u8], parts: &[&str]) {
    let file = file(bytes);
    let error = read_images(file.path()).unwrap_err();
    let message = error.to_string();
    assert!(message.contains(&file.path().display().to_string()), "{message}");
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
    assert!(error.hint().is_some());
}

#[test]
fn reads_plain_and_gzip_alike_whatever_the_name() {
    for bytes in [two_images(), gzip(&two_images())] {
        let images = read_images(file(&bytes).path()).unwrap();
        assert_eq!((images.len(), images.shape()), (2, Shape::new(1, 2, 3)));
        assert_eq!(images.image(1), [6, 7, 8, 9, 10, 11]);
    }
}

#[test]
fn wrong_magic_is_named_in_hexadecimal() {
    let mut bytes = two_images();
    bytes[0] = 0xde;
    refused(&bytes, &["byte 0 (magic number)", "0x00000803", "0xde000803"]);
    refused(b"hello there, this is text", &["magic", "0x68656c6c"]);
    bytes = two_images();
    bytes[2] = 0x0a;
    refused(&bytes, &["magic", "0x00000a03"]);
    bytes = two_images();
    bytes[3] = 9;
    refused(&bytes, &["magic", "0x00000809"]);
}

#[test]
fn labels_are_not_images_and_images_are_not_labels() {
    let mut labels = Vec::new();
    write_labels(&mut labels, &[3, 1, 2]).unwrap();
    assert_eq!(read_labels(file(&labels).path()).unwrap(), [3, 1, 2]);
    refused(&labels, &["number of axes", "3 or 4", "got 1"]);
    let error = read_labels(file(&two_images()).path()).unwrap_err().to_string();
    assert!(error.contains("0x00000801") && error.contains("0x00000803"), "{error}");
}

#[test]
fn a_count_too_high_or_a_file_cut_short_is_refused() {
    let mut bytes = two_images();
    bytes[7] = 3;
    refused(&bytes, &["byte 4", "18 bytes", "[3, 2, 3]", "room for 12"]);
    refused(&gzip(&bytes), &["byte 28", "18 bytes", "end of the file after 12"]);
    refused(&two_images()[..20], &["12 bytes", "room for 4"]);
    refused(&two_images()[..9], &["byte 9", "lengths of the axes", "end of the file"]);
    refused(&two_images()[..2], &["byte 2 (magic number)"]);
}

#[test]
fn trailing_bytes_are_counted() {
    let mut bytes = two_images();
    bytes.extend([0; 5]);
    refused(&bytes, &["byte 28", "5 trailing bytes"]);
    refused(&gzip(&bytes), &["byte 28", "5 trailing bytes"]);
    bytes = two_images();
    bytes[7] = 1;
    refused(&bytes, &["byte 22", "6 trailing bytes"]);
    // A gzip file with something after its last member.
    let mut bytes = gzip(&two_images());
    bytes.extend(b"junk");
    refused(&bytes, &["gzip stream"]);
}

#[test]
fn a_header_that_asks_for_two_to_the_sixty_allocates_nothing() {
    let mut bytes = vec![0, 0, 8, 3];
    for axis in [1_u32 << 20, 1 << 20, 1 << 20] {
        bytes.extend(axis.to_be_bytes());
    }
    bytes.extend([0; 100]);
    refused(&bytes, &["byte 4", "1152921504606846976 bytes", "room for 100"]);
    refused(&gzip(&bytes), &["1152921504606846976 bytes", "room for at most"]);
    let mut bytes = vec![0, 0, 8, 4];
    bytes.extend([0xff; 16]);
    refused(&bytes, &["more than 2^64", "room for 0"]);
}

#[test]
fn truncated_and_corrupt_gzip() {
    let whole = gzip(&two_images());
    for cut in [2, 5, 12, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        refused(&whole[..cut], &["gzip stream"]);
    }
    refused(&whole[..whole.len() - 4], &["truncated gzip stream"]);
    let mut corrupt = whole.clone();
    let sum = corrupt.len() - 6;
    corrupt[sum] ^= 0xff;
    refused(&corrupt, &["corrupt gzip stream"]);
}

#[test]
fn empty_files_and_empty_arrays() {
    refused(&[], &["byte 0", "an empty file"]);
    refused(&gzip(&[]), &["byte 0", "an empty file"]);
    refused(&[0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3], &["at least one image", "[0, 2, 3]"]);
    refused(&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3], &["at least one pixel", "[2, 0, 3]"]);
}

#[test]
fn a_file_that_is_not_there() {
    let error = read_images(Path::new("nowhere/images")).unwrap_err();
    assert!(error.to_string().starts_with("cannot open nowhere/images"), "{error}");
}

#[test]
fn labels_are_found_beside_their_images() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("t10k-images-idx3-ubyte.gz");
    assert_eq!(labels_beside(&images), None);
    let labels = folder.path().join("t10k-labels-idx1-ubyte");
    std::fs::write(&labels, []).unwrap();
    assert_eq!(labels_beside(&images), Some(labels));
    assert_eq!(labels_beside(&folder.path().join("other")), None);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        channels in 1_usize..4, height in 1_usize..9, width in 1_usize..9, count in 1_usize..6, seed: u8, zip: bool,
    ) {
        let shape = Shape::new(channels, height, width);
        let pixels: Vec<u8> = (0..count * shape.len()).map(|i| (i as u8).wrapping_mul(37) ^ seed).collect();
        // All zeros and ones are taken as black and white.
        prop_assume!(pixels.iter().any(|&value| value > 1));
        let images = Images::new(shape, pixels).unwrap();
        let mut bytes = Vec::new();
        write_images(&mut bytes, &images).unwrap();
        let digest = Hasher::new(&bytes).hex();
        let file = file(&if zip { gzip(&bytes) } else { bytes });
        let array = read_array(file.path()).unwrap();
        prop_assert_eq!(array.sha256(), digest);
        prop_assert_eq!(read_images(file.path()).unwrap(), images);
    }

    #[test]
    fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..64), start in 0_usize..4) {
        let magic: &[u8] = [&[][..], &[0, 0, 8, 3], &[0x1f, 0x8b, 8, 0], &[0, 0, 8, 4, 0, 0]][start];
        bytes.splice(0..0, magic.iter().copied());
        let file = file(&bytes);
        if let Ok(images) = read_images(file.path()) {
            prop_assert!(images.pixels().len() <= bytes.len());
        }
    }
}
