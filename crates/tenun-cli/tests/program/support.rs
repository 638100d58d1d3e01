//! What the tests share: small data, and the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tenun::data::{Images, idx};
use tenun::engine::Shape;
use tenun::picture::save_image;

/// The program, in a folder, deaf to the environment of whoever tests.
pub(crate) fn tenun(folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tenun"));
    command.current_dir(folder).env("TERM", "dumb").env("XDG_CACHE_HOME", folder.join("cache"));
    for variable in ["TENUN_DATA", "TENUN_SIMD", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command.timeout(Duration::from_secs(120));
    command
}

/// Runs a command line given as one text, and expects this exit code.
#[track_caller]
pub(crate) fn run(folder: &Path, line: &str, code: i32) -> Output {
    let output = tenun(folder).args(line.split_whitespace()).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "tenun {line}\n{}", stderr(&output));
    output
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Blobs of a few kinds, so that there is something to learn: the value of image `index` at a pixel, 0 to 1.
fn blob(index: usize, row: usize, column: usize) -> f32 {
    let (y, x) = ((index % 3) as f32 * 3.0 + 2.0, (index % 4) as f32 * 2.0 + 2.0);
    let distance = (row as f32 - y).powi(2) + (column as f32 - x).powi(2);
    (1.0 - distance / 16.0).max(0.0)
}

/// Height and width of the images of [`idx_set`].
pub(crate) const SIDE: usize = 12;

/// A folder of IDX files with MNIST's names: grey images, with labels of 3 classes.
pub(crate) fn idx_set(folder: &Path, train: usize, test: usize) {
    fs::create_dir_all(folder).unwrap();
    for (split, count) in [("train", train), ("t10k", test)] {
        let pixels = (0..count * SIDE * SIDE)
            .map(|at| {
                let (index, pixel) = (at / (SIDE * SIDE), at % (SIDE * SIDE));
                (blob(index, pixel / SIDE, pixel % SIDE) * 255.0) as u8
            })
            .collect();
        let images = Images::new(Shape::new(1, SIDE, SIDE), pixels).unwrap();
        let file = |name: &str| fs::File::create(folder.join(format!("{split}-{name}-ubyte"))).unwrap();
        idx::write_images(file("images-idx3"), &images).unwrap();
        let labels: Vec<u8> = (0..count).map(|index| (index % 3) as u8).collect();
        idx::write_labels(file("labels-idx1"), &labels).unwrap();
    }
}

/// PNG pictures of 45×37 pixels in colour, in two folders of classes.
pub(crate) fn photographs(folder: &Path, count: usize) {
    let shape = Shape::new(3, 45, 37);
    for index in 0..count {
        let values: Vec<f32> = (0..shape.len())
            .map(|at| {
                let (channel, pixel) = (at / shape.area(), at % shape.area());
                blob(index + channel, pixel / shape.width / 4, pixel % shape.width / 4)
            })
            .collect();
        let class = ["cats", "dogs"][index % 2];
        save_image(&folder.join(class).join(format!("{index}.png")), shape, &values).unwrap();
    }
}

/// A run of a moment on [`idx_set`], whose folder is `run`, and whose data are `data`.
pub(crate) fn small_run(folder: &Path) {
    idx_set(&folder.join("data"), 40, 10);
    run(folder, "train data --epochs 2 --batch-size 16 --out run --quiet", 0);
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(crate) fn lines(path: &PathBuf) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}
