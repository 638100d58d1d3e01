//! Serde for figures that may be infinite, which JSON cannot say: infinity is `null`.
//!
//! Only PSNR can be: it is infinite for a perfect reconstruction.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

fn to_option(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    to_option(*value).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
}

/// The same for a vector of figures.
pub(super) mod many {
    use super::{Deserialize, Deserializer, Serializer, to_option};

    pub(in super::super) fn serialize<S: Serializer>(
        values: &[f64],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|&value| to_option(value)))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<f64>, D::Error> {
        let values: Vec<Option<f64>> = Vec::deserialize(deserializer)?;
        Ok(values.into_iter().map(|value| value.unwrap_or(f64::INFINITY)).collect())
    }
}
