//! Records as flat tables with the column names that provincial platforms expect (after GB/T 31000).
//!
//! The names are data: `fixtures/mappings/gbt31000.csv`. A field without a name there keeps its path.

mod columns;
mod csv;
mod xlsx;

pub use columns::{Table, table};
pub use csv::to_csv;
pub use xlsx::to_xlsx;
