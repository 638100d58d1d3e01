//! The page: its sections in their order.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::content::ReportContent;
use super::figures::{bce_bar, figure};
use super::tables;
use super::text::{decimals, marked};
use crate::measure::Scores;
use crate::measure::family::Denoising;

/// The page as one HTML file.
///
/// ```
/// use tenun::report::{ReportContent, render};
///
/// let page = render(&ReportContent { title: "cae on <my shoes>".into(), ..Default::default() });
/// assert!(page.contains("<h1>cae on &lt;my shoes&gt;</h1>"));
/// ```
#[must_use]
pub fn render(content: &ReportContent) -> String {
    let sections = sections(content);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="tenun";
                title { (content.title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                header {
                    h1 { (content.title) }
                    @if !content.subtitle.is_empty() { p.muted { (content.subtitle) } }
                    nav aria-label="Sections" {
                        @for (id, title, _) in &sections { a href=(format!("#{id}")) { (title) } }
                    }
                }
                main {
                    @for (id, title, body) in &sections {
                        section id=(id) { h2 { (title) } (body) }
                    }
                }
                footer { p.muted { "Made by tenun " (env!("CARGO_PKG_VERSION")) "." } }
            }
        }
    }
    .into_string()
}

/// Id, title and body of each section that has something to say.
fn sections(content: &ReportContent) -> Vec<(&'static str, &'static str, Markup)> {
    let mut sections = Vec::new();
    let mut add = |id, title, there: bool, body: &dyn Fn() -> Markup| {
        if there {
            sections.push((id, title, body()));
        }
    };
    add("doctor", "What the doctor says", !content.findings.is_empty(), &|| {
        html! {
            ul.notes {
                @for finding in &content.findings {
                    li {
                        b { (finding.rule.replace('-', " ")) }
                        @if finding.epoch > 0 { ", after epoch " (finding.epoch) }
                        ": " (marked(&finding.seen)) ". This means: " (marked(&finding.meaning)) ". " (marked(&finding.advice)) "."
                    }
                }
            }
        }
    });
    add("notes", "Worth knowing", !content.notes.is_empty(), &|| {
        html! { ul.notes { @for note in &content.notes { li { (note) } } } }
    });
    add("scores", "How good it is", content.scores.is_some(), &|| scores(content));
    add("reconstructions", "Reconstructions", !content.reconstructions.is_empty(), &|| {
        html! { @for grid in &content.reconstructions { (figure(grid)) } }
    });
    let family = !content.family.is_empty() || !content.family_figures.is_empty();
    add("family", "Of its family", family, &|| {
        html! {
            @for picture in &content.family_figures { (figure(picture)) }
            @if !content.family.is_empty() { (tables::family(&content.family)) }
        }
    });
    add("curves", "Training", content.curves.is_some(), &|| {
        html! { @if let Some(curves) = &content.curves { (figure(curves)) } }
    });
    add("classes", "Class by class", !content.classes.is_empty(), &|| tables::classes(&content.classes));
    add("spread", "Image by image", content.histogram.is_some(), &|| {
        html! { @if let Some(histogram) = &content.histogram { (figure(histogram)) } }
    });
    add("latent", "The codes", content.latent.is_some(), &|| {
        html! {
            @if let Some(latent) = &content.latent {
                @if let Some(scatter) = &latent.scatter { (figure(scatter)) }
                (tables::latent(latent))
            }
        }
    });
    add("features", "Inside the encoder", content.features.is_some(), &|| {
        html! { @if let Some(features) = &content.features { (figure(features)) } }
    });
    add("network", "The network", !content.network.is_empty(), &|| tables::network(&content.network));
    add("settings", "Settings", !content.settings.is_empty(), &|| tables::settings(&content.settings));
    let reproducible = !content.command.is_empty() || !content.provenance.is_empty();
    add("again", "Do it again", reproducible, &|| {
        html! {
            @if !content.command.is_empty() { pre tabindex="0" { code { (content.command) } } }
            @if !content.provenance.is_empty() { (tables::settings(&content.provenance)) }
        }
    });
    sections
}

/// What a network that corrupts its input is for, before the scores of images that went in clean.
fn denoised(denoising: &Denoising) -> Markup {
    let Denoising { corrupted, denoised, bce } = denoising;
    let cards = [
        ("MSE", decimals(denoised.mse, 5), decimals(corrupted.mse, 5)),
        ("MAE", decimals(denoised.mae, 4), decimals(corrupted.mae, 4)),
        ("PSNR", format!("{} dB", decimals(denoised.psnr(), 2)), decimals(corrupted.psnr(), 2)),
        ("SSIM", decimals(denoised.ssim, 4), decimals(corrupted.ssim, 4)),
    ];
    html! {
        h3 { "Corrupted images in" }
        p {
            "This network learned to make corrupted images good. What it makes of them has a BCE of "
            b { (decimals(*bce, 4)) } "."
        }
        div.cards {
            @for (name, value, before) in cards {
                div.card {
                    h3 { (name) }
                    p.figure { (value) }
                    p.against { "corrupted images " (before) }
                }
            }
        }
        h3 { "Clean images in" }
    }
}

fn scores(content: &ReportContent) -> Markup {
    let Some(scores) = &content.scores else { return html! {} };
    let baseline = content.baseline.as_ref();
    let against = |of: fn(&Scores) -> f64, places: usize| {
        baseline.map(|baseline| format!("mean image {}", decimals(of(baseline), places)))
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
            "Mean distance of a pixel from the original. Lower is better.",
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
    html! {
        @if !content.scored_on.is_empty() { p.muted { "Measured on " (content.scored_on) "." } }
        @if let Some(denoising) = Denoising::of(&content.family) { (denoised(&denoising)) }
        div.lead {
            div.card.headline {
                h3 { abbr title="binary cross-entropy" { "BCE" } }
                p.figure { (decimals(scores.bce, 4)) }
                p.muted { "nats a pixel, lower is better" }
            }
            div.explain {
                p {
                    "Binary cross-entropy asks how surprised the reconstruction is by each pixel. "
                    "Grey pixels are never certain, so even a perfect reconstruction of these images scores "
                    b { (decimals(scores.bce_floor, 4)) } " and not zero: what counts is the distance from that floor, "
                    b { (decimals(scores.bce - scores.bce_floor, 4)) } "."
                }
                (bce_bar(content))
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
    }
}
