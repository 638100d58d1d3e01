//! The golden files of metrics, as the scripts in `golden/` write them.

use std::collections::BTreeMap;

use serde::Deserialize;
use tenun_engine::Shape;

/// An image and its reconstruction, made from a seed by the same formula here and in the script, and their score.
#[derive(Deserialize)]
pub(super) struct Case {
    channels: usize,
    height: usize,
    width: usize,
    seed: usize,
    #[serde(flatten)]
    scores: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

impl Case {
    /// The cases of a file; there are some.
    pub(super) fn all(json: &str) -> Vec<Self> {
        let Golden { cases } = serde_json::from_str(json).expect("a golden file");
        assert!(!cases.is_empty());
        cases
    }

    pub(super) fn shape(&self) -> Shape {
        Shape::new(self.channels, self.height, self.width)
    }

    /// The score of that name.
    pub(super) fn score(&self, name: &str) -> f64 {
        self.scores[name]
    }

    /// The image, and its reconstruction in parts of 1,024, by what `pixel` makes of seed, channel, row and column.
    pub(super) fn images(
        &self,
        pixel: impl Fn(usize, usize, usize, usize) -> (usize, usize),
    ) -> (Vec<u8>, Vec<f32>) {
        let Self { channels, height, width, seed, .. } = *self;
        let places =
            (0..channels).flat_map(|c| (0..height).flat_map(move |i| (0..width).map(move |j| (c, i, j))));
        places
            .map(|(c, i, j)| pixel(seed, c, i, j))
            .map(|(byte, output)| (byte as u8, output as f32 / 1024.0))
            .unzip()
    }
}
