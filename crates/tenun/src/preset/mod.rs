//! Networks with a name, each a file in `presets/`: layers in a short form, and the settings they are trained with
//! unless others are given.

mod change;
mod recipe;
mod stages;

use std::path::Path;

use tenun_engine::{Shape, Spec};

pub use change::Change;
pub use recipe::Recipe;
pub use stages::{Activation, Down, Stages};

use crate::suggest;

/// A network with a name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name, as `--preset` takes it.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

macro_rules! presets {
    ($($name:literal,)*) => {
        /// Every preset.
        pub const PRESETS: &[Preset] =
            &[$(Preset { name: $name, text: include_str!(concat!("../../presets/", $name, ".toml")) },)*];
    };
}

presets! {
    "cae",
    "cae-fast",
    "sharp",
    "deep",
    "dense",
    "denoising",
    "sparse",
    "sparse-kl",
    "regularised",
    "variational",
    "variational-2",
    "variational-gaussian",
    "quantised",
    "masked",
}

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
    /// The network, and how it is trained.
    ///
    /// # Panics
    /// Never: the files are part of the program, and its tests read them all.
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        let path = Path::new(self.name).with_extension("toml");
        Recipe::parse(self.text, &path).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The network for images of shape `input`, its decoder to be derived.
    #[must_use]
    pub fn spec(&self, input: Shape) -> Spec {
        self.recipe().layers.spec(input)
    }
}

#[cfg(test)]
mod tests {
    use tenun_engine::layer::{Conv2d, MaxPool, Relu};
    use tenun_engine::{Layer, Network};

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

    /// `cae` is the reference, layer by layer, and is trained as everything is that says nothing else.
    #[test]
    fn the_reference_is_written_in_its_shortest_form() {
        let recipe = find("cae").unwrap().recipe();
        let stage = |filters| -> [Layer; 3] {
            [Conv2d { filters, ..Conv2d::default() }.into(), Relu {}.into(), MaxPool::default().into()]
        };
        assert_eq!(recipe.layers.encoder, [32, 16, 8].into_iter().flat_map(stage).collect::<Vec<_>>());
        assert_eq!(recipe.training, crate::settings::TrainingSettings::default());
        assert!(!recipe::has_training(find("cae").unwrap().text));
        assert!(recipe::has_training(find("cae-fast").unwrap().text));
        assert_eq!(find("cae-fast").unwrap().recipe().layers, recipe.layers, "the same network");
    }

    #[test]
    fn every_preset_says_what_it_is() {
        for preset in PRESETS {
            let recipe = preset.recipe();
            assert!(recipe.about.len() > 20, "{}: {}", preset.name, recipe.about);
            let change = Change { latent: Some(16), width: Some(0.5), dropout: Some(0.1), standardise: true };
            let spec = change.apply(&recipe.layers).unwrap().spec(Shape::new(1, 28, 28));
            // A codebook is of pixels, and a dense code is one.
            assert_eq!(Network::new(&spec).unwrap().latent().len(), 16, "{}", preset.name);
        }
    }

    #[test]
    fn slips_in_a_file_are_told_with_their_place() {
        let error = |text: &str| Recipe::parse(text, Path::new("net.toml")).unwrap_err();
        let slip = error("[network]\nstages = [8]\nkernle = 5\n");
        assert!(slip.to_string().contains("line 3, column 1"), "{slip}");
        assert_eq!(slip.hint().as_deref(), Some("did you mean `kernel`?"));
        let slip = error("[network]\nstages = [8]\n[training]\nepoch = 5\n");
        assert!(slip.to_string().contains("line 4, column 1"), "{slip}");
        assert_eq!(slip.hint().as_deref(), Some("did you mean `epochs`?"));
        assert!(error("").to_string().contains("there is no network"));
        assert!(
            error("[network]\nstages = [8]\n[[encoder]]\nlayer = \"relu\"\n").to_string().contains("both")
        );
        assert!(error("[network]\nstages = [8]\n[training]\nseed = 3\n").hint().unwrap().contains("--seed"));
    }

    #[test]
    fn a_slip_is_put_right() {
        let error = find("cea").unwrap_err();
        assert_eq!(error.to_string(), "there is no preset `cea`");
        assert_eq!(
            error.hint().unwrap(),
            "did you mean `cae`? Known presets: cae, cae-fast, sharp, deep, dense, denoising, sparse, sparse-kl, regularised, variational, variational-2, variational-gaussian, quantised, masked"
        );
    }
}
