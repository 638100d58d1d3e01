//! Numbers and tables as text.

use tenun::names::{escaped, is_unseen};
pub(crate) use tenun::text::{are, counted, thousands};

/// [`thousands`] of a count.
pub(crate) fn count(number: usize) -> String {
    thousands(number as u64)
}

/// Seconds as people say them: `0.84 s`, `14 s`, `3 min 05 s`, `2 h 07 min`.
pub(crate) fn duration(seconds: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, which is right
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{seconds:.2} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Seconds yet to come, whose parts nobody knows: `7 s`.
pub(crate) fn remaining(seconds: f64) -> String {
    let whole = seconds.ceil();
    if whole < 10.0 { format!("{whole} s") } else { duration(whole) }
}

/// Words in lines of at most `width` characters, where a single word is not longer; those after the first begin with
/// `indent`.
pub(crate) fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = text.chars().take_while(|c| *c == ' ').collect::<String>();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
            lines += &line;
            lines.push('\n');
            (line, is_empty) = (indent.to_owned(), true);
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    lines + &line + "\n"
}

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table of text: columns as wide as they need to be, two spaces apart.
pub(crate) struct Table {
    columns: Vec<Align>,
    /// Rows; an empty one is a rule.
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table whose heading is the names of its columns.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let heading = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut table =
            Self { columns: columns.iter().map(|column| column.1).collect(), rows: vec![heading] };
        table.rule();
        table
    }

    /// Names and values, without a heading.
    pub(crate) fn list() -> Self {
        Self { columns: vec![Align::Left, Align::Left], rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        // A cell is one line, whatever name is in it.
        let one_line = |cell: String| match cell.contains(is_unseen) {
            true => escaped(&cell).into_owned(),
            false => cell,
        };
        self.rows.push(cells.into_iter().map(|cell| one_line(cell.into())).collect());
    }

    pub(crate) fn rule(&mut self) {
        self.rows.push(Vec::new());
    }

    fn widths(&self) -> Vec<usize> {
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let widest = |column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0);
        (0..self.columns.len()).map(widest).collect()
    }

    /// As Markdown has it, columns below each other.
    pub(crate) fn markdown(&self) -> String {
        let widths: Vec<usize> = self.widths().into_iter().map(|width| width.max(2)).collect();
        let mut text = String::new();
        for row in &self.rows {
            for (at, (&width, align)) in widths.iter().zip(&self.columns).enumerate() {
                // A bar would end the cell.
                let cell = row.get(at).map_or(String::new(), |cell| cell.replace('|', "\\|"));
                let space = " ".repeat(width.saturating_sub(cell.chars().count()));
                text += &match (row.is_empty(), align) {
                    (true, Align::Left) => format!("|{}", "-".repeat(width + 2)),
                    (true, Align::Right) => format!("|{}:", "-".repeat(width + 1)),
                    (false, Align::Left) => format!("| {cell}{space} "),
                    (false, Align::Right) => format!("| {space}{cell} "),
                };
            }
            text.push_str("|\n");
        }
        text
    }

    pub(crate) fn render(&self) -> String {
        let length = |text: &str| text.chars().count();
        let widths = self.widths();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            if row.is_empty() {
                let full = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
                line = "─".repeat(full);
            }
            for ((cell, &width), align) in row.iter().zip(&widths).zip(&self.columns) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                let space = " ".repeat(width - length(cell));
                match align {
                    Align::Left => line.extend([cell.as_str(), &space]),
                    Align::Right => line.extend([space.as_str(), cell]),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(60_000), "60,000");
        assert_eq!(
            [0.84, 9.2, 13.6, 185.0, 7_620.0].map(duration),
            ["0.84 s", "9.20 s", "14 s", "3 min 05 s", "2 h 07 min"]
        );
    }

    #[test]
    fn the_future_is_not_known_to_the_hundredth() {
        assert_eq!([0.0, 6.41, 59.2, 61.0].map(remaining), ["0 s", "7 s", "1 min 00 s", "1 min 01 s"]);
    }

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::new(&[("layer", Align::Left), ("n", Align::Right)]);
        table.row(["conv 3×3", "320"]);
        table.row(["up", "0"]);
        assert_eq!(table.render(), "layer       n\n─────────────\nconv 3×3  320\nup          0\n");
        let markdown = "| layer    |   n |\n|----------|----:|\n| conv 3×3 | 320 |\n| up       |   0 |\n";
        assert_eq!(table.markdown(), markdown);
    }
}
