//! `tenun summary`, `data`, `report`, `doctor`, `completions` and `man`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;
use tenun::engine::Shape;
use tenun::settings::{NETWORK, PRESET, WITHOUT};

use super::settings::{OfPlan, SettingArgs};
use super::{SourceFlags, ThreadFlag, shape};

/// Show a network layer by layer: output shape, parameters, multiply-adds
#[derive(Clone, Debug, Args)]
#[command(mut_arg(WITHOUT.flag, |arg| arg.help("Switch a rewrite of the plan off").requires("plan")))]
#[command(after_long_help = "\
No data are read. Shapes are height x width x channels; multiply-adds (MACs) are those of one image, forward.

Examples:
  tenun summary
  tenun summary cae --input 45x37x3
  tenun summary --plan --without upsampled
  tenun summary --network net.toml --input 64x64x3
  tenun summary runs/look")]
pub(crate) struct SummaryArgs {
    /// Model: a .safetensors file, or the folder of a run; or the name of a preset
    #[arg(conflicts_with_all = [PRESET.flag, NETWORK.flag])]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: SettingArgs<OfPlan>,
    /// Show the training plan: fused layers, the rewrites used, and memory
    #[arg(long)]
    pub(crate) plan: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
    /// Shape of the input images, for a network that is not trained yet
    #[arg(long, value_name = "HxWxC", value_parser = shape, default_value = "28x28x1")]
    pub(crate) input: Shape,
}

/// List the presets and the named data sets, or print the network file of a preset
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Save the printed file, change it, and train it with `tenun train DATA --network FILE.toml`.

Examples:
  tenun presets
  tenun presets variational > net.toml")]
pub(crate) struct PresetsArgs {
    /// Preset whose network file is printed
    pub(crate) name: Option<String>,
}

/// List the layers that a network's file can have, or the settings of one
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  tenun layers
  tenun layers conv2d")]
pub(crate) struct LayersArgs {
    /// The layer whose settings are listed
    pub(crate) name: Option<String>,
}

/// Inspect, verify or download a data set
#[derive(Clone, Debug, Args)]
pub(crate) struct DataArgs {
    #[command(subcommand)]
    pub(crate) command: DataCommand,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Summarise a data set: image count and size, pixel values, classes, duplicates, unreadable files
    #[command(after_long_help = "\
Examples:
  tenun data inspect fashion-mnist
  tenun data inspect photos/ --size 64x64 --fit crop --skip-bad")]
    Inspect {
        /// Images: the name of a data set, a folder, or an IDX, .npy or .npz file
        source: String,
        #[command(flatten)]
        flags: SourceFlags,
    },
    /// Read every image of a data set, and list those that cannot be read
    #[command(after_long_help = "\
A data set by name is checked by the SHA-256 of its files. The exit code is 0 if everything can be read, else 1.

Examples:
  tenun data verify fashion-mnist
  tenun data verify photos/")]
    Verify {
        /// Images: the name of a data set, a folder, or an IDX, .npy or .npz file
        source: String,
        #[command(flatten)]
        flags: SourceFlags,
    },
    /// Find a data set by name, or download it into the cache
    #[command(after_long_help = "\
The data set is downloaded only if it is not found in TENUN_DATA, in the cache or in /usr/share/datasets.

Examples:
  tenun data fetch kmnist")]
    Fetch {
        /// Name of the data set; `tenun presets` lists them
        name: String,
    },
}

/// Evaluate a finished run again, and rewrite its pictures and report
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    /// Folder of the run
    pub(crate) run: PathBuf,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}

/// Diagnose a run: warnings that name the cause and the setting to change
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
The rules look at the pixels, the metrics of every epoch, the activations on some training images, and the scores \
beside two baselines: the mean training image, and PCA with the same latent dimension. `tenun train` gives the same \
warnings while it trains. The exit code is 0; with --strict it is 1 if there is a warning.

Examples:
  Diagnose a run:
    tenun doctor runs/demo

  In a script, fail if there is a warning:
    tenun doctor runs/demo --strict --json

  List the rules and their thresholds:
    tenun doctor")]
pub(crate) struct DoctorArgs {
    /// Folder of the run [default: none; the rules are listed]
    pub(crate) run: Option<PathBuf>,
    /// Exit with code 1 if there is a warning
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}

/// Print shell completions
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  tenun completions bash > ~/.local/share/bash-completion/completions/tenun
  tenun completions fish > ~/.config/fish/completions/tenun.fish")]
pub(crate) struct CompletionsArgs {
    /// Shell
    pub(crate) shell: Shell,
}

/// Print the man page, or write those of all commands
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  tenun man | man -l -
  tenun man --out ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Folder for the man pages: tenun.1, tenun-train.1, …
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
