//! Breeds inputs for the reader `guard` of `tests/hostile`.

#![no_main]

xunge_fuzz::target!("guard");
