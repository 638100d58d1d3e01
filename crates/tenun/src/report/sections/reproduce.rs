//! Reproduce this run: the command line, versions and hashes.

use maud::html;

use crate::Error;
use crate::report::Context;
use crate::report::elements::{entries, entry};
use crate::report::section::{Content, Section};

pub(super) const SECTION: Section = Section { id: "reproduce", heading: "Reproduce this run", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let mut all = vec![
        entry("tenun", env!("CARGO_PKG_VERSION")),
        entry("seed", context.settings.training.seed),
        entry("registers", context.cpu.width()),
        entry("threads", context.cpu.threads()),
    ];
    if let Some(data) = &context.model.info().data {
        all.push(entry("training images, SHA-256", &data.sha256));
    }
    Ok(Some(Content::of(html! {
        @if !context.command.is_empty() { pre tabindex="0" { code { (context.command) } } }
        (entries(&all))
    })))
}
