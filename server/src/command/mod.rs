//! What a supervisor may do to a record, each with actor, reason and audit.

pub mod policy;
