//! The phone's library: local records, interviews, vault and sync behind one small API.
//!
//! It knows nothing of UniFFI, of screens, or of the relay's inside. Time and randomness come in through [`env::Env`].
//! [`app`] is the door that the FFI opens; [`form`] asks questions; [`store`] keeps records in SQLCipher; [`vault`] keeps
//! keys; [`sync`] carries segments to the relay and back, [`courier`] where there is no network; [`locale`] holds what
//! users read and hear.

pub mod app;
pub mod courier;
mod disk;
pub mod env;
pub mod form;
pub mod locale;
pub mod store;
pub mod sync;
pub mod vault;
