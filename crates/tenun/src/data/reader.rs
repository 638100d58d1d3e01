//! [`buffered`]: what all decoders of pictures read from.

use std::io::{BufReader, Read, Seek};

/// What a picture is read from.
pub(super) trait Source: Read + Seek {}

impl<R: Read + Seek> Source for R {}

/// One type for all sources: decoders are compiled for it once, and not again for every kind of reader. It has a buffer,
/// since a decoder that reads bit by bit would wait for a call each time.
pub(super) fn buffered(source: &mut dyn Source) -> BufReader<&mut dyn Source> {
    BufReader::new(source)
}
