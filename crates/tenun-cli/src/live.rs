//! [`Line`]: what is going on, in one line as wide as the terminal at most; [`Live`]: such a line at its bottom.

use std::time::Duration;

use console::{Term, measure_text_width, style, truncate_str};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Before the line something turns, this often: what stands still for a while is seen to be alive.
const TURN: Duration = Duration::from_millis(100);

/// The columns of that.
const SPINNER: usize = 2;

/// The bar in columns: as wide as this, if that leaves room for everything else, and not narrower than the second.
const BAR: (usize, usize) = (24, 8);

/// Between the parts of a line.
const GAP: usize = 2;

/// What is going on, and how far it is. Parts drop out by importance until the line fits: the bar gets narrower, the
/// facts go, the least important first, then the bar, and what is going on is cut last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Line {
    what: String,
    /// The part that is done, from 0 to 1, where it is known.
    share: Option<f64>,
    /// How important, and what, from left to right.
    facts: Vec<(u8, String)>,
}

impl Line {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    /// `done` of `total` parts are done.
    pub(crate) fn share(mut self, done: usize, total: usize) -> Self {
        self.share = (total > 0).then(|| (done as f64 / total as f64).min(1.0));
        self
    }

    /// Adds a fact to the right. Among facts of one importance the rightmost drops out first.
    pub(crate) fn fact(mut self, importance: u8, text: impl Into<String>) -> Self {
        self.facts.push((importance, text.into()));
        self
    }

    /// The line in at most `width` columns: what is going on, the bar, and the facts.
    fn parts(&self, width: usize) -> (String, usize, Vec<&str>) {
        let mut facts: Vec<&(u8, String)> = self.facts.iter().collect();
        let mut bar = if self.share.is_some() { BAR.1 } else { 0 };
        let taken = |bar: usize, facts: &[&(u8, String)]| {
            let gap = |width: usize| if width > 0 { GAP + width } else { 0 };
            let facts = facts.iter().map(|(_, text)| gap(measure_text_width(text))).sum::<usize>();
            measure_text_width(&self.what) + gap(bar) + facts
        };
        while taken(bar, &facts) > width && !facts.is_empty() {
            let least = facts.iter().map(|fact| fact.0).min();
            let at = facts.iter().rposition(|fact| Some(fact.0) == least);
            at.map(|at| facts.remove(at));
        }
        if taken(bar, &facts) > width {
            bar = 0;
        }
        if bar > 0 {
            bar += width.saturating_sub(taken(bar, &facts)).min(BAR.0 - BAR.1);
        }
        let what = truncate_str(&self.what, width, "…").into_owned();
        (what, bar, facts.into_iter().map(|(_, text)| text.as_str()).collect())
    }

    /// The line as text of at most `width` columns.
    pub(crate) fn text(&self, width: usize, colour: bool) -> String {
        let (mut text, bar, facts) = self.parts(width);
        if let Some(share) = self.share.filter(|_| bar > 0) {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // from 0 to the width
            let done = (share * bar as f64).floor() as usize;
            let head = usize::from(done < bar);
            let (full, rest) = ("━".repeat(done) + &"╸".repeat(head), "─".repeat(bar - done - head));
            text += &" ".repeat(GAP);
            text += &match colour {
                true => format!(
                    "{}{}",
                    style(full).cyan().force_styling(true),
                    style(rest).dim().force_styling(true)
                ),
                false => full + &rest,
            };
        }
        for fact in facts {
            text += &" ".repeat(GAP);
            text += fact;
        }
        text
    }
}

/// A line at the bottom of the terminal. It goes when this is dropped.
pub(crate) struct Live {
    bar: ProgressBar,
    term: Term,
}

impl Live {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TURN);
        Self { bar, term: Term::stderr() }
    }

    pub(crate) fn show(&self, line: &Line, colour: bool) {
        // A line that fills the last column makes some terminals begin another.
        let width = usize::from(self.term.size().1).saturating_sub(1).max(1);
        self.bar.set_message(line.text(width.saturating_sub(SPINNER), colour));
    }

    /// Writes above the line.
    pub(crate) fn above(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn training() -> Line {
        Line::new("epoch 1,000/1,000")
            .share(999_999, 1_000_000)
            .fact(1, "1,234,567/1,234,567 images")
            .fact(0, "1,234,567/s")
            .fact(3, "loss 12345.6789")
            .fact(2, "123 h 45 min left")
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let lines = [
            training(),
            Line::new("evaluating").share(1, 3).fact(1, "33 %"),
            Line::new("sehr-langer-name-".repeat(20)).share(1, 2).fact(1, "50 %").fact(2, "日本語"),
            Line::new("日本語".repeat(30)),
        ];
        for line in lines {
            for width in (1..10).chain([40, 60, 80, 120]) {
                for colour in [false, true] {
                    let text = line.text(width, colour);
                    assert!(measure_text_width(&text) <= width, "{width}: {text}");
                }
            }
        }
    }

    #[test]
    fn what_matters_most_stays_longest() {
        let told = |width| {
            let line = training();
            let (_, bar, facts) = line.parts(width);
            (bar, facts.len(), facts.last().copied().unwrap_or_default().to_owned())
        };
        assert_eq!(told(120), (24, 4, "123 h 45 min left".to_owned()));
        assert_eq!(told(80), (24, 2, "123 h 45 min left".to_owned()));
        assert_eq!(told(60), (24, 1, "loss 12345.6789".to_owned()));
        assert_eq!(told(44), (8, 1, "loss 12345.6789".to_owned()));
        assert_eq!(told(40), (21, 0, String::new()));
        assert_eq!(told(20), (0, 0, String::new()));
    }

    #[test]
    fn the_bar_is_as_long_as_what_is_done() {
        let at = |done| Line::new("x").share(done, 4).text(11, false);
        assert_eq!([0, 2, 4].map(at), ["x  ╸───────", "x  ━━━━╸───", "x  ━━━━━━━━"]);
    }
}
