//! Grid of originals above their reconstructions.

use tenun_engine::Shape;

use super::canvas::{Anchor, Canvas};
use super::colormap::inferno;
use super::theme::Rgb;
use super::{Picture, PictureError, Theme, error, font};
use crate::data::Images;

const MARGIN: u32 = 14;
const GUTTER: u32 = 4;
const CAPTION: f32 = 11.0;
/// An error of this, in units of the pixel range, has the brightest colour.
const BRIGHTEST_ERROR: f64 = 0.5;
/// Without a zoom asked for, an image is shown about this wide.
const TILE: usize = 84;
/// The grid is laid out for a page this wide.
const PAGE: u32 = 880;

/// What [`reconstruction_grid`] draws.
#[derive(Clone, Copy, Debug)]
pub struct ReconstructionGrid<'a> {
    /// The originals.
    pub images: &'a Images,
    /// Their reconstructions, `[image][channel][row][column]` in `[0, 1]`; values outside are
    /// clipped.
    pub reconstructions: &'a [f32],
    /// Which images to show, in this order.
    pub show: &'a [usize],
    /// A caption for each image shown; none if empty.
    pub captions: &'a [String],
    /// Whether to show |original − reconstruction| as a third row.
    pub difference: bool,
    /// Screen pixels for each pixel, the same both ways; chosen by size if zero.
    pub zoom: u32,
}

/// Draws originals above reconstructions, and below them where and how much they differ.
///
/// Pixels are enlarged a whole number of times and never smoothed. One channel is grey, three are
/// RGB, any other number is shown as the grey mean of its channels. The difference, meant over the
/// channels, is black where there is none and brightest at half the pixel range. More images than a
/// page has room for go on in another band below.
///
/// # Errors
/// If nothing is to be shown, an index or a length does not fit, a value is not finite, or the
/// picture would be too large.
pub fn reconstruction_grid(grid: &ReconstructionGrid<'_>, theme: Theme) -> Result<Picture, PictureError> {
    check(grid)?;
    let shape = grid.images.shape();
    let zoom = if grid.zoom > 0 { grid.zoom } else { (TILE / shape.width.max(shape.height)).max(1) as u32 };
    let mut rows = vec!["original", "reconstruction"];
    if grid.difference {
        rows.push("difference");
    }
    let layout = Layout::new(grid, zoom, &rows)?;
    let mut canvas = Canvas::new(layout.width(), layout.height(grid.show.len()), theme)?;
    for band in 0..layout.bands(grid.show.len()) {
        for (row, name) in rows.iter().enumerate() {
            let middle = layout.top(band, row) as f32 + layout.tile_height as f32 / 2.0;
            let place = ((MARGIN + layout.names) as f32 - 10.0, middle + CAPTION * 0.36);
            canvas.text(name, place, CAPTION, Anchor::End, theme.muted());
        }
    }
    for (slot, &index) in grid.show.iter().enumerate() {
        let (band, column) = (slot / layout.columns, slot % layout.columns);
        let x = layout.left(column);
        let original: Vec<f64> = grid.images.image(index).iter().map(|&b| f64::from(b) / 255.0).collect();
        let output = &grid.reconstructions[index * shape.len()..(index + 1) * shape.len()];
        let output: Vec<f64> = output.iter().map(|&v| f64::from(v).clamp(0.0, 1.0)).collect();
        canvas.raster(x, layout.top(band, 0), shape.width, zoom, &pixels(shape, &original));
        canvas.raster(x, layout.top(band, 1), shape.width, zoom, &pixels(shape, &output));
        if grid.difference {
            let difference = differences(shape, &original, &output);
            canvas.raster(x, layout.top(band, 2), shape.width, zoom, &difference);
        }
        if let Some(caption) = grid.captions.get(slot) {
            let caption = font::fit(caption, CAPTION, layout.tile_width as f32);
            let baseline = layout.top(band, rows.len()) as f32 - GUTTER as f32 + CAPTION + 3.0;
            let middle = x as f32 + layout.tile_width as f32 / 2.0;
            canvas.text(&caption, (middle, baseline), CAPTION, Anchor::Middle, theme.ink());
        }
    }
    Ok(canvas.finish())
}

struct Layout {
    tile_width: u32,
    tile_height: u32,
    /// Width of the rows' names.
    names: u32,
    columns: usize,
    rows: u32,
    caption: u32,
}

impl Layout {
    fn new(grid: &ReconstructionGrid<'_>, zoom: u32, rows: &[&str]) -> Result<Self, PictureError> {
        let shape = grid.images.shape();
        let side = |pixels: usize| {
            let too_large = PictureError::TooLarge {
                width: (shape.width as u64).saturating_mul(zoom.into()),
                height: (shape.height as u64).saturating_mul(zoom.into()),
                most: 8192,
            };
            u32::try_from(pixels)
                .ok()
                .and_then(|p| p.checked_mul(zoom))
                .filter(|&p| p <= 8192)
                .ok_or(too_large)
        };
        let (tile_width, tile_height) = (side(shape.width)?, side(shape.height)?);
        let names = rows.iter().map(|name| font::width(name, CAPTION)).fold(0.0, f32::max).ceil() as u32 + 10;
        let room = PAGE.saturating_sub(2 * MARGIN + names);
        let columns = ((room + GUTTER) / (tile_width + GUTTER)).max(1) as usize;
        let columns = columns.min(grid.show.len());
        let caption = if grid.captions.is_empty() { 0 } else { CAPTION as u32 + 6 };
        Ok(Self { tile_width, tile_height, names, columns, rows: rows.len() as u32, caption })
    }

    fn bands(&self, count: usize) -> usize {
        count.div_ceil(self.columns)
    }

    fn band_height(&self) -> u32 {
        self.rows * (self.tile_height + GUTTER) + self.caption
    }

    fn left(&self, column: usize) -> u32 {
        MARGIN + self.names + column as u32 * (self.tile_width + GUTTER)
    }

    fn top(&self, band: usize, row: usize) -> u32 {
        MARGIN + band as u32 * (self.band_height() + 12) + row as u32 * (self.tile_height + GUTTER)
    }

    fn width(&self) -> f32 {
        (self.left(self.columns) - GUTTER + MARGIN) as f32
    }

    fn height(&self, count: usize) -> f32 {
        let bands = self.bands(count) as u64;
        let height = u64::from(2 * MARGIN) + bands * u64::from(self.band_height() + 12) - 12;
        height as f32
    }
}

fn check(grid: &ReconstructionGrid<'_>) -> Result<(), PictureError> {
    if grid.show.is_empty() {
        return Err(PictureError::Empty { what: "images to show" });
    }
    error::length("reconstructions", grid.images.pixels().len(), grid.reconstructions.len())?;
    if !grid.captions.is_empty() {
        error::length("captions", grid.show.len(), grid.captions.len())?;
    }
    let count = grid.images.len();
    let length = grid.images.shape().len();
    for &index in grid.show {
        if index >= count {
            return Err(PictureError::Index { what: "image", index, count });
        }
        let output = &grid.reconstructions[index * length..(index + 1) * length];
        error::finite("a reconstruction", output.iter().map(|&v| f64::from(v)))?;
    }
    Ok(())
}

/// An image `[channel][row][column]` in `[0, 1]` as colours.
pub(super) fn pixels(shape: Shape, values: &[f64]) -> Vec<Rgb> {
    let area = shape.area();
    let byte = |value: f64| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    (0..area)
        .map(|i| match shape.channels {
            3 => [byte(values[i]), byte(values[area + i]), byte(values[2 * area + i])],
            channels => {
                let sum: f64 = (0..channels).map(|channel| values[channel * area + i]).sum();
                [byte(sum / channels as f64); 3]
            }
        })
        .collect()
}

fn differences(shape: Shape, original: &[f64], output: &[f64]) -> Vec<Rgb> {
    let area = shape.area();
    (0..area)
        .map(|i| {
            let places = (0..shape.channels).map(|channel| channel * area + i);
            let sum: f64 = places.map(|place| (original[place] - output[place]).abs()).sum();
            inferno(sum / shape.channels as f64 / BRIGHTEST_ERROR)
        })
        .collect()
}
