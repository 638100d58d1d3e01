//! A file's bytes, mapped into memory. The only `unsafe` block of this crate.

use std::fs::File;
use std::io;

use bytes::Bytes;
use memmap2::MmapOptions;

/// The bytes of `file`, which has to be one that this program wrote, under a name of its own choice: never a user's.
pub(crate) fn map(file: &File) -> io::Result<Bytes> {
    // Populated, as all of it is hashed at once: asking for many pages is quicker than stumbling over each.
    let options = MmapOptions::new().populate().to_owned();
    // SAFETY: the bytes of a mapping must not change while they are borrowed, which no language can promise of a
    // file. These files are written beside their name and get it when they are whole (`file::write_whole`), and
    // are never opened for writing again: a newer one takes the name, and the mapping keeps the old one alive. The
    // mapping is private and read-only, so this process cannot change it either. Whoever else writes into another
    // program's cache is not guarded against; truncating the file would end this process by a signal.
    #[allow(unsafe_code)]
    let map = unsafe { options.map_copy_read_only(file)? };
    Ok(Bytes::from_owner(map))
}
