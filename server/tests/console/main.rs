//! The console as a browser sees it: forms, cookies, pages. No JavaScript.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod area;
mod browser;
mod cases;
#[path = "../common/mod.rs"]
mod common;
mod pages;
mod people;
mod quarantine;
mod signing_in;
mod warnings;
