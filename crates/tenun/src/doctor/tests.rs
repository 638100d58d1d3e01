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

/// Independent pixels, each any byte.
fn noise(count: usize, seed: u64) -> Images {
    let mut words = tenun_engine::Philox::new(seed, tenun_engine::Purpose::Sample).stream(0, 0);
    let pixels = (0..count * SIDE * SIDE).map(|_| (words.next().unwrap() >> 24) as u8).collect();
    Images::new(Shape::new(1, SIDE, SIDE), pixels).unwrap()
}

/// Noise cannot be compressed. That is said, with the losses of mean image and perfect reconstruction, and no rule asks
/// the network for more: a higher learning rate makes it worse.
#[test]
fn images_without_structure() {
    let mut run = Run::healthy();
    (run.train, run.test) = (noise(512, 1), noise(64, 2));
    let findings = run.findings();
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.rule.as_str(), finding.epoch), ("images-without-structure", 0));
    // ∫ H(x) dx = 1/2 nats for a uniform x, less the 1/256 of a byte's steps; and ln 2 for its mean.
    assert!(finding.meaning.contains("0.49") || finding.meaning.contains("0.50"), "{finding}");
    assert!(finding.meaning.contains("0.69"), "{finding}");
}

/// What can be compressed although its neighbours say nothing of each other: the spots, with their pixels in another
/// order, the same for all images.
#[test]
fn pixels_in_another_order_have_structure() {
    let images = spots(256, 1);
    let order: Vec<usize> = (0..SIDE * SIDE).map(|i| (i * 101 + 7) % (SIDE * SIDE)).collect();
    let pixels = (0..images.len()).flat_map(|i| order.iter().map(move |&at| (i, at)));
    let pixels = pixels.map(|(i, at)| images.image(i)[at]).collect();
    let shuffled = Images::new(images.shape(), pixels).unwrap();
    for images in [&images, &shuffled] {
        assert!(PixelFacts::of(images, Loss::Bce).has_structure());
    }
    assert!(!PixelFacts::of(&noise(256, 3), Loss::Bce).has_structure());
    assert!(PixelFacts::of(&noise(20, 3), Loss::Bce).has_structure(), "too few to say");
}

/// Black with a single white pixel: the mean image has 30 dB, and so has whoever gives black.
#[test]
fn images_nearly_equal() {
    let side = 32;
    let dots = |count: usize, salt: usize| {
        let mut pixels = vec![0; count * side * side];
        for image in 0..count {
            pixels[image * side * side + (image * 397 + salt) % (side * side)] = 255;
        }
        Images::new(Shape::new(1, side, side), pixels).unwrap()
    };
    let mut run = Run::healthy().training(|training| training.epochs = 1);
    (run.train, run.test) = (dots(512, 0), dots(64, 5));
    assert!(run.provokes("images-nearly-equal").seen.contains("30.1 dB"));
}

/// A rate that is low while it warms up is meant to be.
#[test]
fn a_warm_up_is_no_low_rate() {
    let run = Run::healthy().training(|training| training.schedule.warmup_steps = 100_000);
    let findings = run.findings();
    assert!(findings.iter().all(|finding| finding.rule != "learning-rate-too-low"), "{findings:?}");
}

/// The metrics of epochs with these losses.
fn metrics(losses: &[(f64, f64)]) -> Vec<EpochMetrics> {
    let line = |epoch, (train_loss, val_loss)| EpochMetrics {
        epoch,
        train_loss,
        val_loss: Some(val_loss),
        train_seconds: 1.0,
        val_seconds: 0.1,
        learning_rate: 1e-3,
        terms: Default::default(),
        steps: None,
    };
    (1..).zip(losses).map(|(epoch, &losses)| line(epoch, losses)).collect()
}

/// Whether `rule` finds something after epochs with these training and validation losses, given as shares of the way from
/// a perfect reconstruction to the mean image; in a run that is over, or goes on.
fn finds(rule: &str, shares: &[(f64, f64)], is_finished: bool) -> Option<Seen> {
    let images = spots(64, 1);
    let network = Network::new(&preset::find("variational").unwrap().spec(images.shape())).unwrap();
    let (settings, cpu) = (TrainingSettings::default(), Cpu::new(Some(1), Width::detect()).unwrap());
    assert_eq!(settings.epochs, 20);
    let context = TrainingContext { network: &network, settings: &settings, train: &images, cpu: &cpu };
    let pixels = PixelFacts::of(&images, settings.loss);
    let at = |share: f64| pixels.floor + share * (pixels.mean_image_loss - pixels.floor);
    let losses: Vec<(f64, f64)> = shares.iter().map(|&(train, val)| (at(train), at(val))).collect();
    let mut metrics = metrics(&losses);
    metrics.iter_mut().for_each(|line| _ = line.terms.insert("kl".into(), 0.01));
    let evidence = Evidence { metrics: &metrics, is_finished, ..Evidence::new(context, &pixels) };
    let rule = RULES.iter().find(|known| known.name == rule).unwrap();
    (rule.check)(&evidence)
}

/// Rising validation losses are over-fitting only where training does better, where something was learned, and where
/// they rise by more than they always did.
#[test]
fn over_fitting_is_learning_by_heart() {
    let fires = |shares: &[(f64, f64)]| finds("over-fitting", shares, false).is_some();
    assert!(fires(&[(0.5, 0.5), (0.4, 0.4), (0.3, 0.42), (0.28, 0.43), (0.26, 0.44)]));
    // Validation is below training, as with dropout.
    assert!(!fires(&[(0.8, 0.5), (0.7, 0.4), (0.66, 0.42), (0.65, 0.43), (0.64, 0.44)]));
    // Nothing was learned.
    assert!(!fires(&[(1.1, 1.05), (1.05, 1.0), (1.0, 1.02), (0.99, 1.03), (0.98, 1.04)]));
    // It has gone up and down like this before.
    assert!(!fires(&[(0.6, 0.5), (0.5, 0.6), (0.4, 0.4), (0.3, 0.42), (0.28, 0.43), (0.26, 0.44)]));
}

/// A healthy variational code may be as the prior is in the first epochs.
#[test]
fn a_posterior_has_half_of_the_epochs_to_come_alive() {
    let fires =
        |epochs, is_finished| finds("posterior-collapse", &vec![(0.3, 0.3); epochs], is_finished).is_some();
    assert!(!fires(2, false) && !fires(9, false) && fires(10, false) && fires(2, true));
}

/// A loss that falls in a straight line has some way to go; one that flattens has not.
#[test]
fn not_converged() {
    let line: Vec<(f64, f64)> = (0..9).map(|i| (0.9 - 0.05 * f64::from(i), 0.9)).collect();
    let flat: Vec<(f64, f64)> = (0..9).map(|i| (0.3 + 0.6 * 0.5_f64.powi(i), 0.9)).collect();
    let seen = finds("not-converged", &line, true).unwrap();
    assert!(seen.advice.contains("--epochs 40"), "{seen:?}");
    let rule = RULES.iter().find(|rule| rule.name == "not-converged").unwrap();
    println!("{}", seen.of(rule, 9));
    assert_eq!(finds("not-converged", &line, false), None);
    assert_eq!(finds("not-converged", &flat, true), None);
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
