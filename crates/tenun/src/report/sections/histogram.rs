//! Error distribution: how many images have which error.

use maud::html;
use tenun_engine::Loss;

use crate::Error;
use crate::picture::{Histogram, histogram};
use crate::report::Context;
use crate::report::illustration::{Description, Illustration};
use crate::report::section::{Content, Section};

pub(super) const SECTION: Section = Section { id: "histogram", heading: "Error distribution", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let per_image = &context.evaluation.per_image;
    let (values, name): (Vec<f64>, _) = match context.settings.training.loss {
        Loss::Bce => (
            per_image.bce.iter().zip(&per_image.bce_floor).map(|(bce, floor)| bce - floor).collect(),
            "binary cross-entropy above the image's floor",
        ),
        Loss::Mse | Loss::Gaussian => (per_image.mse.clone(), "mean squared error"),
        Loss::Mae => (per_image.mae.clone(), "mean absolute error"),
    };
    let chart = Histogram { title: "", x_title: name, values: &values };
    let description = Description {
        file: "histogram",
        heading: "",
        caption: format!("Distribution of the {name} over the {} images.", context.evaluated_split),
        alt: "Histogram of the error",
    };
    let picture = Illustration::draw(description, |theme| histogram(&chart, theme))?;
    Ok(Some(Content::with(html! { (picture) }, vec![picture])))
}
