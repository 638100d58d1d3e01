//! `tenun eval`.

use serde::Serialize;
use tenun::Model;
use tenun::data::{self, Dataset, Images, find_named};
use tenun::engine::Cpu;
use tenun::job::Job;
use tenun::measure::{ClassScores, ModelScores, ScoreOn, score};
use tenun::run::{self, RunDir};
use tenun::settings::{Settings, changed};

use super::{Given, mistaken, source};
use crate::arguments::{EvalArgs, SourceFlags};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::scores;
use crate::text::counted;

/// All scores, in the units of the library: BCE in nats per pixel, PSNR in decibels (null for infinity).
#[derive(Serialize)]
struct Fields<'a> {
    model: &'a std::path::Path,
    data: &'a str,
    #[serde(flatten)]
    scores: &'a ModelScores,
    classes: &'a [ClassScores],
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
    // As at the end of training: what is drawn at random follows from the seed of that.
    let seed = model.info().training.as_ref().map_or(0, |training| training.seed);
    let mut progress = Progress::new(printer);
    let on = ScoreOn { set: &set, called: split, train: &train, seed };
    let scored = score(&model, &on, &cpu, &mut progress)?;
    drop(progress);
    let scores = &scored.model;
    let fields = Fields { model: &args.model, data: set.name(), scores, classes: &scored.classes };
    printer.result("eval", &fields, || {
        let on = counted(set.len(), &format!("{split} image"));
        let table = scores::table(scores, &scored.classes);
        let trained_with = trained_with(&args.model);
        format!("{}: {on}\n{trained_with}\n{table}{}", set.name(), scores::absent(scores))
    });
    Ok(())
}

/// The settings of the run, those that are not the default, where the model is that of a run.
fn trained_with(model: &std::path::Path) -> String {
    let Ok(settings) = Settings::read(&model.join(run::CONFIG)) else { return String::new() };
    let changed = changed(&settings).into_iter().map(|(label, value)| format!("{label} {value}"));
    format!("trained with {}\n", changed.collect::<Vec<_>>().join(", "))
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
    let open = |progress: data::Progress<'_>| Job::open(&run, None, cpu.clone(), progress);
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
