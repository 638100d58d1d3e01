//! Latent codes: what each unit does over the images, and the codes on their first two principal components.

use maud::{Markup, html};

use crate::Error;
use crate::data::Dataset;
use crate::latent::{LatentSummary, Pca};
use crate::picture::{Scatter, scatter};
use crate::report::Context;
use crate::report::elements::table;
use crate::report::illustration::{Description, Illustration};
use crate::report::section::{Content, Section};
use crate::report::text::{decimals, percent};
use crate::text::{are, counted, thousands};

pub(super) const SECTION: Section = Section { id: "latent", heading: "Latent codes", compose };

/// Codes in the scatter plot, at most: more would hide each other.
const MOST_CODES: usize = 10_000;

/// Numbers in all codes together, at most, so that large codes are encoded of fewer images: 128 MiB of floats.
const MOST_NUMBERS: usize = 32 << 20;

/// Latent dimensions of which principal components are taken, at most: the work grows with their square.
const MOST_DIMENSIONS: usize = 1024;

/// Units in the table, at most.
const MOST_ROWS: usize = 1024;

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let latent = context.model.network().latent();
    let count = context.evaluated.len().min(MOST_CODES).min((MOST_NUMBERS / latent.len()).max(2));
    let set = context.evaluated.part(0..count);
    let codes = context.model.transform(set.images(), context.cpu)?;
    let summary = LatentSummary::new(&codes, latent.len())?;
    let picture = if (2..=MOST_DIMENSIONS).contains(&latent.len()) && count >= 2 {
        Some(components(&set, &codes, latent.len())?)
    } else {
        None
    };
    let body = html! {
        @if let Some(picture) = &picture { (picture) }
        (units(&summary, &latent.to_string()))
    };
    Ok(Some(Content::with(body, picture.into_iter().collect())))
}

/// The codes on their first two principal components.
fn components(set: &Dataset, codes: &[f32], units: usize) -> Result<Illustration, Error> {
    let pca = Pca::fit(codes, units, 2)?;
    let points = pca.transform(codes)?;
    let share: Vec<f64> = pca.explained_variance_ratio().iter().map(|share| 100.0 * share).collect();
    let axis = |i: usize| format!("component {} ({:.0} % of the variance)", i + 1, share[i]);
    let (x_title, y_title) = (axis(0), axis(1));
    let classes: Option<Vec<u32>> =
        set.labels().map(|labels| labels.classes().iter().map(|&class| u32::from(class)).collect());
    let labels = set.labels().zip(classes.as_deref()).map(|(labels, classes)| (classes, labels.names()));
    let plot = Scatter { title: "", x_title: &x_title, y_title: &y_title, points: &points, labels };
    let description = Description {
        file: "latent",
        heading: "PCA of the latent codes",
        caption: format!(
            "Latent codes of {} on their first two principal components{}.",
            counted(set.len(), "image"),
            if labels.is_some() { ", coloured by class; training did not use the classes" } else { "" }
        ),
        alt: "Scatter plot of the codes",
    };
    Ok(Illustration::draw(description, |theme| scatter(&plot, theme))?)
}

/// What the units do: in a sentence, and each one in a folded table.
fn units(summary: &LatentSummary, shape: &str) -> Markup {
    let units = summary.units.len();
    let shown = units.min(MOST_ROWS);
    html! {
        p {
            "A latent code has " b { (counted(units, "dimension")) }
            @if shape != units.to_string() { " (" (shape) ")" }
            ". Over "
            (counted(summary.images, "image")) " "
            b { (percent(summary.zero_fraction)) } " of the activations are exactly zero, and "
            @if summary.dead.is_empty() {
                b { "no unit is dead" } " (constant over all images)."
            } @else {
                b {
                    (thousands(summary.dead.len() as u64)) " of " (counted(units, "unit")) " "
                    (are(summary.dead.len())) " dead"
                }
                ": constant over all images, carrying no information."
            }
        }
        details {
            summary {
                @if shown < units { "The first " (thousands(shown as u64)) " of " (counted(units, "unit")) }
                @else { "All " (counted(units, "unit")) }
            }
            (table(&html! {
                thead {
                    tr {
                        th scope="col" { "unit" }
                        @for name in ["mean", "std", "min", "max", "zero"] {
                            th.number scope="col" { (name) }
                        }
                    }
                }
                tbody {
                    @for (i, unit) in summary.units[..shown].iter().enumerate() {
                        tr {
                            th scope="row" { (i) @if unit.is_dead() { span.muted { " dead" } } }
                            td.number { (decimals(unit.mean, 3)) }
                            td.number { (decimals(unit.std, 3)) }
                            td.number { (decimals(unit.min.into(), 3)) }
                            td.number { (decimals(unit.max.into(), 3)) }
                            td.number { (percent(unit.zero_fraction)) }
                        }
                    }
                }
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_units_are_counted_and_a_long_table_ends() {
        let summary = LatentSummary::new(&[0.0, 1.0, 0.0, 2.0], 2).expect("valid codes");
        let text = units(&summary, "2").into_string();
        assert!(text.contains("<b>1 of 2 units is dead</b>") && text.contains("All 2 units"), "{text}");
        let summary = LatentSummary::new(&vec![1.0; 2 * 5000], 5000).expect("valid codes");
        let text = units(&summary, "50×100×1").into_string();
        assert!(text.contains("The first 1,024 of 5,000 units") && text.matches("<tr>").count() == 1025);
    }
}
