//! Which verb has an effect where: the tables of the fold, cell by cell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod story;

use story::{PHONE, RELAY, Story, because, owner};
use xunge_protocol::ScopeId;
use xunge_records::{Effect, EventBody, Kind, Review, Verb};

/// Everything that any verb asks for.
fn complete(e: &mut EventBody) {
    e.reason = Some("缺照片".into());
    e.number = Some("999999-2026-0002".into());
    e.owner = Some("司法所".into());
    e.proposed = Some(Verb::Assign.number());
    e.field = Some("people".into());
    e.value = Some("4".into());
}

/// The code after one more event, if that has an effect.
fn next(
    story: &Story,
    kind: Kind,
    verb: Verb,
    with: impl FnOnce(&mut EventBody),
) -> Option<String> {
    let writer = if verb.is_relay_only() { RELAY } else { PHONE };
    let (events, state) = story.clone().then(writer, verb, with).fold(kind);
    let last = events.last().unwrap();
    (last.effect == Effect::Effective).then_some(state.code)
}

fn withdrawn(story: Story) -> Story {
    story.phone(Verb::Withdraw)
}

#[test]
fn each_verb_moves_a_case_from_there_alone_where_its_table_allows_it() {
    let new = Story::default();
    let registered = Story::registered();
    let agreed = registered.clone().phone(Verb::Agree);
    let closed = registered.clone().relay(Verb::Resolve, |_| {});
    let filed = closed.clone().relay(Verb::Approve, |_| {});
    let back = withdrawn(registered.clone());
    let stories = [new, registered, agreed, closed, filed, back];
    // new, registered, agreed, closed, filed, withdrawn
    let table: [(Verb, [&str; 6]); 14] = [
        (Verb::Register, ["S10", "", "", "", "", ""]),
        (Verb::Assign, ["", "S40", "S40", "", "", ""]),
        (Verb::Transfer, ["", "S40", "S40", "", "", ""]),
        (Verb::Escalate, ["", "S30", "S30", "", "", ""]),
        (Verb::Mediate, ["S20", "S20", "S20", "", "", ""]),
        (Verb::Agree, ["S50", "S50", "", "", "", ""]),
        (Verb::Perform, ["", "", "S50", "", "", ""]),
        (Verb::Resolve, ["", "S60", "S60", "", "", ""]),
        (Verb::FollowUp, ["", "", "", "S70", "S80", ""]),
        (Verb::Decline, ["S62", "S62", "S62", "", "", ""]),
        (Verb::Reopen, ["", "", "", "S90", "S90", ""]),
        (Verb::Issue, ["", "", "", "", "", ""]),
        (Verb::Deliver, ["", "", "", "", "", ""]),
        (Verb::Hear, ["", "", "", "", "", ""]),
    ];
    for kind in [Kind::Dispute, Kind::Request] {
        for (verb, codes) in &table {
            for (n, (story, code)) in std::iter::zip(&stories, codes).enumerate() {
                let expected = (!code.is_empty()).then(|| (*code).to_string());
                assert_eq!(
                    next(story, kind, *verb, complete),
                    expected,
                    "{verb:?} in {n}"
                );
            }
        }
    }
}

#[test]
fn an_owner_dissents_from_an_open_registered_case_and_says_why() {
    let dissent = |e: &mut EventBody| e.code = Some("S31".into());
    let with_reason = |e: &mut EventBody| {
        because(e);
        dissent(e);
    };
    let code = |story: &Story| next(story, Kind::Dispute, Verb::Decline, with_reason);
    assert_eq!(code(&Story::registered()).as_deref(), Some("S31"));
    assert_eq!(code(&Story::default()), None);
    let closed = Story::registered().relay(Verb::Resolve, |_| {});
    assert_eq!(code(&closed), None);
    let silent = next(&Story::registered(), Kind::Dispute, Verb::Decline, dissent);
    assert_eq!(silent, None);
}

#[test]
fn what_a_decision_lacks_takes_its_effect_away() {
    type Lack = fn(&mut EventBody);
    let lacks: [(Verb, &[Lack]); 6] = [
        (
            Verb::Register,
            &[|e| e.number = None, |e| e.owner = Some(" ".into())],
        ),
        (Verb::Assign, &[|e| e.owner = None, |e| e.reason = None]),
        (Verb::Transfer, &[|e| e.owner = None, |e| e.reason = None]),
        (Verb::Escalate, &[|e| e.owner = None, |e| e.reason = None]),
        (Verb::Settle, &[|e| e.field = None, |e| e.value = None]),
        (Verb::Return, &[|e| e.reason = Some(String::new())]),
    ];
    for (verb, lacks) in lacks {
        let story = match verb {
            Verb::Register => Story::default(),
            _ => Story::registered(),
        };
        assert!(next(&story, Kind::Dispute, verb, complete).is_some());
        for lack in lacks {
            let incomplete = |e: &mut EventBody| {
                complete(e);
                lack(e);
            };
            assert_eq!(
                next(&story, Kind::Dispute, verb, incomplete),
                None,
                "{verb:?}"
            );
        }
    }
    let closed = Story::registered().relay(Verb::Resolve, |_| {});
    assert_eq!(next(&closed, Kind::Dispute, Verb::Reopen, |_| {}), None);
}

#[test]
fn what_was_withdrawn_takes_nothing_more() {
    for kind in Kind::ALL {
        let story = withdrawn(Story::default());
        let code = story.fold(kind).1.code;
        for verb in Verb::ALL.iter().filter(|v| **v != Verb::Register) {
            assert_eq!(
                next(&story, kind, *verb, complete),
                None,
                "{kind:?} {verb:?}"
            );
        }
        let late = story.relay(Verb::Return, because);
        assert_eq!(late.fold(kind).1.code, code);
    }
}

#[test]
fn an_approval_files_a_closed_case_once_and_leaves_an_open_one_where_it_is() {
    let open = Story::registered();
    let approve = |story: &Story, kind| next(story, kind, Verb::Approve, |_| {});
    assert_eq!(approve(&open, Kind::Dispute).as_deref(), Some("S10"));
    let approved = open.relay(Verb::Approve, |_| {});
    assert_eq!(approve(&approved, Kind::Dispute), None);
    let closed = approved.relay(Verb::Resolve, |_| {});
    assert_eq!(approve(&closed, Kind::Dispute).as_deref(), Some("S80"));
    let filed = closed.relay(Verb::Approve, |_| {});
    assert_eq!(approve(&filed, Kind::Dispute), None);
    let heard = Story::default()
        .relay(Verb::Approve, |_| {})
        .relay(Verb::Resolve, |_| {});
    assert_eq!(approve(&heard, Kind::WarningAck), None);
}

#[test]
fn a_supervisors_choice_between_two_values_moves_nothing_but_counts() {
    for kind in [Kind::Dispute, Kind::Person, Kind::Visit] {
        let before = Story::default().fold(kind).1;
        let story = Story::default().relay(Verb::Settle, complete);
        let after = story.fold(kind).1;
        assert_eq!(story.effects(kind), [true]);
        assert_eq!(after.code, before.code);
        assert_eq!((before.version, after.version), (0, 1));
        assert_eq!(after.last, Some(Verb::Settle));
    }
}

#[test]
fn what_is_no_case_and_no_warning_is_only_reviewed() {
    let reviewed = [
        Verb::Return,
        Verb::Approve,
        Verb::Settle,
        Verb::Propose,
        Verb::Withdraw,
    ];
    for kind in [Kind::Household, Kind::Person, Kind::Visit] {
        for verb in Verb::ALL {
            let is_legal = next(&Story::default(), kind, *verb, complete).is_some();
            assert_eq!(is_legal, reviewed.contains(verb), "{kind:?} {verb:?}");
        }
    }
}

#[test]
fn a_warning_is_issued_once_and_reopened_with_a_reason() {
    let new = Story::default();
    let issued = new.clone().relay(Verb::Issue, |_| {});
    let delivered = issued.clone().phone(Verb::Deliver);
    let closed = delivered.clone().relay(Verb::Resolve, |_| {});
    let unissued = new.clone().relay(Verb::Resolve, |_| {});
    let back = withdrawn(issued.clone());
    let stories = [new, issued, delivered, closed, unissued, back];
    // new, issued, delivered, closed, closed without being issued, withdrawn
    let table: [(Verb, [&str; 6]); 6] = [
        (Verb::Issue, ["W10", "", "", "", "", ""]),
        (Verb::Deliver, ["", "W20", "W20", "", "", ""]),
        (Verb::Resolve, ["W60", "W60", "W60", "", "", ""]),
        (Verb::Reopen, ["", "", "", "W10", "W10", ""]),
        (Verb::Hear, ["", "", "", "", "", ""]),
        (Verb::Return, ["", "", "", "", "", ""]),
    ];
    for (verb, codes) in table {
        for (n, (story, code)) in std::iter::zip(&stories, codes).enumerate() {
            let expected = (!code.is_empty()).then(|| code.to_string());
            let found = next(story, Kind::Warning, verb, complete);
            assert_eq!(found, expected, "{verb:?} in {n}");
        }
    }
    assert_eq!(next(&stories[3], Kind::Warning, Verb::Reopen, |_| {}), None);
}

#[test]
fn an_acknowledgement_hears_while_it_is_open_and_opens_again_as_one_that_was_reached() {
    let heard = |e: &mut EventBody| {
        complete(e);
        e.code = Some("W40".into());
    };
    let hear = |story: &Story| next(story, Kind::WarningAck, Verb::Hear, heard);
    let open = Story::default();
    assert_eq!(hear(&open).as_deref(), Some("W40"));
    let closed = open.clone().relay(Verb::Resolve, |_| {});
    assert_eq!(closed.fold(Kind::WarningAck).1.code, "W60");
    assert_eq!(hear(&closed), None);
    let resolve = |story: &Story| next(story, Kind::WarningAck, Verb::Resolve, complete);
    assert_eq!(resolve(&closed), None);
    let reopen = |story: &Story| next(story, Kind::WarningAck, Verb::Reopen, complete);
    assert_eq!(reopen(&open), None);
    assert_eq!(reopen(&closed).as_deref(), Some("W30"));
    for verb in [Verb::Issue, Verb::Deliver, Verb::Mediate] {
        assert_eq!(next(&open, Kind::WarningAck, verb, complete), None);
    }
}

#[test]
fn a_new_place_of_the_same_owner_counts_as_a_hop_and_the_same_in_full_does_not() {
    let elsewhere = |e: &mut EventBody| {
        owner("司法所")(e);
        e.owner_scope = Some(ScopeId([8; 8]));
    };
    let story = Story::registered().relay(Verb::Assign, owner("司法所"));
    let hops = |story: &Story| story.case().hops;
    assert_eq!(hops(&story), 1);
    assert_eq!(hops(&story.clone().relay(Verb::Assign, owner("司法所"))), 1);
    assert_eq!(hops(&story.clone().relay(Verb::Assign, owner("法庭"))), 2);
    assert_eq!(hops(&story.relay(Verb::Assign, elsewhere)), 2);
}

#[test]
fn only_what_was_returned_can_be_fixed() {
    let returned = Story::default().relay(Verb::Return, because);
    assert_eq!(
        next(&returned, Kind::Visit, Verb::Fix, |_| {}).as_deref(),
        Some("R30")
    );
    let fixed = returned.phone(Verb::Fix);
    assert!(matches!(
        fixed.fold(Kind::Visit).1.review,
        Review::Fixed { .. }
    ));
    assert_eq!(next(&fixed, Kind::Visit, Verb::Fix, |_| {}), None);
}
