//! What comes in from outside as tables: the organisation and the households. Parsing and checking, no writing.

pub mod households;
pub mod identity;
pub mod organisation;
pub mod table;
