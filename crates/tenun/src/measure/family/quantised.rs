//! Quantised codes: how much of a codebook is used.

use std::collections::HashMap;

use tenun_engine::{Cpu, ForwardPlan, Images as Source, Network, Scaling};

use super::Figure;
use crate::Model;
use crate::data::Images;

/// Images quantised at a time.
const CHUNK: usize = 256;

/// How some images use a codebook.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CodebookUse {
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
pub(crate) fn codebook_uses(
    network: &Network,
    parameters: &[f32],
    images: &Images,
    cpu: &Cpu,
) -> Vec<CodebookUse> {
    let layers = network.layers().enumerate();
    layers
        .filter_map(|(at, placed)| Some((at, placed.layer.codebook()?)))
        .map(|(at, codes)| {
            let mut plan = ForwardPlan::up_to(network, at + 1, Scaling::unit(), cpu);
            let counts = counts(&mut plan, parameters, images);
            let pixels: usize = counts.values().sum();
            #[allow(clippy::cast_precision_loss)]
            let share = |&count: &usize| count as f64 / pixels as f64;
            // In the order of the counts, so that the sum has the same bits every time.
            let mut sorted: Vec<usize> = counts.into_values().collect();
            sorted.sort_unstable();
            let entropy: f64 = sorted.iter().map(share).map(|share| -share * share.ln()).sum();
            CodebookUse { codes, used: sorted.len(), perplexity: entropy.exp(), pixels }
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

/// The use of each codebook, and what a code costs to store.
pub(super) fn figures(model: &Model, images: &Images, cpu: &Cpu) -> Vec<Figure> {
    let network = model.network();
    let books = codebook_uses(network, model.parameters(), images, cpu);
    let several = books.len() > 1;
    let mut figures = Vec::new();
    for (number, book) in books.into_iter().enumerate() {
        let name = |name: &str| if several { format!("{name}{}", number + 1) } else { name.to_owned() };
        #[allow(clippy::cast_precision_loss)]
        let (used, codes) = (book.used as f64, book.codes as f64);
        let meaning = "vectors of the codebook that stand for a pixel of these images";
        figures.push(Figure::new(&name("codes_used"), used, meaning));
        figures.push(Figure::new(
            &name("perplexity"),
            book.perplexity,
            "vectors used equally often that would say as much",
        ));
        if !several {
            #[allow(clippy::cast_precision_loss)]
            let bits = network.latent().area() as f64 * codes.log2();
            figures.push(Figure::new(
                "code_bits",
                bits,
                "bits that the code of an image takes, uncompressed",
            ));
        }
    }
    figures
}
