//! Runs on images of any size and channel count end with a whole report: nothing that is drawn is too large, and no
//! section is left out.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use tenun::data::{Colour, Progress};
use tenun::engine::layer::{Conv2d, Corrupt, Dense, Flatten, Relu, Sampling};
use tenun::engine::{Cpu, Layer, Shape, Width};
use tenun::job::{Job, Outcome};
use tenun::picture::save_images;
use tenun::run::{self, RunDir};
use tenun::settings::{DataSettings, Layers, NetworkSettings, Settings, TrainingSettings};
use tenun::train::Observer;

/// Two classes of two training and one test image each.
fn images(folder: &Path, shape: Shape) {
    let values: Vec<f32> = (0..6 * shape.len()).map(|i| (i % 251) as f32 / 250.0).collect();
    let names = ["train/a/0", "train/a/1", "train/b/0", "train/b/1", "test/a/0", "test/b/0"];
    let files: Vec<_> = names.iter().map(|name| folder.join(name).with_extension("png")).collect();
    save_images(&files, shape, &values).unwrap();
}

/// Fails where a section is missing.
struct Strict;

impl Observer for Strict {
    fn section_left_out(&mut self, section: &str, reason: &str) {
        panic!("{section}: {reason}");
    }
}

/// Trains a network for an epoch, and checks the report.
fn finishes(height: usize, width: usize, channels: usize, encoder: &[Layer], pictures: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    images(&data, Shape::new(channels, height, width));
    let settings = Settings {
        data: DataSettings {
            source: data.to_string_lossy().into_owned(),
            colour: if channels == 1 { Colour::Grey } else { Colour::Rgb },
            ..DataSettings::default()
        },
        network: NetworkSettings {
            spec: Some(Layers { encoder: encoder.to_vec(), decoder: None }),
            ..NetworkSettings::default()
        },
        training: TrainingSettings { epochs: 1, batch_size: 2, ..TrainingSettings::default() },
    };
    let cpu = Cpu::new(Some(2), Width::detect()).unwrap();
    let job = Job::new(settings, cpu, Progress::default()).unwrap();
    assert_eq!(job.network().input(), Shape::new(channels, height, width));
    let run = RunDir::create(&folder.path().join("run"), false).unwrap();
    let outcome = job.run(&run, &mut Strict, &AtomicBool::new(false)).unwrap();
    assert!(matches!(outcome, Outcome::Finished(_)));
    assert!(run.file(run::SUMMARY).is_file());
    let report = fs::read_to_string(run.file(run::REPORT)).unwrap();
    assert!(!report.contains("is left out"));
    assert_eq!(
        report.contains("each pixel is the mean of those it covers"),
        height > 400,
        "{height}×{width}"
    );
    for name in pictures {
        let path = run.file(run::PICTURES).join(format!("{name}.png"));
        let (w, h) = image::image_dimensions(&path).unwrap();
        assert!(w <= 2 * 880 && h <= 12_000, "{name} of {height}×{width}: {w}×{h}");
        assert!(h >= 100, "{name} of {height}×{width}: {w}×{h}");
    }
}

/// A convolution whose maps are as large as the image, and a code that is one.
fn maps() -> Vec<Layer> {
    vec![Conv2d { filters: 2, ..Conv2d::default() }.into(), Relu {}.into()]
}

/// Noise taken away by a code of two numbers, drawn from a distribution: it has every picture that there is.
fn noisy_plane() -> Vec<Layer> {
    vec![
        Corrupt::default().into(),
        Flatten {}.into(),
        Dense { features: 4, ..Dense::default() }.into(),
        Sampling::default().into(),
    ]
}

const ALWAYS: [&str; 8] = ["curves", "sample", "best", "median", "worst", "histogram", "features", "latent"];

#[test]
fn of_one_pixel() {
    for channels in [1, 3] {
        finishes(1, 1, channels, &maps(), &ALWAYS);
    }
}

#[test]
fn of_a_strip() {
    for channels in [1, 3] {
        finishes(3, 200, channels, &maps(), &ALWAYS[..7]);
    }
}

#[test]
fn of_photographs() {
    for channels in [1, 3] {
        finishes(458, 690, channels, &maps(), &ALWAYS[..7]);
    }
}

#[test]
fn of_large_squares() {
    for channels in [1, 3] {
        finishes(512, 512, channels, &maps(), &ALWAYS[..7]);
    }
}

#[test]
fn of_a_distribution_of_photographs() {
    let pictures = [&ALWAYS[..], &["denoised", "samples", "plane", "walks"]].concat();
    finishes(458, 690, 3, &noisy_plane(), &pictures);
}
