#![no_main]

xunge_fuzz::target!("snapshot");
