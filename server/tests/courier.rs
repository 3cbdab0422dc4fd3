//! Bundles at the relay's door, as whoever carries them sees it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::*;
use xunge_protocol::bundle::{Delivered, Outbound, SealedBundle};
use xunge_protocol::envelope::open_response;
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::{EpochId, KeyRing, Segment};
use xunge_server::sync::courier;

fn bundle(place: &Place, phone: &Phone, segments: Vec<Segment>) -> SealedBundle {
    let content = Outbound {
        writer: phone.writer,
        epoch: EpochId([9; 8]),
        receipt_cursor: 0,
        segments,
        relay_key: None,
    };
    let relay = place.relay.county().relay_key.public();
    SealedBundle::out(&relay, [7; 32], &content).unwrap()
}

#[test]
fn a_carrier_may_forget_a_bundle_of_another_history_and_its_writer_loses_nothing() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    phone.visit(GRID);
    let segments = phone.seal();
    let first = bundle(&place, &phone, segments);
    // The same phone, put back to before that, writes something else under the same number.
    phone.chains.clear();
    phone.dispute(GRID);
    let segments = phone.seal();
    let other = bundle(&place, &phone, segments);
    for (sealed, refused) in [(&first, None), (&other, Some(SyncRefusal::Fork))] {
        let answer = courier::handle(&place.relay, sealed.bytes()).unwrap();
        let ring = KeyRing::pinned(phone.relay_key);
        let answer = open_response::<Delivered>(&ring, sealed.bytes(), &answer).unwrap();
        let answer = answer.message;
        assert_eq!(answer.refused, refused);
        assert_eq!(answer.home.is_some(), refused.is_none());
    }
    // What the relay took stays as it was, and the writer hears of the fork when it syncs.
    assert!(phone.sync(&place).forked.is_none());
    assert_eq!(phone.verdicts[&(GRID, 0)].1.len(), 1);
}
