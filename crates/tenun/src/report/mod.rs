//! `report.html`: one file that says what was trained, how good it is, and shows it.
//!
//! [`render`] turns [`ReportContent`], plain data that a caller puts together, into a page that
//! needs nothing else: styles and pictures are inside, there is no script, and nothing is fetched.
//! It follows the reader's light or dark setting, fits a phone, and prints. The same content makes
//! the same bytes.

mod content;
mod figures;
mod page;
mod tables;
#[cfg(test)]
mod tests;
mod text;

pub use content::{Figure, LatentContent, NetworkRow, ReportContent, Setting};
pub use page::render;
