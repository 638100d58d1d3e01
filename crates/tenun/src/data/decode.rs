//! One image file to bytes: limits, orientation, transparency, colour and size.

use std::io::{Cursor, Read, Seek};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::fit::to_size;
use super::foreign::{self, Foreign};
use super::reader::{Source, buffered};
use super::tiff::Tiff;
use super::{animated, depth, gif, jpeg};
use crate::file;
use crate::settings::{Colour, Fit};

/// The most bytes that one decoded image may take: 256 MiB, about 89 million RGB pixels. More is taken for a
/// decompression bomb.
pub(crate) const MAX_DECODED_BYTES: u64 = 256 << 20;

/// The most bytes that the file of one image may have.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// One decoded image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// 1 or 3.
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// `[channel][row][column]`.
    pub(crate) planes: Vec<u8>,
    /// Whether a pixel had other than equal red, green and blue, whatever colour was asked for.
    pub(crate) coloured: bool,
    /// How many pictures the file has: pages or frames, of which this is the first.
    pub(crate) pictures: usize,
    /// The largest value of 16 bits, where values have so many.
    pub(crate) deepest: Option<u16>,
}

/// Whether a file's name ends as those of pictures do: of the formats that are read, and of those that are known and are
/// not, which are then named as such and not passed over.
#[must_use]
pub fn is_image_name(path: &Path) -> bool {
    const ENDINGS: [&str; 17] = [
        "png", "apng", "jpg", "jpeg", "jpe", "jfif", "bmp", "dib", "webp", "tif", "tiff", "gif", "pgm",
        "ppm", "pbm", "pnm", "pam",
    ];
    let is_read = path
        .extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)));
    is_read || foreign::picture_by_name(path).is_some()
}

/// Decodes the image at `path`; the format is known by its content, the name does not matter.
///
/// 16-bit and float values are scaled to 8 bits; transparent pixels are laid on white; the orientation that a
/// camera noted (EXIF) is applied; of an animation or a multi-page file the first picture is taken. `size` is
/// (height, width), to which the image is brought as `fit` says; with [`Fit::Error`] it keeps its own.
///
/// Errors: what is wrong with the file, without its name.
pub(crate) fn decode(
    path: &Path,
    size: Option<(usize, usize)>,
    fit: Fit,
    colour: Colour,
) -> Result<Decoded, String> {
    let file = contents(path)?;
    decode_bytes(path, &file, size, fit, colour)
}

/// The bytes of a file, if they are not too many.
pub(crate) fn contents(path: &Path) -> Result<Vec<u8>, String> {
    let words = |error: std::io::Error| error.to_string();
    let mut file = file::open(path).map_err(words)?;
    let length = file.metadata().map_err(words)?.len();
    if length > MAX_FILE_BYTES {
        return Err(format!("the file has {length} bytes, more than the limit of {MAX_FILE_BYTES}"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(words)?;
    Ok(bytes)
}

/// Which format the image is of; what is wrong if it is of none that is read.
fn format_of(path: &Path, file: &[u8]) -> Result<ImageFormat, String> {
    if file.is_empty() {
        return Err("the file is empty".into());
    }
    // What a camera calls raw is a TIFF whose first page is a small preview.
    let is_raw = |tiff: Tiff<'_>| tiff.is_raw() || foreign::is_raw_name(path);
    let raw = Tiff::of(file).is_some_and(is_raw).then_some(&foreign::RAW);
    if let Some(Foreign { name, advice }) = raw.or_else(|| foreign::by_content(file)) {
        return Err(format!("this is {name}, which is not read: {advice}"));
    }
    if let Ok(format) = image::guess_format(file).or_else(|error| match Tiff::of(file) {
        Some(_) => Ok(ImageFormat::Tiff),
        None => Err(error),
    }) {
        return Ok(format);
    }
    if let Some(Foreign { name, advice }) = foreign::picture_by_name(path) {
        return Err(format!("by its name this is {name}, which is not read: {advice}"));
    }
    let start = file[..file.len().min(8)].escape_ascii();
    Err(format!("it begins with `{start}`, as no picture does that is read"))
}

/// As [`decode`], of a file in memory; `path` is what it is called.
pub(crate) fn decode_bytes(
    path: &Path,
    file: &[u8],
    size: Option<(usize, usize)>,
    fit: Fit,
    colour: Colour,
) -> Result<Decoded, String> {
    let format = format_of(path, file)?;
    let mut pictures = match format {
        ImageFormat::Gif => gif::frames(file)?,
        ImageFormat::Png => animated::png_frames(file),
        ImageFormat::WebP => animated::webp_frames(file),
        _ => 1,
    };
    let mut special = None;
    if let Some(tiff) = Tiff::of(file) {
        pictures = tiff.pages();
        special = tiff.picture(MAX_DECODED_BYTES as usize)?;
    }
    let mut source = Cursor::new(file);
    let mut decoder = match special {
        Some(image) => return finish(image, pictures, size, fit, colour),
        None => decoder(&mut source, format).map_err(|error| said(file, format, &error))?,
    };
    // A decoder may overlook the limit; the size it announces is known before anything is allocated.
    let bytes = decoder.total_bytes();
    if bytes > MAX_DECODED_BYTES {
        let (width, height) = decoder.dimensions();
        return Err(format!(
            "{height}x{width} pixels would take {bytes} bytes, more than the limit of {MAX_DECODED_BYTES}"
        ));
    }
    if format == ImageFormat::Jpeg {
        jpeg::whole(file)?;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| said(file, format, &error))?;
    image.apply_orientation(orientation);
    finish(image, pictures, size, fit, colour)
}

/// The picture in the size and colour that were asked for.
fn finish(
    image: DynamicImage,
    pictures: usize,
    size: Option<(usize, usize)>,
    fit: Fit,
    colour: Colour,
) -> Result<Decoded, String> {
    let deepest = depth::largest(&image);
    let mut image = on_white(image);
    if let Some(size) = size {
        image = to_size(image, size, fit)?;
    }
    let coloured = !is_grey(&image);
    let grey = match colour {
        Colour::Grey => true,
        Colour::Rgb => false,
        Colour::Auto => !coloured,
    };
    let (height, width) = (image.height() as usize, image.width() as usize);
    let (channels, planes) =
        if grey { (1, image.into_luma8().into_raw()) } else { (3, planes_of(&image.into_rgb8().into_raw())) };
    Ok(Decoded { channels, height, width, planes, coloured, pictures, deepest })
}

/// What decodes a file of this format.
fn decoder(file: &mut dyn Source, format: ImageFormat) -> Result<impl ImageDecoder + use<'_>, ImageError> {
    let mut reader = ImageReader::with_format(buffered(file), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    reader.into_decoder()
}

/// What is wrong with a file, in plain words where it ends too early: decoders speak of buffers then.
fn said(file: &[u8], format: ImageFormat, error: &ImageError) -> String {
    // What the decoder itself says, without the library's words around it.
    let inner = |error: &dyn std::error::Error| error.source().map(ToString::to_string);
    let decoder_says = match error {
        ImageError::Decoding(error) => inner(error),
        ImageError::Unsupported(error) => inner(error),
        _ => None,
    };
    let kind = error;
    let error = error.to_string();
    let ends = [
        "failed to fill whole buffer",
        "unexpected end of file",
        "Unexpected end of file",
        "UnexpectedEof",
        "Not enough bytes",
    ];
    // A WebP says how long it is.
    let promised = file.get(4..8).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).map(u32::from_le_bytes);
    let is_short = format == ImageFormat::WebP
        && promised.is_some_and(|length| (file.len() as u64) < u64::from(length) + 8);
    let name = format.extensions_str()[0].to_uppercase().replace("JPG", "JPEG");
    if is_short || ends.iter().any(|end| error.contains(end)) {
        return format!("the {name} is cut short: the file ends before the picture does");
    }
    let says = decoder_says.unwrap_or_else(|| error.clone());
    match kind {
        ImageError::Decoding(_) => format!("the {name} is damaged: its decoder says \"{says}\""),
        ImageError::Unsupported(_) => {
            format!("a {name} of a kind that is not read (\"{says}\"): save it as PNG with 8 bits a value")
        }
        _ => error,
    }
}

/// Height and width of the image at `path`, turned as its camera noted, by the beginning of the file; none if that is
/// damaged.
pub(crate) fn size_of(path: &Path) -> Option<(usize, usize)> {
    size_within(file::open(path).ok()?)
}

/// As [`size_of`], of what stands in memory or in a file.
pub(crate) fn size_within(mut source: impl Read + Seek) -> Option<(usize, usize)> {
    let format = ImageReader::new(buffered(&mut source)).with_guessed_format().ok()?.format()?;
    let mut decoder = decoder(&mut source, format).ok()?;
    let (width, height) = decoder.dimensions();
    let is_turned = matches!(
        decoder.orientation(),
        Ok(Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH)
    );
    Some(if is_turned { (width as usize, height as usize) } else { (height as usize, width as usize) })
}

/// The image in 8 bits, grey or RGB, with what is transparent in it laid on white.
fn on_white(image: DynamicImage) -> DynamicImage {
    match (image.color().has_color(), image.color().has_alpha()) {
        (false, false) => DynamicImage::ImageLuma8(image.into_luma8()),
        (true, false) => DynamicImage::ImageRgb8(image.into_rgb8()),
        (false, true) => {
            let flat = image.into_luma_alpha8();
            DynamicImage::ImageLuma8(image::ImageBuffer::from_fn(flat.width(), flat.height(), |x, y| {
                let [value, alpha] = flat.get_pixel(x, y).0;
                image::Luma([on_white_value(value, alpha)])
            }))
        }
        (true, true) => {
            let flat = image.into_rgba8();
            DynamicImage::ImageRgb8(image::ImageBuffer::from_fn(flat.width(), flat.height(), |x, y| {
                let [red, green, blue, alpha] = flat.get_pixel(x, y).0;
                image::Rgb([
                    on_white_value(red, alpha),
                    on_white_value(green, alpha),
                    on_white_value(blue, alpha),
                ])
            }))
        }
    }
}

/// A value seen through `opacity` (255: solid) before white, rounded to the nearest.
pub(crate) fn on_white_value(value: u8, opacity: u8) -> u8 {
    let (value, opacity) = (u32::from(value), u32::from(opacity));
    ((value * opacity + 255 * (255 - opacity) + 127) / 255) as u8
}

/// Whether every pixel has equal red, green and blue.
fn is_grey(image: &DynamicImage) -> bool {
    match image {
        DynamicImage::ImageRgb8(image) => image.pixels().all(|pixel| {
            let [red, green, blue] = pixel.0;
            red == green && green == blue
        }),
        other => !other.color().has_color(),
    }
}

/// `[pixel][3]` to `[3][pixel]`.
pub(crate) fn planes_of(interleaved: &[u8]) -> Vec<u8> {
    (0..3).flat_map(|channel| interleaved.iter().skip(channel).step_by(3).copied()).collect()
}
