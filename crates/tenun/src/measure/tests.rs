//! Metrics against known values, scikit-image, their own laws, and input that is wrong.

use proptest::prelude::*;
use tenun_engine::Shape;

use super::*;
use crate::data::Images;

/// Floats hold a byte over 255 to about this.
const FLOAT_ROUNDING: f64 = 1e-6;

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

fn images(shape: Shape, pixels: Vec<u8>) -> Images {
    Images::new(shape, pixels).expect("whole images")
}

#[test]
fn ssim_of_images_under_the_window() {
    for (height, width) in [(1, 1), (2, 3), (10, 10), (4, 30), (1, 12)] {
        let shape = Shape::new(1, height, width);
        let x: Vec<u8> = (0..shape.len()).map(|i| (i * 37 % 256) as u8).collect();
        let y: Vec<f32> = floats(&x).iter().map(|v| 1.0 - v).collect();
        assert!((Ssim::new(shape).ssim(&x, &floats(&x)) - 1.0).abs() < FLOAT_ROUNDING, "{shape}");
        assert!(Ssim::new(shape).ssim(&x, &y) < 0.9, "{shape}");
    }
    assert_eq!(Ssim::new(Shape::new(1, 0, 4)).ssim(&[], &[]), 1.0);
}

#[test]
fn buffers_carry_nothing_from_one_image_to_the_next() {
    let shape = Shape::new(1, 13, 12);
    let first: Vec<u8> = (0..156).map(|i| (i * 7 % 256) as u8).collect();
    let second: Vec<u8> = (0..156).map(|i| (i * 11 % 256) as u8).collect();
    let mut reused = Ssim::new(shape);
    let _ = reused.ssim(&first, &floats(&second));
    let fresh = Ssim::new(shape).ssim(&second, &floats(&first));
    assert_eq!(reused.ssim(&second, &floats(&first)), fresh);
}

fn three_images() -> (Images, Vec<f32>) {
    let images = images(Shape::new(1, 2, 2), vec![0, 255, 128, 255, 10, 10, 10, 10, 200, 100, 50, 25]);
    let mut output = floats(images.pixels());
    output[4..8].fill(0.5);
    output[8] -= 0.1;
    (images, output)
}

#[test]
fn overall_is_the_mean_of_the_images_and_classes_part_it() {
    let (images, output) = three_images();
    let names = ["shoe".to_owned(), "bag".to_owned(), "hat".to_owned()];
    let evaluation = evaluate(&images, &output, Some((&[1, 0, 1], &names))).expect("valid input");
    let per_image = &evaluation.per_image;
    let of = |metric| per_image.get(metric).expect("any shape");
    let overall = |metric| evaluation.overall.get(metric).expect("any shape");
    assert_eq!(overall(&MSE), of(&MSE).iter().sum::<f64>() / 3.0);
    assert_eq!(overall(&PSNR), psnr(overall(&MSE)));
    assert_eq!(evaluation.classes.iter().map(|class| class.images).collect::<Vec<_>>(), [1, 2, 0]);
    let class = |at: usize, metric| evaluation.classes[at].scores.expect("images").get(metric);
    assert_eq!(class(0, &MSE), Some(of(&MSE)[1]));
    assert_eq!(class(1, &MAE), Some((of(&MAE)[0] + of(&MAE)[2]) / 2.0));
    assert_eq!(evaluation.classes[2].scores, None);
}

#[test]
fn threads_change_no_bit() {
    let bytes: Vec<u8> = (0..200 * 64).map(|i| (i * i % 251) as u8).collect();
    let images = images(Shape::new(1, 8, 8), bytes);
    let output: Vec<f32> = (0..200 * 64).map(|i| (i * 7 % 101) as f32 / 101.0).collect();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| evaluate(&images, &output, None).expect("valid input"))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn ranking_knows_which_way_is_better() {
    let (images, output) = three_images();
    let per_image = evaluate(&images, &output, None).expect("valid input").per_image;
    for metric in [&BCE, &MSE, &MAE, &PSNR, &SSIM] {
        let extremes = per_image.extremes(metric, 1);
        assert_eq!(
            (extremes.best, extremes.median, extremes.worst),
            (vec![0], vec![2], vec![1]),
            "{metric:?}"
        );
    }
    let all = per_image.extremes(&MSE, 99);
    assert_eq!((all.best, all.worst), (vec![0, 2, 1], vec![1, 2, 0]));
}

#[test]
fn equal_images_rank_by_their_number() {
    let images = images(Shape::new(1, 1, 2), vec![9; 8]);
    let per_image = evaluate(&images, &[0.5; 8], None).expect("valid input").per_image;
    assert_eq!(per_image.ranking(&SSIM), [0, 1, 2, 3]);
}

#[test]
fn bce_from_logits_takes_the_place_of_ours() {
    let (images, output) = three_images();
    let evaluation = evaluate_with(&images, &output, &[(&BCE, &[1.0, 2.0, 6.0])], None).expect("valid input");
    assert_eq!(evaluation.overall.get(&BCE), Some(3.0));
    assert_eq!(evaluation.per_image.get(&BCE), Some(&[1.0, 2.0, 6.0][..]));
}

#[test]
fn baseline_is_the_mean_image() {
    let train = images(Shape::new(1, 1, 2), vec![0, 100, 255, 200]);
    let test = images(Shape::new(1, 1, 2), vec![255, 255]);
    assert_eq!(mean_image(&train).expect("two images"), [0.5, 150.0 / 255.0]);
    let scores = mean_image_baseline(&train, &test).expect("same size");
    let expected = (0.25 + (105.0_f64 / 255.0).powi(2)) / 2.0;
    assert!((scores.get(&MSE).expect("any shape") - expected).abs() < FLOAT_ROUNDING);
    assert_eq!(scores.floor(&BCE), Some(0.0));
    let bce = scores.get(&BCE).expect("any shape");
    assert!((scores.remaining(&BCE, bce).expect("above the floor") - 1.0).abs() < 1e-12);
    assert_eq!((scores.remaining(&BCE, 0.0), scores.remaining(&MSE, 1.0)), (None, None));
}

#[test]
fn infinite_psnr_is_null_in_json_and_comes_back() {
    let images = images(Shape::new(1, 1, 2), vec![0, 255, 10, 20]);
    let evaluation = evaluate(&images, &[0.0, 1.0, 0.5, 0.5], None).expect("valid input");
    let json = serde_json::to_string(&evaluation).expect("serialisable");
    assert!(json.contains("\"psnr\":[null,"), "{json}");
    assert_eq!(serde_json::from_str::<Evaluation>(&json).expect("readable"), evaluation);
}

#[test]
fn a_flat_map_holds_values_beside_their_floors_and_what_is_no_metric() {
    let score = |value, floor| Score { value, floor };
    let scores: Scores =
        [(&BCE, score(0.3, Some(0.25))), (&PSNR, score(f64::INFINITY, None))].into_iter().collect();
    let json = serde_json::to_string(&scores).expect("serialisable");
    assert_eq!(json, r#"{"bce":0.3,"bce_floor":0.25,"psnr":null}"#);
    let more =
        r#"{"measured_on":"test","bce":0.3,"psnr":null,"bce_floor":0.25,"absent":{"ssim":"too small"}}"#;
    assert_eq!(serde_json::from_str::<Scores>(more).expect("readable"), scores);
}

#[test]
fn wrong_input_is_refused_with_its_place() {
    let shape = Shape::new(1, 1, 2);
    let two = images(shape, vec![1, 2, 3, 4]);
    let none = images(shape, vec![]);
    assert_eq!(evaluate(&none, &[], None), Err(MeasureError::NoImages));
    assert_eq!(mean_image(&none), Err(MeasureError::NoImages));
    assert_eq!(mean_image_baseline(&none, &two), Err(MeasureError::NoImages));
    assert_eq!(mean_image_baseline(&two, &none), Err(MeasureError::NoImages));
    assert_eq!(
        evaluate(&two, &[0.0; 3], None),
        Err(MeasureError::Length { what: "reconstructions".into(), expected: 4, got: 3 })
    );
    assert!(matches!(
        evaluate(&two, &[0.0, 0.0, 0.0, f32::NAN], None),
        Err(MeasureError::NotFinite { image: 1, index: 1, value, .. }) if value.is_nan()
    ));
    assert_eq!(
        evaluate(&two, &[0.0; 4], Some((&[0], &["a".into()]))),
        Err(MeasureError::Length { what: "labels".into(), expected: 2, got: 1 })
    );
    assert_eq!(
        evaluate(&two, &[0.0; 4], Some((&[0, 1], &["a".into()]))),
        Err(MeasureError::Class { image: 1, class: 1, classes: 1 })
    );
    assert_eq!(
        evaluate_with(&two, &[0.0; 4], &[(&BCE, &[0.0])], None),
        Err(MeasureError::Length { what: "BCE values".into(), expected: 2, got: 1 })
    );
    assert!(matches!(
        evaluate_with(&two, &[0.0; 4], &[(&BCE, &[0.0, f64::INFINITY])], None),
        Err(MeasureError::NotFinite { what, image: 1, .. }) if what == "BCE values"
    ));
    let other = images(Shape::new(1, 2, 1), vec![1, 2]);
    let error = mean_image_baseline(&other, &two).expect_err("another size").to_string();
    assert!(error.contains("1×2×1") && error.contains("2×1×1"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn laws_of_the_metrics(
        (shape, bytes, other) in (1..4_usize, 1..16_usize, 1..16_usize).prop_flat_map(|(c, h, w)| {
            let pixels = || prop::collection::vec(any::<u8>(), c * h * w);
            (Just(Shape::new(c, h, w)), pixels(), pixels())
        })
    ) {
        let (x, y) = (floats(&bytes), floats(&other));
        prop_assert!((Ssim::new(shape).ssim(&bytes, &x) - 1.0).abs() < FLOAT_ROUNDING);
        let (forth, back) = (Ssim::new(shape).ssim(&bytes, &y), Ssim::new(shape).ssim(&other, &x));
        prop_assert!((forth - back).abs() < FLOAT_ROUNDING, "{} {}", forth, back);
        prop_assert!(forth <= 1.0 + FLOAT_ROUNDING);
        prop_assert!((mse(&bytes, &y) - mse(&other, &x)).abs() < FLOAT_ROUNDING);
        // Jensen: the mean absolute error is never more than the root of the mean square.
        prop_assert!(mae(&bytes, &y) <= mse(&bytes, &y).sqrt() + FLOAT_ROUNDING);
        // Gibbs: no prediction is better than the truth, by at least the clipping.
        prop_assert!(bce::bce(&bytes, &y) >= bce::floor(&bytes) - FLOAT_ROUNDING);
        prop_assert!((bce::bce(&bytes, &x) - bce::floor(&bytes)).abs() < FLOAT_ROUNDING);
    }

    #[test]
    fn psnr_falls_ten_decibels_for_each_ten_times_the_error(mse in 1e-9..1.0_f64) {
        prop_assert!((psnr(mse) - psnr(mse * 10.0) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn psnr_of_the_mean_is_never_above_the_mean_psnr(errors in prop::collection::vec(1e-6..1.0_f64, 1..20)) {
        let count = errors.len() as f64;
        let mean_psnr = errors.iter().map(|&mse| psnr(mse)).sum::<f64>() / count;
        prop_assert!(psnr(errors.iter().sum::<f64>() / count) <= mean_psnr + 1e-9);
    }
}
