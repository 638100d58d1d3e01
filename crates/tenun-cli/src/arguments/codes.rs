//! `tenun encode` and `tenun decode`.

use std::path::PathBuf;

use clap::Args;

use super::pictures::Choice;
use super::{SourceFlags, ThreadFlag};

/// Turn images into codes: a .npy, .csv or .parquet file, with identifiers and classes
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
The columns of .csv and .parquet are `id`, `label` if the classes are known, and the code as `z0`, `z1`, …, in the \
order channel, row, column. A .npy file holds the codes alone, [image][feature], and `<name>.ids.csv` beside it the \
rest. A .parquet file also says which model made the codes.

Examples:
  tenun encode runs/look fashion-mnist --out codes.parquet
  tenun encode runs/look photos/ --out codes.csv
  tenun encode model.safetensors images.npy --out codes.npy")]
pub(crate) struct EncodeArgs {
    /// Model: a .safetensors file, or the folder of a run
    pub(crate) model: PathBuf,
    /// Images: a data set's name, a folder, or an IDX, .npy or .npz file
    pub(crate) data: String,
    /// File for the codes, whose ending says its format; replaced if it exists
    #[arg(long, value_name = "FILE.npy|.csv|.parquet")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) source: SourceFlags,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}

/// Turn codes into images: PNG pictures, each named by its identifier
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
A .parquet file says which model made its codes, and those of another are refused.

Examples:
  tenun encode runs/look fashion-mnist --limit 100 --out codes.csv
  tenun decode runs/look codes.csv --out pictures/")]
pub(crate) struct DecodeArgs {
    /// Model: a .safetensors file, or the folder of a run
    pub(crate) model: PathBuf,
    /// Codes: a .npy, .csv or .parquet file
    pub(crate) codes: PathBuf,
    /// Folder for the pictures
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Replace pictures that exist
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Decode codes that another model made, or this one before it was trained on
    #[arg(long)]
    pub(crate) any_model: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}
