//! Formats that are known and not read: what each is called, and what to do with it.

use std::path::Path;

use super::ending::ending;

/// A format that is not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// What it is, as in "this is …".
    pub(crate) name: &'static str,
    /// What makes it something that is read.
    pub(crate) advice: &'static str,
}

const TO_PNG: &str = "convert it to PNG or JPEG, for example with ImageMagick: `magick NAME NAME.png`";
const TO_NUMPY: &str = "save its pictures with numpy.savez(path, x_train=…, y_train=…)";
const UNPACK: &str = "unpack it, and give the folder; zip and tar are read as they are";
const TO_FRAMES: &str = "save its frames as pictures, for example with `ffmpeg -i a.mp4 frames/%05d.png`";

macro_rules! formats {
    ($($constant:ident: $name:literal, $advice:expr;)*) => {
        $(pub(super) static $constant: Foreign = Foreign { name: $name, advice: $advice };)*
    };
}

formats! {
    HEIC: "a HEIC picture", "convert it to PNG or JPEG, for example with `heif-convert a.heic a.png`";
    AVIF: "an AVIF picture", "convert it to PNG or JPEG, for example with `avifdec a.avif a.png`";
    JXL: "a JPEG XL picture", "convert it to PNG or JPEG, for example with `djxl a.jxl a.png`";
    JP2: "a JPEG 2000 picture", "convert it to PNG or JPEG, for example with `opj_decompress -i a.jp2 -o a.png`";
    PSD: "a Photoshop document", TO_PNG;
    EXR: "an OpenEXR picture", TO_PNG;
    SVG: "an SVG drawing", TO_PNG;
    RAW: "a camera's raw picture", TO_PNG;
    ICO: "an icon", TO_PNG;
    BIG_TIFF: "a BigTIFF picture", TO_PNG;
    LFS: "a pointer of Git LFS, whose file has not been fetched", "fetch it: `git lfs pull`";
    TGA: "a TGA picture", TO_PNG;
    QOI: "a QOI picture", TO_PNG;
    DDS: "a DirectDraw texture", TO_PNG;
    HDR: "a Radiance HDR picture", TO_PNG;
    XCF: "a GIMP image", TO_PNG;
    PCX: "a PCX picture", TO_PNG;
    XPM: "an XPM picture", TO_PNG;
    EPS: "a PostScript drawing", TO_PNG;
    HDF5: "an HDF5 file (MATLAB 7.3, Keras and PyTables write them)",
        "save its pictures with numpy: `numpy.savez(path, x_train=h5py.File(name)['x'][:])`";
    ARROW: "an Arrow file", "save it as Parquet: `datasets.load_from_disk(folder).to_parquet(path)`";
    SQLITE: "an SQLite database", TO_NUMPY;
    RAR: "a RAR archive", UNPACK;
    SEVEN_ZIP: "a 7-Zip archive", UNPACK;
    XZ: "a file compressed by xz", "decompress it first: `xz -dk NAME`";
    BZIP2: "a file compressed by bzip2", "decompress it first: `bzip2 -dk NAME`";
    ZSTD: "a file compressed by Zstandard", "decompress it first: `zstd -dk NAME`";
    PDF: "a PDF document", "save its pages as pictures: `pdftoppm -png a.pdf page`";
    NIFTI: "a NIfTI volume", "save its slices: `numpy.save(path, nibabel.load(name).get_fdata())`, scaled to 0…1";
    DICOM: "a DICOM picture", "save the pixels: `numpy.save(path, pydicom.dcmread(name).pixel_array[None])`, scaled";
    FITS: "a FITS file", TO_NUMPY;
    VIDEO: "a video", TO_FRAMES;
    TORCH: "a PyTorch file", "save the tensor with NumPy: `numpy.save(path, tensor.numpy())`";
    SAFETENSORS: "a safetensors file", TO_NUMPY;
    PICKLE: "a Python pickle, which would have to be executed", TO_NUMPY;
    TFRECORD: "a TFRecord file", TO_NUMPY;
    HTML: "a web page, as a download that failed leaves", "fetch it again";
    JSON: "a JSON file", TO_NUMPY;
    XML: "an XML file", TO_NUMPY;
    OFFICE: "a document or program archive in a zip", TO_NUMPY;
    APPLE: "the metadata that macOS writes beside a file", "leave it out: the picture has the same name without `._`";
}

/// The format that a file begins as; of those that are read, none is named.
pub(crate) fn by_content(start: &[u8]) -> Option<&'static Foreign> {
    let at = |offset: usize, text: &[u8]| start.get(offset..).is_some_and(|rest| rest.starts_with(text));
    let text: Vec<u8> = start.iter().take(256).map(u8::to_ascii_lowercase).collect();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text).trim_ascii_start();
    if at(4, b"ftyp") {
        return Some(match start.get(8..12).unwrap_or_default() {
            b"avif" | b"avis" => &AVIF,
            b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1" => &HEIC,
            _ => &VIDEO,
        });
    }
    let known: [(usize, &[u8], &Foreign); 39] = [
        (0, b"\x00\x00\x00\x0cJXL ", &JXL),
        (0, b"\xff\x0a", &JXL),
        (0, b"\x00\x00\x00\x0cjP  ", &JP2),
        (0, b"\xff\x4f\xff\x51", &JP2),
        (0, b"8BPS", &PSD),
        (0, b"\x76\x2f\x31\x01", &EXR),
        (0, b"\x00\x00\x01\x00\x01", &ICO),
        (0, b"\x00\x05\x16\x07", &APPLE),
        (0, b"\x00\x05\x16\x00", &APPLE),
        (0, b"\x89HDF\r\n\x1a\n", &HDF5),
        (0, b"MATLAB 7.3 MAT-file", &HDF5),
        (0, b"ARROW1", &ARROW),
        (0, b"\xff\xff\xff\xff", &ARROW),
        (0, b"SQLite format 3\0", &SQLITE),
        (0, b"Rar!\x1a\x07", &RAR),
        (0, b"7z\xbc\xaf\x27\x1c", &SEVEN_ZIP),
        (0, b"\xfd7zXZ\0", &XZ),
        (0, b"BZh", &BZIP2),
        (0, b"\x28\xb5\x2f\xfd", &ZSTD),
        (0, b"%PDF", &PDF),
        (344, b"n+1\0", &NIFTI),
        (344, b"ni1\0", &NIFTI),
        (4, b"n+2\0", &NIFTI),
        (128, b"DICM", &DICOM),
        (0, b"SIMPLE  =", &FITS),
        (0, b"\x1aE\xdf\xa3", &VIDEO),
        (8, b"AVI LIST", &VIDEO),
        (0, b"\x00\x00\x01\xba", &VIDEO),
        (0, b"\x00\x00\x01\xb3", &VIDEO),
        (8, b"{\"", &SAFETENSORS),
        (0, b"\x80\x02", &PICKLE),
        (0, b"\x80\x03", &PICKLE),
        (0, b"\x80\x04", &PICKLE),
        (0, b"\x80\x05", &PICKLE),
        (0, b"II\x1a\0\0\0HEAPCCDR", &RAW),
        (0, b"FUJIFILMCCD-RAW", &RAW),
        (0, b"II+\0", &BIG_TIFF),
        (0, b"MM\0+", &BIG_TIFF),
        (0, b"version https://git-lfs", &LFS),
    ];
    if let Some((.., format)) = known.iter().find(|(offset, magic, _)| at(*offset, magic)) {
        return Some(format);
    }
    match text {
        [b'<', ..] if text.windows(4).any(|word| word == b"<svg") => Some(&SVG),
        [b'<', ..] if text.starts_with(b"<!doctype html") || text.windows(5).any(|word| word == b"<html") => {
            Some(&HTML)
        }
        [b'<', b'?', b'x', b'm', b'l', ..] => Some(&XML),
        [b'{' | b'[', ..] if start.is_ascii() => Some(&JSON),
        _ => None,
    }
}

/// The format of pictures, not read, that a name's ending stands for.
pub(crate) fn picture_by_name(path: &Path) -> Option<&'static Foreign> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match &ending[..] {
        "heic" | "heif" | "hif" => &HEIC,
        "avif" => &AVIF,
        "jxl" => &JXL,
        "jp2" | "j2k" | "j2c" | "jpf" | "jpx" => &JP2,
        "psd" => &PSD,
        "exr" => &EXR,
        "svg" => &SVG,
        "ico" => &ICO,
        "dng" | "cr2" | "cr3" | "nef" | "arw" | "orf" | "raf" | "rw2" => &RAW,
        "dcm" => &DICOM,
        "tga" => &TGA,
        "qoi" => &QOI,
        "dds" => &DDS,
        "hdr" => &HDR,
        "xcf" => &XCF,
        "pcx" => &PCX,
        "xpm" => &XPM,
        "eps" => &EPS,
        _ => return None,
    })
}

/// Whether a name's ending is that of a camera's raw pictures.
pub(crate) fn is_raw_name(path: &Path) -> bool {
    picture_by_name(path) == Some(&RAW)
}

/// The format, not read, that a name's ending stands for where the content does not tell.
pub(crate) fn by_name(path: &Path) -> Option<&'static Foreign> {
    Some(match &ending(path)?[..] {
        "nii" | "nii.gz" => &NIFTI,
        "tfrecord" | "tfrecords" => &TFRECORD,
        "h5" | "hdf5" | "keras" => &HDF5,
        "pkl" | "pickle" => &PICKLE,
        "pt" | "pth" => &TORCH,
        "mdb" | "lmdb" | "db" | "sqlite" => &SQLITE,
        "arrow" | "feather" => &ARROW,
        "xlsx" | "docx" | "jar" | "apk" => &OFFICE,
        "mp4" | "mov" | "mkv" | "webm" | "avi" => &VIDEO,
        _ => return picture_by_name(path),
    })
}

/// What a zip archive is that holds neither pictures nor arrays, by the names of its entries.
pub(crate) fn zip_by_entries<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<&'static Foreign> {
    names.find_map(|name| match name {
        "[Content_Types].xml" | "META-INF/MANIFEST.MF" => Some(&OFFICE),
        _ if name.ends_with("/data.pkl") || name == "data.pkl" => Some(&TORCH),
        _ => None,
    })
}
