//! `tenun train`.

use std::path::PathBuf;

use clap::Args;
use tenun::settings::control::{OUT, OVERWRITE, RESUME};

use super::ThreadFlag;
use super::settings::{Every, SettingArgs};

const LONG: &str = "\
Train an autoencoder on images, measure it, and write a report.

DATA is the name of a data set (fashion-mnist, mnist, kmnist), a folder of images (PNG, JPEG, BMP, WebP, TIFF, GIF; \
its sub-folders are classes, or the splits `train` and `test`), a folder of IDX files or one such file, or a .npy or \
.npz file. A named set is looked for in TENUN_DATA, in the cache and in /usr/share/datasets, and is downloaded if it is \
nowhere.

Everything of the run goes into one folder: config.toml (every setting), metrics.jsonl (a line an epoch), \
model.safetensors, checkpoint.safetensors, summary.json, report.html, and the pictures of the report. The same seed, \
data and settings give the same model, bit for bit, for any number of threads and on any processor.

Ctrl-C (SIGINT) or SIGTERM saves a checkpoint and ends with exit code 130; `--resume` goes on from there, or from the last \
epoch after a crash, and ends at the same bits as a run that was never stopped.";

const EXAMPLES: &str = "\
Examples:
  The reference network on Fashion-MNIST, 20 epochs:
    tenun train fashion-mnist

  A quick look: 2,000 images, 3 epochs
    tenun train fashion-mnist --limit-train 2000 --limit-test 500 --epochs 3 --out runs/look

  Photographs of many sizes, brought to 64x64 RGB, the damaged ones left out:
    tenun train photos/ --size 64x64 --fit crop --colour rgb --skip-bad

  Another network, AdamW with a cosine schedule, and an honest choice of the best epoch:
    tenun train fashion-mnist --network net.toml --optimizer adamw --schedule cosine \\
        --warmup-steps 200 --val-fraction 0.1 --patience 5

  Go on with a run that was stopped, and give it more epochs:
    tenun train --resume runs/look --epochs 10

A network file has a short form, and a decoder is derived that ends at the size of the images:
    [network]
    stages = [32, 64]
    activation = \"silu\"
    latent = 32
    [training]
    epochs = 10
`tenun presets NAME` prints such a file to begin with; a list of `[[encoder]]` layers is the long form.";

/// Train an autoencoder on images, measure it, and write a report
#[derive(Clone, Debug, Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES, after_help = "See `tenun train --help` for more, with examples.")]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    pub(crate) settings: SettingArgs<Every>,
    /// Folder of the run [default: runs/<data>-<network>, with a number if that exists]
    #[arg(long = OUT.0, value_name = "DIR", help_heading = "Run")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the run in this folder
    #[arg(long = OVERWRITE.0, conflicts_with = RESUME.0, help_heading = "Run")]
    pub(crate) overwrite: bool,
    /// Continue the run in this folder with its own settings; only --epochs may be raised
    #[arg(long = RESUME.0, value_name = "DIR", help_heading = "Run")]
    pub(crate) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}
