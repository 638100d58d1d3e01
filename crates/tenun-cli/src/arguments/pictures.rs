//! `tenun eval` and `tenun reconstruct`.

use std::path::PathBuf;

use clap::Args;

use super::{SourceFlags, Split, ThreadFlag};

/// Evaluate a model: BCE beside its lower bound, MSE, MAE, PSNR, SSIM; overall and per class
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
A run is evaluated on its own test images unless DATA is given. --limit-test is another name for --limit.

Examples:
  tenun eval runs/look
  tenun eval model.safetensors fashion-mnist --split train --limit 1000
  tenun eval runs/look --json | jq .scores.mse")]
pub(crate) struct EvalArgs {
    /// Model: a .safetensors file, or the folder of a run
    pub(crate) model: PathBuf,
    /// Images to evaluate on [default: for a run the images it was evaluated on; for a model file the test images of the data set it was trained on]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) source: SourceFlags,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}

/// Reconstruct images and save them as PNG
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  A folder of images; out/ gets one image of the same name for each:
    tenun reconstruct runs/look photos/ --out out/

  One image:
    tenun reconstruct runs/look cat.jpg --out cat-again.png

  A grid of originals above their reconstructions:
    tenun reconstruct runs/look fashion-mnist --limit 16 --grid grid.png")]
pub(crate) struct ReconstructArgs {
    /// Model: a .safetensors file, or the folder of a run
    pub(crate) model: PathBuf,
    /// Images to reconstruct: the name of a data set, a folder, an IDX, .npy or .npz file, or image files
    #[arg(required = true)]
    pub(crate) input: Vec<String>,
    /// Folder for the reconstructions; for a single image, a .png file
    #[arg(long, value_name = "DIR|FILE.png", required_unless_present = "grid")]
    pub(crate) out: Option<PathBuf>,
    /// Save one picture with originals above their reconstructions
    #[arg(long, value_name = "FILE.png")]
    pub(crate) grid: Option<PathBuf>,
    /// Overwrite images that exist
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
    /// Which split of the data to use [default: test if there are test images, else train]
    #[arg(long, value_name = "SPLIT")]
    pub(crate) split: Option<Split>,
    /// Use only the first N images
    #[arg(long, alias = "limit-test", value_name = "N")]
    pub(crate) limit: Option<usize>,
}
