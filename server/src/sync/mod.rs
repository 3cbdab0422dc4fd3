//! Answers phones: enrolment, push and pull in one round trip, media.

pub mod http;
