//! A folder whose files are the parts of one data set: tables, archives or arrays, each of them read by itself.

use std::fs;
use std::path::{Path, PathBuf};

use super::decode::is_image_name;
use super::folder::display_name;
use super::ignored::is_hidden;
use super::join::{Piece, join};
use super::npz_keys::{self, Part, What};
use super::split_names::{Role, said};
use super::{Collection, DataError, Ignored, natural};
use crate::names::escaped;

/// The endings of such files. Where there are several, the first that there is counts.
const ENDINGS: [&str; 8] = ["parquet", "tar", "tgz", "gz", "npz", "npy", "zip", "csv"];

/// The files that are the parts of a set, each with what it holds, and what is said of them.
pub(crate) struct Shards {
    pieces: Vec<(Part, PathBuf)>,
    notes: Vec<String>,
    /// Files of the folder that are no parts.
    ignored: Ignored,
}

/// The files of a folder that are its parts, each with what it holds; none if pictures or folders lie among them.
pub(crate) fn in_folder(folder: &Path) -> Option<Shards> {
    let (mut files, mut data, mut ignored) = (Vec::new(), None, Ignored::default());
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        match path.is_dir() {
            _ if is_hidden(&name) => ignored.add_hidden(),
            true if name == "data" => data = Some(path),
            true => return None,
            false if is_image_name(&path) => return None,
            false => files.push(path),
        }
    }
    let ending = |path: &Path| path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let is_tar = |path: &Path| {
        path.file_stem().is_some_and(|stem| Path::new(stem).extension().is_some_and(|e| e == "tar"))
    };
    let of_kind = |kind: &str| {
        let mut some: Vec<PathBuf> = files
            .iter()
            .filter(|path| ending(path).as_deref() == Some(kind) && (kind != "gz" || is_tar(path)))
            .cloned()
            .collect();
        some.sort_by(|a, b| natural::compare(&display_name(a), &display_name(b)));
        some
    };
    let Some(kind) = ENDINGS.into_iter().find(|kind| !of_kind(kind).is_empty()) else {
        let mut shards = in_folder(&data?)?;
        files.iter().for_each(|path| ignored.add(path));
        shards.ignored.extend(&ignored);
        return Some(shards);
    };
    let of_this = of_kind(kind);
    files.iter().filter(|path| !of_this.contains(path)).for_each(|path| ignored.add(path));
    let chosen: Vec<PathBuf> = of_this
        .into_iter()
        // Labels are read with the images that they lie beside.
        .filter(|path| kind != "npy" || npz_keys::what(&stem(path)) != Some(What::Labels))
        .collect();
    let roles: Vec<Option<Role>> = chosen.iter().map(|path| said(&stem(path))).collect();
    let mut notes = Vec::new();
    let has = |known: &[Role]| roles.iter().flatten().any(|role| known.contains(role));
    let has_test = has(&[Role::Test]);
    let has_splits = has(&[Role::Train, Role::Test]);
    let are_all_masks = roles.iter().all(|role| *role == Some(Role::Masks));
    let mut pieces = Vec::new();
    for (path, &role) in chosen.iter().zip(&roles) {
        let is_used = match role {
            Some(Role::Validation) => !has_test,
            // Masks lie beside images, and what has no labels beside splits.
            Some(Role::Masks) => are_all_masks,
            Some(Role::Other) => !has_splits,
            _ => true,
        };
        match is_used {
            true => pieces.push((role.and_then(Part::of).unwrap_or(Part::Train), path.clone())),
            false => notes.push(format!("{} is not used", escaped(&display_name(path)))),
        }
    }
    pieces.sort_by_key(|(part, _)| *part != Part::Train);
    let tests: Vec<String> =
        pieces.iter().filter(|(part, _)| *part != Part::Train).map(|(_, path)| display_name(path)).collect();
    if !tests.is_empty() && tests.len() < pieces.len() {
        notes.push(format!("test images are those of {}", escaped(&tests.join(", "))));
    }
    Some(Shards { pieces, notes, ignored })
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Reads every part with `read`, and makes one set of them.
pub(crate) fn read(
    folder: &Path,
    parts: Shards,
    mut read: impl FnMut(&Path) -> Result<Collection, DataError>,
) -> Result<Collection, DataError> {
    let mut pieces = Vec::new();
    for (part, path) in parts.pieces {
        let collection = read(&path)?;
        pieces.push(Piece { part, called: stem(&path), path, collection });
    }
    let mut collection = join(&display_name(folder), folder, pieces)?;
    collection.notes.splice(..0, parts.notes);
    collection.ignored.extend(&parts.ignored);
    Ok(collection)
}
