//! [`Tensors`]: the float tensors of a safetensors file, every one checked.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use tenun_engine::Network;

use super::ModelError;
use crate::file;

/// The key under which everything that is no tensor stands, as JSON. There is one key only: the format keeps
/// them in no order, and equal models have to be equal files.
const KEY: &str = "tenun";

/// A file larger than this is no model: 16 GiB.
const MOST_BYTES: u64 = 16 << 30;

/// The tensors of a file with their axes, and the JSON text beside them.
pub(crate) struct Tensors {
    pub(crate) path: PathBuf,
    pub(crate) description: Option<String>,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Tensors {
    /// Reads a file; every tensor must be of finite 32-bit floats.
    pub(crate) fn read(path: &Path) -> Result<Self, ModelError> {
        let io = |source| ModelError::Io { path: path.to_owned(), doing: "read", source };
        let container = |reason: String| ModelError::Container { path: path.to_owned(), reason };
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        if length > MOST_BYTES {
            return Err(container(format!("{length} bytes is more than any model has")));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let parsed = SafeTensors::deserialize(&bytes).map_err(|error| container(error.to_string()))?;
        let (_, metadata) =
            SafeTensors::read_metadata(&bytes).map_err(|error| container(error.to_string()))?;
        let description = metadata.metadata().as_ref().and_then(|map| map.get(KEY).cloned());
        let mut tensors = BTreeMap::new();
        for (name, view) in parsed.iter() {
            let wrong = |expected: &str, got: String| ModelError::Tensor {
                path: path.into(),
                tensor: name.to_owned(),
                expected: expected.to_owned(),
                got,
            };
            if view.dtype() != Dtype::F32 {
                return Err(wrong("32-bit floats (F32)", format!("{:?}", view.dtype())));
            }
            let (floats, _) = view.data().as_chunks::<4>();
            let values: Vec<f32> = floats.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
            if let Some(at) = values.iter().position(|x| !x.is_finite()) {
                return Err(wrong("finite numbers", format!("{} at position {at}", values[at])));
            }
            tensors.insert(name.to_owned(), (view.shape().to_vec(), values));
        }
        Ok(Self { path: path.to_owned(), description, tensors })
    }

    /// Writes tensors and description, whole or not at all.
    pub(crate) fn write<'a>(
        path: &Path,
        description: String,
        tensors: impl IntoIterator<Item = (String, Vec<usize>, &'a [f32])>,
    ) -> Result<(), ModelError> {
        let io = |source| ModelError::Io { path: path.to_owned(), doing: "write", source };
        let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
            .into_iter()
            .map(|(name, axes, values)| (name, axes, values.iter().flat_map(|x| x.to_le_bytes()).collect()))
            .collect();
        let views = tensors.iter().map(|(name, axes, bytes)| {
            let view = TensorView::new(Dtype::F32, axes.clone(), bytes);
            view.map(|view| (name.as_str(), view))
        });
        let container = |error: safetensors::SafeTensorError| ModelError::Container {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let views: Vec<_> = views.collect::<Result<_, _>>().map_err(container)?;
        let metadata = HashMap::from([(KEY.to_owned(), description)]);
        let bytes = safetensors::serialize(views, Some(metadata)).map_err(container)?;
        file::write_bytes(path, &bytes).map_err(io)
    }

    /// Removes and returns a tensor, which must have the given axes.
    pub(crate) fn take(&mut self, name: &str, axes: &[usize]) -> Result<Vec<f32>, ModelError> {
        let wrong = |got: String| ModelError::Tensor {
            path: self.path.as_path().into(),
            tensor: name.to_owned(),
            expected: format!("axes {axes:?}"),
            got,
        };
        match self.tensors.get(name) {
            None => Err(wrong("no such tensor".to_owned())),
            Some((found, _)) if found != axes => Err(wrong(format!("axes {found:?}"))),
            Some(_) => Ok(self.tensors.remove(name).unwrap_or_default().1),
        }
    }

    /// An error if tensors are left that [`Self::take`] did not remove.
    pub(crate) fn finish(self) -> Result<(), ModelError> {
        match self.tensors.into_iter().next() {
            None => Ok(()),
            Some((name, (axes, _))) => Err(ModelError::Tensor {
                path: self.path.into(),
                tensor: name,
                expected: "no tensor of that name".to_owned(),
                got: format!("one with axes {axes:?}"),
            }),
        }
    }

    /// All parameters of `network`, in its order; the file must have these tensors and no other.
    pub(crate) fn parameters(mut self, network: &Network) -> Result<Vec<f32>, ModelError> {
        let mut all = Vec::with_capacity(network.parameter_count());
        for parameter in network.parameters() {
            all.extend(self.take(&parameter.name, &parameter.axes)?);
        }
        self.finish()?;
        Ok(all)
    }
}

/// The parameters of `network` as named tensors.
pub(crate) fn named<'a>(
    network: &Network,
    parameters: &'a [f32],
) -> impl Iterator<Item = (String, Vec<usize>, &'a [f32])> {
    network.parameters().into_iter().map(|p| (p.name.clone(), p.axes.clone(), &parameters[p.range.clone()]))
}
