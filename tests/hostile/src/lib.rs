//! What must hold of bytes from outside, whatever they are: a function for each reader of such bytes, which panics where it
//! does not hold.
//!
//! The fuzzer (`fuzz/`) calls them with inputs that it breeds; ordinary tests call them with the seeds and with everything
//! that was ever found (`fixtures/crashers`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is the answer"
)]

#[cfg(feature = "phone")]
mod form;
mod message;
mod record;
mod sealed;
mod seed;
#[cfg(feature = "relay")]
mod table;

pub use seed::seeds;

/// A reader of bytes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name of the fuzz target, and of its folders.
    pub name: &'static str,
    /// Reads an input, and panics where something does not hold that must.
    pub read: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "guard",
        read: record::guard,
    },
    Target {
        name: "segment",
        read: message::segment,
    },
    Target {
        name: "receipt",
        read: message::receipt,
    },
    Target {
        name: "batch",
        read: message::batch,
    },
    Target {
        name: "bundle",
        read: sealed::bundle,
    },
    Target {
        name: "ticket",
        read: message::ticket,
    },
    Target {
        name: "snapshot",
        read: message::snapshot,
    },
    #[cfg(feature = "phone")]
    Target {
        name: "form",
        read: form::form,
    },
    #[cfg(feature = "relay")]
    Target {
        name: "households",
        read: table::households,
    },
    #[cfg(feature = "relay")]
    Target {
        name: "organisation",
        read: table::organisation,
    },
];

/// The target with this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}
