//! Breeds inputs for the reader `organisation` of `tests/hostile`.

#![no_main]

xunge_fuzz::target!("organisation");
