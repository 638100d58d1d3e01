//! A model as one safetensors file: weights as tensors, everything else as JSON in the metadata.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tenun_engine::{Network, Spec};

use super::tensors::{Tensors, named};
use super::{Model, ModelError, ModelInfo};

/// The layout of the description; a file with a higher number is from a later tenun.
const FORMAT: u32 = 1;

/// What stands in the metadata.
#[derive(Serialize, Deserialize)]
struct Description {
    format: u32,
    network: Spec,
    #[serde(flatten)]
    info: ModelInfo,
}

/// Only the number, to tell a later file from a broken one.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

pub(super) fn write(model: &Model, path: &Path) -> Result<(), ModelError> {
    let description = Description { format: FORMAT, network: model.network.spec(), info: model.info.clone() };
    let description = serde_json::to_string(&description)
        .map_err(|error| ModelError::Description { path: path.to_owned(), reason: error.to_string() })?;
    Tensors::write(path, description, named(&model.network, &model.parameters))
}

pub(super) fn read(path: &Path) -> Result<Model, ModelError> {
    let tensors = Tensors::read(path)?;
    let wrong = |reason: String| ModelError::Description { path: path.to_owned(), reason };
    let text =
        tensors.description.as_deref().ok_or_else(|| wrong("it does not say which network it is".into()))?;
    let Format { format } = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if format > FORMAT {
        return Err(wrong(format!(
            "its format is {format}, this version reads up to {FORMAT}: update tenun"
        )));
    }
    let Description { network, info, .. } =
        serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if info.preprocessing != ModelInfo::UNIT {
        return Err(wrong(format!("its preprocessing `{}` is unknown to this version", info.preprocessing)));
    }
    let network =
        Network::new(&network).map_err(|source| ModelError::Network { path: path.into(), source })?;
    let parameters = tensors.parameters(&network)?;
    Ok(Model { network, parameters, info })
}
