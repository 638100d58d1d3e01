//! `tenun report`.

use std::path::PathBuf;

use serde::Serialize;
use tenun::engine::Cpu;
use tenun::job::Job;
use tenun::names::shown;
use tenun::run::{self, RunDir};
use tenun::settings::Settings;

use super::{guard, mistaken, source};
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
    guard::refuse_results(run.path(), &guard::of_run(&Settings::read(&run.file(run::CONFIG))?))?;
    let job = source::with_bar(printer, |progress| Job::open(&run, None, cpu, progress))?;
    source::tell_job(&job, printer);
    let mut progress = Progress::new(printer);
    let report = job.report_again(&run, &mut progress)?;
    drop(progress);
    printer.result("report", &Written { report: report.clone() }, || format!("{}\n", shown(&report)));
    Ok(())
}
