//! [`Canvas`]: shapes and text, measured in units of layout; a unit is [`DENSITY`] pixels.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform,
};

use super::font;
use super::raster::DENSITY;
use super::theme::{Rgb, Theme};
use super::tile::Tile;
use super::{Picture, PictureError};

/// Most pixels a side: over this no viewer shows a picture well.
const MOST: u32 = 16_384;

/// The same in units of layout.
pub(super) const MOST_UNITS: u32 = MOST / DENSITY;

/// Which point of a text is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The form of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Triangle,
    Square,
    Diamond,
}

impl Marker {
    /// The marker of the `cycle`th run through the palette.
    pub(super) fn of_cycle(cycle: usize) -> Self {
        [Self::Circle, Self::Triangle, Self::Square, Self::Diamond][cycle % 4]
    }
}

pub(super) struct Canvas {
    pixmap: Pixmap,
    pub(super) theme: Theme,
    /// Whether an image on it is smaller than it is.
    is_reduced: bool,
}

impl Canvas {
    /// A canvas in the theme's background colour.
    pub(super) fn new(width: f32, height: f32, theme: Theme) -> Result<Self, PictureError> {
        let pixels = |units: f32| (units.max(1.0) * DENSITY as f32).ceil() as u64;
        let (width, height) = (pixels(width), pixels(height));
        let too_large = PictureError::TooLarge { width, height, most: MOST };
        if width.max(height) > u64::from(MOST) {
            return Err(too_large);
        }
        let mut pixmap = Pixmap::new(width as u32, height as u32).ok_or(too_large)?;
        pixmap.fill(opaque(theme.background()));
        Ok(Self { pixmap, theme, is_reduced: false })
    }

    pub(super) fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, color: Rgb) {
        let density = Transform::from_scale(DENSITY as f32, DENSITY as f32);
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            self.pixmap.fill_rect(rect, &paint(color, 1.0), density, None);
        }
    }

    /// A line through `points`; `dash` is the length of dash and gap.
    pub(super) fn line(&mut self, points: &[(f32, f32)], width: f32, color: Rgb, dash: Option<f32>) {
        let mut path = PathBuilder::new();
        for (i, &(x, y)) in points.iter().enumerate() {
            if i == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        let Some(path) = path.finish() else { return };
        let dash = dash.and_then(|length| StrokeDash::new(vec![length, length], 0.0));
        let cap = if dash.is_some() { LineCap::Butt } else { LineCap::Round };
        let stroke = Stroke { width, line_cap: cap, line_join: LineJoin::Round, dash, ..Stroke::default() };
        let density = Transform::from_scale(DENSITY as f32, DENSITY as f32);
        self.pixmap.stroke_path(&path, &paint(color, 1.0), &stroke, density, None);
    }

    /// A marker of about the area of a circle of `radius`.
    pub(super) fn marker(&mut self, marker: Marker, x: f32, y: f32, radius: f32, color: Rgb, alpha: f32) {
        let Some(path) = marker_path(marker, x, y, radius) else { return };
        let density = Transform::from_scale(DENSITY as f32, DENSITY as f32);
        self.pixmap.fill_path(&path, &paint(color, alpha), FillRule::Winding, density, None);
    }

    /// A point with a ring around it, to point it out.
    pub(super) fn ring(&mut self, x: f32, y: f32, color: Rgb) {
        let rings = [(6.5, self.theme.ink()), (5.0, self.theme.background()), (3.2, color)];
        for (radius, color) in rings {
            self.marker(Marker::Circle, x, y, radius, color, 1.0);
        }
    }

    /// One line of text with its baseline at `y`; gives its width.
    pub(super) fn text(
        &mut self,
        text: &str,
        (x, y): (f32, f32),
        size: f32,
        anchor: Anchor,
        color: Rgb,
    ) -> f32 {
        let width = font::width(text, size);
        let start = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        let density = DENSITY as f32;
        let (columns, rows) = (self.pixmap.width() as i32, self.pixmap.height() as i32);
        let data = self.pixmap.data_mut();
        font::draw(text, size * density, start * density, y * density, |column, row, coverage| {
            if (0..columns).contains(&column) && (0..rows).contains(&row) {
                let at = (row * columns + column) as usize * 4;
                for (byte, ink) in data[at..at + 3].iter_mut().zip(color) {
                    let mixed = f32::from(*byte) * (1.0 - coverage) + f32::from(ink) * coverage;
                    *byte = mixed.round() as u8;
                }
            }
        });
        width
    }

    /// An image with its corner at (`x`, `y`), the `pixels` of its tile: no smoothing but what the tile did, so that
    /// what is seen is what is there.
    pub(super) fn tile(&mut self, x: u32, y: u32, tile: Tile, pixels: &[Rgb]) {
        self.is_reduced |= tile.is_reduced();
        let (width, side) = (tile.columns(), tile.zoom());
        let (columns, rows) = (self.pixmap.width(), self.pixmap.height());
        let data = self.pixmap.data_mut();
        for (i, color) in pixels.iter().enumerate() {
            let left = x * DENSITY + (i % width) as u32 * side;
            let top = y * DENSITY + (i / width) as u32 * side;
            for row in top..(top + side).min(rows) {
                for column in left..(left + side).min(columns) {
                    let at = (row * columns + column) as usize * 4;
                    data[at..at + 3].copy_from_slice(color);
                }
            }
        }
    }

    pub(super) fn finish(self) -> Picture {
        // The background is opaque, so every pixel is, and the alpha byte says nothing.
        let rgb = self.pixmap.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
        let (width, height) = (self.pixmap.width(), self.pixmap.height());
        Picture { width, height, rgb, is_reduced: self.is_reduced }
    }
}

fn marker_path(marker: Marker, x: f32, y: f32, radius: f32) -> Option<Path> {
    let polygon = |corners: &[(f32, f32)]| {
        let mut path = PathBuilder::new();
        for (i, (dx, dy)) in corners.iter().enumerate() {
            let (px, py) = (x + dx * radius, y + dy * radius);
            if i == 0 { path.move_to(px, py) } else { path.line_to(px, py) }
        }
        path.close();
        path.finish()
    };
    match marker {
        Marker::Circle => PathBuilder::from_circle(x, y, radius),
        Marker::Triangle => polygon(&[(0.0, -1.3), (1.2, 0.8), (-1.2, 0.8)]),
        Marker::Square => polygon(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        Marker::Diamond => polygon(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
    }
}

fn opaque([r, g, b]: Rgb) -> Color {
    Color::from_rgba8(r, g, b, 255)
}

fn paint([r, g, b]: Rgb, alpha: f32) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, (alpha.clamp(0.0, 1.0) * 255.0).round() as u8);
    paint
}
