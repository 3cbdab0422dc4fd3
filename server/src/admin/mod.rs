//! The commands of the binary `xunge`: init, serve, admin, export, backup, restore, audit, receipt.

pub mod args;
pub mod failure;
