//! The values of an array as pixels from 0 to 255: taken where they are told by their range, refused with the formula where
//! they are not.

use super::array::{Array, Element};

/// How far rounding may lead out of 0…1, for halves and for longer floats.
const ROUNDING: (f64, f64) = (1e-3, 1e-5);

/// The largest values that pictures are commonly scaled to.
const SCALES: [f64; 7] = [16.0, 100.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0];

/// Smallest and largest value of arrays that belong together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) least: f64,
    pub(crate) most: f64,
    whole: bool,
}

/// Why an array cannot be taken as pixels.
#[derive(Debug)]
pub(crate) struct NoPixels {
    /// The element that shows it.
    pub(crate) index: usize,
    pub(crate) got: String,
    pub(crate) expected: &'static str,
    pub(crate) advice: String,
}

impl Range {
    /// The range of all values; the first that is no number is an error.
    pub(crate) fn of(array: &Array) -> Result<Self, NoPixels> {
        let mut range = Self { least: f64::INFINITY, most: f64::NEG_INFINITY, whole: true };
        if let Element::Int { bytes: 1, signed: false, .. } = array.element {
            range.least = array.bytes.iter().min().map_or(range.least, |&least| least.into());
            range.most = array.bytes.iter().max().map_or(range.most, |&most| most.into());
            return Ok(range);
        }
        for (index, bytes) in array.bytes.chunks_exact(array.element.size().max(1)).enumerate() {
            let value = array.element.number(bytes);
            if !value.is_finite() {
                return Err(NoPixels {
                    index,
                    got: value.to_string(),
                    expected: "a number",
                    advice: "replace such values first, for example by numpy.nan_to_num(x)".into(),
                });
            }
            range.whole &= value.fract() == 0.0;
            range.least = range.least.min(value);
            range.most = range.most.max(value);
        }
        Ok(range)
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
            whole: self.whole && other.whole,
        }
    }
}

/// What makes values of this range pixels, as Python of `x`.
pub(crate) fn formula(least: f64, most: f64, whole: bool) -> String {
    let near = |value: f64, of: f64| (value - of).abs() <= 0.01 * of.abs().max(1.0);
    // A little beyond 0…1 on both sides is what interpolation and JPEG leave.
    if least >= -0.2 && most <= 1.2 && !(whole && least < 0.0) {
        return "x.clip(0, 1)".into();
    }
    if least >= -0.51 && most <= 0.51 {
        return "x + 0.5".into();
    }
    if (-1.01..0.0).contains(&least) && most <= 1.01 {
        return "(x + 1) / 2".into();
    }
    if (-128.0..-1.01).contains(&least) && most <= 127.0 && whole {
        return "(x + 128.0) / 255".into();
    }
    if least >= 0.0 {
        if let Some(scale) = SCALES.iter().find(|&&scale| most <= scale) {
            return match (*scale, whole) {
                // One sixteen-bit step is 257 eight-bit ones.
                (65535.0, true) => "(x / 257).round().astype('uint8'), which is x / 65535 as floats".into(),
                (scale, _) => format!("x / {scale}"),
            };
        }
        if near(least, 0.0) {
            return format!("x / {most}");
        }
    }
    let (sign, offset) = if least < 0.0 { ('+', -least) } else { ('-', least) };
    format!(
        "(x {sign} {offset:.6}) / {:.6}, the same for training and test images; if x was standardised, x * std + mean \
         undoes it",
        most - least
    )
}

/// A value as a sentence has it.
fn short(value: f64) -> String {
    match value.abs() {
        size if size > 0.0 && !(1e-4..1e15).contains(&size) => format!("{value:.1e}"),
        _ => format!("{value:.7}").trim_end_matches('0').trim_end_matches('.').to_owned(),
    }
}

/// The values of `array` as bytes, in the order of the file; `together` is the range of all arrays of the file. What was
/// done that is not plain is added to `notes`.
pub(crate) fn to_bytes(array: &Array, together: Range, notes: &mut Vec<String>) -> Result<Vec<u8>, NoPixels> {
    let Range { least, most, whole } = together;
    let size = array.element.size().max(1);
    let numbers = || array.bytes.chunks_exact(size).map(|bytes| array.element.number(bytes));
    let mut note = |text: String| {
        if !notes.contains(&text) {
            notes.push(text);
        }
    };
    let refused = |expected, wrong: &dyn Fn(f64) -> bool| {
        let (index, got) = numbers().enumerate().find(|&(_, value)| wrong(value)).unwrap_or((0, most));
        let advice = format!(
            "the values go from {} to {}: bring them to floats from 0 to 1 by {}",
            short(least),
            short(most),
            formula(least, most, whole)
        );
        Err(NoPixels { index, got: got.to_string(), expected, advice })
    };
    match array.element {
        Element::Bool => Ok(array.bytes.iter().map(|&byte| if byte == 0 { 0 } else { 255 }).collect()),
        Element::Float { bytes, .. } => {
            let rounding = if bytes == 2 { ROUNDING.0 } else { ROUNDING.1 };
            let is_in = |value: f64| value >= -rounding && value <= 1.0 + rounding;
            if !is_in(least) || !is_in(most) {
                return refused("floats from 0 to 1", &|value| !is_in(value));
            }
            if least < 0.0 || most > 1.0 {
                note(format!("values from {} to {} are clipped to 0…1", short(least), short(most)));
            }
            Ok(numbers().map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8).collect())
        }
        Element::Int { .. } if least < 0.0 || most > 255.0 => {
            refused("whole numbers from 0 to 255", &|value| !(0.0..=255.0).contains(&value))
        }
        Element::Int { bytes, .. } => {
            if most == 1.0 {
                note("all values are 0 or 1: 1 is taken as white (255)".into());
                return Ok(numbers().map(|value| if value > 0.0 { 255 } else { 0 }).collect());
            }
            Ok(if bytes == 1 { array.bytes.clone() } else { numbers().map(|value| value as u8).collect() })
        }
        Element::Text { .. } => refused("numbers", &|_| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_of_every_common_range() {
        for (least, most, whole, expected) in [
            (-1.0, 1.0, false, "(x + 1) / 2"),
            (-0.97, 0.96, false, "(x + 1) / 2"),
            (-1.0, 1.0, true, "(x + 1) / 2"),
            (0.0, 255.0, true, "x / 255"),
            (0.0, 251.3, false, "x / 255"),
            (0.0, 16.0, true, "x / 16"),
            (0.0, 15.0, true, "x / 16"),
            (0.0, 65535.0, true, "(x / 257).round().astype('uint8')"),
            (0.0, 65535.0, false, "x / 65535"),
            (0.0, 4000.0, true, "x / 4095"),
            (0.0, 1000.0, true, "x / 1023"),
            (-128.0, 127.0, true, "(x + 128.0) / 255"),
            (-0.5, 0.5, false, "x + 0.5"),
            (-0.04, 1.06, false, "x.clip(0, 1)"),
            (0.0, 1e6, true, "x / 1000000"),
            (-2.0, 3.0, false, "(x + 2.000000) / 5.000000"),
        ] {
            let got = formula(least, most, whole);
            assert!(got.starts_with(expected), "{least} to {most}: {got}");
        }
    }
}
