//! Reading a CSV file that a person made: header names in either language, and every fault with its row and column.

use std::collections::HashMap;

use serde::Serialize;

/// A fault in one cell. Rows count as in an office program: the header is row 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Row in the file.
    pub row: u64,
    /// Header of the column.
    pub column: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// A column that a table may have.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Other headers that people use for it.
    pub aliases: &'static [&'static str],
    /// Whether the header must be there and every cell filled.
    pub required: bool,
}

impl Column {
    /// A column that may be absent.
    pub const fn optional(name: &'static str, aliases: &'static [&'static str]) -> Self {
        Self {
            name,
            aliases,
            required: false,
        }
    }

    /// A column that must be there.
    pub const fn required(name: &'static str, aliases: &'static [&'static str]) -> Self {
        Self {
            name,
            aliases,
            required: true,
        }
    }
}

/// One row: trimmed cells by column name; empty cells are absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Row in the file.
    pub number: u64,
    cells: HashMap<&'static str, String>,
}

impl Row {
    /// The cell, if filled.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str)
    }

    /// The cell, or nothing.
    pub fn text(&self, column: &str) -> &str {
        self.get(column).unwrap_or("")
    }

    /// A fault in this row.
    pub fn fault(&self, column: &str, problem: impl Into<String>) -> Fault {
        Fault {
            row: self.number,
            column: column.into(),
            problem: problem.into(),
        }
    }
}

/// Reads all rows, or says every fault of form: unknown or missing columns, missing cells, broken lines.
pub fn parse(bytes: &[u8], columns: &[Column]) -> Result<Vec<Row>, Vec<Fault>> {
    // Office programs put a byte order mark before UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Err(error) = std::str::from_utf8(bytes) {
        let row = bytes[..error.valid_up_to()]
            .iter()
            .filter(|b| **b == b'\n')
            .count() as u64
            + 1;
        return Err(vec![Fault {
            row,
            column: String::new(),
            problem: "not UTF-8: save the file as \"CSV UTF-8\"".into(),
        }]);
    }
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let header = reader
        .headers()
        .map_err(|error| vec![broken(1, &error)])?
        .clone();
    let places = header_places(&header, columns)?;
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.push(broken(rows.len() as u64 + 2, &error));
                break;
            }
        };
        let number = record.position().map_or(0, |at| line_of(bytes, at));
        if record.iter().all(str::is_empty) {
            continue;
        }
        let mut row = Row {
            number,
            cells: HashMap::new(),
        };
        for (column, place) in &places {
            match record.get(*place).filter(|cell| !cell.is_empty()) {
                Some(cell) => {
                    row.cells.insert(column.name, cell.to_owned());
                }
                None if column.required => faults.push(row.fault(column.name, "is empty")),
                None => {}
            }
        }
        if record.len() > header.len() {
            faults.push(row.fault(
                "",
                format!(
                    "has {} cells, the header has {}",
                    record.len(),
                    header.len()
                ),
            ));
        }
        rows.push(row);
    }
    if faults.is_empty() {
        Ok(rows)
    } else {
        Err(faults)
    }
}

/// The line of a record that begins at `at`: the reader counts blank lines before a record as the record's.
fn line_of(bytes: &[u8], at: &csv::Position) -> u64 {
    let rest = usize::try_from(at.byte())
        .ok()
        .and_then(|start| bytes.get(start..))
        .unwrap_or_default();
    let blank = rest.iter().take_while(|b| matches!(b, b'\n' | b'\r'));
    at.line() + blank.filter(|b| **b == b'\n').count() as u64
}

fn broken(row: u64, error: &csv::Error) -> Fault {
    Fault {
        row: error.position().map_or(row, csv::Position::line),
        column: String::new(),
        problem: format!("not a line of CSV: {error}"),
    }
}

fn header_places<'a>(
    header: &csv::StringRecord,
    columns: &'a [Column],
) -> Result<Vec<(&'a Column, usize)>, Vec<Fault>> {
    let mut places: Vec<(&Column, usize)> = Vec::new();
    let mut faults = Vec::new();
    let mut fault = |column: &str, problem: String| {
        faults.push(Fault {
            row: 1,
            column: column.into(),
            problem,
        });
    };
    for (place, name) in header.iter().enumerate() {
        let found = columns
            .iter()
            .find(|c| c.name.eq_ignore_ascii_case(name) || c.aliases.contains(&name));
        match found {
            Some(column) if places.iter().any(|(c, _)| c.name == column.name) => {
                fault(name, "stands twice in the header".into());
            }
            Some(column) => places.push((column, place)),
            None => {
                let known: Vec<&str> = columns.iter().map(|c| c.name).collect();
                fault(
                    name,
                    format!("is no column of this table: use {}", known.join(", ")),
                );
            }
        }
    }
    for column in columns.iter().filter(|c| c.required) {
        if places.iter().all(|(c, _)| c.name != column.name) {
            fault(column.name, "is missing in the header".into());
        }
    }
    if faults.is_empty() {
        Ok(places)
    } else {
        Err(faults)
    }
}

/// All faults in one line.
pub fn describe(faults: &[Fault]) -> String {
    const SHOWN: usize = 20;
    let mut parts: Vec<String> = faults
        .iter()
        .take(SHOWN)
        .map(|fault| match fault.column.as_str() {
            "" => format!("row {}: {}", fault.row, fault.problem),
            column => format!("row {}, column {column}: {}", fault.row, fault.problem),
        })
        .collect();
    if faults.len() > SHOWN {
        parts.push(format!("and {} more", faults.len() - SHOWN));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::required("code", &["编码"]),
        Column::required("name", &["名称"]),
        Column::optional("note", &[]),
    ];

    fn faults(text: &str) -> Vec<(u64, String)> {
        parse(text.as_bytes(), COLUMNS)
            .unwrap_err()
            .into_iter()
            .map(|f| (f.row, f.column))
            .collect()
    }

    #[test]
    fn headers_are_known_in_either_language_and_empty_cells_are_absent() {
        let rows = parse(
            "\u{feff}编码,name,note\n 1 , 一村 ,\n\n2,\"二,村\",x\n".as_bytes(),
            COLUMNS,
        )
        .unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].text("code"), rows[0].text("name")), ("1", "一村"));
        assert_eq!(rows[0].get("note"), None);
        assert_eq!((rows[1].number, rows[1].text("name")), (4, "二,村"));
    }

    #[test]
    fn every_fault_names_its_row_and_column() {
        assert_eq!(
            faults("code,name\n1,\n,x\n"),
            [(2, "name".into()), (3, "code".into())]
        );
        assert_eq!(
            faults("code,nam\n1,x\n"),
            [(1, "nam".into()), (1, "name".into())]
        );
        assert_eq!(faults("code,code,name\n"), [(1, "code".into())]);
        assert_eq!(faults("code,name\n1,2,3,4\n"), [(2, String::new())]);
    }

    #[test]
    fn a_file_that_is_not_utf8_says_where_and_what_to_do() {
        let faults = parse(b"code,name\n1,\xc4\xe3\n", COLUMNS).unwrap_err();
        assert_eq!(faults[0].row, 2);
        assert!(faults[0].problem.contains("CSV UTF-8"));
    }
}
