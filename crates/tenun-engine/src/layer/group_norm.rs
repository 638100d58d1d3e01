//! [`GroupNorm`]: normalisation over groups of channels.

use super::settings::settings;
use super::{Elsewhere, Initial, LayerKind, Mirror, ParameterSpec, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::group_norm;
use crate::program::{Builder, Port};
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

    fn parameters(&self, input: Shape) -> Vec<ParameterSpec> {
        vec![
            ParameterSpec { name: "weight", axes: vec![input.channels], initial: Initial::Ones },
            ParameterSpec { name: "bias", axes: vec![input.channels], initial: Initial::Zeros },
        ]
    }

    fn reference<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        let (gamma, beta) = (at.place.parameter(parameters, 0), at.place.parameter(parameters, 1));
        let length = x.len() / self.groups;
        let mut y = Vec::with_capacity(x.len());
        for group in x.chunks_exact(length) {
            let n = R::from(length as f64);
            let mean = group.iter().fold(R::from(0.0), |sum, &x| sum + x) / n;
            let variance = group.iter().fold(R::from(0.0), |sum, &x| sum + (x - mean) * (x - mean)) / n;
            let scale = R::from(1.0) / (variance + R::from(f64::from(self.epsilon))).sqrt();
            for &x in group {
                let c = y.len() / at.place.input.area();
                y.push(gamma[c] * ((x - mean) * scale) + beta[c]);
            }
        }
        y
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        group_norm::lower(builder, self.groups, self.epsilon, &at.place, x)
    }
}
