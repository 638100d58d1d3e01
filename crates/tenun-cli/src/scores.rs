//! Scores as text: the table that `train` ends with and `eval` prints.

use tenun::measure::family::Measurement;
use tenun::measure::{ClassScores, Metric, ModelScores, Scores};

use crate::text::{Align, Table, count, counted};

/// The table of all scores, a row a method and a class, and below it the metrics of the network's families.
pub(crate) fn table(on: &ModelScores, classes: &[ClassScores]) -> String {
    let measured = on.scores.overall;
    let metrics: Vec<&'static Metric> = measured.iter().map(|(metric, _)| metric).collect();
    let mut headings = vec![(String::new(), Align::Left)];
    if !classes.is_empty() {
        headings.push(("images".to_owned(), Align::Right));
    }
    for metric in &metrics {
        headings.push((column(metric), Align::Right));
        if metric.has_floor() {
            headings.push(("floor".to_owned(), Align::Right));
        }
    }
    let headings: Vec<(&str, Align)> = headings.iter().map(|(name, align)| (name.as_str(), *align)).collect();
    let mut table = Table::new(&headings);
    let mut row = |name: &str, images: String, scores: &Scores| {
        let mut cells = vec![name.to_owned()];
        if !classes.is_empty() {
            cells.push(images);
        }
        for metric in &metrics {
            let text = |value: Option<f64>| value.map_or_else(String::new, |value| metric.text(value));
            cells.push(text(scores.get(metric)));
            if metric.has_floor() {
                cells.push(text(scores.floor(metric)));
            }
        }
        table.row(cells);
    };
    let model = match &on.denoising {
        Some(denoising) => {
            row("noisy inputs", String::new(), &denoising.corrupted);
            row("model, on noisy inputs", String::new(), &denoising.denoised);
            "model, on clean inputs"
        }
        None => "model",
    };
    row(model, String::new(), &measured);
    row("baseline: mean image", String::new(), &on.mean_image);
    if let Some(pca) = &on.pca {
        row(&format!("PCA, {}", counted(pca.components, "component")), String::new(), &pca.scores);
    }
    for class in classes {
        if let Some(scores) = &class.scores {
            row(&class.name, count(class.images), scores);
        }
    }
    table.render() + &family(&on.family, on.scores.images)
}

/// Which metrics these images cannot be measured with, and why: a line each.
pub(crate) fn absent(on: &ModelScores) -> String {
    let label =
        |name: &str| name.parse::<&Metric>().map_or(name.to_owned(), |metric| metric.label.to_owned());
    on.scores.absent.iter().map(|(name, reason)| format!("{}: none, {reason}\n", label(name))).collect()
}

/// A metric over its column: the unit is there where it is short.
fn column(metric: &Metric) -> String {
    if metric.unit.contains(' ') { metric.label.to_owned() } else { metric.heading() }
}

/// What the network's families are judged by; nothing where there is no such metric.
fn family(measurements: &[Measurement], images: usize) -> String {
    if measurements.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[("", Align::Left), ("", Align::Right), ("", Align::Left)]);
    for measurement in measurements {
        let value = measurement.metric.with_unit(measurement.value);
        table.row([measurement.label(), value, measurement.meaning(images)]);
    }
    table.render()
}
