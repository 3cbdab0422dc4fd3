//! Answers phones: push, pull, receipts, enrolment, media.
