//! The program `tenun`: arguments, printer, progress, exit codes. What it does is in the library of the same name.

mod activity;
mod arguments;
mod commands;
mod failure;
mod interrupt;
mod live;
mod opening;
mod printer;
mod progress;
mod scores;
mod sweep_progress;
mod text;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches};
use tenun::names::{escaped, is_unseen};

use crate::arguments::{Cli, Command};
use crate::commands::Given;
use crate::failure::Failure;
use crate::printer::Printer;

fn main() -> ExitCode {
    // Help and version are data, and wrong use is exit code 2: clap knows. A reader who left is no error here either.
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(message) => {
            let message = escaped_values(with_tip(message));
            let _ = message.print();
            return ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2));
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let printer = Printer::new(cli.output.voice());
    let given = matches.subcommand().map_or_else(Given::default, |(_, matches)| Given::new(matches));
    printer.finish(dispatch(cli.command, &given, &printer))
}

/// Says what to do where one path too many is given, of which clap only says that it was not expected.
fn with_tip(mut message: clap::Error) -> clap::Error {
    let is_path = |argument: &ContextValue| !argument.to_string().starts_with('-');
    if message.kind() == ErrorKind::UnknownArgument
        && message.get(ContextKind::InvalidArg).is_some_and(is_path)
    {
        let tip = "a path with spaces needs quotes; for several, run the command once for each";
        message.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    message
}

/// What was typed, as names are shown: a line break in it cannot forge a line of the error.
fn escaped_values(mut message: clap::Error) -> clap::Error {
    let typed: Vec<(ContextKind, String)> = message
        .context()
        .filter(|(kind, _)| {
            matches!(
                kind,
                ContextKind::InvalidArg | ContextKind::InvalidValue | ContextKind::InvalidSubcommand
            )
        })
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) if text.contains(is_unseen) => {
                Some((kind, escaped(text).into_owned()))
            }
            _ => None,
        })
        .collect();
    if !typed.is_empty() {
        // A tip would say it once more as it was typed.
        message.insert(ContextKind::Suggested, ContextValue::None);
    }
    for (kind, text) in typed {
        message.insert(kind, ContextValue::String(text));
    }
    message
}

fn dispatch(command: Command, given: &Given, printer: &Printer) -> Result<(), Failure> {
    match command {
        Command::Train(args) => commands::train::run(&args, printer),
        Command::Sweep(args) => commands::sweep::run(&args, given, printer),
        Command::Eval(args) => commands::eval::run(&args, given, printer),
        Command::Reconstruct(args) => commands::reconstruct::run(&args, printer),
        Command::Encode(args) => commands::encode::run(&args, printer),
        Command::Decode(args) => commands::decode::run(&args, printer),
        Command::Summary(args) => commands::summary::run(&args, given, printer),
        Command::Data(args) => commands::data::run(&args.command, printer),
        Command::Report(args) => commands::report::run(&args, printer),
        Command::Doctor(args) => commands::doctor::run(&args, printer),
        Command::Layers(args) => commands::layers::run(&args, printer),
        Command::Presets(args) => commands::presets::run(&args, printer),
        Command::Completions(args) => {
            commands::manual::completions(&args, printer);
            Ok(())
        }
        Command::Man(args) => commands::manual::man(&args, printer),
    }
}
