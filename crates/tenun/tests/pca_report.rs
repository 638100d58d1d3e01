mod common;

use common::{CLASSES, floats, images, labels};
use tenun::evaluate::{Metric, evaluate};
use tenun::latent::{LatentSummary, Pca};
use tenun::picture::*;

#[test]
#[ignore = "needs Fashion-MNIST"]
fn pictures() {
    let out = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (test, classes) = (images("t10k"), labels("t10k"));
    let names: Vec<String> = CLASSES.map(str::to_owned).to_vec();
    let pixels = floats(&test);
    let pca = Pca::fit(&pixels, 784, 32).unwrap();
    let codes = pca.transform(&pixels).unwrap();
    let output: Vec<f32> = pca.inverse_transform(&codes).unwrap().iter().map(|v| v.clamp(0.0, 1.0)).collect();
    let t = std::time::Instant::now();
    let evaluation = evaluate(&test, &output, Some((&classes, &names))).unwrap();
    println!("evaluate {:?} {:?}", t.elapsed(), evaluation.overall);
    let summary = LatentSummary::new(&codes, 32).unwrap();
    println!("{:?}", summary.units[0]);
    let show: Vec<usize> = (0..16).collect();
    let captions: Vec<String> = show.iter().map(|&i| format!("{:.3}", evaluation.per_image.bce[i])).collect();
    let train: Vec<f64> = (1..=20).map(|e| 0.277 + 0.05 / f64::from(e)).collect();
    let val: Vec<f64> = (1..=20).map(|e| 0.279 + 0.03 / f64::from(e) + f64::from(e % 3) * 0.0006).collect();
    let w = pca.explained_variance_ratio();
    let points: Vec<f32> = codes.chunks(32).flat_map(|c| [c[0], c[1]]).collect();
    let worst = evaluation.per_image.extremes(Metric::Mse, 6).worst;
    println!("{worst:?} {w:?}");
    for theme in [Theme::Light, Theme::Dark] {
        let save = |name: &str, p: Picture| {
            let png = p.png().unwrap();
            println!("{name} {}x{} {} bytes", p.width(), p.height(), png.len());
            std::fs::write(out.join(format!("{name}-{theme:?}.png")), png).unwrap();
        };
        let grid = ReconstructionGrid {
            images: &test,
            reconstructions: &output,
            show: &show,
            captions: &captions,
            difference: true,
            zoom: 0,
        };
        save("grid", reconstruction_grid(&grid, theme).unwrap());
        let curves = LossCurves {
            loss: "binary cross-entropy (nats a pixel)",
            train: &train,
            validation: &val,
            floor: Some(0.24217),
            best_epoch: Some(18),
            log: false,
        };
        save("loss", loss_curves(&curves, theme).unwrap());
        save("loss-log", loss_curves(&LossCurves { log: true, floor: None, ..curves }, theme).unwrap());
        save(
            "loss-1",
            loss_curves(&LossCurves { train: &train[..1], validation: &val[..1], ..curves }, theme).unwrap(),
        );
        let s = Scatter {
            title: "Codes of 10,000 test images",
            x_title: "component 1 (29.0 % of the variance)",
            y_title: "component 2 (17.7 % of the variance)",
            points: &points,
            labels: Some((&classes, &names)),
        };
        save("scatter", scatter(&s, theme).unwrap());
        save(
            "scatter-plain",
            scatter(&Scatter { points: &points[..400], labels: None, ..s }, theme).unwrap(),
        );
        save(
            "histogram",
            histogram(
                &Histogram {
                    title: "Error image by image",
                    x_title: "BCE (nats a pixel)",
                    values: &evaluation.per_image.bce,
                },
                theme,
            )
            .unwrap(),
        );
        let img = test.image(0);
        let x: Vec<f32> = img.iter().map(|&b| f32::from(b)).collect();
        let maps = |n: usize, side: usize| -> Vec<f32> {
            (0..n)
                .flat_map(|c| {
                    let x = &x;
                    (0..side * side).map(move |i| {
                        let (r, k) = (i / side * 28 / side, i % side * 28 / side);
                        let q = (r + c % 3).min(27) * 28 + (k + c / 3).min(27);
                        (x[r * 28 + k] * (c % 5) as f32 - x[q] * 2.0).max(0.0)
                    })
                })
                .collect()
        };
        let (a, b, c) = (maps(32, 28), maps(16, 14), maps(8, 7));
        let d: Vec<f32> = codes[..32].to_vec();
        use tenun::engine::Shape;
        let layers = [
            FeatureLayer { name: "encoder.conv1", shape: Shape::new(32, 28, 28), values: &a },
            FeatureLayer { name: "encoder.conv2", shape: Shape::new(16, 14, 14), values: &b },
            FeatureLayer { name: "encoder.conv3", shape: Shape::new(8, 7, 7), values: &c },
            FeatureLayer { name: "encoder.dense1", shape: Shape::vector(32), values: &d },
        ];
        save("features", feature_maps((test.shape(), img), &layers, theme).unwrap());
    }
}
