//! What each command does: calls to the library, and words for what comes back.

pub(crate) mod data;
pub(crate) mod decode;
pub(crate) mod doctor;
pub(crate) mod encode;
pub(crate) mod eval;
mod guard;
pub(crate) mod layers;
pub(crate) mod manual;
mod mistaken;
mod pictures;
pub(crate) mod presets;
pub(crate) mod reconstruct;
pub(crate) mod report;
mod resume;
mod settings;
mod source;
mod stream;
pub(crate) mod summary;
pub(crate) mod sweep;
pub(crate) mod train;

use std::collections::HashSet;

use clap::ArgMatches;
use clap::parser::ValueSource;

/// Which arguments the user gave, as opposed to those that have their default.
#[derive(Debug, Default)]
pub(crate) struct Given(HashSet<String>);

impl Given {
    pub(crate) fn new(matches: &ArgMatches) -> Self {
        // A group of arguments has the name of its type, and is no flag that anybody gave.
        let is_group = |id: &str| id.starts_with(char::is_uppercase);
        let given = |id: &str| !is_group(id) && matches.value_source(id) == Some(ValueSource::CommandLine);
        Self(matches.ids().map(|id| id.as_str()).filter(|id| given(id)).map(flag).collect())
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.contains(&flag(id))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// An argument's name as its flag has it.
fn flag(id: &str) -> String {
    id.replace('_', "-")
}
