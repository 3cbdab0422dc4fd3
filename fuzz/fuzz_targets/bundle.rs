//! Breeds inputs for the reader `bundle` of `tests/hostile`.

#![no_main]

xunge_fuzz::target!("bundle");
