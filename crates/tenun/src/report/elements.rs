//! Elements of the page that several sections use: lists of names and values, and tables.

use maud::{Markup, html};

/// A name and its value, both as they are shown.
pub(super) type Entry = (String, String);

/// An entry from whatever can be shown.
pub(super) fn entry(name: impl Into<String>, value: impl ToString) -> Entry {
    (name.into(), value.to_string())
}

/// Names, and the value of each beside it.
pub(super) fn entries(entries: &[Entry]) -> Markup {
    html! {
        dl.settings {
            @for (name, value) in entries {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

/// A table in a frame of its own, which scrolls where the screen is narrower than the table.
pub(super) fn table(rows: &Markup) -> Markup {
    html! { div.scroll tabindex="0" { table { (rows) } } }
}
