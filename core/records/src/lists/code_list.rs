//! One code list: a CSV file with the columns `code,zh,en,audience,source` and any more of its own.

use std::collections::BTreeMap;

use crate::path::is_segment;

/// The languages that users read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub enum Locale {
    /// Simplified Chinese.
    #[default]
    ZhCn,
    /// English.
    En,
}

/// Whom a row may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Phones and the relay.
    Phone,
    /// The relay alone: a sensitive category.
    Relay,
}

/// One code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// As it stands in records.
    pub code: String,
    /// Chinese text.
    pub zh: String,
    /// English text; may be empty where a county gave none.
    pub en: String,
    /// Whom it may reach.
    pub audience: Audience,
    /// Where it comes from.
    pub source: String,
    /// Columns that only this list has, by name.
    pub more: BTreeMap<String, String>,
}

impl Code {
    /// Its text for a user; Chinese where English is missing.
    pub fn label(&self, locale: Locale) -> &str {
        match locale {
            Locale::En if !self.en.is_empty() => &self.en,
            _ => &self.zh,
        }
    }
}

/// Why a file is no code list: which file, which line, which column, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}, column {column}: {why}")]
pub struct ListError {
    /// Name of the file.
    pub file: String,
    /// Line, from 1; the header is line 1.
    pub line: u64,
    /// Name of the column, or its number where it has none.
    pub column: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

/// A list in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeList {
    name: String,
    version: u32,
    columns: Vec<String>,
    codes: Vec<Code>,
}

const REQUIRED: [&str; 5] = ["code", "zh", "en", "audience", "source"];

impl CodeList {
    /// The list in a CSV file. `name` is the file's name without `.csv`.
    pub fn parse(name: &str, version: u32, csv: &[u8]) -> Result<Self, ListError> {
        let file = format!("{name}.csv");
        let fail = |line: u64, column: &str, why: String| ListError {
            file: file.clone(),
            line,
            column: column.into(),
            why,
        };
        let unreadable = |e: csv::Error| {
            let line = e.position().map_or(1, csv::Position::line);
            let why = match e.kind() {
                csv::ErrorKind::UnequalLengths {
                    expected_len, len, ..
                } => format!("the line has {len} columns, the header has {expected_len}"),
                csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8".into(),
                _ => e.to_string(),
            };
            fail(line, "1", why)
        };
        // A byte order mark, as spreadsheets write it, is no part of the first column's name.
        let csv = csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv);
        let mut reader = csv::Reader::from_reader(csv);
        let header = reader.headers().map_err(unreadable)?.clone();
        let columns: Vec<String> = header.iter().map(|c| c.trim().to_owned()).collect();
        for column in REQUIRED {
            if !columns.iter().any(|c| c == column) {
                return Err(fail(1, column, "the column is missing".into()));
            }
        }
        let mut codes: Vec<Code> = Vec::new();
        for row in reader.records() {
            let row = row.map_err(unreadable)?;
            let line = row.position().map_or(0, csv::Position::line);
            let code = read_row(&columns, &row).map_err(|(column, why)| fail(line, column, why))?;
            if codes.iter().any(|c| c.code == code.code) {
                let why = format!("the code {} is there twice", code.code);
                return Err(fail(line, "code", why));
            }
            codes.push(code);
        }
        Ok(Self {
            name: name.into(),
            version,
            columns,
            codes,
        })
    }

    /// Its name, for instance `visit_purpose`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version: 0 came with the program.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The codes in the order of the file.
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// One code.
    pub fn get(&self, code: &str) -> Option<&Code> {
        self.codes.iter().find(|c| c.code == code)
    }

    /// The list without the rows that no phone may have.
    pub fn for_phone(&self) -> Self {
        let mut list = self.clone();
        list.codes.retain(|c| c.audience == Audience::Phone);
        list
    }

    /// The list as a CSV file, to be read again by [`Self::parse`].
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory fails only for rows of unequal length, and each row has one cell for each column.
        let _ = writer.write_record(&self.columns);
        for code in &self.codes {
            let _ = writer.write_record(self.columns.iter().map(|c| code.cell(c)));
        }
        writer.into_inner().unwrap_or_default()
    }
}

impl Code {
    fn cell(&self, column: &str) -> &str {
        match column {
            "code" => &self.code,
            "zh" => &self.zh,
            "en" => &self.en,
            "source" => &self.source,
            "audience" => match self.audience {
                Audience::Phone => "phone",
                Audience::Relay => "relay",
            },
            more => self.more.get(more).map_or("", String::as_str),
        }
    }
}

fn read_row(columns: &[String], row: &csv::StringRecord) -> Result<Code, (&'static str, String)> {
    let mut cells: BTreeMap<&str, &str> = columns
        .iter()
        .map(String::as_str)
        .zip(row.iter().map(str::trim))
        .collect();
    let mut take = |column: &str| cells.remove(column).unwrap_or_default().to_owned();
    let code = take("code");
    if !is_segment(&code) {
        let why = "a code is made of Latin letters, digits, '_', '-' and '.'";
        return Err(("code", format!("'{code}': {why}")));
    }
    let zh = take("zh");
    if zh.is_empty() {
        return Err(("zh", "the Chinese text is missing".into()));
    }
    let audience = match take("audience").as_str() {
        "phone" => Audience::Phone,
        "relay" => Audience::Relay,
        other => return Err(("audience", format!("'{other}': expected phone or relay"))),
    };
    let (en, source) = (take("en"), take("source"));
    let more = cells
        .into_iter()
        .map(|(column, cell)| (column.to_owned(), cell.to_owned()))
        .collect();
    Ok(Code {
        code,
        zh,
        en,
        audience,
        source,
        more,
    })
}
