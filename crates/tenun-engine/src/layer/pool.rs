//! What the two pooling layers have in common on vectors: a window of positions under each output.

use std::collections::HashSet;
use std::marker::PhantomData;

use super::window::{positions, windows};
use crate::Shape;
use crate::lane::{Simd, Vector};
use crate::plan::{Builder, Grid, Op, Port, TensorId, Tile, Uses};

/// How a window becomes one number, and a number's gradient that of its window.
pub(crate) trait Pooling: Send + Sync + 'static {
    /// The output of one window at positions `window` of `x`.
    fn forward<S: Simd>(s: S, x: &[f32], window: &[usize]) -> S::V;

    /// Writes the gradient of the window's inputs to the positions `to` of `dx`, given the output and its gradient.
    fn backward<S: Simd>(s: S, x: &[f32], window: &[usize], y: S::V, dy: S::V, dx: &mut [f32], to: &[usize]);
}

/// The operation of a pooling layer. Positions are in floats.
struct Pool<P> {
    x: TensorId,
    y: TensorId,
    /// The gradients of `x` and `y`, if that of `x` is wanted.
    gradients: Option<(TensorId, TensorId)>,
    /// Positions under each output, one window after the other, and where each window ends.
    inputs: Vec<usize>,
    ends: Vec<usize>,
    outputs: Vec<usize>,
    /// The same positions in the gradients' own grids.
    gradient_inputs: Vec<usize>,
    /// Positions in the input's gradient that no window covers.
    gradient_zeros: Vec<usize>,
    gradient_outputs: Vec<usize>,
    pooling: PhantomData<P>,
}

/// Adds a pooling layer with windows of `size` to a plan.
pub(crate) fn lower<S: Simd, P: Pooling>(
    builder: &mut Builder<S>,
    size: usize,
    input: Shape,
    output: Shape,
    x: Port,
) -> Port {
    let y = builder.output(x, output, false);
    let gradients = x.gradient.zip(y.gradient);
    builder.push(move |grids| {
        let place = |grid: &Grid, (c, r, l)| grid.at(c, r, l) * S::LANES;
        let all = |id: TensorId| -> (Vec<usize>, Vec<usize>) {
            let mut ends = Vec::new();
            let mut inputs = Vec::new();
            for window in windows(size, input, output) {
                inputs.extend(window.into_iter().map(|p| place(&grids[id], p)));
                ends.push(inputs.len());
            }
            (inputs, ends)
        };
        let outputs = |id: TensorId| positions(output).map(|p| place(&grids[id], p)).collect::<Vec<_>>();
        let (inputs, ends) = all(x.value);
        let gradient_inputs = gradients.map_or_else(Vec::new, |(dx, _)| all(dx).0);
        // Windows that are rounded down leave inputs out.
        let covered: HashSet<usize> = gradient_inputs.iter().copied().collect();
        let all_inputs = gradients.iter().flat_map(|(dx, _)| positions(input).map(|p| place(&grids[*dx], p)));
        let gradient_zeros = all_inputs.filter(|at| !covered.contains(at)).collect();
        Box::new(Pool::<P> {
            x: x.value,
            y: y.value,
            gradients,
            inputs,
            ends,
            outputs: outputs(y.value),
            gradient_inputs,
            gradient_zeros,
            gradient_outputs: gradients.map_or_else(Vec::new, |(_, dy)| outputs(dy)),
            pooling: PhantomData,
        })
    });
    y
}

impl<S: Simd, P: Pooling> Op<S> for Pool<P> {
    fn uses(&self) -> Uses {
        let back = self.gradients.iter().flat_map(|&(dx, dy)| [self.x, self.y, dx, dy]);
        Uses::forward([self.x, self.y]).backward(back)
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let [x, y] = tile.many([self.x, self.y]);
        s.enter(
            #[inline(always)]
            || {
                let mut start = 0;
                for (&end, &output) in self.ends.iter().zip(&self.outputs) {
                    let window = &self.inputs[start..end];
                    P::forward(s, x, window).store(&mut y[output..]);
                    start = end;
                }
            },
        );
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let Some((dx, dy)) = self.gradients else { return };
        let [x, y, dx, dy] = tile.many([self.x, self.y, dx, dy]);
        s.enter(
            #[inline(always)]
            || {
                let mut start = 0;
                for (i, &end) in self.ends.iter().enumerate() {
                    let (values, to) = (&self.inputs[start..end], &self.gradient_inputs[start..end]);
                    let out = s.load(&y[self.outputs[i]..]);
                    let seed = s.load(&dy[self.gradient_outputs[i]..]);
                    P::backward(s, x, values, out, seed, dx, to);
                    start = end;
                }
                for &to in &self.gradient_zeros {
                    s.zero().store(&mut dx[to..]);
                }
            },
        );
    }
}
