//! Means with error bars, against one quantity: what a sweep found.

use super::axis::{Tick, linear_ticks, log_ticks, short};
use super::canvas::Marker;
use super::legend::{Entry, Swatch};
use super::palette::{COLORS, color};
use super::plot::{Frame, Plot, Scale};
use super::theme::Rgb;
use super::{Picture, PictureError, Theme, error, font};

/// Half the width of the bar's ends.
const CAP: f32 = 4.0;

/// Up to this many values each has its own tick.
const TICKS: usize = 12;

/// A word below the axis is cut at this width.
const LABEL: f32 = 120.0;

/// Series beyond this stand in a column beside the chart.
const ROWS: usize = 4;

/// A mean, and how far its values lie from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Where it stands.
    pub x: f64,
    /// The mean.
    pub mean: f64,
    /// The length of the error bar, upwards and downwards; 0 for none.
    pub spread: f64,
}

/// A curve to compare with, dashed.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// What it is.
    pub label: &'a str,
    /// Its points, `(x, y)`, x rising.
    pub points: &'a [(f64, f64)],
}

/// A point that is pointed out.
#[derive(Clone, Debug, PartialEq)]
pub struct Callout {
    /// Where it stands.
    pub x: f64,
    /// Its value.
    pub y: f64,
    /// What the legend says of it.
    pub label: String,
}

/// What [`error_bars`] draws.
#[derive(Clone, Debug, Default)]
pub struct ErrorBars<'a> {
    /// Title above the chart.
    pub title: &'a str,
    /// The quantity along the horizontal axis.
    pub x_title: &'a str,
    /// The quantity measured, with its unit.
    pub y_title: &'a str,
    /// Names, and the points of each, x rising.
    pub series: &'a [(String, Vec<Measured>)],
    /// Whether the points of a series are joined.
    pub lines: bool,
    /// Where x is a place in a list of words: these.
    pub words: &'a [String],
    /// A curve to compare with.
    pub reference: Option<Reference<'a>>,
    /// The least value that there can be: a dashed line.
    pub floor: Option<f64>,
    /// The best point: a ring.
    pub best: Option<Callout>,
    /// The elbow: a diamond on a line down to the axis.
    pub elbow: Option<Callout>,
    /// Whether the horizontal axis is logarithmic; all x are then above 0.
    pub log_x: bool,
}

/// Draws means with error bars.
///
/// # Errors
/// If there is no point, or a number is not finite, or an x of a logarithmic axis is not above 0.
pub fn error_bars(chart: &ErrorBars<'_>, theme: Theme) -> Result<Picture, PictureError> {
    let points = || chart.series.iter().flat_map(|(_, points)| points);
    if points().next().is_none() {
        return Err(PictureError::Empty { what: "points" });
    }
    let reference = chart.reference.map_or(&[][..], |reference| reference.points);
    let along = |x: f64| if chart.log_x && x <= 0.0 { f64::NAN } else { x };
    let xs = || points().map(|point| point.x).chain(reference.iter().map(|&(x, _)| x)).map(along);
    error::finite("places of points", xs())?;
    let ys = points().flat_map(|point| [point.mean - point.spread, point.mean + point.spread]);
    let ys = ys.chain(reference.iter().map(|&(_, y)| y)).chain(chart.floor);
    error::finite("means", ys.clone())?;
    let (x, y) = (x_scale(chart, xs()), Scale::around(ys, 0.06));
    let legend = legend(chart, theme);
    let beside = chart.series.len() > ROWS;
    let mut plot = Plot::new(
        &Frame {
            width: if beside { 1040.0 } else { 860.0 },
            height: 470.0,
            title: chart.title,
            x_title: chart.x_title,
            y_title: chart.y_title,
            x_ticks: x_ticks(chart, x, xs()),
            y_ticks: linear_ticks(y.low, y.high, 6),
            x,
            y,
            legend,
            legend_right: beside,
        },
        theme,
    )?;
    if let Some(floor) = chart.floor {
        let ((left, right), height) = (plot.sides(), plot.place_y(floor));
        plot.canvas.line(&[(left, height), (right, height)], 1.5, theme.muted(), Some(6.0));
    }
    if let Some(elbow) = &chart.elbow {
        let ((_, bottom), (x, y)) = (plot.ends(), plot.place(elbow.x, elbow.y));
        plot.canvas.line(&[(x, y), (x, bottom)], 1.2, theme.axis(), Some(3.0));
    }
    let curve: Vec<_> = reference.iter().map(|&(x, y)| plot.place(x, y)).collect();
    plot.canvas.line(&curve, 2.0, theme.ink(), Some(5.0));
    for &(x, y) in &curve {
        plot.canvas.marker(Marker::Square, x, y, 3.4, theme.ink(), 1.0);
    }
    for (at, (_, points)) in chart.series.iter().enumerate() {
        draw(&mut plot, points, chart.lines, color(at, theme), Marker::of_cycle(at / COLORS));
    }
    let at = |callout: &Callout| {
        let here = |point: &Measured| point.x == callout.x && point.mean == callout.y;
        chart.series.iter().position(|(_, points)| points.iter().any(here)).unwrap_or_default()
    };
    if let Some(best) = &chart.best {
        let (x, y) = plot.place(best.x, best.y);
        plot.canvas.ring(x, y, color(at(best), theme));
    }
    if let Some(elbow) = &chart.elbow {
        let (x, y) = plot.place(elbow.x, elbow.y);
        plot.canvas.marker(Marker::Diamond, x, y, 6.5, theme.ink(), 1.0);
        plot.canvas.marker(Marker::Diamond, x, y, 4.0, color(at(elbow), theme), 1.0);
    }
    Ok(plot.canvas.finish())
}

fn x_scale(chart: &ErrorBars<'_>, xs: impl Iterator<Item = f64>) -> Scale {
    if !chart.words.is_empty() {
        return Scale { low: -0.5, high: chart.words.len() as f64 - 0.5, log: false };
    }
    if !chart.log_x {
        return Scale::around(xs, 0.05);
    }
    let (low, high) = xs.fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
    // A twentieth of the axis at each end; some room where there is one value only.
    let room = (high / low).powf(0.05).max(1.05);
    Scale { low: low / room, high: high * room, log: true }
}

/// The values themselves where they are few: those that were tried.
fn x_ticks(chart: &ErrorBars<'_>, scale: Scale, xs: impl Iterator<Item = f64>) -> Vec<Tick> {
    if !chart.words.is_empty() {
        let tick =
            |(at, word): (usize, &String)| Tick { value: at as f64, label: font::fit(word, 12.0, LABEL) };
        return chart.words.iter().enumerate().map(tick).collect();
    }
    let mut values: Vec<f64> = xs.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    if values.len() <= TICKS {
        return values.into_iter().map(|value| Tick { value, label: short(value) }).collect();
    }
    if scale.log { log_ticks(scale.low, scale.high) } else { linear_ticks(scale.low, scale.high, 8) }
}

fn legend(chart: &ErrorBars<'_>, theme: Theme) -> Vec<Entry> {
    let line = |label: String, color: Rgb, dash| Entry { label, color, swatch: Swatch::Line { dash } };
    let series = chart.series.iter().enumerate().map(|(at, (name, _))| {
        let swatch = Swatch::Point(Marker::of_cycle(at / COLORS));
        Entry { label: name.clone(), color: color(at, theme), swatch }
    });
    let mut entries: Vec<Entry> = series.collect();
    entries.extend(chart.reference.map(|curve| line(curve.label.to_owned(), theme.ink(), Some(4.0))));
    let point =
        |callout: &Callout, swatch| Entry { label: callout.label.clone(), color: theme.ink(), swatch };
    entries.extend(chart.best.as_ref().map(|best| point(best, Swatch::Ring)));
    entries.extend(chart.elbow.as_ref().map(|elbow| point(elbow, Swatch::Point(Marker::Diamond))));
    entries.extend(chart.floor.map(|floor| {
        line(format!("floor, {}: a perfect reconstruction", short(floor)), theme.muted(), Some(4.0))
    }));
    entries
}

fn draw(plot: &mut Plot, points: &[Measured], lines: bool, color: Rgb, marker: Marker) {
    let places: Vec<_> = points.iter().map(|point| plot.place(point.x, point.mean)).collect();
    if lines {
        plot.canvas.line(&places, 2.0, color, None);
    }
    for (point, &(x, y)) in points.iter().zip(&places) {
        if point.spread > 0.0 {
            let (top, bottom) =
                (plot.place_y(point.mean + point.spread), plot.place_y(point.mean - point.spread));
            for stroke in [
                [(x, top), (x, bottom)],
                [(x - CAP, top), (x + CAP, top)],
                [(x - CAP, bottom), (x + CAP, bottom)],
            ] {
                plot.canvas.line(&stroke, 1.5, color, None);
            }
        }
        plot.canvas.marker(marker, x, y, 3.6, color, 1.0);
    }
}
