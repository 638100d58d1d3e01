//! [`GroupNorm`]: normalisation over groups of channels.

use super::settings::settings;
use super::{Elsewhere, Initial, LayerKind, Mirror, Noise, Role, Wanted};
use crate::Shape;
use crate::lane::{Simd, Vector};
use crate::network::Placed;
use crate::plan::{Builder, Op, Port, Rows, TensorId, Tile, Uses};
use crate::reference::Real;

settings! {
    /// Group normalisation.
    ///
    /// y = γ\[c\] · (x − μ) / √(σ² + ε) + β\[c\], image by image, where μ and σ² are the mean and the (biased) variance of the
    /// numbers of one image in the group of channel c: Wu and He, "Group normalization" (2018). One group is layer
    /// normalisation; as many groups as channels is instance normalisation.
    ///
    /// # Shapes
    /// Input `[channels][height][width]`, γ (`weight`) and β (`bias`) `[channels]`, output as the input.
    pub struct GroupNorm {
        /// Groups: a divisor of the number of channels.
        #[also("num_groups")]
        pub groups: usize = 1,
        /// ε, added to the variance: above 0.
        #[also("eps")]
        pub epsilon: f32 = 1e-5,
    }
}

impl LayerKind for GroupNorm {
    const STEM: &'static str = "norm";
    const ROLE: Role = Role::Normalisation;
    const INSTEAD_OF: Elsewhere = &[
        (
            &["batchnorm", "batchnorm2d", "batchnormalization", "batchnormalisation", "bn"],
            "batch normalisation mixes the images of a batch, and here each is computed by itself; group normalisation takes its place",
        ),
        (&["layernorm", "layernormalization"], "one group, its default, is layer normalisation"),
        (&["instancenorm", "instancenorm2d"], "as many `groups` as channels is instance normalisation"),
        (&["groupnormalization", "norm"], ""),
    ];

    fn mirror(&self, _: Shape, _: Shape) -> Mirror {
        Mirror::Normalisation(self.clone().into())
    }

    fn settings(&self) -> String {
        if self.groups == 1 { "1 group".to_owned() } else { format!("{} groups", self.groups) }
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        if self.groups == 0 || !input.channels.is_multiple_of(self.groups) {
            return Err(format!(
                "`groups` is {}; it has to divide the {} channels",
                self.groups, input.channels
            ));
        }
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return Err(format!("`epsilon` is {}; it has to be above 0", self.epsilon));
        }
        Ok(input)
    }

    fn parameters(&self, input: Shape) -> Vec<Wanted> {
        vec![
            Wanted { name: "weight", axes: vec![input.channels], initial: Initial::Ones },
            Wanted { name: "bias", axes: vec![input.channels], initial: Initial::Zeros },
        ]
    }

    fn reference<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], _: Option<Noise>) -> Vec<R> {
        let (gamma, beta) = (at.parameter(parameters, 0), at.parameter(parameters, 1));
        let length = x.len() / self.groups;
        let mut y = Vec::with_capacity(x.len());
        for group in x.chunks_exact(length) {
            let n = R::from(length as f64);
            let mean = group.iter().fold(R::from(0.0), |sum, &x| sum + x) / n;
            let variance = group.iter().fold(R::from(0.0), |sum, &x| sum + (x - mean) * (x - mean)) / n;
            let scale = R::from(1.0) / (variance + R::from(f64::from(self.epsilon))).sqrt();
            for &x in group {
                let c = y.len() / at.input.area();
                y.push(gamma[c] * ((x - mean) * scale) + beta[c]);
            }
        }
        y
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        let y = builder.output(x, at.output, true);
        // Mean and scale of each group, kept for the way back.
        let statistics = builder.tensor(Shape::vector(2 * self.groups));
        let (groups, epsilon) = (self.groups, self.epsilon);
        let (gamma, beta) = (at.parameters[0].range.clone(), at.parameters[1].range.clone());
        let channels = at.input.channels;
        let count = (at.input.len() / groups) as f32;
        builder.push(move |grids| {
            let rows = |id: TensorId| Rows::of::<S>(&grids[id]);
            let statistics_rows = rows(statistics);
            Box::new(Normalise {
                per_group: channels / groups,
                epsilon,
                count,
                gamma,
                beta,
                x: (x.value, rows(x.value)),
                y: (y.value, rows(y.value)),
                statistics: (statistics, statistics_rows.iter().map(|r| r.start).collect()),
                dx: x.gradient.map(|id| (id, rows(id))),
                dy: y.gradient.map(|id| (id, rows(id))),
            })
        });
        Port { exclusive: true, ..y }
    }
}

/// The operation: each tensor with the rows of its grid.
struct Normalise {
    per_group: usize,
    epsilon: f32,
    /// Numbers in a group.
    count: f32,
    gamma: std::ops::Range<usize>,
    beta: std::ops::Range<usize>,
    x: (TensorId, Rows),
    y: (TensorId, Rows),
    /// Where the mean, and after it the scale, of each group stand.
    statistics: (TensorId, Vec<usize>),
    dx: Option<(TensorId, Rows)>,
    dy: Option<(TensorId, Rows)>,
}

impl Normalise {
    fn groups(&self) -> usize {
        self.statistics.1.len() / 2
    }

    fn channels(&self, group: usize) -> std::ops::Range<usize> {
        group * self.per_group..(group + 1) * self.per_group
    }
}

impl<S: Simd> Op<S> for Normalise {
    fn uses(&self) -> Uses {
        let values = [self.x.0, self.y.0, self.statistics.0];
        let gradients = self.dx.iter().chain(&self.dy).map(|gradient| gradient.0);
        Uses::forward(values).backward(gradients.chain([self.x.0, self.statistics.0]))
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let (gamma, beta) = (&tile.parameters[self.gamma.clone()], &tile.parameters[self.beta.clone()]);
        let [x, y, statistics] = tile.many([self.x.0, self.y.0, self.statistics.0]);
        s.enter(
            #[inline(always)]
            || {
                for group in 0..self.groups() {
                    let mut sum = s.zero();
                    for row in self.channels(group).flat_map(|c| self.x.1.channel(c)) {
                        for x in x[row].chunks_exact(S::LANES) {
                            sum = sum + s.load(x);
                        }
                    }
                    let mean = sum / s.splat(self.count);
                    let mut squares = s.zero();
                    for row in self.channels(group).flat_map(|c| self.x.1.channel(c)) {
                        for x in x[row].chunks_exact(S::LANES) {
                            let apart = s.load(x) - mean;
                            squares = apart.mul_add(apart, squares);
                        }
                    }
                    let variance = squares / s.splat(self.count);
                    let scale = s.splat(1.0) / (variance + s.splat(self.epsilon)).sqrt();
                    for c in self.channels(group) {
                        let (gamma, beta) = (s.splat(gamma[c]), s.splat(beta[c]));
                        for (from, to) in self.x.1.channel(c).zip(self.y.1.channel(c)) {
                            let x = x[from].chunks_exact(S::LANES);
                            for (x, y) in x.zip(y[to].chunks_exact_mut(S::LANES)) {
                                ((s.load(x) - mean) * scale).mul_add(gamma, beta).store(y);
                            }
                        }
                    }
                    mean.store(&mut statistics[self.statistics.1[2 * group]..]);
                    scale.store(&mut statistics[self.statistics.1[2 * group + 1]..]);
                }
            },
        );
    }

    /// With x̂ the normalised input and g = γ · dy: dx = scale · (g − mean g − x̂ · mean(g x̂)),
    /// dγ = Σ dy x̂, dβ = Σ dy.
    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let Some(dy_at) = &self.dy else { return };
        let Tile { tensors, parameters, gradients, .. } = tile;
        let gamma = &parameters[self.gamma.clone()];
        s.enter(
            #[inline(always)]
            || {
                for group in 0..self.groups() {
                    let mean = s.load(&tensors.get(self.statistics.0)[self.statistics.1[2 * group]..]);
                    let scale = s.load(&tensors.get(self.statistics.0)[self.statistics.1[2 * group + 1]..]);
                    let (mut sum, mut product) = (s.zero(), s.zero());
                    for c in self.channels(group) {
                        let (x, dy) = (tensors.get(self.x.0), tensors.get(dy_at.0));
                        let (mut of_dy, mut of_product) = (s.zero(), s.zero());
                        for (x_row, dy_row) in self.x.1.channel(c).zip(dy_at.1.channel(c)) {
                            let dy = dy[dy_row].chunks_exact(S::LANES);
                            for (x, dy) in x[x_row].chunks_exact(S::LANES).zip(dy) {
                                let dy = s.load(dy);
                                of_dy = of_dy + dy;
                                of_product = ((s.load(x) - mean) * scale).mul_add(dy, of_product);
                            }
                        }
                        gradients[self.beta.start + c] = of_dy.sum();
                        gradients[self.gamma.start + c] = of_product.sum();
                        let gamma = s.splat(gamma[c]);
                        sum = of_dy.mul_add(gamma, sum);
                        product = of_product.mul_add(gamma, product);
                    }
                    let Some(dx_at) = &self.dx else { continue };
                    let (sum, product) = (sum / s.splat(self.count), product / s.splat(self.count));
                    let [x, dx, dy] = tensors.many([self.x.0, dx_at.0, dy_at.0]);
                    for c in self.channels(group) {
                        let gamma = s.splat(gamma[c]);
                        let rows = self.x.1.channel(c).zip(dy_at.1.channel(c)).zip(dx_at.1.channel(c));
                        for ((x_row, dy_row), dx_row) in rows {
                            let inputs =
                                x[x_row].chunks_exact(S::LANES).zip(dy[dy_row].chunks_exact(S::LANES));
                            for ((x, dy), dx) in inputs.zip(dx[dx_row].chunks_exact_mut(S::LANES)) {
                                let normalised = (s.load(x) - mean) * scale;
                                let g = s.load(dy) * gamma - sum;
                                ((-product).mul_add(normalised, g) * scale).store(dx);
                            }
                        }
                    }
                }
            },
        );
    }
}
