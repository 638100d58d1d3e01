//! `report.html`: one file that says what was trained, how good it is, and shows it.
//!
//! [`Report::compose`] asks every section in turn: each is a file in `sections/`, with what it gathers and what it
//! draws beside each other. A section that fails is left out, and the page says so. The page needs nothing else:
//! styles and pictures are inside, there is no script, and nothing is fetched. It follows the reader's light or dark
//! setting, fits a phone, and prints. The same run makes the same bytes.

mod context;
mod elements;
mod illustration;
mod page;
mod section;
mod sections;
#[cfg(test)]
mod tests;
mod text;

pub use context::Context;
pub use page::{LeftOut, Report};
