//! Breeds inputs for the reader `form` of `tests/hostile`.

#![no_main]

xunge_fuzz::target!("form");
