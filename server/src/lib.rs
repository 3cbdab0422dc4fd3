//! The relay: keeps a county's log, answers phones, and shows supervisors what came in.
//!
//! It never depends on the phone's core. [`store`] keeps everything; [`log`] judges and takes entries; [`sync`] answers
//! phones; [`authority`] writes as the relay; [`command`] is what a supervisor may do; [`console`], [`api`] and
//! [`admin`] are its three doors for people and programs. [`account`] says who may come in, [`audit`] what they did,
//! [`import`] reads the tables they bring. [`http`] joins them on one listener around one [`relay::Relay`].

pub mod account;
pub mod admin;
pub mod api;
pub mod audit;
pub mod authority;
pub mod command;
pub mod console;
pub mod env;
pub mod export;
pub mod http;
pub mod import;
pub mod journal;
pub mod log;
pub mod media;
pub mod problem;
mod range;
pub mod relay;
pub mod resources;
pub mod snapshot;
pub mod store;
pub mod sync;
mod wait;
