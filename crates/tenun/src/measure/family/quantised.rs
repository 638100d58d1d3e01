//! Quantised codes: how much of a codebook is used.

use std::collections::HashMap;

use tenun_engine::{Cpu, ForwardPlan, Images as Source, Network};

use super::{Better, Measurement, metric};
use crate::Model;
use crate::data::Images;
use crate::measure::Metric;

/// Vectors of a codebook that are used.
pub static CODES_USED: Metric = metric(
    ("codes_used", "codebook vectors used"),
    "",
    Better::Higher,
    0,
    "vectors of the codebook that stand for a pixel of these images",
);

/// Perplexity of a codebook on images.
pub static PERPLEXITY: Metric = metric(
    ("perplexity", "codebook perplexity"),
    "",
    Better::Higher,
    2,
    "exp of the entropy of the codebook's use: so many vectors used equally often would say as much",
);

/// Size of a code.
pub static CODE_BITS: Metric = metric(
    ("code_bits", "bits per code"),
    "",
    Better::Neither,
    0,
    "bits that the code of an image takes, uncompressed",
);

pub(super) static METRICS: [&Metric; 3] = [&CODES_USED, &PERPLEXITY, &CODE_BITS];

/// Images quantised at a time.
const CHUNK: usize = 256;

/// How some images use a codebook, counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CodebookCounts {
    /// Vectors in it.
    pub codes: usize,
    /// Different vectors that stand for a pixel of the images.
    pub used: usize,
    /// exp of the entropy of their use: how many vectors used equally often would say as much.
    pub perplexity: f64,
    /// Pixels that were quantised.
    pub pixels: usize,
}

/// How `images` use each codebook of `network`, in the order of its layers.
///
/// It is counted, vector by vector. What training keeps of the uses is a moving average that the uses at the start and
/// vectors begun anew are still in, and says nothing of images not trained on.
pub(crate) fn codebook_counts(
    network: &Network,
    parameters: &[f32],
    images: &Images,
    cpu: &Cpu,
) -> Vec<CodebookCounts> {
    let layers = network.layers().enumerate();
    layers
        .filter_map(|(at, placed)| Some((at, placed.layer.codebook()?)))
        .map(|(at, codes)| {
            let mut plan = ForwardPlan::up_to(network, at + 1, cpu);
            let counts = counts(&mut plan, parameters, images);
            let pixels: usize = counts.values().sum();
            #[allow(clippy::cast_precision_loss)]
            let share = |&count: &usize| count as f64 / pixels as f64;
            // In the order of the counts, so that the sum has the same bits every time.
            let mut sorted: Vec<usize> = counts.into_values().collect();
            sorted.sort_unstable();
            let entropy: f64 = sorted.iter().map(share).map(|share| -share * share.ln()).sum();
            CodebookCounts { codes, used: sorted.len(), perplexity: entropy.exp(), pixels }
        })
        .collect()
}

/// How often each vector, by its bits, stands for a pixel in the output of `plan`.
fn counts(plan: &mut ForwardPlan, parameters: &[f32], images: &Images) -> HashMap<Vec<u32>, usize> {
    let shape = plan.output();
    let mut counts = HashMap::new();
    let mut vector = vec![0; shape.channels];
    for start in (0..images.len()).step_by(CHUNK) {
        let part = images.part(start..(start + CHUNK).min(images.len()));
        let mut outputs = vec![0.0; part.len() * shape.len()];
        plan.run(parameters, Source::Bytes(part.pixels()), &mut outputs);
        for map in outputs.chunks_exact(shape.len()) {
            for pixel in 0..shape.area() {
                let numbers = map[pixel..].iter().step_by(shape.area());
                vector.iter_mut().zip(numbers).for_each(|(bits, number)| *bits = number.to_bits());
                match counts.get_mut(&vector) {
                    Some(count) => *count += 1,
                    None => _ = counts.insert(vector.clone(), 1),
                }
            }
        }
    }
    counts
}

/// How each codebook is used, and what a code costs to store.
pub(super) fn measure(model: &Model, images: &Images, cpu: &Cpu) -> Vec<Measurement> {
    let network = model.network();
    let books = codebook_counts(network, model.parameters(), images, cpu);
    let several = books.len() > 1;
    let mut found = Vec::new();
    for (number, book) in books.into_iter().enumerate() {
        let codebook = several.then_some(number + 1);
        let mut add = |metric, value| {
            found.push(Measurement { codebook, ..Measurement::new(metric, value, images.len()) });
        };
        #[allow(clippy::cast_precision_loss)]
        let (used, codes) = (book.used as f64, book.codes as f64);
        add(&CODES_USED, used);
        add(&PERPLEXITY, book.perplexity);
        if !several {
            #[allow(clippy::cast_precision_loss)]
            add(&CODE_BITS, network.latent().area() as f64 * codes.log2());
        }
    }
    found
}
