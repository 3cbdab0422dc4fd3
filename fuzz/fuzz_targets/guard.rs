#![no_main]

xunge_fuzz::target!("guard");
