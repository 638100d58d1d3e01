//! Feature maps of one image on its way through a network.

use tenun_engine::Shape;

use super::canvas::{Anchor, Canvas};
use super::colormap::viridis;
use super::theme::Rgb;
use super::tile::{Limit, Tile};
use super::{Picture, PictureError, Theme, error, font};
use crate::text::{counted, thousands};

const MARGIN: u32 = 16;
const GUTTER: u32 = 4;
const NAME: f32 = 13.0;
const PAGE: u32 = 880;
/// Maps are shown about this wide: small enough that 32 of them are three rows, not ten.
const TILE: usize = 58;
/// The input is shown about this wide.
const INPUT: usize = 112;
/// Maps shown of a layer, at most: the first number with which the picture has a sane height.
const SHOWN: [usize; 4] = [64, 32, 16, 8];
/// A sane height.
const TALLEST: u32 = 4000;
/// A longer name is cut.
const NAME_WIDTH: f32 = 300.0;
/// The numbers of a vector are squares of one of these sides, in an area of that width and at most that height.
const NUMBERS: [usize; 4] = [12, 6, 3, 1];
const NUMBERS_WIDTH: usize = 768;
const NUMBERS_HEIGHT: usize = 384;

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
/// numbers of a vector, which are one pixel each, share one scale. At most 64 maps a layer are shown, and fewer where the
/// picture would be too high. Large maps are shown smaller, each pixel the mean of those it covers
/// ([`Picture::is_reduced`]).
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
    let height =
        |strips: &[Strip<'_>], most: usize| strips.iter().map(|strip| strip.height(most)).sum::<u32>();
    // Deep networks of large images: fewer maps of every layer, and at last fewer layers.
    let most =
        SHOWN.into_iter().find(|&most| height(&strips, most) <= TALLEST).unwrap_or(SHOWN[SHOWN.len() - 1]);
    while strips.len() > 2 && height(&strips, most) > TALLEST {
        strips.pop();
    }
    let further = layers.len() + 1 - strips.len();
    let end = if further > 0 { NAME as u32 + 8 } else { 0 };
    let width = strips.iter().map(|strip| strip.width(most)).fold(420, u32::max) + 2 * MARGIN;
    let mut canvas = Canvas::new(width as f32, (height(&strips, most) + MARGIN + end) as f32, theme)?;
    let mut top = MARGIN;
    for strip in &strips {
        strip.draw(&mut canvas, top, most);
        top += strip.height(most);
    }
    if further > 0 {
        let text = format!("and {}", counted(further, "further layer"));
        canvas.text(&text, (MARGIN as f32, top as f32 + NAME * 0.85), NAME, Anchor::Start, theme.muted());
    }
    Ok(canvas.finish())
}

/// The maps of one layer below its name.
struct Strip<'a> {
    name: String,
    note: String,
    tile: Tile,
    /// How many maps may be shown, and how many there are.
    maps: usize,
    count: usize,
    /// The colours of a map, made when it is drawn: those of all layers together would be large.
    colours: Box<dyn Fn(usize) -> Vec<Rgb> + 'a>,
}

impl<'a> Strip<'a> {
    fn input(shape: Shape, image: &'a [u8]) -> Self {
        let tile = Tile::new(shape.width, shape.height, INPUT, Limit::square(2.0 * INPUT as f64));
        let colours = move |_| {
            let values: Vec<f64> = image.iter().map(|&byte| f64::from(byte) / 255.0).collect();
            tile.image(shape, &values)
        };
        let (name, note) = ("input".into(), shape.to_string());
        Self { name, note, tile, maps: 1, count: 1, colours: Box::new(colours) }
    }

    fn layer(layer: &FeatureLayer<'a>) -> Result<Self, PictureError> {
        let FeatureLayer { name, shape, values } = *layer;
        error::length("a feature map", shape.len(), values.len())?;
        if shape.is_empty() {
            return Err(PictureError::Empty { what: "feature maps" });
        }
        error::finite("a feature map", values.iter().map(|&v| f64::from(v)))?;
        if shape.is_vector() {
            return Ok(Self::vector(name, values));
        }
        let mut note = shape.to_string();
        let constant =
            values.chunks_exact(shape.area()).filter(|map| map.iter().all(|&value| value == map[0])).count();
        if constant > 0 {
            note.push_str(&format!(", {constant} constant"));
        }
        let tile = Tile::new(shape.width, shape.height, TILE, Limit::square(2.0 * TILE as f64));
        let colours = move |map: usize| {
            let map = &values[map * shape.area()..(map + 1) * shape.area()];
            let map: Vec<f64> = map.iter().map(|&v| f64::from(v)).collect();
            scaled(&tile.map(shape, &map))
        };
        let maps = shape.channels.min(SHOWN[0]);
        Ok(Self { name: name.into(), note, tile, maps, count: shape.channels, colours: Box::new(colours) })
    }

    /// A vector as one map: squares in rows, the smaller the more there are.
    fn vector(name: &str, values: &'a [f32]) -> Self {
        let length = values.len();
        let fits = |zoom: &usize| length.div_ceil(NUMBERS_WIDTH / zoom) * zoom <= NUMBERS_HEIGHT;
        let zoom = NUMBERS.into_iter().find(fits).unwrap_or(NUMBERS[NUMBERS.len() - 1]);
        let columns = (NUMBERS_WIDTH / zoom).min(length);
        let shown = length.min(columns * (NUMBERS_HEIGHT / zoom));
        let mut note = counted(length, "unit");
        if length > 1 {
            note.push_str(", one scale");
        }
        if shown < length {
            note.push_str(&format!(", the first {} shown", thousands(shown as u64)));
        }
        let colours = move |_| {
            let values: Vec<f64> = values[..shown].iter().map(|&v| f64::from(v)).collect();
            let mut map = scaled(&values);
            map.resize(shown.next_multiple_of(columns), [128; 3]);
            map
        };
        let tile = Tile::enlarged(columns, shown.div_ceil(columns), zoom as u32);
        Self { name: name.into(), note, tile, maps: 1, count: 1, colours: Box::new(colours) }
    }

    /// Maps in a row where `most` are shown.
    fn per_row(&self, most: usize) -> usize {
        let fit = ((PAGE - 2 * MARGIN + GUTTER) / (self.tile.width() + GUTTER)).max(1) as usize;
        let maps = self.maps.min(most);
        // Full rows read like a table: a number that divides the maps, unless it halves the width.
        let even = (1..=fit.min(maps)).rev().find(|&per_row| maps.is_multiple_of(per_row)).unwrap_or(1);
        if even * 2 > fit.min(maps) { even } else { maps.div_ceil(maps.div_ceil(fit)) }
    }

    /// What is said beside the name.
    fn note(&self, most: usize) -> String {
        let shown = self.maps.min(most);
        let few = if shown < self.count { format!(", the first {shown} shown") } else { String::new() };
        format!("{}{few}", self.note)
    }

    fn width(&self, most: usize) -> u32 {
        let text = font::width(&self.name, NAME).min(NAME_WIDTH) + 10.0;
        let text = text + font::width(&self.note(most), NAME - 1.0);
        (self.per_row(most) as u32 * (self.tile.width() + GUTTER) - GUTTER).max(text.ceil() as u32)
    }

    fn height(&self, most: usize) -> u32 {
        let rows = self.maps.min(most).div_ceil(self.per_row(most)) as u32;
        NAME as u32 + 8 + rows * (self.tile.height() + GUTTER) + 14
    }

    fn draw(&self, canvas: &mut Canvas, top: u32, most: usize) {
        let baseline = top as f32 + NAME * 0.85;
        let (ink, muted) = (canvas.theme.ink(), canvas.theme.muted());
        let name = font::fit(&self.name, NAME, NAME_WIDTH);
        let width = canvas.text(&name, (MARGIN as f32, baseline), NAME, Anchor::Start, ink);
        let place = (MARGIN as f32 + width + 10.0, baseline);
        canvas.text(&self.note(most), place, NAME - 1.0, Anchor::Start, muted);
        let per_row = self.per_row(most);
        for i in 0..self.maps.min(most) {
            let x = MARGIN + (i % per_row) as u32 * (self.tile.width() + GUTTER);
            let y = top + NAME as u32 + 8 + (i / per_row) as u32 * (self.tile.height() + GUTTER);
            canvas.tile(x, y, self.tile, &(self.colours)(i));
        }
    }
}

/// Values from their least to their greatest as colours; all the darkest if they are the same.
fn scaled(values: &[f64]) -> Vec<Rgb> {
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let span = high - low;
    let place = |value: f64| if span > 0.0 { (value - low) / span } else { 0.0 };
    values.iter().map(|&value| viridis(place(value))).collect()
}
