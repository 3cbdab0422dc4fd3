#![no_main]

xunge_fuzz::target!("bundle");
