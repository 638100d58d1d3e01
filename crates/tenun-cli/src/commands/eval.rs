//! `tenun eval`.

use serde::Serialize;
use tenun::Model;
use tenun::data::{self, Dataset, ImageRecord, Images, Whose, find_named};
use tenun::engine::Cpu;
use tenun::job::Job;
use tenun::measure::{ClassScores, ModelScores, ScoreOn, score};
use tenun::names::{escaped, shown};
use tenun::run::{self, RunDir};
use tenun::settings::{LAYOUT, Settings, TEST, TRAIN, changed};

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
    /// Whose images they are, where the run knows its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    images_of_run: Option<Whose>,
    /// What is different in the data of the run, where something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_changed: Option<String>,
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
        Some((run, job)) => {
            job.must_be_of(&model, &run)?;
            source::tell_job(&job, printer);
            let (set, split) = job.scored();
            Measured {
                train: job.collection().train.images().clone(),
                mean: Some(job.record().mean_image()),
                set: set.clone(),
                split,
                whose: Some(job.record().whose(set)),
                change: job.change().map(str::to_owned),
            }
        }
        None => others(args, given, &model, &cpu, printer)?,
    };
    let Measured { train, mean, set, split, whose, change } = measured;
    // As at the end of training: what is drawn at random follows from the seed of that.
    let seed = model.info().training.as_ref().map_or(0, |training| training.seed);
    let mut progress = Progress::new(printer);
    let on = ScoreOn { set: &set, called: split, train: &train, mean: mean.as_deref(), seed };
    let scored = score(&model, &on, &cpu, &mut progress)?;
    drop(progress);
    let scores = &scored.model;
    let fields = Fields {
        model: &args.model,
        data: set.name(),
        images_of_run: whose,
        data_changed: change,
        scores,
        classes: &scored.classes,
    };
    printer.result("eval", &fields, || {
        let on = counted(set.len(), &format!("{split} image"));
        let table = scores::table(scores, &scored.classes);
        let trained_with = trained_with(&args.model);
        let name = escaped(set.name());
        format!("{name}: {on}\n{trained_with}\n{table}{}", scores::absent(scores))
    });
    Ok(())
}

/// The settings of the run, those that are not the default, where the model is that of a run.
fn trained_with(model: &std::path::Path) -> String {
    let Ok(settings) = Settings::read(&model.join(run::CONFIG)) else { return String::new() };
    let changed = changed(&settings).into_iter().map(|(label, value)| format!("{label} {value}"));
    format!("trained with {}\n", changed.collect::<Vec<_>>().join(", "))
}

/// The images to measure on, what they are called, and those of which the baselines are.
struct Measured {
    train: Images,
    /// The mean training image, where it is not that of `train`.
    mean: Option<Vec<f32>>,
    set: Dataset,
    split: &'static str,
    whose: Option<Whose>,
    change: Option<String>,
}

/// The run's own images as it limited and split them, where the user asked for nothing else.
fn own(
    args: &EvalArgs,
    given: &Given,
    cpu: &Cpu,
    printer: &Printer,
) -> Result<Option<(RunDir, Job)>, Failure> {
    let other =
        ["data", "split", "limit", "size", "fit", "colour", "skip_bad", LAYOUT.flag, TRAIN.flag, TEST.flag];
    if other.into_iter().any(|id| given.has(id)) || !args.model.join(run::CONFIG).is_file() {
        return Ok(None);
    }
    let run = RunDir::open(&args.model)?;
    let open = |progress: data::Progress<'_>| Job::open(&run, None, cpu.clone(), progress);
    let job = source::with_bar(printer, open)?;
    Ok(Some((run, job)))
}

/// Other images than those that the run measured itself on; whose they are is said, where the run knows its own.
fn others(
    args: &EvalArgs,
    given: &Given,
    model: &Model,
    cpu: &Cpu,
    printer: &Printer,
) -> Result<Measured, Failure> {
    let (data, flags) = data_of(args, given, model)?;
    let collection = source::open_for(model, &[data], &flags, printer)?;
    let train = collection.train.images().clone();
    let (set, split) = source::choose(collection, args.choice, printer)?;
    // The model of a run lies in its folder.
    let folder = if args.model.is_dir() { Some(args.model.as_path()) } else { args.model.parent() };
    let folder = folder.filter(|folder| folder.join(run::CONFIG).is_file());
    let record = folder.map(|folder| ImageRecord::read(&folder.join(run::IMAGES))).transpose()?.flatten();
    // What has another shape is refused by who measures, in its own words.
    let record = record.filter(|record| record.shape() == set.images().shape());
    let (Some(folder), Some(record)) = (folder, record) else {
        return Ok(Measured { train, mean: None, set, split, whose: None, change: None });
    };
    let whose = record.whose(&set);
    printer.note(format_args!("note: of {}: {whose}", counted(set.len(), "image")));
    if whose.trained_on > 0 && whose.trained_on < set.len() {
        printer.warn("the model was trained on some of these images: the scores are not those of images it has never seen");
    }
    // Test images that are training images too are what `eval RUN` measures on all the same.
    let called = if split == "test" && record.are_tests(&set) { split } else { whose.name() };
    // PCA is fitted on the run's training images; of the mean image the record is enough.
    let run = RunDir::open(folder)?;
    let job = source::with_bar(printer, |progress| Job::open(&run, None, cpu.clone(), progress));
    let (train, change) = match job {
        Ok(job) => (job.collection().train.images().clone(), job.change().map(str::to_owned)),
        Err(error) => {
            printer.note(format_args!(
                "note: no PCA baseline, as the run's own images cannot be opened: {error}"
            ));
            (set.images().part(0..0), None)
        }
    };
    Ok(Measured { train, mean: Some(record.mean_image()), split: called, set, whose: Some(whose), change })
}

/// The images to measure on: those named, else those of the run, else those that the model remembers.
fn data_of(args: &EvalArgs, given: &Given, model: &Model) -> Result<(String, SourceFlags), Failure> {
    let mut flags = args.source.clone();
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
        flags.layout = if given.has(LAYOUT.flag) { flags.layout } else { data.layout };
        flags.test = flags.test.or_else(|| data.test.filter(|_| flags.train.is_none()));
        flags.train = flags.train.or(data.train);
        return Ok((data.source, flags));
    }
    match model.info().data.as_ref().and_then(|data| find_named(&data.name)) {
        Some(set) => Ok((set.name.to_owned(), flags)),
        None => Err(Failure::usage(
            format!("{} does not say where its images are", shown(&args.model)),
            Some(format!("name them: `tenun eval {} DATA`", shown(&args.model))),
        )),
    }
}
