//! `tenun sweep`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use tenun::engine::Loss;

use super::TrainArgs;

const LONG: &str = "\
Train with many settings and seeds, several runs at a time, and name the best.

What is varied is named by its path in a run's config.toml (training.learning_rate, network.preset, \
training.optimizer.beta1), or as the flag of `tenun train` is (lr, batch-size, epochs, loss, latent, width, dropout, \
seed, preset, optimizer, schedule). Values are those of TOML, words without quotes; `none` leaves a setting out. All other \
flags are those of `tenun train`, the same for every run.

Runs are measured on a share of the training images that is held out, the same images for all of them, and the best \
is chosen by its mean over the seeds. The test images are not looked at, except by --test-best, once.

DIR gets sweep.toml (what is tried), results.csv (a line a run), results.json, sweep.png (the loss against the latent \
size where that is varied, with PCA of the same widths, the floor and the knee; else against the first setting that is \
a number), and trials/, in which every run is a folder as `tenun train` makes it, without its report.

Ctrl-C (SIGINT) or SIGTERM saves all that is running and ends with exit code 130; `--resume DIR` goes on, also after a \
crash. Runs that are over are not done again.";

const EXAMPLES: &str = "\
Examples:
  Two learning rates and two batch sizes, three seeds each: 12 runs
    tenun sweep fashion-mnist --vary lr=0.001,0.003 --vary batch-size=64,128 --seeds 3 --epochs 5

  Thirty draws, those given up that fall behind after three epochs:
    tenun sweep fashion-mnist --vary training.learning_rate=1e-4..1e-2 --vary batch-size=32..256 \\
        --random 30 --median-stop 3

  Two losses, compared by the squared error, and the best one measured on the test images:
    tenun sweep fashion-mnist --vary training.loss=bce,mse --seeds 3 --by mse --test-best

  Go on with a sweep that was stopped:
    tenun sweep --resume sweeps/fashion-mnist-cae";

/// Train with many settings and seeds, several runs at a time, and name the best
#[derive(Clone, Debug, Args)]
#[command(
    about = "Train with many settings and seeds, several runs at a time, and name the best",
    long_about = LONG,
    after_long_help = EXAMPLES,
    after_help = "See `tenun sweep --help` for more, with examples.",
    mut_arg("out", |arg| arg.help("Folder of the sweep [default: sweeps/<data>-<network>, with a number if that exists]")),
    mut_arg("resume", |arg| arg.help("Go on with the sweep in this folder; its settings hold")),
    mut_arg("overwrite", |arg| arg.help("Replace the sweep that is in the folder, its runs included")),
    mut_arg("seed", |arg| arg.help("The first of the seeds; by it images are held out for all of them")),
    mut_arg("val_fraction", |arg| arg.help("Hold this share of the training images out, to choose by [default: 0.1]")),
    mut_arg("threads", |arg| arg.help("Threads of all runs together; the results are the same bits for any number [default: one for each core]")),
)]
pub(crate) struct SweepArgs {
    /// A setting and its values: NAME=VALUE,VALUE,… or, with --random, NAME=LOW..HIGH; may be given several times
    #[arg(long, value_name = "NAME=VALUES", required_unless_present = "resume", help_heading = "Sweep")]
    pub(crate) vary: Vec<String>,
    /// Try N draws at random instead of every combination; a range draws logarithmically if both its ends are above 0
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Sweep")]
    pub(crate) random: Option<u32>,
    /// From which the draws follow
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        allow_negative_numbers = true,
        help_heading = "Sweep"
    )]
    pub(crate) sweep_seed: u64,
    /// Try everything with N seeds: --seed and those that follow it
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        allow_negative_numbers = true,
        help_heading = "Sweep"
    )]
    pub(crate) seeds: u32,
    /// Give up a run, after at least N epochs, whose best validation loss is above the median of the others' at that epoch
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Sweep")]
    pub(crate) median_stop: Option<u32>,
    /// The measure on the held-out images to choose by [default: the loss; mse where the loss is varied]
    #[arg(long, value_name = "MEASURE", value_parser = measure(), help_heading = "Sweep")]
    pub(crate) by: Option<Loss>,
    /// Measure the best on the test images in the end
    #[arg(long, help_heading = "Sweep")]
    pub(crate) test_best: bool,
    /// Runs at a time, which share the threads [default: as many as there are threads]
    #[arg(long, value_name = "N", value_parser = parallel, allow_negative_numbers = true, help_heading = "Computing")]
    pub(crate) parallel: Option<usize>,
    #[command(flatten)]
    pub(crate) train: TrainArgs,
}

impl SweepArgs {
    /// The folder to go on in, if that is what is asked for.
    pub(crate) fn resume(&self) -> Option<&PathBuf> {
        self.train.resume.as_ref()
    }
}

fn measure() -> impl TypedValueParser<Value = Loss> {
    PossibleValuesParser::new(["bce", "mse", "mae"]).try_map(|name| name.parse::<Loss>())
}

fn parallel(text: &str) -> Result<usize, String> {
    super::threads(text)
        .map_err(|_| format!("expected 1 to {} runs; leave it out to use every core", super::MOST_THREADS))
}
