//! Notes: how the data were read and split, and what follows for the scores.

use maud::html;

use crate::Error;
use crate::report::Context;
use crate::report::section::{Content, Section};

pub(super) const SECTION: Section = Section { id: "notes", heading: "Notes", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let mut notes: Vec<&str> = context.notes.iter().map(String::as_str).collect();
    if context.collection.test.is_some() && context.held_out.is_none() {
        notes.push(
            "the validation curve is that of the test images, which is how the reference run is defined: choose \
             between models with --val-fraction, which holds images out of training instead",
        );
    }
    if notes.is_empty() {
        return Ok(None);
    }
    Ok(Some(Content::of(html! { ul.notes { @for note in notes { li { (note) } } } })))
}
