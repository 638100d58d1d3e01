//! Colours of classes and series that people with any colour vision can tell apart.

use super::theme::{Rgb, Theme};

/// Okabe and Ito's palette ("Color Universal Design", 2008) in an order that puts unlike ones side
/// by side, and four of Paul Tol's muted colours ("Colour Schemes", 2021) for up to twelve classes.
const LIGHT: [Rgb; 12] = [
    [0, 114, 178],   // blue
    [230, 159, 0],   // orange
    [0, 158, 115],   // bluish green
    [213, 94, 0],    // vermilion
    [86, 180, 233],  // sky blue
    [204, 121, 167], // reddish purple
    [0, 0, 0],       // black
    [221, 204, 30],  // yellow, darker than Okabe and Ito's, which vanishes on white
    [136, 34, 85],   // wine
    [128, 128, 128], // grey
    [68, 170, 153],  // teal
    [51, 34, 136],   // indigo
];

/// The same for a dark background: what would vanish there is lighter.
const DARK: [Rgb; 12] = [
    [64, 156, 222],
    [230, 159, 0],
    [0, 178, 130],
    [226, 104, 20],
    [134, 206, 245],
    [214, 138, 180],
    [245, 245, 245],
    [240, 228, 66],
    [190, 80, 140],
    [145, 145, 145],
    [80, 190, 172],
    [140, 122, 225],
];

/// How many classes have a colour of their own; the next ones begin again with another marker.
pub(super) const COLORS: usize = LIGHT.len();

/// The colour of class or series `index`.
pub(super) fn color(index: usize, theme: Theme) -> Rgb {
    match theme {
        Theme::Light => LIGHT[index % COLORS],
        Theme::Dark => DARK[index % COLORS],
    }
}
