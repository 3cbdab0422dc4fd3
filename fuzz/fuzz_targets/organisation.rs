#![no_main]

xunge_fuzz::target!("organisation");
