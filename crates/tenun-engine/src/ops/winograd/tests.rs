//! Every combination of passes against the definition in double precision, and to the same bits with every register
//! width.

use proptest::prelude::*;

use super::*;
use crate::layer::{Conv2d, Placed};
use crate::network::placer::Placer;
use crate::ops::Convolution;
use crate::place::Part;
use crate::plan::testing::{Outcome, Trial};
use crate::{Layer, TILE, Width};

/// Of the largest number of its tensor. The direct kernels are allowed as much in `layer/tests.rs`.
const TOLERANCE: f64 = 2e-5;

/// A convolution on sixteen images.
#[derive(Clone, Debug)]
struct Problem {
    geometry: ConvGeometry,
    images: Vec<f32>,
    seeds: Vec<f32>,
    /// Weight, then bias.
    parameters: Vec<f32>,
}

impl Problem {
    fn output(&self) -> Shape {
        let ConvGeometry { input, filters, pad, .. } = self.geometry;
        Shape::new(filters, input.height + 2 * pad - 2, input.width + 2 * pad - 2)
    }

    fn place(&self) -> Placed {
        let ConvGeometry { input, filters, .. } = self.geometry;
        let layer = Layer::from(Conv2d { filters, ..Conv2d::default() });
        let mut placer = Placer::new(input).unwrap();
        let mut placed = placer.part(Part::Encoder, &[layer]).unwrap();
        // A layer knows two paddings; the operation knows all.
        let mut placed = placed.remove(0);
        placed.place.output = self.output();
        placed
    }

    /// With the kernels that `passes` says, or the direct convolution.
    fn run(&self, width: Width, passes: Option<Passes>) -> Outcome {
        let Problem { geometry, images, seeds, parameters } = self;
        let placed = [self.place()];
        let trial = Trial::new(&placed, parameters, images, seeds);
        trial.run_as(width, |builder, x| match passes {
            Some(passes) => Winograd::lower(builder, *geometry, passes, &placed[0].place, x),
            None => Convolution::lower(builder, *geometry, &placed[0].place, x),
        })
    }

    /// Outputs, gradient of the images and of the parameters by the definition.
    fn exact(&self) -> [Vec<f64>; 3] {
        let ConvGeometry { input, filters, pad, .. } = self.geometry;
        let output = self.output();
        let weights = filters * input.channels * 9;
        let mut y = vec![0.0; self.seeds.len()];
        let mut dx = vec![0.0; self.images.len()];
        let mut d = vec![0.0; self.parameters.len()];
        for image in 0..TILE {
            for (f, r, c) in positions(output) {
                let at = image * output.len() + (f * output.height + r) * output.width + c;
                let dy = f64::from(self.seeds[at]);
                y[at] += f64::from(self.parameters[weights + f]);
                d[weights + f] += dy;
                for (i, u, v) in positions(Shape::new(input.channels, 3, 3)) {
                    let inside = |at: usize, size: usize| at.checked_sub(pad).filter(|&at| at < size);
                    let (Some(row), Some(column)) = (inside(r + u, input.height), inside(c + v, input.width))
                    else {
                        continue;
                    };
                    let x = image * input.len() + (i * input.height + row) * input.width + column;
                    let w = (f * input.channels + i) * 9 + u * 3 + v;
                    y[at] += f64::from(self.parameters[w]) * f64::from(self.images[x]);
                    dx[x] += f64::from(self.parameters[w]) * dy;
                    d[w] += f64::from(self.images[x]) * dy;
                }
            }
        }
        [y, dx, d]
    }
}

/// Numbers in ±1, of which a share is zero, in runs as in an image with a background.
fn numbers(n: usize, salt: u64, empty: f32) -> Vec<f32> {
    let mut words = crate::Philox::new(salt, crate::Purpose::Sample).stream(0, 0);
    let mut next = || crate::random::unit(words.next().unwrap());
    let mut zero = false;
    (0..n)
        .map(|_| {
            if next() < 0.3 {
                zero = next() < empty;
            }
            let x = 2.0 * next() - 1.0;
            if zero { 0.0 } else { x }
        })
        .collect()
}

fn problem(input: Shape, filters: usize, pad: usize, salt: u64, empty: f32) -> Problem {
    let geometry = ConvGeometry { input, filters, kernel: 3, stride: 1, pad };
    let mut problem = Problem { geometry, images: vec![], seeds: vec![], parameters: vec![] };
    problem.images = numbers(TILE * input.len(), salt, empty);
    problem.seeds = numbers(TILE * problem.output().len(), salt + 1, empty);
    problem.parameters = numbers(filters * (input.channels * 9 + 1), salt + 2, 0.0);
    problem
}

/// The last are few: more channels than are transformed at a time, more blocks than are summed at a time.
fn problems() -> impl Strategy<Value = Problem> {
    let sizes = prop_oneof![
        12 => (1usize..14, 1usize..8, 1usize..8, 1usize..14),
        1 => (33usize..70, 1usize..4, 1usize..4, 1usize..6),
        1 => (1usize..3, 15usize..20, 15usize..20, 1usize..4),
        1 => (1usize..3, 1usize..4, 130usize..140, 1usize..4),
    ];
    (sizes, 0usize..3, 0u64..1000).prop_map(|((channels, height, width, filters), pad, salt)| {
        // Without a border an image has to hold the kernel.
        let least = if pad == 0 { 3 } else { 1 };
        problem(Shape::new(channels, height.max(least), width.max(least)), filters, pad, salt, 0.3)
    })
}

fn passes() -> impl Strategy<Value = Passes> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(forward, input, weight)| Passes {
        forward,
        input,
        weight,
    })
}

fn error(ours: &[f32], exact: &[f64]) -> f64 {
    let scale = exact.iter().fold(1e-3f64, |most, x| most.max(x.abs()));
    ours.iter().zip(exact).map(|(&a, &b)| (f64::from(a) - b).abs()).fold(0.0, f64::max) / scale
}

fn same_bits(a: &Outcome, b: &Outcome) -> bool {
    let bits = |o: &Outcome| -> Vec<u32> {
        [&o.outputs, &o.d_images, &o.d_parameters].into_iter().flatten().map(|x| x.to_bits()).collect()
    };
    bits(a) == bits(b)
}

proptest! {
    #![proptest_config(crate::testing::cases(64))]

    #[test]
    fn every_pass_is_the_definition(problem in problems(), passes in passes()) {
        let ours = problem.run(Width::Portable, Some(passes));
        let [y, dx, d] = problem.exact();
        for (what, ours, exact) in
            [("output", &ours.outputs, &y), ("input", &ours.d_images, &dx), ("parameters", &ours.d_parameters, &d)]
        {
            let far = error(ours, exact);
            prop_assert!(far <= TOLERANCE, "{what}: off by {far:e} of the largest");
        }
        for width in Width::available() {
            prop_assert!(same_bits(&ours, &problem.run(width, Some(passes))), "{width} has other bits");
        }
    }

    /// Where nothing but zeros is in the receptive field the output is the bias, and the gradient zero.
    #[test]
    fn zeros_stay_exact(
        (channels, height, width, filters) in (1usize..3, 1usize..12, 1usize..12, 1usize..6),
        pad in 1usize..3,
        salt in 0u64..1000,
    ) {
        let problem = problem(Shape::new(channels, height, width), filters, pad, salt, 0.9);
        let by_blocks = Passes { forward: true, input: true, weight: true };
        let ours = problem.run(Width::detect(), Some(by_blocks));
        let direct = problem.run(Width::detect(), None);
        let output = problem.output();
        let biases = &problem.parameters[filters * channels * 9..];
        for (i, (a, b)) in ours.outputs.iter().zip(&direct.outputs).enumerate() {
            let bias = biases[i % output.len() / (output.height * output.width)];
            prop_assert!(b != &bias || a == b, "output {i} is {a}, not the bias {bias}");
        }
        for (i, (a, b)) in ours.d_images.iter().zip(&direct.d_images).enumerate() {
            prop_assert!(b != &0.0 || *a == 0.0, "gradient {i} is {a}, not zero");
        }
    }
}

#[test]
fn a_black_image_gives_exactly_the_biases() {
    let mut problem = problem(Shape::new(16, 14, 14), 8, 1, 7, 0.0);
    problem.images.fill(0.0);
    problem.seeds.fill(0.0);
    for width in Width::available() {
        let ours = problem.run(width, Some(Passes { forward: true, input: true, weight: true }));
        let biases = &problem.parameters[16 * 8 * 9..];
        for (i, y) in ours.outputs.iter().enumerate() {
            assert_eq!(y.to_bits(), biases[i / 196 % 8].to_bits(), "output {i} with {width}");
        }
        assert!(ours.d_images.iter().chain(&ours.d_parameters).all(|d| *d == 0.0), "{width}");
    }
}

/// The rounding error by blocks is about that of the direct kernels: sums of 32 terms and a transform, not of 288.
#[test]
fn rounding_stays_small_on_the_reference_networks_shape() {
    let problem = problem(Shape::new(32, 14, 14), 16, 1, 11, 0.3);
    let exact = problem.exact();
    let errors = |passes| {
        let Outcome { outputs, d_images, d_parameters, .. } = problem.run(Width::detect(), passes);
        [error(&outputs, &exact[0]), error(&d_images, &exact[1]), error(&d_parameters, &exact[2])]
    };
    let ours = errors(Some(Passes { forward: true, input: true, weight: true }));
    let direct = errors(None);
    for (ours, direct) in ours.into_iter().zip(direct) {
        assert!(ours <= 1e-6, "off by {ours:e} of the largest; the direct kernels by {direct:e}");
    }
}
