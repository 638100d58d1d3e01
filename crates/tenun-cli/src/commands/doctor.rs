//! `tenun doctor`.

use serde::Serialize;
use tenun::doctor::{Finding, RULES};
use tenun::engine::Cpu;
use tenun::job::Job;
use tenun::names::shown;
use tenun::run::RunDir;

use super::{mistaken, source};
use crate::arguments::DoctorArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::text::counted;

#[derive(Serialize)]
struct Examined<'a> {
    run: &'a std::path::Path,
    rules: usize,
    warnings: &'a [Finding],
}

#[derive(Serialize)]
struct Listed {
    rule: &'static str,
    looks_at: &'static str,
    threshold: &'static str,
}

pub(crate) fn run(args: &DoctorArgs, printer: &Printer) -> Result<(), Failure> {
    let Some(folder) = &args.run else {
        list(printer);
        return Ok(());
    };
    mistaken::run("doctor", folder)?;
    let cpu = Cpu::from_environment(args.threads.threads)?;
    let run = RunDir::open(folder)?;
    let job = source::with_bar(printer, |progress| Job::open(&run, None, cpu, progress))?;
    source::tell_job(&job, printer);
    let mut progress = Progress::new(printer);
    let findings = job.examine(&run, &mut progress)?;
    drop(progress);
    let fields = Examined { run: run.path(), rules: RULES.len(), warnings: &findings };
    printer.result("doctor", &fields, || match findings.len() {
        0 => format!("{} found nothing to warn of\n", counted(RULES.len(), "rule")),
        _ => findings.iter().map(|finding| format!("{finding}\n")).collect(),
    });
    if args.strict && !findings.is_empty() {
        let what = counted(findings.len(), "warning");
        return Err(Failure::failed(format!("{}: {what}", shown(run.path())), None));
    }
    Ok(())
}

/// What there is to be found.
fn list(printer: &Printer) {
    for rule in RULES {
        let listed = Listed { rule: rule.name, looks_at: rule.looks_at, threshold: rule.threshold };
        printer.result("rule", &listed, || {
            format!("{}\n  looks at   {}\n  warns of   {}\n\n", rule.name, rule.looks_at, rule.threshold)
        });
    }
}
