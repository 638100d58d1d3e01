//! Networks: from a [`Spec`], which is data, to a [`Network`] whose shapes and parameters are known and checked.

mod derive;
mod error;
pub(crate) mod placer;
mod spec;

pub use error::{Chain, SpecError};
pub use spec::Spec;

use std::ops::Range;

use crate::Shape;
use crate::layer::{CodebookUse, Initial, Placed, Role, sequence};
use crate::place::{Parameter, Part};
use crate::random::{self, Philox, Purpose, RandomKey};
use crate::reference::Real;

/// An autoencoder whose layers have shapes and whose parameters have names and places.
///
/// ```
/// use tenun_engine::{Network, Shape, Spec, layer::{Conv2d, MaxPool, Relu}};
///
/// let encoder = vec![Conv2d { filters: 8, ..Conv2d::default() }.into(), Relu {}.into(), MaxPool::default().into()];
/// let network = Network::new(&Spec { input: Shape::new(3, 45, 37), encoder, decoder: None })?;
/// assert_eq!(network.latent(), Shape::new(8, 23, 19));
/// assert_eq!(network.output(), Shape::new(3, 45, 37));
/// # Ok::<(), tenun_engine::SpecError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    input: Shape,
    encoder: Vec<Placed>,
    decoder: Vec<Placed>,
    parameter_count: usize,
}

/// New values of the parameters that follow no gradient, which PyTorch calls buffers.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "the optimiser knows nothing of them"]
pub struct BufferUpdate(crate::layer::BufferValues);

impl BufferUpdate {
    /// Their places among the parameters, in ascending order.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.0.iter().map(|(range, _)| range.clone())
    }

    /// Writes them to their places.
    pub fn set(self, parameters: &mut [f32]) {
        for (range, values) in self.0 {
            parameters[range].copy_from_slice(&values);
        }
    }
}

impl Network {
    /// Works out every shape, derives the decoder where `spec` has none, and numbers the parameters.
    ///
    /// # Errors
    /// [`SpecError`] with the chain of shapes, if a layer cannot take what it is given or the decoder does not
    /// end at the shape of the input.
    pub fn new(spec: &Spec) -> Result<Self, SpecError> {
        let mut placer = placer::Placer::new(spec.input)?;
        let encoder = placer.part(Part::Encoder, &spec.encoder)?;
        let decoder = match &spec.decoder {
            Some(layers) => placer.part(Part::Decoder, layers)?,
            None => placer.part(Part::Decoder, &derive::decoder(spec.input, &encoder))?,
        };
        placer.finish(spec.input)?;
        Ok(Self { input: spec.input, encoder, decoder, parameter_count: placer.parameter_count() })
    }

    /// The data from which this network follows, the decoder written out.
    #[must_use]
    pub fn spec(&self) -> Spec {
        let layers = |part: &[Placed]| part.iter().map(|placed| placed.layer.clone()).collect();
        Spec { input: self.input, encoder: layers(&self.encoder), decoder: Some(layers(&self.decoder)) }
    }

    /// The shape of the images that go in.
    #[must_use]
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The shape of the code between encoder and decoder.
    #[must_use]
    pub fn latent(&self) -> Shape {
        self.encoder.last().map_or(self.input, |placed| placed.place.output)
    }

    /// The shape of the images that come out: that of the input.
    #[must_use]
    pub fn output(&self) -> Shape {
        self.decoder.last().map_or(self.latent(), |placed| placed.place.output)
    }

    /// The layers from the images to the code.
    #[must_use]
    pub fn encoder(&self) -> &[Placed] {
        &self.encoder
    }

    /// The layers from the code to the images.
    #[must_use]
    pub fn decoder(&self) -> &[Placed] {
        &self.decoder
    }

    /// All layers in order; the layers inside a residual block are not listed on their own.
    pub fn layers(&self) -> impl Iterator<Item = &Placed> {
        self.encoder.iter().chain(&self.decoder)
    }

    /// Whether the last layer is a sigmoid, so that the output is a probability and there are logits.
    #[must_use]
    pub fn ends_in_sigmoid(&self) -> bool {
        self.decoder.last().is_some_and(|placed| placed.layer.gives_probabilities())
    }

    /// Where the logarithm of the variance of [`Loss::Gaussian`](crate::Loss::Gaussian) stands among the parameters: that
    /// of the decoder's last [`Variance`](crate::layer::Variance).
    #[must_use]
    pub fn log_variance(&self) -> Option<usize> {
        let last = self.decoder.iter().rfind(|placed| placed.layer.role() == Role::Variance)?;
        Some(last.place.parameters[0].range.start)
    }

    /// The decoder without a sigmoid at its end, which belongs to the loss.
    pub(crate) fn decoder_body(&self) -> &[Placed] {
        &self.decoder[..self.decoder.len() - usize::from(self.ends_in_sigmoid())]
    }

    /// All layers without a sigmoid at the end.
    pub(crate) fn body(&self) -> impl Iterator<Item = &Placed> {
        self.encoder.iter().chain(self.decoder_body())
    }

    /// The parameters, in the order in which they stand in the flat array.
    #[must_use]
    pub fn parameters(&self) -> Vec<&Parameter> {
        let mut all = Vec::new();
        self.layers().for_each(|placed| placed.collect_parameters(&mut all));
        all
    }

    /// Numbers that training adjusts.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameter_count
    }

    /// The layer with the most outputs, as people are told of it: its name and the shape of its output.
    #[must_use]
    pub fn largest_layer(&self) -> String {
        let all = self.layers().flat_map(Placed::with_body);
        let largest = all.max_by_key(|placed| placed.place.output.len());
        largest.map_or_else(String::new, |placed| format!("{}, {}", placed.place.name, placed.place.output))
    }

    /// The layer with the most parameters, as people are told of it: its name and how many they are.
    #[must_use]
    pub fn heaviest_layer(&self) -> String {
        let own = |placed: &&Placed| placed.place.parameters.iter().map(|own| own.range.len()).sum::<usize>();
        let heaviest = self.layers().flat_map(Placed::with_body).max_by_key(own);
        heaviest
            .map_or_else(String::new, |placed| format!("{}, {} parameters", placed.place.name, own(&placed)))
    }

    /// Bytes that no plan of this network does without, from the shapes alone: its weights once, and sixteen bytes, which
    /// are four images side by side, for each output of its largest layer.
    #[must_use]
    pub fn least_memory(&self) -> u64 {
        let all = self.layers().flat_map(Placed::with_body);
        let largest = all.map(|placed| placed.place.output.len() as u64).max().unwrap_or(0);
        let weights = (self.parameter_count as u64).saturating_mul(size_of::<f32>() as u64);
        largest.saturating_mul(16).saturating_add(weights)
    }

    /// Bytes that no plan forwards goes beyond: every layer's output twice for sixteen images and every thread, and the
    /// weights as the kernel reads them that arranges most copies of them.
    pub(crate) fn most_memory(&self, threads: usize) -> u64 {
        let all = self.layers().flat_map(Placed::with_body);
        let outputs = all.fold(self.input.len() as u64, |sum, placed| {
            sum.saturating_add(placed.place.output.len() as u64)
        });
        let weights = (self.parameter_count as u64).saturating_mul(8 * size_of::<f32>() as u64);
        outputs.saturating_mul(2 * 16 * size_of::<f32>() as u64 * threads as u64).saturating_add(weights)
    }

    /// Multiply-adds that the layers as written need for one image, forwards.
    #[must_use]
    pub fn multiply_adds(&self) -> u64 {
        self.layers()
            .map(|placed| placed.layer.multiply_adds(placed.place.input))
            .fold(0, u64::saturating_add)
    }

    /// Multiply-adds that training needs for one image if the layers are computed as they are written: forwards, for
    /// the gradient of the weights, and for that of the input wherever parameters come before it.
    #[must_use]
    pub fn training_multiply_adds(&self) -> u64 {
        let mut after_parameters = false;
        let each = self.layers().map(|placed| {
            let passes = 2 + u64::from(after_parameters);
            after_parameters |= placed.parameter_count() > 0;
            placed.layer.multiply_adds(placed.place.input).saturating_mul(passes)
        });
        each.fold(0, u64::saturating_add)
    }

    /// Initial parameters: a pure function of the seed.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    pub fn initialise(&self, seed: u64) -> Vec<f32> {
        let generator = Philox::new(seed, Purpose::Initialise);
        let mut values = vec![0.0; self.parameter_count];
        for (stream, parameter) in self.parameters().into_iter().enumerate() {
            let to = &mut values[parameter.range.clone()];
            match parameter.initial {
                Initial::Zeros => {}
                Initial::Ones => to.fill(1.0),
                Initial::Constant(value) => to.fill(value),
                Initial::GlorotUniform { inputs, outputs } => {
                    // In double precision the square root and the product are exact to far below a float's last bit.
                    let limit = (6.0 / (inputs + outputs) as f64).sqrt();
                    for (x, word) in to.iter_mut().zip(generator.stream(0, stream as u32)) {
                        *x = (limit * (2.0 * f64::from(random::unit(word)) - 1.0)) as f32;
                    }
                }
            }
        }
        values
    }

    /// New values for the parameters that follow statistics of what passes instead of a gradient, such as the
    /// codebook of a [`crate::layer::Quantize`]: after a batch of `images` whose sums stand in `gradient`, which are
    /// zeroed for the optimiser. Write them with [`BufferUpdate::set`] after the optimiser's step.
    pub fn follow(
        &self,
        parameters: &[f32],
        gradient: &mut [f32],
        images: usize,
        seed: u64,
        step: u64,
    ) -> BufferUpdate {
        let generator = Philox::new(seed, Purpose::Codebook);
        let mut updates = Vec::new();
        for placed in self.layers() {
            #[allow(clippy::cast_possible_truncation)] // after 2^32 steps numbers come again
            let draw = |i: usize| {
                let words = generator.words(0, step as u32, placed.place.ordinal, (i / 4) as u32);
                random::unit(words[i % 4])
            };
            updates.extend(placed.layer.follow(placed, parameters, gradient, images, &draw));
        }
        updates.iter().for_each(|(range, _)| gradient[range.clone()].fill(0.0));
        BufferUpdate(updates)
    }

    /// How each codebook is used, as the parameters tell.
    #[must_use]
    pub fn codebooks(&self, parameters: &[f32]) -> Vec<CodebookUse> {
        self.layers().filter_map(|placed| placed.layer.codebook_use(placed, parameters)).collect()
    }

    /// The output for one image by the equations of the layers, `[channel][row][column]`: logits if the network ends in a
    /// sigmoid. This is the specification that plans are tested against.
    ///
    /// `parameters` is the flat array in the order of [`Self::parameters`]. What is random in training is so if there is
    /// a `key` for its random numbers.
    ///
    /// # Panics
    /// If `image` or `parameters` has another length than the network's.
    #[must_use]
    pub fn reference<R: Real>(&self, parameters: &[R], image: &[R], key: Option<RandomKey>) -> Vec<R> {
        self.check_lengths(parameters.len(), image.len());
        sequence::reference(self.body(), parameters, image.to_vec(), key)
    }

    /// As [`Self::reference`] in training, and what layers add to the sum of the loss over the image, weighted: a
    /// divergence, a norm of the code.
    ///
    /// # Panics
    /// As [`Self::reference`].
    #[must_use]
    pub fn reference_and_penalty<R: Real>(
        &self,
        parameters: &[R],
        image: &[R],
        key: RandomKey,
    ) -> (Vec<R>, R) {
        self.check_lengths(parameters.len(), image.len());
        sequence::reference_and_penalty(self.body(), parameters, image.to_vec(), key)
    }

    fn check_lengths(&self, parameters: usize, image: usize) {
        assert_eq!(image, self.input.len(), "image");
        assert_eq!(parameters, self.parameter_count, "parameters");
    }
}

#[cfg(test)]
mod tests;
