//! `tenun sweep`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use tenun::measure::{METRICS, Metric};

use tenun::settings::control::{
    MEDIAN_STOP, OUT, OVERWRITE, RANDOM, RESUME, SEEDS, TEST_BEST, THREADS, VARY,
};
use tenun::settings::{SEED, VAL_FRACTION};

use super::TrainArgs;

const LONG: &str = "\
Hyperparameter search: train with many settings and seeds, several runs in parallel, and rank them.

A setting is named by its path in a run's config.toml (training.learning_rate, network.preset, \
training.optimizer.beta1), or like the flag of `tenun train` (lr, batch-size, latent). Values are written \
as in TOML, strings without quotes; `none` leaves a setting unset. All other flags are those of `tenun train` and apply to every run.

All runs are scored on the same validation images, which are held out of the training images; the best combination \
is the one with the best mean over its seeds. The test images are used only by --test-best, and once.

DIR gets sweep.toml (the search space), results.csv (one line per run), results.json, sweep.png (the score against the \
latent dimension if that is varied, beside PCA of the same dimensions, the lower bound and the elbow; otherwise \
against the first numeric setting), and trials/ with a folder for every run, as `tenun train` writes it but without \
the report.

Ctrl-C (SIGINT) or SIGTERM saves a checkpoint of every unfinished run and ends with exit code 130; `--resume DIR` \
continues, also after a crash. Finished runs are not repeated.";

const EXAMPLES: &str = "\
Examples:
  Two learning rates and two batch sizes, three seeds each: 12 runs
    tenun sweep fashion-mnist --vary lr=0.001,0.003 --vary batch-size=64,128 --seeds 3 --epochs 5

  Random search, 30 draws; runs that fall behind are stopped after 3 epochs or later:
    tenun sweep fashion-mnist --vary training.learning_rate=1e-4..1e-2 --vary batch-size=32..256 \\
        --random 30 --median-stop 3

  Two loss functions, compared by MSE; the best is evaluated on the test images:
    tenun sweep fashion-mnist --vary training.loss=bce,mse --seeds 3 --by mse --test-best

  Continue a sweep that was interrupted:
    tenun sweep --resume sweeps/fashion-mnist-cae";

/// Hyperparameter search: train with many settings and seeds, and rank the results
#[derive(Clone, Debug, Args)]
#[command(
    about = "Hyperparameter search: train with many settings and seeds, and rank the results",
    long_about = LONG,
    after_long_help = EXAMPLES,
    after_help = "See `tenun sweep --help` for more, with examples.",
    mut_arg(OUT.0, |arg| arg.help("Folder of the sweep [default: sweeps/<data>-<network>, numbered if that exists]")),
    mut_arg(RESUME.0, |arg| arg.help("Continue the sweep in this folder, with its own settings")),
    mut_arg(OVERWRITE.0, |arg| arg.help("Overwrite the sweep in the folder, with all its runs")),
    mut_arg(SEED.flag, |arg| arg.help("First random seed; it also decides which images are held out, for all runs")),
    mut_arg(VAL_FRACTION.flag, |arg| arg.help("Fraction of the training images held out for validation [default: 0.1]")),
    mut_arg(THREADS.0, |arg| arg.help("Number of threads of all runs together; the results are the same bits for any number [default: one per core]")),
)]
pub(crate) struct SweepArgs {
    /// Setting to vary and its values: NAME=VALUE,VALUE,… or, with --random, NAME=LOW..HIGH; repeat it for several settings
    #[arg(long = VARY.0, value_name = "NAME=VALUES", required_unless_present = RESUME.0, help_heading = "Sweep")]
    pub(crate) vary: Vec<String>,
    /// Random search with N draws instead of the full grid; a range is sampled log-uniformly if both its ends are above 0
    #[arg(long = RANDOM.0, value_name = "N", allow_negative_numbers = true, help_heading = "Sweep")]
    pub(crate) random: Option<u32>,
    /// Random seed of the draws
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        allow_negative_numbers = true,
        help_heading = "Sweep"
    )]
    pub(crate) sweep_seed: u64,
    /// Train every combination with N seeds: --seed and the N-1 after it
    #[arg(
        long = SEEDS.0,
        value_name = "N",
        default_value_t = 1,
        allow_negative_numbers = true,
        help_heading = "Sweep"
    )]
    pub(crate) seeds: u32,
    /// Median stopping rule: after at least N epochs, stop a run whose best validation loss is above the median of the other runs at the same epoch
    #[arg(long = MEDIAN_STOP.0, value_name = "N", allow_negative_numbers = true, help_heading = "Sweep")]
    pub(crate) median_stop: Option<u32>,
    /// Metric on the held-out images that ranks the combinations [default: that of the loss; mse if the loss is varied]
    #[arg(long, value_name = "METRIC", value_parser = metric(), help_heading = "Sweep")]
    pub(crate) by: Option<&'static Metric>,
    /// Evaluate the best combination on the test images at the end
    #[arg(long = TEST_BEST.0, help_heading = "Sweep")]
    pub(crate) test_best: bool,
    /// Number of runs in parallel, which share the threads [default: the number of threads]
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

fn metric() -> impl TypedValueParser<Value = &'static Metric> {
    PossibleValuesParser::new(METRICS.map(|metric| metric.name))
        .try_map(|name| name.parse::<&'static Metric>())
}

fn parallel(text: &str) -> Result<usize, String> {
    super::threads(text)
        .map_err(|_| format!("expected 1 to {} runs; leave it out to use all cores", super::MOST_THREADS))
}
