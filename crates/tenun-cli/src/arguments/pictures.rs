//! `tenun eval` and `tenun reconstruct`.

use std::path::PathBuf;

use clap::Args;

use super::{SourceFlags, Split, ThreadFlag};

/// Measure a model: BCE with its floor, MSE, MAE, PSNR, SSIM, overall and class by class
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
--limit may also be called --limit-test, as `tenun train` has it.

Examples:
  tenun eval runs/look
  tenun eval model.safetensors fashion-mnist --split train --limit 1000
  tenun eval runs/look --json | jq .overall.mse")]
pub(crate) struct EvalArgs {
    /// Model: a .safetensors file, or the folder of a run
    pub(crate) model: PathBuf,
    /// Images to measure on [default: those that the run measured itself on; of a model alone, the test images of the set it was trained on]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) source: SourceFlags,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}

/// Let images through a model, and write what comes out as PNG pictures
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  A folder of images, each of which gives a picture of its name in out/:
    tenun reconstruct runs/look photos/ --out out/

  One image:
    tenun reconstruct runs/look cat.jpg --out cat-again.png

  Originals above reconstructions, in one picture:
    tenun reconstruct runs/look fashion-mnist --limit 16 --grid grid.png")]
pub(crate) struct ReconstructArgs {
    /// Model: a .safetensors file, or the folder of a run
    pub(crate) model: PathBuf,
    /// Images: a data set's name, a folder, an IDX, .npy or .npz file, or image files
    #[arg(required = true)]
    pub(crate) input: Vec<String>,
    /// Folder for the pictures; or, for one image, a .png file
    #[arg(long, value_name = "DIR|FILE.png", required_unless_present = "grid")]
    pub(crate) out: Option<PathBuf>,
    /// One picture of all: originals above reconstructions
    #[arg(long, value_name = "FILE.png")]
    pub(crate) grid: Option<PathBuf>,
    /// Replace pictures that exist
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) source: SourceFlags,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}

/// Which images of the source.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct Choice {
    /// Which images of a source that has both [default: test if there are test images, else train]
    #[arg(long, value_name = "SPLIT")]
    pub(crate) split: Option<Split>,
    /// Only the first N of them
    #[arg(long, alias = "limit-test", value_name = "N")]
    pub(crate) limit: Option<usize>,
}
