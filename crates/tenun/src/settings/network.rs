//! Which network a run trains: [`NetworkSettings`], and the rows of the table about them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tenun_engine::{Layer, Shape, Spec};

use super::table::{PLAIN, Range, settings};
use super::{Setting, Takes};

/// The preset of a run that says nothing else.
pub const DEFAULT_PRESET: &str = "cae";

/// Which network a run trains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Table")]
pub struct NetworkSettings {
    /// The preset it comes from, if it comes from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The file it comes from, if it comes from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// What is different from the preset or the file.
    #[serde(flatten)]
    pub change: Change,
    /// Whether `spec` has that difference already, as in a run's `config.toml`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resolved: bool,
    /// The layers; in a run's `config.toml` always. Where there are none, they are those of the file or the preset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Layers>,
}

/// The settings as they stand in a file: serde cannot refuse unknown keys of a struct that it flattens, nor say where
/// they are.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Table {
    preset: Option<String>,
    file: Option<PathBuf>,
    latent: Option<usize>,
    width: Option<f64>,
    dropout: Option<f32>,
    standardise: bool,
    resolved: bool,
    spec: Option<Layers>,
}

impl From<Table> for NetworkSettings {
    fn from(table: Table) -> Self {
        let Table { preset, file, latent, width, dropout, standardise, resolved, spec } = table;
        Self { preset, file, change: Change { latent, width, dropout, standardise }, resolved, spec }
    }
}

/// What is to be different in a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Change {
    /// The latent dimension: the last dense layer of the encoder has so many features, or one is added that has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latent: Option<usize>,
    /// By what the filters and hidden features of the encoder are multiplied, and with them those of the decoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// The rate of dropout: of the layers that there are, or of new ones after every activation of the encoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f32>,
    /// Whether the first layer standardises its input, by mean and standard deviation of the training images.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub standardise: bool,
}

/// The layers of a network, for images of any shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layers {
    /// From the images to the latent code.
    pub encoder: Vec<Layer>,
    /// From the latent code to the images; derived where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoder: Option<Vec<Layer>>,
}

impl Layers {
    /// The network for images of shape `input`.
    #[must_use]
    pub fn spec(&self, input: Shape) -> Spec {
        Spec { input, encoder: self.encoder.clone(), decoder: self.decoder.clone() }
    }
}

impl NetworkSettings {
    /// What it is called: the preset's name, or that of its file.
    #[must_use]
    pub fn name(&self) -> String {
        match (&self.preset, self.file.as_deref().and_then(|file| file.file_stem())) {
            (Some(preset), _) => preset.clone(),
            (None, Some(file)) => file.to_string_lossy().into_owned(),
            (None, None) => "network".to_owned(),
        }
    }
}

/// What all rows about the network have in common.
const NETWORK_ROW: Setting = Setting { heading: "Network", ..PLAIN };

settings! {
    PRESET "network.preset" {
        flag: "preset",
        value_name: "NAME",
        help: "Network by name; `tenun presets` lists them",
        default: Some(DEFAULT_PRESET),
        label: "network",
        replaces: &["network.file", "network.spec"],
        is_always_listed: true,
        example: "sharp",
        ..NETWORK_ROW
    }
    NETWORK "network.file" {
        flag: "network",
        value_name: "FILE.toml",
        help: "Network from a file, with the settings it is trained with",
        label: "network file",
        takes: Takes::File,
        replaces: &["network.preset", "network.spec"],
        is_always_listed: true,
        example: "net.toml",
        ..NETWORK_ROW
    }
    LATENT "network.latent" {
        flag: "latent",
        help: "Latent dimension; adds a dense bottleneck where there is none",
        default: Some("the network's"),
        label: "latent dimension",
        takes: Takes::Whole(1, ""),
        example: "5",
        ..NETWORK_ROW
    }
    WIDTH "network.width" {
        flag: "width",
        value_name: "X",
        help: "Width multiplier of the network: scales all filters and hidden features",
        default: Some("1"),
        label: "width multiplier",
        takes: Takes::Number(Range {
            holds: |x| x > 0.0 && x <= 1000.0,
            words: "a number above 0, up to 1000",
        }),
        example: "0.5",
        ..NETWORK_ROW
    }
    DROPOUT "network.dropout" {
        flag: "dropout",
        value_name: "RATE",
        help: "Dropout rate after each activation of the encoder",
        default: Some("the network's"),
        label: "dropout rate",
        takes: Takes::Single(Range {
            holds: |x| (0.0..1.0).contains(&x),
            words: "at least 0 and below 1",
        }),
        example: "0.2",
        ..NETWORK_ROW
    }
    STANDARDISE "network.standardise" {
        flag: "standardise",
        alias: Some("standardize"),
        help: "Standardise the network's input to mean 0 and standard deviation 1, measured on the training \
               images; the targets stay in 0 to 1",
        label: "input standardised",
        takes: Takes::Switch(true),
        example: "yes",
        ..NETWORK_ROW
    }
}
