//! `tenun eval`.

use serde::Serialize;
use tenun::Model;
use tenun::data::{self, Dataset, Images, find_named};
use tenun::engine::Cpu;
use tenun::job::Job;
use tenun::measure::family::{self, Denoising, Figure, Quality};
use tenun::measure::{self, ClassScores, PcaScores, Scores};
use tenun::run::{self, RunDir};
use tenun::settings::Settings;
use tenun::train::{Observer, Phase};

use super::{Given, mistaken, source};
use crate::arguments::{EvalArgs, SourceFlags};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::text::{Align, Table, count, counted};

/// All scores, in the units of the library: BCE in nats a pixel, PSNR in decibels (null for infinity).
#[derive(Serialize)]
struct Scored<'a> {
    model: &'a std::path::Path,
    data: &'a str,
    split: &'a str,
    images: usize,
    overall: &'a Scores,
    mean_image: Option<&'a Scores>,
    /// PCA with as many components as a code has numbers.
    pca: Option<&'a PcaScores>,
    classes: &'a [ClassScores],
    /// The figures of the families that the network belongs to.
    family: &'a [Figure],
}

pub(crate) fn run(args: &EvalArgs, given: &Given, printer: &Printer) -> Result<(), Failure> {
    mistaken::model("eval", &args.model)?;
    args.data.iter().try_for_each(|data| mistaken::images("eval", data))?;
    let cpu = Cpu::from_environment(args.threads.threads)?;
    let model = Model::load(&args.model)?;
    let measured = match own(args, given, &cpu, printer)? {
        Some(job) => {
            job.notes().iter().for_each(|note| printer.note(format_args!("note: {note}")));
            source::tell_skipped(job.collection(), printer);
            let (set, split) = job.scored();
            Measured { train: job.collection().train.images().clone(), set: set.clone(), split }
        }
        None => {
            let (data, flags) = data_of(args, given, &model)?;
            let collection = source::open_for(&model, &[data], &flags, printer)?;
            let train = collection.train.images().clone();
            let (set, split) = source::choose(collection, args.choice, printer)?;
            Measured { train, set, split }
        }
    };
    let Measured { train, set, split } = measured;
    let mut progress = Progress::new(printer);
    progress.phase(Phase::Evaluating);
    // As at the end of training: what is drawn at random follows from the seed of that.
    let seed = model.info().training.as_ref().map_or(0, |training| training.seed);
    let family = family::figures(&model, set.images(), seed, &cpu)?;
    let scored = measure::score(&model, &set, Some(&train), &cpu, &mut progress)?;
    drop(progress);
    let (overall, baseline) = (&scored.evaluation.overall, scored.baseline.as_ref());
    let pca = scored.pca.as_ref();
    let fields = Scored {
        model: &args.model,
        data: set.name(),
        split,
        images: set.len(),
        overall,
        mean_image: baseline,
        pca,
        classes: &scored.evaluation.classes,
        family: &family,
    };
    printer.result("eval", &fields, || {
        let mut heading = format!("{}: {}", set.name(), counted(set.len(), &format!("{split} image")));
        let denoising = Denoising::of(&family);
        if denoising.is_some() {
            heading += "; clean images in, but for the rows that say so";
        }
        let table = table(&fields, denoising.as_ref());
        format!("{heading}\n\n{table}{}", figures(&family))
    });
    Ok(())
}

/// The images to measure on, what they are called, and those of whose mean the baseline is.
struct Measured {
    train: Images,
    set: Dataset,
    split: &'static str,
}

/// The run's own images as it limited and split them, where the user asked for nothing else.
fn own(args: &EvalArgs, given: &Given, cpu: &Cpu, printer: &Printer) -> Result<Option<Job>, Failure> {
    let other = ["data", "split", "limit", "size", "fit", "colour", "skip_bad"];
    if other.into_iter().any(|id| given.has(id)) || !args.model.join(run::CONFIG).is_file() {
        return Ok(None);
    }
    let run = RunDir::open(&args.model)?;
    let open = |progress: data::Progress<'_>| Job::open(&run, None, cpu.clone(), Vec::new(), progress);
    Ok(Some(source::with_bar(printer, open)?))
}

/// The images to measure on: those named, else those of the run, else those that the model remembers.
fn data_of(args: &EvalArgs, given: &Given, model: &Model) -> Result<(String, SourceFlags), Failure> {
    let mut flags = args.source;
    if let Some(data) = &args.data {
        return Ok((data.clone(), flags));
    }
    let config = args.model.join(run::CONFIG);
    if config.is_file() {
        let data = Settings::read(&config)?.data;
        flags.size = flags.size.or(data.size);
        flags.fit = if given.has("fit") { flags.fit } else { data.fit };
        flags.colour = if given.has("colour") { flags.colour } else { data.colour };
        flags.skip_bad |= data.skip_bad;
        return Ok((data.source, flags));
    }
    match model.info().data.as_ref().and_then(|data| find_named(&data.name)) {
        Some(set) => Ok((set.name.to_owned(), flags)),
        None => Err(Failure::usage(
            format!("{} does not say where its images are", args.model.display()),
            Some(format!("name them: `tenun eval {} DATA`", args.model.display())),
        )),
    }
}

/// The figures of a family, below the table; nothing where there are none.
fn figures(family: &[Figure]) -> String {
    // Those of corrupted images stand in the table.
    let is_in_table = |figure: &&Figure| Denoising::of(family).is_some() && Denoising::has(figure);
    let family: Vec<&Figure> = family.iter().filter(|figure| !is_in_table(figure)).collect();
    if family.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[("", Align::Left), ("", Align::Right), ("", Align::Left)]);
    for figure in family {
        table.row([figure.label(), figure.text(), figure.meaning.clone()]);
    }
    table.render()
}

/// A decibel value as people read it.
fn decibels(psnr: f64) -> String {
    if psnr.is_finite() { format!("{psnr:.2}") } else { "∞".into() }
}

fn table(scored: &Scored<'_>, denoising: Option<&Denoising>) -> String {
    let mut table = Table::new(&[
        ("", Align::Left),
        ("images", Align::Right),
        ("BCE", Align::Right),
        ("floor", Align::Right),
        ("MSE", Align::Right),
        ("MAE", Align::Right),
        ("PSNR dB", Align::Right),
        ("SSIM", Align::Right),
    ]);
    if let Some(Denoising { corrupted, denoised, bce }) = denoising {
        let mut row = |name: &str, bce: String, floor: String, quality: &Quality| {
            table.row([
                name.to_owned(),
                String::new(),
                bce,
                floor,
                format!("{:.5}", quality.mse),
                format!("{:.5}", quality.mae),
                decibels(quality.psnr()),
                format!("{:.4}", quality.ssim),
            ]);
        };
        // Noise at 0 and 1 is no probability, and has no cross-entropy to speak of.
        row("corrupted images", String::new(), String::new(), corrupted);
        let floor = format!("{:.5}", scored.overall.bce_floor);
        row("model, corrupted images in", format!("{bce:.5}"), floor, denoised);
    }
    let mut row = |name: &str, images: String, scores: &Scores| {
        table.row([
            name.to_owned(),
            images,
            format!("{:.5}", scores.bce),
            format!("{:.5}", scores.bce_floor),
            format!("{:.5}", scores.mse),
            format!("{:.5}", scores.mae),
            decibels(scores.psnr),
            format!("{:.4}", scores.ssim),
        ]);
    };
    row(if denoising.is_some() { "model, clean images in" } else { "model" }, String::new(), scored.overall);
    if let Some(baseline) = scored.mean_image {
        row("mean image", String::new(), baseline);
    }
    if let Some(pca) = scored.pca {
        row(&format!("PCA, {}", counted(pca.components, "component")), String::new(), &pca.scores);
    }
    for class in scored.classes {
        if let Some(scores) = &class.scores {
            row(&class.name, count(class.images), scores);
        }
    }
    table.render()
}
