//! The command line: every command and flag, and all that `--help` says of them.

mod codes;
mod pictures;
pub(crate) mod settings;
mod source;
mod sweep;
mod tools;
mod train;

use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Effects};
use clap::{Args, Parser, Subcommand};

pub(crate) use codes::{DecodeArgs, EncodeArgs};
pub(crate) use pictures::{Choice, EvalArgs, ReconstructArgs};
pub(crate) use source::{SourceFlags, Split, shape};
pub(crate) use sweep::SweepArgs;
pub(crate) use tools::{
    CompletionsArgs, DataArgs, DataCommand, DoctorArgs, LayersArgs, ManArgs, PresetsArgs, ReportArgs,
    SummaryArgs,
};
pub(crate) use train::TrainArgs;

use tenun::settings::control::THREADS;

use crate::printer::Voice;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER: &str = "\
Exit codes: 0 success, 1 failure, 2 usage error, 4 images left out and --strict, 130 interrupted with a checkpoint saved.

Environment:
  TENUN_DATA   folder that is searched first for data sets by name
  TENUN_SIMD   SIMD instructions: portable, avx2, avx512 or neon; the results are the same bits
  NO_COLOR     no colours if it is set

To begin:
  tenun train fashion-mnist
  tenun train --help";

/// Train, inspect, evaluate and use convolutional autoencoders on images, on the CPU.
#[derive(Debug, Parser)]
#[command(
    name = "tenun",
    version,
    styles = STYLES,
    after_help = AFTER,
    max_term_width = 100,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) output: OutputFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Train(Box<TrainArgs>),
    Sweep(Box<SweepArgs>),
    Eval(EvalArgs),
    Reconstruct(ReconstructArgs),
    Encode(EncodeArgs),
    Decode(DecodeArgs),
    Summary(SummaryArgs),
    Data(DataArgs),
    Report(ReportArgs),
    Doctor(DoctorArgs),
    #[command(visible_alias = "list")]
    Presets(PresetsArgs),
    Layers(LayersArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// What is printed, and how.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputFlags {
    /// Print JSON: one object, or while training one object per line
    #[arg(long, global = true, display_order = 900)]
    json: bool,
    /// Print nothing but errors on stderr
    #[arg(long, short, global = true, display_order = 901)]
    quiet: bool,
    /// Print details and elapsed times on stderr
    #[arg(long, short, global = true, display_order = 902, conflicts_with = "quiet")]
    verbose: bool,
    /// Exit with code 4 if images had to be left out
    #[arg(long, global = true, display_order = 903)]
    strict: bool,
}

impl OutputFlags {
    pub(crate) fn voice(self) -> Voice {
        Voice { json: self.json, quiet: self.quiet, verbose: self.verbose, strict: self.strict }
    }
}

/// How many threads compute.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ThreadFlag {
    /// Number of threads; the results are the same bits for any number [default: one per core]
    #[arg(long = THREADS.0, value_name = "N", value_parser = threads, allow_negative_numbers = true, help_heading = "Computing")]
    pub(crate) threads: Option<usize>,
}

/// More threads than any machine has cores, and fewer than bring one down.
const MOST_THREADS: usize = 1024;

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads @ 1..=MOST_THREADS) => Ok(threads),
        _ => Err(format!("expected 1 to {MOST_THREADS} threads; leave it out to use all cores")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
