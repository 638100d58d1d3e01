//! The corpus of the fuzz targets, and damaged copies of it, through every parser: what `make fuzz` found stays found.

use std::fs;
use std::path::{Path, PathBuf};

mod parsers;

use parsers::{PARSERS, Parser};

/// Damaged copies of each file.
const COPIES: usize = 40;

/// Files of the corpus are small: the largest is cut here for its copies.
const MOST_BYTES: usize = 64 << 10;

fn corpus(parser: &Parser) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(parser.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// A copy with a few bytes changed, and in every third case an end that is missing; other ones for every number.
fn damaged(bytes: &[u8], number: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number as u64 + 1);
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let mut copy = bytes[..bytes.len().min(MOST_BYTES)].to_vec();
    if copy.is_empty() {
        return copy;
    }
    for _ in 0..1 + draw(4) {
        let at = draw(copy.len());
        copy[at] = [0, 0xff, 0x7f, 0x80, draw(256) as u8, copy[at] ^ 1][draw(6)];
    }
    if number.is_multiple_of(3) {
        copy.truncate(draw(copy.len()));
    }
    copy
}

#[test]
fn no_parser_panics_on_the_corpus_or_on_damaged_copies_of_it() {
    let folder = tempfile::tempdir().unwrap();
    for parser in PARSERS {
        let files = corpus(parser);
        assert!(!files.is_empty(), "{} has no corpus", parser.name);
        let path = folder.path().join(format!("{}.{}", parser.name, parser.ending));
        for file in files {
            let whole = fs::read(&file).unwrap();
            fs::write(&path, &whole).unwrap();
            (parser.parse)(&path);
            for number in 0..COPIES {
                fs::write(&path, damaged(&whole, number)).unwrap();
                (parser.parse)(&path);
            }
        }
    }
}

#[test]
fn every_parser_has_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut targets: Vec<String> =
        entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    targets.sort();
    let mut names: Vec<&str> = PARSERS.iter().map(|parser| parser.name).collect();
    names.sort_unstable();
    assert_eq!(targets, names);
}
