//! Where an axis has its ticks, and what they say.

/// A tick: where, and its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// About `count` ticks at round numbers (1, 2 or 5 times a power of ten) in `[low, high]`.
pub(super) fn linear_ticks(low: f64, high: f64, count: usize) -> Vec<Tick> {
    let span = high - low;
    if !(span > 0.0 && span.is_finite()) {
        return vec![Tick { value: low, label: short(low) }];
    }
    let rough = span / count.max(1) as f64;
    let power = 10.0_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|f| f * power).into_iter().find(|&s| s >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    // A span at the end of what doubles can tell apart must not become endless.
    (0..=((last - first).max(0.0) as usize).min(4 * count.max(1)))
        .map(|i| {
            // Multiplied and not added up, so that no tick says 0.30000000000000004.
            let value = (first + i as f64) * step;
            let label = if value.abs() >= 1e6 || step < 1e-6 {
                format!("{value:.1e}")
            } else {
                format!("{value:.decimals$}")
            };
            Tick { value, label: minus(label) }
        })
        .collect()
}

/// Ticks at whole numbers only, for epochs.
pub(super) fn whole_ticks(low: f64, high: f64, count: usize) -> Vec<Tick> {
    linear_ticks(low, high, count)
        .into_iter()
        .filter(|tick| tick.value.fract() == 0.0)
        .map(|tick| {
            let label = format!("{:.0}", tick.value);
            Tick { label, ..tick }
        })
        .collect()
}

/// Ticks of a logarithmic axis over `[low, high]`, both positive: 1, 2 and 5 times powers of ten, or
/// powers alone where that would crowd; linear ones where the range is under a factor of four.
pub(super) fn log_ticks(low: f64, high: f64) -> Vec<Tick> {
    let decades = (high / low).log10();
    if decades < 0.6 {
        return linear_ticks(low, high, 6).into_iter().filter(|tick| tick.value > 0.0).collect();
    }
    let factors: &[f64] = if decades <= 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    powers
        .flat_map(|power| factors.iter().map(move |factor| factor * 10.0_f64.powi(power)))
        .filter(|value| (low * 0.999..=high * 1.001).contains(value))
        .map(|value| Tick { value, label: short(value) })
        .collect()
}

/// A number in few characters.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    let text = if size == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e6).contains(&size) {
        format!("{value:.1e}")
    } else {
        let decimals = (2 - size.log10().floor() as i32).clamp(0, 6) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    minus(text)
}

/// With a minus sign as long as a plus, and not a hyphen.
fn minus(text: String) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(&linear_ticks(0.24, 0.311, 4)), ["0.24", "0.26", "0.28", "0.30"]);
        assert_eq!(labels(&linear_ticks(-1.0, 1.0, 4)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(&linear_ticks(0.0, 1200.0, 4)), ["0", "500", "1000"]);
        assert_eq!(labels(&linear_ticks(3.0, 3.0, 4)), ["3"]);
        assert_eq!(labels(&whole_ticks(1.0, 3.0, 8)), ["1", "2", "3"]);
    }

    #[test]
    fn logarithmic_ticks() {
        assert_eq!(labels(&log_ticks(0.01, 0.2)), ["0.01", "0.02", "0.05", "0.1", "0.2"]);
        assert_eq!(log_ticks(1e-8, 1.0).len(), 9);
        assert_eq!(labels(&log_ticks(0.25, 0.35)), ["0.26", "0.28", "0.30", "0.32", "0.34"]);
    }

    #[test]
    fn short_numbers() {
        let cases = [(0.0, "0"), (0.27912, "0.279"), (12.5, "12.5"), (1234.0, "1234"), (-2.0, "−2")];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
        assert_eq!(short(1.5e-7), "1.5e−7");
    }
}
