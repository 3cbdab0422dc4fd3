//! The contract from outside, with real processes.
