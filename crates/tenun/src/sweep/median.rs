//! [`MedianStop`]: giving up a trial that is behind.

use serde::{Deserialize, Serialize};

/// How many other trials have to have come as far before one is stopped: a median of fewer says little.
pub const MIN_TRIALS: usize = 3;

/// The median-stopping rule: after epoch e a trial stops if its best validation loss so far is above the median of the
/// best validation losses that the other trials had after e epochs.
///
/// The others are all that have done e epochs, whether or not they are still running; the median of an even number is
/// the mean of the middle two. What is decided follows from the losses known at that moment: with several trials side
/// by side it depends on which were faster, with one after the other it is the same every time.
///
/// Source: Golovin, Solnik, Moitra, Kochanski, Karro and Sculley, "Google Vizier: a service for black-box optimization"
/// (2017), section 3.2.2, who compare with the running *averages* of the completed trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MedianStop {
    /// Epochs that every trial may do: at least 1. After this many it is judged for the first time.
    pub grace: u32,
}

impl MedianStop {
    /// Whether trial `trial` stops now. `best[t][e − 1]` is the least validation loss of trial t in its first e epochs.
    ///
    /// ```
    /// use tenun::sweep::MedianStop;
    ///
    /// let rule = MedianStop { grace: 2 };
    /// let best = [vec![0.5, 0.4], vec![0.5, 0.3], vec![0.6, 0.5], vec![0.9, 0.6]];
    /// assert!(rule.stops(&best, 3));
    /// assert!(!rule.stops(&best, 0));
    /// ```
    ///
    /// # Panics
    /// If there is no such trial.
    #[must_use]
    pub fn stops(self, best: &[Vec<f64>], trial: usize) -> bool {
        let (epochs, Some(&own)) = (best[trial].len(), best[trial].last()) else { return false };
        if epochs < self.grace as usize {
            return false;
        }
        let others = best.iter().enumerate().filter(|&(other, _)| other != trial);
        let mut others: Vec<f64> = others.filter_map(|(_, best)| best.get(epochs - 1)).copied().collect();
        if others.len() < MIN_TRIALS {
            return false;
        }
        others.sort_by(f64::total_cmp);
        let middle = others.len() / 2;
        let median = if others.len().is_multiple_of(2) {
            f64::midpoint(others[middle - 1], others[middle])
        } else {
            others[middle]
        };
        own > median
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: MedianStop = MedianStop { grace: 2 };

    #[test]
    fn the_upper_half_stops_and_the_median_itself_does_not() {
        let best: Vec<Vec<f64>> = [0.1, 0.2, 0.3, 0.4].map(|loss| vec![1.0, loss]).to_vec();
        let stops: Vec<bool> = (0..4).map(|trial| RULE.stops(&best, trial)).collect();
        // The medians of the others are 0.3, 0.3, 0.2 and 0.2.
        assert_eq!(stops, [false, false, true, true]);
        let even: Vec<Vec<f64>> = [0.25, 0.1, 0.2, 0.3, 0.4].map(|loss| vec![1.0, loss]).to_vec();
        assert!(!RULE.stops(&even, 0), "0.25 is the mean of the middle two");
    }

    #[test]
    fn no_trial_stops_in_the_grace_period_nor_beside_too_few() {
        let best = vec![vec![9.0], vec![0.1], vec![0.1], vec![0.1]];
        assert!(!RULE.stops(&best, 0));
        let best = vec![vec![9.0, 9.0], vec![0.1, 0.1], vec![0.1, 0.1], vec![0.1]];
        assert!(!RULE.stops(&best, 0), "only two of the others have done two epochs");
        assert!(!RULE.stops(&[vec![]], 0));
    }

    #[test]
    fn others_are_seen_at_the_same_epoch() {
        // In the end the others are better, but after two epochs they were not.
        let others = vec![0.9, 0.8, 0.1];
        let best = vec![vec![0.7, 0.7], others.clone(), others.clone(), others];
        assert!(!RULE.stops(&best, 0));
    }
}
