//! Per-class metrics.

use maud::html;

use crate::Error;
use crate::measure::Metric;
use crate::report::Context;
use crate::report::elements::table;
use crate::report::section::{Content, Section};
use crate::report::text::decimals;
use crate::text::{counted, thousands};

pub(super) const SECTION: Section = Section { id: "classes", heading: "Per-class metrics", compose };

/// A table of more classes than this is folded.
const MANY: usize = 100;

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let classes = &context.scored.classes;
    if classes.is_empty() {
        return Ok(None);
    }
    let metrics: Vec<&'static Metric> =
        context.scored.model.scores.overall.iter().map(|(metric, _)| metric).collect();
    let rows = html! {
        thead {
            tr {
                th scope="col" { "class" }
                th.number scope="col" { "images" }
                @for metric in &metrics {
                    th.number scope="col" { (metric.heading()) }
                    @if metric.has_floor() {
                        th.number scope="col" { "floor" }
                        th.number scope="col" { "above floor" }
                    }
                }
            }
        }
        tbody {
            @for class in classes {
                tr {
                    th.name scope="row" { (class.name) }
                    td.number { (thousands(class.images as u64)) }
                    @for metric in &metrics {
                        @let value = class.scores.and_then(|scores| scores.get(metric)).unwrap_or(f64::NAN);
                        td.number { (decimals(value, metric.decimals)) }
                        @if metric.has_floor() {
                            @let floor = class.scores.and_then(|scores| scores.floor(metric)).unwrap_or(f64::NAN);
                            td.number { (decimals(floor, metric.decimals)) }
                            td.number { (decimals(value - floor, metric.decimals)) }
                        }
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
