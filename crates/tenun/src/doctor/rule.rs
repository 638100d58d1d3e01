//! [`Rule`]: what it looks at, its threshold, and what it says.

use super::{Evidence, Finding};

/// One thing that the doctor looks for.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, which stays: `dead-filters`.
    pub name: &'static str,
    /// What it looks at.
    pub looks_at: &'static str,
    /// Its threshold, and why it is that.
    pub threshold: &'static str,
    /// Whether it sees something that happened, and counts although it is over; otherwise it sees how things stand, and
    /// has nothing to say at the end where that has changed.
    pub is_event: bool,
    /// Whether too few steps of the optimiser explain what it sees. After a run of so few the advice is to take more, which
    /// is said in full once.
    pub needs_steps: bool,
    /// Whether it takes for granted that the images have something in common that can be learned. Where they have not
    /// ([`PixelFacts::has_structure`](super::PixelFacts::has_structure)), it is not asked: the mean image is then the
    /// best answer, and no setting makes a better one.
    pub needs_structure: bool,
    /// What it sees in the evidence; none where all is well, or where there is too little to say.
    pub check: fn(&Evidence<'_>) -> Option<Seen>,
}

/// What a rule has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What was seen, with the number.
    pub seen: String,
    /// What it means.
    pub meaning: String,
    /// Which setting to change.
    pub advice: String,
}

impl Seen {
    pub(super) fn of(self, rule: &Rule, epoch: u32) -> Finding {
        let Self { seen, meaning, advice } = self;
        Finding { rule: rule.name.to_owned(), epoch, seen, meaning, advice }
    }
}
