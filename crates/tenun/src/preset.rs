//! Networks with a name, and the settings they are trained with unless others are given.

use tenun_engine::layer::{Conv2d, MaxPool, Relu};
use tenun_engine::{Layer, Shape, Spec};

use crate::suggest;

/// A network with a name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name, as `--preset` takes it.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    encoder: fn() -> Vec<Layer>,
}

/// Every preset.
pub const PRESETS: &[Preset] = &[Preset {
    name: "cae",
    about: "three convolutions of 32, 16 and 8 filters, each with ReLU and max-pooling: 28×28 pixels become 4×4×8 numbers",
    encoder: cae,
}];

/// There is no preset of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no preset `{given}`")]
pub struct UnknownPreset {
    /// What was given.
    pub given: String,
}

impl UnknownPreset {
    /// The nearest name, and all there are.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(suggest::hint(&self.given, "presets", PRESETS.iter().map(|preset| preset.name)))
    }
}

/// The preset called `name`.
///
/// # Errors
/// [`UnknownPreset`], whose hint has the nearest name.
pub fn find(name: &str) -> Result<&'static Preset, UnknownPreset> {
    PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| UnknownPreset { given: name.to_owned() })
}

impl Preset {
    /// The network for images of shape `input`, its decoder to be derived.
    #[must_use]
    pub fn spec(&self, input: Shape) -> Spec {
        Spec { input, encoder: (self.encoder)(), decoder: None }
    }
}

/// The encoder of the reference network.
fn cae() -> Vec<Layer> {
    let stage = |filters| -> [Layer; 3] {
        [Conv2d { filters, ..Conv2d::default() }.into(), Relu {}.into(), MaxPool::default().into()]
    };
    [32, 16, 8].into_iter().flat_map(stage).collect()
}

#[cfg(test)]
mod tests {
    use tenun_engine::Network;

    use super::*;

    #[test]
    fn every_preset_fits_images_of_common_sizes() {
        for preset in PRESETS {
            for shape in
                [Shape::new(1, 28, 28), Shape::new(3, 32, 32), Shape::new(3, 45, 37), Shape::new(1, 64, 64)]
            {
                let network = Network::new(&preset.spec(shape)).unwrap();
                assert_eq!(network.output(), shape, "{}", preset.name);
            }
        }
        assert_eq!(
            Network::new(&find("cae").unwrap().spec(Shape::new(1, 28, 28))).unwrap().parameter_count(),
            12_785
        );
    }

    #[test]
    fn a_slip_is_put_right() {
        let error = find("cea").unwrap_err();
        assert_eq!(error.to_string(), "there is no preset `cea`");
        assert_eq!(error.hint().unwrap(), "did you mean `cae`? Known presets: cae");
    }
}
