//! Scores in JSON: one flat map, a value under its metric's name, its floor under the name with `_floor`.
//!
//! JSON has no infinity, which the PSNR of a perfect reconstruction is: it is `null`. Keys of no metric are left to
//! others, so that a map may hold more beside the scores.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::scores::Column;
use super::{ImageScores, METRICS, Score, Scores};

fn floor(name: &str) -> String {
    format!("{name}_floor")
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn value(json: Option<f64>) -> f64 {
    json.unwrap_or(f64::INFINITY)
}

impl Serialize for Scores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().flat_map(|(metric, score)| {
            let floor = score.floor.map(|value| (floor(metric.name), finite(value)));
            std::iter::once((metric.name.to_owned(), finite(score.value))).chain(floor)
        }))
    }
}

impl<'de> Deserialize<'de> for Scores {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map: BTreeMap<String, Entry<Option<f64>>> = BTreeMap::deserialize(deserializer)?;
        let mut take = |name: &str| map.remove(name).and_then(Entry::known);
        let scores = METRICS.into_iter().filter_map(|metric| {
            let score = value(take(metric.name)?);
            Some((metric, Score { value: score, floor: take(&floor(metric.name)).map(value) }))
        });
        Ok(scores.collect())
    }
}

impl Serialize for ImageScores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let list = |values: &[f64]| values.iter().copied().map(finite).collect::<Vec<_>>();
        serializer.collect_map(self.0.iter().flat_map(|(metric, column)| {
            let floors = (!column.floors.is_empty()).then(|| (floor(metric.name), list(&column.floors)));
            std::iter::once((metric.name.to_owned(), list(&column.values))).chain(floors)
        }))
    }
}

impl<'de> Deserialize<'de> for ImageScores {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map: BTreeMap<String, Entry<Vec<Option<f64>>>> = BTreeMap::deserialize(deserializer)?;
        let mut take = |name: &str| -> Option<Vec<f64>> {
            Some(map.remove(name).and_then(Entry::known)?.into_iter().map(value).collect())
        };
        let columns = METRICS.into_iter().filter_map(|metric| {
            let values = take(metric.name)?;
            Some((metric, Column { values, floors: take(&floor(metric.name)).unwrap_or_default() }))
        });
        Ok(Self(columns.collect()))
    }
}

/// A value of a map, which may be none of ours.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry<T> {
    Known(T),
    Other(serde::de::IgnoredAny),
}

impl<T> Entry<T> {
    fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}
