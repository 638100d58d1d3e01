//! Loss curves: training and validation loss, epoch by epoch.

use super::axis::{Tick, linear_ticks, log_ticks, whole_ticks};
use super::canvas::Marker;
use super::legend::{Entry, Swatch};
use super::palette::color;
use super::plot::{Frame, Plot, Scale};
use super::theme::Rgb;
use super::{Picture, PictureError, Theme};

/// Up to this many epochs each one has its dot.
const DOTS: usize = 40;

/// What [`loss_curves`] draws.
#[derive(Clone, Copy, Debug, Default)]
pub struct LossCurves<'a> {
    /// The loss and its unit, such as `binary cross-entropy (nats a pixel)`.
    pub loss: &'a str,
    /// Training loss, `[epoch]`.
    pub train: &'a [f64],
    /// Validation loss, `[epoch]`; empty if there is none.
    pub validation: &'a [f64],
    /// The loss of a perfect reconstruction: a dashed line.
    pub floor: Option<f64>,
    /// The epoch, counted from 1, whose weights were kept: a ring.
    pub best_epoch: Option<usize>,
    /// Whether the loss axis is logarithmic; it stays linear if a loss is not positive.
    pub log: bool,
}

/// Draws the losses of a training run, epochs counted from 1.
///
/// A loss that is not finite, as a diverged run has, leaves a gap.
///
/// # Errors
/// If there is no finite loss, or the two curves differ in length.
pub fn loss_curves(curves: &LossCurves<'_>, theme: Theme) -> Result<Picture, PictureError> {
    let epochs = curves.train.len().max(curves.validation.len());
    if !curves.train.is_empty() && !curves.validation.is_empty() {
        super::error::length("loss curves", curves.train.len(), curves.validation.len())?;
    }
    let losses = || curves.train.iter().chain(curves.validation).copied().filter(|loss| loss.is_finite());
    if losses().next().is_none() {
        return Err(PictureError::Empty { what: "loss curves" });
    }
    let floor = curves.floor.filter(|floor| floor.is_finite());
    let watched = if curves.validation.is_empty() { curves.train } else { curves.validation };
    let best = curves.best_epoch.and_then(|epoch| {
        let loss = *watched.get(epoch.checked_sub(1)?)?;
        loss.is_finite().then_some((epoch, loss))
    });
    let y = loss_scale(losses().chain(floor), curves.log);
    // A single epoch stands in the middle.
    let low = if epochs == 1 { 0.0 } else { 1.0 };
    let x = Scale { low, high: epochs.max(2) as f64, log: false };
    let series =
        [("training", curves.train, color(0, theme)), ("validation", curves.validation, color(1, theme))];
    let mut plot = Plot::new(
        &Frame {
            width: 860.0,
            height: 430.0,
            title: "Loss by epoch",
            x_title: "epoch",
            y_title: curves.loss,
            x_ticks: epoch_ticks(epochs),
            y_ticks: if y.log { log_ticks(y.low, y.high) } else { linear_ticks(y.low, y.high, 6) },
            x,
            y,
            legend: legend(&series, floor, best, theme),
            legend_right: false,
        },
        theme,
    )?;
    if let Some(floor) = floor {
        let (left, right) = plot.sides();
        let height = plot.place_y(floor);
        plot.canvas.line(&[(left, height), (right, height)], 1.5, theme.muted(), Some(6.0));
    }
    for &(_, losses, color) in &series {
        curve(&mut plot, losses, color);
    }
    if let Some((epoch, loss)) = best {
        let (x, y) = plot.place(epoch as f64, loss);
        plot.canvas.ring(x, y, color(series.len() - 1, theme));
    }
    Ok(plot.canvas.finish())
}

/// Round numbers, and 1, where the axis begins.
fn epoch_ticks(epochs: usize) -> Vec<Tick> {
    let round = whole_ticks(1.0, epochs as f64, epochs.min(10));
    let first = Tick { value: 1.0, label: "1".into() };
    let missing = round.first().is_none_or(|tick| tick.value != 1.0);
    missing.then_some(first).into_iter().chain(round).collect()
}

fn loss_scale(losses: impl Iterator<Item = f64> + Clone, log: bool) -> Scale {
    let linear = Scale::around(losses.clone(), 0.06);
    let lowest = losses.fold(f64::INFINITY, f64::min);
    if log && lowest > 0.0 {
        let highest = linear.high.max(lowest * 1.1);
        return Scale { low: lowest * 0.93, high: highest, log: true };
    }
    // Losses begin at zero where they are near it; none of ours is negative.
    let low = if lowest >= 0.0 { linear.low.max(0.0) } else { linear.low };
    Scale { low, ..linear }
}

fn legend(
    series: &[(&str, &[f64], Rgb)],
    floor: Option<f64>,
    best: Option<(usize, f64)>,
    theme: Theme,
) -> Vec<Entry> {
    let line = |label, color, dash| Entry { label, color, swatch: Swatch::Line { dash } };
    let mut entries: Vec<Entry> = series
        .iter()
        .filter_map(|(name, losses, color)| {
            let last = losses.last()?;
            Some(line(format!("{name}, {last:.4} after the last epoch"), *color, None))
        })
        .collect();
    if let Some((epoch, loss)) = best {
        let label = format!("best epoch, {epoch}: {loss:.4}");
        entries.push(Entry { label, color: color(series.len() - 1, theme), swatch: Swatch::Ring });
    }
    if let Some(floor) = floor {
        let label = format!("floor, {floor:.4}: a perfect reconstruction");
        entries.push(line(label, theme.muted(), Some(4.0)));
    }
    entries
}

fn curve(plot: &mut Plot, losses: &[f64], color: Rgb) {
    let points: Vec<Option<(f32, f32)>> = losses
        .iter()
        .enumerate()
        .map(|(i, &loss)| loss.is_finite().then(|| plot.place((i + 1) as f64, loss)))
        .collect();
    for part in points.split(Option::is_none) {
        let part: Vec<(f32, f32)> = part.iter().flatten().copied().collect();
        plot.canvas.line(&part, 2.0, color, None);
        if losses.len() <= DOTS || part.len() == 1 {
            for &(x, y) in &part {
                plot.canvas.marker(Marker::Circle, x, y, 3.0, color, 1.0);
            }
        }
    }
}
