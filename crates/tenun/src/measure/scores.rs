//! [`Scores`]: how good reconstructions are, in every metric: of one set of images, of a class, of each image.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tenun_engine::Loss;

use super::{ByMetric, ImageMetric, METRICS, MeasureError, Measures, Meter, Metric, Perfect};
use crate::data::Images;

/// Classes of images: a number for each image, and a name for each number.
pub type Labels<'a> = (&'a [u32], &'a [String]);

/// Values of a metric that were taken already, `[image]`, such as a BCE on logits.
pub type Given<'a> = (&'static Metric, &'a [f64]);

/// A value of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The value.
    pub value: f64,
    /// What a perfect reconstruction of these images scores, where that depends on the images.
    pub floor: Option<f64>,
}

/// The value of each metric over some images. In JSON it stands under the metric's name, its floor under the name with
/// `_floor`; an infinite one is `null`. Metrics that the images are too small for are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores(pub(super) ByMetric<Score>);

impl Scores {
    /// The value of `metric`; none if the images are too small for it.
    #[must_use]
    pub fn get(&self, metric: &Metric) -> Option<f64> {
        self.0.get(metric).map(|score| score.value)
    }

    /// What a perfect reconstruction of these images scores in `metric`, where that depends on the images.
    #[must_use]
    pub fn floor(&self, metric: &Metric) -> Option<f64> {
        self.0.get(metric)?.floor
    }

    /// How good they are in the loss `loss`: [`Metric::of`].
    #[must_use]
    pub fn by(&self, loss: Loss) -> Option<f64> {
        self.get(Metric::of(loss))
    }

    /// All there are, in the order of [`METRICS`].
    pub fn iter(&self) -> impl Iterator<Item = (&'static Metric, Score)> + '_ {
        self.0.iter().map(|(metric, &score)| (metric, score))
    }

    /// How much of the baseline's excess over the floor remains, from 0 for a perfect reconstruction to 1 for the
    /// baseline's; none where the metric has no floor, or the baseline is no worse than that.
    ///
    /// May be under 0 by rounding, and over 1 for a model worse than the baseline.
    #[must_use]
    pub fn remaining(&self, metric: &Metric, baseline: f64) -> Option<f64> {
        let Score { value, floor } = *self.0.get(metric)?;
        let floor = floor?;
        (baseline > floor).then(|| (value - floor) / (baseline - floor))
    }
}

/// From values without a floor.
impl FromIterator<(&'static Metric, f64)> for Scores {
    fn from_iter<I: IntoIterator<Item = (&'static Metric, f64)>>(values: I) -> Self {
        values.into_iter().map(|(metric, value)| (metric, Score { value, floor: None })).collect()
    }
}

impl FromIterator<(&'static Metric, Score)> for Scores {
    fn from_iter<I: IntoIterator<Item = (&'static Metric, Score)>>(scores: I) -> Self {
        Self(scores.into_iter().collect())
    }
}

/// The scores of the images of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// The class's name.
    pub name: String,
    /// How many images it has.
    pub images: usize,
    /// Their scores; `None` if it has no image.
    pub scores: Option<Scores>,
}

/// A metric's values image by image.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Column {
    pub(super) values: Vec<f64>,
    /// What perfect reconstructions score; empty where that does not depend on the image.
    pub(super) floors: Vec<f64>,
}

/// The value of each metric image by image: in JSON a list under the metric's name, and one of the floors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageScores(pub(super) ByMetric<Column>);

/// The images at the ends and in the middle of a ranking, by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extremes {
    /// The best, the best one first.
    pub best: Vec<usize>,
    /// Those around the median, the better ones first.
    pub median: Vec<usize>,
    /// The worst, the worst one first.
    pub worst: Vec<usize>,
}

/// All scores of a set of reconstructions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Over all images.
    pub overall: Scores,
    /// Class by class, in the order of the names; empty without labels.
    pub classes: Vec<ClassScores>,
    /// Image by image.
    pub per_image: ImageScores,
}

impl ImageScores {
    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().next().map_or(0, |(_, column)| column.values.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of `metric`, `[image]`; none if the images are too small for it.
    #[must_use]
    pub fn get(&self, metric: &Metric) -> Option<&[f64]> {
        self.0.get(metric).map(|column| column.values.as_slice())
    }

    /// The values of `metric` above each image's own floor, `[image]`, which is fair between images; the values
    /// themselves where the floor does not depend on the image.
    #[must_use]
    pub fn excess(&self, metric: &Metric) -> Option<Vec<f64>> {
        let Column { values, floors } = self.0.get(metric)?;
        let mut excess = values.clone();
        excess.iter_mut().zip(floors).for_each(|(value, floor)| *value -= floor);
        Some(excess)
    }

    /// Images from best to worst by their [`Self::excess`]; equal ones by their number.
    #[must_use]
    pub fn ranking(&self, metric: &Metric) -> Vec<usize> {
        let Some(excess) = self.excess(metric) else { return Vec::new() };
        let mut order: Vec<usize> = (0..excess.len()).collect();
        order.sort_by(|&a, &b| metric.compare(excess[a], excess[b]));
        order
    }

    /// The `count` best, median and worst images by their [`Self::excess`]; all of them where there are fewer.
    #[must_use]
    pub fn extremes(&self, metric: &Metric, count: usize) -> Extremes {
        let order = self.ranking(metric);
        let count = count.min(order.len());
        let middle = (order.len() - count) / 2;
        Extremes {
            best: order[..count].to_vec(),
            median: order[middle..middle + count].to_vec(),
            worst: order.iter().rev().take(count).copied().collect(),
        }
    }

    /// The scores over the images at `indices`; `None` if there are none.
    fn mean(&self, indices: impl Iterator<Item = usize> + Clone) -> Option<Scores> {
        let count = indices.clone().count();
        let mean = |values: &[f64]| indices.clone().map(|i| values[i]).sum::<f64>() / count as f64;
        let score = |(metric, Column { values, floors }): (&'static Metric, &Column)| {
            let value = match metric.of {
                Measures::Derived { from, by, .. } => by(mean(self.get(from)?)),
                _ => mean(values),
            };
            Some((metric, Score { value, floor: (!floors.is_empty()).then(|| mean(floors)) }))
        };
        (count > 0).then(|| self.0.iter().filter_map(score).collect())
    }

    /// Appends the scores of further images of the same shape.
    pub fn extend(&mut self, more: Self) {
        if self.is_empty() {
            *self = more;
            return;
        }
        for (metric, more) in more.0.iter() {
            if let Some(column) = self.0.get_mut(metric) {
                column.values.extend(&more.values);
                column.floors.extend(&more.floors);
            }
        }
    }
}

/// Measures `reconstructions`, `[image][channel][row][column]` in `[0, 1]`, against `images`.
///
/// # Errors
/// If there is no image, a length does not match, a value is not finite, or a class has no name.
///
/// ```
/// use tenun::{data::Images, engine::Shape, measure::{BCE, MAE, evaluate}};
///
/// let images = Images::new(Shape::new(1, 2, 2), vec![0, 255, 128, 255]).unwrap();
/// let scores = evaluate(&images, &[0.1, 0.9, 0.5, 0.9], None)?.overall;
/// assert!(scores.get(&BCE) > scores.floor(&BCE));
/// assert!((scores.get(&MAE).unwrap() - 0.0755).abs() < 1e-4);
/// # Ok::<(), tenun::measure::MeasureError>(())
/// ```
pub fn evaluate(
    images: &Images,
    reconstructions: &[f32],
    labels: Option<Labels<'_>>,
) -> Result<Evaluation, MeasureError> {
    evaluate_with(images, reconstructions, &[], labels)
}

/// As [`evaluate`], with the values that `given` has in place of those taken here.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_with(
    images: &Images,
    reconstructions: &[f32],
    given: &[Given<'_>],
    labels: Option<Labels<'_>>,
) -> Result<Evaluation, MeasureError> {
    check(images, reconstructions)?;
    for (metric, values) in given {
        let what = || format!("{} values", metric.label);
        length(what, images.len(), values.len())?;
        if let Some((image, &value)) = values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(MeasureError::NotFinite { what: what(), image, index: 0, value });
        }
    }
    let pixels = images.shape().len();
    let output = |i: usize| &reconstructions[i * pixels..(i + 1) * pixels];
    evaluate_each(images, output, given, |_| true, labels)
}

/// Measures images that are no probabilities, as those with noise at 0 and 1 are not, in all metrics but those that take
/// them as such.
pub(super) fn evaluate_pixels(images: &Images, outputs: &[f32]) -> Result<Scores, MeasureError> {
    check(images, outputs)?;
    let pixels = images.shape().len();
    let output = |i: usize| &outputs[i * pixels..(i + 1) * pixels];
    Ok(evaluate_each(images, output, &[], |metric| !metric.takes_probabilities(), None)?.overall)
}

/// Measures the reconstruction that `reconstruction` gives for each image's number, in the metrics that are `wanted`.
pub(super) fn evaluate_each<'a>(
    images: &Images,
    reconstruction: impl Fn(usize) -> &'a [f32] + Sync,
    given: &[Given<'_>],
    wanted: impl Fn(&Metric) -> bool,
    labels: Option<Labels<'_>>,
) -> Result<Evaluation, MeasureError> {
    if images.is_empty() {
        return Err(MeasureError::NoImages);
    }
    check_labels(images.len(), labels)?;
    let mut all = ImageScores::default();
    for metric in METRICS.into_iter().filter(|metric| wanted(metric)) {
        let given = given.iter().find(|(of, _)| *of == metric).map(|(_, values)| values.to_vec());
        let values = match metric.of {
            // Its metric stands before it in the table.
            Measures::Derived { from, by, .. } => {
                all.get(from).map(|values| values.iter().copied().map(by).collect())
            }
            _ => given.or_else(|| metric.values(images, &reconstruction)),
        };
        if let Some(values) = values {
            all.0.insert(metric, Column { values, floors: metric.floors(images) });
        }
    }
    Evaluation::of(all, labels)
}

impl Metric {
    /// Its values for `images` and the reconstruction that is given for each image's number, `[image]`; none if images of
    /// this shape cannot be measured with it.
    pub fn values<'a>(
        &self,
        images: &Images,
        reconstruction: impl Fn(usize) -> &'a [f32] + Sync,
    ) -> Option<Vec<f64>> {
        let shape = images.shape();
        match &self.of {
            _ if self.refuses(shape).is_some() => None,
            Measures::Images(how) => {
                let all = (0..images.len()).into_par_iter();
                let measure = |meter: &mut Meter, i| meter(images.image(i), reconstruction(i));
                Some(all.map_init(|| (how.meter)(shape), measure).collect())
            }
            Measures::Derived { from, by, .. } => {
                Some(from.values(images, reconstruction)?.into_iter().map(by).collect())
            }
            Measures::Model => None,
        }
    }

    /// What perfect reconstructions score, `[image]`; empty where that does not depend on the image.
    fn floors(&self, images: &Images) -> Vec<f64> {
        match &self.of {
            Measures::Images(ImageMetric { perfect: Perfect::OfImage(of), .. }) => {
                (0..images.len()).into_par_iter().map(|i| of(images.image(i))).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Evaluation {
    /// The means over scores taken image by image: for sets too large to be reconstructed at once.
    ///
    /// # Errors
    /// If there is no image, or the labels do not match.
    pub fn of(per_image: ImageScores, labels: Option<Labels<'_>>) -> Result<Self, MeasureError> {
        let overall = per_image.mean(0..per_image.len()).ok_or(MeasureError::NoImages)?;
        check_labels(per_image.len(), labels)?;
        let classes = labels.map_or_else(Vec::new, |labels| per_class(&per_image, labels));
        Ok(Self { overall, classes, per_image })
    }
}

fn per_class(per_image: &ImageScores, (classes, names): Labels<'_>) -> Vec<ClassScores> {
    let mut members = vec![Vec::new(); names.len()];
    for (image, &class) in classes.iter().enumerate() {
        members[class as usize].push(image);
    }
    let scores = |members: &[usize]| per_image.mean(members.iter().copied());
    names
        .iter()
        .zip(&members)
        .map(|(name, members)| ClassScores {
            name: name.clone(),
            images: members.len(),
            scores: scores(members),
        })
        .collect()
}

fn check(images: &Images, reconstructions: &[f32]) -> Result<(), MeasureError> {
    length(|| "reconstructions".to_owned(), images.pixels().len(), reconstructions.len())?;
    if let Some(place) = reconstructions.iter().position(|value| !value.is_finite()) {
        let pixels = images.shape().len();
        return Err(MeasureError::NotFinite {
            what: "reconstructions".to_owned(),
            image: place / pixels,
            index: place % pixels,
            value: f64::from(reconstructions[place]),
        });
    }
    Ok(())
}

fn check_labels(images: usize, labels: Option<Labels<'_>>) -> Result<(), MeasureError> {
    let Some((classes, names)) = labels else { return Ok(()) };
    length(|| "labels".to_owned(), images, classes.len())?;
    match classes.iter().enumerate().find(|&(_, &class)| class as usize >= names.len()) {
        Some((image, &class)) => Err(MeasureError::Class { image, class, classes: names.len() }),
        None => Ok(()),
    }
}

fn length(what: impl Fn() -> String, expected: usize, got: usize) -> Result<(), MeasureError> {
    if expected == got { Ok(()) } else { Err(MeasureError::Length { what: what(), expected, got }) }
}
