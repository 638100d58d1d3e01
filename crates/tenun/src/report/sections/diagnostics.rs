//! Diagnostics: what the doctor found.

use maud::html;

use crate::Error;
use crate::report::Context;
use crate::report::section::{Content, Section};
use crate::report::text::marked;

pub(super) const SECTION: Section = Section { id: "diagnostics", heading: "Diagnostics", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    if context.findings.is_empty() {
        return Ok(None);
    }
    Ok(Some(Content::of(html! {
        ul.notes {
            @for finding in context.findings {
                li {
                    b { (finding.rule.replace('-', " ")) }
                    @if finding.epoch > 0 { ", after epoch " (finding.epoch) }
                    ": " (marked(&finding.seen)) ". This means: " (marked(&finding.meaning)) ". " (marked(&finding.advice)) "."
                }
            }
        }
    })))
}
