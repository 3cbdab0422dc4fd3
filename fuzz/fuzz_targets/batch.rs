//! Breeds inputs for the reader `batch` of `tests/hostile`.

#![no_main]

xunge_fuzz::target!("batch");
