//! Carries segments to the relay and back: a sans-IO engine, and a driver that moves its bytes.
//!
//! [`engine`] decides what is sent next and what an answer means; it knows the store, and neither sockets nor clocks.
//! [`driver`] feeds it with answers and time. [`transport`] is the border to the network, [`http`] the real one.

mod ask;
pub mod driver;
pub mod engine;
pub mod enrol;
pub mod error;
pub mod http;
mod media;
mod pace;
pub mod redeem;
mod signed;
mod snapshot;
mod tls;
pub mod transport;

pub use driver::{CancelToken, ProgressObserver, run};
pub use engine::{Engine, Event, Step, SyncReport};
pub use error::SyncError;
pub use http::HttpTransport;
pub use redeem::Redeemed;
pub use tls::Trust;
pub use transport::{Answer, Exchange, Method, Transport, TransportFailure};
