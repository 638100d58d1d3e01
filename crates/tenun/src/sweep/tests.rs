//! Whole sweeps on a few synthetic images: stopped and resumed, given up by the median rule, diverging, compared.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use tenun_engine::{Shape, Width};

use super::*;
use crate::data::{Images, idx};
use crate::measure::{BCE, MAE, MSE, SSIM};
use crate::run::RunDir;
use crate::settings::{DataSettings, NetworkSettings, Settings, TrainingSettings};

/// A folder with 80 training images of 12×10 pixels, and test images, if any, that cannot be read.
fn data(test: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| fs::File::create(folder.path().join(name)).unwrap();
    let write = |name: &str, count: usize| {
        let pixel = |i: usize| ((i / 120) * 37 + i % 120 * (1 + i / 120 % 3)) % 256;
        let pixels = (0..count * 120).map(|i| pixel(i) as u8).collect();
        idx::write_images(file(name), &Images::new(Shape::new(1, 12, 10), pixels).unwrap()).unwrap();
    };
    write("train-images-idx3-ubyte", 80);
    if test {
        write("t10k-images-idx3-ubyte", 16);
    }
    folder
}

fn settings(data: &tempfile::TempDir, vary: &[&str]) -> SweepSettings {
    SweepSettings {
        vary: vary.iter().map(|text| text.parse().unwrap()).collect(),
        random: None,
        sweep_seed: 1,
        seeds: 2,
        median_stop: None,
        by: None,
        train_sha256: None,
        base: Settings {
            data: DataSettings {
                source: data.path().to_string_lossy().into_owned(),
                ..DataSettings::default()
            },
            network: NetworkSettings { preset: Some("cae".into()), ..NetworkSettings::default() },
            training: TrainingSettings { epochs: 3, batch_size: 16, ..TrainingSettings::default() },
        },
    }
}

fn workers(parallel: usize) -> Workers {
    Workers { parallel, cpu: Cpu::new(Some(1), Width::detect()).unwrap() }
}

fn run(sweep: &Sweep, dir: &SweepDir, parallel: usize) -> Results {
    match sweep.run(dir, &workers(parallel), &mut |_| {}, &AtomicBool::new(false)).unwrap() {
        SweepEnd::Finished(results) => *results,
        SweepEnd::Stopped => panic!("nobody stopped it"),
    }
}

/// `results.csv` without its last column, the seconds, which are never the same twice.
fn table(dir: &SweepDir) -> Vec<String> {
    let text = fs::read_to_string(dir.file(CSV)).unwrap();
    text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}

#[test]
fn a_sweep_leaves_runs_tables_and_a_picture_whatever_runs_side_by_side() {
    let data = data(true);
    let folder = tempfile::tempdir().unwrap();
    let sweep =
        Sweep::new(settings(&data, &["lr=1e-3,1e-30", "batch-size=8,16"]), Progress::default()).unwrap();
    assert_eq!((sweep.trials().len(), sweep.combinations(), sweep.has_test()), (8, 4, true));
    let one = SweepDir::create(&folder.path().join("one"), false).unwrap();
    let results = run(&sweep, &one, 1);
    for name in [SWEEP, CSV, JSON, PICTURE] {
        assert!(one.file(name).is_file(), "{name}");
    }
    // Where no weight moves nothing is learned.
    let mean = |row: usize| results.score(row).unwrap().mean;
    let best = results.best.unwrap();
    assert!(best < 2 && mean(best) < mean(2) && mean(best) < mean(3), "{results:?}");
    assert_eq!((results.held_out_images, results.by), (12, &BCE));
    assert!(results.perfect.unwrap() < mean(best) && results.pca.is_empty() && results.test.is_none());
    let spread = results.score(0).unwrap();
    assert!(spread.count == 2 && spread.std.unwrap() > 0.0);
    // A trial is a run as any other, without its report.
    let trial = one.trial(&results.rows[0].runs[0]);
    assert!(trial.join(crate::run::MODEL).is_file() && !trial.join(crate::run::REPORT).exists());
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(trial.join(crate::run::SUMMARY)).unwrap()).unwrap();
    assert_eq!(
        (summary["scores"]["measured_on"].as_str(), summary["scores"]["images"].as_u64()),
        (Some("held-out"), Some(12))
    );

    let side = SweepDir::create(&folder.path().join("side"), false).unwrap();
    run(&sweep, &side, 3);
    assert_eq!(table(&one), table(&side));

    let tested = sweep.test_best(&one, results, &workers(1).cpu, &mut |_| ()).unwrap();
    let test = tested.test.unwrap();
    let bce = test.scores.get(&BCE).unwrap();
    assert_eq!((test.images, bce.count), (16, 2));
    let json: serde_json::Value = serde_json::from_slice(&fs::read(one.file(JSON)).unwrap()).unwrap();
    assert_eq!(json["test"]["bce"]["mean"], bce.mean);
}

#[test]
fn all_seeds_are_measured_on_the_same_images_and_the_test_images_change_nothing() {
    let (with, without) = (data(true), data(false));
    let folder = tempfile::tempdir().unwrap();
    let sweep = Sweep::new(settings(&with, &["lr=1e-30"]), Progress::default()).unwrap();
    let dir = SweepDir::create(&folder.path().join("with"), false).unwrap();
    run(&sweep, &dir, 1);
    let other = SweepDir::create(&folder.path().join("without"), false).unwrap();
    run(&Sweep::new(settings(&without, &["lr=1e-30"]), Progress::default()).unwrap(), &other, 1);
    assert_eq!(table(&dir), table(&other));
    // As an ordinary run each trial holds out what the sweep held out.
    let held = |trial: &Trial| {
        let run = RunDir::open(&dir.trial(&trial.name)).unwrap();
        let job = Job::open(&run, None, workers(1).cpu, Progress::default()).unwrap();
        job.validation().unwrap().sha256()
    };
    assert_ne!(sweep.trials()[0].seed, sweep.trials()[1].seed);
    assert_eq!(held(&sweep.trials()[0]), held(&sweep.trials()[1]));
}

#[test]
fn stopped_and_resumed_it_ends_with_the_same_table() {
    let data = data(false);
    let folder = tempfile::tempdir().unwrap();
    let rule = SweepSettings {
        median_stop: Some(MedianStop { grace: 1 }),
        seeds: 1,
        ..settings(&data, &["lr=1e-3,3e-3,1e-2,1e-30,1e-29"])
    };
    let straight = SweepDir::create(&folder.path().join("straight"), false).unwrap();
    let results = run(&Sweep::new(rule.clone(), Progress::default()).unwrap(), &straight, 1);
    // Four trials stand before the fifth, three before the fourth, and both learn nothing.
    assert_eq!(
        results.rows.iter().map(|row| row.stopped).collect::<Vec<_>>(),
        [0, 0, 0, 1, 1],
        "{results:?}"
    );
    assert!(results.score(3).is_none() && results.best.unwrap() < 3);
    assert!(table(&straight)[4].contains(",stopped,1,"), "{:?}", table(&straight));

    // Stopped after every epoch once, in whatever trial that is.
    let broken = SweepDir::create(&folder.path().join("broken"), false).unwrap();
    let mut sweep = Sweep::new(rule, Progress::default()).unwrap();
    let mut pauses = 0;
    loop {
        let stop = AtomicBool::new(false);
        let mut first = true;
        let end = sweep.run(
            &broken,
            &workers(1),
            &mut |event| {
                if matches!(event, Event::Epoch { .. }) && std::mem::take(&mut first) {
                    stop.store(true, Ordering::Relaxed);
                }
            },
            &stop,
        );
        if matches!(end.unwrap(), SweepEnd::Finished(_)) {
            break;
        }
        assert!(!broken.file(CSV).exists());
        pauses += 1;
        assert!(pauses < 50, "it comes to no end");
        sweep = Sweep::open(&SweepDir::open(broken.path()).unwrap(), Progress::default()).unwrap();
    }
    assert!(pauses > 2, "{pauses}");
    assert_eq!(table(&straight), table(&broken));
}

#[test]
fn a_setting_that_diverges_is_a_result() {
    let data = data(false);
    let folder = tempfile::tempdir().unwrap();
    let wild = SweepSettings { seeds: 1, ..settings(&data, &["lr=1e-3,1e30"]) };
    let dir = SweepDir::create(&folder.path().join("s"), false).unwrap();
    let results = run(&Sweep::new(wild, Progress::default()).unwrap(), &dir, 1);
    assert_eq!((results.rows[1].diverged, results.best), (1, Some(0)));
    assert!(table(&dir)[2].contains(",diverged,"), "{:?}", table(&dir));
}

#[test]
fn what_does_not_fit_is_found_before_anything_runs() {
    let data = data(false);
    let error = |vary: &[&str]| Sweep::new(settings(&data, vary), Progress::default()).err().unwrap();
    let wrong = error(&["preset=cae,cea"]);
    assert!(wrong.is_usage(), "{wrong}");
    assert_eq!(wrong.to_string(), "with preset=cea: there is no preset `cea`");
    assert!(wrong.hint().unwrap().contains("did you mean `cae`?"));
    let mut fraction = settings(&data, &["lr=1"]);
    fraction.base.data.val_fraction = Some(0.999);
    assert!(Sweep::new(fraction, Progress::default()).is_err());
}

#[test]
fn other_images_are_not_gone_on_with() {
    let data = data(false);
    let folder = tempfile::tempdir().unwrap();
    let dir = SweepDir::create(&folder.path().join("s"), false).unwrap();
    let stop = AtomicBool::new(true);
    let sweep = Sweep::new(settings(&data, &["lr=1e-3"]), Progress::default()).unwrap();
    assert_eq!(sweep.run(&dir, &workers(1), &mut |_| {}, &stop).unwrap(), SweepEnd::Stopped);
    assert!(Sweep::open(&dir, Progress::default()).is_ok());
    let images = data.path().join("train-images-idx3-ubyte");
    let mut bytes = fs::read(&images).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&images, bytes).unwrap();
    let error = Sweep::open(&dir, Progress::default()).err().unwrap();
    assert!(error.to_string().contains("the training images changed since the sweep began"), "{error}");
}

#[test]
fn latent_sizes_are_compared_with_pca_and_their_elbow_is_found() {
    let data = data(false);
    let folder = tempfile::tempdir().unwrap();
    let dir = SweepDir::create(&folder.path().join("s"), false).unwrap();
    // Two combinations of each size, whose losses are made up: only what is done with them is looked at here.
    let mut sweep = Sweep::new(
        SweepSettings { seeds: 2, ..settings(&data, &["lr=1,2,3,4,5", "clip-norm=none,1"]) },
        Progress::default(),
    )
    .unwrap();
    sweep.settings.vary[0] = "latent=2,4,8,16,1000".parse().unwrap();
    let sizes = [2, 4, 8, 16, 1000];
    let losses = [0.5, 0.35, 0.3, 0.29, 0.28];
    let record = |trial: &Trial| {
        let (size, clipped) = (trial.combination / 2, trial.combination % 2);
        let bce = losses[size] + clipped as f64 * 0.02 + trial.seed as f64 * 0.002;
        Record {
            state: State::Finished,
            epochs: 3,
            best_loss: Some(bce),
            scores: Some([(&BCE, bce), (&MSE, 0.01), (&MAE, 0.02), (&SSIM, 1.0 - bce)].into_iter().collect()),
            parameters: 100 * sizes[size],
            latent: sizes[size],
            seconds: 1.0,
        }
    };
    let records: Vec<Record> = sweep.trials().iter().map(record).collect();
    let results = sweep.results(&records, &mut |_| ()).unwrap();
    assert_eq!(results.best, Some(8));
    // There are 72 images to train on: of a thousand components there is no PCA.
    assert_eq!(results.pca.iter().map(|point| point.latent).collect::<Vec<_>>(), [2, 4, 8, 16]);
    let pca = |at: usize| results.pca[at].scores.get(&BCE);
    assert!((1..4).all(|at| pca(at - 1) > pca(at)) && pca(3) > results.perfect);
    assert_eq!(results.elbow, Some(8), "{:?}", figure::best_scores(&results));
    // The same by a metric of which more is better.
    sweep.settings.by = Some(&SSIM);
    let by_ssim = sweep.results(&records, &mut |_| ()).unwrap();
    assert_eq!((by_ssim.best, by_ssim.elbow, by_ssim.perfect), (Some(8), Some(8), Some(1.0)));
    sweep.settings.by = Some(&BCE);
    figure::write(&sweep.settings, &results, &dir).unwrap();
    let with_all = fs::read(dir.file(PICTURE)).unwrap();
    for other in [
        Results { pca: Vec::new(), ..results.clone() },
        Results { elbow: None, ..results.clone() },
        Results { best: Some(0), ..results.clone() },
    ] {
        figure::write(&sweep.settings, &other, &dir).unwrap();
        assert!(fs::read(dir.file(PICTURE)).unwrap() != with_all);
    }
}

#[test]
fn words_and_random_draws_have_a_picture_too() {
    let data = data(false);
    let folder = tempfile::tempdir().unwrap();
    for (name, vary, random) in [
        ("words", &["loss=bce,mse"][..], None),
        ("drawn", &["lr=1e-4..1e-2", "batch-size=8..16"], Some(3)),
        ("left-out", &["clip-norm=none,1.0"], None),
    ] {
        let mut settings = SweepSettings { random, seeds: 1, ..settings(&data, vary) };
        settings.base.training.epochs = 1;
        let dir = SweepDir::create(&folder.path().join(name), false).unwrap();
        let results = run(&Sweep::new(settings, Progress::default()).unwrap(), &dir, 1);
        assert!(results.best.is_some() && dir.file(PICTURE).is_file(), "{name}");
    }
}
