//! [`ByMetric`]: something for each metric.

use serde::{Serialize, Serializer};

use super::metric::COUNT;
use super::{METRICS, Metric};

/// Something for each of [`METRICS`], in their order; nothing for those that an image size does not allow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByMetric<T>([Option<T>; COUNT]);

impl<T> Default for ByMetric<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| None))
    }
}

impl<T> ByMetric<T> {
    /// What there is for `metric`.
    #[must_use]
    pub fn get(&self, metric: &Metric) -> Option<&T> {
        self.0[metric.place()?].as_ref()
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, metric: &Metric) -> Option<&mut T> {
        self.0[metric.place()?].as_mut()
    }

    /// Sets what there is for `metric`; what is none of [`METRICS`] is left out.
    pub(super) fn insert(&mut self, metric: &Metric, value: T) {
        if let Some(place) = metric.place() {
            self.0[place] = Some(value);
        }
    }

    /// All that there is, in the order of [`METRICS`].
    pub fn iter(&self) -> impl Iterator<Item = (&'static Metric, &T)> {
        METRICS.into_iter().zip(&self.0).filter_map(|(metric, value)| Some((metric, value.as_ref()?)))
    }

    /// The metrics that there is something for.
    pub fn metrics(&self) -> impl Iterator<Item = &'static Metric> + '_ {
        self.iter().map(|(metric, _)| metric)
    }

    /// Whether there is nothing for any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

/// Of one metric the last; what is none of [`METRICS`] is left out.
impl<T> FromIterator<(&'static Metric, T)> for ByMetric<T> {
    fn from_iter<I: IntoIterator<Item = (&'static Metric, T)>>(values: I) -> Self {
        let mut all = Self::default();
        for (metric, value) in values {
            all.insert(metric, value);
        }
        all
    }
}

/// A map from the metrics' names.
impl<T: Serialize> Serialize for ByMetric<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(metric, value)| (metric.name, value)))
    }
}
