//! `tenun summary`, `data`, `report`, `doctor`, `completions` and `man`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;
use tenun::engine::{Rewrite, Shape};

use super::train::{ChangeFlags, rewrite};
use super::{SourceFlags, ThreadFlag, shape};

/// Show a network's table: layer, output shape, parameters, multiply-adds
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
No data are needed. Shapes are height x width x channels.

Examples:
  tenun summary
  tenun summary cae --input 45x37x3
  tenun summary --plan --without upsampled
  tenun summary --network net.toml --input 64x64x3
  tenun summary runs/look")]
pub(crate) struct SummaryArgs {
    /// Model: a .safetensors file, or the folder of a run; or a preset's name
    #[arg(conflicts_with_all = ["preset", "network"])]
    pub(crate) model: Option<PathBuf>,
    /// Network by name; `tenun presets` lists them
    #[arg(long, value_name = "NAME", default_value = "cae")]
    pub(crate) preset: String,
    /// Network from a file
    #[arg(long, value_name = "FILE.toml", conflicts_with = "preset")]
    pub(crate) network: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) change: ChangeFlags,
    /// Show what training computes together, by which rewrites, and its memory
    #[arg(long)]
    pub(crate) plan: bool,
    /// Leave a rewrite out of the plan
    #[arg(long, value_name = "REWRITE", value_parser = rewrite(), requires = "plan")]
    pub(crate) without: Vec<Rewrite>,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
    /// Shape of the images, for a network that is not trained yet
    #[arg(long, value_name = "HxWxC", value_parser = shape, default_value = "28x28x1")]
    pub(crate) input: Shape,
}

/// List the networks and data sets that are known by name, or print a network's file
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
A printed file can be saved, changed, and trained with --network.

Examples:
  tenun presets
  tenun presets variational > net.toml")]
pub(crate) struct PresetsArgs {
    /// The network whose file is printed
    pub(crate) name: Option<String>,
}

/// Inspect, verify or fetch a data set
#[derive(Clone, Debug, Args)]
pub(crate) struct DataArgs {
    #[command(subcommand)]
    pub(crate) command: DataCommand,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Show what is in it: count, size, pixel values, classes, duplicates, unreadable files
    #[command(after_long_help = "\
Examples:
  tenun data inspect fashion-mnist
  tenun data inspect photos/ --size 64x64 --fit crop --skip-bad")]
    Inspect {
        /// Images: a data set's name, a folder, or an IDX, .npy or .npz file
        source: String,
        #[command(flatten)]
        flags: SourceFlags,
    },
    /// Read all of it, and say whether it is whole; every unreadable image is named
    #[command(after_long_help = "\
A named set is checked by the SHA-256 of its files. The exit code is 0 if everything can be read, else 1.

Examples:
  tenun data verify fashion-mnist
  tenun data verify photos/")]
    Verify {
        /// Images: a data set's name, a folder, or an IDX, .npy or .npz file
        source: String,
        #[command(flatten)]
        flags: SourceFlags,
    },
    /// Find a named set, or download it into the cache
    #[command(after_long_help = "\
A set is looked for in TENUN_DATA, in the cache and in /usr/share/datasets before it is downloaded.

Examples:
  tenun data fetch kmnist")]
    Fetch {
        /// Name of the data set; `tenun presets` lists them
        name: String,
    },
}

/// Make a run's figures, pictures and report again
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    /// Folder of the run
    pub(crate) run: PathBuf,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}

/// Examine a run: warnings that name the cause and the setting to change
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
It looks at the pixels, at metrics.jsonl, at the activations of some training images, and at the scores beside the
mean image and PCA of the same width; `tenun train` says the same as it goes. The exit code is 0; with --strict it is
1 if there is a warning.

Examples:
  Examine a run:
    tenun doctor runs/demo

  In a script, fail if there is a warning:
    tenun doctor runs/demo --strict --json

  What it looks for:
    tenun doctor")]
pub(crate) struct DoctorArgs {
    /// Folder of the run; without it, the rules are listed
    pub(crate) run: Option<PathBuf>,
    /// Exit with 1 if there is a warning
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}

/// Print the completions of a shell
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  tenun completions bash > ~/.local/share/bash-completion/completions/tenun
  tenun completions fish > ~/.config/fish/completions/tenun.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

/// Print the manual page, or write those of all commands
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  tenun man | man -l -
  tenun man --out ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Folder for the pages: tenun.1, tenun-train.1, …
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
