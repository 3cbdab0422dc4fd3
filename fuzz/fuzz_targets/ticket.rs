//! Breeds inputs for the reader `ticket` of `tests/hostile`.

#![no_main]

xunge_fuzz::target!("ticket");
