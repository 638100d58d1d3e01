//! Running layers on sixteen images, forwards and backwards: for the tests of layers.

use super::head::Output;
use super::program::Program;
use super::source::{Images, Intake, Scaling};
use super::{Builder, Port, lower};
use crate::Shape;
use crate::lane::{Simd, TILE, WithSimd};
use crate::layer::Noise;
use crate::network::Placed;

/// Layers, what they are given, and the gradients of their outputs.
pub(crate) struct Trial<'a> {
    pub(crate) placed: &'a [Placed],
    pub(crate) input: Shape,
    pub(crate) parameters: &'a [f32],
    /// Sixteen images.
    pub(crate) images: &'a [f32],
    /// The gradient of each of their outputs.
    pub(crate) seeds: &'a [f32],
}

/// What came of a [`Trial`].
pub(crate) struct Outcome {
    pub(crate) outputs: Vec<f32>,
    pub(crate) d_images: Vec<f32>,
    pub(crate) d_parameters: Vec<f32>,
}

/// Runs a trial.
pub(crate) struct Run<'a>(pub(crate) &'a Trial<'a>);

impl WithSimd for Run<'_> {
    type Output = Outcome;

    fn run<S: Simd>(self, s: S) -> Outcome {
        let layers: Vec<&Placed> = self.0.placed.iter().collect();
        self.0.run(s, |builder, x| lower::sequence(builder, &layers, x))
    }
}

impl Trial<'_> {
    /// Runs what `lower` makes of the layers.
    pub(crate) fn run<S: Simd>(&self, s: S, lower: impl FnOnce(&mut Builder<S>, Port) -> Port) -> Outcome {
        let Trial { input, parameters, images, seeds, .. } = *self;
        let mut builder = Builder::<S>::new(true);
        let x = builder.input(input);
        let x = Port { gradient: Some(builder.tensor(input)), ..x };
        let y = lower(&mut builder, x);
        let program = Program::new(builder);
        let read = |value| Port { value, gradient: None, exclusive: false };
        let (dx, dy) = (x.gradient.unwrap(), y.gradient.unwrap());
        let intake = Intake::new::<S>(x, &program.grids);
        let seed_intake = Intake::new::<S>(read(dy), &program.grids);
        let output = Output::new::<S>(false, y, &program.grids);
        let d_input = Output::new::<S>(false, read(dx), &program.grids);
        let mut workspace = program.workspace(parameters.len());
        let mut packed = program.packed();
        program.pack(parameters, &mut packed);
        let length = seeds.len() / TILE;
        let mut outcome = Outcome {
            outputs: vec![0.0; seeds.len()],
            d_images: vec![0.0; images.len()],
            d_parameters: vec![0.0; parameters.len()],
        };
        for pass in 0..TILE / S::LANES {
            let first = pass * S::LANES;
            let indices: Vec<u32> = (first..first + S::LANES).map(|i| i as u32).collect();
            for (noise, &image) in workspace.noise.iter_mut().zip(&indices) {
                *noise = Noise { seed: 1, epoch: 2, image };
            }
            let scaling = Scaling::unit();
            intake.fill::<S>(&mut workspace.tensors, Images::Floats(images), &indices, &scaling);
            program.forward(s, parameters, &packed, &mut workspace);
            let outputs = outcome.outputs[first * length..].chunks_exact_mut(length);
            output.write(S::LANES, &workspace.tensors, outputs);
            seed_intake.fill::<S>(&mut workspace.tensors, Images::Floats(seeds), &indices, &scaling);
            program.backward(s, parameters, &packed, &mut workspace);
            let images = outcome.d_images[first * input.len()..].chunks_exact_mut(input.len());
            d_input.write(S::LANES, &workspace.tensors, images);
            for (sum, d) in outcome.d_parameters.iter_mut().zip(&workspace.gradients) {
                *sum += d;
            }
        }
        outcome
    }
}
