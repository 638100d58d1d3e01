//! The known name, or the path, that a misspelt one was probably meant to be.

use std::path::{Path, PathBuf};

use crate::file;
use crate::names::shown;

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

/// The path that a missing one was probably meant to be: of its parts the first that is not there has another name,
/// like that of something beside it. `None` if nothing is missing, or nothing is alike.
pub(crate) fn path(missing: &Path) -> Option<PathBuf> {
    let first = missing.ancestors().take_while(|path| !path.exists() && path.file_name().is_some()).last()?;
    let rest = missing.strip_prefix(first).ok()?;
    let given = first.file_name()?.to_str()?;
    let folder = file::folder_of(first);
    let entries = folder.read_dir().ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = entries.filter(|name| !name.starts_with('.')).collect();
    // The order of a folder is any.
    names.sort_unstable();
    let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let found = nearest(given, lower.iter().map(String::as_str))?;
    // A shared ending does not make names alike: `model.safetensors` is no slip for `checkpoint.safetensors`.
    let stem = |name: &str| Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    nearest(&stem(given)?, [stem(found)?.as_str()])?;
    let name = &names[lower.iter().position(|name| name == found)?];
    let renamed = first.with_file_name(name);
    let whole = if rest.as_os_str().is_empty() { renamed } else { renamed.join(rest) };
    whole.exists().then_some(whole)
}

/// `did you mean …?` if there is a path like the missing one.
pub(crate) fn path_question(missing: &Path) -> Option<String> {
    path(missing).map(|path| format!("did you mean `{}`?", shown(&path)))
}

/// [`path_question`], and what else there is to say.
pub(crate) fn path_hint(missing: &Path, otherwise: &str) -> String {
    match path_question(missing) {
        Some(question) => format!("{question} Else {otherwise}"),
        None => otherwise.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_path_is_that_of_something_like_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["Photos/cats/1.png", "runs/demo/checkpoint.safetensors", "a.csv", "codes.csv"] {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
        }
        for (missing, meant) in [
            ("phtos", Some("Photos")),
            ("photo/", Some("Photos")),
            ("Phots/cats/1.png", Some("Photos/cats/1.png")),
            ("Phots/dogs", None),
            ("codes.npy", Some("codes.csv")),
            ("code.csv", Some("codes.csv")),
            // Endings alone are no likeness.
            ("b.csv", None),
            ("runs/demo/model.safetensors", None),
            ("runs/demo", None),
            ("elsewhere/demo", None),
        ] {
            assert_eq!(path(&at(missing)), meant.map(at), "{missing}");
        }
        let hint = path_hint(&at("code.csv"), "look again");
        assert!(hint.ends_with("codes.csv`? Else look again"), "{hint}");
        assert_eq!(path_hint(&at("zzz"), "look again"), "look again");
    }

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        assert_eq!(nearest("cea", ["cae", "deep"]), Some("cae"));
        assert_eq!(nearest("Conv2D", ["conv2d", "crop"]), Some("conv2d"));
        assert_eq!(nearest("zzz", ["cae", "deep"]), None);
        assert_eq!(hint("zzz", "presets", ["cae"]), "known presets: cae");
    }
}
