//! Error distribution: how many images have which error.

use maud::html;

use crate::Error;
use crate::measure::Metric;
use crate::picture::{Histogram, histogram};
use crate::report::Context;
use crate::report::illustration::{Description, Illustration};
use crate::report::section::{Content, Section};
use crate::report::text::error_name;

pub(super) const SECTION: Section = Section { id: "histogram", heading: "Error distribution", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let metric = Metric::of(context.settings.training.loss);
    let Some(values) = context.scored.per_image.excess(metric) else { return Ok(None) };
    let name = error_name(metric);
    let chart = Histogram { title: "", x_title: &name, values: &values };
    let description = Description {
        file: "histogram",
        heading: "",
        caption: format!("Distribution of the {name} over the {} images.", context.evaluated_split),
        alt: "Histogram of the error",
    };
    let picture = Illustration::draw(description, |theme| histogram(&chart, theme))?;
    Ok(Some(Content::with(html! { (picture) }, vec![picture])))
}
