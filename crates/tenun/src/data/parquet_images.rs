//! Apache Parquet tables with an encoded picture in each row, as Hugging Face has data sets.
//!
//! The column of pictures is one of bytes, by itself or as `bytes` in a structure (`image: {bytes, path}`). A column
//! `label` or the like has whole numbers, whose names are in the file's metadata under `huggingface`, or texts.

use std::path::Path;

use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::classes::{self, Label};
use super::encoded::{Container, Entry};
use super::folder::FolderOptions;
use super::npz_keys::Part;
use super::progress::OnImage;
use super::split_names::{Role, said};
use super::tables::{are_codes, codes};
use super::{Collection, DataError, Ignored};
use crate::{file, machine, quiet};

const LABELS: [&str; 8] =
    ["label", "labels", "fine_label", "class", "target", "y", "category", "coarse_label"];
const PICTURES: [&str; 7] = ["image", "img", "images", "bytes", "jpg", "png", "picture"];

/// Rows taken from a column at a time.
const CHUNK: usize = 4096;

/// A picture as a file has at least this many bytes, but equal ones may share theirs: an eighth is asked for.
const BYTES_OF_A_ROW: u64 = 8;

/// Bytes of memory that a row takes besides its picture.
const MEMORY_OF_A_ROW: u64 = 256;

/// Bytes of all classes' names, at most: a dictionary of one long text makes any number of it.
const MOST_TEXT: usize = 256 << 20;

const ADVICE: &str = "the file is damaged: fetch it again, or write it with Snappy or without compression";

/// Reads a table.
pub(crate) fn read(
    path: &Path,
    options: &FolderOptions,
    on_image: Option<OnImage<'_>>,
) -> Result<Collection, DataError> {
    // On some damaged files the library panics where it should give an error.
    let table = quiet::catch(|| Table::read(path));
    let Table { pictures, labels, names, notes } = table.unwrap_or_else(|| {
        Err(malformed(path, "pages", "an intact file", "one that its reader gives up on"))
    })?;
    let entries = pictures.iter().enumerate().map(|(row, _)| Entry {
        id: row.to_string(),
        key: row,
        part: Part::Train,
        label: labels.as_ref().map(|labels| labels.get(row).cloned().unwrap_or(Label::None)),
    });
    let entries = entries.collect();
    let container = Container { path, ignored: Ignored::default(), names, notes, options, on_image };
    container.read(entries, |&row| match &pictures[row] {
        Some(picture) => Ok(picture.data().to_vec()),
        None => Err("there is no picture in this row".into()),
    })
}

struct Table {
    pictures: Vec<Option<ByteArray>>,
    labels: Option<Vec<Label>>,
    names: Option<Vec<String>>,
    notes: Vec<String>,
}

fn malformed(path: &Path, place: &str, expected: &str, got: impl ToString) -> DataError {
    DataError::malformed(path, place, expected, got.to_string(), ADVICE)
}

impl Table {
    fn read(path: &Path) -> Result<Self, DataError> {
        let file = file::open(path).map_err(DataError::io(path, "open"))?;
        let length = file.metadata().map_err(DataError::io(path, "look at"))?.len();
        let reader = SerializedFileReader::new(file)
            .map_err(|error| malformed(path, "the file's end (metadata)", "an intact Parquet file", error))?;
        let metadata = reader.metadata().file_metadata();
        let leaves = metadata.schema_descr().columns();
        let name = |at: usize| leaves[at].path().parts().join(".");
        let is_bytes =
            |at: usize| leaves[at].physical_type() == Type::BYTE_ARRAY && leaves[at].max_rep_level() == 0;
        let called = |at: usize| {
            let parts = leaves[at].path().parts();
            match parts {
                [only] => {
                    PICTURES.contains(&only.to_lowercase().as_str())
                        && leaves[at].converted_type() != parquet::basic::ConvertedType::UTF8
                }
                // `mask.bytes`, `label.bytes`: never trained on.
                [first, .., last] => last == "bytes" && said(first) != Some(Role::Masks),
                [] => false,
            }
        };
        let Some(picture) = (0..leaves.len()).find(|&at| is_bytes(at) && called(at)) else {
            let names: Vec<String> = (0..leaves.len()).map(name).collect();
            if are_codes(names.iter().map(String::as_str)) {
                return Err(codes(path));
            }
            const LISTED: usize = 8;
            let listed: Vec<String> =
                (0..leaves.len().min(LISTED)).map(|at| format!("`{}`", name(at))).collect();
            let more = leaves.len().saturating_sub(LISTED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            return Err(DataError::Malformed {
                path: path.into(),
                place: "columns".into(),
                expected: "a column of encoded pictures, `image.bytes` as Hugging Face has it".into(),
                got: format!("{}{more}", listed.join(", ")),
                advice: "save the pictures as numpy.savez(path, x_train=…), or as a folder of PNG files"
                    .into(),
            });
        };
        let rows = u64::try_from(metadata.num_rows()).unwrap_or(u64::MAX);
        let room = machine::available().map_or(u64::MAX, |bytes| bytes / MEMORY_OF_A_ROW);
        if rows > (length / BYTES_OF_A_ROW).min(room) {
            let got = format!("{rows} rows in a file of {length} bytes");
            let expected = "rows that the file can hold pictures for, and the memory";
            return Err(malformed(path, "number of rows", expected, got));
        }
        let mut rows_left = usize::try_from(rows).unwrap_or(0);
        let label = LABELS.iter().find_map(|known| {
            (0..leaves.len()).find(|&at| name(at).to_lowercase() == *known && leaves[at].max_rep_level() == 0)
        });
        let mut notes = Vec::new();
        let unused: Vec<String> = (0..leaves.len())
            .filter(|&at| at != picture && Some(at) != label && !name(at).ends_with(".path"))
            .map(|at| format!("`{}`", name(at)))
            .collect();
        if !unused.is_empty() {
            notes.push(format!(
                "columns that are not used: {}",
                unused.iter().take(8).cloned().collect::<Vec<_>>().join(", ")
            ));
        }
        let (mut pictures, mut labels) = (Vec::new(), Vec::new());
        let mut wrong = None;
        for index in 0..reader.num_row_groups() {
            let broken = |error: parquet::errors::ParquetError| {
                malformed(path, &format!("row group {index}"), "an intact row group", error)
            };
            let group = reader.get_row_group(index).map_err(broken)?;
            for at in [Some(picture), label].into_iter().flatten() {
                let chunk = group.metadata().column(at);
                let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
                // The library asserts this of a file.
                if start < 0 || chunk.compressed_size() < 0 {
                    return Err(malformed(path, &format!("row group {index}"), "a place in the file", start));
                }
            }
            let most = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            let Some(later) = rows_left.checked_sub(most) else {
                let expected = format!("at most the {rows_left} rows that are left of the table's");
                return Err(malformed(path, &format!("row group {index}"), &expected, most));
            };
            rows_left = later;
            let levels = leaves[picture].max_def_level();
            let ColumnReader::ByteArrayColumnReader(column) =
                group.get_column_reader(picture).map_err(broken)?
            else {
                return Err(malformed(path, "columns", "bytes", "a column of another type"));
            };
            pictures.extend(values(column, levels, most).map_err(broken)?);
            if let Some(at) = label {
                let levels = leaves[at].max_def_level();
                let some = match group.get_column_reader(at).map_err(broken)? {
                    ColumnReader::Int64ColumnReader(column) => {
                        numbers(values(column, levels, most).map_err(broken)?, |value| value as f64)
                    }
                    ColumnReader::Int32ColumnReader(column) => {
                        numbers(values(column, levels, most).map_err(broken)?, f64::from)
                    }
                    ColumnReader::BoolColumnReader(column) => {
                        numbers(values(column, levels, most).map_err(broken)?, |value| u8::from(value).into())
                    }
                    ColumnReader::DoubleColumnReader(column) => {
                        numbers(values(column, levels, most).map_err(broken)?, |value| value)
                    }
                    ColumnReader::FloatColumnReader(column) => {
                        numbers(values(column, levels, most).map_err(broken)?, f64::from)
                    }
                    ColumnReader::ByteArrayColumnReader(column) => {
                        texts(&values(column, levels, most).map_err(broken)?)
                    }
                    _ => Err("its type is none of classes".into()),
                };
                match some {
                    Ok(some) => labels.extend(some),
                    Err(reason) => wrong = Some(reason),
                }
            }
        }
        let labels = label.and_then(|at| {
            let labels = wrong.map_or(Ok(labels), Err);
            classes::matching(labels, pictures.len(), &format!("column `{}`", name(at)), &mut notes)
        });
        let key =
            metadata.key_value_metadata().into_iter().flatten().find(|entry| entry.key == "huggingface");
        let names = key
            .and_then(|entry| entry.value.as_deref())
            .zip(label)
            .and_then(|(text, at)| class_names(text, &name(at)));
        Ok(Self { pictures, labels, names, notes })
    }
}

/// The names of a column's classes in Hugging Face's metadata.
fn class_names(text: &str, column: &str) -> Option<Vec<String>> {
    let metadata: serde_json::Value = serde_json::from_str(text).ok()?;
    let names = metadata.pointer(&format!("/info/features/{column}/names"))?.as_array()?;
    names.iter().map(|name| name.as_str().map(String::from)).collect()
}

fn numbers<T>(values: Vec<Option<T>>, number: impl Fn(T) -> f64) -> Result<Vec<Label>, String> {
    values
        .into_iter()
        .map(|value| value.map_or(Ok(Label::None), |value| classes::of_number(number(value))))
        .collect()
}

fn texts(values: &[Option<ByteArray>]) -> Result<Vec<Label>, String> {
    let bytes = values.iter().flatten().fold(0_usize, |sum, text| sum.saturating_add(text.len()));
    if bytes > MOST_TEXT {
        return Err(format!("its texts have {bytes} bytes, more than names of classes have"));
    }
    let label = |value: &Option<ByteArray>| match value {
        Some(text) => classes::of_text(&String::from_utf8_lossy(text.data())),
        None => Label::None,
    };
    Ok(values.iter().map(label).collect())
}

/// At most `most` values of a column, with those that are missing.
fn values<T: DataType>(
    mut column: ColumnReaderImpl<T>,
    present: i16,
    most: usize,
) -> Result<Vec<Option<T::T>>, parquet::errors::ParquetError> {
    let mut all = Vec::new();
    while all.len() < most {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (records, ..) =
            column.read_records(CHUNK.min(most - all.len()), Some(&mut levels), None, &mut values)?;
        if records == 0 {
            break;
        }
        if present == 0 {
            all.extend(values.into_iter().map(Some));
        } else {
            let mut values = values.into_iter();
            all.extend(levels.into_iter().map(|level| if level == present { values.next() } else { None }));
        }
    }
    Ok(all)
}
