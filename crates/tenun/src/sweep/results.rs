//! [`Results`]: what came out of a sweep, setting by setting, and the files that say it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenun_engine::Loss;

use super::address::{Choice, text};
use super::folder::{CSV, JSON, Record, State, SweepDir};
use super::plan::{Plan, SweepSettings};
use crate::folder::FolderError;

/// The version of `results.json`: it grows when a field goes, or changes its name, type or unit.
const VERSION: u32 = 1;

/// A mean and how far the values lie from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of the sample (divided by n − 1); none of a single value.
    pub std: Option<f64>,
    /// How many values.
    pub count: usize,
}

impl Spread {
    /// Of at least one value.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let std = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        (count > 0).then_some(Self { mean, std, count })
    }
}

/// One combination of values, over its seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was varied, and its value; null where the setting was left out.
    pub values: Map<String, Value>,
    /// Seeds whose trial ended in each way: finished, stopped, diverged.
    pub finished: usize,
    /// Given up by the median rule.
    pub stopped: usize,
    /// Diverged.
    pub diverged: usize,
    /// The measure on the held-out images, over the finished seeds.
    pub loss: Option<Spread>,
    /// Structural similarity there.
    pub ssim: Option<Spread>,
    /// Mean seconds of training and validation of a trial.
    pub seconds: f64,
    /// Numbers that are trained.
    pub parameters: usize,
    /// Numbers of a code.
    pub latent: usize,
    /// The trials' folders.
    pub runs: Vec<String>,
}

impl Row {
    /// Its values as words: `lr=0.001, latent=16`.
    #[must_use]
    pub fn words(&self) -> String {
        let words: Vec<String> =
            self.values.iter().map(|(name, value)| format!("{name}={}", word(value))).collect();
        words.join(", ")
    }
}

/// A value as people write it.
#[must_use]
pub fn word(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}

/// Principal components of one width, on the held-out images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PcaPoint {
    /// Components kept.
    pub latent: usize,
    /// The measure.
    pub loss: f64,
}

/// The best on the test images, which nothing was chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TestScores {
    /// How many images.
    pub images: usize,
    /// Binary cross-entropy, nats a pixel, over the seeds.
    pub bce: Spread,
    /// Mean squared error.
    pub mse: Spread,
    /// Mean absolute error.
    pub mae: Spread,
    /// Structural similarity.
    pub ssim: Spread,
}

/// What came out of a sweep: `results.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// The version of this object's form.
    pub schema_version: u32,
    /// The measure: `bce`, `mse` or `mae`.
    pub by: Loss,
    /// The images it was taken on, held out of training.
    pub held_out_images: usize,
    /// Every combination, in the order of the sweep.
    pub rows: Vec<Row>,
    /// The row with the least mean among those whose seeds all finished.
    pub best: Option<usize>,
    /// What a perfect reconstruction scores.
    pub floor: f64,
    /// PCA at the widths of the codes; empty where no latent size was varied.
    pub pca: Vec<PcaPoint>,
    /// The latent size at the knee of the best losses.
    pub knee: Option<usize>,
    /// The best on the test images, if that was asked for.
    pub test: Option<TestScores>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// The measure of a trial.
pub(super) fn measured(record: &Record, by: Loss) -> Option<f64> {
    match by {
        Loss::Bce => record.bce,
        Loss::Mse | Loss::Gaussian => record.mse,
        Loss::Mae => record.mae,
    }
}

impl Results {
    /// Sums up the trials of `plan`, whose records come in the same order.
    pub(super) fn new(
        sweep: &SweepSettings,
        plan: &Plan,
        records: &[Record],
        images: usize,
        floor: f64,
    ) -> Self {
        let by = sweep.measure();
        let row = |(combination, values): (usize, &Vec<Choice>)| {
            let trials = || {
                let all = plan.trials.iter().zip(records);
                all.filter(move |(trial, _)| trial.combination == combination)
            };
            let count = |state| trials().filter(|(_, record)| record.state == state).count();
            let spread = |of: &dyn Fn(&Record) -> Option<f64>| {
                Spread::of(&trials().filter_map(|(_, record)| of(record)).collect::<Vec<_>>())
            };
            let first = trials().next().map(|(_, record)| record);
            Row {
                values: sweep
                    .vary
                    .iter()
                    .map(|vary| vary.name().to_owned())
                    .zip(values.iter().map(json))
                    .collect(),
                finished: count(State::Finished),
                stopped: count(State::Stopped),
                diverged: count(State::Diverged),
                loss: spread(&|record| measured(record, by)),
                ssim: spread(&|record| record.ssim),
                seconds: spread(&|record| Some(record.seconds)).map_or(0.0, |spread| spread.mean),
                parameters: first.map_or(0, |record| record.parameters),
                latent: first.map_or(0, |record| record.latent),
                runs: trials().map(|(trial, _)| trial.name.clone()).collect(),
            }
        };
        let rows: Vec<Row> = plan.combinations.iter().enumerate().map(row).collect();
        let mean = |row: &Row| row.loss.filter(|_| row.finished == row.runs.len()).map(|loss| loss.mean);
        let means = rows.iter().enumerate().filter_map(|(at, row)| Some((at, mean(row)?)));
        // Of equals the first: `min_by` keeps it.
        let best = means.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at);
        Self {
            schema_version: VERSION,
            by,
            held_out_images: images,
            rows,
            best,
            floor,
            pca: Vec::new(),
            knee: None,
            test: None,
            notes: Vec::new(),
        }
    }

    pub(super) fn write(&self, dir: &SweepDir) -> Result<(), FolderError> {
        dir.write(JSON, &serde_json::to_vec_pretty(self).unwrap_or_default())
    }
}

fn json(choice: &Choice) -> Value {
    choice.as_ref().map_or(Value::Null, |value| serde_json::to_value(value).unwrap_or(Value::Null))
}

/// Writes `results.csv`: a line a trial. All but its last column, the seconds, is the same every time.
pub(super) fn write_csv(
    sweep: &SweepSettings,
    plan: &Plan,
    records: &[Record],
    dir: &SweepDir,
) -> Result<(), FolderError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| {
        FolderError::io(&dir.file(CSV), "write")(std::io::Error::other(error.to_string()))
    };
    let fixed =
        ["seed", "state", "epochs", "bce", "mse", "mae", "ssim", "parameters", "code", "run", "seconds"];
    let heading = sweep.vary.iter().map(super::Vary::path).chain(fixed);
    writer.write_record(heading).map_err(|error| failed(&error))?;
    for (trial, record) in plan.trials.iter().zip(records) {
        let state = match record.state {
            State::Finished => "finished",
            State::Stopped => "stopped",
            State::Diverged => "diverged",
        };
        let figure = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let mut cells: Vec<String> = plan.combinations[trial.combination].iter().map(text).collect();
        cells.extend([trial.seed.to_string(), state.to_owned(), record.epochs.to_string()]);
        cells.extend([record.bce, record.mse, record.mae, record.ssim].map(figure));
        cells.extend([record.parameters.to_string(), record.latent.to_string(), trial.name.clone()]);
        cells.push(format!("{:.3}", record.seconds));
        writer.write_record(cells).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    dir.write(CSV, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_that_of_a_sample() {
        let spread = Spread::of(&[1.0, 2.0, 3.0, 6.0]).unwrap();
        assert_eq!((spread.mean, spread.count), (3.0, 4));
        assert!((spread.std.unwrap() - (14.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of(&[2.0]).unwrap().std, None);
        assert_eq!(Spread::of(&[]), None);
    }
}
