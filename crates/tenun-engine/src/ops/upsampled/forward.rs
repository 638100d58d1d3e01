//! [`Forward`]: the ways forwards, and which is taken.

use tenun_kernels::Kernels;

use super::Enlarged;
use super::four_sums::FourSums;
use super::frame::{Axis, Frame};
use super::presummed::{Presummed, border, reads, residues};
use super::tap_maps::TapMaps;
use crate::Shape;
use crate::ops::ConvGeometry;
use crate::program::{Builder, Grids, Port, TensorId, Tile};

/// Up to so many filters [`TapMaps`] is faster than [`FourSums`].
const FEW_FILTERS: usize = 4;

/// What an output costs on top of its products, in products, when it is put together from four sums instead of being
/// stored at once. Measured.
const COMBINING: usize = 8;

/// Vectors of scratch for the four sums of one filter, in which a strip is made as high as will fit: with four filters
/// at a time a block that second-level caches hold many times over. Higher strips waste fewer of the four pixels that
/// a kernel takes at once.
const STRIP: usize = 320;

/// A way forwards with its buffers.
pub(super) enum Forward {
    Presummed(Presummed),
    FourSums { op: FourSums, sums: TensorId },
    TapMaps { op: TapMaps, maps: TensorId, sums: TensorId },
}

impl Forward {
    /// Chooses a way from `x` to `y` and asks for what it needs; the way itself is made when all layouts are settled.
    pub(super) fn lower(
        builder: &mut Builder,
        Enlarged { input, factor }: Enlarged,
        geometry: ConvGeometry,
        x: Port,
        y: Port,
    ) -> Box<dyn FnOnce(&Grids) -> Self> {
        let output = builder.shape(y.value);
        let ConvGeometry { filters, kernel, pad, .. } = geometry;
        let rows = residues(kernel, pad, factor, output.height);
        let columns = residues(kernel, pad, factor, output.width);
        builder.border(x.value, border(&rows, input.height).max(border(&columns, input.width)));
        let (x, y) = (x.value, y.value);
        let products = Axis::new(pad, output.height).products() * Axis::new(pad, output.width).products();
        let combining = COMBINING * output.height * output.width;
        let is_nine = (kernel, factor) == (3, 2)
            && products * input.channels + combining < reads(&rows) * reads(&columns) * input.channels;
        if !is_nine {
            return Box::new(move |grids| {
                Self::Presummed(Presummed::new(&geometry, [&rows, &columns], x, y, grids))
            });
        }
        let frame = Frame::new(pad, output, STRIP);
        if filters > FEW_FILTERS {
            let sums = builder.tensor(Shape::vector(FourSums::scratch(builder.registers(), &frame, filters)));
            return Box::new(move |grids| {
                let op = FourSums::new(&grids.kernels.registers, &frame, filters, &grids[x], &grids[y]);
                Self::FourSums { op, sums }
            });
        }
        let (maps, sums) = TapMaps::scratch(&frame, filters, input);
        let maps = builder.zeros(Shape::vector(maps));
        let sums = builder.tensor(Shape::vector(sums));
        Box::new(move |grids| {
            let op = TapMaps::new(&grids.kernels.registers, &frame, filters, &grids[x], &grids[y]);
            Self::TapMaps { op, maps, sums }
        })
    }

    /// The tensors that it uses beside input and output.
    pub(super) fn scratch(&self) -> impl Iterator<Item = TensorId> {
        let (first, second) = match self {
            Self::Presummed(_) => (None, None),
            Self::FourSums { sums, .. } => (Some(*sums), None),
            Self::TapMaps { maps, sums, .. } => (Some(*maps), Some(*sums)),
        };
        first.into_iter().chain(second)
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        match self {
            Self::Presummed(op) => op.multiply_adds(),
            Self::FourSums { op, .. } => op.multiply_adds(),
            Self::TapMaps { op, .. } => op.multiply_adds(),
        }
    }

    /// Floats that [`Self::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        match self {
            Self::Presummed(op) => op.packed_len(),
            Self::FourSums { op, .. } => op.packed_len(),
            Self::TapMaps { op, .. } => op.packed_len(),
        }
    }

    /// Arranges the weights.
    pub(super) fn pack(&self, weight: &[f32], bias: Option<&[f32]>, packed: &mut [f32]) {
        match self {
            Self::Presummed(op) => op.pack(weight, bias, packed),
            Self::FourSums { op, .. } => op.pack(weight, bias, packed),
            Self::TapMaps { op, .. } => op.pack(weight, bias, packed),
        }
    }

    /// Computes `y` from `x`.
    pub(super) fn run(&self, k: &Kernels, tile: &mut Tile<'_>, x: TensorId, y: TensorId, packed: &[f32]) {
        match self {
            Self::Presummed(op) => {
                let [x, y] = tile.many([x, y]);
                op.run(k, x, packed, y);
            }
            Self::FourSums { op, sums } => {
                let [x, y, sums] = tile.many([x, y, *sums]);
                op.run(k, x, packed, sums, y);
            }
            Self::TapMaps { op, maps, sums } => {
                let [x, y, maps, sums] = tile.many([x, y, *maps, *sums]);
                op.run(k, x, packed, maps, sums, y);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Width;
    use crate::program::Cpu;

    /// Which way an up-sampling and a convolution of `filters` and `kernel` with *same* padding go forwards.
    fn way(small: Enlarged, filters: usize, kernel: usize, width: Width) -> &'static str {
        let Enlarged { input, factor } = small;
        let mut builder = Builder::new(false, &Cpu::new(Some(1), width).unwrap());
        let x = builder.input(input);
        let output = Shape::new(filters, factor * input.height, factor * input.width);
        let y = builder.output(x, output, true);
        let large = Shape::new(input.channels, output.height, output.width);
        let geometry = ConvGeometry { input: large, filters, kernel, stride: 1, pad: kernel / 2 };
        let make = Forward::lower(&mut builder, small, geometry, x, y);
        match make(&builder.grids()) {
            Forward::Presummed(_) => "presummed",
            Forward::FourSums { .. } => "four sums",
            Forward::TapMaps { .. } => "tap maps",
        }
    }

    #[test]
    fn the_way_depends_on_the_shape_alone() {
        for (channels, size, factor, filters, kernel, expected) in [
            (32, 14, 2, 1, 3, "tap maps"),
            (16, 8, 2, 4, 3, "tap maps"),
            (16, 8, 2, 5, 3, "four sums"),
            (64, 32, 2, 32, 3, "four sums"),
            // Too little to save: one channel, or a map that is all border.
            (1, 14, 2, 8, 3, "presummed"),
            (64, 1, 2, 8, 3, "presummed"),
            (32, 14, 2, 8, 5, "presummed"),
            (32, 14, 3, 8, 3, "presummed"),
        ] {
            for width in Width::available() {
                let input = Shape::new(channels, size, size);
                let way = way(Enlarged { input, factor }, filters, kernel, width);
                assert_eq!(way, expected, "{input:?} ×{factor}, {filters} filters of {kernel}, {width}");
            }
        }
    }
}
