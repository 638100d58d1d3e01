//! Settings: what the run was asked to do.

use crate::Error;
use crate::report::Context;
use crate::report::elements::{entries, entry};
use crate::report::section::{Content, Section};
use crate::settings::{DATA, listed};
use crate::text::thousands;

pub(super) const SECTION: Section = Section { id: "settings", heading: "Settings", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let mut all = vec![
        entry(DATA.label, &context.settings.data.source),
        entry("training images", thousands(context.collection.train.len() as u64)),
    ];
    if let Some(held) = context.held_out {
        all.push(entry("held-out images", thousands(held.len() as u64)));
    }
    if let Some(test) = &context.collection.test {
        all.push(entry("test images", thousands(test.len() as u64)));
    }
    // The data come first, and are there already.
    let rows = listed(context.settings).into_iter().filter(|(label, _)| *label != DATA.label);
    all.extend(rows.map(|(label, value)| entry(label, value)));
    Ok(Some(Content::of(entries(&all))))
}
