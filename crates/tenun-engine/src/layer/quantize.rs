//! [`Quantize`]: each pixel of a map becomes the nearest vector of a codebook.

use std::ops::Range;

use super::settings::settings;
use super::{Elsewhere, Fresh, Initial, LayerKind, Noise, Role, Wanted};
use crate::Shape;
use crate::lane::{Simd, TILE, Vector};
use crate::network::Placed;
use crate::plan::{Builder, Op, Port, Rows, TensorId, TermId, Tile, Uses};
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
        let uses: Vec<f64> = at.parameter(parameters, 1).iter().map(|&n| f64::from(n)).collect();
        let total: f64 = uses.iter().sum();
        #[allow(clippy::cast_precision_loss)]
        let least = USED * total / uses.len() as f64;
        let shares = uses.iter().map(|n| n / total).filter(|&share| share > 0.0);
        let entropy: f64 = shares.map(|share| -share * share.ln()).sum();
        let used = uses.iter().filter(|&&n| n > least).count();
        CodebookUse { codes: self.codes, used, perplexity: entropy.exp() }
    }

    /// The nearest vector's number for each pixel.
    fn nearest(codebook: &[f64], x: &[f64], channels: usize) -> Vec<usize> {
        let pixels = x.len() / channels;
        let distance = |code: &[f64], pixel: usize| -> f64 {
            code.iter().enumerate().map(|(d, e)| (x[d * pixels + pixel] - e).powi(2)).sum()
        };
        let nearest_to = |pixel: usize| {
            let all = codebook.chunks_exact(channels).map(|code| distance(code, pixel)).enumerate();
            all.fold((0, f64::INFINITY), |best, one| if one.1 < best.1 { one } else { best }).0
        };
        (0..pixels).map(nearest_to).collect()
    }

    /// The vector of each number of `x`.
    fn quantized(&self, at: &Placed, parameters: &[f64], x: &[f64]) -> Vec<f64> {
        let (codebook, channels) = (at.parameter(parameters, 0), at.input.channels);
        let chosen = Self::nearest(codebook, x, channels);
        let pixels = chosen.len();
        (0..x.len()).map(|i| codebook[chosen[i % pixels] * channels + i / pixels]).collect()
    }
}

/// Plain values.
fn values<R: Real>(x: &[R]) -> Vec<f64> {
    x.iter().map(|x| x.value()).collect()
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

    fn parameters(&self, input: Shape) -> Vec<Wanted> {
        // Small numbers of either sign; the first steps carry them to where the pixels are.
        let initial = Initial::GlorotUniform { inputs: self.codes, outputs: input.channels };
        vec![
            Wanted { name: "codebook", axes: vec![self.codes, input.channels], initial },
            Wanted { name: "uses", axes: vec![self.codes], initial: Initial::Ones },
        ]
    }

    fn multiply_adds(&self, input: Shape) -> u64 {
        (self.codes * input.len()) as u64
    }

    fn reference<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], noise: Option<Noise>) -> Vec<R> {
        let chosen = self.quantized(at, &values(parameters), &values(x));
        let straight = |(&x, e): (&R, f64)| match noise {
            Some(_) => x + R::from(e - x.value()),
            None => R::from(e),
        };
        x.iter().zip(chosen).map(straight).collect()
    }

    fn penalty<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], _: Noise) -> R {
        let chosen = self.quantized(at, &values(parameters), &values(x));
        let total = x.iter().zip(chosen).fold(R::from(0.0), |sum, (&x, e)| {
            let apart = x - R::from(e);
            sum + apart * apart
        });
        total * R::from(f64::from(self.commitment))
    }

    fn statistics(&self, at: &Placed, parameters: &[f64], x: &[f64]) -> Option<Vec<f64>> {
        let channels = at.input.channels;
        let chosen = Self::nearest(at.parameter(parameters, 0), x, channels);
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
    ) -> Fresh {
        let (codebook, uses) = (&at.parameters[0].range, &at.parameters[1].range);
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

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        let y = builder.output(x, at.output, false);
        let chosen = builder.tensor(Shape { channels: 1, ..at.input });
        let training = builder.is_training().then(|| {
            let scratch = builder.tensor(Shape::vector((self.codes * (at.input.channels + 1)).div_ceil(8)));
            (builder.term("commitment", at), scratch)
        });
        let (codes, commitment) = (self.codes, self.commitment);
        let ranges = [at.parameters[0].range.clone(), at.parameters[1].range.clone()];
        let channels = at.input.channels;
        builder.push(move |grids| {
            let rows = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
            let gradients = x.gradient.zip(y.gradient).map(|(dx, dy)| (rows(dx), rows(dy)));
            Box::new(Nearest {
                codes,
                channels,
                commitment,
                ranges,
                training,
                x: rows(x.value),
                y: rows(y.value),
                chosen: rows(chosen),
                gradients,
            })
        });
        y
    }
}

/// A tensor, and its rows.
type Place = (TensorId, Rows);

/// The operation; packed are the negated codebook, and half of each vector's squared length.
struct Nearest {
    codes: usize,
    channels: usize,
    commitment: f32,
    /// Codebook and uses, among all parameters.
    ranges: [Range<usize>; 2],
    /// The commitment, and room for the sums of half a tile.
    training: Option<(TermId, TensorId)>,
    x: Place,
    y: Place,
    /// The number of each pixel's vector.
    chosen: Place,
    gradients: Option<(Place, Place)>,
}

/// Vectors of the codebook that are compared with a pixel at a time.
const BLOCK: usize = 8;

impl Nearest {
    /// |x − e|² / 2 is x² / 2 − x·e + e² / 2, and x² is the same for all.
    #[inline(always)]
    fn scores<S: Simd, const N: usize>(
        &self,
        s: S,
        codes: &[f32],
        halves: &[f32],
        x: &[f32],
        (row, at): (usize, usize),
    ) -> [S::V; N] {
        let mut scores: [S::V; N] = std::array::from_fn(|k| s.splat(halves[k]));
        for d in 0..self.channels {
            let x = s.load(&x[self.x.1.start(d, row) + at..]);
            for (k, score) in scores.iter_mut().enumerate() {
                *score = x.mul_add(s.splat(codes[k * self.channels + d]), *score);
            }
        }
        scores
    }
}

impl<S: Simd> Op<S> for Nearest {
    fn uses(&self) -> Uses {
        let gradients = self.gradients.iter().flat_map(|(dx, dy)| [self.y.0, dx.0, dy.0]);
        let own = self.training.iter().flat_map(|&(_, scratch)| [self.x.0, self.chosen.0, scratch]);
        Uses::forward([self.x.0, self.y.0, self.chosen.0]).backward(own.chain(gradients))
    }

    fn multiply_adds(&self) -> usize {
        let pixels = self.chosen.1.iter().len() * self.chosen.1.row_length() / S::LANES;
        pixels * self.codes * self.channels
    }

    fn packed_len(&self) -> usize {
        self.codes * (self.channels + 1)
    }

    fn pack(&self, parameters: &[f32], packed: &mut [f32]) {
        let (vectors, halves) = packed.split_at_mut(self.codes * self.channels);
        let codebook = &parameters[self.ranges[0].clone()];
        vectors.iter_mut().zip(codebook).for_each(|(to, e)| *to = -e);
        for (half, e) in halves.iter_mut().zip(codebook.chunks_exact(self.channels)) {
            *half = 0.5 * e.iter().fold(0.0f32, |sum, e| e.mul_add(*e, sum));
        }
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let (vectors, halves) = tile.packed.split_at(self.codes * self.channels);
        let codebook = &tile.parameters[self.ranges[0].clone()];
        let [x, y, chosen] = tile.tensors.many([self.x.0, self.y.0, self.chosen.0]);
        let apart = s.enter(
            #[inline(always)]
            || {
                let mut total = s.zero();
                for (r, row) in self.chosen.1.iter().enumerate() {
                    for (column, chosen) in chosen[row].chunks_exact_mut(S::LANES).enumerate() {
                        let place = (r, column * S::LANES);
                        let mut best = s.splat(f32::INFINITY);
                        let mut code = s.zero();
                        let mut take = |k: usize, score: S::V| {
                            let nearer = score.less(best);
                            best = S::V::select(nearer, score, best);
                            #[allow(clippy::cast_precision_loss)] // at most 2^20
                            let number = s.splat(k as f32);
                            code = S::V::select(nearer, number, code);
                        };
                        let mut k = 0;
                        while k + BLOCK <= self.codes {
                            let block = &vectors[k * self.channels..];
                            let scores = self.scores::<S, BLOCK>(s, block, &halves[k..], x, place);
                            scores.into_iter().enumerate().for_each(|(i, score)| take(k + i, score));
                            k += BLOCK;
                        }
                        for k in k..self.codes {
                            let block = &vectors[k * self.channels..];
                            take(k, self.scores::<S, 1>(s, block, &halves[k..], x, place)[0]);
                        }
                        code.store(chosen);
                        let mut sum = s.zero();
                        for d in 0..self.channels {
                            let to = &mut y[self.y.1.start(d, r) + column * S::LANES..][..S::LANES];
                            for (to, &k) in to.iter_mut().zip(&*chosen) {
                                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                                let k = k as usize;
                                *to = codebook[k * self.channels + d];
                            }
                            let apart = s.load(&x[self.x.1.start(d, r) + column * S::LANES..]) - s.load(to);
                            sum = apart.mul_add(apart, sum);
                        }
                        total = total + sum;
                    }
                }
                total
            },
        );
        if let Some((term, _)) = self.training {
            apart.store(tile.term_mut(term));
        }
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let Some((_, scratch)) = self.training else { return };
        let weights = tile.weights;
        if let Some((dx, dy)) = &self.gradients {
            let weight = s.load(weights) * s.splat(2.0 * self.commitment);
            let [x, y, d_input, d_output] = tile.tensors.many([self.x.0, self.y.0, dx.0, dy.0]);
            s.enter(
                #[inline(always)]
                || {
                    let values = self.x.1.iter().zip(self.y.1.iter());
                    for ((x_row, y_row), (dx_row, dy_row)) in values.zip(dx.1.iter().zip(dy.1.iter())) {
                        for at in (0..x_row.len()).step_by(S::LANES) {
                            let apart = s.load(&x[x_row.start + at..]) - s.load(&y[y_row.start + at..]);
                            let straight = s.load(&d_output[dy_row.start + at..]);
                            weight.mul_add(apart, straight).store(&mut d_input[dx_row.start + at..]);
                        }
                    }
                },
            );
        }
        // What chose which vector: eight lanes first, then the two halves of sixteen, as every sum over lanes.
        let [x, chosen, scratch] = tile.tensors.many([self.x.0, self.chosen.0, scratch]);
        let vectors = self.codes * self.channels;
        let scratch = &mut scratch[..vectors + self.codes];
        let [codebook, uses] = &self.ranges;
        for half in 0..S::LANES / (TILE / 2) {
            scratch.fill(0.0);
            for (r, row) in self.chosen.1.iter().enumerate() {
                for (column, chosen) in chosen[row].chunks_exact(S::LANES).enumerate() {
                    for lane in (half * TILE / 2..(half + 1) * TILE / 2).filter(|&lane| weights[lane] > 0.0) {
                        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                        let k = chosen[lane] as usize;
                        for (d, sum) in
                            scratch[k * self.channels..(k + 1) * self.channels].iter_mut().enumerate()
                        {
                            *sum += x[self.x.1.start(d, r) + column * S::LANES + lane];
                        }
                        scratch[vectors + k] += 1.0;
                    }
                }
            }
            let (sums, counts) = scratch.split_at(vectors);
            for (range, from) in [(codebook, sums), (uses, counts)] {
                for (to, from) in tile.gradients[range.clone()].iter_mut().zip(from) {
                    *to = if half == 0 { *from } else { *to + from };
                }
            }
        }
    }
}
