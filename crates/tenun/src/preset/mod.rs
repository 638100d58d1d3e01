//! Networks with a name, each a file in `presets/`: layers in a short form, and the settings they are trained with
//! unless others are given.

mod change;
mod recipe;
mod stages;

use std::path::Path;

use tenun_engine::{Shape, Spec};

pub use recipe::Recipe;
pub use stages::{Activation, Down, Stages};

use crate::names::escaped;
use crate::settings::{NETWORK, NetworkSettings, Settings};
use crate::suggest;

/// A network with a name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name, as `--preset` takes it.
    pub name: &'static str,
    /// Other names that mean exactly this network.
    pub aliases: &'static [&'static str],
    /// Its file.
    pub text: &'static str,
}

macro_rules! presets {
    ($($name:literal $(= $($alias:literal)|*)?,)*) => {
        /// Every preset.
        pub const PRESETS: &[Preset] = &[$(Preset {
            name: $name,
            aliases: &[$($($alias),*)?],
            text: include_str!(concat!("../../presets/", $name, ".toml")),
        },)*];
    };
}

presets! {
    "cae",
    "cae-fast",
    "sharp",
    "deep",
    "dense" = "mlp",
    "denoising" = "dae",
    "sparse",
    "sparse-kl",
    "regularised" = "rae" | "regularized",
    "variational" = "vae",
    "variational-2",
    "variational-gaussian" = "sigma-vae",
    "quantised" = "vq-vae" | "vqvae" | "quantized",
    "masked" = "mae",
}

/// Names that more than one preset could be meant by, or that need more than a preset, and what there is.
const AMBIGUOUS: &[(&str, &str)] = &[
    ("ae", PLAIN),
    ("autoencoder", PLAIN),
    ("sae", "`sparse` has an L1 penalty, `sparse-kl` a target for the mean activation"),
    ("beta-vae", BETA),
    ("betavae", BETA),
    ("cvae", "the convolutional VAE is `variational`; there is no conditional one"),
];

const PLAIN: &str =
    "`cae` is a convolutional autoencoder, `sharp` one with a dense code, `dense` one of dense layers only";
const BETA: &str = "`variational` has β = 1: save it with `tenun presets variational > net.toml`, change `beta` in the file, \
                    and give it with `NETWORK net.toml`";

/// There is no preset of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no preset `{}`", escaped(given))]
pub struct UnknownPreset {
    /// What was given.
    pub given: String,
}

impl UnknownPreset {
    /// What can be meant by the name, else the nearest one, and all there are.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let given = plain(&self.given);
        if let Some((_, words)) = AMBIGUOUS.iter().find(|(name, _)| *name == given) {
            return Some(words.replace("NETWORK", &NETWORK.argument()));
        }
        Some(suggest::hint(&self.given, "presets", PRESETS.iter().map(|preset| preset.name)))
    }
}

/// A name as people write it, as it stands in the lists.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// The preset called `name`, there or elsewhere.
///
/// # Errors
/// [`UnknownPreset`], whose hint has the nearest name.
pub fn find(name: &str) -> Result<&'static Preset, UnknownPreset> {
    let plain = plain(name);
    let is_meant = |preset: &&Preset| preset.name == plain || preset.aliases.contains(&plain.as_str());
    PRESETS.iter().find(is_meant).ok_or_else(|| UnknownPreset { given: name.to_owned() })
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

    /// The settings of a run that names this network and says nothing else; which images are left open.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let network = NetworkSettings { preset: Some(self.name.to_owned()), ..NetworkSettings::default() };
        Settings { network, training: self.recipe().training, ..Settings::default() }
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
    use crate::settings::Change;

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
        let slip = error("[network]\nstages = [8]\n[training]\nseed = 3\n");
        assert!(slip.to_string().contains("line 4, column 1"), "{slip}");
        assert!(slip.hint().unwrap().contains("--seed"));
    }

    #[test]
    fn common_names_lead_to_presets() {
        for (given, name) in [
            ("vae", "variational"),
            ("VQ_VAE", "quantised"),
            ("vqvae", "quantised"),
            ("mae", "masked"),
            ("dae", "denoising"),
        ] {
            assert_eq!(find(given).unwrap().name, name, "{given}");
        }
        for (given, candidate) in [
            ("ae", "`cae`"),
            ("sae", "`sparse-kl`"),
            ("beta-vae", "`variational`"),
            ("cvae", "`variational`"),
        ] {
            let hint = find(given).unwrap_err().hint().unwrap();
            assert!(hint.contains(candidate), "{given}: {hint}");
        }
        let mut names: Vec<&str> =
            PRESETS.iter().flat_map(|preset| preset.aliases.iter().chain([&preset.name])).copied().collect();
        names.extend(AMBIGUOUS.iter().map(|(name, _)| name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "each name means one thing");
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
