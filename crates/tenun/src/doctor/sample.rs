//! [`Sample`]: what a network does with some of its training images.

use tenun_engine::layer::{Layer, Role};
use tenun_engine::{Cpu, ForwardPlan, Images as Source, Network, Placed, Stage};

use super::TrainingContext;
use crate::data::Images;
use crate::latent::LatentSummary;
use crate::measure::family::{CodebookCounts, codebook_counts};

/// Images looked at: one of so many that are trained on …
const ONE_OF: usize = 64;

/// … but at least so many, and at most so many.
const FEWEST: usize = 32;
const MOST: usize = 256;

/// Numbers of activations held at a time, at most, where 16 images have fewer.
const CHUNK: usize = 4 << 20;

/// Images that are computed together anyway.
const TILE: usize = 16;

/// Beyond this a logit passes on less than a hundredth of the slope that it has in the middle: p (1 − p) < 0.0025.
const SATURATED_LOGIT: f64 = 6.0;

/// A saturated output is stuck if it is further than this from its target.
const APART: f32 = 0.1;

/// What a network does with some of its training images.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// How many images, evenly spread over all.
    pub images: usize,
    /// Every convolution and linear map whose output a ReLU rectifies, in order. Those inside residual blocks are
    /// not looked at.
    pub rectified: Vec<Rectified>,
    /// What each number of the code does.
    pub code: LatentSummary,
    /// How the first codebook is used, where there is one.
    pub codebook: Option<CodebookCounts>,
    /// What each number of the output does, `[channel][row][column]`.
    pub output: Vec<OutputPixel>,
    /// The share of all outputs whose logit is beyond ±6 although the target is more than 0.1 away; none without a
    /// sigmoid at the end.
    pub stuck: Option<f64>,
}

/// A layer whose output a ReLU rectifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rectified {
    /// The layer's name: `encoder.conv1`.
    pub name: String,
    /// Filters or units it has.
    pub filters: usize,
    /// What each of them is: `filter` or `unit`.
    pub noun: &'static str,
    /// Whether a cost on the code follows, which is there to make it silent.
    pub is_meant_to_be_silent: bool,
    /// Those whose output is zero at every pixel of every image of the sample.
    pub dead: Vec<usize>,
}

/// What one number of the output does over the sample; the pixel range is 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OutputPixel {
    /// Standard deviation of the images there.
    pub target_std: f64,
    /// Standard deviation of the reconstructions there.
    pub output_std: f64,
}

impl Sample {
    /// Lets one of 64 training images, at least 32 and at most 256, through the network; none if what comes out is
    /// not finite.
    #[must_use]
    pub fn of(context: TrainingContext<'_>, parameters: &[f32]) -> Option<Self> {
        let images = context.train.spread(size(context.train.len()));
        let network = context.network;
        let layers: Vec<&Placed> = network.layers().collect();
        let mut rectified = Vec::new();
        for (at, of) in rectifying(&layers) {
            let next = layers.get(at + 1).map(|next| &next.layer);
            rectified.push(Rectified {
                name: of.place.name.clone(),
                filters: layers[at].place.output.channels,
                noun: if of.layer.role() == Role::Dense { "unit" } else { "filter" },
                is_meant_to_be_silent: next.is_some_and(costs),
                dead: dead(context, at + 1, parameters, &images),
            });
        }
        // Each way through the network goes before the next one is made: of large images one takes as much as training.
        let mut codes = Vec::new();
        let mut encode = forward(context, Stage::Encode);
        chunks(&mut encode, parameters, &images, |_, outputs| codes.extend_from_slice(outputs));
        drop(encode);
        let code = LatentSummary::new(&codes, network.latent().len()).ok()?;
        let mut spreads = vec![Spread::default(); network.output().len()];
        let mut stuck = 0_u64;
        let limit = (1.0 / (1.0 + SATURATED_LOGIT.exp())) as f32;
        let mut reconstruct = forward(context, Stage::Reconstruct);
        chunks(&mut reconstruct, parameters, &images, |part, outputs| {
            for (image, output) in outputs.chunks_exact(spreads.len()).enumerate() {
                for ((spread, &byte), &p) in spreads.iter_mut().zip(part.image(image)).zip(output) {
                    let target = f32::from(byte) / 255.0;
                    spread.add(f64::from(target), f64::from(p));
                    let is_flat = p < limit || p > 1.0 - limit;
                    stuck += u64::from(is_flat && (p - target).abs() > APART);
                }
            }
        });
        drop(reconstruct);
        let count = images.len() as f64;
        let numbers = count * spreads.len() as f64;
        Some(Self {
            images: images.len(),
            rectified,
            code,
            codebook: codebook_counts(network, parameters, &images, context.cpu).first().copied(),
            output: spreads.iter().map(|spread| spread.finish(count)).collect(),
            stuck: network.ends_in_sigmoid().then_some(stuck as f64 / numbers),
        })
    }
}

/// Whether a layer makes the numbers of a code dear.
pub(super) fn costs(layer: &Layer) -> bool {
    layer.role() == Role::Regulariser
}

/// Sums for two standard deviations.
#[derive(Clone, Copy, Default)]
struct Spread {
    target: (f64, f64),
    output: (f64, f64),
}

impl Spread {
    fn add(&mut self, target: f64, output: f64) {
        self.target.0 += target;
        self.target.1 += target * target;
        self.output.0 += output;
        self.output.1 += output * output;
    }

    fn finish(&self, count: f64) -> OutputPixel {
        let std = |(sum, squares): (f64, f64)| (squares / count - (sum / count).powi(2)).max(0.0).sqrt();
        OutputPixel { target_std: std(self.target), output_std: std(self.output) }
    }
}

/// Images of a sample of so many.
fn size(images: usize) -> usize {
    (images / ONE_OF).clamp(FEWEST, MOST).min(images)
}

/// Bytes that [`Sample::of`] takes of so many training images; `whole` are those of the way from images to images.
pub(crate) fn memory(network: &Network, images: usize, whole: u64, cpu: &Cpu) -> u64 {
    let images = size(images);
    let floats = |numbers: usize| (numbers as u64).saturating_mul(size_of::<f32>() as u64);
    let outputs = |length: usize| floats(at_a_time(length, images).min(images).saturating_mul(length));
    let layers: Vec<&Placed> = network.layers().collect();
    let largest = rectifying(&layers).max_by_key(|(at, _)| layers[*at].place.output.len());
    let rectified = largest.map_or(0, |(at, _)| {
        let way = ForwardPlan::memory_up_to(network, at + 1, cpu);
        way.saturating_add(outputs(layers[at].place.output.len()))
    });
    let codebook = layers.iter().position(|placed| placed.layer.codebook().is_some()).map_or(0, |at| {
        let way = ForwardPlan::memory_up_to(network, at + 1, cpu);
        way.saturating_add(floats(images.saturating_mul(layers[at].place.output.len())))
    });
    let reconstructing = whole.saturating_add(outputs(network.output().len()));
    let codes = floats(images.saturating_mul(network.latent().len()));
    rectified.max(codebook).max(reconstructing).saturating_add(codes)
}

/// Where the layers are that rectify, each with the layer whose output it does.
fn rectifying<'a>(layers: &[&'a Placed]) -> impl Iterator<Item = (usize, &'a Placed)> {
    let rectifies = layers.iter().enumerate().filter(|(_, placed)| placed.layer.rectifies());
    rectifies.filter_map(move |(at, _)| Some((at, rectified_by(&layers[..at])?)))
}

/// The layer with weights whose output the next layer rectifies: normalisation and dropout may stand between.
fn rectified_by<'a>(before: &[&'a Placed]) -> Option<&'a Placed> {
    let between = |layer: &Layer| matches!(layer.role(), Role::Normalisation | Role::Dropout);
    let layer = before.iter().rev().find(|placed| !between(&placed.layer))?;
    layer.layer.role().is_linear_map().then_some(*layer)
}

/// The channels that are zero everywhere after the first `layers` layers.
fn dead(context: TrainingContext<'_>, layers: usize, parameters: &[f32], images: &Images) -> Vec<usize> {
    let mut plan = ForwardPlan::up_to(context.network, layers, context.cpu);
    let shape = plan.output();
    let mut alive = vec![false; shape.channels];
    chunks(&mut plan, parameters, images, |_, outputs| {
        for (at, map) in outputs.chunks_exact(shape.area()).enumerate() {
            let alive = &mut alive[at % shape.channels];
            *alive = *alive || map.iter().any(|&x| x > 0.0);
        }
    });
    (0..alive.len()).filter(|&channel| !alive[channel]).collect()
}

fn forward(context: TrainingContext<'_>, stage: Stage) -> ForwardPlan {
    ForwardPlan::new(context.network, stage, context.cpu)
}

/// How many of these images go through a way at a time that gives so many numbers of each.
fn at_a_time(length: usize, images: usize) -> usize {
    (CHUNK / length.max(1) / TILE * TILE).clamp(TILE, images.max(TILE))
}

/// Runs `plan` over the images, some at a time, so that maps of large images need not all be held.
fn chunks(
    plan: &mut ForwardPlan,
    parameters: &[f32],
    images: &Images,
    mut each: impl FnMut(&Images, &[f32]),
) {
    let length = plan.output().len();
    let count = at_a_time(length, images.len());
    let mut outputs = Vec::new();
    for start in (0..images.len()).step_by(count) {
        let part = images.part(start..(start + count).min(images.len()));
        outputs.resize(part.len() * length, 0.0);
        plan.run(parameters, Source::Bytes(part.pixels()), &mut outputs);
        each(&part, &outputs);
    }
}
