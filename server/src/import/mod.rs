//! What comes in from outside as tables: the organisation and the households. Checked whole, then written by the relay.

pub mod households;
pub mod identity;
pub mod load;
pub mod organisation;
pub mod table;
