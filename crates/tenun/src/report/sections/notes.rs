//! Notes: how the data were read and split, and what follows for the scores.

use maud::html;

use crate::Error;
use crate::report::Context;
use crate::report::section::{Content, Section};
use crate::settings::VAL_FRACTION;

pub(super) const SECTION: Section = Section { id: "notes", heading: "Notes", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let mut notes = context.notes.to_vec();
    if context.collection.test.is_some() && context.held_out.is_none() {
        notes.push(format!(
            "the validation curve is that of the test images, which is how the reference run is defined: choose \
             between models with {}, which holds images out of training instead",
            VAL_FRACTION.argument()
        ));
    }
    if notes.is_empty() {
        return Ok(None);
    }
    Ok(Some(Content::of(html! { ul.notes { @for note in notes { li { (note) } } } })))
}
