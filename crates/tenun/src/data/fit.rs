//! An image brought to a size, in memory that its own shape bounds.

use image::DynamicImage;
use image::imageops::FilterType;

use crate::settings::Fit;
use crate::text::megabytes;

/// Bytes of the picture between the two passes of a scaling, at most; its pixels are four floats each. A photograph of
/// 9,000×9,000 pixels brought to 224×224 has 32 MB.
const MOST_BETWEEN: u64 = 1 << 30;

/// Above this the order of the two passes is chosen. Below it rows come first whatever the shape, as the library has it, so
/// that images of ordinary shapes keep their bits.
const ORDINARY: u64 = 64 << 20;

/// Brings an image to `size`, (height, width), as `fit` says.
///
/// To crop, the largest window of the size's proportions is cut out of the middle and then scaled: scaled whole, a long
/// and narrow image would become as many times larger as it is narrow.
///
/// Errors: what is too large, in words.
pub(super) fn to_size(image: DynamicImage, size: (usize, usize), fit: Fit) -> Result<DynamicImage, String> {
    let (height, width) = (size.0 as u32, size.1 as u32);
    if (image.height(), image.width()) == (height, width) {
        return Ok(image);
    }
    match fit {
        Fit::Error => Ok(image),
        Fit::Resize => scale(image, width, height),
        Fit::Crop => {
            let (left, top, cut_width, cut_height) = window(image.width(), image.height(), width, height);
            let is_whole = (cut_width, cut_height) == (image.width(), image.height());
            let cut = if is_whole { image } else { image.crop_imm(left, top, cut_width, cut_height) };
            scale(cut, width, height)
        }
    }
}

/// The largest window of `width`:`height` in the middle of an image: left, top, width, height.
fn window(of_width: u32, of_height: u32, width: u32, height: u32) -> (u32, u32, u32, u32) {
    let (w, h) = (u128::from(of_width), u128::from(of_height));
    let (to_w, to_h) = (u128::from(width), u128::from(height));
    // What is left of a side that is too long, rounded to the nearest, at least one pixel.
    let part = |of: u128, times: u128, over: u128| ((2 * of * times + over) / (2 * over)).max(1) as u32;
    let (cut_width, cut_height) = if w * to_h > h * to_w {
        (part(h, to_w, to_h).min(of_width), of_height)
    } else {
        (of_width, part(w, to_h, to_w).min(of_height))
    };
    ((of_width - cut_width) / 2, (of_height - cut_height) / 2, cut_width, cut_height)
}

/// Scales by a triangle: bilinear that averages when it shrinks, and never rings as sharper filters do.
fn scale(image: DynamicImage, width: u32, height: u32) -> Result<DynamicImage, String> {
    let between = |across: u32, down: u32| u64::from(across) * u64::from(down) * 4 * size_of::<f32>() as u64;
    // The library makes the rows first: what lies between has the old width and the new height.
    let (rows_first, columns_first) = (between(image.width(), height), between(image.height(), width));
    let least = rows_first.min(columns_first);
    if least > MOST_BETWEEN {
        return Err(format!(
            "scaling {}x{} pixels to {height}x{width} would take {} of memory, more than the limit of {}",
            image.height(),
            image.width(),
            megabytes(least),
            megabytes(MOST_BETWEEN)
        ));
    }
    if rows_first <= ORDINARY || rows_first <= columns_first {
        return Ok(image.resize_exact(width, height, FilterType::Triangle));
    }
    // Turned, columns are rows.
    Ok(image.rotate90().resize_exact(height, width, FilterType::Triangle).rotate270())
}

#[cfg(test)]
mod tests {
    use image::GrayImage;

    use super::*;

    fn grey(width: u32, height: u32, value: impl Fn(u32, u32) -> u8) -> DynamicImage {
        GrayImage::from_fn(width, height, |x, y| image::Luma([value(x, y)])).into()
    }

    fn pixels(image: DynamicImage) -> Vec<u8> {
        image.into_luma8().into_raw()
    }

    #[test]
    fn the_window_is_the_largest_of_the_middle() {
        for (of, to, expected) in [
            ((6, 4), (2, 2), (1, 0, 4, 4)),
            ((4, 7), (2, 2), (0, 1, 4, 4)),
            ((4, 4), (2, 1), (0, 1, 4, 2)),
            ((1, 100_000), (28, 28), (0, 49_999, 1, 1)),
            ((20_000_000, 1), (28, 28), (9_999_999, 0, 1, 1)),
            ((u32::MAX, u32::MAX), (u32::MAX, 1), (0, u32::MAX / 2, u32::MAX, 1)),
            ((3, 3), (7, 7), (0, 0, 3, 3)),
        ] {
            assert_eq!(window(of.0, of.1, to.0, to.1), expected, "{of:?} to {to:?}");
        }
    }

    #[test]
    fn cropping_keeps_the_middle_and_scaling_its_mean() {
        // Three stripes: only the middle one is in the window.
        let image = grey(30, 10, |x, _| [0, 100, 255][x as usize / 10]);
        assert_eq!(pixels(to_size(image.clone(), (2, 2), Fit::Crop).unwrap()), [100; 4]);
        assert_eq!(pixels(to_size(image.clone(), (10, 10), Fit::Crop).unwrap()), [100; 100]);
        let whole = pixels(to_size(image.clone(), (1, 3), Fit::Resize).unwrap());
        assert!(whole[0] < 20 && whole[1].abs_diff(100) < 20 && whole[2] > 220, "{whole:?}");
        assert_eq!(pixels(to_size(image, (1, 3), Fit::Error).unwrap()).len(), 300);
    }

    #[test]
    fn the_longest_images_are_scaled_in_little_memory_whichever_side_is_long() {
        // With rows first the wide one would have 700 MB between the passes.
        let wide = grey(1_600_000, 1, |x, _| (x / 6250) as u8);
        let high = grey(1, 1_600_000, |_, y| (y / 6250) as u8);
        let wide = pixels(to_size(wide, (28, 28), Fit::Resize).unwrap());
        let high = to_size(high, (28, 28), Fit::Resize).unwrap();
        let means: Vec<u8> = (0..28).map(|at| wide[at]).collect();
        assert!(means.windows(2).all(|pair| (8..=10).contains(&(pair[1] - pair[0]))), "{means:?}");
        assert_eq!(pixels(high), (0..28).flat_map(|y| [means[y]; 28]).collect::<Vec<_>>());
    }

    #[test]
    fn a_scaling_beyond_the_limit_is_refused_in_words() {
        let reason = to_size(grey(9000, 9000, |_, _| 0), (8000, 8000), Fit::Resize).unwrap_err();
        assert!(reason.starts_with("scaling 9000x9000 pixels to 8000x8000 would take "), "{reason}");
    }
}
