//! The one font: DejaVu Sans, cut down and compiled in.

use std::sync::LazyLock;

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _};

static FONT: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../../assets/fonts/DejaVuSans-subset.ttf"))
        .expect("the font compiled in is a valid one")
});

/// Characters of a text that is cut, at most.
const LONGEST: usize = 500;

/// ab_glyph scales a font by its line height, people by its em.
fn scale(size: f32) -> PxScale {
    let units = FONT.units_per_em().unwrap_or(2048.0);
    PxScale::from(size * FONT.height_unscaled() / units)
}

/// Width of `text` on one line, at `size` (the em's).
pub(super) fn width(text: &str, size: f32) -> f32 {
    let mut end = 0.0;
    walk(text, size, |_, _, after| end = after);
    end
}

/// `text` if it is not wider than `most`, otherwise as much of it as is, and an ellipsis.
pub(super) fn fit(text: &str, size: f32, most: f32) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    // No line holds more; a name of a million characters should not be measured a million times.
    let mut short: String = text.chars().take(LONGEST).collect();
    while short.pop().is_some() {
        let candidate = format!("{}…", short.trim_end());
        if width(&candidate, size) <= most {
            return candidate;
        }
    }
    String::new()
}

/// Calls `pixel` with place and coverage, in `(0, 1]`, of each pixel of `text` whose baseline begins
/// at (`x`, `y`).
pub(super) fn draw(text: &str, size: f32, x: f32, y: f32, mut pixel: impl FnMut(i32, i32, f32)) {
    let scale = scale(size);
    walk(text, size, |character, before, _| {
        let glyph = FONT.glyph_id(character).with_scale_and_position(scale, ab_glyph::point(x + before, y));
        if let Some(outline) = FONT.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|column, row, coverage| {
                if coverage > 0.0 {
                    pixel(corner.x as i32 + column as i32, corner.y as i32 + row as i32, coverage.min(1.0));
                }
            });
        }
    });
}

/// Calls `each` with each character, its offset, and the offset after it.
fn walk(text: &str, size: f32, mut each: impl FnMut(char, f32, f32)) {
    let font = FONT.as_scaled(scale(size));
    let mut offset = 0.0;
    let mut previous = None;
    // A tab or a line break has no glyph: it becomes a space, and not a box.
    for character in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        let glyph = font.glyph_id(character);
        if let Some(previous) = previous {
            offset += font.kern(previous, glyph);
        }
        let after = offset + font.h_advance(glyph);
        each(character, offset, after);
        offset = after;
        previous = Some(glyph);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_a_width_and_is_cut_to_fit() {
        assert_eq!(width("", 12.0), 0.0);
        let full = width("Ankle boot", 12.0);
        assert!((50.0..80.0).contains(&full), "{full}");
        assert_eq!(fit("Ankle boot", 12.0, full), "Ankle boot");
        let cut = fit("Ankle boot", 12.0, full * 0.7);
        assert!(cut.ends_with('…') && width(&cut, 12.0) <= full * 0.7, "{cut}");
        assert_eq!(fit("Ankle boot", 12.0, 1.0), "");
    }

    #[test]
    fn the_font_has_what_pictures_write() {
        for character in "aZ09éñŁß×·–…−≤≥≈%|σΔЖ".chars() {
            assert_ne!(FONT.glyph_id(character).0, 0, "{character}");
        }
    }

    #[test]
    fn glyphs_lie_above_the_baseline() {
        let mut rows = (i32::MAX, i32::MIN);
        draw("H", 20.0, 5.0, 30.0, |_, row, _| rows = (rows.0.min(row), rows.1.max(row)));
        assert!((14..=16).contains(&rows.0) && (28..=30).contains(&rows.1), "{rows:?}");
    }
}
