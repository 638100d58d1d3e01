//! Codes as comma-separated values.

use std::io::{self, Write};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use super::parts::{Heading, Parts};
use super::table::{Columns, ID, LABEL, feature};
use super::{Codes, CodesError, open, write_whole};
use crate::file;

const ADVICE: &str = "mend the line, or write the codes again with `tenun encode`";

/// Writes the table. Numbers have as many digits as it takes to read the same bits back.
pub(super) fn write(path: &Path, head: &Heading, parts: &mut Parts<'_, '_>) -> Result<(), CodesError> {
    write_whole(path, |to| {
        let mut writer = csv::Writer::from_writer(to);
        let heading = heading(head.labels).into_iter().map(str::to_owned);
        writer.write_record(heading.chain((0..head.features).map(feature)))?;
        let mut number = Vec::new();
        for codes in parts {
            let codes = codes?;
            for (index, code) in codes.values().chunks_exact(codes.features()).enumerate() {
                writer.write_field(&codes.ids()[index])?;
                if let Some(labels) = codes.labels() {
                    writer.write_field(&labels[index])?;
                }
                for value in code {
                    number.clear();
                    // `Debug` goes over to an exponent where that is shorter: `1e-30`, not thirty zeros.
                    write!(number, "{value:?}")?;
                    writer.write_field(&number)?;
                }
                writer.write_record(None::<&[u8]>)?;
            }
        }
        writer.flush()
    })
}

/// Writes identifiers and classes alone.
pub(super) fn write_ids(path: &Path, ids: &[String], labels: Option<&[String]>) -> Result<(), CodesError> {
    write_whole(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(heading(labels.is_some()))?;
        for (index, id) in ids.iter().enumerate() {
            let label = labels.map(|labels| &labels[index]);
            writer.write_record(std::iter::once(id).chain(label))?;
        }
        writer.flush()
    })
}

fn heading(labels: bool) -> Vec<&'static str> {
    if labels { vec![ID, LABEL] } else { vec![ID] }
}

/// Reads the table.
pub(super) fn read(path: &Path) -> Result<Codes, CodesError> {
    let mut reader = ReaderBuilder::new().from_reader(open(path)?);
    let names = reader.headers().map_err(|error| broken(path, error))?.clone();
    let columns = Columns::of(path, &names.iter().collect::<Vec<_>>())?;
    let mut ids = Vec::new();
    let mut labels = columns.label.map(|_| Vec::new());
    let mut values = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| broken(path, error))? {
        // Records all have as many fields as there are names: the reader sees to it.
        let field = |column: usize| record.get(column).unwrap_or_default();
        for &column in &columns.features {
            let value: Option<f32> = field(column).trim().parse().ok();
            let Some(value) = value.filter(|value| value.is_finite()) else {
                let line = line(path, record.position());
                return Err(CodesError::malformed(
                    path,
                    format!("{line}, column `{}`", &names[column]),
                    "a finite number",
                    format!("`{}`", field(column)),
                    ADVICE,
                ));
            };
            values.push(value);
        }
        ids.push(columns.id.map_or_else(|| ids.len().to_string(), |id| field(id).to_owned()));
        if let (Some(labels), Some(column)) = (&mut labels, columns.label) {
            labels.push(field(column).to_owned());
        }
    }
    Codes::new(ids, labels, columns.features.len(), values)
}

/// Reads identifiers and classes alone.
pub(super) fn read_ids(path: &Path) -> Result<(Vec<String>, Option<Vec<String>>), CodesError> {
    let mut reader = ReaderBuilder::new().from_reader(open(path)?);
    let names = reader.headers().map_err(|error| broken(path, error))?.clone();
    let column = |wanted: &str| names.iter().position(|name| name == wanted);
    let Some(id) = column(ID) else {
        return Err(CodesError::malformed(
            path,
            "names of the columns",
            "a column `id`",
            "none",
            "remove the file to call images by their position",
        ));
    };
    let label = column(LABEL);
    let mut ids = Vec::new();
    let mut labels = label.map(|_| Vec::new());
    for record in reader.records() {
        let record = record.map_err(|error| broken(path, error))?;
        ids.push(record.get(id).unwrap_or_default().to_owned());
        if let (Some(labels), Some(label)) = (&mut labels, label) {
            labels.push(record.get(label).unwrap_or_default().to_owned());
        }
    }
    Ok((ids, labels))
}

/// The line at which a record begins, in words.
fn line(path: &Path, position: Option<&csv::Position>) -> String {
    let line = position.and_then(|position| file::line_at(path, position.byte()).ok());
    line.map_or_else(|| "the table".to_owned(), |line| format!("line {line}"))
}

/// What the reader says, with the line it says it of.
fn broken(path: &Path, error: csv::Error) -> CodesError {
    let line = line(path, error.position());
    match error.into_kind() {
        csv::ErrorKind::Io(source) if source.kind() != io::ErrorKind::InvalidData => {
            CodesError::Io { path: path.into(), doing: "read", source }
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => CodesError::malformed(
            path,
            line,
            format!("{expected_len} fields, as the first line has"),
            len.to_string(),
            ADVICE,
        ),
        csv::ErrorKind::Utf8 { err, .. } => {
            CodesError::malformed(path, line, "text in UTF-8", err.to_string(), ADVICE)
        }
        other => CodesError::malformed(path, line, "comma-separated values", format!("{other:?}"), ADVICE),
    }
}
