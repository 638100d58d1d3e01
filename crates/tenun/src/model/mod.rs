//! [`Model`]: a trained autoencoder, one file.

mod error;
mod file;
mod info;
mod tensors;

use std::path::Path;

use tenun_engine::{Cpu, ForwardPlan, Images as Source, Loss, Network, Stage};

pub use error::ModelError;
pub use info::{DataInfo, ModelInfo, TrainingInfo};
pub(crate) use tensors::Tensors;

use crate::data::Images;
use crate::data::digest::Hasher;
use crate::machine;
use crate::run;
use crate::text::counted;

/// Parameters hashed at a time: one by one takes several times as long.
const HASHED_AT_ONCE: usize = 4096;

/// A trained autoencoder: its network, its parameters, and what is needed to use them.
///
/// ```no_run
/// use std::path::Path;
/// use tenun::{Model, data, engine::Cpu};
///
/// let model = Model::load(Path::new("runs/demo"))?;
/// let images = data::open("fashion-mnist", &data::OpenOptions::default())?.train;
/// let codes = model.transform(images.images(), &Cpu::from_environment(None)?)?;
/// assert_eq!(codes.len(), images.len() * model.network().latent().len());
/// # Ok::<(), tenun::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    network: Network,
    parameters: Vec<f32>,
    info: ModelInfo,
}

impl Model {
    /// A model from its parts.
    ///
    /// # Panics
    /// If there are more or fewer parameters than the network has.
    #[must_use]
    pub fn new(network: Network, parameters: Vec<f32>, info: ModelInfo) -> Self {
        assert_eq!(parameters.len(), network.parameter_count(), "parameters");
        Self { network, parameters, info }
    }

    /// Reads a model file, or that of a run folder, and checks everything in it: names, shapes, type and
    /// finiteness of every tensor, and that the network it describes is one.
    ///
    /// # Errors
    /// [`ModelError`] says what is wrong with the file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let path = if path.is_dir() { path.join(run::MODEL) } else { path.to_owned() };
        file::read(&path)
    }

    /// Writes the model to a file, whole or not at all.
    ///
    /// # Errors
    /// [`ModelError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        file::write(self, path)
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// All parameters, in the order of [`Network::parameters`].
    #[must_use]
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// Where the model comes from.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// SHA-256 of shape and weights, in hexadecimal: equal for models that compute the same, wherever they come from.
    ///
    /// It is that of the text `tenun model 1` followed by a line feed, then channels, height and width of the images as
    /// 64-bit little-endian numbers, then of each parameter the length of its name (64-bit), the name, and its values as
    /// 32-bit floats, little-endian.
    #[must_use]
    pub fn sha256(&self) -> String {
        let input = self.network.input();
        let mut hasher = Hasher::new(b"tenun model 1\n");
        let mut bytes = Vec::with_capacity(HASHED_AT_ONCE * size_of::<f32>());
        for number in [input.channels, input.height, input.width] {
            hasher.update(&(number as u64).to_le_bytes());
        }
        for parameter in self.network.parameters() {
            hasher.update(&(parameter.name.len() as u64).to_le_bytes());
            hasher.update(parameter.name.as_bytes());
            for values in self.parameters[parameter.range.clone()].chunks(HASHED_AT_ONCE) {
                bytes.clear();
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                hasher.update(&bytes);
            }
        }
        hasher.hex()
    }

    /// The codes of `images`, `[image][code]`: the encoder's output.
    ///
    /// # Errors
    /// [`ModelError::Images`] if the images have another shape than the network's, [`ModelError::Memory`] if it does not
    /// fit into memory, [`ModelError::NotFinite`] if a code is infinite or not a number.
    pub fn transform(&self, images: &Images, cpu: &Cpu) -> Result<Vec<f32>, ModelError> {
        self.check(images)?;
        self.run(Stage::Encode, Source::Bytes(images.pixels()), images.len(), cpu)
    }

    /// The images of `codes`, `[image][channel][row][column]` in 0–1 if the network ends in a sigmoid.
    ///
    /// # Errors
    /// [`ModelError::Codes`] if the codes are not whole rows of the latent size, or not finite; otherwise as
    /// [`Self::transform`].
    pub fn inverse_transform(&self, codes: &[f32], cpu: &Cpu) -> Result<Vec<f32>, ModelError> {
        let length = self.network.latent().len();
        if !codes.len().is_multiple_of(length) {
            return Err(ModelError::Codes {
                reason: format!("{} in all, no whole rows of {length}", counted(codes.len(), "number")),
            });
        }
        if let Some(at) = codes.iter().position(|x| !x.is_finite()) {
            let (row, column) = (at / length, at % length);
            return Err(ModelError::Codes { reason: format!("row {row}, number {column} is {}", codes[at]) });
        }
        self.run(Stage::Decode, Source::Floats(codes), codes.len() / length, cpu)
    }

    /// The reconstructions of `images`, `[image][channel][row][column]`.
    ///
    /// # Errors
    /// As [`Self::transform`].
    pub fn reconstruct(&self, images: &Images, cpu: &Cpu) -> Result<Vec<f32>, ModelError> {
        self.check(images)?;
        self.run(Stage::Reconstruct, Source::Bytes(images.pixels()), images.len(), cpu)
    }

    /// The loss of each image, `[image]`: the mean over its numbers. Binary cross-entropy is taken on the logits.
    ///
    /// # Errors
    /// [`ModelError::Images`] if the images have another shape than the network's, [`ModelError::Plan`] if the
    /// loss cannot be taken on this network.
    pub fn losses(&self, loss: Loss, images: &Images, cpu: &Cpu) -> Result<Vec<f32>, ModelError> {
        self.check(images)?;
        self.check_memory(cpu)?;
        let mut plan = ForwardPlan::reconstruct(&self.network, loss, cpu)?;
        let mut losses = vec![0.0; images.len()];
        plan.losses(&self.parameters, Source::Bytes(images.pixels()), &mut losses);
        Ok(losses)
    }

    /// The mean squared error over `images`: lower is better.
    ///
    /// # Errors
    /// As [`Self::losses`].
    pub fn score(&self, images: &Images, cpu: &Cpu) -> Result<f64, ModelError> {
        let losses = self.losses(Loss::Mse, images, cpu)?;
        Ok(losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / losses.len().max(1) as f64)
    }

    fn run(&self, stage: Stage, source: Source<'_>, count: usize, cpu: &Cpu) -> Result<Vec<f32>, ModelError> {
        self.check_memory(cpu)?;
        let mut plan = ForwardPlan::new(&self.network, stage, cpu);
        let length = plan.output().len();
        let mut outputs = vec![0.0; count * length];
        plan.run(&self.parameters, source, &mut outputs);
        match outputs.iter().position(|value| !value.is_finite()) {
            None => Ok(outputs),
            Some(at) => {
                let what = if stage == Stage::Encode { "the latent code" } else { "the reconstruction" };
                Err(ModelError::NotFinite { what, image: at / length })
            }
        }
    }

    /// Whether there is memory enough to run the model forwards on `cpu`. What a model file claims costs nothing to
    /// write: nothing of the size that it claims is allocated before this is known.
    ///
    /// # Errors
    /// [`ModelError::Memory`] with the largest layer.
    pub fn check_memory(&self, cpu: &Cpu) -> Result<(), ModelError> {
        let Some(available) = machine::available() else { return Ok(()) };
        let needed = ForwardPlan::estimate(&self.network, available, cpu);
        if needed <= available {
            return Ok(());
        }
        let largest = self.network.largest_layer();
        let what = format!("running this model (its largest layer is {largest})");
        Err(ModelError::Memory { what, needed, available })
    }

    /// Whether the model takes these images.
    ///
    /// # Errors
    /// [`ModelError::Images`] if the images have another shape than the network's.
    pub fn check(&self, images: &Images) -> Result<(), ModelError> {
        let (expected, got) = (self.network.input(), images.shape());
        if expected == got { Ok(()) } else { Err(ModelError::Images { expected, got }) }
    }
}

#[cfg(test)]
mod tests;
