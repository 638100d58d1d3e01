//! Feature maps: one image on its way through the encoder.

use maud::html;
use tenun_engine::layer::{Layer, Role};
use tenun_engine::{ForwardPlan, Images as Source};

use crate::Error;
use crate::picture::{FeatureLayer, feature_maps};
use crate::report::Context;
use crate::report::illustration::{Description, Illustration};
use crate::report::section::{Content, Section};

pub(super) const SECTION: Section = Section { id: "features", heading: "Feature maps", compose };

/// Whether a layer's output says something that the next one's does not: an activation, or a map made smaller.
fn is_shown(layer: &Layer, next: Option<&Layer>) -> bool {
    let goes_on = |next: &Layer| matches!(next.role(), Role::Activation | Role::Normalisation);
    layer.role() == Role::Activation || (layer.role().makes_feature_maps() && !next.is_some_and(goes_on))
}

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let network = context.model.network();
    let image = context.evaluated.images().select(&[0]);
    let mut outputs = Vec::new();
    for (i, placed) in network.encoder().iter().enumerate() {
        if is_shown(&placed.layer, network.encoder().get(i + 1).map(|next| &next.layer)) {
            let mut plan = ForwardPlan::up_to(network, i + 1, context.cpu);
            let mut values = vec![0.0; placed.place.output.len()];
            plan.run(context.model.parameters(), Source::Bytes(image.pixels()), &mut values);
            outputs.push((placed, values));
        }
    }
    if outputs.is_empty() {
        return Ok(None);
    }
    let layers: Vec<FeatureLayer<'_>> = outputs
        .iter()
        .map(|(placed, values)| FeatureLayer { name: &placed.place.name, shape: placed.place.output, values })
        .collect();
    let description = Description {
        file: "features",
        heading: "",
        caption: format!(
            "Activations of the encoder, layer by layer, for the image {}. Each map is scaled from its own minimum \
             (dark) to its maximum (bright).",
            context.evaluated.id(0)
        ),
        alt: "Feature maps of one image",
    };
    let draw = |theme| feature_maps((image.shape(), image.image(0)), &layers, theme);
    let picture = Illustration::draw(description, draw)?;
    Ok(Some(Content::with(html! { (picture) }, vec![picture])))
}
