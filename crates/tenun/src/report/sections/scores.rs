//! Scores: every metric of the whole set, beside those of the mean training image and of PCA.

use maud::{Markup, html};

use crate::Error;
use crate::measure::family::Denoising;
use crate::measure::{BCE, Better, METRICS, Metric, ModelScores};
use crate::report::Context;
use crate::report::section::{Content, Section};
use crate::report::text::{capitalised, decimals, percent, score};
use crate::text::counted;

pub(super) const SECTION: Section = Section { id: "scores", heading: "Scores", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let model = &context.scored.model;
    let scores = &model.scores.overall;
    let bce = scores.get(&BCE).unwrap_or(f64::NAN);
    let floor = scores.floor(&BCE).unwrap_or(f64::NAN);
    let evaluated = counted(context.evaluated.len(), &format!("{} image", context.evaluated_split));
    Ok(Some(Content::of(html! {
        p.muted { "Measured on " (evaluated) "." }
        @if let Some(denoising) = &model.denoising { (denoised(denoising)) }
        div.lead {
            div.card.headline {
                h3 { abbr title="binary cross-entropy" { (BCE.label) } }
                p.figure { (decimals(bce, BCE.decimals)) }
                p.muted { (BCE.unit) ", lower is better" }
            }
            div.explain {
                p {
                    "Binary cross-entropy measures how badly the reconstruction predicts each pixel. Grey pixels are "
                    "never certain: even a perfect reconstruction of these images scores "
                    b { (decimals(floor, BCE.decimals)) }
                    ", the entropy of their pixels. That lower bound is called the floor. What counts is the distance "
                    "from it, " b { (decimals(bce - floor, BCE.decimals)) } "."
                }
                (bce_bar(model))
            }
        }
        div.cards {
            @for (metric, value) in scores.iter().filter(|(metric, _)| **metric != BCE) {
                div.card {
                    h3 { (metric.label) }
                    p.figure { (score(metric, value.value)) }
                    @if let Some(baseline) = model.mean_image.get(metric) {
                        p.against { "mean image " (score(metric, baseline)) }
                    }
                    @if let Some(pca) = model.pca.and_then(|pca| pca.scores.get(metric)) {
                        p.against { "PCA " (score(metric, pca)) }
                    }
                    p.muted { (explanation(metric)) }
                }
            }
        }
        @for metric in METRICS {
            @if let Some(reason) = model.scores.absent.get(metric.name) {
                p.muted { (metric.label) ": none, " (reason) "." }
            }
        }
    })))
}

/// What a metric is, and which way is better.
fn explanation(metric: &Metric) -> String {
    let better = match metric.better {
        Better::Lower => " Lower is better.",
        Better::Higher => " Higher is better.",
        Better::Neither => "",
    };
    format!("{}.{better}", capitalised(metric.meaning))
}

/// What a network that corrupts its input is for, before the scores on clean inputs.
fn denoised(denoising: &Denoising) -> Markup {
    html! {
        h3 { "On noisy inputs" }
        p { "This network learned to restore corrupted images. These are the scores of its reconstructions of noisy inputs." }
        div.cards {
            @for (metric, value) in denoising.denoised.iter() {
                div.card {
                    h3 { (metric.label) }
                    p.figure { (score(metric, value.value)) }
                    @if let Some(before) = denoising.corrupted.get(metric) {
                        p.against { "noisy inputs " (score(metric, before)) }
                    }
                }
            }
        }
        h3 { "On clean inputs" }
    }
}

/// The bar from the floor to the mean image, with the BCE of the model and of PCA on it.
fn bce_bar(model: &ModelScores) -> Markup {
    let scores = &model.scores.overall;
    let (Some(bce), Some(floor), Some(baseline)) =
        (scores.get(&BCE), scores.floor(&BCE), model.mean_image.get(&BCE))
    else {
        return html! {};
    };
    let Some(remains) = scores.remaining(&BCE, baseline).filter(|remains| remains.is_finite()) else {
        return html! {};
    };
    let position = |bce: f64| ((bce - floor) / (baseline - floor)).clamp(0.0, 1.0);
    let at = |bce: f64| format!("left:{:.2}%", position(bce) * 100.0);
    let text = |bce: f64| decimals(bce, BCE.decimals);
    let pca = model.pca.and_then(|pca| Some((pca.components, pca.scores.get(&BCE)?)));
    let pca = pca.filter(|(_, bce)| bce.is_finite());
    let label = format!(
        "Between the floor, {}, and the baseline, {}, this model is at {}: {}.",
        text(floor),
        text(baseline),
        text(bce),
        percent(remains)
    );
    html! {
        div.bar role="img" aria-label=(label) {
            div.track {
                div.fill style=(format!("width:{:.2}%", position(bce) * 100.0)) {}
                @if let Some((_, pca)) = pca { div.tick style=(at(pca)) {} }
                div.pin style=(at(bce)) {}
            }
            div.ends {
                span { b { (text(floor)) } " floor: a perfect reconstruction" }
                span { b { (text(baseline)) } " baseline: the mean training image" }
            }
        }
        p.place {
            b { (percent(remains)) }
            " of the excess BCE of the mean-image baseline remains; 0 % is perfect, 100 % is no better than the average image."
        }
        @if let Some((components, pca)) = pca {
            dl.compare {
                div {
                    dt { "PCA, " (counted(components, "component")) }
                    dd {
                        (text(pca)) " "
                        span.muted {
                            @if bce < pca { "(this model is better)" }
                            @else if bce > pca { "(this model is worse)" }
                            @else { "(the same)" }
                        }
                    }
                }
            }
        }
    }
}
