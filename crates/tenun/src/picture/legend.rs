//! Legends: a row above a chart, or a column beside it.

use super::canvas::{Anchor, Canvas, Marker};
use super::font;
use super::theme::Rgb;

const SIZE: f32 = 12.0;
const ROW: f32 = 19.0;
const GAP: f32 = 20.0;

/// How an entry looks in the chart.
#[derive(Clone, Copy, Debug)]
pub(super) enum Swatch {
    Line { dash: Option<f32> },
    Point(Marker),
    Ring,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) label: String,
    pub(super) color: Rgb,
    pub(super) swatch: Swatch,
}

impl Entry {
    fn swatch_width(&self) -> f32 {
        match self.swatch {
            Swatch::Line { .. } => 26.0,
            Swatch::Point(_) => 16.0,
            Swatch::Ring => 20.0,
        }
    }

    fn draw(&self, canvas: &mut Canvas, x: f32, baseline: f32, label: &str) {
        let middle = baseline - SIZE * 0.36;
        match self.swatch {
            Swatch::Line { dash } => canvas.line(&[(x, middle), (x + 20.0, middle)], 2.0, self.color, dash),
            Swatch::Ring => canvas.ring(x + 7.0, middle, self.color),
            Swatch::Point(marker) => canvas.marker(marker, x + 5.0, middle, 4.5, self.color, 1.0),
        }
        let ink = canvas.theme.ink();
        canvas.text(label, (x + self.swatch_width(), baseline), SIZE, Anchor::Start, ink);
    }
}

/// Draws `entries` in rows from `left`, wrapped at `right`, the first baseline at `baseline`; gives
/// the last baseline.
pub(super) fn rows(canvas: &mut Canvas, entries: &[Entry], left: f32, right: f32, baseline: f32) -> f32 {
    let (mut x, mut y) = (left, baseline);
    for entry in entries {
        let label = font::fit(&entry.label, SIZE, right - left - entry.swatch_width());
        let width = entry.swatch_width() + font::width(&label, SIZE);
        if x > left && x + width > right {
            (x, y) = (left, y + ROW);
        }
        entry.draw(canvas, x, y, &label);
        x += width + GAP;
    }
    y
}

/// The width that a column of `entries` takes, at most `most`.
pub(super) fn column_width(entries: &[Entry], most: f32) -> f32 {
    let widest = entries.iter().map(|e| e.swatch_width() + font::width(&e.label, SIZE)).fold(0.0, f32::max);
    widest.min(most)
}

/// Draws `entries` below each other from (`x`, `top`) in a column of `width`; what does not fit in
/// `height` is counted in a last line.
pub(super) fn column(
    canvas: &mut Canvas,
    entries: &[Entry],
    (x, top): (f32, f32),
    (width, height): (f32, f32),
) {
    let rows = (height / ROW) as usize;
    let shown = if entries.len() > rows { rows.saturating_sub(1) } else { entries.len() };
    let baseline = |row: usize| top + ROW * row as f32 + SIZE;
    for (row, entry) in entries[..shown].iter().enumerate() {
        let label = font::fit(&entry.label, SIZE, width - entry.swatch_width());
        entry.draw(canvas, x, baseline(row), &label);
    }
    if shown < entries.len() {
        let muted = canvas.theme.muted();
        let more = format!("and {} more", entries.len() - shown);
        canvas.text(&more, (x, baseline(shown)), SIZE, Anchor::Start, muted);
    }
}
