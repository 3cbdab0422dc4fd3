//! Bytes from outside never panic, whatever they are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use proptest::prelude::*;
use xunge_protocol::enrolment::{RelayAddress, Ticket};
use xunge_protocol::envelope::RequestEnvelope;
use xunge_protocol::message::SYNC_PATH;
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::{SecretKey, ShortCode, SyncRequest, SyncResponse, wire};

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = wire::decode::<SyncRequest>("request", &bytes);
        let _ = wire::decode::<SyncResponse>("response", &bytes);
        let _ = wire::decode::<SignedReceipt>("receipt", &bytes);
        let _ = wire::decompress("body", &bytes, 1 << 20);
        let key = SecretKey::from_seed(&[1; 32]).public();
        if let Ok(envelope) = RequestEnvelope::parse(&bytes) {
            prop_assert!(envelope.open::<SyncRequest>(&key, SYNC_PATH).is_err());
        }
    }

    #[test]
    fn no_text_makes_the_ticket_reader_panic(text in ".{0,120}") {
        prop_assert!(Ticket::from_text(&text).is_err());
        prop_assert!(RelayAddress::from_text(&text).is_err());
        if let Ok(code) = ShortCode::parse(&text) {
            prop_assert_eq!(ShortCode::parse(&code.grouped()), Ok(code));
        }
    }
}
