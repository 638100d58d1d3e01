//! Scatter plot of codes in two dimensions.

use super::axis::linear_ticks;
use super::canvas::Marker;
use super::legend::{Entry, Swatch};
use super::palette::{COLORS, color};
use super::plot::{Frame, Plot, Scale};
use super::{Picture, PictureError, Theme, error};
use crate::measure::Labels;

/// What [`scatter`] draws.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scatter<'a> {
    /// Title above the plot.
    pub title: &'a str,
    /// Name of the horizontal axis.
    pub x_title: &'a str,
    /// Name of the vertical axis.
    pub y_title: &'a str,
    /// The points, `[point][x, y]`.
    pub points: &'a [f32],
    /// Classes of the points; one colour without.
    pub labels: Option<Labels<'a>>,
}

/// Draws points coloured by class.
///
/// Made to be readable with ten thousand points: the more there are, the smaller and the fainter
/// they are, and they are laid on in a scattered order so that no class hides another. Twelve
/// classes have colours of their own; the next twelve have the same ones with another marker, and
/// the legend says so.
///
/// # Errors
/// If there is no point, a coordinate is not finite, or the labels do not match.
pub fn scatter(scatter: &Scatter<'_>, theme: Theme) -> Result<Picture, PictureError> {
    let count = scatter.points.len() / 2;
    error::length("points", count * 2, scatter.points.len())?;
    if count == 0 {
        return Err(PictureError::Empty { what: "points" });
    }
    error::finite("points", scatter.points.iter().map(|&v| f64::from(v)))?;
    if let Some((classes, names)) = scatter.labels {
        error::length("labels", count, classes.len())?;
        if let Some(&class) = classes.iter().find(|&&class| class as usize >= names.len()) {
            return Err(PictureError::Index { what: "class", index: class as usize, count: names.len() });
        }
    }
    let axis = |axis: usize| scatter.points.iter().skip(axis).step_by(2).map(|&v| f64::from(v));
    let (x, y) = (Scale::around(axis(0), 0.03), Scale::around(axis(1), 0.03));
    let mut plot = Plot::new(
        &Frame {
            width: 860.0,
            height: 640.0,
            title: scatter.title,
            x_title: scatter.x_title,
            y_title: scatter.y_title,
            x_ticks: linear_ticks(x.low, x.high, 8),
            y_ticks: linear_ticks(y.low, y.high, 8),
            x,
            y,
            legend: legend(scatter.labels, theme),
            legend_right: true,
        },
        theme,
    )?;
    let (radius, alpha) = match count {
        0..300 => (3.6, 0.85),
        300..3000 => (2.6, 0.7),
        _ => (1.9, 0.6),
    };
    for point in scattered(count) {
        let class = scatter.labels.map_or(0, |(classes, _)| classes[point] as usize);
        let (x, y) = plot.place(scatter.points[point * 2].into(), scatter.points[point * 2 + 1].into());
        plot.canvas.marker(Marker::of_cycle(class / COLORS), x, y, radius, color(class, theme), alpha);
    }
    Ok(plot.canvas.finish())
}

fn legend(labels: Option<Labels<'_>>, theme: Theme) -> Vec<Entry> {
    let names = labels.map_or(&[] as &[String], |(_, names)| names);
    let mut entries: Vec<Entry> = names
        .iter()
        .enumerate()
        .map(|(class, name)| Entry {
            label: name.clone(),
            color: color(class, theme),
            swatch: Swatch::Point(Marker::of_cycle(class / COLORS)),
        })
        .collect();
    if names.len() > COLORS {
        // Said first, because a long legend is cut at its end.
        let label = "colours repeat: see marker".to_owned();
        let swatch = Swatch::Point(Marker::of_cycle(1));
        entries.insert(0, Entry { label, color: theme.muted(), swatch });
    }
    entries
}

/// The numbers under `count` in a fixed order that looks random.
fn scattered(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    // The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
    order.sort_by_key(|&i| {
        let mut z = (i as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    });
    order
}
