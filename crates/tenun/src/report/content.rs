//! [`ReportContent`]: all that a report says.

use serde::{Deserialize, Serialize};

use crate::doctor::Finding;
use crate::latent::LatentSummary;
use crate::measure::family;
use crate::measure::{ClassScores, Scores};
use crate::picture::{Picture, PictureError};

/// All that a report says. What is empty or `None` is left out of the page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportContent {
    /// The heading, such as `cae on fashion-mnist`.
    pub title: String,
    /// A sentence under it: data, network, when.
    pub subtitle: String,
    /// What the scores were taken on, such as `10,000 test images`.
    pub scored_on: String,
    /// The settings of the run, in the order to show.
    pub settings: Vec<Setting>,
    /// The scores.
    pub scores: Option<Scores>,
    /// The scores of the mean training image given for every image.
    pub baseline: Option<Scores>,
    /// Other methods to compare the BCE with: name, and binary cross-entropy.
    pub comparisons: Vec<(String, f64)>,
    /// The figures of the families that the network belongs to; those of [`family::Denoising`] also stand with the
    /// scores.
    pub family: Vec<family::Figure>,
    /// What such a network does: denoised images, new images, walks between images.
    pub family_figures: Vec<Figure>,
    /// The layers, from input to output.
    pub network: Vec<NetworkRow>,
    /// Loss curves.
    pub curves: Option<Figure>,
    /// Grids of reconstructions: a sample, best, median, worst.
    pub reconstructions: Vec<Figure>,
    /// How the error is spread over the images.
    pub histogram: Option<Figure>,
    /// Scores class by class.
    pub classes: Vec<ClassScores>,
    /// The codes.
    pub latent: Option<LatentContent>,
    /// Feature maps of an image through the encoder.
    pub features: Option<Figure>,
    /// What the doctor says.
    pub findings: Vec<Finding>,
    /// What the reader should know: oddities, limits.
    pub notes: Vec<String>,
    /// The command line that does this run again.
    pub command: String,
    /// Seed, versions, hashes: what it takes to get the same again.
    pub provenance: Vec<Setting>,
}

/// A name and what it was set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The setting.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Setting {
    /// A setting from name and value.
    pub fn new(name: impl Into<String>, value: impl ToString) -> Self {
        Self { name: name.into(), value: value.to_string() }
    }
}

/// A row of the network's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRow {
    /// `encoder`, `decoder`, or another part; a new one begins a new group.
    pub part: String,
    /// The layer, such as `conv 32, 3×3, relu`.
    pub layer: String,
    /// Shape of its output, such as `28×28×32`.
    pub output: String,
    /// Numbers that are trained.
    pub parameters: u64,
    /// Multiply-adds for one image, forward.
    pub multiply_adds: u64,
}

/// A picture with all that a page needs to show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// Heading above it; none if empty.
    pub title: String,
    /// What it shows, below it.
    pub caption: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// PNG for a light page.
    pub light: Vec<u8>,
    /// PNG for a dark page; the light one serves if there is none.
    pub dark: Option<Vec<u8>>,
    /// Width in pixels; shown at half of it.
    pub width: u32,
    /// Height in pixels; shown at half of it.
    pub height: u32,
}

impl Figure {
    /// A figure from its picture, which may have a dark twin of the same size.
    ///
    /// # Errors
    /// If a picture cannot be encoded.
    pub fn new(
        title: impl Into<String>,
        caption: impl Into<String>,
        alt: impl Into<String>,
        light: &Picture,
        dark: Option<&Picture>,
    ) -> Result<Self, PictureError> {
        Ok(Self {
            title: title.into(),
            caption: caption.into(),
            alt: alt.into(),
            light: light.png()?,
            dark: dark.map(Picture::png).transpose()?,
            width: light.width(),
            height: light.height(),
        })
    }
}

/// What the report says of the codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatentContent {
    /// Shape of a code, such as `4×4×8`.
    pub shape: String,
    /// What each unit does.
    pub summary: LatentSummary,
    /// The codes in two dimensions.
    pub scatter: Option<Figure>,
}
