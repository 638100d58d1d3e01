//! Network: its layers, their shapes, parameters and multiply-adds.

use maud::html;
use tenun_engine::Placed;

use crate::Error;
use crate::report::Context;
use crate::report::elements::table;
use crate::report::section::{Content, Section};
use crate::text::thousands;

pub(super) const SECTION: Section = Section { id: "network", heading: "Network", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let layers: Vec<&Placed> = context.model.network().layers().collect();
    let parameters = |placed: &Placed| placed.parameter_count() as u64;
    let multiply_adds = |placed: &Placed| placed.layer.multiply_adds(placed.place.input);
    let total = |of: fn(&Placed) -> u64| layers.iter().map(|&placed| of(placed)).fold(0, u64::saturating_add);
    Ok(Some(Content::of(table(&html! {
        thead {
            tr {
                th scope="col" { "part" }
                th scope="col" { "layer" }
                th scope="col" { "output (height×width×channels)" }
                th.number scope="col" { "parameters" }
                th.number scope="col" { "multiply-adds" }
            }
        }
        tbody {
            @for (i, placed) in layers.iter().enumerate() {
                @let begins = i == 0 || layers[i - 1].place.part != placed.place.part;
                tr.begins[begins && i > 0] {
                    th scope="row" { @if begins { (placed.place.part.to_string()) } }
                    td { (name(placed)) }
                    td { (placed.place.output.to_string()) }
                    td.number { (thousands(parameters(placed))) }
                    td.number { (thousands(multiply_adds(placed))) }
                }
            }
        }
        tfoot {
            tr {
                th scope="row" colspan="3" { "total" }
                td.number { (thousands(total(parameters))) }
                td.number { (thousands(total(multiply_adds))) }
            }
        }
    }))))
}

/// A layer and its settings, such as `conv2d 32, 3×3`.
fn name(placed: &Placed) -> String {
    format!("{} {}", placed.layer.name().replace('_', " "), placed.layer.settings()).trim_end().to_owned()
}
