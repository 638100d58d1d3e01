//! Running layers on sixteen images, forwards and backwards: for the tests of layers.

use super::head::Output;
use super::source::{Images, Intake};
use crate::layer::{Placed, sequence};
use crate::program::{Builder, Cpu, Port, Rewrite};
use crate::random::RandomKey;
use crate::{TILE, Width};

/// Layers, what they are given, and the gradients of their outputs.
pub(crate) struct Trial<'a> {
    pub(crate) placed: &'a [Placed],
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

impl<'a> Trial<'a> {
    /// The gradient of the images is wanted too, and no rewrite is left out.
    pub(crate) fn new(
        placed: &'a [Placed],
        parameters: &'a [f32],
        images: &'a [f32],
        seeds: &'a [f32],
    ) -> Self {
        Self { placed, parameters, images, seeds, input_gradient: true, without: &[] }
    }

    /// Runs the layers with registers of `width`.
    pub(crate) fn run(&self, width: Width) -> Outcome {
        let layers: Vec<&Placed> = self.placed.iter().collect();
        self.run_as(width, |builder, x| sequence::lower(builder, &layers, x))
    }

    /// Runs what `lower` makes of the layers.
    pub(crate) fn run_as(&self, width: Width, lower: impl FnOnce(&mut Builder, Port) -> Port) -> Outcome {
        let Trial { placed, parameters, images, seeds, input_gradient, without } = *self;
        let input = placed[0].place.input;
        let cpu = Cpu::new(Some(1), width).unwrap().without(without);
        let mut builder = Builder::new(true, &cpu);
        let x = builder.input(input);
        let x = Port { gradient: input_gradient.then(|| builder.tensor(input)), ..x };
        let y = lower(&mut builder, x);
        builder.keep(x);
        builder.keep(y);
        let program = builder.finish();
        let (k, lanes) = (program.kernels(), program.lanes());
        let read = |value| Port { value, gradient: None, exclusive: false };
        let dy = y.gradient.unwrap();
        let intake = Intake::new(x, &program.grids);
        let seed_intake = Intake::new(read(dy), &program.grids);
        let output = Output::new(false, y, &program.grids);
        let d_input = x.gradient.map(|dx| Output::new(false, read(dx), &program.grids));
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
        let stride = program.batched.stride();
        let mut rows = vec![0.0; TILE * stride];
        for pass in 0..TILE / lanes {
            let first = pass * lanes;
            let indices: Vec<u32> = (first..first + lanes).map(|i| i as u32).collect();
            for (noise, &image) in workspace.noise.iter_mut().zip(&indices) {
                *noise = RandomKey { seed: 1, epoch: 2, image };
            }
            intake.fill(k, &mut workspace.tensors, Images::Floats(images), &indices);
            program.forward(parameters, &packed, &mut workspace);
            let factors = self.placed.iter().filter_map(|placed| placed.layer.loss_weight(2));
            let factors: Vec<f32> = factors.collect();
            let terms = &workspace.terms;
            outcome.penalties.extend((0..lanes).map(|lane| {
                factors.iter().zip(terms).map(|(factor, term)| factor * term[lane]).sum::<f32>()
            }));
            output.write(k, &workspace.tensors, length, &mut outcome.outputs[first * length..]);
            seed_intake.fill(k, &mut workspace.tensors, Images::Floats(seeds), &indices);
            let rows = &mut rows[first * stride..(first + lanes) * stride];
            program.backward(parameters, &packed, &mut workspace, rows);
            if let Some(d_input) = &d_input {
                let d_images = &mut outcome.d_images[first * input.len()..];
                d_input.write(k, &workspace.tensors, input.len(), d_images);
            }
            for (sum, d) in outcome.d_parameters.iter_mut().zip(&workspace.gradients) {
                *sum += d;
            }
        }
        program.batched.gradient(k, &rows, &mut outcome.d_parameters);
        outcome
    }
}
