//! [`Dropout`]: random silence while training.

use super::settings::settings;
use super::{Elsewhere, LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::dropout;
use crate::program::{Builder, Port};
use crate::random::{self, Purpose};
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
    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], key: Option<RandomKey>) -> Vec<R> {
        let Some(key) = key else { return x.to_vec() };
        x.iter()
            .enumerate()
            .map(|(i, &x)| {
                let word = key.words(Purpose::Dropout, at.place.ordinal, (i / 4) as u32)[i % 4];
                let scale = if random::unit(word) < self.rate { 0.0 } else { 1.0 / (1.0 - self.rate) };
                x * R::from(f64::from(scale))
            })
            .collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        if !builder.is_training() || self.rate == 0.0 {
            return x;
        }
        dropout::lower(builder, self.rate, &at.place, x)
    }
}
