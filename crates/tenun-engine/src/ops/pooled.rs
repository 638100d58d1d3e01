//! [`Pooled`]: a convolution, a rectifier if there is one, and max-pooling in windows of 2×2, computed as one step.
//!
//! The four pixels of a window are the four that [`tenun_kernels::correlate`] computes together, so only their largest is ever
//! written: a quarter of the map. Backwards the weight's gradient reads the pooled output's gradient through the
//! winners' bits ([`tenun_kernels::pooled`]). Only where the input has a gradient too, the map's own is written out
//! for it.
//!
//! The results are those of the layers one after the other: a rectifier does not change which pixel is the first
//! maximum, unless all are zero, and then no gradient passes.

use tenun_kernels::Kernels;
use tenun_kernels::correlate::Correlation;
use tenun_kernels::pooled::{Largest, PooledGradient, WindowPixels, Winners, WinnersOuter};

use super::ConvGeometry;
use super::gradients::Gradients;
use super::winograd::{self, Passes, Way};
use crate::Shape;
use crate::place::Parameters;
use crate::place::Place;
use crate::program::{Builder, Grid, Op, Port, TensorId, Tensors, Tile, Uses, WinnersId};

/// The operation.
pub(crate) struct Pooled {
    parameters: Parameters,
    x: TensorId,
    y: TensorId,
    /// Position of each window in one channel of `y`, and of the next channel.
    outputs: Vec<usize>,
    plane: usize,
    floor: f32,
    forward: Way,
    /// Room for the way forwards by blocks.
    scratch: TensorId,
    backward: Option<Backward>,
}

struct Backward {
    dy: TensorId,
    winners: WinnersId,
    /// Where the gradient of each window stands in `dy`.
    windows: PooledGradient,
    way: Back,
}

/// The way back through the convolution.
enum Back {
    /// No gradient of the input is wanted: straight from the windows.
    Windows(WinnersOuter),
    /// Through the gradient of the whole map.
    Map(Unpool, Gradients),
    /// The same by Winograd's blocks.
    Blocks(Unpool, winograd::Gradients),
}

/// What becomes of a convolution's map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Whether there is a rectifier.
    pub(crate) rectified: bool,
    /// The shape after max-pooling.
    pub(crate) pooled: Shape,
}

/// The gradient of the whole map from that of the windows.
struct Unpool {
    /// The gradient of the map.
    map: TensorId,
    pixels: WindowPixels,
}

/// The pixels of each window of a map, in row-major order; where there are fewer than four, the last one stands more
/// than once, and never wins twice.
fn windows(map: Shape, pooled: Shape) -> impl Iterator<Item = [(usize, usize); 4]> {
    let inside = move |r: usize, c: usize| (r < map.height && c < map.width).then_some((r, c));
    (0..pooled.height).flat_map(move |row| {
        (0..pooled.width).map(move |column| {
            let (r, c) = (2 * row, 2 * column);
            let all = [inside(r, c), inside(r, c + 1), inside(r + 1, c), inside(r + 1, c + 1)];
            let mut there = all.into_iter().flatten();
            let mut last = (r, c);
            [(); 4].map(|()| {
                last = there.next().unwrap_or(last);
                last
            })
        })
    })
}

impl Pooled {
    /// Rows and columns of the only windows that this file knows.
    pub(crate) const WINDOW: usize = 2;

    /// Adds to a plan the convolution `geometry`, which is in its place `conv`, and what `window` says; with `passes` by
    /// Winograd's blocks where they are the windows.
    pub(crate) fn lower(
        builder: &mut Builder,
        geometry: ConvGeometry,
        passes: Option<Passes>,
        conv: &Place,
        window: Window,
        x: Port,
    ) -> Port {
        let map = conv.output;
        let Window { rectified, pooled } = window;
        builder.border(x.value, geometry.pad);
        let y = builder.output(x, pooled, true);
        let winners = y.gradient.map(|_| builder.winners(pooled.len()));
        // At the edge of an odd map a window has fewer than four pixels, and a block does not.
        let whole = 2 * pooled.height <= map.height && 2 * pooled.width <= map.width;
        let blocks = passes.filter(|passes| passes.forward && whole);
        let scratch = match blocks {
            Some(passes) => winograd::prepare_forward(builder, &geometry, passes, map, x.value),
            None => builder.tensor(Shape::vector(0)),
        };
        let unpooled = y.gradient.and(x.gradient).map(|_| {
            // Windows that are rounded down leave pixels out, which have no gradient.
            let covers = 2 * pooled.height >= map.height && 2 * pooled.width >= map.width;
            let gradient = if covers { builder.tensor(map) } else { builder.zeros(map) };
            let room = match passes {
                Some(passes) => {
                    Some(winograd::Gradients::prepare(builder, &geometry, passes, map, x, gradient))
                }
                None => {
                    builder.border(gradient, geometry.gradient_borders(map));
                    None
                }
            };
            (gradient, room)
        });
        let parameters = Parameters::of(conv);
        builder.push(move |grids| {
            let (x_grid, y_grid) = (&grids[x.value], &grids[y.value]);
            let place = |grid: &Grid| -> Vec<usize> {
                let pixels = (0..pooled.height).flat_map(|r| (0..pooled.width).map(move |c| (r, c)));
                pixels.map(|(r, c)| grid.at(0, r, c)).collect()
            };
            let inputs: Vec<[usize; 4]> =
                windows(map, pooled).map(|w| w.map(|(r, c)| geometry.corner(x_grid, r, c))).collect();
            let offsets = geometry.offsets(x_grid);
            let forward = if blocks.is_some() {
                let corners: Vec<usize> = inputs.iter().map(|window| window[0]).collect();
                winograd::windows(&grids.kernels.registers, x_grid, &corners, geometry.filters)
            } else {
                Way::Direct(Correlation::of_quads(
                    &grids.kernels.registers,
                    &inputs,
                    offsets.clone(),
                    geometry.filters,
                ))
            };
            let backward = y.gradient.zip(winners).map(|(dy, winners)| {
                let dy_grid = &grids[dy];
                let windows_at = place(dy_grid);
                let way = match unpooled {
                    None => {
                        let both = inputs.into_iter().zip(windows_at.iter().copied()).collect();
                        Back::Windows(WinnersOuter::new(both, offsets, geometry.filters, dy_grid.plane()))
                    }
                    Some((id, room)) => {
                        let grid = &grids[id];
                        let pixels = windows(map, pooled).map(|w| w.map(|(r, c)| grid.at(0, r, c))).collect();
                        let pixels = WindowPixels { pixels, plane: grid.plane() };
                        let unpool = Unpool { map: id, pixels };
                        match passes.zip(room) {
                            None => Back::Map(unpool, Gradients::new(geometry, &parameters, x, id, grids)),
                            Some((passes, room)) => {
                                let of = winograd::Convolved { geometry, passes, parameters: &parameters };
                                Back::Blocks(unpool, winograd::Gradients::new(of, x, id, room, grids))
                            }
                        }
                    }
                };
                let windows = PooledGradient { windows: windows_at, plane: dy_grid.plane() };
                Backward { dy, winners, windows, way }
            });
            Box::new(Self {
                parameters,
                x: x.value,
                y: y.value,
                outputs: place(y_grid),
                plane: y_grid.plane(),
                floor: if rectified { 0.0 } else { f32::NEG_INFINITY },
                forward,
                scratch,
                backward,
            })
        });
        Port { exclusive: true, ..y }
    }
}

impl Unpool {
    /// Writes the gradient of the map.
    fn run(&self, k: &Kernels, tensors: &mut Tensors, from: &Backward, winners: &[Winners]) {
        let [dy, map] = tensors.many([from.dy, self.map]);
        k.unpool(&from.windows, &self.pixels, dy, winners, map);
    }
}

impl Op for Pooled {
    fn uses(&self) -> Uses {
        let back = self.backward.iter().flat_map(|backward| {
            let way = match &backward.way {
                Back::Windows(_) => vec![self.x],
                Back::Map(unpool, gradients) => gradients.uses().chain([unpool.map]).collect(),
                Back::Blocks(unpool, gradients) => gradients.uses().chain([unpool.map]).collect(),
            };
            way.into_iter().chain([backward.dy])
        });
        Uses::forward([self.x, self.y, self.scratch]).backward(back)
    }

    fn multiply_adds(&self) -> usize {
        self.forward.multiply_adds()
            + match self.backward.as_ref().map(|backward| &backward.way) {
                None => 0,
                Some(Back::Windows(outer)) => outer.multiply_adds(),
                Some(Back::Map(_, gradients)) => gradients.multiply_adds(),
                Some(Back::Blocks(_, gradients)) => gradients.multiply_adds(),
            }
    }

    fn packed_len(&self) -> usize {
        self.forward.packed_len()
            + match self.backward.as_ref().map(|backward| &backward.way) {
                None | Some(Back::Windows(_)) => 0,
                Some(Back::Map(_, gradients)) => gradients.packed_len(),
                Some(Back::Blocks(_, gradients)) => gradients.packed_len(),
            }
    }

    fn pack(&self, parameters: &[f32], packed: &mut [f32]) {
        let (weight, bias) = self.parameters.split(parameters);
        let (forward, rest) = packed.split_at_mut(self.forward.packed_len());
        self.forward.pack_forward(forward, bias, weight);
        match self.backward.as_ref().map(|backward| &backward.way) {
            None | Some(Back::Windows(_)) => {}
            Some(Back::Map(_, gradients)) => gradients.pack(weight, rest),
            Some(Back::Blocks(_, gradients)) => gradients.pack(weight, rest),
        }
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Tile { tensors, winners, packed, .. } = tile;
        let packed = &packed[..self.forward.packed_len()];
        let [x, y, scratch] = tensors.many([self.x, self.y, self.scratch]);
        let winners =
            self.backward.as_ref().map_or(&mut [][..], |backward| winners.get_mut(backward.winners));
        let mut largest =
            Largest { y, outputs: &self.outputs, plane: self.plane, floor: self.floor, winners };
        match &self.forward {
            Way::Direct(direct) => k.correlate_largest(direct, x, packed, &mut largest),
            Way::Blocks(blocks) => k.winograd_correlate_largest(blocks, x, packed, scratch, &mut largest),
        }
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Some(backward) = &self.backward else { return };
        let Tile { tensors, winners, packed, gradients, .. } = tile;
        let winners = winners.get(backward.winners);
        match &backward.way {
            Back::Windows(outer) => {
                let [x, dy] = tensors.many([self.x, backward.dy]);
                if let Some(bias) = &self.parameters.bias {
                    k.winners_sums(&backward.windows, dy, winners, &mut gradients[bias.clone()]);
                }
                k.winners_outer(outer, x, dy, winners, &mut gradients[self.parameters.weight.clone()]);
            }
            Back::Map(unpool, way) => {
                unpool.run(k, tensors, backward, winners);
                way.run(k, tile, self.forward.packed_len());
            }
            Back::Blocks(unpool, way) => {
                unpool.run(k, tensors, backward, winners);
                way.run(k, tensors, &packed[self.forward.packed_len()..], gradients);
            }
        }
    }
}
