//! One image file to bytes: limits, orientation, transparency, colour and size.

use std::path::Path;

use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use crate::settings::{Colour, Fit};

/// The most bytes that one decoded image may take: 256 MiB, about 89 million RGB pixels. More is taken for a
/// decompression bomb.
pub(crate) const MAX_DECODED_BYTES: u64 = 256 << 20;

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
}

/// Whether a file's name ends as those of the formats do that are read.
#[must_use]
pub fn is_image_name(path: &Path) -> bool {
    const ENDINGS: [&str; 9] = ["png", "jpg", "jpeg", "jfif", "bmp", "webp", "tif", "tiff", "gif"];
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
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
    let mut decoder = decoder(path)?;
    // A decoder may overlook the limit; the size it announces is known before anything is allocated.
    let bytes = decoder.total_bytes();
    if bytes > MAX_DECODED_BYTES {
        let (width, height) = decoder.dimensions();
        return Err(format!(
            "{height}x{width} pixels would take {bytes} bytes, more than the limit of {MAX_DECODED_BYTES}"
        ));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(|error| error.to_string())?;
    let mut image = on_white(image);
    image.apply_orientation(orientation);
    if let Some((height, width)) = size
        && (image.height() as usize, image.width() as usize) != (height, width)
    {
        let (width, height) = (width as u32, height as u32);
        image = match fit {
            Fit::Error => image,
            // Triangle is bilinear that averages when it shrinks, and never rings as sharper filters do.
            Fit::Resize => image.resize_exact(width, height, FilterType::Triangle),
            Fit::Crop => image.resize_to_fill(width, height, FilterType::Triangle),
        };
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
    Ok(Decoded { channels, height, width, planes, coloured })
}

/// What decodes the file, by its content.
fn decoder(path: &Path) -> Result<impl ImageDecoder, String> {
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| error.to_string())
}

/// Height and width of the image at `path`, turned as its camera noted, by the beginning of the file; none if that is
/// damaged.
pub(crate) fn size_of(path: &Path) -> Option<(usize, usize)> {
    let mut decoder = decoder(path).ok()?;
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
