//! Figures on the real Fashion-MNIST that are known from elsewhere: floor, mean image, PCA.
//!
//! They need the data set (Debian's package `dataset-fashion-mnist`, or a folder named by
//! `TENUN_DATA`), so they run when asked: `cargo test --release -- --include-ignored`.

use std::io::Read;
use std::path::PathBuf;

use tenun::data::Images;
use tenun::engine::Shape;
use tenun::evaluate::{self, evaluate, mean_image_baseline};
use tenun::latent::Pca;

/// The known figures were printed with four decimals, some with five.
const PRINTED: f64 = 6e-5;

fn read(file: &str) -> Images {
    let folder = std::env::var_os("TENUN_DATA")
        .map_or_else(|| PathBuf::from("/usr/share/datasets/fashion-mnist"), |data| PathBuf::from(data).join("fashion-mnist"));
    let compressed = std::fs::File::open(folder.join(file)).expect("Fashion-MNIST is installed");
    let mut pixels = Vec::new();
    flate2::read::GzDecoder::new(compressed).read_to_end(&mut pixels).expect("whole gzip file");
    Images::new(Shape::new(1, 28, 28), pixels.split_off(16)).expect("whole images")
}

fn floats(images: &Images) -> Vec<f32> {
    images.pixels().iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

#[test]
#[ignore = "needs Fashion-MNIST"]
fn floor_mean_image_and_pca() {
    let (train, test) = (read("train-images-idx3-ubyte.gz"), read("t10k-images-idx3-ubyte.gz"));
    let baseline = mean_image_baseline(&train, &test).expect("same size");
    assert!((baseline.bce_floor - 0.24217).abs() < 1e-5, "floor {}", baseline.bce_floor);
    assert!((baseline.bce - 0.4911).abs() < PRINTED, "mean image BCE {}", baseline.bce);
    assert!((baseline.mse - 0.0866).abs() < PRINTED, "mean image MSE {}", baseline.mse);

    let (train, pixels) = (floats(&train), floats(&test));
    for (components, bce, mse) in [(128, 0.2697, Some(0.00591)), (64, 0.2822, None), (32, 0.2965, None)] {
        let pca = Pca::fit(&train, 784, components).expect("finite pixels");
        let codes = pca.transform(&pixels).expect("finite pixels");
        let mut output = pca.inverse_transform(&codes).expect("finite codes");
        output.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        let scores = evaluate(&test, &output, None).expect("finite output").overall;
        println!("{components}: {scores:?}");
        for eps in [1e-2, 5e-3, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7] {
            let clipped: Vec<f32> = output.iter().map(|v| v.clamp(eps, 1.0 - eps)).collect();
            let s: f64 = (0..test.len()).map(|i| evaluate::bce::bce(test.image(i), &clipped[i*784..(i+1)*784])).sum();
            println!("  eps {eps}: {}", s / 1e4);
        }
        println!("want {bce} {mse:?}");
    }
}
