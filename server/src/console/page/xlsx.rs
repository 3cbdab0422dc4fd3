//! The monthly return as a spreadsheet: one sheet a table. Knows no store.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};
use xunge_protocol::Timestamp;

use super::report::Table;
use crate::console::error::ConsoleError;

/// The workbook's bytes. `now` stands in its properties.
pub(super) fn write(
    title: &str,
    tables: &[Table],
    now: Timestamp,
) -> Result<Vec<u8>, ConsoleError> {
    fill(title, tables, now).map_err(|error| ConsoleError::Internal(error.to_string()))
}

fn fill(title: &str, tables: &[Table], now: Timestamp) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let created = ExcelDateTime::from_timestamp(now.0 / 1000)?;
    book.set_properties(
        &DocProperties::new()
            .set_title(title)
            .set_creation_datetime(&created),
    );
    let heading = Format::new().set_bold().set_font_size(14);
    let bold = Format::new().set_bold();
    let share = Format::new().set_num_format("0%");
    for table in tables {
        let sheet = book.add_worksheet();
        // Excel takes at most 31 characters and no slash.
        let name: String = table.title.replace('/', " ").chars().take(31).collect();
        sheet.set_name(name)?;
        sheet.set_column_width(0, 32)?;
        sheet.write_with_format(0, 0, title, &heading)?;
        for (column, head) in (0u16..).zip(&table.head) {
            sheet.write_with_format(2, column, head, &bold)?;
        }
        for (row, line) in (3u32..).zip(&table.lines) {
            sheet.write(row, 0, &line.name)?;
            for (column, cell) in (1u16..).zip(&line.cells) {
                match cell.number {
                    Some(n) if cell.text.ends_with('%') => {
                        sheet.write_with_format(row, column, n, &share)?
                    }
                    Some(n) => sheet.write(row, column, n)?,
                    None => sheet.write(row, column, &cell.text)?,
                };
            }
        }
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use calamine::{Reader as _, Xlsx};

    use super::super::report::{Cell, Line};
    use super::*;

    #[test]
    fn a_spreadsheet_holds_the_numbers_of_the_page() {
        let cell = |text: &str, number| Cell {
            text: text.into(),
            number,
            href: String::new(),
        };
        let table = Table {
            key: "disputes",
            title: "矛盾纠纷排查化解".into(),
            head: vec!["类型".into(), "排查".into(), "化解率".into()],
            lines: vec![Line {
                name: "邻里纠纷".into(),
                cells: vec![cell("450", Some(450.0)), cell("92%", Some(0.92))],
                total: false,
            }],
        };
        let bytes = write(
            "青山镇 2026-11 月报",
            &[table],
            Timestamp(1_795_422_600_000),
        )
        .unwrap();
        let mut book: Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let sheet = book.worksheet_range("矛盾纠纷排查化解").unwrap();
        let at = |row, column| sheet.get_value((row, column)).unwrap().to_string();
        assert_eq!(at(0, 0), "青山镇 2026-11 月报");
        assert_eq!(at(3, 0), "邻里纠纷");
        assert_eq!(at(3, 1), "450");
        assert_eq!(at(3, 2), "0.92");
    }
}
