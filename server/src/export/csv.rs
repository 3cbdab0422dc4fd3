//! A table as CSV that office programs read: UTF-8 with a byte order mark, and no cell that they take for a formula.

use super::Table;

/// The bytes of the file.
///
/// # Errors
/// Never in memory; the writer's error is passed on all the same.
pub fn to_csv(table: &Table) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(&table.header)?;
    for row in &table.rows {
        writer.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// A text that somebody typed must not run as a formula on the reader's machine.
fn harmless(cell: &str) -> String {
    let number = cell.parse::<f64>().is_ok();
    if !number && cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_formula_stays_text_and_a_number_stays_a_number() {
        let table = Table {
            header: vec!["备注".into(), "n".into()],
            rows: vec![vec!["=cmd|' /C calc'!A1".into(), "-12.5".into()]],
        };
        let text = String::from_utf8(to_csv(&table).unwrap()).unwrap();
        assert_eq!(text, "\u{feff}备注,n\n'=cmd|' /C calc'!A1,-12.5\n");
    }
}
