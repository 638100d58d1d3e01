//! [`Tensors`]: the float tensors of a safetensors file, every one checked before its numbers are read.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, SafeTensorError};
use tenun_engine::Network;

use super::ModelError;
use crate::names::shown;
use crate::{file, machine};

/// The key under which everything that is no tensor stands, as JSON. There is one key only: the format keeps
/// them in no order, and equal models have to be equal files.
const KEY: &str = "tenun";

/// The length of the header comes first, in so many bytes; the header is padded to a multiple of as many.
const LENGTH: usize = 8;

/// A header longer than this is none: 100 MB, as the format's own library has it.
const MOST_HEADER: u64 = 100_000_000;

/// Numbers turned from bytes, or to bytes, at a time: a file is never in memory beside its numbers.
const AT_ONCE: usize = 16_384;

/// The tensors of a file, by their names and axes, and the JSON text beside them. Their numbers are read when they are
/// taken: what a file claims is compared with what is expected of it before anything of that size is allocated.
pub(crate) struct Tensors {
    pub(crate) path: PathBuf,
    pub(crate) description: Option<String>,
    tensors: BTreeMap<String, TensorInfo>,
    file: File,
    /// Where in the file the numbers begin.
    start: u64,
}

impl Tensors {
    /// Opens a file and reads its header; every tensor must be of 32-bit floats.
    pub(crate) fn read(path: &Path) -> Result<Self, ModelError> {
        let io = |source| ModelError::Io { path: path.to_owned(), doing: "read", source };
        let container = |reason: String| ModelError::Container { path: path.to_owned(), reason };
        let mut file = file::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut bytes = [0; LENGTH];
        let is_short = "it ends before its header does";
        if length < LENGTH as u64 {
            return Err(container(is_short.to_owned()));
        }
        file.read_exact(&mut bytes).map_err(io)?;
        let header = u64::from_le_bytes(bytes);
        if header > MOST_HEADER {
            return Err(container(format!(
                "its header claims {header} bytes, expected at most {MOST_HEADER}"
            )));
        }
        let start = LENGTH as u64 + header;
        if start > length {
            return Err(container(is_short.to_owned()));
        }
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(header).read_to_end(&mut bytes).map_err(io)?;
        let metadata: Metadata =
            serde_json::from_slice(&bytes).map_err(|error| container(error.to_string()))?;
        let numbers = metadata.data_len() as u64;
        if start.checked_add(numbers) != Some(length) {
            let there = length - start;
            return Err(container(format!(
                "its header announces {numbers} bytes of tensors, {there} are there"
            )));
        }
        let mut tensors = BTreeMap::new();
        for (name, info) in metadata.tensors() {
            if info.dtype != Dtype::F32 {
                return Err(ModelError::Tensor {
                    path: path.into(),
                    tensor: name,
                    expected: "32-bit floats (F32)".to_owned(),
                    got: format!("{:?}", info.dtype),
                });
            }
            tensors.insert(name, info.clone());
        }
        let description = metadata.metadata().as_ref().and_then(|map| map.get(KEY).cloned());
        Ok(Self { path: path.to_owned(), description, tensors, file, start })
    }

    /// Writes tensors and description, whole or not at all. The order is that of the format's own library: by name, as all
    /// are of one type.
    pub(crate) fn write<'a>(
        path: &Path,
        description: String,
        tensors: impl IntoIterator<Item = (String, Vec<usize>, &'a [f32])>,
    ) -> Result<(), ModelError> {
        let container = |reason: String| ModelError::Container { path: path.to_owned(), reason };
        let mut tensors: Vec<_> = tensors.into_iter().collect();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        let mut end = 0;
        let infos = tensors.iter().map(|(name, axes, values)| {
            let start = end;
            end += size_of_val(*values);
            let info = TensorInfo { dtype: Dtype::F32, shape: axes.clone(), data_offsets: (start, end) };
            (name.clone(), info)
        });
        let description = HashMap::from([(KEY.to_owned(), description)]);
        let metadata = Metadata::new(Some(description), infos.collect())
            .map_err(|error: SafeTensorError| container(error.to_string()))?;
        let mut header = serde_json::to_vec(&metadata).map_err(|error| container(error.to_string()))?;
        header.resize(header.len().next_multiple_of(LENGTH), b' ');
        let fill = |to: &mut (dyn Write + Send)| {
            to.write_all(&(header.len() as u64).to_le_bytes())?;
            to.write_all(&header)?;
            let mut bytes = Vec::with_capacity(AT_ONCE * size_of::<f32>());
            for values in tensors.iter().flat_map(|(_, _, values)| values.chunks(AT_ONCE)) {
                bytes.clear();
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                to.write_all(&bytes)?;
            }
            Ok(())
        };
        file::write_whole(path, fill).map_err(|source| ModelError::Io {
            path: path.to_owned(),
            doing: "write",
            source,
        })
    }

    /// An error if there is no such tensor, or it has other axes.
    fn check(&self, name: &str, axes: &[usize]) -> Result<&TensorInfo, ModelError> {
        let wrong = |got: String| self.wrong(name, format!("axes {axes:?}"), got);
        match self.tensors.get(name) {
            None => Err(wrong("no such tensor".to_owned())),
            Some(info) if info.shape != axes => Err(wrong(format!("axes {:?}", info.shape))),
            Some(info) => Ok(info),
        }
    }

    /// Removes a tensor, which must have the given axes, and appends its numbers, which must be finite.
    fn append(&mut self, name: &str, axes: &[usize], to: &mut Vec<f32>) -> Result<(), ModelError> {
        let (start, end) = self.check(name, axes)?.data_offsets;
        let (before, mut left) = (to.len(), (end - start) / size_of::<f32>());
        let mut bytes = Vec::new();
        let mut read = |file: &mut File| {
            file.seek(SeekFrom::Start(self.start + start as u64))?;
            while left > 0 {
                bytes.resize(left.min(AT_ONCE) * size_of::<f32>(), 0);
                file.read_exact(&mut bytes)?;
                let (floats, _) = bytes.as_chunks::<4>();
                to.extend(floats.iter().map(|&bytes| f32::from_le_bytes(bytes)));
                left -= floats.len();
            }
            Ok(())
        };
        let result: io::Result<()> = read(&mut self.file);
        result.map_err(|source| ModelError::Io { path: self.path.clone(), doing: "read", source })?;
        if let Some(at) = to[before..].iter().position(|x| !x.is_finite()) {
            let got = format!("{} at position {at}", to[before + at]);
            return Err(self.wrong(name, "finite numbers".to_owned(), got));
        }
        self.tensors.remove(name);
        Ok(())
    }

    fn wrong(&self, name: &str, expected: String, got: String) -> ModelError {
        ModelError::Tensor { path: self.path.as_path().into(), tensor: name.to_owned(), expected, got }
    }

    /// Room for so many numbers, if there is so much memory.
    fn room(&self, numbers: usize) -> Result<Vec<f32>, ModelError> {
        let (needed, available) =
            ((numbers as u64).saturating_mul(size_of::<f32>() as u64), machine::available());
        match available {
            Some(available) if needed > available => {
                Err(ModelError::Memory { what: shown(&self.path), needed, available })
            }
            _ => Ok(Vec::with_capacity(numbers)),
        }
    }

    /// Removes and returns a tensor, which must have the given axes.
    pub(crate) fn take(&mut self, name: &str, axes: &[usize]) -> Result<Vec<f32>, ModelError> {
        let (start, end) = self.check(name, axes)?.data_offsets;
        let mut values = self.room((end - start) / size_of::<f32>())?;
        self.append(name, axes, &mut values)?;
        Ok(values)
    }

    /// An error if tensors are left that [`Self::take`] did not remove.
    pub(crate) fn finish(self) -> Result<(), ModelError> {
        match self.tensors.first_key_value() {
            None => Ok(()),
            Some((name, info)) => Err(self.wrong(
                name,
                "no tensor of that name".to_owned(),
                format!("one with axes {:?}", info.shape),
            )),
        }
    }

    /// All parameters of `network`, in its order; the file must have these tensors and no other.
    pub(crate) fn parameters(mut self, network: &Network) -> Result<Vec<f32>, ModelError> {
        let parameters = network.parameters();
        for parameter in &parameters {
            self.check(&parameter.name, &parameter.axes)?;
        }
        // So many numbers are in the file: a network that claims more than it has is refused by now.
        let mut all = self.room(network.parameter_count())?;
        for parameter in parameters {
            self.append(&parameter.name, &parameter.axes, &mut all)?;
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
