//! Scores: every metric of the whole set, beside those of the mean training image and of PCA.

use maud::{Markup, html};

use crate::Error;
use crate::measure::Scores;
use crate::measure::family::Denoising;
use crate::report::Context;
use crate::report::section::{Content, Section};
use crate::report::text::{decimals, percent};
use crate::text::counted;

pub(super) const SECTION: Section = Section { id: "scores", heading: "Scores", compose };

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    let scores = &context.evaluation.overall;
    let against = |of: fn(&Scores) -> f64, places: usize| {
        context.baseline.as_ref().map(|baseline| format!("mean image {}", decimals(of(baseline), places)))
    };
    let cards = [
        (
            "MSE",
            decimals(scores.mse, 5),
            against(|s| s.mse, 4),
            "Mean squared error of a pixel; the pixel range is 0 to 1. Lower is better.",
        ),
        (
            "MAE",
            decimals(scores.mae, 4),
            against(|s| s.mae, 4),
            "Mean absolute error of a pixel. Lower is better.",
        ),
        (
            "PSNR",
            format!("{} dB", decimals(scores.psnr, 2)),
            against(|s| s.psnr, 2),
            "Peak signal-to-noise ratio: the MSE in decibels. Higher is better.",
        ),
        (
            "SSIM",
            decimals(scores.ssim, 4),
            against(|s| s.ssim, 4),
            "Structural similarity: 1 is the same image. Higher is better.",
        ),
    ];
    let evaluated = counted(context.evaluated.len(), &format!("{} image", context.evaluated_split));
    Ok(Some(Content::of(html! {
        p.muted { "Measured on " (evaluated) "." }
        @if let Some(denoising) = Denoising::of(context.family) { (denoised(&denoising)) }
        div.lead {
            div.card.headline {
                h3 { abbr title="binary cross-entropy" { "BCE" } }
                p.figure { (decimals(scores.bce, 4)) }
                p.muted { "nats a pixel, lower is better" }
            }
            div.explain {
                p {
                    "Binary cross-entropy measures how badly the reconstruction predicts each pixel. Grey pixels are "
                    "never certain: even a perfect reconstruction of these images scores "
                    b { (decimals(scores.bce_floor, 4)) }
                    ", the entropy of their pixels. That lower bound is called the floor. What counts is the distance "
                    "from it, " b { (decimals(scores.bce - scores.bce_floor, 4)) } "."
                }
                (bce_bar(context))
            }
        }
        div.cards {
            @for (name, value, against, meaning) in cards {
                div.card {
                    h3 { (name) }
                    p.figure { (value) }
                    @if let Some(against) = against { p.against { (against) } }
                    p.muted { (meaning) }
                }
            }
        }
    })))
}

/// What a network that corrupts its input is for, before the scores on clean inputs.
fn denoised(denoising: &Denoising) -> Markup {
    let Denoising { corrupted, denoised, bce } = denoising;
    let cards = [
        ("MSE", decimals(denoised.mse, 5), decimals(corrupted.mse, 5)),
        ("MAE", decimals(denoised.mae, 4), decimals(corrupted.mae, 4)),
        ("PSNR", format!("{} dB", decimals(denoised.psnr(), 2)), decimals(corrupted.psnr(), 2)),
        ("SSIM", decimals(denoised.ssim, 4), decimals(corrupted.ssim, 4)),
    ];
    html! {
        h3 { "On noisy inputs" }
        p {
            "This network learned to restore corrupted images. Its reconstructions of noisy inputs have a BCE of "
            b { (decimals(*bce, 4)) } "."
        }
        div.cards {
            @for (name, value, before) in cards {
                div.card {
                    h3 { (name) }
                    p.figure { (value) }
                    p.against { "noisy inputs " (before) }
                }
            }
        }
        h3 { "On clean inputs" }
    }
}

/// The bar from the floor to the mean image, with the BCE of the model and of PCA on it.
fn bce_bar(context: &Context<'_>) -> Markup {
    let Some(baseline) = &context.baseline else { return html! {} };
    let scores = &context.evaluation.overall;
    let floor = scores.bce_floor;
    let range = baseline.bce - floor;
    if !(range > 0.0 && range.is_finite() && scores.bce.is_finite()) {
        return html! {};
    }
    let position = |bce: f64| ((bce - floor) / range).clamp(0.0, 1.0);
    let at = |bce: f64| format!("left:{:.2}%", position(bce) * 100.0);
    let remains = scores.bce_position(baseline.bce);
    let pca = context.pca.filter(|pca| pca.scores.bce.is_finite());
    let label = format!(
        "Between the floor, {}, and the baseline, {}, this model is at {}: {}.",
        decimals(floor, 4),
        decimals(baseline.bce, 4),
        decimals(scores.bce, 4),
        percent(remains)
    );
    html! {
        div.bar role="img" aria-label=(label) {
            div.track {
                div.fill style=(format!("width:{:.2}%", position(scores.bce) * 100.0)) {}
                @if let Some(pca) = &pca { div.tick style=(at(pca.scores.bce)) {} }
                div.pin style=(at(scores.bce)) {}
            }
            div.ends {
                span { b { (decimals(floor, 4)) } " floor: a perfect reconstruction" }
                span { b { (decimals(baseline.bce, 4)) } " baseline: the mean training image" }
            }
        }
        p.place {
            b { (percent(remains)) }
            " of the excess BCE of the mean-image baseline remains; 0 % is perfect, 100 % is no better than the average image."
        }
        @if let Some(pca) = pca {
            dl.compare {
                div {
                    dt { "PCA, " (counted(pca.components, "component")) }
                    dd {
                        (decimals(pca.scores.bce, 4)) " "
                        span.muted {
                            @if scores.bce < pca.scores.bce { "(this model is better)" }
                            @else if scores.bce > pca.scores.bce { "(this model is worse)" }
                            @else { "(the same)" }
                        }
                    }
                }
            }
        }
    }
}
