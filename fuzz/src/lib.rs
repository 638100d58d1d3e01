//! What the fuzz targets share: the table of parsers, which is that of the workspace's test `corpus`.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, fs, process};

#[path = "../../crates/tenun/tests/parsers/mod.rs"]
mod parsers;

/// Lets the parser of this name read `data` as a file, in a folder of its own: what lies beside a file can belong to it.
/// That folder is where `TMPDIR` says, in memory if `scripts/fuzz.sh` starts it: a disk would be most of the time.
///
/// # Panics
/// If there is no such parser, the file cannot be written, or the parser panics: that is what is looked for.
pub fn run(name: &str, data: &[u8]) {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let parser = parsers::PARSERS.iter().find(|parser| parser.name == name).expect("a parser of this name");
    let path = PATH.get_or_init(|| {
        let folder = env::temp_dir().join(format!("tenun-fuzz-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder of its own");
        folder.join(format!("{name}.{}", parser.ending))
    });
    fs::write(path, data).expect("a file in it");
    (parser.parse)(path);
}
