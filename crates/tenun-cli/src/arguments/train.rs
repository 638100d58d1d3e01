//! `tenun train`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use tenun::engine::{Loss, Rewrite};

use tenun::augment::Augment;
use tenun::preset::Change;

use super::{SourceFlags, ThreadFlag};

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

/// What is different from the preset or the file.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct ChangeFlags {
    /// Numbers of the code, given by a dense layer [default: the network's]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    latent: Option<usize>,
    /// Multiply all filters and hidden features by this
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    width: Option<f64>,
    /// Silence this share of the numbers after each activation of the encoder, while training
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    dropout: Option<f32>,
    /// Give the network inputs with mean 0 and deviation 1, measured on the training images; the targets stay from 0 to 1
    #[arg(long)]
    standardise: bool,
}

impl ChangeFlags {
    pub(crate) fn settings(self) -> Change {
        let Self { latent, width, dropout, standardise } = self;
        Change { latent, width, dropout, standardise }
    }
}

/// Train an autoencoder on images, measure it, and write a report
#[derive(Clone, Debug, Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES, after_help = "See `tenun train --help` for more, with examples.")]
pub(crate) struct TrainArgs {
    /// Images: a data set's name, a folder, or an IDX, .npy or .npz file
    #[arg(required_unless_present = "resume")]
    pub(crate) data: Option<String>,

    /// Train on the first N training images only [default: all]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Data")]
    pub(crate) limit_train: Option<usize>,
    /// Measure on the first N test images only [default: all]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Data")]
    pub(crate) limit_test: Option<usize>,
    /// Hold this share of the training images out for the validation curve [default: the test images are the curve; 0.1 where there are none]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, help_heading = "Data")]
    pub(crate) val_fraction: Option<f64>,
    #[command(flatten)]
    pub(crate) source: SourceFlags,

    /// Network by name; `tenun presets` lists them
    #[arg(long, value_name = "NAME", default_value = "cae", help_heading = "Network")]
    pub(crate) preset: String,
    /// Network from a file, and the settings it is trained with
    #[arg(long, value_name = "FILE.toml", conflicts_with_all = ["preset", "resume"], help_heading = "Network")]
    pub(crate) network: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) change: ChangeFlags,
    /// Begin with the weights of this file [default: Glorot uniform, zero bias, from the seed]
    #[arg(long, value_name = "FILE.safetensors", help_heading = "Network")]
    pub(crate) init: Option<PathBuf>,

    /// How often every image is trained on [default: the preset's, else 20]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Training")]
    pub(crate) epochs: Option<u32>,
    /// Images of a step [default: the preset's, else 128]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Training")]
    pub(crate) batch_size: Option<usize>,
    /// What is made small [default: the preset's, else bce]
    #[arg(long, value_name = "LOSS", value_parser = loss(), help_heading = "Training")]
    pub(crate) loss: Option<Loss>,
    /// From which all random numbers follow
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        allow_negative_numbers = true,
        help_heading = "Training"
    )]
    pub(crate) seed: u64,
    /// Change the training images at random, another way in every epoch: shift=PIXELS, flip, rotate=DEGREES, crop=SHARE, separated by commas
    #[arg(long, value_name = "WAYS", help_heading = "Training")]
    pub(crate) augment: Option<Augment>,
    /// Take the images in the order of the file, in every epoch
    #[arg(long, help_heading = "Training")]
    pub(crate) no_shuffle: bool,
    /// Stop when the validation loss has not improved for N epochs, and keep the best weights [default: train to the end]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Training")]
    pub(crate) patience: Option<u32>,

    /// How the weights follow the gradient
    #[arg(long, value_name = "NAME", default_value = "adam", help_heading = "Optimiser")]
    pub(crate) optimizer: OptimizerName,
    /// Learning rate, at the peak of its schedule [default: the preset's, else 0.001]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Optimiser")]
    pub(crate) lr: Option<f64>,
    /// Learning rate over time
    #[arg(long, value_name = "NAME", default_value = "constant", help_heading = "Optimiser")]
    pub(crate) schedule: ScheduleName,
    /// Let the rate rise from near zero over the first N steps
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true,
        help_heading = "Optimiser"
    )]
    pub(crate) warmup_steps: u64,
    /// Epochs between two falls of the schedule `step`
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10,
        allow_negative_numbers = true,
        help_heading = "Optimiser"
    )]
    pub(crate) step_epochs: u64,
    /// What a fall of the schedule `step` leaves of the rate
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.1,
        allow_negative_numbers = true,
        help_heading = "Optimiser"
    )]
    pub(crate) step_factor: f64,
    /// How much of the last step goes on, for sgd [default: 0.9]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Optimiser")]
    pub(crate) momentum: Option<f32>,
    /// How much each weight shrinks, for adamw and sgd [default: 0.01 for adamw, 0 for sgd]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Optimiser")]
    pub(crate) weight_decay: Option<f32>,
    /// Shorten gradients whose norm is larger than this [default: never]
    #[arg(long, value_name = "NORM", allow_negative_numbers = true, help_heading = "Optimiser")]
    pub(crate) clip_norm: Option<f64>,

    /// Folder of the run [default: runs/<data>-<network>, with a number if that exists]
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the run that is in the folder
    #[arg(long, conflicts_with = "resume", help_heading = "Run")]
    pub(crate) overwrite: bool,
    /// Go on with the run in this folder; its settings hold, of which only --epochs may be raised
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub(crate) resume: Option<PathBuf>,
    /// Train without a rewrite of the plan, to compare; `tenun summary --plan` lists them
    #[arg(long, value_name = "REWRITE", value_parser = rewrite(), help_heading = "Run")]
    pub(crate) without: Vec<Rewrite>,
    #[command(flatten)]
    pub(crate) threads: ThreadFlag,
}

/// An optimiser's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OptimizerName {
    /// Adam (Kingma and Ba, 2014)
    Adam,
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2017)
    #[value(name = "adamw")]
    AdamW,
    /// Stochastic gradient descent with momentum
    Sgd,
}

/// A schedule's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduleName {
    /// The same rate all along
    Constant,
    /// Down to zero along half a cosine
    Cosine,
    /// Down by --step-factor every --step-epochs epochs
    Step,
    /// Up, then down to almost nothing (Smith and Topin, 2017)
    OneCycle,
}

/// The parser of a rewrite's name.
pub(super) fn rewrite() -> impl TypedValueParser<Value = Rewrite> {
    let names =
        Rewrite::ALL.iter().map(|rewrite| PossibleValue::new(rewrite.name()).help(rewrite.description()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Rewrite>())
}

fn loss() -> impl TypedValueParser<Value = Loss> {
    PossibleValuesParser::new([
        PossibleValue::new("bce")
            .help("Binary cross-entropy, in nats a pixel; the network ends in a sigmoid"),
        PossibleValue::new("mse").help("Mean squared error"),
        PossibleValue::new("mae").help("Mean absolute error"),
        PossibleValue::new("gaussian")
            .help("Gaussian negative log-likelihood, in nats a pixel, with a variance that is learned"),
    ])
    .try_map(|name| name.parse::<Loss>())
}
