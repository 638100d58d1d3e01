//! Every parser of files that people give to tenun: fuzzed by the targets in `fuzz/`, and fed with their corpus by
//! `corpus.rs`. A parser may say that a file is no good; it may not panic, hang, or take memory that a file only claims.

use std::path::{Path, PathBuf};

use tenun::data::{self, FolderOptions, ImageRecord};
use tenun::preset::Recipe;
use tenun::settings::{Fit, Settings};
use tenun::sweep::Vary;
use tenun::train::read_metrics;
use tenun::{Model, codes};

/// A parser, and what the name of its files ends in.
pub(crate) struct Parser {
    pub(crate) name: &'static str,
    pub(crate) ending: &'static str,
    pub(crate) parse: fn(&Path),
}

/// All of them. Each has a folder in `fuzz/corpus` and a target in `fuzz/fuzz_targets`.
pub(crate) const PARSERS: &[Parser] = &[
    Parser { name: "idx", ending: "idx3-ubyte", parse: open },
    Parser { name: "idx_gzip", ending: "idx3-ubyte.gz", parse: open },
    Parser { name: "npy", ending: "npy", parse: open },
    Parser { name: "npz", ending: "npz", parse: open },
    Parser { name: "csv", ending: "csv", parse: open },
    Parser { name: "zip", ending: "zip", parse: open },
    Parser { name: "tar", ending: "tar", parse: open },
    Parser { name: "tar_gzip", ending: "tar.gz", parse: open },
    Parser { name: "parquet", ending: "parquet", parse: open },
    Parser { name: "matlab", ending: "mat", parse: open },
    Parser { name: "pickle", ending: "pkl", parse: open },
    Parser { name: "cifar_binary", ending: "bin", parse: cifar },
    Parser { name: "image", ending: "png", parse: image },
    Parser { name: "codes_npy", ending: "npy", parse: codes },
    Parser { name: "codes_csv", ending: "csv", parse: codes },
    Parser { name: "codes_parquet", ending: "parquet", parse: codes },
    Parser { name: "model", ending: "safetensors", parse: model },
    Parser { name: "recipe", ending: "toml", parse: recipe },
    Parser { name: "settings", ending: "toml", parse: settings },
    Parser { name: "record", ending: "safetensors", parse: record },
    Parser { name: "metrics", ending: "jsonl", parse: metrics },
    Parser { name: "vary", ending: "txt", parse: vary },
];

fn open(path: &Path) {
    let _ = data::open(&path.to_string_lossy(), &data::OpenOptions::default());
}

/// Pictures without a header are known by the names of their files.
fn cifar(path: &Path) {
    let named = path.with_file_name("data_batch_1.bin");
    if std::fs::rename(path, &named).is_ok() {
        open(&named);
        let _ = std::fs::rename(&named, path);
    }
}

fn image(path: &Path) {
    let options = FolderOptions { size: Some((8, 8)), fit: Fit::Crop, ..FolderOptions::default() };
    let _ = data::read_files("files", &[PathBuf::from(path)], &options);
}

fn codes(path: &Path) {
    let _ = codes::read(path);
}

fn model(path: &Path) {
    let _ = Model::load(path);
}

fn recipe(path: &Path) {
    // What comes of it is made, too: a file may ask for more than there can be.
    if let Ok(recipe) = Recipe::read(path) {
        let _ = tenun::engine::Network::new(&recipe.layers.spec(tenun::engine::Shape::new(1, 28, 28)));
    }
}

fn settings(path: &Path) {
    if let Ok(settings) = Settings::read(path) {
        let _ = settings.check();
    }
}

fn record(path: &Path) {
    let _ = ImageRecord::read(path);
}

fn metrics(path: &Path) {
    let _ = read_metrics(path);
}

fn vary(path: &Path) {
    if let Ok(text) = std::fs::read_to_string(path) {
        let _ = text.parse::<Vary>();
    }
}
