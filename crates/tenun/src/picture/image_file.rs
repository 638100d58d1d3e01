//! One image as a PNG file, pixel for pixel.

use std::fs;
use std::path::{Path, PathBuf};

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use rayon::prelude::*;
use tenun_engine::Shape;

use super::{Picture, PictureError, error};
use crate::file;
use crate::names::shown;

/// An image cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageFileError {
    /// The operating system refused.
    #[error("cannot write {}: {source}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no image that PNG can hold.
    #[error("{}: {source}", shown(path))]
    Picture {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PictureError,
    },
}

/// Writes an image of `shape`, `[channel][row][column]` in 0–1, as a PNG of the same size: grey for one channel,
/// RGB for three, and the grey mean of the channels for any other number. Values are clipped and rounded to the nearest 255th. The
/// file appears whole or not at all, in a folder that is made if there is none.
///
/// # Errors
/// If a value is not finite, the length is another than the shape's, or the file cannot be written.
pub fn save_image(path: &Path, shape: Shape, values: &[f32]) -> Result<(), ImageFileError> {
    let bytes =
        encode(shape, values).map_err(|source| ImageFileError::Picture { path: path.to_owned(), source })?;
    write(path, &bytes)
}

/// Writes many images as [`save_image`] does, each to its file: `values` are `[image][channel][row][column]`. Together they
/// take far less time than one by one.
///
/// # Errors
/// As [`save_image`], of the first file that cannot be written; those before it may be there.
///
/// # Panics
/// If there are no images' values for a file.
pub fn save_images(files: &[PathBuf], shape: Shape, values: &[f32]) -> Result<(), ImageFileError> {
    let length = shape.len();
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| ImageFileError::Io { path, source }
    };
    let mut folder = None;
    for file in files {
        if folder != file.parent() {
            folder = file.parent();
            folder.map_or(Ok(()), fs::create_dir_all).map_err(io(file))?;
        }
    }
    let bytes: Result<Vec<_>, _> = files
        .par_iter()
        .enumerate()
        .map(|(at, path)| {
            let png = encode(shape, &values[at * length..(at + 1) * length]);
            let png = png.map_err(|source| ImageFileError::Picture { path: path.clone(), source })?;
            Ok((path.as_path(), png))
        })
        .collect::<Vec<_>>()
        .into_iter()
        .collect();
    file::write_many(&bytes?).map_err(|(at, error)| io(&files[at])(error))
}

/// Writes a finished picture as a PNG file, as [`save_image`] does.
///
/// # Errors
/// If it cannot be encoded or written.
pub fn save_picture(path: &Path, picture: &Picture) -> Result<(), ImageFileError> {
    let bytes = picture.png().map_err(|source| ImageFileError::Picture { path: path.to_owned(), source })?;
    write(path, &bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ImageFileError> {
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| file::write_bytes(path, bytes))
        .map_err(|source| ImageFileError::Io { path: path.to_owned(), source })
}

fn encode(shape: Shape, values: &[f32]) -> Result<Vec<u8>, PictureError> {
    error::length("an image", shape.len(), values.len())?;
    error::finite("an image", values.iter().map(|&value| f64::from(value)))?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clipped before
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    let area = shape.area();
    let (pixels, colour): (Vec<u8>, _) = match shape.channels {
        1 => (values.iter().map(|&value| byte(value)).collect(), ExtendedColorType::L8),
        3 => {
            let pixel = |at: usize| [0, 1, 2].map(|channel| byte(values[channel * area + at]));
            ((0..area).flat_map(pixel).collect(), ExtendedColorType::Rgb8)
        }
        channels => {
            let mean = |at: usize| values.iter().skip(at).step_by(area).sum::<f32>() / channels as f32;
            ((0..area).map(|at| byte(mean(at))).collect(), ExtendedColorType::L8)
        }
    };
    let (Ok(width), Ok(height)) = (u32::try_from(shape.width), u32::try_from(shape.height)) else {
        let (width, height) = (shape.width as u64, shape.height as u64);
        return Err(PictureError::TooLarge { width, height, most: u32::MAX });
    };
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(&pixels, width, height, colour)
        .map_err(|error| PictureError::Encode(error.to_string()))?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/a.png");
        save_image(&path, Shape::new(1, 1, 3), &[0.0, 0.5, 2.0]).unwrap();
        assert_eq!(
            image::open(&path).unwrap(),
            image::GrayImage::from_raw(3, 1, vec![0, 128, 255]).unwrap().into()
        );
        save_image(&path, Shape::new(3, 1, 2), &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]).unwrap();
        let rgb = image::RgbImage::from_raw(2, 1, vec![0, 102, 204, 51, 153, 255]).unwrap();
        assert_eq!(image::open(&path).unwrap(), rgb.into());
        save_image(&path, Shape::new(2, 1, 1), &[0.2, 0.4]).unwrap();
        assert_eq!(image::open(&path).unwrap().into_luma8().into_raw(), [77]);
    }

    #[test]
    fn many_at_once_are_as_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let shape = Shape::new(3, 2, 2);
        let values: Vec<f32> = (0..40 * shape.len()).map(|i| i as f32 / 480.0).collect();
        let name = |kind: &str, n: usize| folder.path().join(format!("{kind}/{}/{n}.png", n % 3));
        let files: Vec<_> = (0..40).map(|n| name("many", n)).collect();
        save_images(&files, shape, &values).unwrap();
        for (n, values) in values.chunks_exact(shape.len()).enumerate() {
            save_image(&name("one", n), shape, values).unwrap();
            assert_eq!(fs::read(&files[n]).unwrap(), fs::read(name("one", n)).unwrap());
        }
        let mut broken = values;
        broken[5 * shape.len()] = f32::NAN;
        let error = save_images(&files, shape, &broken).unwrap_err();
        assert!(error.to_string().contains("5.png"), "{error}");
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        assert!(save_image(&path, Shape::new(1, 1, 1), &[f32::NAN]).is_err());
        assert!(save_image(&path, Shape::new(1, 1, 2), &[0.0]).is_err());
        assert!(!path.exists());
        std::fs::write(folder.path().join("file"), "").unwrap();
        let error = save_image(&folder.path().join("file/a.png"), Shape::new(1, 1, 1), &[0.5]).unwrap_err();
        assert!(error.to_string().starts_with("cannot write"), "{error}");
    }
}
