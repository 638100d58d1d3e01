//! What the network's kind of autoencoder is judged by: denoised images, new images, walks between images, and the
//! measures of each kind.

use maud::{Markup, html};
use tenun_engine::{Philox, Purpose};

use crate::Error;
use crate::measure::family::{self, Measurement};
use crate::picture::{Mosaic, mosaic};
use crate::report::Context;
use crate::report::elements::table;
use crate::report::illustration::{Description, Illustration};
use crate::report::section::{Content, Section};
use crate::report::text::{capitalised, score};

pub(super) const SECTION: Section = Section { id: "family", heading: "Model family", compose };

/// Images in a row of a walk between two images, its ends included.
const WALK: usize = 10;

/// Images along the side of the plane of a two-dimensional code, at most.
const PLANE: usize = 20;

/// New images drawn at random, at most, and in a row.
const SAMPLES: (usize, usize) = (80, 16);

/// Numbers decoded for a picture: images so large that they hold more are fewer. 128 MiB of floats.
const MOST_NUMBERS: usize = 32 << 20;

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let mut pictures = Vec::new();
    let order =
        Philox::new(context.settings.training.seed, Purpose::Sample).permutation(context.evaluated.len(), 0);
    let first: Vec<usize> = order.iter().take(WALK).map(|&i| i as usize).collect();
    let sample = context.evaluated.images().select(&first);
    let (model, seed, cpu) = (context.model, context.settings.training.seed, context.cpu);
    if let Some(denoised) = family::corrupted(model, &sample, seed, cpu)? {
        let originals = sample.pixels().iter().map(|&byte| f32::from(byte) / 255.0);
        let rows: Vec<f32> = originals.chain(denoised.images).chain(denoised.reconstructions).collect();
        let description = Description {
            file: "denoised",
            heading: "Denoised",
            caption: "Original images, the noisy inputs made of them, and their reconstructions.".into(),
            alt: "Images, corrupted and reconstructed",
        };
        pictures.push(draw(context, description, &rows, first.len())?);
    }
    if family::is_variational(model.network()) {
        pictures.extend(generated(context, &model.transform(&sample, cpu)?)?);
    }
    let measurements = &context.scored.model.family;
    if pictures.is_empty() && measurements.is_empty() {
        return Ok(None);
    }
    let body = html! {
        @for picture in &pictures { (picture) }
        @if !measurements.is_empty() { (metrics(measurements, context.evaluated.len())) }
    };
    let kinds = family::kinds(model.network());
    let heading = (!kinds.is_empty()).then(|| capitalised(&format!("{} results", kinds.join(", "))));
    Ok(Some(Content { heading, ..Content::with(body, pictures) }))
}

/// What a decoder of a distribution makes of codes of no image: random ones, a plane of them, and walks between
/// `codes`.
fn generated(context: &Context<'_>, codes: &[f32]) -> Result<Vec<Illustration>, Error> {
    let mut pictures = Vec::new();
    let (model, seed, cpu) = (context.model, context.settings.training.seed, context.cpu);
    let most = (MOST_NUMBERS / model.network().output().len()).max(1);
    let images = family::samples(model, SAMPLES.0.min(most), seed, cpu)?;
    let description = Description {
        file: "samples",
        heading: "Generated images",
        caption: "Latent codes drawn from the standard normal distribution, decoded.".into(),
        alt: "Images made of random codes",
    };
    pictures.push(draw(context, description, &images, SAMPLES.1)?);
    let side = PLANE.min(most.isqrt());
    if let Some(images) = family::plane(model, side, cpu)? {
        let description = Description {
            file: "plane",
            heading: "Latent plane",
            caption:
                "Decoded images over the two latent dimensions, which stand at equal quantiles of the normal \
                      distribution."
                    .into(),
            alt: "Images over the plane of codes",
        };
        pictures.push(draw(context, description, &images, side)?);
    }
    let units = model.network().latent().len();
    let ends: Vec<&[f32]> = codes.chunks_exact(units).collect();
    let mut walks = Vec::new();
    for pair in ends.chunks_exact(2) {
        for step in 0..WALK {
            let share = step as f32 / (WALK - 1) as f32;
            walks.extend(pair[0].iter().zip(pair[1]).map(|(a, b)| a + (b - a) * share));
        }
    }
    if !walks.is_empty() {
        let images = model.inverse_transform(&walks, cpu)?;
        let description = Description {
            file: "walks",
            heading: "Interpolations",
            caption: "Each row goes from the latent code of one image to that of another in equal steps."
                .into(),
            alt: "Images between pairs of images",
        };
        pictures.push(draw(context, description, &images, WALK)?);
    }
    Ok(pictures)
}

fn draw(
    context: &Context<'_>,
    description: Description,
    images: &[f32],
    columns: usize,
) -> Result<Illustration, Error> {
    let content = Mosaic { shape: context.model.network().output(), images, columns, zoom: 0 };
    Ok(Illustration::draw(description, |theme| mosaic(&content, theme))?)
}

fn metrics(measurements: &[Measurement], images: usize) -> Markup {
    table(&html! {
        thead { tr { th scope="col" { "metric" } th.number scope="col" { "value" } th scope="col" { "what it is" } } }
        tbody {
            @for measurement in measurements {
                tr {
                    th scope="row" { (measurement.label()) }
                    td.number { (score(measurement.metric, measurement.value)) }
                    td.text { (measurement.meaning(images)) }
                }
            }
        }
    })
}
