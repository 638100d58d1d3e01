//! What the fuzz targets share: the table of parsers, which is that of the workspace's test `corpus`.

use std::fs;
use std::path::PathBuf;
use std::process;

#[path = "../../crates/tenun/tests/parsers/mod.rs"]
mod parsers;

/// Lets the parser of this name read `data` as a file.
///
/// # Panics
/// If there is no such parser, the file cannot be written, or the parser panics: that is what is looked for.
pub fn run(name: &str, data: &[u8]) {
    let parser = parsers::PARSERS.iter().find(|parser| parser.name == name).expect("a parser of this name");
    // In memory where that is possible: parsers take paths, and a disk would be most of the time.
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let path = folder.join(format!("tenun-fuzz-{}-{name}.{}", process::id(), parser.ending));
    fs::write(&path, data).expect("a file in memory");
    (parser.parse)(&path);
    let _ = fs::remove_file(path);
}
