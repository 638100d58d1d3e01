//! [`Quantize`]: each pixel of a map becomes the nearest vector of a codebook.

use super::settings::settings;
use super::{BufferValues, Elsewhere, Initial, LayerKind, ParameterSpec, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::quantize;
use crate::program::{Builder, Port};
use crate::reference::Real;

/// How far a vector that takes over half of another's images is put beside it, in parts of its own numbers.
const SPLIT: f32 = 0.01;

settings! {
    /// Vector quantisation by a codebook, for a VQ-VAE.
    ///
    /// Each pixel of a map, a vector over the channels, becomes the nearest vector of a codebook: van den Oord, Vinyals
    /// and Kavukcuoglu, "Neural discrete representation learning" (2017). With x the vector of a pixel and e the nearest
    /// of the codebook, y = e; the gradient passes to x as if y were x (straight through). While training the loss of an
    /// image is increased by commitment · Σ |x − e|² / numbers of the image.
    ///
    /// The codebook follows no gradient but the exponential moving average of the vectors that are nearest to each of
    /// its own (appendix A of that paper): n ← decay · n + (1 − decay) · uses in the batch,
    /// e ← (decay · n · e + (1 − decay) · Σ x) / n. A vector whose n falls below `restart` times the mean takes over half
    /// of what the most used one has, and begins beside it (the splitting of Linde, Buzo and Gray, 1980). Codebook and n
    /// are kept with the parameters.
    ///
    /// # Shapes
    /// Input and output `[channels][height][width]`; codebook `[codes][channels]`, uses `[codes]`.
    pub struct Quantize {
        /// Vectors in the codebook: from 2 to 2^20.
        #[also("num_embeddings")]
        pub codes: usize = 256,
        /// The factor of the commitment loss, beside the sum of the loss over an image: at least 0.
        #[also("commitment_cost")]
        pub commitment: f32 = 0.25,
        /// Decay of the moving averages: at least 0, below 1.
        pub decay: f32 = 0.99,
        /// Vectors used less than so many times the mean begin anew: at least 0, below 1.
        pub restart: f32 = 0.01,
    }
}

/// Vectors used less than so many times the mean are as good as never used.
const USED: f64 = 0.01;

/// How a codebook is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CodebookUse {
    /// Vectors in it.
    pub codes: usize,
    /// Those used at least a hundredth as often as the mean of all.
    pub used: usize,
    /// exp of the entropy of their use: how many vectors used equally often would say as much.
    pub perplexity: f64,
}

impl Quantize {
    /// How the codebook is used, from the uses kept with the parameters.
    pub(crate) fn usage(&self, at: &Placed, parameters: &[f32]) -> CodebookUse {
        let uses: Vec<f64> = at.place.parameter(parameters, 1).iter().map(|&n| f64::from(n)).collect();
        let total: f64 = uses.iter().sum();
        #[allow(clippy::cast_precision_loss)]
        let least = USED * total / uses.len() as f64;
        let shares = uses.iter().map(|n| n / total).filter(|&share| share > 0.0);
        let entropy: f64 = shares.map(|share| -share * share.ln()).sum();
        let used = uses.iter().filter(|&&n| n > least).count();
        CodebookUse { codes: self.codes, used, perplexity: entropy.exp() }
    }

    /// The nearest vector's number for each pixel.
    fn nearest<R: Real>(codebook: &[R], x: &[R], channels: usize) -> Vec<usize> {
        let pixels = x.len() / channels;
        let distance = |code: &[R], pixel: usize| {
            code.iter().enumerate().fold(R::from(0.0), |sum, (d, &e)| {
                let apart = x[d * pixels + pixel] - e;
                sum + apart * apart
            })
        };
        let nearest_to = |pixel: usize| {
            let all = codebook.chunks_exact(channels).map(|code| distance(code, pixel)).enumerate();
            all.reduce(|best, one| if best.1.exceeds(one.1) { one } else { best })
                .expect("two codes or more")
                .0
        };
        (0..pixels).map(nearest_to).collect()
    }

    /// The vector of each number of `x`.
    fn quantized<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R]) -> Vec<f64> {
        let (codebook, channels) = (at.place.parameter(parameters, 0), at.place.input.channels);
        let chosen = Self::nearest(codebook, x, channels);
        let pixels = chosen.len();
        (0..x.len()).map(|i| codebook[chosen[i % pixels] * channels + i / pixels].value()).collect()
    }
}

impl LayerKind for Quantize {
    const STEM: &'static str = "quantize";
    const ROLE: Role = Role::Quantisation;
    const ALIASES: &'static [&'static str] = &["quantise"];
    const INSTEAD_OF: Elsewhere =
        &[(&["vectorquantizer", "vectorquantize", "vectorquantization", "vq", "codebook"], "")];
    const NO_SETTING: Elsewhere = &[
        (&["embedding_dim"], "leave it out: the vectors have as many numbers as the map has channels"),
        (&["beta"], "`commitment` is the factor of the commitment loss"),
    ];

    fn loss_weight(&self, _: u32) -> Option<f32> {
        Some(self.commitment)
    }

    fn codebook(&self) -> Option<usize> {
        Some(self.codes)
    }

    fn codebook_use(&self, at: &Placed, parameters: &[f32]) -> Option<CodebookUse> {
        Some(self.usage(at, parameters))
    }

    fn settings(&self) -> String {
        format!("{} codes", self.codes)
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        let Self { codes, commitment, decay, restart } = *self;
        if !(2..=1 << 20).contains(&codes) {
            return Err(format!("`codes` is {codes}; a codebook has from 2 to 2^20 vectors"));
        }
        if !(commitment >= 0.0 && commitment.is_finite()) {
            return Err(format!("`commitment` is {commitment}; it has to be a number of at least 0"));
        }
        for (value, name) in [(decay, "decay"), (restart, "restart")] {
            if !(0.0..1.0).contains(&value) {
                return Err(format!("`{name}` is {value}; it has to be at least 0 and below 1"));
            }
        }
        Ok(input)
    }

    fn parameters(&self, input: Shape) -> Vec<ParameterSpec> {
        // Small numbers of either sign; the first steps carry them to where the pixels are.
        let initial = Initial::GlorotUniform { inputs: self.codes, outputs: input.channels };
        vec![
            ParameterSpec { name: "codebook", axes: vec![self.codes, input.channels], initial },
            ParameterSpec { name: "uses", axes: vec![self.codes], initial: Initial::Ones },
        ]
    }

    fn multiply_adds(&self, input: Shape) -> u64 {
        (self.codes as u64).saturating_mul(input.len() as u64)
    }

    fn reference<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], key: Option<RandomKey>) -> Vec<R> {
        let chosen = self.quantized(at, parameters, x);
        let straight = |(&x, e): (&R, f64)| match key {
            Some(_) => x + R::from(e - x.value()),
            None => R::from(e),
        };
        x.iter().zip(chosen).map(straight).collect()
    }

    fn penalty<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], _: RandomKey) -> R {
        let chosen = self.quantized(at, parameters, x);
        let total = x.iter().zip(chosen).fold(R::from(0.0), |sum, (&x, e)| {
            let apart = x - R::from(e);
            sum + apart * apart
        });
        total * R::from(f64::from(self.commitment))
    }

    fn statistics(&self, at: &Placed, parameters: &[f64], x: &[f64]) -> Option<Vec<f64>> {
        let channels = at.place.input.channels;
        let chosen = Self::nearest(at.place.parameter(parameters, 0), x, channels);
        let pixels = chosen.len();
        let mut sums = vec![0.0; self.codes * (channels + 1)];
        for (pixel, &code) in chosen.iter().enumerate() {
            for d in 0..channels {
                sums[code * channels + d] += x[d * pixels + pixel];
            }
            sums[self.codes * channels + code] += 1.0;
        }
        Some(sums)
    }

    fn follow(
        &self,
        at: &Placed,
        parameters: &[f32],
        sums: &[f32],
        _: usize,
        draw: &dyn Fn(usize) -> f32,
    ) -> BufferValues {
        let (codebook, uses) = (&at.place.parameters[0].range, &at.place.parameters[1].range);
        let channels = codebook.len() / self.codes;
        let mut vectors = parameters[codebook.clone()].to_vec();
        let mut counts = parameters[uses.clone()].to_vec();
        let (keep, share) = (self.decay, 1.0 - self.decay);
        for (code, count) in counts.iter_mut().enumerate() {
            let before = keep * *count;
            *count = before + share * sums[uses.start + code];
            if *count > f32::MIN_POSITIVE {
                let own = code * channels..(code + 1) * channels;
                for (e, sum) in vectors[own.clone()].iter_mut().zip(&sums[codebook.clone()][own]) {
                    *e = (before * *e + share * sum) / *count;
                }
            }
        }
        #[allow(clippy::cast_precision_loss)]
        let least = self.restart * counts.iter().sum::<f32>() / counts.len() as f32;
        let dead: Vec<usize> = (0..self.codes).filter(|&code| counts[code] < least).collect();
        for code in dead {
            let most = (0..self.codes).fold(0, |most, k| if counts[k] > counts[most] { k } else { most });
            counts[most] *= 0.5;
            counts[code] = counts[most];
            for d in 0..channels {
                let e = vectors[most * channels + d];
                let beside = SPLIT * (2.0 * draw(code * channels + d) - 1.0);
                vectors[code * channels + d] = e + beside * (e.abs() + SPLIT);
            }
        }
        vec![(codebook.clone(), vectors), (uses.clone(), counts)]
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        quantize::lower(builder, self.codes, self.commitment, &at.place, x)
    }
}
