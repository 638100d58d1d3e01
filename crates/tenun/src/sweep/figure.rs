//! `sweep.png`: the score against what is varied.

use super::results::{PcaPoint, Results, Row, word};
use super::{PICTURE, SweepDir, SweepSettings};
use crate::Error;
use crate::picture::{Callout, ErrorBars, Measured, Reference, Theme, error_bars};
use crate::settings::LATENT;
use crate::text::counted;

/// From this factor on between the ends of a positive axis it is logarithmic.
const WIDE: f64 = 8.0;

/// More series than this cannot be told apart: they become one.
const MOST_SERIES: usize = 12;

/// Whether an axis with these values is better logarithmic.
pub(super) fn is_wide(values: impl Iterator<Item = f64>) -> bool {
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
    low > 0.0 && low.is_finite() && high / low >= WIDE
}

/// The best mean score at each latent dimension, dimensions rising: the curve whose elbow is looked for.
pub(super) fn best_scores(results: &Results) -> Vec<(f64, f64)> {
    let by = results.by;
    let mut points: Vec<(f64, f64)> =
        results.rows.iter().filter_map(|row| Some((row.latent as f64, row.scores.get(by)?.mean))).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(by.compare(a.1, b.1)));
    points.dedup_by(|later, first| later.0 == first.0);
    points
}

/// What lies along the horizontal axis.
enum Axis {
    /// The latent dimension.
    Latent,
    /// The values of the `n`th setting varied.
    Numbers(usize),
    /// The same, whose values are no numbers: its words stand side by side.
    Words(usize, Vec<String>),
}

impl Axis {
    /// Latent dimensions if they are varied, else the first setting whose values are all numbers, else the first.
    fn of(sweep: &SweepSettings, results: &Results) -> Self {
        let column = |at: usize| results.rows.iter().filter_map(move |row| row.values.values().nth(at));
        if sweep.varies(&LATENT) {
            return Self::Latent;
        }
        let numbers = |&at: &usize| column(at).all(serde_json::Value::is_number);
        if let Some(at) = (0..sweep.vary.len()).find(numbers) {
            return Self::Numbers(at);
        }
        let mut words: Vec<String> = Vec::new();
        for value in column(0).map(word) {
            if !words.contains(&value) {
                words.push(value);
            }
        }
        Self::Words(0, words)
    }

    fn place(&self, row: &Row) -> Option<f64> {
        match self {
            Self::Latent => Some(row.latent as f64),
            Self::Numbers(at) => row.values.values().nth(*at)?.as_f64(),
            Self::Words(at, words) => {
                let value = word(row.values.values().nth(*at)?);
                words.iter().position(|word| *word == value).map(|place| place as f64)
            }
        }
    }

    /// The values of the settings that do not lie along the axis.
    fn rest(&self, sweep: &SweepSettings, row: &Row) -> String {
        let is_axis = |at: usize| match self {
            Self::Latent => sweep.vary[at].path() == LATENT.path,
            Self::Numbers(axis) | Self::Words(axis, _) => at == *axis,
        };
        let rest = row.values.iter().enumerate().filter(|(at, _)| !is_axis(*at));
        rest.map(|(_, (name, value))| format!("{name} {}", word(value))).collect::<Vec<_>>().join(", ")
    }
}

/// Draws the results into the sweep's folder; nothing if no trial has a score.
pub(super) fn write(sweep: &SweepSettings, results: &Results, dir: &SweepDir) -> Result<(), Error> {
    let (axis, by) = (Axis::of(sweep, results), results.by);
    let mut series: Vec<(String, Vec<Measured>)> = Vec::new();
    for row in &results.rows {
        let (Some(score), Some(x)) = (row.scores.get(by), axis.place(row)) else { continue };
        let name = axis.rest(sweep, row);
        let point = Measured { x, mean: score.mean, spread: score.std.unwrap_or(0.0) };
        match series.iter_mut().find(|(other, _)| *other == name) {
            Some((_, points)) => points.push(point),
            None => series.push((name, vec![point])),
        }
    }
    if series.is_empty() {
        return Ok(());
    }
    // The draws of a random search lie anywhere, and are no curves.
    let loose = (sweep.random.is_some() && sweep.vary.len() > 1) || series.len() > MOST_SERIES;
    if loose {
        let points = series.into_iter().flat_map(|(_, points)| points).collect();
        series = vec![("one combination each".to_owned(), points)];
    }
    for (name, points) in &mut series {
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        if name.is_empty() {
            name.push_str("held-out images");
        }
    }
    let xs = || series.iter().flat_map(|(_, points)| points).map(|point| point.x);
    let log = !matches!(axis, Axis::Words(..)) && is_wide(xs());
    let x_title = match &axis {
        Axis::Latent => "latent dimension",
        Axis::Numbers(at) | Axis::Words(at, _) => sweep.vary[*at].path(),
    };
    let best = results.best.and_then(|at| {
        let row = &results.rows[at];
        Some(Callout {
            x: axis.place(row)?,
            y: row.scores.get(by)?.mean,
            label: format!("best: {}", row.words()),
        })
    });
    let curve = best_scores(results);
    let elbow = results.elbow.and_then(|latent| {
        let &(x, y) = curve.iter().find(|(x, _)| *x == latent as f64)?;
        Some(Callout { x, y, label: format!("elbow: {}", counted(latent, "dimension")) })
    });
    let point = |point: &PcaPoint| Some((point.latent as f64, point.scores.get(by)?));
    let pca: Vec<(f64, f64)> = results.pca.iter().filter_map(point).collect();
    let label = "PCA, same latent dimension";
    let reference = (!pca.is_empty()).then_some(Reference { label, points: &pca });
    let repeats = if sweep.seeds > 1 {
        format!(", mean of {} seeds ± standard deviation", sweep.seeds)
    } else {
        String::new()
    };
    let on = counted(results.held_out_images, "held-out image");
    let (title, y_title) = (format!("{} on {on}{repeats}", by.label), by.heading());
    let chart = ErrorBars {
        title: &title,
        x_title,
        y_title: &y_title,
        series: &series,
        lines: !loose && !matches!(axis, Axis::Words(..)),
        words: if let Axis::Words(_, words) = &axis { words } else { &[] },
        reference,
        floor: results.perfect,
        best,
        elbow,
        log_x: log,
    };
    let png = error_bars(&chart, Theme::Light)?.png()?;
    Ok(dir.write(PICTURE, &png)?)
}
