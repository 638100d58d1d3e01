//! All sections. Each is a file of its own, with what it gathers and what it draws; a new one is a file, its `mod`, and
//! its place in [`SECTIONS`].

mod classes;
mod curves;
mod diagnostics;
mod family;
mod features;
pub(super) mod header;
mod histogram;
mod latent;
mod network;
mod notes;
mod reconstructions;
mod reproduce;
mod scores;
mod settings;

use super::section::Section;

/// All sections, in the order of the page.
pub(super) const SECTIONS: &[Section] = &[
    diagnostics::SECTION,
    notes::SECTION,
    scores::SECTION,
    reconstructions::SECTION,
    family::SECTION,
    curves::SECTION,
    classes::SECTION,
    histogram::SECTION,
    latent::SECTION,
    features::SECTION,
    network::SECTION,
    settings::SECTION,
    reproduce::SECTION,
];
