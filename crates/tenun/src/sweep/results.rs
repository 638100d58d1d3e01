//! [`Results`]: what came out of a sweep, setting by setting, and the files that say it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenun_engine::Shape;

use super::address::{Choice, text};
use super::folder::{CSV, JSON, Record, State, SweepDir};
use super::plan::{Plan, SweepSettings};
use crate::SCHEMA_VERSION;
use crate::folder::FolderError;
use crate::measure::{ByMetric, METRICS, Metric, Scores};

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
    /// Every metric on the held-out images, over the finished seeds.
    pub scores: ByMetric<Spread>,
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

/// PCA of one latent dimension, on the held-out images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PcaPoint {
    /// Components kept.
    pub latent: usize,
    /// Its scores.
    pub scores: Scores,
}

/// The best on the test images, which nothing was chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TestScores {
    /// How many images.
    pub images: usize,
    /// Every metric, over the seeds.
    #[serde(flatten)]
    pub scores: ByMetric<Spread>,
}

/// Each metric of some models, as a spread.
pub(super) fn spreads<'a>(of: impl Iterator<Item = &'a Scores> + Clone) -> ByMetric<Spread> {
    let spread = |metric: &'static Metric| {
        let values: Vec<f64> = of.clone().filter_map(|scores| scores.get(metric)).collect();
        Some((metric, Spread::of(&values)?))
    };
    METRICS.into_iter().filter_map(spread).collect()
}

/// What came out of a sweep: `results.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// The version of this object's form.
    pub schema_version: u32,
    /// The metric that the best is chosen by.
    pub by: &'static Metric,
    /// The images that the trials are measured on, held out of training.
    pub held_out_images: usize,
    /// Every combination, in the order of the sweep.
    pub rows: Vec<Row>,
    /// The row with the best mean among those whose seeds all finished.
    pub best: Option<usize>,
    /// What a perfect reconstruction scores in the metric `by`; none where that is infinite.
    pub perfect: Option<f64>,
    /// PCA with the same latent dimensions; empty where they were not varied.
    pub pca: Vec<PcaPoint>,
    /// The latent dimension at the elbow of the best scores.
    pub elbow: Option<usize>,
    /// The best on the test images, if that was asked for.
    pub test: Option<TestScores>,
    /// What the user should know.
    pub notes: Vec<String>,
}

impl Results {
    /// Sums up the trials of `plan`, whose records come in the same order.
    pub(super) fn new(
        sweep: &SweepSettings,
        plan: &Plan,
        records: &[Record],
        images: usize,
        perfect: f64,
    ) -> Self {
        let by = sweep.metric();
        let row = |(combination, values): (usize, &Vec<Choice>)| {
            let trials = || {
                let all = plan.trials.iter().zip(records);
                all.filter(move |(trial, _)| trial.combination == combination)
            };
            let count = |state| trials().filter(|(_, record)| record.state == state).count();
            let seconds: Vec<f64> = trials().map(|(_, record)| record.seconds).collect();
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
                scores: spreads(trials().filter_map(|(_, record)| record.scores.as_ref())),
                seconds: Spread::of(&seconds).map_or(0.0, |spread| spread.mean),
                parameters: first.map_or(0, |record| record.parameters),
                latent: first.map_or(0, |record| record.latent),
                runs: trials().map(|(trial, _)| trial.name.clone()).collect(),
            }
        };
        let rows: Vec<Row> = plan.combinations.iter().enumerate().map(row).collect();
        let whole = rows.iter().enumerate().filter(|(_, row)| row.finished == row.runs.len());
        let means = whole.filter_map(|(at, row)| Some((at, row.scores.get(by)?.mean)));
        // Of equals the first: `min_by` keeps it.
        let best = means.min_by(|a, b| by.compare(a.1, b.1)).map(|(at, _)| at);
        Self {
            schema_version: SCHEMA_VERSION,
            by,
            held_out_images: images,
            rows,
            best,
            perfect: perfect.is_finite().then_some(perfect),
            pca: Vec::new(),
            elbow: None,
            test: None,
            notes: Vec::new(),
        }
    }

    /// The score of a row in the metric that the best is chosen by; none where no seed has finished.
    #[must_use]
    pub fn score(&self, row: usize) -> Option<Spread> {
        self.rows.get(row)?.scores.get(self.by).copied()
    }

    pub(super) fn write(&self, dir: &SweepDir) -> Result<(), FolderError> {
        dir.write(JSON, &serde_json::to_vec_pretty(self).unwrap_or_default())
    }
}

fn json(choice: &Choice) -> Value {
    choice.as_ref().map_or(Value::Null, |value| serde_json::to_value(value).unwrap_or(Value::Null))
}

/// Writes `results.csv`: a line a trial, with every metric that images of `shape` can be measured with. All but its last
/// column, the seconds, is the same every time.
pub(super) fn write_csv(
    sweep: &SweepSettings,
    plan: &Plan,
    records: &[Record],
    shape: Shape,
    dir: &SweepDir,
) -> Result<(), FolderError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| {
        FolderError::io(&dir.file(CSV), "write")(std::io::Error::other(error.to_string()))
    };
    let metrics: Vec<&Metric> =
        METRICS.into_iter().filter(|metric| metric.refuses(shape).is_none()).collect();
    let varied = sweep.vary.iter().map(super::Vary::path);
    let heading = varied
        .chain(["seed", "state", "epochs"])
        .chain(metrics.iter().map(|metric| metric.name))
        .chain(["parameters", "code", "run", "seconds"]);
    writer.write_record(heading).map_err(|error| failed(&error))?;
    for (trial, record) in plan.trials.iter().zip(records) {
        let state = match record.state {
            State::Finished => "finished",
            State::Stopped => "stopped",
            State::Diverged => "diverged",
        };
        let score = |metric: &&Metric| {
            let value = record.scores.and_then(|scores| scores.get(metric));
            value.map_or(String::new(), |value| value.to_string())
        };
        let mut cells: Vec<String> = plan.combinations[trial.combination].iter().map(text).collect();
        cells.extend([trial.seed.to_string(), state.to_owned(), record.epochs.to_string()]);
        cells.extend(metrics.iter().map(score));
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
