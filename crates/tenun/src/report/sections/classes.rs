//! Per-class metrics.

use maud::html;

use crate::Error;
use crate::report::Context;
use crate::report::elements::table;
use crate::report::section::{Content, Section};
use crate::report::text::decimals;
use crate::text::{counted, thousands};

pub(super) const SECTION: Section = Section { id: "classes", heading: "Per-class metrics", compose };

/// A table of more classes than this is folded.
const MANY: usize = 100;

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let classes = &context.evaluation.classes;
    if classes.is_empty() {
        return Ok(None);
    }
    let head = ["images", "BCE", "floor", "above floor", "MSE", "MAE", "PSNR (dB)", "SSIM"];
    let rows = html! {
        thead {
            tr {
                th scope="col" { "class" }
                @for name in head { th.number scope="col" { (name) } }
            }
        }
        tbody {
            @for class in classes {
                tr {
                    th.name scope="row" { (class.name) }
                    td.number { (thousands(class.images as u64)) }
                    @if let Some(scores) = &class.scores {
                        td.number { (decimals(scores.bce, 4)) }
                        td.number { (decimals(scores.bce_floor, 4)) }
                        td.number { (decimals(scores.bce - scores.bce_floor, 4)) }
                        td.number { (decimals(scores.mse, 4)) }
                        td.number { (decimals(scores.mae, 4)) }
                        td.number { (decimals(scores.psnr, 2)) }
                        td.number { (decimals(scores.ssim, 3)) }
                    } @else {
                        @for _ in 1..head.len() { td.number { "–" } }
                    }
                }
            }
        }
    };
    Ok(Some(Content::of(html! {
        @if classes.len() > MANY {
            details { summary { "All " (counted(classes.len(), "class")) } (table(&rows)) }
        } @else {
            (table(&rows))
        }
    })))
}
