//! A GIF's blocks: how many pictures it has, and whether it ends where it says.
//!
//! Source: CompuServe, "Graphics Interchange Format, version 89a", 1990.

/// How many pictures there are in `file`, which has to be whole.
pub(crate) fn frames(file: &[u8]) -> Result<usize, String> {
    walk(file).ok_or_else(|| "the GIF is cut short or damaged: its blocks do not lead to its end mark".into())
}

fn walk(file: &[u8]) -> Option<usize> {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + table(*file.get(10)?);
    let mut frames = 0;
    loop {
        match *file.get(at)? {
            0x3b => return Some(frames),
            0x2c => {
                at += 11 + table(*file.get(at + 9)?);
                frames += 1;
            }
            0x21 => at += 2,
            _ => return None,
        }
        // Sub-blocks, each with its length before it, up to one of none.
        loop {
            let length = usize::from(*file.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}
