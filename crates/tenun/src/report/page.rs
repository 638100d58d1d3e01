//! [`Report`]: the page, its sections in their order.

use maud::{DOCTYPE, PreEscaped, html};

use super::Context;
use super::section::{Content, Section};
use super::sections::{SECTIONS, header};

/// The report of a run, composed and ready to be written.
pub struct Report {
    title: String,
    subtitle: String,
    sections: Vec<Composed>,
}

/// A section with its content, or with why there is none.
struct Composed {
    id: &'static str,
    heading: String,
    content: Result<Content, String>,
}

/// A section that could not be composed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its heading.
    pub section: String,
    /// What went wrong.
    pub reason: String,
}

impl Report {
    /// Composes every section that has something to show. One that fails is [left out](Self::left_out), and the page
    /// says so in its place: what went wrong with a picture is no reason to lose the others. `progress` is called with the
    /// number of sections done and the number there are.
    #[must_use]
    pub fn compose(context: &Context<'_>, progress: &mut dyn FnMut(usize, usize)) -> Self {
        Self::of(context, SECTIONS, progress)
    }

    /// The report of these sections.
    pub(super) fn of(
        context: &Context<'_>,
        sections: &[Section],
        progress: &mut dyn FnMut(usize, usize),
    ) -> Self {
        let composed = sections.iter().enumerate().filter_map(|(at, section)| {
            progress(at, sections.len());
            let content = (section.compose)(context).map_err(|error| error.to_string()).transpose()?;
            let heading = content.as_ref().ok().and_then(|content| content.heading.clone());
            Some(Composed {
                id: section.id,
                heading: heading.unwrap_or_else(|| section.heading.into()),
                content,
            })
        });
        Self {
            title: header::title(context),
            subtitle: header::subtitle(context),
            sections: composed.collect(),
        }
    }

    /// The pictures of the page in its light colours: the name of a file, and the PNG.
    pub fn pictures(&self) -> impl Iterator<Item = (String, &[u8])> {
        let contents = self.sections.iter().filter_map(|section| section.content.as_ref().ok());
        let pictures = contents.flat_map(|content| &content.illustrations);
        pictures.map(|picture| (format!("{}.png", picture.description.file), picture.light.as_slice()))
    }

    /// The sections that could not be composed.
    pub fn left_out(&self) -> impl Iterator<Item = LeftOut> {
        self.sections.iter().filter_map(|section| {
            let reason = section.content.as_ref().err()?.clone();
            Some(LeftOut { section: section.heading.clone(), reason })
        })
    }

    /// The page as one HTML file.
    #[must_use]
    pub fn html(&self) -> String {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="generator" content="tenun";
                    title { (self.title) }
                    style { (PreEscaped(include_str!("style.css"))) }
                }
                body {
                    header {
                        h1 { (self.title) }
                        p.muted { (self.subtitle) }
                        nav aria-label="Sections" {
                            @for section in &self.sections {
                                a href=(format!("#{}", section.id)) { (section.heading) }
                            }
                        }
                    }
                    main {
                        @for section in &self.sections {
                            section id=(section.id) {
                                h2 { (section.heading) }
                                @match &section.content {
                                    Ok(content) => (content.body),
                                    Err(reason) => p.notes { "This section is left out: " (reason) "." },
                                }
                            }
                        }
                    }
                    footer { p.muted { "Made by tenun " (env!("CARGO_PKG_VERSION")) "." } }
                }
            }
        }
        .into_string()
    }
}
