//! Numbers and sentences as people read them.

use maud::{Markup, html};

use crate::measure::Metric;

/// With a fixed number of decimals, or `∞` or `–` where there is no number.
pub(super) fn decimals(value: f64, decimals: usize) -> String {
    if value.is_finite() {
        format!("{value:.decimals$}").replace('-', "−")
    } else if value.is_infinite() && value > 0.0 {
        "∞".into()
    } else {
        "–".into()
    }
}

/// A value of a metric, with its unit.
pub(super) fn score(metric: &Metric, value: f64) -> String {
    metric.with_unit(value).replace('-', "−")
}

/// What the error of an image is called: where its metric has a lower bound that depends on the image, it is what is above
/// that.
pub(super) fn error_name(metric: &Metric) -> String {
    if metric.has_floor() {
        format!("{} above the image's own floor", metric.label)
    } else {
        metric.label.to_owned()
    }
}

/// As a percentage; its sign never stands alone on the next line.
pub(super) fn percent(part: f64) -> String {
    format!("{}\u{a0}%", decimals(part * 100.0, 1))
}

/// With a capital at its beginning.
pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// What stands between backticks as code.
pub(super) fn marked(text: &str) -> Markup {
    html! {
        @for (i, part) in text.split('`').enumerate() {
            @if i % 2 == 0 { (part) } @else { code { (part) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_between_backticks_is_marked_and_nothing_gets_through() {
        assert_eq!(marked("Lower `--lr` <b>").into_string(), "Lower <code>--lr</code> &lt;b&gt;");
    }

    #[test]
    fn numbers_as_people_read_them() {
        assert_eq!(decimals(0.27912, 4), "0.2791");
        assert_eq!(decimals(-0.5, 1), "−0.5");
        assert_eq!((decimals(f64::INFINITY, 2), decimals(f64::NAN, 2)), ("∞".into(), "–".into()));
        assert_eq!(percent(0.1234), "12.3\u{a0}%");
    }
}
