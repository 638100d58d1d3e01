//! Pictures have what they should show where they should, and refuse what cannot be drawn.

use tenun_engine::Shape;

use super::theme::Rgb;
use super::*;
use crate::data::Images;

fn pixel(picture: &Picture, x: u32, y: u32) -> Rgb {
    let at = ((y * picture.width + x) * 3) as usize;
    [picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]]
}

fn count(picture: &Picture, color: Rgb) -> usize {
    picture.rgb.chunks_exact(3).filter(|p| *p == color).count()
}

/// Nothing is cut off at an edge: the outermost pixels are all background.
fn assert_margin(picture: &Picture, theme: Theme) {
    let (right, bottom) = (picture.width - 1, picture.height - 1);
    for x in 0..picture.width {
        assert_eq!(
            (pixel(picture, x, 0), pixel(picture, x, bottom)),
            (theme.background(), theme.background())
        );
    }
    for y in 0..picture.height {
        assert_eq!(
            (pixel(picture, 0, y), pixel(picture, right, y)),
            (theme.background(), theme.background())
        );
    }
}

fn two_images(channels: usize) -> (Images, Vec<f32>) {
    let shape = Shape::new(channels, 2, 3);
    let bytes: Vec<u8> = (0..2 * shape.len()).map(|i| (i * 11) as u8).collect();
    let output = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    (Images::new(shape, bytes).expect("two images"), output)
}

fn grid<'a>(images: &'a Images, output: &'a [f32], show: &'a [usize]) -> ReconstructionGrid<'a> {
    ReconstructionGrid { images, reconstructions: output, show, captions: &[], difference: false, zoom: 10 }
}

#[test]
fn grid_shows_each_pixel_as_a_square_of_its_own_colour() {
    for channels in [1, 3] {
        let (images, output) = two_images(channels);
        let picture = reconstruction_grid(&grid(&images, &output, &[1]), Theme::Light).expect("valid grid");
        assert_margin(&picture, Theme::Light);
        let pixels = images.image(1);
        for i in 0..6 {
            let channel = |c: usize| pixels[if channels == 3 { c * 6 + i } else { i }];
            let color = [channel(0), channel(1), channel(2)];
            // A pixel is 10 units of two pixels: 400 in all, once as original, once reconstructed.
            assert_eq!(count(&picture, color), 2 * 400, "pixel {i} of {channels} channels");
        }
    }
}

#[test]
fn grid_of_other_channel_counts_is_their_grey_mean() {
    let images = Images::new(Shape::new(2, 1, 1), vec![100, 140]).expect("one image");
    let output = [100.0 / 255.0, 140.0 / 255.0];
    let picture = reconstruction_grid(&grid(&images, &output, &[0]), Theme::Dark).expect("valid grid");
    assert_eq!(count(&picture, [120; 3]), 2 * 400);
}

#[test]
fn grid_difference_is_black_where_there_is_none() {
    let images = Images::new(Shape::new(1, 1, 2), vec![255, 255]).expect("one image");
    let output = [1.0, 0.25];
    let show = ReconstructionGrid { difference: true, ..grid(&images, &output, &[0]) };
    let picture = reconstruction_grid(&show, Theme::Light).expect("valid grid");
    assert_eq!(count(&picture, colormap::inferno(0.0)), 400);
    assert_eq!(count(&picture, colormap::inferno(1.0)), 400);
}

#[test]
fn grid_goes_on_in_bands_and_never_leaves_the_page() {
    let images = Images::new(Shape::new(1, 28, 28), vec![128; 784 * 30]).expect("thirty images");
    let output = vec![0.5; 784 * 30];
    let show: Vec<usize> = (0..30).collect();
    let captions = vec!["a caption that is far too long".to_owned(); 30];
    let show = ReconstructionGrid { captions: &captions, zoom: 0, ..grid(&images, &output, &show) };
    let picture = reconstruction_grid(&show, Theme::Light).expect("valid grid");
    assert_margin(&picture, Theme::Light);
    assert!(
        picture.width <= 2 * 880 && picture.height > picture.width,
        "{}×{}",
        picture.width,
        picture.height
    );
}

#[test]
fn grid_refuses_what_does_not_fit() {
    let (images, output) = two_images(1);
    let fails =
        |grid: ReconstructionGrid<'_>| reconstruction_grid(&grid, Theme::Light).expect_err("bad grid");
    assert_eq!(fails(grid(&images, &output, &[])), PictureError::Empty { what: "images to show" });
    assert!(matches!(fails(grid(&images, &output, &[2])), PictureError::Index { index: 2, count: 2, .. }));
    assert!(matches!(
        fails(grid(&images, &output[1..], &[0])),
        PictureError::Length { expected: 12, got: 11, .. }
    ));
    let nan = [f32::NAN; 12];
    assert!(matches!(fails(grid(&images, &nan, &[0])), PictureError::NotFinite { index: 0, .. }));
    let captions = ["one".to_owned()];
    let show = ReconstructionGrid { captions: &captions, ..grid(&images, &output, &[0, 1]) };
    assert!(matches!(fails(show), PictureError::Length { what: "captions", .. }));
    for zoom in [100_000, u32::MAX] {
        let show = ReconstructionGrid { zoom, ..grid(&images, &output, &[0]) };
        assert!(matches!(fails(show), PictureError::TooLarge { .. }));
    }
}

#[test]
fn loss_curves_show_both_series_and_the_floor() {
    for theme in [Theme::Light, Theme::Dark] {
        let curves = LossCurves {
            loss: "loss",
            train: &[0.6, 0.4, f64::NAN, 0.3],
            validation: &[0.5, 0.4, 0.35, 0.33],
            floor: Some(0.24),
            best_epoch: Some(4),
            log: false,
        };
        let picture = loss_curves(&curves, theme).expect("valid curves");
        assert_margin(&picture, theme);
        for series in 0..2 {
            assert!(count(&picture, palette::color(series, theme)) > 500, "{series}");
        }
        let without = loss_curves(&LossCurves { floor: None, ..curves }, theme).expect("valid curves");
        assert!(count(&picture, theme.muted()) > count(&without, theme.muted()));
        assert_ne!(picture, loss_curves(&LossCurves { log: true, ..curves }, theme).expect("valid curves"));
    }
}

#[test]
fn loss_curves_of_odd_runs() {
    let draw = |train: &[f64], validation: &[f64], log| {
        let curves = LossCurves { train, validation, log, best_epoch: Some(9), ..LossCurves::default() };
        loss_curves(&curves, Theme::Light)
    };
    for log in [false, true] {
        for train in
            [&[0.5][..], &[0.5; 3], &[0.0, 0.0], &[-1.0, 2.0], &[f64::INFINITY, 1.0], &[1e-300, 1e300]]
        {
            assert_margin(&draw(train, &[], log).expect("a finite loss"), Theme::Light);
        }
    }
    assert_eq!(draw(&[], &[], false), Err(PictureError::Empty { what: "loss curves" }));
    assert_eq!(draw(&[f64::NAN], &[], false), Err(PictureError::Empty { what: "loss curves" }));
    assert!(matches!(draw(&[1.0, 2.0], &[1.0], false), Err(PictureError::Length { .. })));
}

fn bars(points: &[(f64, f64, f64)]) -> Vec<(String, Vec<Measured>)> {
    let point = |&(x, mean, spread): &(f64, f64, f64)| Measured { x, mean, spread };
    vec![("series".to_owned(), points.iter().map(point).collect())]
}

#[test]
fn error_bars_show_means_spread_floor_elbow_and_what_they_are_compared_with() {
    let series = bars(&[(2.0, 0.35, 0.01), (16.0, 0.3, 0.002), (128.0, 0.28, 0.004)]);
    let pca = [(2.0, 0.37), (16.0, 0.31), (128.0, 0.27)];
    for theme in [Theme::Light, Theme::Dark] {
        let chart = ErrorBars {
            title: "title",
            series: &series,
            lines: true,
            reference: Some(Reference { label: "PCA", points: &pca }),
            floor: Some(0.24),
            best: Some(Callout { x: 128.0, y: 0.28, label: "best".into() }),
            elbow: Some(Callout { x: 16.0, y: 0.3, label: "elbow".into() }),
            log_x: true,
            ..ErrorBars::default()
        };
        let picture = error_bars(&chart, theme).expect("valid points");
        assert_margin(&picture, theme);
        let blue = |picture: &Picture| count(picture, palette::color(0, theme));
        assert!(blue(&picture) > 500);
        let exact = bars(&[(2.0, 0.35, 0.0), (16.0, 0.3, 0.0), (128.0, 0.28, 0.0)]);
        let exact = error_bars(&ErrorBars { series: &exact, ..chart.clone() }, theme).expect("valid points");
        assert!(blue(&exact) < blue(&picture), "no bars, less ink");
        for other in [
            ErrorBars { reference: None, ..chart.clone() },
            ErrorBars { floor: None, ..chart.clone() },
            ErrorBars { best: None, ..chart.clone() },
            ErrorBars { elbow: None, ..chart.clone() },
            ErrorBars { log_x: false, ..chart.clone() },
            ErrorBars { lines: false, ..chart.clone() },
        ] {
            assert_ne!(error_bars(&other, theme).expect("valid points"), picture);
        }
    }
}

#[test]
fn error_bars_of_odd_series() {
    let draw = |series: &[(String, Vec<Measured>)], log_x, words: &[String]| {
        error_bars(&ErrorBars { series, log_x, words, lines: true, ..ErrorBars::default() }, Theme::Light)
    };
    for log in [false, true] {
        for points in [
            &[(1.0, 1.0, 0.0)][..],
            &[(1.0, 2.0, 0.5), (1.0, 2.0, 0.5)],
            &[(1e-9, 0.0, 0.0), (1e9, -1.0, 3.0)],
        ] {
            assert_margin(&draw(&bars(points), log, &[]).expect("finite points"), Theme::Light);
        }
    }
    let words = ["bce".to_owned(), "a loss with a rather long name".to_owned()];
    assert_margin(
        &draw(&bars(&[(0.0, 1.0, 0.1), (1.0, 2.0, 0.1)]), false, &words).expect("words"),
        Theme::Light,
    );
    let many: Vec<_> =
        (0..30).map(|i| (format!("series {i}"), bars(&[(1.0, f64::from(i), 0.1)]).remove(0).1)).collect();
    assert_margin(&draw(&many, false, &[]).expect("many series"), Theme::Light);
    assert_eq!(draw(&[], false, &[]), Err(PictureError::Empty { what: "points" }));
    assert!(matches!(draw(&bars(&[(0.0, 1.0, 0.0)]), true, &[]), Err(PictureError::NotFinite { .. })));
    assert!(matches!(draw(&bars(&[(1.0, f64::NAN, 0.0)]), false, &[]), Err(PictureError::NotFinite { .. })));
}

#[test]
fn scatter_has_every_class_in_its_colour() {
    let names: Vec<String> = (0..3).map(|class| format!("class {class}")).collect();
    let points: Vec<f32> = (0..60).flat_map(|i| [i as f32, (i * 7 % 13) as f32]).collect();
    let classes: Vec<u32> = (0..60).map(|i| i % 3).collect();
    let draw = |points, labels| {
        scatter(&Scatter { points, labels, title: "codes", ..Scatter::default() }, Theme::Light)
    };
    let picture = draw(&points, Some((&classes, &names))).expect("valid points");
    assert_margin(&picture, Theme::Light);
    for class in 0..3 {
        assert!(count(&picture, palette::color(class, Theme::Light)) > 20, "{class}");
    }
    assert!(draw(&points, None).is_ok());
    assert!(draw(&[1.0; 2], None).is_ok(), "one point");
    assert_eq!(draw(&[], None), Err(PictureError::Empty { what: "points" }));
    assert!(matches!(draw(&[1.0; 3], None), Err(PictureError::Length { .. })));
    assert!(matches!(draw(&[f32::NAN; 2], None), Err(PictureError::NotFinite { .. })));
    assert!(matches!(draw(&points, Some((&classes[1..], &names))), Err(PictureError::Length { .. })));
    assert!(matches!(
        draw(&points, Some((&classes, &names[1..]))),
        Err(PictureError::Index { index: 2, .. })
    ));
}

#[test]
fn scatter_with_a_hundred_classes_has_a_legend_that_ends() {
    let names: Vec<String> =
        (0..100).map(|class| format!("a class with a rather long name {class}")).collect();
    let points: Vec<f32> = (0..200).map(|i| (i * i % 17) as f32).collect();
    let classes: Vec<u32> = (0..100).collect();
    let codes = Scatter { points: &points, labels: Some((&classes, &names)), ..Scatter::default() };
    assert_margin(&scatter(&codes, Theme::Dark).expect("valid points"), Theme::Dark);
}

#[test]
fn histogram_stands_on_its_values() {
    let draw = |values: &[f64]| histogram(&Histogram { values, ..Histogram::default() }, Theme::Light);
    let picture = draw(&(0..100).map(f64::from).collect::<Vec<_>>()).expect("valid values");
    assert_margin(&picture, Theme::Light);
    assert!(count(&picture, palette::color(0, Theme::Light)) > 10_000);
    assert!(draw(&[2.5; 4]).is_ok(), "all the same");
    assert_eq!(draw(&[]), Err(PictureError::Empty { what: "values of the histogram" }));
    assert!(matches!(draw(&[1.0, f64::INFINITY]), Err(PictureError::NotFinite { index: 1, .. })));
}

#[test]
fn feature_maps_are_scaled_each_by_itself() {
    let values = [0.0, 1.0, 1.0, 1.0, 7.0, 9.0, 9.0, 9.0, 3.0, 3.0, 3.0, 3.0];
    let layer = FeatureLayer { name: "conv", shape: Shape::new(3, 2, 2), values: &values };
    let picture = feature_maps((Shape::new(1, 1, 1), &[0]), &[layer], Theme::Light).expect("valid layer");
    assert_margin(&picture, Theme::Light);
    let cell = (29 * 2) * (29 * 2);
    assert_eq!(count(&picture, colormap::viridis(1.0)), 6 * cell);
    assert_eq!(count(&picture, colormap::viridis(0.0)), 6 * cell, "two least values, and a constant map");
}

#[test]
fn feature_maps_of_odd_layers() {
    let draw = |shape: Shape, values: &[f32]| {
        let layer = FeatureLayer { name: "layer", shape, values };
        feature_maps((Shape::new(3, 45, 37), &[9; 45 * 37 * 3]), &[layer], Theme::Light)
    };
    for shape in [
        Shape::vector(1),
        Shape::vector(128),
        Shape::vector(100),
        Shape::new(512, 2, 2),
        Shape::new(7, 1, 300),
    ] {
        let values: Vec<f32> = (0..shape.len()).map(|i| i as f32).collect();
        assert_margin(&draw(shape, &values).expect("valid layer"), Theme::Light);
    }
    assert!(matches!(draw(Shape::new(1, 2, 2), &[0.0; 3]), Err(PictureError::Length { .. })));
    assert!(matches!(draw(Shape::new(1, 0, 2), &[]), Err(PictureError::Empty { .. })));
    assert!(matches!(draw(Shape::vector(1), &[f32::NAN]), Err(PictureError::NotFinite { .. })));
    let none = feature_maps((Shape::new(1, 1, 1), &[0]), &[], Theme::Light);
    assert_eq!(none, Err(PictureError::Empty { what: "layers" }));
}

#[test]
fn same_input_same_png_and_it_is_one() {
    let draw = || histogram(&Histogram { values: &[1.0, 2.0], ..Histogram::default() }, Theme::Dark);
    let (first, second) = (draw().expect("valid values"), draw().expect("valid values"));
    let png = first.png().expect("encodes");
    assert_eq!(png, second.png().expect("encodes"));
    let read = image::load_from_memory(&png).expect("a PNG").to_rgb8();
    assert_eq!(
        (read.width(), read.height(), read.into_raw()),
        (first.width(), first.height(), first.rgb().to_vec())
    );
}

#[test]
fn pictures_of_any_number_of_images_have_a_sane_size() {
    let sane = |picture: &Picture, what: &str| {
        let (width, height) = (picture.width(), picture.height());
        assert!(width <= 8 * 2 * 880 && height <= 12_100, "{what}: {width}×{height}");
    };
    for (count, shape) in [
        (1000, Shape::new(1, 28, 28)),
        (100, Shape::new(3, 90, 160)),
        (40, Shape::new(1, 3, 700)),
        (40, Shape::new(1, 700, 3)),
        (3000, Shape::new(1, 1, 1)),
    ] {
        let images = Images::new(shape, vec![128; count * shape.len()]).expect("images");
        let output = vec![0.5; count * shape.len()];
        let show: Vec<usize> = (0..count).collect();
        let content = ReconstructionGrid { zoom: 0, difference: true, ..grid(&images, &output, &show) };
        sane(&reconstruction_grid(&content, Theme::Light).expect("valid grid"), &shape.to_string());
        let content = Mosaic { shape, images: &output, columns: 20, zoom: 0 };
        sane(&mosaic(&content, Theme::Light).expect("valid mosaic"), &shape.to_string());
    }
    let deep = Shape::new(100, 9, 9);
    let (maps, vector) = (vec![0.5; deep.len()], vec![0.5; 1_000_000]);
    let mut layers = vec![FeatureLayer { name: "layer", shape: deep, values: &maps }; 80];
    layers[0] = FeatureLayer {
        name: "a name that goes on ".repeat(99).leak(),
        shape: Shape::vector(1_000_000),
        values: &vector,
    };
    let input = (Shape::new(1, 2000, 3), &[7; 6000][..]);
    let picture = feature_maps(input, &layers, Theme::Dark).expect("valid layers");
    sane(&picture, "deep");
    assert_margin(&picture, Theme::Dark);
    assert!(picture.is_reduced(), "the input is too high");
}
