//! [`Section`]: a part of the report under a heading of its own.

use maud::Markup;

use super::Context;
use super::illustration::Illustration;
use crate::Error;

/// A section of the report.
pub(super) struct Section {
    /// The anchor by which the page links to it.
    pub(super) id: &'static str,
    /// Its heading, unless its [`Content`] has another.
    pub(super) heading: &'static str,
    /// Gathers and draws what it shows; nothing where a run has nothing of the kind.
    pub(super) compose: fn(&Context<'_>) -> Result<Option<Content>, Error>,
}

/// What a section shows.
pub(super) struct Content {
    /// A heading that fits this run better than the section's own.
    pub(super) heading: Option<String>,
    /// What stands below the heading.
    pub(super) body: Markup,
    /// The pictures in the body, to be kept as files too.
    pub(super) illustrations: Vec<Illustration>,
}

impl Content {
    /// Text and tables.
    pub(super) fn of(body: Markup) -> Self {
        Self { heading: None, body, illustrations: Vec::new() }
    }

    /// Text, tables, and the pictures that are among them.
    pub(super) fn with(body: Markup, illustrations: Vec<Illustration>) -> Self {
        Self { illustrations, ..Self::of(body) }
    }
}
