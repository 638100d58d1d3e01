//! Feature maps of one image on its way through a network.

use tenun_engine::Shape;

use super::canvas::{Anchor, Canvas};
use super::colormap::viridis;
use super::grid::pixels;
use super::theme::Rgb;
use super::{Picture, PictureError, Theme, error, font};

const MARGIN: u32 = 16;
const GUTTER: u32 = 4;
const NAME: f32 = 13.0;
const PAGE: u32 = 880;
/// Maps are shown about this wide: small enough that 32 of them are three rows, not ten.
const TILE: usize = 58;
/// The input is shown about this wide.
const INPUT: usize = 112;
/// More maps than this are counted and not shown.
const MOST: usize = 64;

/// The output of one layer for one image.
#[derive(Clone, Copy, Debug)]
pub struct FeatureLayer<'a> {
    /// The layer's name, such as `encoder.conv1`.
    pub name: &'a str,
    /// Shape of its output.
    pub shape: Shape,
    /// Its output, `[channel][row][column]`.
    pub values: &'a [f32],
}

/// Draws the feature maps of one image, layer by layer.
///
/// Each map is scaled from its own least value (dark violet) to its greatest (yellow), so brightness
/// is not comparable between maps; a map that is constant, as that of a dead filter, is dark. The
/// numbers of a vector, which are one pixel each, share one scale. At most 64 maps a layer are shown.
///
/// # Errors
/// If there is no layer, a length does not match its shape, or a value is not finite.
pub fn feature_maps(
    (shape, image): (Shape, &[u8]),
    layers: &[FeatureLayer<'_>],
    theme: Theme,
) -> Result<Picture, PictureError> {
    if layers.is_empty() {
        return Err(PictureError::Empty { what: "layers" });
    }
    error::length("the input image", shape.len(), image.len())?;
    if shape.is_empty() {
        return Err(PictureError::Empty { what: "pixels of the input image" });
    }
    let mut strips = vec![Strip::input(shape, image)];
    for layer in layers {
        strips.push(Strip::layer(layer)?);
    }
    let width = strips.iter().map(Strip::width).fold(420, u32::max) + 2 * MARGIN;
    let height = strips.iter().map(Strip::height).sum::<u32>() + MARGIN;
    let mut canvas = Canvas::new(width as f32, height as f32, theme)?;
    let mut top = MARGIN;
    for strip in &strips {
        strip.draw(&mut canvas, top);
        top += strip.height();
    }
    Ok(canvas.finish())
}

/// The tiles of one layer below its name.
struct Strip {
    name: String,
    note: String,
    tiles: Vec<Vec<Rgb>>,
    columns: usize,
    rows: usize,
    zoom: u32,
}

impl Strip {
    fn input(shape: Shape, image: &[u8]) -> Self {
        let values: Vec<f64> = image.iter().map(|&byte| f64::from(byte) / 255.0).collect();
        Self {
            name: "input".into(),
            note: shape.to_string(),
            tiles: vec![pixels(shape, &values)],
            columns: shape.width,
            rows: shape.height,
            zoom: (INPUT / shape.width.max(shape.height)).max(1) as u32,
        }
    }

    fn layer(layer: &FeatureLayer<'_>) -> Result<Self, PictureError> {
        let shape = layer.shape;
        error::length("a feature map", shape.len(), layer.values.len())?;
        if shape.is_empty() {
            return Err(PictureError::Empty { what: "feature maps" });
        }
        error::finite("a feature map", layer.values.iter().map(|&v| f64::from(v)))?;
        let mut note = shape.to_string();
        let zoom = |columns: usize, rows: usize| (TILE / columns.max(rows)).max(1) as u32;
        if shape.is_vector() {
            note.push_str(if shape.channels == 1 { " number" } else { " numbers, one scale" });
            let columns = shape.channels.min(64);
            let mut tile = scaled(layer.values);
            tile.resize(shape.channels.next_multiple_of(columns), [128; 3]);
            let rows = tile.len() / columns;
            let name = layer.name.to_owned();
            return Ok(Self { name, note, tiles: vec![tile], columns, rows, zoom: 12 });
        }
        let maps = || layer.values.chunks_exact(shape.area());
        let constant = maps().filter(|map| map.iter().all(|&value| value == map[0])).count();
        if constant > 0 {
            note.push_str(&format!(", {constant} constant"));
        }
        if shape.channels > MOST {
            note.push_str(&format!(", the first {MOST} shown"));
        }
        Ok(Self {
            name: layer.name.to_owned(),
            note,
            tiles: maps().take(MOST).map(scaled).collect(),
            columns: shape.width,
            rows: shape.height,
            zoom: zoom(shape.width, shape.height),
        })
    }

    fn tile_width(&self) -> u32 {
        self.columns as u32 * self.zoom
    }

    fn tile_height(&self) -> u32 {
        self.rows as u32 * self.zoom
    }

    fn per_row(&self) -> usize {
        let fit = ((PAGE - 2 * MARGIN + GUTTER) / (self.tile_width() + GUTTER)).max(1) as usize;
        let tiles = self.tiles.len();
        // Full rows read like a table: a number that divides the tiles, unless it halves the width.
        let even = (1..=fit.min(tiles)).rev().find(|&per_row| tiles.is_multiple_of(per_row)).unwrap_or(1);
        if even * 2 > fit.min(tiles) { even } else { tiles.div_ceil(tiles.div_ceil(fit)) }
    }

    fn width(&self) -> u32 {
        self.per_row() as u32 * (self.tile_width() + GUTTER) - GUTTER
    }

    fn height(&self) -> u32 {
        let rows = self.tiles.len().div_ceil(self.per_row()) as u32;
        NAME as u32 + 8 + rows * (self.tile_height() + GUTTER) + 14
    }

    fn draw(&self, canvas: &mut Canvas, top: u32) {
        let baseline = top as f32 + NAME * 0.85;
        let (ink, muted) = (canvas.theme.ink(), canvas.theme.muted());
        let name = font::fit(&self.name, NAME, 300.0);
        let width = canvas.text(&name, (MARGIN as f32, baseline), NAME, Anchor::Start, ink);
        canvas.text(&self.note, (MARGIN as f32 + width + 10.0, baseline), NAME - 1.0, Anchor::Start, muted);
        for (i, tile) in self.tiles.iter().enumerate() {
            let x = MARGIN + (i % self.per_row()) as u32 * (self.tile_width() + GUTTER);
            let y = top + NAME as u32 + 8 + (i / self.per_row()) as u32 * (self.tile_height() + GUTTER);
            canvas.raster(x, y, self.columns, self.zoom, tile);
        }
    }
}

/// Values from their least to their greatest as colours; all the darkest if they are the same.
fn scaled(values: &[f32]) -> Vec<Rgb> {
    let (low, high) =
        values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let span = f64::from(high) - f64::from(low);
    let place = |value: f32| if span > 0.0 { (f64::from(value) - f64::from(low)) / span } else { 0.0 };
    values.iter().map(|&value| viridis(place(value))).collect()
}
