//! Gradient clipping by the global norm.

/// Sums that are kept side by side, so that the additions do not wait for each other.
const LANES: usize = 8;

/// The Euclidean norm of `gradient`, summed in double precision in a fixed order.
#[must_use]
pub fn norm(gradient: &[f32]) -> f64 {
    let mut sums = [0.0; LANES];
    let chunks = gradient.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (sum, &g) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(g) * f64::from(g);
        }
    }
    for (sum, &g) in sums.iter_mut().zip(rest) {
        *sum += f64::from(g) * f64::from(g);
    }
    sums.iter().sum::<f64>().sqrt()
}

/// Scales `gradient` down to the norm `most`, if it is longer, and returns the norm it had: Pascanu, Mikolov and
/// Bengio, "On the difficulty of training recurrent neural networks" (2012).
#[allow(clippy::cast_possible_truncation)] // a factor below one
pub fn clip(gradient: &mut [f32], most: f64) -> f64 {
    let norm = norm(gradient);
    if norm > most {
        let factor = (most / norm) as f32;
        gradient.iter_mut().for_each(|g| *g *= factor);
    }
    norm
}
