//! [`Standardise`]: inputs with mean 0 and standard deviation 1.

use super::settings::settings;
use super::{Elsewhere, LayerKind, Noise, Role};
use crate::Shape;
use crate::lane::{Simd, Vector};
use crate::network::Placed;
use crate::plan::{Builder, Op, Port, Rows, TensorId, Tile, Uses};
use crate::reference::Real;

settings! {
    /// Standardisation of the input by the training images.
    ///
    /// Numbers less their channel's mean, divided by its standard deviation: y = (x − μ) / σ. As a network's first layer
    /// it gives the others standardised inputs, while the targets of the loss stay from 0 to 1. μ and σ are part of the
    /// network, so that a trained one needs nothing else. LeCun et al., "Efficient backprop" (1998), section 4.3.
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    pub struct Standardise {
        /// μ of each channel; the mean of the training images if there is none.
        pub mean: Vec<f32> = Vec::new(),
        /// σ of each channel, above 0; the standard deviation of the training images if there is none.
        pub std: Vec<f32> = Vec::new(),
    }
}

impl Standardise {
    /// μ and σ of each of `channels` channels.
    fn numbers(&self, channels: usize) -> Vec<(f32, f32)> {
        let of =
            |numbers: &[f32], channel: usize, without: f32| numbers.get(channel).copied().unwrap_or(without);
        (0..channels).map(|channel| (of(&self.mean, channel, 0.0), of(&self.std, channel, 1.0))).collect()
    }
}

impl LayerKind for Standardise {
    const STEM: &'static str = "standardise";
    const ROLE: Role = Role::Standardisation;
    const ALIASES: &'static [&'static str] = &["standardize"];
    const INSTEAD_OF: Elsewhere =
        &[(&["normalization", "normalize"], "it takes mean and standard deviation from the training images")];

    #[allow(clippy::cast_possible_truncation)] // measured in double precision
    fn adapt(&mut self, moments: &dyn Fn() -> Vec<(f64, f64)>) {
        if self.mean.is_empty() {
            // A channel that is the same everywhere has nothing to be scaled.
            let std = |std: f64| if std > 0.0 { std as f32 } else { 1.0 };
            (self.mean, self.std) = moments().into_iter().map(|(mean, dev)| (mean as f32, std(dev))).unzip();
        }
    }

    fn settings(&self) -> String {
        let words =
            |numbers: &[f32]| numbers.iter().map(|x| format!("{x:.3}")).collect::<Vec<_>>().join(", ");
        match self.mean.is_empty() {
            true => "to be measured".to_owned(),
            false => format!("mean {}, deviation {}", words(&self.mean), words(&self.std)),
        }
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        for (name, numbers) in [("mean", &self.mean), ("std", &self.std)] {
            if numbers.len() != self.mean.len() || !numbers.is_empty() && numbers.len() != input.channels {
                return Err(format!(
                    "`{name}` has {} numbers; there has to be one for each of the {} channels, or none of both",
                    numbers.len(),
                    input.channels
                ));
            }
            if numbers.iter().any(|x| !x.is_finite()) {
                return Err(format!("`{name}` has to be of finite numbers"));
            }
        }
        match self.std.iter().find(|&&std| std <= 0.0) {
            Some(std) => Err(format!("`std` is {std}; it has to be above 0")),
            None => Ok(input),
        }
    }

    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], _: Option<Noise>) -> Vec<R> {
        let numbers = self.numbers(at.input.channels);
        let planes = x.chunks_exact(at.input.area()).zip(numbers);
        let scale = |(x, (mean, std)): (&[R], (f32, f32))| -> Vec<R> {
            x.iter().map(|&x| (x - R::from(f64::from(mean))) / R::from(f64::from(std))).collect()
        };
        planes.flat_map(scale).collect()
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        let y = builder.output(x, at.output, false);
        let numbers = self.numbers(at.input.channels);
        builder.push(move |grids| {
            let rows = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
            let gradients = x.gradient.zip(y.gradient).map(|(dx, dy)| (rows(dx), rows(dy)));
            Box::new(Scale { numbers, x: rows(x.value), y: rows(y.value), gradients })
        });
        Port { exclusive: true, ..y }
    }
}

/// A tensor with the rows of its grid.
type Placement = (TensorId, Rows);

/// The operation, with μ and σ of each channel.
struct Scale {
    numbers: Vec<(f32, f32)>,
    x: Placement,
    y: Placement,
    /// Those of the input and of the output.
    gradients: Option<(Placement, Placement)>,
}

impl Scale {
    /// Sets `to` = (`from` − `shift` · μ) / σ.
    #[inline(always)]
    fn run<S: Simd>(&self, s: S, (from, a): (&[f32], &Rows), (to, b): (&mut [f32], &Rows), shift: f32) {
        for (channel, &(mean, std)) in self.numbers.iter().enumerate() {
            let (mean, std) = (s.splat(shift * mean), s.splat(std));
            for (a, b) in a.channel(channel).zip(b.channel(channel)) {
                for (from, to) in from[a].chunks_exact(S::LANES).zip(to[b].chunks_exact_mut(S::LANES)) {
                    ((s.load(from) - mean) / std).store(to);
                }
            }
        }
    }
}

impl<S: Simd> Op<S> for Scale {
    fn uses(&self) -> Uses {
        let back = self.gradients.iter().flat_map(|(dx, dy)| [dx.0, dy.0]);
        Uses::forward([self.x.0, self.y.0]).backward(back)
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let [x, y] = tile.many([self.x.0, self.y.0]);
        s.enter(
            #[inline(always)]
            || self.run(s, (x, &self.x.1), (y, &self.y.1), 1.0),
        );
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let Some((to, from)) = &self.gradients else { return };
        let [dx, dy] = tile.many([to.0, from.0]);
        s.enter(
            #[inline(always)]
            || self.run(s, (dy, &from.1), (dx, &to.1), 0.0),
        );
    }
}
