//! [`Dropout`]: random silence while training.

use super::settings::settings;
use super::{Elsewhere, LayerKind, Noise as At, Role};
use crate::Shape;
use crate::lane::{Simd, Vector};
use crate::network::Placed;
use crate::plan::{Builder, Op, Port, Rows, TensorId, Tile, Uses};
use crate::random::{self, Philox, Purpose};
use crate::reference::Real;

settings! {
    /// Dropout.
    ///
    /// While training, each number is set to zero with probability `rate`, and the others are divided by 1 − rate;
    /// otherwise the layer does nothing: Srivastava et al., "Dropout: a simple way to prevent neural networks from
    /// overfitting" (2014). Which numbers are dropped depends on the seed, the epoch, the image and the position alone.
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    pub struct Dropout {
        /// The probability that a number is dropped: at least 0, below 1.
        #[also("p")]
        pub rate: f32 = 0.5,
    }
}

/// What random numbers during training depend on, for one image.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// The seed of the run.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u32,
    /// The index of the image in its data set.
    pub image: u32,
}

impl Noise {
    /// Four random words for the positions 4 `block` … 4 `block` + 3 of the `layer`-th layer.
    #[inline]
    pub(crate) fn words(self, layer: u32, block: u32) -> [u32; 4] {
        Philox::new(self.seed, Purpose::Dropout).words(self.epoch, self.image, layer, block)
    }
}

impl LayerKind for Dropout {
    const STEM: &'static str = "dropout";
    const ROLE: Role = Role::Dropout;
    const INSTEAD_OF: Elsewhere =
        &[(&["dropout2d", "spatialdropout2d"], "there is no dropout of whole channels")];

    fn dropout_rate(&mut self) -> Option<&mut f32> {
        Some(&mut self.rate)
    }

    fn has_no_effect(&self) -> bool {
        self.rate == 0.0
    }

    fn settings(&self) -> String {
        format!("rate {}", self.rate)
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        if (0.0..1.0).contains(&self.rate) {
            Ok(input)
        } else {
            Err(format!("`rate` is {}; it has to be at least 0 and below 1", self.rate))
        }
    }

    #[allow(clippy::cast_possible_truncation)] // positions of one image fit 32 bits
    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], noise: Option<At>) -> Vec<R> {
        let Some(noise) = noise else { return x.to_vec() };
        x.iter()
            .enumerate()
            .map(|(i, &x)| {
                let word = noise.words(at.ordinal, (i / 4) as u32)[i % 4];
                let scale = if random::unit(word) < self.rate { 0.0 } else { 1.0 / (1.0 - self.rate) };
                x * R::from(f64::from(scale))
            })
            .collect()
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        if !builder.is_training() || self.rate == 0.0 {
            return x;
        }
        let y = builder.output(x, at.output, false);
        let (rate, layer) = (self.rate, at.ordinal);
        builder.push(move |grids| {
            let rows = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
            let gradients = x.gradient.zip(y.gradient).map(|(dx, dy)| (rows(dy), rows(dx)));
            Box::new(Silence { rate, layer, values: (rows(x.value), rows(y.value)), gradients })
        });
        // The backward pass draws the same numbers again and needs neither values nor a stored mask.
        Port { exclusive: true, ..y }
    }
}

type From = (TensorId, Rows);
type To = (TensorId, Rows);

/// The operation; forwards and backwards are the same multiplication.
struct Silence {
    rate: f32,
    layer: u32,
    values: (From, To),
    gradients: Option<(From, To)>,
}

impl Silence {
    fn apply<S: Simd>(&self, s: S, tile: &mut Tile<'_>, ((from, from_rows), (to, to_rows)): &(From, To)) {
        let Tile { tensors, noise, .. } = tile;
        let [x, y] = tensors.many([*from, *to]);
        let keep = 1.0 / (1.0 - self.rate);
        s.enter(
            #[inline(always)]
            || {
                // Scales of four consecutive positions, lane by lane, drawn together.
                let mut scales = [[0.0; 16]; 4];
                let mut position = 0;
                for (from, to) in from_rows.iter().zip(to_rows.iter()) {
                    for (x, y) in x[from].chunks_exact(S::LANES).zip(y[to].chunks_exact_mut(S::LANES)) {
                        if position % 4 == 0 {
                            for (lane, noise) in noise.iter().enumerate() {
                                let words = noise.words(self.layer, position / 4);
                                for (scale, word) in scales.iter_mut().zip(words) {
                                    scale[lane] = if random::unit(word) < self.rate { 0.0 } else { keep };
                                }
                            }
                        }
                        (s.load(x) * s.load(&scales[(position % 4) as usize])).store(y);
                        position += 1;
                    }
                }
            },
        );
    }
}

impl<S: Simd> Op<S> for Silence {
    fn uses(&self) -> Uses {
        let ids = |((from, _), (to, _)): &(From, To)| [*from, *to];
        Uses::forward(ids(&self.values)).backward(self.gradients.iter().flat_map(ids))
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        self.apply(s, tile, &self.values);
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        if let Some(gradients) = &self.gradients {
            self.apply(s, tile, gradients);
        }
    }
}
