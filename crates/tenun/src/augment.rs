//! [`Augment`]: training images moved, mirrored, turned and cropped at random, another way in every epoch.
//!
//! How an image is changed depends on the seed, the epoch and the image alone, so that threads, batches and a resumed
//! run change nothing. What comes out is both the input and the target: augmentation makes more images of a few, and
//! takes nothing from them; for inputs worse than their targets there is the layer `corrupt`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tenun_engine::{Philox, Purpose, Shape};

use crate::suggest;

/// Data augmentation. As text, also in files: `shift=2,flip,rotate=10,crop=0.1`; `none` for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Augment {
    /// Moved by up to so many pixels along each axis, whole ones.
    pub shift: u32,
    /// Mirrored left to right, one in two.
    pub flip: bool,
    /// Turned about the centre by up to so many degrees, either way: 0 to 180.
    pub rotate: f64,
    /// Up to this share of height and width is cut off, somewhere, and the rest enlarged: 0 to 0.9.
    pub crop: f64,
}

/// The names of the ways, in text.
const NAMES: [&str; 4] = ["shift", "flip", "rotate", "crop"];

/// No way at all, in text.
const NONE: &str = "none";

impl Augment {
    /// Whether images stay as they are.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Checks every number.
    ///
    /// # Errors
    /// What is out of its range.
    pub fn check(&self) -> Result<(), String> {
        if !(0.0..=180.0).contains(&self.rotate) {
            return Err(format!("`rotate`: expected 0 to 180 degrees, got {}", self.rotate));
        }
        if !(0.0..=0.9).contains(&self.crop) {
            return Err(format!("`crop`: expected a share of 0 to 0.9, got {}", self.crop));
        }
        Ok(())
    }

    /// Writes what becomes of `image`, `[channel][row][column]`, number `number` of its set, in `epoch`, from 0.
    ///
    /// Between pixels values are interpolated linearly; beyond the edge the nearest pixel of the edge is taken.
    pub fn apply(&self, seed: u64, epoch: u32, number: u32, shape: Shape, image: &[u8], to: &mut [u8]) {
        let words = Philox::new(seed, Purpose::Augment).words(epoch, number, 0, 0);
        let more = Philox::new(seed, Purpose::Augment).words(epoch, number, 0, 1);
        // In [-1, 1], with 2^32 steps.
        let even = |word: u32| 2.0 * f64::from(word) / f64::from(u32::MAX) - 1.0;
        let whole = |word: u32| {
            let span = 2 * u64::from(self.shift) + 1;
            ((u64::from(word) * span) >> 32) as f64 - f64::from(self.shift)
        };
        let (down, right) = (whole(words[0]), whole(words[1]));
        let mirrored = self.flip && words[2] & 1 == 1;
        let (sin, cos) = sin_cos(even(words[3]) * self.rotate * std::f64::consts::PI / 180.0);
        let scale = 1.0 - self.crop * (even(more[0]) + 1.0) / 2.0;
        let Shape { height, width, .. } = shape;
        let middle = |size: usize| (size as f64 - 1.0) / 2.0;
        let (centre_y, centre_x) = (middle(height), middle(width));
        // The cut-out lies anywhere inside the image.
        let (free_y, free_x) = (even(more[1]) * (1.0 - scale), even(more[2]) * (1.0 - scale));
        for row in 0..height {
            for column in 0..width {
                let y = row as f64 - centre_y;
                let x = if mirrored { centre_x - column as f64 } else { column as f64 - centre_x };
                let from_y = centre_y * (1.0 + free_y) + scale * (cos * y - sin * x) - down;
                let from_x = centre_x * (1.0 + free_x) + scale * (sin * y + cos * x) - right;
                let at = Between::new(from_y, from_x, height, width);
                let area = height * width;
                for (plane, to) in image.chunks_exact(area).zip(to.chunks_exact_mut(area)) {
                    to[row * width + column] = at.of(plane);
                }
            }
        }
    }
}

/// A place between four pixels.
struct Between {
    pixels: [usize; 4],
    down: f64,
    right: f64,
}

impl Between {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped to the image
    fn new(y: f64, x: f64, height: usize, width: usize) -> Self {
        let (y, x) = (y.clamp(0.0, height as f64 - 1.0), x.clamp(0.0, width as f64 - 1.0));
        let (top, left) = (y as usize, x as usize);
        let (below, beside) = ((top + 1).min(height - 1), (left + 1).min(width - 1));
        let at = |row: usize, column: usize| row * width + column;
        let pixels = [at(top, left), at(top, beside), at(below, left), at(below, beside)];
        Self { pixels, down: y - top as f64, right: x - left as f64 }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a mean of bytes
    fn of(&self, plane: &[u8]) -> u8 {
        let [a, b, c, d] = self.pixels.map(|at| f64::from(plane[at]));
        let top = a + (b - a) * self.right;
        let below = c + (d - c) * self.right;
        (top + (below - top) * self.down + 0.5) as u8
    }
}

/// Sine and cosine by their series, in operations that every processor rounds alike; for at most π either way.
fn sin_cos(angle: f64) -> (f64, f64) {
    let (mut sin, mut cos, mut term) = (0.0, 0.0, 1.0);
    for n in 0..28 {
        // term = angleⁿ / n!, with the sign of the series of every second one.
        let sign = if n / 2 % 2 == 0 { 1.0 } else { -1.0 };
        if n % 2 == 0 {
            cos += sign * term
        } else {
            sin += sign * term
        }
        term *= angle / f64::from(n + 1);
    }
    (sin, cos)
}

impl fmt::Display for Augment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str(NONE);
        }
        let Self { shift, flip, rotate, crop } = *self;
        let ways = [
            (shift > 0).then(|| format!("shift={shift}")),
            flip.then(|| "flip".to_owned()),
            (rotate > 0.0).then(|| format!("rotate={rotate}")),
            (crop > 0.0).then(|| format!("crop={crop}")),
        ];
        f.write_str(&ways.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

impl From<Augment> for String {
    fn from(augment: Augment) -> Self {
        augment.to_string()
    }
}

impl TryFrom<String> for Augment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Augment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut augment = Self::default();
        if text == NONE {
            return Ok(augment);
        }
        for way in text.split(',') {
            let (name, value) = way.split_once('=').map_or((way, None), |(name, value)| (name, Some(value)));
            fn number<T: FromStr>(name: &str, value: Option<&str>) -> Result<T, String> {
                let value = value.ok_or_else(|| format!("`{name}` needs a number: `{name}=…`"))?;
                value.parse().map_err(|_| format!("`{name}`: expected a number, got `{value}`"))
            }
            match (name, value) {
                ("shift", value) => augment.shift = number(name, value)?,
                ("rotate", value) => augment.rotate = number(name, value)?,
                ("crop", value) => augment.crop = number(name, value)?,
                ("flip", None) => augment.flip = true,
                ("flip", Some(_)) => return Err("`flip` takes no number".to_owned()),
                _ => {
                    let near = suggest::nearest(name, NAMES);
                    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                    return Err(format!("there is no `{name}`, but {}{near}", NAMES.join(", ")));
                }
            }
        }
        augment.check()?;
        Ok(augment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { channels: 2, height: 9, width: 7 };

    fn image() -> Vec<u8> {
        (0..SHAPE.len()).map(|i| (i * 83 % 251) as u8).collect()
    }

    fn augmented(text: &str, epoch: u32, number: u32) -> Vec<u8> {
        let mut to = vec![0; SHAPE.len()];
        text.parse::<Augment>().unwrap().apply(1, epoch, number, SHAPE, &image(), &mut to);
        to
    }

    #[test]
    fn nothing_changes_nothing() {
        let mut to = vec![0; SHAPE.len()];
        Augment::default().apply(1, 0, 0, SHAPE, &image(), &mut to);
        assert_eq!(to, image());
    }

    #[test]
    fn a_shifted_image_is_the_image_elsewhere_and_every_way_comes() {
        let (image, mut seen) = (image(), std::collections::BTreeSet::new());
        for number in 0..200 {
            let to = augmented("shift=1", 0, number);
            let fits = |dy: i64, dx: i64| {
                (0..SHAPE.len()).all(|at| {
                    let (plane, row, column) = (at / 63, at / 7 % 9, at % 7);
                    let y = (row as i64 - dy).clamp(0, 8) as usize;
                    let x = (column as i64 - dx).clamp(0, 6) as usize;
                    to[at] == image[plane * 63 + y * 7 + x]
                })
            };
            let ways: Vec<_> = (-1..=1)
                .flat_map(|dy| (-1..=1).map(move |dx| (dy, dx)))
                .filter(|&(dy, dx)| fits(dy, dx))
                .collect();
            assert_eq!(ways.len(), 1, "image {number}");
            seen.insert(ways[0]);
        }
        assert_eq!(seen.len(), 9);
    }

    #[test]
    fn one_in_two_is_mirrored() {
        let image = image();
        let mirrored: Vec<u8> =
            image.chunks_exact(7).flat_map(|row| row.iter().rev().copied().collect::<Vec<_>>()).collect();
        let count = (0..100).filter(|&number| augmented("flip", 3, number) == mirrored).count();
        let same = (0..100).filter(|&number| augmented("flip", 3, number) == image).count();
        assert_eq!(count + same, 100);
        assert!((30..70).contains(&count), "{count}");
    }

    #[test]
    fn a_half_turn_and_back() {
        let (sin, cos) = sin_cos(std::f64::consts::PI);
        assert!(sin.abs() < 1e-14 && (cos + 1.0).abs() < 1e-14, "{sin} {cos}");
        let (sin, cos) = sin_cos(-0.7);
        assert!((sin - (-0.7_f64).sin()).abs() < 1e-15 && (cos - 0.7_f64.cos()).abs() < 1e-15);
    }

    #[test]
    fn a_place_in_an_epoch_is_always_changed_alike_and_others_otherwise() {
        let all = "shift=1,flip,rotate=30,crop=0.3";
        assert_eq!(augmented(all, 1, 5), augmented(all, 1, 5));
        assert_ne!(augmented(all, 1, 5), augmented(all, 2, 5));
        assert_ne!(augmented(all, 1, 5), augmented(all, 1, 6));
        // Turned and cropped values lie between those that were there.
        assert!(augmented(all, 1, 5).iter().all(|byte| *byte <= 250));
    }

    #[test]
    fn text_and_slips_in_it() {
        let augment: Augment = "shift=2,flip,rotate=10,crop=0.1".parse().unwrap();
        assert_eq!(augment, Augment { shift: 2, flip: true, rotate: 10.0, crop: 0.1 });
        assert_eq!(augment.to_string(), "shift=2,flip,rotate=10,crop=0.1");
        for (text, said) in [
            ("rotates=3", "did you mean `rotate`?"),
            ("shift", "needs a number"),
            ("flip=2", "takes no number"),
            ("crop=2", "0 to 0.9, got 2"),
            ("rotate=x", "expected a number, got `x`"),
        ] {
            let error = text.parse::<Augment>().unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
