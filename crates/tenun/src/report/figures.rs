//! Pictures in the page, and the bar that places the BCE.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use super::content::{Figure, ReportContent};
use super::text::{decimals, percent};

/// Pictures have two pixels for each one of the page.
fn shown(pixels: u32) -> u32 {
    pixels / 2
}

fn data_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// A picture with its heading and caption.
pub(super) fn figure(figure: &Figure) -> Markup {
    html! {
        figure {
            @if !figure.title.is_empty() { h3 { (figure.title) } }
            // A wide picture scrolls in its own frame on a phone: shrunk, its text could not be read.
            div.picture tabindex="0" {
                picture {
                    @if let Some(dark) = &figure.dark {
                        source srcset=(data_uri(dark)) media="screen and (prefers-color-scheme: dark)";
                    }
                    img src=(data_uri(&figure.light)) alt=(figure.alt)
                        width=(shown(figure.width)) height=(shown(figure.height));
                }
            }
            @if !figure.caption.is_empty() { figcaption { (figure.caption) } }
        }
    }
}

/// The bar from floor to mean image, with the BCE of the model and of other methods on it.
pub(super) fn bce_bar(content: &ReportContent) -> Markup {
    let (Some(scores), Some(baseline)) = (&content.scores, &content.baseline) else { return html! {} };
    let floor = scores.bce_floor;
    let range = baseline.bce - floor;
    if !(range > 0.0 && range.is_finite() && scores.bce.is_finite()) {
        return html! {};
    }
    let position = |bce: f64| ((bce - floor) / range).clamp(0.0, 1.0);
    let at = |bce: f64| format!("left:{:.2}%", position(bce) * 100.0);
    let place = scores.bce_position(baseline.bce);
    let others: Vec<&(String, f64)> = content.comparisons.iter().filter(|(_, bce)| bce.is_finite()).collect();
    let label = format!(
        "On the way from the floor, {}, to the mean image, {}, this model is at {}: {}.",
        decimals(floor, 4),
        decimals(baseline.bce, 4),
        decimals(scores.bce, 4),
        percent(place)
    );
    html! {
        div.bar role="img" aria-label=(label) {
            div.track {
                div.fill style=(format!("width:{:.2}%", position(scores.bce) * 100.0)) {}
                @for (_, bce) in &others { div.tick style=(at(*bce)) {} }
                div.pin style=(at(scores.bce)) {}
            }
            div.ends {
                span { b { (decimals(floor, 4)) } " floor: a perfect reconstruction" }
                span { b { (decimals(baseline.bce, 4)) } " the mean image" }
            }
        }
        p.place {
            "This model keeps " b { (percent(place)) }
            " of the mean image's distance from the floor; 0 % is perfect, 100 % has learned nothing but the average."
        }
        @if !others.is_empty() {
            dl.compare {
                @for (name, bce) in others {
                    div {
                        dt { (name) }
                        dd {
                            (decimals(*bce, 4)) " "
                            span.muted {
                                @if scores.bce < *bce { "(this model is better)" }
                                @else if scores.bce > *bce { "(this model is worse)" }
                                @else { "(the same)" }
                            }
                        }
                    }
                }
            }
        }
    }
}
