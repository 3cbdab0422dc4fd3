//! The binary `xunge`.

fn main() {}
