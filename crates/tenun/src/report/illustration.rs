//! [`Illustration`]: a picture in the page, for a light and for a dark screen, with its caption.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, Render, html};

use crate::picture::{Picture, PictureError, Theme};

/// What is written about a picture.
pub(super) struct Description {
    /// The name of its file, without `.png`.
    pub(super) file: &'static str,
    /// The heading above it; none if empty.
    pub(super) heading: &'static str,
    /// What it shows, below it.
    pub(super) caption: String,
    /// What it shows, in a few words for those who do not see it.
    pub(super) alt: &'static str,
}

/// A picture with all that a page needs to show it.
pub(super) struct Illustration {
    pub(super) description: Description,
    /// PNG for a light page, and for paper.
    pub(super) light: Vec<u8>,
    /// PNG for a dark page.
    dark: Vec<u8>,
    /// Width and height in pixels; shown at half of them.
    size: (u32, u32),
}

impl Illustration {
    /// Draws a picture in both themes.
    ///
    /// # Errors
    /// If it cannot be drawn or encoded.
    pub(super) fn draw(
        mut description: Description,
        draw: impl Fn(Theme) -> Result<Picture, PictureError>,
    ) -> Result<Self, PictureError> {
        let light = draw(Theme::Light)?;
        if light.is_reduced() {
            description.caption += " Shown smaller than they are: each pixel is the mean of those it covers.";
        }
        let size = (light.width(), light.height());
        // Pixels take more memory than all else of a report: one picture goes before the other is drawn.
        let encoded = light.png()?;
        drop(light);
        Ok(Self { description, light: encoded, dark: draw(Theme::Dark)?.png()?, size })
    }
}

fn data_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

impl Render for Illustration {
    fn render(&self) -> Markup {
        let Description { heading, caption, alt, .. } = &self.description;
        // A picture has two pixels for each one of the page: screens of phones and of most laptops do.
        let (width, height) = (self.size.0 / 2, self.size.1 / 2);
        html! {
            figure {
                @if !heading.is_empty() { h3 { (heading) } }
                picture {
                    source srcset=(data_uri(&self.dark)) media="screen and (prefers-color-scheme: dark)";
                    img src=(data_uri(&self.light)) alt=(alt) width=(width) height=(height);
                }
                @if !caption.is_empty() { figcaption { (caption) } }
            }
        }
    }
}
