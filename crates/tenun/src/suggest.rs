//! The known name that a misspelt one was probably meant to be.

/// How alike a name must be to be taken for a slip: at most every second letter may be wrong, missing or swapped
/// with its neighbour (Damerau and Levenshtein's distance over the longer length).
const ALIKE: f64 = 0.5;

/// The name among `known` that looks most like `given`, if any does.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(&given, name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// `did you mean …? ` if there is a near name, and all that are known.
pub(crate) fn hint<'a>(given: &str, what: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let all = known.clone().into_iter().collect::<Vec<_>>().join(", ");
    match nearest(given, known) {
        Some(name) => format!("did you mean `{name}`? Known {what}: {all}"),
        None => format!("known {what}: {all}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        assert_eq!(nearest("cea", ["cae", "deep"]), Some("cae"));
        assert_eq!(nearest("Conv2D", ["conv2d", "crop"]), Some("conv2d"));
        assert_eq!(nearest("zzz", ["cae", "deep"]), None);
        assert_eq!(hint("zzz", "presets", ["cae"]), "known presets: cae");
    }
}
