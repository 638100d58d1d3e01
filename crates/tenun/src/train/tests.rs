//! The loop: losses as defined, early stopping, stopping in the middle, divergence.

use std::sync::atomic::{AtomicBool, Ordering};

use tenun_engine::{Cpu, Layer, Method, Network, Shape, Width, optimizer::Sgd};

use super::*;
use crate::data::Images;
use crate::preset;
use crate::settings::TrainingSettings;

fn images(count: usize) -> Images {
    let shape = Shape::new(1, 9, 8);
    let pixel = |i: usize| ((i / 72) * 53 + (i % 72) * (1 + i / 72 % 5) * 3) % 256;
    Images::new(shape, (0..count * shape.len()).map(|i| pixel(i) as u8).collect()).unwrap()
}

fn network() -> Network {
    Network::new(&preset::find("cae").unwrap().spec(Shape::new(1, 9, 8))).unwrap()
}

fn settings() -> TrainingSettings {
    TrainingSettings { epochs: 3, batch_size: 16, ..TrainingSettings::default() }
}

fn cpu() -> Cpu {
    Cpu::new(Some(2), Width::detect()).unwrap()
}

/// Keeps all metrics, and sets `stop` after a batch.
struct Watcher<'a> {
    epochs: Vec<EpochMetrics>,
    batches: usize,
    stop_after: usize,
    stop: &'a AtomicBool,
}

impl Observer for Watcher<'_> {
    fn batch_ends(&mut self, progress: &BatchProgress) {
        assert!(progress.images_done <= progress.images_total && progress.mean_loss.is_finite());
        self.batches += 1;
        if self.batches == self.stop_after {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn epoch_ends(&mut self, metrics: &EpochMetrics) {
        self.epochs.push(metrics.clone());
    }
}

#[test]
fn the_last_smaller_batch_is_trained_on_and_the_loss_is_the_mean_over_images() {
    let (network, settings) = (network(), TrainingSettings { epochs: 1, batch_size: 16, ..settings() });
    let train = images(37);
    let mut trainer = Trainer::new(&network, &settings, &train, None, &cpu()).unwrap();
    let stop = AtomicBool::new(false);
    let mut watcher = Watcher { epochs: Vec::new(), batches: 0, stop_after: 0, stop: &stop };
    // With a rate so small that no weight moves, the training loss is that of the first weights.
    let still = TrainingSettings { learning_rate: 1e-30, ..settings.clone() };
    trainer.fit(network.initialise(1), &mut watcher, &stop).unwrap();
    assert_eq!(watcher.batches, 3);
    let mut trainer = Trainer::new(&network, &still, &train, Some(&train), &cpu()).unwrap();
    trainer.fit(network.initialise(1), &mut watcher, &stop).unwrap();
    let line = &watcher.epochs[1];
    assert!((line.train_loss - line.val_loss.unwrap()).abs() < 1e-7, "{line:?}");
}

#[test]
fn training_makes_the_loss_smaller() {
    let (network, settings) = (network(), TrainingSettings { epochs: 12, learning_rate: 5e-3, ..settings() });
    let train = images(64);
    let stop = AtomicBool::new(false);
    let mut watcher = Watcher { epochs: Vec::new(), batches: 0, stop_after: 0, stop: &stop };
    let mut trainer = Trainer::new(&network, &settings, &train, None, &cpu()).unwrap();
    trainer.fit(network.initialise(1), &mut watcher, &stop).unwrap();
    let losses: Vec<f64> = watcher.epochs.iter().map(|line| line.train_loss).collect();
    assert!(losses[11] < losses[0] - 0.005, "{losses:?}");
}

#[test]
fn a_run_stopped_after_any_batch_goes_on_to_the_bit() {
    let (network, settings) = (network(), settings());
    let (train, validation) = (images(40), images(9));
    let never = AtomicBool::new(false);
    let run = |state: &mut State, stop: &AtomicBool, stop_after| {
        let mut watcher = Watcher { epochs: Vec::new(), batches: 0, stop_after, stop };
        let mut trainer = Trainer::new(&network, &settings, &train, Some(&validation), &cpu()).unwrap();
        let end = trainer.run(state, &mut watcher, stop, &mut |_, _| Ok(())).unwrap();
        (end, watcher.epochs)
    };
    let mut straight = State::new(network.initialise(1), &settings);
    let (end, expected) = run(&mut straight, &never, 0);
    assert_eq!((end, expected.len()), (End::Finished, 3));
    for stop_after in 1..9 {
        let mut state = State::new(network.initialise(1), &settings);
        let stop = AtomicBool::new(false);
        let (end, first) = run(&mut state, &stop, stop_after);
        assert_eq!(end, End::Stopped, "after batch {stop_after}");
        let (end, rest) = run(&mut state, &never, 0);
        assert_eq!(end, End::Finished);
        assert_eq!(state.parameters, straight.parameters, "after batch {stop_after}");
        assert_eq!((state.best, &state.best_parameters), (straight.best, &straight.best_parameters));
        let losses = |line: &EpochMetrics| (line.epoch, line.train_loss, line.val_loss);
        let ours: Vec<_> = first.iter().chain(&rest).map(losses).collect();
        assert_eq!(ours, expected.iter().map(losses).collect::<Vec<_>>(), "after batch {stop_after}");
    }
}

#[test]
fn patience_ends_a_run_and_keeps_the_best_weights() {
    // A rate so high that the loss jumps about: soon it is not the best any more.
    let settings = TrainingSettings { epochs: 60, patience: Some(2), learning_rate: 0.3, ..settings() };
    let network = network();
    let (train, validation) = (images(40), images(9));
    let mut trainer = Trainer::new(&network, &settings, &train, Some(&validation), &cpu()).unwrap();
    let mut state = State::new(network.initialise(1), &settings);
    let stop = AtomicBool::new(false);
    let mut watcher = Watcher { epochs: Vec::new(), batches: 0, stop_after: 0, stop: &stop };
    let end = trainer.run(&mut state, &mut watcher, &stop, &mut |_, _| Ok(())).unwrap();
    let (best, loss) = state.best.unwrap();
    assert_eq!((end, state.epoch), (End::Early, best + 2));
    assert!(watcher.epochs.iter().all(|line| line.val_loss.unwrap() >= loss));
    assert_eq!(trainer.into_kept(state.clone()), state.best_parameters);
    assert_ne!(state.best_parameters, state.parameters);
}

#[test]
fn a_loss_that_falls_by_less_than_min_delta_is_not_lower() {
    let network = network();
    let (train, validation) = (images(40), images(9));
    let run = |min_delta: f64| {
        let settings = TrainingSettings { epochs: 12, patience: Some(2), min_delta, ..settings() };
        let mut trainer = Trainer::new(&network, &settings, &train, Some(&validation), &cpu()).unwrap();
        let mut state = State::new(network.initialise(1), &settings);
        let stop = AtomicBool::new(false);
        let mut watcher = Watcher { epochs: Vec::new(), batches: 0, stop_after: 0, stop: &stop };
        let end = trainer.run(&mut state, &mut watcher, &stop, &mut |_, _| Ok(())).unwrap();
        assert_eq!(best_epoch(&settings, &watcher.epochs), state.best.unwrap().0);
        (end, state.epoch, watcher.epochs)
    };
    let (end, last, epochs) = run(0.0);
    assert_eq!((end, last), (End::Finished, 12), "the loss falls in every epoch");
    // More than it falls by in all: no epoch after the first counts.
    let all = epochs[0].val_loss.unwrap() - epochs[11].val_loss.unwrap();
    assert!(all > 0.0);
    assert_eq!(run(2.0 * all).1, 3);
    let falls: Vec<f64> =
        epochs.windows(2).map(|two| two[0].val_loss.unwrap() - two[1].val_loss.unwrap()).collect();
    let least = falls.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(run(0.5 * least).1, 12);
}

#[test]
fn a_run_that_diverges_says_where() {
    let sgd = Method::Sgd(Sgd { momentum: 0.9, weight_decay: 0.0 });
    let settings = TrainingSettings { epochs: 50, learning_rate: 1e20, optimizer: sgd, ..settings() };
    let network = network();
    let train = images(40);
    let mut trainer = Trainer::new(&network, &settings, &train, None, &cpu()).unwrap();
    let error = trainer.fit(network.initialise(1), &mut Silent, &AtomicBool::new(false)).unwrap_err();
    assert!(matches!(error, TrainError::NonFinite { epoch: 1, .. }), "{error}");
    assert!(error.to_string().contains("training has diverged"), "{error}");
    assert!(error.hint().unwrap().contains("--lr"));
}

#[test]
fn only_what_the_optimiser_moves_counts_as_moved() {
    let mut spec = preset::find("quantised").unwrap().spec(Shape::new(1, 9, 8));
    for layer in &mut spec.encoder {
        if let Layer::Quantize(quantize) = layer {
            // Nothing of what was before stays: vectors and their uses move at once, and far.
            quantize.decay = 0.0;
        }
    }
    let network = Network::new(&spec).unwrap();
    let settings = TrainingSettings { epochs: 1, batch_size: 16, ..settings() };
    let train = images(16);
    let stop = AtomicBool::new(false);
    let mut watcher = Watcher { epochs: Vec::new(), batches: 0, stop_after: 0, stop: &stop };
    let old = network.initialise(1);
    let mut trainer = Trainer::new(&network, &settings, &train, None, &cpu()).unwrap();
    let new = trainer.fit(old.clone(), &mut watcher, &stop).unwrap();
    let share = |counts: &dyn Fn(&str) -> bool| {
        let (mut moved, mut length) = (0.0, 0.0);
        for parameter in network.parameters().into_iter().filter(|parameter| counts(&parameter.name)) {
            for at in parameter.range.clone() {
                moved += (f64::from(new[at]) - f64::from(old[at])).powi(2);
                length += f64::from(old[at]).powi(2);
            }
        }
        (moved / length).sqrt()
    };
    let told = watcher.epochs[0].steps.unwrap().update_ratio;
    let weights = share(&|name| !name.contains("quantize"));
    assert!((told - weights).abs() < 1e-12 * weights, "{told} {weights}");
    assert!(share(&|_| true) > 2.0 * told, "the codebook moves by far more: {} {told}", share(&|_| true));
}
