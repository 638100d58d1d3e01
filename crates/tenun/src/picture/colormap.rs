//! Colours for magnitudes: even in lightness, and readable in any colour vision and in print.

use super::theme::Rgb;

/// Stops of viridis (Smith and van der Walt, matplotlib, 2015).
const VIRIDIS: [Rgb; 9] = [
    [68, 1, 84],
    [71, 44, 122],
    [59, 81, 139],
    [44, 113, 142],
    [33, 144, 141],
    [39, 173, 129],
    [92, 200, 99],
    [170, 220, 50],
    [253, 231, 37],
];

/// Stops of inferno, of the same authors: black for nothing.
const INFERNO: [Rgb; 9] = [
    [0, 0, 4],
    [31, 12, 72],
    [85, 15, 109],
    [136, 34, 106],
    [186, 54, 85],
    [227, 89, 51],
    [249, 140, 10],
    [249, 201, 50],
    [252, 255, 164],
];

/// Viridis at `t` in `[0, 1]`.
pub(super) fn viridis(t: f64) -> Rgb {
    blend(&VIRIDIS, t)
}

/// Inferno at `t` in `[0, 1]`.
pub(super) fn inferno(t: f64) -> Rgb {
    blend(&INFERNO, t)
}

fn blend(stops: &[Rgb; 9], t: f64) -> Rgb {
    let place = t.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let below = (place as usize).min(stops.len() - 2);
    let part = place - below as f64;
    let (a, b) = (stops[below], stops[below + 1]);
    std::array::from_fn(|i| (f64::from(a[i]) * (1.0 - part) + f64::from(b[i]) * part).round() as u8)
}
