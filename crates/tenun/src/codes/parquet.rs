//! Codes as an Apache Parquet table.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type};

use super::parts::{Heading, Parts};
use super::table::{Columns, ID, LABEL, feature};
use super::{Codes, CodesError, open, write_whole};
use crate::text::counted;
use crate::{machine, quiet};

const CODEC: &str = "write the file with Snappy, or without compression: other codecs are not read";
const ADVICE: &str = "the file is damaged or was not made for codes: write it again with `tenun encode`";

/// The key of the file's metadata that says which model made the codes.
const MODEL: &str = "tenun.model";

/// Rows of a group: what readers load at a time.
const GROUP: usize = 65_536;

/// Values that a byte of a file may stand for, at most. Of numbers that are all alike a few bytes make thousands, and a file
/// of real codes has at most some hundred a byte; one that was made to keep a reader busy has a million.
const MOST_VALUES_A_BYTE: u64 = 16_384;

/// Bytes of all identifiers and classes, at most: 1 GiB. A dictionary of one long text makes any number of it.
const MOST_TEXT: usize = 1 << 30;

/// Values taken from a column at a time: a file's own counts are not trusted with memory.
const CHUNK: usize = 8_192;

/// Writes the table.
pub(super) fn write(path: &Path, head: &Heading, parts: &mut Parts<'_, '_>) -> Result<(), CodesError> {
    write_whole(path, |file| {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_dictionary_enabled(false)
            .set_column_dictionary_enabled(ColumnPath::from(LABEL), true)
            .set_key_value_metadata(
                head.model.clone().map(|model| vec![KeyValue::new(MODEL.to_owned(), model)]),
            )
            .build();
        let schema = Arc::new(schema(head).map_err(other)?);
        let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(other)?;
        let mut group = RowGroup::new(head);
        for codes in parts {
            let codes = codes?;
            let mut start = 0;
            while start < codes.len() {
                let taken = (GROUP - group.ids.len()).min(codes.len() - start);
                group.take(&codes, start..start + taken);
                start += taken;
                if group.ids.len() == GROUP {
                    group.write(&mut writer)?;
                }
            }
        }
        if !group.ids.is_empty() {
            group.write(&mut writer)?;
        }
        writer.close().map_err(other)?;
        Ok(())
    })
}

/// The rows of one group, gathered until there are enough.
struct RowGroup {
    ids: Vec<ByteArray>,
    labels: Option<Vec<ByteArray>>,
    /// `[row][feature]`.
    values: Vec<f32>,
    features: usize,
}

impl RowGroup {
    fn new(head: &Heading) -> Self {
        Self {
            ids: Vec::new(),
            labels: head.labels.then(Vec::new),
            values: Vec::new(),
            features: head.features,
        }
    }

    fn take(&mut self, codes: &Codes, rows: Range<usize>) {
        self.ids.extend(bytes(&codes.ids()[rows.clone()]));
        if let (Some(labels), Some(more)) = (&mut self.labels, codes.labels()) {
            labels.extend(bytes(&more[rows.clone()]));
        }
        let values = &codes.values()[rows.start * self.features..rows.end * self.features];
        self.values.extend_from_slice(values);
    }

    /// Writes the group, and begins another.
    fn write<W: io::Write + Send>(&mut self, writer: &mut SerializedFileWriter<W>) -> io::Result<()> {
        let mut group = writer.next_row_group().map_err(other)?;
        write_column::<ByteArrayType, _>(&mut group, &self.ids)?;
        if let Some(labels) = &self.labels {
            write_column::<ByteArrayType, _>(&mut group, labels)?;
        }
        for feature in 0..self.features {
            let column: Vec<f32> = self.values[feature..].iter().step_by(self.features).copied().collect();
            write_column::<FloatType, _>(&mut group, &column)?;
        }
        group.close().map_err(other)?;
        self.ids.clear();
        self.labels.iter_mut().for_each(Vec::clear);
        self.values.clear();
        Ok(())
    }
}

/// The columns and their types; none of them may be empty.
fn schema(head: &Heading) -> Result<Type, ParquetError> {
    let text = |name: &str| {
        Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
            .with_repetition(Repetition::REQUIRED)
            .build()
    };
    let mut fields = vec![text(ID)?];
    if head.labels {
        fields.push(text(LABEL)?);
    }
    for index in 0..head.features {
        let name = feature(index);
        let column = Type::primitive_type_builder(&name, Physical::FLOAT);
        fields.push(column.with_repetition(Repetition::REQUIRED).build()?);
    }
    Type::group_type_builder("codes").with_fields(fields.into_iter().map(Arc::new).collect()).build()
}

fn bytes(texts: &[String]) -> Vec<ByteArray> {
    texts.iter().map(|text| ByteArray::from(text.as_str())).collect()
}

fn write_column<T: DataType, W: io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
) -> io::Result<()> {
    let Some(mut column) = group.next_column().map_err(other)? else {
        return Err(io::Error::other("the schema has fewer columns than the codes"));
    };
    column.typed::<T>().write_batch(values, None, None).map_err(other)?;
    column.close().map_err(other)
}

/// The system's error that is inside, so that a full disk is called one.
fn other(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(system) => *system,
            Err(inner) => io::Error::other(inner),
        },
        error => io::Error::other(error),
    }
}

/// Reads the table.
pub(super) fn read(path: &Path) -> Result<Codes, CodesError> {
    // On some damaged files the library panics where it should give an error (a page that refers to a dictionary
    // which is not there, for one). All that it holds then is thrown away with it.
    quiet::catch(|| read_table(path)).unwrap_or_else(|| {
        Err(CodesError::malformed(
            path,
            "pages",
            "an intact Parquet file",
            "one that its reader gives up on",
            ADVICE,
        ))
    })
}

fn read_table(path: &Path) -> Result<Codes, CodesError> {
    let broken = |place: &str, error: ParquetError| {
        CodesError::malformed(path, place, "an intact Parquet file", error.to_string(), ADVICE)
    };
    let file = open(path)?;
    let length = file.metadata().map_err(CodesError::io(path, "look at"))?.len();
    let reader =
        SerializedFileReader::new(file).map_err(|error| broken("the file's end (metadata)", error))?;
    let description = reader.metadata().file_metadata().schema_descr();
    let leaves = description.columns();
    // A column inside a list or a record is none of ours, whatever its name.
    let names: Vec<_> =
        leaves.iter().map(|leaf| if leaf.path().parts().len() == 1 { leaf.name() } else { "" }).collect();
    let columns = Columns::of(path, &names)?;

    let (mut ids, mut values) = (Vec::new(), Vec::new());
    let mut labels = columns.label.map(|_| Vec::new());
    let mut rows_left = most_rows(length, columns.features.len());
    for index in 0..reader.num_row_groups() {
        let group =
            reader.get_row_group(index).map_err(|error| broken(&format!("row group {index}"), error))?;
        let group = GroupReader { path, group: group.as_ref(), index, names: &names, rows_left };
        let mut features = Vec::new();
        for &column in &columns.features {
            features.push(group.numbers(column)?);
        }
        let rows = features[0].len();
        for (feature, column) in features.iter().enumerate() {
            group.same_rows(columns.features[feature], rows, column.len())?;
        }
        rows_left -= rows;
        match columns.id {
            Some(id) => {
                let texts = group.texts(id)?;
                group.same_rows(id, rows, texts.len())?;
                ids.extend(texts);
            }
            None => ids.extend((ids.len()..ids.len() + rows).map(|row| row.to_string())),
        }
        if let (Some(labels), Some(column)) = (&mut labels, columns.label) {
            let texts = group.texts(column)?;
            group.same_rows(column, rows, texts.len())?;
            labels.extend(texts);
        }
        values.extend((0..rows).flat_map(|row| features.iter().map(move |column| column[row])));
    }
    let codes = Codes::new(ids, labels, columns.features.len(), values)?;
    let mut metadata = reader.metadata().file_metadata().key_value_metadata().into_iter().flatten();
    let model = metadata.find(|entry| entry.key == MODEL).and_then(|entry| entry.value.clone());
    Ok(match model {
        Some(model) => codes.made_by(model),
        None => codes,
    })
}

/// Rows of so many features that a file of `length` bytes may have: neither more than its bytes can stand for, nor than
/// memory holds, where each number comes three times until all are in order, and each row has texts.
fn most_rows(length: u64, features: usize) -> usize {
    let by_length = length.saturating_mul(MOST_VALUES_A_BYTE) / features.max(1) as u64;
    let a_row = 3 * size_of::<f32>() as u64 * features as u64 + 2 * size_of::<String>() as u64 + 64;
    let by_memory = machine::available().map_or(u64::MAX, |bytes| bytes / a_row);
    usize::try_from(by_length.min(by_memory)).unwrap_or(usize::MAX)
}

/// A row group being read.
struct GroupReader<'a> {
    path: &'a Path,
    group: &'a dyn RowGroupReader,
    index: usize,
    names: &'a [&'a str],
    /// Rows that may still come.
    rows_left: usize,
}

impl GroupReader<'_> {
    fn malformed(&self, column: usize, expected: &str, got: String) -> CodesError {
        let place = format!("row group {}, column `{}`", self.index, self.names[column]);
        CodesError::malformed(self.path, place, expected, got, ADVICE)
    }

    /// What the library says of a column. It has no variant of its own for a codec that was left out of it.
    fn broken(&self, column: usize, error: &ParquetError) -> CodesError {
        let mut broken = self.malformed(column, "an intact column", error.to_string());
        if let CodesError::Malformed { got, advice, .. } = &mut broken
            && got.contains("Disabled feature")
        {
            *advice = CODEC;
        }
        broken
    }

    fn same_rows(&self, column: usize, expected: usize, got: usize) -> Result<(), CodesError> {
        match expected == got {
            true => Ok(()),
            false => Err(self.malformed(
                column,
                &format!("{}, as other columns have", counted(expected, "row")),
                got.to_string(),
            )),
        }
    }

    fn reader(&self, column: usize) -> Result<ColumnReader, CodesError> {
        let chunk = self.group.metadata().column(column);
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        // The library asserts this of a file, and would end the program.
        if start < 0 || chunk.compressed_size() < 0 {
            let got = format!("{} bytes at byte {start}", chunk.compressed_size());
            return Err(self.malformed(column, "a place in the file", got));
        }
        self.group.get_column_reader(column).map_err(|error| self.broken(column, &error))
    }

    /// All values of a column that has one for every row.
    fn all<T: DataType>(
        &self,
        column: usize,
        mut reader: ColumnReaderImpl<T>,
    ) -> Result<Vec<T::T>, CodesError> {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        loop {
            let read = reader.read_records(CHUNK, Some(&mut levels), None, &mut values);
            let (records, present, _) = read.map_err(|error| self.broken(column, &error))?;
            if present < records {
                let got = format!("an empty cell near row {}", values.len());
                return Err(self.malformed(column, "a value in every row", got));
            }
            if values.len() > self.rows_left {
                let expected = "no more rows than the file's length and the free memory allow";
                return Err(self.malformed(column, expected, format!("{} and more", values.len())));
            }
            if records == 0 {
                return Ok(values);
            }
        }
    }

    #[allow(clippy::cast_possible_truncation)] // float64 is rounded; what overflows is refused
    fn numbers(&self, column: usize) -> Result<Vec<f32>, CodesError> {
        let values: Vec<f32> = match self.reader(column)? {
            ColumnReader::FloatColumnReader(reader) => self.all(column, reader)?,
            ColumnReader::DoubleColumnReader(reader) => {
                self.all(column, reader)?.into_iter().map(|value| value as f32).collect()
            }
            _ => return Err(self.malformed(column, "FLOAT or DOUBLE", "a column of another type".into())),
        };
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(row) => {
                let got = format!("{} in row {row}", values[row]);
                Err(self.malformed(column, "finite numbers in the range of float32", got))
            }
        }
    }

    fn texts(&self, column: usize) -> Result<Vec<String>, CodesError> {
        match self.reader(column)? {
            ColumnReader::ByteArrayColumnReader(reader) => {
                let texts = self.all(column, reader)?;
                let bytes = texts.iter().fold(0usize, |sum, text| sum.saturating_add(text.len()));
                if bytes > MOST_TEXT {
                    let expected = format!("at most {MOST_TEXT} bytes of text");
                    return Err(self.malformed(column, &expected, bytes.to_string()));
                }
                texts
                    .into_iter()
                    .map(|text| {
                        let text = text.as_utf8().map_err(|error| error.to_string());
                        text.map(str::to_owned)
                            .map_err(|error| self.malformed(column, "text in UTF-8", error))
                    })
                    .collect()
            }
            ColumnReader::Int64ColumnReader(reader) => {
                Ok(self.all(column, reader)?.into_iter().map(|number| number.to_string()).collect())
            }
            ColumnReader::Int32ColumnReader(reader) => {
                Ok(self.all(column, reader)?.into_iter().map(|number| number.to_string()).collect())
            }
            _ => Err(self.malformed(column, "text or whole numbers", "a column of another type".into())),
        }
    }
}
