//! What all fuzz targets have in common: each calls the function of its name in `xunge-hostile`.

pub use libfuzzer_sys::fuzz_target;
pub use xunge_hostile::target;

/// Panics that the product contains are none: only one that leaves the reader ends the run. (The fuzzer's own hook would
/// end it at every panic.)
pub fn contained() {
    std::panic::set_hook(Box::new(|info| eprintln!("{info}")));
}

/// A fuzz target by name.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        $crate::fuzz_target!(init: $crate::contained(), |bytes: &[u8]| {
            match $crate::target($name) {
                Some(target) => (target.read)(bytes),
                None => panic!("no such target"),
            }
        });
    };
}
