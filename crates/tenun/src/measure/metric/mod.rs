//! [`Metric`], and [`METRICS`], the table of those that compare images with their reconstructions.
//!
//! Each metric is a file of its own. A new one is such a file and its two lines in this one; it then stands wherever
//! scores are: per image, per class and overall, beside the baselines, in tables, the report, JSON and CSV, and a sweep can
//! choose by it.

/// Makes [`METRICS`] out of its entries, in the order in which tables and files have them.
macro_rules! metrics {
    ($($module:ident::$name:ident),* $(,)?) => {
        $(pub use $module::$name;)*

        /// How many metrics [`METRICS`] has.
        pub(super) const COUNT: usize = [$(stringify!($name)),*].len();

        /// Every metric that compares images with their reconstructions, in the order of tables and files.
        pub static METRICS: [&Metric; COUNT] = [$(&$module::$name),*];
    };
}

pub mod bce;
#[cfg(test)]
mod golden;
mod mae;
mod ms_ssim;
mod mse;
mod psnr;
mod ssim;

metrics! {
    bce::BCE,
    mse::MSE,
    mae::MAE,
    psnr::PSNR,
    ssim::SSIM,
    ms_ssim::MS_SSIM,
}

pub use mae::mae;
pub use mse::mse;
pub use psnr::psnr;
pub use ssim::Ssim;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tenun_engine::{Loss, Shape};

use crate::data::Images;

/// A number by which models are judged: what it is called, how it is read, and what it is measured on.
///
/// Two metrics are equal if their names are.
pub struct Metric {
    /// Its key in JSON and CSV files, and its name on the command line: `psnr`.
    pub name: &'static str,
    /// Its name in tables, pictures and sentences: `PSNR`.
    pub label: &'static str,
    /// Its unit: `dB`; empty if it has none.
    pub unit: &'static str,
    /// Which values are better.
    pub better: Better,
    /// Decimals shown.
    pub decimals: usize,
    /// What it measures, as a sentence for somebody who meets it for the first time, without its full stop.
    pub meaning: &'static str,
    /// What it is measured on.
    pub of: Measures,
}

/// Which values of a metric are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Lower values.
    Lower,
    /// Higher values.
    Higher,
    /// Neither: it describes.
    Neither,
}

/// What a [`Metric`] is measured on.
pub enum Measures {
    /// Each image and its reconstruction; of several images it is the mean.
    Images(ImageMetric),
    /// A value of another metric, image by image; of several images it is that of the other metric's mean.
    Derived {
        /// The other metric, which is one of [`METRICS`].
        from: &'static Metric,
        /// Its value to this one's.
        by: fn(f64) -> f64,
        /// What a perfect reconstruction scores.
        perfect: f64,
    },
    /// A whole model, on all images at once: what its family is judged by.
    Model,
}

/// How a metric compares one image with its reconstruction.
pub struct ImageMetric {
    /// Makes what measures images of a shape.
    pub meter: fn(Shape) -> Meter,
    /// Why images of a shape cannot be measured; none if they can.
    pub refuses: fn(Shape) -> Option<String>,
    /// What a perfect reconstruction scores.
    pub perfect: Perfect,
    /// Of a metric that takes the reconstruction as probabilities, the loss that measures the same on logits, without
    /// clipping them; none of other metrics.
    pub on_logits: Option<Loss>,
}

/// Measures one image, `[channel][row][column]`, as bytes, and its reconstruction in `[0, 1]`, image after image; it keeps
/// its buffers.
pub type Meter = Box<dyn FnMut(&[u8], &[f32]) -> f64>;

/// What a perfect reconstruction scores in a metric: no reconstruction is better.
#[derive(Clone, Copy)]
pub enum Perfect {
    /// The same for all images.
    Always(f64),
    /// It depends on the image, given as its bytes; scores have it beside the value.
    OfImage(fn(&[u8]) -> f64),
}

/// Images of any shape can be measured.
pub(super) fn any_shape(_: Shape) -> Option<String> {
    None
}

impl Metric {
    /// The metric that says how good reconstructions are in a loss. Of a Gaussian likelihood it is the squared error:
    /// likelihoods of different variances do not compare reconstructions.
    #[must_use]
    pub fn of(loss: Loss) -> &'static Self {
        match loss {
            Loss::Bce => &BCE,
            Loss::Mse | Loss::Gaussian => &MSE,
            Loss::Mae => &MAE,
        }
    }

    /// Its place in [`METRICS`]; none for a metric of a family.
    pub(super) fn place(&self) -> Option<usize> {
        METRICS.iter().position(|&metric| metric == self)
    }

    /// How it compares images, its own way or that of the metric it is derived from.
    fn image(&self) -> Option<&ImageMetric> {
        match &self.of {
            Measures::Images(image) => Some(image),
            Measures::Derived { from, .. } => from.image(),
            Measures::Model => None,
        }
    }

    /// Why images of `shape` cannot be measured with it; none if they can.
    #[must_use]
    pub fn refuses(&self, shape: Shape) -> Option<String> {
        self.image().and_then(|image| (image.refuses)(shape))
    }

    /// Whether it takes reconstructions as probabilities.
    #[must_use]
    pub fn takes_probabilities(&self) -> bool {
        self.image().is_some_and(|image| image.on_logits.is_some())
    }

    /// Whether what a perfect reconstruction scores depends on the image.
    #[must_use]
    pub fn has_floor(&self) -> bool {
        matches!(&self.of, Measures::Images(ImageMetric { perfect: Perfect::OfImage(_), .. }))
    }

    /// What perfect reconstructions of `images` score, as a mean over the images; not finite where there is no such value.
    #[must_use]
    pub fn perfect(&self, images: &Images) -> f64 {
        match &self.of {
            Measures::Images(ImageMetric { perfect: Perfect::Always(value), .. }) => *value,
            // All images have as many pixels: the mean over pixels is that over images.
            Measures::Images(ImageMetric { perfect: Perfect::OfImage(of), .. }) => of(images.pixels()),
            Measures::Derived { perfect, .. } => *perfect,
            Measures::Model => f64::NAN,
        }
    }

    /// Orders two values, the better one first.
    #[must_use]
    pub fn compare(&self, a: f64, b: f64) -> Ordering {
        match self.better {
            Better::Lower | Better::Neither => a.total_cmp(&b),
            Better::Higher => b.total_cmp(&a),
        }
    }

    /// A value with the metric's decimals, or `∞`, or `–` where there is no number.
    #[must_use]
    pub fn text(&self, value: f64) -> String {
        if value.is_finite() {
            format!("{value:.*}", self.decimals)
        } else if value == f64::INFINITY {
            "∞".to_owned()
        } else {
            "–".to_owned()
        }
    }

    /// [`Self::text`] and the unit.
    #[must_use]
    pub fn with_unit(&self, value: f64) -> String {
        let text = self.text(value);
        if self.unit.is_empty() { text } else { format!("{text} {}", self.unit) }
    }

    /// Its label and unit, as over a column of numbers or along an axis: `PSNR (dB)`.
    #[must_use]
    pub fn heading(&self) -> String {
        if self.unit.is_empty() { self.label.to_owned() } else { format!("{} ({})", self.label, self.unit) }
    }
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Metric {}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// No metric of [`METRICS`] has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no metric `{0}`; expected one of: {known}", known = METRICS.map(|metric| metric.name).join(", "))]
pub struct UnknownMetric(String);

impl FromStr for &'static Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        METRICS.into_iter().find(|metric| metric.name == name).ok_or_else(|| UnknownMetric(name.to_owned()))
    }
}

/// As its name.
impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// By its name.
impl<'de> Deserialize<'de> for &'static Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::family;

    #[test]
    fn names_and_labels_are_of_one_metric_each() {
        let all: Vec<&Metric> = METRICS.into_iter().chain(family::metrics()).collect();
        for (at, metric) in all.iter().enumerate() {
            let others = &all[..at];
            assert!(others.iter().all(|m| m.name != metric.name && m.label != metric.label), "{metric:?}");
            assert!(!metric.meaning.is_empty() && !metric.meaning.ends_with('.'), "{metric:?}");
        }
    }

    #[test]
    fn every_metric_of_the_table_measures_images() {
        for metric in METRICS {
            assert!(metric.image().is_some() && metric.better != Better::Neither, "{metric:?}");
            assert_eq!(metric.name.parse(), Ok(metric));
            if let Measures::Derived { from, .. } = metric.of {
                assert!(
                    from.place() < metric.place(),
                    "{metric:?} stands before the metric it is derived from"
                );
            }
        }
        assert!("psrn".parse::<&Metric>().unwrap_err().to_string().contains("expected one of: bce, mse"));
    }

    #[test]
    fn values_as_people_read_them() {
        assert_eq!((PSNR.with_unit(19.284), PSNR.text(f64::INFINITY)), ("19.28 dB".into(), "∞".into()));
        assert_eq!((SSIM.with_unit(0.5), MSE.text(f64::NAN)), ("0.5000".into(), "–".into()));
        assert_eq!((PSNR.heading(), SSIM.heading()), ("PSNR (dB)".into(), "SSIM".into()));
        assert_eq!(SSIM.compare(0.9, 0.5), Ordering::Less, "the better one comes first");
        assert_eq!(MSE.compare(0.9, 0.5), Ordering::Greater);
    }
}
