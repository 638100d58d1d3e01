//! Codes as a table: which column holds what.

use std::path::Path;

use super::CodesError;

pub(super) const ID: &str = "id";
pub(super) const LABEL: &str = "label";

/// The column of feature `index`.
pub(super) fn feature(index: usize) -> String {
    format!("z{index}")
}

/// Where in a table the columns of codes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) id: Option<usize>,
    pub(super) label: Option<usize>,
    /// The column of each feature.
    pub(super) features: Vec<usize>,
}

impl Columns {
    /// From the names of the columns.
    ///
    /// Errors: [`CodesError::Malformed`] unless features are numbered without a gap from 0, and no name that counts
    /// comes twice.
    pub(super) fn of(path: &Path, names: &[&str]) -> Result<Self, CodesError> {
        let malformed = |expected: String, got: String| {
            CodesError::malformed(
                path,
                "names of the columns",
                expected,
                got,
                "features are the columns `z0`, `z1`, … without a gap; `id` and `label` are optional",
            )
        };
        let mut columns = Self { id: None, label: None, features: Vec::new() };
        let mut numbered = Vec::new();
        for (column, &name) in names.iter().enumerate() {
            let twice = match name {
                ID => columns.id.replace(column).is_some(),
                LABEL => columns.label.replace(column).is_some(),
                _ => {
                    numbered.extend(feature_number(name).map(|number| (number, column)));
                    false
                }
            };
            if twice {
                return Err(malformed(format!("one column `{name}`"), "two".into()));
            }
        }
        numbered.sort_unstable();
        for (expected, &(number, column)) in numbered.iter().enumerate() {
            if number > expected {
                return Err(malformed(format!("a column `{}`", feature(expected)), "none".into()));
            }
            if number < expected {
                return Err(malformed(format!("one column `{}`", names[column]), "two".into()));
            }
        }
        if numbered.is_empty() {
            let shown: Vec<_> = names.iter().take(8).copied().collect();
            let more = if names.len() > shown.len() { ", …" } else { "" };
            return Err(malformed("a column `z0`".into(), format!("`{}`{more}", shown.join("`, `"))));
        }
        columns.features = numbered.into_iter().map(|(_, column)| column).collect();
        Ok(columns)
    }
}

/// The number in `z17`; `z017` and `z+1` are other people's columns.
fn feature_number(name: &str) -> Option<usize> {
    let number = name.strip_prefix('z')?.parse().ok()?;
    (feature(number) == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let columns =
            Columns::of("x".as_ref(), &["cluster", "z1", "label", "z0", "id", "z", "z01", "zoom"]).unwrap();
        assert_eq!(columns, Columns { id: Some(4), label: Some(2), features: vec![3, 1] });
    }

    #[test]
    fn gaps_and_repetitions_are_refused() {
        for (names, expected) in [
            (&["id", "z0", "z2"][..], "expected a column `z1`"),
            (&["z0", "z1", "z0"], "expected one column `z0`"),
            (&["id", "id", "z0"], "expected one column `id`"),
            (&["a", "b"], "expected a column `z0`, got `a`, `b`"),
            (&[], "expected a column `z0`"),
        ] {
            let error = Columns::of("x".as_ref(), names).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
