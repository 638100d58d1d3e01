//! Reconstructions: a random sample, the best, those around the median, and the worst.

use maud::html;
use tenun_engine::{Philox, Purpose};

use crate::Error;
use crate::measure::Metric;
use crate::picture::{ReconstructionGrid, reconstruction_grid};
use crate::report::Context;
use crate::report::illustration::{Description, Illustration};
use crate::report::section::{Content, Section};
use crate::report::text::{capitalised, error_name};

pub(super) const SECTION: Section = Section { id: "reconstructions", heading: "Reconstructions", compose };

/// Images in a grid.
const SHOWN: usize = 8;

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let per_image = &context.scored.per_image;
    let set = context.evaluated;
    let metric = Metric::of(context.settings.training.loss);
    let by = error_name(metric);
    let extremes = per_image.extremes(metric, SHOWN);
    let order = Philox::new(context.settings.training.seed, Purpose::Sample).permutation(set.len(), 0);
    let sample: Vec<usize> = order.iter().take(SHOWN).map(|&i| i as usize).collect();
    let groups = [
        ("sample", "Random sample", sample, format!("{} images drawn at random.", context.evaluated_split)),
        ("best", "Best", extremes.best, format!("The images with the lowest {by}, best first.")),
        ("median", "Median", extremes.median, format!("The images around the median of the {by}.")),
        ("worst", "Worst", extremes.worst, format!("The images with the highest {by}, worst first.")),
    ];
    let mut grids = Vec::new();
    for (file, heading, show, caption) in groups {
        let images = set.images().select(&show);
        let outputs = context.model.reconstruct(&images, context.cpu)?;
        let captions: Vec<String> = show
            .iter()
            .map(|&i| per_image.get(metric).map_or_else(String::new, |all| metric.text(all[i])))
            .collect();
        let all: Vec<usize> = (0..show.len()).collect();
        let grid = ReconstructionGrid {
            images: &images,
            reconstructions: &outputs,
            show: &all,
            captions: &captions,
            difference: true,
            zoom: 0,
        };
        let description = Description {
            file,
            heading,
            caption: format!(
                "{} The number below each image is its {}.",
                capitalised(&caption),
                metric.label
            ),
            alt: "Originals above their reconstructions and the difference between them",
        };
        grids.push(Illustration::draw(description, |theme| reconstruction_grid(&grid, theme))?);
    }
    Ok(Some(Content::with(html! { @for grid in &grids { (grid) } }, grids)))
}
