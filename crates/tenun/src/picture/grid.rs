//! Grid of originals above their reconstructions.

use tenun_engine::Shape;

use super::canvas::{Anchor, Canvas, MOST_UNITS};
use super::colormap::inferno;
use super::theme::Rgb;
use super::tile::{Limit, Tile};
use super::{Picture, PictureError, Theme, error, font};
use crate::data::Images;

const MARGIN: u32 = 14;
const GUTTER: u32 = 4;
const CAPTION: f32 = 11.0;
/// An error of this, in units of the pixel range, has the brightest colour.
const BRIGHTEST_ERROR: f64 = 0.5;
/// Without a zoom asked for, an image is shown about this wide.
const TILE: usize = 84;
/// Without a zoom asked for, images are no larger than a square of such a side: the first that makes a grid of a sane
/// height.
const SIDES: [f64; 6] = [150.0, 110.0, 84.0, 56.0, 40.0, 28.0];
/// A sane height.
const TALLEST: u32 = 6000;
/// Room for a caption below an image that is narrower.
const CAPTION_WIDTH: u32 = 42;
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
/// Pixels are enlarged a whole number of times and never smoothed. Images too large for that are shown pixel for pixel,
/// and larger ones smaller, each pixel the mean of those it covers ([`Picture::is_reduced`]). One channel is grey, three
/// are RGB, any other number is shown as the grey mean of its channels. The difference, meant over the channels, is
/// black where there is none and brightest at half the pixel range. More images than a page has room for go on in another
/// band below; the more there are, the smaller they are shown.
///
/// # Errors
/// If nothing is to be shown, an index or a length does not fit, a value is not finite, or the
/// picture would be too large for the zoom asked for.
pub fn reconstruction_grid(grid: &ReconstructionGrid<'_>, theme: Theme) -> Result<Picture, PictureError> {
    check(grid)?;
    let shape = grid.images.shape();
    let mut rows = vec!["original", "reconstruction"];
    if grid.difference {
        rows.push("difference");
    }
    let layout = GridLayout::new(grid, &rows)?;
    let tile = layout.tile;
    let mut canvas = Canvas::new(layout.width(), layout.height(grid.show.len()) as f32, theme)?;
    for band in 0..layout.bands(grid.show.len()) {
        for (row, name) in rows.iter().enumerate() {
            let middle = layout.top(band, row) as f32 + tile.height() as f32 / 2.0;
            let place = ((MARGIN + layout.names) as f32 - 10.0, middle + CAPTION * 0.36);
            canvas.text(name, place, CAPTION, Anchor::End, theme.muted());
        }
    }
    for (slot, &index) in grid.show.iter().enumerate() {
        let (band, column) = (slot / layout.columns, slot % layout.columns);
        let middle = layout.left(column) + layout.cell / 2;
        let x = middle - tile.width().min(layout.cell) / 2;
        let original: Vec<f64> = grid.images.image(index).iter().map(|&b| f64::from(b) / 255.0).collect();
        let output = &grid.reconstructions[index * shape.len()..(index + 1) * shape.len()];
        let output: Vec<f64> = output.iter().map(|&v| f64::from(v).clamp(0.0, 1.0)).collect();
        canvas.tile(x, layout.top(band, 0), tile, &tile.image(shape, &original));
        canvas.tile(x, layout.top(band, 1), tile, &tile.image(shape, &output));
        if grid.difference {
            let difference = tile.map(shape, &differences(shape, &original, &output));
            let colours: Vec<Rgb> = difference.iter().map(|error| inferno(error / BRIGHTEST_ERROR)).collect();
            canvas.tile(x, layout.top(band, 2), tile, &colours);
        }
        if let Some(caption) = grid.captions.get(slot) {
            let caption = font::fit(caption, CAPTION, layout.cell as f32);
            let baseline = layout.top(band, rows.len()) as f32 - GUTTER as f32 + CAPTION + 3.0;
            canvas.text(&caption, (middle as f32, baseline), CAPTION, Anchor::Middle, theme.ink());
        }
    }
    Ok(canvas.finish())
}

/// Where the images of a grid stand, in units of layout.
struct GridLayout {
    tile: Tile,
    /// Width of a column: that of the tile, or of its caption.
    cell: u32,
    /// Width of the rows' names.
    names: u32,
    columns: usize,
    rows: u32,
    caption: u32,
}

impl GridLayout {
    /// The layout with the largest images that make a picture of a sane height.
    fn new(grid: &ReconstructionGrid<'_>, rows: &[&str]) -> Result<Self, PictureError> {
        let shape = grid.images.shape();
        if grid.zoom > 0 {
            let tile = Tile::enlarged(shape.width, shape.height, grid.zoom);
            let (width, height) = (tile.width(), tile.height());
            if width.max(height) > MOST_UNITS {
                return Err(PictureError::TooLarge {
                    width: (shape.width as u64).saturating_mul(grid.zoom.into()),
                    height: (shape.height as u64).saturating_mul(grid.zoom.into()),
                    most: MOST_UNITS,
                });
            }
            return Ok(Self::of(grid, tile, PAGE, rows));
        }
        let tile = |side: f64| {
            let wanted = TILE.min(side as usize);
            Tile::new(shape.width, shape.height, wanted, Limit::square(side))
        };
        // Smaller images first, then a wider page: thousands of images have to go somewhere.
        let on_a_page = SIDES.iter().map(|&side| Self::of(grid, tile(side), PAGE, rows));
        let on_wider_ones =
            (1..=8).map(|times| Self::of(grid, tile(SIDES[SIDES.len() - 1]), times * PAGE, rows));
        let mut layouts = on_a_page.chain(on_wider_ones);
        let fits = |layout: &Self| layout.height(grid.show.len()) <= u64::from(TALLEST);
        let last = Self::of(grid, tile(1.0), MOST_UNITS, rows);
        Ok(layouts.find(fits).unwrap_or(last))
    }

    /// The layout of tiles on a page of this width.
    fn of(grid: &ReconstructionGrid<'_>, tile: Tile, page: u32, rows: &[&str]) -> Self {
        let names = rows.iter().map(|name| font::width(name, CAPTION)).fold(0.0, f32::max).ceil() as u32 + 10;
        let room = page.saturating_sub(2 * MARGIN + names);
        let cell = if grid.captions.is_empty() { tile.width() } else { tile.width().max(CAPTION_WIDTH) };
        let columns = (((room + GUTTER) / (cell + GUTTER)).max(1) as usize).min(grid.show.len());
        let caption = if grid.captions.is_empty() { 0 } else { CAPTION as u32 + 6 };
        Self { tile, cell, names, columns, rows: rows.len() as u32, caption }
    }

    fn bands(&self, count: usize) -> usize {
        count.div_ceil(self.columns)
    }

    fn band_height(&self) -> u32 {
        self.rows * (self.tile.height() + GUTTER) + self.caption
    }

    fn left(&self, column: usize) -> u32 {
        MARGIN + self.names + column as u32 * (self.cell + GUTTER)
    }

    fn top(&self, band: usize, row: usize) -> u32 {
        MARGIN + band as u32 * (self.band_height() + 12) + row as u32 * (self.tile.height() + GUTTER)
    }

    fn width(&self) -> f32 {
        (self.left(self.columns) - GUTTER + MARGIN) as f32
    }

    fn height(&self, count: usize) -> u64 {
        let bands = self.bands(count) as u64;
        u64::from(2 * MARGIN) + bands * u64::from(self.band_height() + 12) - 12
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

/// |original − output| of every pixel, meant over the channels: `[row][column]`.
fn differences(shape: Shape, original: &[f64], output: &[f64]) -> Vec<f64> {
    let area = shape.area();
    (0..area)
        .map(|i| {
            let places = (0..shape.channels).map(|channel| channel * area + i);
            let sum: f64 = places.map(|place| (original[place] - output[place]).abs()).sum();
            sum / shape.channels as f64
        })
        .collect()
}
