//! `tenun train`.

use std::path::PathBuf;

use serde::Serialize;
use tenun::engine::Cpu;
use tenun::job::{Job, Outcome, Summary};
use tenun::names::shown;
use tenun::run::{self, RunDir};
use tenun::settings::control::RESUME;
use tenun::settings::{DATA, Settings, network_title};
use tenun::text::megabytes;

use super::{guard, mistaken, resume, settings, source};
use crate::arguments::TrainArgs;
use crate::failure::{Failure, Kind};
use crate::interrupt;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::scores;
use crate::text::{Table, count, counted, duration};

pub(crate) fn run(args: &TrainArgs, printer: &Printer) -> Result<(), Failure> {
    let cpu = Cpu::from_environment(args.threads.threads)?;
    let machine = format!("{}, {} registers", counted(cpu.threads(), "thread"), cpu.width());
    let (job, run) = prepare(args, cpu, printer)?;
    announce(&job, &run, &machine, printer);
    let stop = interrupt::watch()?;
    let mut progress = Progress::new(printer);
    let outcome = match args.resume {
        Some(_) => job.resume(&run, &mut progress, &stop),
        None => job.run(&run, &mut progress, &stop),
    };
    drop(progress);
    match outcome? {
        Outcome::Finished(summary) => {
            finished(&run, &summary, printer);
            Ok(())
        }
        Outcome::Stopped { epoch, batch } => Err(stopped(&run, epoch, batch, printer)),
    }
}

/// The job and its folder. Nothing is written, and nothing replaced, until all of the job is known to be right.
fn prepare(args: &TrainArgs, cpu: Cpu, printer: &Printer) -> Result<(Job, RunDir), Failure> {
    if let Some(folder) = &args.resume {
        mistaken::run("train", folder)?;
        let run = RunDir::open(folder)?;
        let old = Settings::read(&run.file(run::CONFIG))?;
        let epochs = resume::check(args, &run, &old)?;
        guard::refuse_results(folder, &guard::of_run(&old))?;
        let job = source::with_bar(printer, |progress| Job::open(&run, epochs, cpu, progress))?;
        return Ok((job, run));
    }
    args.settings.text(&DATA).map_or(Ok(()), |data| mistaken::images("train", data))?;
    let settings = settings::of(&args.settings)?;
    settings.check()?;
    let folder = args.out.clone().unwrap_or_else(|| RunDir::default_path(&settings));
    guard::refuse_results(&folder, &guard::of_settings(&settings))?;
    let job = source::with_bar(printer, |progress| Job::new(settings, cpu, progress))?;
    Ok((job, RunDir::create(&folder, args.overwrite)?))
}

/// What a run is about, before it begins.
#[derive(Serialize)]
struct Start<'a> {
    run: &'a PathBuf,
    data: &'a str,
    origin: &'a PathBuf,
    train_images: usize,
    validation_images: Option<usize>,
    test_images: Option<usize>,
    height: usize,
    width: usize,
    channels: usize,
    network: &'a str,
    parameters: usize,
    latent: usize,
    epochs: u32,
    /// Bytes of memory that the run is going to take at most.
    memory: u64,
}

fn announce(job: &Job, run: &RunDir, machine: &str, printer: &Printer) {
    let (collection, network) = (job.collection(), job.network());
    let shape = network.input();
    let name = job.settings().network.name();
    let title = network_title(job.settings());
    let test = collection.test.as_ref().map(|test| test.len());
    let validation = job.validation().map(|set| set.len());
    if printer.voice().json {
        printer.object(
            "start",
            &Start {
                run: &run.path().to_path_buf(),
                data: collection.train.name(),
                origin: &collection.origin,
                train_images: collection.train.len(),
                validation_images: validation,
                test_images: test,
                height: shape.height,
                width: shape.width,
                channels: shape.channels,
                network: &name,
                parameters: network.parameter_count(),
                latent: network.latent().len(),
                epochs: job.settings().training.epochs,
                memory: job.memory(),
            },
        );
    }
    let mut images = counted(collection.train.len(), "training image");
    if let Some(held) = validation.filter(|_| job.settings().data.val_fraction.is_some()) {
        images += &format!(", {} held out,", count(held));
    }
    if let Some(test) = test {
        images += &format!(" and {}", counted(test, "test image"));
    }
    let mut list = Table::list();
    list.row(["data", &format!("{}: {images} of {shape}", collection.train.name())]);
    list.row(["", &format!("from {}", shown(&collection.origin))]);
    let code = network.latent();
    let numbers = if code.is_vector() { String::new() } else { format!("{code} = ") };
    let parameters = counted(network.parameter_count(), "parameter");
    list.row([
        "network",
        &format!("{title}: {parameters}, latent code {numbers}{}", counted(code.len(), "dimension")),
    ]);
    list.row(["machine", &format!("{machine}, about {} of memory", megabytes(job.memory()))]);
    list.row(["folder", &shown(run.path())]);
    printer.note(list.render().trim_end());
    source::tell_job(job, printer);
}

/// Where things are, and the figures.
#[derive(Serialize)]
struct Finished<'a> {
    run: &'a std::path::Path,
    model: PathBuf,
    report: PathBuf,
    #[serde(flatten)]
    summary: &'a Summary,
}

fn finished(run: &RunDir, summary: &Summary, printer: &Printer) {
    let fields =
        Finished { run: run.path(), model: run.file(run::MODEL), report: run.file(run::REPORT), summary };
    printer.note("");
    printer.result("finished", &fields, || {
        let mut list = Table::list();
        let loss = |loss: Option<f64>| loss.map_or_else(|| "none".to_owned(), |loss| format!("{loss:.5}"));
        let epochs = format!("{}; lowest validation loss: epoch {}", summary.epochs, summary.best_epoch);
        list.row(["epochs", &epochs]);
        list.row(["training loss", &loss(summary.train_loss)]);
        list.row(["validation loss", &loss(summary.val_loss)]);
        let losses = list.render();
        let on = &summary.model.scores;
        let on = counted(on.images, &format!("{} image", on.measured_on));
        let scores = scores::table(&summary.model, &[]);
        let mut list = Table::list();
        list.row(["training time", &duration(summary.total_seconds)]);
        list.row(["model", &shown(&fields.model)]);
        list.row(["report", &shown(&fields.report)]);
        format!("{losses}\n{on}:\n\n{scores}\n{}", list.render())
    });
}

/// How far an interrupted run has come.
#[derive(Serialize)]
struct Stopped<'a> {
    run: &'a std::path::Path,
    epochs_done: u32,
    batches_done: usize,
}

fn stopped(run: &RunDir, epoch: u32, batch: usize, printer: &Printer) -> Failure {
    if printer.voice().json {
        printer.object("interrupted", &Stopped { run: run.path(), epochs_done: epoch, batches_done: batch });
    }
    Failure {
        kind: Kind::Interrupted,
        message: format!(
            "after {} and {}; the checkpoint is saved in {}",
            counted(epoch as usize, "full epoch"),
            counted(batch, "batch"),
            shown(run.path())
        ),
        hint: Some(format!("go on with `tenun train {RESUME} {}`", shown(run.path()))),
    }
}
