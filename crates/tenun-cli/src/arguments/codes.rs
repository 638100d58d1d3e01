//! `tenun encode` and `tenun decode`.

use std::path::PathBuf;

use clap::Args;

use super::pictures::Choice;
use super::{SourceFlags, ThreadFlag};

/// Encode images: latent codes in a .npy, .csv or .parquet file, with image IDs and class labels
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
The columns of .csv and .parquet are `id`, `label` if the images have classes, and the latent code as `z0`, `z1`, …, \
flattened in the order channel, row, column. A .npy file holds only the codes, [image][feature]; the IDs and labels \
are then in `<name>.ids.csv` beside it. A .parquet file also records which model made the codes.

Examples:
  tenun encode runs/look fashion-mnist --out codes.parquet
  tenun encode runs/look photos/ --out codes.csv
  tenun encode model.safetensors images.npy --out codes.npy")]
pub(crate) struct EncodeArgs {
    /// Model: a .safetensors file, or the folder of a run
    pub(crate) model: PathBuf,
    /// Images to encode: the name of a data set, a folder, or an IDX, .npy or .npz file
    pub(crate) data: String,
    /// File for the codes; its extension decides the format; overwritten if it exists
    #[arg(long, value_name = "FILE.npy|.csv|.parquet")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) source: SourceFlags,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}

/// Decode latent codes into images: PNG files, each named after its image ID
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
A .parquet file records which model made its codes; codes of another model are refused.

Examples:
  tenun encode runs/look fashion-mnist --limit 100 --out codes.csv
  tenun decode runs/look codes.csv --out pictures/")]
pub(crate) struct DecodeArgs {
    /// Model: a .safetensors file, or the folder of a run
    pub(crate) model: PathBuf,
    /// Latent codes: a .npy, .csv or .parquet file, as `tenun encode` writes it
    pub(crate) codes: PathBuf,
    /// Folder for the images
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Overwrite images that exist
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Decode even if the codes were made by another model, or by this one before more training
    #[arg(long)]
    pub(crate) any_model: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}
