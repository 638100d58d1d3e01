//! Every rule is provoked by a real training run, and a healthy run provokes none.

use std::sync::atomic::AtomicBool;

use tenun_engine::layer::Layer;
use tenun_engine::optimizer::Sgd;
use tenun_engine::{Cpu, Loss, Method, Network, Shape, Width};

use super::*;
use crate::data::{Collection, Dataset, Images};
use crate::job::Job;
use crate::measure::family::Denoising;
use crate::measure::{METRICS, MSE, ModelScores, SetScores, evaluate, mean_image_baseline};
use crate::preset::{self, Recipe};
use crate::run::RunDir;
use crate::settings::{Change, DataSettings, NetworkSettings, Settings, TrainingSettings};
use crate::train::{Observer, Silent};

const SIDE: usize = 16;

/// Whoever is told of warnings.
#[derive(Default)]
struct Ear(Vec<Finding>);

impl Observer for Ear {
    fn warning(&mut self, finding: &Finding) {
        self.0.push(finding.clone());
    }
}

/// A round spot on each image: where, how wide and how bright follows from `random`.
fn spots(count: usize, seed: u64) -> Images {
    let mut state = seed;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    let mut pixels = Vec::new();
    for _ in 0..count {
        let (y, x) = (3.0 + 10.0 * random(), 3.0 + 10.0 * random());
        let (radius, bright) = (1.5 + 2.0 * random(), 0.5 + 0.5 * random());
        for at in 0..SIDE * SIDE {
            let far = ((at / SIDE) as f32 - y).hypot((at % SIDE) as f32 - x);
            pixels.push((255.0 * bright * (1.0 + radius - far).clamp(0.0, 1.0)) as u8);
        }
    }
    Images::new(Shape::new(1, SIDE, SIDE), pixels).unwrap()
}

fn map(images: &Images, of: impl Fn(u8) -> u8) -> Images {
    Images::new(images.shape(), images.pixels().iter().map(|&byte| of(byte)).collect()).unwrap()
}

/// A run that has something to learn and learns it: 1,024 spots, a dense code.
struct Run {
    train: Images,
    test: Images,
    recipe: Recipe,
    change: Change,
}

impl Run {
    fn healthy() -> Self {
        Self::of("[network]\nstages = [8, 16]\ndown = \"stride\"\nactivation = \"silu\"\nlatent = 8")
    }

    /// Of the network in a file, ten epochs.
    fn of(network: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.toml");
        std::fs::write(&path, network).unwrap();
        let mut recipe = Recipe::read(&path).unwrap();
        recipe.training = TrainingSettings {
            epochs: 10,
            batch_size: 32,
            learning_rate: 3e-3,
            ..TrainingSettings::default()
        };
        Self { train: spots(1024, 1), test: spots(128, 2), recipe, change: Change::default() }
    }

    fn preset(name: &str) -> Self {
        let recipe = preset::find(name).unwrap().recipe();
        let training = Self::healthy().recipe.training;
        Self { recipe: Recipe { training, ..recipe }, ..Self::healthy() }
    }

    fn training(mut self, change: impl FnOnce(&mut TrainingSettings)) -> Self {
        change(&mut self.recipe.training);
        self
    }

    /// Runs it; the findings as they were told, after they were found to be the same when the run is examined again.
    fn findings(self) -> Vec<Finding> {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::create(&folder.path().join("run"), false).unwrap();
        let settings = Settings {
            data: DataSettings { source: "spots".into(), ..DataSettings::default() },
            network: NetworkSettings {
                spec: Some(self.recipe.layers),
                change: self.change,
                ..NetworkSettings::default()
            },
            training: self.recipe.training,
        };
        let test = Dataset::new("spots", self.test);
        let data = Collection::new("spots".into(), Dataset::new("spots", self.train), Some(test)).unwrap();
        let cpu = Cpu::new(Some(2), Width::detect()).unwrap();
        let job = Job::on(settings, data, cpu).unwrap();
        let mut ear = Ear::default();
        if job.run(&run, &mut ear, &AtomicBool::new(false)).is_ok() {
            let again = job.examine(&run, &mut Silent).unwrap();
            let rules = |findings: &[Finding]| {
                let mut names: Vec<String> = findings.iter().map(|finding| finding.rule.clone()).collect();
                names.sort_unstable();
                names
            };
            for rule in rules(&again) {
                assert!(rules(&ear.0).contains(&rule), "{rule} was not told: {:?}", ear.0);
            }
        }
        for finding in &ear.0 {
            println!("{finding}");
        }
        ear.0
    }

    /// The finding of `rule`, which has to be there.
    fn provokes(self, rule: &str) -> Finding {
        let findings = self.findings();
        let names: Vec<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
        let found = findings.iter().find(|finding| finding.rule == rule);
        let finding = found.unwrap_or_else(|| panic!("{rule} said nothing, but {names:?}"));
        assert!(
            crate::settings::all().any(|setting| finding.advice.contains(setting.path)),
            "names no setting: {finding}"
        );
        finding.clone()
    }
}

#[test]
fn a_healthy_run_has_no_warnings() {
    assert_eq!(Run::healthy().findings(), []);
}

#[test]
fn rules_have_names_of_their_own_and_say_what_they_look_at() {
    for (at, rule) in RULES.iter().enumerate() {
        assert!(RULES[..at].iter().all(|other| other.name != rule.name), "{}", rule.name);
        assert!(!rule.looks_at.is_empty() && !rule.threshold.is_empty(), "{}", rule.name);
    }
}

#[test]
fn pixels_not_scaled() {
    let mut run = Run::healthy().training(|training| training.epochs = 1);
    (run.train, run.test) =
        (map(&run.train, |byte| u8::from(byte > 99)), map(&run.test, |byte| u8::from(byte > 99)));
    assert!(run.provokes("pixels-not-scaled").seen.contains("from 0 to 1"));
}

#[test]
fn images_all_equal() {
    let mut run = Run::healthy().training(|training| training.epochs = 1);
    let one = run.train.part(0..1);
    run.train = run.train.select(&[0; 64]);
    run.test = one;
    run.provokes("images-all-equal");
}

#[test]
fn exploding_gradients() {
    // Without a sigmoid at its end the output has no bounds.
    let linear = "[[encoder]]\nlayer = \"dense\"\nfeatures = 8\n[[decoder]]\nlayer = \"dense\"\nfeatures = 256\n\
                  [[decoder]]\nlayer = \"reshape\"\nshape = { channels = 1, height = 16, width = 16 }\n";
    let run = Run::of(linear).training(|training| {
        training.optimizer = Method::Sgd(Sgd { momentum: 0.9, weight_decay: 0.0 });
        training.learning_rate = 100.0;
        training.loss = Loss::Mse;
    });
    run.provokes("exploding-gradients");
}

#[test]
fn learning_rate_too_high() {
    // Beyond some rate a network dies at once, and other rules say so; short of that its loss goes up and down, in
    // which epochs is chaos.
    let told = [0.01, 0.02, 0.03].into_iter().find_map(|rate| {
        let run = Run::healthy().training(|training| {
            training.learning_rate = rate;
            training.batch_size = 4;
            training.epochs = 16;
        });
        run.findings().into_iter().find(|finding| finding.rule == "learning-rate-too-high")
    });
    let advice = told.expect("one of these rates is too high").advice;
    assert!(advice.contains("--lr") && advice.contains("--warmup-steps"), "{advice}");
}

#[test]
fn a_codebook_that_moves_says_nothing_of_the_learning_rate() {
    let findings = Run::preset("quantised").training(|training| training.epochs = 1).findings();
    assert!(findings.iter().all(|finding| finding.rule != "learning-rate-too-high"), "{findings:?}");
}

#[test]
fn learning_rate_too_low() {
    let finding =
        Run::healthy().training(|training| training.learning_rate = 1e-7).provokes("learning-rate-too-low");
    // What is usual for a healthy run of this size is 1e-3 of the weights a step, and that is so for rates about 1e-3.
    let advised = ["to 1e-5", "to 1e-4", "to 1e-3"];
    assert!(advised.iter().any(|rate| finding.advice.contains(rate)), "{finding}");
}

#[test]
fn loss_not_falling() {
    Run::healthy().training(|training| training.learning_rate = 1e-6).provokes("loss-not-falling");
}

#[test]
fn over_fitting() {
    let mut run = Run::healthy().training(|training| training.epochs = 120);
    run.train = spots(24, 1);
    run.provokes("over-fitting");
}

#[test]
fn dead_filters() {
    Run::preset("cae").training(|training| training.learning_rate = 0.5).provokes("dead-filters");
}

#[test]
fn dead_code_units() {
    Run::preset("cae").training(|training| training.learning_rate = 0.5).provokes("dead-code-units");
}

#[test]
fn dead_output_pixels() {
    Run::preset("cae").training(|training| training.learning_rate = 0.5).provokes("dead-output-pixels");
}

#[test]
fn saturated_sigmoid() {
    let run = Run::healthy().training(|training| {
        training.learning_rate = 1.0;
        training.loss = Loss::Mse;
    });
    assert!(run.provokes("saturated-sigmoid").advice.contains("--loss bce"));
}

#[test]
fn worse_than_mean_image() {
    let run = Run::healthy().training(|training| {
        training.learning_rate = 1e-7;
        training.epochs = 1;
    });
    run.provokes("worse-than-mean-image");
}

#[test]
fn a_network_that_corrupts_is_no_worse_than_the_mean_image_for_what_it_makes_of_clean_images() {
    let network = Network::new(&preset::find("masked").unwrap().spec(Shape::new(1, SIDE, SIDE))).unwrap();
    let (train, settings) =
        (spots(64, 1), TrainingSettings { loss: Loss::Mse, ..TrainingSettings::default() });
    let cpu = Cpu::new(Some(1), Width::detect()).unwrap();
    let context = TrainingContext { network: &network, settings: &settings, train: &train, cpu: &cpu };
    let pixels = PixelFacts::of(&train, settings.loss);
    let mean_image = mean_image_baseline(&train, &train).unwrap();
    let scores = ModelScores {
        scores: SetScores {
            measured_on: "test".into(),
            images: train.len(),
            overall: evaluate(&train, &vec![1.0; train.pixels().len()], None).unwrap().overall,
            absent: Default::default(),
        },
        mean_image,
        pca: None,
        denoising: None,
        family: Vec::new(),
    };
    let mean = mean_image.get(&MSE).unwrap();
    let rule = RULES.iter().find(|rule| rule.name == "worse-than-mean-image").unwrap();
    let seen = |mse: f64| {
        let all = METRICS.into_iter().map(|metric| (metric, mse)).collect();
        let denoising = Some(Denoising { corrupted: all, denoised: all });
        let scores = ModelScores { denoising, ..scores.clone() };
        let evidence = Evidence { scores: Some(&scores), ..Evidence::new(context, &pixels) };
        (rule.check)(&evidence)
    };
    assert_eq!(seen(0.5 * mean), None);
    assert!(seen(2.0 * mean).unwrap().seen.contains("on the test images, corrupted, the model"));
}

#[test]
fn worse_than_pca() {
    Run::healthy().training(|training| training.epochs = 1).provokes("worse-than-pca");
}

#[test]
fn few_steps_are_said_once() {
    let run = Run::healthy().training(|training| {
        training.learning_rate = 1e-7;
        training.epochs = 1;
    });
    let findings = run.findings();
    let told = |words: &str| findings.iter().filter(|finding| finding.advice.contains(words)).count();
    assert_eq!(told("Training took only 32 steps: use more epochs"), 1, "{findings:?}");
    assert!(
        told("Too few steps, as with loss-not-falling (`--epochs`, `training.epochs`)") >= 2,
        "{findings:?}"
    );
}

#[test]
fn posterior_collapse() {
    let mut run = Run::preset("variational");
    for layer in &mut run.recipe.layers.encoder {
        if let Layer::Sampling(sampling) = layer {
            sampling.beta = 100.0;
        }
    }
    run.provokes("posterior-collapse");
}

#[test]
fn dead_codes() {
    let mut run = Run::preset("quantised");
    for layer in &mut run.recipe.layers.encoder {
        if let Layer::Quantize(quantize) = layer {
            (quantize.codes, quantize.restart, quantize.decay) = (1024, 0.0, 0.9);
        }
    }
    run.provokes("dead-codes");
}

#[test]
fn copies_its_input() {
    let mut run = Run::preset("denoising").training(|training| training.epochs = 1);
    for layer in &mut run.recipe.layers.encoder {
        if let Layer::Corrupt(noise) = layer {
            noise.amount = 0.0;
        }
    }
    run.provokes("copies-its-input");
    // A code as wide as the image, and nothing else that limits it.
    let mut wide = Run::healthy().training(|training| training.epochs = 1);
    wide.change = Change { latent: Some(SIDE * SIDE), ..Change::default() };
    assert!(wide.provokes("copies-its-input").advice.contains("--latent 32"));
    // Noise that is still there at the end.
    let barely = Run::preset("denoising").training(|training| {
        training.epochs = 1;
        training.learning_rate = 1e-6;
    });
    assert!(barely.provokes("copies-its-input").seen.contains("squared error"));
}
