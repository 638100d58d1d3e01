//! Running layers on sixteen images, forwards and backwards: for the tests of layers.

use super::head::Output;
use super::source::{Images, Intake, Scaling};
use super::{Builder, Cpu, Port, Rewrite, lower};
use crate::Shape;
use crate::lane::{Simd, TILE, Width, WithSimd};
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
    /// Whether the gradient of the images is wanted: a network's first layer works without.
    pub(crate) input_gradient: bool,
    /// Rewrites that are left out.
    pub(crate) without: &'a [Rewrite],
}

/// What one unit of what layers add to the loss counts.
pub(crate) const PENALTY_WEIGHT: f32 = 0.25;

/// What came of a [`Trial`].
pub(crate) struct Outcome {
    pub(crate) outputs: Vec<f32>,
    /// Empty if not wanted.
    pub(crate) d_images: Vec<f32>,
    pub(crate) d_parameters: Vec<f32>,
    /// What layers add to the sum of the loss over each image.
    pub(crate) penalties: Vec<f32>,
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
        let Trial { input, parameters, images, seeds, input_gradient, without, .. } = *self;
        let cpu = Cpu::new(Some(1), Width::Portable).unwrap().without(without);
        let mut builder = Builder::<S>::new(true, &cpu);
        let x = builder.input(input);
        let x = Port { gradient: input_gradient.then(|| builder.tensor(input)), ..x };
        let y = lower(&mut builder, x);
        builder.keep(x);
        builder.keep(y);
        let program = builder.finish();
        let read = |value| Port { value, gradient: None, exclusive: false };
        let dy = y.gradient.unwrap();
        let intake = Intake::new::<S>(x, &program.grids);
        let seed_intake = Intake::new::<S>(read(dy), &program.grids);
        let output = Output::new::<S>(false, y, &program.grids);
        let d_input = x.gradient.map(|dx| Output::new::<S>(false, read(dx), &program.grids));
        let mut workspace = program.workspace(parameters.len());
        let mut packed = program.packed();
        program.pack(&cpu, parameters, &mut packed);
        let length = seeds.len() / TILE;
        let mut outcome = Outcome {
            outputs: vec![0.0; seeds.len()],
            d_images: vec![0.0; if input_gradient { images.len() } else { 0 }],
            d_parameters: vec![0.0; parameters.len()],
            penalties: Vec::new(),
        };
        workspace.weights = [PENALTY_WEIGHT; TILE];
        let stride = program.rows.stride();
        let mut rows = vec![0.0; TILE * stride];
        for pass in 0..TILE / S::LANES {
            let first = pass * S::LANES;
            let indices: Vec<u32> = (first..first + S::LANES).map(|i| i as u32).collect();
            for (noise, &image) in workspace.noise.iter_mut().zip(&indices) {
                *noise = Noise { seed: 1, epoch: 2, image };
            }
            let scaling = Scaling::unit();
            intake.fill::<S>(&mut workspace.tensors, Images::Floats(images), &indices, &scaling);
            program.forward(s, parameters, &packed, &mut workspace);
            let factors = self.placed.iter().filter_map(|placed| placed.layer.loss_weight(2));
            let factors: Vec<f32> = factors.collect();
            let terms = &workspace.terms;
            outcome.penalties.extend((0..S::LANES).map(|lane| {
                factors.iter().zip(terms).map(|(factor, term)| factor * term[lane]).sum::<f32>()
            }));
            let outputs = outcome.outputs[first * length..].chunks_exact_mut(length);
            output.write(S::LANES, &workspace.tensors, outputs);
            seed_intake.fill::<S>(&mut workspace.tensors, Images::Floats(seeds), &indices, &scaling);
            let rows = &mut rows[first * stride..(first + S::LANES) * stride];
            program.backward(s, parameters, &packed, &mut workspace, rows);
            if let Some(d_input) = &d_input {
                let images = outcome.d_images[first * input.len()..].chunks_exact_mut(input.len());
                d_input.write(S::LANES, &workspace.tensors, images);
            }
            for (sum, d) in outcome.d_parameters.iter_mut().zip(&workspace.gradients) {
                *sum += d;
            }
        }
        program.rows.gradient(s, &rows, &mut outcome.d_parameters);
        outcome
    }
}
