//! Pictures of 16 bits a value that use only a part of them. Cameras and scanners of 10, 12 or 14 bits often store their
//! values as they are: taken as 16 bits, these pictures are dark beside all others.

use std::path::{Path, PathBuf};

use image::DynamicImage;

use crate::names::shown;
use crate::text::{are, counted};

/// The largest values of sensors and files of fewer bits, the smallest first.
const SCALES: [u16; 4] = [255, 1023, 4095, 16383];

/// Where other pictures use all 16 bits, one whose values end here is nearly black, and worth a word.
const DARK: u16 = 4095;

/// What every note of this says, by which it is known.
const OF_ALL: &str = "of 65535";

/// Which of many pictures have 16 bits a value, and how far their values go.
#[derive(Debug, Default)]
pub(super) struct Depths {
    pictures: usize,
    deep: Some16,
    /// Those of `deep` that are nearly black.
    dark: Some16,
}

/// Some pictures of 16 bits: how many, their largest value, and the first of them.
#[derive(Debug, Default)]
struct Some16 {
    pictures: usize,
    most: u16,
    first: Option<PathBuf>,
}

impl Some16 {
    fn add(&mut self, path: &Path, most: u16) {
        self.pictures += 1;
        self.most = self.most.max(most);
        self.first.get_or_insert_with(|| path.into());
    }
}

impl Depths {
    /// Adds a picture; `most` is its largest value if it has 16 bits.
    pub(super) fn add(&mut self, path: &Path, most: Option<u16>) {
        self.pictures += 1;
        // A black picture says nothing of the scale.
        let Some(most) = most.filter(|&most| most > 0) else { return };
        self.deep.add(path, most);
        if most <= DARK {
            self.dark.add(path, most);
        }
    }

    /// What is to be said where the values of some end far below the largest one there is.
    pub(super) fn note(&self) -> Option<String> {
        let least_used = |some: &Some16| SCALES.into_iter().find(|&scale| some.most <= scale);
        let all = [&self.deep, &self.dark];
        let (some, scale) = all.into_iter().find_map(|some| Some((some, least_used(some)?)))?;
        let first = some.first.as_ref()?;
        let bits = (u32::from(scale) + 1).ilog2();
        Some(format!(
            "{} of {} {} stored with 16 bits a value, of which the largest is {} {OF_ALL} (first: {}): if these are values of \
             {bits} bits, they are read much too dark; save them as (x / {scale} * 255).round().astype('uint8')",
            some.pictures,
            counted(self.pictures, "image"),
            are(some.pictures),
            some.most,
            shown(first.file_name().unwrap_or(first.as_os_str())),
        ))
    }
}

/// Whether one of these notes says already that pictures are dark.
pub(super) fn is_told(notes: &[String]) -> bool {
    notes.iter().any(|note| note.contains(OF_ALL))
}

/// The largest value of a picture of 16 bits, its opacity aside; none of any other.
pub(super) fn largest(image: &DynamicImage) -> Option<u16> {
    match image {
        DynamicImage::ImageLuma16(image) => image.pixels().map(|pixel| pixel.0[0]).max(),
        DynamicImage::ImageLumaA16(image) => image.pixels().map(|pixel| pixel.0[0]).max(),
        DynamicImage::ImageRgb16(image) => image.pixels().flat_map(|pixel| pixel.0).max(),
        DynamicImage::ImageRgba16(image) => {
            image.pixels().flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]]).max()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(pictures: &[Option<u16>]) -> String {
        let mut depths = Depths::default();
        for (at, most) in pictures.iter().enumerate() {
            depths.add(Path::new(&format!("{at}.png")), *most);
        }
        depths.note().unwrap_or_default()
    }

    #[test]
    fn a_part_of_sixteen_bits_is_told_with_the_scale_that_it_is_of() {
        for (most, scale, bits) in [(255, 255, 8), (1000, 1023, 10), (4095, 4095, 12), (16000, 16383, 14)] {
            let text = note(&[None, Some(0), Some(most), Some(most / 2)]);
            assert!(text.starts_with(&format!("2 of 4 images are stored with 16 bits a value, of which the largest is {most} of 65535 (first: 2.png)")), "{text}");
            assert!(
                text.contains(&format!("of {bits} bits")) && text.contains(&format!("(x / {scale} * 255)")),
                "{text}"
            );
        }
        // Full range in one, a few bits in another.
        let text = note(&[Some(65535), Some(900), Some(4095)]);
        assert!(text.starts_with("2 of 3 images") && text.contains("4095 of 65535 (first: 1.png)"), "{text}");
        assert_eq!(note(&[Some(65535), Some(20000), None]), "");
        assert_eq!(note(&[None, None]), "");
    }
}
