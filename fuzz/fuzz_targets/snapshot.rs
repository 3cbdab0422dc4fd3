//! Breeds inputs for the reader `snapshot` of `tests/hostile`.

#![no_main]

xunge_fuzz::target!("snapshot");
