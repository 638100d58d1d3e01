//! A whole report on real images, with PCA as the model: every picture, every section.
//!
//! It stays in the target folder (`tmp/pca-report.html`), to be looked at. It needs Fashion-MNIST, so
//! it runs when asked: `cargo test --release -- --include-ignored`.

mod common;

use common::{CLASSES, floats, images, labels};
use tenun::engine::Shape;
use tenun::evaluate::{Metric, evaluate, mean_image_baseline};
use tenun::latent::{LatentSummary, Pca};
use tenun::picture::{
    FeatureLayer, Histogram, LossCurves, Picture, PictureError, ReconstructionGrid, Scatter, Theme,
    feature_maps, histogram, loss_curves, reconstruction_grid, scatter,
};
use tenun::report::{Figure, LatentContent, NetworkRow, ReportContent, Setting, render};

/// A figure in both themes.
fn figure(
    title: &str,
    caption: &str,
    alt: &str,
    draw: impl Fn(Theme) -> Result<Picture, PictureError>,
) -> Figure {
    let (light, dark) = (draw(Theme::Light).expect("drawn"), draw(Theme::Dark).expect("drawn"));
    Figure::new(title, caption, alt, &light, Some(&dark)).expect("encoded")
}

/// Means of 2×2 pixels, again and again: a pyramid that stands for an encoder.
fn pyramid(image: &[u8]) -> Vec<(Shape, Vec<f32>)> {
    let mut values: Vec<f32> = image.iter().map(|&byte| byte.into()).collect();
    let mut side = 28;
    let mut layers = Vec::new();
    while side > 7 {
        let next = side / 2;
        let at = |row: usize, column: usize| values[row * side + column];
        let edge = |row: usize, column: usize, kind: usize| {
            let (r, c) = (row * 2, column * 2);
            match kind {
                0 => (at(r, c) + at(r, c + 1) + at(r + 1, c) + at(r + 1, c + 1)) / 4.0,
                1 => (at(r, c) - at(r, c + 1)).abs(),
                2 => (at(r, c) - at(r + 1, c)).abs(),
                _ => 0.0,
            }
        };
        let maps: Vec<f32> = (0..4)
            .flat_map(|kind| (0..next * next).map(move |i| (kind, i / next, i % next)))
            .map(|(kind, row, column)| edge(row, column, kind))
            .collect();
        values = maps[..next * next].to_vec();
        layers.push((Shape::new(4, next, next), maps));
        side = next;
    }
    layers
}

#[test]
#[ignore = "needs Fashion-MNIST"]
fn report_of_pca_on_fashion_mnist() {
    const COMPONENTS: usize = 32;
    let (train, test, classes) = (images("train"), images("t10k"), labels("t10k"));
    let names = CLASSES.map(str::to_owned);
    let labels = Some((&classes[..], &names[..]));
    let pca =
        Pca::fit(&floats(&train.select(&(0..10_000).collect::<Vec<_>>())), 784, COMPONENTS).expect("finite");
    let codes = pca.transform(&floats(&test)).expect("finite");
    let output: Vec<f32> =
        pca.inverse_transform(&codes).expect("finite").iter().map(|v| v.clamp(0.01, 0.99)).collect();
    let evaluation = evaluate(&test, &output, labels).expect("valid");
    let baseline = mean_image_baseline(&train, &test).expect("same size");
    let scores = evaluation.overall;
    assert!(scores.bce > scores.bce_floor && scores.bce < baseline.bce);

    let grid = |title: &str, what: &str, show: &[usize]| {
        let captions: Vec<String> =
            show.iter().map(|&i| format!("BCE {:.3}", evaluation.per_image.bce[i])).collect();
        let caption = "Originals, reconstructions, and where they differ: black is equal, the brightest colour is half the pixel range and more. Below each image its BCE.";
        let alt = format!("{} {what} images of the test set above their reconstructions", show.len());
        figure(title, caption, &alt, |theme| {
            let grid = ReconstructionGrid {
                images: &test,
                reconstructions: &output,
                show,
                captions: &captions,
                difference: true,
                zoom: 0,
            };
            reconstruction_grid(&grid, theme)
        })
    };
    let extremes = evaluation.per_image.extremes(Metric::BceAboveFloor, 8);
    let sample: Vec<usize> = (0..16).map(|i| i * 613 % 10_000).collect();

    let losses: Vec<f64> = (1..=20).map(|epoch| scores.bce + 0.05 / f64::from(epoch)).collect();
    let validation: Vec<f64> = (1..=20).map(|epoch| scores.bce + 0.03 / f64::from(epoch)).collect();
    let curves = figure(
        "",
        "The training loss of an epoch is the mean at the moment each batch was trained on; the validation loss is taken after the epoch.",
        "Training and validation loss fall and level off above the floor",
        |theme| {
            let curves = LossCurves {
                loss: "binary cross-entropy (nats a pixel)",
                train: &losses,
                validation: &validation,
                floor: Some(scores.bce_floor),
                best_epoch: Some(20),
                log: false,
            };
            loss_curves(&curves, theme)
        },
    );
    let plane = Pca::fit(&codes, COMPONENTS, 2).expect("finite");
    let points = plane.transform(&codes).expect("finite");
    let explained = plane.explained_variance_ratio();
    let axis = |i: usize| format!("component {} ({:.1} % of the variance)", i + 1, explained[i] * 100.0);
    let scatter = figure(
        "",
        "Each point is a test image; near ones have like codes.",
        "Scatter plot of the codes by class",
        |theme| {
            let plot = Scatter {
                title: "10,000 codes in two dimensions",
                x_title: &axis(0),
                y_title: &axis(1),
                points: &points,
                labels,
            };
            scatter(&plot, theme)
        },
    );
    let layers = pyramid(test.image(0));
    let named: Vec<String> = (1..=layers.len()).map(|i| format!("pyramid.level{i}")).collect();
    let layers: Vec<FeatureLayer<'_>> = layers
        .iter()
        .zip(&named)
        .map(|((shape, values), name)| FeatureLayer { name, shape: *shape, values })
        .chain([FeatureLayer { name: "pca", shape: Shape::vector(COMPONENTS), values: &codes[..COMPONENTS] }])
        .collect();
    let content = ReportContent {
        title: "PCA with 32 components on Fashion-MNIST".into(),
        subtitle: "A linear autoencoder to compare others with: 28×28×1 → 32 → 28×28×1.".into(),
        scored_on: "the 10,000 test images".into(),
        settings: vec![
            Setting::new("data", "Fashion-MNIST"),
            Setting::new("training images", "10,000 of 60,000"),
            Setting::new("components", COMPONENTS),
            Setting::new("output clipped to", "[0.01, 0.99]"),
            Setting::new("solver", "eigenvectors of the covariance, float64"),
        ],
        scores: Some(scores),
        baseline: Some(baseline),
        comparisons: vec![("PCA, 64 components".into(), 0.2822), ("PCA, 128 components".into(), 0.2697)],
        network: [("encoder", "dense 32", "32"), ("decoder", "dense 784", "28×28×1")]
            .map(|(part, layer, output)| NetworkRow {
                part: part.into(),
                layer: layer.into(),
                output: output.into(),
                parameters: 25_088,
                multiply_adds: 25_088,
            })
            .to_vec(),
        curves: Some(curves),
        reconstructions: vec![
            grid("A sample", "randomly chosen", &sample),
            grid("The best", "best", &extremes.best),
            grid("Around the median", "median", &extremes.median),
            grid("The worst", "worst", &extremes.worst),
        ],
        histogram: Some(figure(
            "",
            "Most images are near the mean; the tail holds the worst.",
            "Histogram of the BCE",
            |theme| {
                let histogram_of = Histogram {
                    title: "BCE, image by image",
                    x_title: "BCE (nats a pixel)",
                    values: &evaluation.per_image.bce,
                };
                histogram(&histogram_of, theme)
            },
        )),
        classes: evaluation.classes.clone(),
        latent: Some(LatentContent {
            shape: COMPONENTS.to_string(),
            summary: LatentSummary::new(&codes, COMPONENTS).expect("finite"),
            scatter: Some(scatter),
        }),
        features: Some(figure(
            "",
            "Test image 0. Each map is scaled by itself, from its least value (violet) to its greatest (yellow).",
            "Feature maps, layer by layer",
            |theme| feature_maps((test.shape(), test.image(0)), &layers, theme),
        )),
        notes: vec![
            "PCA with 64 components scores 0.2822: more numbers a code help more than anything else here."
                .into(),
            "The loss curves of this page are made up: PCA has no epochs.".into(),
        ],
        command: "cargo test --release -- --include-ignored report_of_pca".into(),
        provenance: vec![Setting::new("tenun", env!("CARGO_PKG_VERSION"))],
    };
    let page = render(&content);
    assert_eq!(page.matches("<section").count(), 11);
    assert_eq!(page.matches("<img").count(), 8);
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/pca-report.html"), page)
        .expect("writable target folder");
}
