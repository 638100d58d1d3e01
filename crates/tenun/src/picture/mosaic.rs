//! Many small images side by side: samples, a plane of codes, walks between images.

use tenun_engine::Shape;

use super::canvas::Canvas;
use super::tile::{Limit, Tile};
use super::{Picture, PictureError, Theme, error};

const MARGIN: u32 = 14;
const GUTTER: u32 = 2;
/// The picture is laid out for a page this wide.
const PAGE: u32 = 880;
/// It is not made higher than this.
const TALLEST: u32 = 6000;
/// Without a zoom asked for, an image is shown at most about this wide.
const WANTED: usize = 84;

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

/// Draws images side by side, row after row: enlarged a whole number of times where there is room, and smaller, each pixel
/// the mean of those it covers, where there is none ([`Picture::is_reduced`]).
///
/// # Errors
/// If there are none, they are not whole, a value is not finite, or the picture would be too large
/// for the zoom asked for.
pub fn mosaic(content: &Mosaic<'_>, theme: Theme) -> Result<Picture, PictureError> {
    let Mosaic { shape, images, columns, zoom } = *content;
    if images.is_empty() || columns == 0 {
        return Err(PictureError::Empty { what: "images to show" });
    }
    let count = images.len() / shape.len().max(1);
    error::length("images", count * shape.len(), images.len())?;
    error::finite("an image", images.iter().map(|&v| f64::from(v)))?;
    let columns = columns.min(count);
    let tile = if zoom > 0 {
        Tile::enlarged(shape.width, shape.height, zoom)
    } else {
        let room = f64::from(PAGE - 2 * MARGIN + GUTTER) / columns as f64 - f64::from(GUTTER);
        let rows = count.div_ceil(columns) as f64;
        // In whole units: what is left of one is lost to rounding up, in every column and row.
        let longest = room.min(f64::from(TALLEST) / rows - f64::from(GUTTER)).floor().max(1.0);
        Tile::new(shape.width, shape.height, WANTED, Limit { side: longest, longest })
    };
    let extent = |side: u32, n: usize| {
        2 * u64::from(MARGIN) + (u64::from(side) + u64::from(GUTTER)) * n as u64 - u64::from(GUTTER)
    };
    let (width, height) = (extent(tile.width(), columns), extent(tile.height(), count.div_ceil(columns)));
    let mut canvas = Canvas::new(width as f32, height as f32, theme)?;
    for (i, image) in images.chunks_exact(shape.len()).enumerate() {
        let values: Vec<f64> = image.iter().map(|&v| f64::from(v).clamp(0.0, 1.0)).collect();
        let place = |i: usize, side: u32| MARGIN + (side + GUTTER) * i as u32;
        let (x, y) = (place(i % columns, tile.width()), place(i / columns, tile.height()));
        canvas.tile(x, y, tile, &tile.image(shape, &values));
    }
    Ok(canvas.finish())
}
