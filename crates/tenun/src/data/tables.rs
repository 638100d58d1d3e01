//! Tables of pixels as text: a picture in each row, as Kaggle has MNIST and its kin.
//!
//! Columns are pixels but for those that a header calls otherwise: `label`, `class` and their like are the class, `usage`
//! or `split` says which rows are test images, `id` and `index` are passed over; a column `pixels` has all of them, with
//! spaces between; what else such a table has is named in a note. Without a header, where all columns but one are as many as
//! the pixels of a square, the first or the last is the class: the one whose values are like those of classes. Where both
//! are or neither is, that is asked.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::array::{Array, Element};
use super::axes::AxisOrder;
use super::claims::{Believed, most_inflated};
use super::classes::{self, Label};
use super::decode::is_image_name;
use super::folder::display_name;
use super::npz_keys::{self, Part};
use super::stack::Named;
use super::{Collection, DataError, Dataset};
use crate::{file, machine};

const LABELS: [&str; 10] =
    ["label", "labels", "class", "y", "target", "emotion", "digit", "category", "character", "species"];
const PASSED_OVER: [&str; 8] = ["id", "index", "", "unnamed: 0", "imageid", "image_id", "row", "name"];
const SPLITS: [&str; 4] = ["usage", "split", "set", "subset"];

/// Bytes that a number takes while a table is read: its float, twice while there are more and more of them, and its pixel.
const MEMORY_OF_A_NUMBER: u64 = 12;

/// A record stands in memory about so many times at once.
const COPIES_OF_A_RECORD: u64 = 3;

/// Bytes of a line, at most: some ten million pixels.
const MOST_LINE: usize = 64 << 20;

/// Whether a file that begins like this may be such a table: text, with numbers between separators.
pub(crate) fn is_table(path: &Path, start: &[u8]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let is_text =
        !start.is_empty() && start.iter().all(|&byte| byte >= 0x20 || matches!(byte, b'\t' | b'\r' | b'\n'));
    let by_name = matches!(&ending[..], "csv" | "tsv" | "txt" | "data");
    let separators = start.iter().filter(|byte| b",;\t".contains(byte)).count();
    is_text && (by_name || separators >= 8)
}

/// Where the columns are.
struct Columns {
    label: Option<usize>,
    split: Option<usize>,
    /// A column that has all pixels.
    all: Option<usize>,
    pixels: Vec<usize>,
}

struct Row {
    label: Option<Label>,
    part: Part,
}

/// Reads a table.
pub(crate) fn read(path: &Path) -> Result<Collection, DataError> {
    let mut notes = Vec::new();
    let mut start = Vec::new();
    content(path)?.take(1 << 16).read_to_end(&mut start).map_err(DataError::io(path, "read"))?;
    let line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| line.iter().filter(|&&byte| byte == separator).count();
    let delimiter = [b',', b';', b'\t', b' '].into_iter().rev().max_by_key(|&separator| count(separator));
    let room = machine::available().unwrap_or(u64::MAX);
    let too_large = |got: String| {
        let advice = "use a part of its rows, or save the pixels with numpy.savez(path, x_train=…) as uint8";
        DataError::malformed(
            path,
            "table",
            format!("a table that fits the {room} bytes of free memory"),
            got,
            advice,
        )
    };
    let length = fs::metadata(path).map_err(DataError::io(path, "look at"))?.len();
    // All of it may be one record.
    if length.saturating_mul(COPIES_OF_A_RECORD) > room {
        return Err(too_large(format!("a file of {length} bytes")));
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.filter(|&separator| count(separator) > 0).unwrap_or(b','))
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(Lines { of: content(path)?, left: MOST_LINE });
    let mut record = csv::StringRecord::new();
    let broken = |error: csv::Error| {
        DataError::malformed(path, "table", "the same columns in every row", error.to_string(), ADVICE)
    };
    if !reader.read_record(&mut record).map_err(broken)? {
        return Err(DataError::malformed(path, "row 1", "a picture in each row", "an empty file", ADVICE));
    }
    let is_header = record.iter().any(|cell| numbers_of(cell).is_none());
    let header = is_header.then(|| record.clone());
    if header.as_ref().is_some_and(|header| are_codes(header.iter())) {
        return Err(codes(path));
    }
    let mut columns = match &header {
        Some(header) => Columns::of(header),
        None => Columns { label: None, split: None, all: None, pixels: (0..record.len()).collect() },
    };
    if let Some(header) = &header {
        let unused: Vec<&str> = columns.unused(header.len()).map(|at| &header[at]).collect();
        if !unused.is_empty() {
            let names: Vec<String> = unused.iter().map(|name| format!("`{name}`")).collect();
            notes.push(format!("columns that are not used: {}", names.join(", ")));
        }
    }
    let mut more = if is_header { reader.read_record(&mut record).map_err(broken)? } else { true };
    // Where nothing is left for pixels, any column may have the names.
    let none = columns.cells().is_empty();
    let is_read = |at: &usize| none || columns.cells().contains(at);
    let mut cells = (0..record.len()).filter(is_read).map(|at| &record[at]);
    if let Some(name) = cells.find(|cell| is_image_name(Path::new(cell))).filter(|_| more) {
        return Err(DataError::malformed(
            path,
            "row 1",
            "the pixels of a picture in each row",
            format!("the name of a file, `{}`", name.escape_debug()),
            "give the folder of the pictures, with a sub-folder for each class; or a list of files as `@list.txt`",
        ));
    }
    let (mut values, mut rows): (Vec<f32>, Vec<Row>) = (Vec::new(), Vec::new());
    let mut width = None;
    while more {
        let at = rows.len() + 1 + usize::from(is_header);
        let wrong = |column: usize, cell: &str| {
            let name = header.as_ref().and_then(|header| header.get(column)).unwrap_or_default();
            let place = format!("row {at}, column {} {name}", column + 1);
            DataError::malformed(path, place.trim_end(), "a number", format!("`{}`", short(cell)), ADVICE)
        };
        let before = values.len();
        for &column in columns.cells() {
            let cell = record.get(column).unwrap_or_default();
            values.extend(numbers_of(cell).ok_or_else(|| wrong(column, cell))?);
        }
        let here = values.len() - before;
        if *width.get_or_insert(here) != here {
            let expected = format!("{} pixels, as in the rows before", width.unwrap_or_default());
            return Err(DataError::malformed(path, format!("row {at}"), &expected, here.to_string(), ADVICE));
        }
        let label = columns.label.map(|column| classes::of_text(record.get(column).unwrap_or_default()));
        let split = columns.split.and_then(|column| npz_keys::part(record.get(column)?));
        rows.push(Row { label, part: split.unwrap_or(Part::Train) });
        let needed = MEMORY_OF_A_NUMBER * values.len() as u64 + 3 * size_of_val(&rows[..]) as u64;
        if needed > room {
            return Err(too_large(format!("{} rows of {here} numbers, and more", rows.len())));
        }
        more = reader.read_record(&mut record).map_err(broken)?;
    }
    let mut width = width.unwrap_or(0);
    if header.is_none() && square(width).is_none() && width > 1 && square(width - 1).is_some() {
        let is_class = |column: usize| {
            let column: Vec<f32> = values.iter().skip(column).step_by(width).copied().collect();
            are_classes(&column)
        };
        let label = match (is_class(0), is_class(width - 1)) {
            (true, false) => 0,
            (false, true) => width - 1,
            (first, _) => {
                let is = if first { "both" } else { "neither" };
                return Err(DataError::malformed(
                    path,
                    "columns",
                    format!("a header, or {} pixels and a class that is told from them", width - 1),
                    format!(
                        "{width} columns without a header; of the first and the last {is} may be a class"
                    ),
                    "write a first row with the names of the columns, `label` over the class",
                ));
            }
        };
        columns.label = Some(label);
        notes.push(format!(
            "there is no header: the {} column is taken as the class",
            if label == 0 { "first" } else { "last" }
        ));
        let mut pixels = Vec::with_capacity(values.len());
        for (row, values) in rows.iter_mut().zip(values.chunks_exact(width)) {
            row.label = classes::of_number(values[label].into()).ok();
            pixels.extend(values.iter().enumerate().filter(|(at, _)| *at != label).map(|(_, value)| *value));
        }
        (values, width) = (pixels, width - 1);
    }
    let Some((channels, side)) = square(width) else {
        let got = format!("{width} columns of numbers");
        return Err(DataError::malformed(
            path,
            "columns",
            "the pixels of a square picture, and a class",
            got,
            ADVICE,
        ));
    };
    if channels == 3 {
        notes.push(format!(
            "{width} pixels are taken as {side}×{side} in RGB, the colours of a pixel side by side"
        ));
    }
    let whole = values.iter().all(|value| value.fract() == 0.0 && value.abs() < 1e9);
    let (element, bytes) = match whole {
        true => (
            Element::Int { bytes: 4, signed: true, big: false },
            values.iter().flat_map(|&value| (value as i32).to_le_bytes()).collect(),
        ),
        false => (
            Element::Float { bytes: 4, big: false },
            values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        ),
    };
    drop(values);
    let axes = if channels == 1 { vec![rows.len(), side, side] } else { vec![rows.len(), side, side, 3] };
    let array = Array { element, axes, fortran: false, bytes };
    let named = Named { path, place: "", shape: "columns" };
    let range = named.range(&array)?;
    let images = named.images(&array, AxisOrder::images_first(&array.axes), range, &mut notes)?;
    collect(path, images, rows, notes)
}

/// Whether a column's values are like those of classes: whole numbers of which few lie between the least and the greatest
/// unused, and none stands in nearly every row. Pixels at a border are nearly all the same, or of many values.
fn are_classes(column: &[f32]) -> bool {
    const MOST_CLASSES: usize = 128;
    const MOST_SHARE: f64 = 0.9;
    if !column.iter().all(|&value| value.fract() == 0.0 && (0.0..1e6).contains(&value)) {
        return false;
    }
    let mut rows: BTreeMap<u32, usize> = BTreeMap::new();
    column.iter().for_each(|&value| *rows.entry(value as u32).or_default() += 1);
    let (Some((&least, _)), Some((&greatest, _))) = (rows.first_key_value(), rows.last_key_value()) else {
        return false;
    };
    let commonest = rows.values().copied().max().unwrap_or(0);
    (2..=MOST_CLASSES).contains(&rows.len())
        && ((greatest - least) as usize) < 2 * rows.len()
        && commonest as f64 <= MOST_SHARE * column.len() as f64
}

/// Text whose lines have an end: all of a line is read before anything of it is told.
struct Lines<R> {
    of: R,
    left: usize,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.of.read(buffer)?;
        let (left, since) = match buffer[..count].iter().rposition(|byte| b"\r\n".contains(byte)) {
            Some(end) => (MOST_LINE, count - end),
            None => (self.left, count),
        };
        let long =
            || io::Error::new(io::ErrorKind::InvalidData, format!("a line of more than {MOST_LINE} bytes"));
        self.left = left.checked_sub(since).ok_or_else(long)?;
        Ok(count)
    }
}

/// Whether columns are those of latent codes.
pub(crate) fn are_codes<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    names.any(|name| name == "z0")
}

/// A table of codes was given for one of pictures.
pub(crate) fn codes(path: &Path) -> DataError {
    DataError::Codes { path: path.into() }
}

const ADVICE: &str = "give a table with a picture in each row: its class and its pixels, separated by commas";

/// The rows as training and test images.
fn collect(
    path: &Path,
    images: super::Images,
    rows: Vec<Row>,
    mut notes: Vec<String>,
) -> Result<Collection, DataError> {
    let labels: Option<Vec<Label>> = rows.iter().map(|row| row.label.clone()).collect();
    let [labels] = classes::together([labels], None, &mut notes);
    let mut all = Dataset::new(display_name(path), images);
    if let Some(labels) = labels {
        all = all.with_labels(labels)?;
    }
    let (train, test): (Vec<usize>, Vec<usize>) =
        (0..rows.len()).partition(|&row| rows[row].part == Part::Train);
    let (train, test) = match (train.is_empty(), test.is_empty()) {
        (false, false) => (all.select(&train), Some(all.select(&test))),
        _ => (all, None),
    };
    let mut collection = Collection::new(path.into(), train, test)?;
    collection.notes = notes;
    Ok(collection)
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Self {
        let names: Vec<String> =
            header.iter().map(|name| name.trim_start_matches('\u{feff}').to_lowercase()).collect();
        let find = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        let (label, split, all) = (find(&LABELS), find(&SPLITS), find(&["pixels", "pixel_values", "image"]));
        let pixels: Vec<usize> = (0..names.len())
            .filter(|&at| {
                Some(at) != label && Some(at) != split && !PASSED_OVER.contains(&names[at].as_str())
            })
            .collect();
        let pixels = alike(&names, pixels);
        // A table may have a column for every pixel and one called `image` besides.
        let all = all.filter(|_| names.len() < 16);
        Self { label, split, all, pixels }
    }

    /// The columns that pixels are taken from.
    fn cells(&self) -> &[usize] {
        self.all.as_ref().map_or(&self.pixels, std::slice::from_ref)
    }

    /// The columns that nothing is taken from.
    fn unused(&self, count: usize) -> impl Iterator<Item = usize> {
        let is_used = |at: usize| [self.label, self.split].contains(&Some(at)) || self.cells().contains(&at);
        (0..count).filter(move |&at| !is_used(at))
    }
}

/// The columns of pixels among those that are not known: where all are no square picture, those whose names are alike but for
/// numbers, as `pixel0`, `pixel1` and `1x1`, `1x2` are.
fn alike(names: &[String], columns: Vec<usize>) -> Vec<usize> {
    let family = |at: usize| names[at].chars().filter(|c| !c.is_numeric()).collect::<String>();
    let mut families: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    columns.iter().for_each(|&at| families.entry(family(at)).or_default().push(at));
    let largest = families.into_values().max_by_key(Vec::len).unwrap_or_default();
    if square(columns.len()).is_none() && square(largest.len()).is_some() { largest } else { columns }
}

/// The bytes of a table, which may be compressed by gzip.
fn content(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let mut file = file::open(path).map_err(DataError::io(path, "open"))?;
    let mut start = [0; 2];
    let is_gzip = file.read_exact(&mut start).is_ok() && start == [0x1f, 0x8b];
    file.rewind().map_err(DataError::io(path, "read"))?;
    let length = file.metadata().map_err(DataError::io(path, "look at"))?.len();
    Ok(match is_gzip {
        true => {
            Box::new(Believed { of: MultiGzDecoder::new(BufReader::new(file)), left: most_inflated(length) })
        }
        false => Box::new(BufReader::new(file)),
    })
}

/// The numbers of a cell, one or several with spaces between; none if it is text.
fn numbers_of(cell: &str) -> Option<impl Iterator<Item = f32>> {
    let numbers: Option<Vec<f32>> = cell.split_ascii_whitespace().map(|text| text.parse().ok()).collect();
    numbers.filter(|numbers| !numbers.is_empty()).map(Vec::into_iter)
}

/// Channels and side of a square picture of so many values, grey if it may be.
fn square(values: usize) -> Option<(usize, usize)> {
    let side = |values: usize| {
        let side = values.isqrt();
        (side >= 4 && side * side == values).then_some(side)
    };
    side(values)
        .map(|side| (1, side))
        .or_else(|| values.is_multiple_of(3).then(|| side(values / 3)).flatten().map(|side| (3, side)))
}

/// A cell as a message has it.
fn short(cell: &str) -> String {
    cell.chars().take(40).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_end_is_not_read_to_its_end() {
        let endless = Lines { of: io::repeat(b'1'), left: MOST_LINE };
        let mut buffer = vec![0; 1 << 16];
        let mut endless = endless;
        let mut read = 0;
        let error = loop {
            match endless.read(&mut buffer) {
                Ok(count) => read += count,
                Err(error) => break error,
            }
        };
        assert!(read <= MOST_LINE && error.to_string().contains("a line of more than"), "{error}");
        let mut lines = Lines { of: io::repeat(b'\n').take(3 * MOST_LINE as u64), left: MOST_LINE };
        assert_eq!(io::copy(&mut lines, &mut io::sink()).unwrap(), 3 * MOST_LINE as u64);
    }
}
