//! Every row of `docs/data.md`: a source as people have it, and the right values, or what is said.

mod archives;
mod arrays;
mod distrust;
mod lists;
mod pictures;
mod tables;

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage, ImageFormat, Luma, RgbImage};
use tenun_engine::Shape;

use super::named::SearchPaths;
use super::*;

const PARQUET: &[u8] = include_bytes!("../golden/train-00000-of-00001.parquet");
const PALETTE: &[u8] = include_bytes!("../golden/palette.tif");
const FLOAT: &[u8] = include_bytes!("../golden/float.tif");

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
