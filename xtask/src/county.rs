//! What a county may have built into its apps: the address of its relay, from `XUNGE_RELAY`.

use std::env;

use xunge_protocol::enrolment::RelayAddress;
use xunge_tests::{Outcome, fail};

/// The address as `xunge admin relay-address` prints it; empty for apps that any county may use. One that no app could read
/// is found out here.
pub(crate) fn relay() -> Outcome<String> {
    let Some(text) = env::var_os("XUNGE_RELAY").filter(|text| !text.is_empty()) else {
        return Ok(String::new());
    };
    let text = text.to_string_lossy().trim().to_owned();
    match RelayAddress::from_text(&text) {
        Ok(address) => {
            println!("built in: the relay at {}", address.url);
            Ok(text)
        }
        Err(why) => fail!("XUNGE_RELAY: {why}: give what `xunge admin relay-address` prints"),
    }
}
