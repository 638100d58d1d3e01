//! How a network is trained: [`TrainingSettings`], and the rows of the table about them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tenun_engine::{Loss, Method, Rewrite, Schedule};

use super::table::{Choice, OnlyWith, PLAIN, Range, settings};
use super::{Setting, Takes};
use crate::augment::Augment;

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingSettings {
    /// Passes over the training set: at least 1.
    pub epochs: u32,
    /// Images in a mini-batch: at least 1. The last batch of an epoch is what remains.
    pub batch_size: usize,
    /// The loss function.
    pub loss: Loss,
    /// The random seed: below 2⁶³.
    pub seed: u64,
    /// Data augmentation, drawn anew in every epoch.
    #[serde(skip_serializing_if = "Augment::is_none")]
    pub augment: Augment,
    /// Whether the images are shuffled in every epoch, or come in the order of the file.
    pub shuffle: bool,
    /// Epochs without a lower validation loss after which training stops, and the best weights are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u32>,
    /// By how much the validation loss has to fall below its best for patience to take it for lower: 0 or more.
    #[serde(skip_serializing_if = "is_zero")]
    pub min_delta: f64,
    /// The learning rate, at the peak of its schedule: above 0.
    pub learning_rate: f64,
    /// The norm to which longer gradients are clipped: above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Rewrites of the plan that training does without, to compare.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Rewrite>,
    /// A file with the initial weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<PathBuf>,
    /// The optimiser.
    pub optimizer: Method,
    /// The learning rate over time.
    pub schedule: Schedule,
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            epochs: 20,
            batch_size: 128,
            loss: Loss::Bce,
            seed: 1,
            augment: Augment::default(),
            shuffle: true,
            patience: None,
            min_delta: 0.0,
            learning_rate: 1e-3,
            clip_norm: None,
            without: Vec::new(),
            init: None,
            optimizer: Method::default(),
            schedule: Schedule::default(),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde asks for it
fn is_zero(x: &f64) -> bool {
    *x == 0.0
}

fn losses() -> Vec<Choice> {
    Loss::ALL
        .map(|loss| match loss {
            Loss::Bce => {
                Choice::new("bce", "Binary cross-entropy in nats a pixel, for networks that end in a sigmoid")
            }
            Loss::Mse => Choice::new("mse", "Mean squared error"),
            Loss::Mae => Choice::new("mae", "Mean absolute error"),
            Loss::Gaussian => Choice::new(
                "gaussian",
                "Gaussian negative log-likelihood in nats a pixel, with a learned variance",
            ),
        })
        .to_vec()
}

fn optimizers() -> Vec<Choice> {
    vec![
        Choice::new("adam", "Adam (Kingma and Ba, 2014)"),
        Choice::new("adamw", "Adam with decoupled weight decay (Loshchilov and Hutter, 2017)"),
        Choice::new("sgd", "Stochastic gradient descent with momentum"),
    ]
}

fn schedules() -> Vec<Choice> {
    vec![
        Choice::new("constant", "The same learning rate all along"),
        Choice::new("cosine", "Down to zero along half a cosine"),
        Choice::new("step", "Down by a factor every so many epochs"),
        Choice::new("one-cycle", "Up, then down to almost nothing (Smith and Topin, 2017)"),
    ]
}

fn rewrites() -> Vec<Choice> {
    Rewrite::ALL.iter().map(|rewrite| Choice::new(rewrite.name(), rewrite.description())).collect()
}

/// What all rows about training have in common.
const TRAINING_ROW: Setting = Setting { heading: "Training", is_of_network: true, ..PLAIN };

/// And those about the optimiser. That their numbers are in range is checked by the engine.
const OPTIMIZER_ROW: Setting =
    Setting { heading: "Optimiser", value_name: "X", takes: Takes::Single(A_NUMBER), ..TRAINING_ROW };

const A_NUMBER: Range = Range { holds: |_| true, words: "a number" };

const ADAM: Option<OnlyWith> = Some(OnlyWith { setting: &OPTIMIZER, values: &["adam", "adamw"] });
const STEP: Option<OnlyWith> = Some(OnlyWith { setting: &SCHEDULE, values: &["step"] });

settings! {
    EPOCHS "training.epochs" {
        flag: "epochs",
        help: "Number of passes over the training set",
        label: "epochs",
        takes: Takes::Whole(1, ""),
        may_change: true,
        is_always_listed: true,
        example: "3",
        ..TRAINING_ROW
    }
    BATCH_SIZE "training.batch_size" {
        flag: "batch-size",
        help: "Mini-batch size",
        label: "batch size",
        takes: Takes::Whole(1, "image"),
        is_always_listed: true,
        example: "8",
        ..TRAINING_ROW
    }
    LOSS "training.loss" {
        flag: "loss",
        value_name: "LOSS",
        help: "Loss function",
        label: "loss",
        takes: Takes::Choice(losses),
        is_always_listed: true,
        example: "mse",
        ..TRAINING_ROW
    }
    SEED "training.seed" {
        flag: "seed",
        help: "Random seed",
        label: "random seed",
        takes: Takes::Whole(0, ""),
        is_of_network: false,
        is_always_listed: true,
        example: "7",
        ..TRAINING_ROW
    }
    AUGMENT "training.augment" {
        flag: "augment",
        value_name: "WAYS",
        help: "Data augmentation, drawn anew in every epoch: shift=PIXELS, flip, rotate=DEGREES, crop=SHARE, \
               separated by commas",
        default: Some("none"),
        label: "augmentation",
        takes: Takes::Text(|text| text.parse::<Augment>().map(|_| ())),
        example: "flip",
        ..TRAINING_ROW
    }
    SHUFFLE "training.shuffle" {
        flag: "no-shuffle",
        help: "Take the images in the order of the file instead of shuffling them in every epoch",
        label: "shuffled",
        takes: Takes::Switch(false),
        example: "no",
        ..TRAINING_ROW
    }
    PATIENCE "training.patience" {
        flag: "patience",
        help: "Early stopping: end after N epochs without a lower validation loss, and keep the best weights",
        default: Some("train to the end"),
        label: "patience in epochs",
        takes: Takes::Whole(1, "epoch"),
        example: "4",
        ..TRAINING_ROW
    }
    MIN_DELTA "training.min_delta" {
        flag: "min-delta",
        value_name: "X",
        help: "Early stopping: smallest decrease of the validation loss that counts as an improvement",
        default: Some("0"),
        label: "least fall of the validation loss",
        takes: Takes::Number(Range { holds: |x| x >= 0.0 && x.is_finite(), words: "a number of 0 or more" }),
        only_with: Some(OnlyWith { setting: &PATIENCE, values: &[] }),
        example: "0.001",
        ..TRAINING_ROW
    }
    OPTIMIZER "training.optimizer.name" {
        flag: "optimizer",
        value_name: "NAME",
        help: "Optimiser",
        label: "optimiser",
        takes: Takes::Choice(optimizers),
        is_always_listed: true,
        example: "sgd",
        ..OPTIMIZER_ROW
    }
    LEARNING_RATE "training.learning_rate" {
        flag: "lr",
        help: "Learning rate, at the peak of its schedule",
        label: "learning rate",
        takes: Takes::Number(Range::ABOVE_ZERO),
        is_always_listed: true,
        example: "0.002",
        ..OPTIMIZER_ROW
    }
    MOMENTUM "training.optimizer.momentum" {
        flag: "momentum",
        help: "Momentum coefficient",
        label: "momentum",
        only_with: Some(OnlyWith { setting: &OPTIMIZER, values: &["sgd"] }),
        example: "0.5",
        ..OPTIMIZER_ROW
    }
    WEIGHT_DECAY "training.optimizer.weight_decay" {
        flag: "weight-decay",
        help: "Weight decay coefficient",
        label: "weight decay",
        only_with: Some(OnlyWith { setting: &OPTIMIZER, values: &["adamw", "sgd"] }),
        example: "0.25",
        ..OPTIMIZER_ROW
    }
    BETA1 "training.optimizer.beta1" {
        flag: "beta1",
        help: "Decay rate of the mean of the gradient",
        label: "beta 1",
        only_with: ADAM,
        example: "0.8",
        ..OPTIMIZER_ROW
    }
    BETA2 "training.optimizer.beta2" {
        flag: "beta2",
        help: "Decay rate of the mean of the squared gradient",
        label: "beta 2",
        only_with: ADAM,
        example: "0.99",
        ..OPTIMIZER_ROW
    }
    EPSILON "training.optimizer.epsilon" {
        flag: "epsilon",
        help: "Term added to the denominator for numerical stability",
        label: "epsilon",
        only_with: ADAM,
        example: "1e-6",
        ..OPTIMIZER_ROW
    }
    SCHEDULE "training.schedule.name" {
        flag: "schedule",
        value_name: "NAME",
        help: "Learning rate schedule",
        label: "learning rate schedule",
        takes: Takes::Choice(schedules),
        is_always_listed: true,
        example: "cosine",
        ..OPTIMIZER_ROW
    }
    WARMUP_STEPS "training.schedule.warmup_steps" {
        flag: "warmup-steps",
        value_name: "N",
        help: "Steps of linear warm-up of the learning rate",
        label: "warm-up steps",
        takes: Takes::Whole(0, ""),
        example: "2",
        ..OPTIMIZER_ROW
    }
    STEP_EPOCHS "training.schedule.epochs" {
        flag: "step-epochs",
        value_name: "N",
        help: "Epochs between two drops of the learning rate",
        label: "epochs between two drops",
        takes: Takes::Whole(1, ""),
        only_with: STEP,
        example: "2",
        ..OPTIMIZER_ROW
    }
    STEP_FACTOR "training.schedule.factor" {
        flag: "step-factor",
        help: "What a drop multiplies the learning rate by",
        label: "factor of a drop",
        takes: Takes::Number(A_NUMBER),
        only_with: STEP,
        example: "0.5",
        ..OPTIMIZER_ROW
    }
    CLIP_NORM "training.clip_norm" {
        flag: "clip-norm",
        value_name: "NORM",
        help: "Clip gradients to this norm",
        default: Some("never"),
        label: "gradient norm at most",
        takes: Takes::Number(Range::ABOVE_ZERO),
        example: "1.5",
        ..OPTIMIZER_ROW
    }
    INIT "training.init" {
        flag: "init",
        value_name: "FILE.safetensors",
        heading: "Network",
        help: "Initial weights from this file",
        default: Some("Glorot uniform, zero bias, from the seed"),
        label: "initial weights",
        takes: Takes::File,
        is_of_network: false,
        example: "weights.safetensors",
        ..TRAINING_ROW
    }
    WITHOUT "training.without" {
        flag: "without",
        value_name: "REWRITE",
        heading: "Run",
        help: "Disable a rewrite of the plan (an optimisation of the graph), to compare; `tenun summary --plan` lists them",
        label: "rewrites left out",
        takes: Takes::Choices(rewrites),
        example: "winograd",
        ..TRAINING_ROW
    }
}
