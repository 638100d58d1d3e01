//! [`Tile`]: an image at the size at which it is shown, enlarged by a whole factor or made smaller by means.

use tenun_engine::Shape;

use super::raster::DENSITY;
use super::theme::Rgb;

/// How many times longer than [`Limit::side`] an elongated image may be.
const ELONGATION: f64 = 2.5;

/// How large images may be shown, in units of layout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// The side of the square whose area no image exceeds.
    pub(super) side: f64,
    /// No image is wider or higher.
    pub(super) longest: f64,
}

impl Limit {
    /// Images of about the area of a square, up to two and a half times as long.
    pub(super) fn square(side: f64) -> Self {
        Self { side, longest: ELONGATION * side }
    }
}

/// The size at which an image, or a map of a layer, is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    /// Columns and rows of what is shown: the image's own, or fewer.
    columns: usize,
    rows: usize,
    /// Pixels of the picture along a side of each.
    zoom: u32,
    is_reduced: bool,
}

impl Tile {
    /// Of an image of `width` by `height` pixels: enlarged a whole number of times to about `wanted` units and within
    /// `limit`; one pixel of the picture for each of its own where that is too large; smaller where that is, too.
    pub(super) fn new(width: usize, height: usize, wanted: usize, limit: Limit) -> Self {
        let (w, h) = (width.max(1) as f64, height.max(1) as f64);
        let most = (limit.side / (w * h).sqrt()).min(limit.longest / w.max(h));
        let density = f64::from(DENSITY);
        if most >= 1.0 {
            let wanted = (wanted / width.max(height).max(1)).max(1);
            return Self::enlarged(width, height, wanted.min(most as usize) as u32);
        }
        if most * density >= 1.0 {
            return Self { columns: width, rows: height, zoom: 1, is_reduced: false };
        }
        let reduced = |pixels: f64| ((pixels * most * density).round() as usize).max(1);
        Self { columns: reduced(w).min(width), rows: reduced(h).min(height), zoom: 1, is_reduced: true }
    }

    /// Every pixel a square of `zoom` units.
    pub(super) fn enlarged(width: usize, height: usize, zoom: u32) -> Self {
        Self { columns: width, rows: height, zoom: zoom.saturating_mul(DENSITY), is_reduced: false }
    }

    /// Columns of what is shown.
    pub(super) fn columns(self) -> usize {
        self.columns
    }

    /// Pixels of the picture along a side of each pixel shown.
    pub(super) fn zoom(self) -> u32 {
        self.zoom
    }

    /// Whether it has fewer pixels than the image.
    pub(super) fn is_reduced(self) -> bool {
        self.is_reduced
    }

    /// Units that it is wide.
    pub(super) fn width(self) -> u32 {
        units(self.columns, self.zoom)
    }

    /// Units that it is high.
    pub(super) fn height(self) -> u32 {
        units(self.rows, self.zoom)
    }

    /// A map `[row][column]` as it is shown: each pixel is the mean of those it covers, by the area it covers of them.
    pub(super) fn map(self, shape: Shape, values: &[f64]) -> Vec<f64> {
        if !self.is_reduced {
            return values.to_vec();
        }
        let rows: Vec<f64> =
            values.chunks_exact(shape.width).flat_map(|row| means(row, 1, self.columns)).collect();
        let columns: Vec<Vec<f64>> =
            (0..self.columns).map(|column| means(&rows[column..], self.columns, self.rows)).collect();
        (0..self.rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect()
    }

    /// An image `[channel][row][column]` in 0–1 as the colours that are shown.
    pub(super) fn image(self, shape: Shape, values: &[f64]) -> Vec<Rgb> {
        let maps = values.chunks_exact(shape.area().max(1));
        let shown: Vec<f64> = maps.flat_map(|map| self.map(shape, map)).collect();
        pixels(Shape::new(shape.channels, self.rows, self.columns), &shown)
    }
}

fn units(pixels: usize, zoom: u32) -> u32 {
    let pixels = (pixels as u64).saturating_mul(zoom.into()).div_ceil(DENSITY.into());
    u32::try_from(pixels).unwrap_or(u32::MAX)
}

/// The means of every `stride`th value over `count` equal stretches: a value at the border of two counts in each by the
/// part that lies there.
fn means(values: &[f64], stride: usize, count: usize) -> Vec<f64> {
    let length = values.len().div_ceil(stride);
    let stretch = length as f64 / count as f64;
    (0..count)
        .map(|i| {
            let (begin, end) = (i as f64 * stretch, ((i + 1) as f64 * stretch).min(length as f64));
            let covered = begin as usize..(end.ceil() as usize).min(length);
            let sum: f64 = covered
                .map(|at| {
                    let part = (end.min((at + 1) as f64) - begin.max(at as f64)).max(0.0);
                    values[at * stride] * part
                })
                .sum();
            sum / (end - begin)
        })
        .collect()
}

/// An image `[channel][row][column]` in `[0, 1]` as colours.
fn pixels(shape: Shape, values: &[f64]) -> Vec<Rgb> {
    let area = shape.area();
    let byte = |value: f64| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    (0..area)
        .map(|i| match shape.channels {
            3 => [byte(values[i]), byte(values[area + i]), byte(values[2 * area + i])],
            channels => {
                let sum: f64 = (0..channels).map(|channel| values[channel * area + i]).sum();
                [byte(sum / channels as f64); 3]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_any_size_are_shown_at_a_sane_one() {
        let limit = Limit::square(150.0);
        for (height, width) in
            [(1, 1), (28, 28), (3, 200), (200, 3), (458, 690), (512, 512), (1, 60_000), (9000, 9000)]
        {
            let tile = Tile::new(width, height, 84, limit);
            assert!(
                (1..=375).contains(&tile.width()) && (1..=375).contains(&tile.height()),
                "{height}×{width}: {tile:?}"
            );
            assert!(tile.width().max(tile.height()) >= 75, "{height}×{width}: {tile:?}");
            assert!(tile.width() * tile.height() <= 153 * 153, "{height}×{width}: {tile:?}");
        }
        assert_eq!(Tile::new(28, 28, 84, limit), Tile::enlarged(28, 28, 3));
        assert_eq!(Tile::new(1, 1, 84, limit), Tile::enlarged(1, 1, 84));
        let one_to_one = Tile::new(200, 200, 84, limit);
        assert_eq!((one_to_one.zoom(), one_to_one.width(), one_to_one.is_reduced()), (1, 100, false));
    }

    #[test]
    fn reduced_images_keep_their_mean_wherever_the_borders_fall() {
        let shape = Shape::new(1, 7, 10);
        let values: Vec<f64> = (0..70).map(|i| f64::from(i * i % 23)).collect();
        let tile = Tile { columns: 4, rows: 3, zoom: 1, is_reduced: true };
        let shown = tile.map(shape, &values);
        assert_eq!(shown.len(), 12);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert!((mean(&shown) - mean(&values)).abs() < 1e-12);
        assert_eq!(means(&[1.0, 3.0, 5.0, 7.0], 1, 2), [2.0, 6.0]);
        assert_eq!(means(&[3.0, 6.0, 9.0], 1, 2), [4.0, 8.0]);
        assert_eq!(means(&[1.0, 0.0, 3.0, 0.0], 2, 1), [2.0]);
    }
}
