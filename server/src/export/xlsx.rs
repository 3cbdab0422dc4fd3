//! A table as an Office Open XML workbook: all cells text, so that codes keep their zeros.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::Table;

/// The bytes of the file, with one sheet called `name`.
///
/// # Errors
/// The table has more rows or longer cells than a sheet can hold.
pub fn to_xlsx(name: &str, table: &Table) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(name)?;
    let bold = Format::new().set_bold();
    for (column, text) in (0u16..).zip(&table.header) {
        sheet.write_string_with_format(0, column, text, &bold)?;
    }
    for (row, cells) in (1u32..).zip(&table.rows) {
        for (column, text) in (0u16..).zip(cells) {
            if !text.is_empty() {
                sheet.write_string(row, column, text)?;
            }
        }
    }
    workbook.save_to_buffer()
}
