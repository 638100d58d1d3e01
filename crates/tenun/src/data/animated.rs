//! How many pictures an animated PNG or WebP has.
//!
//! Sources: W3C, "Portable Network Graphics, third edition", 2025, 11.3.4; Google, "WebP container specification".

/// The frames of a PNG: those that its `acTL` announces, which stands before the picture.
pub(crate) fn png_frames(file: &[u8]) -> usize {
    let mut at = 8;
    while let Some((length, kind)) = chunk(file, at, u32::from_be_bytes, true) {
        match kind {
            b"acTL" => {
                let count = file.get(at + 8..).and_then(|data| data.first_chunk().copied());
                return count.map_or(1, |count| (u32::from_be_bytes(count) as usize).max(1));
            }
            b"IDAT" | b"IEND" => break,
            _ => at = at.saturating_add(length).saturating_add(12),
        }
    }
    1
}

/// The frames of a WebP: a chunk `ANMF` for each.
pub(crate) fn webp_frames(file: &[u8]) -> usize {
    let (mut at, mut frames) = (12, 0_usize);
    while let Some((length, kind)) = chunk(file, at, u32::from_le_bytes, false) {
        frames += usize::from(kind == b"ANMF");
        // Chunks begin at even places.
        at = at.saturating_add(length).saturating_add(8 + length % 2);
    }
    frames.max(1)
}

/// Length and kind of the chunk at `at`, in the order in which the format has them.
fn chunk(
    file: &[u8],
    at: usize,
    number: fn([u8; 4]) -> u32,
    length_first: bool,
) -> Option<(usize, &[u8; 4])> {
    let [first, second] = [at, at.checked_add(4)?].map(|at| file.get(at..)?.first_chunk::<4>());
    let (length, kind) = if length_first { (first?, second?) } else { (second?, first?) };
    Some((number(*length) as usize, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, data) in chunks {
            file.extend((data.len() as u32).to_be_bytes());
            file.extend([&kind[..], data, &[0; 4]].concat());
        }
        file
    }

    fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
        for (kind, data) in chunks {
            file.extend_from_slice(&kind[..]);
            file.extend((data.len() as u32).to_le_bytes());
            file.extend_from_slice(data);
            file.extend(vec![0; data.len() % 2]);
        }
        file
    }

    #[test]
    fn frames_are_counted_and_a_still_picture_is_one() {
        let header = (b"IHDR", &[0; 13][..]);
        let control = (b"acTL", &[0, 0, 0, 4, 0, 0, 0, 0][..]);
        assert_eq!(png_frames(&png(&[header, control, (b"IDAT", &[])])), 4);
        // Behind the picture it says nothing.
        assert_eq!(png_frames(&png(&[header, (b"IDAT", &[]), control])), 1);
        assert_eq!(png_frames(&png(&[header])[..20]), 1);
        let frame = (b"ANMF", &[1, 2, 3][..]);
        assert_eq!(webp_frames(&webp(&[(b"VP8X", &[0; 10]), (b"ANIM", &[0; 6]), frame, frame, frame])), 3);
        assert_eq!(webp_frames(&webp(&[(b"VP8L", &[0; 5])])), 1);
        for file in [png(&[(b"zzzz", &[])]), webp(&[])] {
            let mut claims = file.clone();
            claims.extend([0xff; 8]);
            assert_eq!((png_frames(&claims), webp_frames(&claims)), (1, 1));
        }
    }
}
