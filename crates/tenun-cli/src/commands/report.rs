//! `tenun report`.

use std::path::PathBuf;

use serde::Serialize;
use tenun::engine::Cpu;
use tenun::job::Job;
use tenun::run::RunDir;
use tenun::settings::Settings;

use super::{mistaken, source};
use crate::arguments::ReportArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::progress::Progress;

#[derive(Serialize)]
struct Written {
    report: PathBuf,
}

pub(crate) fn run(args: &ReportArgs, printer: &Printer) -> Result<(), Failure> {
    mistaken::run("report", &args.run)?;
    let cpu = Cpu::from_environment(args.threads.threads)?;
    let run = RunDir::open(&args.run)?;
    let settings = Settings::read(&run.file(tenun::run::CONFIG))?;
    let command = command(&settings);
    let job = source::with_bar(printer, |progress| Job::open(&run, None, cpu, command, progress))?;
    let mut progress = Progress::new(printer);
    let report = job.report_again(&run, &mut progress)?;
    drop(progress);
    printer.result("report", &Written { report: report.clone() }, || format!("{}\n", report.display()));
    Ok(())
}

/// A command line for the run, whose own was not kept: its most telling settings.
fn command(settings: &Settings) -> Vec<String> {
    let mut command = vec!["tenun".into(), "train".into(), settings.data.source.clone()];
    let mut flag = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            command.extend([name.to_owned(), value]);
        }
    };
    let training = &settings.training;
    flag("--preset", settings.network.preset.clone());
    flag("--epochs", Some(training.epochs.to_string()));
    flag("--batch-size", Some(training.batch_size.to_string()));
    flag("--lr", Some(training.learning_rate.to_string()));
    flag("--loss", Some(training.loss.to_string()));
    flag("--seed", Some(training.seed.to_string()));
    flag("--limit-train", settings.data.limit_train.map(|limit| limit.to_string()));
    flag("--limit-test", settings.data.limit_test.map(|limit| limit.to_string()));
    command
}
