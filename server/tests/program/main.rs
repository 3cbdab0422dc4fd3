//! The binary `xunge` as a process: what it prints, how it ends, and that its commands work beside a running relay.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod county;
mod keeping;
mod people;
#[path = "../../../tests/contract/s3.rs"]
mod s3;
mod serving;
mod tables;
mod usage;
