//! Breeds inputs for the reader `households` of `tests/hostile`.

#![no_main]

xunge_fuzz::target!("households");
