//! Every layer, with every register width: against its equation in double precision, forwards and backwards, for
//! shapes and settings drawn at random; and the equation's gradient against finite differences.

use std::cell::LazyCell;

use proptest::prelude::*;

use super::*;
use crate::network::placer::Placer;
use crate::place::Part;
use crate::plan::testing::PENALTY_WEIGHT;
use crate::plan::testing::Trial;
use crate::program::Rewrite;
use crate::reference::Tape;
use crate::{TILE, Width};

/// Float rounding of a sum of up to a few thousand products, relative to the largest result.
const TOLERANCE: f64 = 2e-5;

/// Or, where that is more: so many times what a plain computation in single precision loses.
const PLAIN: f64 = 8.0;

/// How far apart two numbers are, beside the larger one or 1, that single precision surely tells apart: a hundred times
/// its rounding.
const CLEAR: f64 = 1e-5;

/// Layers in their places, or the reason why there are none.
pub(super) fn place(input: Shape, layers: &[Layer]) -> Result<(Vec<Placed>, usize), crate::SpecError> {
    let mut placer = Placer::new(input)?;
    let placed = placer.part(Part::Encoder, layers)?;
    Ok((placed, placer.parameter_count()))
}

/// Deterministic numbers in ±1 from a counter; distinct, so that maxima are unique.
fn numbers(n: usize, salt: u64) -> Vec<f32> {
    let words = crate::Philox::new(salt, crate::Purpose::Sample).stream(0, 0);
    words.take(n).map(|word| 2.0 * crate::random::unit(word) - 1.0).collect()
}

/// What layers make of `TILE` images: outputs, penalties, and the gradients.
struct Results {
    outputs: Vec<f64>,
    penalties: Vec<f64>,
    d_images: Vec<f64>,
    d_parameters: Vec<f64>,
}

/// What the equations of `trial` give in double precision, or computed plainly in single precision on such a tape. A case
/// in which two numbers are compared that single precision may not tell apart is rejected: on either side of a kink
/// another gradient is right.
fn equations(trial: &Trial<'_>, tape: fn() -> Tape) -> Result<Results, TestCaseError> {
    let Trial { placed, parameters, images, seeds, .. } = *trial;
    let mut d_parameters = vec![0.0; parameters.len()];
    let (mut outputs, mut d_images, mut penalties) = (Vec::new(), Vec::new(), Vec::new());
    let (images, seeds) = (images.chunks_exact(images.len() / TILE), seeds.chunks_exact(seeds.len() / TILE));
    for (image, (pixels, seeds)) in images.zip(seeds).enumerate() {
        let noise = RandomKey { seed: 1, epoch: 2, image: image as u32 };
        let tape = tape();
        let track = |x: &[f32]| x.iter().map(|&x| tape.variable(f64::from(x))).collect::<Vec<_>>();
        let (p, x) = (track(parameters), track(pixels));
        let (y, penalty) = sequence::reference_and_penalty(placed, &p, x.clone(), noise);
        let objective =
            y.iter().zip(seeds).fold(tape.variable(0.0), |sum, (&y, &seed)| sum + y * f64::from(seed).into());
        let objective = objective + penalty * f64::from(PENALTY_WEIGHT).into();
        prop_assume!(tape.narrowest() > CLEAR);
        penalties.push(penalty.value());
        outputs.extend(y.iter().map(|y| y.value()));
        d_images.extend(tape.gradient(objective, &x));
        for (sum, d) in d_parameters.iter_mut().zip(tape.gradient(objective, &p)) {
            *sum += d;
        }
        // In place of a gradient, parameters may follow statistics of what passes.
        let plain: Vec<f64> = parameters.iter().map(|&x| f64::from(x)).collect();
        for (i, at) in placed.iter().enumerate() {
            let start: Vec<f64> = x.iter().map(|x| x.value()).collect();
            let given = sequence::reference_and_penalty(&placed[..i], &plain, start, noise).0;
            if let Some(sums) = at.layer.statistics(at, &plain, &given) {
                for (to, sum) in d_parameters[at.place.parameters[0].range.start..].iter_mut().zip(sums) {
                    *to += sum;
                }
            }
        }
    }
    Ok(Results { outputs, penalties, d_images, d_parameters })
}

/// Runs `layers` on sixteen random images and compares everything with the reference.
fn check(input: Shape, layers: &[Layer], salt: u64) -> Result<(), TestCaseError> {
    let (placed, count) = place(input, layers).unwrap_or_else(|e| panic!("{layers:?}: {e}"));
    let output = placed.last().unwrap().place.output;
    let parameters = numbers(count, salt + 1);
    let images = numbers(TILE * input.len(), salt + 2);
    let seeds = numbers(TILE * output.len(), salt + 3);
    let trial = Trial::new(&placed, &parameters, &images, &seeds);
    let ours = trial.run(Width::Portable);
    let first = Trial { input_gradient: false, ..trial };
    let written = Trial { without: Rewrite::ALL, ..trial };

    let exact = equations(&trial, Tape::default)?;
    let single = LazyCell::new(|| equations(&trial, Tape::single));
    let close = |what: &str, ours: &[f32], of: fn(&Results) -> &[f64]| {
        let exact = of(&exact);
        assert_eq!(ours.len(), exact.len(), "{what}");
        let scale = exact.iter().fold(1e-3f64, |most, x| most.max(x.abs()));
        // The first number that is off, NaN too.
        let off = |allowed: f64| {
            let is_close = |ours: f64, exact: f64| (ours - exact).abs() <= allowed;
            let mut pairs = ours.iter().map(|&x| f64::from(x)).zip(exact).enumerate();
            pairs.find(|(_, (ours, exact))| !is_close(*ours, **exact))
        };
        if off(TOLERANCE * scale).is_some() {
            // An equation that cancels, or the slope of an activation near its limit, loses more digits.
            prop_assume!(single.is_ok());
            let plain = of(single.as_ref().unwrap());
            let lost = plain.iter().zip(exact).fold(0f64, |most, (a, b)| most.max((a - b).abs()));
            if let Some((i, (ours, exact))) = off(PLAIN * lost) {
                panic!(
                    "{what}[{i}]: {ours}, expected {exact} (of {scale}; plainly computed, {lost} is lost)"
                );
            }
        }
        Ok(())
    };
    close("output", &ours.outputs, |r| &r.outputs)?;
    close("penalties", &ours.penalties, |r| &r.penalties)?;
    close("gradient of the input", &ours.d_images, |r| &r.d_images)?;
    close("gradient of the parameters", &ours.d_parameters, |r| &r.d_parameters)?;
    if count > 0 {
        let d_parameters = first.run(Width::Portable).d_parameters;
        close("gradient of the parameters of a first layer", &d_parameters, |r| &r.d_parameters)?;
    }
    let as_written = written.run(Width::detect());
    close("output without rewrites", &as_written.outputs, |r| &r.outputs)?;
    close("gradient of the input without rewrites", &as_written.d_images, |r| &r.d_images)?;
    close("gradient of the parameters without rewrites", &as_written.d_parameters, |r| &r.d_parameters)?;
    for width in Width::available() {
        let other = trial.run(width);
        let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same(&ours.outputs, &other.outputs), "{width} gives other outputs for {layers:?}");
        assert!(same(&ours.penalties, &other.penalties), "{width} gives other penalties for {layers:?}");
        assert!(same(&ours.d_images, &other.d_images), "{width} gives other input gradients for {layers:?}");
        assert!(
            same(&ours.d_parameters, &other.d_parameters),
            "{width} gives other gradients for {layers:?}"
        );
        if count > 0 {
            let (ours, other) = (first.run(Width::Portable), first.run(width));
            assert!(
                same(&ours.d_parameters, &other.d_parameters),
                "{width} gives other gradients of a first layer"
            );
        }
    }
    Ok(())
}

/// The equation's exact gradient against central differences, both in double precision.
fn check_differences(input: Shape, layers: &[Layer], salt: u64) {
    let (placed, count) = place(input, layers).unwrap_or_else(|e| panic!("{layers:?}: {e}"));
    let double = |x: Vec<f32>| x.into_iter().map(f64::from).collect::<Vec<_>>();
    let both = double(numbers(count + input.len(), salt + 4));
    let seeds = double(numbers(placed.last().unwrap().place.output.len(), salt + 5));
    let noise = RandomKey { seed: 1, epoch: 2, image: 3 };
    let objective = |both: &[f64]| -> f64 {
        let (y, penalty) =
            sequence::reference_and_penalty(&placed, &both[..count], both[count..].to_vec(), noise);
        y.iter().zip(&seeds).map(|(y, seed)| y * seed).sum::<f64>() + penalty
    };
    let tape = Tape::default();
    let tracked: Vec<_> = both.iter().map(|&x| tape.variable(x)).collect();
    let (y, penalty) =
        sequence::reference_and_penalty(&placed, &tracked[..count], tracked[count..].to_vec(), noise);
    let sum =
        penalty + y.iter().zip(&seeds).fold(tape.variable(0.0), |sum, (&y, &seed)| sum + y * seed.into());
    let exact = tape.gradient(sum, &tracked);
    let h = 1e-6;
    for i in 0..both.len() {
        let moved = |d: f64| {
            let mut x = both.clone();
            x[i] += d;
            objective(&x)
        };
        let difference = (moved(h) - moved(-h)) / (2.0 * h);
        assert!(
            (exact[i] - difference).abs() <= 1e-6 * (1.0 + exact[i].abs()),
            "{layers:?} [{i}]: {} by the tape, {difference} by differences",
            exact[i]
        );
    }
}

fn shapes() -> impl Strategy<Value = Shape> {
    (1usize..6, 1usize..10, 1usize..10).prop_map(|(c, h, w)| Shape::new(c, h, w))
}

fn corruption() -> impl Strategy<Value = Corruption> {
    use Corruption::{Blur, Gaussian, Masking, Patches, SaltAndPepper};
    prop::sample::select(vec![Gaussian, SaltAndPepper, Masking, Patches, Blur])
}

fn rounding() -> impl Strategy<Value = Rounding> {
    prop_oneof![Just(Rounding::Up), Just(Rounding::Down)]
}

/// A shape and a layer that can take it.
fn layer_on_shape() -> impl Strategy<Value = (Shape, Layer)> {
    let layer = prop_oneof![
        6 => (1usize..8, prop::sample::select(vec![1, 3, 5, 7]), 1usize..3, any::<bool>(), any::<bool>()).prop_map(
            |(filters, kernel, stride, same, bias)| {
                let padding = if same { Padding::Same } else { Padding::Valid };
                Conv2d { filters, kernel, stride, padding, bias }.into()
            }
        ),
        2 => (2usize..4, rounding()).prop_map(|(size, rounding)| MaxPool { size, rounding }.into()),
        2 => (2usize..4, rounding()).prop_map(|(size, rounding)| AveragePool { size, rounding }.into()),
        1 => (2usize..4).prop_map(|factor| Upsample { factor }.into()),
        2 => (1usize..20, any::<bool>()).prop_map(|(features, bias)| Dense { features, bias }.into()),
        1 => Just(Flatten {}.into()),
        1 => (0usize..3, 0usize..3, 0usize..3, 0usize..3)
            .prop_map(|(top, bottom, left, right)| Crop { top, bottom, left, right }.into()),
        1 => (0usize..3, 0usize..3, 0usize..3, 0usize..3)
            .prop_map(|(top, bottom, left, right)| ZeroPad { top, bottom, left, right }.into()),
        1 => Just(Relu {}.into()),
        1 => (0.01f32..0.9).prop_map(|slope| LeakyRelu { slope }.into()),
        1 => Just(Silu {}.into()),
        1 => Just(Gelu {}.into()),
        1 => (0.1f32..2.0).prop_map(|alpha| Elu { alpha }.into()),
        1 => Just(Mish {}.into()),
        1 => Just(Tanh {}.into()),
        1 => Just(Sigmoid {}.into()),
        1 => (-1f32..1.0, 0.3f32..2.0, any::<bool>()).prop_map(|(mean, std, given)| {
            // One channel is what the images of these tests begin with.
            let of = |x: f32| if given { vec![x] } else { Vec::new() };
            Standardise { mean: of(mean), std: of(std) }.into()
        }),
        1 => (0f32..0.9).prop_map(|rate| Dropout { rate }.into()),
        2 => (corruption(), 0.1f32..0.9, 1usize..4)
            .prop_map(|(kind, amount, size)| Corrupt { kind, amount, size }.into()),
        1 => (prop::sample::select(vec![Norm::L1, Norm::L2]), 0f32..2.0)
            .prop_map(|(norm, weight)| Penalty { norm, weight }.into()),
        2 => (0f32..2.0, 0u32..5, prop::sample::select(vec![0.0, 0.0, 0.1]))
            .prop_map(|(beta, warmup_epochs, free_bits)| Sampling { beta, warmup_epochs, free_bits }.into()),
        2 => (1usize..4).prop_map(|groups| GroupNorm { groups, epsilon: 1e-3 }.into()),
    ];
    (shapes(), layer).prop_filter("the layer takes the shape", |(shape, layer): &(Shape, Layer)| {
        layer.infer(*shape).is_ok()
    })
}

proptest! {
    #![proptest_config(crate::testing::cases(160))]

    #[test]
    fn a_layer_alone_is_its_equation((shape, layer) in layer_on_shape(), salt in 0u64..1000) {
        check(shape, &[layer], salt)?;
    }

    /// After a convolution, an activation works in place; before a layer with a border, the layout changes.
    #[test]
    fn layers_in_a_row_are_their_equations((shape, layer) in layer_on_shape(), kernel in prop::sample::select(vec![1, 3, 5]), salt in 0u64..1000) {
        let before = Conv2d { filters: shape.channels, kernel, ..Conv2d::default() };
        let mut layers: Vec<Layer> = vec![before.into(), layer, Relu {}.into()];
        if layers[1].infer(shape).is_ok_and(|output| !output.is_vector()) {
            layers.push(Conv2d { filters: 2, kernel: 3, ..Conv2d::default() }.into());
        }
        check(shape, &layers, salt)?;
    }

    /// Both layers at once, computed on the small map.
    #[test]
    fn an_upsampled_convolution_is_its_equation(
        shape in shapes(),
        factor in 2usize..4,
        filters in 1usize..7,
        kernel in prop::sample::select(vec![1, 3, 5]),
        same: bool,
        bias: bool,
        salt in 0u64..1000,
    ) {
        let padding = if same { Padding::Same } else { Padding::Valid };
        let conv = Conv2d { filters, kernel, stride: 1, padding, bias };
        let layers: Vec<Layer> = vec![Upsample { factor }.into(), conv.into(), Relu {}.into(), Upsample { factor: 2 }.into(), Conv2d { filters: 1, ..Conv2d::default() }.into()];
        prop_assume!(place(shape, &layers).is_ok());
        check(shape, &layers, salt)?;
    }

    /// A convolution and the largest of its windows at once, with and without a rectifier between them.
    #[test]
    fn a_pooled_convolution_is_its_equation(
        shape in shapes(),
        filters in 1usize..7,
        kernel in prop::sample::select(vec![1, 3, 5]),
        stride in 1usize..3,
        rectified: bool,
        rounding in rounding(),
        bias: bool,
        salt in 0u64..1000,
    ) {
        let mut layers: Vec<Layer> = vec![Conv2d { filters, kernel, stride, bias, ..Conv2d::default() }.into()];
        layers.extend(rectified.then(|| Relu {}.into()));
        layers.push(MaxPool { size: 2, rounding }.into());
        layers.push(Silu {}.into());
        prop_assume!(place(shape, &layers).is_ok());
        check(shape, &layers, salt)?;
    }

    /// The nearest vectors, the gradient straight through them, and what the codebook follows.
    #[test]
    fn a_quantized_map_is_its_equation(
        shape in shapes(),
        codes in 2usize..20,
        commitment in 0f32..1.0,
        salt in 0u64..1000,
    ) {
        let quantize = Quantize { codes, commitment, ..Quantize::default() };
        let before = Conv2d { filters: shape.channels, kernel: 1, ..Conv2d::default() };
        check(shape, &[before.into(), quantize.into(), Silu {}.into()], salt)?;
    }

    /// The slope of the divergence at the mean so far, and what the mean follows.
    #[test]
    fn rare_units_are_their_equation(shape in shapes(), target in 0.01f32..0.9, weight in 0f32..2.0, salt in 0u64..1000) {
        let sparsity = Sparsity { target, weight, ..Sparsity::default() };
        let before = Conv2d { filters: shape.channels, kernel: 1, ..Conv2d::default() };
        check(shape, &[before.into(), Sigmoid {}.into(), sparsity.into(), Silu {}.into()], salt)?;
    }

    #[test]
    fn a_residual_block_is_its_equation(shape in shapes(), filters in 1usize..4, salt in 0u64..1000) {
        let inner = Residual { body: vec![Silu {}.into(), Conv2d { filters, ..Conv2d::default() }.into()] };
        let body = vec![
            GroupNorm { groups: 1, epsilon: 1e-3 }.into(),
            Relu {}.into(),
            Conv2d { filters, ..Conv2d::default() }.into(),
            inner.into(),
            Conv2d { filters: shape.channels, kernel: 1, ..Conv2d::default() }.into(),
            LeakyRelu::default().into(),
        ];
        let layers: Vec<Layer> = vec![
            Conv2d { filters: shape.channels, kernel: 1, ..Conv2d::default() }.into(),
            Residual { body }.into(),
            Tanh {}.into(),
        ];
        check(shape, &layers, salt)?;
    }

    #[test]
    fn gradients_are_finite_differences((shape, layer) in layer_on_shape(), salt in 0u64..1000) {
        check_differences(shape, &[layer], salt);
    }
}

proptest! {
    #![proptest_config(crate::testing::cases(40))]

    /// With channels enough for nine products instead of sixteen to pay: few filters and many, maps of any size.
    #[test]
    fn an_upsampled_convolution_of_many_channels_is_its_equation(
        channels in 8usize..15,
        (height, width) in (1usize..7, 1usize..9),
        factor in prop::sample::select(vec![2, 2, 2, 3]),
        filters in 1usize..12,
        kernel in prop::sample::select(vec![3, 3, 3, 5]),
        same: bool,
        bias: bool,
        salt in 0u64..1000,
    ) {
        let padding = if same { Padding::Same } else { Padding::Valid };
        let conv = Conv2d { filters, kernel, stride: 1, padding, bias };
        let layers: Vec<Layer> = vec![Upsample { factor }.into(), conv.into()];
        let shape = Shape::new(channels, height, width);
        prop_assume!(place(shape, &layers).is_ok());
        check(shape, &layers, salt)?;
    }
}

/// Maps so wide that they are computed in several strips of rows.
#[test]
fn an_upsampled_convolution_of_a_wide_map_is_its_equation() {
    for (input, filters, padding) in [
        (Shape::new(8, 7, 20), 5, Padding::Same),
        (Shape::new(8, 7, 20), 2, Padding::Valid),
        (Shape::new(9, 4, 60), 1, Padding::Same),
        (Shape::new(9, 3, 60), 6, Padding::Valid),
    ] {
        let conv = Conv2d { filters, padding, ..Conv2d::default() };
        check(input, &[Upsample::default().into(), conv.into()], 7).unwrap();
    }
}

/// To the bit: background that is zero stays equal to itself, and is told from what is not by comparison.
#[test]
fn an_upsampled_convolution_of_zeros_is_its_bias() {
    let input = Shape::new(16, 6, 5);
    for (filters, padding) in
        [(1, Padding::Same), (3, Padding::Valid), (7, Padding::Same), (7, Padding::Valid)]
    {
        let layers = [Upsample::default().into(), Conv2d { filters, padding, ..Conv2d::default() }.into()];
        let (placed, count) = place(input, &layers).unwrap();
        let output = placed.last().unwrap().place.output;
        let parameters = numbers(count, 3);
        // One pixel of every channel, in a corner: what does not read it reads zeros alone.
        let mut images = vec![0.0; TILE * input.len()];
        for first in images.chunks_exact_mut(input.height * input.width) {
            first[0] = 1.0;
        }
        let seeds = vec![1.0; TILE * output.len()];
        let trial = Trial::new(&placed, &parameters, &images, &seeds);
        for width in Width::available() {
            let outputs = trial.run(width).outputs;
            let plane = output.height * output.width;
            for (i, y) in outputs.iter().enumerate() {
                let (filter, row, column) = (i / plane % filters, i % plane / output.width, i % output.width);
                let bias = parameters[count - filters + filter];
                if row > 2 || column > 2 {
                    assert_eq!(y.to_bits(), bias.to_bits(), "{width}, filter {filter}, {row}, {column}");
                } else if row + column == 0 {
                    assert_ne!(y.to_bits(), bias.to_bits(), "{width}, filter {filter}");
                }
            }
        }
    }
}

#[test]
fn max_pool_sends_ties_to_the_first() {
    let input = Shape::new(1, 2, 2);
    let (placed, _) = place(input, &[MaxPool::default().into()]).unwrap();
    let images: Vec<f32> = [1.0, 2.0, 2.0, 2.0].repeat(TILE);
    let seeds = vec![1.0; TILE];
    let trial = Trial::new(&placed, &[], &images, &seeds);
    for width in Width::available() {
        assert_eq!(trial.run(width).d_images, [0.0, 1.0, 0.0, 0.0].repeat(TILE), "{width}");
    }
}

/// Black background and no bias: the convolution gives exact zeros, through which a rectifier passes no gradient.
#[test]
fn a_pooled_convolution_of_black_passes_no_gradient() {
    let input = Shape::new(2, 6, 6);
    let conv = Conv2d { filters: 3, ..Conv2d::default() };
    let (placed, count) = place(input, &[conv.into(), Relu {}.into(), MaxPool::default().into()]).unwrap();
    let (images, parameters) = (vec![0.0; TILE * input.len()], vec![0.0; count]);
    let seeds = vec![1.0; TILE * placed[2].place.output.len()];
    for input_gradient in [true, false] {
        let (images, seeds) = (&images[..], &seeds[..]);
        let trial = Trial { input_gradient, ..Trial::new(&placed, &parameters, images, seeds) };
        for width in Width::available() {
            let outcome = trial.run(width);
            assert!(outcome.d_parameters.iter().chain(&outcome.d_images).all(|&d| d == 0.0), "{width}");
        }
    }
}

#[test]
fn a_pooled_convolution_sends_ties_to_the_first() {
    let input = Shape::new(1, 2, 2);
    let conv = Conv2d { filters: 1, kernel: 1, bias: false, ..Conv2d::default() };
    let (placed, _) = place(input, &[conv.into(), MaxPool::default().into()]).unwrap();
    let images: Vec<f32> = [1.0, 2.0, 2.0, 2.0].repeat(TILE);
    let trial = Trial::new(&placed, &[1.0], &images, &[1.0; TILE]);
    for width in Width::available() {
        assert_eq!(trial.run(width).d_images, [0.0, 1.0, 0.0, 0.0].repeat(TILE), "{width}");
    }
}

#[test]
fn a_pooled_convolution_shows_nan() {
    let input = Shape::new(1, 2, 2);
    let conv = Conv2d { filters: 1, kernel: 1, bias: false, ..Conv2d::default() };
    let (placed, _) = place(input, &[conv.into(), Relu {}.into(), MaxPool::default().into()]).unwrap();
    for at in 0..4 {
        let mut image = [1.0, 2.0, 3.0, 4.0];
        image[at] = f32::NAN;
        let images = image.repeat(TILE);
        let trial = Trial::new(&placed, &[1.0], &images, &[1.0; TILE]);
        for width in Width::available() {
            assert!(trial.run(width).outputs.iter().all(|y| y.is_nan()), "{width}, NaN at {at}");
        }
    }
}

#[test]
fn max_pool_shows_nan() {
    let input = Shape::new(1, 2, 2);
    let (placed, _) = place(input, &[MaxPool::default().into()]).unwrap();
    for at in 0..4 {
        let mut image = [1.0, 2.0, 3.0, 4.0];
        image[at] = f32::NAN;
        let images: Vec<f32> = image.repeat(TILE);
        let seeds = vec![1.0; TILE];
        let trial = Trial::new(&placed, &[], &images, &seeds);
        for width in Width::available() {
            assert!(trial.run(width).outputs.iter().all(|y| y.is_nan()), "{width}, NaN at {at}");
        }
    }
}
