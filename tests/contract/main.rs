//! The contract from outside: real processes, real files, a real (bad) network, and nothing of the inside. Each test has
//! a county of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod administration;
mod bad_input;
mod clone;
mod conflict;
mod courier;
mod database_tls;
mod enrolment;
mod erase;
mod exactly_once;
mod first_sync;
mod interviews;
mod lifecycle;
mod link;
mod media;
mod moved;
mod nodes;
mod open_api;
mod refusal;
mod relay_key;
mod restored;
mod returned;
mod s3;
mod scene;
mod shared;
mod short_code;
mod tls;
mod voice;
mod warning;
