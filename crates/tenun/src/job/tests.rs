//! Whole runs in a folder: everything is there, nothing changes when resumed, and other runs are not mistaken
//! for this one.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use tenun_engine::{Shape, Width};

use super::*;
use crate::data::{Images, idx};
use crate::measure::{BCE, METRICS};
use crate::settings::{DataSettings, NetworkSettings, TrainingSettings};
use crate::train::{BatchProgress, Silent};

/// A folder with 60 training and 20 test images of 12×10 pixels in two classes.
fn data() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, count: usize, salt: usize| {
        let shape = Shape::new(1, 12, 10);
        let pixel = |i: usize| ((i / 120 + salt) * 37 + i % 120 * (1 + i / 120 % 3)) % 256;
        let pixels = (0..count * 120).map(|i| pixel(i) as u8).collect();
        let images = Images::new(shape, pixels).unwrap();
        idx::write_images(
            fs::File::create(folder.path().join(format!("{name}-images-idx3-ubyte"))).unwrap(),
            &images,
        )
        .unwrap();
        let labels: Vec<u8> = (0..count).map(|i| (i % 2) as u8).collect();
        idx::write_labels(
            fs::File::create(folder.path().join(format!("{name}-labels-idx1-ubyte"))).unwrap(),
            &labels,
        )
        .unwrap();
    };
    write("train", 60, 0);
    write("t10k", 20, 7);
    folder
}

fn settings(data: &tempfile::TempDir) -> Settings {
    Settings {
        data: DataSettings { source: data.path().to_string_lossy().into_owned(), ..DataSettings::default() },
        network: NetworkSettings { preset: Some("cae".into()), ..NetworkSettings::default() },
        training: TrainingSettings { epochs: 3, batch_size: 16, ..TrainingSettings::default() },
    }
}

fn cpu() -> Cpu {
    Cpu::new(Some(2), Width::detect()).unwrap()
}

fn job(settings: Settings) -> Job {
    Job::new(settings, cpu(), Progress::default()).unwrap()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    (parent, path)
}

struct StopAfter<'a>(usize, &'a AtomicBool);

impl Observer for StopAfter<'_> {
    fn batch_ends(&mut self, _: &BatchProgress) {
        self.0 -= 1;
        if self.0 == 0 {
            self.1.store(true, Ordering::Relaxed);
        }
    }
}

/// Never set: a run that nobody stops.
static GO: AtomicBool = AtomicBool::new(false);

#[test]
fn a_run_leaves_everything_that_was_promised() {
    let data = data();
    let (_parent, path) = folder();
    let run = RunDir::create(&path, false).unwrap();
    let Outcome::Finished(summary) = job(settings(&data)).run(&run, &mut Silent, &GO).unwrap() else {
        panic!()
    };
    for name in [run::CONFIG, run::METRICS, run::MODEL, run::CHECKPOINT, run::SUMMARY, run::REPORT] {
        assert!(run.file(name).is_file(), "{name}");
    }
    for picture in ["curves", "sample", "best", "median", "worst", "histogram", "latent", "features"] {
        assert!(run.file(run::PICTURES).join(format!("{picture}.png")).is_file(), "{picture}");
    }
    let metrics = read_metrics(&run.file(run::METRICS)).unwrap();
    assert_eq!(metrics.len(), 3);
    let json: serde_json::Value = serde_json::from_slice(&fs::read(run.file(run::SUMMARY)).unwrap()).unwrap();
    for key in "schema_version parameters epochs best_epoch train_loss val_loss total_seconds".split(' ') {
        assert!(json[key].is_number(), "{key}: {json}");
    }
    // 12×10 pixels are too few for some metrics: why is said in their place.
    let of = |scores: &serde_json::Value, name: &str| scores[name].is_number();
    for metric in METRICS {
        let (test, mean) = (&json["scores"], &json["mean_image"]);
        let is_absent = test["absent"][metric.name].is_string();
        assert!((of(test, metric.name) && of(mean, metric.name)) != is_absent, "{metric:?}: {json}");
    }
    let back: Summary = serde_json::from_value(json).unwrap();
    assert_eq!(back.model, summary.model);
    let scores = &summary.model.scores;
    assert_eq!((scores.measured_on.as_str(), scores.images), ("test", 20));
    let bce = scores.overall.get(&BCE).unwrap();
    assert!((summary.val_loss.unwrap() - bce).abs() < 1e-9);
    assert!(bce > scores.overall.floor(&BCE).unwrap());
    let model = Model::load(&path).unwrap();
    assert_eq!(model.info().data.as_ref().unwrap().classes, ["0", "1"]);
    // Made again from its files, the report says the same.
    let before = fs::read(run.file(run::REPORT)).unwrap();
    let again = Job::open(&run, None, cpu(), Progress::default()).unwrap();
    again.report_again(&run, &mut Silent).unwrap();
    assert!(fs::read(run.file(run::REPORT)).unwrap() == before);
}

#[test]
fn a_run_stopped_in_the_middle_ends_with_the_same_files() {
    let data = data();
    let (_parent, path) = folder();
    let straight = RunDir::create(&path.join("a"), false).unwrap();
    job(settings(&data)).run(&straight, &mut Silent, &GO).unwrap();
    let broken = RunDir::create(&path.join("b"), false).unwrap();
    let stop = AtomicBool::new(false);
    let outcome = job(settings(&data)).run(&broken, &mut StopAfter(6, &stop), &stop).unwrap();
    assert_eq!(outcome, Outcome::Stopped { epoch: 1, batch: 2 });
    assert!(!broken.file(run::MODEL).exists());
    let again = Job::open(&broken, None, cpu(), Progress::default()).unwrap();
    assert!(matches!(again.resume(&broken, &mut Silent, &GO).unwrap(), Outcome::Finished(_)));
    let model = |run: &RunDir| fs::read(run.file(run::MODEL)).unwrap();
    assert!(model(&straight) == model(&broken));
    let losses = |run: &RunDir| {
        let metrics = read_metrics(&run.file(run::METRICS)).unwrap();
        metrics.iter().map(|line| (line.epoch, line.train_loss, line.val_loss)).collect::<Vec<_>>()
    };
    assert_eq!(losses(&straight), losses(&broken));
}

/// Noise, draws, means and codebooks: a run of each family that is stopped ends at the same bits, and is measured.
#[test]
fn every_family_goes_on_to_the_bit() {
    for preset in crate::preset::PRESETS {
        let data = data();
        let (_parent, path) = folder();
        let settings = || {
            let mut settings = settings(&data);
            settings.network.preset = Some(preset.name.into());
            settings.network.change.width = Some(0.25);
            let recipe = preset.recipe().training;
            settings.training = TrainingSettings { epochs: 2, batch_size: 16, ..recipe };
            if preset.name == "deep" {
                // Eight groups of an eighth of the filters are too few for that width.
                settings.network.change.width = None;
            }
            settings
        };
        let straight = RunDir::create(&path.join("a"), false).unwrap();
        job(settings()).run(&straight, &mut Silent, &GO).unwrap();
        let broken = RunDir::create(&path.join("b"), false).unwrap();
        let stop = AtomicBool::new(false);
        job(settings()).run(&broken, &mut StopAfter(3, &stop), &stop).unwrap();
        let again =
            Job::open(&broken, None, Cpu::new(Some(1), Width::detect()).unwrap(), Progress::default())
                .unwrap();
        assert!(matches!(again.resume(&broken, &mut Silent, &GO).unwrap(), Outcome::Finished(_)));
        let model = |run: &RunDir| fs::read(run.file(run::MODEL)).unwrap();
        assert!(model(&straight) == model(&broken), "{}", preset.name);
        let terms = |run: &RunDir| {
            let metrics = read_metrics(&run.file(run::METRICS)).unwrap();
            metrics.into_iter().map(|line| line.terms).collect::<Vec<_>>()
        };
        assert_eq!(terms(&straight), terms(&broken), "{}", preset.name);
    }
}

#[test]
fn a_finished_run_goes_on_with_more_epochs() {
    let data = data();
    let (_parent, path) = folder();
    let long = RunDir::create(&path.join("a"), false).unwrap();
    let mut five = settings(&data);
    five.training.epochs = 5;
    job(five).run(&long, &mut Silent, &GO).unwrap();
    let short = RunDir::create(&path.join("b"), false).unwrap();
    job(settings(&data)).run(&short, &mut Silent, &GO).unwrap();
    Job::open(&short, Some(5), cpu(), Progress::default()).unwrap().resume(&short, &mut Silent, &GO).unwrap();
    assert!(fs::read(long.file(run::MODEL)).unwrap() == fs::read(short.file(run::MODEL)).unwrap());
}

#[test]
fn a_run_whose_data_or_settings_changed_is_refused() {
    let data = data();
    let (_parent, path) = folder();
    let run = RunDir::create(&path, false).unwrap();
    let stop = AtomicBool::new(false);
    job(settings(&data)).run(&run, &mut StopAfter(2, &stop), &stop).unwrap();
    let config = fs::read_to_string(run.file(run::CONFIG)).unwrap();
    fs::write(run.file(run::CONFIG), config.replace("batch_size = 16", "batch_size = 20")).unwrap();
    let refused = || {
        Job::open(&run, None, cpu(), Progress::default())
            .unwrap()
            .resume(&run, &mut Silent, &GO)
            .unwrap_err()
            .to_string()
    };
    let error = refused();
    assert!(
        error.contains("the setting `training.batch_size` changed")
            && error.contains("it was 16, now it is 20"),
        "{error}"
    );
    fs::write(run.file(run::CONFIG), config).unwrap();
    let images = data.path().join("train-images-idx3-ubyte");
    let mut bytes = fs::read(&images).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&images, bytes).unwrap();
    let error = refused();
    assert!(error.contains("the training images changed since the checkpoint"), "{error}");
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let data = data();
    let (_parent, path) = folder();
    let run = RunDir::create(&path, false).unwrap();
    job(settings(&data)).run(&run, &mut Silent, &GO).unwrap();
    let whole = fs::read(run.file(run::CHECKPOINT)).unwrap();
    fs::write(run.file(run::CHECKPOINT), &whole[..whole.len() - 10]).unwrap();
    let error = Job::open(&run, None, cpu(), Progress::default())
        .unwrap()
        .resume(&run, &mut Silent, &GO)
        .unwrap_err();
    assert!(error.to_string().contains("no whole safetensors file"), "{error}");
}

#[test]
fn without_test_images_a_tenth_is_held_out() {
    let data = data();
    fs::remove_file(data.path().join("t10k-images-idx3-ubyte")).unwrap();
    fs::remove_file(data.path().join("t10k-labels-idx1-ubyte")).unwrap();
    let job = job(settings(&data));
    // Of these 60 different images the rule of `data/golden/split.py` holds out ten with seed 1.
    assert_eq!((job.collection().train.len(), job.validation().unwrap().len()), (50, 10));
    assert_eq!(job.settings().data.val_fraction, Some(0.1));
    assert!(job.notes()[0].contains("held out"));
    let (_parent, path) = folder();
    let run = RunDir::create(&path, false).unwrap();
    let Outcome::Finished(summary) = job.run(&run, &mut Silent, &GO).unwrap() else { panic!() };
    assert_eq!(summary.model.scores.measured_on, "held-out");
}

#[test]
fn initial_weights_come_from_a_file_and_have_to_fit() {
    let data = data();
    let (_parent, path) = folder();
    let run = RunDir::create(&path, false).unwrap();
    job(settings(&data)).run(&run, &mut Silent, &GO).unwrap();
    let mut from = settings(&data);
    from.training.init = Some(run.file(run::MODEL));
    assert_eq!(job(from.clone()).initial, Model::load(&path).unwrap().parameters());
    from.network = NetworkSettings {
        preset: None,
        spec: Some(crate::settings::Layers {
            encoder: vec![tenun_engine::layer::Conv2d { filters: 4, ..Default::default() }.into()],
            decoder: None,
        }),
        ..NetworkSettings::default()
    };
    let error = Job::new(from, cpu(), Progress::default()).err().unwrap();
    assert!(error.to_string().contains("encoder.conv1.weight"), "{error}");
}

#[test]
fn a_likelihoods_variance_is_added_to_the_network_and_learned() {
    let data = data();
    let mut settings = settings(&data);
    settings.training.loss = tenun_engine::Loss::Gaussian;
    let (_parent, path) = folder();
    let run = RunDir::create(&path, false).unwrap();
    let job = job(settings);
    let at = job.network().log_variance().expect("a layer for it");
    let before = job.network().initialise(1)[at];
    assert!(matches!(job.run(&run, &mut Silent, &GO).unwrap(), Outcome::Finished(_)));
    let model = crate::Model::load(&path.join("model.safetensors")).unwrap();
    assert_eq!(model.network().log_variance(), Some(at));
    assert_ne!(model.parameters()[at], before);
    // The settings hold the network as it was trained, and nothing is added to it again.
    let again = Settings::read(&path.join("config.toml")).unwrap();
    assert_eq!(Job::new(again, cpu(), Progress::default()).unwrap().network(), model.network());
}

#[test]
fn cross_entropy_without_a_sigmoid_is_refused_before_anything_is_written() {
    let data = data();
    let mut settings = settings(&data);
    let mut spec = job(settings.clone()).network().spec();
    spec.decoder.as_mut().unwrap().pop();
    settings.network.spec = Some(crate::settings::Layers { encoder: spec.encoder, decoder: spec.decoder });
    let error = Job::new(settings.clone(), cpu(), Progress::default()).err().unwrap();
    assert!(error.is_usage() && error.hint().unwrap().contains("--loss mse"), "{error}");
    settings.training.loss = tenun_engine::Loss::Mse;
    let (_parent, path) = folder();
    let run = RunDir::create(&path, false).unwrap();
    assert!(matches!(job(settings).run(&run, &mut Silent, &GO).unwrap(), Outcome::Finished(_)));
}
