//! What was given where something else is expected: a run for images, images for a model. The error names both.

use std::path::Path;

use clap::CommandFactory;
use tenun::data::{find_named, is_image_file};
use tenun::{preset, run, sweep};

use tenun::names::{escaped, shown};

use crate::arguments::Cli;
use crate::failure::Failure;

/// What a path or a name on the command line is, as far as that is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Run,
    Sweep,
    Model,
    Network,
    Codes,
    ImageFile,
    /// A folder with none of these in it: if it holds anything of use, then images.
    Folder,
    DataSet,
    Preset,
}

impl Thing {
    /// A name of a data set comes before a path, as in `tenun::data::open`; a path before the name of a preset.
    fn of(text: &str) -> Option<Self> {
        let path = Path::new(text);
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        if find_named(text).is_some() {
            return Some(Self::DataSet);
        }
        if path.is_dir() {
            let marks = [(run::CONFIG, Self::Run), (sweep::SWEEP, Self::Sweep), (run::MODEL, Self::Model)];
            let marked = marks.into_iter().find(|(file, _)| path.join(file).is_file());
            return Some(marked.map_or(Self::Folder, |(_, thing)| thing));
        }
        if !path.is_file() {
            return preset::find(text).is_ok().then_some(Self::Preset);
        }
        match ending.as_deref() {
            Some("safetensors") => Some(Self::Model),
            Some("toml") => Some(Self::Network),
            Some("csv" | "parquet") => Some(Self::Codes),
            _ => is_image_file(path).then_some(Self::ImageFile),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Run => "the folder of a run",
            Self::Sweep => "the folder of a sweep",
            Self::Model => "a model",
            Self::Network => "a network file",
            Self::Codes => "a file of latent codes",
            Self::ImageFile => "an image",
            Self::Folder => "a folder",
            Self::DataSet => "the name of a data set",
            Self::Preset => "the name of a preset",
        }
    }
}

/// An error if an argument is certainly no images.
pub(crate) fn images(command: &str, given: &str) -> Result<(), Failure> {
    use Thing::{Model, Network, Preset, Run, Sweep};
    // A table may have pixels as well as codes: its columns tell.
    let Some(thing @ (Run | Sweep | Model | Network | Preset)) = Thing::of(given) else {
        return Ok(());
    };
    let named = escaped(given);
    let trains = matches!(command, "train" | "sweep");
    let advice = match thing {
        Run if command == "train" => format!("continue the run with `tenun train --resume {named}`"),
        Sweep if command == "sweep" => format!("continue the sweep with `tenun sweep --resume {named}`"),
        Model if trains => format!("start from its weights with `tenun {command} DATA --init {named}`"),
        Network if trains => format!("train the network with `tenun {command} DATA --network {named}`"),
        Preset if trains => format!("train the preset with `tenun {command} DATA --preset {named}`"),
        _ => "name a data set, a folder or archive of images, or an IDX, .npy, .npz, CSV or Parquet file"
            .to_owned(),
    };
    Err(failure(command, given, thing, "images", &advice))
}

/// An error if an argument is certainly no model.
pub(crate) fn model(command: &str, given: &Path) -> Result<(), Failure> {
    let (text, named) = (given.to_string_lossy(), shown(given));
    let Some(thing) = Thing::of(&text).filter(|thing| !matches!(thing, Thing::Run | Thing::Model)) else {
        return Ok(());
    };
    let advice = match thing {
        Thing::Sweep => format!("its runs are in {}; give one of them", shown(given.join(sweep::TRIALS))),
        Thing::Network if command == "summary" => format!("show it with `tenun summary --network {named}`"),
        Thing::Network => format!("train it first with `tenun train DATA --network {named}`"),
        Thing::Preset => format!("train it first with `tenun train DATA --preset {named}`"),
        _ => "the model comes first: a .safetensors file, or the folder of a run".to_owned(),
    };
    Err(failure(command, &text, thing, "a model", &advice))
}

/// An error if an argument is certainly not the folder of a run.
pub(crate) fn run(command: &str, given: &Path) -> Result<(), Failure> {
    let (text, named) = (given.to_string_lossy(), shown(given));
    let Some(thing) = Thing::of(&text).filter(|thing| !matches!(thing, Thing::Run | Thing::Folder)) else {
        return Ok(());
    };
    let advice = match thing {
        Thing::Sweep if command == "train" => {
            format!("continue the sweep with `tenun sweep --resume {named}`")
        }
        Thing::Sweep => format!("its runs are in {}; give one of them", shown(given.join(sweep::TRIALS))),
        _ => "give the folder that `tenun train` printed, such as runs/fashion-mnist-cae".to_owned(),
    };
    Err(failure(command, &text, thing, "the folder of a run", &advice))
}

/// An error if an argument is certainly not the folder of a sweep.
pub(crate) fn sweep(given: &Path) -> Result<(), Failure> {
    let text = given.to_string_lossy();
    match Thing::of(&text) {
        Some(Thing::Run) => {
            let advice = format!("continue the run with `tenun train --resume {}`", shown(given));
            Err(failure("sweep", &text, Thing::Run, "the folder of a sweep", &advice))
        }
        _ => Ok(()),
    }
}

/// An error if an argument is certainly no file of codes.
pub(crate) fn codes(command: &str, given: &Path) -> Result<(), Failure> {
    let text = given.to_string_lossy();
    let Some(thing) = Thing::of(&text).filter(|&thing| thing != Thing::Codes) else { return Ok(()) };
    let advice = match thing {
        Thing::ImageFile | Thing::DataSet | Thing::Folder => {
            "to get images back from images, use `tenun reconstruct`; for latent codes, `tenun encode`"
        }
        _ => "latent codes are in a .npy, .csv or .parquet file, as `tenun encode` writes it",
    };
    Err(failure(command, &text, thing, "latent codes", advice))
}

fn failure(command: &str, given: &str, thing: Thing, expected: &str, advice: &str) -> Failure {
    let thing = thing.name();
    Failure::usage(
        format!("`{}` is {thing}, not {expected}", escaped(given)),
        Some(format!("{advice}\n{}", usage(command))),
    )
}

/// How a command, `data inspect`, is called, in the words of its own help.
fn usage(command: &str) -> String {
    let mut tenun = Cli::command();
    tenun.build();
    let mut names = command.split(' ');
    let command = names.try_fold(&mut tenun, |command, name| command.find_subcommand_mut(name));
    command.map_or_else(String::new, |command| command.render_usage().to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_thing_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, file) in
            [("run", run::CONFIG), ("sweep", sweep::SWEEP), ("model", run::MODEL), ("a", "b.png")]
        {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join(file), "").unwrap();
        }
        for name in ["m.safetensors", "n.toml", "c.CSV", "c.npy", "i.png"] {
            fs::write(at(name), "").unwrap();
        }
        let of = |name: &str| Thing::of(at(name).to_str().unwrap());
        let names =
            ["run", "sweep", "model", "a", "m.safetensors", "n.toml", "c.CSV", "a/b.png", "c.npy", "none"];
        use Thing::{Codes, DataSet, Folder, ImageFile, Model, Network, Preset, Run, Sweep};
        let things = [Run, Sweep, Model, Folder, Model, Network, Codes, ImageFile].map(Some);
        assert_eq!(names.map(of)[..8], things);
        assert_eq!(names.map(of)[8..], [None, None], "an array may be images or codes");
        assert_eq!(["fashion-mnist", "cae"].map(Thing::of), [Some(DataSet), Some(Preset)]);
    }

    #[test]
    fn the_error_says_how_the_command_is_called() {
        let failure = model("eval", Path::new("fashion-mnist")).unwrap_err();
        assert_eq!(failure.message, "`fashion-mnist` is the name of a data set, not a model");
        assert!(failure.hint.unwrap().ends_with("\nUsage: tenun eval [OPTIONS] <MODEL> [DATA]"));
    }
}
