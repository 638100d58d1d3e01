//! Flags that say how images are read, for every command that reads some.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use tenun::data::{Colour, Fit};
use tenun::engine::Shape;

/// How the images of a folder are brought to one size and colour.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct SourceFlags {
    /// Bring the images of a folder to this size, in pixels [default: the size of the first image; the model's, where there is one, with --fit]
    #[arg(long, value_name = "HxW", value_parser = size)]
    pub(crate) size: Option<(usize, usize)>,
    /// What to do with an image of a folder that has another size
    #[arg(long, value_name = "HOW", value_parser = fit(), default_value = "error")]
    pub(crate) fit: Fit,
    /// Colour of the images of a folder
    #[arg(long, alias = "color", value_name = "COLOUR", value_parser = colour(), default_value = "auto")]
    pub(crate) colour: Colour,
    /// Leave out images that cannot be read, and name them, instead of stopping at the first
    #[arg(long)]
    pub(crate) skip_bad: bool,
}

/// Which images of a source that has two splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Split {
    /// The training images
    Train,
    /// The test images
    Test,
}

fn fit() -> impl TypedValueParser<Value = Fit> {
    PossibleValuesParser::new([
        PossibleValue::new("error").help("Stop, and say which image it is"),
        PossibleValue::new("resize").help("Scale it, proportions or not"),
        PossibleValue::new("crop").help("Scale it until it covers the size, and cut the edges"),
    ])
    .map(|name| match name.as_str() {
        "resize" => Fit::Resize,
        "crop" => Fit::Crop,
        _ => Fit::Error,
    })
}

fn colour() -> impl TypedValueParser<Value = Colour> {
    PossibleValuesParser::new([
        PossibleValue::new("auto").help("Grey if every image is grey, else RGB"),
        PossibleValue::new("grey").alias("gray").help("One channel"),
        PossibleValue::new("rgb").help("Three channels"),
    ])
    .map(|name| match name.as_str() {
        "grey" | "gray" => Colour::Grey,
        "rgb" => Colour::Rgb,
        _ => Colour::Auto,
    })
}

fn numbers<const N: usize>(text: &str) -> Option<[usize; N]> {
    let parts: Vec<usize> = text.split(['x', 'X', '×']).map(str::parse).collect::<Result<_, _>>().ok()?;
    let numbers: [usize; N] = parts.try_into().ok()?;
    numbers.iter().all(|&number| number > 0).then_some(numbers)
}

fn size(text: &str) -> Result<(usize, usize), String> {
    let [height, width] = numbers(text).ok_or("expected height x width, such as 45x37")?;
    Ok((height, width))
}

/// A shape as people say it: height, width, channels.
pub(crate) fn shape(text: &str) -> Result<Shape, String> {
    let [height, width, channels] =
        numbers(text).ok_or("expected height x width x channels, such as 28x28x1")?;
    Ok(Shape::new(channels, height, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_height_first() {
        assert_eq!(size("45x37"), Ok((45, 37)));
        assert_eq!(shape("45×37x3"), Ok(Shape::new(3, 45, 37)));
        for text in ["", "45", "45x", "45x37x3x1", "0x3", "-1x3", "1.5x2", "99999999999999999999x1"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert!(shape("45x37").is_err());
    }
}
