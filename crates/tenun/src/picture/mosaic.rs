//! Many small images side by side: samples, a plane of codes, walks between images.

use tenun_engine::Shape;

use super::canvas::Canvas;
use super::{Picture, PictureError, Theme, error, grid};

const MARGIN: u32 = 14;
const GUTTER: u32 = 2;
/// The picture is laid out for a page this wide.
const PAGE: u32 = 880;

/// What [`mosaic`] draws.
#[derive(Clone, Copy, Debug)]
pub struct Mosaic<'a> {
    /// The shape of every image.
    pub shape: Shape,
    /// The images, `[image][channel][row][column]` in `[0, 1]`; values outside are clipped.
    pub images: &'a [f32],
    /// Images in a row: at least 1.
    pub columns: usize,
    /// Screen pixels for each pixel; chosen by the room of a page if zero.
    pub zoom: u32,
}

/// Draws images side by side, row after row.
///
/// # Errors
/// If there are none, they are not whole, a value is not finite, or the picture would be too large.
pub fn mosaic(content: &Mosaic<'_>, theme: Theme) -> Result<Picture, PictureError> {
    let Mosaic { shape, images, columns, zoom } = *content;
    if images.is_empty() || columns == 0 {
        return Err(PictureError::Empty { what: "images to show" });
    }
    let count = images.len() / shape.len();
    error::length("images", count * shape.len(), images.len())?;
    error::finite("an image", images.iter().map(|&v| f64::from(v)))?;
    let columns = columns.min(count);
    let room = (PAGE - 2 * MARGIN) / u32::try_from(columns).unwrap_or(u32::MAX);
    let fitting = room.saturating_sub(GUTTER) / u32::try_from(shape.width).unwrap_or(u32::MAX);
    let zoom = if zoom > 0 { zoom } else { fitting.clamp(1, 4) };
    let step = |pixels: usize| pixels as u64 * u64::from(zoom) + u64::from(GUTTER);
    let extent =
        |pixels: usize, n: usize| 2 * u64::from(MARGIN) + step(pixels) * n as u64 - u64::from(GUTTER);
    let (width, height) = (extent(shape.width, columns), extent(shape.height, count.div_ceil(columns)));
    let mut canvas = Canvas::new(width as f32, height as f32, theme)?;
    for (i, image) in images.chunks_exact(shape.len()).enumerate() {
        let values: Vec<f64> = image.iter().map(|&v| f64::from(v)).collect();
        let place = |i: usize, pixels: usize| MARGIN + (step(pixels) * i as u64) as u32;
        let (x, y) = (place(i % columns, shape.width), place(i / columns, shape.height));
        canvas.raster(x, y, shape.width, zoom, &grid::pixels(shape, &values));
    }
    Ok(canvas.finish())
}
