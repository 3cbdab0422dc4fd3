//! The pages, one file each: what it shows, and what its address answers.

pub mod action;
pub mod audit;
pub mod cases;
pub mod courier;
pub mod households;
pub mod inbox;
pub mod login;
pub mod organisation;
pub mod problem;
pub mod quarantine;
pub mod record;
mod record_parts;
mod refusal;
pub mod report;
pub mod shares;
pub mod warning;
pub mod warning_new;
pub mod warnings;
mod xlsx;
