//! Breeds inputs for the reader `segment` of `tests/hostile`.

#![no_main]

xunge_fuzz::target!("segment");
