//! [`Picture`]: a finished picture.

use image::ExtendedColorType;
use image::ImageEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use super::PictureError;

/// Pixels of a picture for each unit of layout: screens of phones and of most laptops have two.
pub(super) const DENSITY: u32 = 2;

/// A finished picture: RGB, a byte a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) rgb: Vec<u8>,
    pub(super) is_reduced: bool,
}

impl Picture {
    /// Width in pixels; twice the width at which it is meant to be shown.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels; twice the height at which it is meant to be shown.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Whether images in it have fewer pixels than they are made of: each is the mean of those it covers.
    #[must_use]
    pub fn is_reduced(&self) -> bool {
        self.is_reduced
    }

    /// The bytes, `[row][column][red, green, blue]`.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// [`PictureError::Encode`] if the encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        let mut png = Vec::new();
        PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::NoFilter)
            .write_image(&self.rgb, self.width, self.height, ExtendedColorType::Rgb8)
            .map_err(|error| PictureError::Encode(error.to_string()))?;
        Ok(png)
    }
}
