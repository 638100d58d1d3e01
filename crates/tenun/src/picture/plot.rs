//! [`Plot`]: the frame that charts share: titles, axes, ticks, grid lines.

use super::PictureError;
use super::axis::Tick;
use super::canvas::{Anchor, Canvas};
use super::font;
use super::legend::{self, Entry};
use super::theme::Theme;

const TITLE: f32 = 16.0;
const LABEL: f32 = 12.0;
const MARGIN: f32 = 18.0;

/// From numbers to a place along an axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) log: bool,
}

impl Scale {
    /// A linear scale that covers `values` with `padding` (a part of the span) at both ends.
    pub(super) fn around(values: impl Iterator<Item = f64>, padding: f64) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let span = high - low;
        // All values alike, or none: a span that has them in the middle.
        let pad = if span > 0.0 { span * padding } else { high.abs().max(1e-3) * 0.1 };
        if low.is_finite() {
            Self { low: low - pad, high: high + pad, log: false }
        } else {
            Self { low: 0.0, high: 1.0, log: false }
        }
    }

    /// Place of `value` in `[0, 1]` along the axis, if it is in range.
    fn place(self, value: f64) -> f32 {
        let place = if self.log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        place as f32
    }
}

/// What a plot says around its data.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) title: &'a str,
    pub(super) x_title: &'a str,
    pub(super) y_title: &'a str,
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    /// Entries of the legend, and whether they stand in a column on the right.
    pub(super) legend: Vec<Entry>,
    pub(super) legend_right: bool,
}

/// A canvas with a frame, and the rectangle that is left for the data.
pub(super) struct Plot {
    pub(super) canvas: Canvas,
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    x: Scale,
    y: Scale,
}

impl Plot {
    /// Draws titles, grid, ticks and legend.
    pub(super) fn new(frame: &Frame<'_>, theme: Theme) -> Result<Self, PictureError> {
        let mut canvas = Canvas::new(frame.width, frame.height, theme)?;
        let (ink, muted) = (theme.ink(), theme.muted());
        let widest = frame.y_ticks.iter().map(|tick| font::width(&tick.label, LABEL)).fold(0.0, f32::max);
        let left = MARGIN + widest + 8.0;
        let mut right = frame.width - MARGIN;
        let mut baseline = MARGIN + TITLE * 0.85;
        let title = font::fit(frame.title, TITLE, frame.width - 2.0 * MARGIN);
        canvas.text(&title, (MARGIN, baseline), TITLE, Anchor::Start, ink);
        if frame.legend_right {
            let width = legend::column_width(&frame.legend, 190.0);
            right -= width + 22.0;
        } else if !frame.legend.is_empty() {
            baseline = legend::rows(&mut canvas, &frame.legend, MARGIN, right, baseline + 25.0);
        }
        baseline += 26.0;
        let y_title = font::fit(frame.y_title, LABEL, right - MARGIN);
        canvas.text(&y_title, (MARGIN, baseline), LABEL, Anchor::Start, muted);
        let top = baseline + 12.0;
        let bottom = frame.height - MARGIN - 2.0 * LABEL - 12.0;
        if frame.legend_right {
            let place = (right + 22.0, top);
            legend::column(&mut canvas, &frame.legend, place, (frame.width - MARGIN - place.0, bottom - top));
        }
        let mut plot = Self { canvas, left, right, top, bottom, x: frame.x, y: frame.y };
        plot.axes(frame, theme);
        let center = (left + right) / 2.0;
        let x_title = font::fit(frame.x_title, LABEL, right - left);
        plot.canvas.text(&x_title, (center, frame.height - MARGIN), LABEL, Anchor::Middle, muted);
        Ok(plot)
    }

    fn axes(&mut self, frame: &Frame<'_>, theme: Theme) {
        for tick in &frame.y_ticks {
            let y = self.place_y(tick.value);
            self.canvas.line(&[(self.left, y), (self.right, y)], 1.0, theme.grid(), None);
            let place = (self.left - 8.0, y + LABEL * 0.36);
            self.canvas.text(&tick.label, place, LABEL, Anchor::End, theme.muted());
        }
        let mut free_from = f32::NEG_INFINITY;
        for tick in &frame.x_ticks {
            let x = self.place_x(tick.value);
            self.canvas.line(&[(x, self.bottom), (x, self.bottom + 5.0)], 1.0, theme.axis(), None);
            let half = font::width(&tick.label, LABEL) / 2.0;
            if x - half > free_from {
                let place = (x, self.bottom + 7.0 + LABEL);
                self.canvas.text(&tick.label, place, LABEL, Anchor::Middle, theme.muted());
                free_from = x + half + 6.0;
            }
        }
        let base = [(self.left, self.bottom), (self.right, self.bottom)];
        self.canvas.line(&base, 1.0, theme.axis(), None);
    }

    pub(super) fn place_x(&self, value: f64) -> f32 {
        self.left + (self.right - self.left) * self.x.place(value)
    }

    pub(super) fn place_y(&self, value: f64) -> f32 {
        self.bottom - (self.bottom - self.top) * self.y.place(value)
    }

    pub(super) fn place(&self, x: f64, y: f64) -> (f32, f32) {
        (self.place_x(x), self.place_y(y))
    }

    /// Left and right end of the data's rectangle.
    pub(super) fn sides(&self) -> (f32, f32) {
        (self.left, self.right)
    }

    /// Upper and lower end of the data's rectangle.
    pub(super) fn ends(&self) -> (f32, f32) {
        (self.top, self.bottom)
    }
}
