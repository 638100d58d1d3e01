//! The command line that repeats a run, from its settings: complete, and quoted for a shell.

use crate::names::quoted;
use crate::preset::{self, Recipe};
use crate::settings::{self, DEFAULT_PRESET, NetworkSettings, Settings};

/// The command line that trains with `settings`.
pub(super) fn command(settings: &Settings) -> String {
    let network = &settings.network;
    // What the network brings with it needs no flag.
    let training = match (&network.file, &network.preset) {
        (Some(file), _) => Recipe::read(file).ok().map(|recipe| recipe.training),
        (None, name) => {
            let preset = preset::find(name.as_deref().unwrap_or(DEFAULT_PRESET)).ok();
            preset.map(|preset| preset.recipe().training)
        }
    };
    let preset = Some(DEFAULT_PRESET.to_owned());
    let without = Settings {
        network: NetworkSettings { preset, ..NetworkSettings::default() },
        training: training.unwrap_or_default(),
        ..Settings::default()
    };
    let arguments = settings::arguments(settings, &without);
    let words = ["tenun", "train"].into_iter().map(str::to_owned).chain(arguments);
    words.map(|word| quoted(&word).into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Values, find};

    #[test]
    fn what_differs_from_the_preset_is_given_and_quoted() {
        let mut settings = preset::find("sharp").unwrap().settings();
        settings.data.source = "my photos/it's".into();
        assert_eq!(command(&settings), r"tenun train 'my photos/it'\''s' --preset sharp");
        for (path, value) in [
            ("epochs", "3"),
            ("optimizer", "sgd"),
            ("momentum", "0.5"),
            ("without", "pooled,winograd"),
            ("augment", "flip"),
        ] {
            settings.set(find(path).unwrap(), Some(&value.into())).unwrap();
        }
        settings.training.shuffle = false;
        let line = command(&settings);
        assert!(
            line.ends_with(
                "--preset sharp --epochs 3 --augment flip --no-shuffle --optimizer sgd --momentum 0.5 --without pooled \
                 --without winograd"
            ),
            "{line}"
        );
        assert!(Values::of(&settings).is_ok());
    }
}
