//! Bundles that travel without a network, or without their owner's PIN.
//!
//! A phone seals what waits to the relay ([`xunge_protocol::bundle`]) and gives it, in a file, to any other phone or to
//! the town's console. The carrier keeps it in its [`Bag`] and hands it over at its next sync; the relay's answer goes
//! home the same way. A locked phone is its own courier: at lock its waiting segments go into its own bag, and a sync
//! without PIN delivers them.
//!
//! Nothing here can open a bundle, or knows what a record is.

mod bag;
mod deliver;

pub use bag::{Bag, BagError, Load, RelayAddress};
pub use deliver::{Report, deliver};
