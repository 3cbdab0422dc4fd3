//! Breeds inputs for the reader `receipt` of `tests/hostile`.

#![no_main]

xunge_fuzz::target!("receipt");
