//! The windows of the pooling layers.

use super::Elsewhere;
use super::settings::choices;

use crate::Shape;

choices! {
    /// What happens to the rows and columns that do not fill a whole window.
    pub enum Rounding {
        /// They make a smaller window: 7 pixels in windows of 2 give 4 (PyTorch's `ceil_mode=True`, Keras's
        /// `padding="same"`).
        Up = "up",
        /// They are left out: 7 pixels in windows of 2 give 3 (PyTorch's and Keras's default).
        Down = "down",
    }
}

/// Settings of PyTorch's and Keras's pooling layers that those here do not have, and what to do instead.
pub(crate) const NO_SETTING: Elsewhere = &[
    (&["stride", "strides"], "leave it out: windows lie side by side, and the stride is their `size`"),
    (&["padding"], "`rounding = \"up\"` makes smaller windows of the pixels at the border"),
    (&["ceil_mode"], "`rounding = \"up\"` or `\"down\"`"),
];

/// The output shape of windows of `size`×`size` side by side, or why there is none.
pub(crate) fn infer(size: usize, rounding: Rounding, input: Shape) -> Result<Shape, String> {
    if size < 2 {
        return Err(format!("`size` is {size}; a window needs at least 2"));
    }
    let across = |pixels: usize| match rounding {
        Rounding::Up => pixels.div_ceil(size),
        Rounding::Down => pixels / size,
    };
    let output = Shape::new(input.channels, across(input.height), across(input.width));
    if output.is_empty() {
        let Shape { height, width, .. } = input;
        return Err(format!("a {size}×{size} window does not fit into {height}×{width} pixels"));
    }
    Ok(output)
}

/// The settings of a pooling layer in words.
pub(crate) fn settings(size: usize, rounding: Rounding) -> String {
    let rounding = if rounding == Rounding::Up { "" } else { ", rounding down" };
    format!("{size}×{size}{rounding}")
}
