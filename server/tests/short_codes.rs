//! Ten digits that stand for a ticket, on both databases: good for fifteen minutes and one phone, closed after five wrong
//! tries, and never by tries at another code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[macro_use]
mod common;

use std::sync::atomic::{AtomicU32, Ordering};

use common::*;
use xunge_protocol::enrolment::Ticket;
use xunge_protocol::envelope::{open_response, seal_request};
use xunge_protocol::short_code::{
    CodeVerdict, Granted, REDEEM_PATH, RedeemRequest, RedeemResponse,
};
use xunge_protocol::{EpochId, KeyRing, SecretKey, ShortCode, Timestamp, WriterId};
use xunge_server::authority::{self, AuthorityError, NewTicket, OpenCode};
use xunge_server::store::StoreError;
use xunge_server::sync::{self, SyncFailure};

const MINUTE: i64 = 60_000;

on_both! {
    a_code_gives_the_same_ticket_again_until_a_phone_has_used_it_and_then_says_so
    a_code_is_too_late_after_fifteen_minutes_and_forgotten_a_day_later
    five_wrong_tries_close_one_code_and_no_other
    many_who_guess_at_once_have_no_more_than_five_tries
    another_key_of_the_relay_ends_open_codes
}

fn code(place: &Place, name: &str) -> (Ticket, OpenCode) {
    let name = name.to_owned();
    authority::command(&place.relay, move |a, _| {
        let worker = a.add_worker(&name)?;
        a.ticket_with_code(&NewTicket {
            worker: worker.id,
            url: "http://127.0.0.1:1".into(),
            lifetime_ms: DAY,
            pins: Vec::new(),
        })
    })
    .unwrap_or_else(|e: AuthorityError| panic!("{e}"))
}

fn ask(place: &Place, code: &ShortCode) -> RedeemResponse {
    let key = SecretKey::from_seed(&[3; 32]);
    let message = RedeemRequest {
        code: code.digits(),
        key: key.public(),
    };
    let zero = (WriterId([0; 8]), EpochId([0; 8]));
    let request = seal_request(&key, zero.0, REDEEM_PATH, zero.1, 0, &message).unwrap();
    let answer = sync::redeem::handle(&place.relay, &request).unwrap();
    let relay = KeyRing::pinned(place.relay.county().relay_key.public());
    open_response(&relay, &request, &answer).unwrap().message
}

fn verdict(place: &Place, code: &ShortCode) -> CodeVerdict {
    let answer = ask(place, code);
    assert_eq!(
        answer.granted.is_some(),
        answer.verdict == CodeVerdict::Good
    );
    answer.verdict
}

/// Another code of the same name.
fn wrong(code: &ShortCode, n: u32) -> ShortCode {
    let secret: u32 = code.digits()[4..].parse().unwrap();
    ShortCode::of(code.name(), (secret + 1 + n) % 1_000_000)
}

fn a_code_gives_the_same_ticket_again_until_a_phone_has_used_it_and_then_says_so(place: &Place) {
    let (ticket, open) = code(place, "王秀英");
    let granted = |used| Granted {
        relay: ticket.relay,
        secret: ticket.secret,
        expires_at: ticket.expires_at,
        used,
    };
    for _ in 0..7 {
        assert_eq!(ask(place, &open.code).granted, Some(granted(false)));
    }
    let first = Phone::enrol(place, &ticket, [1; 32]).unwrap();
    assert_eq!(ask(place, &open.code).granted, Some(granted(true)));
    let again = Phone::enrol(place, &ticket, [1; 32]).unwrap();
    assert_eq!(first.writer, again.writer);
    let other = Phone::enrol(place, &ticket, [2; 32]);
    assert!(matches!(other, Err(SyncFailure::TicketInvalid)));
}

fn a_code_is_too_late_after_fifteen_minutes_and_forgotten_a_day_later(place: &Place) {
    let (ticket, open) = code(place, "王秀英");
    assert_eq!(open.expires_at, place.relay.now().plus_millis(15 * MINUTE));
    place.later(15 * MINUTE);
    assert_eq!(verdict(place, &open.code), CodeVerdict::Good);
    place.later(1);
    assert_eq!(verdict(place, &open.code), CodeVerdict::Late);
    // Who has the ticket already has as long as the ticket says.
    assert!(Phone::enrol(place, &ticket, [1; 32]).is_ok());
    place.later(DAY);
    code(place, "李大山");
    assert_eq!(verdict(place, &open.code), CodeVerdict::Wrong);
}

fn five_wrong_tries_close_one_code_and_no_other(place: &Place) {
    let ((_, one), (_, other)) = (code(place, "王秀英"), code(place, "李大山"));
    assert_ne!(one.code.name(), other.code.name());
    for n in 0..4 {
        assert_eq!(verdict(place, &wrong(&one.code, n)), CodeVerdict::Wrong);
        // A right try costs nothing.
        assert_eq!(verdict(place, &one.code), CodeVerdict::Good);
    }
    assert_eq!(verdict(place, &wrong(&one.code, 4)), CodeVerdict::Wrong);
    assert_eq!(verdict(place, &one.code), CodeVerdict::Closed);
    // Whoever guesses where there is no code leaves nothing behind, and closes nobody's.
    let free = (0..).find(|name| {
        let taken = place.relay.store.read(|tx| tx.short_code(*name));
        taken.unwrap().is_none()
    });
    for n in 0..20 {
        let guess = ShortCode::of(free.unwrap(), n);
        assert_eq!(verdict(place, &guess), CodeVerdict::Wrong);
    }
    assert_eq!(verdict(place, &other.code), CodeVerdict::Good);
    // The town reads out another.
    let (_, next) = code(place, "王秀英");
    assert_eq!(verdict(place, &next.code), CodeVerdict::Good);
}

fn many_who_guess_at_once_have_no_more_than_five_tries(place: &Place) {
    let (_, open) = code(place, "王秀英");
    let tried = AtomicU32::new(0);
    std::thread::scope(|threads| {
        for n in 0..8 {
            let (open, tried) = (&open, &tried);
            threads.spawn(move || {
                for m in 0..5 {
                    match verdict(place, &wrong(&open.code, n * 5 + m)) {
                        CodeVerdict::Wrong => tried.fetch_add(1, Ordering::SeqCst),
                        CodeVerdict::Closed => 0,
                        said => panic!("{said:?}"),
                    };
                }
            });
        }
    });
    assert_eq!(tried.into_inner(), 5);
    let row = place
        .relay
        .store
        .read::<_, StoreError>(|tx| tx.short_code(open.code.name()));
    assert_eq!(row.unwrap().unwrap().tries, 5);
}

fn another_key_of_the_relay_ends_open_codes(place: &Place) {
    let (_, open) = code(place, "王秀英");
    authority::command(&place.relay, |a, _| {
        a.rotate(false, Timestamp(a.now().0 + DAY))
    })
    .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    assert_eq!(verdict(place, &open.code), CodeVerdict::Wrong);
}
