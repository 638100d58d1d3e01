//! What the TIFF decoder leaves: pages counted, pictures with a palette, pictures of floats.
//!
//! Source: Adobe, "TIFF revision 6.0", 1992.

use std::borrow::Cow;
use std::io::Cursor;

use ::tiff::decoder::{Decoder, DecodingResult, Limits};
use image::{DynamicImage, GrayImage, RgbImage};

use super::reader::buffered;

const PHOTOMETRIC: u16 = 262;
const COLOUR_MAP: u16 = 320;
const SAMPLE_FORMAT: u16 = 339;
const BITS: u16 = 258;
/// Values of `SAMPLE_FORMAT`.
const UNSIGNED: u16 = 1;
const SIGNED: u16 = 2;
const FLOAT: u16 = 3;
/// Of a digital negative; and what pixels of a sensor are called.
const DNG_VERSION: u16 = 50706;
const FILTER_ARRAY: u16 = 32803;

/// More pages than this are not counted: a chain may lead in circles.
const MOST_PAGES: usize = 10_000;

/// A value of this much less than 0 or more than 1 comes from rounding.
const ROUNDING: f32 = 1e-5;

/// A TIFF file in memory, of the classic kind.
pub(crate) struct Tiff<'a> {
    file: &'a [u8],
    big: bool,
}

/// An entry of a page's directory.
struct Entry {
    /// Where its value, or the place of it, stands.
    at: usize,
    count: usize,
    /// The value, if it is one short.
    short: u16,
}

impl<'a> Tiff<'a> {
    /// None if it is no classic TIFF.
    pub(crate) fn of(file: &'a [u8]) -> Option<Self> {
        match file.get(..4)? {
            b"II*\0" => Some(Self { file, big: false }),
            b"MM\0*" => Some(Self { file, big: true }),
            _ => None,
        }
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = *self.file.get(at..)?.first_chunk()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = *self.file.get(at..)?.first_chunk()?;
        Some(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) } as usize)
    }

    /// How many pages there are.
    pub(crate) fn pages(&self) -> usize {
        let mut directory = self.long(4);
        let mut pages = 0;
        while let Some(at) = directory.filter(|&at| at > 0 && pages < MOST_PAGES) {
            let Some(entries) = self.short(at) else { break };
            pages += 1;
            directory = self.long(at + 2 + 12 * usize::from(entries));
        }
        pages.max(1)
    }

    fn entry(&self, tag: u16) -> Option<Entry> {
        let directory = self.long(4)?;
        let entries = usize::from(self.short(directory)?);
        let at = (0..entries).map(|n| directory + 2 + 12 * n).find(|&at| self.short(at) == Some(tag))?;
        Some(Entry { at: at + 8, count: self.long(at + 4)?, short: self.short(at + 8)? })
    }

    /// Whether this is what a camera calls raw.
    pub(crate) fn is_raw(&self) -> bool {
        self.entry(DNG_VERSION).is_some()
            || self.entry(PHOTOMETRIC).is_some_and(|entry| entry.short == FILTER_ARRAY)
    }

    /// The picture, if it is of a kind that the usual decoder does not read; at most so many bytes of it are held.
    pub(crate) fn picture(&self, most: usize) -> Result<Option<DynamicImage>, String> {
        if self.entry(PHOTOMETRIC).is_some_and(|entry| entry.short == 3) {
            return self.with_palette(most).map(Some);
        }
        let format = self.first_short(SAMPLE_FORMAT).unwrap_or(UNSIGNED);
        let is_float = format == FLOAT && self.entry(SAMPLE_FORMAT).is_some_and(|entry| entry.count == 1);
        if is_float {
            return self.of_floats(most).map(Some);
        }
        let bits = self.first_short(BITS).unwrap_or(1);
        let kind = match format {
            FLOAT => return Err("a TIFF of floats in several channels is not read: save it as PNG".into()),
            SIGNED => "signed whole numbers",
            UNSIGNED if !matches!(bits, 1..=8 | 16) => "whole numbers",
            _ => return Ok(None),
        };
        Err(format!(
            "a TIFF of {kind} of {bits} bits is not read: save all pictures as x of 8 bits, ((x - least) / (most - least) * \
             255).round().astype('uint8'), with the least and the largest value of all of them"
        ))
    }

    /// The first of the shorts of an entry: two stand in it, more elsewhere.
    fn first_short(&self, tag: u16) -> Option<u16> {
        let entry = self.entry(tag)?;
        if entry.count <= 2 { Some(entry.short) } else { self.short(self.long(entry.at)?) }
    }

    /// Indices into a colour map are read as if they were grey values, and then looked up.
    fn with_palette(&self, most: usize) -> Result<DynamicImage, String> {
        let damaged = || "the TIFF is damaged: it has no colour map".to_string();
        let kind = self.entry(PHOTOMETRIC).ok_or_else(damaged)?;
        let bits = self.entry(BITS).map_or(1, |entry| entry.short);
        if bits != 8 {
            return Err(format!("a TIFF with a palette of {bits} bits is not read: save it as PNG"));
        }
        let map = self.entry(COLOUR_MAP).ok_or_else(damaged)?;
        let start = self.long(map.at).ok_or_else(damaged)?;
        let colours = map.count / 3;
        let mut file = Cow::from(self.file).into_owned();
        let grey: [u8; 2] = if self.big { 1_u16.to_be_bytes() } else { 1_u16.to_le_bytes() };
        file[kind.at..kind.at + 2].copy_from_slice(&grey);
        let (width, height, values) = read(&file, most)?;
        let DecodingResult::U8(indices) = values else { return Err(damaged()) };
        let mut pixels = Vec::with_capacity(indices.len() * 3);
        for index in indices {
            for plane in 0..3 {
                let at = start + 2 * (plane * colours + usize::from(index));
                let value = self.short(at).filter(|_| usize::from(index) < colours).ok_or_else(damaged)?;
                // Some write 8 bits times 256, some times 257: the high byte is right for both.
                pixels.push((value >> 8) as u8);
            }
        }
        RgbImage::from_raw(width, height, pixels).map(Into::into).ok_or_else(damaged)
    }

    fn of_floats(&self, most: usize) -> Result<DynamicImage, String> {
        let (width, height, values) = read(self.file, most)?;
        let values: Vec<f32> = match values {
            DecodingResult::F32(values) => values,
            DecodingResult::F64(values) => values.into_iter().map(|value| value as f32).collect(),
            DecodingResult::F16(values) => values.into_iter().map(f32::from).collect(),
            _ => return Err("the TIFF is damaged: it says that it holds floats, and does not".into()),
        };
        let (least, most) =
            values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), &value| {
                (least.min(value), most.max(value))
            });
        if values.iter().any(|value| !value.is_finite()) {
            return Err(
                "the TIFF holds NaN or infinity: replace them, for example by numpy.nan_to_num(x)".into()
            );
        }
        if least < -ROUNDING || most > 1.0 + ROUNDING {
            let formula = super::pixels::formula(f64::from(least), f64::from(most), false);
            return Err(format!("a TIFF of floats from {least} to {most}; expected 0 to 1: save {formula}"));
        }
        let pixels = values.into_iter().map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8).collect();
        GrayImage::from_raw(width, height, pixels)
            .map(Into::into)
            .ok_or_else(|| "a TIFF of floats in several channels is not read: save it as PNG".into())
    }
}

fn read(file: &[u8], most: usize) -> Result<(u32, u32, DecodingResult), String> {
    let words = |error: ::tiff::TiffError| error.to_string();
    let mut limits = Limits::default();
    limits.decoding_buffer_size = most;
    let mut source = Cursor::new(file);
    let mut decoder = Decoder::new(buffered(&mut source)).map_err(words)?.with_limits(limits);
    let (width, height) = decoder.dimensions().map_err(words)?;
    Ok((width, height, decoder.read_image().map_err(words)?))
}
