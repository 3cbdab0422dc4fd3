#![no_main]

xunge_fuzz::target!("batch");
