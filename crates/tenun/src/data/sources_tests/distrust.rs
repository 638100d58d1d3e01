//! What is not read, what claims too much, names that would forge a line.

use super::*;

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
        ("a.nii.gz", gzip(&[&[0; 344][..], b"n+1\0"].concat()), "a NIfTI volume, compressed by gzip"),
        ("a.npy.gz", gzip(&npy("|u1", "(1, 2, 2)", &[1; 4])), "gzip -dk NAME"),
        (
            "a.gz",
            gzip(b"hello hello"),
            "byte 0: expected an IDX file, a CSV of pixels or a tar archive, got `hello he`",
        ),
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
    let mut many = include_bytes!("../golden/many_rows.parquet").to_vec();
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
