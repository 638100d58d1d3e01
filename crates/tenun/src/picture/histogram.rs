//! Histogram of a metric over the images.

use super::axis::linear_ticks;
use super::palette::color;
use super::plot::{Frame, Plot, Scale};
use super::{Picture, PictureError, Theme, error};

/// What [`histogram`] draws.
#[derive(Clone, Copy, Debug, Default)]
pub struct Histogram<'a> {
    /// Title above the chart.
    pub title: &'a str,
    /// The metric and its unit.
    pub x_title: &'a str,
    /// The metric, `[image]`.
    pub values: &'a [f64],
}

/// Draws the distribution of a metric over the images: bars of equal width, about as many as the square
/// root of the number of images, at most 60.
///
/// # Errors
/// If there is no value, or one is not finite.
pub fn histogram(histogram: &Histogram<'_>, theme: Theme) -> Result<Picture, PictureError> {
    let values = histogram.values;
    if values.is_empty() {
        return Err(PictureError::Empty { what: "values of the histogram" });
    }
    error::finite("the histogram", values.iter().copied())?;
    let x = Scale::around(values.iter().copied(), 0.0);
    let bars = ((values.len() as f64).sqrt().ceil() as usize).clamp(1, 60);
    let mut counts = vec![0_usize; bars];
    for value in values {
        let bar = ((value - x.low) / (x.high - x.low) * bars as f64) as usize;
        counts[bar.min(bars - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1) as f64;
    let y = Scale { low: 0.0, high: most * 1.05, log: false };
    let mut plot = Plot::new(
        &Frame {
            width: 860.0,
            height: 320.0,
            title: histogram.title,
            x_title: histogram.x_title,
            y_title: "images",
            x_ticks: linear_ticks(x.low, x.high, 8),
            y_ticks: linear_ticks(0.0, y.high, 4).into_iter().filter(|t| t.value.fract() == 0.0).collect(),
            x,
            y,
            legend: Vec::new(),
            legend_right: false,
        },
        theme,
    )?;
    let (left, right) = plot.sides();
    let (_, bottom) = plot.ends();
    let width = (right - left) / bars as f32;
    for (bar, &count) in counts.iter().enumerate() {
        let top = plot.place_y(count as f64);
        let side = left + width * bar as f32;
        plot.canvas.rect(side, top, width - 1.0, bottom - top, color(0, theme));
    }
    Ok(plot.canvas.finish())
}
