//! `tenun sweep`.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use serde::Serialize;
use tenun::engine::Cpu;
use tenun::measure::{Better, METRICS, Metric};
use tenun::names::{escaped, shown};
use tenun::settings::DATA;
use tenun::sweep::{
    CSV, MedianStop, PICTURE, Results, Row, Spread, Sweep, SweepDir, SweepEnd, SweepSettings, Workers, word,
};

use super::{Given, guard, mistaken, settings, source};
use crate::arguments::SweepArgs;
use crate::failure::{Failure, Kind};
use crate::interrupt;
use crate::printer::Printer;
use crate::sweep_progress::SweepProgress;
use crate::text::{Align, Table, count, counted};

/// Flags that say how a sweep runs and not what it tries: they go with `--resume`.
const HOW: [&str; 8] = ["resume", "parallel", "threads", "test-best", "json", "quiet", "verbose", "strict"];

pub(crate) fn run(args: &SweepArgs, given: &Given, printer: &Printer) -> Result<(), Failure> {
    let (sweep, dir) = prepare(args, given, printer)?;
    if args.test_best && !sweep.has_test() {
        return Err(Failure::usage(
            format!("--test-best: {} has no test images", escaped(sweep.images().name())),
            Some("leave it out; the combinations are ranked on images held out of training".into()),
        ));
    }
    let workers = workers(args, sweep.trials().len())?;
    announce(&sweep, &dir, &workers, printer);
    let stop = interrupt::watch()?;
    let mut progress = SweepProgress::new(printer, sweep.settings().metric());
    let end = sweep.run(&dir, &workers, &mut |event| progress.tell(event), &stop);
    let results = match end? {
        SweepEnd::Finished(results) => *results,
        SweepEnd::Stopped => return Err(stopped(&dir, printer)),
    };
    let results = if args.test_best && !stop.load(Ordering::Relaxed) {
        let cpu = Cpu::from_environment(args.train.threads.threads)?;
        sweep.test_best(&dir, results, &cpu, &mut |event| progress.tell(event))?
    } else {
        results
    };
    drop(progress);
    finished(&dir, &results, printer);
    Ok(())
}

/// The sweep and its folder. Nothing is written, and nothing replaced, until all of the sweep is known to be right.
fn prepare(args: &SweepArgs, given: &Given, printer: &Printer) -> Result<(Sweep, SweepDir), Failure> {
    if let Some(folder) = args.resume() {
        mistaken::sweep(folder)?;
        let dir = SweepDir::open(folder)?;
        if let Some(flag) = given.all().find(|id| !HOW.contains(id)) {
            let flag =
                if flag == "data" { "DATA".to_owned() } else { format!("--{}", flag.replace('_', "-")) };
            return Err(Failure::usage(
                format!(
                    "{flag} cannot be given with --resume: {} has the settings of its sweep",
                    shown(folder)
                ),
                Some("leave it out to continue the sweep, or start another in a new folder".into()),
            ));
        }
        let sweep = source::with_bar(printer, |progress| Sweep::open(&dir, progress))?;
        return Ok((sweep, dir));
    }
    args.train.settings.text(&DATA).map_or(Ok(()), |data| mistaken::images("sweep", data))?;
    let base = settings::of(&args.train.settings)?;
    base.check()?;
    let folder = args.train.out.clone().unwrap_or_else(|| SweepDir::default_path(&base));
    let settings = SweepSettings {
        vary: args.vary.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
        random: args.random,
        sweep_seed: args.sweep_seed,
        seeds: args.seeds,
        median_stop: args.median_stop.map(|grace| MedianStop { grace }),
        by: args.by,
        train_sha256: None,
        base,
    };
    let values =
        args.vary.iter().filter_map(|text| text.split_once('=')).flat_map(|(_, values)| values.split(','));
    let varied = values.map(|value| PathBuf::from(value.trim())).filter(|path| path.exists());
    guard::refuse_results(&folder, &varied.chain(guard::of_settings(&settings.base)).collect::<Vec<_>>())?;
    let sweep = source::with_bar(printer, |progress| Sweep::new(settings, progress))?;
    Ok((sweep, SweepDir::create(&folder, args.train.overwrite)?))
}

/// As many runs at a time as there are threads, one each: that wastes nothing. Fewer runs get more threads each.
fn workers(args: &SweepArgs, trials: usize) -> Result<Workers, Failure> {
    let all = match args.train.threads.threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let parallel = args.parallel.unwrap_or(all).clamp(1, trials.max(1));
    let cpu = Cpu::from_environment(Some((all / parallel).max(1)))?;
    Ok(Workers { parallel, cpu })
}

#[derive(Serialize)]
struct Start<'a> {
    sweep: &'a Path,
    data: &'a str,
    combinations: usize,
    trials: usize,
    parallel: usize,
    threads_each: usize,
}

fn announce(sweep: &Sweep, dir: &SweepDir, workers: &Workers, printer: &Printer) {
    let (trials, combinations) = (sweep.trials().len(), sweep.combinations());
    let start = Start {
        sweep: dir.path(),
        data: sweep.images().name(),
        combinations,
        trials,
        parallel: workers.parallel,
        threads_each: workers.cpu.threads(),
    };
    if printer.voice().json {
        printer.object("start", &start);
    }
    let settings = sweep.settings();
    let mut list = Table::list();
    let held = (1e5 * settings.base.data.val_fraction.unwrap_or_default()).round() / 1e3;
    let images = counted(sweep.images().len(), "training image");
    list.row(["data", &format!("{}: {images}, {held} % held out for validation", start.data)]);
    list.row([
        "sweep",
        &format!(
            "{}, {} each: {}",
            counted(combinations, "combination"),
            counted(settings.seeds as usize, "seed"),
            counted(trials, "run")
        ),
    ]);
    let threads = counted(start.threads_each, "thread");
    list.row(["machine", &format!("{} in parallel, {threads} each", counted(start.parallel, "run"))]);
    list.row(["folder", &shown(dir.path())]);
    printer.note(list.render().trim_end());
    source::tell(sweep.collection(), printer);
    if let Some(asked) = settings.random.filter(|&asked| asked as usize > combinations) {
        printer.note(format_args!(
            "note: there are only {}; --random asks for {asked}",
            counted(combinations, "combination")
        ));
    }
    if settings.metric() != Metric::of(settings.base.training.loss) {
        printer.note(format_args!("note: combinations are ranked by {}", settings.metric().label));
    }
}

#[derive(Serialize)]
struct Finished<'a> {
    sweep: &'a Path,
    #[serde(flatten)]
    results: &'a Results,
}

fn finished(dir: &SweepDir, results: &Results, printer: &Printer) {
    printer.note("");
    if !printer.voice().json {
        let images = counted(results.held_out_images, "held-out image");
        let better = if results.by.better == Better::Higher { "higher" } else { "lower" };
        printer.note(format_args!("sorted by {} on {images}; {better} is better", results.by.label));
    }
    printer.result("finished", &Finished { sweep: dir.path(), results }, || table(results));
    for note in &results.notes {
        printer.note(format_args!("note: {note}"));
    }
    printer.note("");
    let by = results.by;
    let mut list = Table::list();
    match results.best.map(|best| &results.rows[best]) {
        Some(row) => {
            let score = row.scores.get(by).map_or_else(String::new, |score| spread(*score, by.decimals));
            let over =
                if row.runs.len() > 1 { format!(" over {} seeds", row.runs.len()) } else { String::new() };
            list.row(["best", &format!("{}: {} {score}{over} on held-out images", row.words(), by.label)]);
            for (at, run) in row.runs.iter().enumerate() {
                let label = ["runs", ""][usize::from(at > 0)];
                list.row([label, &shown(dir.trial(run))]);
            }
        }
        None => list.row(["best", "none: no combination finished all of its runs"]),
    }
    if let Some(perfect) = results.perfect {
        let bound = match by.better {
            Better::Higher => "upper bound",
            Better::Lower | Better::Neither => "lower bound",
        };
        list.row([bound, &format!("{} {}, of a perfect reconstruction", by.label, by.text(perfect))]);
    }
    if let Some(elbow) = results.elbow {
        list.row([
            "elbow",
            &format!("{} of the latent code (diminishing returns)", counted(elbow, "dimension")),
        ]);
    }
    if let Some(test) = &results.test {
        let score = |(metric, score): (&Metric, &Spread)| {
            format!("{} {}", metric.label, spread(*score, metric.decimals))
        };
        let scores: Vec<String> = test.scores.iter().map(score).collect();
        list.row([counted(test.images, "test image"), scores.join(", ")]);
    }
    list.row(["table", &shown(dir.file(CSV))]);
    let picture = dir.file(PICTURE);
    if picture.is_file() {
        list.row(["picture", &shown(&picture)]);
    }
    printer.note(list.render().trim_end());
}

/// The rows by score, the best first; after them those of which no run has a score, in the order of the sweep.
fn ranked(results: &Results) -> Vec<(usize, &Row)> {
    let mut rows: Vec<(usize, &Row)> = results.rows.iter().enumerate().collect();
    // A mean over fewer seeds does not compete, and stands below those that do.
    let score = |row: &Row| row.scores.get(results.by).map(|score| score.mean);
    rows.sort_by(|(_, a), (_, b)| {
        let is_part = |row: &Row| row.finished < row.runs.len();
        is_part(a).cmp(&is_part(b)).then_with(|| match (score(a), score(b)) {
            (Some(a), Some(b)) => results.by.compare(a, b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        })
    });
    rows
}

/// The results as a table that reads well as it is and as Markdown, the best first.
fn table(results: &Results) -> String {
    let Some(first) = results.rows.first() else { return String::new() };
    let has_pca = !results.pca.is_empty();
    let mut columns: Vec<(&str, Align)> =
        first.values.keys().map(|name| (name.as_str(), Align::Right)).collect();
    // The metric that the best is chosen by, with its spread, before the others.
    let is_there = |metric: &&'static Metric| results.rows.iter().any(|row| row.scores.get(metric).is_some());
    let (by, others): (Vec<&'static Metric>, Vec<_>) =
        METRICS.into_iter().filter(is_there).partition(|&metric| metric == results.by);
    let sorted_by =
        format!("{} {}", results.by.label, if results.by.better == Better::Higher { "↑" } else { "↓" });
    let metrics: Vec<&'static Metric> = by.into_iter().chain(others).collect();
    columns.extend(
        metrics.iter().map(|&metric| {
            (if metric == results.by { sorted_by.as_str() } else { metric.label }, Align::Right)
        }),
    );
    if has_pca {
        columns.push(("PCA", Align::Right));
    }
    columns.extend([("seconds", Align::Right), ("parameters", Align::Right), ("latent", Align::Right)]);
    columns.push(("", Align::Left));
    let mut table = Table::new(&columns);
    for (at, row) in ranked(results) {
        let mut cells: Vec<String> = row.values.values().map(word).collect();
        cells.extend(metrics.iter().map(|&metric| match row.scores.get(metric) {
            Some(score) if metric == results.by => spread(*score, metric.decimals),
            Some(score) => metric.text(score.mean),
            None => "–".to_owned(),
        }));
        if has_pca {
            let pca = results.pca.iter().find(|point| point.latent == row.latent);
            let score = pca.and_then(|point| point.scores.get(results.by));
            cells.push(score.map_or_else(|| "–".to_owned(), |score| results.by.text(score)));
        }
        cells.extend([format!("{:.1}", row.seconds), count(row.parameters), count(row.latent)]);
        cells.push(remark(row, results.best == Some(at)));
        table.row(cells);
    }
    table.markdown()
}

/// What else there is to say of a row.
fn remark(row: &Row, is_best: bool) -> String {
    let mut words = Vec::new();
    if is_best {
        words.push("best".to_owned());
    }
    for (number, what) in [(row.stopped, "stopped early"), (row.diverged, "diverged")] {
        if number > 0 {
            words.push(format!("{number} of {} {what}", row.runs.len()));
        }
    }
    words.join(", ")
}

fn spread(spread: Spread, digits: usize) -> String {
    let mean = format!("{:.digits$}", spread.mean);
    spread.std.map_or(mean.clone(), |std| format!("{mean} ± {std:.digits$}"))
}

#[derive(Serialize)]
struct Stopped<'a> {
    sweep: &'a Path,
}

fn stopped(dir: &SweepDir, printer: &Printer) -> Failure {
    if printer.voice().json {
        printer.object("interrupted", &Stopped { sweep: dir.path() });
    }
    Failure {
        kind: Kind::Interrupted,
        message: format!("checkpoints of the unfinished runs are saved in {}", shown(dir.path())),
        hint: Some(format!("go on with `tenun sweep --resume {}`", shown(dir.path()))),
    }
}
