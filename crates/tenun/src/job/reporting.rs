//! The report of a run: its pictures and everything said beside them.

use std::fs;
use std::path::Path;

use tenun_engine::layer::{Layer, Role};
use tenun_engine::{ForwardPlan, Images as Source, Loss, Philox, Placed, Purpose, Scaling};

use super::{Job, Summary, write as write_file};
use crate::data::{Dataset, Images};
use crate::folder::FolderError;
use crate::latent::{LatentSummary, Pca};
use crate::measure::{Metric, Scored, family};
use crate::picture::{
    FeatureLayer, Histogram, LossCurves, Mosaic, Picture, PictureError, ReconstructionGrid, Scatter, Theme,
    feature_maps, histogram, loss_curves, mosaic, reconstruction_grid, scatter,
};
use crate::report::{Figure, LatentContent, NetworkRow, ReportContent, Setting, render};
use crate::run::{self, RunDir};
use crate::text::{counted, thousands};
use crate::train::EpochMetrics;
use crate::{Error, Model};

/// Images in a row of reconstructions.
const SHOWN: usize = 8;

/// Codes in the scatter plot, at most: more would hide each other.
const MOST_POINTS: usize = 10_000;

/// Numbers of codes that principal components are taken of, at most: the work grows with their square.
const MOST_UNITS: usize = 1024;

/// Draws in both themes, keeps the light picture as a file of the run, and returns the figure.
struct Album<'a> {
    folder: &'a Path,
}

impl Album<'_> {
    fn figure(
        &self,
        file: &str,
        (title, caption, alt): (&str, String, &str),
        draw: impl Fn(Theme) -> Result<Picture, PictureError>,
    ) -> Result<Figure, Error> {
        let (light, dark) = (draw(Theme::Light)?, draw(Theme::Dark)?);
        let figure = Figure::new(title, caption, alt, &light, Some(&dark))?;
        write_file(&self.folder.join(format!("{file}.png")), &figure.light)?;
        Ok(figure)
    }
}

/// Writes pictures and report.
pub(super) fn write(
    job: &Job,
    run: &RunDir,
    model: &Model,
    metrics: &[EpochMetrics],
    scored: &Scored,
    summary: &Summary,
) -> Result<(), Error> {
    let folder = run.file(run::PICTURES);
    fs::create_dir_all(&folder).map_err(|source| FolderError::Io {
        path: folder.clone(),
        doing: "create",
        source,
    })?;
    let album = Album { folder: &folder };
    let (set, what) = job.scored();
    let training = &job.settings.training;
    let overall = scored.evaluation.overall;
    let data = job.collection.train.name();
    let network = job.settings.network.preset.as_deref().unwrap_or("network");
    let scored_on = counted(set.len(), &format!("{what} image"));
    let content = ReportContent {
        title: format!("{network} on {data}"),
        subtitle: format!(
            "{} make {} of each image of {}; trained for {} on {}",
            counted(summary.parameters, "parameter"),
            counted(summary.latent, "number"),
            model.network().input(),
            counted(summary.epochs as usize, "epoch"),
            counted(job.collection.train.len(), "image"),
        ),
        scored_on,
        settings: settings(job),
        scores: Some(overall),
        baseline: scored.baseline,
        comparisons: summary
            .pca
            .iter()
            .map(|pca| (format!("PCA with {}", counted(pca.components, "component")), pca.scores.bce))
            .collect(),
        findings: summary.warnings.clone(),
        family: summary.family.clone(),
        family_figures: family_figures(job, &album, model, set)?,
        network: model.network().layers().map(network_row).collect(),
        curves: curves(job, &album, metrics, overall.bce_floor, summary.best_epoch)?,
        reconstructions: reconstructions(job, &album, model, set, scored, what)?,
        histogram: Some(error_histogram(&album, scored, training.loss)?),
        classes: scored.evaluation.classes.clone(),
        latent: Some(latent(job, &album, model, set)?),
        features: features(job, &album, model, set)?,
        notes: notes(job),
        command: job.command.join(" "),
        provenance: provenance(job, model),
    };
    Ok(write_file(&run.file(run::REPORT), render(&content).as_bytes())?)
}

fn settings(job: &Job) -> Vec<Setting> {
    let (data, t) = (&job.settings.data, &job.settings.training);
    let mut all = vec![
        Setting::new("data", &data.source),
        Setting::new("training images", thousands(job.collection.train.len() as u64)),
    ];
    if let Some(held) = &job.held_out {
        all.push(Setting::new("held-out images", thousands(held.len() as u64)));
    }
    if let Some(test) = &job.collection.test {
        all.push(Setting::new("test images", thousands(test.len() as u64)));
    }
    all.extend([
        Setting::new("network", job.settings.network.preset.as_deref().unwrap_or("from a file")),
        Setting::new("loss", t.loss),
        Setting::new("optimizer", words(&t.optimizer)),
        Setting::new("learning rate", t.learning_rate),
        Setting::new("schedule", words(&t.schedule)),
        Setting::new("batch size", t.batch_size),
        Setting::new("epochs", t.epochs),
        Setting::new("seed", t.seed),
        Setting::new("order of images", if t.shuffle { "shuffled every epoch" } else { "as in the file" }),
    ]);
    if let Some(norm) = t.clip_norm {
        all.push(Setting::new("gradient norm at most", norm));
    }
    if let Some(patience) = t.patience {
        all.push(Setting::new("patience in epochs", patience));
    }
    all
}

/// Settings of several numbers as `name, key value, key value`.
fn words(value: &impl serde::Serialize) -> String {
    let Ok(serde_json::Value::Object(map)) = serde_json::to_value(value) else { return String::new() };
    let part = |(key, value): (&String, &serde_json::Value)| match (key.as_str(), value) {
        ("name", serde_json::Value::String(name)) => name.clone(),
        // Written through single precision, which is what was set: 0.9, not 0.8999999761581421.
        (key, serde_json::Value::Number(n)) if n.is_f64() => {
            format!("{} {}", key.replace('_', " "), n.as_f64().unwrap_or_default() as f32)
        }
        (key, value) => format!("{} {value}", key.replace('_', " ")),
    };
    map.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn network_row(placed: &Placed) -> NetworkRow {
    NetworkRow {
        part: placed.part.to_string(),
        layer: format!("{} {}", placed.layer.name().replace('_', " "), placed.layer.settings())
            .trim_end()
            .to_owned(),
        output: placed.output.to_string(),
        parameters: placed.parameter_count() as u64,
        multiply_adds: placed.layer.multiply_adds(placed.input),
    }
}

fn loss_name(loss: Loss) -> &'static str {
    match loss {
        Loss::Bce => "binary cross-entropy (nats a pixel)",
        Loss::Mse => "mean squared error",
        Loss::Mae => "mean absolute error",
        Loss::Gaussian => "Gaussian negative log-likelihood (nats a pixel)",
    }
}

fn curves(
    job: &Job,
    album: &Album<'_>,
    metrics: &[EpochMetrics],
    floor: f64,
    best_epoch: u32,
) -> Result<Option<Figure>, Error> {
    if metrics.is_empty() {
        return Ok(None);
    }
    let train: Vec<f64> = metrics.iter().map(|line| line.train_loss).collect();
    let validation: Vec<f64> = metrics.iter().filter_map(|line| line.val_loss).collect();
    let loss = job.settings.training.loss;
    let curves = LossCurves {
        loss: loss_name(loss),
        train: &train,
        validation: &validation,
        floor: (loss == Loss::Bce).then_some(floor),
        best_epoch: (best_epoch > 0).then_some(best_epoch as usize),
        log: false,
    };
    let caption = match (validation.is_empty(), job.held_out.is_some()) {
        (true, _) => "Loss on the training images, epoch by epoch.".to_owned(),
        (false, true) => "Loss on the training images and on those held out, epoch by epoch.".to_owned(),
        (false, false) => "Loss on the training images and on the test images, epoch by epoch.".to_owned(),
    };
    let texts = ("Loss curves", caption, "Loss over the epochs");
    album.figure("curves", texts, |theme| loss_curves(&curves, theme)).map(Some)
}

/// The metric by which images are called good or bad.
fn ranking(loss: Loss) -> Metric {
    match loss {
        Loss::Bce => Metric::BceAboveFloor,
        Loss::Mse | Loss::Gaussian => Metric::Mse,
        Loss::Mae => Metric::Mae,
    }
}

fn reconstructions(
    job: &Job,
    album: &Album<'_>,
    model: &Model,
    set: &Dataset,
    scored: &Scored,
    what: &str,
) -> Result<Vec<Figure>, Error> {
    let per_image = &scored.evaluation.per_image;
    let metric = ranking(job.settings.training.loss);
    let extremes = per_image.extremes(metric, SHOWN);
    let order = Philox::new(job.settings.training.seed, Purpose::Sample).permutation(set.len(), 0);
    let sample: Vec<usize> = order.iter().take(SHOWN).map(|&i| i as usize).collect();
    let by = match metric {
        Metric::BceAboveFloor => "binary cross-entropy above the image's own floor",
        Metric::Mae => "mean absolute error",
        _ => "mean squared error",
    };
    let groups = [
        ("sample", "A sample", sample, format!("Drawn at random from the {what} images.")),
        ("best", "The best", extremes.best, format!("Least {by}, the best first.")),
        ("median", "The middle", extremes.median, format!("Around the median of the {by}.")),
        ("worst", "The worst", extremes.worst, format!("Greatest {by}, the worst first.")),
    ];
    let mut figures = Vec::new();
    for (file, title, show, caption) in groups {
        let images = set.images().select(&show);
        let outputs = model.reconstruct(&images, &job.cpu)?;
        let captions: Vec<String> = show.iter().map(|&i| format!("{:.4}", per_image.mse[i])).collect();
        let all: Vec<usize> = (0..show.len()).collect();
        let grid = ReconstructionGrid {
            images: &images,
            reconstructions: &outputs,
            show: &all,
            captions: &captions,
            difference: true,
            zoom: 0,
        };
        let caption = format!("{caption} The number below each is its mean squared error.");
        let alt = "Originals above their reconstructions and the difference between them";
        figures.push(album.figure(file, (title, caption, alt), |theme| reconstruction_grid(&grid, theme))?);
    }
    Ok(figures)
}

/// Images in a row of a walk, its ends included.
const WALK: usize = 10;

/// Images along the side of the plane of a code of two numbers.
const PLANE: usize = 20;

/// What a network of this family does, in pictures.
fn family_figures(job: &Job, album: &Album<'_>, model: &Model, set: &Dataset) -> Result<Vec<Figure>, Error> {
    let mut figures = Vec::new();
    let (seed, cpu, shape) = (job.settings.training.seed, &job.cpu, model.network().input());
    let mut add = |file: &str, texts: (&str, String, &str), images: &[f32], columns: usize| {
        let content = Mosaic { shape, images, columns, zoom: 0 };
        album.figure(file, texts, |theme| mosaic(&content, theme)).map(|figure| figures.push(figure))
    };
    let order = Philox::new(seed, Purpose::Sample).permutation(set.len(), 0);
    let first: Vec<usize> = order.iter().take(WALK).map(|&i| i as usize).collect();
    let sample = set.images().select(&first);
    if let Some(denoised) = family::denoised(model, &sample, seed, cpu)? {
        let originals = sample.pixels().iter().map(|&byte| f32::from(byte) / 255.0);
        let rows: Vec<f32> = originals.chain(denoised.corrupted).chain(denoised.reconstructions).collect();
        let caption = "Images as they are, as the network sees them, and what it makes of them.".to_owned();
        add("denoised", ("Made good", caption, "Images, corrupted and reconstructed"), &rows, first.len())?;
    }
    if family::is_variational(model.network()) {
        let images = family::samples(model, 80, seed, cpu)?;
        let caption = "Codes drawn from the normal distribution, through the decoder.".to_owned();
        add("samples", ("New images", caption, "Images made of random codes"), &images, 16)?;
        if let Some(images) = family::plane(model, PLANE, cpu)? {
            let caption =
                "The two numbers of the code along rows and columns, at equal shares of the normal \
                           distribution."
                    .to_owned();
            add("plane", ("The plane of codes", caption, "Images over the plane of codes"), &images, PLANE)?;
        }
        let codes = model.transform(&sample, cpu)?;
        let units = model.network().latent().len();
        let ends: Vec<&[f32]> = codes.chunks_exact(units).collect();
        let mut walk = Vec::new();
        for pair in ends.chunks_exact(2) {
            for step in 0..WALK {
                let share = step as f32 / (WALK - 1) as f32;
                walk.extend(pair[0].iter().zip(pair[1]).map(|(a, b)| a + (b - a) * share));
            }
        }
        if !walk.is_empty() {
            let images = model.inverse_transform(&walk, cpu)?;
            let caption = "From the code of one image to that of another, in equal steps.".to_owned();
            add("walks", ("Between images", caption, "Images between pairs of images"), &images, WALK)?;
        }
    }
    Ok(figures)
}

fn error_histogram(album: &Album<'_>, scored: &Scored, loss: Loss) -> Result<Figure, Error> {
    let per_image = &scored.evaluation.per_image;
    let (values, name): (Vec<f64>, _) = match loss {
        Loss::Bce => (
            per_image.bce.iter().zip(&per_image.bce_floor).map(|(bce, floor)| bce - floor).collect(),
            "binary cross-entropy above the image's floor",
        ),
        Loss::Mse | Loss::Gaussian => (per_image.mse.clone(), "mean squared error"),
        Loss::Mae => (per_image.mae.clone(), "mean absolute error"),
    };
    let chart = Histogram { title: "", x_title: name, values: &values };
    let texts =
        ("Spread of the error", format!("How many images have which {name}."), "Histogram of the error");
    album.figure("histogram", texts, |theme| histogram(&chart, theme))
}

fn latent(job: &Job, album: &Album<'_>, model: &Model, set: &Dataset) -> Result<LatentContent, Error> {
    let count = set.len().min(MOST_POINTS);
    let images = set.images().select(&(0..count).collect::<Vec<_>>());
    let codes = model.transform(&images, &job.cpu)?;
    let units = model.network().latent().len();
    let summary = LatentSummary::new(&codes, units)?;
    let mut figure = None;
    if (2..=MOST_UNITS).contains(&units) && count >= 2 {
        let pca = Pca::fit(&codes, units, 2)?;
        let points = pca.transform(&codes)?;
        let share: Vec<f64> = pca.explained_variance_ratio().iter().map(|share| 100.0 * share).collect();
        let axis = |i: usize| format!("component {} ({:.0} % of the variance)", i + 1, share[i]);
        let (x_title, y_title) = (axis(0), axis(1));
        let classes: Option<Vec<u32>> =
            set.labels().map(|labels| labels.classes()[..count].iter().map(|&c| u32::from(c)).collect());
        let labels = set.labels().zip(classes.as_deref()).map(|(labels, classes)| (classes, labels.names()));
        let plot = Scatter { title: "", x_title: &x_title, y_title: &y_title, points: &points, labels };
        let caption = format!(
            "The codes of {} on their first two principal components{}.",
            counted(count, "image"),
            if labels.is_some() { ", coloured by class; the classes were not used in training" } else { "" }
        );
        let texts = ("Codes in two dimensions", caption, "Scatter plot of the codes");
        figure = Some(album.figure("latent", texts, |theme| scatter(&plot, theme))?);
    }
    Ok(LatentContent { shape: model.network().latent().to_string(), summary, scatter: figure })
}

/// Whether a layer's output says something that the next one's does not: an activation, or a map made smaller.
fn is_shown(layer: &Layer, next: Option<&Layer>) -> bool {
    let goes_on = |next: &Layer| matches!(next.role(), Role::Activation | Role::Normalisation);
    layer.role() == Role::Activation || (layer.role().makes_feature_maps() && !next.is_some_and(goes_on))
}

fn features(job: &Job, album: &Album<'_>, model: &Model, set: &Dataset) -> Result<Option<Figure>, Error> {
    let network = model.network();
    let image: Images = set.images().select(&[0]);
    let mut outputs = Vec::new();
    for (i, placed) in network.encoder().iter().enumerate() {
        if is_shown(&placed.layer, network.encoder().get(i + 1).map(|next| &next.layer)) {
            let mut plan = ForwardPlan::up_to(network, i + 1, Scaling::unit(), &job.cpu);
            let mut values = vec![0.0; placed.output.len()];
            plan.run(model.parameters(), Source::Bytes(image.pixels()), &mut values);
            outputs.push((placed, values));
        }
    }
    let layers: Vec<FeatureLayer<'_>> = outputs
        .iter()
        .map(|(placed, values)| FeatureLayer { name: &placed.name, shape: placed.output, values })
        .collect();
    if layers.is_empty() {
        return Ok(None);
    }
    let caption = format!("Image {} on its way through the encoder, layer by layer.", set.id(0));
    let texts = ("Feature maps", caption, "Feature maps of one image");
    let draw = |theme| feature_maps((image.shape(), image.image(0)), &layers, theme);
    album.figure("features", texts, draw).map(Some)
}

fn notes(job: &Job) -> Vec<String> {
    let mut notes = job.notes.clone();
    if job.collection.test.is_some() && job.held_out.is_none() {
        notes.push(
            "the validation curve is that of the test images, which is how the reference run is defined: choose \
             between models with --val-fraction, which holds images out of training instead"
                .to_owned(),
        );
    }
    notes
}

fn provenance(job: &Job, model: &Model) -> Vec<Setting> {
    let mut all = vec![
        Setting::new("tenun", env!("CARGO_PKG_VERSION")),
        Setting::new("seed", job.settings.training.seed),
        Setting::new("registers", job.cpu.width()),
        Setting::new("threads", job.cpu.threads()),
    ];
    if let Some(data) = &model.info().data {
        all.push(Setting::new("training images, SHA-256", &data.sha256));
    }
    all
}
