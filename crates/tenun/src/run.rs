//! [`RunDir`]: the folder of a run, and the names of its files.

use crate::folder::{Contents, Kind, ResultsDir};

/// Every setting, resolved.
pub const CONFIG: &str = "config.toml";
/// A line an epoch.
pub const METRICS: &str = "metrics.jsonl";
/// The trained model.
pub const MODEL: &str = "model.safetensors";
/// The state from which training goes on.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// Which images it trained on, held out and was tested on.
pub const IMAGES: &str = "images.safetensors";
/// The scores at the end.
pub const SUMMARY: &str = "summary.json";
/// Everything on one page.
pub const REPORT: &str = "report.html";
/// The pictures of the report, light and dark: `curves.png`, `sample.png`…
pub const PICTURES: &str = "pictures";

/// The folder of a run.
pub type RunDir = ResultsDir<Run>;

/// One training, with its model and its scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run;

impl Kind for Run {
    const CONTENTS: &'static Contents = &Contents {
        name: "run",
        marker: CONFIG,
        files: &[CHECKPOINT, MODEL, METRICS, IMAGES, SUMMARY, REPORT, CONFIG],
        folders: &[PICTURES],
        parent: "runs",
        command: "tenun train",
    };
}
