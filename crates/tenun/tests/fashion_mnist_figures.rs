//! Figures on the real Fashion-MNIST that are known from elsewhere: floor, mean image, PCA.
//!
//! They need the data set, so they run when asked, as `.ci/run` does: `cargo test --package tenun -- --ignored`.

use tenun::data::{Images, OpenOptions, open};
use tenun::latent::Pca;
use tenun::measure::{BCE, MSE, Scores, evaluate, mean_image_baseline};

/// PCA knows nothing of probabilities: its output is clipped to [0.01, 0.99] before its BCE is taken.
/// The figure hangs on this margin (64 components: 0.2822 with it, 0.2861 with Keras's 1e-7).
const PCA_MARGIN: f32 = 0.01;
/// The known figures were printed with four decimals, some with five.
const PRINTED: f64 = 6e-5;

/// The pixels of images divided by 255.
fn floats(images: &Images) -> Vec<f32> {
    images.pixels().iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

#[test]
#[ignore = "needs Fashion-MNIST"]
fn floor_mean_image_and_pca() {
    let data = open("fashion-mnist", &OpenOptions::default()).expect("Fashion-MNIST is installed");
    let (train, test) = (data.train.images().clone(), data.test.expect("test images").images().clone());
    let baseline = mean_image_baseline(&train, &test).expect("same size");
    let of = |scores: &Scores, metric| scores.get(metric).expect("a metric of any shape");
    let floor = baseline.floor(&BCE).expect("the entropy of the pixels");
    let (bce, mse) = (of(&baseline, &BCE), of(&baseline, &MSE));
    assert!((floor - 0.24217).abs() < 1e-5, "floor {floor}");
    assert!((bce - 0.4911).abs() < PRINTED, "mean image BCE {bce}");
    assert!((mse - 0.0866).abs() < PRINTED, "mean image MSE {mse}");

    let (train, pixels) = (floats(&train), floats(&test));
    let mut pca = Pca::fit(&train, 784, 128).expect("finite pixels");
    for (components, bce, mse) in [(128, 0.2697, 0.00591), (64, 0.2822, 0.00984), (32, 0.2965, 0.01449)] {
        pca.truncate(components);
        let codes = pca.transform(&pixels).expect("finite pixels");
        let output = pca.inverse_transform(&codes).expect("finite codes");
        let clip = |margin: f32| output.iter().map(|v| v.clamp(margin, 1.0 - margin)).collect::<Vec<_>>();
        let scores = evaluate(&test, &clip(0.0), None).expect("finite output").overall;
        let got = of(&scores, &MSE);
        assert!((got - mse).abs() < 1e-5, "{components} components: MSE {got}");
        let scores = evaluate(&test, &clip(PCA_MARGIN), None).expect("finite output").overall;
        let got = of(&scores, &BCE);
        assert!((got - bce).abs() < PRINTED, "{components} components: BCE {got}");
    }
}
